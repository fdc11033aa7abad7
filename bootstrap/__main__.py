"""`python3 bootstrap ARGS`: what spark-submit.sh runs. Stdlib only; parses on any Python from 3.8 on."""

import sys

from headrace_bootstrap.main import main

sys.exit(main(sys.argv[1:]))
