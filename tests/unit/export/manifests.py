"""Manifests of literal jobs."""

from __future__ import annotations

from typing import Any

from headrace.graph.manifest import Cadence, Manifest, Node, Resources
from headrace.ground.targets import Targets

DAILY = Cadence("each", "1d")


def node(name: str, *above: str, cadence: Cadence = DAILY, **more: Any) -> Node:
    """A job that makes the table of its own name from those of others."""
    values: dict[str, Any] = {
        "meaning": f"Makes {name}.", "upstream": above, "inputs": {one: f"t.{one}" for one in above},
        "outputs": (f"t.{name}",), "tables": (f"t.{name}",), "history": (), "lag": "0d", "tags": (), "exclusive": False,
        "requires": None, "fallback": "", "words": ("headrace", "run", name, "--env", "prod"),
    }  # fmt: skip
    return Node(name=name, cadence=cadence, **(values | more))


def manifest_of(*jobs: Node, targets: dict[str, Any] | None = None, **more: Any) -> Manifest:
    """A project called shop, over a week of 2017 that begins with a Sunday."""
    return Manifest(
        project="shop", env="prod", start=more.pop("start", "2017-01-01"), end=more.pop("end", "2017-01-08"),
        graph="jobs.graph:graph", jobs=jobs, resources=Resources("local[2]", {}, 2, 3),
        targets=Targets.model_validate(targets or {}), **more,
    )  # fmt: skip


SMALL = (node("ingest"), node("tiles", "ingest"), node("score.a", "tiles"), node("score.b", "tiles"))
