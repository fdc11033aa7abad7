"""A selector names a part of a graph, always in an order in which it can be run."""

from __future__ import annotations

import pytest
from graph_fakes import job

from headrace.graph.select import ordered, select
from headrace.ground.errors import HeadraceError

GRAPH = (
    job("score", "train", "features", tags=("daily",)),
    job("train", "features", tags=("model",)),
    job("features", "tiles", tags=("daily",)),
    job("tiles", "ingest"),
    job("ingest", tags=("daily",)),
)


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        (None, ["ingest", "tiles", "features", "train", "score"]),
        ("features", ["features"]),
        ("features+", ["features", "train", "score"]),
        ("+features", ["ingest", "tiles", "features"]),
        ("+train+", ["ingest", "tiles", "features", "train", "score"]),
        ("score+", ["score"]),
        ("+ingest", ["ingest"]),
        ("tag:daily", ["ingest", "features", "score"]),
    ],
)
def test_a_selector_names_jobs_in_order(selector, names):
    assert [job.name for job in select(GRAPH, selector)] == names


def test_each_job_comes_after_what_it_reads():
    assert [job.name for job in ordered(GRAPH)] == ["ingest", "tiles", "features", "train", "score"]


@pytest.mark.parametrize(
    ("selector", "job", "hint"),
    [
        ("feature", "feature", "Did you mean 'features'?"),
        ("+tile+", "tile", "Did you mean 'tiles'?"),
        ("tag:dayly", "tag:dayly", "Did you mean 'daily'?"),
        ("", "", "Known: features, ingest, score, tiles, train."),
        ("tag:", "tag:", "Known: daily, model."),
    ],
)
def test_what_names_nothing_is_refused_with_the_nearest(selector, job, hint):
    with pytest.raises(HeadraceError) as refused:
        select(GRAPH, selector)
    assert refused.value.code == "JOB_UNKNOWN"
    assert refused.value.parameters == {"job": job, "hint": hint}
