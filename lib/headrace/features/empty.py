"""What a group's columns are for those whom its source has never seen: the null rule, as literals (semantics 11).

A group's table has a row for everybody whom its source knows. Where groups over several sources are joined, somebody
may have no row in one of them; a table that was made for that instant then says that there was nothing to count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.published import Published
from headrace.contracts.taken import Readable
from headrace.features.atoms import literal
from headrace.features.definition import value_when_empty
from headrace.features.rollup import with_derived


def empty_values(table: DataFrame, group: Readable, columns: Iterable[str]) -> dict[str, Column]:
    """The columns as literals of the types that they have in ``table``, over windows without events.

    A derived one is its formula over the empty values of the others: one row, which Spark computes once where such a
    column is among them; an overflow there is the error that it is in the table. A published group says them itself.
    """
    names = tuple(columns)
    if isinstance(group, Published):
        texts = {name: group.column(name).when_empty for name in names}
        return {name: F.lit(text).cast(table.schema[name].dataType) for name, text in texts.items()}
    nothing = {
        column: F.expr(_cast(literal(value_when_empty(feature)), table, column))
        for feature in group.features
        if feature.derive is None
        for column in feature.columns
    }
    derived = [name for name in names if name not in nothing]
    if derived:
        row = table.sparkSession.range(1).select(*(value.alias(name) for name, value in nothing.items()))
        found = with_derived(row, group).select(*derived).head(1)[0]
        nothing |= {name: F.lit(found[name]).cast(table.schema[name].dataType) for name in derived}
    return {name: nothing[name] for name in names}


def _cast(sql: str, table: DataFrame, column: str) -> str:
    return f"CAST({sql} AS {table.schema[column].dataType.simpleString()})"


def with_null_rule(names: Iterable[str], unseen: Column, values: Mapping[str, Column]) -> list[Column]:
    """The columns, in the rows that are ``unseen`` those of ``values``; what is not in ``values`` stays as it is."""
    return [
        F.when(unseen, values[name]).otherwise(F.col(name)).alias(name) if name in values else F.col(name)
        for name in names
    ]
