"""The schedule of any graph: held to a run that is acted out second by second, and to what no schedule can beat."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.graph.job import Job
from headrace.graph.order import longest_path
from headrace.graph.schedule import makespan, schedule, speed_up_next
from headrace.tables.spec import Table


def table(name: str) -> Table:
    return Table(name=f"t.{name}", meaning=name)


@st.composite
def graphs(draw: Any) -> tuple[tuple[Job, ...], dict[str, float]]:
    """Up to nine jobs; each reads some of those before it. Seconds are whole, so that they can be counted."""
    jobs, seconds = [], {}
    for number in range(draw(st.integers(1, 9))):
        reads = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        name = f"j{number}"
        jobs.append(
            Job(
                name=name,
                run=lambda *_: None,
                inputs={f"j{read}": table(f"j{read}") for read in sorted(reads)},
                outputs=(table(name),),
                exclusive=draw(st.booleans()) and draw(st.booleans()),
            )
        )
        seconds[name] = float(draw(st.integers(1, 12)))
    return tuple(jobs), seconds


def acted_out(jobs: tuple[Job, ...], seconds: dict[str, float], lanes: int) -> dict[str, tuple[int, int]]:
    """Every second: who is through leaves; then those that are ready start, the one with most behind it first.

    Who wants to be alone and has nothing behind it goes behind all others.
    """

    def below(job: Job) -> float:
        readers = [one for one in jobs if job.name in one.inputs]
        return seconds[job.name] + max((below(one) for one in readers), default=0)

    def last(job: Job) -> bool:
        return job.exclusive and not any(job.name in one.inputs for one in jobs)

    spans: dict[str, tuple[int, int]] = {}
    now = 0
    while len(spans) < len(jobs):
        running = [job for job in jobs if job.name in spans and spans[job.name][1] > now]
        through = {name for name, (_, end) in spans.items() if end <= now}
        ready = [job for job in jobs if job.name not in spans and set(job.inputs) <= through]
        ready.sort(key=lambda job: (last(job), 0 if last(job) else -below(job), job.name))
        if ready and ready[0].exclusive:
            begin = ready[:1] if not running else []
        elif any(job.exclusive for job in running):
            begin = []
        else:
            begin = [job for job in ready if not job.exclusive][: lanes - len(running)]
        spans |= {job.name: (now, now + int(seconds[job.name])) for job in begin}
        now += 1
    return spans


@settings(max_examples=300, deadline=None)
@given(graphs(), st.integers(1, 4))
def test_a_schedule_is_what_a_run_acted_out_second_by_second_comes_to(graph, lanes):
    jobs, seconds = graph
    found = {name: (span.start, span.end) for name, span in schedule(jobs, seconds, lanes).items()}
    assert found == acted_out(jobs, seconds, lanes)


@settings(max_examples=300, deadline=None)
@given(graphs(), st.integers(1, 4))
def test_no_schedule_ends_before_its_longest_path_or_its_work_and_none_after_doing_one_after_another(graph, lanes):
    jobs, seconds = graph
    whole, work = makespan(jobs, seconds, lanes), sum(seconds.values())
    assert max(max(longest_path(jobs, seconds).values()), work / lanes) <= whole <= work
    assert makespan(jobs, seconds, 1) == work
    best = speed_up_next(jobs, seconds, lanes)
    assert best is None or 0 < best.seconds <= whole
