"""The process that the bootstrap becomes: its command and its environment."""

from __future__ import annotations

import json
import os
from typing import Mapping

from headrace_bootstrap import classes, java, shipping
from headrace_bootstrap.arguments import Direct, Execute, Placed, Submit
from headrace_bootstrap.layout import Layout


def command(
    layout: Layout, request: Execute | Direct | Submit | Placed, environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """The words of the process to become."""
    if isinstance(request, Execute):
        return request.words
    if isinstance(request, (Direct, Placed)):
        return (str(layout.venv / "bin" / "headrace"), *request.words)
    submit = str(layout.spark_home / "bin" / "spark-submit")
    options = shipping.shipped(layout, request.options) if shipping.is_remote(request.options) else request.options
    own = any(option.partition("=")[0] == "--properties-file" for option in options)
    if classes.is_shared(layout, environ) and not own:
        options = (*classes.properties(layout), *options)
    start, kind = (submit, *options), _watched(layout, request.application)
    if not kind:
        return (*start, *request.application)
    before = len(start) + (2 if kind == "graph" else 1)
    watch = (str(layout.python), "-m", "headrace.cli.supervisor", str(before), kind)
    return (*watch, *start, *request.application)


def _watched(layout: Layout, application: tuple[str, ...]) -> str:
    """Whether a run of the graph, or of a job by its file, is watched, so that a driver that dies is started again."""
    if not application or {"--dry-run", "--help"}.intersection(application):
        return ""
    jobs = layout.root / "jobs"
    if application[0] == str(jobs / "graph.py"):
        return "graph" if application[1:2] == ("run",) else ""
    return "job" if os.path.realpath(application[0]).startswith(f"{os.path.realpath(jobs)}{os.sep}") else ""


def again(layout: Layout, request: Execute | Direct | Submit | Placed) -> dict[str, str]:
    """How a run may start more applications like this one: by the script, with the same options of spark-submit's own."""
    if not isinstance(request, (Submit, Placed)):
        return {}
    return {"HEADRACE_SUBMIT": json.dumps([str(layout.root / "spark-submit.sh"), *request.options])}


def environment(layout: Layout, environ: Mapping[str, str], terminal: os.terminal_size | None) -> dict[str, str]:
    """The variables of the process to become.

    Spark comes from the environment in ``.venv`` whatever SPARK_HOME says, since Delta's jars fit only that one.
    ``terminal`` is the size of the terminal on stdout, None when stdout is not one.
    """
    binaries, home = layout.venv / "bin", java.chosen(layout)
    made = dict(environ)
    made.pop("PYTHONHOME", None)
    made.update(
        VIRTUAL_ENV=str(layout.venv),
        PATH=os.pathsep.join((str(binaries), f"{home}/bin", environ.get("PATH", os.defpath))),
        JAVA_HOME=home,
        SPARK_HOME=str(layout.spark_home),
        PYSPARK_PYTHON=str(layout.python),
        PYSPARK_DRIVER_PYTHON=str(layout.python),
        SPARK_DIST_CLASSPATH=_class_path(layout, environ),
    )
    if classes.is_shared(layout, environ):
        made.update(classes.variables(layout, environ))
    else:
        made.setdefault("SPARK_CONF_DIR", str(layout.root / "conf"))
    if terminal is not None:
        made.update(_terminal(environ, terminal))
    return made


def _class_path(layout: Layout, environ: Mapping[str, str]) -> str:
    ours, theirs = f"{layout.jars}/*", environ.get("SPARK_DIST_CLASSPATH", "").split(os.pathsep)
    return os.pathsep.join([path for path in theirs if path and path != ours] + [ours])


def _terminal(environ: Mapping[str, str], size: os.terminal_size) -> dict[str, str]:
    """spark-submit reads a Python job through a pipe, so the job cannot see that a person is looking on."""
    told = {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "COLUMNS": str(size.columns), "LINES": str(size.lines)}
    return {name: environ.get(name, value) for name, value in told.items()}
