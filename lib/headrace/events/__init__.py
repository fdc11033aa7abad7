"""From what has landed to events: parse, validate, de-duplicate; what does not pass goes to quarantine with its rule."""
