"""The one line of a contract that a bump edits: everything else in the file stays as people wrote it."""

from __future__ import annotations

import re

from headrace.ground.document import Document, parse_document
from headrace.ground.errors import HeadraceError

_VERSION = re.compile(r"(\bversion['\"]?\s*:\s*)\d+")


def with_version(document: Document, version: int) -> str:
    """The text of the document's file with another number behind ``version:``.

    Raises:
        HeadraceError: CONTRACT_VERSION_LINE where that cannot be done by editing the one line.
    """
    text = document.path.read_bytes().decode("utf-8")
    place = document.place(("version",))
    number = int(place.rpartition(":")[2]) - 1
    lines = text.split("\n")
    lines[number] = _VERSION.sub(rf"\g<1>{version}", lines[number], count=1)
    edited = "\n".join(lines)
    if parse_document(document.path, edited).values != document.values | {"version": version}:
        raise HeadraceError("CONTRACT_VERSION_LINE", place=place, version=version)
    return edited
