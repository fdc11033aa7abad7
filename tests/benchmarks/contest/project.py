"""The project of the contest, in a folder of its own: the bench's event contract, features.yaml, and ``events.graph``."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml
from agreed import agree
from benchmarks.contest.work import Work, features_of

ROOT = Path(__file__).resolve().parents[3]
FEATURES = ROOT / "tests/benchmarks/features.yaml"
START = date(2024, 1, 1)
"""A Monday."""
CONF = """\
home: events
span: {{from: {start}, to: {end}}}
snapshots_every: 1d
settings:
  generate: {{source: visits, events: {events}, users: {users}, seed: 1, late: 0, duplicates: 0}}
"""
MANIFEST = 'name: contest\nheadrace: ">=0.1"\nconf: conf\ngraph: contest_graph:graph\n'


@dataclass(frozen=True)
class Size:
    """How much: events in all, users, and days of history before the first refresh (whole weeks)."""

    events: int
    users: int
    days: int = 91
    refreshes: int = 3

    @property
    def first(self) -> date:
        """The midnight before the first refreshed day: the last cutoff of the backfill."""
        return START + timedelta(days=self.days)

    @property
    def end(self) -> date:
        """The end of the last refreshed day."""
        return self.first + timedelta(days=self.refreshes)

    @property
    def cutoffs(self) -> tuple[date, ...]:
        """Four weekly midnights, the last of them ``first``."""
        return tuple(self.first - timedelta(weeks=weeks) for weeks in (3, 2, 1, 0))

    @property
    def refreshed(self) -> tuple[date, ...]:
        """The midnights that end the refreshed days."""
        return tuple(self.first + timedelta(days=day + 1) for day in range(self.refreshes))


def make_project(folder: Path, size: Size) -> Path:
    """The project, with its contracts agreed to."""
    shutil.rmtree(folder / "conf", ignore_errors=True)
    contracts = folder / "conf/contracts"
    for name, source in (("events/visits", ROOT / "conf/bench/events/visits.yaml"), ("features/work", FEATURES)):
        target = contracts / f"{name}.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    base = (ROOT / "conf/base.yaml").read_text(encoding="utf-8")
    kept = yaml.safe_load(base)
    kept |= yaml.safe_load(CONF.format(start=START, end=size.end, events=size.events, users=size.users))
    del kept["contracts"]
    (folder / "conf/base.yaml").write_text(yaml.safe_dump(kept), encoding="utf-8")
    (folder / "conf/local.yaml").write_text("seed: 1\n", encoding="utf-8")
    (folder / "headrace.yaml").write_text(MANIFEST, encoding="utf-8")
    (folder / "contest_graph.py").write_text("from benchmarks.contest.events import graph\n\n__all__ = ['graph']\n")
    agree(folder)
    return folder


def work(folder: Path, size: Size, output: str) -> Work:
    """What is computed of the project's events, whoever computes it."""
    contract = yaml.safe_load(FEATURES.read_text(encoding="utf-8"))
    events = folder / "events/warehouse/raw/events_visits"
    return Work(features_of(contract), str(events), str(folder / output), size.cutoffs, size.refreshed)
