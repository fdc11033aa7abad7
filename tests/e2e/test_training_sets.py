"""Semantics 15 and 4: a training set comes out the same again from its manifest, and holds what was known then."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny
import tiny_training

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
Call = Callable[..., tuple[int, str]]
TABLE = "training.going"


def sets(call: Call, root: Path) -> list[str]:
    """The IDs that the list prints, newest first."""
    status, said = call("training-set", "list", "--project", str(root))
    assert status == 0, said
    return [line.split()[0] for line in said.splitlines() if line.startswith("going-")]


def folder_of(root: Path, table: str) -> Path:
    return root / "home/warehouse" / table.replace(".", "/")


def test_a_set_says_what_it_was_made_from(spark: Any, call: Call, trained: Any) -> None:
    (name,) = sets(call, trained.root)
    status, said = call("training-set", "show", name, "--project", str(trained.root))
    assert status == 0, said
    hashed = tiny.hashes(spark, trained.root, (TABLE,))[TABLE]
    assert re.search(rf"^table hash +{hashed} *$", said, flags=re.MULTILINE), said
    assert "yes, until " in said
    for table in ("raw.events_visits", "features.visiting"):
        version = spark.sql(f"DESCRIBE HISTORY delta.`{folder_of(trained.root, table)}`").first()["version"]
        assert f" {table} " in said
        assert any(line.split()[1:3] == [table, str(version)] for line in said.splitlines()), said
    for contract in ("label gone", "events visits", "features visiting"):
        assert contract in said


def asked() -> list[tuple[int, int]]:
    """(day of the cutoff, person) of every row: the cutoffs of 3 to 7 March."""
    people = range(tiny_training.PEOPLE)
    known = {(cutoff, person) for cutoff in range(2, 7) for person in people for day in range(cutoff - 5, cutoff)
             if day >= 0 and tiny_training.visits_on(day, person)}  # fmt: skip
    return sorted(known)


def test_known_then_differs_from_known_now_in_the_cells_of_the_late_event(call: Call, trained: Any) -> None:
    """Person 0's rows at 3, 4 and 5 March: one visit and 7.00 more are known now; from 6 March on they were known."""
    (name,) = sets(call, trained.root)
    status, said = call("leakage", "--training-set", name, "--json", "--project", str(trained.root))
    assert status == 0, said
    found, rows = json.loads(said), len(asked())
    assert (found["rows"], found["rows_differ"], found["cells"], found["differ"]) == (rows, 3, 3 * rows, 9)
    assert {column["column"]: (column["cells"], column["differ"]) for column in found["columns"]} == {
        "visits_3d": (rows, 3), "visits_all": (rows, 3), "paid_7d": (rows, 3),
    }  # fmt: skip
    assert (found["training_set"], found["share"]) == (name, 9 / (3 * rows))
    status, said = call("leakage", "--training-set", name, "--project", str(trained.root))
    assert (status, f"9 of {3 * rows} cells ({3 / rows:.2%}) in 3 of {rows} rows" in said) == (0, True), said


def test_it_comes_out_again_after_later_data_new_features_and_a_lost_ledger(spark: Any, call: Call, copy: Path) -> None:
    """Rule 15: a training set is reproducible."""
    project = ("--project", str(copy))
    (first,) = sets(call, copy)
    was = tiny.hashes(spark, copy, (TABLE,))[TABLE]
    later = [tiny_training.visit(950 + n, 2, n, late=1) for n in range(3)]
    tiny.land(copy, tiny.START + timedelta(days=3), "later", later)
    status, said = call("run", "--select", "+build_training_set", *project)
    assert status == 0, said
    assert tiny.hashes(spark, copy, (TABLE,))[TABLE] != was
    second, again = sets(call, copy)
    assert (again, second != first) == (first, True)
    shutil.rmtree(folder_of(copy, "ops.ledger"))
    for name in (first, second):
        status, said = call("training-set", "rebuild", name, *project)
        assert (status, f"{name}: the same again, " in said) == (0, True), said
        assert (was in said) == (name == first)

    features = copy / "conf/contracts/features/visiting.yaml"
    text = features.read_text(encoding="utf-8")
    features.write_text(text.replace("meaning: n,", "meaning: How many.,"), encoding="utf-8")
    assert call("training-set", "rebuild", first, *project)[0] == 0, "what people read shapes no value"
    features.write_text(text.replace("[3d, all]", "[3d, 5d, all]"), encoding="utf-8")
    status, said = call("training-set", "rebuild", first, *project)
    assert status == 2, said
    assert "TRAINING_SET_CHANGED" in said
    assert "features visiting: was " in said
    assert "label gone" not in said


def test_a_forced_vacuum_is_told_as_what_it_is(spark: Any, call: Call, copy: Path) -> None:
    project = ("--project", str(copy))
    (name,) = sets(call, copy)
    place = folder_of(copy, "features.visiting")
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        spark.read.format("delta").load(str(place)).write.format("delta").mode("overwrite").save(str(place))
        spark.sql(f"VACUUM delta.`{place}` RETAIN 1 HOURS")
        status, said = call("training-set", "rebuild", name, *project)
        assert status == 0, "a VACUUM that keeps what the table's retention says changes nothing: " + said
        spark.sql(f"VACUUM delta.`{place}` RETAIN 0 HOURS")
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    status, said = call("training-set", "rebuild", name, *project)
    assert status == 1, said
    assert "TRAINING_SET_GONE" in said
    assert "files were removed, by the VACUUM of " in said
    assert f"its rows are still there: headrace table hash {TABLE} --version 0" in said
    assert "of its inputs these can still be read: raw.events_visits version " in said
    status, said = call("training-set", "show", name, *project)
    assert (status, "files were removed, by the VACUUM of " in said) == (0, True), said


def test_an_unknown_id_gets_the_nearest(call: Call, trained: Any) -> None:
    (name,) = sets(call, trained.root)
    for words in (("training-set", "show", name[:-1]), ("leakage", "--training-set", name[:-1])):
        status, said = call(*words, "--project", str(trained.root))
        assert (status, f"Did you mean '{name}'?" in said) == (2, True), said
