"""Candidates in MLflow: one run tree and one version an identity, read back only as they were written."""

from __future__ import annotations

import shutil
import socketserver
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace.ground.asset import At
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.training.fit import Trained
from headrace.training.model import single
from headrace.training.search import Trial
from headrace.training.tracking import MODEL_FILE, Candidate, CandidateSink, open_client

NOW = datetime(2017, 12, 31, 6, tzinfo=UTC)
AT = At(Interval(datetime(2017, 4, 3, tzinfo=UTC), NOW), "run-1", NOW, 7)
ASSET = Candidate("lapse")
TABLES = {"features.activity": "12", "contract": "c0ffee"}


def trained(mean: float = 9.0, trials: int = 12) -> Trained:
    tried = tuple(Trial(n, "logistic", {"l2": 10.0**-n}, {"auc": 0.8 - n / 100}, 0.5) for n in range(trials))
    model = single("recency", mean, 2.0, {"activity": "f00d"})
    return Trained(
        model,
        tried[0],
        tried,
        ("2017-04-03",),
        ("2017-09-04",),
        {"calibration.png": b"\x89PNG"},
        2100,
        7,
        2100,
        "single node, sample",
        "5a",
    )


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose tables exist: MLflow takes seconds to make them."""
    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    open_client(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def sink(empty_store: Path, tmp_path: Path) -> CandidateSink:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return CandidateSink(f"sqlite:///{tmp_path / 'mlflow.db'}", (tmp_path / "artifacts").as_uri())


def runs(sink: CandidateSink) -> list[Any]:
    client = open_client(sink.store)
    return list(client.search_runs([client.get_experiment_by_name("lapse").experiment_id], max_results=100))


def test_a_candidate_is_logged_registered_and_read_back(sink: CandidateSink, capfd: pytest.CaptureFixture[str]) -> None:
    assert not sink.exists(ASSET)
    with pytest.raises(HeadraceError, match=r"MODEL_MISSING: candidate\.lapse"):
        sink.read(ASSET, AT)
    receipt = sink.commit(ASSET, trained(), AT, TABLES)
    found = sink.read(ASSET, AT)
    assert (receipt.version, found.version, found.model, receipt.rows) == ("1", "1", trained().model, 2100)
    assert found.metrics == {"validation_auc": 0.8}
    (parent,) = (run for run in runs(sink) if "mlflow.parentRunId" not in run.data.tags)
    assert parent.data.tags.items() >= {
        ("headrace.features.activity", "12"), ("headrace.contract", "c0ffee"), ("headrace.run_id", "run-1"),
        ("features.activity", "f00d"), ("sha256", trained().model.sha256),
        ("headrace.fit", "single node, sample"), ("headrace.sample", "5a"),
    }  # fmt: skip
    assert parent.data.params == {
        "family": "logistic", "trial": "0", "seed": "7", "rows": "2100", "l2": "1.0",
        "fit": "single node, sample", "rows_there": "2100",
    }  # fmt: skip
    assert {item.path for item in open_client(sink.store).list_artifacts(parent.info.run_id)} == {
        "calibration.png", MODEL_FILE
    }  # fmt: skip
    children = [run for run in runs(sink) if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert {run.data.params["l2"] for run in children} == {str(10.0**-n) for n in range(12)}
    assert {run.info.start_time for run in runs(sink)} == {round(NOW.timestamp() * 1000)}
    assert "INFO" not in "".join(capfd.readouterr())


def test_the_same_value_twice_adds_nothing_and_an_earlier_identity_is_found_again(sink: CandidateSink) -> None:
    assert [sink.commit(ASSET, trained(trials=2), AT, TABLES).version for _ in range(2)] == ["1", "1"]
    assert len(runs(sink)) == 3
    assert sink.commit(ASSET, trained(8.0, trials=2), AT, TABLES).version == "2"
    assert sink.commit(ASSET, trained(trials=2), AT, TABLES).version == "1"
    assert sink.read(ASSET, AT).model == trained().model
    assert len(runs(sink)) == 6


@pytest.mark.parametrize("step", ["log_batch", "log_artifacts", "set_terminated", "create_model_version"])
def test_a_commit_that_was_killed_is_made_whole_by_the_next(
    sink: CandidateSink, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from mlflow import MlflowClient

    def die(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, step, die)
        with pytest.raises(KeyboardInterrupt):
            sink.commit(ASSET, trained(trials=2), AT, TABLES)
    assert sink.commit(ASSET, trained(trials=2), AT, TABLES).version == "1"
    assert len(runs(sink)) == 3
    assert {run.info.status for run in runs(sink)} == {"FINISHED"}
    assert sink.read(ASSET, AT).model == trained().model


def test_a_model_whose_file_was_changed_is_not_loaded(sink: CandidateSink, tmp_path: Path) -> None:
    sink.commit(ASSET, trained(trials=1), AT, TABLES)
    (file,) = tmp_path.joinpath("artifacts").rglob(MODEL_FILE)
    file.write_text(file.read_text().replace('"means":[9.0]', '"means":[1.0]'))
    with pytest.raises(HeadraceError, match="MODEL_TAMPERED: model lapse version 1"):
        sink.read(ASSET, AT)


class Refusing(socketserver.BaseRequestHandler):
    """Answers as PostgreSQL does where a password is wrong."""

    def handle(self) -> None:
        self.request.recv(1024)  # whether TLS is spoken
        self.request.sendall(b"N")
        self.request.recv(1024)  # who asks
        said = b'SFATAL\0C28P01\0Mpassword authentication failed for user "h"\0\0'
        self.request.sendall(b"E" + (len(said) + 4).to_bytes(4, "big") + said)


def test_a_database_that_refuses_is_told_at_once() -> None:
    pytest.importorskip("psycopg2")
    with socketserver.TCPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(HeadraceError, match="TRACKING_REFUSED") as refused:
            open_client(f"postgresql://h:hunter22@127.0.0.1:{server.server_address[1]}/runs")
    assert time.monotonic() - began < 5, "MLflow itself takes 100 s"
    assert 'password authentication failed for user "h"' in str(refused.value)
    assert "hunter22" not in str(refused.value)
    assert refused.value.exit_status == 2


def test_a_database_that_is_not_there_is_told_at_once() -> None:
    pytest.importorskip("psycopg2")
    with socketserver.TCPServer(("127.0.0.1", 0), Refusing) as server:
        port = server.server_address[1]
    with pytest.raises(HeadraceError, match="TRACKING_UNREACHABLE") as refused:
        open_client(f"postgresql://h:hunter22@127.0.0.1:{port}/runs")
    assert refused.value.exit_status == 75
    assert "hunter22" not in str(refused.value)
