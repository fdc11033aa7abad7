"""The seeded rule of the faults: its classes, its counts, and when what arrives."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headrace.jobs.demo import completejourney, faults

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "demo_feed.json"
SEED = 2017
DAY = pd.Timedelta("1D")
END = pd.Timestamp("2018-01-02")


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    """200,000 made-up events, one every 158 seconds until 2018-01-01 17:46; so many that rare classes occur."""
    rows = np.arange(200_000)
    times = np.datetime64("2017-01-01", "s") + rows * 158
    return pd.DataFrame({"event_id": [f"e-{row}" for row in rows], "event_time": times.astype("datetime64[s]")})


@pytest.fixture(scope="module")
def lines(events: pd.DataFrame) -> pd.DataFrame:
    planned = faults.plan_deliveries(events, SEED)
    planned["event_time"] = events["event_time"].to_numpy()[planned["row"]]
    planned["wait"] = planned["received_at"] - planned["event_time"]
    planned["day"] = planned["received_at"].dt.floor("D")
    return planned


@pytest.fixture(scope="module")
def pairs(lines: pd.DataFrame) -> pd.DataFrame:
    """Each copy beside its original."""
    return lines[lines["copy"]].merge(lines[~lines["copy"]], how="left", on="row", suffixes=("_copy", "_first"))


def test_every_event_has_one_line_that_is_no_copy(events: pd.DataFrame, lines: pd.DataFrame) -> None:
    assert np.array_equal(np.sort(lines.loc[~lines["copy"], "row"]), np.arange(len(events)))


def test_each_class_has_about_its_share(events: pd.DataFrame) -> None:
    counts = faults.count_faults(events, SEED)
    for name, share in faults.SHARES.items():
        expected = share * len(events) / 100_000
        assert abs(counts[name] - expected) <= 5 * expected**0.5, name
    bad = sum(counts[name] for name in (*faults.MALFORMED, "too_late"))
    assert counts["good"] == len(events) - bad


def test_lateness(lines: pd.DataFrame) -> None:
    first = lines[~lines["copy"]]
    days = (first["wait"] - pd.Timedelta("1s")) // DAY
    delays = {name: set(days[first["fault"] == name]) for name in ("late", "too_late")}
    assert delays["late"] == {1, 2, 3}
    assert delays["too_late"] <= set(range(9, 21))
    assert len(delays["too_late"]) > 1
    prompt = first[~first["fault"].isin(["late", "too_late"])]
    assert prompt["wait"].between(pd.Timedelta("1s"), pd.Timedelta("90s")).all()


def test_nothing_arrives_after_the_last_day(lines: pd.DataFrame) -> None:
    assert lines["received_at"].max() < END


def test_a_late_event_whose_arrival_would_be_after_the_last_day_is_on_time() -> None:
    ids = [f"e-{row}" for row in range(20_000)]
    events = pd.DataFrame({"event_id": ids, "event_time": np.datetime64("2018-01-01T03:00:00", "s")})
    counts = faults.count_faults(events, SEED)
    assert (counts["late"], counts["too_late"]) == (0, 0)
    assert counts["exact_duplicate"] > 0


def test_a_copy_lands_later_in_the_other_file_of_the_same_or_the_next_day(pairs: pd.DataFrame) -> None:
    assert set(pairs["fault_copy"]) == {"exact_duplicate", "conflicting_duplicate"}
    assert not pairs["row"].duplicated().any()
    assert (pairs["received_at_copy"] > pairs["received_at_first"]).all()
    assert (pairs["part_copy"] != pairs["part_first"]).all()
    assert set((pairs["day_copy"] - pairs["day_first"]) / DAY) == {0.0, 1.0}


def test_lines_stand_in_the_order_of_day_part_and_arrival(lines: pd.DataFrame) -> None:
    ordered = lines.sort_values(["day", "part", "received_at", "row"], kind="stable")
    assert ordered.index.equals(lines.index)


def test_a_fault_depends_on_seed_and_id_alone(events: pd.DataFrame, lines: pd.DataFrame) -> None:
    some = events.iloc[::-7].reset_index(drop=True)
    planned = faults.plan_deliveries(some, SEED)
    told = planned.assign(event_id=some["event_id"].to_numpy()[planned["row"]])
    whole = lines.assign(event_id=events["event_id"].to_numpy()[lines["row"]])
    both = told.merge(whole, how="left", on=["event_id", "copy", "received_at", "part", "fault"], validate="one_to_one")
    assert both["row_y"].notna().all()
    assert faults.count_faults(events, SEED + 1) != faults.count_faults(events, SEED)


def test_spoilt_lines() -> None:
    lines = pd.DataFrame(
        {
            "event_type": ["purchase", "basket_end", "purchase", "purchase", "coupon_redemption", "purchase"],
            "event_time": pd.to_datetime(["2017-03-04"] * 6).astype("datetime64[s]"),
            "received_at": pd.to_datetime(["2017-03-04T00:00:02"] * 6).astype("datetime64[s]"),
            "household_id": pd.array([7] * 6, dtype="Int64"),
            "value": pd.array([250, 250, 250, 250, None, 250], dtype="Int64"),
            "campaign_id": pd.array([None, None, None, None, 8, None], dtype="Int64"),
            "fault": [*faults.MALFORMED, "conflicting_duplicate", "conflicting_duplicate"],
            "copy": [False, False, False, False, True, True],
        }
    )
    spoilt = faults.spoil(lines)
    assert spoilt["broken"].tolist() == [True, False, False, False, False, False]
    assert spoilt["household_id"].isna().tolist() == [False, True, False, False, False, False]
    assert spoilt.loc[2, "event_type"] == "purchse"
    assert spoilt["event_time"].dt.year.tolist() == [2017, 2017, 2017, 2107, 2017, 2017]
    assert spoilt["value"].tolist()[:4] == [250] * 4
    assert (spoilt.loc[4, "campaign_id"], spoilt.loc[5, "value"]) == (9, 350)


@pytest.mark.slow
def test_the_whole_year_has_the_counts_that_are_told() -> None:
    """HEADRACE_WRITE_GOLDEN=1 writes the file anew."""
    events = completejourney.shop_events()
    types = {str(name): int(count) for name, count in events["event_type"].value_counts().items()}
    found = {"seed": SEED, "types": types, "counts": faults.count_faults(events, SEED)}
    if os.environ.get("HEADRACE_WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert events["event_id"].is_unique


def test_the_documentation_tells_the_golden_counts() -> None:
    text = (ROOT / "docs" / "demo-data.md").read_text(encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines() if row.startswith("|")]
    classes = {row[0].strip("`"): row[-1] for row in rows if len(row) == 5 and row[-1][0].isdigit()}
    types = {row[0]: row[2] for row in rows if row[0] in golden["types"]}
    assert classes == {name: f"{count:,}" for name, count in golden["counts"].items()}
    assert types == {name: f"{count:,}" for name, count in golden["types"].items()}
