"""Tables of a tiny project, laid out as the real ones are; small, but nothing in a plan depends on how small."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import tiny

from headrace.contracts.events import SYSTEM_COLUMNS
from headrace.events.quarantine import events_table
from headrace.features.groups import features_table
from headrace.features.tiles import build_tiles
from headrace.features.tiling import tiles_table
from headrace.graph.job import At
from headrace.graph.project import Project, load_project
from headrace.ground.interval import DAY, Interval
from headrace.tables.store import Store

FEATURES = """\
{{team: t, group: {name}, version: 1, owner: a@example.com, purpose: p, entity: [who], source: visits, features: [
  {{name: visits{name}, meaning: n, aggregate: count, windows: [3d, 7d]}},
  {{name: prices{name}, meaning: n, aggregate: count_distinct, expression: paid, windows: [7d]}},
  {{name: most{name}, meaning: n, aggregate: max, expression: paid, windows: [7d]}},
]}}
"""
LABEL = """\
{label: lapsed, version: 1, owner: a@example.com, purpose: p, source: visits, eligible: {within: 9d},
 outcome: {gap: 0d, horizon: 5d, positive: absent}, cutoffs: {first: 2024-03-20, last: 2024-03-27, every: 7d}}
"""
MODEL = """\
{model: lapse, version: 1, owner: a@example.com, purpose: p, label: lapsed, test_from: 2024-03-26,
 features: {one: [visitsone_3d, mostone_7d], two: [visitstwo_7d]},
 search: {families: [logistic], trials: 2, validation_cutoffs: 1}, baseline: {column: visitsone_3d}, gate: {least_auc: 0.6}}
"""
DAYS = 34
GROUPS = ("one", "two")


@dataclass(frozen=True)
class Plans:
    """The project, its tables, and a session in which nothing is so small that it is broadcast."""

    spark: Any
    project: Project
    store: Store

    @property
    def source(self):
        return self.project.sources["visits"]

    @property
    def label(self):
        return self.project.labels["lapsed"]

    @property
    def model(self):
        return self.project.models["lapse"]

    @property
    def events(self):
        return self.store.load(events_table(self.source))

    @property
    def tiles(self):
        return self.store.load(tiles_table(self.source))

    @property
    def labels(self):
        """As the job's labels are: at hand, not read anew."""
        return self.spark.range(5).selectExpr("id AS who", "timestamp'2024-03-20 00:00:00' AS cutoff", "1 AS label")

    def features(self, group):
        return self.store.load(features_table(self.project.groups[group]))

    def at(self, first: str, days: int) -> At:
        start = datetime.fromisoformat(first).replace(tzinfo=UTC)
        return At(Interval(start, start + days * DAY), "plan", start, 1, spark=self.spark)

    def _fill(self) -> None:
        """Days of events, each landed on its day, a file a day; what is below them, each in its own layout."""
        at = f"timestamp'{tiny.START} 10:00:00' + make_interval(0, 0, 0, CAST(n AS INT))"
        events = self.spark.range(DAYS).toDF("n").selectExpr(
            "concat('v', n) AS id", "n % 5 AS who", f"{at} AS at", f"{at} AS got", "CAST(1.25 AS DECIMAL(8,2)) AS paid",
            f"CAST({at} AS DATE) AS event_date", f"CAST({at} AS DATE) AS landed_on", "concat('v', n) AS event_key",
            "n AS row_hash",
        )  # fmt: skip
        written = events.select(*self.source.columns, *SYSTEM_COLUMNS)
        self.store.replace(events_table(self.source), written, None, {})
        tiles = build_tiles(self.events, self.project.groups_of("visits"), self.source)
        daily = tiles.repartitionByRange(DAYS, "arrival_day")  # a file a day, as daily commits leave them
        self.store.replace(tiles_table(self.source), daily, None, {})
        for name in GROUPS:
            group = self.project.groups[name]
            values = [f"CAST(1 AS BIGINT) AS {column}" for column in group.columns]
            rows = written.selectExpr(
                "who", "date_trunc('day', at) AS as_of", *values, "trunc(event_date, 'month') AS as_of_month"
            )
            self.store.replace(features_table(group), rows, None, {})


@pytest.fixture(scope="module")
def plans(spark: Any, generated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Plans:
    root = tiny.make_project(tmp_path_factory.mktemp("plans"), days=2)
    contracts = root / "conf/contracts"
    (contracts / "features/visiting.yaml").unlink()
    texts = {f"features/{name}.yaml": FEATURES.format(name=name) for name in GROUPS}
    for name, text in {**texts, "labels/lapsed.yaml": LABEL, "models/lapse.yaml": MODEL}.items():
        (contracts / name).parent.mkdir(exist_ok=True)
        (contracts / name).write_text(text, encoding="utf-8")
    session = spark.newSession()
    for key, value in {**generated, "spark.sql.autoBroadcastJoinThreshold": "-1"}.items():
        session.conf.set(key, value)
    project = load_project(root, "local")
    made = Plans(session, project, Store(session, root / "home/warehouse"))
    made._fill()
    return made
