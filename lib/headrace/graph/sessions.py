"""The sessions of a run's job threads: one each, let go with its job, and all of them reached by an interrupt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headrace.ground.session import cancel_all, cancel_job, session_for_thread


class JobSessions:
    """The sessions of a run's job threads, so that an interrupt reaches what they are doing."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark
        self._open: dict[str, Any] = {}
        self._ending = threading.Event()

    @contextmanager
    def of_job(self, pool: str) -> Iterator[Any]:
        """A session for the calling thread (see ``session_for_thread``)."""
        with session_for_thread(self._spark, pool) as session:
            self._open[pool] = session
            try:
                yield session
            finally:
                del self._open[pool]

    def pause(self, seconds: float) -> bool:
        """Wait so long; False as soon as the run is interrupted."""
        return not self._ending.wait(seconds)

    def cancel(self, pool: str) -> None:
        """Cancel what one job is doing. It may begin anew: whoever wants it to stop calls again until it has."""
        session = self._open.get(pool)
        if session is not None:
            cancel_job(session, pool)

    @contextmanager
    def cancelled_by_interrupt(self) -> Iterator[None]:
        """Cancel the work of all sessions where an interrupt or an exit passes through."""
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            self._ending.set()
            for session in (self._spark, *list(self._open.values())):
                cancel_all(session)
            raise
