"""The monitor's report: one frozen value of plain facts, and the one page that shows it.

The page holds everything that it shows (no script, no request), so that it opens from a disk or a mail. It has
aggregates only: no entity keys, no values of texts, nothing of a group that is too small (semantics 18).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from math import isfinite

import jinja2

from headrace.monitoring import pictures
from headrace.monitoring.cost import JobCost
from headrace.monitoring.drift import Drift, Floor
from headrace.monitoring.findings import find, worst_of
from headrace.monitoring.performance import Gap, Performance
from headrace.monitoring.template import page_templates
from headrace.training.metrics import Estimate

_MINUTE = 60


@dataclass(frozen=True)
class Champion:
    """The released model beside the rule that it has to beat; ``version`` and figures are None where there is none.

    ``purpose`` is the contract's; ``baseline`` names the rule in words; ``gain`` is of AUC, paired on the same users.
    """

    model: str
    purpose: str
    version: str | None = None
    released: str | None = None
    auc: Estimate | None = None
    baseline: str = ""
    baseline_auc: Estimate | None = None
    gain: Estimate | None = None
    test: str = ""


@dataclass(frozen=True)
class Intake:
    """One source's rows: landed, events that entered, and copies that were left out."""

    source: str
    landed: int
    events: int
    copies: int


@dataclass(frozen=True)
class Quarantined:
    """Rows of one source that a rule kept out."""

    source: str
    rule: str
    rows: int


@dataclass(frozen=True)
class Origin:
    """A table, model or contract that the report rests on."""

    name: str
    version: str
    fingerprint: str


@dataclass(frozen=True)
class Limits:
    """From where on the report asks for attention; shares and AUC are 0..1."""

    quarantined_share: float = 0.01
    parity_gap: float = 0.25
    least_users: int = 40


@dataclass(frozen=True)
class Report:
    """Everything on the page. ``over_time`` and ``segments`` are of matured labels; ``overall`` is over all of them.

    ``as_of`` is an ISO date or instant in UTC. ``scores`` are the drift lines of the model's output. Money is in
    ``currency`` at ``per_core_hour``.
    """

    project: str
    environment: str
    as_of: str
    run_id: str
    champion: Champion
    floor: Floor = field(default_factory=Floor)
    limits: Limits = field(default_factory=Limits)
    scores: tuple[Drift, ...] = ()
    features: tuple[Drift, ...] = ()
    overall: Performance | None = None
    over_time: tuple[Performance, ...] = ()
    segments: tuple[Performance, ...] = ()
    gaps: tuple[Gap, ...] = ()
    jobs: tuple[JobCost, ...] = ()
    currency: str = "USD"
    per_core_hour: float = 0.0
    intake: tuple[Intake, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    lineage: tuple[Origin, ...] = ()


def render(report: Report) -> str:
    """The report as one HTML page; the same report gives the same text."""
    findings = find(report)
    return _template().render(report=report, findings=findings, state=worst_of(findings))


@cache
def _template() -> jinja2.Template:
    environment = page_templates()
    environment.filters |= {"whole": whole, "share": share, "figure": figure, "span": span, "duration": duration}
    environment.globals |= {"picture": pictures}
    return environment.get_template("report.html.j2")


def whole(value: float | None) -> str:
    """A count with its thousands apart; – for None."""
    return "–" if value is None else f"{value:,.0f}"


def share(value: float | None) -> str:
    """0..1 in per cent."""
    return "–" if value is None else f"{value:.1%}".replace("%", "\N{NO-BREAK SPACE}%")


def figure(value: float | None, digits: int = 3) -> str:
    """A number at a fixed number of digits; – for None and NaN."""
    return "–" if value is None or not isfinite(value) else f"{value:.{digits}f}"


def span(estimate: Estimate | None) -> str:
    """A figure with its interval."""
    if estimate is None:
        return "–"
    return f"{figure(estimate.value)} ({figure(estimate.low)} to {figure(estimate.high)})"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"
