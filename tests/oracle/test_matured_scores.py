"""Past scores meet their labels: which rows count, and that Spark's AUC is the definition's."""

from __future__ import annotations

import random
from typing import Any

import pytest

from headrace.monitoring.performance import find_gaps, matured, measure, of_part, present

pytestmark = pytest.mark.spark


def naive_auc(pairs: list[tuple[float, int]]) -> float:
    ups, downs = ([score for score, label in pairs if label == wanted] for wanted in (1, 0))
    wins = sum((up > down) + (up == down) / 2 for up in ups for down in downs)
    return wins / (len(ups) * len(downs))


def test_scores_of_matured_labels_are_measured_by_week_and_segment(spark: Any) -> None:
    draw = random.Random(1)
    scores, labels, expected = [], [], {}
    for user in range(120):
        for week in ("2017-05-01", "2017-05-08", "2017-05-15"):
            score, age = round(draw.random(), 2), draw.choice(["young", "old", None])
            scores.append((user, week, score, age))
            if week != "2017-05-15":  # too young: its label is not there
                label = int(draw.random() < score)
                labels.append((user, week, label))
                for part in ("", week, age):
                    expected.setdefault(part, []).append((score, label))
    scored = spark.createDataFrame(scores, "who int, as_of string, score double, age string")
    known = spark.createDataFrame(labels, "who int, cutoff string, label int")
    rows = matured(
        scored.withColumn("as_of", scored["as_of"].cast("timestamp")),
        known.withColumn("cutoff", known["cutoff"].cast("timestamp")),
        entity=["who"], as_of="as_of", cutoff="cutoff",
    )  # fmt: skip
    states = measure(rows, entity=["who"], score="score", parts=["as_of", "age"])
    found = present(states, least_users=20)
    assert (found[0].users, found[0].rows) == (120, 240)
    assert [one.value for one in of_part(found, "as_of")] == ["2017-05-01", "2017-05-08"]
    for one in found:
        key = None if one.value == "(unknown)" else one.value
        assert one.auc is not None
        assert one.auc.value == pytest.approx(naive_auc(expected[key]), abs=1e-12)
    (gap,) = find_gaps(states, ["age"], least_users=20)
    aucs = {one.value: one.auc.value for one in of_part(found, "age") if one.auc}
    assert gap.auc.value == pytest.approx(max(aucs.values()) - min(aucs.values()))
