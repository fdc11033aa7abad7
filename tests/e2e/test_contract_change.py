"""A feature changes its meaning: refused before any write, shown, agreed to; then both versions are there to be read."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
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
    assert re.search(r"^features\.visiting +headrace +2024-03-05 .*Version 1 of", said, flags=re.MULTILINE), said
    assert re.search(r"^features\.visiting_v2 +build_features +2024-03-05", said, flags=re.MULTILINE), said
    assert "everything is up to date" in call("plan", *words)[1].lower()
    lock = bench.project.lock_of("visiting")
    assert lock.step(1).retire_after > datetime.now(UTC).date()
