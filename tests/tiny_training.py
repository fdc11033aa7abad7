"""The tiny project with a label, a model and all that follows, over events that hold personal values.

Twenty people visit every day, every second, third or fourth day; a visit may be followed by a pause, which the label
asks about. Keys, names and addresses are texts that stand nowhere by chance. One late event is planted.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import tiny
from agreed import agree

PEOPLE = 20
PLANTED = ("keyof", "Nameof", "mailof")
"""How every personal value begins: keys, names, addresses."""
FILES = {
    "tiny_graph.py": (
        "from headrace.jobs import (\n"
        "    build_features, build_tiles, build_training_set, ingest_events, monitor, release_model, score_users, train_model,\n"
        "    validate_model,\n"
        ")\n\n\n"
        "def graph(project):\n"
        "    jobs = tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))\n"
        "    parts = (build_training_set, train_model, validate_model, release_model, score_users, monitor)\n"
        "    return (*jobs, *(job for part in parts for job in part.jobs(project)))\n"
    ),
    "conf/contracts/events/visits.yaml": (
        "source: visits\nversion: 1\nowner: a@example.com\npurpose: Visits.\nlanding: {format: json, folder: visits}\n"
        "roles: {entity: [who], event_id: id, event_time: at, available_at: got}\nlateness: 3d\ncolumns:\n"
        "  id: {type: string, meaning: i}\n"
        "  who: {type: string, meaning: w, sensitivity: personal}\n"
        "  name: {type: string, meaning: n, sensitivity: personal}\n"
        "  mail: {type: string, meaning: m, sensitivity: special}\n"
        "  at: {type: timestamp, meaning: t}\n"
        "  got: {type: timestamp, meaning: g}\n  paid: {type: 'decimal(8,2)', meaning: p}\n"
        "rules:\n  - {name: has_mail, keep: \"mail like '%@%'\", why: a visitor has an address}\n"
    ),
    "conf/contracts/labels/gone.yaml": (
        "{label: gone, version: 1, owner: a@example.com, purpose: p, source: visits, eligible: {within: 5d},\n"
        " outcome: {gap: 0d, horizon: 1d, positive: absent},\n"
        " cutoffs: {first: 2024-03-03, last: 2024-03-07, every: 1d}}\n"
    ),
    "conf/contracts/models/going.yaml": (
        "{model: going, version: 1, owner: a@example.com, purpose: p, label: gone, test_from: 2024-03-07,\n"
        " features: {visiting: [visits_3d, visits_all, paid_7d]},\n"
        " baseline: {column: visits_3d, gain_lower_bound: -1.0}, search: {families: [logistic], trials: 1, validation_cutoffs: 1},\n"
        " gate: {least_auc: 0.5, delta: 1.0, segment_delta: 1.0, parity_gap: 1.0}}\n"
    ),
}
LATE_DAY = 1
"""Person 0's second visit of 2 March lands on 5 March: unknown at the cutoffs of 3 to 5 March, known from that of 6 March on."""


def visit(number: int, day: int, person: int, late: int = 0, paid: float = 1.25, **others: object) -> str:
    """One line: a person's visit on ``day`` that is received ``late`` days later."""
    at, got = (f"{tiny.START + timedelta(days=d)}T10:00:{number % 60:02d}Z" for d in (day, day + late))
    told = {"who": f"keyof{person}", "name": f"Nameof{person}", "mail": f"mailof{person}@example.org"}
    return json.dumps({"id": f"v{number}", "at": at, "got": got, "paid": paid, **told, **others})


def visits_on(day: int, person: int) -> bool:
    """Whether somebody comes: every ``1 + person % 4`` days, and one in five not at all from the fifth day on."""
    return (day + person) % (1 + person % 4) == 0 and not (person % 5 == 2 and day > 3)


def make_project(folder: Path) -> Path:
    """Ten landing days, the late event, and a line of each kind that is refused."""
    tiny.make_project(folder, days=0)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    agree(folder)
    for day in range(10):
        here = [person for person in range(PEOPLE) if visits_on(day, person)]
        lines = [visit(day * PEOPLE + person, day, person) for person in here]
        tiny.land(folder, tiny.START + timedelta(days=day), "a", lines)
    refused = [
        visit(900, 4, 1, mail="mailof1 is no address"), visit(901, 4, 1, paid="Nameof1"), '{"who": "keyof1", "na',
        visit(40, 2, 0, late=2, name="Nameof0 the Second"),
    ]  # fmt: skip
    late = visit(902, LATE_DAY, 0, late=3, paid=7.00)
    tiny.land(folder, tiny.START + timedelta(days=LATE_DAY + 3), "late", [late, *refused])
    return folder
