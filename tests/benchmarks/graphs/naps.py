"""A project whose jobs take as long as they are told: each is one task that sleeps, then one row is committed.

A task that sleeps holds a slot and no core, so what a run takes beyond the naps is what the engine adds, and a
neighbour on the machine disturbs it little.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FILES = {
    "headrace.yaml": 'name: naps\nheadrace: ">=0.1"\nconf: conf\ngraph: naps_graph:graph\n',
    "conf/base.yaml": (
        "home: home\nspan: {from: 2024-03-01, to: 2024-03-02}\n"
        "spark:\n  settings:\n    spark.sql.shuffle.partitions: '2'\n    spark.databricks.delta.snapshotPartitions: '2'\n"
    ),
    "conf/local.yaml": "seed: 1\n",
    "conf/cluster.yaml": "seed: 1\nstorage: {shared: true}\n",
    "naps_graph.py": '''\
"""Each job sleeps in one task for as long as naps.json says, and leaves one row."""

import json
from functools import partial

from headrace.graph.job import Job
from headrace.tables.spec import Table


def nap(inputs, at, project, seconds):
    """Sleeps in one task."""
    sleep = f"reflect('java.lang.Thread', 'sleep', {round(seconds * 1000)}L) AS slept" if seconds else "'' AS slept"
    return at.spark.range(0, 1, 1, 1).selectExpr("id", sleep)


def graph(project):
    naps = json.loads((project.root / "naps.json").read_text(encoding="utf-8"))
    tables = {name: Table(f"naps.{name}", "One row.") for name in naps}
    return tuple(
        Job(
            name,
            partial(nap, seconds=one["seconds"]),
            inputs={above: tables[above] for above in one["after"]},
            outputs=(tables[name],),
        )
        for name, one in naps.items()
    )
''',
}


@dataclass(frozen=True)
class Nap:
    """One job: how long its task sleeps, and the jobs that it comes after."""

    seconds: float
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Naps:
    """A graph of them; each comes after those that it names."""

    jobs: Mapping[str, Nap]

    @cached_property
    def work(self) -> float:
        """Seconds of all naps."""
        return sum(nap.seconds for nap in self.jobs.values())

    @cached_property
    def critical(self) -> float:
        """Seconds of the longest path."""
        ends: dict[str, float] = {}
        for name, nap in self.jobs.items():
            ends[name] = nap.seconds + max((ends[above] for above in nap.after), default=0.0)
        return max(ends.values())

    def bound(self, slots: int) -> float:
        """No run of one task a slot is over sooner."""
        return max(self.critical, self.work / slots)

    def put(self, folder: Path) -> Path:
        """The project, in a folder."""
        told = {name: {"seconds": nap.seconds, "after": nap.after} for name, nap in self.jobs.items()}
        for name, text in {**FILES, "naps.json": json.dumps(told, indent=1)}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder


def layered(layers: int, wide: int, least: float, most: float, seed: int = 1) -> Naps:
    """Layers of jobs of random lengths, each after two of the layer before."""
    drawn = random.Random(seed)
    jobs: dict[str, Nap] = {}
    before: list[str] = []
    for layer in range(layers):
        names = [f"nap_{layer}_{number}" for number in range(wide)]
        for name in names:
            after = sorted(drawn.sample(before, min(2, len(before))))
            jobs[name] = Nap(round(drawn.uniform(least, most), 2), tuple(after))
        before = names
    return Naps(jobs)


def chain(jobs: int, seconds: float) -> Naps:
    """One after another."""
    names = [f"nap_{number:02}" for number in range(jobs)]
    return Naps({name: Nap(seconds, tuple(names[max(n - 1, 0) : n])) for n, name in enumerate(names)})
