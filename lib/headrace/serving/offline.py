"""Feast's offline store over headrace's tables: the Parquet files of a table's current version, joined as of by DuckDB.

Feast loads this module by the name that feature_store.yaml has. Only files that the Delta log lists are read, so a file that
a later commit removed never is; which those are is asked anew for each call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
from feast import utils as feast_utils
from feast.infra.offline_stores import offline_utils
from feast.infra.offline_stores.file_source import FileSource
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel

from headrace.ground.errors import HeadraceError
from headrace.serving.kinds import kind_of
from headrace.tables.log import TableLog

_ROW, _AT = "__headrace_row", "__headrace_at"


class DeltaOfflineStoreConfig(FeastConfigBaseModel):
    """What feature_store.yaml says of the store: its name."""

    type: Literal["headrace.serving.offline.DeltaOfflineStore"] = "headrace.serving.offline.DeltaOfflineStore"


@dataclass(frozen=True)
class Version:
    """A table's current version: its files, and its columns with their types in SQL."""

    files: tuple[str, ...]
    types: Mapping[str, str]

    @property
    def sql(self) -> str:
        """What DuckDB reads."""
        listed = ", ".join("'{}'".format(file.replace("'", "''")) for file in self.files)
        return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"

    def served(self, column: str, name: str) -> str:
        """A column as it is served, under a name."""
        return f"{kind_of(column, self.types[column]).duckdb.format(_quoted(column))} AS {_quoted(name)}"


def current(folder: Path) -> Version:
    """The current version of the table in a folder.

    Raises:
        HeadraceError: TABLE_MISSING, TABLE_LOG_UNREADABLE, SERVED_VECTORS.
    """
    log = TableLog(folder)
    extent, added = log.extent(), log.added()
    if extent is None or not added:
        raise HeadraceError("TABLE_MISSING", table=folder, hint="headrace run makes all of them.")
    if any(one.get("deletionVector") for one in added):
        raise HeadraceError("SERVED_VECTORS", table=folder)
    files = log.files() or ()
    return Version(tuple(str(file) for file in files), dict(extent.columns))


class Retrieval(RetrievalJob):
    """A query that is run when its rows are asked for."""

    def __init__(
        self, query: Callable[[], pa.Table], full_feature_names: bool, derived: list[Any], metadata: Any = None
    ) -> None:
        self._query, self._full, self._derived, self._metadata = query, full_feature_names, derived, metadata

    def _to_df_internal(self, timeout: int | None = None) -> Any:
        return self._query().to_pandas()

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return self._query()

    @property
    def full_feature_names(self) -> bool:
        """Whether names have the view's before them."""
        return self._full

    @property
    def on_demand_feature_views(self) -> list[Any]:
        """Feast's own views over these values."""
        return self._derived

    @property
    def metadata(self) -> Any:
        """What was asked for."""
        return self._metadata


class DeltaOfflineStore(OfflineStore):
    """Reads headrace's features tables; writes nothing."""

    @staticmethod
    def get_historical_features(
        config: Any, feature_views: list[Any], feature_refs: list[str], entity_df: Any, registry: Any, project: str,
        full_feature_names: bool = False, **others: Any,
    ) -> RetrievalJob:  # fmt: skip
        """Each row of ``entity_df`` with the newest snapshot at or before its instant, as headrace published it.

        One row out a row in, in their order; a null key, or nobody known by then, has nulls. Instants without a zone are UTC.

        Raises:
            HeadraceError: SERVED_SPINE where ``entity_df`` is no pandas DataFrame; what ``current`` refuses.
        """
        if not hasattr(entity_df, "columns"):
            raise HeadraceError("SERVED_SPINE", kind=type(entity_df).__name__)
        kinds = dict(zip(entity_df.columns, entity_df.dtypes, strict=True))
        time = offline_utils.infer_event_timestamp_from_entity_df(kinds)
        on_demand = OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry)
        asked, _ = feast_utils._get_requested_feature_views_to_features_dict(feature_refs, feature_views, on_demand)
        joined = [_joined(view, names, config.repo_path, full_feature_names) for view, names in asked.items()]

        def query() -> pa.Table:
            return _run(_spine(entity_df, time), list(entity_df.columns), joined)

        keys = [column for column in entity_df.columns if column != time]
        told = RetrievalMetadata(feature_refs, keys, entity_df[time].min(), entity_df[time].max())
        return Retrieval(query, full_feature_names, on_demand, told)

    @staticmethod
    def pull_latest_from_table_or_query(
        config: Any, data_source: Any, join_key_columns: list[str], feature_name_columns: list[str], timestamp_field: str,
        created_timestamp_column: str | None, start_date: datetime, end_date: datetime,
    ) -> RetrievalJob:  # fmt: skip
        """Each entity's newest row within a time; what Feast's own ``materialize`` asks for."""
        found, where = _between(config, data_source, timestamp_field, start_date, end_date)
        columns = _columns(found, [*join_key_columns, *feature_name_columns], timestamp_field)
        keys = ", ".join(map(_quoted, join_key_columns))
        ranked = f"row_number() OVER (PARTITION BY {keys} ORDER BY {_quoted(timestamp_field)} DESC) = 1"
        return _retrieval(" ".join(("SELECT", columns, "FROM", found.sql, "WHERE", where, "QUALIFY", ranked)))

    @staticmethod
    def pull_all_from_table_or_query(
        config: Any, data_source: Any, join_key_columns: list[str], feature_name_columns: list[str], timestamp_field: str,
        created_timestamp_column: str | None = None, start_date: datetime | None = None, end_date: datetime | None = None,
    ) -> RetrievalJob:  # fmt: skip
        """All rows within a time."""
        found, where = _between(config, data_source, timestamp_field, start_date, end_date)
        columns = _columns(found, [*join_key_columns, *feature_name_columns], timestamp_field)
        return _retrieval(" ".join(("SELECT", columns, "FROM", found.sql, "WHERE", where)))


