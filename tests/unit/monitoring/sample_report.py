"""A report as a real run would make it, from seeded draws: for the tests of the page, and to look at it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from headrace.ground.config import Cost
from headrace.monitoring.cost import LedgerEntry, price
from headrace.monitoring.drift import Drift, measure_drift
from headrace.monitoring.performance import find_gaps, of_part, present
from headrace.monitoring.report import Champion, Intake, Origin, Quarantined, Report
from headrace.profile.edges import Edges, NumberEdges, cut_at
from headrace.profile.row import USER_BUCKETS, ProfileRow
from headrace.training.metrics import Estimate, ScoreStates, Slice, bin_of

FEATURES = ("baskets_7d", "baskets_28d", "spend_28d", "days_since_last", "coupon_share_90d", "weekend_share_90d")
WEEKS = [f"2017-{month:02d}-{day:02d}" for month, day in ((10, 2), (10, 9), (10, 16), (10, 23), (10, 30), (11, 6))]


def sample(*, drifted: bool = True, failed: bool = False) -> Report:
    """A report in which one feature has moved (``drifted``) and one job failed (``failed``)."""
    draw = np.random.default_rng(7)
    lines = [drift_of(draw, name, 0.9 if drifted and name == "spend_28d" else 0.0) for name in FEATURES]
    states = states_of(draw)
    every = present(states, least_users=40)
    entries = [
        LedgerEntry("ingest_events", 41.2, 1_475_112, 1_471_034, 365, "done"),
        LedgerEntry("build_tiles", 22.7, 1_471_034, 802_113, 365, "done"),
        LedgerEntry("train_model", 96.4, 61_004, None, 1, "failed" if failed else "done"),
        LedgerEntry("score_users", 4.1, 2_469, 2_469, 1, "done"),
    ]
    return Report(
        project="demo",
        environment="local",
        as_of="2018-01-01",
        run_id="r1",
        champion=Champion(
            model="lapse_risk",
            purpose="Which households will not buy within the next 14 days.",
            version="1",
            released="2018-01-01",
            auc=Estimate(0.776, 0.004, 0.768, 0.784),
            baseline="days since the last purchase alone",
            baseline_auc=Estimate(0.701, 0.005, 0.691, 0.711),
            gain=Estimate(0.075, 0.003, 0.069, 0.081),
            test="Measured on 21,904 rows of 2,233 households from October on.",
        ),
        scores=(drift_of(draw, "score", 0.0),),
        features=tuple(lines),
        overall=of_part(every, "")[0],
        over_time=of_part(every, "as_of"),
        segments=of_part(every, "age"),
        gaps=find_gaps(states, ["age"], least_users=40),
        jobs=price(entries, cores=2, cost=Cost()),
        per_core_hour=0.05,
        intake=(Intake("shop_events", 1_475_112, 1_471_034, 4_078),),
        quarantine=(Quarantined("shop_events", "unknown_type", 412), Quarantined("shop_events", "too_late", 77)),
        lineage=(Origin("features.customer_activity", "12", "0123456789abcdef"), Origin("model lapse_risk", "1", "")),
    )


def drift_of(draw: np.random.Generator, column: str, shift: float, users: int = 2000) -> Drift:
    """Drift of normal values: the reference's 3,000 users against ``users`` whose mean is ``shift`` sd away."""
    past, present_values = draw.normal(size=3000), draw.normal(size=users) + shift
    edges = cut_at(list(np.quantile(past, np.linspace(0, 1, 21))))
    rows = [
        rows_of(column, values, draw.integers(0, USER_BUCKETS, size=len(values)), edges)
        for values in (past, present_values)
    ]
    (found,) = measure_drift(*rows, Edges({column: edges}))
    return found


def rows_of(column: str, values: np.ndarray, buckets: np.ndarray, edges: NumberEdges) -> list[ProfileRow]:
    """The profile of values whose users are in ``buckets``."""
    rows = []
    for bucket in range(USER_BUCKETS):
        own = values[buckets == bucket]
        if not len(own):
            continue
        bins, counts = np.unique([edges.index(float(value)) for value in own], return_counts=True)
        rows.append(
            ProfileRow(
                "features.x",
                column,
                "all",
                "w",
                "f",
                bucket,
                len(own),
                0,
                0,
                0,
                0,
                float(own.min()),
                float(own.max()),
                Decimal(float(own.sum())),
                Decimal(float((own**2).sum())),
                tuple(zip(map(int, bins), map(int, counts), strict=True)),
            )
        )
    return rows


def states_of(draw: np.random.Generator, rows: int = 12_000) -> ScoreStates:
    """Scores whose labels are drawn at the score's own probability, in six weeks and four ages."""
    scores = draw.beta(1.2, 3.0, size=rows)
    labels = (draw.random(rows) < scores).astype(int)
    buckets, weeks = draw.integers(0, USER_BUCKETS, rows), draw.integers(0, len(WEEKS), rows)
    ages = np.array(["19-24", "35-44", "65+", "rare"])[np.minimum(draw.integers(0, 400, rows) // 133, 3)]
    table = np.stack([buckets, labels, bin_of(scores), np.ones(rows, dtype=int)], axis=1)
    cells = {Slice(): table}
    cells |= {Slice("as_of", f"{day} 00:00:00"): table[weeks == place] for place, day in enumerate(WEEKS)}
    cells |= {Slice("age", age): table[ages == age] for age in np.unique(ages)}
    cells[Slice("age", None)] = table[:900]
    return ScoreStates(cells, {part: 12 if part.value == "rare" else len(own) // 5 for part, own in cells.items()})
