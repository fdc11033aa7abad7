"""The jackknife over user buckets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from headrace.profile.jackknife import jackknife


def mean(state: np.ndarray) -> float:
    return float(state[0] / state[1]) if state[1] else math.nan


def test_the_error_of_a_mean_of_equal_buckets_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(size=32)
    found = jackknife(mean, np.stack([values, np.ones(32)], axis=1))
    assert found.value == pytest.approx(values.mean())
    assert found.bias == pytest.approx(0, abs=1e-12)
    assert found.standard_error == pytest.approx(values.std(ddof=1) / math.sqrt(32))
    low, high = found.interval()
    assert high - low == pytest.approx(2 * 1.959963984540054 * found.standard_error)


def test_the_bias_of_the_plug_in_variance_is_found_exactly() -> None:
    values = np.random.default_rng(2).normal(size=20)
    found = jackknife(lambda s: s[1] / s[2] - (s[0] / s[2]) ** 2, np.stack([values, values**2, np.ones(20)], axis=1))
    assert found.value - found.bias == pytest.approx(values.var(ddof=1))


def test_events_of_one_user_are_not_independent() -> None:
    draw = np.random.default_rng(3)
    rates, buckets = draw.normal(size=500), draw.integers(0, 32, 500)
    states = np.zeros((32, 2))
    np.add.at(states, buckets, np.stack([rates * 100, np.full(500, 100.0)], axis=1))  # 100 equal rows a user
    naive = 1 / math.sqrt(500 * 100)
    assert jackknife(mean, states).standard_error > 5 * naive


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        states = np.zeros((32, 2))
        np.add.at(states, draw.integers(0, 32, 300), np.stack([draw.exponential(size=300), np.ones(300)], axis=1))
        low, high = jackknife(mean, states).interval()
        hits += low <= 1.0 <= high
    assert 0.91 <= hits / 400 <= 0.98


@pytest.mark.parametrize("states", [np.zeros((0, 2)), np.zeros((32, 2)), np.eye(1, 2)])
def test_fewer_than_two_buckets_have_no_error(states: np.ndarray) -> None:
    found = jackknife(lambda state: float(state.sum()), states)
    assert math.isnan(found.standard_error)
    assert math.isnan(found.bias)


def test_empty_buckets_are_no_groups() -> None:
    states = np.array([[1.0, 1], [3.0, 1], [5.0, 1]])
    padded = np.concatenate([states, np.zeros((29, 2))])
    assert jackknife(mean, padded) == jackknife(mean, states)
