"""A column's distribution equals a plain count over its rows."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from headrace.ground.errors import HeadraceError
from headrace.monitoring.distribution import BARS, distribution

pytestmark = pytest.mark.spark
DAYS = [datetime(2024, 3, day, tzinfo=UTC) for day in (1, 2)]
SCHEMA = "as_of timestamp, paid decimal(8,2), same int, shop string, share double"


@pytest.fixture(scope="module")
def rows() -> list[tuple[Any, ...]]:
    draw = random.Random(11)
    paid = [None, *(Decimal(draw.randrange(-500, 9000)).scaleb(-2) for _ in range(149))]
    shops = [None, "", *(f"shop {draw.randrange(40)}" for _ in range(148))]
    shares = [None, float("nan"), *(draw.random() for _ in range(148))]
    return [(day, paid[n], 7, shops[n], shares[n]) for day in DAYS for n in range(150 if day == DAYS[1] else 40)]


@pytest.fixture(scope="module")
def frame(spark: Any, rows: list[tuple[Any, ...]]) -> Any:
    return spark.createDataFrame(rows, SCHEMA).coalesce(1)


def test_numbers(frame: Any, rows: list[tuple[Any, ...]]) -> None:
    found = distribution(frame, "paid")
    values = [float(row[1]) for row in rows if row[0] == DAYS[1] and row[1] is not None]
    low, width = min(values), (max(values) - min(values)) / BARS
    plain = Counter(min(int((value - low) / width), BARS - 1) for value in values)
    assert [count for _, count in found.counts] == [plain[bar] for bar in range(BARS)]
    assert found.counts[0][0] == f"{low:.4g} to {low + width:.4g}"
    assert (found.as_of, found.rows, found.nulls) == ("2024-03-02", 150, 1)
    first = [float(row[1]) for row in rows if row[0] == DAYS[0] and row[1] is not None]
    assert [day for day, _ in found.means] == ["2024-03-01", "2024-03-02"]
    assert found.means[0][1] == pytest.approx(sum(first) / len(first))
    assert found._repr_html_().count("<svg") == 2


def test_one_value_is_one_bar(frame: Any) -> None:
    assert distribution(frame, "same").counts == (("7", 150),)


def test_what_is_not_a_number_is_no_value(frame: Any, rows: list[tuple[Any, ...]]) -> None:
    found = distribution(frame, "share")
    known = [row[4] for row in rows if row[0] == DAYS[1] and row[4] is not None and row[4] == row[4]]
    assert (found.nulls, sum(count for _, count in found.counts)) == (2, 148)
    assert found.means[-1][1] == pytest.approx(sum(known) / len(known))


def test_texts(frame: Any, rows: list[tuple[Any, ...]]) -> None:
    found = distribution(frame, "shop")
    plain = Counter(row[3] for row in rows if row[0] == DAYS[1] and row[3] is not None)
    order = sorted(plain.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(count for _, count in order[BARS:])
    assert list(found.counts) == [*order[:BARS], ("all others", rest)]
    assert (found.rows, found.nulls, found.means) == (150, 1, ())


def test_nothing_to_show_is_said(frame: Any) -> None:
    with pytest.raises(HeadraceError, match="TABLE_EMPTY"):
        distribution(frame.where("same = 0"), "paid")
