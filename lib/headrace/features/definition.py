"""A feature as one SQL query over raw events: what it means, to be read, and run where somebody doubts.

The engine computes features from tiles (``features.rollup``), which is fast and hard to read. This is the same value
by its definition: every entity known by ``:as_of``, from the events that had landed by then. A test holds the two equal.
"""

from __future__ import annotations

from headrace.contracts.edges import DIGITS, written
from headrace.contracts.events import EventContract
from headrace.contracts.features import COUNTING, Feature, FeatureGroup
from headrace.features.atoms import derived, interval_sql, literal
from headrace.ground.interval import DAY, MICROSECOND
from headrace.ground.zones import UTC

_ON_ENTRY = 28
"""Digits that a value has when it is brought to its scale, before it is summed (see ``features.atoms``)."""


def definitions(feature: Feature, group: FeatureGroup, source: EventContract) -> tuple[str, ...]:
    """SQL for each column of a feature: ``SELECT entity..., value``, with the parameter ``:as_of``, a midnight of the group's zone.

    A derived feature is a formula over the columns of its group's row: its SQL reads the group's table.
    """
    if feature.derive is not None:
        return (_query(group.entity, "as_of, ", derived(feature), feature.name, f"FROM {group.table}"),)
    known = f"WHERE {_instant(source)} < :as_of AND landed_on < DATE(:as_of)"
    events = f"raw.events_{source.source}{'' if source.sign is None else ' AS event'}"
    rest = f"FROM {events}\n{known}{_standing(source)}\nGROUP BY {_keys(group.entity)}"
    named = zip(feature.columns, feature.windows, strict=True)
    return tuple(
        _query(group.entity, "", _value(feature, source, _begins(group, window), group.zone), name, rest)
        for name, window in named
    )


def _query(entity: tuple[str, ...], more: str, value: str, name: str, rest: str) -> str:
    return "\n".join((f"SELECT {_keys(entity)}, {more}".rstrip(), f"       {value} AS `{name}`", rest))


def _standing(source: EventContract) -> str:
    """Of an event that is corrected the version that no row known by then takes back; else nothing is asked."""
    if source.sign is None:
        return ""
    table, sign = f"raw.events_{source.source}", source.sign
    same = " AND ".join(f"back.{key} = event.{key}" for key in ("event_key", "row_hash"))
    known = f"back.{sign} < 0 AND back.landed_on < DATE(:as_of)"
    back = "\n".join(("SELECT 1", f"    FROM {table} AS back", f"    WHERE {same}", f"    AND {known}"))
    return f"\n  AND {sign} > 0\n  AND NOT EXISTS ({back})"


def _keys(entity: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in entity)


def null_rule(feature: Feature) -> str:
    """What the value is where there is nothing to count, in words (semantics 11)."""
    if feature.derive is not None:
        return "null where its formula is null; x / 0 is null"
    value = value_when_empty(feature)
    if value is not None:
        return f"{value} where the window is empty"
    return "null where the window is empty" + ("; null for one value" if feature.aggregate == "variance" else "")


def value_when_empty(feature: Feature) -> int | float | str | None:
    """The value of an aggregated feature where there is nothing to count (semantics 11)."""
    return 0 if _counts(feature) else feature.when_empty


def _counts(feature: Feature) -> bool:
    return feature.aggregate in COUNTING and feature.measure != "mean_duration"


def column_type(feature: Feature, source: EventContract) -> str:
    """The SQL type of the feature's columns; "as its expression" where that is computed."""
    if feature.derive is not None or feature.aggregate == "sum":
        return f"decimal({DIGITS},{feature.scale})"
    if feature.aggregate == "quantile":
        return f"decimal({DIGITS},{feature.places})"
    if feature.aggregate in ("mean", "variance") or feature.measure == "mean_duration":
        return "double"
    if feature.aggregate in ("count", "count_distinct", "active_days", "time_since_last", "sessions"):
        return "bigint"
    named = feature.expression.text.strip("` ") if feature.expression is not None else ""
    kind = source.columns[named].type if named in source.columns else "as its expression"
    return f"array<{kind}>" if feature.aggregate == "last_k" else kind


def _begins(group: FeatureGroup, window: str) -> str | None:
    """SQL of the instant at which a window begins; None for all time."""
    length = group.reach(window)
    if length is None:
        return None
    if group.zone == UTC or (window.endswith("h") and group.tail == "exact"):
        return f":as_of - {interval_sql(length)}"
    day = f"date_sub(from_utc_timestamp(:as_of, '{group.zone}'), {length // DAY})"
    return f"to_utc_timestamp({day}, '{group.zone}')"


