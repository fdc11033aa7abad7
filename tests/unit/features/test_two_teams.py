"""Two teams with a group of one name, in one project: graph, catalog and commands tell them apart. No Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_project import copy_project

from headrace.cli import main
from headrace.cli.loading import load_graph, open_project
from headrace.features.catalog import Catalog, build_catalog
from headrace.features.entry import Reader
from headrace.ground.errors import HeadraceError
from headrace.training.dataset import training_table

RETAIL = """team: retail
group: customer_activity
version: 1
owner: retail@example.com
purpose: Activity in stores.
entity: [household_id]
source: shop_events
features:
  - {name: pieces_bought, meaning: Pieces., aggregate: sum, expression: quantity, scale: 0, windows: [7d]}
  - {name: spend, meaning: Money in store 1., aggregate: sum, expression: value, where: store_id = 1, scale: 2, windows: [180d]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy_project(tmp_path_factory.mktemp("teams"), {})
    team = root / "conf/contracts/features/retail"
    team.mkdir()
    (team / "customer_activity.yaml").write_text(RETAIL, encoding="utf-8")
    model = root / "conf/contracts/models/lapse_risk.yaml"
    text = model.read_text(encoding="utf-8").replace("  customer_activity:", "  growth.customer_activity:")
    taken = "  retail.customer_activity: [pieces_bought_7d]\nsegments:"
    model.write_text(text.replace("segments:", taken, 1), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def catalog(folder: Path) -> Catalog:
    project = open_project(folder, "local")
    return build_catalog(project, load_graph(project))


def test_the_graph_makes_and_reads_a_table_for_each(folder: Path) -> None:
    """The group that is locked keeps the table that it has; the other one takes its team into its name."""
    project = open_project(folder, "local")
    graph = {job.name: job for job in load_graph(project)}
    both = {"features.customer_activity", "features.retail__customer_activity"}
    assert both <= {output.name for output in graph["build_features"].outputs}
    for reader in ("build_training_set", "score_users", "monitor"):
        assert both <= {asset.name for asset in graph[reader].inputs.values()}, reader
    assert training_table(project.models["lapse_risk"], project.sources["shop_events"]).name == "training.lapse_risk"


def test_the_catalog_has_both_and_says_who_reads_which(catalog: Catalog) -> None:
    spend = catalog.entry("feature", "growth.customer_activity.spend")
    assert (spend.owner, spend.table) == ("growth-analytics@example.com", "features.customer_activity")
    assert Reader("model", "lapse_risk", "spend_7d, spend_28d, spend_90d") in spend.readers
    other = catalog.entry("feature", "retail.customer_activity.spend")
    assert (other.owner, other.table) == ("retail@example.com", "features.retail__customer_activity")
    assert not [reader for reader in other.readers if reader.kind == "model"]
    pieces = catalog.entry("feature", "pieces_bought_7d")
    assert Reader("model", "lapse_risk", "pieces_bought_7d") in pieces.readers
    assert 'features("retail.customer_activity")' in pieces.python
    assert "FROM features.customer_activity" in catalog.entry("feature", "user_activity_score").definitions[0]


@pytest.mark.parametrize("asked", ["spend", "customer_activity.spend"])
def test_a_name_of_both_lists_them(catalog: Catalog, asked: str) -> None:
    with pytest.raises(HeadraceError, match="FEATURE_AMBIGUOUS") as refused:
        catalog.entry("feature", asked)
    assert "growth.customer_activity.spend" in str(refused.value)
    assert "retail.customer_activity.spend" in str(refused.value)


def test_the_other_groups_may_be_named_with_and_without_their_team(catalog: Catalog) -> None:
    short, long = (
        catalog.entry("feature", name) for name in ("product_variety.pieces", "assortment.product_variety.pieces")
    )
    assert short is long
    assert short.table == "features.product_variety"


def test_a_bare_name_in_a_model_is_refused_where_two_teams_have_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = folder / "conf/contracts/models/lapse_risk.yaml"
    whole = model.read_text(encoding="utf-8")
    model.write_text(whole.replace("growth.customer_activity", "customer_activity"), encoding="utf-8")
    try:
        assert main(["lint", "--project", str(folder)]) == 2
    finally:
        model.write_text(whole, encoding="utf-8")
    said = capsys.readouterr().err
    assert "features names 'customer_activity': several teams have a feature group" in said
    assert "growth.customer_activity, retail.customer_activity" in said


def test_one_team_may_not_have_a_group_twice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = folder / "conf/contracts/features/retail/again.yaml"
    again.write_text(RETAIL, encoding="utf-8")
    try:
        assert main(["lint", "--project", str(folder)]) == 2
    finally:
        again.unlink()
    said = capsys.readouterr().err
    assert "group 'retail.customer_activity' is declared twice" in said
    assert "customer_activity.yaml:2" in said


def test_a_new_group_is_locked_by_its_full_name_and_keeps_its_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path, {})
    team = root / "conf/contracts/features/retail"
    team.mkdir()
    (team / "customer_activity.yaml").write_text(RETAIL, encoding="utf-8")
    model = root / "conf/contracts/models/lapse_risk.yaml"
    text = model.read_text(encoding="utf-8")
    model.write_text(text.replace("  customer_activity:", "  growth.customer_activity:"), encoding="utf-8")
    assert main(["contract", "lock", "growth.customer_activity", "--project", str(root)]) == 2
    assert "CONTRACT_LOCKED" in capsys.readouterr().err
    assert main(["contract", "lock", "retail.customer_activity", "--project", str(root)]) == 0
    tables = {group.namespace: group.table for group in open_project(root, "local").groups.values()}
    assert tables["growth.customer_activity"] == "features.customer_activity"  # it was there first
    assert tables["retail.customer_activity"] == "features.retail__customer_activity"
