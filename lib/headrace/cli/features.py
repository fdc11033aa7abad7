"""Commands that look at features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.entries import open_catalog, show_entry
from headrace.ground.errors import DONE, HeadraceError, nearest

if TYPE_CHECKING:
    from headrace.features.entry import Entry


def feature_list(choice: Choice, only: Mapping[str, str | None]) -> int:
    """The features, or those of one owner, entity or source.

    Raises:
        HeadraceError: FILTER_UNKNOWN with the nearest value that some feature has.
    """
    _, catalog = open_catalog(choice)
    found = catalog.of("feature")
    for name, wanted in only.items():
        if wanted is not None:
            known = {value for entry in catalog.of("feature") for value in _values(entry, name)}
            if wanted not in known:
                raise HeadraceError("FILTER_UNKNOWN", option=f"--{name}", value=wanted, hint=nearest(wanted, known))
            found = tuple(entry for entry in found if wanted in _values(entry, name))
    grid = grid_of("feature", "windows", "meaning", "owner", "entity", "source", "done until")
    for entry in found:
        shown = (entry.name, ", ".join(entry.windows), entry.brief, entry.owner, ", ".join(entry.entity))
        grid.add_row(*shown, ", ".join(entry.sources), entry.done_until)
    out = console(markup=False)
    out.print(grid)
    out.print(
        f"{len(found)} of {len(catalog.of('feature'))} features. One of them: {choice.command('feature show NAME')}"
    )
    return DONE


def feature_show(choice: Choice, name: str) -> int:
    """Everything that is known of one feature.

    Raises:
        HeadraceError: FEATURE_UNKNOWN, FEATURE_AMBIGUOUS.
    """
    _, catalog = open_catalog(choice)
    entry = catalog.entry("feature", name)
    columns, asked = [column.name for column in entry.columns], name.rpartition(".")[2]
    never = f"never: nothing has made {entry.table} yet; {choice.command('run')}"
    show_entry(console(markup=False), entry, never, columns.index(asked) if asked in columns else 0)
    return DONE


def _values(entry: Entry, name: str) -> tuple[str, ...]:
    return {"owner": (entry.owner,), "entity": entry.entity, "source": entry.sources}[name]
