"""The options that every command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Option("--project", help="The project's folder (with headrace.yaml).")]
Env = Annotated[str, typer.Option("--env", help="The environment: a file conf/NAME.yaml.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a configuration key.")]
HERE = Path()
