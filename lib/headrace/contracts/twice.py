"""The same logic twice: features of several groups that compute the same, or nearly, or are only called the same.

Nothing is run: columns are compared by their trees (``contracts.logic``). What has equal values without having an
equal tree is found from values, by ``features.alike``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from headrace.contracts.expressions import walk
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.grammar import Node
from headrace.contracts.logic import EVERY, Logic, logic_of, measures, stripped

Kind = Literal["equal", "part", "near", "named", "alike"]
Difference = Literal["window", "filter", "normalisation"]


@dataclass(frozen=True)
class Twin:
    """A feature and the one that was there before it. ``pairs`` are the columns in question, the new one first.

    ``equal``: the same tree. ``part``: the same tree, as an ingredient of a feature derived in its own group.
    ``near``: the same but for ``differences``. ``named``: the same name for another logic. ``alike``: another logic,
    and values with that ``correlation`` over so many ``entities``.
    """

    kind: Kind
    new: Feature
    group: FeatureGroup
    old: Feature
    old_group: FeatureGroup
    pairs: tuple[tuple[Logic, Logic], ...] = ()
    differences: tuple[Difference, ...] = ()
    correlation: float = 0.0
    entities: int = 0

    @property
    def name(self) -> str:
        """``team.group.feature`` of the new one."""
        return f"{self.group.namespace}.{self.new.name}"

    @property
    def old_name(self) -> str:
        """``team.group.feature`` of the one that was there before."""
        return f"{self.old_group.namespace}.{self.old.name}"


@dataclass(frozen=True)
class _Meeting:
    """A column of a feature and an earlier one that computes the same, or nearly."""

    new: Logic
    old: Logic
    equal: bool
    differences: tuple[Difference, ...]


def find_twins(
    groups: Iterable[FeatureGroup], taken: Collection[tuple[str, str]] = (), settled: Collection[tuple[str, str]] = ()
) -> tuple[Twin, ...]:
    """One finding for each feature that is there twice, in the order of groups.

    Args:
        groups: All groups of a project.
        taken: (``team.group``, column) of what models take: such a column is no mere ingredient.
        settled: (``team.group``, feature) of what was agreed on before: of two equal features the other is the new one.
            Among the rest the older is that of the group of the higher version, then of the first name.
    """
    earlier: dict[tuple[object, ...], list[Logic]] = {}
    named: dict[tuple[object, ...], Logic] = {}
    found: list[Twin] = []
    for own in by_age(groups, settled):
        twin = _twin(own, [_meetings(logic, earlier.get(_key(logic), ())) for logic in own], own[0].group, taken)
        twin = twin or _namesake(own[0], named.get(_name(own[0])))
        found += [twin] if twin is not None else []
        for logic in own:
            earlier.setdefault(_key(logic), []).append(logic)
            named.setdefault(_name(logic), logic)
    return tuple(found)


def by_age(groups: Iterable[FeatureGroup], settled: Collection[tuple[str, str]] = ()) -> list[list[Logic]]:
    """The columns of each feature, those of features that were there before first (see ``find_twins``)."""
    found: dict[tuple[bool, int, str, int], list[Logic]] = {}
    for group in groups:
        places = {feature.name: place for place, feature in enumerate(group.features)}
        for logic in logic_of(group):
            new = (group.namespace, logic.feature.name) not in settled
            found.setdefault((new, -group.version, group.namespace, places[logic.feature.name]), []).append(logic)
    return [found[rank] for rank in sorted(found)]


def _key(logic: Logic) -> tuple[object, ...]:
    return (logic.group.source, frozenset(logic.group.entity), stripped(logic.tree))


def _name(logic: Logic) -> tuple[object, ...]:
    return (frozenset(logic.group.entity), logic.feature.name)


def _meetings(new: Logic, earlier: Iterable[Logic]) -> list[_Meeting]:
    if next(measures(new.tree), None) is None:
        return []  # nothing is counted: a calendar day is everybody's
    met = []
    for old in earlier:
        if old.feature is new.feature:
            continue
        equal = old.tree == new.tree
        foreign = old.group is not new.group and _related(new, old)
        if equal or foreign:
            met.append(_Meeting(new, old, equal, _differences(new, old)))
    return met


def _twin(
    own: list[Logic], met: list[list[_Meeting]], group: FeatureGroup, taken: Collection[tuple[str, str]]
) -> Twin | None:
    """The nearest of what a feature met: one of its own name before its ingredients."""
    meetings = [meeting for column in met for meeting in column]
    if not meetings:
        return None
    best = min(meetings, key=_distance)
    old, old_group = best.old.feature, best.old.group
    pairs = [one for one in meetings if one.old.feature is old and one.equal == best.equal]
    if not best.equal:
        pairs = [best]
    kind: Kind = "near"
    if best.equal:
        ingredients = _ingredients(group)
        inside = all(
            one.new.column in ingredients and (group.namespace, one.new.column) not in taken and old_group is not group
            for one in pairs
        )
        kind = "part" if inside else "equal"
    return Twin(
        kind, own[0].feature, group, old, old_group, tuple((one.new, one.old) for one in pairs), best.differences
    )


def _distance(one: _Meeting) -> tuple[bool, bool, int, bool]:
    new, old = one.new.feature, one.old.feature
    return not one.equal, new.name != old.name, len(one.differences), (new.derive is None) != (old.derive is None)


def _namesake(new: Logic, old: Logic | None) -> Twin | None:
    """A feature of another group over the same entity that has the name and nothing else in common."""
    if old is None or old.group is new.group:
        return None
    return Twin("named", new.feature, new.group, old.feature, old.group, ((new, old),))


def _ingredients(group: FeatureGroup) -> frozenset[str]:
    """The columns that features of the group are derived from: a formula reads its own group's columns only."""
    return frozenset(column for feature in group.features if feature.derive for column in feature.derive.columns)


