"""Online values against offline ones, entity by entity, as whoever serves a model would get them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from headrace.contracts.features import FeatureGroup
from headrace.graph.job import At
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import show_instant
from headrace.ground.keyed import keyed_hash
from headrace.serving.door import store_told
from headrace.serving.encoding import decode
from headrace.serving.faults import told
from headrace.serving.online import Served, newest, served
from headrace.serving.registry import feature_store
from headrace.serving.repository import Repository
from headrace.serving.views import View, view_of
from headrace.tables.spec import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

CHECKED = Table(
    name="monitor.online",
    meaning="How many entities of each group were compared online and offline, by snapshot.",
    keys=("view", "as_of"),
    replaced_by="as_of",
    stamped="end",
)
_SHOWN = 5
_AT_ONCE = 500


@dataclass(frozen=True)
class Checked:
    """What was compared of a group; nothing differed."""

    view: str
    as_of: datetime | None
    entities: int
    features: int


def check(project: Project, group: FeatureGroup, table: DataFrame, online: Served, seed: int) -> Checked:
    """Compare a sample of the newest snapshot with what Feast gives for the same entities.

    The sample is the ``online.sample`` entities with the least hash of key, snapshot and seed: another one each day.

    Raises:
        HeadraceError: ONLINE_DIFFERS with keys as keyed hashes, ONLINE_STORE_*.
    """
    view = view_of(project, group, dict(table.dtypes))
    as_of = newest(table, view)
    if as_of is None:
        return Checked(view.name, None, 0, len(view.features))
    order = F.xxhash64(*(F.col(key.name) for key in view.keys), F.lit(as_of), F.lit(seed))
    sample = served(table, view, as_of).orderBy(order).limit(project.config.online.sample)
    rows = [row.asDict() for row in sample.collect()]
    with told(store_told(project)):
        found = differences(view, rows, online_rows(project, online.repository, view, rows), online.key)
    if found:
        command = f"headrace run publish_online --full-refresh --env {project.env}"
        shown = "; ".join(found[:_SHOWN]) + (f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
        about = {"view": view.name, "count": len(found), "checked": len(rows), "differences": shown}
        raise HeadraceError("ONLINE_DIFFERS", **about, as_of=show_instant(as_of), command=command)
    return Checked(view.name, as_of, len(rows), len(view.features))


def online_rows(
    project: Project, made: Repository, view: View, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What ``get_online_features`` gives for the entities of the rows."""
    store, found = feature_store(project, made), []
    names = [f"{view.name}:{feature.name}" for feature in view.features]
    for start in range(0, len(rows), _AT_ONCE):
        some = [{key.name: row[key.name] for key in view.keys} for row in rows[start : start + _AT_ONCE]]
        answer = store.get_online_features(names, some).proto
        columns = dict(zip(answer.metadata.feature_names.val, answer.results, strict=True))
        for number in range(len(some)):
            values = {one.name: columns[one.name].values[number] for one in view.features}
            found.append({one.name: decode(values[one.name], one.kind) for one in view.features})
    return found


def differences(
    view: View, offline: Sequence[Mapping[str, Any]], online: Sequence[Mapping[str, Any]], key: bytes
) -> list[str]:
    """A line an entity that differs: its key as a hash, and the features that do."""
    found = []
    for row, other in zip(offline, online, strict=True):
        wrong = [one.name for one in view.features if not _same(row[one.name], other[one.name])]
        if wrong:
            who = keyed_hash(key, [row[part.name] for part in view.keys])
            found.append(f"{who}: {', '.join(wrong)}")
    return found


def _same(one: Any, other: Any) -> bool:
    both = isinstance(one, float) and isinstance(other, float)
    return one == other or (both and math.isnan(one) and math.isnan(other))


def checked_rows(found: Iterable[Checked], at: At) -> DataFrame:
    """The rows of ``monitor.online``."""
    rows = [(one.view, at.end, one.entities, one.features) for one in found]
    frame: DataFrame = at.spark.createDataFrame(rows, "view string, as_of timestamp, entities bigint, features int")
    return frame.coalesce(1)
