"""How values are served: the type that Feast has for a type of SQL, and what brings a column to it exactly.

Feast's own timestamps are whole seconds, and it has no dates: those are served as microseconds and as text, and sums, which
are decimals, as decimals.
"""

from __future__ import annotations

from dataclasses import dataclass

from headrace.ground.errors import HeadraceError


@dataclass(frozen=True)
class Kind:
    """Feast's type, the field of its protobuf ``Value``, and the column in Spark's and in DuckDB's SQL ({} is the column)."""

    feast: str
    field: str
    spark: str = "{}"
    duckdb: str = "{}"
    repeated: bool = False

    def of_many(self) -> Kind:
        """An array of such values."""
        field = f"{self.field.removesuffix('_val')}_list_val"
        spark, duckdb = self.spark.format("x"), self.duckdb.format("x")
        if spark == "x":
            return Kind(f"Array({self.feast})", field, repeated=True)
        return Kind(
            f"Array({self.feast})",
            field,
            f"transform({{}}, x -> {spark})",
            f"list_transform({{}}, lambda x: {duckdb})",
            repeated=True,
        )


_KINDS = {
    "string": Kind("String", "string_val"),
    "boolean": Kind("Bool", "bool_val"),
    "tinyint": Kind("Int32", "int32_val"),
    "smallint": Kind("Int32", "int32_val"),
    "int": Kind("Int32", "int32_val"),
    "bigint": Kind("Int64", "int64_val"),
    "float": Kind("Float32", "float_val"),
    "double": Kind("Float64", "double_val"),
    "decimal": Kind("Decimal", "decimal_val"),
    "date": Kind("String", "string_val", "CAST({} AS STRING)", "CAST({} AS VARCHAR)"),
    "timestamp": Kind("Int64", "int64_val", "unix_micros({})", "epoch_us({})"),
}
_KEYS = ("string", "int", "bigint", "date")
"""Types of which an entity's key may be: equal keys have equal bytes in Feast's serialization."""


def kind_of(column: str, sql: str) -> Kind:
    """How a column of a type is served.

    Raises:
        HeadraceError: SERVED_TYPE.
    """
    if sql.startswith("array<") and sql.removeprefix("array<").partition("(")[0].removesuffix(">") in _KINDS:
        return kind_of(column, sql[len("array<") : -1]).of_many()
    found = _KINDS.get(sql.partition("(")[0])
    if found is None:
        raise HeadraceError("SERVED_TYPE", column=column, type=sql, known=", ".join((*_KINDS, "arrays of them")))
    return found


def kind_of_key(column: str, sql: str) -> Kind:
    """How a column of an entity's key is served.

    Raises:
        HeadraceError: SERVED_TYPE.
    """
    if sql not in _KEYS:
        raise HeadraceError("SERVED_TYPE", column=column, type=sql, known=f"{', '.join(_KEYS)} for a key")
    return kind_of(column, sql)
