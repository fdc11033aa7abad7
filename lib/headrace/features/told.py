"""What the columns of a stream of events are to its windows, and whether they can be that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from headrace.contracts.features import SUBTRACTED, Feature
from headrace.features.cells import SEQUENCE, SIGN
from headrace.features.rows import kind, time_kind
from headrace.ground.errors import nearest


@dataclass(frozen=True)
class Told:
    """Which columns of events tell their time, their arrival and their order where those tie."""

    event_time: str
    available_at: str | None
    sequence: str | None
    row_hash: str | None
    ranked_by: str | None
    sign: str | None

    @property
    def numbered(self) -> str | None:
        """What atoms call the sequence, where there is one."""
        return SEQUENCE if self.sequence is not None else None

    @property
    def signed(self) -> str | None:
        """What atoms call the sign, where there is one."""
        return SIGN if self.sign is not None else None


def check_columns(events: DataFrame, queries: DataFrame, keys: Sequence[str], told: Told, query_time: str) -> None:
    """Refuse columns that are not there or cannot be what they are named for.

    Raises:
        ValueError: for the first of them.
    """
    times = [("event_time", told.event_time, events), ("query_time", query_time, queries)]
    times += [("available_at", told.available_at, events)] if told.available_at is not None else []
    ties = {"sequence": told.sequence, "row_hash": told.row_hash, "ranked_by": told.ranked_by, "sign": told.sign}
    if not keys:
        raise ValueError("by: name at least one key column")
    sides = {"events": events, "queries": queries}
    wanted = [("by", key, side) for key in keys for side in sides]
    wanted += [(role, name, "events" if frame is events else "queries") for role, name, frame in times]
    wanted += [(role, name, "events") for role, name in ties.items() if name is not None]
    for role, name, side in wanted:
        if name not in sides[side].columns:
            raise ValueError(f"{role}: no column '{name}' in {side}. {nearest(name, sides[side].columns)}")
    for key in keys:
        one, other = kind(events, key), kind(queries, key)
        if one != other and not (isinstance(one, T.NumericType) and isinstance(other, T.NumericType)):
            said = f"{one.simpleString()} in events, {other.simpleString()} in queries"
            raise ValueError(f"by: '{key}' is {said}; cast one")
    if told.row_hash is not None and not isinstance(kind(events, told.row_hash), T.LongType):
        said = kind(events, told.row_hash).simpleString()
        raise ValueError(f"row_hash: '{told.row_hash}' is {said}; it is a bigint, such as xxhash64 gives")
    kinds = {role: time_kind(frame, name) for role, name, frame in times}
    for role, name, _ in times:
        if kinds[role] == "numeric":
            raise ValueError(f"{role}: '{name}' is a number, which has no unit; make it a timestamp (timestamp_millis)")
        if kinds[role] != kinds["event_time"]:
            raise ValueError(f"{role}: '{name}' is {kinds[role]}, and event_time is {kinds['event_time']}; cast one")


def check_subtracted(features: Iterable[Feature], told: Told) -> None:
    """Refuse what cannot be subtracted where events take others back.

    Raises:
        ValueError: for the first such feature.
    """
    for feature in features if told.sign is not None else ():
        if feature.aggregate is not None and feature.aggregate not in SUBTRACTED:
            said = f"{feature.aggregate} cannot be subtracted; with sign a feature is one of {', '.join(sorted(SUBTRACTED))}"
            raise ValueError(f"features.{feature.name}: {said}")
