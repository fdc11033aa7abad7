"""A job that nothing is due of is up to date, or waits: for a span that is not over, and it says until when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import tiny_training
from fake_run import doing, fake_run
from graph_fakes import START, day, entry, job, ledger_of
from rich.console import Console

from headrace.cli.choice import Choice
from headrace.cli.outcome import show_states
from headrace.cli.planned import Planned, to_json
from headrace.graph.forecast import Forecast, Makespan
from headrace.graph.job import Each, Job, Latest, Once
from headrace.graph.ledger import Ledger
from headrace.graph.lint import Graph
from headrace.graph.plan import not_ready, survey
from headrace.graph.project import load_project
from headrace.graph.result import JobResult
from headrace.graph.view import View, view
from headrace.graph.waiting import Wait, idle, wait
from headrace.ground.config import Cost
from headrace.ground.errors import DONE, NOT_READY
from headrace.ground.interval import DAY, WEEK, Interval
from headrace.jobs import build_training_set

LABEL = "label gone of 2017-01-05"
TRAIN = job("train", every=Once(day(0, 9), LABEL))
SCORE = job("score", "train", every=Latest())
TOLD = (
    f"train waits: {LABEL} is over on 2017-01-10; data until then is needed, and what is asked for ends on 2017-01-08"
)


def seen(graph: Graph, asked: Interval, ledger: Ledger | None = None, forced: tuple[str, ...] = ()) -> View:
    return view(graph, ledger or ledger_of(), lambda *_: None, asked, START, forced)


def test_a_label_that_matures_after_the_time_asked_for_is_waited_for_by_name() -> None:
    found = survey((TRAIN,), seen((TRAIN,), day(0, 7)), 400)
    assert (found.steps, found.not_ready) == ((), {})
    assert [one.told for one in found.waiting] == [TOLD]
    assert survey((TRAIN,), seen((TRAIN,), day(0, 9)), 400).waiting == (), "once its data is there, it is due"
    assert [step.job.name for step in survey((TRAIN,), seen((TRAIN,), day(0, 9)), 400).steps] == ["train"]


def test_what_was_done_of_the_whole_span_does_not_wait_for_it_again() -> None:
    done = ledger_of(entry("train", day(0, 9), "s"))
    assert wait(TRAIN, seen((TRAIN,), day(0, 7), done)) is None
    assert wait(TRAIN, seen((TRAIN,), day(0, 7), done, forced=("train",))) is not None, "but who forces it is told"
    other = ledger_of(entry("train", day(0, 6), "s"))
    assert wait(TRAIN, seen((TRAIN,), day(0, 7), other)) is not None, "of a contract with other cutoffs"


def test_what_reads_it_is_not_ready_and_says_what_is_waited_for() -> None:
    found = survey((TRAIN, SCORE), seen((TRAIN, SCORE), day(0, 7)), 400)
    (missing,) = found.not_ready["score"]
    told = not_ready("score", missing)
    assert told.startswith("UPSTREAM_WAITS: score needs train, which nothing is done of yet")
    assert TOLD in told
    alone = survey((SCORE,), seen((TRAIN, SCORE), day(0, 7)), 400)
    assert alone.not_ready["score"][0].waits == TOLD, "also where the run leaves the job out"
    late = survey((SCORE,), seen((TRAIN, SCORE), day(0, 9)), 400)
    assert late.not_ready["score"][0].waits == "", "its time has come: it is to be run first"


def test_a_week_that_is_not_over_is_waited_for_until_the_first_was_done() -> None:
    for weekly in (job("weekly", every=Each(WEEK)), job("weekly", every=Latest(WEEK))):
        assert wait(weekly, seen((weekly,), day(0, 7))) is None
        first, later = wait(weekly, seen((weekly,), day(0, 5))), wait(weekly, seen((weekly,), day(8, 5)))
        assert (first and first.until, later and later.until) == (START + WEEK, START + 3 * WEEK)
        assert wait(weekly, seen((weekly,), day(8, 5), ledger_of(entry("weekly", day(0, 7), "s")))) is None
    assert first
    assert first.told.startswith("weekly waits: 2017-01-01..2017-01-08, which it is done for, is over on")


def test_a_run_tells_it_with_the_job_s_state_and_its_status_is_that_of_the_others() -> None:
    faked = fake_run(doing("land", lambda at: None), doing("train", lambda at: None, every=Once(day(0, 9), LABEL)))
    assert faked.go() == DONE
    result = faked.run.results["train"]
    assert (result.state, faked.run.results["land"].state) == ("waits", "done")
    assert result.note.startswith(f"train waits: {LABEL} is over on 2017-01-10;")
    below = fake_run(doing("train", lambda at: None, every=Once(day(0, 9))), doing("score", lambda at: None, "train"))
    assert below.go() == NOT_READY
    assert "train waits: 2017-01-01..2017-01-10, which it is done for, is over" in below.run.results["score"].note


def shown(*results: JobResult) -> str:
    out = Console(record=True, width=400)
    show_states(out, Choice(Path(), "local"), results, "", DONE)
    return out.export_text()


def test_the_end_of_a_run_does_not_call_it_up_to_date() -> None:
    waits, rest = idle(TRAIN, seen((TRAIN,), day(0, 7))), JobResult("land", "up to date")
    assert shown(rest) == "Everything is up to date; nothing was done.\n"
    assert shown(rest, waits).splitlines() == ["Everything else is up to date; nothing was done.", TOLD]
    lines = shown(JobResult("land", "done", intervals=1), waits).splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["land", "done"], ["train", "waits"]]
    assert lines[-1] == TOLD


def test_a_plan_has_it_as_json() -> None:
    found = survey((TRAIN,), seen((TRAIN,), day(0, 7)), 400)
    forecast = Forecast((), (), 0.0, (), 0.0, (Makespan(1, 1, 0.0),), None)
    assert to_json(Planned(found, forecast, {}, Cost()))["waiting"] == {
        "train": {"on": LABEL, "until": "2017-01-10", "told": TOLD}
    }


def built(folder: Path, **cutoffs: str) -> Job:
    """The node of the tiny project's training set, with other cutoffs."""
    tiny_training.make_project(folder)
    path = folder / "conf/contracts/labels/gone.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in cutoffs.items():
        text = text.replace(f"{old}: 1d", f"{old}: {new}")
    path.write_text(text, encoding="utf-8")
    project = load_project(folder, "local")
    return build_training_set.job(project, project.models["going"])


def test_a_training_set_waits_for_its_last_label_at_its_time_of_day(tmp_path: Path) -> None:
    """Asked at noon in Berlin on the 7th, over a day later, three days for late events: known at the midnight after."""
    node = built(tmp_path, every="1d, at: '12:00', zone: Europe/Berlin")
    start, known = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 12, tzinfo=UTC)

    def waits(until: datetime) -> Wait | None:
        return wait(node, view((node,), ledger_of(), lambda *_: None, Interval(start, until), start))

    eve = known - DAY
    assert waits(eve) == Wait("build_training_set", "label gone of 2024-03-07, 12:00 Europe/Berlin,", known, eve)
    assert waits(known) is None
