"""``headrace rollback``: give back what was there before, and take that back."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.choice import Choice
from headrace.cli.options import HERE, DryRun, Env, Folder, Sets

rollback = typer.Typer(
    help="Give back what was there before: a champion, a group's features, or all that a run wrote.",
    no_args_is_help=True,
)


@rollback.command("model")
def rollback_model(
    model: Annotated[str, typer.Argument(help="The model's name in contracts/models.")],
    env: Env = "local", project: Folder = HERE, sets: Sets = None, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Make the champion's predecessor champion again, and write down that it was done."""
    from headrace.cli import commands

    raise typer.Exit(commands.rollback_model(Choice(project, env, tuple(sets or ())), model, dry_run))


@rollback.command("features")
def rollback_features(
    group: Annotated[str, typer.Argument(help="The group: group, or team.group.")],
    version: Annotated[int | None, typer.Option("--to-version", metavar="V", help="A version of its contract.")] = None,
    time: Annotated[str | None, typer.Option("--to-time", metavar="T", help="What its readers had then; UTC if bare.")] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, for the decision ledger.")] = "asked for",
    env: Env = "local", project: Folder = HERE, sets: Sets = None, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Give readers of a feature group an earlier version of contract and data, and hold it there until it is undone."""
    from headrace.cli.restorable import Asked
    from headrace.cli.restoring import rollback_features as restore

    choice = Choice(project, env, tuple(sets or ()))
    raise typer.Exit(restore(choice, group, Asked(version, time), why, dry_run))


@rollback.command("run")
def rollback_run(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's ID, as release list prints it.")],
    why: Annotated[str, typer.Option("--why", help="The reason, for the decision ledger.")] = "asked for",
    env: Env = "local", project: Folder = HERE, sets: Sets = None, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Give the tables that a run wrote, and runs since, what they had before it, and hold them there until it is undone."""
    from headrace.cli.restoring import rollback_run as restore

    raise typer.Exit(restore(Choice(project, env, tuple(sets or ())), run, why, dry_run))


@rollback.command("undo")
def rollback_undo(
    number: Annotated[int, typer.Argument(metavar="N", help="The number of the rollback, as plan and status tell it.")],
    env: Env = "local", project: Folder = HERE, sets: Sets = None, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Take back a rollback of features or of a run: definition and data are as they were before it."""
    from headrace.cli.restoring import undo_rollback

    raise typer.Exit(undo_rollback(Choice(project, env, tuple(sets or ())), number, dry_run))
