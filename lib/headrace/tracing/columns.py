"""What each column of a job's output is made of, among the job's inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from headrace.features.strands import Field, How, Strand

_FARTHEST: tuple[How, ...] = ("copied", "computed", "aggregated", "filtered")
"""Of two steps the later of these tells what has become of a value."""


def columns_made(table: str, inputs: Set[str], strands: Iterable[Strand]) -> dict[str, dict[Field, tuple[How, ...]]]:
    """Column -> the inputs' columns that it is made of, each with what becomes of its values.

    What the same job makes on the way (a derived column's parents, a training set's labels) is passed through.
    """
    into: dict[Field, list[Strand]] = {}
    for strand in strands:
        into.setdefault(strand.into, []).append(strand)
    found: dict[str, dict[Field, tuple[How, ...]]] = {}
    for field in (field for field in into if field.table == table and field.column):
        pairs = sorted(set(_sources(field, inputs, into, "copied")), key=lambda pair: (pair[0].name, pair[1]))
        if pairs:
            found[field.column] = {of: tuple(how for one, how in pairs if one == of) for of, _ in pairs}
    return found


def _sources(
    field: Field, inputs: Set[str], into: Mapping[Field, Iterable[Strand]], since: How
) -> Iterator[tuple[Field, How]]:
    for strand in into.get(field, ()):
        how = max(strand.how, since, key=_FARTHEST.index)
        if strand.of.table not in inputs:
            yield from _sources(strand.of, inputs, into, how)
        elif strand.of.column:
            yield strand.of, how
