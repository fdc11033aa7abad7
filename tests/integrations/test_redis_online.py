"""Features in a real Redis through Feast: exact, whole rows, removed when gone, back to an older snapshot, other views left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from laid_features import SHOPPING, VISITING, caller, lay, make_project, midnight, visitor
from servers import LOOPBACK, answers, free_port, running

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed: make feast")

from headrace.serving.door import open_door
from headrace.serving.encoding import encode
from headrace.serving.registry import feature_store
from headrace.serving.repository import repository
from headrace.serving.views import views


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    free = free_port()
    command = ["redis-server", "--port", str(free), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"]
    with running(command, tmp_path / "redis", {"PATH": "/usr/bin:/bin"}, lambda _: answers(free)):
        yield free


def test_a_view_is_published_removed_and_taken_back(tmp_path, port):
    project = make_project(tmp_path / "shop", "online.store=redis", f"online.address={LOOPBACK}:{port}")
    lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
    lay(project.warehouse / "features/shopping", SHOPPING, [caller(1, "a", 2)])
    known = {view.name: view for view in views(project)}
    made = repository(project, tuple(known.values()))
    store = feature_store(project, made)

    def publish(view, rows, day, mark):
        door = open_door(project, made, known[view])
        plain = [{**row, "seen_all": None, "born_all": str(row.get("born_all"))} for row in rows]
        return door.replace((encode(known[view], row, midnight(day), mark) for row in plain), 2, mark)

    def asked(people):
        names = ["visiting:visits_3d", "visiting:visits_all"]
        found = store.get_online_features(names, [{"who": who} for who in people]).to_dict()
        return list(zip(found["visits_3d"], found["visits_all"], strict=True))

    assert publish("shopping", [caller(1, "a", 2)], 2, "other") == (1, 0)
    assert publish("visiting", [visitor(who, 3) for who in (1, 2, 3)], 3, "v2") == (3, 0)
    assert asked([1, 2, 3]) == [(1, 103), (2, 203), (3, 303)]
    assert publish("visiting", [visitor(who, 3) for who in (1, 2, 3)], 3, "v2") == (3, 0)
    assert publish("visiting", [visitor(who, 2) for who in (1, 3)], 2, "v1") == (2, 1), "an older snapshot, without one"
    assert asked([1, 2, 3]) == [(1, 102), (None, None), (3, 302)]
    calls = store.get_online_features(["shopping:calls_7d"], [{"who": 1, "shop": "a"}]).to_dict()
    assert calls["calls_7d"] == [12]
