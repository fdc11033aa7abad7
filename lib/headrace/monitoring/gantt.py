"""The timeline of a run as a page: a row a job, a bar a step, and the chain that the end hung on. No script.

The page may be shown around: of a failure it has the error's code alone, since what an error says may be about somebody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from markupsafe import Markup

from headrace.graph.timeline import Bar, Timeline
from headrace.monitoring.template import page_templates

NAMES, PLOT, RIGHT = 190.0, 760.0, 16.0
_TOP, _ROW, _BAR = 26.0, 26.0, 16.0
_LEAST = 2.0
"""The width of a bar that would be too narrow to see."""
_LETTERS = 26
_TICKS = 8
_ROUND = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
_SVG = Markup(
    '<svg class="gantt" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img"'
    ' aria-label="{title}"><title>{title}</title>{body}</svg>'
)
_TICK = Markup(
    '<line class="grid" x1="{x:.1f}" y1="20" x2="{x:.1f}" y2="{bottom:.1f}"/>'
    '<text x="{x:.1f}" y="14" text-anchor="middle">{text}</text>'
)
_NAME = Markup('<text class="job" x="0" y="{y:.1f}">{text}<title>{whole}</title></text>')
_RECT = Markup(
    '<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"><title>{told}</title></rect>'
)
_LINK = Markup('<path class="chain" d="M{x1:.1f},{y1:.1f}L{x2:.1f},{y1:.1f}L{x2:.1f},{y2:.1f}"/>')


def render(found: Timeline, project: str, env: str) -> str:
    """The page; the same timeline gives the same text."""
    page = page_templates().get_template("timeline.html.j2")
    return page.render(found=found, project=project, env=env, picture=draw(found), why=why, clock=clock)


def draw(found: Timeline) -> Markup:
    """The bars over time, and a line from each step of the chain to the next."""
    jobs = list(dict.fromkeys(bar.job for bar in found.bars))
    bottom = _TOP + _ROW * len(jobs)
    scale = PLOT / (found.seconds or 1.0)
    chain = set(found.chain)
    places = [(NAMES + found.after(bar) * scale, _TOP + _ROW * jobs.index(bar.job)) for bar in found.bars]
    widths = [max(bar.seconds * scale, _LEAST) for bar in found.bars]
    body = [_TICK.format(x=NAMES + at * scale, bottom=bottom, text=shown(at)) for at in ticks(found.seconds)]
    body += [_NAME.format(y=_TOP + _ROW * row + _BAR - 3, text=_short(job), whole=job) for row, job in enumerate(jobs)]
    for one, other in zip(found.chain, found.chain[1:], strict=False):
        (x, y), (x2, y2) = places[one], places[other]
        middle = _BAR / 2
        body.append(_LINK.format(x1=x + widths[one], y1=y + middle, x2=x2, y2=y2 + middle))
    for place, bar in enumerate(found.bars):
        kind = f"{bar.state}{' critical' if place in chain else ''}"
        x, y = places[place]
        body.append(_RECT.format(kind=kind, x=x, y=y, width=widths[place], height=_BAR, told=_told(found, bar)))
    title = f"Run {found.run_id}: {len(found.bars)} steps of {len(jobs)} jobs over {shown(found.seconds)}"
    return _SVG.format(width=NAMES + PLOT + RIGHT, height=bottom + 4, title=title, body=Markup("").join(body))


def ticks(seconds: float) -> Iterator[float]:
    """Round times from 0 on, at most ``_TICKS`` and one."""
    step = next((width for width in _ROUND if seconds / width <= _TICKS), None)
    if step is None:
        step = -(-int(seconds) // (_TICKS * _ROUND[-1])) * _ROUND[-1]
    yield from (float(at) for at in range(0, int(seconds) + 1, step))


def shown(seconds: float) -> str:
    """A length of time as short as it can be read: 8 s, 1:05 min, 2:30 h."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


def clock(at: datetime) -> str:
    """An instant to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def why(bar: Bar) -> str:
    """Why the step was taken, or the code of the error that it ended in."""
    return bar.note.partition(":")[0].partition("\n")[0] if bar.state == "failed" else bar.note


def _told(found: Timeline, bar: Bar) -> str:
    rows = f", {bar.rows_out:,} rows" if bar.rows_out is not None else ""
    return f"{bar.job}, {bar.interval.label()}: {bar.state} after {bar.seconds:.1f} s, begun at {found.after(bar):.1f} s{rows}"


def _short(job: str) -> str:
    return job if len(job) <= _LETTERS else job[: _LETTERS - 1] + "…"
