"""What a table's values look like: the one-pass profile, distances between profiles, expectations on them."""
