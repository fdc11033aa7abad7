"""The lineage of a feature: from the raw columns that it is made of to the scores that are made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from headrace.contracts.features import Feature, FeatureGroup
from headrace.features.atoms import atoms_of
from headrace.features.derivation import ancestry, descent, parents
from headrace.features.strands import columns_read
from headrace.features.tiling import tiled_by, tiles_table
from headrace.graph.project import Project

Kind = Literal[
    "raw column", "tiles", "feature", "derived feature", "training set", "model", "scores",
    "column", "table", "landing zone", "asset",
]  # fmt: skip
MOST_ALIKE = 6
"""So many nodes of a kind stand side by side; where there are more, the last stands for the rest."""


@dataclass(frozen=True)
class Node:
    """A thing on the way. ``address`` is that of its entry in the catalog; "" for what stands for several.

    ``note`` says it instead of the kind where that does not say all; ``part`` tells apart the parts of one thing;
    ``made_by`` names the jobs that make it, where that is told.
    """

    kind: Kind
    name: str
    address: str = ""
    own: bool = False
    note: str = ""
    part: str = ""
    made_by: str = ""

    @property
    def told(self) -> str:
        """Its kind and name."""
        by = f", by {self.made_by}" if self.made_by else ""
        return f"{'this ' if self.own else ''}{self.note or self.kind} {self.name}{by}"


@dataclass(frozen=True)
class Lineage:
    """Nodes, and edges between them as pairs of their positions, from what is read to what is made of it."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """For each node the longest way to it from a beginning."""
        found: dict[int, int] = {}

        def rank(node: int) -> int:
            if node not in found:
                found[node] = max((rank(start) + 1 for start, end in self.edges if end == node), default=0)
            return found[node]

        return tuple(rank(node) for node in range(len(self.nodes)))

    def before(self, node: int) -> tuple[int, ...]:
        """What a node is made of."""
        return tuple(start for start, end in self.edges if end == node)

    def after(self, node: int) -> tuple[int, ...]:
        """What is made of a node."""
        return tuple(end for start, end in self.edges if start == node)

    @property
    def told(self) -> str:
        """The way in words, step by step."""
        steps = [
            ", ".join(node.told for node, rank in zip(self.nodes, self.ranks, strict=True) if rank == step)
            for step in range(max(self.ranks, default=-1) + 1)
        ]
        return "; then ".join(steps)


Pair = tuple[Node, Node]


def lineage_of(feature: Feature, group: FeatureGroup, project: Project) -> Lineage:
    """The raw columns, tiles and features that a feature is made of; the features, training sets, models and scores
    that are made of it.
    """
    shown = tuple(dict.fromkeys((*reversed(ancestry(feature, group)), *descent(feature, group))))
    pairs = [
        *_from_raw(shown, feature, group, project),
        *_between(shown, feature, group, project),
        *_into_models(feature, group, project),
    ]
    return _gathered(pairs)


def _node(feature: Feature, own: Feature, group: FeatureGroup, project: Project) -> Node:
    name = f"{project.groups.shortest(group)}.{feature.name}"
    return Node("feature" if feature.derive is None else "derived feature", name, name, feature is own)


def _from_raw(shown: Iterable[Feature], own: Feature, group: FeatureGroup, project: Project) -> Iterator[Pair]:
    source = project.sources[group.source]
    for feature in shown:
        if feature.derive is not None:
            continue
        table = tiles_table(source, tiled_by(group, source)).name
        atoms = atoms_of(feature, source).values()
        states = ", ".join(dict.fromkeys(atom.state.name for atom in atoms))
        part = " ".join(sorted(atom.column for atom in atoms))
        tiles = Node("tiles", table, f"table-{table}", note=f"{states} in tiles", part=part)
        for column in sorted(columns_read(feature, source.roles.event_time)):
            yield Node("raw column", f"{source.source}.{column}", f"source-{source.source}"), tiles
        yield tiles, _node(feature, own, group, project)


def _between(shown: tuple[Feature, ...], own: Feature, group: FeatureGroup, project: Project) -> Iterator[Pair]:
    for feature in shown:
        for parent in parents(feature, group):
            if parent in shown:
                yield _node(parent, own, group, project), _node(feature, own, group, project)


def _into_models(own: Feature, group: FeatureGroup, project: Project) -> Iterator[Pair]:
    below = descent(own, group)
    for name, model in project.models.items():
        inputs = {
            column for one, columns in model.features.items() if project.readable[one] is group for column in columns
        }
        apart = {one.column for one in model.segments if project.readable[one.group] is group}
        read = [feature for feature in below if (inputs | apart) & set(feature.columns)]
        taken = any(inputs & set(feature.columns) for feature in read)
        training = Node("training set", f"training.{name}", f"table-training.{name}")
        judged = Node("model", name, f"model-{name}", note="" if taken else "model, by segments")
        for feature in read:
            yield _node(feature, own, group, project), training
            yield training, judged
            if taken:
                yield judged, Node("scores", f"scores.{name}", f"table-scores.{name}")


def _gathered(pairs: Iterable[Pair]) -> Lineage:
    """Each node once; where many of a kind are equally far, the last stands for the rest."""
    known = list(dict.fromkeys(pairs))
    every = list(dict.fromkeys(node for pair in known for node in pair))
    whole = Lineage(tuple(every), tuple((every.index(start), every.index(end)) for start, end in known))
    alike: dict[tuple[str, int], list[Node]] = {}
    for node, rank in zip(every, whole.ranks, strict=True):
        if not node.own:
            alike.setdefault((node.kind, rank), []).append(node)
    named = {node: node for node in every}
    for (kind, rank), nodes in alike.items():
        if len(nodes) > MOST_ALIKE:
            rest = nodes[MOST_ALIKE - 1 :]
            named |= dict.fromkeys(rest, Node(rest[0].kind, f"and {len(rest)} more", note=f"{kind}s", part=str(rank)))
    kept = list(dict.fromkeys(named[node] for node in every))
    edges = dict.fromkeys((kept.index(named[start]), kept.index(named[end])) for start, end in known)
    return Lineage(tuple(kept), tuple(edges))
