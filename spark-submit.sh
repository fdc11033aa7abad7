#!/bin/sh
# Makes what is missing (environment, Java, Delta's jars), then becomes spark-submit; --help tells the rest.
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 2
python=$(command -v python3 || command -v python3.11) || { echo "SETUP_NO_PYTHON: no python3 on PATH; install Python 3.11 and start again" >&2; exit 2; }
exec "$python" "$root/bootstrap" "$@"
