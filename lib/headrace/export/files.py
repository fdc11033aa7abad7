"""The files of an export: texts by path, written as a whole or compared with what lies there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, select_autoescape


@dataclass(frozen=True)
class Files:
    """Text by path below a folder; those in ``programs`` may be executed."""

    texts: Mapping[str, str]
    programs: frozenset[str] = frozenset()

    def write(self, folder: Path) -> None:
        """Write each file in one step for whoever reads it; what else lies in the folder stays.

        Raises:
            OSError: a file cannot be written.
        """
        for name, text in self.texts.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f"{file.name}.new")
            fresh.write_text(text, encoding="utf-8")
            if name in self.programs:
                fresh.chmod(0o755)
            fresh.replace(file)

    def stale(self, folder: Path) -> tuple[str, ...]:
        """The files that are not there, or say something else."""
        return tuple(name for name, text in self.texts.items() if _read(folder / name) != text)


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def render(template: str, **values: Any) -> str:
    """A template of this package with its values; one that is not given is an error. ``|literal`` writes Python."""
    environment = Environment(
        autoescape=select_autoescape(default_for_string=False),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["literal"] = _literal
    text = resources.files("headrace.export").joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(text).render(**values)


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
