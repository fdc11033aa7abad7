"""Drift of features and scores against the training reference: the effect less its noise, against a floor.

A finite sample differs from its reference by chance. What chance gives is estimated by leaving out one user bucket at
a time, jointly on both sides, so that many rows of few users do not pass for many independent ones. In 300 simulated
windows without change (200 users, 20 bins) the bare PSI is above 0.1 in 62 to 98 % and the PSI less its noise in under
1 %; a shift of half a standard deviation at 200 users is found in 65 %.

That a change is also unusual among a table's own earlier windows (trust.md 4) is not asked yet: it needs a history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headrace.profile.distances import jensen_shannon, kolmogorov_smirnov, psi, wasserstein
from headrace.profile.edges import Edges, NumberEdges, TextEdges
from headrace.profile.jackknife import jackknife
from headrace.profile.row import ProfileRow, by_bucket, group, merge

Verdict = Literal["learning", "steady", "drifted"]
Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Floor:
    """What matters: an effect of at least ``psi`` (nats), judged from ``rows`` rows in ``buckets`` user buckets on.

    32 buckets are nearly all filled from about 100 users on.
    """

    psi: float = 0.1
    rows: int = 200
    buckets: int = 30


@dataclass(frozen=True)
class Effect:
    """A distance, the part of it that chance gives, and what is left: ``max(0, value - noise)``. NaN: unknown."""

    value: float
    noise: float

    @property
    def beyond_noise(self) -> float:
        return float(np.maximum(0.0, self.value - self.noise))


@dataclass(frozen=True)
class Drift:
    """One column of one slice, now against the reference.

    ``psi`` in nats, ``js`` in bits; ``ks`` 0..1 and ``wasserstein`` in the reference's standard deviations are None for
    texts. The counts follow ``bins`` and are all users' together.
    """

    table: str
    column: str
    slice: str
    verdict: Verdict
    rows_reference: int
    rows: int
    psi: Effect
    js: Effect
    ks: float | None
    wasserstein: float | None
    nulls_reference: float
    nulls: float
    bins: tuple[str, ...]
    reference_counts: tuple[int, ...]
    counts: tuple[int, ...]


def measure_drift(
    reference: Iterable[ProfileRow], now: Iterable[ProfileRow], edges: Edges, floor: Floor | None = None
) -> tuple[Drift, ...]:
    """Drift of each (table, column, slice) that both profiles have, in the order of ``now``; windows are summed.

    Raises:
        ValueError: the two were counted on edges or contracts of other fingerprints.
    """
    before, after = group(reference), group(now)
    return tuple(
        _drift(before[key], rows, edges.columns[key[1]], floor or Floor())
        for key, rows in after.items()
        if key in before and key[1] in edges.columns
    )


def _drift(
    reference: Sequence[ProfileRow], now: Sequence[ProfileRow], edges: NumberEdges | TextEdges, floor: Floor
) -> Drift:
    prints = {row.fingerprint for row in (*reference, *now)}
    if len(prints) > 1:
        raise ValueError(
            f"{now[0].table}.{now[0].column}: profiles of other fingerprints ({', '.join(sorted(prints))})"
        )
    bins = edges.bins
    states = np.stack([by_bucket(reference, len(bins)), by_bucket(now, len(bins))], axis=1)
    old, new = states.sum(axis=0)
    (whole,) = merge(reference, over=("window", "user_bucket"))
    effect = _effect(psi, states)
    return Drift(
        table=now[0].table,
        column=now[0].column,
        slice=now[0].slice,
        verdict=_verdict(states, effect, floor),
        rows_reference=int(old.sum()),
        rows=int(new.sum()),
        psi=effect,
        js=_effect(jensen_shannon, states),
        ks=_ks(edges, old, new),
        wasserstein=_moved(edges, old, new, whole.sd),
        nulls_reference=_share(old),
        nulls=_share(new),
        bins=bins,
        reference_counts=tuple(map(int, old)),
        counts=tuple(map(int, new)),
    )


def _effect(distance: Callable[[Counts, Counts], float], states: Counts) -> Effect:
    """Noise: the jackknife's bias (what the distance has on average under no change) and one standard error."""
    found = jackknife(partial(_between, distance), states)
    return Effect(found.value, max(0.0, found.bias) + found.standard_error)


def _between(distance: Callable[[Counts, Counts], float], pair: Counts) -> float:
    return distance(pair[0], pair[1])


def _verdict(states: Counts, effect: Effect, floor: Floor) -> Verdict:
    """``states`` has the shape (buckets, 2, bins)."""
    rows = states.sum(axis=(0, 2))
    filled = (states.sum(axis=2) > 0).sum(axis=0)
    if rows.min() < floor.rows or filled.min() < floor.buckets or not np.isfinite(effect.beyond_noise):
        return "learning"
    return "drifted" if effect.beyond_noise >= floor.psi else "steady"


def _ks(edges: NumberEdges | TextEdges, old: Counts, new: Counts) -> float | None:
    if isinstance(edges, TextEdges):
        return None
    return _known(kolmogorov_smirnov(edges.ordered(old), edges.ordered(new)))


def _moved(edges: NumberEdges | TextEdges, old: Counts, new: Counts, sd: float | None) -> float | None:
    if isinstance(edges, TextEdges) or sd is None:
        return None
    return _known(wasserstein(edges.ordered(old), edges.ordered(new), edges.positions, sd))


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _share(counts: Counts) -> float:
    return float(counts[0] / counts.sum()) if counts.sum() else 0.0
