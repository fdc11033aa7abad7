"""What an event says, and when it arrives: the columns of a generated landing zone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headrace.ground.interval import Interval
from headrace.jobs.demo.synthetic.chance import (
    Hashes,
    Real,
    Whole,
    below,
    chosen,
    counted_hash,
    cumulated,
    ranked,
    share,
)
from headrace.jobs.demo.synthetic.people import DAY, People, people, since
from headrace.jobs.demo.synthetic.settings import GenerateSettings

TYPES = ("view", "search", "basket", "purchase")
SHARES = (0.62, 0.20, 0.10, 0.08)
PURCHASE = TYPES.index("purchase")
DEVICES, DEVICE_SHARES = ("web", "app", "store"), (0.5, 0.38, 0.12)
NULL_DEVICE = 0.02
PRODUCTS, PRODUCT_TAIL = 20_000, 3
MEDIAN, SPREAD, FINEST = 2_500, 0.8, 4_096
"""Values of purchases in cents: log-normal, by a table of so many quantiles."""
SCHEMA = (
    "event_id string, event_type string, event_time timestamp, received_at timestamp, user_id bigint, "
    "product_id bigint, device string, value decimal(10,2), landed_on date"
)
Flags = npt.NDArray[np.bool_]
COLUMNS = tuple(part.split()[0] for part in SCHEMA.split(", ")[:-1])


@dataclass(frozen=True)
class Visits:
    """Everything that decides the rows; sent to every task."""

    settings: GenerateSettings
    people: People

    def rows(self, ordinals: Whole, copies: bool) -> pa.RecordBatch:
        """The first deliveries of the events with these ordinals, or the second ones of those that come again."""
        if copies:
            ordinals = ordinals[self.repeated(ordinals)]
        users, times = self.people.place(ordinals)
        arrived = self.arrival(ordinals, times)
        if copies:
            arrived = np.where(arrived + DAY < self.people.end, arrived + DAY, self.people.end - 1)
        kinds = self._kinds(ordinals, times)
        columns = [
            _hexadecimal(self._hash("id", ordinals)),
            pa.array(TYPES).take(pa.array(kinds)),
            _instants(times),
            _instants(arrived),
            pa.array(users),
            pa.array(1 + ranked(share(self._hash("product", ordinals)), PRODUCTS, PRODUCT_TAIL)),
            self._devices(ordinals, times),
            self._values(ordinals, times, kinds),
            pa.array((arrived // DAY).astype(np.int32)).cast(pa.date32()),
        ]
        return pa.RecordBatch.from_arrays(columns, names=[*COLUMNS, "landed_on"])

    def counts(self, ordinals: Whole) -> tuple[int, int]:
        """How many of the events are late, and how many come again."""
        drawn = ordinals[self._drawn_late(ordinals)]
        late = self._delay(drawn, self.people.place(drawn)[1]) > 0
        return int(late.sum()), int(self.repeated(ordinals).sum())

    def repeated(self, ordinals: Whole) -> Flags:
        """Which events come again."""
        return share(self._hash("again", ordinals)) < self.settings.duplicates

    def arrival(self, ordinals: Whole, times: Whole) -> Whole:
        """When each first delivery is received (ms): 1 to 90 s later, or some days more; never after the span."""
        prompt = times + 1000 * (1 + below(self._hash("prompt", ordinals), 90))
        arrived = np.minimum(prompt + self._delay(ordinals, times), self.people.end - 1)
        return np.asarray(arrived, dtype=np.int64)

    def _delay(self, ordinals: Whole, times: Whole) -> Whole:
        """0, or 1 to 3 days; an event whose arrival would be after the span is on time."""
        delay = DAY * (1 + below(self._hash("delay", ordinals), 3))
        in_time = times + delay + 90_000 < self.people.end
        return np.asarray(np.where(self._drawn_late(ordinals) & in_time, delay, 0), dtype=np.int64)

    def _drawn_late(self, ordinals: Whole) -> Flags:
        return share(self._hash("late", ordinals)) < self.settings.late

    def _kinds(self, ordinals: Whole, times: Whole) -> Whole:
        shares, mix = share(self._hash("type", ordinals)), self.settings.drift.type_mix
        after = [
            weight * (mix.by if mix and kind == "purchase" else 1) for kind, weight in zip(TYPES, SHARES, strict=True)
        ]
        usual, changed = (chosen(shares, cumulated(weights)) for weights in (SHARES, after))
        return np.where(times >= since(mix), changed, usual)

    def _devices(self, ordinals: Whole, times: Whole) -> pa.Array:
        switch = self.settings.drift.null_share
        missing = np.where(times >= since(switch), switch.by if switch else 0.0, NULL_DEVICE)
        absent = share(self._hash("no device", ordinals)) < missing
        codes = chosen(share(self._hash("device", ordinals)), cumulated(DEVICE_SHARES))
        return pa.array(DEVICES).take(pa.array(codes, mask=absent))

    def _values(self, ordinals: Whole, times: Whole, kinds: Whole) -> pa.Array:
        """Whole cents as DECIMAL(10,2); null but for purchases."""
        switch = self.settings.drift.value_scale
        cents = np.interp(share(self._hash("value", ordinals)) * (FINEST - 1), np.arange(FINEST), _quantiles())
        scaled = np.where(times >= since(switch), cents * (switch.by if switch else 1.0), cents)
        words = np.zeros((len(ordinals), 2), dtype=np.int64)
        words[:, 0] = np.minimum(np.rint(scaled), 10**10 - 1)
        bought = pa.array(kinds == PURCHASE)
        valid = bought.buffers()[1]
        return pa.Array.from_buffers(pa.decimal128(10, 2), len(ordinals), [valid, pa.py_buffer(words)])

    def _hash(self, stream: str, ordinals: Whole) -> Hashes:
        return counted_hash(self.settings.seed, stream, ordinals)


def visits(settings: GenerateSettings, span: Interval) -> Visits:
    """The events of one configuration."""
    return Visits(settings, people(settings, span))


@cache
def _quantiles() -> Real:
    normal = NormalDist(0, SPREAD)
    return np.array(
        [round(MEDIAN * exp(normal.inv_cdf((place + 0.5) / FINEST))) for place in range(FINEST)], dtype=float
    )


def _instants(milliseconds: Whole) -> pa.Array:
    return pa.array(milliseconds * 1000).cast(pa.timestamp("us", tz="UTC"))


def _hexadecimal(hashes: Hashes) -> pa.Array:
    """16 hexadecimal digits a hash."""
    pairs = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint16)
    digits = pairs[hashes.astype(">u8").view(np.uint8)]
    offsets = np.arange(0, 16 * len(hashes) + 1, 16, dtype=np.int32)
    return pa.StringArray.from_buffers(len(hashes), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(digits)))
