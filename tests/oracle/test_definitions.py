"""The SQL that the catalog shows for a feature is the feature: it gives what tiles and roll-up give."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from test_windows import GROUP, SCHEMA, SOURCE, random_events

from headrace.contracts.features import FeatureGroup
from headrace.features.definition import column_type, definitions
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("generated")]
AS_OF = date(2024, 3, 4)
DERIVED = {"name": "mean_of_total", "meaning": "m", "scale": 4, "derive": "total_3d / n_item_3d"}


@pytest.fixture(scope="module")
def group() -> FeatureGroup:
    """All aggregates over a window, two of them over all time and over hours too, and a derived feature."""
    told = GROUP.model_dump()
    features = [
        {**one, "windows": ("3d", "30h", "all") if one["name"] in ("n_a", "latest") else ("3d",)}
        for one in told["features"]
    ]
    for one in features:
        one.pop("derive")
    return FeatureGroup.model_validate(told | {"features": [*features, DERIVED]})


@pytest.fixture(scope="module")
def made(spark: Any, group: FeatureGroup) -> Any:
    """The group's rows of one midnight, as the engine makes them; its table and the events under names of the test's."""
    events = spark.createDataFrame([tuple(one.values()) for one in random_events(5, 150)], SCHEMA)
    rows = roll_up(build_tiles(events, [group], SOURCE), group, SOURCE, Midnights(AS_OF, 1, 1)).localCheckpoint()
    events.createOrReplaceTempView("definition_events")
    rows.createOrReplaceTempView("definition_rows")
    return rows


def together(queries: list[str]) -> str:
    """Queries of the same rows as one: they differ in their second line, the value, alone."""
    lines = [query.replace("raw.events_acts", "definition_events").splitlines() for query in queries]
    (head,), (tail,) = ({one[0] for one in lines}, {"\n".join(one[2:]) for one in lines})
    return f"{head}\n{', '.join(one[1] for one in lines)}\n{tail}"


def test_each_column_equals_its_definition(spark: Any, made: Any, group: FeatureGroup) -> None:
    at = f"TIMESTAMP '{AS_OF} 00:00:00Z'"
    aggregated = [sql for one in group.features if one.aggregate for sql in definitions(one, group, SOURCE)]
    (derived,) = (sql for one in group.features if one.derive for sql in definitions(one, group, SOURCE))
    told = [row.asDict() for row in spark.sql(together(aggregated).replace(":as_of", at)).collect()]
    ratios = spark.sql(derived.replace("features.g", "definition_rows")).collect()
    by_key = {(row["shop"], row["who"]): row for row in told}
    for row in ratios:
        by_key[row["shop"], row["who"]][DERIVED["name"]] = row[DERIVED["name"]]
    rows = [row.asDict() for row in made.collect()]
    assert len(rows) > 4
    assert {(row["shop"], row["who"]) for row in rows} == set(by_key), "those without an event in the window too"
    for row in rows:
        for column in group.columns:
            expected = by_key[row["shop"], row["who"]][column]
            if column in ("mean_3d", "var_3d", "visit_length_3d", "stays_a_3d") and expected is not None:
                expected = pytest.approx(expected, rel=1e-9, abs=1e-12)
            assert row[column] == expected, (column, row["shop"], row["who"])


def test_the_types_that_are_told_are_those_of_the_table(made: Any, group: FeatureGroup) -> None:
    types = dict(made.dtypes)
    for feature in group.features:
        for column in feature.columns:
            assert types[column] == column_type(feature, SOURCE), column
