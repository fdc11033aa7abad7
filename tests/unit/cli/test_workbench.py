"""A project at hand without Spark: found from where one is, searched, described; wrong names get the nearest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from calling import refuse_sessions
from catalogs import EVIL, small_catalog
from whole_project import copy_project

import headrace
from headrace.cli.workbench import Workbench
from headrace.ground.errors import HeadraceError
from headrace.monitoring.listing import Description, Listing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("demo"), {})


@pytest.fixture
def bench(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    refuse_sessions(monkeypatch)
    return headrace.open(folder)


def test_the_project_is_found_from_below_and_by_the_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADRACE_PROJECT", raising=False)
    monkeypatch.chdir(folder / "conf" / "contracts")
    assert headrace.open().project.root == folder
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HeadraceError, match="PROJECT_MISSING"):
        headrace.open()
    monkeypatch.setenv("HEADRACE_PROJECT", str(folder))
    monkeypatch.setenv("HEADRACE_ENV", "cdnow")
    assert headrace.open().project.env == "cdnow"
    assert headrace.open(env="local").project.env == "local"
    assert headrace.open(folder, "local", "seed=5").project.config.seed == 5


def test_what_is_there_is_found_and_described_without_a_session(bench: Workbench) -> None:
    found = bench.find("spend 28d")
    assert next(entry.name for entry in found) == "customer_activity.spend"
    html = found._repr_html_()
    assert "customer_activity.spend" in html
    assert "never" in html
    assert len(bench.find("no such thing")) == 0
    told = bench.describe("spend_28d")._repr_html_()
    for words in ("Money spent", "growth-analytics@example.com", "model lapse_risk", "INTERVAL &#39;28&#39; DAY"):
        assert words in told, words
    assert "scores.lapse_risk" in bench.describe("lapse_risk", "model")._repr_html_()


@pytest.mark.parametrize(
    ("ask", "code", "hint"),
    [
        (lambda bench: bench.features("customer_activty"), "GROUP_UNKNOWN", "customer_activity"),
        (lambda bench: bench.training_set("lapse_rsk"), "MODEL_UNKNOWN", "lapse_risk"),
        (lambda bench: bench.table("raw.taly"), "TABLE_UNKNOWN", "raw.tally"),
        (lambda bench: bench.picture("spend_8d"), "FEATURE_UNKNOWN", "spend_28d"),
        (lambda bench: bench.describe("lapsd", "label"), "ENTRY_UNKNOWN", "lapsed"),
    ],
)
def test_a_wrong_name_gets_the_nearest_before_a_session_is_opened(bench, ask, code, hint) -> None:
    with pytest.raises(HeadraceError, match=code) as refused:
        ask(bench)
    assert hint in str(refused.value)


def test_no_picture_of_what_is_personal(bench: Workbench) -> None:
    with pytest.raises(HeadraceError, match="FEATURE_PERSONAL"):
        bench.picture("age_all")


def test_a_notebooks_tables_escape_what_contracts_say() -> None:
    entry = replace(small_catalog().entries[0], meaning=EVIL, owner=EVIL)
    for shown in (Listing((entry,)), Description(entry)):
        html = shown._repr_html_()
        assert "<script" not in html
        assert "&lt;script&gt;" in html
