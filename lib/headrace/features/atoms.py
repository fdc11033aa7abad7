"""Which states a feature needs, and how its value is presented from them. SQL text and plain values, no Spark.

Two features that count the same rows share the same atom, whoever owns them: atoms are named by what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.contracts.events import EventContract
from headrace.contracts.expressions import to_sql
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.fingerprint import fingerprint
from headrace.contracts.names import show_span
from headrace.ground.interval import DAY, MICROSECOND, parse_span
from headrace.ground.states import Count, Distinct, Greatest, GreatestK, Least, Sessions, State, Sum, SumOfSquares

DECIMAL_DIGITS = 19
"""Digits of a 64-bit whole number: what a sum at its scale can hold."""


@dataclass(frozen=True)
class Atom:
    """A state over the values of one expression. ``by_time``: its values begin with their instant and grow with it.

    ``in_cell`` is SQL of the same state over the rows of one tile, where that can do without arrays and structs in the
    buffers of the aggregate: those of Spark's hash aggregate are of fixed width, and with anything else it sorts.
    """

    state: State
    value: str
    by_time: bool = False
    in_cell: str | None = field(default=None, compare=False)

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
        return self.in_cell or self.state.lift(self.value)


def atoms_of(feature: Feature, source: EventContract) -> dict[str, Atom]:
    """The atoms that an aggregated feature is presented from, by their role in it."""
    where = feature.where.tree if feature.where is not None else None
    value = feature.expression.sql if feature.expression is not None else "1"

    def kept(sql: str) -> str:
        return sql if where is None else f"CASE WHEN {to_sql(where)} THEN {sql} END"

    units = kept(_units(value, feature.scale))
    counted = Atom(Count(), kept(value))
    summed = Atom(Sum(), units)
    ordered = kept(_ordered(value, source))
    return {
        "count": {"n": counted},
        "sum": {"n": counted, "s": summed},
        "mean": {"n": counted, "s": summed},
        "variance": {"n": counted, "s": summed, "q": Atom(SumOfSquares(), units)},
        "min": {"v": Atom(Least(), kept(value))},
        "max": {"v": Atom(Greatest(), kept(value))},
        "first": {"v": Atom(Least(), ordered)},
        "last": {"v": Atom(Greatest(), ordered, by_time=True)},
        "last_k": {"v": Atom(GreatestK(feature.k or 1), ordered)},
        "count_distinct": {"d": Atom(Distinct(), kept(value))},
        "active_days": {"d": Atom(Distinct(), kept("event_date"), in_cell=_one_day(kept("event_date")))},
        "time_since_last": {"v": _latest(kept(f"struct({_instant(source)} AS t)"), kept(_instant(source)))},
        "sessions": {"r": Atom(Sessions(_gap(feature)), kept(f"unix_micros({_instant(source)})"))},
    }[feature.aggregate or ""]


def _one_day(day: str) -> str:
    """The set of the days of a tile: its own day, or none."""
    return f"filter(array(max({day})), d -> d IS NOT NULL)"


def _latest(value: str, instant: str) -> Atom:
    """The greatest of structs that hold an instant alone."""
    cell = f"CASE WHEN max({instant}) IS NOT NULL THEN struct(max({instant}) AS t) END"
    return Atom(Greatest(), value, by_time=True, in_cell=cell)


def group_atoms(group: FeatureGroup, source: EventContract) -> dict[str, Atom]:
    """All atoms of a group by column name."""
    found = [atom for feature in group.features if feature.aggregate for atom in atoms_of(feature, source).values()]
    return {atom.column: atom for atom in found}


def window_days(window: str) -> int | None:
    """The length of a window in days; None for ``all``."""
    return None if window == "all" else parse_span(window) // DAY


def present(feature: Feature, cells: Mapping[str, str]) -> str:
    """SQL for a feature's value; ``cells`` gives the SQL of each atom's state over the window, by role."""
    n, s, q, v, d, r = (cells.get(role, "NULL") for role in ("n", "s", "q", "v", "d", "r"))
    power = 10**feature.scale
    value = {
        "count": f"coalesce({n}, 0L)",
        "sum": f"CASE WHEN {n} > 0 THEN {_rescaled(s, feature.scale)} END",
        "mean": f"CASE WHEN {n} > 0 THEN CAST({s} AS DOUBLE) / (CAST({n} AS DOUBLE) * {power}D) END",
        "variance": f"CASE WHEN {n} > 1 THEN {_spread(n, s, q)} / ({n} * ({n} - 1D) * {power}D * {power}D) END",
        "min": v,
        "max": v,
        "first": f"{v}.v",
        "last": f"{v}.v",
        "last_k": f"CASE WHEN size({v}) > 0 THEN transform({v}, x -> x.v) END",
        "count_distinct": f"coalesce({d}, 0L)",
        "active_days": f"coalesce({d}, 0L)",
        "time_since_last": f"(unix_micros(as_of) - unix_micros({v}.t)) DIV 1000000L",
        "sessions": _mean_duration(r)
        if feature.measure == "mean_duration"
        else f"CAST(size(coalesce({r}, array())) AS BIGINT)",
    }[feature.aggregate or ""]
    return value if feature.when_empty is None else f"coalesce({value}, {_literal(feature.when_empty)})"


def derived(feature: Feature) -> str:
    """SQL for a derived feature over the presented columns, rounded half up to its scale."""
    formula = feature.derive.sql if feature.derive is not None else "NULL"
    return f"CAST({formula} AS DECIMAL({DECIMAL_DIGITS},{feature.scale}))"


def _units(value: str, scale: int) -> str:
    """The value as a whole number of units of its scale (12.34 at scale 2 is 1234)."""
    return f"CAST(CAST({value} AS DECIMAL(28,{scale})) * {10**scale}L AS BIGINT)"


def _rescaled(units: str, scale: int) -> str:
    if scale == 0:
        return f"CAST({units} AS DECIMAL({DECIMAL_DIGITS},0))"
    return f"CAST(CAST({units} AS DECIMAL({DECIMAL_DIGITS},0)) * 0.{'0' * (scale - 1)}1 AS DECIMAL({DECIMAL_DIGITS},{scale}))"


def _spread(n: str, s: str, q: str) -> str:
    """N * (sum of squares) - (sum)^2, exact."""
    square = f"CAST({s} AS DECIMAL(19,0)) * CAST({s} AS DECIMAL(19,0))"
    return f"CAST(CAST(CAST({n} AS DECIMAL(19,0)) * {q} AS DECIMAL(38,0)) - {square} AS DOUBLE)"


def _gap(feature: Feature) -> int:
    """The gap between sessions in microseconds; any above zero where the feature is of another kind."""
    return (feature.gap or MICROSECOND) // MICROSECOND


def _mean_duration(runs: str) -> str:
    """Seconds, once from the exact sum of microseconds; a session of one event lasts 0."""
    total = f"aggregate({runs}, 0L, (total, x) -> total + (x.e - x.s))"
    return f"CASE WHEN size({runs}) > 0 THEN CAST({total} AS DOUBLE) / (size({runs}) * 1000000D) END"


def _instant(source: EventContract) -> str:
    return f"CAST(`{source.roles.event_time}` AS TIMESTAMP)"


def _ordered(value: str, source: EventContract) -> str:
    """The value behind the total order of rule 7: time, arrival, sequence, hash of the row."""
    arrival = f"`{source.roles.available_at}`" if source.roles.available_at else "landed_on"
    sequence = f"`{source.roles.sequence}`" if source.roles.sequence else "NULL"
    return f"struct({_instant(source)} AS t, {arrival} AS a, {sequence} AS s, row_hash AS h, {value} AS v)"


def _literal(value: int | float | str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" if isinstance(value, str) else repr(value)


def window_label(days: int | None) -> str:
    """The suffix of a window of so many days in internal column names."""
    return "all" if days is None else show_span(days * DAY)
