"""The contest of ``make bench-features``: the same features of the same files, computed in several ways."""
