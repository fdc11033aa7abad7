"""How many elements a set has over windows, exact: the stretches of midnights in which each element is covered."""

from __future__ import annotations

from collections.abc import Mapping

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
    cuts = sorted({slot.cut for slot in windows})
    late = {(slot.cut, after): part for slot in windows for after, part in enumerate(slot.parts, start=1)}
    elements = _elements(cells, entity, atom, late)
    before = (
        Window.partitionBy(*entity, "element")
        .orderBy("seen_on", "event_day")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    chained = elements.select("*", *(F.max(_day(cut, cuts, late)).over(before).alias(_covered_by(cut)) for cut in cuts))
    stretches = F.array(*(_stretch(number, slot, cuts, late, at) for number, slot in enumerate(windows)))
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


_Late = Mapping[tuple[int, int], Atom]
"""The late parts of a day, by the hours of their windows and by how many days later than their own they count."""


def _elements(cells: DataFrame, entity: tuple[str, ...], atom: Atom, late: _Late) -> DataFrame:
    """The elements of each cell; where a window cuts a day, those of a late part once more, under its hours."""
    if not late:
        return cells.select(*entity, "event_day", "seen_on", F.explode(atom.column).alias("element"))
    sets = {(0, 0): atom.column} | {cut: part.column for cut, part in sorted(late.items())}
    told = F.array(
        *(
            F.struct(F.lit(cut).alias("cut"), F.lit(after).alias("after"), F.col(column).alias("held"))
            for (cut, after), column in sets.items()
        )
    )
    parted = cells.select(*entity, "event_day", "seen_on", F.explode(told).alias("part"))
    return parted.select(
        *entity, "event_day", "seen_on", "part.cut", "part.after", F.explode("part.held").alias("element")
    )


def _covered_by(cut: int) -> str:
    return f"covered_by_{cut}" if cut else "covered_by"


def _day(cut: int, cuts: list[int], late: _Late) -> Column:
    """The day that an element counts for in windows with this cut: what lies after the cut counts a day later, or two."""
    if not late:
        return F.col("event_day")
    whole = F.when(F.col("cut") == 0, F.col("event_day"))
    return whole if cut == 0 else whole.when(F.col("cut") == cut, F.date_add("event_day", F.col("after")))


def _stretch(number: int, slot: Slot, cuts: list[int], late: _Late, at: Midnights) -> Column:
    day, covered_by = _day(slot.cut, cuts, late), F.col(_covered_by(slot.cut))
    if slot.days is None:
        start = F.when(covered_by.isNull(), at.index(F.col("seen_on"))).otherwise(F.lit(at.count))
        stop = F.lit(at.count)
    else:
        start = at.index(F.greatest(F.col("seen_on"), F.date_add(covered_by, slot.days + 1)))
        stop = at.leaves(slot.days, day)
    found = F.struct(F.lit(number).alias("window"), start.alias("start"), stop.alias("stop"))
    return F.when(day.isNotNull(), found) if late else found
