"""Lineage and spread of a feature on a terminal: a tree, and a bar of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rich.table import Table as Grid
from rich.tree import Tree

from headrace.cli.choice import grid_of
from headrace.profile.spread import rounded

if TYPE_CHECKING:
    from headrace.features.lineage import Lineage
    from headrace.features.profiled import Profiled
    from headrace.profile.spread import Spread

CELLS = 32
_BLOCKS = "▁▂▃▄▅▆▇█"
_AGAIN = " (see above)"


def lineage_tree(lineage: Lineage, up: bool = True, down: bool = True) -> Tree:
    """What something is made of, and what is made of it, step by step; what comes a second time is not told again."""
    own = next(place for place, node in enumerate(lineage.nodes) if node.own)
    tree = Tree(lineage.nodes[own].told)
    for asked, title, step in ((up, "made of", lineage.before), (down, "goes into", lineage.after)):
        if asked and step(own):
            _grow(tree.add(title), own, step, lineage, set())
    if down and not lineage.after(own):
        tree.add("goes into nothing that headrace makes")
    return tree


def _grow(branch: Tree, node: int, step: Callable[[int], Iterable[int]], lineage: Lineage, told: set[int]) -> None:
    for other in step(node):
        again = other in told and bool(tuple(step(other)))
        grown = branch.add(lineage.nodes[other].told + (_AGAIN if again else ""))
        if not again:
            told.add(other)
            _grow(grown, other, step, lineage, told)


def spread_grid(profiles: Iterable[Profiled]) -> Grid:
    """A line a column: where its values lie, and the same in words."""
    grid = grid_of("  column", "from", "spread", "to", "as of", "in words")
    for profiled in profiles:
        low, high = profiled.spread.bounds or (None, None)
        ends = ("", "") if low is None or high is None else (rounded(low), rounded(high))
        old = " (before a contract changed)" if profiled.outdated else ""
        grid.add_row(
            f"  {profiled.column}", ends[0], blocks(profiled.spread), ends[1], profiled.as_of, profiled.told + old
        )
    return grid


def blocks(spread: Spread) -> str:
    """Rows by value as blocks, the tallest a full one; a cell without rows is blank."""
    cells = spread.cells(CELLS)
    top = max(cells, default=0.0) or 1.0
    return "".join(
        " " if not rows else _BLOCKS[min(int(rows / top * len(_BLOCKS)), len(_BLOCKS) - 1)] for rows in cells
    )
