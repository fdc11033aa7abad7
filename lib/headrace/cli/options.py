"""The options that every command has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.submission import submitted_master


def default_env(context: typer.Context, value: str) -> str:
    """The environment asked for. Where none is, a remote master that spark-submit was told means ``cluster``."""
    asked = context.get_parameter_source("env")
    if getattr(asked, "name", "") != "DEFAULT":
        return value
    from headrace.ground.remote import is_remote

    return "cluster" if is_remote(_master() or "local") else value


def _master() -> str | None:
    """What spark-submit was told, as its JVM has it; where it is not started yet, as its command line has it."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        return submitted_master()
    from headrace.ground.session import told_master

    return told_master()


Folder = Annotated[Path, typer.Option("--project", help="The project's folder (with headrace.yaml).")]
Env = Annotated[
    str,
    typer.Option(
        "--env",
        callback=default_env,
        show_default="local; cluster on spark-submit's remote master",
        help="The environment: a file conf/NAME.yaml.",
    ),
]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a configuration key.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]
HERE = Path()
