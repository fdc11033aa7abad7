"""Frozen reference edges: the bins on which every later profile of a column is counted."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isinf, isnan, nextafter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.contracts.fingerprint import fingerprint

QUANTILES = 20
"""Bins between the reference's least and greatest value; fewer where many values are equal."""
TOP_VALUES = 20
"""Texts of the reference that have a bin of their own; all others share ``rest``."""
NULL, NAN, MINUS_INFINITY, INFINITY, ZERO, BELOW = range(6)
EMPTY, FIRST_TEXT = 1, 2


@dataclass(frozen=True)
class NumberEdges:
    """Bins of a numeric column.

    ``cuts`` ascend strictly: k + 1 cuts make k bins ``[c, c')``, the last closed. Null, NaN, the infinities, zero,
    below the first cut and above the last have bins of their own. Without cuts (the reference had no finite value
    but zero) what is negative counts as below and what is positive as above.
    """

    cuts: tuple[float, ...]

    @property
    def bins(self) -> tuple[str, ...]:
        """The names of the bins; a count vector follows this order."""
        inner = tuple(f"{low:.6g} to {high:.6g}" for low, high in zip(self.cuts, self.cuts[1:], strict=False))
        return ("null", "not a number", "minus infinity", "infinity", "zero", "below", *inner, "above")

    def index(self, value: float | None) -> int:
        """The bin of one value: the definition that the SQL follows."""
        if value is None:
            return NULL
        if isnan(value):
            return NAN
        if isinf(value):
            return INFINITY if value > 0 else MINUS_INFINITY
        if value == 0:
            return ZERO
        if not self.cuts:
            return BELOW if value < 0 else BELOW + 1
        last = len(self.cuts) - 1
        return BELOW + (last + 1 if value > self.cuts[-1] else min(bisect_right(self.cuts, value), last))

    def ordered(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Counts from least to greatest: below (with minus infinity), the bins, above (with infinity).

        Zeros join the bin in which zero lies; nulls and NaN have no order and are left out.
        """
        line = np.array(counts[BELOW:], dtype=np.float64)
        line[0] += counts[MINUS_INFINITY]
        line[-1] += counts[INFINITY]
        last = len(self.cuts) - 1
        above = bool(self.cuts) and self.cuts[-1] < 0
        line[-1 if above else min(bisect_right(self.cuts, 0.0), max(last, 0))] += counts[ZERO]
        return line

    @property
    def positions(self) -> NDArray[np.float64]:
        """Where the mass of each ordered bin is taken to stand: its middle; the outer ones at the outer cuts."""
        if not self.cuts:
            return np.zeros(2)
        cuts = np.array(self.cuts)
        return np.concatenate([cuts[:1], (cuts[:-1] + cuts[1:]) / 2, cuts[-1:]])


@dataclass(frozen=True)
class TextEdges:
    """Bins of a text column: null, the empty text, the most frequent texts of the reference, all the rest."""

    values: tuple[str, ...]

    @property
    def bins(self) -> tuple[str, ...]:
        """The names of the bins; a count vector follows this order."""
        return ("null", "empty", *self.values, "rest")

    def index(self, value: str | None) -> int:
        """The bin of one value: the definition that the SQL follows."""
        if value is None:
            return NULL
        if value == "":
            return EMPTY
        return FIRST_TEXT + (self.values.index(value) if value in self.values else len(self.values))


@dataclass(frozen=True)
class Edges:
    """The bins of each column, by name. Made once from a reference, kept with the model, never moved afterwards."""

    columns: Mapping[str, NumberEdges | TextEdges]

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits: profiles may only be compared or merged where these are equal."""
        return fingerprint(self.as_values())

    def as_values(self) -> dict[str, Any]:
        """Plain values for JSON; ``edges_from_values`` is the way back."""
        return {
            name: {"cuts": list(edges.cuts)} if isinstance(edges, NumberEdges) else {"values": list(edges.values)}
            for name, edges in self.columns.items()
        }

    def as_json(self) -> str:
        """As JSON text, floats in full (the shortest text that reads back equal)."""
        return json.dumps(self.as_values(), sort_keys=True)


def edges_from_values(values: Mapping[str, Mapping[str, Sequence[Any]]]) -> Edges:
    """The edges that ``Edges.as_values`` or its JSON spells."""
    return Edges({name: _edges(entry) for name, entry in values.items()})


def _edges(entry: Mapping[str, Sequence[Any]]) -> NumberEdges | TextEdges:
    if "cuts" in entry:
        return NumberEdges(tuple(map(float, entry["cuts"])))
    return TextEdges(tuple(entry["values"]))


def cut_at(quantiles: Sequence[float] | None) -> NumberEdges:
    """Edges from ascending quantiles (least and greatest included); None where there was no value.

    Equal quantiles become one cut. A greatest value that carries a whole quantile gets a bin of its own.
    """
    if not quantiles:
        return NumberEdges(())
    cuts = sorted({float(quantile) for quantile in quantiles})
    if len(quantiles) > 1 and quantiles[-1] == quantiles[-2]:
        cuts.append(nextafter(cuts[-1], inf))
    return NumberEdges(tuple(cuts) if len(cuts) > 1 else (cuts[0], nextafter(cuts[0], inf)))
