"""Promotion and rollback: in the order ledger, alias, ledger; repeatable after a crash at every point."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.ground.asset import At
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.release.decisions import champion_as_of, read_decisions
from headrace.release.registry import Champion, ChampionSink, Promotion
from headrace.training.fit import Trained
from headrace.training.model import single
from headrace.training.search import Trial
from headrace.training.tracking import MODEL_FILE, Candidate, CandidateSink, open_client

NOON = datetime(2017, 10, 2, 12, tzinfo=UTC)
ASSET = Champion("lapse")


class Crash(Exception):
    """Stands for a kill."""


class ListedRows:
    """The ledger's port over a list; dies before or after the append that ``dies_at`` counts down to."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.dies_at = -1
        self.after = False

    def read_rows(self, table: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.rows]

    def append_rows(self, table: Any, rows: list[dict[str, Any]], schema: str) -> None:
        dies = self.dies_at == 0
        self.dies_at -= 1
        if dies and not self.after:
            raise Crash
        self.rows += rows
        if dies:
            raise Crash


def at(hour: int, run_id: str | None = None) -> At:
    return At(Interval(NOON - timedelta(days=1), NOON), run_id or f"run-{hour}", NOON + timedelta(hours=hour), 7)


@pytest.fixture(scope="module")
def three_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mlflow")
    candidates = CandidateSink(f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri())
    for mean in (1.0, 2.0, 3.0):
        trial = Trial(0, "logistic", {}, {"auc": 0.8}, 0.1)
        model = single("recency", mean, 1.0, {})
        fitted = Trained(model, trial, (trial,), ("a",), ("b",), {}, 10, 7, 10, "distributed, all rows", "5a")
        candidates.commit(Candidate("lapse"), fitted, at(0), {"contract": "c"})
    return folder / "mlflow.db"


@pytest.fixture
def sink(three_versions: Path, tmp_path: Path) -> ChampionSink:
    shutil.copy(three_versions, tmp_path / "mlflow.db")
    return ChampionSink(f"sqlite:///{tmp_path / 'mlflow.db'}", ListedRows())


def promote(sink: ChampionSink, version: str, when: At) -> Any:
    return sink.commit(ASSET, Promotion("lapse", version, "passed the gate", '{"auc":0.8}'), when, {})


def steps(sink: ChampionSink) -> list[tuple[Any, ...]]:
    return [(s.seq, s.kind, s.version, s.predecessor, s.state) for s in read_decisions(sink.ledger, "lapse")]


def mean(sink: ChampionSink) -> float:
    return float(sink.read(ASSET, at(0)).model.parameters["means"][0])


def test_a_promotion_moves_the_alias_and_remembers_the_predecessor(sink: ChampionSink) -> None:
    assert not sink.exists(ASSET)
    with pytest.raises(HeadraceError, match=r"MODEL_MISSING: champion\.lapse"):
        sink.read(ASSET, at(0))
    promote(sink, "1", at(1))
    receipt = promote(sink, "2", at(2))
    assert (receipt.version, receipt.note["predecessor"], mean(sink), sink.exists(ASSET)) == ("2", "1", 2.0, True)
    assert steps(sink) == [
        (1, "promote", "1", None, "intent"), (1, "promote", "1", None, "done"),
        (2, "promote", "2", "1", "intent"), (2, "promote", "2", "1", "done"),
    ]  # fmt: skip
    history = sink.champion_history("lapse")
    assert [champion_as_of(history, NOON + timedelta(hours=hour)) for hour in (0, 1, 2)] == [None, "1", "2"]


def test_the_same_promotion_twice_changes_nothing(sink: ChampionSink) -> None:
    for when in (at(1), at(1), at(5)):  # by the same run, and by another of what serves already
        assert promote(sink, "1", when).version == "1"
    assert len(steps(sink)) == 2
    promote(sink, "2", at(6))
    sink.rollback("lapse", at(7))
    assert promote(sink, "2", at(6)).version == "2"  # a replay of an old run does not undo a rollback
    assert mean(sink) == 1.0


def test_rollback_goes_to_the_predecessor_and_another_undoes_it(sink: ChampionSink) -> None:
    for hour, version in ((1, "1"), (2, "2"), (3, "3")):
        promote(sink, version, at(hour))
    back = sink.rollback("lapse", at(4), "complaints")
    assert (back.kind, back.version, back.predecessor, back.state, back.reason) == (
        "rollback", "2", "3", "done", "complaints"
    )  # fmt: skip
    assert back.evidence == '{"undoes":3}'
    assert sink.rollback("lapse", at(4)) == back
    assert mean(sink) == 2.0
    undone = sink.rollback("lapse", at(5))
    assert (undone.version, undone.predecessor, mean(sink)) == ("3", "2", 3.0)


def test_there_must_be_a_predecessor(sink: ChampionSink) -> None:
    with pytest.raises(HeadraceError, match=r"ROLLBACK_IMPOSSIBLE: model lapse .* never promoted"):
        sink.rollback("lapse", at(1))
    promote(sink, "1", at(1))
    with pytest.raises(HeadraceError, match=r"ROLLBACK_IMPOSSIBLE: model lapse .* 1 was the first"):
        sink.rollback("lapse", at(2))
    assert len(steps(sink)) == 2


