"""The same visits as JSON lines, CSV and Parquet, plain and packed; and what can be wrong with such files."""

from __future__ import annotations

import gzip
import io
import json
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny
from agreed import agree

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
FORMATS = ("json", "csv", "parquet")
PACKINGS = ("", ".gz", ".zst")
JSON = "landing: {format: json, folder: visits}"
CALLED = {"id": "Visit Id", "paid": "Paid"}


def make_project(folder, days=3, csv="", more=""):
    """tiny's project with a source a format: the same columns, some called otherwise in what arrives."""
    project = tiny.make_project(folder, days=0)
    (project / "conf/contracts/features/visiting.yaml").unlink()
    contract = project / "conf/contracts/events/visits.yaml"
    text = contract.read_text()
    contract.unlink()
    for name, called in CALLED.items():
        text = text.replace(f"  {name}: {{", f"  {name}: {{called: {called}, ")
    for form in FORMATS:
        options = f", csv: {{{csv}}}" if form == "csv" and csv else ""
        arrival = f"landing: {{format: {form}, folder: {form}{options}}}{more}"
        own = text.replace("source: visits", f"source: {form}").replace(JSON, arrival)
        (contract.parent / f"{form}.yaml").write_text(own)
        for day in range(days):
            (project / f"home/landing/{form}" / str(tiny.START + timedelta(days=day))).mkdir(parents=True)
    base = project / "conf/base.yaml"
    base.write_text(base.read_text().replace("to: 2024-03-11", f"to: 2024-03-{days + 1:02d}"))
    agree(project)
    return project


def rows_of(day, count=6):
    found = [json.loads(tiny.visit(day * count + n, day, n)) for n in range(count)]
    return [{CALLED.get(name, name): value for name, value in row.items()} for row in found]


def put(project, form, day, name, content):
    path = project / f"home/landing/{form}" / str(tiny.START + timedelta(days=day)) / name
    path.write_bytes(content)
    return path


def packed(content, packing):
    if packing == ".gz":
        return gzip.compress(content)
    return pa.Codec("zstd").compress(content, asbytes=True) if packing == ".zst" else content


def as_json(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(rows):
    return pd.DataFrame(rows).to_csv(index=False).encode()


def as_parquet(frame, **options):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame), sink, **options)
    return sink.getvalue()


def typed(rows):
    """As pandas has them: times in nanoseconds, money in binary fractions."""
    frame = pd.DataFrame(rows)
    return frame.assign(at=pd.to_datetime(frame["at"]), got=pd.to_datetime(frame["got"]))


def ingest(call, project):
    status, said = call("run", "ingest_events", "--project", str(project))
    assert status == 0, said
    return said


def table(spark, project, name):
    return spark.read.format("delta").load(str(project / "home/warehouse/raw" / name))


def test_the_same_rows_in_every_format_and_packing_are_the_same_events(spark, call, tmp_path):
    project = make_project(tmp_path)
    for day, packing in enumerate(PACKINGS):
        rows = rows_of(day)
        put(project, "json", day, f"a.json{packing}", packed(as_json(rows), packing))
        put(project, "csv", day, f"a.csv{packing}", packed(as_csv(rows), packing))
        codec = {"": "snappy", ".gz": "gzip", ".zst": "zstd"}[packing]
        # Arrow writes nanoseconds as whole numbers, Spark by default as INT96.
        options = {"compression": codec, "use_deprecated_int96_timestamps": packing == ".gz"}
        put(project, "parquet", day, "a.parquet", as_parquet(typed(rows), **options))
    # Strings only, and other columns: a layout of its own beside the one above.
    strings = pd.DataFrame(rows_of(3)).astype(str).assign(got=f"{tiny.START}T10:00:00Z", at=f"{tiny.START}T09:00:00Z")
    put(project, "parquet", 0, "b.parquet", as_parquet(strings.drop(columns="Paid")))
    put(
        project,
        "csv",
        0,
        "b.csv.zst",
        packed(strings[["got", "who", "Visit Id", "at"]].to_csv(index=False).encode(), ".zst"),
    )
    put(project, "json", 0, "b.json.zst", packed(as_json(strings.drop(columns="Paid").to_dict("records")), ".zst"))
    ingest(call, project)
    columns = ("id", "who", "at", "got", "paid", "landed_on", "event_key", "row_hash")
    found = {
        form: sorted(map(str, table(spark, project, f"events_{form}").select(*columns).collect())) for form in FORMATS
    }
    assert len(found["json"]) == 24
    assert found["csv"] == found["json"]
    assert found["parquet"] == found["json"]
    assert table(spark, project, "quarantine").count() == 0


