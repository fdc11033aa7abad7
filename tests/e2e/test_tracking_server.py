"""MLflow behind a server (a sqlite one here; PostgreSQL's is in tests/integrations): candidates, champions, the way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import servers

from headrace.ground.asset import At
from headrace.ground.interval import Interval
from headrace.release.registry import Champion, ChampionSink, Promotion
from headrace.training.fit import Trained
from headrace.training.model import single
from headrace.training.search import Trial
from headrace.training.tracking import Candidate, CandidateSink, open_client

pytestmark = [pytest.mark.slow, pytest.mark.e2e]
NOON = datetime(2017, 10, 2, 12, tzinfo=UTC)
MODEL = "lapse"


class ListedRows:
    """The decision ledger's port over a list."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def read_rows(self, table):
        return [dict(row) for row in self.rows]

    def append_rows(self, table, rows, schema):
        self.rows += rows


def at(hour: int) -> At:
    return At(Interval(NOON - timedelta(days=1), NOON), f"run-{hour}", NOON + timedelta(hours=hour), 7)


def test_candidates_and_champions_live_behind_a_server(tmp_path):
    """Files go to the server, not to a folder of this machine, and come back with the hash that was recorded."""
    with servers.mlflow_server(tmp_path, f"sqlite:///{tmp_path / 'runs.db'}") as uri:
        candidates, champions = CandidateSink(uri, None), ChampionSink(uri, ListedRows())
        for hour, mean in enumerate((1.0, 2.0)):
            trial = Trial(0, "logistic", {}, {"auc": 0.8}, 0.1)
            model = single("recency", mean, 1.0, {})
            fitted = Trained(model, trial, (trial,), ("a",), ("b",), {}, 10, 7, 10, "distributed, all rows", "5a")
            version = candidates.commit(Candidate(MODEL), fitted, at(hour), {"contract": "c"}).version
            champions.commit(Champion(MODEL), Promotion(MODEL, version, "passed"), at(hour), {})
        assert champions.read(Champion(MODEL), at(3)).model == single("recency", 2.0, 1.0, {})
        assert champions.rollback(MODEL, at(4)).version == "1"
        assert champions.read(Champion(MODEL), at(5)).model == single("recency", 1.0, 1.0, {})
        run = open_client(uri).get_run(champions.read(Champion(MODEL), at(5)).run_id)
        assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    assert len(list((tmp_path / "files").rglob("model.json"))) == 2
