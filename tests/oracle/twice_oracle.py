"""The same logic twice by its definition: every column against every earlier one. Quadratic, and reads as the rule."""

from __future__ import annotations

from headrace.contracts.features import FeatureGroup
from headrace.contracts.logic import Logic, stripped
from headrace.contracts.twice import by_age


def kinds(groups: list[FeatureGroup]) -> dict[str, tuple[str, frozenset[str]]]:
    """``team.group.feature`` of what is there twice -> (equal or near, the earlier features that may be named for it)."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    earlier: list[Logic] = []
    for own in by_age(groups):
        pairs = [(new, old) for new in own for old in earlier if over(new) == over(old)]
        equal = {name(old) for new, old in pairs if new.tree == old.tree}
        near = {name(old) for new, old in pairs if new.group is not old.group and is_near(new, old)}
        if equal or near:
            found[name(own[0])] = ("equal" if equal else "near", frozenset(equal or near))
        earlier += own
    return found


def over(logic: Logic) -> tuple[str, frozenset[str]]:
    return logic.group.source, frozenset(logic.group.entity)


def name(logic: Logic) -> str:
    return f"{logic.group.namespace}.{logic.feature.name}"


def is_near(new: Logic, old: Logic) -> bool:
    if stripped(new.tree) != stripped(old.tree):
        return False
    pairs = zip(new.measures, old.measures, strict=False)
    return all('"expression"' in one[1] or may_be_one(one[3], other[3]) for one, other in pairs)


def may_be_one(one: tuple, other: tuple) -> bool:
    """Whether filters of the test's own forms, ``column = literal`` joined by AND, could be ways to count one thing."""
    if ("every",) in (one, other):
        return True
    mine, theirs = conditions(one), conditions(other)
    return bool(mine.keys() & theirs.keys()) and all(mine[key] == theirs[key] for key in mine.keys() & theirs.keys())


def conditions(where: tuple) -> dict[str, tuple]:
    """Column -> literal."""
    found = {}
    for condition in where[1:] if where[0] == "and" else (where,):
        (column,) = (part for part in condition[1:] if part[0] == "column")
        (literal,) = (part for part in condition[1:] if part[0] != "column")
        found[column[1]] = literal
    return found
