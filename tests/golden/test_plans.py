"""The physical plans of the graph's steps: how often a table is scanned, what a scan leaves out, what is shuffled and why."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from printed import hold, scans

from headrace.events.deduplicate import decide_outcomes, disputed_keys, identify
from headrace.events.ingest import earlier_events, read_files
from headrace.events.validate import check_rows
from headrace.features.carried import afresh, onward
from headrace.features.chain import chains_of
from headrace.features.groups import snapshots
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiling import tiles_table
from headrace.graph.job import Inputs
from headrace.ground.interval import DAY
from headrace.jobs import build_tiles as tiles_job
from headrace.scoring.score import join_groups
from headrace.training.dataset import build_labels, build_training_set

pytestmark = pytest.mark.spark


def files(frame):
    """How many files the frame's scans read, once pruned."""
    return len(frame.inputFiles())


@pytest.fixture(scope="module")
def landed(plans):
    """What landed, parsed and identified; and of the known events what a copy of it could repeat."""
    at = plans.at("2024-03-20", 2)
    files = sorted(str(path) for path in plans.project.landing.rglob("*.gz"))
    checked = check_rows(read_files(plans.spark, {None: files}, plans.source), plans.source)
    return identify(checked, plans.source), earlier_events(plans.events, plans.source, at.start)


def test_ingest_looks_for_copies_in_eight_bytes_a_row(plans, landed):
    disputed = disputed_keys(*landed)
    found = hold(
        "disputed",
        disputed,
        "One scan of the landed text; JSON is parsed by one generator, not once a column. Of known events only the key,",
        "of the partitions within the lateness (3 days) before the first landing day.",
        "One shuffle, of key hashes that were counted before it. No sort, no join: most rows are compared with none.",
    )
    assert (found["FileScan"], found["Exchange"], found["Generate"], found["Sort"]) == (2, 1, 1, 0)
    assert not [name for name in found if "Join" in name]
    columns, pruned = scans(disputed)[1]
    assert set(columns) == {"event_key", "landed_on", "event_date"}
    assert "(event_date >= 2024-03-17)" in pruned
    assert (files(plans.events), files(landed[1])) == (34, 3)


def test_rows_that_are_compared_are_shuffled_once(plans, landed):
    identified, known = landed
    found = hold(
        "decide",
        decide_outcomes(identified, plans.source, known),
        "Two shuffles, both by event key: the lines, and the known events that they are looked up in. Rank and first copy",
        "share one window; the join's partitioning serves it, so that it sorts but does not shuffle again.",
    )
    assert (found["FileScan"], found["Exchange"], found["Window"], found["Generate"]) == (2, 2, 1, 1)
    assert found["Sort"] == 3, "two for the join, one for the window's order"


def test_tiles_take_one_scan_of_new_events_and_one_shuffle(plans):
    at = plans.at("2024-03-20", 2)
    made = tiles_job.run(Inputs(lambda _: plans.events), at, plans.project)[tiles_table(plans.source)]
    found = hold(
        "tiles",
        made,
        "One scan of events for all feature groups: partitions from the lateness (3 days) before the first landing day,",
        "files by landing day. One shuffle, of cells that were aggregated before it. The sort is the table's layout.",
    )
    assert (found["FileScan"], found["Exchange"], found["ObjectHashAggregate"], found["Sort"]) == (1, 1, 2, 1)
    ((columns, pruned),) = scans(made)
    assert set(columns) == {"who", "paid", "landed_on", "event_date"}, "no column that no feature names"
    assert "(event_date >= 2024-03-17)" in pruned
    assert files(made) == 2, "of all files only those of the two landing days"


def test_the_roll_up_reads_each_state_once_and_joins_nothing(plans):
    group = plans.project.groups["one"]
    rolled = roll_up(plans.tiles, group, plans.source, Midnights(date(2024, 3, 21), 1, 2))
    found = hold(
        "rollup",
        rolled,
        "Three kinds of state are rolled up in three ways: what slides (count), sets (prices), what is spread (most).",
        "Each way scans the tiles for its own states, so a state's column is read once, and is shuffled by entity once:",
        "three scans, three shuffles of disjoint columns. From there on nothing is shuffled, for the union keeps the",
        "partitioning by entity, and nothing is joined. Two sorts, one for each window: a set's elements by time, and the",
        "changes by midnight; aggregates hash.",
    )
    assert (found["FileScan"], found["Exchange"], found["Union"]) == (3, 3, 1)
    assert (found["Window"], found["Sort"]) == (2, 2)
    assert not [name for name in found if "Join" in name or name == "SortAggregate"]
    read = [column for columns, _ in scans(rolled) for column in columns]
    states = [column for column in read if column not in ("who", "event_day", "arrival_day", "arrival_month")]
    assert len(states) == len(set(states)) == 3


