"""A project at hand in a notebook: its catalog, its tables as DataFrames, pictures of its features. It changes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from headrace.cli.eventlog import unlogged
from headrace.cli.held import held_group
from headrace.cli.loading import load_graph, open_project
from headrace.cli.releasing import by_log, released, version_at
from headrace.cli.warehouse import store_of
from headrace.contracts.namespaces import is_published
from headrace.features.catalog import Catalog, build_catalog
from headrace.features.entry import Kind
from headrace.features.groups import features_table, kept_tables
from headrace.graph.ledger import LEDGER
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.releases import Release, find_release
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import parse_instant
from headrace.ground.session import open_session
from headrace.ground.zones import midnight
from headrace.monitoring.distribution import Distribution, distribution
from headrace.monitoring.listing import Description, Listing
from headrace.release.decisions import DECISIONS, read_decisions
from headrace.tables.accepted import accepted
from headrace.tables.lake import Lake
from headrace.tables.layout import MAINTENANCE
from headrace.tables.published import published_table
from headrace.tables.spec import Table
from headrace.tables.store import Store
from headrace.training.dataset import training_table

if TYPE_CHECKING:
    from datetime import date

    from pyspark.sql import DataFrame, SparkSession

    from headrace.contracts.features import FeatureGroup

LATEST = "latest"
OWN = (LEDGER, DECISIONS, MAINTENANCE)


@dataclass(frozen=True)
class Workbench:
    """One environment of a project. A session is needed for tables only: the one that is there, else a new one."""

    project: Project
    graph: Graph
    release: Release | None = None
    """As of the end of which run tables are read; as they are now where there is none."""

    def at_release(self, run: str) -> Workbench:
        """The same with every table as it was when a run was through: versions that belong together.

        Raises:
            HeadraceError: RELEASE_UNKNOWN with the nearest.
        """
        known = released(self.project, self.graph, by_log(self.project, self.graph)).releases
        return replace(self, release=find_release(run, known))

    @property
    def catalog(self) -> Catalog:
        """Everything that the project has, as fresh as it is now."""
        return build_catalog(self.project, self.graph, (*OWN, *kept_tables(self.project, _today())))

    def find(self, text: str = "", kind: Kind | None = None) -> Listing:
        """The entries in which every word of ``text`` occurs; of one kind, where that is named."""
        return Listing(self.catalog.find(text, kind))

    def describe(self, name: str, kind: Kind = "feature") -> Description:
        """Everything that is known of a feature, by its name or a column of it, or of an entry of another kind.

        Raises:
            HeadraceError: FEATURE_UNKNOWN, FEATURE_AMBIGUOUS, MODEL_UNKNOWN, TABLE_UNKNOWN, ENTRY_UNKNOWN.
        """
        return Description(self.catalog.entry(kind, name))

    @cached_property
    def spark(self) -> SparkSession:
        """The session; one that exists is used as it is, and is never stopped."""
        settings = self.project.config.spark
        return open_session(f"headrace {self.project.name}", settings.master, unlogged(settings.settings))

    @cached_property
    def store(self) -> Store:
        """The tables."""
        return store_of(self.project, self.spark)

    def table(self, name: str, version: int | None = None) -> DataFrame:
        """All rows of a table ``schema.table``, at a version or the latest.

        Raises:
            HeadraceError: TABLE_UNKNOWN with the nearest name; TABLE_MISSING where it was never made;
                RELEASE_WITHOUT, RELEASE_GONE at a release.
        """
        if self.release is not None and name in self.release.tables:
            return self._load(Table(name, ""), version)
        entry = self.catalog.entry("table", name)
        return self._load(Table(entry.name, entry.meaning), version)

    def _load(self, table: Table, version: int | None = None) -> DataFrame:
        """A table at a version, at that of the release, or at the latest."""
        if version is None and self.release is not None:
            version = version_at(self.release, table.name, self.project)
        return self.store.load(table, version)

    def features(self, group: str, as_of: str | date | None = None, version: int | None = None) -> DataFrame:
        """``(entity..., as_of, features)`` of a group, named ``group`` or ``team.group``; of another project's, ``team.group@version``.

        Every snapshot, the one at ``as_of``, or the ``"latest"``. A date is its midnight in the group's zone.

        ``version``: one of the group's, as long as it is kept; else the one that its contract says, or a rollback holds.

        Raises:
            HeadraceError: GROUP_UNKNOWN with the nearest name, GROUP_AMBIGUOUS; VERSION_UNKNOWN, VERSION_RETIRED;
                TAKEN_UNKNOWN, PUBLISHED_SCHEMA; TABLE_MISSING; INSTANT_UNREADABLE.
        """
        if is_published(group):
            zone, frame = self._published(group)
        else:
            found = self._of_version(self.project.groups.find(group), version)
            zone, frame = found.zone, self._load(features_table(found)).drop("as_of_month")
        if as_of is None:
            return frame
        if as_of == LATEST:
            last = frame.agg(F.max("as_of").alias("last"))
            return frame.join(F.broadcast(last), on=F.col("as_of") == F.col("last"), how="inner").drop("last")
        instant = parse_instant(as_of)
        if len(str(as_of)) == len("2017-03-01"):
            instant = midnight(instant.date(), zone)
        return frame.where(F.col("as_of") == F.lit(instant))

    def _published(self, reference: str) -> tuple[str, DataFrame]:
        """The zone of a group of another project, and its rows."""
        if reference not in self.project.taken:
            hint = nearest(reference, self.project.taken)
            raise HeadraceError("TAKEN_UNKNOWN", where="the call", name=reference, hint=hint)
        if self.release is not None:  # what others publish has versions of its own, which no run of this project pins
            raise HeadraceError("RELEASE_WITHOUT", release=self.release.id, table=reference, hint="")
        group = self.project.taken[reference].group
        table = published_table(group, self.project.catalog_of(reference))
        lake = Lake(self.spark, self.project.home / "sources")
        return group.zone, accepted(lake.load(self.spark, table), table)

    def _of_version(self, group: FeatureGroup, version: int | None) -> FeatureGroup:
        lock = self.project.lock_of(group.namespace)
        if version is None:
            return self._given(group)
        if version == group.version or lock is None:
            return group
        step = lock.step(version)
        if step is None:
            known = ", ".join(str(one.version) for one in lock.history)
            raise HeadraceError("VERSION_UNKNOWN", group=group.namespace, version=version, known=known)
        if step not in lock.kept(_today()):
            raise HeadraceError("VERSION_RETIRED", group=group.namespace, version=version, day=step.retire_after)
        return group.kept_in(step.table)

    def _given(self, group: FeatureGroup) -> FeatureGroup:
        """The group as its readers are given it: now, or by the rollbacks and contracts as of the release."""
        history = read_decisions(self.store)
        if self.release is None:
            return held_group(self.project, group, history)
        found = held_group(self.project, group, [step for step in history if step.at <= self.release.at])
        lock = self.project.lock_of(group.namespace)
        made = [step.table for step in lock.history if step.table in self.release.tables] if lock is not None else []
        return found.kept_in(made[-1]) if made and found.table not in self.release.tables else found

    def training_set(self, model: str) -> DataFrame:
        """``(entity..., cutoff, label, part, ..., inputs)`` of a model: a row a label, with what was known at its cutoff.

        Raises:
            HeadraceError: MODEL_UNKNOWN with the nearest name; TABLE_MISSING.
        """
        models = self.project.models
        if model not in models:
            raise HeadraceError("MODEL_UNKNOWN", model=model, hint=nearest(model, models))
        return self._load(training_table(models[model], self.project.source_of(models[model])))

    def picture(self, column: str) -> Distribution:
        """How a feature's column is distributed at the latest snapshot, and its mean over the snapshots.

        ``column`` is a column, or the name of a feature: then its first column. Of a personal one no values are shown.

        Raises:
            HeadraceError: FEATURE_UNKNOWN, FEATURE_AMBIGUOUS, FEATURE_PERSONAL, TABLE_MISSING.
        """
        entry = self.catalog.entry("feature", column)
        if entry.sensitivity in ("personal", "special"):
            raise HeadraceError("FEATURE_PERSONAL", feature=entry.name, sensitivity=entry.sensitivity)
        names = [one.name for one in entry.columns]
        asked = column.rpartition(".")[2]
        chosen = asked if asked in names else names[0]
        return distribution(self.features(entry.name.rpartition(".")[0]).select("as_of", chosen), chosen)


def open_workbench(project: str | Path | None = None, env: str | None = None, *sets: str) -> Workbench:
    """The workbench of a project (see ``headrace.open``).

    Raises:
        HeadraceError: PROJECT_MISSING, ENVIRONMENT_UNKNOWN, DOCUMENT_*, GRAPH_*.
    """
    opened = open_project(_folder(project), env or os.environ.get("HEADRACE_ENV", "local"), sets)
    return Workbench(opened, load_graph(opened))


def _today() -> date:
    return datetime.now(UTC).date()


def _folder(given: str | Path | None) -> Path:
    """The folder that is given, that HEADRACE_PROJECT names, or the nearest at or above this one with a headrace.yaml."""
    named = given or os.environ.get("HEADRACE_PROJECT")
    if named is not None:
        return Path(named)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "headrace.yaml").is_file()), here)
