"""`headrace export manifest`, and what other schedulers are given of it. No Spark is started or asked for."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import typer

from headrace.cli.absent import stand_ins
from headrace.cli.carried import carried_by
from headrace.cli.choice import Choice, console
from headrace.export.databricks import bundle
from headrace.export.files import Files
from headrace.graph.manifest import Manifest, manifest
from headrace.graph.project import Project
from headrace.ground.errors import DONE, HeadraceError


def opened(choice: Choice) -> tuple[Project, Manifest]:
    """A project, and the manifest of its linted graph.

    Raises:
        HeadraceError: what ``load_project`` and ``load_graph`` refuse.
    """
    with stand_ins():
        project, graph = choice.open()
    return project, manifest(project, graph, choice.sets)


def write_files(
    choice: Choice, target: str, made: Callable[[Manifest, Path, Path], Files], output: Path | None, check: bool
) -> int:
    """Write what ``made`` gives for the manifest, the folder and the project's root, or compare it with what lies there.

    Raises:
        HeadraceError: EXPORT_*; what ``opened`` refuses.
    """
    project, found = opened(choice)
    folder = output if output is not None else project.home / "export" / target
    files = made(found, folder.resolve(), project.root)
    if check:
        stale = files.stale(folder)
        if stale:
            command = choice.command(f"export {target}" + (f" --output {shlex.quote(str(output))}" if output else ""))
            raise HeadraceError("EXPORT_STALE", folder=folder, files=", ".join(stale), command=command)
        return DONE
    try:
        files.write(folder)
    except OSError as error:
        raise HeadraceError("EXPORT_UNWRITABLE", place=folder, problem=error.strerror) from None
    console(markup=False).print(f"{len(found.jobs)} jobs in {folder}: {', '.join(files.texts)}.", soft_wrap=True)
    return DONE


def write_bundle(choice: Choice, output: Path | None, check: bool) -> int:
    """The Databricks bundle of a project that makes a wheel.

    Raises:
        HeadraceError: EXPORT_NO_WHEEL; what ``write_files`` refuses.
    """

    def made(found: Manifest, folder: Path, root: Path) -> Files:
        if found.project not in carried_by(root):
            raise HeadraceError("EXPORT_NO_WHEEL", folder=root, project=found.project)
        return bundle(found, Path(os.path.relpath(root, folder)).as_posix())

    return write_files(choice, "databricks", made, output, check)


def write_manifest(choice: Choice, output: Path | None) -> int:
    """Print the manifest, or write it into a file.

    Raises:
        HeadraceError: EXPORT_UNWRITABLE; what ``opened`` refuses.
    """
    _, found = opened(choice)
    if output is None:
        typer.echo(found.text(), nl=False)
        return DONE
    try:
        Files({output.name: found.text()}).write(output.parent)
    except OSError as error:
        raise HeadraceError("EXPORT_UNWRITABLE", place=output, problem=error.strerror) from None
    console(markup=False).print(f"{len(found.jobs)} jobs in {output}.", soft_wrap=True)
    return DONE
