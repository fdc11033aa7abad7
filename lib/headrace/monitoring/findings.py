"""What the report's reader should know first: findings in words, each with the one next step.

They are looked for in the order in which trust.md 5 looks for a cause (volume, nulls and domains, distribution,
prediction, label, fairness): the first is the one to start with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from headrace.monitoring.drift import Drift
    from headrace.monitoring.report import Report

Level = Literal["wrong", "look", "fine"]
ORDER: tuple[Level, ...] = ("wrong", "look", "fine")
_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One thing to know: how bad, what (a sentence), and what to do next (words, and a command where there is one)."""

    level: Level
    what: str
    next: str = ""
    command: str = ""


def find(report: Report) -> tuple[Finding, ...]:
    """All findings; () where nothing asks for attention."""
    return tuple(finding for check in _CHECKS for finding in check(report))


def worst_of(findings: Sequence[Finding]) -> Level:
    """The state of the whole."""
    return min((finding.level for finding in findings), key=ORDER.index, default="fine")


def _jobs(report: Report) -> Iterable[Finding]:
    for job in report.jobs:
        if job.state == "failed":
            command = f"headrace run {job.job} --env {report.environment}"
            yield Finding(
                "wrong", f"The job {job.job} failed.", "Read its error, mend the cause, run it again:", command
            )
        if job.state == "refused":
            what = f"The job {job.job} refused its result; what was published before stays."
            yield Finding("look", what, "Read why:", f"headrace status --env {report.environment}")


def _volume(report: Report) -> Iterable[Finding]:
    for intake in report.intake:
        if not intake.landed:
            what = f"Nothing has landed from the source {intake.source}."
            yield Finding("wrong", what, "Ask its owner whether the delivery is late.")
        kept_out = sum(row.rows for row in report.quarantine if row.source == intake.source)
        if intake.landed and kept_out / intake.landed > report.limits.quarantined_share:
            part = f"{kept_out / intake.landed:.1%}".replace("%", "\N{NO-BREAK SPACE}%")
            what = f"{part} of the rows of {intake.source} were kept out ({kept_out:,} of {intake.landed:,})."
            yield Finding("look", what, "See them by rule:", f"headrace quarantine show --env {report.environment}")


def _features(report: Report) -> Iterable[Finding]:
    moved = _drifted(report.features)
    if moved:
        many = f"{len(moved)} of {len(report.features)} features"
        what = f"{many} differ from what the model was trained on: {_names(moved)}."
        yield Finding("look", what, "See the table of changes below; ask the owner of the source what changed.")


def _scores(report: Report) -> Iterable[Finding]:
    moved = _drifted(report.scores)
    if moved:
        what = f"The scores have moved away from those in training ({_names(moved)})."
        yield Finding("look", what, "If no feature moved, compare the model's version below with the released one.")


def _performance(report: Report) -> Iterable[Finding]:
    champion = report.champion
    if champion.version is None:
        what = f"No model is released for {champion.model}; nobody is scored."
        yield Finding("look", what, "Train and judge one:", f"headrace run --env {report.environment}")
    known = [week for week in report.over_time if week.auc is not None]
    last = known[-1].auc if known else None
    if last is not None and champion.auc is not None and last.high < champion.auc.low:
        what = (
            f"The model orders customers worse than when it was released: AUC {last.value:.3f} for {known[-1].value}, "
            f"{champion.auc.value:.3f} at release."
        )
        command = f"headrace rollback model {champion.model} --env {report.environment}"
        yield Finding(
            "wrong", what, "If features moved, look there first; if the last release did it, undo it:", command
        )


def _gaps(report: Report) -> Iterable[Finding]:
    for gap in report.gaps:
        if gap.auc.low > report.limits.parity_gap:
            what = (
                f"The model serves {gap.part} unequally: AUC is {gap.auc.value:.3f} lower for {gap.worst} than for "
                f"{gap.best} (limit {report.limits.parity_gap:.2f})."
            )
            yield Finding("look", what, "Bring it to the model's owner before the next release.")


def _drifted(lines: Iterable[Drift]) -> list[Drift]:
    moved = [line for line in lines if line.verdict == "drifted"]
    return sorted(moved, key=lambda line: -line.psi.beyond_noise)


def _names(lines: Sequence[Drift]) -> str:
    names = ", ".join(line.column for line in lines[:_NAMED])
    return names if len(lines) <= _NAMED else f"{names} and {len(lines) - _NAMED} more"


_CHECKS: tuple[Callable[[Report], Iterable[Finding]], ...] = (_jobs, _volume, _features, _scores, _performance, _gaps)
