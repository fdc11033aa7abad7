"""Delta's jars: resolved once by Spark's own package resolution, then held to requirements/jars.lock."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from headrace_bootstrap.command import run
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.refusal import Refusal
from headrace_bootstrap.steps import Step, digest

NOTHING = Path(__file__).with_name("nothing.py")


@dataclass(frozen=True)
class Wanted:
    """What to resolve: coordinates, and artifacts that Spark ships itself (``group:artifact``)."""

    packages: tuple[str, ...]
    excluded: tuple[str, ...]


def step(layout: Layout, environ: Mapping[str, str]) -> Step:
    """Fetch the jars once for each state of jars.in and jars.lock."""
    declared, lock = layout.requirement("jars.in"), layout.requirement("jars.lock")
    return Step(
        "jars",
        "fetching Delta's jars with Spark's package resolution",
        lambda: digest(declared, lock),
        lambda: _fetch(layout, environ),
    )


def wanted(path: Path) -> Wanted:
    """The lines ``package COORDINATES`` and ``exclude GROUP:ARTIFACT`` of jars.in."""
    lines = [line.partition("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines()]
    return Wanted(
        tuple(words[1] for words in lines if words[:1] == ["package"]),
        tuple(words[1] for words in lines if words[:1] == ["exclude"]),
    )


def locked(path: Path) -> dict[str, str]:
    """SHA-256 by file name; the file is in sha256sum's format."""
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {words[1]: words[0] for words in lines if words}


def _fetch(layout: Layout, environ: Mapping[str, str]) -> None:
    resolve(layout, environ)
    place(layout.ivy / "jars", layout.jars, locked(layout.requirement("jars.lock")))


def resolve(layout: Layout, environ: Mapping[str, str]) -> None:
    """Let spark-submit resolve the packages into the cache, beside a script that does nothing."""
    asked = wanted(layout.requirement("jars.in"))
    outcome = run(
        [
            str(layout.spark_home / "bin" / "spark-submit"),
            "--packages", ",".join(asked.packages),
            "--exclude-packages", ",".join(asked.excluded),
            "--conf", f"spark.jars.ivy={layout.ivy}",
            str(NOTHING),
        ],
        env=environ,
    )  # fmt: skip
    if not outcome.good:
        raise Refusal(
            "SETUP_NO_JARS",
            f"Spark could not resolve {', '.join(asked.packages)}",
            f"spark-submit --packages ended with status {outcome.status}:\n{outcome.tail()}",
            "see that the repository of Java packages answers, and start again",
        )


def place(source: Path, target: Path, lock: Mapping[str, str]) -> None:
    """Make ``target`` hold the locked jars and nothing else; a jar of another content is refused by name."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, expected in lock.items():
        _check(source / name, expected)
        os.link(source / name, fresh / name)
    shutil.rmtree(target, ignore_errors=True)
    fresh.replace(target)


def _check(jar: Path, expected: str) -> None:
    found = hashlib.sha256(jar.read_bytes()).hexdigest() if jar.is_file() else "not there"
    if found != expected:
        raise Refusal(
            "SETUP_JAR_DIFFERS",
            f"{jar.name} is not the jar of requirements/jars.lock",
            f"its SHA-256 is {found}, the lock says {expected}",
            f"remove {jar.parent.parent} and start again; if it repeats, do not use that repository",
        )
