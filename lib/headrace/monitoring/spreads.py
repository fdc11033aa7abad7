"""How a feature is spread, as a small SVG: one shape, so that a page can hold hundreds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from headrace.features.profiled import Profiled
from headrace.profile.spread import rounded

CELLS = 30
_WIDTH, _TALL, _HEIGHT = 240, 48, 66
_SVG = Markup(
    '<svg class="spread" viewBox="0 0 {width} {height}" role="img" aria-label="{title}"><title>{title}</title>'
    '<path class="now" d="{bars}"/>{middle}<path class="grid" d="M0,{tall}H{width}"/>'
    '<text y="{height}">{low}</text><text x="{width}" y="{height}" text-anchor="end">{high}</text></svg>'
)
_MIDDLE = Markup('<path class="middle" d="M{x:.0f},0V{tall}"/>')


def picture(profiled: Profiled) -> Markup:
    """Rows by value in ``CELLS`` cells of even width, a line at the median; "" where there is nothing to draw."""
    spread = profiled.spread
    cells, bounds = spread.cells(CELLS), spread.bounds
    if not cells or bounds is None:
        return Markup("")
    low, high = bounds
    half = spread.quantile(0.5)
    title = f"{profiled.column}: rows by value from {rounded(low)} to {rounded(high)}, in {CELLS} cells of even width; a line at the median"
    at = None if half is None else (half - low) / (high - low) * _WIDTH
    return _SVG.format(
        width=_WIDTH,
        height=_HEIGHT,
        tall=_TALL,
        title=title,
        bars="".join(_bars(cells)),
        middle=_MIDDLE.format(x=at, tall=_TALL) if at is not None and at <= _WIDTH else "",
        low=rounded(low),
        high=rounded(high),
    )


def _bars(cells: Sequence[float]) -> Iterator[str]:
    """A bar a cell, the tallest as tall as the picture; one with any row is seen."""
    top, width = max(cells), _WIDTH / len(cells)
    for place, rows in enumerate(cells):
        if rows:
            tall = max(rows / top * (_TALL - 2), 1)
            yield f"M{place * width:.0f},{_TALL}v-{tall:.0f}h{width - 1:.0f}V{_TALL}z"
