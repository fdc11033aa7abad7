"""Plans as they are printed, a file for each reason why something is due. No Spark: the ledger is written down here.

``HEADRACE_GOLDEN=write pytest tests/golden`` accepts what is found.
"""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from headrace.cli.choice import LOG_WIDTH
from headrace.cli.planned import Planned, show, to_json
from headrace.graph.forecast import forecast
from headrace.graph.holds import Holding, Restored
from headrace.graph.job import Each, Latest
from headrace.graph.plan import due, survey
from headrace.graph.reads import versions_read
from headrace.graph.rows import rows_read
from headrace.graph.view import view
from headrace.ground.config import Cost
from headrace.ground.interval import DAY, WEEK, Interval
from headrace.tables.landing import LandingZone

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit/graph"))
from graph_fakes import START, day, entry, job, ledger_of

STEPS = Path(__file__).parent / "steps"
ZONE = LandingZone("shop", Path("landing"))
GRAPH = (
    replace(job("ingest", lag=DAY, contracts={"source shop": 3}, fingerprint="3"), inputs={"shop": ZONE}),
    job("tiles", "ingest"),
    job("features", "tiles", history=("tiles",), contracts={"group growth.activity": 1}, fingerprint="1"),
    job("labels", "ingest"),
    job("score", "features", "labels", every=Latest(), exclusive=True),
)
LANDED = dict.fromkeys((f"2017-01-{number:02d}" for number in range(1, 32)), "files")
SECONDS = {
    "ingest": (8.0, 6.0),
    "tiles": (3.0, 2.0),
    "features": (10.0, 9.0),
    "labels": (4.0, 3.0),
    "score": (2.0, 0.0),
}
"""Of a step: seconds a day, and to start."""
ROWS = {"ingest": 1000, "tiles": 120, "features": 50, "labels": 50, "score": 50}


def observing(landed):
    def observe(asset, interval):
        days = [f"{piece.start:%Y-%m-%d}" for piece in interval.cut(DAY)]
        return "|".join(landed.get(one, "") for one in days) if asset is ZONE else None

    return observe


def settle(graph, days, ledger, landed, minute):
    """One run over the first days: each job's due intervals as one step, of the seconds and rows that stand above."""
    for number, one in enumerate(graph):
        seen = view(graph, ledger, observing(landed), day(0, days), START)
        dues, _ = due(one, seen)
        (daily, start), count = SECONDS[one.name], len(dues)
        for item in dues:
            done = entry(one.name, item.interval, item.stamp, minute=minute, origin=item.origin)
            read = rows_read(one, Interval(dues[0].interval.start, dues[-1].interval.end), seen)
            ledger.append([
                replace(
                    done, at=done.at + timedelta(seconds=number), seconds=start + daily * count, intervals=count,
                    rows_in=read and read.count, rows_out=ROWS[one.name] * count, outputs={f"t.{one.name}": str(minute)},
                )
            ])  # fmt: skip
    return ledger


def settled(graph=GRAPH, days=4):
    """Two runs: over the first days but one, and over the last of them."""
    ledger = settle(graph, days - 1, ledger_of(), LANDED, 1)
    return settle(graph, days, ledger, LANDED, 2)


def planned(graph=GRAPH, ledger=None, days=4, landed=LANDED, slots=(2, 4), parallel_jobs=2, **more):
    seen = view(graph, settled() if ledger is None else ledger, observing(landed), day(0, days), START, **more)
    found = survey(graph, seen, 400)
    reads = {step.job.name: versions_read(step.job, found, seen) for step in found.steps}
    return Planned(found, forecast(graph, found, seen, slots, parallel_jobs), reads, Cost(per_core_hour=0.05))


def with_job(name, **changes):
    return tuple(replace(one, **changes) if one.name == name else one for one in GRAPH)


def without_origin(ledger):
    return ledger_of(*(replace(one, origin=None) for one in ledger.entries))


def restated(ledger):
    """The ledger once ``ingest`` alone was run on a file that came late."""
    settle(GRAPH[:1], 4, ledger, LANDED | {"2017-01-03": "one-more"}, 5)
    return ledger


LATE = LANDED | {"2017-01-03": "one-more"}
MONDAYS_AND_LONDON = (
    GRAPH[0],
    job("local", "ingest", every=Each(DAY, "Europe/London")),
    job("weeks", "local", every=Each(WEEK, "Europe/London")),
    job("mondays", "ingest", every=Each(WEEK, begins="monday")),
)
"""London's clocks change on 26 March, a Sunday."""


def across_the_change():
    """Asked from a Wednesday on, over days that ``ingest`` has made, each interval a step."""
    start = datetime(2017, 3, 15, tzinfo=UTC)
    asked = Interval(start, start + 15 * DAY)
    ledger = ledger_of(*(entry("ingest", one, one.label()) for one in asked.cut(DAY)))
    seen = view(MONDAYS_AND_LONDON, ledger, lambda *_: None, asked, start)
    found = survey(MONDAYS_AND_LONDON[1:], seen, 1)
    reads = {step.job.name: versions_read(step.job, found, seen) for step in found.steps}
    return Planned(found, forecast(MONDAYS_AND_LONDON, found, seen, (2,), 2), reads, Cost())


ROLLED_BACK = Holding((), {"t.features": (Restored(3, 1, START + timedelta(minutes=3)),)})
PLANS = {
    "never_done": lambda: planned(ledger=ledger_of()),
    "new_interval": lambda: planned(days=6),
    "late_data": lambda: planned(landed=LATE),
    "contract_changed": lambda: planned(with_job("ingest", contracts={"source shop": 4}, fingerprint="4")),
    "code_changed": lambda: planned(with_job("features", fingerprint="other")),
    "input_restated": lambda: planned(ledger=restated(settled()), landed=LATE),
    "output_missing": lambda: planned(version=lambda asset: "none" if asset.name == "t.tiles" else "2"),
    "forced": lambda: planned(forced=("tiles",)),
    "rolled_back": lambda: planned(holding=ROLLED_BACK.after(settled().entries)),
    "origin_unknown": lambda: planned(
        with_job("features", fingerprint="other"), without_origin(settled()), version=lambda asset: None
    ),
    "across_the_change": across_the_change,
    "several_reasons": lambda: planned(
        with_job("labels", contracts={"label lapsed": 2}, fingerprint="2"), days=5, landed=LATE
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_printed_as_it_was(name):
    told = io.StringIO()
    show(Console(file=told, width=LOG_WIDTH, markup=False, highlight=False), PLANS[name]())
    hold(f"{name}.txt", "\n".join(line.rstrip() for line in told.getvalue().splitlines()) + "\n")


def test_a_plan_is_the_same_json_as_it_was():
    hold("late_data.json", json.dumps(to_json(PLANS["late_data"]()), indent=1) + "\n")


def hold(name, text):
    file = STEPS / name
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_there_is_a_plan_for_each_reason_that_the_issue_lists():
    found = {reason.kind for plan in PLANS.values() for step in plan().plan.steps for reason in step.reasons}
    assert found == {
        "never done", "new interval", "late data", "contract changed", "code changed", "input restated", "upstream due",
        "output missing", "forced", "rolled back", "something changed",
    }  # fmt: skip
