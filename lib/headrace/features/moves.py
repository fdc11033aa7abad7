"""What enters and leaves windows along the timelines of keys, and what of it there is at each question.

An event enters when it has happened and is known: after a question at its own time, at one at its arrival. It leaves a
window after the last question that still sees it (``features.calendar``). One that arrives later than that never enters.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.features.atoms import Atom, overflow
from headrace.features.calendar import Calendar
from headrace.features.cells import Asked, Cell, atoms_in, of_atom, windows_in
from headrace.features.timeline import AFTER, ASKS, BEFORE, HASH, PLACE, TIE, TIME, cuts_of, position, scan
from headrace.ground.states import Count, Greatest, GreatestK, Least, SumOfSquares

HAPPENED, KNOWN, FACT = "_happened", "_known", "_fact"
"""Columns of a fact: microseconds of its time and of its arrival, and the hash of its row."""
APART = "_apart"
"""Part of a key: 0, or what tells one question that can match nothing from the others."""
ASKED_AT, RANK = "_asked_at", "_rank"
"""Columns of a question: the microsecond that it is about, and how many of its key come before it."""
ONE = "_one"


def enters(keys: Sequence[str]) -> list[Column]:
    """The position at which a fact enters."""
    late = F.col(KNOWN) > F.col(HAPPENED)
    place = F.when(late, BEFORE).otherwise(AFTER)
    return position([F.col(key) for key in keys], F.greatest(HAPPENED, KNOWN), place, F.col(FACT))


def leaves(window: str, calendar: Calendar) -> Column:
    """The last instant at which a window holds a fact."""
    return calendar.leaves(F.col(HAPPENED), window)


def answered(facts: DataFrame, questions: DataFrame, keys: Sequence[str], asked: Asked) -> tuple[DataFrame, bool]:
    """The questions with RANK and a column for each cell that is summed or covered and each atom that is running.

    The second value says whether a key is large. If none is, no (key, element) is, and nothing else needs to be cut.
    """
    moves = _moves(facts, keys, asked)
    cuts = cuts_of(moves, questions)
    covers = [_covers(facts, keys, atom, asked, even=cuts is not None) for atom in atoms_in(asked.covered)]
    summed = (*asked.summed, *asked.covered)
    added = {cell.column: _total(cell) for cell in summed}
    extreme = {atom.column: _extreme(atom) for atom in atoms_in(asked.running)}
    several = [atom.column for atom in atoms_in(asked.running) if isinstance(atom.state, GreatestK)]
    merged = {**added, **extreme, ONE: F.sum(ONE)}
    carried = merged | {cell.column: _fitting(cell, asked) for cell in summed}
    scanned = scan(
        [moves, *covers, questions.withColumn(ONE, F.lit(1).cast("bigint"))],
        [],
        keys=keys,
        cuts=cuts,
        carried=carried,
        running={f"{name}_": value for name, value in merged.items()},
        several=several,
        by_tie=True,
    )
    asking = scanned.where(F.col(PLACE) == ASKS).drop(TIME, PLACE, *merged)
    named = asking.withColumnsRenamed({f"{name}_": name for name in merged})
    return named.withColumn(RANK, F.col(ONE) - 1).drop(ONE), cuts is not None


def _moves(facts: DataFrame, keys: Sequence[str], asked: Asked) -> DataFrame:
    """A row where a fact enters, and one where it leaves each window whose sum it is part of."""
    sliding = [window for window in windows_in(asked.summed) if window != "all"]
    left = facts.withColumns({_left(window): leaves(window, asked.calendar) for window in sliding})
    entered = _move(F.col(TIME), F.col(PLACE), "")
    gone = [F.when(F.col(_left(w)) >= F.col(TIME), _move(F.col(_left(w)), F.lit(AFTER), w)) for w in sliding]
    moved = left.select("*", *enters(keys)).withColumn("move", F.explode(F.array_compact(F.array(entered, *gone))))
    values = [_change(cell).alias(cell.column) for cell in asked.summed]
    values += [
        F.when(F.col("move.out") == "", F.col(atom.column)).alias(atom.column) for atom in atoms_in(asked.running)
    ]
    place = [F.col(HASH), F.col("move.time").alias(TIME), F.col("move.place").alias(PLACE), F.col(TIE)]
    return moved.select(*keys, *place, *values)


def _left(window: str) -> str:
    return f"_left_{window}"


def _move(time: Column, place: Column, out: str) -> Column:
    return F.struct(time.alias("time"), place.alias("place"), F.lit(out).alias("out"))


def _change(cell: Cell) -> Column:
    """Sums travel as decimals, so that no order of adding them up overflows before they are told."""
    value = F.col(cell.atom.column)
    value = value if isinstance(cell.atom.state, Count) else value.cast("decimal(38,0)")
    entering = F.col("move.out") == ""
    if cell.window == "all":
        return F.when(entering, value)
    inside = F.col(_left(cell.window)) >= F.col(TIME)
    return F.when(entering & inside, value).when(F.col("move.out") == cell.window, -value)


def _total(cell: Cell) -> Column:
    """What has come and gone; of squares null where that is too great, and 0 where there is nothing."""
    if isinstance(cell.atom.state, SumOfSquares):
        return F.try_sum(F.coalesce(cell.column, F.lit(0)))
    return F.sum(cell.column)


def _fitting(cell: Cell, asked: Asked) -> Column:
    """The same, and what is too great an error: as a part of something greater it would be taken for nothing."""
    total = _total(cell)
    too_great = isinstance(cell.atom.state, SumOfSquares)
    return F.coalesce(total, F.expr(overflow(asked.whose[cell]))) if too_great else total


def _extreme(atom: Atom) -> Column:
    if isinstance(atom.state, GreatestK):
        return F.max_by(atom.column, atom.column, atom.state.k)
    return {Least: F.min, Greatest: F.max}[type(atom.state)](atom.column)


def _covers(facts: DataFrame, keys: Sequence[str], atom: Atom, asked: Asked, *, even: bool) -> DataFrame:
    """Where an element of a set comes and goes, +1 and -1.

    It is there from when a fact brings it until that fact leaves. Taken in the order of entering, a fact adds the
    stretch from where the facts before it stop covering: after the latest leaving among them.
    """
    cells = of_atom(asked.covered, atom)
    named = {_left(cell.window): leaves(cell.window, asked.calendar) for cell in cells}
    elements = facts.where(F.col(atom.column).isNotNull()).withColumn("element", F.col(atom.column))
    elements = elements.withColumns(named).select(*keys, "element", *enters([*keys, "element"]), *named)
    until = {f"{name}_so_far": F.max(name) for name in named}
    chained = scan(
        [elements],
        [],
        keys=[*keys, "element"],
        cuts=cuts_of(elements) if even else None,
        carried={name: F.max(name) for name in named},
        running=until,
        exclusive=True,
        by_tie=True,
    )
    steps = F.explode(F.array_compact(F.array(*(step for cell in cells for step in _steps(cell)))))
    stepped = chained.select(*keys, F.hash("element").cast("bigint").alias(TIE), steps.alias("step"))
    counts = [F.when(F.col("step.window") == cell.window, F.col("step.by")).alias(cell.column) for cell in cells]
    place = position([F.col(key) for key in keys], F.col("step.time"), F.col("step.place"), F.col(TIE))
    return stepped.select(*keys, *place, *counts)


def _steps(cell: Cell) -> list[Column]:
    """Up where the stretch begins and down where it ends; null where facts before it cover it."""
    begins = F.struct(F.col(TIME).alias("time"), F.col(PLACE).alias("place"))
    covered = F.struct(F.col(f"{_left(cell.window)}_so_far").alias("time"), F.lit(AFTER).alias("place"))
    begins = F.greatest(begins, covered)
    ends = F.struct(F.col(_left(cell.window)).alias("time"), F.lit(AFTER).alias("place"))
    adds = begins < ends
    up, down = F.when(adds, _step(begins, cell, 1)), F.when(adds, _step(ends, cell, -1))
    return [up] if cell.window == "all" else [up, down]


def _step(where: Column, cell: Cell, by: int) -> Column:
    change = F.lit(by).cast("bigint")
    return F.struct(
        where["time"].alias("time"),
        where["place"].alias("place"),
        F.lit(cell.window).alias("window"),
        change.alias("by"),
    )
