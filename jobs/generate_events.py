"""Any number of synthetic events, made on the executors, in the landing zone of the source that the settings name."""

from __future__ import annotations

import sys

from headrace.cli import main
from headrace.contracts.events import EventContract
from headrace.contracts.fingerprint import fingerprint
from headrace.events.origin import landing_zone
from headrace.graph.job import Asset, At, Inputs, Job, Once
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError, nearest
from headrace.jobs.demo.feed import Landed
from headrace.jobs.demo.synthetic.landing import check_contract, land
from headrace.jobs.demo.synthetic.settings import GenerateSettings, read_settings


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, Landed]:
    """Makes the events of the whole span, once: each a function of the seed and of its ordinal."""
    del inputs  # nothing comes before it
    settings, contract = _asked(project)
    return {landing_zone(project, contract): land(at.spark, project.landing, contract, settings, project.span)}


def job(project: Project) -> Job:
    """The node: once, over the whole span."""
    settings, contract = _asked(project)
    return Job(
        name="generate_events",
        run=run,
        inputs={},
        outputs=(landing_zone(project, contract),),
        every=Once(project.span),
        fingerprint=fingerprint(settings.model_dump(mode="json", by_alias=True)),
        tags=("demo",),
    )


def _asked(project: Project) -> tuple[GenerateSettings, EventContract]:
    """The settings, and the contract of the source that they name."""
    settings = read_settings(project.settings["generate"])
    if settings.source not in project.sources:
        hint = nearest(settings.source, project.sources)
        raise HeadraceError("CONTRACT_REFERENCE", where="settings.generate: source", name=settings.source, hint=hint)
    contract = project.sources[settings.source]
    check_contract(contract)
    return settings, contract


if __name__ == "__main__":
    raise SystemExit(main(["run", "generate_events", "--env", "bench", *sys.argv[1:]]))
