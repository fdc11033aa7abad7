"""The benchmark of deadlines on a few graphs: what is slow is foretold, and what is as usual is left alone."""

from __future__ import annotations

import pytest
from foretelling import as_usual, from_a_third_on, measured, one_job, told

pytestmark = pytest.mark.slow


def test_a_run_that_is_half_as_fast_is_foretold_well_before_it_misses() -> None:
    outcomes = [one for one in measured(8, from_a_third_on) if one.missed]
    assert len(outcomes) >= 5
    assert all(one.foretold is not None and one.foretold < one.deadline for one in outcomes)
    early = sorted(1 - (one.foretold or 0) / one.deadline for one in outcomes)
    assert early[len(early) // 2] > 0.15


def test_a_usual_run_leaves_no_alert_and_the_lines_say_so() -> None:
    outcomes = measured(6, as_usual)
    assert not any(one.missed or one.foretold is not None for one in outcomes)
    assert list(told("as_usual", outcomes))[1] == "  6 met, 0 of them with a false alert"


def test_the_slow_job_is_the_one_that_is_named() -> None:
    foretold = [one for one in measured(12, one_job) if one.missed and one.foretold is not None]
    assert foretold
    assert all(one.named for one in foretold)
