"""A graph that cannot work is refused before anything is run, with every fault at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from graph_fakes import job, run, table

from headrace.graph.job import Each, Job, Latest
from headrace.graph.lint import Fault, lint, upstream
from headrace.ground.config import Cost
from headrace.ground.errors import HeadraceError
from headrace.tables.landing import LandingZone
from headrace.tables.spec import Table

HERE = Path(__file__).resolve().parent
PROJECT = SimpleNamespace(root=HERE, config=SimpleNamespace(deadlines={}, cost=Cost()))
"""As much of a project as a graph is held to."""

ZONE, DATED = LandingZone("shop", HERE), Table("t.dated", "d", replaced_by="day")


def silent(inputs, at, project):  # what is wrong with it is that it says nothing
    return None


@pytest.mark.parametrize(
    ("graph", "problems"),
    [
        ((job("a"), replace(job("b"), name="a")), ["2 jobs are called 'a'"]),
        ((job("a"), replace(job("b"), outputs=(table("a"),))), ["'t.a' is written by 2 jobs: a, b"]),
        ((job("a", "z"),), ["job 'a' reads z = 't.z', which no job makes"]),
        ((replace(job("a"), run=silent),), ["job 'a': its run() has no docstring"]),
        (
            (job("a", every=Each(timedelta(hours=7))), job("b", every=Latest(timedelta(hours=36)))),
            [
                "job 'a': its intervals are neither whole days nor hours that make up a day",
                "job 'b': its intervals are neither whole days nor hours that make up a day",
            ],
        ),
        (
            (job("a"), job("b", "a", every=Each(timedelta(hours=6)))),
            ["job 'b' is done every 6h, but 't.a' is made every 1d; name it in history to read what was over by then"],
        ),
        (
            (job("a", every=Each(timedelta(hours=8))), job("b", "a", every=Each(timedelta(hours=12)))),
            ["job 'b' is done every 12h, but 't.a' is made every 8h; name it in history to read what was over by then"],
        ),
        (
            (Job("a", run, {"landed": ZONE}, (DATED,), every=Each(timedelta(hours=1)), history=("landed",)),),
            [
                "job 'a' is done every 1h, but 'landing.shop' lands by day of UTC",
                "job 'a': rows of 't.dated' name a day; stamped='within' or 'end'",
            ],
        ),
        (
            (Job("a", run, {"landed": ZONE}, (DATED,), every=Latest(timedelta(days=7), "Europe/London")),),
            [
                "job 'a' is done every 7d in Europe/London, but 'landing.shop' lands by day of UTC",
                "job 'a': rows of 't.dated' name a day; stamped='within' or 'end'",
            ],
        ),
        ((job("a", "b"), job("b", "a")), ["a cycle: a -> b -> a"]),
        ((job("a", "a"),), ["a cycle: a -> a"]),
        ((job("a"), job("b", "a", "d"), job("c", "b"), job("d", "c")), ["a cycle: b -> c -> d -> b"]),
        ((job("a", "z"), job("a", "y")), ["2 jobs are called", "is written by", "reads z", "reads y"]),
    ],
)
def test_each_fault_is_told(graph, problems):
    with pytest.raises(HeadraceError) as refused:
        lint(graph, PROJECT)
    assert refused.value.code == "GRAPH_INVALID"
    told = refused.value.parameters["problems"].splitlines()
    assert len(told) == len(problems)
    for line, problem in zip(told, problems, strict=True):
        assert problem in _turned(line, problem)


def _turned(line: str, problem: str) -> str:
    """A cycle may be printed from any of its jobs, in either direction: turned to where the expectation begins."""
    if "a cycle: " not in line:
        return line
    ring = line.partition("a cycle: ")[2].split(" -> ")[:-1]
    first = problem.partition("a cycle: ")[2].split(" -> ")[0]
    turned = ring[ring.index(first) :] + ring[: ring.index(first)] + [first]
    ways = (turned, turned[::-1])
    return next((f"a cycle: {' -> '.join(way)}" for way in ways if f"a cycle: {' -> '.join(way)}" == problem), line)


def test_each_fault_is_told_by_file_and_line():
    line = silent.__code__.co_firstlineno
    graph = (replace(job("a", "z"), run=silent), replace(job("b"), run=partial(silent, at=None), outputs=(table("a"),)))
    with pytest.raises(HeadraceError) as refused:
        lint(graph, PROJECT)
    told = refused.value.parameters["problems"].splitlines()
    assert told == [
        f"  - 't.a' is written by 2 jobs: a, b (test_lint.py:{line})",
        f"  - job 'a' reads z = 't.z', which no job makes (test_lint.py:{line})",
        f"  - job 'a': its run() has no docstring (test_lint.py:{line})",
        f"  - job 'b': its run() has no docstring (test_lint.py:{line})",
    ]
    abroad = Fault("x", (replace(job("a"), run=silent), replace(job("b"), run=print)))
    assert abroad.told(Path("/elsewhere")) == f"x ({HERE / 'test_lint.py'}:{line})", "of print there is no line"


def test_a_deadline_is_of_a_table_that_a_job_makes():
    project = SimpleNamespace(root=HERE, config=SimpleNamespace(deadlines={"t.a": None, "t.bb": None}, cost=Cost()))
    with pytest.raises(HeadraceError) as refused:
        lint((job("a"), job("b")), project)
    assert refused.value.parameters["problems"] == (
        "  - deadlines: 't.bb' is no table that a job makes. Did you mean 't.b'?"
    )


def test_a_graph_without_a_fault_passes_and_parts_of_a_table_have_a_writer_each():
    parts = [replace(table("q"), part=("source", name)) for name in ("x", "y")]
    graph = (replace(job("a"), outputs=(parts[0],)), replace(job("b"), outputs=(parts[1],)), job("c", "q"))
    lint(graph, PROJECT)
    with pytest.raises(HeadraceError, match="is written by 2 jobs: a, b"):
        lint((graph[0], replace(graph[1], outputs=(parts[0],)), graph[2]), PROJECT)


def test_days_of_a_zone_read_days_of_utc_and_weeks_of_utc_read_what_lands():
    weekly = Job("weekly", run, {"landed": ZONE}, (DATED,), every=Each(timedelta(days=7), begins="monday"))
    local = job("local", "dated", every=Each(timedelta(days=1), "Asia/Kolkata"))
    lint((weekly, local, job("hours", every=Each(timedelta(hours=1), "Asia/Kolkata")), job("below", "hours")), PROJECT)


def test_upstream_is_who_makes_what_a_job_reads():
    assert upstream((job("a"), job("b", "a"), job("c", "a", "b"))) == {"a": set(), "b": {"a"}, "c": {"a", "b"}}
