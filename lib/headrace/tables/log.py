"""What a table's own log says of it: commits, size and columns, read as text. No Spark is started, no row is read.

Delta's log is a folder of JSON files, one a commit, each a line an action (its protocol specification, "Delta Log
Entries"). The commits of the store say in ``userMetadata`` which job made them, in which run, for which interval.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval, parse_instant

_COMMITS = "[0-9]" * 20 + ".json"
OF_A_LEDGER = {"delta.checkpointInterval": "100"}
"""Of a ledger's log a checkpoint is made each 100 commits and not each 10: a commit is one file of a few kilobytes, and
the checkpoint is the dearest thing that a short run does (8 s in a JVM that has made none)."""
_CHECKPOINTS = "[0-9]" * 20 + ".checkpoint.parquet"
_NAMES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}
"""Where Delta's schema spells a type otherwise than SQL."""

Action = Mapping[str, Any]


@dataclass(frozen=True)
class Commit:
    """One commit: its version, when and how it was made, what it says of itself, and the rows that it wrote.

    ``note`` is the identity that the store wrote; empty for a commit of others. ``rows`` is None where Delta kept none.
    """

    version: int
    at: datetime
    operation: str
    note: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None

    @property
    def interval(self) -> Interval | None:
        """The time that the commit is for; None where it names none, or something else in its place."""
        start, _, end = self.note.get("interval", "").partition("..")
        try:
            return Interval(parse_instant(start), parse_instant(end))
        except HeadraceError:
            return None


@dataclass(frozen=True)
class Extent:
    """How much a version holds. ``rows`` is None where a file has no count of its rows."""

    version: int
    rows: int | None
    bytes: int
    files: int
    columns: tuple[tuple[str, str], ...]
    partitioned_by: tuple[str, ...]


class TableLog:
    """The log of the table in ``folder``; of a folder without one it says that there is no commit.

    ``folder`` is None for a table that is in no folder of this machine: its log is not ``readable`` here.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @property
    def readable(self) -> bool:
        """Whether this machine sees the place where the log would be."""
        return self.folder is not None

    @cached_property
    def _files(self) -> dict[int, Path]:
        return {} if self.folder is None else commit_files(self.folder)

    @property
    def version(self) -> str | None:
        """The latest version; ``none`` where there is no commit, None where the log is not to be seen from here."""
        return None if self.folder is None else str(max(self._files, default="none"))

    def commits(self, most: int | None = None) -> tuple[Commit, ...]:
        """The latest ``most`` commits that the log still keeps, newest first; all of them for None.

        Raises:
            HeadraceError: TABLE_LOG_UNREADABLE.
        """
        newest = sorted(self._files, reverse=True)[:most]
        return tuple(self._commit(version) for version in newest)

    def _commit(self, version: int) -> Commit:
        if version not in self._read:
            self._read[version] = commit_of(version, _info(self._files[version]))
        return self._read[version]

    @cached_property
    def _read(self) -> dict[int, Commit]:
        """The commits that were asked for so far; a log is of the moment at which it was first looked into."""
        return {}

    def extent(self) -> Extent | None:
        """The size of the latest version; None where the table has no commit, or is not to be known from its log alone.

        That is so where the first commits are gone and the checkpoint that stands for them is in several parts, or
        pyarrow is not there to read it.

        Raises:
            HeadraceError: TABLE_LOG_UNREADABLE.
        """
        latest = max(self._files, default=0)
        actions = self._actions(latest)
        return None if actions is None else _extent(latest, actions)

    def files(self, version: int | None = None) -> tuple[Path, ...] | None:
        """The data files of a version, or of the latest; None where the log does not have all that led to it.

        Raises:
            HeadraceError: TABLE_LOG_UNREADABLE.
        """
        found = self.added(version)
        if found is None or self.folder is None:
            return None
        return tuple(self.folder / unquote(added["path"]) for added in found)

    def added(self, version: int | None = None) -> tuple[Action, ...] | None:
        """The ``add`` actions of the files of a version, or of the latest: path, partition, statistics; None as ``files``.

        Raises:
            HeadraceError: TABLE_LOG_UNREADABLE.
        """
        actions = self._actions(max(self._files, default=0) if version is None else version)
        return None if actions is None else tuple(_live(actions))

    def properties(self) -> Mapping[str, str] | None:
        """The table's properties as the latest commit leaves them; None where the log here does not say.

        Raises:
            HeadraceError: TABLE_LOG_UNREADABLE.
        """
        for version in sorted(self._files, reverse=True):
            for action in actions_of(self._files[version]):
                if "metaData" in action:
                    return dict(action["metaData"].get("configuration") or {})
        start = self._checkpoint(max(self._files, default=0))
        metadata = () if start is None else (a["metaData"] for a in _checkpointed(start[1]) if a.get("metaData"))
        return next((dict(found.get("configuration") or {}) for found in metadata), None)

    def _actions(self, until: int) -> list[Action] | None:
        """What led to a version, from the first commit or the newest checkpoint; None where something of it is gone."""
        start = self._checkpoint(until)
        since = -1 if start is None else start[0]
        if until not in self._files or any(version not in self._files for version in range(since + 1, until + 1)):
            return None
        actions: list[Action] = [] if start is None else list(_checkpointed(start[1]))
        for version in range(since + 1, until + 1):
            actions += actions_of(self._files[version])
        return actions

    def _checkpoint(self, until: int) -> tuple[int, Path] | None:
        """The newest checkpoint in one file, where the commits before it are gone and pyarrow can be had."""
        from importlib.util import find_spec

        found = [] if self.folder is None else sorted((self.folder / "_delta_log").glob(_CHECKPOINTS))
        numbered = [(int(path.name.partition(".")[0]), path) for path in found]
        if 0 in self._files or find_spec("pyarrow") is None:
            return None
        return next((pair for pair in reversed(numbered) if pair[0] <= until), None)


def log_of(warehouse: Path | str, table: str) -> TableLog:
    """The log of ``schema.table`` in a warehouse: a folder of this machine, or a URI, whose logs are not read here."""
    return TableLog(warehouse.joinpath(*table.split(".")) if isinstance(warehouse, Path) else None)


def commit_files(folder: Path) -> dict[int, Path]:
    """Version -> its commit, for the commits that the log in a table's folder still keeps, oldest first."""
    return {int(path.stem): path for path in sorted((folder / "_delta_log").glob(_COMMITS))}


