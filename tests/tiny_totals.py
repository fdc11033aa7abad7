"""The tiny project with a table of its own below the features, and a file of its third day that should not have come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import tiny

GRAPH = '''\
"""The tiny graph, with a table of its own below the features."""

from headrace.features.groups import features_table
from headrace.graph.job import Job
from headrace.jobs import build_features, build_tiles, ingest_events
from headrace.tables.spec import Table

TOTALS = Table("own.totals", "Money by snapshot.", replaced_by="as_of", stamped="end")


def totals(inputs, at, project):
    """Adds up what everybody paid."""
    return inputs.values.where(TOTALS.predicate(at.interval)).groupBy("as_of").agg({"paid_7d": "sum"}).toDF("as_of", "paid")


def graph(project):
    own = Job("totals", totals, inputs={"values": features_table(project.groups["visiting"])}, outputs=(TOTALS,))
    return (*(part.job(project) for part in (ingest_events, build_tiles, build_features)), own)
'''
TABLES = ("features.visiting", "own.totals")


def make_project(folder: Path) -> Path:
    """Three days of the tiny project, with that graph."""
    project = tiny.make_project(folder, days=3)
    (project / "tiny_graph.py").write_text(GRAPH, encoding="utf-8")
    (project / "conf/base.yaml").write_text(tiny.FILES["conf/base.yaml"].replace("2024-03-11", "2024-03-04"))
    return project


def land_wrong(project: Path) -> Path:
    """The file."""
    wrong = [tiny.visit(900 + n, 2, n, paid="99.00") for n in range(6)]
    return tiny.land(project, tiny.START + timedelta(days=2), "wrong", wrong)
