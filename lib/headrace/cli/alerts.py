"""Alert records: a file each in the environment's folder, for whoever watches that folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headrace.cli.choice import console

if TYPE_CHECKING:
    from headrace.graph.project import Project

ALERT_FORMAT = 1


def keep_record(project: Project, name: str, code: str, about: Mapping[str, Any]) -> None:
    """Write ``alerts/NAME.json``. Where that cannot be (a checkout that is only read, in CI) a line says so."""
    record = {
        "format_version": ALERT_FORMAT,
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "code": code,
        "project": project.name,
        "environment": project.env,
        **about,
    }
    path = project.home / "alerts" / f"{name}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        console(markup=False).print(
            f"No alert record was kept: {path} cannot be written ({error.strerror}).", soft_wrap=True
        )


def records(project: Project, code: str) -> list[dict[str, Any]]:
    """The records of one kind that can be read, in the order of their files' names."""
    found = []
    for path in sorted((project.home / "alerts").glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # half written, or somebody else's
            continue
        if isinstance(record, dict) and record.get("code") == code:
            found.append(record)
    return found
