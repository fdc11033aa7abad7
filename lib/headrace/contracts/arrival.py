"""How a source arrives: in files of a landing folder, or as a table of somebody else's that is read where it is."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from headrace.contracts.names import Name
from headrace.ground.document import Misplaced, Strict

_PATH = re.compile(r"[A-Za-z0-9_.=-]+(/[A-Za-z0-9_.=-]+)*")
_PATTERN = re.compile(r"([yMdHhmsSaXxZ]+|[-/.,: ]|'[A-Za-z ]+')+")


def _path(text: str) -> str:
    if not _PATH.fullmatch(text) or ".." in text.split("/"):
        raise ValueError(
            f"'{text}' is no path inside its root: names of letters, digits, _ . = -, joined by /, no '..'"
        )
    return text


def _sign(text: str) -> str:
    if len(text) != 1 or ord(text) > 127 or text in "\r\n\0":
        raise ValueError(f"{text!r:.20} is not one ASCII character")
    return text


def _pattern(text: str) -> str:
    if not _PATTERN.fullmatch(text):
        raise ValueError(
            f"'{text:.40}' is no pattern of Spark's: letters yMdHhmsSaXxZ, - / . , : and space, text in ''"
        )
    return text


Sign = Annotated[str, AfterValidator(_sign)]
Pattern = Annotated[str, AfterValidator(_pattern)]
TablePath = Annotated[str, AfterValidator(_path)]


class Csv(Strict):
    """How a source writes CSV; the defaults are RFC 4180 with a header line, one record a line.

    ``escape`` is the quote itself (``""`` inside quotes is one quote) or another character. ``nulls`` are the texts
    that mean no value, quoted or not. ``timestamps`` and ``dates`` are Spark's patterns where ISO is not written.
    """

    delimiter: Sign = ","
    header: bool = True
    quote: Sign = '"'
    escape: Sign = '"'
    encoding: Literal["utf-8", "iso-8859-1", "windows-1252"] = "utf-8"
    nulls: tuple[str, ...] = ("",)
    multiline: bool = False
    timestamps: Pattern | None = None
    dates: Pattern | None = None

    @model_validator(mode="after")
    def _agree(self) -> Csv:
        if self.delimiter in (self.quote, self.escape):
            raise Misplaced(("delimiter",), "it is the quote or the escape too")
        return self


class Landing(Strict):
    """Where the source arrives: one folder per day of arrival, ``YYYY-MM-DD``; files plain, ``.gz`` or ``.zst``."""

    format: Literal["json", "csv", "parquet"] = "json"
    folder: str = Field(pattern=r"^[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*$")
    csv: Csv | None = None

    @model_validator(mode="after")
    def _agree(self) -> Landing:
        if self.csv is not None and self.format != "csv":
            raise Misplaced(("csv",), f"these options are for format: csv, and the format is {self.format}")
        return self

    @property
    def dialect(self) -> Csv:
        """The CSV options, defaults included."""
        return self.csv or Csv()

    @property
    def meaning(self) -> dict[str, Any]:
        """What shapes rows: input of the fingerprint. Options at their defaults are the same as none."""
        kept = {"format": self.format, "folder": self.folder}
        return kept if self.dialect == Csv() else kept | {"csv": self.dialect.model_dump()}

    def told(self) -> str:
        """The source's arrival in words."""
        return f"{self.format} files in the landing folder {self.folder}"


class TableInPlace(Strict):
    """A table that somebody else keeps. It is read by version where it is, and never written.

    ``path`` lies below ``root``, which the configuration names (``roots``); without one, below the project's folder.
    ``arrived`` is the column (timestamp or date) that says when a row came into the table; by default the column of
    ``roles.available_at``.
    """

    format: Literal["delta", "parquet"]
    path: TablePath
    root: Name | None = None
    arrived: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    @property
    def meaning(self) -> dict[str, Any]:
        """What shapes rows: input of the fingerprint."""
        return self.model_dump()

    def told(self) -> str:
        """The source's arrival in words."""
        return (
            f"the {self.format} table {self.path if self.root is None else f'{self.root}:{self.path}'}, read in place"
        )
