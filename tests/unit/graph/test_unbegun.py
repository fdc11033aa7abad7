"""A model over a group whose history is still to be made anew is held back, and told by name which days have no values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tiny
import tiny_training
from agreed import agree
from fake_run import doing, fake_run
from graph_fakes import START, day, entry, job, ledger_of, table

from headrace.graph.job import Job, Once
from headrace.graph.ledger import RESTORED, Ledger
from headrace.graph.lint import Graph
from headrace.graph.origin import Origin
from headrace.graph.plan import Plan, not_ready, survey
from headrace.graph.project import Project, load_project
from headrace.graph.unbegun import Unbegun, unbegun
from headrace.graph.view import View, view
from headrace.ground.errors import NOT_READY
from headrace.ground.interval import DAY, Interval
from headrace.ground.zones import midnight
from headrace.jobs import build_features, build_tiles, build_training_set, ingest_events, score_users

ONE, BOTH = {"group t.one": 1}, {"group t.one": 1, "group t.two": 1}
TILES = job("tiles", fingerprint="both", contracts=BOTH)
FEATURES = Job(
    "features", lambda *_: None, {"tiles": table("tiles")}, (table("one"), table("two")), fingerprint="both",
    contracts=BOTH, history=("tiles",),
)  # fmt: skip
SCORE = job("score", "two", begun={"two": "group t.two"}, contracts={"model going": 1})
TRAIN = job("train", "two", begun={"two": "group t.two"}, every=Once(day(0, 6)), contracts={"model going": 1})
OTHER = job("other", "one", begun={"one": "group t.one"})
GRAPH = (TILES, FEATURES, SCORE, TRAIN, OTHER)


def ledger(days: int = 5, anew: int = 0) -> Ledger:
    """So many days of one group, of which the first ``anew`` tiles were made anew with both."""
    found = []
    for n in range(days):
        found.append(entry("tiles", day(n), "t", origin=Origin("one", ONE)))
        made = entry("features", day(n), "f", origin=Origin("one", ONE))
        found.append(replace(made, outputs={"t.one": "1"}))
    found += [entry("tiles", day(n), "T", minute=1, origin=Origin("both", BOTH)) for n in range(anew)]
    return ledger_of(*found)


def planned(asked: Interval, known: Ledger, graph: Graph = GRAPH) -> Plan:
    return survey(graph, view(GRAPH, known, lambda *_: None, asked, START), 400)


def test_a_refreshed_day_of_a_group_that_has_not_begun_holds_its_readers_back_and_no_others() -> None:
    found = planned(day(5), ledger())
    assert set(found.not_ready) == {"score", "train"}
    assert [step.job.name for step in found.steps] == ["tiles", "features", "other"]
    (lacks,) = found.not_ready["score"]
    assert lacks.unbegun == Unbegun("group t.two", "model going", (day(5),))
    told = not_ready("score", lacks)
    assert "GROUP_NOT_BEGUN: score: model going reads group t.two, which has no values as of 2017-01-07" in told
    assert "let the backfill end: headrace run --to DAY" in told
    (lacks,) = found.not_ready["train"]
    assert lacks.unbegun is not None
    assert lacks.unbegun.days == "2017-01-02 to 2017-01-07 (6 snapshots)"


def test_the_whole_run_makes_all_anew_and_holds_nothing_back() -> None:
    found = planned(day(0, 6), ledger())
    assert (dict(found.not_ready), {step.job.name for step in found.steps}) == ({}, {one.name for one in GRAPH})


def test_a_piece_of_the_backfill_has_values_and_a_day_behind_a_gap_has_none() -> None:
    """Tiles of days 0 to 2 are anew; a run of day 2 has all behind it, one of day 5 has not, and 3 and 4 are as they were."""
    assert dict(planned(day(2), ledger(anew=2)).not_ready) == {}, "the set is of six days: it is not asked for"
    assert planned(day(5), ledger(anew=3)).not_ready.keys() == {"score", "train"}
    assert dict(planned(day(3, 3), ledger(anew=3), (*GRAPH[:3], OTHER)).not_ready) == {}, "tiles of 3 to 5 come first"


def test_what_is_done_without_the_output_is_told_in_stretches() -> None:
    left = [replace(entry("features", day(n), "F", minute=2), outputs={"t.one": "2", "t.two": "1"}) for n in (1, 3)]
    known = ledger(anew=5)
    known.append(left)
    asked = view(GRAPH, known, lambda *_: None, day(0, 6), START)
    (found,) = unbegun(TRAIN, day(0, 6), asked)
    assert found.intervals == (day(0), day(2), day(4))
    assert found.days == "2017-01-02, 2017-01-04, 2017-01-06"
    many = Unbegun("group t.two", "model going", tuple(day(n) for n in (0, 2, 4, 6, 8)))
    assert many.days == "2017-01-02, 2017-01-04, 2017-01-06, 2 more stretches"


def test_what_a_history_of_tables_gave_back_says_nothing_of_outputs() -> None:
    back = ledger_of(
        *(replace(entry("features", day(n), "f"), outputs={"t.one": "1"}, note=RESTORED) for n in range(6))
    )
    assert unbegun(TRAIN, day(0, 6), view(GRAPH, back, lambda *_: None, day(0, 6), START)) == ()


def test_who_is_up_to_date_is_not_held_back_and_who_is_forced_is() -> None:
    known = ledger(6, anew=6)
    look = view(GRAPH, known, lambda *_: None, day(5), START)
    settled = survey((SCORE,), look, 400)
    assert settled.not_ready.keys() == {"score"}
    forced = survey((SCORE,), view(GRAPH, known, lambda *_: None, day(5), START, forced=("score",)), 400)
    assert forced.not_ready.keys() == {"score"}


def test_a_run_leaves_the_job_alone_and_its_status_says_so() -> None:
    def left(at: object) -> dict[object, str]:
        return {table("one"): "rows"}

    both = replace(doing("features", left), outputs=(table("one"), table("two")))
    reader = doing("score", lambda at: None, "two", begun={"two": "group t.two"})
    faked = fake_run(both, reader, days=1)
    assert faked.go() == NOT_READY
    result = faked.run.results["score"]
    assert (result.state, result.note.partition(":")[0]) == ("not ready", "GROUP_NOT_BEGUN")


SPENDING = (
    "team: t\ngroup: spending\nversion: 1\nowner: a@example.com\npurpose: Money.\nentity: [who]\nsource: visits\nfeatures:\n"
    "  - {name: most, meaning: m, aggregate: max, expression: paid, windows: [3d]}\n"
)
LAST = midnight(tiny.START, "UTC") + 9 * DAY


def graph_of(project: Project) -> Graph:
    made = (part.job(project) for part in (ingest_events, build_tiles, build_features))
    return (*made, *build_training_set.jobs(project), *score_users.jobs(project))


def seen(project: Project, known: Ledger, start: int) -> View:
    asked = Interval(project.span.start + start * DAY, project.span.end)
    return view(
        graph_of(project), known, lambda asset, _: "v" if "release" in asset.name else None, asked, project.span.start
    )


def test_the_jobs_of_a_model_name_the_groups_that_they_read(tmp_path: Path) -> None:
    """The tiny project, whose model takes up a group that came today."""
    folder = tiny_training.make_project(tmp_path)
    before, known = load_project(folder, "local"), ledger_of()
    for step in survey(graph_of(before), seen(before, known, 0), 400).steps:
        made = {output.name: "1" for output in step.job.outputs}
        whole = replace(entry(step.job.name, step.interval, "s"), outputs=made)
        known.append(step.entries(whole))
    model = folder / "conf/contracts/models/going.yaml"
    (folder / "conf/contracts/features/spending.yaml").write_text(SPENDING)
    model.write_text(model.read_text().replace("paid_7d]}", "paid_7d], spending: [most_3d]}"))
    agree(folder)
    after = load_project(folder, "local")
    found = survey(graph_of(after), seen(after, known, 9), 400)
    reader, days = (
        "model going",
        {"build_training_set": "2024-03-02 to 2024-03-11 (10 snapshots)", "score_users": "2024-03-11"},
    )
    assert {
        name: [(one.unbegun.contract, one.unbegun.reader, one.unbegun.days) for one in lacks if one.unbegun]
        for name, lacks in found.not_ready.items()
    } == {name: [("group t.spending", reader, told)] for name, told in days.items()}
    assert dict(survey(graph_of(after), seen(after, known, 0), 400).not_ready) == {}
