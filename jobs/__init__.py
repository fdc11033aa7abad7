"""The demo: one file for each node of its graph."""
