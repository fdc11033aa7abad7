"""MLflow runs: the only place where they are written and read. A candidate is a run with a model, and its version."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from headrace.contracts.fingerprint import fingerprint
from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.training.fit import Trained
from headrace.training.model import ScoringModel
from headrace.training.search import Trial

CANDIDATE = "candidate"
"""The alias of the version that was committed last."""
MODEL_FILE = "model.json"
_DATABASES = ("postgresql", "mysql")
_MOST = 5_000
"""Characters that MLflow keeps of a tag."""


@dataclass(frozen=True)
class Candidate:
    """What training makes: the latest fitted version of a model."""

    model: str

    @property
    def name(self) -> str:
        """Unique in the graph."""
        return f"candidate.{self.model}"


@dataclass(frozen=True)
class Registered:
    """A version as it was read back and checked: its number, the model, its run and the run's metrics."""

    version: str
    model: ScoringModel
    metrics: Mapping[str, float]
    run_id: str
    sha256: str


def open_client(store: str) -> Any:
    """An MlflowClient of a store such as ``sqlite:////path/mlflow.db``; no global address is set.

    MLflow is made quiet here and nowhere else: telemetry and progress bars off (it reads the variables when imported),
    and no INFO lines about its database.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # a server's address may be a reference
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # SQLAlchemy 2.1 takes psycopg 3 for a plain postgresql: address; MLflow's driver, and the lock's, is psycopg2.
    address = store.replace("postgresql://", "postgresql+psycopg2://", 1) if store.startswith("postgresql:") else store
    if address.startswith(_DATABASES):
        _ask(address)
    return MlflowClient(tracking_uri=address, registry_uri=address)


@cache
def _ask(address: str) -> None:
    """Whether a database lets us in, once a process: MLflow itself would ask ten times, over 100 s, before it says so.

    Raises:
        HeadraceError: TRACKING_REFUSED where it answers no, TRACKING_UNREACHABLE where it does not answer within 10 s.
    """
    database: Any = import_module("mlflow.store.db.utils")
    engine = database.create_sqlalchemy_engine(f"{address}{'&' if '?' in address else '?'}connect_timeout=10")
    try:
        engine.connect().close()
    except database.sqlalchemy.exc.DBAPIError as error:
        problem = str(error.orig).strip().splitlines()[-1].strip()
        answered = any(sign in str(error.orig) for sign in ("FATAL", "denied"))
        raise HeadraceError("TRACKING_REFUSED" if answered else "TRACKING_UNREACHABLE", problem=problem) from None
    finally:
        engine.dispose()


def version_by_alias(client: Any, model: str, alias: str) -> Any | None:
    """MLflow's model version under an alias; None where the model or the alias does not exist."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(model, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def load_version(client: Any, model: str, version: Any) -> Registered:
    """A version with its model, whose bytes must have the hash that was recorded when it was registered.

    Raises:
        HeadraceError: MODEL_TAMPERED, MODEL_UNREADABLE, MODEL_FORMAT.
    """
    with tempfile.TemporaryDirectory() as folder:
        content = Path(client.download_artifacts(version.run_id, MODEL_FILE, folder)).read_bytes()
    found, recorded = sha256(content).hexdigest(), version.tags.get("sha256", "none")
    if found != recorded:
        raise HeadraceError("MODEL_TAMPERED", model=model, version=version.version, found=found, recorded=recorded)
    run = client.get_run(version.run_id)
    loaded = ScoringModel.from_json(content.decode("utf-8"))
    return Registered(str(version.version), loaded, dict(run.data.metrics), version.run_id, found)


