"""Tables of others as sources: read in place by version, planned by what their rows are."""

from __future__ import annotations

import json
import re
import shutil

import pandas as pd
import pytest
import tiny
from agreed import agree

from headrace.ground.interval import DAY
from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
COLUMNS = "id string, who bigint, at timestamp, got timestamp, paid decimal(8,2)"
LANDING = "landing: {format: json, folder: visits}"
DELTA = "{format: delta, path: lake/visits, arrived: got}"


def visits(spark, days, a_day=6, columns=COLUMNS):
    """The rows that tiny's landing zone holds, as a table has them."""
    lines = [(tiny.visit(day * a_day + n, day, n),) for day in days for n in range(a_day)]
    parsed = spark.createDataFrame(lines, "line string").selectExpr(f"from_json(line, '{columns}') AS r")
    return parsed.select("r.*").coalesce(1)


def in_place(folder, table=DELTA, days=4, local="seed: 1\n"):
    """tiny's project with a table for a landing zone, and fewer days."""
    project = tiny.make_project(folder, days=0)
    contract = project / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text().replace(LANDING, f"table: {table}"))
    base = project / "conf/base.yaml"
    base.write_text(base.read_text().replace("to: 2024-03-11", f"to: 2024-03-{days + 1:02d}"))
    (project / "conf/local.yaml").write_text(local)
    agree(project)
    return project


def append(frame, project, mode="append"):
    frame.write.format("delta").mode(mode).option("mergeSchema", "true").save(str(project / "lake/visits"))


def rows(spark, folder, name):
    return spark.read.format("delta").load(str(folder / "home/warehouse" / name.replace(".", "/")))


def planned(call, project):
    """Interval -> why, of what ingest_events would do."""
    status, said = call("plan", "ingest_events", "--project", str(project))
    assert status == 0, said
    return {line.split()[1]: line for line in said.splitlines() if re.match(r"ingest_events +\d{4}-", line)}


@pytest.fixture(scope="module")
def landed(spark, tmp_path_factory):
    """What the same rows give when they land as JSON lines."""
    from headrace.cli import main

    project = tiny.make_project(tmp_path_factory.mktemp("landed"), days=4)
    base = project / "conf/base.yaml"
    base.write_text(base.read_text().replace("to: 2024-03-11", "to: 2024-03-05"))
    assert main(["run", "--project", str(project)]) == 0
    return tiny.hashes(spark, project)


def test_a_delta_table_gives_what_its_rows_give_in_files(spark, call, tmp_path, landed):
    project = in_place(tmp_path)
    append(visits(spark, range(4)), project)
    assert call("run", "--project", str(project))[0] == 0
    assert tiny.hashes(spark, project) == landed
    assert not (project / "home/landing").exists()
    assert "up to date" in call("run", "--project", str(project))[1]


def test_only_the_days_whose_rows_changed_are_due(spark, call, tmp_path):
    """Also: a version that only rewrites files makes nothing due, and what is read is the table as it is then."""
    project = in_place(tmp_path)
    contract = project / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text().replace("lateness: 3d", "lateness: 1d"))
    agree(project)
    append(visits(spark, range(3)), project)
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    append(visits(spark, [3]), project)
    assert set(planned(call, project)) == {"2024-03-04..2024-03-05"}
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    spark.sql(f"OPTIMIZE delta.`{project / 'lake/visits'}`")
    assert planned(call, project) == {}
    spark.sql(f"DELETE FROM delta.`{project / 'lake/visits'}` WHERE id = 'v7'")
    # Copies of an event come up to a day late, so the day after is read again too.
    assert set(planned(call, project)) == {"2024-03-02..2024-03-04"}
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    assert {r["id"] for r in rows(spark, project, "raw.events_visits").collect()} == {
        f"v{n}" for n in range(24) if n != 7
    }


def test_what_the_log_spares_is_what_a_look_at_all_rows_finds(spark, tmp_path):
    """After an append only the days are read that were added to; the note is the same as that of a fresh look."""
    from headrace.cli.assembly import assemble
    from headrace.cli.loading import load_graph, open_project
    from headrace.tables import lake

    root = in_place(tmp_path)
    project = open_project(root, "local")
    graph = load_graph(project)
    source = next(job.inputs["visits"] for job in graph if job.name == "ingest_events")
    append(visits(spark, [0, 1]), root)
    first = assemble(project, graph).lake.pin(source)
    append(visits(spark, [1]), root)
    append(visits(spark, [2]).selectExpr("id", "who", "at", "IF(id = 'v13', NULL, got) AS got", "paid"), root)
    added = lake._added_since(source, first, lake._version_now(spark, source))
    assert added is not None
    assert [str(day) for day in added.days] == ["2024-03-02", "2024-03-03"]
    spared = assemble(project, graph).lake.pin(source)
    note = root / "home/sources/visits.json"
    kept = note.read_text()
    note.unlink()
    assert assemble(project, graph).lake.pin(source) == spared
    assert note.read_text() == kept
    assert (spared.days["2024-03-01"], spared.unplaced) == (first.days["2024-03-01"], 1)
    assert spared.days["2024-03-02"] != first.days["2024-03-02"]


