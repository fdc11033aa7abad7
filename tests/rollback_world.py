"""What survives when a process is killed in a rollback: ledger, tables, what is served online. No Spark, no files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.ground.asset import At
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.release.decisions import Decision, pending
from headrace.release.rollback import Rollbacks

NOON = datetime(2017, 10, 2, 12, tzinfo=UTC)
CODE = "0.1.0"
NEVER = 99


class Killed(BaseException):
    """kill -9."""


@dataclass
class World:
    """The ledger, the tables' commits, what is online. ``left``: steps until the next kill.

    Each table begins at version 7; a commit is (decision, version whose content it has). ``gone``: what was vacuumed.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    commits: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    online: Any = None
    left: int = NEVER
    gone: frozenset[tuple[str, int]] = frozenset()

    def step(self) -> None:
        """A side effect is about to be, or has just been."""
        if self.left == 0:
            self.left = NEVER
            raise Killed
        self.left -= 1

    def read_rows(self, table: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.rows]

    def append_rows(self, table: Any, rows: list[dict[str, Any]], schema: str) -> None:
        self.step()
        self.rows += rows
        self.step()

    def restore(self, table: str, version: int, decision: int) -> int:
        self.step()
        made = self.commits.setdefault(table, [])
        if decision not in [one for one, _ in made]:
            if (table, version) in self.gone:
                raise HeadraceError("VERSION_GONE", table=table, version=version, problem="vacuumed")
            made.append((decision, version))
            self.step()
        return 8 + [one for one, _ in made].index(decision)

    def content(self, table: str, version: int | None = None) -> int:
        """The version, of those up to 7, whose content a table has."""
        made = self.commits.get(table, [])
        at = 7 + len(made) if version is None else version
        return at if at <= 7 else self.content(table, made[at - 8][1])

    def served(self, step: Decision) -> Any:
        """What is online once a decision was published."""
        raise NotImplementedError

    def republish(self, step: Decision) -> None:
        self.step()
        self.online = self.served(step)
        self.step()

    @property
    def process(self) -> Rollbacks:
        return Rollbacks(self, self, self.republish)

    def killed_twice(self, act: Callable[[], None], first: int, second: int) -> None:
        """``act`` is killed after ``first`` steps, its finishing after ``second``; then it is finished, and nothing is open."""
        self.left = first
        with suppress(Killed):
            act()
        for left in (second, NEVER):
            self.left = left
            with suppress(Killed):
                self.process.finish(at(2))
        self.left = NEVER
        assert self.process.finish(at(3)) is None, "nothing is left open"
        assert pending(self.process.history()) is None


def at(minutes: int = 0) -> At:
    return At(Interval(NOON - timedelta(days=1), NOON), "r", NOON + timedelta(minutes=minutes), 7)
