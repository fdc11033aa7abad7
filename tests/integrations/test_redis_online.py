"""Features in a real Redis through Feast: exact, whole rows, removed when gone, back to an older snapshot, other views left alone;
the server or the publisher killed half-way, the server slow or full: said, and mended by the next publication."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from laid_features import SHOPPING, VISITING, caller, lay, make_project, midnight, visitor
from servers import LOOPBACK, answers, free_port, running

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed: make feast")

from redis import Redis

from headrace.ground.errors import HeadraceError
from headrace.serving.door import open_door
from headrace.serving.encoding import encode
from headrace.serving.registry import feature_store
from headrace.serving.repository import repository
from headrace.serving.views import views

MANY = 4000
SEEN = ["visits_3d", "visits_all"]


@contextmanager
def serving(folder: Path, port: int) -> Iterator[Redis]:
    """A server that keeps in ``folder`` what it was told, so that it knows it when it is started there again."""
    words = ["--port", str(port), "--bind", LOOPBACK, "--save", "", "--appendonly", "yes", "--appendfsync", "no"]
    with running(["redis-server", *words], folder, {"PATH": "/usr/bin:/bin"}, lambda _: answers(port)):
        yield Redis(LOOPBACK, port)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    free = free_port()
    with serving(tmp_path / "redis", free):
        yield free


class Shop:
    """The view ``visiting`` of many people in a Redis."""

    def __init__(self, folder: Path, port: int, *sets: str) -> None:
        self.project = make_project(folder, "online.store=redis", f"online.address={LOOPBACK}:{port}", *sets)
        lay(self.project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
        (self.view,) = views(self.project)
        self.made = repository(self.project, (self.view,))

    def publish(self, day: int, mark: str, people: range = range(MANY)) -> tuple[int, int]:
        door, row = open_door(self.project, self.made, self.view), visitor(1, day, seen_all=None, born_all="1990-01-01")
        rows = (row | {"who": who, "visits_3d": who, "visits_all": who * 100 + day} for who in people)
        return door.replace((encode(self.view, one, midnight(day), mark) for one in rows), 20, mark)

    def days(self) -> list[int | None]:
        """Of which day everybody's row is, once all of it is seen to be of one; None for nothing."""
        people = [{"who": who} for who in range(MANY)]
        found = (
            feature_store(self.project, self.made)
            .get_online_features([f"visiting:{n}" for n in SEEN], people)
            .to_dict()
        )
        rows = list(zip(*(found[name] for name in SEEN), strict=True))
        assert all(row == (None, None) or row[0] == who for who, row in enumerate(rows))
        return [None if row[1] is None else row[1] - who * 100 for who, row in enumerate(rows)]


def half_way(redis: Redis, before: int) -> None:
    """Wait until a publication has written a quarter of its rows."""
    end = time.monotonic() + 60
    while redis.info("commandstats").get("cmdstat_hset", {"calls": 0})["calls"] < before + MANY // 4:
        assert time.monotonic() < end
        time.sleep(0.002)


def written(redis: Redis) -> int:
    return int(redis.info("commandstats")["cmdstat_hset"]["calls"])


def test_the_server_is_killed_half_way_and_the_publisher_is(tmp_path):
    port = free_port()
    shop, said = Shop(tmp_path / "shop", port, "online.timeout=1"), []

    def publish() -> None:
        try:
            shop.publish(3, "v3")
        except HeadraceError as error:
            said.append(error)

    with serving(tmp_path / "redis", port) as redis:
        assert shop.publish(2, "v2") == (MANY, 0)
        assert shop.days() == [2] * MANY
        publisher, before = threading.Thread(target=publish), written(redis)
        publisher.start()
        half_way(redis, before)
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)
        publisher.join()
    assert [(one.code, one.exit_status, one.condition.retryable) for one in said] == [("ONLINE_STORE_SILENT", 75, True)]
    with serving(tmp_path / "redis", port) as redis:
        days = shop.days()
        assert sorted(set(days)) == [2, 3], "of both snapshots, each row of one"
        assert shop.publish(3, "v3 again", range(1, MANY)) == (MANY - 1, 1)
        assert shop.days() == [None] + [3] * (MANY - 1)

        before, child = written(redis), os.fork()
        if child == 0:
            try:
                shop.publish(4, "v4")
            finally:
                os._exit(0)
        half_way(redis, before)
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        assert {3, 4} <= set(shop.days())
        assert shop.publish(4, "v4 again", range(1, MANY)) == (MANY - 1, 1)
        assert shop.days() == [None] + [4] * (MANY - 1)
    with serving(tmp_path / "another", port):
        assert shop.days() == [None] * MANY, "a server that lost all of it"
        assert shop.publish(4, "v4 anew") == (MANY, 0)
        assert shop.days() == [4] * MANY


def test_a_server_that_is_slow_half_way_and_one_that_is_full(tmp_path, port):
    shop, redis = Shop(tmp_path / "shop", port, "online.timeout=0.3"), Redis(LOOPBACK, port)
    shop.publish(2, "v2")
    redis.client_pause(60_000, all=False)
    with pytest.raises(HeadraceError, match=r"ONLINE_STORE_SILENT.*Timeout"):
        shop.publish(3, "v3")
    assert shop.days() == [2] * MANY, "who reads is answered meanwhile"
    redis.client_unpause()
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] + 30_000)
    with pytest.raises(HeadraceError, match="ONLINE_STORE_REFUSED") as caught:
        shop.publish(3, "v3", range(2 * MANY))
    assert (caught.value.exit_status, caught.value.condition.retryable) == (1, False)
    assert set(shop.days()) <= {2, 3}
    redis.config_set("maxmemory", 0)
    assert shop.publish(3, "v3 again")[0] == MANY
    assert shop.days() == [3] * MANY


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
