"""The demo's upstream systems: what they would have written, faults included."""
