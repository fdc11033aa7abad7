"""What an online store's driver says, as errors of the catalogue: whether it may help to try again."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from headrace.ground.errors import HeadraceError
from headrace.ground.secret import redact

_PASSING = ("locked", "busy", "unable to open", "disk i/o error")
"""What sqlite says of a file that somebody else writes, or whose disk does not answer just now."""
_LASTING = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOTDIR, errno.EISDIR, errno.ENOENT)
"""What a file system says that it will say again."""
_QUOTED = "caused error: "
"""What stands behind the command that redis-py repeats, with the key and the values in it."""


@contextmanager
def told(store: str) -> Iterator[None]:
    """Errors of a store's driver become the catalogue's: it does not answer (again later), or it answered and refused.

    Raises:
        HeadraceError: ONLINE_STORE_SILENT, ONLINE_STORE_REFUSED.
    """
    try:
        yield
    except _drivers() as error:
        code = "ONLINE_STORE_SILENT" if _is_passing(error) else "ONLINE_STORE_REFUSED"
        problem = str(error).rpartition(_QUOTED)[2].partition("\n")[0]
        raise HeadraceError(code, store=store, problem=redact(f"{type(error).__name__}: {problem}")[:300]) from None


def _drivers() -> tuple[type[Exception], ...]:
    if find_spec("redis") is None:
        return (sqlite3.Error, OSError)
    from redis.exceptions import RedisError

    return (sqlite3.Error, OSError, RedisError)


def _is_passing(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return isinstance(error, sqlite3.OperationalError) and any(sign in str(error).lower() for sign in _PASSING)
    if isinstance(error, OSError):
        return error.errno not in _LASTING
    from redis import exceptions as redis

    lasting = (redis.AuthenticationError, redis.AuthorizationError)
    passing = (redis.ConnectionError, redis.TimeoutError, redis.TryAgainError, redis.ClusterDownError)
    return isinstance(error, passing) and not isinstance(error, lasting)
