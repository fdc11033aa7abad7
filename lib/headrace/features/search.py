"""States that can be neither subtracted nor kept running, by a segment tree over the questions of each key.

The questions of a key are numbered in the order of time. A fact is in a window at the questions ``[first, end)``, a run of
numbers, late arrivals included, which is put together from at most two *nodes* a level: node n of level l stands for the
questions ``[n * 2^l, (n + 1) * 2^l)``. The states of a node's facts are merged once; a question merges the states of its
own node on each level. Cost: facts x windows x log(questions of the key) + questions x 11.

Above level 10 a node's state is handed down to its nodes of level 10, so that no node is looked up by more than 1,024
questions, however many the key has.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.features.cells import Asked, Cell, atoms_in, windows_in
from headrace.features.moves import FACT, RANK, enters, leaves
from headrace.features.timeline import AFTER, ASKS, HASH, PLACE, TIE, TIME, Cuts, cuts_of, position, scan

TOP = 10
"""The highest level at which questions look."""
_LEVEL, _NODE, _ONE, _FIRST, _END, _WINDOW, _LEAVES, _ROW = "_level _node _one _first _end _window _leaves _row".split()


def searched(
    facts: DataFrame, asking: DataFrame, questions: DataFrame, keys: Sequence[str], asked: Asked, *, even: bool
) -> DataFrame:
    """The questions, which have RANK, with a column for each cell that is searched.

    ``asking`` is the same questions with their position, as they came; ``even``: cut where a key is large.
    """
    cells = asked.searched
    placed = asking.select(*keys, HASH, TIME, PLACE, TIE, F.lit(1).cast("bigint").alias(_ONE))
    nodes = _nodes(_runs(facts, placed, keys, asked, even=even), keys, cells)
    kept = [name for name in questions.columns if name not in (*keys, RANK)]
    levels = questions.withColumn(_LEVEL, F.explode(F.sequence(F.lit(0), F.lit(TOP))))
    row = F.when(F.col(_LEVEL) == 0, F.struct(*kept)).alias(_ROW)
    node = F.expr(f"shiftright({RANK}, {_LEVEL})").alias(_NODE)
    found = levels.select(*keys, RANK, _LEVEL, node, row).join(nodes, on=[*keys, _LEVEL, _NODE], how="left")
    merged = [F.expr(cell.atom.state.merge(f"`{cell.column}`")).alias(cell.column) for cell in cells]
    whole = found.groupBy(*keys, RANK).agg(F.first(_ROW, ignorenulls=True).alias(_ROW), *merged)
    return whole.select(*keys, RANK, f"{_ROW}.*", *(cell.column for cell in cells))


def _runs(facts: DataFrame, placed: DataFrame, keys: Sequence[str], asked: Asked, *, even: bool) -> DataFrame:
    """``(keys, values, window, first, end)``: the questions that have a fact in their window, where there are any."""
    atoms = [atom.column for atom in atoms_in(asked.searched)]
    bounds = [
        F.struct(F.lit(window).alias(_WINDOW), leaves(window, asked.calendar).alias(_LEAVES))
        for window in windows_in(asked.searched)
    ]
    entering = facts.select(*keys, *atoms, F.array(*bounds).alias(_LEAVES), *enters(keys))
    first = _numbered(entering, placed, keys, _FIRST, cuts_of(entering, placed) if even else None)
    left = facts.select(*keys, F.explode(F.array(*bounds)).alias("b"), FACT).select(*keys, "b.*", FACT)
    leaving = first.select(*keys, *atoms, _FIRST, F.explode(_LEAVES).alias("b")).select("*", "b.*")
    # Cut like the facts, which are cheaper to read than what was numbered.
    cuts = cuts_of(_leaving(left, keys), placed) if even else None
    last = _numbered(_leaving(leaving, keys), placed, keys, _END, cuts)
    return last.where(F.col(_FIRST) < F.col(_END)).select(*keys, *atoms, _WINDOW, _FIRST, _END)


def _leaving(frame: DataFrame, keys: Sequence[str]) -> DataFrame:
    tie = F.xxhash64(*(name for name in frame.columns if name not in ("b", *keys)))
    return frame.select("*", *position([F.col(key) for key in keys], F.col(_LEAVES), AFTER, tie))


def _numbered(frame: DataFrame, placed: DataFrame, keys: Sequence[str], name: str, cuts: Cuts | None) -> DataFrame:
    """The rows of a frame with the number of the questions before them."""
    counted = scan(
        [placed],
        [frame],
        keys=keys,
        cuts=cuts,
        carried={_ONE: F.sum(_ONE)},
        running={name: F.sum(_ONE)},
    )
    numbered = counted.where(F.col(PLACE) != ASKS).withColumn(name, F.coalesce(name, F.lit(0)))
    return numbered.drop(TIME, PLACE, _ONE)


def _nodes(runs: DataFrame, keys: Sequence[str], cells: Sequence[Cell]) -> DataFrame:
    """``(keys, level, node, a column a cell)`` up to level TOP."""
    by = [*keys, _LEVEL, _NODE]
    levels = F.explode(F.sequence(F.lit(0), F.length(F.bin(_END))))
    cut = runs.withColumn(_LEVEL, levels).withColumns({"l": _shifted(_FIRST, up=True), "r": _shifted(_END, up=False)})
    ends = F.array(F.when(F.col("l") % 2 == 1, F.col("l")), F.when(F.col("r") % 2 == 1, F.col("r") - 1))
    split = cut.where("l < r").withColumn(_NODE, F.explode(F.array_compact(ends)))
    lifted = [F.expr(cell.atom.state.lift(_of_window(cell))).alias(cell.column) for cell in cells]
    states = split.groupBy(*by).agg(*lifted)
    below = f"sequence(shiftleft({_NODE}, {_LEVEL} - {TOP}), shiftleft({_NODE} + 1, {_LEVEL} - {TOP}) - 1)"
    down = F.expr(f"explode(CASE WHEN {_LEVEL} > {TOP} THEN {below} ELSE array({_NODE}) END)")
    handed = states.withColumn(_NODE, down).withColumn(_LEVEL, F.least(F.col(_LEVEL), F.lit(TOP)))
    merged = [F.expr(cell.atom.state.merge(f"`{cell.column}`")).alias(cell.column) for cell in cells]
    return handed.groupBy(*by).agg(*merged)


def _shifted(name: str, *, up: bool) -> Column:
    value = f"{name} + shiftleft(1L, {_LEVEL}) - 1" if up else name
    return F.expr(f"shiftright({value}, {_LEVEL})")


def _of_window(cell: Cell) -> str:
    return f"CASE WHEN {_WINDOW} = '{cell.window}' THEN `{cell.atom.column}` END"
