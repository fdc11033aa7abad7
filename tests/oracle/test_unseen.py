"""Rule 11 across groups: whom a group over another source has never seen gets the null rule, in training sets and scores."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from test_windows import FEATURES, GROUP, SOURCE, random_events
from window_oracle import value_of

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.features.definition import column_type
from headrace.features.snapshots import Snapshots
from headrace.features.tiles import build_tiles
from headrace.ground.interval import DAY, Interval
from headrace.scoring.score import join_groups
from headrace.training.dataset import build_training_set
from headrace.training.known_now import leakage

pytestmark = pytest.mark.spark

ENTITY, WINDOW = ("shop", "who"), "60h"
DERIVED = {
    "ratio": ("total_60h / n_60h", None),
    "score": ("ln(1 + n_60h) + 0.125 * (total_a_60h + 2)", Decimal("0.2500")),
    "again": ("score * 10 + coalesce(ratio, 7) - coalesce(least_60h, 0.5)", Decimal("9.0000")),
    "of_text": ("length(coalesce(last_item_60h, 'none'))", Decimal("4.0000")),
}
"""Formulas over empty windows, each with what it comes to."""
ACTS = FeatureGroup.model_validate(
    GROUP.model_dump(mode="json", exclude={"features"}) | {
        "features": [
            *({**feature, "windows": [WINDOW], "meaning": "m"} for feature in FEATURES),
            {"name": "kept", "aggregate": "last", "expression": "item", "windows": [WINDOW], "meaning": "m", "when_empty": "-"},
            *({"name": name, "derive": formula, "scale": 4, "meaning": "m"} for name, (formula, _) in DERIVED.items()),
        ]
    }
)  # fmt: skip
DEVICES = FeatureGroup.model_validate(
    {
        "team": "t", "group": "devices", "version": 1, "owner": "a@example.com", "purpose": "p", "entity": ["shop", "who"],
        "source": "devices",
        "features": [{"name": "seen", "meaning": "m", "aggregate": "count", "windows": ["7d"]}],
    }
)  # fmt: skip
GROUPS = {"g": ACTS, "devices": DEVICES}
AT = datetime(2024, 3, 1, tzinfo=UTC)
MODEL = ModelContract.model_validate(
    {
        "model": "risk", "version": 1, "owner": "a@example.com", "purpose": "p", "label": "gone",
        "features": {"devices": ["seen_7d"], "g": list(ACTS.columns)}, "test_from": date(2024, 3, 8),
        "baseline": {"column": "seen_7d"}, "gate": {"least_auc": 0.5},
    }
)  # fmt: skip
LABEL = LabelContract.model_validate(
    {
        "label": "gone", "version": 1, "owner": "a@example.com", "purpose": "p", "source": "devices",
        "eligible": {"within": "9d"}, "outcome": {"gap": "0d", "horizon": "1d", "positive": "absent"},
        "cutoffs": {"first": date(2024, 2, 24), "last": date(2024, 3, 2), "every": "7d"},
    }
)  # fmt: skip
EVENTS = random_events(21, 60)
KNOWN = sorted({(event["shop"], event["who"]) for event in EVENTS})
STRANGERS = [("x", 77), ("z", 0), ("", -1)]


def values_of(events: list[dict], as_of: datetime) -> dict[str, Any]:
    """The definition of the group's columns that are no derivation, from one entity's events."""
    plain = [feature for feature in ACTS.features if feature.derive is None and feature.name != "kept"]
    found = {f"{feature.name}_{WINDOW}": value_of(feature, WINDOW, events, as_of) for feature in plain}
    found["total_a_60h"] = Decimal(found["total_a_60h"])
    return found | {f"kept_{WINDOW}": found[f"last_item_{WINDOW}"] if found[f"n_{WINDOW}"] else "-"}


@pytest.fixture(scope="module")
def tables(spark: Any) -> dict[str, Any]:
    """The acts' group as its definition has it, of those whom that source knows; devices' of everybody but one."""
    rows = []
    for shop, who in KNOWN:
        mine = [event for event in EVENTS if (event["shop"], event["who"]) == (shop, who)]
        rows.append((shop, who, AT, *values_of(mine, AT).values(), *(None for _ in DERIVED)))
    kinds = [f"{name} {column_type(feature, SOURCE)}" for feature in ACTS.features for name in feature.columns]
    acts = spark.createDataFrame(rows, ", ".join(("shop string, who bigint, as_of timestamp", *kinds)))
    seen = [(shop, who, AT, 2) for shop, who in (*KNOWN[1:], *STRANGERS)]
    return {
        "g": acts,
        "devices": spark.createDataFrame(seen, "shop string, who bigint, as_of timestamp, seen_7d bigint"),
    }


def check(rows: list[Any], *, everybody: bool = True) -> None:
    """Strangers have the null rule's values, those who are known their own, with nulls where those are null."""
    found = {(row["shop"], row["who"]): row for row in rows}
    assert len(found) == len(rows) == len(KNOWN) + len(STRANGERS)
    nothing = values_of([], AT) | {name: value for name, (_, value) in DERIVED.items()}
    assert set(nothing) == set(ACTS.columns)
    for key in STRANGERS:
        assert {name: found[key][name] for name in ACTS.columns} == nothing
        assert found[key]["seen_7d"] == 2
    for key in KNOWN:
        mine = [event for event in EVENTS if (event["shop"], event["who"]) == key]
        expected = values_of(mine, AT) | dict.fromkeys(DERIVED)
        assert {name: found[key][name] for name in ACTS.columns} == expected, "a null of a row that is there stays null"
        assert found[key]["seen_7d"] == (0 if key == KNOWN[0] else 2)