def test_what_was_planned_is_what_is_read(spark, tmp_path):
    """A table that is written between plan and run is read as it was planned."""
    from headrace.cli.assembly import assemble
    from headrace.cli.loading import load_graph, open_project
    from headrace.graph.plan import plan
    from headrace.ground.asset import At

    root = in_place(tmp_path)
    append(visits(spark, range(2)), root)
    project = open_project(root, "local")
    parts = assemble(project, load_graph(project))
    steps = plan(parts.graph, parts.look(project.span), 400)
    append(visits(spark, [2, 3]), root)
    assert plan(parts.graph, parts.look(project.span), 400) == steps, "one command sees one version"
    step = next(step for step in steps if step.job.name == "ingest_events")
    source = step.job.inputs["visits"]
    sink = parts.sinks(spark)[type(source)]
    at = At(step.interval, "r", project.span.start, 1, spark=spark)
    assert {r["id"] for r in sink.read(source, at).collect()} == {f"v{n}" for n in range(12)}
    assert sink.pinned_version(source) == "0"
    later = assemble(project, parts.graph)
    assert later.sinks(spark)[type(source)].read(source, at).count() == 24


def test_while_the_version_stays_looking_costs_no_spark_job(spark, tmp_path):
    from headrace.cli.assembly import assemble
    from headrace.cli.loading import load_graph, open_project

    root = in_place(tmp_path)
    append(visits(spark, range(2)), root)
    project = open_project(root, "local")
    graph = load_graph(project)
    source = next(job.inputs["visits"] for job in graph if job.name == "ingest_events")
    first = assemble(project, graph).lake
    identity = first.identity(source, project.span)
    tracker = spark.sparkContext.statusTracker()
    spark.sparkContext.setJobGroup("look", "looking again")
    try:
        again = assemble(project, graph).lake
        assert again.identity(source, project.span) == identity
        assert tracker.getJobIdsForGroup("look") == []
        append(visits(spark, [2]), root)
        assert assemble(project, graph).lake.identity(source, project.span) != identity
        assert len(tracker.getJobIdsForGroup("look")) > 0, "the group sees jobs"
    finally:
        spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)


def test_policies_hold_for_rows_with_types_of_their_own(spark, call, tmp_path):
    """Wider types that hold the declared values are read; what does not fit is judged row by row; raw is the row."""
    project = in_place(tmp_path, days=1)
    contract = project / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text().replace("lateness: 3d", "lateness: 3d\nnew_columns: quarantine"))
    agree(project)
    frame = visits(spark, [0]).selectExpr(
        "id", "CAST(who AS DOUBLE) + IF(id = 'v1', 0.5, 0) AS who", "CAST(at AS TIMESTAMP_NTZ) AS at", "got",
        "CASE id WHEN 'v2' THEN 'much' WHEN 'v3' THEN '1234567.00' ELSE CAST(paid AS STRING) END AS paid",
        "IF(id = 'v4', array(1, 2), NULL) AS colours",
    )  # fmt: skip
    append(frame, project)
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    refused = {json.loads(r["raw"])["id"]: r for r in rows(spark, project, "raw.quarantine").collect()}
    assert {id_: (r["rule"], r["detail"]) for id_, r in refused.items()} == {
        "v1": ("widened_type", "who is no bigint"),
        "v2": ("new_type", "paid is no decimal(8,2)"),
        "v3": ("widened_type", "paid is no decimal(8,2)"),
        "v4": ("new_column", "colours"),
    }
    assert json.loads(refused["v4"]["raw"])["colours"] == [1, 2]
    kept = {r["id"]: (r["who"], str(r["paid"])) for r in rows(spark, project, "raw.events_visits").collect()}
    assert kept == {"v0": (0, "1.25"), "v5": (5, "1.25")}


