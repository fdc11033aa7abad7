"""An online store that is down, slow, held, or dies half-way: what is said, what readers see, and what the next publication mends."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing

import pytest
from laid_features import VISITING, lay, make_project, visitor
from servers import LOOPBACK, free_port

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed")

from test_online_rows import asked, published

from headrace.ground.errors import HeadraceError

SEEN = ["visits_3d", "visits_all"]


@pytest.fixture
def shop(tmp_path):
    def made(*sets):
        project = make_project(tmp_path, *sets)
        lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
        return project

    return made


def values(project, people):
    return [tuple(row[name] for name in SEEN) for row in asked(project, people, features=SEEN)]


def test_a_store_that_dies_half_way_leaves_whole_rows_and_the_next_publication_mends_it(shop, monkeypatch):
    from feast.infra.online_stores import sqlite

    project = shop()
    published(project, [visitor(who, 2) for who in (1, 2, 3, 4)], 2, "v1")
    before, after = ([(who, who * 100 + day) for who in (1, 2, 3, 4)] for day in (2, 3))
    count, encoded = iter(range(1000)), sqlite.serialize_entity_key

    def dying(*words, **more):
        if next(count) == 3:  # in the second batch, after the first of its two entities
            raise sqlite3.OperationalError("disk I/O error")
        return encoded(*words, **more)

    with monkeypatch.context() as faulty:
        faulty.setattr(sqlite, "serialize_entity_key", dying)
        with pytest.raises(HeadraceError, match="disk I/O error") as caught:
            published(project, [visitor(who, 3) for who in (1, 2, 3, 4)], 3, "v2")
    assert (caught.value.code, caught.value.condition.retryable) == ("ONLINE_STORE_SILENT", True)
    assert values(project, [1, 2, 3, 4]) == [*after[:2], *before[2:]]
    assert published(project, [visitor(who, 3) for who in (1, 2, 3, 4)], 3, "v2") == (4, 0)
    assert values(project, [1, 2, 3, 4]) == after


def test_a_file_that_somebody_else_writes_is_said_to_be_held_and_readers_go_on(shop):
    project = shop()
    published(project, [visitor(1, 2)], 2, "v1")
    with closing(sqlite3.connect(project.home / "feast/online.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HeadraceError, match="locked") as caught:
            published(project, [visitor(1, 3)], 3, "v2")
        assert values(project, [1]) == [(1, 102)]
    assert caught.value.code == "ONLINE_STORE_SILENT"


def test_a_file_that_is_no_database_is_refused_for_good(shop):
    project = shop()
    published(project, [visitor(1, 2)], 2, "v1")
    for name in ("online.db", "online.db-wal", "online.db-shm"):
        (project.home / "feast" / name).write_bytes(b"no database" * 100)
    with pytest.raises(HeadraceError) as caught:
        published(project, [visitor(1, 3)], 3, "v2")
    assert (caught.value.code, caught.value.condition.retryable) == ("ONLINE_STORE_REFUSED", False)


def test_a_redis_that_is_down_and_one_that_never_answers(shop):
    for listening in (False, True):
        with socket.socket() as server:
            server.bind((LOOPBACK, 0))
            port = server.getsockname()[1] if listening else free_port()
            if listening:
                server.listen()
            project = shop("online.store=redis", f"online.address={LOOPBACK}:{port}", "online.timeout=0.2")
            with pytest.raises(HeadraceError) as caught:
                published(project, [visitor(1, 2)], 2, "v1")
        assert (caught.value.code, caught.value.exit_status) == ("ONLINE_STORE_SILENT", 75)
        assert f"redis at {LOOPBACK}:{port}" in str(caught.value)
