"""A project of fifty groups with five hundred features over one source, all of them taken by one model; no Spark."""

from __future__ import annotations

from pathlib import Path

import tiny
import tiny_training
from agreed import agree

GROUPS, FEATURES = 50, 10
MODEL = """model: going
version: 1
owner: a@example.com
purpose: Who goes.
label: gone
test_from: 2024-03-07
features:
{features}
baseline: {{column: n0_0_7d, gain_lower_bound: 0.0}}
gate: {{least_auc: 0.5}}
"""
LABEL = (
    "{label: gone, version: 1, owner: a@example.com, purpose: p, source: visits, eligible: {within: 5d},\n"
    " outcome: {gap: 0d, horizon: 1d, positive: absent}, cutoffs: {first: 2024-03-03, last: 2024-03-07, every: 1d}}\n"
)


def make_project(folder: Path) -> Path:
    """Each group has six counts, two sums and two derived features; every column goes into the model."""
    root = tiny.make_project(folder, days=0)
    (root / "tiny_graph.py").write_text(tiny_training.FILES["tiny_graph.py"], encoding="utf-8")
    contracts = root / "conf/contracts"
    (contracts / "features/visiting.yaml").unlink()
    taken = []
    for number in range(GROUPS):
        text, columns = _group(number)
        (contracts / f"features/g{number}.yaml").write_text(text, encoding="utf-8")
        taken.append(f"  g{number}: [{', '.join(columns)}]")
    for kind, name, text in (("labels", "gone", LABEL), ("models", "going", MODEL.format(features="\n".join(taken)))):
        (contracts / kind).mkdir()
        (contracts / kind / f"{name}.yaml").write_text(text, encoding="utf-8")
    agree(root)
    return root


def _group(number: int) -> tuple[str, list[str]]:
    head = f"team: team_{number % 7}\ngroup: g{number}\nversion: 1\nowner: team-{number % 7}@example.com\n"
    lines = [head + f"purpose: What group {number} is for.\nentity: [who]\nsource: visits\nfeatures:\n"]
    columns = []
    for place in range(6):
        name = f"n{number}_{place}"
        lines.append(
            f"  - {{name: {name}, meaning: Visits above {place}., aggregate: count, where: paid > {place}, windows: [7d, 28d]}}\n"
        )
        columns += [f"{name}_7d", f"{name}_28d"]
    for place in range(2):
        name = f"s{number}_{place}"
        lines.append(
            f"  - {{name: {name}, meaning: Paid., unit: EUR, aggregate: sum, expression: paid + {place}, scale: 2, windows: [28d]}}\n"
        )
        lines.append(
            f"  - {{name: {name}_rate, meaning: Paid a visit., derive: {name}_28d / n{number}_{place}_28d, scale: 2}}\n"
        )
        columns += [f"{name}_28d", f"{name}_rate"]
    return "".join(lines), columns
