"""Values that go together: which pairs are found among numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headrace.features.alike import LEAST_ENTITIES, close_pairs


def numbers(rows: int = 400) -> pd.DataFrame:
    chance = np.random.default_rng(7)
    value, other = chance.lognormal(size=rows), chance.lognormal(size=rows)
    return pd.DataFrame({"a.g.x": value, "b.g.y": np.log1p(value) * 100, "b.g.z": other, "c.g.w": -value})


def test_any_growing_or_falling_function_of_the_same_values_is_found() -> None:
    found = close_pairs(numbers())
    assert [(pair.one, pair.other, round(pair.correlation, 6), pair.entities) for pair in found] == [
        ("a.g.x", "b.g.y", 1.0, 400), ("a.g.x", "c.g.w", -1.0, 400), ("b.g.y", "c.g.w", -1.0, 400),
    ]  # fmt: skip


def test_some_noise_is_borne_and_more_is_not() -> None:
    values = numbers()[["a.g.x", "b.g.y"]]
    noise = np.random.default_rng(3).normal(size=len(values)) * values["b.g.y"].std()
    assert len(close_pairs(values.assign(**{"b.g.y": values["b.g.y"] + 0.1 * noise}))) == 1
    assert not close_pairs(values.assign(**{"b.g.y": values["b.g.y"] + noise}))


def test_columns_of_one_group_are_not_compared() -> None:
    assert not close_pairs(numbers()[["a.g.x", "b.g.y"]].rename(columns={"b.g.y": "a.g.y"}))


@pytest.mark.parametrize(("together", "found"), [(LEAST_ENTITIES - 1, 0), (LEAST_ENTITIES, 1)])
def test_only_entities_that_have_both_values_count(together: int, found: int) -> None:
    values = numbers()[["a.g.x", "b.g.y"]]
    values.loc[together:, "b.g.y"] = None
    assert [pair.entities for pair in close_pairs(values)] == [together] * found


def test_a_column_of_one_value_goes_with_none() -> None:
    values = numbers().assign(**{"b.g.y": 1.0, "c.g.w": None})
    assert not close_pairs(values.astype(float))