def _differences(new: Logic, old: Logic) -> tuple[Difference, ...]:
    """In what two columns differ that are the same when stripped."""
    found: list[Difference] = []
    if _each(new, 2) != _each(old, 2):
        found.append("window")
    if _each(new, 3) != _each(old, 3):
        found.append("filter")
    if _shape(new.tree) != _shape(old.tree):
        found.append("normalisation")
    return tuple(found)


def _each(logic: Logic, part: int) -> tuple[Node, ...]:
    """A part of its measures, each once."""
    return tuple(dict.fromkeys(measure[part] for measure in logic.measures))


def _shape(node: Node) -> Node:
    """A tree without its windows and filters."""
    if node[0] == "measure":
        return (node[0], node[1], node[4])
    return tuple(_shape(part) if isinstance(part, tuple) else part for part in node)


def _related(new: Logic, old: Logic) -> bool:
    """Whether two measures could count the same. Where no expression says what is counted, the filter alone does.

    Then filters that can't both hold, or that read no column in common, count different things: logins and orders
    are no two ways to count one thing, orders and orders above 20 are.
    """
    pairs = zip(new.measures, old.measures, strict=False)
    return all('"expression"' in one[1] or _overlap(one[3], other[3]) for one, other in pairs)


def _overlap(one: Node, other: Node) -> bool:
    if one == other or EVERY in (one, other):
        return True
    shared = _columns(one) & _columns(other)
    mine, theirs = _allowed(one), _allowed(other)
    return bool(shared) and all(mine[key] & theirs[key] for key in mine.keys() & theirs.keys())


def _columns(where: Node) -> frozenset[str]:
    return frozenset(node[1] for node in walk(where) if node[0] == "column")


def _allowed(where: Node) -> dict[str, frozenset[Node]]:
    """Column -> the literals that it may be, from conditions that all hold and are ``=`` or IN."""
    found: dict[str, frozenset[Node]] = {}
    for condition in where[1:] if where[0] == "and" else (where,):
        parts = condition[1:] if condition[0] in ("equal", "in") else ()
        named = [part[1] for part in parts if part[0] == "column"]
        literals = frozenset(part for part in parts if not _columns(part))
        if len(named) == 1 and len(literals) == len(parts) - 1:
            found[named[0]] = found.get(named[0], literals) & literals
    return found


def told(twin: Twin, people: str = "") -> str:
    """The finding in a sentence or two: features, teams, owners; ``people`` are those who answer for the old one."""
    new, old = twin.name, twin.old_name
    owner = f"{old} (team {twin.old_group.team}, owner {twin.old_group.owner}{f': {people}' if people else ''})"
    columns = ", ".join(f"{pair[1].column}" for pair in twin.pairs)
    match twin.kind:
        case "equal":
            return f"{new} computes what {owner} already does. Use it: take {columns} from {twin.old_group.namespace}"
        case "part":
            return (
                f"{new} computes what {owner} already does; it stays, since a feature of its group is derived from it"
            )
        case "near":
            return f"{new} is {owner} but for {_but_for(twin)}. Talk to its owner: one of them may do"
        case "alike":
            (first, second), *_ = twin.pairs
            figures = f"Spearman's correlation {twin.correlation:.3f} over {twin.entities:,} entities"
            return f"{first.name} has the values of {second.column} of {owner}: {figures}. Look at both"
        case "named":
            return f"{new} is called as {owner} and computes something else. Agree on one, or rename this one"


def _but_for(twin: Twin) -> str:
    (new, old), *_ = twin.pairs
    said = {
        "window": f"its window ({_windows(new)}, there {_windows(old)})",
        "filter": "its filter",
        "normalisation": "its normalisation",
    }
    return " and ".join(said[difference] for difference in twin.differences) or "the order of its steps"


def _windows(logic: Logic) -> str:
    return ", ".join(str(window) for window in _each(logic, 2))
