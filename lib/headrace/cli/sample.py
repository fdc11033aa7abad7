"""A small sample of events that nobody sent, so that a new project has something to run on.

Made up, and not from anybody's data: customers come on one day, order at a pace of their own, and some leave, visiting without ordering
for a while before they do. So there is something that a model can find, and nothing that it could tell of people.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from datetime import date, timedelta
from math import exp
from pathlib import Path
from random import Random

SEED = 14
FIRST = date(2026, 1, 5)
"""A Monday, as are all cutoffs and snapshots counted from it."""
WEEKS = 9
CUSTOMERS = 300
BROKEN = ('{"event_id": "e9001", "event_type": "or', '{"event_id": "e9002", "event_type": "order", "value": 9.5}')
"""Two lines of the first day that are no events: one is cut off, one has neither customer nor time."""
_DAYS = 7 * WEEKS
_LATE = 0.01


def made_up_days() -> dict[date, list[str]]:
    """JSON lines by day of arrival, a day late for one in a hundred; the same at each call."""
    chance = Random(SEED)
    landed: dict[date, list[str]] = defaultdict(list)
    for number in range(CUSTOMERS):
        for day, event in _habits(f"c{number:03d}", chance):
            arrived = min(day + (chance.random() < _LATE), _DAYS - 1)
            landed[FIRST + timedelta(days=arrived)].append(json.dumps(event))
    landed[FIRST] += BROKEN
    return dict(sorted(landed.items()))


def _habits(customer: str, chance: Random) -> list[tuple[int, dict[str, object]]]:
    """One customer's ``(day, event)``: orders at an own pace up to a last day, visits some weeks longer."""
    orders_a_day = exp(chance.gauss(-0.2, 0.7)) / 7
    visits_a_day = orders_a_day * chance.uniform(0.5, 2.0)
    channel, basket = chance.choice(("web", "app")), exp(chance.gauss(3.2, 0.4))
    last_order = int(chance.expovariate(1 / 45)) if chance.random() < 0.6 else _DAYS
    events: list[tuple[int, str, float | None]] = [(0, "visit", None)]
    for day in range(_DAYS):
        if day <= last_order and chance.random() < orders_a_day:
            events.append((day, "order", round(basket * exp(chance.gauss(0, 0.3)), 2)))
        if day <= last_order + 10 and chance.random() < visits_a_day:
            events.append((day, "visit", None))
    return [
        (day, _event(customer, n, day, kind, channel, value, chance)) for n, (day, kind, value) in enumerate(events)
    ]


def _event(
    customer: str, number: int, day: int, kind: str, channel: str, value: float | None, chance: Random
) -> dict[str, object]:
    second = chance.randrange(7 * 3600, 23 * 3600)
    at = f"{FIRST + timedelta(days=day)}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"
    event: dict[str, object] = {
        "event_id": f"{customer}-{number}", "event_type": kind, "event_time": at, "customer_id": customer,
        "channel": channel,
    }  # fmt: skip
    return event if value is None else event | {"value": value}


def land_sample(zone: Path) -> int:
    """Write the sample as an upstream system would, a folder a day of arrival; how many lines there are."""
    days = made_up_days()
    for day, lines in days.items():
        folder = zone / day.isoformat()
        folder.mkdir(parents=True)
        with gzip.GzipFile(folder / "orders.json.gz", "wb", mtime=0) as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
    return sum(map(len, days.values()))
