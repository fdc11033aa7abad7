"""Features of events at any instants: ``window_features``, the roll-up without tiles.

Each event is valued once, and what features ask of it is a handful of states over windows (``features.cells``), which are
followed along the timelines of keys (``features.moves``) or, where they can be neither subtracted nor kept running, looked
for in a tree (``features.search``). How a value is presented from states is that of the tables (``features.atoms``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.expressions import Expression, rename_columns
from headrace.contracts.features import Feature
from headrace.features.atoms import derived_or_error, overflow, present
from headrace.features.calendar import Calendar
from headrace.features.cells import AVAILABLE_AT, EVENT_DATE, EVENT_TIME, ROW_HASH, SEQUENCE, SIGN, Asked, Cell
from headrace.features.moves import APART, ASKED_AT, FACT, HAPPENED, KNOWN, answered
from headrace.features.rows import column, common_types, kind, own_names
from headrace.features.rows import row_hash as hash_of_row
from headrace.features.search import searched
from headrace.features.timeline import ASKS, position
from headrace.features.told import Told, check_columns, check_subtracted
from headrace.ground.errors import nearest
from headrace.ground.states import GreatestK, Sum, SumOfSquares
from headrace.ground.zones import UTC, known_zone

_ACCURACIES = ("temporal", "snapshot")
_TAILS = ("exact", "day")
_OURS = (HAPPENED, KNOWN, FACT, EVENT_TIME, AVAILABLE_AT, SEQUENCE, EVENT_DATE, ROW_HASH, SIGN)
"""What events are given where they are valued, beside their keys and their own columns."""


def window_features(
    events: DataFrame,
    queries: DataFrame,
    *,
    by: str | Sequence[str],
    event_time: str,
    query_time: str,
    features: Sequence[Feature | Mapping[str, Any]],
    available_at: str | None = None,
    sequence: str | None = None,
    row_hash: str | None = None,
    ranked_by: str | None = None,
    sign: str | None = None,
    accuracy: str = "temporal",
    zone: str = UTC,
    tail: str = "exact",
    group: str = "",
) -> DataFrame:
    """All columns of ``queries``, then the features' columns, of the events with the same ``by`` before ``query_time``.

    Temporal values at t are those of ``[t - window, t)``, snapshots those of the window that ends at the midnight of the zone at
    or before t. With ``available_at`` an event counts once it had arrived by then (known-then), without it always (known-now).
    One row out for each query, duplicates included, in no order. A null key or query_time has the values of an empty window;
    an event with a null key, time or arrival is never seen.

    Args:
        events: What is counted; its columns are those that the features' expressions name, in lower case or not.
        queries: Who is asked about, and when.
        by: Key columns, of the same name and type on both sides.
        event_time: Timestamp, timestamp_ntz or date; ``query_time`` and ``available_at`` of the same kind. A date is its
            midnight, a timestamp_ntz its wall clock, in the zone. A time as a number has no unit: make it a timestamp.
        query_time: Whose window is asked for.
        features: Contract features, or mappings with their keys, ``meaning`` or not; a derived one uses those before it.
        available_at: When an event was known; the second word of the order behind first, last and last_k (semantics 7).
        sequence: The third word of that order, after time and arrival; null is the least.
        row_hash: The last word, a bigint; by default a hash of the whole row.
        ranked_by: The second word, where another column than ``available_at`` is.
        sign: 1, or -1 for an event that takes an equal one back; features are of ``contracts.features.SUBTRACTED`` then.
        accuracy: ``temporal`` or ``snapshot``.
        zone: An IANA zone. Days and weeks of a window, active_days and snapshots are of its days (``features.calendar``).
        tail: ``exact``, or ``day``: windows begin with the day in which their edge lies (semantics 2).
        group: Whose features they are; errors name them by it.

    Raises:
        ValueError: at the call, before any job, for an argument that does not fit.
        pyspark.errors.SparkRuntimeException: when the result is computed: what overflows 64 bits at its scale, with the feature.

    Bounds: n log n in events and queries, which are read a few times, so they have to give the same rows each time. Jobs
    at the call take samples, 64 rows a shuffle partition each; a large key's timeline is scanned in pieces of even size.
    ``sessions`` costs each query the sessions of its window, and a key's sessions have to fit into one task.
    """
    keys = (by,) if isinstance(by, str) else tuple(by)
    told = Told(event_time, available_at, sequence, row_hash, ranked_by, sign)
    check_columns(events, queries, keys, told, query_time)
    calendar = _calendar(zone, accuracy, tail)
    asked = Asked(_features(features, events, queries, told), calendar, told.numbered, group, told.signed)
    names, keyed = _keyed(events, queries, keys)
    facts = _facts(events, keyed, names, told, asked)
    questions = _questions(queries, keyed, names, query_time, calendar)
    return _presented(_states(facts, questions, [*names, APART], asked), queries.columns, asked)


def _keyed(events: DataFrame, queries: DataFrame, keys: Sequence[str]) -> tuple[list[str], list[Column]]:
    """Names of ours for the keys, and the keys under them, in the types in which both sides are compared."""
    names = [f"key{i}" for i in range(len(keys))]
    alike = common_types(*(frame.select(*map(column, keys)) for frame in (events, queries)))
    return names, [column(key).cast(to).alias(name) for key, to, name in zip(keys, alike, names, strict=True)]


def _facts(events: DataFrame, keyed: Sequence[Column], keys: Sequence[str], told: Told, asked: Asked) -> DataFrame:
    """``(key0.., apart = 0, happened, known, fact, a value an atom)`` of the events that can ever be seen."""
    calendar = asked.calendar
    times = (told.event_time, told.available_at or told.event_time)
    happened, known = (calendar.instant(column(name), kind(events, name)) for name in times)
    own = own_names(events.columns, _OURS)
    named = events.select(
        *keyed,
        *(column(name).alias(ours) for name, ours in zip(events.columns, own, strict=True)),
        happened.alias(HAPPENED),
        known.alias(KNOWN),
        hash_of_row(events).alias(FACT),
    )
    places = dict(zip(events.columns, map(F.col, own), strict=True))
    read = {
        EVENT_TIME: F.timestamp_micros(HAPPENED),
        AVAILABLE_AT: places[told.ranked_by] if told.ranked_by is not None else F.timestamp_micros(KNOWN),
        EVENT_DATE: calendar.day(F.col(HAPPENED)),
        ROW_HASH: places[told.row_hash] if told.row_hash is not None else F.col(FACT),
    }
    read |= {SEQUENCE: places[told.sequence]} if told.sequence is not None else {}
    read |= {SIGN: places[told.sign]} if told.sign is not None else {}
    values = [F.expr(sql).alias(name) for name, sql in asked.values.items()]
    seen = named.where(_are_there([*keys, HAPPENED, KNOWN])).withColumns(read)
    return seen.select(*keys, F.lit(0).cast("bigint").alias(APART), HAPPENED, KNOWN, FACT, *values)


def _questions(
    queries: DataFrame, keyed: Sequence[Column], keys: Sequence[str], query_time: str, calendar: Calendar
) -> DataFrame:
    """``(key0.., apart, asked_at, query)`` and the position. What can match no fact is apart, each by its own hash.

    The query's columns travel as one: Spark's optimizer derives each constraint anew for every set of renamed columns.
    """
    at = calendar.as_of(calendar.instant(column(query_time), kind(queries, query_time)))
    asking = queries.select(
        *keyed,
        at.alias(ASKED_AT),
        hash_of_row(queries).alias(FACT),
        F.struct(*(column(name).alias(f"c{i}") for i, name in enumerate(queries.columns))).alias("query"),
    )
    apart = F.when(_are_there([*keys, ASKED_AT]), F.lit(0).cast("bigint")).otherwise(F.col(FACT)).alias(APART)
    where = position([*(F.col(key) for key in keys), apart], F.col(ASKED_AT), ASKS, F.col(FACT))
    return asking.select("*", apart, *where).drop(FACT)


def _states(facts: DataFrame, questions: DataFrame, keys: Sequence[str], asked: Asked) -> DataFrame:
    """The questions, each with the state of every cell."""
    found, even = answered(facts, questions, keys, asked)
    return searched(facts, questions, found, keys, asked, even=even) if asked.searched else found


def _are_there(names: Sequence[str]) -> Column:
    return reduce(lambda one, other: one & other, (F.col(name).isNotNull() for name in names))


def _presented(found: DataFrame, names: Sequence[str], asked: Asked) -> DataFrame:
    """The queries' columns and the features', from the states of each cell."""
    running = {cell.column: _still_there(cell, asked.calendar) for cell in asked.running}
    states = found.withColumns({"as_of": F.timestamp_micros(ASKED_AT), **running})
    values = []
    for feature in asked.features:
        for window in feature.windows if feature.aggregate else ():
            atoms = asked.roles_of(feature).items()
            cells = {role: _state(Cell(atom, window), asked) for role, atom in atoms}
            values.append(F.expr(present(feature, cells, asked.group)).alias(f"{feature.name}_{window}"))
    shown = states.select("query", *values)
    for feature in asked.features:
        if feature.derive is not None:
            shown = shown.withColumn(feature.name, F.expr(derived_or_error(feature, asked.group)))
    columns = [name for feature in asked.features for name in feature.columns]
    kept = [F.col(f"query.c{i}").alias(name) for i, name in enumerate(names)]
    return shown.select(*kept, *columns)


def _still_there(cell: Cell, calendar: Calendar) -> Column:
    """What of the state over everything so far is in the window."""
    ever, at = F.col(cell.atom.column), F.col(ASKED_AT)
    if cell.window == "all":
        return ever
    if isinstance(cell.atom.state, GreatestK):
        return F.filter(ever, lambda one: calendar.leaves(F.unix_micros(one["t"]), cell.window) >= at)
    return F.when(calendar.leaves(F.unix_micros(ever["t"]), cell.window) >= at, ever)


def _state(cell: Cell, asked: Asked) -> str:
    name = f"`{cell.column}`"
    if isinstance(cell.atom.state, SumOfSquares):
        return f"coalesce({name}, {overflow(asked.whose[cell])})"
    if not isinstance(cell.atom.state, Sum):
        return name
    return (
        f"(CASE WHEN {name} IS NOT NULL THEN coalesce(TRY_CAST({name} AS BIGINT), {overflow(asked.whose[cell])}) END)"
    )


def _features(
    features: Sequence[Feature | Mapping[str, Any]], events: DataFrame, queries: DataFrame, told: Told
) -> tuple[Feature, ...]:
    """The features, over the events' columns under our names; columns are told apart by no case, as Spark tells them."""
    places = dict(zip(map(str.lower, events.columns), own_names(events.columns, _OURS), strict=True))
    known: list[str] = []
    found = []
    for given in features:
        feature = given if isinstance(given, Feature) else Feature.model_validate({"meaning": "", **given})
        for part in (feature.expression, feature.where):
            _check_known(feature.name, part, places, "no column")
        _check_known(feature.name, feature.derive, known, "no feature before it gives")
        known += feature.columns
        changed = {part: _renamed(getattr(feature, part), places) for part in ("expression", "where")}
        found.append(feature.model_copy(update={part: new for part, new in changed.items() if new is not None}))
    if not found:
        raise ValueError("features: name at least one")
    check_subtracted(found, told)
    _check_names(queries, found)
    return tuple(found)


