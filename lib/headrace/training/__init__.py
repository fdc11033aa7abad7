"""From features and labels to a fitted, measured and registered candidate."""
