"""Synthetic events: a function of seed and ordinal, with the laws, faults and planted changes that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from whole_project import copy_project

from headrace.cli import main
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval, parse_instant
from headrace.jobs.demo.synthetic.chance import counted_hash, share
from headrace.jobs.demo.synthetic.people import CLOCK, DAY, WEEK
from headrace.jobs.demo.synthetic.settings import read_settings
from headrace.jobs.demo.synthetic.visits import COLUMNS, NULL_DEVICE, SHARES, TYPES, Visits, visits

SPAN = Interval(parse_instant("2024-03-01"), parse_instant("2024-03-31"))
CHANGE = "2024-03-16"
EVENTS = 120_000


def make(**settings: Any) -> Visits:
    return visits(read_settings({"source": "visits", "events": EVENTS, "users": 4_000, **settings}), SPAN)


def rows(made: Visits, copies: bool = False, ordinals: np.ndarray | None = None) -> pd.DataFrame:
    drawn = np.arange(made.settings.events) if ordinals is None else ordinals
    return pa.Table.from_batches([made.rows(drawn, copies)]).to_pandas()


def near(found: float, expected: float, trials: float, sigmas: float = 5) -> bool:
    """Whether a share of so many independent trials is within five standard deviations of what it should be."""
    return abs(found - expected) <= sigmas * (expected * (1 - expected) / trials) ** 0.5


def auc(positive: pd.Series, score: pd.Series) -> float:
    ranks, count = score.rank(), positive.sum()
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(score) - count)))


@pytest.fixture(scope="module")
def plain() -> Visits:
    return make()


@pytest.fixture(scope="module")
def first(plain: Visits) -> pd.DataFrame:
    return rows(plain)


def test_a_row_depends_on_seed_and_ordinal_alone(plain: Visits, first: pd.DataFrame) -> None:
    order = np.random.default_rng(5).permutation(EVENTS)
    pieces = [rows(plain, ordinals=piece) for piece in np.array_split(order, 7)]
    again = pd.concat(pieces, ignore_index=True).iloc[np.argsort(order)].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, first)
    assert not (rows(make(seed=2))[["user_id", "event_time"]] == first[["user_id", "event_time"]]).all(axis=None)
    assert first["event_id"].is_unique


def test_draws_are_even_and_streams_unlike() -> None:
    numbers = np.arange(200_000)
    drawn = {name: share(counted_hash(7, name, numbers)) for name in ("one", "other")}
    for shares in drawn.values():
        assert all(near(float((shares < bound).mean()), bound, len(numbers)) for bound in (0.1, 0.5, 0.9))
        assert abs(np.corrcoef(shares[1:], shares[:-1])[0, 1]) < 5 / len(numbers) ** 0.5
    assert abs(np.corrcoef(*drawn.values())[0, 1]) < 5 / len(numbers) ** 0.5


@pytest.mark.parametrize("tail", [2, 5])
def test_users_are_heavy_tailed_by_the_law_that_is_told(tail: int) -> None:
    """The m users of highest rank have ((m+1)^(1/p) - 1) / ((N+1)^(1/p) - 1) of the events."""
    made = make(tail=tail, churn=0.0)
    users = made.people.place(np.arange(EVENTS))[0]
    assert (users.min() >= 1, users.max() <= 4_000) == (True, True)
    for most in (1, 10, 100, 1_000):
        best = 1 + np.arange(most) * made.people.step % 4_000
        expected = ((most + 1) ** (1 / tail) - 1) / (4_001 ** (1 / tail) - 1)
        assert near(float(np.isin(users, best).mean()), expected, EVENTS), (most, expected)
    busiest = pd.Series(users).value_counts().iloc[:40].sum() / EVENTS
    assert busiest > {2: 0.08, 5: 0.2}[tail], "even users would have a hundredth"


def test_days_of_the_week_and_hours_of_the_day_have_their_weights() -> None:
    times = make(churn=0.0).people.place(np.arange(EVENTS))[1]
    days = pd.Series(pd.to_datetime(times, unit="ms"))
    within = days[days < "2024-03-29"]  # four whole weeks
    for weekday, weight in enumerate(WEEK):
        assert near(float((within.dt.weekday == weekday).mean()), weight / sum(WEEK), len(within)), weekday
    for hour, weight in enumerate(CLOCK):
        assert near(float((days.dt.hour == hour).mean()), weight / sum(CLOCK), EVENTS), hour
    assert days.between("2024-03-01", "2024-03-31", inclusive="left").all()


def history(made: Visits, seen: float) -> pd.DataFrame:
    """Users with at least 5 events before day 20 and one in the last ``seen`` days of it; who never came back."""
    users, times = made.people.place(np.arange(made.settings.events))
    days = (times - made.people.start) / DAY
    past, later = days < 20, set(users[days >= 20])
    told = pd.DataFrame({"user": users[past], "day": days[past]})
    by = told.groupby("user")["day"]
    known = pd.DataFrame({"events": by.size(), "recency": 20 - by.max()})
    known["rising"] = (
        told[told["day"] >= 13].groupby("user").size().reindex(known.index, fill_value=0) / known["events"]
    )
    known["gone"] = ~known.index.isin(later)
    return known[(known["events"] >= 5) & (known["recency"] < seen)]


def test_recency_and_activity_predict_who_stops() -> None:
    """At 30 events a user the bar is an AUC of 0.75: the quiet ones stay away by chance as well."""
    known = history(make(), seen=14)
    assert 0.05 < known["gone"].mean() < 0.2
    assert auc(known["gone"], known["recency"]) > 0.75
    assert auc(known["gone"], -known["rising"]) > 0.75


def test_users_fade_before_they_stop() -> None:
    """Of those seen in the last three days, a falling share of recent events tells who stops, and only if they fade."""
    found = {fade: history(make(users=1_000, churn=0.5, fade_days=fade), seen=3) for fade in (10, 1)}
    told = {fade: auc(known["gone"], -known["rising"]) for fade, known in found.items()}
    assert told[10] > 0.8
    assert told[1] < told[10] - 0.15
    quiet = history(make(churn=0.0), seen=14)
    assert quiet["gone"].mean() < 0.03, "without churn hardly anybody with five events stays away for ten days"


def test_counts_of_faults_follow_from_the_seed(plain: Visits, first: pd.DataFrame) -> None:
    late, again = plain.counts(np.arange(EVENTS))
    waited = first["received_at"] - first["event_time"]
    prompt = waited < pd.Timedelta("91s")
    assert (~prompt).sum() == late
    assert set((waited[~prompt] - pd.Timedelta("1s")) // pd.Timedelta("1D")) == {1, 2, 3}
    assert waited[prompt & (first["received_at"] < "2024-03-30T23:58:00")].min() >= pd.Timedelta("1s")
    assert (first["landed_on"] == first["received_at"].dt.date).all()
    assert first["received_at"].max() < pd.Timestamp("2024-03-31", tz="UTC")
    copies = rows(plain, copies=True)
    assert len(copies) == again
    assert near(again / EVENTS, 0.003, EVENTS)
    assert near(late / EVENTS, 0.005 * (1 - 2 / 30), EVENTS), "two of three delays lead beyond the last days"
    nothing = make(late=0.0, duplicates=0.0).counts(np.arange(EVENTS))
    assert nothing == (0, 0)


def test_a_copy_is_the_same_event_on_another_day(plain: Visits, first: pd.DataFrame) -> None:
    copies = rows(plain, copies=True)
    both = copies.merge(first, on="event_id", suffixes=("", "_first"), validate="one_to_one")
    assert len(both) == len(copies)
    for name in set(COLUMNS) - {"event_id", "received_at"}:
        pd.testing.assert_series_equal(both[name], both[f"{name}_first"], check_names=False)
    wait = both["received_at"] - both["received_at_first"]
    at_the_end = both["received_at_first"] >= pd.Timestamp("2024-03-30", tz="UTC")
    assert (wait[~at_the_end] == pd.Timedelta("1D")).all()
    assert (wait >= pd.Timedelta(0)).all()


PLANTED = {
    "value_scale": ({"from": CHANGE, "by": 100}, {"value"}),
    "type_mix": ({"from": CHANGE, "by": 2}, {"event_type", "value"}),  # more purchases have more values
    "null_share": ({"from": CHANGE, "by": 0.3}, {"device"}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_switch_changes_its_column_from_its_date_and_nothing_else(name: str, first: pd.DataFrame) -> None:
    switch, touched = PLANTED[name]
    found = rows(make(drift={name: switch}))
    changed = {column for column in found if not found[column].equals(first[column])}
    assert changed == touched
    differs = (found[list(touched)] != first[list(touched)]) & ~(
        found[list(touched)].isna() & first[list(touched)].isna()
    )
    assert found.loc[differs.any(axis=1), "event_time"].min() >= pd.Timestamp(CHANGE, tz="UTC")
    after = found[found["event_time"] >= CHANGE], first[first["event_time"] >= CHANGE]
    if name == "value_scale":
        ratio = after[0]["value"].dropna().astype(float) / after[1]["value"].dropna().astype(float)
        assert ratio.median() == pytest.approx(100, rel=0.01)
    elif name == "type_mix":
        weights = dict(zip(TYPES, SHARES, strict=True)) | {"purchase": 0.16}
        for kind, weight in weights.items():
            assert near(float((after[0]["event_type"] == kind).mean()), weight / sum(weights.values()), len(after[0]))
    else:
        assert near(float(after[0]["device"].isna().mean()), 0.3, len(after[0]))
        assert near(float(after[1]["device"].isna().mean()), NULL_DEVICE, len(after[1]))


def test_the_volume_switch_moves_events_and_no_column(first: pd.DataFrame) -> None:
    without = make(churn=0.0), make(churn=0.0, drift={"volume": {"from": CHANGE, "by": 0.5}})
    times = [made.people.place(np.arange(EVENTS))[1] for made in without]
    change = parse_instant(CHANGE).timestamp() * 1000
    odds = [float((at >= change).sum() / (at < change).sum()) for at in times]
    assert odds[1] / odds[0] == pytest.approx(0.5, rel=0.05)
    found = rows(make(drift={"volume": {"from": CHANGE, "by": 0.5}}))
    for column in ("event_id", "event_type", "product_id", "device", "value"):
        pd.testing.assert_series_equal(found[column], first[column])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"evnts": 5}, "evnts"),
        ({"drift": {"value_scal": {"from": CHANGE, "by": 2}}}, "value_scale"),
        ({"drift": {"null_share": {"from": CHANGE, "by": 2}}}, "a share is at most 1"),
        ({"late": 0.9}, "late"),
        ({"drift": {"volume": {"from": "soon", "by": 2}}}, "drift.volume.from"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(HeadraceError) as refused:
        make(**settings)
    assert refused.value.code == "DOCUMENT_INVALID"
    assert told in str(refused.value)


def test_a_contract_with_a_column_that_is_not_generated_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = copy_project(tmp_path, {"bench/events/visits.yaml": ("  device: {", "  devise: {")})
    value = project / "conf/bench/features/value.yaml"
    value.write_text(value.read_text(encoding="utf-8").replace("device", "devise"), encoding="utf-8")
    assert main(["lint", "--env", "bench", "--project", str(project)]) == 2
    assert "Did you mean 'device'?" in capsys.readouterr().err


def test_a_source_without_a_contract_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--env", "bench", "--project", str(copy_project(tmp_path, {})), "--set", "settings.generate.source=visit"]
    assert main(["lint", *words]) == 2
    assert "Did you mean 'visits'?" in capsys.readouterr().err


def test_a_format_that_is_not_generated_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = copy_project(tmp_path, {"bench/events/visits.yaml": ("format: parquet", "format: csv")})
    assert main(["lint", "--env", "bench", "--project", str(project)]) == 2
    assert "a landing folder of json or parquet files" in capsys.readouterr().err
