"""A group that another project reads: published, accepted, and then in training sets and scores. Two tiny projects."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import tiny
import tiny_training
import two_projects
from pyarrow import parquet

from headrace.cli.assembly import assemble
from headrace.cli.loading import load_graph, open_project
from headrace.cli.workbench import open_workbench
from headrace.contracts.published import listed_of
from headrace.graph.job import At, Inputs
from headrace.ground.interval import Interval
from headrace.tables.log import log_of
from headrace.training.model import ScoringModel

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
FIRST = datetime(2024, 3, 1, tzinfo=UTC)
TODAY = datetime.now(UTC).date()


def rows_of(folder):
    files = log_of(folder / "home/warehouse", "catalog.groups").files()
    return [listed_of(row) for file in files for row in parquet.read_table(file).to_pylist()]


@pytest.fixture(scope="module")
def publisher(spark, tmp_path_factory):
    from headrace.cli import main

    folder = two_projects.make_publisher(tmp_path_factory.mktemp("payments"))
    assert main(["run", "--project", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def consumer(publisher, tmp_path_factory):
    from headrace.cli import main

    folder = two_projects.make_consumer(tmp_path_factory.mktemp("leaving"), publisher)
    words = ("--project", str(folder))
    assert main(["contract", "accept", "money.paying@1", *words]) == 0
    assert main(["run", "+build_training_set", *words]) == 0
    return folder


def test_a_published_group_is_a_typed_row(publisher, call):
    words = ("--project", str(publisher))
    (one,) = rows_of(publisher)
    assert (one.group.reference, one.group.table, one.retire_after) == ("money.paying@1", "features.paying", None)
    assert (one.group.project, one.group.owner) == ("payments", "money@example.com")
    assert one.group.types == {
        "who": "string", "as_of": "timestamp", "paid_2d": "decimal(19,2)", "times_all": "bigint",
        "least_7d": "decimal(8,2)", "cautious": "decimal(19,1)",
    }  # fmt: skip
    empty = {column.name: column.when_empty for column in one.group.features}
    assert empty == {"paid_2d": "0.00", "times_all": "0", "least_7d": "9.99", "cautious": "1.0"}
    assert (one.group.column("least_7d").unit, one.group.keys[0].sensitivity) == ("EUR", "personal")
    status, said = call("table", "show", "catalog.groups", *words)
    assert status == 0, said
    assert "publish_groups" in said
    assert "Why there is this version." in said
    assert "everything is up to date" in call("plan", *words)[1].lower()
    before = rows_of(publisher)
    assert call("run", "publish_groups", "--full-refresh", *words)[0] == 0
    assert rows_of(publisher) == before, "the row says when it was first written"


def test_a_training_set_holds_its_values_and_comes_out_again(consumer, publisher, call):
    words = ("--project", str(consumer))
    rows = open_workbench(consumer).training_set("going").collect()
    assert len(rows) > 40
    for row in rows:
        person, day = int(row["who"].removeprefix("keyof")), (row["cutoff"].astimezone(UTC) - FIRST).days
        known = any(two_projects.pays_on(then, person) for then in range(day))
        assert (row["money__paying__v1_as_of"] is None) == (not known), (person, day)
        assert {name: float(row[name]) for name in ("paid_2d", "least_7d", "cautious")} == two_projects.expected(
            person, day
        )
    unseen = {int(row["who"].removeprefix("keyof")) for row in rows} & set(
        range(two_projects.KNOWN, tiny_training.PEOPLE)
    )
    assert unseen, "somebody of whom the publisher knows nothing is asked about"

    status, said = call("training-set", "list", *words)
    assert status == 0, said
    name = next(word for word in said.split() if word.startswith("going-"))
    assert "published.money.paying@1" in call("training-set", "show", name, *words)[1]
    tiny.land(publisher, tiny.START, "late", [tiny_training.visit(990, 0, 3, paid=99.0)])
    assert call("run", "--full-refresh", "--project", str(publisher))[0] == 0, "its rows are others now"
    status, said = call("training-set", "rebuild", name, *words)
    assert status == 0, said
    status, said = call("plan", "build_training_set", *words)
    assert "money.paying@1 was restated by those who publish it" in said, said


def test_scores_read_it_and_the_catalog_tells_of_it(consumer, call):
    project = open_project(consumer, "local", ())
    graph = load_graph(project)
    parts = assemble(project, graph)
    job = next(job for job in graph if job.name == "score_users")
    at = At(
        Interval(datetime(2024, 3, 7, tzinfo=UTC), datetime(2024, 3, 8, tzinfo=UTC)), "r", FIRST, 1, spark=parts.spark
    )
    columns = ("visits_3d", "paid_2d", "least_7d", "cautious")
    linear = {
        "means": [0.0] * 4,
        "scales": [1.0] * 4,
        "coefficients": [0.0, 1.0, -1.0, 0.5],
        "missing": [0.0] * 4,
        "intercept": 0.25,
    }
    marks = {name: project.identity(name) for name in ("visiting", "money.paying@1")}
    champion = SimpleNamespace(model=ScoringModel("logistic", columns, linear, marks), version="1")
    sinks = parts.sinks(parts.spark)

    def read(name):
        asset = job.inputs[name]
        return champion if name == "champion" else sinks[type(asset)].read(asset, at)

    scores = {row["who"]: row["score"] for row in job.run(Inputs(read), at, project).collect()}
    assert len(scores) == tiny_training.PEOPLE
    for person in (0, 1, 7, 14, 15, 19):
        known = {name: math.log1p(value) for name, value in two_projects.expected(person, 7).items()}
        logit = 0.25 + known["paid_2d"] - known["least_7d"] + 0.5 * known["cautious"]
        assert scores[f"keyof{person}"] == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-12), person

    words = ("--project", str(consumer))
    status, said = call("feature", "show", "money.paying@1.paid_2d", *words)
    assert status == 0, said
    for told in (
        "project payments",
        "money@example.com",
        "decimal(19,2)",
        "0.00 for whom its source has never seen",
        "going",
    ):
        assert told in said, told
    status, said = call("contract", "check", *words)
    assert status == 0, said
    assert "1 groups of other projects stand as accepted." in said
    assert open_workbench(consumer).features("money.paying@1", "2024-03-08").count() == two_projects.KNOWN - 1


def test_a_bump_is_seen_by_the_reader_who_pins_and_then_accepts(consumer, publisher, call):
    ours, theirs = ("--project", str(consumer)), ("--project", str(publisher))
    assert call("contract", "check", *ours)[0] == 0
    contract = publisher / "conf/contracts/features/paying.yaml"
    contract.write_text(contract.read_text().replace("when_empty: 0}", "when_empty: 7}"), encoding="utf-8")
    status, said = call("contract", "bump", "paying", "--why", "Strangers pay seven.", *theirs)
    assert status == 0, said
    assert "read in another project: leaving (model going, owner a@example.com" in said
    assert call("run", *theirs)[0] == 0
    old, new = rows_of(publisher)
    assert (old.group.reference, old.state(TODAY), new.group.table) == (
        "money.paying@1",
        "retiring",
        "features.paying_v2",
    )
    assert (old.retire_after, new.retire_after, new.group.breaking) == (TODAY + timedelta(days=90), None, True)
    assert new.group.column("paid_2d").when_empty == "7.00"

    status, said = call("contract", "check", *ours)
    assert (status, "PUBLISHED_BUMPED" in said) == (2, True), said
    for told in (
        "money.paying@2",
        "Strangers pay seven.",
        "paid.when_empty: 0  ->  7",
        str(old.retire_after),
        "money@example.com",
    ):
        assert told in said, told
    assert call("contract", "pin", "money.paying@1", *ours)[0] == 0
    status, said = call("contract", "check", *ours)
    assert (status, f"it is to be read until {old.retire_after}" in said) == (0, True), said

    assert call("contract", "accept", "money.paying@2", *ours)[0] == 0
    assert call("contract", "check", *ours)[0] == 0
    assert "reads version 2" in call("contract", "drop", "money.paying@2", *theirs)[1]
    status, said = call("run", "build_training_set", *ours)
    assert status == 0, said
    strangers = [
        row
        for row in open_workbench(consumer).training_set("going").collect()
        if row["money__paying__v2_as_of"] is None
    ]
    assert len(strangers) > 5
    assert {float(row["paid_2d"]) for row in strangers} == {7.0}


def test_what_the_publisher_has_not_made_yet_is_waited_for(consumer, publisher, call):
    base = consumer / "conf/base.yaml"
    base.write_text(base.read_text().replace("2024-03-11", "2024-03-12"), encoding="utf-8")
    status, said = call("plan", "--select", "+score_users", "--project", str(consumer))
    assert (status, "PUBLISHED_LATE: score_users needs" in said) == (4, True), said
    assert "and its table reaches to 2024-03-11" in said
