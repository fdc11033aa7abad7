"""A run that looks ahead: what it says, and the one alert that it leaves before a deadline is missed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny

from headrace.cli.alerts import keep_record, records
from headrace.cli.foreseeing import FORETOLD, Due, Foreseeing
from headrace.cli.loading import load_graph, open_project
from headrace.graph.foresight import Habit
from headrace.graph.job import Job
from headrace.graph.result import JobResult
from headrace.ground.deadline import read_deadline
from headrace.ground.errors import HeadraceError
from headrace.tables.spec import Table

TABLE = "scores.risk"
JOBS = (
    Job("tiles", lambda *_: None, {}, (Table("t.tiles", "m"),)),
    Job("score", lambda *_: None, {"tiles": Table("t.tiles", "m")}, (Table(TABLE, "m"),)),
)
SURE = {"tiles": Habit(3600.0, (1.0,)), "score": Habit(600.0, (1.0,))}


@dataclass
class Watched:
    """A run of two jobs that begins at 04:30 and has until 06:00, with a clock that is set."""

    clock: datetime = datetime(2024, 3, 1, 4, 30, tzinfo=UTC)
    said: list[str] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def begin(self, habits: dict[str, Habit] = SURE) -> Foreseeing:
        deadline = read_deadline("06:00")
        due = Due(TABLE, "score", deadline, deadline.after(self.clock))
        keep = self.kept.__setitem__
        ahead = Foreseeing("night", JOBS, {TABLE: deadline}, 2, 7, lambda: self.clock, self.said.append, keep)
        return replace(ahead, habits=habits, dues=[due])


def test_the_outlook_is_the_likely_finish_its_interval_and_the_slack() -> None:
    watched = Watched()
    (line,) = watched.begin().outlook()
    assert line == (
        "scores.risk: done about 05:40:00 UTC (05:40:00 to 05:40:00), 20 min before 06:00 UTC (2024-03-01 06:00 UTC)"
    )


def test_an_alert_comes_before_the_miss_once_and_names_who_eats_the_slack() -> None:
    watched = Watched()
    ahead = watched.begin()
    ahead.check()
    assert watched.kept == {}
    watched.clock += timedelta(minutes=82)
    ahead.events.finished(JobResult("tiles", "done", 82 * 60.0))
    ahead.check()
    ahead.check()
    ((name, about),) = watched.kept.items()
    assert name.startswith("deadline-")
    assert about["eats_the_slack"] == {"job": "tiles", "seconds": 1320}
    assert about["deadline"] == "2024-03-01T06:00:00Z"
    assert about["finish"]["likely"] > "2024-03-01T06:02:00Z"
    assert about["slack_seconds"] < 0
    (line,) = watched.said
    assert line.startswith("DEADLINE_FORETOLD: scores.risk is foretold to miss 06:00 UTC")
    assert "tiles costs 1320 s more than expected" in line


def test_the_end_says_whether_it_was_in_time() -> None:
    watched = Watched()
    ahead = watched.begin()
    watched.clock += timedelta(minutes=85)
    done = JobResult("score", "done", 600.0)
    ahead.events.finished(done)
    assert list(ahead.ended({"score": done})) == ["scores.risk: done in time, 5 min before 06:00 UTC"]
    assert list(ahead.ended({"score": JobResult("score", "failed")})) == [
        "scores.risk: not done; it is due at 06:00 UTC (2024-03-01 06:00 UTC)"
    ]


def test_records_are_files_of_their_own_kind(tmp_path: Path) -> None:
    project: Any = SimpleNamespace(home=tmp_path, name="shop", env="local")
    keep_record(project, "deadline-1", FORETOLD, {"run": "night", "table": TABLE})
    keep_record(project, "contract-1", "CONTRACT_CHANGED", {})
    (tmp_path / "alerts/half.json").write_text("{", encoding="utf-8")
    (found,) = records(project, FORETOLD)
    assert (found["run"], found["table"], found["project"], found["format_version"]) == ("night", TABLE, "shop", 1)
    assert json.loads((tmp_path / "alerts/contract-1.json").read_text())["code"] == "CONTRACT_CHANGED"


@pytest.mark.parametrize(
    ("deadlines", "code", "said"),
    [
        ("{features.visitng: '06:00'}", "GRAPH_INVALID", "Did you mean 'features.visiting'?"),
        ("{features.visiting: '6'}", "DOCUMENT_INVALID", "'6' is no deadline"),
        ("{features.visiting: '06:00 Europe/Berln'}", "DOCUMENT_INVALID", "Did you mean 'Europe/Berlin'?"),
    ],
)
def test_a_deadline_that_cannot_be_is_refused_with_what_is_meant(
    tmp_path: Path, deadlines: str, code: str, said: str
) -> None:
    root = tiny.make_project(tmp_path, days=0)
    with pytest.raises(HeadraceError) as raised:
        load_graph(open_project(root, "local", (f"deadlines={deadlines}",)))
    assert raised.value.code == code
    assert said in str(raised.value)