def _check_known(name: str, part: Expression | None, known: Sequence[str] | Mapping[str, str], said: str) -> None:
    for missing in sorted((part.columns if part is not None else frozenset()) - set(known)):
        raise ValueError(f"features.{name}: {said} '{missing}'. {nearest(missing, known)}")


def _renamed(part: Expression | None, names: Mapping[str, str]) -> Expression | None:
    return None if part is None else Expression(part.text, rename_columns(part.tree, dict(names)))


def _calendar(zone: str, accuracy: str, tail: str) -> Calendar:
    try:
        known = known_zone(zone)
    except ValueError as unknown:
        raise ValueError(f"zone: {unknown}") from None
    return Calendar(known, _one_of("accuracy", accuracy, _ACCURACIES) == "snapshot", _one_of("tail", tail, _TAILS))


def _one_of(argument: str, given: str, known: tuple[str, str]) -> str:
    if given not in known:
        raise ValueError(f"{argument}: '{given}' is neither {known[0]} nor {known[1]}. {nearest(given, known)}")
    return given


def _check_names(queries: DataFrame, features: Sequence[Feature]) -> None:
    seen: set[str] = set()
    for name in _names(queries, features):
        if name.lower() in seen:
            raise ValueError(f"'{name}' would stand twice in the result; rename a feature or a column of queries")
        seen.add(name.lower())


def _names(queries: DataFrame, features: Sequence[Feature]) -> Iterator[str]:
    yield from queries.columns
    for feature in features:
        yield from feature.columns
