"""A run of literal steps, with a name that tries to be a tag and a failure that names somebody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from headrace.graph.job import Job
from headrace.graph.ledger import Entry, State
from headrace.graph.timeline import Timeline, timeline
from headrace.ground.interval import DAY, Interval
from headrace.tables.spec import Table

START = datetime(2024, 3, 1, 6, tzinfo=UTC)
EVIL = "<script>document.title = 'it ran'</script>"
SECRET = "ValueError: customer bob@example.com broke"
NAMES = ("land", "ingest_events", "build_tiles", "train_model", "score_users")


def node(name: str, *reads: str) -> Job:
    return Job(name, lambda *_: None, {read: Table(f"t.{read}", read) for read in reads}, (Table(f"t.{name}", name),))


GRAPH = (
    node("land"),
    node("ingest_events", "land"),
    node("build_tiles", "ingest_events"),
    node("train_model", "ingest_events"),
    node("score_users", "train_model", "build_tiles"),
)


def step(job: str, began: float, seconds: float, state: State = "done", note: str = "never done") -> Entry:
    day = Interval(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC) + DAY)
    ended = START + timedelta(seconds=began + seconds)
    return Entry(ended, "nightly-7", job, day, state, "s", seconds, 1000, 900, note=note)


def sample() -> Timeline:
    entries = (
        step("land", 0, 7),
        step("ingest_events", 8, 61),
        step("build_tiles", 70, 14, note=EVIL),
        step("train_model", 70, 36),
        step("score_users", 107, 3, "failed", SECRET),
    )
    return timeline(entries, "nightly-7", GRAPH)
