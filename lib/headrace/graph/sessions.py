"""The sessions of a run's job threads: one each, let go with its job, and all of them reached by an interrupt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headrace.ground.session import cancel_all, session_for_thread


class JobSessions:
    """The sessions of a run's job threads, so that an interrupt reaches what they are doing."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark
        self._open: list[Any] = []

    @contextmanager
    def of_job(self, pool: str) -> Iterator[Any]:
        """A session for the calling thread (see ``session_for_thread``)."""
        with session_for_thread(self._spark, pool) as session:
            self._open.append(session)
            try:
                yield session
            finally:
                self._open.remove(session)

    @contextmanager
    def cancelled_by_interrupt(self) -> Iterator[None]:
        """Cancel the work of all sessions where an interrupt or an exit passes through."""
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            for session in (self._spark, *self._open):
                cancel_all(session)
            raise
