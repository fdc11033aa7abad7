"""Drift: the effect less its noise, so that few rows without change alarm nobody."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headrace.monitoring.drift import Floor, measure_drift
from headrace.profile.edges import Edges, TextEdges, cut_at

_sample = runpy.run_path(str(Path(__file__).parent / "sample_report.py"))
drift_of, rows_of = _sample["drift_of"], _sample["rows_of"]


def test_no_change_at_200_users_does_not_alarm() -> None:
    draw = np.random.default_rng(1)
    found = [drift_of(draw, "x", 0.0, users=200) for _ in range(150)]
    bare = np.mean([line.psi.value > 0.1 for line in found])
    assert bare > 0.5  # a bare threshold would alarm on more than half of them
    assert sum(line.verdict == "drifted" for line in found) <= 2
    assert sum(line.verdict == "learning" for line in found) <= 5


def test_no_change_with_many_rows_a_user_does_not_alarm() -> None:
    draw = np.random.default_rng(2)
    edges = cut_at(list(np.quantile(draw.normal(size=5000), np.linspace(0, 1, 21))))
    alarms = 0
    for _ in range(100):
        both = []
        for users in (1000, 200):
            values, buckets = np.repeat(draw.normal(size=users), 5), np.repeat(draw.integers(0, 32, users), 5)
            both.append(rows_of("x", values, buckets, edges))
        (line,) = measure_drift(*both, Edges({"x": edges}))
        alarms += line.verdict == "drifted"
    assert alarms <= 2


@pytest.mark.parametrize(("shift", "users"), [(1.0, 200), (0.5, 2000)])
def test_a_real_shift_is_found(shift: float, users: int) -> None:
    draw = np.random.default_rng(3)
    found = [drift_of(draw, "x", shift, users=users) for _ in range(20)]
    assert sum(line.verdict == "drifted" for line in found) >= 18
    assert np.mean([line.wasserstein for line in found]) == pytest.approx(shift, rel=0.2)


def test_a_shift_that_does_not_matter_alarms_nobody_however_many_rows() -> None:
    line = drift_of(np.random.default_rng(4), "x", 0.05, users=200_000)
    assert line.verdict == "steady"


@pytest.mark.parametrize("users", [0, 5, 60, 199])
def test_few_rows_are_learning(users: int) -> None:
    draw = np.random.default_rng(5)
    if users == 0:
        edges = cut_at([0.0, 1.0])
        assert (
            measure_drift(rows_of("x", draw.random(500), draw.integers(0, 32, 500), edges), [], Edges({"x": edges}))
            == ()
        )
        return
    assert drift_of(draw, "x", 3.0, users=users).verdict == "learning"


def test_many_rows_of_few_users_are_learning() -> None:
    draw = np.random.default_rng(6)
    edges = cut_at(list(np.linspace(-3, 3, 21)))
    reference = rows_of("x", draw.normal(size=3000), draw.integers(0, 32, 3000), edges)
    now = rows_of("x", np.repeat(draw.normal(size=10), 100), np.repeat(np.arange(10), 100), edges)
    assert measure_drift(reference, now, Edges({"x": edges}))[0].verdict == "learning"


def test_profiles_of_other_fingerprints_are_not_compared() -> None:
    draw = np.random.default_rng(7)
    edges = cut_at([0.0, 1.0])
    rows = rows_of("x", draw.random(500), draw.integers(0, 32, 500), edges)
    other = [replace(row, fingerprint="g") for row in rows]
    with pytest.raises(ValueError, match=r"features\.x\.x: profiles of other fingerprints"):
        measure_drift(rows, other, Edges({"x": edges}))


def test_texts_have_psi_and_js_but_no_order() -> None:
    draw = np.random.default_rng(8)
    edges = TextEdges(("bread", "milk"))
    template = rows_of("x", draw.random(3200), np.repeat(np.arange(32), 100), cut_at([0.0, 1.0]))
    before = [replace(row, counts=((2, 50), (3, 50))) for row in template]
    after = [replace(row, counts=((0, 40), (2, 10), (3, 50))) for row in template]
    (line,) = measure_drift(before, after, Edges({"x": edges}), Floor(psi=0.2))
    assert (line.verdict, line.ks, line.wasserstein) == ("drifted", None, None)
    assert (line.nulls_reference, line.nulls) == (0.0, 0.4)
