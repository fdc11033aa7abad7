"""Chance by counting: a 64-bit draw is a function of a seed, a stream's name and a number, whatever was drawn before.

The function is the output step of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators,
OOPSLA 2014) at the number's place in the stream. It is a bijection of the number, so draws of one stream never repeat.
Only whole numbers, +, -, *, / and comparisons are used on it here: the same bits come of it on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def counted_hash(seed: int, stream: str, numbers: npt.NDArray[np.int64]) -> Hashes:
    """One 64-bit hash a number."""
    key = int.from_bytes(hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest(), "little")
    mixed = numbers.astype(np.uint64) * _STEP + np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def share(hashes: Hashes) -> Real:
    """Hashes as numbers in ``[0, 1)``, 53 bits each."""
    return np.asarray((hashes >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def below(hashes: Hashes, bound: int) -> Whole:
    """Hashes as whole numbers in ``[0, bound)``; ``bound`` is below 2**32, so its bias is below 2**-32."""
    return np.asarray(((hashes >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32), dtype=np.int64)


def cumulated(weights: Sequence[float] | Real) -> Real:
    """Where each of the weights ends when they are laid along ``[0, 1]``."""
    ends = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.asarray(ends / ends[-1], dtype=np.float64)


def chosen(shares: Real, ends: Real) -> Whole:
    """The weight (its place) in which each share lies."""
    return np.minimum(np.searchsorted(ends, shares, side="right"), len(ends) - 1).astype(np.int64)


def ranked(shares: Real, most: int, power: int) -> Whole:
    """Ranks 0 to ``most`` - 1, rank k - 1 with density k ** -(1 - 1/power): a bounded Pareto law by its inverse.

    ``power`` is whole, so that the inverse is a product and not a library's pow.
    """
    root = 1.0 + shares * (float(most + 1) ** (1.0 / power) - 1.0)
    product = root
    for _ in range(power - 1):
        product = product * root
    return np.asarray(np.clip(product.astype(np.int64), 1, most) - 1, dtype=np.int64)
