"""Where things are kept: every table of the graph with who makes and reads it, how fresh it is, and what is in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from headrace.contracts.events import EventContract
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import as_of_column
from headrace.contracts.published import Published
from headrace.contracts.readings import Note, read_notes
from headrace.features.chain import Chain, chains_of
from headrace.features.columns import (
    event_columns,
    feature_columns,
    kept_columns,
    key_columns,
    most_sensitive,
    snapshot_column,
    state_columns,
)
from headrace.features.dictionary import OWN_READERS, OWN_TABLES, own_column, own_columns
from headrace.features.entry import Column, Entry, Freshness, Reader
from headrace.features.published import published_columns, published_features
from headrace.features.tiling import Tiling, tiles_table, tilings
from headrace.graph.job import Job
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.tables.layout import Laid
from headrace.tables.log import Extent, TableLog, log_of
from headrace.tables.spec import Table
from headrace.tables.upkeep import sql_name

Contract = EventContract | FeatureGroup | LabelContract | ModelContract
HEADRACE = "headrace"
"""Who makes the tables that no job declares: the ledgers."""


@dataclass(frozen=True)
class Shelf:
    """The tables by name; the jobs that make and read each asset; each table's log as it was when it was put up."""

    project: Project
    tables: Mapping[str, Table]
    makers: Mapping[str, tuple[Job, ...]]
    users: Mapping[str, tuple[str, ...]]

    def log(self, table: str) -> TableLog:
        """The log of a table by name."""
        return log_of(self.project.root_of(table), table)

    def readers(self, *assets: str) -> tuple[Reader, ...]:
        """The jobs that read one of the assets."""
        names = dict.fromkeys(job for asset in assets for job in self.users.get(asset, ()))
        return tuple(Reader("job", name) for name in names)

    def placed(self, entry: Entry, table: str, columns: Iterable[str], python: str) -> Entry:
        """The entry with its table, who makes that, how fresh it is, and the lines that read ``columns`` of it."""
        if table not in self.tables:
            return entry
        selected = list(columns)
        chosen = f".select({', '.join(json.dumps(name) for name in selected)})" if selected else ""
        opened = "headrace.open()" if self.project.env == "local" else f'headrace.open(env="{self.project.env}")'
        named = sql_name(self.project.root_of(table), table)
        return replace(
            entry,
            table=table,
            made_by=self.made_by(table),
            freshness=self.freshness[table],
            unseen=not self.log(table).readable,
            python=f"{opened}.{python}{chosen}",
            sql=" ".join(("SELECT", ", ".join(selected) or "*", "FROM", named)),
        )

    def made_by(self, *assets: str) -> tuple[str, ...]:
        """The jobs that make one of the assets; headrace itself where no job does."""
        names = dict.fromkeys(job.name for asset in assets for job in self.makers.get(asset, ()))
        return tuple(names) or (HEADRACE,)

    def scored_by(self, table: str) -> str:
        """The model version that a table of scores names as what it was made from; "" where there is none."""
        commits = self.log(table).commits() if table in self.tables else ()
        noted = next((commit.note["inputs"] for commit in commits if "inputs" in commit.note), "{}")
        read = json.loads(noted)
        return str(read.get("champion", ""))

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What other projects have written down of what they read here, where this machine sees it."""
        root = self.project.tables_at
        return read_notes(root)[0] if isinstance(root, Path) else ()

    def abroad(self, group: FeatureGroup, feature: Feature) -> Iterator[Reader]:
        """The projects that read a feature, with model, version and columns."""
        for note in self.notes:
            for one in note.readings:
                taken = [column for column in one.columns if column in feature.columns]
                if one.namespace == group.namespace and one.version == group.version and taken:
                    yield Reader("project", note.project, f"{', '.join(taken)} in model {one.model}")

    @cached_property
    def freshness(self) -> Mapping[str, Freshness | None]:
        """How fresh each table is; None where it was never made."""
        return {name: self._freshness(name) for name in self.tables}

    @cached_property
    def extents(self) -> Mapping[str, Extent | None]:
        """How much each table holds; None where it was never made, or its log does not say."""
        return {name: self.log(name).extent() for name in self.tables}

    def _freshness(self, table: str) -> Freshness | None:
        commits = self.log(table).commits()
        if not commits:
            return None
        newest = next((commit for commit in commits if commit.note.get("job")), commits[0])
        fingerprints = {job.fingerprint for job in self.makers.get(table, ())}
        extent = self.extents[table]
        return Freshness(
            version=commits[0].version,
            committed_at=commits[0].at,
            interval=newest.note.get("interval", ""),
            until=max((found.end for commit in commits if (found := commit.interval) is not None), default=None),
            job=newest.note.get("job", ""),
            run_id=newest.note.get("run_id", ""),
            rows=extent.rows if extent is not None else None,
            bytes=extent.bytes if extent is not None else None,
            outdated=bool(fingerprints) and newest.note.get("fingerprint", "") not in fingerprints,
        )

    def entries(self) -> Iterator[Entry]:
        """The tables as entries, by name."""
        for name in sorted(self.tables):
            yield self.placed(self._entry(name), name, [], f'table("{name}")')

    def _entry(self, name: str) -> Entry:
        table = self.tables[name]
        extent = self.extents[name]
        columns = self.columns(name, extent)
        facts = {
            "Key": ", ".join(table.keys),
            "Partitions": ", ".join(table.partitioned_by),
            "Replaced by": table.replaced_by or "",
            "Expected": "; ".join(map(str, table.expects)),
            "Files": f"{extent.files:,}" if extent is not None else "",
        }
        told = Entry(
            kind="table",
            name=name,
            meaning=" ".join(table.meaning.split()),
            sensitivity=most_sensitive(column.sensitivity for column in columns),
            columns=columns,
            readers=(*self.readers(name), *commands_that_read(name)),
            facts=tuple((key, value) for key, value in facts.items() if value),
            words=" ".join((*(column.name for column in columns), *self.made_by(name))),
        )
        return self._signed(told)

    def _signed(self, entry: Entry) -> Entry:
        """The entry with owner, version and fingerprint of the contract that its table keeps."""
        found = self._contract(entry.name)
        if found is None:
            return entry
        contract, source = found
        tiling, _ = self._tiled(source).get(entry.name, (Tiling(source.entity), ()))
        chain = self._chains(source).get(entry.name)
        entity = tiling.key if chain is None else chain.entity
        identity = contract.fingerprint
        if isinstance(contract, FeatureGroup):
            kept = {one.group.table: one.identity for one in self.project.kept}
            entity, identity = contract.entity, kept.get(entry.name) or self.project.identity(contract.namespace)
        return replace(
            entry,
            owner=contract.owner,
            version=contract.version,
            fingerprint=identity,
            entity=entity,
            sources=(source.source,),
        )

    def _contract(self, table: str) -> tuple[Contract, EventContract] | None:
        """The contract whose rows a table holds, and its source; None for headrace's own tables and those of other jobs."""
        schema, _, name = table.partition(".")
        project = self.project
        for group in (*project.groups.values(), *(one.group for one in project.kept)):
            if table == group.table:
                return group, project.sources[group.source]
        if schema == "labels" and name in project.labels:
            return project.labels[name], project.sources[project.labels[name].source]
        if schema in ("training", "scores") and name in project.models:
            return project.models[name], project.source_of(project.models[name])
        for source in project.sources.values():
            if table == f"raw.events_{source.source}" or table in self._tiled(source) or table in self._chains(source):
                return source, source
        return None

    def _tiled(self, source: EventContract) -> dict[str, tuple[Tiling, tuple[FeatureGroup, ...]]]:
        """The tables of a source's tiles, each with how it is cut and the groups that are over it."""
        cut = tilings(self.project.made_of(source.source), source)
        return {tiles_table(source, tiling).name: (tiling, groups) for tiling, groups in cut.items()}

    def _chains(self, source: EventContract) -> dict[str, Chain]:
        """What is kept between the snapshots of a source's groups, by table."""
        every = self.project.config.snapshots_every
        return {chain.table.name: chain for chain in chains_of(self.project.made_of(source.source), source, every)}

    def columns(self, name: str, extent: Extent | None) -> tuple[Column, ...]:
        """The columns as the table has them, else as the contracts say that it will."""
        keys = self.tables[name].keys
        told = {column.name: replace(column, key=column.name in keys) for column in self._declared(name)}
        if extent is None or not extent.columns:
            return tuple(told.values())
        found = ((column, kind, told.get(column) or own_column(column, kind)) for column, kind in extent.columns)
        return tuple(replace(known, type=kind, key=column in keys) for column, kind, known in found)

    def _declared(self, name: str) -> Iterator[Column]:
        """What contracts and headrace's own dictionary say of the table's columns, in the order in which it has them."""
        found = self._contract(name)
        if found is None:
            yield from published_columns(name)
            yield from own_columns(OWN_TABLES.get(name, ""))
            return
        contract, source = found
        match contract:
            case EventContract() if name.startswith("raw."):
                yield from event_columns(source)
            case EventContract() if name.startswith("carried."):
                chain = self._chains(source)[name]
                yield from (*key_columns(chain.entity, source), *own_columns("as_of"), *kept_columns(chain))
            case EventContract():
                yield from self._tile_columns(name, source)
            case ModelContract() if name.startswith("training."):
                yield from self._training_columns(contract, source)
            case _:
                yield from _rows_of(contract, source)

    def _tile_columns(self, name: str, source: EventContract) -> Iterator[Column]:
        tiling, groups = self._tiled(source)[name]
        yield from key_columns(tiling.key, source)
        yield from own_columns("event_day arrival_day")
        yield from state_columns(groups, source)
        yield from own_columns("arrival_month")

    def _training_columns(self, model: ModelContract, source: EventContract) -> Iterator[Column]:
        yield from key_columns(source.entity, source)
        yield from own_columns("cutoff label part user_bucket")
        project = self.project
        inputs = [(one, column) for one, columns in model.features.items() for column in columns]
        apart = [(part.group, part.column) for part in model.segments]
        for reference, column in dict.fromkeys((*inputs, *apart)):
            group = project.readable[reference]
            if isinstance(group, Published):
                yield from published_features(group, (column,))
            else:
                columns = feature_columns(group, project.sources[group.source])
                yield next(one for one in columns if one.name == column)
        for reference in model.groups:
            yield own_column(as_of_column(reference))


