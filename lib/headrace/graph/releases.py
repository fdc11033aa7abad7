"""Releases: which version every table had when a run was through. Values, computed from the ledger; no Spark.

A run that left something ends in a release. It is no table of its own, so nothing can be half-way or lost between the
two: the ledger's entries name the version of each output, and a rollback the commit that gave a table back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from headrace.graph.holds import Restored
from headrace.graph.ledger import Entry
from headrace.ground.errors import HeadraceError, nearest


@dataclass(frozen=True)
class Release:
    """What readers had as of ``at``, the end of run ``id``.

    ``tables`` are the versions of all tables; ``made`` those that the run wrote. ``others``: what is no table (a candidate,
    a champion, a verdict), as the ledger names it. ``failed``: the run's jobs that failed or were refused.
    """

    id: str
    at: datetime
    tables: Mapping[str, int]
    others: Mapping[str, str]
    made: tuple[str, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A table, or what is none, that two releases have otherwise; None where one has it not. ``by``: jobs with intervals."""

    name: str
    before: str | None
    after: str | None
    by: tuple[tuple[str, int], ...] = ()


def releases(
    entries: Sequence[Entry], restored: Mapping[str, Sequence[Restored]], is_table: Callable[[str], bool]
) -> tuple[Release, ...]:
    """The releases of a ledger, the oldest first; ``entries`` in the order in which they were written.

    A run ID that was used again is one release, as of its last entry.
    """
    ends = {entry.run_id: place for place, entry in enumerate(entries)}
    of_run: dict[str, list[Entry]] = {}
    again = sorted((one.at, table, one.version) for table, commits in restored.items() for one in commits)
    versions: dict[str, str] = {}
    found = []
    for place, entry in enumerate(entries):
        while again and again[0][0] <= entry.at:
            _, table, version = again.pop(0)
            versions[table] = str(version)
        versions |= {_asset(name): version for name, version in entry.outputs.items()}
        of_run.setdefault(entry.run_id, []).append(entry)
        if ends[entry.run_id] == place:
            release = _release(entry, of_run.pop(entry.run_id), versions, is_table)
            found += [release] if release is not None else []
    return tuple(found)


def _release(
    last: Entry, of_run: Iterable[Entry], versions: Mapping[str, str], is_table: Callable[[str], bool]
) -> Release | None:
    """The release of a run; None where it left nothing."""
    made: dict[str, None] = {}
    failed: dict[str, None] = {}
    for entry in of_run:
        made |= dict.fromkeys(map(_asset, entry.outputs))
        failed |= dict.fromkeys([entry.job] if entry.state != "done" else [])
    if not made:
        return None
    tables = {name: int(version) for name, version in versions.items() if version.isdigit() and is_table(name)}
    others = {name: version for name, version in versions.items() if name not in tables}
    own = tuple(name for name in made if name in tables)
    return Release(last.run_id, last.at, MappingProxyType(tables), MappingProxyType(others), own, tuple(failed))


def find_release(name: str, known: Sequence[Release]) -> Release:
    """The release of a run.

    Raises:
        HeadraceError: RELEASE_UNKNOWN with the nearest.
    """
    found = next((one for one in known if one.id == name), None)
    if found is None:
        raise HeadraceError("RELEASE_UNKNOWN", release=name, hint=nearest(name, [one.id for one in known]))
    return found


def before(release: Release, known: Sequence[Release]) -> Release | None:
    """The release before another; None for the first."""
    place = known.index(release)
    return known[place - 1] if place else None


def differences(one: Release, other: Release, entries: Iterable[Entry]) -> tuple[Difference, ...]:
    """What ``other`` has otherwise than ``one``, by name, with what was done between the two, whichever is older."""
    first, last = sorted((one.at, other.at))
    by: dict[str, dict[str, int]] = {}
    for entry in (entry for entry in entries if first < entry.at <= last and entry.state == "done"):
        for name in dict.fromkeys(map(_asset, entry.outputs)):
            jobs = by.setdefault(name, {})
            jobs[entry.job] = jobs.get(entry.job, 0) + 1
    had, has = _told(one), _told(other)
    return tuple(
        Difference(name, had.get(name), has.get(name), tuple(by.get(name, {}).items()))
        for name in sorted(had | has)
        if had.get(name) != has.get(name)
    )


def _told(release: Release) -> dict[str, str]:
    return {name: str(version) for name, version in release.tables.items()} | dict(release.others)


def _asset(key: str) -> str:
    """The asset of a ledger's key: a table without the part that it stands for."""
    return key.partition("[")[0]
