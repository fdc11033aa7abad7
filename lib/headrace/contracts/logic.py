"""What a column computes, as one tree down to what is counted in events: equal trees are the same logic.

A derived feature is inlined: where its formula names a column, that column's tree stands. So two features that were
written in different steps, or whose ingredients have different names, are still seen to be one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from headrace.contracts.expressions import walk
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.filters import EVERY, Filter, filter_of
from headrace.contracts.fingerprint import fingerprint
from headrace.contracts.grammar import Node

MEASURE = "measure"
"""The leaf: ``("measure", what, window, filter, rest)``. ``what`` is the aggregate and its expression, ``rest`` scale,
default and edges; both are JSON, so that a key which a later contract adds is compared too."""
_APART = frozenset({"name", "windows", "where", "derive", "scale", "when_empty"})
_COMMUTATIVE = frozenset({"add", "multiply", "and", "or", "equal", "not_equal", "greatest", "least"})
_MOST_NODES = 200
"""A larger tree stands for itself by its hash where another feature derives from it, so that a chain of squares stays small."""
NORMALISERS = frozenset(
    "derived add subtract multiply divide negative ln exp sqrt power round floor ceil greatest least coalesce nullif "
    "cast try_cast".split()
)
"""What is seen through, where all operands but one are constants: affine and monotone steps, bounds, defaults, types, scales."""


@dataclass(frozen=True)
class Logic:
    """One column of a group, with its tree."""

    group: FeatureGroup
    feature: Feature
    column: str
    tree: Node

    @property
    def name(self) -> str:
        """``team.group.column``."""
        return f"{self.group.namespace}.{self.column}"

    @property
    def owner(self) -> tuple[str, str]:
        """``team.group`` and feature."""
        return self.group.namespace, self.feature.name

    @cached_property
    def measures(self) -> tuple[Node, ...]:
        """Its leaves, from left to right."""
        return tuple(node for node in walk(self.tree) if node[0] == MEASURE)

    @cached_property
    def windows(self) -> tuple[str, ...]:
        """The windows of its measures, each once."""
        return tuple(dict.fromkeys(str(measure[2]) for measure in self.measures))

    @cached_property
    def wheres(self) -> tuple[Node, ...]:
        """The filter of each measure."""
        return tuple(measure[3] for measure in self.measures)

    @cached_property
    def filters(self) -> tuple[Filter, ...]:
        """The same, with what can be told of each."""
        return tuple(map(filter_of, self.wheres))

    @cached_property
    def stripped(self) -> Node:
        """What is left of the tree without windows, normalisation and filters."""
        return stripped(self.tree)

    @cached_property
    def shape(self) -> Node:
        """The tree without its windows and filters."""
        return _shape(self.tree)


def logic_of(group: FeatureGroup) -> tuple[Logic, ...]:
    """Every column of a group, in the order declared."""
    found: list[Logic] = []
    known: dict[str, Node] = {}
    for feature in group.features:
        for column, tree in _trees(feature, group, known):
            found.append(Logic(group, feature, column, tree))
            known[column] = tree if sum(1 for _ in walk(tree)) <= _MOST_NODES else ("large", fingerprint(tree))
    return tuple(found)


def _trees(feature: Feature, group: FeatureGroup, known: Mapping[str, Node]) -> Iterator[tuple[str, Node]]:
    if feature.derive is not None:
        yield feature.name, _derived(feature, ordered(_inlined(feature.derive.tree, known)))
        return
    meaning = feature.meaning_for_data
    what = {key: value for key, value in meaning.items() if key not in _APART}
    if feature.expression is not None:
        what["expression"] = ordered(feature.expression.tree)
    rest = {key: meaning.get(key) for key in ("scale", "when_empty")}
    rest |= {"tail": group.tail, "accuracy": group.accuracy, "zone": group.zone}
    where = EVERY if feature.where is None else ordered(feature.where.tree)
    for column, window in zip(feature.columns, feature.windows, strict=True):
        yield column, (MEASURE, _text(what), window, where, _text(rest))


def _derived(feature: Feature, tree: Node) -> Node:
    """A formula and its scale. One that only renames a column, and rounds none of its digits away, is that column."""
    if tree[0] == MEASURE:
        what, scale = json.loads(tree[1]), json.loads(tree[4])["scale"] or 0
        counts = what["aggregate"] in ("count", "count_distinct", "active_days")
        if counts or (what["aggregate"] == "sum" and scale <= feature.scale):
            return tree
    return ("derived", tree, str(feature.scale))


def _inlined(node: Node, known: Mapping[str, Node]) -> Node:
    if node[0] == "column":
        return known.get(node[1], node)
    return tuple(_inlined(part, known) if isinstance(part, tuple) else part for part in node)


def ordered(node: Node) -> Node:
    """The tree with the operands of commutative operators sorted, chains of AND and of OR as one."""
    if node[0] == MEASURE:
        return node
    op, *parts = (ordered(part) if isinstance(part, tuple) else part for part in node)
    if op in ("and", "or"):
        parts = list(dict.fromkeys(_flat(op, parts)))
        if len(parts) == 1:
            return tuple(parts[0])
    if op in _COMMUTATIVE:
        parts = sorted(parts, key=repr)
    elif op == "in":
        parts = [parts[0], *sorted(parts[1:], key=repr)]
    return (op, *parts)


def stripped(node: Node, filters: bool = False) -> Node:
    """What is left of a tree without windows, normalisation and, unless ``filters`` are to stay, filters.

    A value over its own value in another window (a week's events by the weekly average of a quarter) is normalised too.
    """
    if node[0] == MEASURE:
        return (MEASURE, node[1], node[3]) if filters else (MEASURE, node[1])
    if node[0] not in NORMALISERS:
        return tuple(stripped(part, filters) if isinstance(part, tuple) else part for part in node)
    varying = [part for part in node[1:] if isinstance(part, tuple) and _varies(part)]
    inside = [stripped(part, filters) for part in varying]
    if len(inside) == 1:
        return inside[0]
    if node[0] == "divide" and len(inside) == 2 and _same(varying):
        return inside[0]
    parts = _flat(node[0], inside) if node[0] in ("add", "multiply") else inside
    return (node[0], *(sorted(parts, key=repr) if node[0] in _COMMUTATIVE else parts))


def _shape(node: Node) -> Node:
    if node[0] == MEASURE:
        return (node[0], node[1], node[4])
    return tuple(_shape(part) if isinstance(part, tuple) else part for part in node)


def _same(parts: list[Node]) -> bool:
    one, other = (stripped(part, filters=True) for part in parts)
    return one == other


def _varies(node: Node) -> bool:
    """Whether it is more than a constant."""
    return any(part[0] in (MEASURE, "column", "large") for part in walk(node))


def _flat(op: str, parts: list[Node]) -> list[Node]:
    return [inner for part in parts for inner in (part[1:] if part[0] == op else (part,))]


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
