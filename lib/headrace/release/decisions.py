"""The decision ledger, append-only: a row a step of a decision; who was champion when, why, and on which evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from headrace.ground.asset import At
from headrace.tables.spec import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Kind = Literal["verdict", "promote", "rollback", "features", "undo", "lift", "run", "run undo", "run lift"]
"""The last six: a rollback, its undoing, a hold that was lifted, of feature groups and of whole runs (``release.rollback``)."""
State = Literal["intent", "done", "refused"]
DECISIONS = Table("ops.decisions", "Verdicts, promotions and rollbacks, each with its evidence.", keys=("seq", "state"))
SCHEMA = (
    "seq BIGINT, at TIMESTAMP, run_id STRING, kind STRING, model STRING, version STRING, predecessor STRING, "
    "state STRING, reason STRING, evidence STRING"
)
_STEPS = {"intent": 0, "done": 1, "refused": 1}


class Rows(Protocol):
    """The ledger's port: ``tables.store.Store`` in production, a list in tests."""

    def read_rows(self, table: Table) -> list[dict[str, Any]]:
        """All rows of a small table; [] where it does not exist."""
        ...

    def append_rows(self, table: Table, rows: list[dict[str, Any]], schema: str) -> None:
        """Append rows, all or none."""
        ...


@dataclass(frozen=True)
class Decision:
    """One step of decision ``seq``: an ``intent`` is followed by ``done`` or ``refused`` of the same ``seq``.

    ``model`` is what it is about: a model, a feature group as ``team.group``, or a run as ``run ID``.
    ``version`` is the model version that the decision is about (for a promotion or rollback: that serves from then on),
    ``predecessor`` the one that served before, None where none did.
    """

    seq: int
    at: datetime
    run_id: str
    kind: Kind
    model: str
    version: str
    predecessor: str | None
    state: State
    reason: str
    evidence: str


def read_decisions(rows: Rows, model: str | None = None) -> tuple[Decision, ...]:
    """All steps in their order, of one model or of all. Instants are UTC."""
    return in_order(rows.read_rows(DECISIONS), model)


def decisions_of(frame: DataFrame | None, model: str) -> tuple[Decision, ...]:
    """The same from the table itself, as a job is given it; () where there is none. Bounded: a row a step."""
    return () if frame is None else in_order(frame.toArrow().to_pylist(), model)


def in_order(rows: Iterable[Mapping[str, Any]], model: str | None = None) -> tuple[Decision, ...]:
    """The steps of the ledger's rows, in their order, of one model or of all."""
    found = [Decision(**{**row, "at": row["at"].astimezone(UTC)}) for row in rows]
    found.sort(key=lambda decision: (decision.seq, _STEPS[decision.state]))
    return tuple(decision for decision in found if model in (None, decision.model))


def record(rows: Rows, at: At, decision: Decision) -> Decision:
    """Append one step as decided by ``at``: seq 0 becomes the next free one; time and run id are ``at``'s."""
    seq = decision.seq or 1 + max((known.seq for known in read_decisions(rows)), default=0)
    stamped = replace(decision, seq=seq, at=at.now.astimezone(UTC), run_id=at.run_id)
    rows.append_rows(DECISIONS, [asdict(stamped)], SCHEMA)
    return stamped


def record_verdict(rows: Rows, at: At, model: str, version: str, passed: bool, reason: str, evidence: str) -> Decision:
    """Append a gate's verdict, once a run: the same run judging the same version again adds nothing."""
    for known in read_decisions(rows, model):
        if (known.kind, known.version, known.run_id) == ("verdict", version, at.run_id):
            return known
    state: State = "done" if passed else "refused"
    now = champion_as_of(read_decisions(rows, model), at.now)
    return record(rows, at, Decision(0, at.now, at.run_id, "verdict", model, version, now, state, reason, evidence))


def changes(history: Sequence[Decision]) -> tuple[Decision, ...]:
    """The promotions and rollbacks that were done, in order: each names who served from its ``at`` on."""
    return tuple(step for step in history if step.kind != "verdict" and step.state == "done")


def champion_as_of(history: Sequence[Decision], instant: datetime) -> str | None:
    """The version that served at ``instant``, of a history of one model; None before the first promotion."""
    before = [step.version for step in changes(history) if step.at <= instant]
    return before[-1] if before else None


def pending(history: Sequence[Decision]) -> Decision | None:
    """The latest intent that nothing has closed: where a crash left off."""
    closed = {step.seq for step in history if step.state != "intent"}
    still = [step for step in history if step.state == "intent" and step.seq not in closed]
    return still[-1] if still else None
