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
from functools import reduce

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.atoms import Atom, derived_or_error, interval_sql, overflow, present
from headrace.features.coverage import coverage
from headrace.features.midnights import Midnights
from headrace.features.slots import Slot, group_atoms, group_slots, slots_of
from headrace.features.windows import window_features
from headrace.ground.states import Greatest, Least, Sum
from headrace.ground.zones import UTC

__all__ = ["roll_up", "window_features"]

_NEXT, _AT = "_next", "_at"


def roll_up(tiles: DataFrame, group: FeatureGroup, source: EventContract, at: Midnights) -> DataFrame:
    """``(entity..., as_of timestamp, the group's columns)``: each entity known by then, one row a midnight.

    ``tiles`` holds every cell that arrived before the last midnight (older ones than the longest window are needed
    too, so that no entity is missing; they cost nothing but their scan).
    """
    slots = group_slots(group, source)
    cells = _placed(tiles, group, source, at).repartition(*group.entity)
    spread = [slot for slot in slots if not slot.running and not slot.distinct]
    parts = [_changes(cells, group.entity, [slot for slot in slots if slot.running], at)]
    parts += [coverage(cells, group.entity, atom, windows, at) for atom, windows in _by_atom(slots).items()]
    parts += [_spread(cells, group.entity, spread, at)] if spread else []
    merged = _filled(_run(parts, group.entity, slots), group.entity, spread, at)
    dated = merged.withColumn("as_of", at.instant(F.col("i")))
    return presented(dated if at.zone == UTC else _in_zone(dated, slots, at), group, source)


def _by_atom(slots: Iterable[Slot]) -> dict[Atom, list[Slot]]:
    """The windows of each set."""
    found: dict[Atom, list[Slot]] = {}
    for slot in slots:
        if slot.distinct:
            found.setdefault(slot.atom, []).append(slot)
    return found


def _placed(tiles: DataFrame, group: FeatureGroup, source: EventContract, at: Midnights) -> DataFrame:
    """The cells that some midnight sees, with the midnight at which each enters."""
    seen_on = at.seen_from()
    columns = list(group_atoms(group, source))
    placed = tiles.where(seen_on <= F.lit(at.last)).select(
        *group.entity, "event_day", seen_on.alias("seen_on"), *columns
    )
    return placed.withColumn("enters", at.index(F.col("seen_on")))


def _changes(cells: DataFrame, entity: tuple[str, ...], slots: list[Slot], at: Midnights) -> DataFrame:
    """What enters and leaves at each midnight, summed by (entity, midnight). An entity's first is there in any case."""
    sliding = sorted({days for slot in slots if slot.atom.state.invertible for days in _ends(slot)})
    moves = [F.struct(F.col("enters").alias("i"), F.lit(0).alias("leaving"))]
    moves += [F.struct(at.leaves(days).alias("i"), F.lit(days).alias("leaving")) for days in sliding]
    moved = cells.withColumn("move", F.explode(F.array(*moves))).select("*", "move.i", "move.leaving")
    useful = moved.where((F.col("i") < at.count) & ((F.col("leaving") == 0) | (F.col("i") >= F.col("enters"))))
    aggregates = [_change(slot, at).alias(slot.column) for slot in slots]
    return useful.groupBy(*entity, "i").agg(F.count(F.lit(1)).alias("_moves"), *aggregates)


def _ends(slot: Slot) -> tuple[int, ...]:
    """After how many days something of a cell leaves the slot's window: all of it, or all but its last hours first."""
    if slot.days is None:
        return ()
    return tuple(range(slot.days, slot.days + len(slot.parts) + 1))


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
        return _summed(slot, F.when(entering, value))
    stays = [at.leaves(days) > F.col("enters") for days in _ends(slot)]
    left = [value, *(F.col(part.column) for part in slot.parts)]
    changes = F.when(entering & stays[0], value)
    for inside, part in zip(stays[1:], left[1:], strict=True):
        changes = changes.when(entering & inside, part)
    after = [F.coalesce(part, F.lit(0)) for part in left[1:]]
    for days, inside, was, now in zip(_ends(slot), stays, left, [*after, None], strict=True):
        gives = -was if now is None else now - was
        changes = changes.when((F.col("leaving") == days) & inside, gives)
    return _summed(slot, changes)


def _summed(slot: Slot, values: Column, over: WindowSpec | None = None) -> Column:
    """The sum, in a group or over a frame; one that does not fit is an error that names the slot's features.

    What is null counts as 0, so that null can only mean that the sum was too great. Counts never are.
    """
    exact = isinstance(slot.atom.state, Sum)
    total = F.try_sum(F.coalesce(values, F.lit(0))) if exact else F.sum(values)
    placed = total if over is None else total.over(over)
    return F.coalesce(placed, F.expr(overflow(slot.features))) if exact else placed


