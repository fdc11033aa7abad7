"""Which states a feature needs, and how its value is presented from them. SQL text and plain values, no Spark.

Two features that count the same rows share the same atom, whoever owns them: atoms are named by what they hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from headrace.contracts.edges import DIGITS, written
from headrace.contracts.expressions import to_sql
from headrace.contracts.features import MOST_DISTINCT, Feature
from headrace.contracts.fingerprint import fingerprint
from headrace.ground.interval import DAY, HOUR, MICROSECOND
from headrace.ground.states import Count, Distinct, Greatest, GreatestK, Least, Sessions, State, Sum, SumOfSquares


class RoleNames(Protocol):
    """Which columns of an event tell its time, its arrival and its place among others."""

    @property
    def event_time(self) -> str: ...

    @property
    def available_at(self) -> str | None: ...

    @property
    def sequence(self) -> str | None: ...


class HasRoles(Protocol):
    """What atoms ask of a source: an event contract, or columns that are named like one."""

    @property
    def roles(self) -> RoleNames: ...

    @property
    def sign(self) -> str | None: ...


@dataclass(frozen=True)
class Atom:
    """A state over the values of one expression. ``by_time``: its values begin with their instant and grow with it.

    ``in_cell`` is SQL of the same state over the rows of one tile, where that can do without arrays and structs in the
    buffers of the aggregate: those of Spark's hash aggregate are of fixed width, and with anything else it sorts.
    ``counted`` is not null where the row has a value, whether or not that fits the state, and ``fitting`` is ``value``
    where it fits, else null: so what does not fit is told from what is not there. ``sign`` is the column that is -1 where a
    row takes another back (ADR 54); None where none does.
    """

    state: State
    value: str
    by_time: bool = False
    in_cell: str | None = field(default=None, compare=False)
    counted: str = field(default="", compare=False)
    fitting: str = field(default="", compare=False)
    sign: str | None = field(default=None, compare=False)

    @property
    def column(self) -> str:
        """Its column in the tiles: the same for the same state over the same values."""
        return f"{self.state.name}_{fingerprint([repr(self.state), self.value])[:12]}"

    @property
    def instants(self) -> bool:
        """Whether its values are structs of an instant ``t`` and nothing else."""
        return self.by_time and self.in_cell is not None

    @property
    def lift(self) -> str:
        """SQL aggregate over the raw events of one tile (one entity, event day and arrival day)."""
        if self.sign is not None:
            return f"sum({self.of_one(self.value)})"
        return self.in_cell or self.state.lift(self.value)

    def of_one(self, value: str) -> str:
        """SQL of the state of one row with that value; of what can be subtracted, and subtracted where the row takes back."""
        if not isinstance(self.state, Count | Sum):
            return value
        one = self.state.of_one(value)
        return one if self.sign is None else f"(CASE WHEN `{self.sign}` < 0 THEN -({one}) ELSE {one} END)"

    def lift_or_error(self, features: str) -> str:
        """The same; a value or a sum that does not fit is an error that names ``features``, those that it is for."""
        if not isinstance(self.state, Sum):
            return self.lift
        refused = overflow(features)
        fits = f"CASE WHEN {self.counted} IS NOT NULL THEN coalesce({self.fitting}, {refused}) END"
        summed = f"try_sum({self.of_one(fits)})"
        return f"CASE WHEN count({self.counted}) > 0 THEN coalesce({summed}, {refused}) END"


def atoms_of(feature: Feature, source: HasRoles, late: str | None = None) -> dict[str, Atom]:
    """The atoms that an aggregated feature is presented from, by their role in it.

    ``late``: only of the part of a day for which this condition holds (``from_hour``, ``reaching``).
    """
    conditions = [] if feature.where is None else [to_sql(feature.where.tree)]
    conditions += [late] if late is not None else []
    value = feature.expression.sql if feature.expression is not None else "1"

    def kept(sql: str) -> str:
        return f"CASE WHEN {' AND '.join(conditions)} THEN {sql} END" if conditions else sql

    counted = Atom(Count(), kept(value), sign=source.sign)
    fitting = kept(_units(value, feature.scale, "TRY_CAST"))
    summed = Atom(Sum(), kept(_units(value, feature.scale)), counted=kept(value), fitting=fitting, sign=source.sign)
    ordered = kept(_ordered(value, source))
    return {
        "count": {"n": counted},
        "sum": {"n": counted, "s": summed},
        "mean": {"n": counted, "s": summed},
        "variance": {"n": counted, "s": summed, "q": replace(summed, state=SumOfSquares())},
        "min": {"v": Atom(Least(), kept(value))},
        "max": {"v": Atom(Greatest(), kept(value))},
        "first": {"v": Atom(Least(), ordered)},
        "last": {"v": Atom(Greatest(), ordered, by_time=True)},
        "last_k": {"v": Atom(GreatestK(feature.k or 1), ordered)},
        "count_distinct": {"d": Atom(Distinct(), kept(value))},
        "active_days": {"d": Atom(Distinct(), kept("event_date"), in_cell=_one_day(kept("event_date")))},
        "time_since_last": {"v": _latest(kept(f"struct({_instant(source)} AS t)"), kept(_instant(source)))},
        "sessions": {"r": Atom(Sessions(_gap(feature)), kept(f"unix_micros({_instant(source)})"))},
        "quantile": {"n": counted, **_at_or_below(feature, value, kept, source.sign)},
    }[feature.aggregate or ""]


def from_hour(source: HasRoles, hour: int) -> str:
    """SQL: an event happened at that hour of its day or later (UTC)."""
    return f"hour({_instant(source)}) >= {hour}"


def reaching(source: HasRoles, length: timedelta, days: int, zone: str) -> str:
    """SQL: a window of that length still holds an event at the midnight of a zone, so many days after that of its own day."""
    midnight = f"to_utc_timestamp(CAST(date_add(event_date, {days}) AS TIMESTAMP), '{zone}')"
    return f"{_instant(source)} >= {midnight} - INTERVAL '{length // HOUR}' HOUR"


def _at_or_below(feature: Feature, value: str, kept: Callable[[str], str], sign: str | None) -> dict[str, Atom]:
    """How many values are at or below each edge: plain counts, so they are merged and subtracted as any count."""
    edges = [written(edge) for edge in feature.edges or ()]
    return {
        edge: Atom(Count(), kept(f"CASE WHEN {value} <= CAST({edge} AS {_edge_type(feature)}) THEN 1 END"), sign=sign)
        for edge in edges
    }


def _edge_type(feature: Feature) -> str:
    return f"DECIMAL({DIGITS},{feature.places})"


def _one_day(day: str) -> str:
    """The set of the days of a tile: its own day, or none."""
    return f"filter(array(max({day})), d -> d IS NOT NULL)"


def _latest(value: str, instant: str) -> Atom:
    """The greatest of structs that hold an instant alone."""
    cell = f"CASE WHEN max({instant}) IS NOT NULL THEN struct(max({instant}) AS t) END"
    return Atom(Greatest(), value, by_time=True, in_cell=cell)


def present(feature: Feature, cells: Mapping[str, str], group: str = "") -> str:
    """SQL for a feature's value; ``cells`` gives the SQL of each atom's state over the window, by role.

    An error names the feature, and the ``group`` where that is given.
    """
    name = named(feature, group)
    n, s, q, v, d, r = (cells.get(role, "NULL") for role in ("n", "s", "q", "v", "d", "r"))
    power = 10**feature.scale
    value = {
        "count": f"coalesce({n}, 0L)",
        "sum": f"CASE WHEN {n} > 0 THEN {_rescaled(s, feature.scale)} END",
        "mean": f"CASE WHEN {n} > 0 THEN CAST({s} AS DOUBLE) / (CAST({n} AS DOUBLE) * {power}D) END",
        "variance": f"CASE WHEN {n} > 1 THEN {_spread(n, s, q, name)} / ({n} * ({n} - 1D) * {power}D * {power}D) END",
        "min": v,
        "max": v,
        "first": f"{v}.v",
        "last": f"{v}.v",
        "last_k": f"CASE WHEN size({v}) > 0 THEN transform({v}, x -> x.v) END",
        "count_distinct": _bounded(feature, d, name),
        "active_days": f"coalesce({d}, 0L)",
        "time_since_last": f"(unix_micros(as_of) - unix_micros({v}.t)) DIV 1000000L",
        "sessions": _mean_duration(r)
        if feature.measure == "mean_duration"
        else f"CAST(size(coalesce({r}, array())) AS BIGINT)",
        "quantile": _quantile(feature, n, cells),
    }[feature.aggregate or ""]
    return value if feature.when_empty is None else f"coalesce({value}, {literal(feature.when_empty)})"


def _quantile(feature: Feature, n: str, cells: Mapping[str, str]) -> str:
    """The least edge at or below which the share ``q`` of the values lies, or more; the last edge where none is."""
    if feature.q is None:
        return "NULL"
    share = f"CAST({n} AS DECIMAL({DIGITS},0)) * {feature.q:f}BD"
    edges = [role for role in cells if role != "n"]
    below = " ".join(f"WHEN {cells[edge]} >= {share} THEN {edge}" for edge in edges[:-1])
    found = f"CASE {below} ELSE {edges[-1]} END" if below else edges[-1]
    return f"CASE WHEN {n} > 0 THEN CAST({found} AS {_edge_type(feature)}) END"


def named(feature: Feature, group: str = "") -> str:
    """How errors call a feature: by its ``group`` too, where that is given."""
    return f"{group}.{feature.name}" if group else feature.name


def _bounded(feature: Feature, distinct: str, name: str) -> str:
    """The size of a set, or an error where it is beyond the bound."""
    bound = feature.bound or MOST_DISTINCT
    refused = raised("FEATURE_BOUND", feature=name, bound=bound)
    return f"CASE WHEN {distinct} > {bound}L THEN {refused} ELSE coalesce({distinct}, 0L) END"


def raised(code: str, **about: object) -> str:
    """SQL that raises an error of the catalogue; the graph's run shows it as that error."""
    return f"raise_error('HEADRACE{json.dumps({'code': code} | about)}')"


