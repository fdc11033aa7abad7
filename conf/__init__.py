"""The demo's configuration and contracts. A package only so that they travel inside the wheel."""
