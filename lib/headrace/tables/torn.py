r"""Whether the newest commit of a table's log is whole: a machine that stops may leave a file that is cut short, or empty.

An empty one is the worst: to Delta it is a commit that says nothing, and the rows that it added are gone without a word.
Hadoop writes a checksum beside each file on a local disk (``.NAME.crc``: four bytes ``crc\0``, the size of a piece in four
bytes, then the CRC-32 of each piece), so a cut is seen wherever it is, between two lines too.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from headrace.ground.errors import HeadraceError
from headrace.tables.log import commit_files
from headrace.tables.spec import place_of

_MAGIC, _HEAD, _SUM = b"crc\0", 8, 4


def check_whole(root: Path | str, table: str) -> None:
    """Look at the newest commit of ``schema.table``, where its log lies in a folder of this machine. One small file is read.

    Raises:
        HeadraceError: TABLE_LOG_TORN.
    """
    commits = commit_files(Path(place_of(root, table))) if isinstance(root, Path) else {}
    newest = commits[max(commits)] if commits else None
    problem = None if newest is None else _problem(newest)
    if problem is not None:
        raise HeadraceError("TABLE_LOG_TORN", table=table, file=newest, problem=problem)


def _problem(commit: Path) -> str | None:
    content, beside = commit.read_bytes(), commit.with_name(f".{commit.name}.crc")
    if not content:
        return "it is empty"
    if beside.is_file() and not _as_written(content, beside.read_bytes()):
        return f"it is not what {beside.name} was made of"
    try:
        for line in content.splitlines():
            json.loads(line)
    except ValueError as error:
        return f"it is no JSON ({error})"
    return None


def _as_written(content: bytes, sums: bytes) -> bool:
    """Whether the content has these checksums; ones that are themselves cut short, or of another kind, say nothing."""
    piece = int.from_bytes(sums[len(_MAGIC) : _HEAD], "big")
    told = sums[_HEAD:]
    if not sums.startswith(_MAGIC) or piece == 0 or len(told) % _SUM:
        return True
    pieces = [content[start : start + piece] for start in range(0, len(content), piece)]
    return told == b"".join(zlib.crc32(one).to_bytes(_SUM, "big") for one in pieces)
