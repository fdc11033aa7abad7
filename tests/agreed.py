"""A test's project takes its contracts as they are now for agreed: where a test is about something else than locks."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

AT = date(2026, 11, 25)


def agree(folder: Path, env: str = "local", *sets: str) -> None:
    """Lock entries of all feature groups of a project, made anew."""
    from headrace.contracts.lock import FOLDER, first_lock, write_lock
    from headrace.graph.project import load_project

    project = load_project(folder, env, sets)
    shutil.rmtree(project.contracts / FOLDER, ignore_errors=True)
    for name in project.groups:
        write_lock(project.contracts, first_lock(project.bound(name), AT, "The test begins."))