ACTIONS: dict[str, Callable[[ChampionSink, At], Any]] = {
    "promote": lambda sink, when: promote(sink, "3", when),
    "rollback": lambda sink, when: sink.rollback("lapse", when),
}


@pytest.mark.parametrize("action", ["promote", "rollback"])
@pytest.mark.parametrize(
    "point", ["before intent", "after intent", "before alias", "after alias", "before done", "after done"]
)
def test_a_crash_at_any_point_is_mended_by_doing_it_again(
    sink: ChampionSink, monkeypatch: pytest.MonkeyPatch, action: str, point: str
) -> None:
    from mlflow import MlflowClient

    promote(sink, "1", at(1))
    promote(sink, "2", at(2))
    act, ledger, move = ACTIONS[action], sink.ledger, MlflowClient.set_registered_model_alias
    assert isinstance(ledger, ListedRows)
    side, step = point.split()

    def dying_move(*args: Any) -> None:
        if side == "after":
            move(*args)
        raise Crash

    with monkeypatch.context() as broken:
        if step == "alias":
            broken.setattr(MlflowClient, "set_registered_model_alias", dying_move)
        else:
            ledger.dies_at, ledger.after = (0 if step == "intent" else 1), side == "after"
        with pytest.raises(Crash):
            act(sink, at(3))
    ledger.dies_at = -1
    act(sink, at(3))
    act(sink, at(3))
    assert mean(sink) == {"promote": 3.0, "rollback": 1.0}[action]
    done = sink.champion_history("lapse")
    assert [(s.kind, s.version, s.predecessor) for s in done[:2]] == [("promote", "1", None), ("promote", "2", "1")]
    assert [(s.kind, s.predecessor) for s in done[2:]] == [(action, "2")]
    closed = [s[0] for s in steps(sink) if s[4] != "intent"]
    assert sorted(closed) == sorted({s[0] for s in steps(sink)})  # every intent is closed, once


def test_a_rollback_that_a_crash_interrupted_is_finished_by_whoever_asks_next(sink: ChampionSink) -> None:
    promote(sink, "1", at(1))
    promote(sink, "2", at(2))
    ledger = sink.ledger
    assert isinstance(ledger, ListedRows)
    ledger.dies_at, ledger.after = 1, False  # the alias has moved, ``done`` is not written
    with pytest.raises(Crash):
        sink.rollback("lapse", at(3))
    found = sink.rollback("lapse", at(4))
    assert (found.run_id, found.version, found.state, mean(sink)) == ("run-3", "1", "done", 1.0)


def test_a_crash_then_another_candidate(sink: ChampionSink) -> None:
    promote(sink, "1", at(1))
    ledger = sink.ledger
    assert isinstance(ledger, ListedRows)
    ledger.dies_at, ledger.after = 0, True
    with pytest.raises(Crash):
        promote(sink, "2", at(2))
    promote(sink, "3", at(3))
    assert steps(sink)[2:] == [
        (2, "promote", "2", "1", "intent"), (2, "promote", "2", "1", "refused"),
        (3, "promote", "3", "1", "intent"), (3, "promote", "3", "1", "done"),
    ]  # fmt: skip


def test_what_was_tampered_with_is_neither_promoted_nor_read(
    three_versions: Path, sink: ChampionSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(sink, "1", at(1))
    client = open_client(sink.store)
    for version in ("1", "2"):
        client.set_model_version_tag("lapse", version, "sha256", "0" * 64)
    with pytest.raises(HeadraceError, match="MODEL_TAMPERED: model lapse version 2"):
        promote(sink, "2", at(2))
    with pytest.raises(HeadraceError, match="MODEL_TAMPERED: model lapse version 1"):
        sink.read(ASSET, at(2))
    assert len(steps(sink)) == 2
    assert len(list(three_versions.parent.joinpath("artifacts").rglob(MODEL_FILE))) == 3


def test_a_release_does_not_undo_a_rollback(sink: ChampionSink) -> None:
    """Asked for anew (--full-refresh), the same verdict leaves what was rolled back where it is, and says so."""
    promote(sink, "1", at(1))
    promote(sink, "2", at(2))
    sink.rollback("lapse", at(3))
    said: list[str] = []
    receipt = promote(sink, "2", replace(at(4), warn=said.append))
    assert (receipt.version, receipt.note["decision"]) == ("1", 3)
    assert sink.read(ASSET, at(4)).version == "1"
    (warning,) = said
    assert "version 2 passed the gate, but was rolled back (decision 3); version 1 stays" in warning
    assert promote(sink, "3", at(5)).version == "3", "another version that passes ends it"
    assert promote(sink, "2", at(6)).version == "2", "what came after the rollback is decided anew"


def test_a_rollback_that_was_undone_holds_nothing_back(sink: ChampionSink) -> None:
    promote(sink, "1", at(1))
    promote(sink, "2", at(2))
    sink.rollback("lapse", at(3))
    sink.rollback("lapse", at(4))
    assert promote(sink, "2", at(5)).version == "2"
    assert sink.read(ASSET, at(5)).version == "2"
