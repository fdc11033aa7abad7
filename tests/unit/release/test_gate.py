"""The gate's rules, each with the rows that break it. 64 users in 32 buckets, 20 rows each."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from headrace.contracts.models import ModelContract
from headrace.release.gate import Verdict, judge
from headrace.training.metrics import ALL, ScoreStates, Slice, bin_of

USERS = np.repeat(np.arange(64), 20)
DRAW = np.random.default_rng(2)
LEVEL = DRAW.normal(size=64)[USERS] + DRAW.normal(size=len(USERS))
LABEL = (LEVEL + DRAW.normal(size=len(USERS)) > 0.5).astype("int64")
NOISE = DRAW.normal(size=len(USERS))
SHOP = np.where(USERS % 2 == 0, "a", "b")


def contract(**gate: Any) -> ModelContract:
    return ModelContract.model_validate(
        {
            "model": "m", "version": 1, "owner": "o", "purpose": "p", "label": "l", "features": {"g": ["x"]},
            "segments": [{"group": "h", "column": "shop", "least_users": 20}], "test_from": "2017-03-01",
            "baseline": {"column": "x", "gain_lower_bound": 0.05},
            "gate": {"least_auc": 0.7, "delta": 0.02, "segment_delta": 0.05, "parity_gap": 0.25, **gate},
        }
    )  # fmt: skip


def counted(signal: Any, *, shop: Any = SHOP, shift: Any = 0.0) -> ScoreStates:
    score = 1 / (1 + np.exp(-(signal + shift)))
    table = np.column_stack([USERS % 32, LABEL, bin_of(score), np.ones(len(USERS), "int64")])
    parts = {ALL: np.full(len(USERS), True), **{Slice("shop", str(name)): shop == name for name in np.unique(shop)}}
    return ScoreStates(
        {part: table[chosen] for part, chosen in parts.items()},
        {part: len(np.unique(USERS[chosen])) for part, chosen in parts.items()},
    )


GOOD = counted(LEVEL)
POOR = counted(LEVEL + 3 * NOISE)


def reasons(verdict: Verdict) -> str:
    assert verdict.passed == (not verdict.reasons)
    return " | ".join(verdict.reasons)


def test_a_candidate_that_equals_the_champion_passes() -> None:
    verdict = judge(GOOD, GOOD, contract(), against="champion")
    assert verdict.passed
    assert (verdict.overall.gain.value, verdict.overall.gain.error) == (0.0, 0.0)
    assert [(part.segment, part.users, part.rows) for part in verdict.segments] == [
        ("shop = a", 32, 640), ("shop = b", 32, 640)
    ]  # fmt: skip
    assert verdict.overall.candidate.low < verdict.overall.candidate.value < verdict.overall.candidate.high


def test_a_worse_one_is_refused_overall_and_by_segment() -> None:
    said = reasons(judge(POOR, GOOD, contract(least_auc=0.5), against="champion"))
    assert "difference to the champion -0." in said
    assert "shop = a: difference to the champion" in said


def test_one_that_is_worse_for_one_segment_only_is_refused_for_it() -> None:
    candidate = counted(np.where(SHOP == "b", LEVEL + 2 * NOISE, LEVEL * 1.0))
    said = reasons(judge(candidate, GOOD, contract(delta=0.5, least_auc=0.5), against="champion"))
    assert said.startswith("shop = b: difference to the champion")
    assert "shop = a" not in said


def test_the_first_candidate_must_gain_on_the_baseline() -> None:
    assert judge(GOOD, POOR, contract(), against="baseline").passed
    assert "gain on x alone 0.0000 (0.0000 to 0.0000): may be 0.05 or less" in reasons(
        judge(GOOD, GOOD, contract(), against="baseline")
    )


def test_the_least_auc_holds_against_anybody() -> None:
    assert "is below the least of 0.99" in reasons(judge(GOOD, GOOD, contract(least_auc=0.99), against="champion"))


def test_a_failed_data_check_refuses_whatever_the_figures() -> None:
    verdict = judge(GOOD, POOR, contract(), against="baseline", failed_checks=("leak: x has AUC 1.0 alone",))
    assert reasons(verdict) == "data check failed: leak: x has AUC 1.0 alone"


def test_other_rows_are_no_comparison() -> None:
    fewer = ScoreStates({part: table[:-7] for part, table in GOOD.cells.items()}, GOOD.users)
    assert "all: candidate and reference were not measured on the same rows" in reasons(
        judge(fewer, GOOD, contract(), against="champion")
    )


def test_a_segment_of_few_users_is_named_and_not_judged() -> None:
    shop = np.where(USERS < 3, "tiny", SHOP)
    noisy = counted(np.where(USERS < 3, -LEVEL, LEVEL), shop=shop)
    verdict = judge(noisy, counted(LEVEL, shop=shop), contract(delta=0.5), against="champion")
    assert verdict.passed
    assert verdict.not_judged == ("shop = tiny (3 users)",)


def test_a_segment_with_one_label_cannot_be_shown_to_be_no_worse() -> None:
    shop = np.where(LABEL == 1, "lapsed", "stayed")
    verdict = judge(counted(LEVEL, shop=shop), counted(LEVEL, shop=shop), contract(parity_gap=1), against="champion")
    assert "shop = lapsed: difference to the champion nan" in reasons(verdict)


def test_the_parity_gap_s_upper_bound_is_held() -> None:
    shifted = counted(LEVEL, shift=np.where(SHOP == "a", 2.0, 0.0))
    verdict = judge(shifted, shifted, contract(parity_gap=0.4), against="champion")
    assert "shop: parity gap 0.3541 (0.2747 to 0.4335)" in reasons(verdict)
    assert verdict.parity["shop"].value < 0.4 < verdict.parity["shop"].high


def test_the_evidence_is_json_of_every_figure() -> None:
    lonely = ScoreStates({ALL: GOOD.cells[ALL][:10]}, {ALL: 1})
    evidence = json.loads(judge(lonely, lonely, contract(), against="champion").to_json())
    assert (evidence["passed"], evidence["overall"]["gain"]["error"], evidence["overall"]["rows"]) == (False, None, 10)
    assert set(evidence["metrics"]) == {"auc", "average_precision", "log_loss", "brier"}


@pytest.mark.parametrize("seed", range(3))
def test_verdicts_are_functions_of_the_counts_alone(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(USERS))
    shuffled = ScoreStates({**GOOD.cells, ALL: GOOD.cells[ALL][order]}, GOOD.users)
    assert judge(shuffled, POOR, contract(), against="baseline") == judge(GOOD, POOR, contract(), against="baseline")