def test_equal_rows_without_an_id_stay_apart_however_delta_lays_them(spark, call, tmp_path):
    project = in_place(tmp_path, days=1)
    contract = project / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text().replace(", event_id: id", ""))
    agree(project)
    for _ in range(2):
        append(visits(spark, [0]), project)
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    found = {r["event_key"] for r in rows(spark, project, "raw.events_visits").collect()}
    assert len(found) == 12
    spark.sql(f"OPTIMIZE delta.`{project / 'lake/visits'}`")
    assert call("run", "ingest_events", "--full-refresh", "--project", str(project))[0] == 0
    assert {r["event_key"] for r in rows(spark, project, "raw.events_visits").collect()} == found


def test_a_parquet_table_below_a_root_of_the_configuration(spark, call, tmp_path, landed):
    """By folders of days, as Hive lays it; a file that is added is seen, one that is gone while it is read is told."""
    local = f"roots: {{lake: 'file:{tmp_path}/lake'}}\n"
    project = in_place(tmp_path / "p", "{format: parquet, root: lake, path: visits, arrived: day}", local=local)
    lake = tmp_path / "lake/visits"
    visits(spark, range(3)).selectExpr("*", "to_date(got) AS day").write.partitionBy("day").parquet(str(lake))
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    visits(spark, [3]).selectExpr("*", "to_date(got) AS day").write.partitionBy("day").mode("append").parquet(str(lake))
    assert set(planned(call, project)) == {"2024-03-04..2024-03-05"}
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    found = {name: table_hash(rows(spark, project, name)) for name in landed if name.startswith("raw.")}
    assert found == {name: landed[name] for name in found}
    assert len(found) == 3

    from headrace.cli.assembly import assemble
    from headrace.cli.loading import load_graph, open_project
    from headrace.ground.errors import HeadraceError

    opened = open_project(project, "local")
    parts = assemble(opened, load_graph(opened))
    source = next(job.inputs["visits"] for job in parts.graph if job.name == "ingest_events")
    parts.lake.pin(source)
    shutil.rmtree(lake / "day=2024-03-02")
    with pytest.raises(HeadraceError, match="SOURCE_TABLE_CHANGED"):
        parts.lake.load(spark, source)


def test_a_parquet_table_as_pandas_writes_it(spark, tmp_path):
    """Times in nanoseconds; a day's rows are found by them."""
    from headrace.cli.assembly import assemble
    from headrace.cli.loading import load_graph, open_project
    from headrace.ground.asset import At

    root = in_place(tmp_path, "{format: parquet, path: lake/visits, arrived: got}", days=2)
    (root / "lake/visits").mkdir(parents=True)
    got = pd.to_datetime(["2024-03-01T23:59:59.999999999Z", "2024-03-02T00:00:00Z", None], format="ISO8601")
    frame = pd.DataFrame({"id": ["a", "b", "c"], "who": [1, 2, 3], "at": got, "got": got, "paid": [0.1, 2.5, 1.0]})
    frame.to_parquet(root / "lake/visits/part.parquet")
    project = open_project(root, "local")
    parts = assemble(project, load_graph(project))
    source = next(job.inputs["visits"] for job in parts.graph if job.name == "ingest_events")
    first = next(iter(project.span.cut(DAY)))
    read = parts.sinks(spark)[type(source)].read(source, At(first, "r", project.span.start, 1, spark=spark))
    assert [(r["id"], str(r["got"])) for r in read.collect()] == [("a", "2024-03-01 23:59:59.999999")]
    assert (set(parts.lake.pin(source).days), parts.lake.pin(source).unplaced) == ({"2024-03-01", "2024-03-02"}, 1)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("{format: delta, path: lake/none}", "SOURCE_TABLE_MISSING: source 'visits': there is no delta table at"),
        ("{format: delta, path: lake/visits, arrived: gott}", "'gott' is not there"),
        ("{format: delta, path: lake/visits, arrived: who}", "'who' is bigint, and a date or timestamp is needed"),
    ],
)
def test_a_table_that_cannot_be_read_stops_all_before_it_starts(spark, call, tmp_path, table, told):
    project = in_place(tmp_path, table, days=1)
    append(visits(spark, [0]), project)
    status, said = call("run", "--project", str(project))
    assert status == 2
    assert told in said
    assert "Traceback" not in said
    assert not (project / "home/warehouse/raw").exists()


def test_rows_that_arrived_on_no_day_are_told(spark, call, tmp_path):
    project = in_place(tmp_path, days=1)
    frame = visits(spark, [0]).selectExpr("id", "who", "at", "IF(id = 'v1', NULL, got) AS got", "paid")
    append(frame, project)
    status, said = call("run", "ingest_events", "--project", str(project))
    assert status == 0
    assert "1 rows have no got" in said
    assert rows(spark, project, "raw.events_visits").count() == 5
