"""The manifest of a graph: jobs in order, with what a caller has to know to run them elsewhere."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from itertools import permutations
from types import SimpleNamespace

import pytest
from graph_fakes import day, job
from tiny import make_project
from without_spark import headrace

from headrace.graph.job import Each, Latest, Once
from headrace.graph.manifest import FORMAT_VERSION, manifest
from headrace.graph.select import ordered
from headrace.ground.config import Engine, Spark
from headrace.ground.targets import Targets
from headrace.tables.spec import Table

CONFIG = SimpleNamespace(
    spark=Spark(settings={"b": "env:SECRET", "a": "1"}),
    engine=Engine(parallel_jobs=3, attempts=4),
    targets=Targets(schedule="30  5 * * 1"),
)
PROJECT = SimpleNamespace(
    name="shop", env="prod", graph="jobs.graph:graph", span=day(0, 7), config=CONFIG, tables_at="s3a://bucket/tables"
)


def test_a_job_is_told_with_all_that_a_caller_needs():
    train = job(
        "train", "features", every=Latest(timedelta(days=7)), exclusive=True, requires="classic", fallback="a sample",
        tags=("model",), history=("features",), lag=timedelta(hours=36),
    )  # fmt: skip
    found = manifest(PROJECT, (job("features"), train), ("seed=9", "cost.currency=EUR")).to_json()
    assert found["jobs"][1] == {
        "name": "train",
        "meaning": "Does nothing.",
        "upstream": ["features"],
        "inputs": {"features": "t.features"},
        "outputs": ["t.train"],
        "cadence": {"kind": "latest", "length": "7d"},
        "history": ["features"],
        "lag": "36h",
        "tables": ["t.train"],
        "tags": ["model"],
        "exclusive": True,
        "requires": "classic",
        "fallback": "a sample",
        "command": "headrace run train --env prod --set seed=9 --set cost.currency=EUR".split(),
    }
    assert found["format_version"] == FORMAT_VERSION
    assert (found["project"], found["environment"], found["graph"]) == ("shop", "prod", "jobs.graph:graph")
    assert found["span"] == {"from": "2017-01-01", "to": "2017-01-08"}
    assert found["resources"] == {
        "master": "local[2]",
        "settings": {"a": "1", "b": "env:SECRET"},
        "parallel_jobs": 3,
        "attempts": 4,
    }
    assert (found["warehouse"], found["targets"]["schedule"]) == ("s3a://bucket/tables", "30 5 * * 1")


@pytest.mark.parametrize(
    ("every", "told"),
    [
        (Each(), {"kind": "each", "length": "1d"}),
        (Each(timedelta(hours=6)), {"kind": "each", "length": "6h"}),
        (Latest(timedelta(days=14)), {"kind": "latest", "length": "14d"}),
        (Each(timedelta(days=1), "Asia/Tokyo"), {"kind": "each", "length": "1d", "zone": "Asia/Tokyo"}),
        (
            Latest(timedelta(days=7), "Asia/Tokyo"),
            {"kind": "latest", "length": "7d", "zone": "Asia/Tokyo", "begins": "monday"},
        ),
        (Each(timedelta(days=7), begins="sunday"), {"kind": "each", "length": "7d", "zone": "UTC", "begins": "sunday"}),
        (Each(timedelta(days=7)), {"kind": "each", "length": "7d"}),
        (Once(day(3, 2)), {"kind": "once", "from": "2017-01-04", "to": "2017-01-06"}),
    ],
)
def test_a_cadence_is_told_with_its_length_or_its_span(every, told):
    (node,) = manifest(PROJECT, (job("one", every=every),)).jobs
    assert node.cadence.to_json() == told


def test_a_part_of_a_table_is_an_output_of_its_own():
    part = Table("raw.quarantine", "Refused.", part=("source", "visits"))
    one = job("one")
    (node,) = manifest(PROJECT, (SimpleNamespace(**{**vars(one), "outputs": (part,), "meaning": "m"}),)).jobs
    assert node.outputs == ("raw.quarantine[visits]",)


def test_jobs_come_after_what_they_read_and_else_as_they_are_declared():
    jobs = (job("a"), job("b", "a"), job("c"), job("d", "b", "c"))
    for graph in permutations(jobs):
        names = [one.name for one in ordered(graph)]
        ready = [[one.name for one in graph if set(one.inputs) <= set(names[:at])] for at in range(len(names))]
        assert names == [next(n for n in ready[at] if n not in names[:at]) for at in range(len(names))]
    found = manifest(PROJECT, tuple(reversed(jobs)))
    assert [(node.name, node.upstream) for node in found.jobs] == [
        ("c", ()), ("a", ()), ("b", ("a",)), ("d", ("c", "b")),
    ]  # fmt: skip


def test_the_command_prints_the_same_bytes_in_every_process_and_needs_no_spark(tmp_path):
    root = make_project(tmp_path / "tiny", days=0)
    words = ("export", "manifest", "--project", str(root))
    printed = [headrace(*words, env={**os.environ, "PYTHONHASHSEED": seed}) for seed in ("1", "2", "3")]
    assert {status for status, _ in printed} == {0}
    assert len({text for _, text in printed}) == 1
    found = json.loads(printed[0][1])
    assert [one["name"] for one in found["jobs"]] == ["ingest_events", "build_tiles", "build_features"]
    assert found["jobs"][2]["upstream"] == ["build_tiles"]
    assert str(root) not in printed[0][1]
    file = tmp_path / "made/manifest.json"
    assert headrace(*words, "--output", str(file)) == (0, f"3 jobs in {file}.\n")
    assert file.read_text(encoding="utf-8") == printed[0][1]


def test_a_graph_that_lint_refuses_has_no_manifest(tmp_path):
    root = make_project(tmp_path / "tiny", days=0)
    graph = root / "tiny_graph.py"
    graph.write_text(graph.read_text().replace("(ingest_events, build_tiles", "(build_tiles"), encoding="utf-8")
    status, said = headrace("export", "manifest", "--project", str(root))
    assert (status, "GRAPH_INVALID" in said, "which no job makes" in said) == (2, True, True)
