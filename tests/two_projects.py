"""Two tiny projects: ``payments`` publishes what people paid, ``leaving`` takes that into its model of who stays away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import tiny
import tiny_training
from agreed import agree

KNOWN = 15
"""Of the twenty people the publisher has ever seen the first fifteen."""
PAYING = (
    "team: money\ngroup: paying\nversion: 1\nowner: money@example.com\npublished: true\npurpose: What people pay.\n"
    "entity: [who]\nsource: visits\nfeatures:\n"
    "  - {name: paid, meaning: Money., unit: EUR, aggregate: sum, expression: paid, scale: 2, windows: [2d], when_empty: 0}\n"
    "  - {name: times, meaning: Payments., aggregate: count, windows: [all]}\n"
    "  - {name: least, meaning: The least of a week., unit: EUR, aggregate: min, expression: paid, windows: [7d], when_empty: 9.99}\n"
    "  - {name: cautious, meaning: One more., derive: times_all + 1, scale: 1}\n"
)
GRAPH = (
    "from headrace.jobs import build_features, build_tiles, ingest_events, publish_groups\n\n\n"
    "def graph(project):\n"
    "    jobs = tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))\n"
    "    return (*jobs, *publish_groups.jobs(project))\n"
)
MODEL = tiny_training.FILES["conf/contracts/models/going.yaml"].replace(
    "features: {visiting: [visits_3d, visits_all, paid_7d]}",
    "features: {visiting: [visits_3d], money.paying@1: [paid_2d, least_7d, cautious]}",
)


def make_publisher(folder: Path) -> Path:
    """``payments``: a payment of 2.50 with each visit, the fifteenth person's first on the sixth day."""
    tiny.make_project(folder, days=0)
    contracts = folder / "conf/contracts"
    (contracts / "features/visiting.yaml").unlink()
    (contracts / "features/paying.yaml").write_text(PAYING, encoding="utf-8")
    (contracts / "events/visits.yaml").write_text(
        tiny_training.FILES["conf/contracts/events/visits.yaml"], encoding="utf-8"
    )
    (folder / "headrace.yaml").write_text(tiny.FILES["headrace.yaml"].replace("tiny\n", "payments\n", 1))
    (folder / "tiny_graph.py").write_text(GRAPH, encoding="utf-8")
    agree(folder)
    for day in range(10):
        here = [person for person in range(KNOWN) if pays_on(day, person)]
        lines = [tiny_training.visit(day * 20 + person, day, person, paid=2.5) for person in here]
        tiny.land(folder, tiny.START + timedelta(days=day), "a", lines)
    return folder


def pays_on(day: int, person: int) -> bool:
    """Whether the publisher has a payment of somebody on a day."""
    return person < KNOWN and tiny_training.visits_on(day, person) and (person != KNOWN - 1 or day > 5)


def make_consumer(folder: Path, publisher: Path) -> Path:
    """``leaving``: the tiny project with a model, which names a group of ``payments`` that it has not accepted yet."""
    tiny_training.make_project(folder)
    (folder / "headrace.yaml").write_text(tiny.FILES["headrace.yaml"].replace("tiny\n", "leaving\n", 1))
    catalog = publisher / "home/warehouse"
    (folder / "conf/local.yaml").write_text(f"seed: 1\ncatalogs: {{payments: {catalog}}}\n", encoding="utf-8")
    (folder / "conf/contracts/models/going.yaml").write_text(MODEL, encoding="utf-8")
    return folder


def expected(person: int, day: int) -> dict[str, float]:
    """The published columns of somebody as of the midnight before ``day`` (0: the first), by their definition."""
    paid = [then for then in range(day) if pays_on(then, person)]
    return {
        "paid_2d": 2.5 * sum(then >= day - 2 for then in paid),
        "least_7d": 2.5 if any(then >= day - 7 for then in paid) else 9.99,
        "cautious": len(paid) + 1.0,
    }
