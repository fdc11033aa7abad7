"""The report's pictures as inline SVG. Colours come from the page's classes, so that they follow its colour scheme.

Every text passes through ``Markup.format``, which escapes it. Each picture says in its title what it shows: that is
what a screen reader reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from headrace.monitoring.drift import Drift
from headrace.monitoring.performance import Performance
from headrace.training.metrics import Estimate

_SVG = Markup(
    '<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
    "<title>{title}</title>{body}</svg>"
)
_RECT = Markup('<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>')
_LINE = Markup('<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
_TEXT = Markup('<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>')
_DOT = Markup('<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>')
_PATH = Markup('<{shape} class="{kind}" points="{points}"/>')
_FEW = 8
"""Bars that there is room to label."""


@dataclass(frozen=True)
class _Scale:
    """From values ``low..high`` to places ``start..end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        width = self.high - self.low or 1.0
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / width * (self.end - self.start)


def histogram(line: Drift) -> Markup:
    """Share of rows by bin, the reference behind and now before it; bins that are empty on both sides are left out."""
    pairs = [pair for pair in zip(line.reference_counts, line.counts, strict=True) if any(pair)]
    width, height = 160, 44
    old, new = (_shares([pair[side] for pair in pairs]) for side in (0, 1))
    tall = _Scale(0, max([*old, *new], default=1.0) or 1.0, 0, height - 2)
    step = width / max(len(pairs), 1)
    bars = []
    for place, (before, after) in enumerate(zip(old, new, strict=True)):
        bars.append(_bar("before", place * step + 0.5, step - 1, tall(before), height))
        bars.append(_bar("now", place * step + step * 0.3, step * 0.4, tall(after), height))
    title = f"{line.column}: share of rows by range of values, reference (wide) and now (narrow), {len(pairs)} bins"
    return _svg("histogram", width, height, title, bars)


def beside(rows: Sequence[tuple[str, Estimate | None]]) -> Markup:
    """Figures with their intervals under one another, on one axis from 0.5 (chance) to 1."""
    width, top, row = 360, 8, 40
    known = [(name, found) for name, found in rows if found is not None]
    scale = _Scale(0.5, 1.0, 10, width - 10)
    height = top + row * len(known) + 18
    parts = [*_vertical_grid(scale, (0.5, 0.6, 0.7, 0.8, 0.9, 1.0), height)]
    for place, (name, found) in enumerate(known):
        y = top + row * place + 26
        kind = "now" if place == 0 else "before"
        parts.append(_text(f"{name}: {found.value:.3f}", 10, y - 10))
        parts.append(_line(f"range {kind}", scale(found.low), y, scale(found.high), y))
        parts.append(_DOT.format(kind=kind, x=scale(found.value), y=y, r=5))
    said = "; ".join(f"{name} {found}" for name, found in known)
    return _svg("chart", width, height, f"AUC with 95 % interval: {said}", parts)


def over_time(weeks: Sequence[Performance], released: Estimate | None) -> Markup:
    """AUC by cutoff with its interval as a band, and the AUC at release as a dashed line."""
    known = [(week.value, week.auc) for week in weeks if week.auc is not None]
    width, height, left, right, low_edge, high_edge = 360, 200, 34, 350, 168, 12
    least = min([found.low for _, found in known] + ([released.value] if released else []), default=0.5)
    scale = _Scale(min(0.5, int(least * 10) / 10), 1.0, low_edge, high_edge)
    place = _Scale(0, max(len(known) - 1, 1), left + 6, right - 6)
    parts = [*_horizontal_grid(scale, left, right)]
    upper = [(place(i), scale(found.high)) for i, (_, found) in enumerate(known)]
    lower = [(place(i), scale(found.low)) for i, (_, found) in enumerate(known)]
    middle = [(place(i), scale(found.value)) for i, (_, found) in enumerate(known)]
    parts.append(_points("polygon", "band", [*upper, *reversed(lower)]))
    if released is not None:
        parts.append(_line("target", left, scale(released.value), right, scale(released.value)))
    parts.append(_points("polyline", "curve", middle))
    parts += [_DOT.format(kind="now", x=x, y=y, r=3) for x, y in middle]
    for i in sorted({0, len(known) - 1} if known else ()):
        anchor = "start" if i == 0 else "end"
        parts.append(_text(known[i][0], place(i), low_edge + 20, anchor))
    said = ", ".join(f"{day} {found.value:.3f}" for day, found in known)
    return _svg("chart", width, height, f"AUC of past scores by date, with 95 % band: {said}", parts)