def _run(parts: list[DataFrame], entity: tuple[str, ...], slots: list[Slot]) -> DataFrame:
    """Running merges of the changes, a row an (entity, midnight), with the midnight of the entity's next change.

    The parts are stacked, and rows of one midnight are merged by the frame, which runs over all of them: to group them
    first would sort where a state is a struct.
    """
    stacked = reduce(lambda frame, part: frame.unionByName(part, allowMissingColumns=True), parts)
    onward = Window.partitionBy(*entity).orderBy("i")
    sofar = onward.rangeBetween(Window.unboundedPreceding, Window.currentRow)
    here = onward.rangeBetween(Window.currentRow, Window.currentRow)
    columns = [_so_far(slot, sofar, here).alias(slot.column) for slot in slots]
    run = stacked.select(*entity, "i", F.lead("i").over(onward).alias(_NEXT), *columns)
    return run.where(F.col(_NEXT).isNull() | (F.col(_NEXT) > F.col("i")))


def _so_far(slot: Slot, sofar: WindowSpec, here: WindowSpec) -> Column:
    """What a slot has become at a midnight; what is not running stands at its own midnight alone."""
    if not (slot.running or slot.distinct):
        return F.max(slot.column).over(here)
    if isinstance(slot.atom.state, Least | Greatest):
        state = F.min if isinstance(slot.atom.state, Least) else F.max
        return state(slot.column).over(sofar)
    return _summed(slot, F.col(slot.column), sofar)


def _filled(run: DataFrame, entity: tuple[str, ...], spread: list[Slot], at: Midnights) -> DataFrame:
    """A row for each midnight from an entity's first on: what is running stays until the next change."""
    stretch = F.sequence(F.col("i"), F.coalesce(F.col(_NEXT), F.lit(at.count)) - 1)
    filled = run.select("*", F.explode(stretch).alias(_AT))
    own = {slot.column: F.when(F.col(_AT) == F.col("i"), F.col(slot.column)) for slot in spread}
    columns = [own.get(name, F.col(name)).alias(name) for name in run.columns if name not in (*entity, "i", _NEXT)]
    return filled.select(*entity, F.col(_AT).alias("i"), *columns)


def _spread(cells: DataFrame, entity: tuple[str, ...], slots: list[Slot], at: Midnights) -> DataFrame:
    """States that must be merged anew at each midnight that sees them."""
    longest = None if any(slot.days is None for slot in slots) else max(max(_ends(slot)) for slot in slots)
    leaves = F.lit(at.count) if longest is None else F.least(at.leaves(longest), F.lit(at.count))
    needed = reduce(lambda a, b: a | b, (F.col(slot.atom.column).isNotNull() for slot in slots))
    seen = cells.where(needed & (F.col("enters") < leaves)).withColumn("i", F.explode(F.sequence("enters", leaves - 1)))
    parts = [seen["*"]]
    for slot in slots:
        inside = F.lit(True) if slot.days is None else F.col("i") < at.leaves(slot.days)
        part = F.when(inside, F.col(slot.atom.column))
        for days, late in zip(_ends(slot)[1:], slot.parts, strict=True):
            part = part.when(F.col("i") < at.leaves(days), F.col(late.column))
        parts.append(part.alias(slot.column))
    merged = [F.expr(slot.atom.state.merge(f"`{slot.column}`")).alias(slot.column) for slot in slots]
    return seen.select(*parts).groupBy(*entity, "i").agg(*merged)


def _in_zone(dated: DataFrame, slots: list[Slot], at: Midnights) -> DataFrame:
    """The midnights that the zone has, with the instants at which windows of what is greatest by time begin."""
    days = sorted({slot.days for slot in slots if slot.atom.by_time and slot.days is not None and slot.elapsed is None})
    begins = {_begins(number): at.begins(F.col("i"), number) for number in days}
    return dated.where(at.is_there(F.col("i"))).withColumns(begins)


def _begins(days: int) -> str:
    return f"_begins_{days}"


def presented(merged: DataFrame, group: FeatureGroup, source: EventContract) -> DataFrame:
    """The group's columns from the merged states, the derived ones last and in order."""
    values = []
    for feature in group.features:
        for window in feature.windows if feature.aggregate else ():
            cells = {
                role: _state_sql(slot, group.zone) for role, slot in slots_of(feature, group, source, window).items()
            }
            values.append(F.expr(present(feature, cells, group.group)).alias(f"{feature.name}_{window}"))
    frame = with_derived(merged.select(*group.entity, "as_of", *values), group)
    return frame.select(*group.entity, "as_of", *group.columns)


def with_derived(presented: DataFrame, group: FeatureGroup) -> DataFrame:
    """The frame with the group's derived columns, in order, each from those before it."""
    frame = presented
    for feature in group.features:
        if feature.derive is not None:
            frame = frame.withColumn(feature.name, F.expr(derived_or_error(feature, group.group)))
    return frame


def _state_sql(slot: Slot, zone: str) -> str:
    column = f"`{slot.column}`"
    if not slot.atom.by_time or slot.length is None or slot.days is None:
        return column
    begins = f"as_of - {interval_sql(slot.length)}" if zone == UTC or slot.elapsed else f"`{_begins(slot.days)}`"
    return f"(CASE WHEN {column}.t >= {begins} THEN {column} END)"
