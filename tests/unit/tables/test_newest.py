"""Where the newest rows of a table begin, by the statistics of what its last commits added."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from headrace.tables.log import TableLog
from headrace.tables.newest import recent_start


def commit(folder, version, *days):
    """A commit of a file a day of March 2024; None is a file without statistics, no day at all a commit without files."""
    log = folder / "_delta_log"
    log.mkdir(exist_ok=True)
    actions = [{"commitInfo": {"operation": "WRITE"}}]
    for day in days:
        stats = None if day is None else json.dumps({"minValues": {"as_of": f"2024-03-{day:02}T00:00:00.000Z"}})
        actions.append({"add": {"path": f"{version}-{day}", "stats": stats}})
    (log / f"{version:020}.json").write_text("".join(json.dumps(one) + "\n" for one in actions))


def start(folder):
    return recent_start(TableLog(folder), "as_of")


def test_it_is_the_greatest_of_the_last_commits_however_many_there_are(tmp_path, monkeypatch):
    assert start(tmp_path) is None
    for version in range(100):
        commit(tmp_path, version, 1 + version // 5)
    commit(tmp_path, 100, 3)  # filled in behind
    commit(tmp_path, 101)  # properties alone
    opened = []
    monkeypatch.setattr("headrace.tables.newest.actions_of", lambda path: opened.append(path) or _actions(path))
    assert start(tmp_path) == datetime(2024, 3, 20, tzinfo=UTC)
    assert len(opened) == 32


def test_it_is_not_known_where_nothing_says_so(tmp_path):
    commit(tmp_path, 0, None)
    assert start(tmp_path) is None
    assert recent_start(TableLog(None), "as_of") is None


def _actions(path):
    return map(json.loads, path.read_text().splitlines())