def _rows_of(contract: Contract, source: EventContract) -> Iterator[Column]:
    """The columns of a table of a group, a label or a model's scores."""
    yield from key_columns(contract.entity if isinstance(contract, FeatureGroup) else source.entity, source)
    if isinstance(contract, FeatureGroup):
        yield snapshot_column(contract)
        yield from feature_columns(contract, source)
        yield from own_columns("as_of_month")
    if isinstance(contract, LabelContract):
        yield from own_columns("cutoff label")
    if isinstance(contract, ModelContract):
        yield from own_columns("as_of score model model_version feature_fingerprint")


def commands_that_read(table: str) -> tuple[Reader, ...]:
    """The commands of headrace that read a table; no job declares them."""
    return (Reader("command", OWN_READERS[table]),) if table in OWN_READERS else ()


def put_up(project: Project, graph: Graph, own: Iterable[Table] = ()) -> Shelf:
    """The shelf of a graph; ``own`` are tables that no job declares."""
    makers: dict[str, tuple[Job, ...]] = {}
    users: dict[str, tuple[str, ...]] = {}
    tables = {table.name: table for table in own}
    for job in graph:
        for output in job.outputs:
            if job not in makers.get(output.name, ()):
                makers[output.name] = (*makers.get(output.name, ()), job)
            if isinstance(output, Table):
                tables[output.name] = output
        for asset in (asset for asset in job.inputs.values() if not isinstance(asset, Laid)):
            users[asset.name] = (*users.get(asset.name, ()), job.name)
    return Shelf(project, MappingProxyType(tables), MappingProxyType(makers), MappingProxyType(users))
