"""Spark's classes, read and verified once into an archive that each JVM maps: class data sharing of the JVM.

An archive holds for one class path, and the JVM takes it only where no folder on that path has files in it. So Spark's
own files of ``conf/`` are named to it one by one, and its SPARK_CONF_DIR is an empty folder. Where ``conf/`` has more
that Spark reads by its place (core-site.xml, spark-env.sh), or SPARK_CONF_DIR is the user's, nothing is shared.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Mapping

from headrace_bootstrap import java
from headrace_bootstrap.command import run
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.steps import Step, digest, tell

TYPICAL = Path(__file__).with_name("typical.py")
LOG, DEFAULTS = "log4j2.properties", "spark-defaults.conf"
OURS = (".yaml", ".py")
QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off"
"""An archive of another Java or class path is passed over: the start is slower, and nothing else."""


def step(layout: Layout, environ: Mapping[str, str]) -> Step:
    """Make the archive once for each Java, Spark, set of jars and place of the clone."""
    locks = (layout.requirement("dev.lock"), layout.requirement("jars.lock"))
    return Step(
        "classes",
        "sharing Spark's classes among its starts",
        lambda: digest(*locks, TYPICAL, layout.root / "conf" / DEFAULTS, java.installed(layout), str(layout.root)),
        lambda: _make(layout, environ),
    )


def _make(layout: Layout, environ: Mapping[str, str]) -> None:
    """A start of a typical program that leaves its classes behind; where it fails, starts take some seconds longer."""
    layout.classes.unlink(missing_ok=True)
    layout.no_conf.mkdir(parents=True, exist_ok=True)
    options = f"{_log(layout)} -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit={_quoted(layout.classes)} {QUIET}"
    outcome = run(
        [
            str(layout.spark_home / "bin" / "spark-submit"), *properties(layout), "--master", "local[2]",
            "--driver-memory", "1g", str(TYPICAL),
        ],
        env={**environ, "SPARK_CONF_DIR": str(layout.no_conf), "SPARK_SUBMIT_OPTS": options},
        seconds=300,
    )  # fmt: skip
    if not layout.classes.is_file():
        tell(f"its classes could not be shared (status {outcome.status}); starts take some seconds longer")


def is_shared(layout: Layout, environ: Mapping[str, str]) -> bool:
    """Whether JVMs that are started now map the archive."""
    places = (str(layout.no_conf), str(layout.root / "conf"))
    return layout.classes.is_file() and environ.get("SPARK_CONF_DIR", places[0]) in places and _is_plain(layout)


def _is_plain(layout: Layout) -> bool:
    files = (path for path in (layout.root / "conf").iterdir() if path.is_file())
    return all(path.suffix in OURS or path.name in (LOG, DEFAULTS) or path.name.startswith(".") for path in files)


def properties(layout: Layout) -> tuple[str, ...]:
    """spark-submit's option for what it would find in its SPARK_CONF_DIR."""
    defaults = layout.root / "conf" / DEFAULTS
    return ("--properties-file", str(defaults)) if defaults.is_file() else ()


def variables(layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    """What a JVM is told of the archive, and what it no longer finds by its place; the user's own words come last."""
    shared = f"{_log(layout)} -XX:SharedArchiveFile={_quoted(layout.classes)} {QUIET}"
    own = environ.get("SPARK_SUBMIT_OPTS", "").replace(shared, "").strip()
    return {
        "SPARK_CONF_DIR": str(layout.no_conf),
        "SPARK_SUBMIT_OPTS": f"{shared} {own}".strip(),
        "PYSPARK_SUBMIT_ARGS": environ.get("PYSPARK_SUBMIT_ARGS", shlex.join((*properties(layout), "pyspark-shell"))),
    }


def _log(layout: Layout) -> str:
    return f"-Dlog4j.configurationFile={_quoted(layout.root / 'conf' / LOG)}"


def _quoted(path: Path) -> str:
    """As Spark's launcher reads options."""
    return f'"{path}"' if any(letter.isspace() for letter in str(path)) else str(path)
