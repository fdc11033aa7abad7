"""One page about the whole: drift, performance on matured labels, gaps between segments, jobs, rows and cost."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from headrace.cli import main
from headrace.contracts.fingerprint import fingerprint
from headrace.contracts.models import ModelContract
from headrace.events.quarantine import events_table, tally_table
from headrace.features.readings import for_scores
from headrace.graph.job import Asset, At, Inputs, Job, Latest
from headrace.graph.ledger import LEDGER
from headrace.graph.origin import versions
from headrace.graph.project import Project
from headrace.monitoring import observe
from headrace.monitoring.cost import price
from headrace.monitoring.page import Page
from headrace.monitoring.report import Limits, Report, render
from headrace.release.decisions import DECISIONS, decisions_of
from headrace.release.registry import Champion
from headrace.scoring.score import columns_by_group, join_groups, scores_table
from headrace.training.dataset import training_table


def run(inputs: Inputs, at: At, project: Project, *, model: ModelContract) -> dict[Asset, Any]:
    """The present profile as a table, and the report as a page."""
    source = project.source_of(model)
    champion = inputs.champion
    columns = columns_by_group(model, champion.model, project.readable)
    features = join_groups(for_scores(project, model).rows(inputs), columns, source.entity, at.end, project.readable)
    eligible = observe.eligible_at(inputs.events, project.labels[model.label], source, at.end)
    watched = observe.watch(inputs.training, features, eligible, champion, source.entity)
    drifts, profiled = observe.measure(watched, model, champion, source.entity, at.end)
    matured = observe.judge_matured(inputs.training, model, champion, source.entity)
    intake, quarantined = observe.count_intake(inputs[f"tally_{name}"] for name in project.sources)
    steps = observe.steps_of(at.before(LEDGER), at.run_id)
    report = Report(
        project=project.name,
        environment=project.env,
        as_of=at.end.date().isoformat(),
        run_id=at.run_id,
        champion=observe.describe_champion(model, champion, decisions_of(at.before(DECISIONS), model.model)),
        limits=Limits(parity_gap=model.gate.parity_gap, least_users=observe.least_users(model)),
        scores=tuple(drift for drift in drifts if drift.column == observe.SCORE),
        features=tuple(drift for drift in drifts if drift.column != observe.SCORE),
        overall=matured.overall,
        over_time=matured.over_time,
        segments=matured.segments,
        gaps=matured.gaps,
        jobs=price(steps, cores=at.cores, cost=project.config.cost),
        currency=project.config.cost.currency,
        per_core_hour=project.config.cost.per_core_hour,
        intake=intake,
        quarantine=quarantined,
        lineage=observe.origins(model, champion, project, source),
    )
    return {observe.profile_table(model): profiled, page(model): render(report)}


def page(model: ModelContract) -> Page:
    """The report."""
    return Page(f"report.{model.model}", f"{model.model}.html")


def jobs(project: Project) -> tuple[Job, ...]:
    """A node a model."""
    return tuple(_job(project, model) for model in project.models.values())


def _job(project: Project, model: ModelContract) -> Job:
    source, readings = project.source_of(model), for_scores(project, model)
    return Job(
        name=project.job_name("monitor", model),
        run=partial(run, model=model),
        inputs={
            **readings.inputs,
            **{f"tally_{name}": tally_table(contract) for name, contract in project.sources.items()},
            "events": events_table(source),
            "training": training_table(model, source),
            "scores": scores_table(model, source),
            "champion": Champion(model.model),
        },
        outputs=(observe.profile_table(model), page(model)),
        every=Latest(project.config.snapshots_every),
        history=tuple(readings.events),
        begun=readings.begun,
        fingerprint=fingerprint([model.fingerprint, project.labels[model.label].fingerprint]),
        contracts=versions(model, project.labels[model.label]),
        tags=("monitoring",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "monitor", *sys.argv[1:]]))
