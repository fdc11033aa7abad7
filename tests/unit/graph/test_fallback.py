"""What a job that needs classic Spark does without it: what it names, or nothing at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graph_fakes import job

from headrace.graph.job import fallback_of
from headrace.ground.errors import HeadraceError


def test_what_needs_classic_spark_says_what_it_does_instead():
    training = replace(job("train"), requires="classic", fallback="a smaller fit")
    assert fallback_of(training, classic=False) == "Spark Connect: a smaller fit"
    assert fallback_of(training, classic=True) == ""
    assert fallback_of(job("other"), classic=False) == ""


def test_a_job_without_a_fallback_is_refused_on_connect():
    with pytest.raises(HeadraceError, match="NEEDS_CLASSIC: job 'train' cannot run on Spark Connect"):
        fallback_of(replace(job("train"), requires="classic"), classic=False)


def test_of_the_demo_s_jobs_training_alone_needs_classic_spark():
    from pathlib import Path

    from headrace.cli.loading import load_graph, open_project

    graph = load_graph(open_project(Path(__file__).resolve().parents[3], "local"))
    assert {node.name: bool(node.fallback) for node in graph if node.requires} == {"train_model": True}
