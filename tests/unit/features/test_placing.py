"""Spark's hash of an int: values that Spark 4.2 gave, and that each partition has its number."""

from __future__ import annotations

import pytest

from headrace.features.placing import labels, partition_of


@pytest.mark.parametrize(
    ("parts", "told"),
    [(64, [15, 35, 22, 35, 62, 18, 41, 11, 15, 41]), (7, [1, 2, 5, 4, 1, 5, 4, 2, 1, 3])],
)
def test_partitions_are_those_of_spark(parts: int, told: list[int]) -> None:
    """``SELECT pmod(hash(CAST(id AS INT)), parts) FROM range(10)``"""
    assert [partition_of(number, parts) for number in range(10)] == told


@pytest.mark.parametrize("parts", [1, 2, 64, 200])
def test_each_partition_has_a_number_of_its_own(parts: int) -> None:
    assert [partition_of(number, parts) for number in labels(parts)] == list(range(parts))
