"""Chance without a generator: every draw is a function of a seed and a name, whatever the order of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Whole = npt.NDArray[np.int64]


def keyed_hash(names: pd.Series, seed: int) -> npt.NDArray[np.uint64]:
    """SipHash of each name as text, under the seed written with 16 digits as the key (pandas' ``hash_array``).

    Args:
        names: n texts or whole numbers.
        seed: 0 to 10**16 - 1.

    Returns:
        n hashes of 64 bits.
    """
    texts = names.astype("string").to_numpy(dtype=object)
    return np.asarray(pd.util.hash_array(texts, hash_key=f"{seed:016d}", categorize=False), dtype=np.uint64)


def digits(hashes: npt.NDArray[np.uint64], *radices: int) -> tuple[Whole, ...]:
    """Independent draws from one hash: its digits in mixed radix, the lowest first, each in ``[0, radix)``."""
    rest, drawn = hashes, []
    for radix in radices:
        rest, digit = np.divmod(rest, np.uint64(radix))
        drawn.append(digit.astype(np.int64))
    return tuple(drawn)
