"""From a fresh clone to a running job: environment, Java, Delta's jars, arguments. Stdlib only.

The package may not import headrace, since it is what installs headrace, and it must parse on the system's
python3, which can be older than the 3.11 that it looks for.
"""
