"""What spark-submit is given to run: the command line, inside the application that spark-submit has started."""

from __future__ import annotations

import sys

from headrace.cli import main

if __name__ == "__main__":
    del sys.path[0]  # this file's folder, which Python puts there: what lies in it is not to be imported by bare names
    sys.exit(main())
