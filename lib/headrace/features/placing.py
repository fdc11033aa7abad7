"""Numbers that Spark's shuffle by hash puts into a partition of one's choice.

``repartitionById`` places rows directly, but a union of frames that were placed so is not known to be placed (Spark 4.2),
and would be shuffled again. A union of frames that were shuffled by the hash of one column is.
"""

from __future__ import annotations

from functools import cache
from itertools import count

_SEED, _32 = 42, 0xFFFFFFFF


@cache
def labels(parts: int) -> tuple[int, ...]:
    """For each of ``parts`` partitions the least number from 0 that a shuffle into so many puts there."""
    found: dict[int, int] = {}
    for number in count():
        found.setdefault(partition_of(number, parts), number)
        if len(found) == parts:
            break
    return tuple(found[part] for part in range(parts))


def partition_of(number: int, parts: int) -> int:
    """The partition of an int column's value: MurmurHash3 (x86, 32 bits) of its four bytes, as Spark takes it."""
    mixed = _rotated(number * 0xCC9E2D51, 15) * 0x1B873593 & _32
    hashed = (_rotated(_SEED ^ mixed, 13) * 5 + 0xE6546B64) & _32
    hashed ^= 4
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & _32
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & _32
    hashed ^= hashed >> 16
    return (hashed - (hashed >> 31 << 32)) % parts


def _rotated(value: int, by: int) -> int:
    value &= _32
    return (value << by | value >> 32 - by) & _32
