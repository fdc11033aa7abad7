"""What a run foresees, against every way in which it can go on, each as likely as any other."""

from __future__ import annotations

import random
from itertools import product

import pytest

from headrace.graph import foresight
from headrace.graph.foresight import Habit, Standing, foresee
from headrace.graph.job import Job
from headrace.tables.spec import Table


def job(name: str, *reads: str) -> Job:
    return Job(name, lambda *_: None, {read: Table(f"t.{read}", read) for read in reads}, (Table(f"t.{name}", name),))


GRAPH = (job("a"), job("b", "a"), job("c", "a"), job("d", "b", "c"))


def all_ends(habits: dict[str, Habit], elapsed: float) -> list[float]:
    """On two lanes: ``a`` has been running so long; then ``b`` and ``c`` beside one another, then ``d``."""
    ways = product(*(habits[name].ratios for name in "abcd"))
    lengths = ([habits[name].seconds * ratio for name, ratio in zip("abcd", way, strict=True)] for way in ways)
    return sorted(a - elapsed + max(b, c) + d for a, b, c, d in lengths if a > elapsed)


@pytest.mark.parametrize("seed", range(5))
def test_its_draws_are_spread_as_all_ways_are(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foresight, "DRAWS", 4000)
    chance = random.Random(seed)
    ratios = [tuple(sorted(chance.uniform(0.5, 2) for _ in range(4))) for _ in GRAPH]
    habits = {node.name: Habit(chance.uniform(10, 100), each) for node, each in zip(GRAPH, ratios, strict=True)}
    elapsed = habits["a"].seconds * min(ratios[0][1], 0.99)  # over its time it would count for the run's pace
    exact = all_ends(habits, elapsed)
    found = foresee(GRAPH, habits, Standing({}, {"a": elapsed}), 2, 7).whole
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        value = found[int(share * len(found))]
        below, above = (sum(end < value * by for end in exact) / len(exact) for by in (0.98, 1.02))
        assert below - 0.03 <= share <= above + 0.03, (share, value)
