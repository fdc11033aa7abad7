"""Landing files as streams of bytes, whatever they are packed with."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

GZIP, ZSTD = (".gz",), (".zst", ".zstd")
_BUFFER = 1 << 20


def open_stream(path: Path) -> BinaryIO:
    """The unpacked bytes of a file; packed ones are known by their suffix."""
    if path.suffix in GZIP:
        return cast(BinaryIO, gzip.open(path))
    if path.suffix in ZSTD:
        return cast(BinaryIO, io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"), _BUFFER))
    return path.open("rb", buffering=_BUFFER)