def test_rule_11_scores_are_given_the_null_rule_of_a_source_that_never_saw_somebody(tables: dict[str, Any]) -> None:
    columns = {"devices": ["seen_7d"], "g": ACTS.columns}
    joined = join_groups(tables, columns, ENTITY, AT, GROUPS)
    assert joined.columns == [*ENTITY, "as_of", "seen_7d", *ACTS.columns]
    for group, names in columns.items():
        assert [joined.schema[name].dataType for name in names] == [
            tables[group].schema[name].dataType for name in names
        ]
    check(joined.collect())


def test_rule_11_a_training_row_has_the_null_rule_too_where_there_was_a_snapshot(
    spark: Any, tables: dict[str, Any]
) -> None:
    """The cutoff before the first snapshot is another case: nothing is known there, and 0 would be a claim."""
    early = AT - 7 * DAY
    spine = [(shop, who, at, 1) for shop, who in (*KNOWN, *STRANGERS) for at in (AT, early)]
    labels = spark.createDataFrame(spine, "shop string, who bigint, cutoff timestamp, label int")
    asked = (labels, tables, MODEL, LABEL, ENTITY)
    rows = build_training_set(*asked, groups=GROUPS, snapshots=Snapshots(early, 7 * DAY, 1)).collect()
    check([row for row in rows if row["cutoff"].astimezone(UTC) == AT])
    before = [row for row in rows if row["cutoff"].astimezone(UTC) == early]
    assert len(before) == len(KNOWN) + len(STRANGERS)
    assert {row[name] for row in before for name in ("seen_7d", *ACTS.columns)} == {None}
    unseen = [row for row in rows if row["g_as_of"] is None]
    assert {(row["shop"], row["who"]) for row in unseen} >= set(STRANGERS), "and the row says that it has none"


def test_who_is_still_unseen_now_is_no_leak(spark: Any) -> None:
    """Known-now against the null rule: of four people, one came late, so three cells of that one differ."""
    source = EventContract.model_validate(SOURCE.model_dump(mode="json", exclude={"source", "roles"}) | {
        "source": "acts", "roles": {"entity": ["who"], "event_time": "event_time"},
    })  # fmt: skip
    features = [
        {"name": "n", "aggregate": "count", "windows": ["3d"], "meaning": "m"},
        {"name": "since", "aggregate": "time_since_last", "windows": ["all"], "meaning": "m"},
        {"name": "twice", "derive": "2 * n_3d + 1", "scale": 0, "meaning": "m"},
    ]
    told = ACTS.model_dump(mode="json", include={"team", "version", "owner", "purpose", "source"})
    group = FeatureGroup.model_validate(told | {"group": "g", "entity": ["who"], "features": features})
    day = AT.date() - DAY
    event = "shop string, who bigint, event_time timestamp, kind string, item string, amount decimal(10,2)"
    happened = [("s", who, AT - timedelta(hours=5), "a", "i", None, day, landed, str(who), who)
                for who, landed in ((1, day), (2, day + 3 * DAY))]  # fmt: skip
    events = spark.createDataFrame(
        happened, f"{event}, event_date date, landed_on date, event_key string, row_hash bigint"
    )
    held = {"n_3d": 1, "since_all": 5 * 3600, "twice": Decimal(3)}
    empty = {"n_3d": 0, "since_all": None, "twice": Decimal(1)}
    rows = [(who, AT, *(held if who == 1 else empty).values(), AT if who == 1 else None) for who in (1, 2, 3, 4)]
    training = spark.createDataFrame(
        rows, "who bigint, cutoff timestamp, n_3d bigint, since_all bigint, twice decimal(19,0), g_as_of timestamp"
    )
    values = MODEL.model_dump(mode="json") | {"features": {"g": list(group.columns)}, "baseline": {"column": "n_3d"}}
    project: Any = SimpleNamespace(
        groups={"g": group}, sources={"acts": source}, labels={"gone": LABEL}, span=Interval(AT - 9 * DAY, AT + DAY),
        config=SimpleNamespace(snapshots_every=DAY),
    )  # fmt: skip
    tiles = build_tiles(events, [group], source)
    found = leakage(training, {"g": tiles}, ModelContract.model_validate(values), project)
    assert (found.rows, found.rows_differ, found.differ) == (4, 1, 3)
