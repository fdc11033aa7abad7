"""Synthetic events: any number of them, each a function of a seed and of its ordinal alone."""
