"""The graphs of ``make bench-graph`` take as long as is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.graphs.naps import Nap, Naps, chain, layered
from benchmarks.graphs.running import Ran

from headrace.cli.loading import load_graph, open_project
from headrace.graph.order import longest_path
from headrace.graph.schedule import makespan


def test_a_bound_is_the_longest_path_or_the_work_of_a_slot() -> None:
    naps = Naps({"a": Nap(4), "b": Nap(1), "c": Nap(2, ("a", "b")), "d": Nap(3, ("b",))})
    assert (naps.work, naps.critical) == (10, 6)
    assert [naps.bound(slots) for slots in (1, 2, 4)] == [10, 6, 6]
    assert chain(3, 2).bound(2) == 6


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_the_bench_asks_of_the_engine_what_its_own_schedule_can_give(tmp_path: Path, slots: int) -> None:
    """A list schedule without any overhead stays within the bar, so a run that doesn't has overhead to lose."""
    naps = layered(3, 4, 10, 30)
    graph = load_graph(open_project(naps.put(tmp_path), "local"))
    seconds = {name: nap.seconds for name, nap in naps.jobs.items()}
    assert max(longest_path(graph, seconds).values()) == pytest.approx(naps.critical)
    assert naps.bound(slots) <= makespan(graph, seconds, slots) <= 1.1 * naps.bound(slots)


def test_a_run_is_measured_from_its_plan_to_the_end_of_its_last_job() -> None:
    at = "2024-03-01T00:00:{:09.6f}Z".format
    events = [(1, "run began"), (3, "planned"), (9.5, "step ended"), (9.75, "job ended"), (10, "run ended")]
    ran = Ran(
        15.0, "", tuple({"time": at(second), "event": event, "job": "a", "seconds": 6.5} for second, event in events)
    )
    assert (ran.span, ran.began, ran.steps) == (6.75, 8.0, {"a": 6.5})
