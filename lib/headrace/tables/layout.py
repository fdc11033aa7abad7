"""How a table lies in its files, and what is worth doing about it: by its log and folder. No Spark, no row is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from headrace.tables.log import TableLog, actions_of, commit_files
from headrace.tables.spec import Table

MAINTENANCE = Table(
    "ops.maintenance", "What maintenance did: a row a table that was tended, with its files before and after."
)
MEBIBYTE = 1 << 20
_HOUR = timedelta(hours=1)
Partition = tuple[tuple[str, str | None], ...]
"""Partition columns with their values as the log spells them; () of a table without partitions."""


@dataclass(frozen=True)
class Laid:
    """A table as it lies in its files: what maintenance reads of it. No row of it is read."""

    table: Table

    @property
    def name(self) -> str:
        """The table's: it is made by the same job."""
        return self.table.name


@dataclass(frozen=True)
class Upkeep:
    """What maintenance makes: tables that are tended. ``tables`` are those besides the job's inputs."""

    tables: tuple[Table, ...]

    @property
    def name(self) -> str:
        """That of the table in which it is written down."""
        return MAINTENANCE.name


@dataclass(frozen=True)
class Thresholds:
    """From when on compaction pays: ``files`` files in one partition that are each smaller than ``small`` bytes."""

    small: int = 8 * MEBIBYTE
    files: int = 16


@dataclass(frozen=True)
class Need:
    """Something that goes back to what a table had until ``since``: which, in words."""

    why: str
    since: datetime


@dataclass(frozen=True)
class Lying:
    """The files of a table: sizes of the present version's, by partition; what is left of earlier ones, and since when."""

    table: str
    present: Mapping[Partition, tuple[int, ...]]
    left: tuple[tuple[datetime, int], ...] = ()
    """Of each file that the present version does not have: when it was let go, and its bytes."""
    kept: timedelta = timedelta(0)
    """For how long earlier versions are promised."""
    needs: tuple[Need, ...] = ()
    """What goes back to earlier ones, and to which."""

    @property
    def files(self) -> int:
        """Those of the present version."""
        return sum(map(len, self.present.values()))

    @property
    def bytes(self) -> int:
        """Those of the present version."""
        return sum(map(sum, self.present.values()))

    @property
    def bytes_left(self) -> int:
        """Those of earlier versions."""
        return sum(size for _, size in self.left)


@dataclass(frozen=True)
class Work:
    """What is to be done about a table. ``hours``: VACUUM keeps what was let go since; None where none is due.

    ``kept``: what needs earlier versions for longer than the table's retention, in words; empty where nothing does.
    """

    table: str
    compact: tuple[Partition, ...] = ()
    hours: int | None = None
    kept: str = ""
    small: int = Thresholds.small

    @property
    def due(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self.compact) or self.hours is not None

    @property
    def where(self) -> str:
        """SQL that holds for the partitions which are compacted; empty where that is the whole table."""
        return "" if () in self.compact else " OR ".join(f"({_condition(one)})" for one in self.compact)

    @property
    def told(self) -> str:
        """In words."""
        whole = "the table" if () in self.compact else f"{len(self.compact)} partition{'s' * (len(self.compact) > 1)}"
        parts = [f"compact {whole}"] if self.compact else []
        parts += [f"let go what was replaced more than {self.hours} hours ago"] if self.hours is not None else []
        return "; ".join([*parts, *([f"earlier versions are kept for {self.kept}"] if self.kept else [])])


def lying(table: str, log: TableLog, kept: timedelta = timedelta(0), needs: Iterable[Need] = ()) -> Lying | None:
    """The files of a table; None where the log here does not tell.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE.
    """
    added, folder = log.added(), log.folder
    if added is None or folder is None:
        return None
    present: dict[Partition, tuple[int, ...]] = {}
    for file in added:
        partition = tuple(sorted(dict(file.get("partitionValues") or {}).items()))
        present[partition] = (*present.get(partition, ()), int(file["size"]))
    live = {unquote(file["path"]) for file in added}
    return Lying(table, present, tuple(_left(folder, live)), kept, tuple(needs))


def _left(folder: Path, live: set[str]) -> Iterable[tuple[datetime, int]]:
    """When each file that is not of the present version was let go; one that no commit names, since it was written."""
    gone = {
        unquote(action["remove"]["path"]): int(action["remove"].get("deletionTimestamp") or 0)
        for commit in commit_files(folder).values()
        for action in actions_of(commit)
        if "remove" in action
    }
    for path in folder.rglob("*.parquet"):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("_") and name not in live:
            state = path.stat()
            yield datetime.fromtimestamp(gone.get(name, state.st_mtime * 1000) / 1000, UTC), state.st_size


def work_of(found: Lying, thresholds: Thresholds, now: datetime) -> Work:
    """What is to be done about a table: its earlier versions are kept as long as it promises, and as something needs them."""
    compact = [one for one, sizes in found.present.items() if _many(sizes, thresholds)]
    first = min((need.since for need in found.needs), default=now)
    binding = [need.why for need in found.needs if need.since < now - found.kept]
    keep = max(found.kept, now - first + _HOUR) if binding else found.kept
    over = any(at < now - keep for at, _ in found.left)
    hours = math.ceil(keep / _HOUR) if over else None
    told = ", ".join(dict.fromkeys(binding))
    return Work(found.table, tuple(sorted(compact, key=str)), hours, told, thresholds.small)


def _many(sizes: Sequence[int], thresholds: Thresholds) -> bool:
    return sum(size < thresholds.small for size in sizes) >= thresholds.files


def _condition(partition: Partition) -> str:
    return " AND ".join(
        f"`{column}` IS NULL" if value is None else f"`{column}` = '{_quoted(value)}'" for column, value in partition
    )


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
