"""CSV as it lands, record by record: what stands in the file beside what it says. Plain Python over a stream of bytes.

A record is one line, or with ``multiline`` as many as its quotes span. A fault costs its own line and no other: where a
quote is not closed, the line on which it opened is refused and reading goes on with the next.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from headrace.contracts.arrival import Csv

MOST_LINES = 1_000
"""Lines that one record may span; what is longer is taken for a quote that was never closed."""
LONGEST = 1 << 20
"""Bytes that a line, or a record over several lines, may have; what is longer is refused in pieces of that size."""
_BOM = b"\xef\xbb\xbf"


class Piece(bytes):
    """A part of a line that is longer than a line may be. It is never a record, whatever it looks like."""


def bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream with their ends, in memory that does not grow with the longest of them."""
    begins = True
    while line := stream.readline(LONGEST):
        ends = line.endswith(b"\n")
        yield line if begins and (ends or len(line) < LONGEST) else Piece(line)
        begins = ends


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its text as it landed without the line's end, its values, or why there are none."""

    raw: str
    values: Sequence[str] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Header:
    """The names of a file's values, in the file's order."""

    names: tuple[str, ...]

    def problem(self, required: Iterable[str]) -> str | None:
        """Why no record of the file can be an event; None where that is for each record to say."""
        doubled = sorted({name for name in self.names if self.names.count(name) > 1})
        if doubled:
            return f"its header names '{doubled[0]}' twice"
        missing = sorted(set(required) - set(self.names))
        return f"its header has no '{missing[0]}'" if missing else None

    def undeclared(self, declared: Iterable[str]) -> str | None:
        """The first name that is not declared."""
        known = frozenset(declared)
        return next((name for name in self.names if name not in known), None)


class Records:
    """The records of one file. ``header`` is read first, where there is one; iterating gives the rest."""

    def __init__(self, stream: BinaryIO, dialect: Csv, declared: Sequence[str]) -> None:
        self._lines = bounded_lines(stream)
        self._back: deque[bytes] = deque()
        self._dialect = dialect
        doubled = dialect.escape == dialect.quote
        self._parser = csv.reader(
            (),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            escapechar=None if doubled else dialect.escape,
            doublequote=doubled,
            strict=True,
        ).dialect
        self._begun = False
        self.problem: str | None = None
        self.header = self._header() if dialect.header else Header(tuple(declared))

    def __iter__(self) -> Iterator[Record]:
        while (line := self._next()) is not None:
            if not line.isspace():
                yield self._record(line)

    def _header(self) -> Header:
        """The first line that is not blank; none at all where the file is empty."""
        first = next(iter(self), None)
        if first is not None and first.problem is not None:
            self.problem = f"its header cannot be read: {first.problem}"
        return Header(tuple(name.strip() for name in first.values) if first is not None else ())

    @property
    def empty(self) -> bool:
        """Whether the file has no line at all, so that it needs no header."""
        return self._dialect.header and not self.header.names and self.problem is None

    def _next(self) -> bytes | None:
        line = self._back.popleft() if self._back else next(self._lines, None)
        if line is not None and not self._begun:
            self._begun = True
            if self._dialect.encoding == "utf-8" and not isinstance(line, Piece):
                return line.removeprefix(_BOM)
        return line

    def _record(self, line: bytes) -> Record:
        try:
            text = line.decode(self._dialect.encoding)
        except UnicodeDecodeError:
            shown = line.decode(self._dialect.encoding, "backslashreplace").rstrip("\r\n")
            return Record(shown, problem=f"not {self._dialect.encoding}")
        raw = text.rstrip("\r\n")
        if isinstance(line, Piece):
            return Record(raw, problem=f"part of a line of more than {LONGEST:,} bytes")
        if self._dialect.quote not in raw and self._dialect.escape not in raw:
            return Record(raw, raw.split(self._dialect.delimiter))
        try:
            return Record(raw, next(csv.reader((raw,), self._parser)))
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                return Record(raw, problem=str(error))
        return (
            self._longer(text) if self._dialect.multiline else Record(raw, problem="a quote is not closed in its line")
        )

    def _longer(self, first: str) -> Record:
        """A record over several lines; the first line alone, refused, where its quote is not closed in time."""
        taken: list[bytes] = []
        text = [first]

        def more() -> Iterator[str]:
            size = len(first)
            yield first
            while size < LONGEST and len(taken) < MOST_LINES and (line := self._next()) is not None:
                taken.append(line)
                size += len(line)
                if isinstance(line, Piece):
                    return
                text.append(line.decode(self._dialect.encoding))
                yield text[-1]

        try:
            values = next(csv.reader(more(), self._parser))
        except (csv.Error, UnicodeDecodeError):
            self._back.extendleft(reversed(taken))
            return Record(first.rstrip("\r\n"), problem="a quote is not closed")
        return Record("".join(text).rstrip("\r\n"), values)
