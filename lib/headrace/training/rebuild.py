"""A training set computed again, from the versions of its inputs that its manifest names (semantics 15).

A job is a pure function of its inputs over an interval. So the job of the graph that makes the set is called once more,
with every input at the version that was read then, and what it returns is hashed and written nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from pyspark import StorageLevel

from headrace.graph.job import At, Inputs, Job, Refusal
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError
from headrace.tables.accepted import load_version
from headrace.tables.hash import table_hash
from headrace.tables.published import PublishedTable
from headrace.tables.spec import Table
from headrace.tables.store import Store
from headrace.training.found import NOT_OURS, Found
from headrace.training.manifest import TrainingSet

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FILE_GONE = ("FILE_NOT_EXIST", "DELTA_FILE_NOT_FOUND")


def rebuild(found: Found, project: Project, store: Store) -> str:
    """The table hash of the set as it comes out now; in words where the job refuses to make it. Nothing is written.

    Raises:
        HeadraceError: TRAINING_SET_CHANGED; VERSION_GONE where Delta does not give a version any more.
    """
    found.check_unchanged()
    held: list[DataFrame] = []

    def hold(frame: DataFrame) -> DataFrame:
        held.append(frame.persist(StorageLevel.DISK_ONLY))
        return held[-1]

    made = found.made
    at = At(made.manifest.over, made.run_id, made.at, project.config.seed, spark=store.spark, hold=hold)
    inputs = Inputs(lambda name: _at_version(name, made, found.job, store))
    with ExitStack() as after:
        after.callback(lambda: [frame.unpersist() for frame in held])
        after.push(_told_as_gone)
        value = found.job.run(inputs, at, project)
        if isinstance(value, Refusal):
            return f"a refusal ({value.reason})"
        rows = value[found.table] if isinstance(value, Mapping) else value
        return table_hash(rows, found.table.unhashed)


def _told_as_gone(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
    """Of whatever kind the error is (classic Spark raises one that is none of pyspark's): a file that is not there."""
    del kind, trace
    if error is None or not any(sign in str(error) for sign in _FILE_GONE):
        return False
    problem = "a file of it is not there; VACUUM may have removed it"
    raise HeadraceError("VERSION_GONE", table="an input", version="that it read", problem=problem) from error


def _at_version(name: str, made: TrainingSet, job: Job, store: Store) -> DataFrame:
    asset = job.inputs[name]
    version = {source.table: source.version for source in made.manifest.inputs.values()}[asset.name]
    if isinstance(asset, PublishedTable):
        return load_version(store.spark, asset, int(version))
    if not isinstance(asset, Table):
        raise HeadraceError("VERSION_GONE", table=asset.name, version=version, problem=NOT_OURS)
    return store.load(asset, int(version))
