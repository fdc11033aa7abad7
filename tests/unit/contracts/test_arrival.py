"""How a source arrives, as contracts and configuration spell it, and every way to get it wrong."""

from __future__ import annotations

import pytest
import tiny
from pydantic import ValidationError

from headrace.contracts.arrival import Csv, Landing, TableInPlace
from headrace.events.origin import origin_of
from headrace.graph.project import load_project
from headrace.ground.errors import HeadraceError
from headrace.tables.landing import LandingZone
from headrace.tables.source import SourceTable

JSON = "landing: {format: json, folder: visits}"
DELTA = "table: {format: delta, path: lake/visits, arrived: loaded}"


def project(folder, arrival=JSON, conf="seed: 1\n", change=("", "")):
    """tiny's project with another arrival."""
    root = tiny.make_project(folder, days=0)
    contract = root / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text().replace(JSON, arrival).replace(*change))
    (root / "conf/local.yaml").write_text(conf)
    return root


def contract(folder, arrival=JSON, **more):
    return load_project(project(folder, arrival, **more), "local").sources["visits"]


def refused(folder, arrival, **more):
    with pytest.raises(HeadraceError) as caught:
        load_project(project(folder, arrival, **more), "local")
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_the_fingerprint_of_a_json_source_is_what_it_was_before_there_were_others(tmp_path):
    """It stands in every table that was made from the contract; a source says nothing of CSV where it lands as JSON."""
    plain = contract(tmp_path / "a")
    assert plain.fingerprint == BEFORE
    assert contract(tmp_path / "b", "landing: {folder: visits}").fingerprint == BEFORE


BEFORE = "2-b910344b4b4595"


def test_what_shapes_rows_shapes_the_fingerprint(tmp_path):
    arrivals = [
        JSON,
        "landing: {format: csv, folder: visits}",
        "landing: {format: csv, folder: visits, csv: {delimiter: ';'}}",
        "landing: {format: parquet, folder: visits}",
        DELTA,
        DELTA.replace("delta", "parquet"),
        DELTA.replace("loaded", "got"),
    ]
    prints = [contract(tmp_path / str(n), text).fingerprint for n, text in enumerate(arrivals)]
    assert len(set(prints)) == len(arrivals)
    spelled = contract(tmp_path / "x", "landing: {format: csv, folder: visits, csv: {header: true, nulls: ['']}}")
    assert spelled.fingerprint == prints[1], "a default that is written out changes nothing"
    called = contract(tmp_path / "y", change=("type: string, meaning: i", "type: string, called: ID, meaning: i"))
    assert called.fingerprint != prints[0]
    assert called.called["id"] == "ID"


@pytest.mark.parametrize(
    ("arrival", "told"),
    [
        ("", "a source has exactly one of landing and table; neither is there"),
        (f"{JSON}\n{DELTA}", "a source has exactly one of landing and table; both are there"),
        ("landing: {format: cvs, folder: visits}", "landing.format: Input should be 'json', 'csv' or 'parquet'"),
        ("landing: {format: csv, folder: ../visits}", "landing.folder"),
        ("landing: {format: json, folder: visits, csv: {delimiter: ';'}}", "these options are for format: csv"),
        ("landing: {format: csv, folder: visits, csv: {delimeter: ';'}}", "Did you mean 'delimiter'?"),
        ("landing: {format: csv, folder: visits, csv: {delimiter: ';;'}}", "is not one ASCII character"),
        ("landing: {format: csv, folder: visits, csv: {delimiter: '\"'}}", "it is the quote or the escape too"),
        ("landing: {format: csv, folder: visits, csv: {encoding: utf-16}}", "landing.csv.encoding"),
        ("landing: {format: csv, folder: visits, csv: {timestamps: 'qqq'}}", "no pattern of Spark's"),
        ("table: {format: iceberg, path: lake/visits}", "Input should be 'delta' or 'parquet'"),
        ("table: {format: delta, pth: lake/visits}", "Did you mean 'path'?"),
        ("table: {format: delta, path: ../lake/visits}", "is no path inside its root"),
        ("table: {format: delta, path: /lake/visits}", "is no path inside its root"),
        ("table: {format: delta, path: 's3://lake/visits'}", "is no path inside its root"),
        ("table: {format: delta, path: lake/visits, arrived: 'a b'}", "table.arrived"),
        ("table: {format: delta, root: lak, path: visits}", "names 'lak', which is not declared"),
    ],
)
def test_a_wrong_arrival_is_refused_with_its_place(tmp_path, arrival, told):
    said = refused(tmp_path, arrival, conf="roots: {lake: /data/lake}\n")
    assert told in said
    assert "visits.yaml:" in said


