"""Frames as JSON lines, column by column, and the lines as the contents of landing files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

MONEY = frozenset({"value", "retail_discount", "coupon_discount"})
_NEEDS_ESCAPE = r'["\\\x00-\x1f]'


@dataclass(frozen=True)
class LandingFile:
    """One file's place and its text, not yet compressed."""

    day: np.datetime64
    part: int
    lines: int
    text: memoryview


def cut_files(frame: pd.DataFrame, columns: Sequence[str], days: npt.NDArray[np.datetime64]) -> list[LandingFile]:
    """The files of the frame's lines.

    Args:
        frame: one row a line, sorted by (day, ``part``); ``broken``, where it is there, marks lines to cut.
        columns: the keys of a line, in order.
        days: the day of arrival of each row.
    """
    lines = json_lines(frame, columns)
    if "broken" in frame:
        lines = _break(lines, frame["broken"].to_numpy(dtype=bool))
    ended = pc.binary_join_element_wise(lines, "", "\n")
    ends = np.frombuffer(ended.buffers()[1], dtype=np.int32)[ended.offset :][: len(ended) + 1]
    text = memoryview(ended.buffers()[2])
    parts = frame["part"].to_numpy()
    new = (np.diff(days.astype(np.int64), prepend=-1) != 0) | (np.diff(parts, prepend=-1) != 0)
    starts = np.flatnonzero(new)
    spans = zip(starts.tolist(), [*starts[1:].tolist(), len(frame)], strict=True)
    return [LandingFile(days[a], int(parts[a]), b - a, text[ends[a] : ends[b]]) for a, b in spans]


def json_lines(frame: pd.DataFrame, columns: Sequence[str]) -> pa.Array:
    """One JSON object a row, with ``columns`` as keys in that order; a key is absent where its value is null.

    Whole numbers are numbers, MONEY (whole cents, not negative) numbers with exactly two decimals, times ISO 8601 in
    whole seconds with Z, the rest text. The first column may not be null.
    """
    first, *others = (_pair(name, frame[name]) for name in columns)
    body = pc.binary_join_element_wise(first, *others, ",", null_handling="skip")
    return pc.binary_join_element_wise("{", body, "}", "")


def _pair(name: str, values: pd.Series) -> pa.Array:
    """``"name":value``, null where the value is."""
    array = pa.array(values, from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if name in MONEY:
        return pc.binary_join_element_wise(f'"{name}":', *_decimal(array), "")
    if pa.types.is_integer(array.type):
        return pc.binary_join_element_wise(f'"{name}":', array.cast(pa.string()), "")
    text = _instant(array) if pa.types.is_timestamp(array.type) else _plain(name, array)
    return pc.binary_join_element_wise(f'"{name}":"', text, '"', "")


def _decimal(cents: pa.Array) -> tuple[pa.Array, str, pa.Array]:
    if (pc.min(cents).as_py() or 0) < 0:
        raise ValueError("money is negative: its two decimals cannot be cut off as text")
    dollars = pc.divide(cents, 100)
    rest = pc.subtract(cents, pc.multiply(dollars, 100))
    hundredths = pa.array([f"{cent:02d}" for cent in range(100)])
    return dollars.cast(pa.string()), ".", hundredths.take(rest)


def _instant(times: pa.Array) -> pa.Array:
    text = times.cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(pc.utf8_replace_slice(text, start=10, stop=11, replacement="T"), "Z", "")


def _plain(name: str, values: pa.Array) -> pa.Array:
    text = values.cast(pa.string())
    if pc.any(pc.match_substring_regex(text, _NEEDS_ESCAPE)).as_py():
        raise ValueError(f"{name}: a text holds a quote, a backslash or a control character, which is not escaped here")
    return text


def _break(lines: pa.Array, broken: npt.NDArray[np.bool_]) -> pa.Array:
    """The marked lines cut in the middle, as a writer leaves them that was killed."""
    halves = [line[: len(line) // 2] for line in lines.filter(pa.array(broken)).to_pylist()]
    return pc.replace_with_mask(lines, pa.array(broken), pa.array(halves, pa.string()))
