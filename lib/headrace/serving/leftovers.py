"""What is online and should not be: entities that the last publication does not have, features that a view has no more.

Feast writes entities and drops whole views; of one entity it removes nothing. So this speaks to the stores themselves, in
the layout that Feast documents: of sqlite a row an entity and feature, of Redis a hash an entity and in it a field a feature.
What is removed of one entity goes in one step.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from headrace.serving.encoding import MARK

_AT_ONCE = 1000
_GLOB = re.compile(rb"([*?\[\]\\^-])")


class Leftovers(Protocol):
    """The leftovers of one view in one kind of store."""

    def expect(self, features: Iterable[str]) -> None:
        """Told before anything is written: which features there will be."""
        ...

    def sweep(self, features: Iterable[str], mark: bytes) -> int:
        """Remove what does not bear the publication's mark, and other features; how many entities went."""
        ...


class SqliteLeftovers:
    """Of a sqlite file. Its journal is a write-ahead log: whoever reads is never held up by whoever writes."""

    def __init__(self, file: Path, table: str) -> None:
        self._file, self._table = file, '"{}"'.format(table.replace('"', '""'))

    def expect(self, features: Iterable[str]) -> None:
        """Only the journal: each row says of which feature it is."""
        with closing(sqlite3.connect(self._file)) as base:
            base.execute("PRAGMA journal_mode=WAL")

    def sweep(self, features: Iterable[str], mark: bytes) -> int:
        """In one transaction."""
        names, table = (*features, MARK), self._table
        present = " ".join(("SELECT entity_key FROM", table, "WHERE feature_name = ? AND value = ?"))
        gone = f"FROM {table} WHERE entity_key NOT IN ({present})"
        unknown = f"feature_name NOT IN ({', '.join('?' * len(names))})"
        with closing(sqlite3.connect(self._file)) as base, base:
            (count,) = base.execute(f"SELECT count(DISTINCT entity_key) {gone}", (MARK, mark)).fetchone()
            base.execute(f"DELETE {gone}", (MARK, mark))
            base.execute(" ".join(("DELETE FROM", table, "WHERE", unknown)), names)
        return int(count)


class RedisLeftovers:
    """Of a Redis. A set beside the hashes keeps the names of all features that a view had, since fields have only their hashes."""

    def __init__(self, client: Any, project: str, view: str, keys: Iterable[str]) -> None:
        from feast.infra.online_stores.helpers import _redis_key_prefix

        self._client, self._view, self._known = client, view, f"headrace:{project}:{view}"
        self._pattern = (
            _GLOB.sub(rb"\\\1", _redis_key_prefix(list(keys))) + b"*" + _GLOB.sub(rb"\\\1", project.encode())
        )

    def expect(self, features: Iterable[str]) -> None:
        """Write the names down before the first field is there."""
        self._client.sadd(self._known, *features, MARK)

    def sweep(self, features: Iterable[str], mark: bytes) -> int:
        """One command an entity. All keys of the database are looked through."""
        known = [name.decode() for name in self._client.smembers(self._known)]
        kept, gone = {*features, MARK}, 0
        every = [self._time, *(self._field(name) for name in known)]
        old = [self._field(name) for name in known if name not in kept]
        for keys in _chunks(self._client.scan_iter(match=self._pattern, count=_AT_ONCE)):
            found = self._marks(keys)
            with self._client.pipeline(transaction=False) as pipe:
                for key in (key for key, held in found if held != mark):
                    pipe.hdel(key, *every)
                    gone += 1
                for key in (key for key, held in found if held == mark and old):
                    pipe.hdel(key, *old)
                pipe.execute()
        if old:
            self._client.srem(self._known, *(name for name in known if name not in kept))
        return gone

    def _marks(self, keys: list[bytes]) -> list[tuple[bytes, bytes | None]]:
        """The marks of the entities that the view has anything of."""
        with self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hmget(key, self._time, self._field(MARK))
            answers = pipe.execute()
        return [(key, mark) for key, (time, mark) in zip(keys, answers, strict=True) if time or mark]

    @property
    def _time(self) -> str:
        return f"_ts:{self._view}"

    def _field(self, feature: str) -> bytes:
        from feast.infra.online_stores.helpers import _mmh3

        field: bytes = _mmh3(f"{self._view}:{feature}")
        return field


def _chunks(keys: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = iter(keys)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
