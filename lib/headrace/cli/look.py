"""The commands that look at what there is: tables and features. They change nothing; only a hash starts Spark."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli import features, staged, tables
from headrace.cli.choice import Choice
from headrace.cli.options import HERE, Env, Folder, Sets

table = typer.Typer(help="Look at tables.", no_args_is_help=True)
feature = typer.Typer(help="Look at features.", no_args_is_help=True)
Table = Annotated[str, typer.Argument(metavar="TABLE", help="schema.table")]


@table.command("list")
def table_list(env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """All tables: who makes them, how far they are done, how large they are; starts no Spark."""
    raise typer.Exit(tables.table_list(Choice(project, env, tuple(sets or ()))))


@table.command("show")
def table_show(name: Table, env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """A table's meaning, columns, makers, readers, size and freshness; starts no Spark and reads no row."""
    raise typer.Exit(tables.table_show(Choice(project, env, tuple(sets or ())), name))


@table.command("history")
def table_history(
    name: Table,
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="How many commits, newest first.")] = 10,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """A table's commits: version, time, job, interval, run and rows; starts no Spark."""
    raise typer.Exit(tables.table_history(Choice(project, env, tuple(sets or ())), name, rows))


@table.command("staged")
def table_staged(env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """Rows that were held back, since they are not what their table expects: why, and where they lie; starts no Spark."""
    raise typer.Exit(staged.table_staged(Choice(project, env, tuple(sets or ()))))


@table.command("hash")
def table_hash(
    name: Table,
    version: Annotated[int | None, typer.Option("--version", min=0, help="A version of the table; the latest if none.")] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """The table's hash: equal rows give an equal hash."""
    raise typer.Exit(tables.table_hash(Choice(project, env, tuple(sets or ())), name, version))


@feature.command("list")
def feature_list(
    owner: Annotated[str | None, typer.Option("--owner", help="Only features of this owner.")] = None,
    entity: Annotated[str | None, typer.Option("--entity", help="Only features of this entity: a key column.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only features over this source.")] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """All features: windows, meaning, owner, freshness; starts no Spark."""
    only = {"owner": owner, "entity": entity, "source": source}
    raise typer.Exit(features.feature_list(Choice(project, env, tuple(sets or ())), only))


@feature.command("show")
def feature_show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A feature, group.feature, or one of its columns.")],
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """A feature's meaning, computation as SQL, readers, freshness, and the lines that read it; starts no Spark."""
    raise typer.Exit(features.feature_show(Choice(project, env, tuple(sets or ())), name))
