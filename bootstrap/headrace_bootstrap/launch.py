"""The process that the bootstrap becomes: its command and its environment."""

from __future__ import annotations

import os
from typing import Mapping

from headrace_bootstrap import java, shipping
from headrace_bootstrap.arguments import Direct, Execute, Submit
from headrace_bootstrap.layout import Layout


def command(layout: Layout, request: Execute | Direct | Submit) -> tuple[str, ...]:
    """The words of the process to become."""
    if isinstance(request, Execute):
        return request.words
    if isinstance(request, Direct):
        return (str(layout.venv / "bin" / "headrace"), *request.words)
    submit = str(layout.spark_home / "bin" / "spark-submit")
    options = shipping.shipped(layout, request.options) if shipping.is_remote(request.options) else request.options
    return (submit, *options, *request.application)


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
