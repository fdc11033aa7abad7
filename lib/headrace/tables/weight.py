"""How much of a table each column is, from the footers of its Parquet files. No Spark, no row is read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from headrace.ground.errors import HeadraceError
from headrace.tables.log import TableLog


def column_bytes(log: TableLog) -> Mapping[str, int]:
    """Column -> its compressed bytes in the latest version; {} where the table was never made, or is not to be seen here.

    Partition columns are in no file and so weigh nothing. Needs pyarrow; {} without it.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE.
    """
    if find_spec("pyarrow") is None:
        return {}
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    found: dict[str, int] = {}
    for path in log.files() or ():
        try:
            footer = read_metadata(path)
        except (OSError, ArrowException) as error:
            raise HeadraceError("TABLE_LOG_UNREADABLE", file=path, problem=error) from None
        for group in (footer.row_group(index) for index in range(footer.num_row_groups)):
            for chunk in (group.column(index) for index in range(group.num_columns)):
                name = chunk.path_in_schema.partition(".")[0]
                found[name] = found.get(name, 0) + chunk.total_compressed_size
    return found
