"""The faults of a real feed, by a seeded rule: which event arrives when, how often, and spoiled in which way.

The rule reads 64 bits of ``keyed_hash(event_id, seed)``, digit by digit: ``u`` in 0..99,999 decides the class, the
next digits the delays and files. So a fault depends on the seed and the event's id alone, not on the other events.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd

from headrace.jobs.demo.chance import Whole, digits, keyed_hash

DAY = 86_400
FIRST_DAY, LAST_DAY = np.datetime64("2017-01-01", "D"), np.datetime64("2018-01-01", "D")
SHARES = MappingProxyType(
    {
        "late": 500,
        "exact_duplicate": 300,
        "conflicting_duplicate": 50,
        "broken_json": 25,
        "missing_household": 25,
        "unknown_type": 25,
        "impossible_time": 25,
        "too_late": 3,
    }
)
"""Events of each class in 100,000, in the order in which they take their share of ``u``."""
SOUND = "sound"
MALFORMED = ("broken_json", "missing_household", "unknown_type", "impossible_time")
MISSPELT = MappingProxyType(
    {
        "purchase": "purchse",
        "basket_end": "basket_edn",
        "coupon_redemption": "coupon_redemtion",
        "campaign_mailing": "campaign_mailng",
    }
)


def plan_deliveries(events: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Every line that will be written, in the order of writing.

    Args:
        events: n events with ``event_id`` (text) and ``event_time`` (UTC, whole seconds).
        seed: decides all draws.

    Returns:
        One row a line, n and the copies: ``row`` (position in ``events``), ``received_at`` (UTC, whole seconds; its
        date is the folder), ``part`` (0 or 1, the file), ``fault`` (a key of SHARES, or SOUND), ``copy`` (bool).
    """
    hashes = keyed_hash(events["event_id"], seed)
    u, seconds, late, too_late, part, tomorrow, shift = digits(hashes, 100_000, 90, 3, 12, 2, 2, DAY)
    fault = np.searchsorted(np.cumsum(list(SHARES.values())), u, side="right")
    codes = {name: code for code, name in enumerate((*SHARES, SOUND))}
    prompt = _seconds(events["event_time"]) + 1 + seconds
    delay = DAY * np.select([fault == codes["late"], fault == codes["too_late"]], [1 + late, 9 + too_late], 0)
    missed = (delay > 0) & (prompt + delay >= _end())
    received = prompt + np.where(missed, 0, delay)
    fault = np.where(missed, codes[SOUND], fault)
    copied = np.flatnonzero((fault == codes["exact_duplicate"]) | (fault == codes["conflicting_duplicate"]))
    again = _copy_time(received[copied], tomorrow[copied] == 1, shift[copied])
    rows = np.concatenate([np.arange(len(events)), copied])
    lines = pd.DataFrame(
        {
            "row": rows,
            "received_at": np.concatenate([received, again]).astype("datetime64[s]"),
            "part": np.concatenate([part, 1 - part[copied]]).astype(np.int8),
            "fault": pd.Categorical.from_codes(fault[rows].tolist(), categories=pd.Index(list(codes))),
            "copy": np.arange(len(rows)) >= len(events),
        }
    )
    return lines.iloc[_order_of_writing(lines)].reset_index(drop=True)


def spoil(lines: pd.DataFrame) -> pd.DataFrame:
    """The same lines with their faults in them; a ``broken`` column marks those whose text is still to be cut.

    Args:
        lines: events with ``fault`` and ``copy``; money in whole cents.

    Returns:
        As many lines. A conflicting copy costs a dollar more, or, where it has no value, names the next campaign.
    """
    spoiled = lines.copy()
    spoiled["broken"] = lines["fault"] == "broken_json"
    spoiled.loc[lines["fault"] == "missing_household", "household_id"] = pd.NA
    unknown = lines["fault"] == "unknown_type"
    spoiled.loc[unknown, "event_type"] = lines.loc[unknown, "event_type"].map(dict(MISSPELT))
    impossible = lines["fault"] == "impossible_time"
    spoiled.loc[impossible, "event_time"] = _impossible(lines.loc[impossible])
    conflict = lines["copy"] & (lines["fault"] == "conflicting_duplicate")
    priced = conflict & lines["value"].notna()
    spoiled.loc[priced, "value"] += 100
    spoiled.loc[conflict & ~priced, "campaign_id"] += 1
    return spoiled


def count_faults(events: pd.DataFrame, seed: int) -> dict[str, int]:
    """Events in all, in each class of SHARES, and ``good``: those that belong into the table, each exactly once.

    Good are all but the malformed and those beyond the lateness; of a duplicated event the first line is the good one.
    """
    return count_deliveries(plan_deliveries(events, seed))


def count_deliveries(deliveries: pd.DataFrame) -> dict[str, int]:
    """``count_faults`` of deliveries that are planned already."""
    found = deliveries.loc[~deliveries["copy"], "fault"].value_counts()
    counts = {"events": int(found.sum())} | {name: int(found[name]) for name in SHARES}
    return counts | {"good": counts["events"] - sum(counts[name] for name in (*MALFORMED, "too_late"))}


def _copy_time(received: Whole, tomorrow: np.ndarray[tuple[int], np.dtype[np.bool_]], shift: Whole) -> Whole:
    """Later on the same day, or at the same time of the next one, if there is a next one."""
    room = DAY - 1 - received % DAY
    wait = np.where((tomorrow | (room == 0)) & (received + DAY < _end()), DAY, 1 + shift % np.maximum(room, 1))
    return np.asarray(received + wait, dtype=np.int64)


def _order_of_writing(lines: pd.DataFrame) -> Whole:
    seconds = _seconds(lines["received_at"])
    return np.lexsort((lines["row"].to_numpy(), seconds, lines["part"].to_numpy(), seconds // DAY))


def _impossible(lines: pd.DataFrame) -> list[pd.Timestamp]:
    """The year typed wrong (2107) for even seconds of arrival, lost (1970) for odd ones."""
    years = np.where(_seconds(lines["received_at"]) % 2 == 0, 2107, 1970).tolist()
    return [time.replace(year=year) for time, year in zip(lines["event_time"], years, strict=True)]


def _seconds(times: pd.Series) -> Whole:
    return times.to_numpy().astype("datetime64[s]").astype(np.int64)


def _end() -> int:
    return int((LAST_DAY + 1).astype("datetime64[s]").astype(np.int64))