def test_a_wrong_root_names_the_nearest_and_its_line(tmp_path):
    said = refused(tmp_path, "table: {format: delta, root: lak, path: visits}", conf="roots: {lake: /data/lake}\n")
    assert "visits.yaml:5: table.root names 'lak'" in said
    assert "Did you mean 'lake'?" in said


def test_a_table_must_say_when_its_rows_came(tmp_path):
    assert contract(tmp_path / "a", "table: {format: delta, path: lake/visits}").arrived == "got"
    called = ("timestamp, meaning: g", "timestamp, called: Loaded At, meaning: g")
    assert contract(tmp_path / "c", "table: {format: delta, path: lake/visits}", change=called).arrived == "Loaded At"
    without = ("event_time: at, available_at: got", "event_time: at")
    said = refused(tmp_path / "b", "table: {format: delta, path: lake/visits}", change=without)
    assert "table.arrived: name the column that says when a row came into the table" in said


def test_two_columns_of_one_name_in_what_arrives(tmp_path):
    said = refused(tmp_path, JSON, change=("type: string, meaning: i", "type: string, called: who, meaning: i"))
    assert "two columns are called 'who'" in said


@pytest.mark.parametrize(
    ("root", "location"),
    [
        ("lake", "{project}/lake/visits"),
        ("{tmp}/outside", "{tmp}/outside/visits"),
        ("file:{tmp}/outside", "{tmp}/outside/visits"),
        ("file://{tmp}/outside/", "{tmp}/outside/visits"),
        ("s3://bucket/lake/", "s3://bucket/lake/visits"),
        ("abfss://lake@account.dfs.core.windows.net/x", "abfss://lake@account.dfs.core.windows.net/x/visits"),
    ],
)
def test_where_a_table_lies(tmp_path, root, location):
    """Below the project's folder, or below a folder or URI that the configuration has a name for."""
    conf = f"roots: {{lake: '{root.format(tmp=tmp_path)}'}}\n"
    opened = load_project(project(tmp_path / "p", "table: {format: delta, root: lake, path: visits}", conf), "local")
    origin = origin_of(opened, opened.sources["visits"])
    assert isinstance(origin, SourceTable)
    assert origin.location == location.format(project=opened.root, tmp=tmp_path)
    assert (origin.folder is None) == ("://" in root and not root.startswith("file:"))
    here = load_project(project(tmp_path / "q", DELTA), "local")
    table = origin_of(here, here.sources["visits"])
    assert isinstance(table, SourceTable)
    assert (table.location, table.arrived) == (f"{here.root}/lake/visits", "loaded")


def test_a_link_that_leads_out_of_the_root_is_refused(tmp_path):
    root = project(tmp_path / "p", DELTA)
    (tmp_path / "elsewhere").mkdir()
    (root / "lake").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HeadraceError, match="SOURCE_TABLE_OUTSIDE") as caught:
        load_project(root, "local")
    assert "table: {root: NAME, path: ...}" in str(caught.value)


@pytest.mark.parametrize(
    ("roots", "told"),
    [
        ("{lake: 'https://example.com/lake'}", "no root"),
        ("{lake: ../lake}", "no root"),
        ("{lake: 's3a://KEY:hidden@bucket/lake'}", "a root holds no password"),
        ("{Lake: /data}", "is not an identifier"),
    ],
)
def test_a_wrong_root_in_the_configuration(tmp_path, roots, told):
    said = refused(tmp_path, JSON, conf=f"roots: {roots}\n")
    assert told in said
    assert "local.yaml:" in said
    assert "hidden" not in said


def test_landing_zones_are_what_they_were(tmp_path):
    opened = load_project(project(tmp_path), "local")
    assert origin_of(opened, opened.sources["visits"]) == LandingZone("visits", opened.root / "home/landing/visits")


def test_sources_say_where_they_come_from():
    assert Landing(folder="a/b").told() == "json files in the landing folder a/b"
    assert TableInPlace(format="delta", path="a", root="lake").told() == "the delta table lake:a, read in place"
    with pytest.raises(ValidationError):
        Csv(quote="")
