"""A plan as people read it, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from headrace.cli.choice import grid_of
from headrace.graph.durations import Expected
from headrace.graph.forecast import Forecast, Makespan, StepForecast, core_hours
from headrace.graph.plan import Plan, not_ready
from headrace.graph.rows import Rows
from headrace.graph.waiting import Wait
from headrace.ground.config import Cost
from headrace.ground.interval import show_instant

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Planned:
    """A plan with what it would cost. ``reads``: the input versions of each job; the first makespan is the environment's."""

    plan: Plan
    forecast: Forecast
    reads: Mapping[str, Mapping[str, str]]
    cost: Cost

    @property
    def slots(self) -> int:
        """How many tasks the environment runs at once."""
        return self.forecast.makespans[0].slots

    @property
    def lacking(self) -> dict[str, str]:
        """Job -> why it would be left alone."""
        return {
            name: not_ready(name, missing[0]) if missing else f"{name}: skipped, what is above it is not ready"
            for name, missing in self.plan.not_ready.items()
        }


def show(out: Console, planned: Planned) -> None:
    """The steps, what they read, and the whole."""
    grid = grid_of("job", "interval", "intervals", "why", "rows in", "seconds", "core-hours")
    for one in planned.forecast.steps:
        step, time = one.step, one.expected
        hours = UNKNOWN if time.seconds is None else f"{core_hours(time.seconds, planned.slots):.4f}"
        numbers = (told_rows(one.rows), told_seconds(time), hours)
        grid.add_row(step.job.name, step.interval.label(), str(len(step.dues)), step.why, *numbers)
    out.print(grid)
    for name, read in planned.reads.items():
        told = ", ".join(f"{table} {version}" for table, version in read.items())
        if told:
            out.print(f"{name} reads {told}", soft_wrap=True)
    for line in totals(planned):
        out.print(line, soft_wrap=True)


def told_rows(rows: Rows | None) -> str:
    """A number of rows; ``~`` where a part of them is yet to be made."""
    return UNKNOWN if rows is None else f"{'~' if rows.about else ''}{rows.count:,}"


def told_seconds(time: Expected) -> str:
    """Seconds; ``<=`` where only a bound is known."""
    return UNKNOWN if time.seconds is None else f"{'<= ' if time.at_most else ''}{time.seconds:.1f}"


def totals(planned: Planned) -> list[str]:
    """What the whole would take: one after another, along its longest path, and as a graph."""
    found = planned.forecast
    lines = []
    if found.serial:
        hours = core_hours(found.serial, planned.slots)
        money = f"{hours * planned.cost.per_core_hour:.4f} {planned.cost.currency}"
        lines.append(f"One after another: {found.serial:.1f} s; {hours:.4f} core-hours at most, {money}.")
        lines.append(f"Critical path: {found.critical_seconds:.1f} s ({' -> '.join(found.critical)}).")
        lines += [_as_graph(one) for one in found.makespans]
        if found.speed_up_next is not None:
            best = found.speed_up_next
            lines.append(
                f"To speed up next: {best.job}; in half its time the whole would end {best.seconds:.1f} s sooner."
            )
        else:
            lines.append("To speed up next: no one job; halving any of them alone ends the whole no sooner.")
    if found.unknown:
        without = "; what is above is without them" if lines else ""
        lines.append(f"Never run before, so their time is unknown: {', '.join(found.unknown)}{without}.")
    return lines


def _as_graph(one: Makespan) -> str:
    jobs = "1 job" if one.lanes == 1 else f"{one.lanes} jobs"
    bound = " (engine.parallel_jobs)" if one.lanes < one.slots else ""
    return f"As a graph on {one.slots} slot{'s' if one.slots != 1 else ''}, {jobs} at once{bound}: {one.seconds:.1f} s."


def to_json(planned: Planned) -> dict[str, Any]:
    """As JSON has it: what ``plan --json`` puts beside the manifest. Times are seconds; None is not known."""
    found, slots = planned.forecast, planned.slots
    speedup = found.speed_up_next
    hours = core_hours(found.serial, slots)
    return {
        "steps": [_step(one, planned) for one in found.steps],
        "not_ready": planned.lacking,
        "waiting": {one.job: _wait(one) for one in planned.plan.waiting},
        "unknown": list(found.unknown),
        "serial_seconds": round(found.serial, 3),
        "core_hours": round(hours, 6),
        "cost": {
            "amount": round(hours * planned.cost.per_core_hour, 6),
            "currency": planned.cost.currency,
            "per_core_hour": planned.cost.per_core_hour,
        },
        "critical_path": {"jobs": list(found.critical), "seconds": round(found.critical_seconds, 3)},
        "makespans": [
            {"slots": one.slots, "jobs_at_once": one.lanes, "seconds": round(one.seconds, 3)} for one in found.makespans
        ],
        "speed_up_next": None if speedup is None else {"job": speedup.job, "sooner_by": round(speedup.seconds, 3)},
    }


def _wait(one: Wait) -> dict[str, str]:
    return {"on": one.on, "until": show_instant(one.until), "told": one.told}


def _step(one: StepForecast, planned: Planned) -> dict[str, Any]:
    step, seconds = one.step, one.expected.seconds
    return {
        "job": step.job.name,
        "from": show_instant(step.interval.start),
        "to": show_instant(step.interval.end),
        "intervals": len(step.dues),
        "why": step.why,
        "reasons": [{"kind": reason.kind, "told": reason.told} for reason in step.reasons],
        "reads": dict(planned.reads[step.job.name]),
        "rows": None if one.rows is None else one.rows.count,
        "rows_about": one.rows is not None and one.rows.about,
        "seconds": None if seconds is None else round(seconds, 3),
        "seconds_at_most": one.expected.at_most,
        "from_steps": one.expected.steps,
        "core_hours": None if seconds is None else round(core_hours(seconds, planned.slots), 6),
    }


def text(manifest: Mapping[str, Any], planned: Planned) -> str:
    """The manifest with the plan in it."""
    return json.dumps({**manifest, "plan": to_json(planned)}, indent=2, ensure_ascii=False) + "\n"
