"""How a column of a feature is spread, by the newest profile of a model that takes it."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.profile.spread import Spread, rounded


@dataclass(frozen=True)
class Profiled:
    """A column of a feature over those whom ``model`` is about, on the day ``as_of``.

    ``unpictured`` says why there is no picture, and is "" where there is one; the spread then has no spans.
    ``outdated``: a contract that the model reads has changed since.
    """

    column: str
    model: str
    as_of: str
    spread: Spread
    unpictured: str = ""
    outdated: bool = False

    @property
    def nulls(self) -> float:
        """The share of the rows without a finite value."""
        return self.spread.empty / self.spread.rows if self.spread.rows else 0.0

    @property
    def told(self) -> str:
        """What a picture shows, in words: how many, how many of them without a value, and where most are."""
        spread = self.spread
        parts = [
            f"{spread.rows:,} rows",
            f"{self.nulls:.1%} without a value" if spread.empty else "none without a value",
        ]
        if self.unpictured:
            return ", ".join([*parts, f"no picture: {self.unpictured}"])
        parts += [f"{spread.zeros / spread.rows:.1%} zero"] if spread.zeros else []
        middle = [spread.quantile(share) for share in (0.25, 0.5, 0.75)]
        if None not in middle:
            low, half, high = (rounded(value) for value in middle if value is not None)
            parts.append(f"median about {half}, the middle half {low} to {high}")
        if spread.beyond and spread.bounds is not None:
            parts.append(f"{spread.beyond / spread.rows:.1%} above {rounded(spread.bounds[1])}, where the picture ends")
        parts += [f"{spread.outside / spread.rows:.1%} outside of what training saw"] if spread.outside else []
        return ", ".join(parts)
