"""A feature's lineage as an SVG: a box a node, each with its kind in words, and a link to its entry where it has one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from markupsafe import Markup

from headrace.features.lineage import Lineage, Node
from headrace.monitoring.layers import Box, Point, lay_out

WIDTH = 136.0
LETTERS = 19
"""As many letters of the picture's type as a line has room for."""
LINES = 3
_LINE, _HEAD, _FOOT, _EDGE = 14.0, 16.0, 7.0, 4.0
_SVG = Markup(
    '<svg class="lineage" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="group"'
    ' aria-label="{title}"><title>{title}</title><desc>{told}</desc>{edges}{nodes}</svg>'
)
_EDGES = Markup('<path class="edge" d="{}"/>')
_NODE = Markup(
    '<g transform="translate({x:.0f},{y:.0f})"{kind}><rect width="{width:.0f}" height="{height:.0f}" rx="6"/>'
    '<text class="sort" x="8" y="13">{sort}</text>{lines}</g>'
)
_LINK = Markup('<a href="#{}">{}</a>')
_TEXT = Markup('<text x="8" y="{:.0f}">{}</text>')
_DOTS = re.compile(r"[^.]*\.|[^.]+$")
_UNDERSCORES = re.compile(r"[^_]*_|[^_]+$")


def draw(name: str, lineage: Lineage, linked: Callable[[str], bool]) -> Markup:
    """The lineage of the feature ``name``; ``linked`` says which addresses the page has."""
    texts = [broken(node.name) for node in lineage.nodes]
    heights = [_HEAD + _LINE * len(lines) + _FOOT for lines in texts]
    placed = lay_out(lineage.ranks, lineage.edges, heights, WIDTH)
    boxes = [
        _box(node, lines, box, linked) for node, lines, box in zip(lineage.nodes, texts, placed.boxes, strict=True)
    ]
    return _SVG.format(
        title=f"Lineage of {name}",
        told=lineage.told,
        width=placed.width + 2 * _EDGE,
        height=placed.height + 2 * _EDGE,
        edges=_EDGES.format(" ".join(_curve(route) for route in placed.routes)) if placed.routes else "",
        nodes=Markup("").join(boxes),
    )


def broken(name: str) -> tuple[str, ...]:
    """A name in lines of at most ``LETTERS``: broken after dots, else after underscores; what has no room is cut."""
    lines = [""]
    for part in (short for long in _DOTS.findall(name) for short in _fitting(long)):
        if lines[-1] and len(lines[-1]) + len(part) > LETTERS:
            lines.append("")
        lines[-1] += part
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1][: LETTERS - 1] + "…"]
    return tuple(lines)


def _fitting(part: str) -> list[str]:
    """A part of a name in pieces that fit a line."""
    if len(part) <= LETTERS:
        return [part]
    pieces = _UNDERSCORES.findall(part)
    return [piece[start : start + LETTERS] for piece in pieces for start in range(0, len(piece), LETTERS)]


def _box(node: Node, lines: Sequence[str], box: Box, linked: Callable[[str], bool]) -> Markup:
    texts = (_TEXT.format(_HEAD + _LINE * (place + 0.8), line) for place, line in enumerate(lines))
    drawn = _NODE.format(
        x=box.x + _EDGE,
        y=box.y + _EDGE,
        kind=Markup(' class="own"') if node.own else "",
        width=box.width,
        height=box.height,
        sort=f"this {node.kind}" if node.own else node.note or node.kind,
        lines=Markup("").join(texts),
    )
    return _LINK.format(node.address, drawn) if linked(node.address) and not node.own else drawn


def _curve(route: Sequence[Point]) -> str:
    """A smooth line through the route: level where it meets a box, straight where it passes a rank."""
    points = [(x + _EDGE, y + _EDGE) for x, y in route]
    parts = [f"M{points[0][0]:.0f},{points[0][1]:.0f}"]
    for place, (one, other) in enumerate(itertools.pairwise(points)):
        if place % 2:
            parts.append(f"H{other[0]:.0f}")
        else:
            half = (one[0] + other[0]) / 2
            parts.append(f"C{half:.0f},{one[1]:.0f},{half:.0f},{other[1]:.0f},{other[0]:.0f},{other[1]:.0f}")
    return "".join(parts)
