"""A Java that Spark 4.2 runs on: found, else installed, else asked for."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Mapping

from headrace_bootstrap import system
from headrace_bootstrap.command import Outcome, run
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.refusal import Refusal
from headrace_bootstrap.steps import Step, digest, tell

WANTED = (17, 21)
MODULE = "jdk.incubator.vector"  # Spark 4.2 starts every JVM with --add-modules of it
PACKAGES = ("openjdk-17-jre-headless", "openjdk-21-jre-headless")
PLACES = ("/usr/lib/jvm/*", "/usr/java/*", "/opt/*", "/opt/*/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")
OWN_PLACES = (".sdkman/candidates/java/*", ".jdks/*", ".local/share/mise/installs/java/*", ".asdf/installs/java/*")
VERSION = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True)
class PassedOver:
    """A Java that was found and cannot be used."""

    home: Path
    reason: str


def step(layout: Layout) -> Step:
    """Choose a Java once; again when JAVA_HOME, PATH's java or the chosen Java itself changed."""
    return Step(
        "java",
        "looking for Java 17 or 21",
        lambda: _identity(layout, os.environ),
        lambda: _remember(layout, find_or_install(os.environ)),
    )


def chosen(layout: Layout) -> str:
    """The home of the Java that an earlier start chose; empty when none did."""
    return layout.java_home.read_text(encoding="utf-8").strip() if layout.java_home.is_file() else ""


def installed(layout: Layout) -> str:
    """Which Java was chosen, and when it was installed."""
    home = chosen(layout)
    executable = Path(home, "bin", "java")
    return f"{home} {executable.stat().st_mtime_ns if home and executable.is_file() else 'gone'}"


def _identity(layout: Layout, environ: Mapping[str, str]) -> str:
    on_path = os.path.realpath(shutil.which("java", path=environ.get("PATH")) or "none")
    return digest(environ.get("JAVA_HOME", ""), on_path, installed(layout))


def _remember(layout: Layout, home: Path) -> None:
    layout.share.mkdir(parents=True, exist_ok=True)
    layout.java_home.write_text(f"{home}\n", encoding="utf-8")


def find_or_install(environ: Mapping[str, str]) -> Path:
    """The home of a Java that Spark runs on."""
    found, passed_over = find(environ)
    outcome: Outcome | None = None
    if found is None and system.may_install():
        tell(f"none can be used; installing {PACKAGES[0]}")
        outcome = system.install(*PACKAGES)
        found, passed_over = find(environ)
    if found is None:
        raise _refusal(passed_over, outcome)
    return found


def find(environ: Mapping[str, str]) -> tuple[Path | None, tuple[PassedOver, ...]]:
    """The first Java that can be used, and those before it that cannot."""
    passed_over: list[PassedOver] = []
    for home in _homes(environ):
        reason = why_not(home)
        if reason is None:
            return home, tuple(passed_over)
        passed_over.append(PassedOver(home, reason))
    return None, tuple(passed_over)


def why_not(home: Path) -> str | None:
    """Why Spark cannot run on this Java; None when it can."""
    java = str(home / "bin" / "java")
    said = run([java, "-version"], seconds=30)
    version = VERSION.search(said.output)
    if not said.good or version is None:
        return "does not tell its version"
    if int(version[1]) not in WANTED:
        return f"is Java {version[1]}"
    modules = run([java, "--list-modules"], seconds=30)
    return None if modules.good and MODULE in modules.output else f"has no module {MODULE}"


def _homes(environ: Mapping[str, str]) -> Iterator[Path]:
    """Candidate homes, each once: JAVA_HOME, then PATH, then the usual places."""
    seen = set()
    for home in _named_homes(environ):
        real = Path(os.path.realpath(home))
        if real not in seen and (real / "bin" / "java").is_file():
            seen.add(real)
            yield real


def _named_homes(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("JAVA_HOME"):
        yield Path(environ["JAVA_HOME"])
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        yield Path(os.path.realpath(on_path)).parent.parent
    for pattern in PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    for pattern in OWN_PLACES:
        yield from sorted(Path(environ.get("HOME", "/nonexistent")).glob(pattern))


def _refusal(passed_over: tuple[PassedOver, ...], outcome: Outcome | None) -> Refusal:
    seen = "; ".join(f"{one.home} {one.reason}" for one in passed_over) or "none was found"
    tried = f"; apt-get ended with status {outcome.status}:\n{outcome.tail(4)}" if outcome else ""
    return Refusal(
        "SETUP_NO_JAVA",
        "no Java that Spark 4.2 runs on",
        f"Spark 4.2 needs Java 17 or 21 with the module {MODULE}: {seen}{tried}",
        f"apt-get install {PACKAGES[0]}, as root, or set JAVA_HOME to such a Java, and start again",
    )
