"""A feature changes its meaning: refused before any write, shown, agreed to; then both versions are there to be read."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import tiny

from headrace.cli.workbench import open_workbench
from headrace.ground.errors import HeadraceError

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
CONTRACT = "conf/contracts/features/visiting.yaml"


def files(project):
    """The warehouse: each file with the time at which it was written."""
    return {path: path.stat().st_mtime_ns for path in (project / "home/warehouse").rglob("*") if path.is_file()}


def test_a_meaning_changes_knowingly_and_both_versions_stay(spark, call, tmp_path):
    project = tiny.make_project(tmp_path, days=4)
    words = ("--project", str(project))
    (project / "conf/base.yaml").write_text(tiny.FILES["conf/base.yaml"].replace("2024-03-11", "2024-03-05"))
    assert call("run", *words)[0] == 0
    first, written = tiny.hashes(spark, project), files(project)

    text = (project / CONTRACT).read_text()
    (project / CONTRACT).write_text(text.replace("expression: paid, scale: 2", "expression: paid * 3, scale: 3"))
    status, said = call("run", *words)
    assert (status, "CONTRACT_CHANGED" in said) == (2, True), said
    assert "paid.expression: paid  ->  paid * 3" in said
    assert files(project) == written, "before any write"

    status, said = call("contract", "diff", "visiting", "--values", "--sample", "2", *words)
    assert status == 0, said
    assert "tiles.visits 24, features.visiting 24." in said
    assert "visiting as of 2024-03-05, 6 users by least hash" in said
    assert "paid_7d: differs for 6 of 6" in said
    shown = re.findall(r"^([0-9a-f]{12}) +paid_7d +5\.00 +15\.000", said, flags=re.MULTILINE)
    assert len(set(shown)) == 2, "two users, by keyed hashes; each came on four days and paid 1.25"
    assert files(project) == written

    assert call("contract", "bump", "visiting", "--why", "In the new currency.", *words)[0] == 0
    status, said = call("run", *words)
    assert status == 0, said
    assert tiny.hashes(spark, project)["features.visiting"] == first["features.visiting"], "version 1 as it was"

    bench = open_workbench(project)
    old = {(row["who"], row["as_of"]): row["paid_7d"] for row in bench.features("visiting", version=1).collect()}
    new = {(row["who"], row["as_of"]): row["paid_7d"] for row in bench.features("visiting").collect()}
    expected: dict[object, Decimal] = defaultdict(Decimal)
    for (who, as_of), paid in old.items():
        expected[who, as_of] = 3 * paid
    assert new == expected
    assert bench.features("t.visiting", "2024-03-05").schema["paid_7d"].dataType.simpleString() == "decimal(19,3)"
    with pytest.raises(HeadraceError, match="VERSION_UNKNOWN"):
        bench.features("visiting", version=3)

    status, said = call("table", "list", *words)
    for table in ("visiting", "visiting_v2"):
        assert re.search(rf"^features\.{table} +build_features +2024-03-05", said, flags=re.MULTILINE), said
    assert "everything is up to date" in call("plan", *words)[1].lower()
    lock = bench.project.lock_of("visiting")
    assert lock.step(1).retire_after > datetime.now(UTC).date()

    base = project / "conf/base.yaml"
    base.write_text(base.read_text().replace("2024-03-05", "2024-03-06"))
    tiny.land(project, tiny.START + timedelta(days=4), "a", [tiny.visit(99, 4, 2, paid="7.5")])
    assert call("run", *words)[0] == 0
    paid = {version: of_second(bench, version) for version in (1, 2)}
    assert paid == {1: Decimal("12.50"), 2: Decimal("37.500")}, "version 1 goes on: four times 1.25, then 7.50"

    spark.sql(f"DELETE FROM delta.`{project}/home/warehouse/features/visiting` WHERE as_of = '2024-03-06'")
    base.write_text(base.read_text().replace("2024-03-06", "2024-03-07"))
    tiny.land(project, tiny.START + timedelta(days=5), "a", [tiny.visit(100, 5, 2)])
    status, said = call("run", *words)
    assert status == 0, said
    assert "features.visiting has no snapshot at 2024-03-06 and is not carried on" in said
    assert bench.features("visiting", "2024-03-07", version=1).count() == 0
    assert bench.features("visiting", "2024-03-07").count() == 6


def of_second(bench, version):
    """What the user 2 had paid at the fifth snapshot, as a version has it."""
    rows = bench.features("visiting", "2024-03-06", version=version).where("who = 2").collect()
    return rows[0]["paid_7d"]
