"""contract check on contracts that are shared, and export codeowners: what they say, and with which status. No Spark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from whole_project import copy_project

from headrace.cli import main

Call = Callable[..., tuple[int, str]]
COPY = """team: marketing
group: campaigns
version: 1
owner: campaigns@example.com
purpose: What campaigns look at.
entity: [household_id]
source: shop_events
features:
  - {name: money, meaning: Money., aggregate: sum, expression: value, where: "'basket_end' = event_type", scale: 2,
     windows: [7d], when_empty: 0}
  - {name: visits, meaning: Visits., aggregate: count, where: event_type = 'basket_end', windows: [7d, 90d]}
  - {name: dear, meaning: Dear baskets., aggregate: count, where: event_type = 'basket_end' AND value > 100, windows: [28d]}
  - {name: score, meaning: Activity., derive: "0.1 * ln(1 + greatest(money_7d, 0)) + ln(1 + visits_7d)", scale: 6}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = copy_project(tmp_path, {})
    (root / ".git").mkdir()
    return root


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*words: str) -> tuple[int, str]:
        status = main([*words, "--project", str(folder)])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run


def test_the_demo_passes_and_says_what_is_near(call: Call) -> None:
    status, said = call("contract", "check")
    assert status == 0
    assert "error:" not in said
    assert ": assortment.product_variety.weekend_spend is growth.customer_activity.spend" in said
    assert ": assortment.product_variety.all_spend computes what growth.customer_activity.spend" in said


def test_an_equal_feature_is_an_error_that_names_feature_team_owner_and_what_sharing_saves(
    folder: Path, call: Call
) -> None:
    (folder / "conf/contracts/features/campaigns.yaml").write_text(COPY, encoding="utf-8")
    status, said = call("contract", "check")
    assert status == 2
    found = [line.split(": ", 2) for line in said.splitlines() if line.startswith(("error", "warning", "note"))]
    lines = {told.split()[0]: f"{level}: {told}" for level, _, told in found}
    places = {told.split()[0]: place for _, place, told in found}
    assert places["marketing.campaigns.score"] == "conf/contracts/features/campaigns.yaml:13"
    score = lines["marketing.campaigns.score"]
    owner = "(team growth, owner growth-analytics@example.com: Growth analytics)"
    assert score.startswith(
        f"error: marketing.campaigns.score computes what growth.customer_activity.user_activity_score {owner}"
    )
    assert "Use it: take user_activity_score from growth.customer_activity" in score
    assert "Sharing saves columns money_7d, visits_7d, visits_90d, score of features.campaigns" in score
    assert "and states count_" in score  # of money: its filter is spelled in another order, so the tiles hold it twice
    assert lines["marketing.campaigns.money"].startswith("note")
    visits = lines["marketing.campaigns.visits"]
    assert visits.startswith("error")  # visits_90d is no ingredient
    assert "take baskets_7d, baskets_90d from growth.customer_activity" in visits
    assert "tiles.shop_events holds its states once already (count_" in visits
    dear = lines["marketing.campaigns.dear"]
    assert dear.startswith("warning")
    assert "but for its window (28d, there 7d) and its filter" in dear or "but for its filter" in dear
    assert "and state count_" in dear


def test_a_group_that_nobody_answers_for_is_an_error(folder: Path, call: Call) -> None:
    owners = folder / "conf/contracts/owners.yaml"
    owners.write_text(owners.read_text().replace("  assortment:", "  assortmnet:"), encoding="utf-8")
    status, said = call("contract", "check")
    assert status == 2
    assert "error: nobody answers for assortment.product_variety: owners.yaml has neither" in said
    assert "warning: owners.yaml has the namespace assortmnet, in which no group is. Did you mean 'assortment'?" in said


@pytest.mark.slow
def test_codeowners_are_written_checked_and_found_stale(folder: Path, call: Call) -> None:
    file = folder / ".github/CODEOWNERS"
    status, said = call("export", "codeowners", "--check")
    assert (status, "there is no such file" in said) == (2, True)
    file.parent.mkdir()
    file.write_text("* @example/everybody\n", encoding="utf-8")
    status, said = call("export", "codeowners", "--check")
    assert (status, "it has no lines of headrace" in said) == (2, True)
    assert call("export", "codeowners", "--output", str(file))[0] == 0
    written = file.read_text()
    assert written.startswith("* @example/everybody\n# headrace")
    assert "\n/conf/contracts/features/customer_activity.yaml @example/growth-analytics\n" in written
    assert "\n/conf/contracts/events/households.yaml @example/data-platform\n" in written
    assert "\n/conf/contracts/lock/growth.customer_value.yaml @example/growth-analytics\n" in written
    assert call("export", "codeowners", "--check")[0] == 0
    assert call("export", "codeowners", "--check", "--env", "cdnow")[0] == 0  # one file for all environments
    assert call("export", "codeowners", "--output", str(file))[0] == 0
    assert file.read_text() == written
    owners = folder / "conf/contracts/owners.yaml"
    owners.write_text(owners.read_text().replace("@example/campaigns", "@example/mail"), encoding="utf-8")
    status, said = call("export", "codeowners", "--check")
    assert status == 2
    assert "CODEOWNERS_STALE" in said
    assert "it lacks '/conf/contracts/features/coupon_affinity.yaml @example/mail'" in said
    assert f"export codeowners --output {file}" in said
    assert file.read_text() == written


def test_without_owners_there_is_nothing_to_write(folder: Path, call: Call) -> None:
    (folder / "conf/contracts/owners.yaml").unlink()
    status, said = call("export", "codeowners")
    assert (status, "OWNERS_MISSING" in said) == (2, True)
    assert call("contract", "check")[0] == 0


def test_a_new_project_passes_and_has_owners(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = tmp_path / "shop"
    assert main(["init", "shop", "--folder", str(shop)]) == 0
    capsys.readouterr()
    assert main(["contract", "check", "--project", str(shop)]) == 0
    assert not [word for word in ("error:", "warning:", "note:") if word in capsys.readouterr().out]
    assert main(["export", "codeowners", "--project", str(shop)]) == 0
    assert "/conf/contracts/features/customer_activity.yaml shop@example.com" in capsys.readouterr().out