def test_files_that_cannot_be_read_are_quarantined_by_name(spark, call, tmp_path):
    project = make_project(tmp_path, days=1)
    rows = rows_of(0)
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    long = as_csv(rows * 200)
    put(project, "json", 0, "cut.json.zst", packed(as_json(rows * 200), ".zst")[:-40])
    put(project, "json", 0, "claims.json.zst", b"{}")
    put(project, "json", 0, "empty.json.zst", b"")
    put(project, "csv", 0, "picture.csv", picture)
    put(project, "csv", 0, "cut.csv.gz", gzip.compress(long)[:-20])
    put(project, "csv", 0, "cut.csv.zst", packed(long, ".zst")[:-40])
    put(project, "csv", 0, "other.csv", b"name,town\nx,y\n")
    put(project, "csv", 0, "twice.csv", b"Visit Id,who,who,at,got\n")
    put(project, "csv", 0, "empty.csv", b"")
    put(project, "parquet", 0, "picture.parquet", picture)
    sound = as_parquet(typed(rows))
    put(project, "parquet", 0, "cut.parquet", sound[:-30])
    put(project, "parquet", 0, "holed.parquet", sound[:60] + b"\xff" * 200 + sound[260:])
    put(project, "parquet", 0, "other.parquet", as_parquet(typed(rows).drop(columns="who")))
    (project / "home/landing/parquet" / str(tiny.START) / "folder.parquet").mkdir()
    for form, content in (("json", as_json(rows)), ("csv", as_csv(rows)), ("parquet", sound)):
        put(project, form, 0, f"sound.{form}", content)
    ingest(call, project)
    bad = table(spark, project, "quarantine").where("rule = 'unreadable_file'").collect()
    told = {r["file"].partition("/")[2]: r["detail"] for r in bad}
    for name, detail in {
        "cut.json.zst": "the zstd stream is truncated",
        "claims.json.zst": "not a sound zstd file",
        "picture.csv": "not CSV (it holds zero bytes",
        "cut.csv.gz": "the gzip stream is truncated",
        "cut.csv.zst": "the zstd stream is truncated",
        "other.csv": "its header has no 'Visit Id'",
        "twice.csv": "its header names 'who' twice",
        "picture.parquet": "not a sound Parquet file",
        "cut.parquet": "not a sound Parquet file",
        "other.parquet": "it has no column 'who'",
        "folder.parquet": "a directory, not a file",
    }.items():
        assert told.pop(name).startswith(detail), name
    assert set(told) == {"holed.parquet"}
    assert [table(spark, project, f"events_{form}").count() for form in FORMATS] == [6, 6, 6]


def test_csv_by_its_header_and_its_signs(spark, call, tmp_path):
    """Other signs, another order, a new column, values that are wrong; the quarantine keeps the line as it landed."""
    signs = "delimiter: ';', escape: '\\', nulls: ['', 'NULL'], timestamps: 'dd.MM.yyyy HH:mm', encoding: iso-8859-1"
    project = make_project(tmp_path, days=1, csv=signs, more="\nnew_columns: quarantine")
    lines = [
        "got;Visit Id;at;who;Paid",
        '01.03.2024 10:00;"a;\\" é";01.03.2024 09:59;17850.0;2.50',
        "01.03.2024 10:00;b;01.03.2024 09:59;17850.5;2.50",
        "01.03.2024 10:00;c;01.03.2024 09:59;7;NULL",
        "01.03.2024 10:00;d;2024-03-01 09:59;7;1",
        "01.03.2024 10:00;e;01.03.2024 09:59;7",
        '01.03.2024 10:00;"f;01.03.2024 09:59;7;1',
        "01.03.2024 10:00;g;01.03.2024 09:59;NULL;1",
        "01.03.2024 10:00;h;01.03.2024 09:59;99999999999999999999;1",
    ]
    put(project, "csv", 0, "a.csv", "\r\n".join(lines).encode("iso-8859-1"))
    put(project, "csv", 0, "b.csv", b"Visit Id;who;at;got;colour\ni;1;01.03.2024 09:59;01.03.2024 10:00;red\n")
    ingest(call, project)
    events = {r["id"]: (r["who"], str(r["at"]), str(r["paid"])) for r in table(spark, project, "events_csv").collect()}
    assert events == {
        'a;" é': (17850, "2024-03-01 09:59:00", "2.50"),
        "c": (7, "2024-03-01 09:59:00", "None"),
    }
    refused = {r["raw"]: (r["rule"], r["detail"]) for r in table(spark, project, "quarantine").collect()}
    assert refused == {
        lines[2]: ("widened_type", "who is no bigint"),
        lines[4]: ("new_type", "at is no timestamp"),
        lines[5]: ("unreadable", "4 values where 5 are expected"),
        lines[6]: ("unreadable", "a quote is not closed in its line"),
        lines[7]: ("missing_value", "who"),
        lines[8]: ("widened_type", "who is no bigint"),
        "i;1;01.03.2024 09:59;01.03.2024 10:00;red": ("new_column", "colour"),
    }


def test_a_new_column_in_a_header_fails_the_run_where_the_contract_says_so(call, tmp_path):
    project = make_project(tmp_path, days=1, more="\nnew_columns: fail")
    put(project, "csv", 0, "a.csv", as_csv([row | {"colour": "red"} for row in rows_of(0)]))
    status, said = call("run", "ingest_events", "--project", str(project))
    assert status == 1
    assert "NEW_COLUMN: source csv, landing day 2024-03-01: new column 'colour'" in said
    assert "Traceback" not in said
