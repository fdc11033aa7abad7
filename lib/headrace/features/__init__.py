"""From events to features: daily tiles of mergeable states, rolled up to windows, joined as of a point in time."""
