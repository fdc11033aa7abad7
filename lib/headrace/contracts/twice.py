"""The same logic twice: features of several groups that compute the same, or nearly, or are only called the same.

Nothing is run: columns are compared by their trees (``contracts.logic``). What has equal values without having an
equal tree is found from values, by ``features.alike``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.grammar import Node
from headrace.contracts.logic import Logic, logic_of

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
    shelf = _Shelf({}, {}, {})
    found: list[Twin] = []
    for own in by_age(groups, settled):
        twin = shelf.equal_to(own, taken) or shelf.near_to(own) or shelf.called_as(own[0])
        found += [twin] if twin is not None else []
        shelf.add(own)
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


@dataclass(frozen=True)
class _Shelf:
    """The columns so far: by tree; by what is left of it when stripped, then by filters; and features by name."""

    trees: dict[tuple[object, ...], Logic]
    stripped: dict[tuple[object, ...], dict[tuple[Node, ...], list[Logic]]]
    names: dict[tuple[object, ...], Logic]

    def add(self, own: Iterable[Logic]) -> None:
        """Put up the columns of a feature."""
        for logic in own:
            self.names.setdefault(_name(logic), logic)
            if logic.measures:  # where nothing is counted there is nothing to share: a calendar day is everybody's
                self.trees.setdefault((*_over(logic), logic.tree), logic)
                of_one_kind = self.stripped.setdefault((*_over(logic), logic.stripped), {})
                of_one_kind.setdefault(logic.wheres, []).append(logic)

    def equal_to(self, own: list[Logic], taken: Collection[tuple[str, str]]) -> Twin | None:
        """The feature that computes some columns of this one: the one that computes the most."""
        met = [(new, self.trees.get((*_over(new), new.tree))) for new in own if new.measures]
        pairs = [(new, old) for new, old in met if old is not None]
        if not pairs:
            return None
        owners = [old.owner for _, old in pairs]
        most = max(owners, key=owners.count)
        pairs = [(new, old) for new, old in pairs if old.owner == most]
        group = own[0].group
        columns = _ingredients(group) - {column for namespace, column in taken if namespace == group.namespace}
        part = pairs[0][1].group is not group and all(new.column in columns for new, _ in pairs)
        return _twin("part" if part else "equal", tuple(pairs))

    def near_to(self, own: list[Logic]) -> Twin | None:
        """The nearest feature of another group: one of its own name before others, with the fewest differences."""
        kinds = {(new.stripped, new.wheres): new for new in own if new.measures}
        others = {
            kind: [old for old in self._related(new) if old.group is not new.group] for kind, new in kinds.items()
        }
        found = [(new, old) for new in own for old in others.get((new.stripped, new.wheres), ())]
        if not found:
            return None
        pair = min(found, key=_distance)
        return _twin("near", (pair,), _differences(*pair))

    def _related(self, new: Logic) -> Iterator[Logic]:
        """Columns that are the same when stripped, and could count the same.

        Where no expression says what is counted, the filter alone does. Then filters that can't both hold, or that
        read no column in common, count different things: logins and orders are no two ways to count one thing.
        """
        for olds in self.stripped.get((*_over(new), new.stripped), {}).values():
            pairs = zip(new.filters, olds[0].filters, new.measures, strict=False)
            if all('"expression"' in measure[1] or one.overlaps(other) for one, other, measure in pairs):
                yield from olds

    def called_as(self, new: Logic) -> Twin | None:
        """A feature of another group over the same entity that has the name and nothing else in common."""
        old = self.names.get(_name(new))
        return None if old is None or old.group is new.group else _twin("named", ((new, old),))


def _over(logic: Logic) -> tuple[object, ...]:
    return (logic.group.source, frozenset(logic.group.entity))


def _name(logic: Logic) -> tuple[object, ...]:
    return (frozenset(logic.group.entity), logic.feature.name)


def _twin(kind: Kind, pairs: tuple[tuple[Logic, Logic], ...], differences: tuple[Difference, ...] = ()) -> Twin:
    new, old = pairs[0]
    return Twin(kind, new.feature, new.group, old.feature, old.group, pairs, differences)


def _distance(pair: tuple[Logic, Logic]) -> tuple[bool, int, bool]:
    new, old = pair
    named = new.feature.name == old.feature.name
    return not named, len(_differences(new, old)), (new.feature.derive is None) != (old.feature.derive is None)


def _ingredients(group: FeatureGroup) -> frozenset[str]:
    """The columns that features of the group are derived from: a formula reads its own group's columns only."""
    return frozenset(column for feature in group.features if feature.derive for column in feature.derive.columns)


def _differences(new: Logic, old: Logic) -> tuple[Difference, ...]:
    """In what two columns differ that are the same when stripped."""
    found: list[Difference] = []
    if new.windows != old.windows:
        found.append("window")
    if tuple(dict.fromkeys(new.wheres)) != tuple(dict.fromkeys(old.wheres)):
        found.append("filter")
    if new.shape != old.shape:
        found.append("normalisation")
    return tuple(found)


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
        "window": f"its window ({', '.join(new.windows)}, there {', '.join(old.windows)})",
        "filter": "its filter",
        "normalisation": "its normalisation",
    }
    return " and ".join(said[difference] for difference in twin.differences) or "the order of its steps"
