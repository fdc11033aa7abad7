"""What a training set was made from: its identity, kept in the commit that made it.

A training set is a version of its table. The commit's userMetadata holds the manifest, so data and manifest are there
together or not at all, no ledger is needed to find it, and it stays for as long as the table's log does (ten years).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from headrace.contracts.fingerprint import fingerprint
from headrace.contracts.models import ModelContract
from headrace.graph.job import Job
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval, parse_instant
from headrace.tables.log import Commit
from headrace.tables.spec import FORMAT_VERSION

NOTE = "training_set"
"""Under which key of a commit's userMetadata the manifest stands."""
_SCHEME = 1
"""Raised when the same contracts come to mean another spine."""


@dataclass(frozen=True)
class Mark:
    """A contract as it was: its fingerprint, and the version that its owner gave it."""

    fingerprint: str
    version: int


@dataclass(frozen=True)
class Source:
    """An input as it was read: a table and its version."""

    table: str
    version: str


@dataclass(frozen=True)
class Manifest:
    """What determines a training set's bytes (semantics 15), and the hash that they have.

    ``spine`` is the fingerprint of who is asked when, and what is looked up for them; ``contracts`` by kind and name, as
    in ``label lapsed``; ``inputs`` by the names that the job has for them.
    """

    model: str
    spine: str
    contracts: Mapping[str, Mark]
    inputs: Mapping[str, Source]
    interval: str
    hash: str
    format_version: int = FORMAT_VERSION

    @property
    def id(self) -> str:
        """The same for the same spine, contracts and input versions, so for the same bytes."""
        marks = {name: mark.fingerprint for name, mark in self.contracts.items()}
        read = {name: asdict(source) for name, source in self.inputs.items()}
        return f"{self.model}-{fingerprint([self.spine, marks, read, self.interval])[:12]}"

    @property
    def over(self) -> Interval:
        """The time that the job which made it was run for."""
        start, _, end = self.interval.partition("..")
        return Interval(parse_instant(start), parse_instant(end))

    def to_json(self) -> str:
        """As the commit holds it."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class TrainingSet:
    """A manifest with the commit that made it: when, in which run, as which version of the training table."""

    manifest: Manifest
    version: int
    at: datetime
    run_id: str
    rows: int | None = None

    @property
    def id(self) -> str:
        """See ``Manifest.id``."""
        return self.manifest.id

    @property
    def count(self) -> str:
        """The rows as people read them; – where the commit does not say."""
        return "–" if self.rows is None else f"{self.rows:,}"


def contracts_of(model: ModelContract, project: Project) -> dict[str, Mark]:
    """The contracts that a model's training set follows from, as they are now."""
    label = project.labels[model.label]
    source = project.sources[label.source]
    marks = {f"label {label.label}": Mark(label.fingerprint, label.version)}
    marks[f"events {source.source}"] = Mark(source.fingerprint, source.version)
    for name in model.groups:
        marks[f"features {name}"] = Mark(project.read_identity(name), project.readable[name].version)
    return marks


def spine_of(model: ModelContract, project: Project, interval: str) -> str:
    """The fingerprint of who is asked when, which part they fall into, and which columns are looked up for them.

    The model's search, gate and baseline shape no row and are not in it.
    """
    label = project.labels[model.label]
    columns = {group: list(names) for group, names in model.features.items()}
    segments = [[segment.group, segment.column] for segment in model.segments]
    entity = list(project.sources[label.source].entity)
    asked = [label.fingerprint, entity, str(model.test_from), interval]
    return fingerprint({"scheme": _SCHEME, "asked": asked, "columns": columns, "segments": segments})


def manifest_of(
    model: ModelContract, project: Project, job: Job, identity: Mapping[str, str], table_hash: str
) -> Manifest:
    """The manifest of what a job is about to commit; ``identity`` is what the commit says of it anyhow."""
    read = json.loads(identity.get("inputs", "{}"))
    inputs = {name: Source(job.inputs[name].name, str(version)) for name, version in read.items()}
    interval = identity["interval"]
    spine, contracts = spine_of(model, project, interval), contracts_of(model, project)
    return Manifest(model.model, spine, contracts, inputs, interval, table_hash)


def training_sets(commits: Iterable[Commit], table: str) -> tuple[TrainingSet, ...]:
    """The training sets that a table's commits made, newest first; one made again from the same is there once.

    Raises:
        HeadraceError: TABLE_FORMAT where a newer headrace wrote one.
    """
    found: dict[str, TrainingSet] = {}
    for commit in commits:
        text = commit.note.get(NOTE)
        if text is None:
            continue
        run_id = commit.note.get("run_id", "")
        made = TrainingSet(_parsed(text, table), commit.version, commit.at, run_id, commit.rows)
        found.setdefault(made.id, made)
    return tuple(found.values())


def _parsed(text: str, table: str) -> Manifest:
    kept = json.loads(text)
    version = kept.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise HeadraceError("TABLE_FORMAT", table=f"{table} (a manifest of it)", found=version, known=FORMAT_VERSION)
    contracts = {name: Mark(**mark) for name, mark in kept["contracts"].items()}
    inputs = {name: Source(**source) for name, source in kept["inputs"].items()}
    return Manifest(**{**kept, "contracts": contracts, "inputs": inputs})


def differences(was: Manifest, project: Project, read: Mapping[str, str]) -> tuple[str, ...]:
    """What is declared otherwise now than in a manifest, a line each; ``read``: the tables that its job reads now."""
    model = project.models[was.model]
    now, spine = contracts_of(model, project), spine_of(model, project, was.interval)
    lines = []
    for name in dict.fromkeys((*was.contracts, *now)):
        old, new = was.contracts.get(name), now.get(name)
        if old is None or new is None:
            lines.append(f"{name}: {'is one of its contracts now' if old is None else 'was one of its contracts'}")
        elif old.fingerprint != new.fingerprint:
            lines.append(
                f"{name}: was {old.fingerprint} (version {old.version}), is {new.fingerprint} (version {new.version})"
            )
    if was.spine != spine:
        lines.append(f"spine (label, test_from, columns that are looked up): was {was.spine}, is {spine}")
    tables = {name: source.table for name, source in was.inputs.items()}
    if set(tables.values()) != set(read.values()):
        lines.append(f"inputs: were {_listed(tables)}, are {_listed(read)}")
    return tuple(lines)


def _listed(tables: Mapping[str, str]) -> str:
    return ", ".join(sorted(tables.values()))
