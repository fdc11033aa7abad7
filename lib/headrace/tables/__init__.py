"""Tables: what they are (spec), the only place where they are read and written (store), and their hash."""
