"""Commands that write what other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.choice import Choice, console
from headrace.cli.options import HERE, Env, Folder, Sets
from headrace.contracts.lock import lock_path
from headrace.contracts.owners import BEGIN, FILE, Owners, Person, codeowners, laid_into, read_owners
from headrace.graph.project import Project, load_project
from headrace.ground.errors import DONE, HeadraceError

export = typer.Typer(help="Write what other tools read.", no_args_is_help=True)
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where code hosts look for the file, below the repository's root."""

Output = Annotated[
    Path | None, typer.Option("--output", metavar="DIR", help="The folder; export/TARGET beside the tables if none.")
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; fail where a file is stale.")]


@export.callback()
def exporting() -> None:
    """What other tools read."""


@export.command("codeowners")
def export_codeowners(
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="The file; printed if none.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where the file is stale.")] = False,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Write who answers for which contract and lock entry, from owners.yaml, for all environments; starts no Spark."""
    raise typer.Exit(write_codeowners(Choice(project, env, tuple(sets or ())), output, check))


@export.command("feast")
def export_feast(
    output: Annotated[Path | None, typer.Option("--output", metavar="DIR", help="The folder; one beside the tables if none.")] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Write Feast's repository: entities and feature views of the tables that are there; starts no Spark."""
    from headrace.cli.feast_repository import write_repository

    raise typer.Exit(write_repository(Choice(project, env, tuple(sets or ())), output))


@export.command("manifest")
def export_manifest(
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="The file; printed if none.")] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Write the graph as JSON: jobs in order, what they read and make, commands, cadence, resources; starts no Spark."""
    from headrace.cli.exported import write_manifest

    raise typer.Exit(write_manifest(Choice(project, env, tuple(sets or ())), output))


@export.command("script")
def export_script(
    output: Output = None, check: Check = False, env: Env = "local", project: Folder = HERE, sets: Sets = None
) -> None:
    """Write a shell script: a spark-submit a job, in order; starts no Spark."""
    from headrace.cli.exported import write_files
    from headrace.export.script import script

    chosen = Choice(project, env, tuple(sets or ()))
    raise typer.Exit(write_files(chosen, "script", lambda found, folder, root: script(found), output, check))


@export.command("databricks")
def export_databricks(
    output: Output = None, check: Check = False, env: Env = "local", project: Folder = HERE, sets: Sets = None
) -> None:
    """Write a Databricks asset bundle: a task a job, dev and prod, a backfill; starts no Spark and asks no workspace."""
    from headrace.cli.exported import write_bundle

    raise typer.Exit(write_bundle(Choice(project, env, tuple(sets or ())), output, check))


@export.command("airflow")
def export_airflow(
    output: Output = None, check: Check = False, env: Env = "local", project: Folder = HERE, sets: Sets = None
) -> None:
    """Write a DAG file of Airflow 3: a SparkSubmitOperator a job; starts no Spark, imports no Airflow."""
    from headrace.cli.exported import write_files
    from headrace.export.airflow import dag

    chosen = Choice(project, env, tuple(sets or ()))
    raise typer.Exit(write_files(chosen, "airflow", lambda found, folder, root: dag(found), output, check))


@export.command("kubeflow")
def export_kubeflow(
    output: Output = None, check: Check = False, env: Env = "local", project: Folder = HERE, sets: Sets = None
) -> None:
    """Write a Kubeflow pipeline in kfp's DSL: a component a job; starts no Spark, imports no kfp."""
    from headrace.cli.exported import write_files
    from headrace.export.kubeflow import pipeline

    chosen = Choice(project, env, tuple(sets or ()))
    raise typer.Exit(write_files(chosen, "kubeflow", lambda found, folder, root: pipeline(found), output, check))


