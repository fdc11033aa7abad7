"""What differs between two meanings of a feature group, in the words of its contract."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.contracts.binding import UPSTREAM
from headrace.contracts.expressions import to_sql
from headrace.contracts.features import FORMULAS
from headrace.contracts.fingerprint import tree_of

Meaning = Mapping[str, Any]
ABSENT = "–"
_NAMED = ("columns", "rules")
"""Lists of an event contract whose items begin with their name."""


@dataclass(frozen=True)
class Change:
    """One difference. ``feature`` is empty where all features of the group are concerned.

    ``key`` is empty for a feature that is new or gone as a whole. ``breaking``: a value that was there before has
    another meaning now, or is gone.
    """

    feature: str
    key: str
    old: str
    new: str
    breaking: bool = True

    def told(self) -> str:
        """The change in a line."""
        where = ".".join(part for part in (self.feature or "every feature", self.key) if part)
        if not self.key:
            return f"{where}: " + ("new" if self.old == ABSENT else "gone")
        return f"{where}: {self.old}  ->  {self.new}"

    def to_json(self) -> dict[str, str]:
        """The change as a record."""
        return {"feature": self.feature, "key": self.key, "old": self.old, "new": self.new}


def changes_between(old: Meaning, new: Meaning) -> tuple[Change, ...]:
    """Every difference; () for equal meanings. Of another source no more is said than that it is another."""
    same_source = old["source"] == new["source"]
    upstream = _upstream(old[UPSTREAM], new[UPSTREAM]) if same_source else ()
    return (*_group(old, new), *_features(old, new), *upstream)


def _group(old: Meaning, new: Meaning) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        if key not in ("features", UPSTREAM) and old.get(key) != new.get(key):
            yield Change("", key, shown(old.get(key)), shown(new.get(key)))


def _features(old: Meaning, new: Meaning) -> Iterator[Change]:
    before, after = ({one["name"]: one for one in side["features"]} for side in (old, new))
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield Change(name, "", shown(before[name]), ABSENT)
        elif name not in before:
            yield Change(name, "", ABSENT, shown(after[name]), breaking=False)
        else:
            yield from _feature(name, before[name], after[name])
    orders = [[name for name in side if name in before and name in after] for side in (before, after)]
    if orders[0] != orders[1]:
        yield Change("", "order of features", ", ".join(orders[0]), ", ".join(orders[1]))


def _feature(name: str, old: Meaning, new: Meaning) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            more = key == "windows" and set(old.get(key, ())) <= set(new.get(key, ()))
            yield Change(name, key, _formula(key, old.get(key)), _formula(key, new.get(key)), breaking=not more)


def _upstream(old: Meaning, new: Meaning) -> Iterator[Change]:
    place = f"source {new['source']}"
    for key in dict.fromkeys((*old, *new)):
        one, other = old.get(key), new.get(key)
        if one == other:
            continue
        if key in _NAMED and isinstance(one, list) and isinstance(other, list):
            yield from _named(f"{place}: {key}", one, other)
        elif isinstance(one, dict) and isinstance(other, dict):
            different = [part for part in dict.fromkeys((*one, *other)) if one.get(part) != other.get(part)]
            yield from (
                Change("", f"{place}: {key}.{part}", shown(one.get(part)), shown(other.get(part))) for part in different
            )
        else:
            yield Change("", f"{place}: {key}", shown(one), shown(other))


def _named(place: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    before, after = ({one[0]: one[1:] for one in side} for side in (old, new))
    different = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    for name in different:
        yield Change("", f"{place}.{name}", _item(before.get(name)), _item(after.get(name)))
    if not different:
        yield Change("", f"{place}, their order", ", ".join(before), ", ".join(after))


def _item(item: list[Any] | None) -> str:
    if item is None:
        return ABSENT
    return _formula("where", item[0]) if str(item[0]).startswith("[") else shown(item)


def _formula(key: str, value: Any) -> str:
    return formula_text(value) if key in FORMULAS and value is not None else shown(value)


def formula_text(notation: str) -> str:
    """A canonical expression as people read it: SQL without quotes around names, and no pair of brackets right within another."""
    text = f"({to_sql(tree_of(notation)).replace('`', '')})"
    pairs = _brackets(text)
    idle = {at for start, end in pairs.items() if pairs.get(start - 1) == end + 1 for at in (start, end)}
    return "".join(sign for at, sign in enumerate(text) if at not in idle)[1:-1]


def _brackets(text: str) -> dict[int, int]:
    """Where each bracket outside of quotes is closed."""
    opened: list[int] = []
    pairs: dict[int, int] = {}
    inside = escaped = False
    for at, sign in enumerate(text):
        inside ^= sign == "'" and not escaped
        escaped = sign == "\\" and not escaped
        if sign == "(" and not inside:
            opened.append(at)
        elif sign == ")" and not inside:
            pairs[opened.pop()] = at
    return pairs


def shown(value: Any) -> str:
    """A value of a meaning as text; a dash for none."""
    match value:
        case None:
            return ABSENT
        case str():
            return value
        case dict():
            return ", ".join(f"{key} {_formula(key, one)}" for key, one in value.items())
        case _:
            return json.dumps(value, ensure_ascii=False)