def test_a_day_is_carried_on_without_the_history(plans):
    (chain,) = chains_of(plans.project.groups_of("visits"), plans.source, DAY)
    before, at = date(2024, 3, 30), date(2024, 3, 31)
    kept = afresh(chain, plans.tiles, before)
    plans.store.replace(chain.table, kept, plans.at("2024-03-29", 1).interval, {})
    made = onward(chain, plans.store.load(chain.table), plans.tiles, at, before)
    found = hold(
        "carried",
        made,
        "What was kept at the midnight before, and of the tiles the day that came and those that left a window (3 and 7",
        "days): one scan each, for all groups. One shuffle of each by entity; the cells are sorted by it and summed up in one",
        "go. The join hashes the smaller side: no window, and no sort of what was kept.",
    )
    assert (found["FileScan"], found["Exchange"], found["Sort"], found["SortAggregate"]) == (2, 2, 1, 1)
    assert found["ShuffledHashJoin"] == 1
    of_tiles = [path for path in made.inputFiles() if "/tiles/" in path]
    assert len(of_tiles) == 3, "the day that came, and those that left the windows of 3 and 7 days"


def test_labels_scan_the_events_of_their_windows_once(plans):
    known_until = datetime(2024, 6, 1, tzinfo=plans.project.span.start.tzinfo)
    made = build_labels(plans.events, plans.label, plans.source, known_until=known_until)
    found = hold(
        "labels",
        made,
        "One scan of events for eligibility and outcome alike, of the partitions from 9 days before the first cutoff to",
        "5 days after the last. Two shuffles: an entity's distinct reaches over the cutoffs, and its answers by cutoff.",
    )
    assert (found["FileScan"], found["Exchange"], found["Sort"]) == (1, 2, 0)
    assert not [name for name in found if "Join" in name]
    ((_, pruned),) = scans(made)
    assert "(event_date >= 2024-03-11)" in pruned
    assert "(event_date <= 2024-04-01)" in pruned
    assert files(made) == 22


def test_the_training_set_looks_each_group_up_once(plans):
    tables = {name: plans.features(name) for name in plans.project.groups}
    groups = plans.project.groups
    asked = (plans.labels, tables, plans.model, plans.label, plans.source.entity)
    made = build_training_set(*asked, groups=groups, snapshots=snapshots(plans.project))
    found = hold(
        "training",
        made,
        "Each of two groups: one scan of its table, of the columns that the model names and of the files from 7 days",
        "before the first cutoff to the last; one shuffle by entity, which looks it up without a join (see asof.txt);",
        "one by (entity, cutoff), to set what was found beside the labels. One more of the labels themselves: five.",
        "What nobody was found for gets the null rule's literals in a projection: nothing is joined or shuffled for it.",
    )
    assert found["Exchange"] == 5
    assert (found["Window"], found["SortMergeJoin"]) == (2, 2)
    assert not [name for name in found if "Nested" in name or "Cartesian" in name]
    read = [columns for columns, _ in scans(made) if "as_of" in columns]
    assert [set(columns) - {"who", "as_of", "as_of_month"} for columns in read] == [
        {"visitsone_3d", "mostone_7d"},
        {"visitstwo_7d"},
    ]
    assert {path.split("/")[-2] for path in made.inputFiles()} == {"as_of_month=2024-03-01"}, "no file of April"


def test_scores_join_the_groups_once_each(plans):
    tables = {name: plans.features(name) for name in plans.project.groups}
    as_of = datetime(2024, 3, 27, tzinfo=plans.project.span.start.tzinfo)
    made = join_groups(tables, plans.model.features, plans.source.entity, as_of, plans.project.groups)
    found = hold(
        "scores",
        made,
        "Two groups: one scan each, of the model's columns and the snapshot's file, and one shuffle by entity and instant.",
        "Whom one of them has never seen gets the null rule's literals in a projection after the join.",
    )
    assert (found["FileScan"], found["Exchange"], found["SortMergeJoin"]) == (2, 2, 1)
    assert files(made) == 2
