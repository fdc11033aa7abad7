"""What the catalog says of how features are spread, from a profile that is there. No Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
from profiles import Row, profile_row, write_profile
from whole_project import copy_project

from headrace.cli.choice import Choice
from headrace.cli.entries import open_catalog
from headrace.contracts.fingerprint import fingerprint
from headrace.features.catalog import Catalog
from headrace.features.profiled import Profiled

CUTS = [10.0, 20.0, 40.0, 100.0]
COUNTS = {0: 10, 4: 40, 6: 60, 7: 50, 8: 30, 9: 10}
"""Of 200: 10 without a value, 40 zero, 60 in [10, 20), 50 in [20, 40), 30 in [40, 100], 10 above."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo, whose model also takes a personal column and one that is made of it."""
    model = ("  product_variety:", "  household_profile: [income_all]\n  product_variety:")
    return copy_project(tmp_path, {"contracts/models/lapse_risk.yaml": model})


def catalog_of(folder: Path, *rows: Row, fresh: bool = True) -> Catalog:
    project, _ = open_catalog(Choice(folder, "local"))
    if rows:
        present = fingerprint({name: project.identity(name) for name in project.models["lapse_risk"].features})
        said = [{**row, "fingerprint": present if fresh else "0" * 16} for row in rows]
        write_profile(project.warehouse / "monitor/profile", [("lapse_risk", said)])
    return open_catalog(Choice(folder, "local"))[1]


def only(catalog: Catalog, name: str) -> Profiled:
    (profiled,) = catalog.entry("feature", name).profiles
    return profiled


def test_a_column_is_told_by_its_quantiles_and_shares(folder: Path) -> None:
    found = only(catalog_of(folder, profile_row("spend_28d", COUNTS, CUTS)), "spend")
    assert (found.column, found.model, found.as_of, found.outdated) == ("spend_28d", "lapse_risk", "2018-01-02", False)
    assert found.nulls == 0.05
    assert found.told == (
        "200 rows, 5.0% without a value, 20.0% zero, median about 18.3, the middle half 10.8 to 34, "
        "5.0% outside of what training saw"
    )
    assert len(found.spread.cells(30)) == 30


def test_nothing_personal_is_pictured_though_its_null_share_is_told(folder: Path) -> None:
    """Rule 18."""
    found = only(catalog_of(folder, profile_row("income_all", {**COUNTS, 0: 110}, CUTS)), "income")
    assert found.spread.spans == ()
    assert found.told == "300 rows, 36.7% without a value, no picture: its values are personal, or made of such"


def test_few_rows_and_a_profile_of_before_have_no_picture(folder: Path) -> None:
    rows = (profile_row("spend_28d", {6: 39}, CUTS), profile_row("recency_90d", {6: 40}, None))
    catalog = catalog_of(folder, *rows, fresh=False)
    spend, recency = only(catalog, "spend"), only(catalog, "recency")
    assert spend.told == "39 rows, none without a value, no picture: fewer than 40 rows"
    assert recency.told.endswith("no picture: the profile does not say where its bins end")
    assert spend.outdated


def test_what_no_profile_has_says_why(folder: Path) -> None:
    before = catalog_of(folder)
    assert before.entry("feature", "spend").unprofiled == "nothing has made monitor.profile yet"
    taken_by_none = "no model takes it, and only what models take is profiled"
    assert before.entry("feature", "coupon_money").unprofiled == taken_by_none
    after = catalog_of(folder, profile_row("spend_28d", COUNTS, CUTS))
    assert after.entry("feature", "spend").unprofiled == ""
    assert after.entry("feature", "recency").unprofiled == "the newest profile of lapse_risk does not have it yet"
    assert after.entry("feature", "coupon_money").unprofiled == taken_by_none


def test_the_terminal_draws_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from headrace.cli import main

    catalog_of(folder, profile_row("spend_28d", COUNTS, CUTS))
    assert main(["feature", "show", "spend", "--project", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "Spread over those whom model lapse_risk is about:" in said
    line = next(line for line in said.splitlines() if line.strip().startswith("spend_28d "))
    assert "█  ▄▄▄▃▂▂▂▂▂▂" + "▁" * 19 + "  100 " in line, "zeros, a gap, then falling to 100"
    assert "├── made of" in said
    assert "│   └── count, sum in tiles tiles.shop_events" in said
    assert main(["feature", "show", "coupon_money", "--project", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "Spread: not known; no model takes it" in said
    assert "goes into nothing that headrace makes" in said