class CandidateSink:
    """Candidates in an MLflow store, their files below a URI; below none where the store is a server that takes them."""

    def __init__(self, store: str, artifacts: str | None) -> None:
        self.store = store
        self.artifacts = artifacts

    def exists(self, asset: Candidate) -> bool:
        """Whether a candidate was ever committed."""
        return version_by_alias(open_client(self.store), asset.model, CANDIDATE) is not None

    def read(self, asset: Candidate, at: At) -> Registered:
        """The candidate that was committed last.

        Raises:
            HeadraceError: MODEL_MISSING, MODEL_TAMPERED.
        """
        client = open_client(self.store)
        version = version_by_alias(client, asset.model, CANDIDATE)
        if version is None:
            raise HeadraceError("MODEL_MISSING", asset=asset.name, hint="headrace run train_model")
        return load_version(client, asset.model, version)

    def commit(self, asset: Candidate, value: Trained, at: At, identity: Mapping[str, str]) -> Receipt:
        """One parent run, a child run a trial, and a model version; what the same identity has made is found again.

        A run that a crash left unfinished is deleted (MLflow keeps it as deleted) and made anew.
        """
        client = open_client(self.store)
        key = fingerprint([dict(identity), value.model.sha256])
        version = _known_version(client, asset.model, key)
        if version is None:
            run_id = _known_run(client, self._experiment(client, asset.model), key)
            run_id = run_id or self._log(client, asset.model, value, at, {**identity, "key": key})
            version = _register(client, asset.model, run_id, value.model.sha256, key)
        client.set_registered_model_alias(asset.model, CANDIDATE, str(version.version))
        note = {
            "run_id": version.run_id,
            "sha256": value.model.sha256,
            "validation_auc": value.metrics["auc"],
            "fit": value.fitted,
        }
        return Receipt(version=str(version.version), rows=value.rows, note=note)

    def _experiment(self, client: Any, model: str) -> str:
        found = client.get_experiment_by_name(model)
        if found is not None:
            return str(found.experiment_id)
        place = None if self.artifacts is None else f"{self.artifacts.rstrip('/')}/{model}"
        return str(client.create_experiment(model, artifact_location=place))

    def _log(self, client: Any, model: str, value: Trained, at: At, identity: Mapping[str, str]) -> str:
        experiment, now = self._experiment(client, model), _milliseconds(at)
        tags = {f"headrace.{name}": str(text)[:_MOST] for name, text in identity.items()}
        tags |= {f"features.{group}": mark for group, mark in value.model.fingerprints.items()}
        tags |= {"sha256": value.model.sha256, "headrace.run_id": at.run_id}
        tags |= {"headrace.fit": value.fitted, "headrace.sample": value.sample}
        tags |= {"train_cutoffs": _span(value.train_cutoffs), "validation_cutoffs": _span(value.validation_cutoffs)}
        run = client.create_run(experiment, start_time=now, tags=tags, run_name=f"{model} {at.run_id}").info.run_id
        for trial in value.trials:
            _log_trial(client, experiment, run, trial, now)
        validation = {f"validation_{name}": figure for name, figure in value.metrics.items()}
        params = {"family": value.winner.family, "trial": value.winner.number, "seed": value.seed, "rows": value.rows}
        fit = {"fit": value.fitted, "rows_there": value.rows_there}
        _log_values(client, run, {**params, **fit, **value.winner.params}, validation, now)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in {**value.pictures, MODEL_FILE: value.model.to_json().encode("utf-8")}.items():
                Path(folder, name).write_bytes(content)
            client.log_artifacts(run, folder)
        client.set_terminated(run, end_time=now)
        return str(run)


def _log_trial(client: Any, experiment: str, parent: str, trial: Trial, now: int) -> None:
    tags = {"mlflow.parentRunId": parent, "trial": str(trial.number)}
    name = f"trial {trial.number:03d} {trial.family}"
    run = client.create_run(experiment, start_time=now, tags=tags, run_name=name).info.run_id
    _log_values(client, run, {"family": trial.family, **trial.params}, {**trial.metrics, "seconds": trial.seconds}, now)
    client.set_terminated(run, end_time=now + round(trial.seconds * 1000))


def _log_values(client: Any, run: str, params: Mapping[str, Any], metrics: Mapping[str, float], now: int) -> None:
    from mlflow.entities import Metric, Param

    measured = [Metric(name, figure, now, 0) for name, figure in metrics.items()]
    client.log_batch(run, metrics=measured, params=[Param(name, str(value)) for name, value in params.items()])


def _known_version(client: Any, model: str, key: str) -> Any | None:
    found = client.search_model_versions(f"name = '{model}' AND tags.identity = '{key}'", max_results=1)
    return found[0] if found else None


def _known_run(client: Any, experiment: str, key: str) -> str | None:
    """A finished run of this identity; unfinished ones are deleted, with their trials."""
    for run in client.search_runs([experiment], f"tags.`headrace.key` = '{key}'"):
        if run.info.status == "FINISHED":
            return str(run.info.run_id)
        for child in client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"):
            client.delete_run(child.info.run_id)
        client.delete_run(run.info.run_id)
    return None


def _register(client: Any, model: str, run_id: str, digest: str, key: str) -> Any:
    if not client.search_registered_models(f"name = '{model}'"):
        client.create_registered_model(model)
    source = f"{client.get_run(run_id).info.artifact_uri}/{MODEL_FILE}"
    return client.create_model_version(model, source, run_id=run_id, tags={"sha256": digest, "identity": key})


def _milliseconds(at: At) -> int:
    return round(at.now.timestamp() * 1000)


def _span(cutoffs: tuple[str, ...]) -> str:
    return f"{len(cutoffs)} from {cutoffs[0]} to {cutoffs[-1]}"
