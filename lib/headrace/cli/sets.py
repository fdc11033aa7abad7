"""The commands about training sets, as the command line spells them."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli import training_sets
from headrace.cli.choice import Choice
from headrace.cli.options import HERE, Env, Folder, Sets

training_set = typer.Typer(help="Training sets: what each was made from; make it again.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="As training-set list prints it.")]


@training_set.command("list")
def training_set_list(env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """All training sets that were made, and which of them can be made again; starts no Spark on local tables."""
    raise typer.Exit(training_sets.training_set_list(Choice(project, env, tuple(sets or ()))))


@training_set.command("show")
def training_set_show(name: Id, env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """Spine, fingerprints, input versions, hash, and until when it comes out again; starts no Spark on local tables."""
    raise typer.Exit(training_sets.training_set_show(Choice(project, env, tuple(sets or ())), name))


@training_set.command("rebuild")
def training_set_rebuild(name: Id, env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """Compute it again from the versions that it was made from, and say whether the hash is the same; writes nothing."""
    raise typer.Exit(training_sets.training_set_rebuild(Choice(project, env, tuple(sets or ())), name))
