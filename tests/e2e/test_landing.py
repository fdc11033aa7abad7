"""What can lie in a landing zone, and what a late file, a copy or a mended contract does to the tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
import tiny
from agreed import agree

pytestmark = [pytest.mark.spark, pytest.mark.e2e]


def rows(spark, folder, name):
    return spark.read.format("delta").load(str(folder / "home/warehouse" / name.replace(".", "/")))


def test_bad_files_are_quarantined_by_name_and_the_run_goes_on(spark, call, tmp_path):
    project = tiny.make_project(tmp_path, days=4)
    zone = project / "home/landing/visits"
    sound = tiny.land(project, tiny.START, "cut", [tiny.visit(900 + n, 0, n) for n in range(50)])
    sound.write_bytes(sound.read_bytes()[:-20])
    (zone / "2024-03-02/picture.json").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (zone / "2024-03-02/folder.json").mkdir()
    (zone / "2024-03-03/claims.json.gz").write_bytes(b"{}")
    (zone / "2024-03-05").mkdir()
    status, said = call("run", "ingest_events", "--project", str(project))
    assert status == 0, said
    found = {
        r["file"]: r["detail"]
        for r in rows(spark, project, "raw.quarantine").where("rule = 'unreadable_file'").collect()
    }
    assert found == {
        "2024-03-01/cut.json.gz": "the gzip stream is truncated",
        "2024-03-02/picture.json": "not JSON lines (the first character is no '{')",
        "2024-03-02/folder.json": "a directory, not a file",
        "2024-03-03/claims.json.gz": "not a sound gzip file (Not a gzipped file (b'{}'))",
    }
    assert rows(spark, project, "raw.events_visits").count() == 4 * 6
    assert "6 of 10 landing days are empty" in said


def test_a_late_file_ends_in_the_tables_that_a_first_load_gives(spark, call, tmp_path):
    """Idempotent per landing day: run, given a late file, run again = everything there from the start."""
    late = [tiny.visit(500, 2, 1, late=1), tiny.visit(3, 0, 3, late=3), tiny.visit(501, 0, 9, paid="2.50", late=3)]
    first, whole = tiny.make_project(tmp_path / "first"), tiny.make_project(tmp_path / "whole")
    tiny.land(whole, tiny.START + timedelta(days=3), "b", late)
    assert call("run", "--project", str(first))[0] == 0
    before = {(r["who"], r["as_of"]): r for r in rows(spark, first, "features.visiting").collect()}
    tiny.land(first, tiny.START + timedelta(days=3), "b", late)
    status, said = call("plan", "--project", str(first))
    assert (status, "late data of visits for these days" in said) == (0, True), said
    assert call("run", "--project", str(first))[0] == 0
    assert call("run", "--project", str(whole))[0] == 0
    assert tiny.hashes(spark, first) == tiny.hashes(spark, whole)
    after = {(r["who"], r["as_of"]): r for r in rows(spark, first, "features.visiting").collect()}
    arrived = str(tiny.START + timedelta(days=4))
    assert all(after[key] == row for key, row in before.items() if str(key[1])[:10] < arrived), (
        "what was published stays"
    )
    assert after != before


def test_copies_of_an_event(spark, call, tmp_path):
    """Semantics 16: the first copy stays whatever the order of landing; another content is a conflict."""
    project = tiny.make_project(tmp_path, days=5)
    day = tiny.START + timedelta(days=2)
    tiny.land(
        project,
        day,
        "b",
        [tiny.visit(0, 0, 0, late=2), tiny.visit(1, 0, 1, late=2, paid="9.00"), tiny.visit(700, -5, 1, late=7)],
    )
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    tally = {(str(r["landed_on"]), r["outcome"]): r["rows"] for r in rows(spark, project, "raw.tally").collect()}
    assert {k[1]: v for k, v in tally.items() if k[0] == str(day)} == {
        "event": 6, "duplicate": 1, "conflicting_duplicate": 1, "too_late": 1,
    }  # fmt: skip
    paid = rows(spark, project, "raw.events_visits").where("id = 'v1'").select("paid", "landed_on").collect()
    assert [(str(r["paid"]), str(r["landed_on"])) for r in paid] == [("1.25", "2024-03-01")]


def test_a_mended_contract_brings_its_rows_back(spark, call, tmp_path):
    project = tiny.make_project(tmp_path, days=3)
    tiny.land(project, tiny.START, "b", [tiny.visit(800, 0, 1, paid="1234567.00")])
    assert call("run", "ingest_events", "--project", str(project))[0] == 0
    assert rows(spark, project, "raw.quarantine").where("rule = 'widened_type'").count() == 1
    contract = project / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text().replace("decimal(8,2)", "decimal(10,2)"))
    assert call("contract", "bump", "visits", "--why", "Dearer visits.", "--project", str(project))[0] == 0
    assert call("quarantine", "replay", "--rule", "widened_type", "--dry-run", "--project", str(project))[0] == 0
    status, said = call("quarantine", "replay", "--rule", "widened_type", "--project", str(project))
    assert status == 0, said
    assert rows(spark, project, "raw.quarantine").where("rule = 'widened_type'").count() == 0
    assert rows(spark, project, "raw.events_visits").where("id = 'v800'").count() == 1


def test_policies_of_new_columns_and_types(spark, call, tmp_path):
    for policy, expected in (("allow", "event"), ("quarantine", "new_column")):
        project = tiny.make_project(tmp_path / policy, days=1)
        contract = project / "conf/contracts/events/visits.yaml"
        contract.write_text(contract.read_text().replace("lateness: 3d", f"lateness: 3d\nnew_columns: {policy}"))
        agree(project)
        tiny.land(project, tiny.START, "b", [tiny.visit(800, 0, 1, colour="red")])
        assert call("run", "ingest_events", "--project", str(project), "--to", "2024-03-02")[0] == 0
        outcomes = {r["outcome"]: r["rows"] for r in rows(spark, project, "raw.tally").collect()}
        assert outcomes.get(expected, 0) == (7 if expected == "event" else 1)
    project = tiny.make_project(tmp_path / "fail", days=1)
    contract = project / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text().replace("lateness: 3d", "lateness: 3d\nnew_columns: fail"))
    agree(project)
    tiny.land(project, tiny.START, "b", [tiny.visit(800, 0, 1, colour="red")])
    status, said = call("run", "ingest_events", "--project", str(project), "--to", "2024-03-02")
    assert status == 1
    assert "NEW_COLUMN: source visits, landing day 2024-03-01: new column 'colour'" in said
    assert "Traceback" not in said


def test_what_comes_first_must_be_there(call, tmp_path):
    project = tiny.make_project(tmp_path, days=1)
    status, said = call("run", "build_tiles", "--project", str(project))
    assert status == 4
    assert "run ingest_events first" in said
    status, planned = call("plan", "build_tiles", "--project", str(project))
    assert (status, "run ingest_events first" in planned) == (4, True), "the plan says what the run did"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["run", "buld_tiles"], 2, "Did you mean 'build_tiles'?"),
        (["run", "--env", "locl"], 2, "Did you mean 'local'?"),
        (["run", "--from", "2024-03-05", "--to", "2024-03-01"], 2, "INTERVAL_EMPTY"),
        (["run", "--from", "yesterday"], 2, "INSTANT_UNREADABLE"),
        (["rnu"], 2, "run"),
        (["run", "--fom", "x"], 2, "--from"),
        (["run", "--set", "engine.paralel_jobs=1"], 2, "parallel_jobs"),
    ],
)
def test_a_users_mistake_says_what_why_and_how_to_mend(call, tmp_path, words, status, told):
    project = tiny.make_project(tmp_path, days=1)
    extra = ["--project", str(project)] if words[0] == "run" else []
    found, said = call(*words, *extra)
    assert found == status
    assert told in said
    assert "mend:" in said
    assert "Traceback" not in said


def test_a_missing_landing_folder(call, tmp_path):
    project = tiny.make_project(tmp_path, days=0)
    status, said = call("run", "--project", str(project))
    assert status == 2
    assert "LANDING_MISSING" in said
