"""Where the boxes of a small graph stand, rank beside rank, and by which points its edges go. No drawing.

After Sugiyama, Tagawa and Toda (1981): an edge that passes a rank gets a place of its own in it, so that it crosses no
box; the places of a rank are ordered by the mean place of what they hang on, forwards and back.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GAP = 20.0
"""Between two ranks; edges bend there."""
BETWEEN = 10.0
"""Between two boxes of a rank."""
PASSING = 6.0
"""The height of the place by which an edge passes a rank."""
_SWEEPS = 4

Point = tuple[float, float]
Place = int | tuple[int, int, int]
"""A box by its number; an edge's passage by its ends and the rank that it passes."""


@dataclass(frozen=True)
class Box:
    """A box by its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """The boxes in the order of the nodes, the points of each edge from its start to its end, and the size of it all."""

    boxes: tuple[Box, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def lay_out(ranks: Sequence[int], edges: Sequence[tuple[int, int]], heights: Sequence[float], width: float) -> Drawing:
    """Places for boxes of one ``width`` and of ``heights``; every edge goes from a lower rank to a higher one.

    A route has an even number of points, left and right of each rank that it leaves, passes or reaches.
    """
    columns = _ordered(_columns(ranks, edges), edges)
    tall = {place: heights[place] if isinstance(place, int) else PASSING for column in columns for place in column}
    sizes = [sum(tall[place] for place in column) + BETWEEN * (len(column) - 1) for column in columns]
    height = max(sizes, default=0.0)
    tops: dict[Place, float] = {}
    for column, size in zip(columns, sizes, strict=True):
        y = (height - size) / 2
        for place in column:
            tops[place] = y
            y += tall[place] + BETWEEN
    left = [rank * (width + GAP) for rank in range(len(columns))]
    boxes = tuple(Box(left[rank], tops[node], width, heights[node]) for node, rank in enumerate(ranks))
    middle = {place: tops[place] + tall[place] / 2 for place in tops}
    routes = tuple(_route(edge, ranks, middle, left, width) for edge in edges)
    return Drawing(boxes, routes, max(left, default=-GAP) + width if columns else 0.0, height)


def _columns(ranks: Sequence[int], edges: Sequence[tuple[int, int]]) -> list[list[Place]]:
    columns: list[list[Place]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for node, rank in enumerate(ranks):
        columns[rank].append(node)
    for start, end in edges:
        for rank in range(ranks[start] + 1, ranks[end]):
            columns[rank].append((start, end, rank))
    return columns


def _ordered(columns: list[list[Place]], edges: Sequence[tuple[int, int]]) -> list[list[Place]]:
    """The columns with fewer crossings: each ordered by the mean place of its neighbours, from either side in turn."""
    beside = _neighbours(columns, edges)
    found = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        order = range(1, len(found)) if forwards else range(len(found) - 2, -1, -1)
        for rank in order:
            near = {place: at for at, place in enumerate(found[rank - 1 if forwards else rank + 1])}
            size = len(near)
            here = {place: at / max(len(found[rank]), 1) for at, place in enumerate(found[rank])}

            def mean(
                place: Place, near: Mapping[Place, int] = near, size: int = size, here: Mapping[Place, float] = here
            ) -> float:
                known = [(near[other] + 0.5) / size for other in beside[place] if other in near]
                return sum(known) / len(known) if known else here[place]

            found[rank].sort(key=mean)
    return found


def _neighbours(columns: list[list[Place]], edges: Sequence[tuple[int, int]]) -> dict[Place, list[Place]]:
    beside: dict[Place, list[Place]] = {place: [] for column in columns for place in column}
    passing = {place: rank for rank, column in enumerate(columns) for place in column if not isinstance(place, int)}
    for edge in edges:
        between = sorted((place for place in passing if place[:2] == edge), key=passing.__getitem__)
        way: list[Place] = [edge[0], *between, edge[1]]
        for one, other in itertools.pairwise(way):
            beside[one].append(other)
            beside[other].append(one)
    return beside


def _route(
    edge: tuple[int, int], ranks: Sequence[int], middle: Mapping[Place, float], left: Sequence[float], width: float
) -> tuple[Point, ...]:
    start, end = edge
    points: list[Point] = [(left[ranks[start]] + width, middle[start])]
    for rank in range(ranks[start] + 1, ranks[end]):
        y = middle[start, end, rank]
        points += [(left[rank], y), (left[rank] + width, y)]
    return (*points, (left[ranks[end]], middle[end]))
