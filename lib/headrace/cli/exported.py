"""`headrace export manifest`, and the manifest that the other exports are made of. No Spark is started or asked for."""

from __future__ import annotations

from pathlib import Path

import typer

from headrace.cli.absent import stand_ins
from headrace.cli.choice import Choice, console
from headrace.graph.manifest import Manifest, manifest
from headrace.ground.errors import DONE, HeadraceError


def manifest_of(choice: Choice) -> Manifest:
    """The manifest of a project's linted graph.

    Raises:
        HeadraceError: what ``load_project`` and ``load_graph`` refuse.
    """
    with stand_ins():
        project, graph = choice.open()
    return manifest(project, graph, choice.sets)


def write_manifest(choice: Choice, output: Path | None) -> int:
    """Print the manifest, or write it into a file.

    Raises:
        HeadraceError: PAGE_UNWRITABLE; what ``manifest_of`` refuses.
    """
    found = manifest_of(choice)
    if output is None:
        typer.echo(found.text(), nl=False)
        return DONE
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(found.text(), encoding="utf-8")
    except OSError as error:
        raise HeadraceError("PAGE_UNWRITABLE", file=output, problem=error.strerror) from None
    console(markup=False).print(f"{len(found.jobs)} jobs in {output}.", soft_wrap=True)
    return DONE