def overflow(features: str) -> str:
    """SQL that refuses a number which is too great for the features named."""
    return raised("FEATURE_OVERFLOW", feature=features)


def derived(feature: Feature) -> str:
    """SQL for a derived feature over the presented columns, rounded half up to its scale."""
    formula = feature.derive.sql if feature.derive is not None else "NULL"
    return f"CAST({formula} AS DECIMAL({DIGITS},{feature.scale}))"


def derived_or_error(feature: Feature, group: str = "") -> str:
    """The same; a value that does not fit is an error that names the feature, and the ``group`` where that is given."""
    formula = feature.derive.sql if feature.derive is not None else "NULL"
    fitting = f"TRY_CAST({formula} AS DECIMAL({DIGITS},{feature.scale}))"
    return f"CASE WHEN {formula} IS NOT NULL THEN coalesce({fitting}, {overflow(named(feature, group))}) END"


def _units(value: str, scale: int, cast: str = "CAST") -> str:
    """The value as a whole number of units of its scale (12.34 at scale 2 is 1234)."""
    return f"{cast}({cast}({value} AS DECIMAL(28,{scale})) * {10**scale}L AS BIGINT)"


def _rescaled(units: str, scale: int) -> str:
    if scale == 0:
        return f"CAST({units} AS DECIMAL({DIGITS},0))"
    return f"CAST(CAST({units} AS DECIMAL({DIGITS},0)) * 0.{'0' * (scale - 1)}1 AS DECIMAL({DIGITS},{scale}))"