def _day(source: EventContract, zone: str) -> str:
    """SQL of an event's day: of the zone the last one that had begun, which clocks that go back at midnight do not say."""
    if zone == UTC:
        return "event_date"
    shown = f"date_add(from_utc_timestamp({_instant(source)}, '{zone}'), {{}})"
    today, tomorrow = shown.format(0), shown.format(1)
    return f"IF(to_utc_timestamp({tomorrow}, '{zone}') <= {_instant(source)}, {tomorrow}, {today})"


def _value(feature: Feature, source: EventContract, begins: str | None, zone: str) -> str:
    value = feature.expression.sql if feature.expression is not None else "*"
    scaled = f"CAST({value} AS DECIMAL({_ON_ENTRY},{feature.scale}))"
    kept = _filter(feature, source, begins)
    order = _order(source)
    sql = {
        "count": f"count({value}){kept}",
        "sum": f"CAST(sum({scaled}){kept} AS DECIMAL({DIGITS},{feature.scale}))",
        "mean": f"CAST(sum({scaled}){kept} AS DOUBLE) / nullif(count({value}){kept}, 0)",
        "min": f"min({value}){kept}",
        "max": f"max({value}){kept}",
        "variance": f"CASE WHEN count({value}){kept} > 1 THEN var_samp({scaled}){kept} END",
        "first": f"min_by({value}, {order}){kept}",
        "last": f"max_by({value}, {order}){kept}",
        "last_k": _newest(value, order, kept, feature.k or 1),
        "count_distinct": f"count(DISTINCT {value}){kept}",
        "active_days": f"count(DISTINCT {_day(source, zone)}){kept}",
        "time_since_last": f"(unix_micros(:as_of) - unix_micros(max({_instant(source)}){kept})) DIV 1000000",
        "sessions": _sessions(feature, source, kept),
        "quantile": _quantile(feature, value, kept),
    }[feature.aggregate or ""]
    return sql if feature.when_empty is None else f"coalesce({sql}, {literal(feature.when_empty)})"


def _filter(feature: Feature, source: EventContract, begins: str | None) -> str:
    inside = [] if begins is None else [f"{_instant(source)} >= {begins}"]
    conditions = [*([feature.where.sql] if feature.where is not None else []), *inside]
    return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""


def _newest(value: str, order: str, kept: str, k: int) -> str:
    pairs = f"sort_array(collect_list(struct({order} AS o, {value} AS v)){kept}, FALSE)"
    return f"CASE WHEN count(*){kept} > 0 THEN transform(slice({pairs}, 1, {k}), x -> x.v) END"


def _sessions(feature: Feature, source: EventContract, kept: str) -> str:
    """A walk over the instants in order: a step of the gap or more begins a session, a shorter one lengthens it."""
    instants = f"sort_array(collect_list(unix_micros({_instant(source)})){kept})"
    gap = (feature.gap or MICROSECOND) // MICROSECOND
    start = "struct(0L AS n, 0L AS inside, CAST(NULL AS BIGINT) AS last)"
    n = f"IF(s.last IS NULL OR x - s.last >= {gap}L, s.n + 1, s.n) AS n"
    inside = f"IF(x - s.last < {gap}L, s.inside + x - s.last, s.inside) AS inside"
    mean = "IF(s.n > 0, CAST(s.inside AS DOUBLE) / (s.n * 1000000D), NULL)"
    value = "s.n" if _counts(feature) else mean
    return f"aggregate({instants}, {start}, (s, x) -> struct({n}, {inside}, x AS last), s -> {value})"


def _quantile(feature: Feature, value: str, kept: str) -> str:
    """The quantile of the values as they are once raised to the next edge; those above the last edge lowered to it."""
    if feature.edges is None:
        return "NULL"
    edges = [written(edge) for edge in feature.edges]
    steps = " ".join(f"WHEN {value} <= {edge} THEN {edge}" for edge in edges)
    raised = f"CASE {steps} WHEN {value} IS NOT NULL THEN {edges[-1]} END"
    found = f"percentile_disc({feature.q:f}) WITHIN GROUP (ORDER BY {raised}){kept}"
    return f"CAST({found} AS DECIMAL({DIGITS},{feature.places}))"


def _order(source: EventContract) -> str:
    """The total order of semantics 7, greatest last."""
    roles = source.roles
    named = [roles.available_at or "landed_on", *([roles.sequence] if roles.sequence else [])]
    return f"struct({_instant(source)}, {', '.join(f'`{name}`' for name in named)}, row_hash)"


def _instant(source: EventContract) -> str:
    time = source.roles.event_time
    return f"`{time}`" if source.columns[time].type == "timestamp" else f"CAST(`{time}` AS TIMESTAMP)"
