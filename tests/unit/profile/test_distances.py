"""Distances on counts, against the reference value of trust.md 3 and against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp, wasserstein_distance

from headrace.profile.distances import jensen_shannon, kolmogorov_smirnov, l_infinity, psi, wasserstein

ONE = [428, 425, 414, 427, 440, 447, 380, 386, 444, 386]
OTHER = [426, 437, 429, 391, 469, 433, 360, 443, 371, 418]


def test_psi_has_the_reference_value() -> None:
    assert psi(ONE, OTHER) == pytest.approx(0.007406694184014186, rel=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_each_distance_agrees_with_scipy(seed: int) -> None:
    draw = np.random.default_rng(seed)
    bins = int(draw.integers(2, 30))
    p, q = (draw.integers(0, 50, bins) + (np.arange(bins) == 0) for _ in range(2))
    positions, sd = np.sort(draw.normal(size=bins)), 2.5
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    expected = wasserstein_distance(positions, positions, p, q) / sd
    assert wasserstein(p, q, positions, sd) == pytest.approx(expected, abs=1e-12)
    expected = ks_2samp(np.repeat(np.arange(bins), p), np.repeat(np.arange(bins), q)).statistic
    assert kolmogorov_smirnov(p, q) == pytest.approx(expected, abs=1e-12)
    assert l_infinity(p, q) == pytest.approx(np.abs(p / p.sum() - q / q.sum()).max())


@pytest.mark.parametrize("distance", [psi, jensen_shannon, kolmogorov_smirnov, l_infinity])
def test_distances_are_zero_for_equal_proportions_and_symmetric(distance: object) -> None:
    assert distance([1, 2, 0], [10, 20, 0]) == pytest.approx(0, abs=1e-15)
    assert distance(ONE, OTHER) == pytest.approx(distance(OTHER, ONE), rel=1e-12)
    assert math.isnan(distance([0, 0], [1, 1]))


def test_disjoint_counts_are_one_bit_apart_and_psi_stays_finite() -> None:
    assert jensen_shannon([1, 0], [0, 1]) == 1.0
    assert 1 < psi([100, 0], [0, 100]) < math.inf
    assert psi([5, 0, 5], [5, 0, 5]) == 0.0


def test_a_column_without_spread_has_no_wasserstein_in_sd() -> None:
    assert math.isnan(wasserstein([1, 1], [1, 2], [0.0, 1.0], 0.0))
    assert math.isnan(wasserstein([1, 1], [1, 2], [0.0, 1.0], math.nan))
