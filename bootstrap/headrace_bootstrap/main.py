"""The bootstrap: make what is missing, then become what was asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn, Sequence

from headrace_bootstrap import classes, environment, jars, java, launch, shipping, system
from headrace_bootstrap.arguments import Help, Placed, Prepare, Submit, read
from headrace_bootstrap.foresee import foresee
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.refusal import USAGE, Refusal
from headrace_bootstrap.steps import make_missing, only_one

INTERRUPTED = 130

USAGE_TEXT = """\
usage: ./spark-submit.sh [SPARK-SUBMIT OPTIONS] [JOB.py ARGS | SUBCOMMAND ARGS]

With no words it runs the whole graph: the same as `./spark-submit.sh run`.
What is missing is made first: .venv from requirements/dev.lock, a Java 17 or 21, Delta's jars.
A start that finds all of it makes nothing and needs no network.

  ./spark-submit.sh                                   the whole graph, on conf/local.yaml
  ./spark-submit.sh run --env cdnow                   the same graph, on other customers
  ./spark-submit.sh run build_features --from 2017-01-01 --to 2017-02-01
                                                      one job, one interval
  ./spark-submit.sh jobs/build_features.py --from 2017-01-01 --to 2017-02-01
                                                      the same, by its file
  ./spark-submit.sh --master 'local[1]' --conf spark.ui.enabled=false run
                                                      spark-submit's own options come first
  ./spark-submit.sh --master spark://HOST:7077 run    on a cluster, on conf/cluster.yaml; jars, wheel and
                                                      packages are sent along (docs/guides/cluster.md)
  ./spark-submit.sh run --help                        what a subcommand takes
  ./spark-submit.sh contract check                    a subcommand without Spark

  --help, -h         this text
  --version          headrace's version
  --set-up           make what is missing, and end
  --for-tests        the same, and the system packages of requirements/system-test.txt
  --for-integrations the same, and those of requirements/system-integrations.txt
  --exec CMD ARGS    make what is missing, then become CMD; .venv's commands come first on PATH

The job's Python gets JAVA_HOME, SPARK_HOME, PYSPARK_PYTHON and Delta's jars from here.
Spark's own log stays at errors; HEADRACE_SPARK_LOG=warn (or info) shows more of it.
Exit status: the job's own; 2 when it was not started (wrong words, or the set-up failed).
"""


def main(words: Sequence[str]) -> int:
    """Carry out the words; comes back only when there is nothing to become."""
    layout = Layout(Path(__file__).resolve().parents[2])
    try:
        return _carry_out(layout, words)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def _carry_out(layout: Layout, words: Sequence[str]) -> int:
    request = read(words, layout.root)
    if isinstance(request, Help):
        print(USAGE_TEXT, end="")
        return 0
    set_up(layout)
    if isinstance(request, Prepare):
        for listing in request.system:
            with only_one(layout.root):
                system.install_for_tests(layout.requirement(listing))
        return 0
    if isinstance(request, (Submit, Placed)) and shipping.is_remote(request.options):
        make_missing(layout, shipping.steps(layout, request.options))
    return _become(launch.command(layout, request), _environment(layout) | launch.again(layout, request))


def set_up(layout: Layout) -> None:
    """Make what is missing, each step after those that it needs."""
    foresee(layout)
    make_missing(layout, (*environment.steps(layout), java.step(layout)))
    environ = _environment(layout)
    make_missing(layout, (jars.step(layout, environ), classes.step(layout, environ)))


def _environment(layout: Layout) -> dict[str, str]:
    terminal = os.get_terminal_size(sys.stdout.fileno()) if sys.stdout.isatty() else None
    return launch.environment(layout, os.environ, terminal)


def _become(command: Sequence[str], environ: dict[str, str]) -> NoReturn:
    try:
        os.execvpe(command[0], list(command), environ)
    except OSError as error:
        raise Refusal(
            "SETUP_COMMAND_MISSING",
            f"{command[0]} cannot be started",
            str(error),
            "see its spelling; if it belongs to .venv, remove .venv and start again",
        ) from error
