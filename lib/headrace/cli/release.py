"""``headrace release``: which versions of all tables belong together. Nothing is written; no Spark on local tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.absent import stand_ins
from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.options import HERE, Env, Folder, Sets
from headrace.ground.errors import DONE

if TYPE_CHECKING:
    from headrace.cli.releasing import Released
    from headrace.graph.project import Project

release = typer.Typer(
    help="Which versions of all tables belong together: those as of the end of a run.", no_args_is_help=True
)
Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's ID, as release list prints it.")]


@release.command("list")
def release_list(
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="How many, newest first.")] = 20,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """The runs that left something, newest first, and whether all that they pin can still be read."""
    raise typer.Exit(list_releases(Choice(project, env, tuple(sets or ())), rows))


@release.command("show")
def release_show(name: Run, env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """The version of each table as of the end of a run, and until when it can be read."""
    raise typer.Exit(show_release(Choice(project, env, tuple(sets or ())), name))


@release.command("diff")
def release_diff(
    one: Run,
    other: Annotated[str | None, typer.Argument(metavar="[OTHER]", help="Another run; the latest if none.")] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Which tables two releases have otherwise, and the jobs that did that."""
    raise typer.Exit(diff_releases(Choice(project, env, tuple(sets or ())), one, other))


def list_releases(choice: Choice, rows: int) -> int:
    """A line a release, ``rows`` of them."""
    from headrace.cli.releasing import Keeping

    project, found = _open(choice)
    out = console(markup=False)
    if not found.releases:
        out.print(f"No run has left anything yet. Next: {choice.command('run')}")
        return DONE
    grid = grid_of("release", "ended (UTC)", "tables", "written", "not done", "can be read")
    keeping = Keeping(project, datetime.now(UTC))
    for one in list(reversed(found.releases))[:rows]:
        lost = [name for name, table in keeping.of(one).items() if table.lost]
        readable = f"all but {', '.join(lost)}" if lost else "all"
        counts = (str(len(one.tables)), str(len(one.made)))
        grid.add_row(one.id, f"{one.at:%Y-%m-%d %H:%M:%S}", *counts, ", ".join(one.failed), readable)
    out.print(grid)
    return DONE


def show_release(choice: Choice, name: str) -> int:
    """Every table of a release.

    Raises:
        HeadraceError: RELEASE_UNKNOWN.
    """
    from headrace.cli.releasing import Keeping
    from headrace.graph.releases import find_release

    project, found = _open(choice)
    one = find_release(name, found.releases)
    out = console(markup=False)
    out.print(f"release {one.id}: what readers had at {one.at:%Y-%m-%d %H:%M:%S} (UTC)")
    grid = grid_of("table", "version", "written", "can be read")
    for table, kept in Keeping(project, datetime.now(UTC)).of(one).items():
        grid.add_row(table, str(one.tables[table]), "by this run" if table in one.made else "before", kept.told)
    out.print(grid)
    for other, version in sorted(one.others.items()):
        out.print(f"{other}: {version}", soft_wrap=True)
    out.print(f'Read it in Python: headrace.open(env="{project.env}").at_release("{one.id}").table(...)')
    return DONE


def diff_releases(choice: Choice, name: str, other: str | None) -> int:
    """What two releases have otherwise.

    Raises:
        HeadraceError: RELEASE_UNKNOWN.
    """
    from headrace.graph.releases import differences, find_release

    _, found = _open(choice)
    one = find_release(name, found.releases)
    two = found.releases[-1] if other is None else find_release(other, found.releases)
    out = console(markup=False)
    grid = grid_of("table", one.id, two.id, "by")
    changed = differences(one, two, found.entries)
    for change in changed:
        jobs = ", ".join(f"{job} ({count} intervals)" if count > 1 else job for job, count in change.by)
        grid.add_row(change.name, change.before or "–", change.after or "–", jobs or "a rollback")
    out.print(grid if changed else f"{one.id} and {two.id} have the same versions of all tables.")
    return DONE


def _open(choice: Choice) -> tuple[Project, Released]:
    with stand_ins():
        from headrace.cli.releasing import by_log, released

        project, graph = choice.open()
        return project, released(project, graph, by_log(project, graph))
