"""Standard errors that respect users: leave one user bucket out at a time.

Source: Quenouille (1956), Tukey (1958); delete-a-group jackknife as in Kott, J. Official Statistics 17 (2001).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Jackknife:
    """A statistic with its jackknife bias and standard error, in the statistic's own unit; NaN where undefined."""

    value: float
    bias: float
    standard_error: float

    def interval(self, z: float = NORMAL_95) -> tuple[float, float]:
        """``value`` less and plus ``z`` standard errors; 95 % by default."""
        return self.value - z * self.standard_error, self.value + z * self.standard_error


def jackknife(statistic: Callable[[NDArray[np.float64]], float], states_by_bucket: NDArray[np.float64]) -> Jackknife:
    """``statistic`` of the sum of all states, with the noise that leaving out one bucket at a time shows.

    ``states_by_bucket`` has shape (buckets, ...): additive states (counts, sums, histograms). Buckets without any
    mass are no groups. The statistic may return NaN for what it is not defined on; then bias and error are NaN.
    Fewer than two buckets: NaN as well.
    """
    states = np.asarray(states_by_bucket, dtype=np.float64)
    filled = states[states.reshape(len(states), -1).any(axis=1)] if len(states) else states
    total = states.sum(axis=0)
    value = float(statistic(total))
    groups = len(filled)
    if groups < 2:
        return Jackknife(value, float("nan"), float("nan"))
    without = np.array([statistic(total - state) for state in filled])
    spread = float(((without - without.mean()) ** 2).sum())
    bias = (groups - 1) * (float(without.mean()) - value)
    return Jackknife(value, bias, sqrt((groups - 1) / groups * spread) if np.isfinite(spread) else float("nan"))
