"""Performance on matured labels: by slice, with gaps, and nothing of few users."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from headrace.monitoring.performance import find_gaps, of_part, present
from headrace.training.metrics import ScoreStates, Slice, bin_of

_sample = runpy.run_path(str(Path(__file__).parent / "sample_report.py"))
STATES = _sample["states_of"](np.random.default_rng(1))


def test_all_rows_come_first_then_each_part_in_order_with_unknown_last() -> None:
    found = present(STATES, least_users=40)
    assert found[0].part == ""
    assert [one.value for one in of_part(found, "as_of")] == sorted(_sample["WEEKS"])
    assert [one.value for one in of_part(found, "age")] == ["19-24", "35-44", "65+", "rare", "(unknown)"]


def test_scores_that_are_true_probabilities_are_calibrated() -> None:
    overall = present(STATES, least_users=40)[0]
    assert overall.mean_score == pytest.approx(overall.positives, abs=0.02)
    assert sum(rows for rows, _, _ in overall.calibration) == overall.rows == 12_000
    assert overall.auc is not None
    assert overall.auc.low < overall.auc.value < overall.auc.high


def test_few_users_are_suppressed_in_figures_and_gaps() -> None:
    rare = next(one for one in present(STATES, least_users=40) if one.value == "rare")
    assert rare.suppressed
    assert (rare.auc, rare.brier, rare.positives, rare.calibration) == (None, None, None, ())
    (gap,) = find_gaps(STATES, ["age"], least_users=40)
    assert "rare" not in (gap.best, gap.worst)
    assert find_gaps(STATES, ["age"], least_users=10**9) == ()


def test_one_label_has_no_auc_and_takes_no_part_in_gaps() -> None:
    draw = np.random.default_rng(2)
    table = np.stack(
        [draw.integers(0, 32, 500), np.zeros(500, int), bin_of(draw.random(500)), np.ones(500, int)], axis=1
    )
    states = ScoreStates({Slice(): table, Slice("a", "x"): table}, {Slice(): 300, Slice("a", "x"): 300})
    found = present(states, least_users=40)
    assert [one.auc for one in found] == [None, None]
    assert find_gaps(states, ["a"], least_users=40) == ()
