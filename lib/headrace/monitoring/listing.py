"""Entries of the catalog as a notebook shows them: a table of several, everything of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from headrace.features.entry import Entry

_ROW = Markup("<tr>{}</tr>")
_CELL = Markup('<td style="text-align:left;overflow-wrap:anywhere">{}</td>')
_HEAD = Markup('<th style="text-align:left">{}</th>')
_TABLE = Markup("<table>{}</table>")
_PRE = Markup("<p>{}</p><pre>{}</pre>")


@dataclass(frozen=True)
class Listing:
    """Several entries; iterating gives them."""

    entries: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def _repr_html_(self) -> str:
        if not self.entries:
            return "<p>Nothing of that name or meaning.</p>"
        rows = [_row(_HEAD, ("kind", "name", "meaning", "windows", "owner", "done until"))]
        for entry in self.entries:
            names = (entry.kind, entry.name, entry.brief)
            rows.append(_row(_CELL, (*names, ", ".join(entry.windows), entry.owner, entry.done_until)))
        return str(_TABLE.format(Markup("").join(rows)))


@dataclass(frozen=True)
class Description:
    """Everything that is known of one entry."""

    entry: Entry

    def _repr_html_(self) -> str:
        entry = self.entry
        lines = (
            ("meaning", entry.meaning),
            ("sensitivity", entry.sensitivity),
            ("columns", ", ".join(column.name for column in entry.columns)),
            ("owner", entry.owner),
            ("entity", ", ".join(entry.entity)),
            ("source", ", ".join(entry.sources)),
            ("contract", "" if entry.version is None else f"version {entry.version}, fingerprint {entry.fingerprint}"),
            *entry.facts,
            ("table", entry.table),
            ("read by", "; ".join(_reader(reader.kind, reader.name, reader.what) for reader in entry.readers)),
            ("done until", entry.done_until),
            *((f"version {one.number}", f"{one.told}. {one.why} {'; '.join(one.changed)}") for one in entry.versions),
            *((f"spread of {one.column}", f"{one.told}; as of {one.as_of}, for {one.model}") for one in entry.profiles),
            ("spread", f"not known: {entry.unprofiled}" if entry.unprofiled else ""),
            ("lineage", entry.lineage.told if entry.lineage is not None else ""),
        )
        rows = [_ROW.format(_HEAD.format(name) + _CELL.format(value)) for name, value in lines if value]
        texts = (
            ("Computed as (SQL)", "\n\n".join(entry.definitions)),
            ("In Python", entry.python),
            ("In SQL", entry.sql),
        )
        code = [_PRE.format(title, text) for title, text in texts if text]
        title = Markup("<h4>{} {}</h4>").format(entry.kind, entry.name)
        return str(title + _TABLE.format(Markup("").join(rows)) + Markup("").join(code))


def _row(cell: Markup, values: Iterable[str]) -> Markup:
    return _ROW.format(Markup("").join(cell.format(value) for value in values))


def _reader(kind: str, name: str, what: str) -> str:
    return f"{kind} {name}" + (f" ({what})" if what else "")
