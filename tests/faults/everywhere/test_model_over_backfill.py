"""A model takes up a group that came today: while the group is backfilled the model's jobs are held back, and no others.

Short form: tests/unit/graph/test_unbegun.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_training
from agreed import agree
from calling import command

pytestmark = [pytest.mark.spark, pytest.mark.slow]
SPENDING = (
    "team: t\ngroup: spending\nversion: 1\nowner: a@example.com\npurpose: Money.\nentity: [who]\nsource: visits\nfeatures:\n"
    "  - {name: most, meaning: m, aggregate: max, expression: paid, windows: [3d]}\n"
)


def test_its_jobs_wait_for_the_backfill_and_then_have_every_value(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tiny_training.make_project(tmp_path / "project")
    call = command(capsys, "--project", str(project))
    assert call("run")[0] == 0
    (project / "conf/contracts/features/spending.yaml").write_text(SPENDING)
    model = project / "conf/contracts/models/going.yaml"
    model.write_text(model.read_text().replace("paid_7d]}", "paid_7d], spending: [most_3d]}"))
    agree(project)
    told = "GROUP_NOT_BEGUN: build_training_set: model going reads group t.spending, which has no values as of 2024-03-02 to"
    for words in (("plan",), ("run", "--run-id", "refresh")):
        status, said = call(*words, "--from", "2024-03-10")
        assert (status, told in " ".join(said.split())) == (4, True), said
    assert "features.spending gets no rows at 2024-03-11 yet" in said
    assert "build_features" in said
    folder = project / "home/warehouse"
    assert not (folder / "features/spending").exists()
    assert "most_3d" not in spark.read.format("delta").load(str(folder / "training/going")).columns
    status, said = call("run")
    assert (status, "GROUP_NOT_BEGUN" in said) == (0, False), said
    rows = spark.read.format("delta").load(str(folder / "training/going"))
    people = {row["who"] for row in rows.where("most_3d is null").select("who").distinct().collect()}
    assert {row["most_3d"] for row in rows.select("most_3d").distinct().collect()} >= {None}, (
        "who came not for three days"
    )
    assert f"keyof{0}" not in people, "who comes each day has a value at each cutoff"
    assert "everything is up to date" in call("plan")[1].lower()
