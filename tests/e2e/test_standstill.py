"""A run in which nothing is due is over without Spark; whatever only Spark can tell, or do, opens a session."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from benchmarks.graphs.naps import Nap, Naps
from benchmarks.graphs.running import lines_of

pytestmark = [pytest.mark.spark, pytest.mark.e2e]


class Opened(Exception):
    """A session was asked for."""


@pytest.fixture(scope="module")
def project(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from headrace.cli import main

    naps = Naps({"first": Nap(0.1), "second": Nap(0, ("first",)), "third": Nap(0, ("first", "second"))})
    folder = naps.put(tmp_path_factory.mktemp("naps"))
    assert main(["run", "--project", str(folder), "--run-id", "made"]) == 0
    return folder


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command where nobody may open a session."""
    from headrace.cli import main

    def refuse(*_: object) -> None:
        raise Opened

    monkeypatch.setattr("headrace.cli.assembly.open_session", refuse)
    return lambda *words: main(["run", "--project", str(project), *words])


def test_nothing_due_is_told_and_logged_without_a_session(run: Any, project: Path, capsys: Any) -> None:
    assert run("--run-id", "again") == 0
    assert "Everything is up to date; nothing was done." in capsys.readouterr().out
    told = [(line["event"], line.get("job"), line.get("state")) for line in lines_of(project, "again")]
    assert told == [
        ("run began", None, None),
        ("planned", None, None),
        *(("job ended", job, "up to date") for job in ("first", "second", "third")),
        ("run ended", None, "ended"),
    ]


@pytest.mark.parametrize("words", [("--full-refresh",), ("--force",), ("--set", "retention.tables=10d")])
def test_what_is_to_be_done_opens_one(run: Any, words: tuple[str, ...]) -> None:
    """To do jobs anew, to lift holds, to bring tables up to another retention."""
    with pytest.raises(Opened):
        run(*words)


def test_an_output_that_is_gone_opens_one(run: Any, project: Path) -> None:
    table = project / "home/warehouse/naps/second"
    shutil.move(table, project / "aside")
    with pytest.raises(Opened):
        run()
    assert run("first") == 0
    shutil.move(project / "aside", table)
    assert run() == 0


def test_a_deadline_concerns_what_is_due_and_opens_none(run: Any) -> None:
    assert run("--set", "deadlines={naps.third: 06:00 Europe/London}") == 0
    with pytest.raises(Opened):
        run("--set", "lineage.transport=file")


def test_a_ledger_on_no_disk_of_this_machine_opens_one(run: Any) -> None:
    with pytest.raises(Opened):
        run("--set", "storage.warehouse=s3a://elsewhere/tables")
