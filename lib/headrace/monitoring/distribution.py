"""How a column is distributed at one snapshot, and how it went over the snapshots: aggregates, and a picture of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup
from pyspark.sql import functions as F

from headrace.ground.errors import HeadraceError
from headrace.ground.interval import MICROSECOND, show_instant
from headrace.monitoring.pictures import bars, course

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

BARS = 24
"""Bars of equal width between the least and the greatest number; texts: the most frequent ones."""
MOST_SNAPSHOTS = 400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_STYLE = Markup(
    "<style>.headrace-picture{{font:14px system-ui,sans-serif}}.headrace-picture svg{{width:100%;max-width:36rem;height:auto}}"
    ".headrace-picture .now{{fill:#1f6fb2}}.headrace-picture .curve{{fill:none;stroke:#1f6fb2;stroke-width:2}}"
    ".headrace-picture .grid{{stroke:#8886}}.headrace-picture .label{{fill:#777;font-size:12px}}</style>"
)


@dataclass(frozen=True)
class Distribution:
    """A column's rows by bar at ``as_of``, and its mean at each snapshot (None where it has none, or is text).

    ``counts`` are (label, rows): for numbers in order of value, for texts the most frequent and the rest. ``nulls`` is
    how many of ``rows`` have no value. A notebook shows it as a picture.
    """

    column: str
    as_of: str
    rows: int
    nulls: int
    counts: tuple[tuple[str, int], ...]
    means: tuple[tuple[str, float | None], ...] = ()

    def _repr_html_(self) -> str:
        told = f"{self.column} as of {self.as_of}: {self.rows:,} rows, {self.nulls:,} without a value"
        parts = [bars(told, self.counts)]
        if sum(mean is not None for _, mean in self.means) > 1:
            parts.append(course(f"{self.column}: mean by snapshot", self.means))
        body = Markup("").join(Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(*part) for part in parts)
        return str(Markup('<div class="headrace-picture">{}{}</div>').format(_STYLE.format(), body))


def distribution(frame: DataFrame, column: str, time: str = "as_of") -> Distribution:
    """The distribution of ``column`` at the greatest ``time`` (timestamp) of ``frame``, its mean at each of the latest 400.

    NaN counts as no value. Two aggregations; what comes to the driver: a row a snapshot, at most 25 bars.

    Raises:
        HeadraceError: TABLE_EMPTY where the frame has no row.
    """
    number = dict(frame.dtypes)[column].partition("(")[0] in _NUMBERS
    value = F.col(column).cast("double" if number else "string")
    timed = frame.select(
        F.unix_micros(time).alias("at"),
        (F.nanvl(value, F.lit(None).cast("double")) if number else value).alias("value"),
    )
    snapshots = _snapshots(timed)
    if not snapshots:
        raise HeadraceError("TABLE_EMPTY", column=column)
    last = snapshots[-1]
    now = timed.where((F.col("at") == last["at"]) & F.col("value").isNotNull())
    counted = _number_bars(now, last["low"], last["high"]) if number else _text_bars(now, last["filled"])
    means = tuple((_spoken(row["at"]), row["mean"]) for row in snapshots) if number else ()
    return Distribution(column, _spoken(last["at"]), last["rows"], last["rows"] - last["filled"], counted, means)


def _snapshots(timed: DataFrame) -> list[Row]:
    """``(at, rows, filled, low, high, mean)`` of the latest snapshots, in order; bounds and mean of texts say nothing."""
    facts = (
        F.count(F.lit(1)).alias("rows"),
        F.count("value").alias("filled"),
        F.min("value").alias("low"),
        F.max("value").alias("high"),
        F.try_avg(F.expr("try_cast(value AS DOUBLE)")).alias("mean"),
    )
    by_time = timed.where("at IS NOT NULL").groupBy("at").agg(*facts)
    return by_time.orderBy(F.desc("at")).limit(MOST_SNAPSHOTS).collect()[::-1]


def _number_bars(now: DataFrame, low: float | None, high: float | None) -> tuple[tuple[str, int], ...]:
    if low is None or high is None:
        return ()
    width = (high - low) / BARS or 1.0
    place = F.least(F.floor((F.col("value") - low) / width), F.lit(BARS - 1)).cast("int").alias("bar")
    found = {row["bar"]: row["count"] for row in now.groupBy(place).count().collect()}
    if high == low:
        return ((f"{low:.4g}", found[0]),)
    return tuple(
        (f"{low + bar * width:.4g} to {low + (bar + 1) * width:.4g}", found.get(bar, 0)) for bar in range(BARS)
    )


def _text_bars(now: DataFrame, filled: int) -> tuple[tuple[str, int], ...]:
    counted = now.groupBy("value").count().orderBy(F.desc("count"), "value").limit(BARS)
    top = tuple((row["value"], row["count"]) for row in counted.collect())
    rest = filled - sum(rows for _, rows in top)
    return (*top, ("all others", rest)) if rest else top


def _spoken(micros: int) -> str:
    """An instant in UTC, whatever the zones of session and machine are."""
    return show_instant(EPOCH + micros * MICROSECOND)