def write_codeowners(choice: Choice, output: Path | None, check: bool) -> int:
    """Print the lines, write them into a file, or compare that.

    Raises:
        HeadraceError: OWNERS_MISSING, CODEOWNERS_STALE, EXPORT_UNWRITABLE.
    """
    from headrace.export.files import Files

    project = load_project(choice.folder.resolve(), choice.env, choice.sets)
    block = codeowners_block(project, choice.sets)
    if check:
        _check(output or _found(repository_of(project.root)), block, choice)
    elif output is None:
        typer.echo(block, nl=False)
    else:
        text = laid_into(output.read_text(encoding="utf-8") if output.is_file() else "", block)
        try:
            Files({output.name: text}).write(output.parent)
        except OSError as error:
            raise HeadraceError("EXPORT_UNWRITABLE", place=output, problem=error.strerror) from None
        console(markup=False).print(f"{_count(block)} files have owners in {output}.", soft_wrap=True)
    return DONE


def codeowners_block(project: Project, sets: tuple[str, ...] = ()) -> str:
    """The lines for the contracts of every environment that has an owners.yaml.

    Raises:
        HeadraceError: OWNERS_MISSING; what ``load_project`` refuses.
    """
    root = repository_of(project.root)
    files: dict[str, tuple[Person, ...]] = {}
    sources = []
    for one in _by_contracts(project, sets):
        owners = read_owners(one.contracts)
        if owners is not None:
            sources.append(_below(root, one.contracts / FILE))
            files |= {_below(root, one.documents[name].path): people for name, people in _people(one, owners).items()}
            files |= {_below(root, path): people for path, people in _locked(one, owners).items()}
    if not sources:
        raise HeadraceError("OWNERS_MISSING", folder=project.contracts, file=FILE)
    return codeowners(files, ", ".join(sources))


def _by_contracts(project: Project, sets: tuple[str, ...]) -> list[Project]:
    """The project in an environment for each folder of contracts that one names."""
    found = {project.contracts: project}
    for path in sorted((project.root / project.conf).glob("*.yaml")):
        if path.stem not in ("base", project.env):
            other = load_project(project.root, path.stem, sets)
            found.setdefault(other.contracts, other)
    return [found[folder] for folder in sorted(found)]


def _people(project: Project, owners: Owners) -> dict[str, tuple[Person, ...]]:
    """Contract -> who answers for it: by namespace for groups, by the e-mail address of their owner for the others."""
    found = {f"features/{group.namespace}": owners.of(group) for group in project.groups.values()}
    found |= {f"events/{name}": owners.known_as(one.owner) for name, one in project.sources.items()}
    found |= {f"labels/{name}": owners.known_as(one.owner) for name, one in project.labels.items()}
    return found | {f"models/{name}": owners.known_as(one.owner) for name, one in project.models.items()}


def _locked(project: Project, owners: Owners) -> dict[Path, tuple[Person, ...]]:
    """The lock entry of a group belongs to who answers for the group: a change of meaning is theirs to review."""
    groups = (group for group in project.groups.values() if group.namespace in project.locks)
    return {lock_path(project.contracts, group.namespace): owners.of(group) for group in groups}


def repository_of(root: Path) -> Path:
    """The repository that a project is in: the nearest folder at or above it with a ``.git``, else the project's own."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def _below(root: Path, path: Path) -> str:
    return path.resolve().relative_to(root).as_posix()


def _count(block: str) -> int:
    return sum(line.startswith("/") for line in block.splitlines())


def _found(root: Path) -> Path:
    return next((root / place for place in PLACES if (root / place).is_file()), root / PLACES[0])


def _check(file: Path, block: str, choice: Choice) -> None:
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if text and laid_into(text, block) == text:
        return
    have, want = set(text.splitlines()), set(block.splitlines())
    lacking = sorted(line for line in want - have if line.startswith("/"))
    if not text:
        problem = "there is no such file"
    elif BEGIN not in text:
        problem = "it has no lines of headrace"
    else:
        problem = f"it lacks '{lacking[0]}'" if lacking else "it has lines that they do not"
    command = choice.command(f"export codeowners --output {file}")
    raise HeadraceError("CODEOWNERS_STALE", file=file, problem=problem, command=command)