def actions_of(path: Path) -> Iterator[Action]:
    """The actions of one commit.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
    except (OSError, ValueError) as error:
        raise HeadraceError("TABLE_LOG_UNREADABLE", file=path, problem=error) from None


def _checkpointed(path: Path) -> Iterator[Action]:
    from pyarrow import ArrowException, parquet

    try:
        yield from parquet.read_table(path, columns=["add", "metaData"]).to_pylist()
    except (OSError, ArrowException) as error:
        raise HeadraceError("TABLE_LOG_UNREADABLE", file=path, problem=error) from None


def _info(path: Path) -> Mapping[str, Any]:
    return next((action["commitInfo"] for action in actions_of(path) if "commitInfo" in action), {})


def commit_of(version: int, info: Mapping[str, Any]) -> Commit:
    """A commit of what its ``commitInfo`` says."""
    at = datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC)
    rows = (info.get("operationMetrics") or {}).get("numOutputRows")
    note = note_of(info.get("userMetadata"))
    return Commit(version, at, str(info.get("operation", "unknown")), note, None if rows is None else int(rows))


def commit_told(row: Mapping[str, Any]) -> Commit:
    """A commit of what a row of DESCRIBE HISTORY says."""
    return commit_of(int(row["version"]), {**row, "timestamp": row["timestamp"].timestamp() * 1000})


def note_of(text: str | None) -> dict[str, str]:
    """The identity in a commit's userMetadata; what others wrote there is none."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _live(actions: Iterable[Action]) -> list[Action]:
    """Replay: a file is there from its ``add`` until a ``remove`` of the same path and deletion vector."""
    files: dict[tuple[str, str], Action] = {}
    for action in actions:
        if added := action.get("add"):
            files[_identity(added)] = added
        if removed := action.get("remove"):
            files.pop(_identity(removed), None)
    return list(files.values())


def _extent(version: int, actions: Sequence[Action]) -> Extent:
    files = _live(actions)
    metadata: Action = next((action["metaData"] for action in reversed(actions) if action.get("metaData")), {})
    counts = [_rows(added) for added in files]
    known = [count for count in counts if count is not None]
    schema = json.loads(metadata["schemaString"])["fields"] if metadata else []
    return Extent(
        version=version,
        rows=sum(known) if len(known) == len(counts) else None,
        bytes=sum(int(added["size"]) for added in files),
        files=len(files),
        columns=tuple((column["name"], spell(column["type"])) for column in schema),
        partitioned_by=tuple(metadata.get("partitionColumns") or ()),
    )


def _identity(file: Action) -> tuple[str, str]:
    vector = file.get("deletionVector") or {}
    return file["path"], "".join(str(vector.get(key, "")) for key in ("storageType", "pathOrInlineDv", "offset"))


def _rows(added: Action) -> int | None:
    """The rows of a file: those written, less those that its deletion vector marks."""
    count = json.loads(added.get("stats") or "{}").get("numRecords")
    marked = (added.get("deletionVector") or {}).get("cardinality", 0)
    return None if count is None else int(count) - int(marked)


def spell(kind: Any) -> str:
    """A type of Delta's schema as SQL spells it."""
    if isinstance(kind, str):
        return _NAMES.get(kind, kind)
    match kind["type"]:
        case "array":
            return f"array<{spell(kind['elementType'])}>"
        case "map":
            return f"map<{spell(kind['keyType'])},{spell(kind['valueType'])}>"
        case _:
            return "struct<" + ",".join(f"{part['name']}:{spell(part['type'])}" for part in kind["fields"]) + ">"
