"""The MLflow registry: the only place where the alias ``champion`` is moved. Ledger first, alias, ledger again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.release.decisions import Decision, Kind, Rows, changes, pending, read_decisions, record
from headrace.training.tracking import Registered, load_version, open_client, version_by_alias

CHAMPION = "champion"


@dataclass(frozen=True)
class Champion:
    """What a release makes: the version of a model that serves."""

    model: str

    @property
    def name(self) -> str:
        """Unique in the graph."""
        return f"champion.{self.model}"


@dataclass(frozen=True)
class Promotion:
    """A version that a gate has passed, why, and the evidence as JSON text."""

    model: str
    version: str
    reason: str
    evidence: str = "{}"


class ChampionSink:
    """Champions in an MLflow registry, each change of them a decision in the ledger.

    The order is ledger(intent), alias, ledger(done). After a crash the alias tells whether an open intent took effect:
    the next commit or rollback closes it accordingly, so any of them can be repeated at any point.
    """

    def __init__(self, store: str, ledger: Rows) -> None:
        self.store = store
        self.ledger = ledger

    def exists(self, asset: Champion) -> bool:
        """Whether a version serves."""
        return self._serving(open_client(self.store), asset.model) is not None

    def read(self, asset: Champion, at: At) -> Registered:
        """The version that serves.

        Raises:
            HeadraceError: MODEL_MISSING, MODEL_TAMPERED.
        """
        del at
        return self.serving(asset.model)

    def serving(self, model: str) -> Registered:
        """The version of a model that serves.

        Raises:
            HeadraceError: MODEL_MISSING, MODEL_TAMPERED.
        """
        client = open_client(self.store)
        version = version_by_alias(client, model, CHAMPION)
        if version is None:
            raise HeadraceError("MODEL_MISSING", asset=Champion(model).name, hint="headrace run release_model")
        return load_version(client, model, version)

    def commit(self, asset: Champion, value: Promotion, at: At, identity: Mapping[str, str]) -> Receipt:
        """Make the version champion. The same promotion by the same run, or of what serves already, changes nothing.

        Nor does one of the version that the last rollback took away, however the release was asked for: what somebody
        undid by hand is done again by hand (the same rollback once more), or by another version that passes the gate.

        Raises:
            HeadraceError: MODEL_TAMPERED.
        """
        client = open_client(self.store)
        self._recover(client, at, asset.model)
        done = self._done_before(client, asset.model, value, at) or self._held(asset.model, value, at)
        if done is None:
            load_version(client, asset.model, client.get_model_version(asset.model, value.version))
            done = self._change(client, at, "promote", value)
        return Receipt(version=done.version, note={"predecessor": done.predecessor, "decision": done.seq})

    def rollback(self, model: str, at: At, reason: str = "asked for") -> Decision:
        """Give the alias back to the predecessor that the ledger names. A rollback is undone by another one.

        The same run asking again changes nothing: it gets the decision that it already made. So does the first to ask
        after a rollback that a crash interrupted with the alias moved: it finishes that one instead of undoing it.

        Raises:
            HeadraceError: ROLLBACK_IMPOSSIBLE, MODEL_TAMPERED.
        """
        client = open_client(self.store)
        resumed = self._recover(client, at, model)
        if resumed is not None and (resumed.kind, resumed.state) == ("rollback", "done"):
            return resumed
        done = changes(read_decisions(self.ledger, model))
        if not done:
            raise HeadraceError("ROLLBACK_IMPOSSIBLE", model=model, why_not="it was never promoted")
        last = done[-1]
        if last.kind == "rollback" and last.run_id == at.run_id:
            return last
        if last.predecessor is None:
            raise HeadraceError("ROLLBACK_IMPOSSIBLE", model=model, why_not=f"{last.version} was the first")
        load_version(client, model, client.get_model_version(model, last.predecessor))
        back = Promotion(model, last.predecessor, reason, f'{{"undoes":{last.seq}}}')
        return self._change(client, at, "rollback", back)

    def champion_history(self, model: str) -> tuple[Decision, ...]:
        """The promotions and rollbacks that were done, oldest first."""
        return changes(read_decisions(self.ledger, model))

    def _serving(self, client: Any, model: str) -> str | None:
        version = version_by_alias(client, model, CHAMPION)
        return None if version is None else str(version.version)

    def _done_before(self, client: Any, model: str, value: Promotion, at: At) -> Decision | None:
        done = changes(read_decisions(self.ledger, model))
        wanted = ("promote", value.version, at.run_id)
        ours = [step for step in done if (step.kind, step.version, step.run_id) == wanted]
        if ours:
            return ours[-1]
        serves = done and done[-1].version == value.version == self._serving(client, model)
        return done[-1] if serves else None

    def _held(self, model: str, value: Promotion, at: At) -> Decision | None:
        """The rollback that took the version away, where nothing was decided since."""
        last = next(reversed(changes(read_decisions(self.ledger, model))), None)
        if last is None or last.kind != "rollback" or last.predecessor != value.version:
            return None
        at.warn(
            f"{model}: version {value.version} passed the gate, but was rolled back (decision {last.seq}); version "
            f"{last.version} stays. headrace rollback model {model} once more brings it back"
        )
        return last

    def _change(self, client: Any, at: At, kind: Kind, value: Promotion) -> Decision:
        before = self._serving(client, value.model)
        intent = record(
            self.ledger,
            at,
            Decision(
                seq=0,
                at=at.now,
                run_id=at.run_id,
                kind=kind,
                model=value.model,
                version=value.version,
                predecessor=before,
                state="intent",
                reason=value.reason,
                evidence=value.evidence,
            ),
        )
        client.set_registered_model_alias(value.model, CHAMPION, value.version)
        return record(self.ledger, at, replace(intent, state="done"))

    def _recover(self, client: Any, at: At, model: str) -> Decision | None:
        """Close what a crash left open: done if the alias had moved, else refused; nothing is moved here."""
        intent = pending(read_decisions(self.ledger, model))
        if intent is None:
            return None
        moved = self._serving(client, model) == intent.version
        state, why = ("done", intent.reason) if moved else ("refused", "interrupted before the alias was moved")
        # The closing step has the time of recovery and the run that decided, so that this run's repeat finds it.
        closing = replace(intent, state=state, reason=why)  # type: ignore[arg-type]
        return record(self.ledger, replace(at, run_id=intent.run_id), closing)
