"""The online store: each group's newest values, written through Feast, an entity's row in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from headrace.contracts.features import FeatureGroup
from headrace.contracts.names import quoted
from headrace.graph.project import Project
from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.serving.door import open_door
from headrace.serving.encoding import encode
from headrace.serving.registry import need_feast
from headrace.serving.repository import REGISTRY, Repository, repository, repository_folder
from headrace.serving.views import View, view_name, views
from headrace.tables.log import TableLog
from headrace.tables.newest import recent_start

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class OnlineValues:
    """The values of a group in the online store, as an asset of the graph. ``group`` is ``team.group``."""

    group: str
    view: str

    @property
    def name(self) -> str:
        """``online.{view}``."""
        return f"online.{self.view}"


@dataclass(frozen=True)
class Publication:
    """What one publication did. ``as_of`` is None where the table had no row, and everything online was removed."""

    view: str
    as_of: datetime | None
    entities: int
    removed: int


def online_values(project: Project, group: FeatureGroup) -> OnlineValues:
    """The asset of a group."""
    return OnlineValues(group.namespace, view_name(project, group))


def publish(project: Project, group: FeatureGroup, table: DataFrame, mark: str) -> Publication:
    """Set a group's online values to the newest snapshot in ``table`` (its features table, at any version), and to nothing else.

    ``mark`` names this publication and no other that may differ (a run, a decision): rows of others are removed at the
    end. Each entity's row is replaced or removed in one step, so whoever reads sees the one before or the new one. Done
    twice it changes nothing; killed half-way it leaves entities of both, each whole, and the next makes them one.

    Raises:
        HeadraceError: ONLINE_OFF, PACKAGE_MISSING, SERVED_*, ONLINE_STORE_*.
    """
    if not project.config.online.is_on:
        raise HeadraceError("ONLINE_OFF", env=project.env)
    need_feast()
    known = views(project, {group.table: dict(table.dtypes)})
    view = next(one for one in known if one.name == view_name(project, group))
    as_of = newest(table, view)
    door = open_door(project, repository(project, known), view)
    rows = () if as_of is None else (encode(view, row, as_of, mark) for row in _rows(table, view, as_of))
    written, removed = door.replace(rows, project.config.online.batch, mark)
    return Publication(view.name, as_of, written, removed)


def was_published(project: Project) -> bool:
    """Whether anything was ever published."""
    return (repository_folder(project) / REGISTRY).is_file()


def newest(table: DataFrame, view: View) -> datetime | None:
    """The last snapshot in a view's table, or in some rows of it; None where there is none.

    The files of its last commits are read, and all of them only where none of the rows is in those.
    """
    since = recent_start(TableLog(view.folder), "as_of")
    recent = None if since is None else _last(table.where(F.col("as_of") >= F.lit(since)))
    return recent or _last(table)


def _last(table: DataFrame) -> datetime | None:
    found = table.agg(F.unix_micros(F.max("as_of"))).collect()[0][0]
    return None if found is None else _EPOCH + timedelta(microseconds=found)


def served(table: DataFrame, view: View, as_of: datetime) -> DataFrame:
    """The rows of one snapshot, with the columns as ``kinds`` serves them."""
    columns = (*view.keys, *view.features)
    values = [F.expr(one.kind.spark.format(quoted(one.name))).alias(one.name) for one in columns]
    return table.where(F.col("as_of") == F.lit(as_of)).select(*values)


def _rows(table: DataFrame, view: View, as_of: datetime) -> Iterator[Mapping[str, Any]]:
    """In the order of their keys, a partition at a time: a store that keeps that order then writes each page once."""
    keys = [quoted(key.name) for key in view.keys]
    return (row.asDict() for row in served(table, view, as_of).orderBy(*keys).toLocalIterator())


@dataclass(frozen=True)
class Served:
    """By what online values are asked for, and the key of the hashes by which those of somebody are named."""

    repository: Repository
    key: bytes


class OnlineSink:
    """Online values as outputs and inputs of jobs: a commit is a publication. ``key`` gives that of keyed hashes."""

    def __init__(self, project: Project, key: Callable[[], bytes]) -> None:
        self._project, self._key = project, key

    def exists(self, asset: OnlineValues) -> bool:
        """Whether anything was ever published."""
        return was_published(self._project)

    def read(self, asset: OnlineValues, at: At) -> Served:
        """The repository, with the views of the tables that are there."""
        return Served(repository(self._project, views(self._project)), self._key())

    def commit(self, asset: OnlineValues, value: DataFrame, at: At, identity: Mapping[str, str]) -> Receipt:
        """Publish the newest snapshot of ``value``, the group's table."""
        done = publish(self._project, self._project.readable.own[asset.group], value, at.run_id)
        return Receipt(identity["stamp"], done.entities, {"removed": done.removed})
