"""The tiny project with all eleven kinds of jobs of the demo: what lands is taken from a folder ``upstream``, and tables are tended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import tiny
import tiny_training

JOBS = (
    "land", "ingest_events", "build_tiles", "build_features", "build_training_set", "train_model", "validate_model",
    "release_model", "score_users", "monitor", "maintain",
)  # fmt: skip
GRAPH = '''\
"""All kinds of jobs; the first plays the system that files come from."""

import shutil

from headrace.contracts.fingerprint import fingerprint
from headrace.events.origin import landing_zone
from headrace.graph.job import Job, Once
from headrace.jobs import (
    build_features, build_tiles, build_training_set, ingest_events, maintain, monitor, release_model, score_users, train_model,
    validate_model,
)


def upstream(project):
    return sorted((project.root / "upstream").rglob("*.gz"))


def land(inputs, at, project):
    """Copies each file that is not there yet; a name with a dot before it is not one that has landed."""
    for file in upstream(project):
        landed = project.landing / "visits" / file.parent.name / file.name
        landed.parent.mkdir(parents=True, exist_ok=True)
        if not landed.exists():
            shutil.copy2(file, landed.with_name(f".{file.name}")).rename(landed)


def graph(project):
    zone = landing_zone(project, project.sources["visits"])
    files = fingerprint([file.name for file in upstream(project)])
    landing = Job("land", land, inputs={}, outputs=(zone,), every=Once(project.span), fingerprint=files)
    made = (part.job(project) for part in (ingest_events, build_tiles, build_features))
    parts = (build_training_set, train_model, validate_model, release_model, score_users, monitor)
    jobs = (landing, *made, *(job for part in parts for job in part.jobs(project)))
    return (*jobs, maintain.job(project, jobs))
'''
MAINTENANCE = "maintenance: {small_mebibytes: 1, least_files: 2}\n"
MODEL = "conf/contracts/models/going.yaml"


def make_project(folder: Path) -> Path:
    """The project before its first run; two small files of a partition are worth laying together."""
    tiny_training.make_project(folder)
    (folder / "tiny_graph.py").write_text(GRAPH, encoding="utf-8")
    base = folder / "conf/base.yaml"
    base.write_text(base.read_text(encoding="utf-8") + MAINTENANCE, encoding="utf-8")
    (folder / "home/landing/visits").rename(folder / "upstream")
    (folder / "home/landing").rmdir()
    return folder


def make_all_due(folder: Path) -> None:
    """A file that comes late for the third day, and a model that is searched for otherwise: every job is due again."""
    home = tiny.land(
        folder / "later", tiny.START + timedelta(days=2), "later", [tiny_training.visit(950, 1, 3, late=1)]
    )
    home.rename(folder / "upstream/2024-03-03/later.json.gz")
    model = folder / MODEL
    text = model.read_text(encoding="utf-8")
    assert "trials: 1," in text
    model.write_text(text.replace("trials: 1,", "trials: 2,"), encoding="utf-8")
