"""``python -m headrace``: the command line of this Python, whatever ``headrace`` is on PATH."""

from __future__ import annotations

import sys

from headrace.cli import main

if __name__ == "__main__":
    sys.exit(main())
