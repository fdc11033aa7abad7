"""`headrace export feast`: the repository by which Feast reads what headrace computes."""

from __future__ import annotations

from pathlib import Path

from headrace.cli.choice import Choice, console
from headrace.graph.project import load_project
from headrace.ground.errors import DONE, HeadraceError
from headrace.ground.secret import reveal
from headrace.serving.registry import has_feast, lay
from headrace.serving.repository import repository
from headrace.serving.views import views


def write_repository(choice: Choice, output: Path | None) -> int:
    """Write the files of a repository; where Feast is installed, its registry too.

    Raises:
        HeadraceError: EXPORT_UNWRITABLE, REFERENCE_UNSET, SERVED_*.
    """
    project = load_project(choice.folder.resolve(), choice.env, choice.sets)
    made = repository(project, known := views(project), output)
    out = console(markup=False)
    try:
        if has_feast():
            reveal(project.config.online.address or "", "online.address")
            lay(made)
        else:
            for name in made.texts():
                made.write(name)
    except OSError as error:
        raise HeadraceError("EXPORT_UNWRITABLE", place=made.folder, problem=error.strerror) from None
    out.print(f"{len(known)} feature views in {made.folder}.", soft_wrap=True)
    tables = {view.tags["table"] for view in known}
    left_out = sorted(name for name, group in project.groups.items() if group.table not in tables)
    if left_out:
        out.print(f"Not there yet, since no run has made their tables: {', '.join(left_out)}.", soft_wrap=True)
    if not has_feast():
        out.print(
            "Feast is not installed here; where it is, `feast apply` in that folder makes the registry.", soft_wrap=True
        )
    return DONE
