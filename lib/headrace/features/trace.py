"""What a column or a table is made of and what is made of it, all the way: by contracts, and by the graph beyond them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from headrace.features.lineage import Kind, Lineage, Node
from headrace.features.strands import Field, Strand, strands
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError, nearest
from headrace.tables.layout import Laid, Upkeep
from headrace.tables.spec import Table

WHOLE = "read whole"
"""How a job of which no contract tells uses what it reads."""
_COLUMNS: Mapping[str, Kind] = {"raw": "raw column", "features": "feature"}
"""What a column is called, by its table's schema."""
_WHOLES: Mapping[str, Kind] = {
    "landing": "landing zone", "source": "table", "published": "table", "candidate": "model", "champion": "model",
}  # fmt: skip
"""What an asset is called, by the first part of its name."""


@dataclass(frozen=True)
class Edge:
    """``into`` is made of ``of``; ``how`` as a strand says it, or ``read whole``."""

    of: Field
    into: Field
    how: str


@dataclass(frozen=True)
class Trace:
    """The lineage of one column or table, and how each of its edges uses what it comes from."""

    lineage: Lineage
    hows: tuple[str, ...]


@dataclass(frozen=True)
class Tracks:
    """All ways of a project: strands of contracts, and the jobs of its graph."""

    project: Project
    graph: Graph

    @cached_property
    def strands(self) -> tuple[Strand, ...]:
        """What contracts tell of columns."""
        return strands(self.project)

    def of(self, start: Field, up: bool = True, down: bool = True) -> Trace:
        """The way up to what ``start`` is made of, and down to what is made of it; a table alone goes by whole tables."""
        before, after = (self._before, self._after) if start.column else (self._read, self._made)
        edges = dict.fromkeys([*(_walk(start, before) if up else ()), *(_walk(start, after) if down else ())])
        fields = list(dict.fromkeys([start, *(field for edge in edges for field in (edge.of, edge.into))]))
        nodes = tuple(self._node(field, field == start) for field in fields)
        places = tuple((fields.index(edge.of), fields.index(edge.into)) for edge in edges)
        return Trace(Lineage(nodes, places), tuple(edge.how for edge in edges))

    def columns(self, tables: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
        """The columns of every asset: those that are known of ``tables``, and those that strands tell of."""
        found = {name: dict.fromkeys(columns) for name, columns in tables.items()}
        for name in (*self._makers, *(name for names in self._inputs.values() for name in names)):
            found.setdefault(name, {})
        for field in (field for strand in self.strands for field in (strand.of, strand.into)):
            found.setdefault(field.table, {}).update({field.column: None} if field.column else {})
        return {name: tuple(columns) for name, columns in found.items()}

    def _before(self, field: Field) -> Iterable[Edge]:
        """What a column is made of; by whole tables where no contract says."""
        told = self._into.get(field, ())
        return told or self._read(Field(field.table), field)

    def _after(self, field: Field) -> Iterable[Edge]:
        """What is made of a column: by strands, and whole tables of which no contract says what they take."""
        told = self._of.get(field, ())
        return (*told, *(edge for edge in self._made(Field(field.table), field) if edge.into.table not in self._told))

    def _read(self, whole: Field, of: Field | None = None) -> tuple[Edge, ...]:
        """What an asset is made of, as wholes."""
        return tuple(Edge(Field(above), of or whole, WHOLE) for above, name in self._wholes if name == whole.table)

    def _made(self, whole: Field, of: Field | None = None) -> tuple[Edge, ...]:
        """What is made of an asset, as wholes."""
        return tuple(Edge(of or whole, Field(below), WHOLE) for name, below in self._wholes if name == whole.table)

    @cached_property
    def _wholes(self) -> tuple[tuple[str, str], ...]:
        """What is made of what, by name: as strands tell it, else all that a job makes of all that it reads."""
        found = [(one.of.table, one.into.table) for one in self.strands if one.of.table != one.into.table]
        for job in self.graph:
            made = [name for name in self._outputs[job.name] if name not in self._told]
            found += [(read, name) for name in made for read in self._inputs[job.name] if read != name]
        return tuple(dict.fromkeys(found))

    @cached_property
    def _inputs(self) -> dict[str, tuple[str, ...]]:
        return {
            job.name: tuple(asset.name for asset in job.inputs.values() if not isinstance(asset, Laid))
            for job in self.graph
        }

    @cached_property
    def _outputs(self) -> dict[str, tuple[str, ...]]:
        return {
            job.name: tuple(dict.fromkeys(asset.name for asset in job.outputs if not isinstance(asset, Upkeep)))
            for job in self.graph
        }

    @cached_property
    def _makers(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for job, names in self._outputs.items():
            found |= {name: (*found.get(name, ()), job) for name in names}
        return found

    @cached_property
    def _tables(self) -> frozenset[str]:
        return frozenset(one.name for job in self.graph for one in job.outputs if isinstance(one, Table))

    @cached_property
    def _into(self) -> dict[Field, tuple[Edge, ...]]:
        return _by((Edge(one.of, one.into, one.how) for one in self.strands), lambda edge: edge.into)

    @cached_property
    def _of(self) -> dict[Field, tuple[Edge, ...]]:
        return _by((Edge(one.of, one.into, one.how) for one in self.strands), lambda edge: edge.of)

    @cached_property
    def _told(self) -> frozenset[str]:
        return frozenset(one.into.table for one in self.strands)

    def _node(self, field: Field, own: bool) -> Node:
        first = field.table.partition(".")[0]
        whole = _WHOLES.get(first, "table" if field.table in self._tables else "asset")
        kind = _COLUMNS.get(first, "column") if field.column else whole
        note = ""
        if field.column and field.table.startswith("tiles.") and self._into.get(field):
            state, underscore, digest = field.column.rpartition("_")
            note = f"{state} in tiles" if underscore and len(digest) == len("0123456789ab") else ""
        if kind == "feature" and any(edge.of.table == field.table for edge in self._into.get(field, ())):
            kind = "derived feature"
        return Node(kind, field.name, own=own, note=note, made_by=", ".join(self._makers.get(field.table, ())))


def find_field(name: str, tables: Mapping[str, Iterable[str]], project: Project) -> Field:
    """The table or column of a name: ``schema.table``, ``schema.table.column``, a source's or a group's column.

    ``tables`` are the columns of every table. A source stands for its raw events, a group for the table of its features.

    Raises:
        HeadraceError: LINEAGE_UNKNOWN with the nearest name.
    """
    short = {source: f"raw.events_{source}" for source in project.sources}
    short |= {name: one.table for group, one in project.groups.items() for name in (group, one.namespace)}
    long = {**short, **{table: table for table in tables}}
    fields = {table: Field(table) for table in tables} | {key: Field(table) for key, table in short.items()}
    fields |= {f"{key}.{one}": Field(table, one) for key, table in long.items() for one in tables.get(table, ())}
    if name in fields:
        return fields[name]
    inside = [known for known in fields if known.rpartition(".")[0] == name.rpartition(".")[0] in long]
    close = inside or get_close_matches(name, fields, n=1, cutoff=0.5) or tables
    raise HeadraceError("LINEAGE_UNKNOWN", name=name, hint=nearest(name, close))


def _walk(start: Field, step: Callable[[Field], Iterable[Edge]]) -> list[Edge]:
    """Every edge that is met, nearest first, each field left once."""
    found: list[Edge] = []
    reached = [start]
    for field in reached:
        edges = tuple(step(field))
        found += edges
        ends = (edge.into if edge.of == field else edge.of for edge in edges)
        reached += [end for end in dict.fromkeys(ends) if end not in reached]
    return found


def _by(edges: Iterable[Edge], key: Callable[[Edge], Field]) -> dict[Field, tuple[Edge, ...]]:
    found: dict[Field, tuple[Edge, ...]] = {}
    for edge in edges:
        found[key(edge)] = (*found.get(key(edge), ()), edge)
    return found
