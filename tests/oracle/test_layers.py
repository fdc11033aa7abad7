"""Pictures of graphs of 1 to 20 boxes: no two boxes meet, and no edge crosses a box that is not its own."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest

from headrace.features.lineage import Lineage, Node
from headrace.monitoring.drawing import LETTERS, LINES, broken, draw
from headrace.monitoring.layers import Box, Drawing, lay_out

WIDTH = 136.0


def graph(seed: int, most: int = 20) -> tuple[int, list[tuple[int, int]]]:
    """A random graph without cycles: edges go to greater numbers."""
    chance = random.Random(seed)
    count = chance.randint(1, most)
    pairs = [pair for pair in combinations(range(count), 2) if chance.random() < 0.25]
    return count, pairs


def drawn(seed: int) -> tuple[list[tuple[int, int]], Drawing]:
    count, pairs = graph(seed)
    nodes = tuple(Node("feature", f"n{place}") for place in range(count))
    chance = random.Random(seed)
    heights = [chance.choice([37.0, 51.0, 65.0]) for _ in nodes]
    return pairs, lay_out(Lineage(nodes, tuple(pairs)).ranks, pairs, heights, WIDTH)


def points_of(route: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Many points of the curve that is drawn: level at both ends between ranks, straight within one."""
    found = []
    for place, ((x0, y0), (x1, y1)) in enumerate(pairwise(route)):
        for step in range(41):
            t = step / 40
            bend = y0 if place % 2 else y0 + (y1 - y0) * t * t * (3 - 2 * t)
            found.append((x0 + (x1 - x0) * t, bend))
    return found


def inside(point: tuple[float, float], box: Box) -> bool:
    return box.x < point[0] < box.x + box.width and box.y < point[1] < box.y + box.height


@pytest.mark.parametrize("seed", range(60))
def test_boxes_stand_apart_and_edges_pass_between_them(seed: int) -> None:
    pairs, drawing = drawn(seed)
    for one, other in combinations(drawing.boxes, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    for (start, end), route in zip(pairs, drawing.routes, strict=True):
        assert route[0][0] == drawing.boxes[start].x + WIDTH
        assert route[-1][0] == drawing.boxes[end].x
        points = points_of(route)
        assert not [box for box in drawing.boxes if any(inside(point, box) for point in points)]
    assert all(box.x + box.width <= drawing.width + 1e-9 for box in drawing.boxes)
    assert all(box.y >= 0 and box.y + box.height <= drawing.height + 1e-9 for box in drawing.boxes)


def crossings(pairs: list[tuple[int, int]], drawing: Drawing) -> int:
    """Pairs of edges between the same two ranks that cross."""
    steps = [(a, b) for route in drawing.routes for place, (a, b) in enumerate(pairwise(route)) if place % 2 == 0]
    return sum(
        one[0][0] == other[0][0] and (one[0][1] - other[0][1]) * (one[1][1] - other[1][1]) < 0
        for one, other in combinations(steps, 2)
    )


def test_a_graph_that_can_be_drawn_without_crossings_is() -> None:
    """Three ways side by side, named in the wrong order."""
    pairs = [(0, 5), (1, 4), (2, 3), (3, 8), (4, 7), (5, 6)]
    nodes = tuple(Node("feature", str(place)) for place in range(9))
    assert crossings(pairs, lay_out(Lineage(nodes, tuple(pairs)).ranks, pairs, [37.0] * 9, WIDTH)) == 0


def test_one_box_and_none() -> None:
    assert lay_out([0], [], [37.0], WIDTH).boxes == (Box(0.0, 0.0, WIDTH, 37.0),)
    assert lay_out([], [], [], WIDTH) == Drawing((), (), 0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("spend", ("spend",)),
        ("customer_activity.spend", ("customer_activity.", "spend")),
        ("shop_events.event_type", ("shop_events.", "event_type")),
        ("a" * 50, ("a" * 19, "a" * 19, "a" * 12)),
        ("growth.customer_activity.user_activity_score_of_all_time", ("growth.", "customer_activity.", "user_activity_scor…")),
    ],
)  # fmt: skip
def test_names_are_broken_where_they_have_joints(name: str, lines: tuple[str, ...]) -> None:
    assert broken(name)[:2] == lines[:2]
    assert all(len(line) <= LETTERS for line in broken(name))
    assert len(broken(name)) <= LINES
    if not broken(name)[-1].endswith("…"):
        assert "".join(broken(name)) == name


def test_a_drawing_says_what_it_shows_links_to_what_is_there_and_escapes_names() -> None:
    nodes = (
        Node("raw column", "s.<b>", "source-s"),
        Node("tiles", "tiles.s", "table-tiles.s"),
        Node("feature", "g.f", "g.f", own=True),
    )
    svg = str(draw("g.f", Lineage(nodes, ((0, 1), (1, 2))), {"source-s", "g.f"}.__contains__))
    assert (
        "<title>Lineage of g.f</title><desc>raw column s.&lt;b&gt;; then tiles tiles.s; then this feature g.f</desc>"
        in svg
    )
    assert svg.count("<a href=") == 1, "tiles are not on this page, and nothing links to itself"
    assert '<a href="#source-s">' in svg
    assert '<text class="sort" x="8" y="13">this feature</text>' in svg
    assert "<b>" not in svg