def _joined(view: Any, names: list[str], repository: Any, full: bool) -> tuple[str, list[str]]:
    """A view's as-of join to ``spine`` as SQL, and the names of the columns that it gives."""
    found = current(_folder(view.batch_source, repository))
    renamed = view.projection.join_key_map
    prefix = f"{view.projection.name_to_use()}__" if full else ""
    outputs = [f"{prefix}{name}" for name in names]
    keys = [key.name for key in view.entity_columns]
    inner = [f"{_quoted(key)} AS {_quoted(f'__key_{n}')}" for n, key in enumerate(keys)]
    values = [found.served(name, output) for name, output in zip(names, outputs, strict=True)]
    at = f"{_quoted(view.batch_source.timestamp_field)} AS __as_of"
    right = " ".join(("SELECT", ", ".join((*inner, at, *values)), "FROM", found.sql))
    on = [f"spine.{_quoted(renamed.get(key, key))} = view.{_quoted(f'__key_{n}')}" for n, key in enumerate(keys)]
    matched = " AND ".join((*on, f"spine.{_AT} >= view.__as_of"))
    picked = ", ".join((f"spine.{_ROW}", *(f"view.{_quoted(output)}" for output in outputs)))
    return " ".join(("SELECT", picked, "FROM spine ASOF LEFT JOIN (", right, ") view ON", matched)), outputs


def _spine(entities: Any, time: str) -> pa.Table:
    """The rows that are asked about, numbered, their instants in UTC beside them."""
    import pandas as pd

    at = pd.to_datetime(entities[time], utc=True).astype("datetime64[us, UTC]")
    spine = entities.reset_index(drop=True).assign(**{_AT: at.to_numpy(), _ROW: range(len(entities))})
    spine[_AT] = spine[_AT].dt.tz_localize("UTC") if spine[_AT].dt.tz is None else spine[_AT]
    return pa.Table.from_pandas(spine, preserve_index=False)


def _run(spine: pa.Table, kept: list[str], joined: list[tuple[str, list[str]]]) -> pa.Table:
    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    base.register("spine", spine)
    columns = [f"spine.{_quoted(name)}" for name in kept]
    tables = ["spine"]
    for number, (sql, outputs) in enumerate(joined):
        columns += [f"view_{number}.{_quoted(output)}" for output in outputs]
        tables.append(f"JOIN ({sql}) view_{number} ON view_{number}.{_ROW} = spine.{_ROW}")
    query = " ".join(("SELECT", ", ".join(columns), "FROM", *tables, f"ORDER BY spine.{_ROW}"))
    return base.sql(query).to_arrow_table()


def _retrieval(query: str) -> Retrieval:
    def run() -> pa.Table:
        base = duckdb.connect()
        base.execute("SET TimeZone = 'UTC'")
        return base.sql(query).to_arrow_table()

    return Retrieval(run, False, [])


def _between(config: Any, source: Any, time: str, start: datetime | None, end: datetime | None) -> tuple[Version, str]:
    bounds = [
        f"{_quoted(time)} {sign} TIMESTAMPTZ '{at:%Y-%m-%d %H:%M:%S.%f}+00'"
        for sign, at in ((">=", start), ("<=", end))
        if at
    ]
    return current(_folder(source, config.repo_path)), " AND ".join(bounds) or "true"


def _columns(found: Version, names: list[str], time: str) -> str:
    return ", ".join((*(found.served(name, name) for name in names), _quoted(time)))


def _folder(source: Any, repository: Any) -> Path:
    return Path(str(FileSource.get_uri_for_file_path(repository, source.path)).removeprefix("file://"))


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
