"""``headrace lineage``: from a column or table up to raw events and down to scores. No Spark."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from headrace.cli.choice import Choice, console
from headrace.cli.drawn import lineage_tree
from headrace.cli.entries import open_all
from headrace.cli.options import HERE, Env, Folder, Sets
from headrace.ground.errors import DONE

if TYPE_CHECKING:
    from headrace.features.trace import Trace

_WALK = "of"


class _NameFirst(TyperGroup):
    """``lineage NAME`` is ``lineage of NAME``: a name has a dot, a command has none."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words with the command put in where none of the commands is named."""
        named = not args or args[0] in self.commands or args == ["--help"]
        return super().parse_args(ctx, args if named else [_WALK, *args])


lineage = typer.Typer(
    cls=_NameFirst,
    help="What a column or table is made of, and what is made of it: headrace lineage TABLE.COLUMN, or TABLE.",
    no_args_is_help=True,
)


@lineage.command(_WALK)
def lineage_of(
    name: Annotated[str, typer.Argument(metavar="TABLE[.COLUMN]", help="schema.table, with .column behind it or not.")],
    up: Annotated[bool, typer.Option("--up", help="Only what it is made of.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what is made of it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """From raw columns to models and scores, both ways where none is named; starts no Spark."""
    raise typer.Exit(walk(Choice(project, env, tuple(sets or ())), name, up or not down, down or not up, as_json))


@lineage.command("send")
def lineage_send(env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """Send the lineage events of runs that are kept, since nobody took them at the time."""
    from headrace.cli.recording import send_lineage

    raise typer.Exit(send_lineage(Choice(project, env, tuple(sets or ()))))


def walk(choice: Choice, name: str, up: bool, down: bool, as_json: bool) -> int:
    """Print the way up, the way down, or both.

    Raises:
        HeadraceError: LINEAGE_UNKNOWN.
    """
    opened, graph, catalog = open_all(choice)
    from headrace.features.trace import Tracks, find_field

    tables = {entry.name: [column.name for column in entry.columns] for entry in catalog.of("table")}
    tracks = Tracks(opened, graph)
    found = tracks.of(find_field(name, tracks.columns(tables), opened), up, down)
    out = console(markup=False)
    if as_json:
        out.print(json.dumps(_record(found), indent=1), soft_wrap=True)
    else:
        out.print(lineage_tree(found.lineage, up, down), soft_wrap=True)
    return DONE


def _record(trace: Trace) -> dict[str, object]:
    nodes = trace.lineage.nodes
    pairs = zip(trace.lineage.edges, trace.hows, strict=True)
    return {
        "of": next(node.name for node in nodes if node.own),
        "nodes": [{"name": node.name, "kind": node.kind, "made_by": node.made_by} for node in nodes],
        "edges": [{"of": nodes[of].name, "into": nodes[into].name, "how": how} for (of, into), how in pairs],
    }
