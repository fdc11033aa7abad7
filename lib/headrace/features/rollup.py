"""Roll tiles up to windows: every entity's features as of many midnights in one pass.

A window that slides over days is not summed again for each day. A cell *enters* on the first midnight at which it had
arrived and *leaves* when its event day falls out of the window, so an invertible state over the window is the running
sum of what entered less what left. A set's size is such a sum too, over the stretches in which an element is covered.
The state that is greatest by time needs no leaving: it leaves last. What is left (least and greatest values in a
window, the k newest) is spread over the midnights that see it. Cost: cells x windows + entities x midnights.

The plan (tests/golden/plans/rollup.txt): each kind of state is scanned by itself, so that it reads its own columns
only, and is shuffled by entity once; all that follows stays in those partitions, and nothing is joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.atoms import Atom, atoms_of, derived, group_atoms, present, window_days
from headrace.ground.states import Distinct, Greatest, Least

_NEXT, _AT = "_next", "_at"


@dataclass(frozen=True)
class Midnights:
    """``count`` midnights (UTC) from ``first``, ``step`` days apart: the instants of the snapshots."""

    first: date
    step: int
    count: int

    @property
    def last(self) -> date:
        """The last of them."""
        return self.first + timedelta(days=self.step * (self.count - 1))

    def index(self, day: Column) -> Column:
        """The first midnight at or after ``day``, counted from 0; below 0 never."""
        return F.greatest(F.ceil(F.datediff(day, F.lit(self.first)) / self.step).cast("int"), F.lit(0))

    def instant(self, index: Column) -> Column:
        """The timestamp of a midnight."""
        return F.date_add(F.lit(self.first), index * self.step).cast("timestamp")


@dataclass(frozen=True)
class Slot:
    """One atom over one window: a column of the roll-up."""

    atom: Atom
    days: int | None

    @property
    def column(self) -> str:
        """Its name between roll-up and presentation."""
        return f"{self.atom.column}_{self.days or 'all'}"

    @property
    def running(self) -> bool:
        """Whether a running merge over the midnights gives it."""
        extreme = isinstance(self.atom.state, Least | Greatest) and self.days is None
        return self.atom.state.invertible or self.atom.by_time or extreme


def roll_up(tiles: DataFrame, group: FeatureGroup, source: EventContract, at: Midnights) -> DataFrame:
    """``(entity..., as_of timestamp, the group's columns)``: each entity known by then, one row a midnight.

    ``tiles`` holds every cell that arrived before the last midnight (older ones than the longest window are needed
    too, so that no entity is missing; they cost nothing but their scan).
    """
    slots = group_slots(group, source)
    cells = _placed(tiles, group, source, at).repartition(*group.entity)
    spread = [slot for slot in slots if not slot.running and not isinstance(slot.atom.state, Distinct)]
    parts = [_changes(cells, group.entity, [slot for slot in slots if slot.running], at)]
    parts += [_coverage(cells, group.entity, atom, _windows(slots, atom), at) for atom in _distinct_atoms(slots)]
    parts += [_spread(cells, group.entity, spread, at)] if spread else []
    merged = _filled(_run(parts, group.entity, slots), group.entity, spread, at)
    return _presented(merged.withColumn("as_of", at.instant(F.col("i"))), group, source)


def group_slots(group: FeatureGroup, source: EventContract) -> list[Slot]:
    """Every atom over every window that the group asks for, each once."""
    asked = [
        Slot(atom, window_days(window))
        for feature in group.features
        if feature.aggregate
        for atom in atoms_of(feature, source).values()
        for window in feature.windows
    ]
    return list(dict.fromkeys(asked))


def _windows(slots: Iterable[Slot], atom: Atom) -> list[int | None]:
    return [slot.days for slot in slots if slot.atom == atom]


def _distinct_atoms(slots: Iterable[Slot]) -> list[Atom]:
    return list(dict.fromkeys(slot.atom for slot in slots if isinstance(slot.atom.state, Distinct)))


def _placed(tiles: DataFrame, group: FeatureGroup, source: EventContract, at: Midnights) -> DataFrame:
    """The cells that some midnight sees, with the midnight at which each enters."""
    seen_on = F.date_add(F.greatest("arrival_day", "event_day"), 1)
    columns = list(group_atoms(group, source))
    placed = tiles.where(seen_on <= F.lit(at.last)).select(
        *group.entity, "event_day", seen_on.alias("seen_on"), *columns
    )
    return placed.withColumn("enters", at.index(F.col("seen_on")))


def _leaves(at: Midnights, days: int) -> Column:
    return at.index(F.date_add("event_day", days + 1))


def _changes(cells: DataFrame, entity: tuple[str, ...], slots: list[Slot], at: Midnights) -> DataFrame:
    """What enters and leaves at each midnight, summed by (entity, midnight). An entity's first is there in any case."""
    sliding = sorted({slot.days for slot in slots if slot.atom.state.invertible and slot.days is not None})
    moves = [F.struct(F.col("enters").alias("i"), F.lit(0).alias("leaving"))]
    moves += [F.struct(_leaves(at, days).alias("i"), F.lit(days).alias("leaving")) for days in sliding]
    moved = cells.withColumn("move", F.explode(F.array(*moves))).select("*", "move.i", "move.leaving")
    useful = moved.where((F.col("i") < at.count) & ((F.col("leaving") == 0) | (F.col("i") >= F.col("enters"))))
    aggregates = [_change(slot, at).alias(slot.column) for slot in slots]
    return useful.groupBy(*entity, "i").agg(F.count(F.lit(1)).alias("_moves"), *aggregates)


def _change(slot: Slot, at: Midnights) -> Column:
    value = F.col(slot.atom.column)
    entering = F.col("leaving") == 0
    if slot.atom.instants:  # bare, so that the aggregate can hash: with a struct in it, it would sort
        latest = F.max(F.when(entering, value["t"]))
        return F.when(latest.isNotNull(), F.struct(latest.alias("t")))
    if not slot.atom.state.invertible:
        state = F.min if isinstance(slot.atom.state, Least) else F.max
        return state(F.when(entering, value))
    if slot.days is None:
        return F.sum(F.when(entering, value))
    inside = _leaves(at, slot.days) > F.col("enters")
    return F.sum(F.when(entering & inside, value).when((F.col("leaving") == slot.days) & inside, -value))


def _coverage(
    cells: DataFrame, entity: tuple[str, ...], atom: Atom, windows: list[int | None], at: Midnights
) -> DataFrame:
    """How the number of covered elements changes at each midnight.

    An element is covered from when one of its cells enters until that cell leaves. Taken in order of entering, a cell
    adds the stretch from where the cells before it stop covering: they cover up to the latest event day among them.
    """
    elements = cells.select(*entity, "event_day", "seen_on", F.explode(atom.column).alias("element"))
    before = (
        Window.partitionBy(*entity, "element")
        .orderBy("seen_on", "event_day")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    chained = elements.withColumn("covered_by", F.max("event_day").over(before))
    stretches = F.array(*(_stretch(days, at) for days in windows))
    steps = (
        chained.select(*entity, F.explode(stretches).alias("s"))
        .select(*entity, "s.*")
        .where(F.col("start") < F.col("stop"))
    )
    ends = F.array(
        F.struct(F.col("start").alias("i"), F.lit(1).alias("by")),
        F.struct(F.col("stop").alias("i"), F.lit(-1).alias("by")),
    )
    moved = (
        steps.select(*entity, "window", F.explode(ends).alias("e"))
        .select(*entity, "window", "e.*")
        .where(F.col("i") < at.count)
    )
    counts = [
        F.sum(F.when(F.col("window") == (days or 0), F.col("by"))).alias(Slot(atom, days).column) for days in windows
    ]
    return moved.groupBy(*entity, "i").agg(*counts)


def _stretch(days: int | None, at: Midnights) -> Column:
    if days is None:
        start = F.when(F.col("covered_by").isNull(), at.index(F.col("seen_on"))).otherwise(F.lit(at.count))
        stop = F.lit(at.count)
    else:
        start = at.index(F.greatest(F.col("seen_on"), F.date_add("covered_by", days + 1)))
        stop = _leaves(at, days)
    return F.struct(F.lit(days or 0).alias("window"), start.alias("start"), stop.alias("stop"))


def _run(parts: list[DataFrame], entity: tuple[str, ...], slots: list[Slot]) -> DataFrame:
    """Running merges of the changes, a row an (entity, midnight), with the midnight of the entity's next change.

    The parts are stacked, and rows of one midnight are merged by the frame, which runs over all of them: to group them
    first would sort where a state is a struct.
    """
    stacked = reduce(lambda frame, part: frame.unionByName(part, allowMissingColumns=True), parts)
    onward = Window.partitionBy(*entity).orderBy("i")
    sofar = onward.rangeBetween(Window.unboundedPreceding, Window.currentRow)
    here = onward.rangeBetween(Window.currentRow, Window.currentRow)
    columns = []
    for slot in slots:
        merge = {Least: F.min, Greatest: F.max}.get(type(slot.atom.state), F.sum)
        running = slot.running or isinstance(slot.atom.state, Distinct)
        value = merge(slot.column).over(sofar) if running else F.max(slot.column).over(here)
        columns.append(value.alias(slot.column))
    run = stacked.select(*entity, "i", F.lead("i").over(onward).alias(_NEXT), *columns)
    return run.where(F.col(_NEXT).isNull() | (F.col(_NEXT) > F.col("i")))


def _filled(run: DataFrame, entity: tuple[str, ...], spread: list[Slot], at: Midnights) -> DataFrame:
    """A row for each midnight from an entity's first on: what is running stays until the next change."""
    stretch = F.sequence(F.col("i"), F.coalesce(F.col(_NEXT), F.lit(at.count)) - 1)
    filled = run.select("*", F.explode(stretch).alias(_AT))
    own = {slot.column: F.when(F.col(_AT) == F.col("i"), F.col(slot.column)) for slot in spread}
    columns = [own.get(name, F.col(name)).alias(name) for name in run.columns if name not in (*entity, "i", _NEXT)]
    return filled.select(*entity, F.col(_AT).alias("i"), *columns)


def _spread(cells: DataFrame, entity: tuple[str, ...], slots: list[Slot], at: Midnights) -> DataFrame:
    """States that must be merged anew at each midnight that sees them."""
    longest = None if any(slot.days is None for slot in slots) else max(slot.days or 0 for slot in slots)
    leaves = F.lit(at.count) if longest is None else F.least(_leaves(at, longest), F.lit(at.count))
    needed = reduce(lambda a, b: a | b, (F.col(slot.atom.column).isNotNull() for slot in slots))
    seen = cells.where(needed & (F.col("enters") < leaves)).withColumn("i", F.explode(F.sequence("enters", leaves - 1)))
    parts = [seen["*"]]
    for slot in slots:
        inside = F.lit(True) if slot.days is None else F.col("i") < _leaves(at, slot.days)
        parts.append(F.when(inside, F.col(slot.atom.column)).alias(slot.column))
    merged = [F.expr(slot.atom.state.merge(f"`{slot.column}`")).alias(slot.column) for slot in slots]
    return seen.select(*parts).groupBy(*entity, "i").agg(*merged)


def _presented(merged: DataFrame, group: FeatureGroup, source: EventContract) -> DataFrame:
    """The group's columns from the merged states, the derived ones last and in order."""
    values = []
    for feature in group.features:
        for window in feature.windows if feature.aggregate else ():
            days = window_days(window)
            cells = {role: _state_sql(Slot(atom, days)) for role, atom in atoms_of(feature, source).items()}
            values.append(F.expr(present(feature, cells)).alias(f"{feature.name}_{window}"))
    frame = merged.select(*group.entity, "as_of", *values)
    for feature in group.features:
        if feature.derive is not None:
            frame = frame.withColumn(feature.name, F.expr(derived(feature)))
    return frame.select(*group.entity, "as_of", *group.columns)


def _state_sql(slot: Slot) -> str:
    column = f"`{slot.column}`"
    if slot.atom.by_time and slot.days is not None:
        return f"(CASE WHEN {column}.t >= as_of - INTERVAL '{slot.days}' DAY THEN {column} END)"
    return column
