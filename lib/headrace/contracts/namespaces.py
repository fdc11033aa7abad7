"""Feature groups by name: ``team.group`` is unique, the bare ``group`` will do where one team alone has such a group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator

from headrace.contracts.features import FeatureGroup
from headrace.ground.errors import HeadraceError, nearest

_REFERENCE = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?")
_PUBLISHED = re.compile(r"[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}@[1-9][0-9]{0,5}")


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise ValueError(f"'{text}' names no group: group or team.group, lower-case letters, digits and _")
    return text


def is_published(reference: str) -> bool:
    """Whether a reference is to a group of another project: ``team.group@version``."""
    return _PUBLISHED.fullmatch(reference) is not None


def _readable(text: str) -> str:
    if "@" in text and not is_published(text):
        raise ValueError(f"'{text}' names no group of another project: team.group@version, such as growth.activity@3")
    return text if "@" in text else _reference(text)


GroupReference = Annotated[str, AfterValidator(_reference)]
"""``group`` or ``team.group``."""
ReadableReference = Annotated[str, AfterValidator(_readable)]
"""The same, or ``team.group@version`` of another project."""


class Groups(Mapping[str, FeatureGroup]):
    """The groups of a project. ``groups["activity"]`` and ``groups["growth.activity"]`` are one group.

    Iteration gives each group once, by the shortest name that is its alone.
    """

    def __init__(self, groups: Iterable[FeatureGroup]) -> None:
        self._groups = {group.namespace: group for group in groups}
        self._bare: dict[str, list[str]] = {}
        for name, group in self._groups.items():
            self._bare.setdefault(group.group, []).append(name)

    def __getitem__(self, name: str) -> FeatureGroup:
        """The group of a reference.

        Raises:
            KeyError: there is none.
            HeadraceError: GROUP_AMBIGUOUS with the candidates.
        """
        if "." in name:
            return self._groups[name]
        candidates = self._bare[name]
        if len(candidates) > 1:
            raise self._ambiguous(name, "")
        return self._groups[candidates[0]]

    def __iter__(self) -> Iterator[str]:
        return (self.shortest(group) for group in self._groups.values())

    def __len__(self) -> int:
        return len(self._groups)

    def shortest(self, group: FeatureGroup) -> str:
        """``group`` where no other team has a group of the name, else ``team.group``."""
        return group.group if len(self._bare[group.group]) == 1 else group.namespace

    def find(self, name: str, where: str = "") -> FeatureGroup:
        """The group of a reference that a user gave, or that stands in a contract at ``where``.

        Raises:
            HeadraceError: GROUP_UNKNOWN (CONTRACT_REFERENCE in a contract) with the nearest name, GROUP_AMBIGUOUS with the candidates.
        """
        if len(self._bare.get(name, ())) > 1:
            raise self._ambiguous(name, where)
        if name in self:
            return self[name]
        hint = nearest(name, self._groups if "." in name else self)
        if where:
            raise HeadraceError("CONTRACT_REFERENCE", name=name, where=where, hint=hint)
        raise HeadraceError("GROUP_UNKNOWN", group=name, hint=hint)

    def _ambiguous(self, name: str, where: str) -> HeadraceError:
        said = f"{where} names '{name}': " if where else ""
        return HeadraceError("GROUP_AMBIGUOUS", where=said, group=name, names=", ".join(sorted(self._bare[name])))


def as_of_column(reference: str) -> str:
    """The column of a training set that says as of when a group's row was known."""
    return f"{reference.replace('.', '__').replace('@', '__v')}_as_of"


def place_groups(groups: Iterable[FeatureGroup], placed: Mapping[str, str]) -> Groups:
    """The groups with the names of their tables; ``placed`` are those that are settled, by ``team.group``.

    A group is kept in ``features.{group}``. Where another group has that table, or may claim it just as well, it is
    ``features.{team}__{group}``. So no two are kept in one table, and a table that is settled never moves.
    """
    found = list(groups)
    settled = set(placed.values())
    bare = [group.group for group in found if group.namespace not in placed]
    named = []
    for group in found:
        free = bare.count(group.group) == 1 and f"features.{group.group}" not in settled
        plain = f"features.{group.group}" if free else f"features.{group.team}__{group.group}"
        named.append(group.kept_in(placed.get(group.namespace, plain)))
    _check_apart(named)
    return Groups(named)


def _check_apart(groups: Iterable[FeatureGroup]) -> None:
    """Refuse two groups in one table: ``a__b`` of team ``t`` and ``b`` of team ``t__a`` would be."""
    held: dict[str, FeatureGroup] = {}
    for group in groups:
        other = held.setdefault(group.table, group)
        if other is not group:
            raise HeadraceError("GROUP_TABLE", table=group.table, one=other.namespace, other=group.namespace)
