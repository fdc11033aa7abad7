"""The graphs of ``make bench-graph``, how they are run, and what is measured of them."""