def _spread(n: str, s: str, q: str, name: str) -> str:
    """N * (sum of squares) - (sum)^2, exact."""
    square = f"CAST({s} AS DECIMAL(19,0)) * CAST({s} AS DECIMAL(19,0))"
    scaled = f"TRY_CAST(try_multiply(CAST({n} AS DECIMAL(19,0)), {q}) AS DECIMAL(38,0))"
    return f"CAST(coalesce({scaled}, {overflow(name)}) - {square} AS DOUBLE)"


def _gap(feature: Feature) -> int:
    """The gap between sessions in microseconds; any above zero where the feature is of another kind."""
    return (feature.gap or MICROSECOND) // MICROSECOND


def _mean_duration(runs: str) -> str:
    """Seconds, once from the exact sum of microseconds; a session of one event lasts 0."""
    total = f"aggregate({runs}, 0L, (total, x) -> total + (x.e - x.s))"
    return f"CASE WHEN size({runs}) > 0 THEN CAST({total} AS DOUBLE) / (size({runs}) * 1000000D) END"


def _instant(source: HasRoles) -> str:
    return f"CAST(`{source.roles.event_time}` AS TIMESTAMP)"


def _ordered(value: str, source: HasRoles) -> str:
    """The value behind the total order of rule 7: time, arrival, sequence, hash of the row.

    A source without a sequence has no such field: a null of no type cannot be written inside an array.
    """
    arrival = f"`{source.roles.available_at}`" if source.roles.available_at else "landed_on"
    sequence = f"`{source.roles.sequence}` AS s, " if source.roles.sequence else ""
    return f"struct({_instant(source)} AS t, {arrival} AS a, {sequence}row_hash AS h, {value} AS v)"


def literal(value: int | float | str | None) -> str:
    """A default of a contract as SQL."""
    if value is None:
        return "NULL"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" if isinstance(value, str) else repr(value)


def interval_sql(length: timedelta) -> str:
    """A window's length in SQL; a UTC day has 24 hours."""
    return f"INTERVAL '{length // DAY}' DAY" if length % DAY == timedelta(0) else f"INTERVAL '{length // HOUR}' HOUR"
