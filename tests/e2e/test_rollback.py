"""Two releases of a model: a rollback and its undoing, and a candidate that the gate refuses."""

from __future__ import annotations

import pytest
from whole_project import copy_whole

from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.slow]
CONTRACT = "conf/contracts/models/going.yaml"


@pytest.fixture
def released(trained, call, tmp_path):
    """A copy of the tiny project in which a version 2, of a feature fewer, was released after 1."""
    root = copy_whole(trained.root, tmp_path, "home")
    edit(root, (", paid_7d", ""))
    for job in ("train_model", "validate_model", "release_model"):
        status, said = call("run", job, "--project", str(root))
        assert status == 0, said
    assert "champion is version 2" in said
    return root


def edit(root, *pairs):
    path = root / CONTRACT
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def table(spark, root, name):
    return spark.read.format("delta").load(str(root / "home/warehouse" / name.replace(".", "/")))


def served_by(spark, root):
    """The versions that made the scores of the last day."""
    scores = table(spark, root, "scores.going")
    last = scores.agg({"as_of": "max"}).collect()[0][0]
    return {row[0] for row in scores.where(scores["as_of"] == last).select("model_version").distinct().collect()}


def decisions(spark, root):
    """Who became champion after whom, as the ledger tells it."""
    steps = table(spark, root, "ops.decisions").where("kind <> 'verdict' AND state = 'done'").orderBy("seq")
    return [(row["kind"], row["version"], row["predecessor"]) for row in steps.collect()]


def test_two_releases_a_rollback_its_undoing_and_a_refusal(spark, trained, released, call):
    project = ("--project", str(released))
    before = table_hash(table(spark, trained.root, "scores.going"))

    status, said = call("run", "score_users", *project)
    assert (status, served_by(spark, released)) == (0, {"2"}), said
    assert table_hash(table(spark, released, "scores.going")) != before

    status, said = call("rollback", "model", "going", *project)
    assert status == 0, said
    assert "version 1 is champion again" in said
    status, said = call("run", "score_users", *project)
    assert (status, served_by(spark, released)) == (0, {"1"}), said
    assert table_hash(table(spark, released, "scores.going")) == before, "the scores that version 1 gave that day"
    status, said = call("run", "score_users", *project)
    assert (status, "Everything is up to date" in said) == (0, True), said
    status, said = call("run", "release_model", *project)
    assert (status, "champion is version 1" in said) == (0, True), "a run does not undo a rollback"

    status, said = call("rollback", "model", "going", *project)
    assert (status, "version 2 is champion again" in said) == (0, True), said
    status, said = call("run", "score_users", *project)
    assert (status, served_by(spark, released)) == (0, {"2"}), said
    assert decisions(spark, released) == [
        ("promote", "1", None), ("promote", "2", "1"), ("rollback", "1", "2"), ("rollback", "2", "1"),
    ]  # fmt: skip

    edit(released, ("least_auc: 0.5", "least_auc: 0.9999"), (", visits_all", ""))
    status, said = call("run", "--select", "train_model+", *project)
    assert status == 3, said
    assert "GATE_REFUSED: release_model refused: version 3" in said
    assert "champion is version 2" in said
    assert served_by(spark, released) == {"2"}, "scoring goes on with the old champion"
    done = table(spark, released, "ops.ledger").where("state = 'refused'").select("job").distinct().collect()
    assert [row[0] for row in done] == ["release_model"]
    page = (released / "home/reports/going.html").read_text(encoding="utf-8")
    assert "version 2" in page
    assert "Traceback" not in said