def calibration(table: Sequence[tuple[int, float, float]]) -> Markup:
    """Share of positives over mean score, by tenths of the rows; the diagonal is perfect."""
    width, height, left, right, low_edge, high_edge = 360, 300, 40, 336, 262, 10
    across, up = _Scale(0, 1, left, right), _Scale(0, 1, low_edge, high_edge)
    parts = [*_horizontal_grid(up, left, right, (0, 0.25, 0.5, 0.75, 1), "{:.0%}")]
    parts += [_text(f"{at:.0%}", across(at), low_edge + 16, "middle") for at in (0, 0.5, 1)]
    parts.append(_text("predicted", (left + right) / 2, low_edge + 32, "middle"))
    parts.append(_line("target", across(0), up(0), across(1), up(1)))
    middle = [(across(predicted), up(seen)) for _, predicted, seen in table]
    parts.append(_points("polyline", "curve", middle))
    parts += [_DOT.format(kind="now", x=x, y=y, r=4) for x, y in middle]
    said = ", ".join(f"{predicted:.0%} predicted {seen:.0%} seen" for _, predicted, seen in table)
    return _svg("chart", width, height, f"Predicted and seen shares by tenths of the rows: {said}", parts)


def bar(value: float, greatest: float, title: str) -> Markup:
    """One bar of a table's column."""
    width = _Scale(0, greatest, 0, 100)(value)
    return _svg("bar", 100, 12, title, [_RECT.format(kind="now", x=0, y=1, width=max(width, 0.5), height=10)])


def _svg(kind: str, width: float, height: float, title: str, parts: Iterable[Markup]) -> Markup:
    return _SVG.format(kind=kind, width=width, height=height, title=title, body=Markup("").join(parts))


def _bar(kind: str, x: float, width: float, tall: float, floor: float) -> Markup:
    return _RECT.format(kind=kind, x=x, y=floor - tall, width=width, height=tall)


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return _LINE.format(kind=kind, x1=x1, y1=y1, x2=x2, y2=y2)


def _text(text: str, x: float, y: float, anchor: str = "start") -> Markup:
    return _TEXT.format(kind="label", text=text, x=x, y=y, anchor=anchor)


def _points(shape: str, kind: str, points: Iterable[tuple[float, float]]) -> Markup:
    return _PATH.format(shape=shape, kind=kind, points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points))


def _horizontal_grid(
    scale: _Scale, left: float, right: float, at: Sequence[float] = (), style: str = "{:.1f}"
) -> Iterable[Markup]:
    ticks = at or [tenth / 10 for tenth in range(round(scale.low * 10), 11)]
    for tick in ticks:
        yield _line("grid", left, scale(tick), right, scale(tick))
        yield _text(style.format(tick), left - 5, scale(tick) + 4, "end")


def _vertical_grid(scale: _Scale, at: Sequence[float], height: float) -> Iterable[Markup]:
    for tick in at:
        yield _line("grid", scale(tick), 4, scale(tick), height - 16)
        yield _text(f"{tick:.1f}", scale(tick), height - 3, "middle")


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total if total else 0.0 for count in counts]


def bars(title: str, counts: Sequence[tuple[str, int]]) -> tuple[str, Markup]:
    """The title, and rows by bar under it; the first and last bar are labelled, all of them where they are few."""
    width, height, floor = 480, 170, 140
    tall = _Scale(0, max((rows for _, rows in counts), default=1) or 1, 0, floor - 24)
    step = width / max(len(counts), 1)
    top = max((rows for _, rows in counts), default=0)
    parts = [_line("grid", 0, floor, width, floor), _text(f"{top:,} rows", width, 12, "end")]
    few = len(counts) <= _FEW
    for place, (label, rows) in enumerate(counts):
        parts.append(_bar("now", place * step + 1, step - 2, tall(rows), floor))
        if few:
            parts.append(_text(label, (place + 0.5) * step, floor + 16, "middle"))
    if counts and not few:
        parts += [_text(counts[0][0], 0, floor + 16), _text(counts[-1][0], width, floor + 16, "end")]
    return title, _svg("chart", width, height, f"{title}, by range of values", parts)


def course(title: str, points: Sequence[tuple[str, float | None]]) -> tuple[str, Markup]:
    """The title, and a figure over time under it; instants without a value are left out of the line."""
    width, height, left, low_edge = 480, 170, 60, 140
    known = [(place, value) for place, (_, value) in enumerate(points) if value is not None]
    values = [value for _, value in known]
    low, high = min(values, default=0.0), max(values, default=1.0)
    scale, across = _Scale(low, high, low_edge, 12), _Scale(0, max(len(points) - 1, 1), left, width - 8)
    parts = [*_horizontal_grid(scale, left, width, sorted({low, high}), "{:.4g}")]
    parts.append(_points("polyline", "curve", [(across(place), scale(value)) for place, value in known]))
    parts += [_text(points[0][0], left, low_edge + 20), _text(points[-1][0], width, low_edge + 20, "end")]
    said = f"{title}, from {points[0][0]} to {points[-1][0]}: between {low:.4g} and {high:.4g}"
    return title, _svg("chart", width, height, said, parts)
