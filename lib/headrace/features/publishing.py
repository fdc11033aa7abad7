"""The catalog table: the published groups of a project, a row a group and version, typed, to be read without its contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headrace.contracts.features import FeatureGroup
from headrace.contracts.lock import Lock, Step
from headrace.contracts.published import Listed, Published, PublishedColumn, PublishedKey, first_snapshot, listed_of
from headrace.features.columns import key_columns, sensitivity_of
from headrace.features.empty import empty_values
from headrace.features.published import CATALOG, CATALOG_COLUMNS
from headrace.graph.job import At
from headrace.graph.project import Project
from headrace.ground.interval import DAY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def is_publisher(project: Project) -> bool:
    """Whether there is something to publish, or to say of what was published and ended."""
    ended = (lock.retired.published for lock in project.locks.values() if lock.retired is not None)
    return any(ended) or bool(published_groups(project))


def published_groups(project: Project) -> tuple[FeatureGroup, ...]:
    """The groups whose contracts say that others may read them."""
    return tuple(group for group in project.groups.values() if group.published)


def catalog_rows(project: Project, tables: Mapping[str, DataFrame], at: At) -> DataFrame:
    """The whole catalog: the present versions, by the tables that hold them, and the earlier ones as they were published.

    ``tables`` are those of the published groups, by ``team.group``; of each, the types are read, and no row.
    A version that was published stays for ever, with the day after which it is not to be read.
    """
    before = {one.group.reference: one for one in _earlier(at)}
    now = [_listed(group, tables[group.namespace], project, at) for group in published_groups(project)]
    known = before | {one.group.reference: _dated(one, before.get(one.group.reference)) for one in now}
    today = at.now.date()
    rows = [_ended(one, project).row(today) for _, one in sorted(known.items(), key=lambda pair: _order(pair[1]))]
    schema = ", ".join(f"`{name}` {kind}" for name, (kind, _) in CATALOG_COLUMNS.items())
    values = [tuple(row[name] for name in CATALOG_COLUMNS) for row in rows]
    frame: DataFrame = at.spark.createDataFrame(values, schema)
    return frame.coalesce(1)


def _order(one: Listed) -> tuple[str, int]:
    return one.group.namespace, one.group.version


def _earlier(at: At) -> Iterator[Listed]:
    earlier = at.before(CATALOG)
    for row in earlier.collect() if earlier is not None else ():
        yield listed_of(row.asDict(recursive=True))


def _dated(now: Listed, before: Listed | None) -> Listed:
    """The row as it was first written, where what it says has not changed since."""
    return before if before is not None and before.group == now.group else now


def _ended(one: Listed, project: Project) -> Listed:
    """With the day that the lock entry names by now, if it names one."""
    lock = project.locks.get(one.group.namespace)
    step = lock.step(one.group.version) if lock is not None else None
    until = step.retire_after if step is not None else one.retire_after
    return Listed(one.group, until, one.published_at, one.published_by)


def _listed(group: FeatureGroup, table: DataFrame, project: Project, at: At) -> Listed:
    source, every = project.sources[group.source], project.config.snapshots_every
    step = _step(project.lock_of(group.namespace), group)
    keys = key_columns(group.entity, source)
    published = Published(
        project=project.name,
        team=group.team,
        group=group.group,
        version=group.version,
        fingerprint=project.identity(group.namespace),
        owner=group.owner,
        purpose=_plain(group.purpose),
        keys=tuple(
            PublishedKey(name=key.name, type=_type(table, key.name), sensitivity=key.sensitivity) for key in keys
        ),
        features=tuple(_columns(group, table, project)),
        accuracy=group.accuracy,
        zone=group.zone,
        snapshots_from=first_snapshot(project.span.start, every),
        snapshots_every=every // DAY,
        table=group.table,
        agreed_on=step.at if step is not None else at.now.date(),
        why=step.why if step is not None else "",
        breaking=step.breaking if step is not None else False,
        changes=step.changes if step is not None else (),
    )
    return Listed(published, None, at.now, at.run_id)


def _step(lock: Lock | None, group: FeatureGroup) -> Step | None:
    return lock.step(group.version) if lock is not None else None


def _columns(group: FeatureGroup, table: DataFrame, project: Project) -> Iterator[PublishedColumn]:
    empty = _empty(group, table)
    source = project.sources[group.source]
    for feature in group.features:
        for name in feature.columns:
            yield PublishedColumn(
                name=name,
                type=_type(table, name),
                meaning=_plain(feature.meaning),
                unit=feature.unit,
                sensitivity=sensitivity_of(feature, group, source),
                when_empty=empty[name],
            )


def _empty(group: FeatureGroup, table: DataFrame) -> dict[str, Any]:
    """The null rule of each column as text, by the column's own type: one row, which Spark computes."""
    values = empty_values(table, group, group.columns)
    texts = [value.cast("string").alias(name) for name, value in values.items()]
    found: dict[str, Any] = table.sparkSession.range(1).select(*texts).head(1)[0].asDict()
    return found


def _type(table: DataFrame, name: str) -> str:
    kind: str = table.schema[name].dataType.simpleString()
    return kind


def _plain(text: str) -> str:
    return " ".join(text.split())


def published_identity(project: Project) -> list[Any]:
    """What decides the rows besides the tables: contracts with their words, and what their lock entries say of versions."""
    locks = {name: lock.model_dump(mode="json")["history"] for name, lock in sorted(project.locks.items())}
    told = [group.model_dump(mode="json") for group in published_groups(project)]
    identities = [project.identity(group.namespace) for group in published_groups(project)]
    return [project.name, told, identities, locks]
