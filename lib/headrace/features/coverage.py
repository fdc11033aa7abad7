"""How many elements a set has over windows, exact: the stretches of midnights in which each element is covered."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headrace.features.atoms import Atom
from headrace.features.midnights import Midnights
from headrace.features.slots import Slot


def coverage(cells: DataFrame, entity: tuple[str, ...], atom: Atom, windows: list[Slot], at: Midnights) -> DataFrame:
    """``(entity..., i, a column a window)``: how the number of covered elements changes at each midnight.

    An element is covered from when one of its cells enters until that cell leaves. Taken in order of entering, a cell
    adds the stretch from where the cells before it stop covering: they cover up to the latest event day among them.
    """
    cuts = sorted({slot.hours for slot in windows})
    elements = _elements(cells, entity, atom, windows)
    before = (
        Window.partitionBy(*entity, "element")
        .orderBy("seen_on", "event_day")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    chained = elements.select("*", *(F.max(_day(cut, cuts)).over(before).alias(_covered_by(cut)) for cut in cuts))
    stretches = F.array(*(_stretch(number, slot, cuts, at) for number, slot in enumerate(windows)))
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
        F.sum(F.when(F.col("window") == number, F.col("by"))).alias(slot.column) for number, slot in enumerate(windows)
    ]
    return moved.groupBy(*entity, "i").agg(*counts)


def _elements(cells: DataFrame, entity: tuple[str, ...], atom: Atom, windows: list[Slot]) -> DataFrame:
    """The elements of each cell; where a window cuts a day, those of the day's last hours once more, under its hours."""
    late = {slot.hours: slot.late for slot in windows if slot.late is not None}
    if not late:
        return cells.select(*entity, "event_day", "seen_on", F.explode(atom.column).alias("element"))
    sets = {0: atom.column} | {hours: part.column for hours, part in sorted(late.items())}
    told = F.array(*(F.struct(F.lit(cut).alias("cut"), F.col(column).alias("held")) for cut, column in sets.items()))
    parted = cells.select(*entity, "event_day", "seen_on", F.explode(told).alias("part"))
    return parted.select(*entity, "event_day", "seen_on", "part.cut", F.explode("part.held").alias("element"))


def _covered_by(cut: int) -> str:
    return f"covered_by_{cut}" if cut else "covered_by"


def _day(cut: int, cuts: list[int]) -> Column:
    """The day that an element counts for in windows with this cut: what lies after the cut counts a day later."""
    if cuts == [0]:
        return F.col("event_day")
    whole = F.when(F.col("cut") == 0, F.col("event_day"))
    return whole if cut == 0 else whole.when(F.col("cut") == cut, F.date_add("event_day", 1))


def _stretch(number: int, slot: Slot, cuts: list[int], at: Midnights) -> Column:
    day, covered_by = _day(slot.hours, cuts), F.col(_covered_by(slot.hours))
    if slot.days is None:
        start = F.when(covered_by.isNull(), at.index(F.col("seen_on"))).otherwise(F.lit(at.count))
        stop = F.lit(at.count)
    else:
        start = at.index(F.greatest(F.col("seen_on"), F.date_add(covered_by, slot.days + 1)))
        stop = at.leaves(slot.days, day)
    found = F.struct(F.lit(number).alias("window"), start.alias("start"), stop.alias("stop"))
    return found if cuts == [0] else F.when(day.isNotNull(), found)
