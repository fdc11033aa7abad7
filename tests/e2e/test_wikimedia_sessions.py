"""Readers of Wikipedia through contracts alone: the published numbers of sessions, to the digit, late lines included.

Short form: tests/oracle/test_windows.py holds sessions to their definition; test_online_retail.py is another company.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import foreign
import pytest

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]
DAY = timedelta(days=1)
HEADER = ["uuid", "ts", "url"]


@pytest.fixture(scope="module")
def views():
    """(reader, instant, landing day, line) as the file has them. One line in ten lands one or two days late.

    By a hash of the line, so that equal lines stay in one file: they are different views there, and copies elsewhere.
    """
    with gzip.open(foreign.shared_file("wikimedia_sessions/session_dataset.csv.gz"), "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows.pop(0) == HEADER
    found = []
    for row in rows:
        line = csv_line(row)
        late = {0: 1, 1: 2}.get(zlib.crc32(line.encode()) % 20, 0)
        at = datetime.fromisoformat(row[1]).replace(tzinfo=UTC)
        found.append((row[0], at, at.date() + late * DAY, line))
    return found


def csv_line(values):
    """One record as the file has it; a URL may hold a comma, and two of them hold a line break."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().removesuffix("\n")


@pytest.fixture(scope="module")
def project(spark, views, tmp_path_factory):
    """The project after one run of its graph."""
    from headrace.cli import main

    root = foreign.copy_project("wikimedia_sessions", tmp_path_factory.mktemp("wikimedia"))
    by_day = defaultdict(list)
    for _, _, landed, line in views:
        by_day[landed].append(line)
    for day, lines in by_day.items():
        foreign.land(root, "page_views", day, [csv_line(HEADER), *lines], "csv")
    assert main(["run", "--project", str(root)]) == 0
    return root


def table(spark, project, name):
    return spark.read.format("delta").load(str(project / "home/warehouse" / name.replace(".", "/")))


def sessions_of(instants, gap):
    """[(first, last)] of one reader's sessions, by walking the instants in order."""
    found = []
    for at in sorted(instants):
        if found and at - found[-1][1] < gap:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def by_reader(views, within=lambda at, landed: True):
    readers = defaultdict(list)
    for reader, at, landed, _ in views:
        if within(at, landed):
            readers[reader].append(at)
    return readers


@pytest.fixture(scope="module")
def last(spark, project):
    """Reader -> its row of the last snapshot, when all had arrived."""
    rows = table(spark, project, "features.reading").where("as_of = TIMESTAMP '2014-01-25 00:00:00Z'").collect()
    return {row["uuid"]: row for row in rows}


def test_every_line_is_an_event_equal_lines_too(spark, project, views):
    """Semantics 16: a source without ids keeps equal lines of one file apart."""
    assert len(views) - len({line for *_, line in views}) == 7
    tally = table(spark, project, "raw.tally").groupBy("outcome").sum("rows").collect()
    assert {row["outcome"]: row["sum(rows)"] for row in tally} == {"event": 63_524}


def test_the_published_numbers_of_sessions(last, views):
    """A gap of exactly 1,800 s begins a session: with ``>`` there would be 22,224, and 20,819 at an hour."""
    assert len(last) == 10_000
    assert sum(row["sessions_all"] for row in last.values()) == 22_226
    assert sum(row["long_sessions_all"] for row in last.values()) == 20_820


def test_each_readers_sessions_and_their_mean_length(last, views):
    for reader, instants in by_reader(views).items():
        half, hour = (sessions_of(instants, timedelta(minutes=minutes)) for minutes in (30, 60))
        seconds = sum((end - start).total_seconds() for start, end in half)
        row = last[reader]
        assert (row["sessions_all"], row["long_sessions_all"]) == (len(half), len(hour)), reader
        assert row["session_length_all"] == seconds / len(half), reader


def test_a_session_over_midnight_is_one_and_a_window_of_a_day_cuts_it(spark, project, views):
    """Each snapshot's last day as it was known then: its sum over days exceeds the sessions by those cut at midnight."""
    rows = table(spark, project, "features.reading").where("sessions_1d > 0").select("uuid", "as_of", "sessions_1d")
    found = {(row["uuid"], row["as_of"].date()): row["sessions_1d"] for row in rows.collect()}
    expected = {}
    for day in {at.date() for _, at, _, _ in views}:
        known = by_reader(views, lambda at, landed, day=day: at.date() == landed == day)
        for reader, instants in known.items():
            expected[reader, day + DAY] = len(sessions_of(instants, timedelta(minutes=30)))
    assert found == expected
    apart = sum(len(sessions_of(by, timedelta(minutes=30))) for by in by_days(views).values())
    assert apart > 22_226, "some sessions cross midnight, so counting days apart would count them twice"


def by_days(views):
    days = defaultdict(list)
    for reader, at, _, _ in views:
        days[reader, at.date()].append(at)
    return days
