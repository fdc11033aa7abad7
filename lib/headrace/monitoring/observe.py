"""Gather what the report shows: drift against the training reference, matured performance, intake, jobs, origins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import is_published
from headrace.monitoring.cost import LedgerEntry
from headrace.monitoring.drift import Drift, measure_drift
from headrace.monitoring.performance import Gap, Performance, find_gaps, of_part, present
from headrace.monitoring.performance import measure as measure_performance
from headrace.monitoring.report import Champion, Intake, Origin, Quarantined
from headrace.profile.edges import Edges, NumberEdges
from headrace.profile.kept import CUTS, PROFILE
from headrace.profile.profile import profile, read_profile, reference_edges, write_profile
from headrace.release.decisions import Decision
from headrace.tables.spec import Table
from headrace.training.apply import with_score
from headrace.training.metrics import Estimate
from headrace.training.tracking import Registered

if TYPE_CHECKING:
    from headrace.graph.project import Project

SCORE = "score"
_EVENTS, _COPIES = ("event", "correction"), "duplicate"


def profile_table(model: ModelContract) -> Table:
    """``monitor.profile``: the present profile of a model's inputs and scores, by snapshot."""
    return Table(
        name=PROFILE,
        meaning="Additive facts about features and scores, by column, user bucket and snapshot.",
        keys=("model", "as_of", "table", "column", "slice", "user_bucket"),
        partitioned_by=("model",),
        replaced_by="as_of",
        stamped="end",
        part=("model", model.model),
    )


@dataclass(frozen=True)
class Watched:
    """A model's inputs and scores: in training, and now, for those who are in the population of the label."""

    reference: DataFrame
    now: DataFrame


def watch(
    training_set: DataFrame, present: DataFrame, eligible: DataFrame, champion: Registered, entity: Sequence[str]
) -> Watched:
    """``present`` (everybody's features now) is narrowed to the eligible, so that like is compared with like."""
    reference = with_score(training_set.where("part = 'train'"), champion.model, SCORE)
    now = with_score(present.join(eligible, on=list(entity), how="left_semi"), champion.model, SCORE)
    return Watched(reference, now)


def eligible_at(events: DataFrame, contract: LabelContract, source: EventContract, instant: datetime) -> DataFrame:
    """The entities whom the label's question is about at ``instant``: its population now."""
    start = instant - contract.eligible.within
    when = F.col(source.roles.event_time).cast("timestamp")
    inside = (
        (F.col("event_date") >= F.lit((start - timedelta(days=1)).date()))
        & (when >= F.lit(start))
        & (when < F.lit(instant))
    )
    holds = F.expr(contract.eligible.where.sql) if contract.eligible.where is not None else F.lit(True)
    landed = F.col("landed_on") < F.lit(instant.date())
    asked = events.where(inside & landed & holds)
    if source.sign is None:
        return asked.select(*source.entity).distinct()
    left = asked.groupBy(*source.entity).agg(F.sum(source.sign).alias(source.sign))
    return left.where(F.col(source.sign) > 0).select(*source.entity)


def measure(
    watched: Watched, contract: ModelContract, champion: Registered, entity: Sequence[str], as_of: datetime
) -> tuple[tuple[Drift, ...], DataFrame]:
    """Drift of each input and of the score, and the present profile as rows of ``monitor.profile``."""
    columns = [*contract.columns, SCORE]
    edges = reference_edges(watched.reference, columns)
    about = {"table": f"training.{contract.model}", "fingerprint": champion.model.feature_fingerprint, "entity": entity}
    before = profile(watched.reference, edges, window="reference", **about)  # type: ignore[arg-type]
    now = profile(watched.now, edges, window=as_of.date().isoformat(), **about)  # type: ignore[arg-type]
    rows = read_profile(now)
    drifts = measure_drift(read_profile(before), rows, edges)
    told = {"model": F.lit(contract.model), "as_of": F.lit(as_of), CUTS: _cuts(edges)}
    return drifts, write_profile(rows, now).withColumns(told)


def _cuts(edges: Edges) -> Column:
    """Where the bins of a row's column begin and end; null for a text, whose bins are values."""
    known = {name: found.cuts for name, found in edges.columns.items() if isinstance(found, NumberEdges)}
    pairs = ((F.lit(name), F.array(*map(F.lit, cuts)).cast("array<double>")) for name, cuts in known.items())
    return F.try_element_at(F.create_map(*chain.from_iterable(pairs)), F.col("column"))


@dataclass(frozen=True)
class Matured:
    """The champion on labels that have matured: over all rows, by cutoff, by segment value, and the gaps between them."""

    overall: Performance
    over_time: tuple[Performance, ...]
    segments: tuple[Performance, ...]
    gaps: tuple[Gap, ...]


def judge_matured(
    training_set: DataFrame, model: ModelContract, champion: Registered, entity: Sequence[str]
) -> Matured:
    """The champion's scores for the test cutoffs against what has come of them since."""
    names, least = [segment.column for segment in model.segments], least_users(model)
    test = with_score(training_set.where("part = 'test'"), champion.model, SCORE)
    states = measure_performance(test, entity=entity, score=SCORE, parts=["cutoff", *names])
    found = present(states, least_users=least)
    by_segment = tuple(row for name in names for row in of_part(found, name))
    gaps = find_gaps(states, names, least_users=least)
    return Matured(of_part(found, "")[0], of_part(found, "cutoff"), by_segment, gaps)


def least_users(model: ModelContract) -> int:
    """Below how many users a part of the model's segments is not shown."""
    return min((segment.least_users for segment in model.segments), default=1)


def describe_champion(contract: ModelContract, champion: Registered, history: Sequence[Decision]) -> Champion:
    """The champion with the figures on which it was released."""
    of_version = [step for step in reversed(history) if step.version == champion.version]
    released = of_version[0] if of_version else None  # a rollback is a release, but has no figures of its own
    told = (json.loads(step.evidence) for step in of_version)
    evidence: dict[str, Any] = next((found for found in told if "overall" in found), {})
    figures, against = evidence.get("overall", {}), evidence.get("against", "")
    return Champion(
        model=contract.model,
        purpose=" ".join(contract.purpose.split()),
        version=champion.version,
        released=released.at.date().isoformat() if released is not None else None,
        auc=_estimate(figures.get("candidate")),
        baseline=f"{contract.baseline.column} alone" if against == "baseline" else "the champion before it",
        baseline_auc=_estimate(figures.get("reference")),
        gain=_estimate(figures.get("gain")),
        test=f"cutoffs from {contract.test_from.isoformat()} on, read once",
    )


def _estimate(figures: Mapping[str, float | None] | None) -> Estimate | None:
    if not figures or any(value is None for value in figures.values()):
        return None
    return Estimate(**{name: float(value or 0.0) for name, value in figures.items()})


def count_intake(tallies: Iterable[DataFrame]) -> tuple[tuple[Intake, ...], tuple[Quarantined, ...]]:
    """Lines landed, events and copies by source, and what was refused by rule. Bounded: a row a source and outcome."""
    rows = [
        row
        for tally in tallies
        for row in tally.groupBy("source", "outcome").agg(F.sum("rows").alias("rows")).toArrow().to_pylist()
    ]
    sources = sorted({row["source"] for row in rows})
    intake = tuple(_intake(source, [row for row in rows if row["source"] == source]) for source in sources)
    refused = [row for row in rows if row["outcome"] not in (*_EVENTS, _COPIES)]
    ordered = sorted(refused, key=lambda row: (row["source"], -row["rows"]))
    return intake, tuple(Quarantined(row["source"], row["outcome"], row["rows"]) for row in ordered)


def _intake(source: str, rows: Sequence[Mapping[str, Any]]) -> Intake:
    counts = {row["outcome"]: row["rows"] for row in rows}
    return Intake(source, sum(counts.values()), sum(counts.get(name, 0) for name in _EVENTS), counts.get(_COPIES, 0))


def steps_of(ledger: DataFrame, run_id: str) -> tuple[LedgerEntry, ...]:
    """The steps of one run, each once, in order. Bounded: a row a step of the run."""
    steps = (
        ledger.where(F.col("run_id") == run_id)
        .groupBy("at", "job", "state", "seconds", "rows_in", "rows_out")
        .agg(F.count(F.lit(1)).cast("int").alias("intervals"))
        .orderBy("at")
    )
    names = ("job", "seconds", "rows_in", "rows_out", "intervals", "state")
    return tuple(LedgerEntry(**{name: row[name] for name in names}) for row in steps.toArrow().to_pylist())


def origins(model: ModelContract, champion: Registered, project: Project, source: EventContract) -> tuple[Origin, ...]:
    """The model, the feature groups and the source that the page rests on, with versions and fingerprints."""
    return (
        Origin(f"model {model.model}", champion.version, champion.model.feature_fingerprint),
        *(
            Origin(_kept_in(project, name), f"v{project.readable[name].version}", project.read_identity(name))
            for name in model.groups
        ),
        Origin(f"events {source.source}", f"v{source.version}", source.fingerprint),
    )


def _kept_in(project: Project, name: str) -> str:
    """A group's table; of another project's, what it is called there."""
    return project.readable[name].table if not is_published(name) else f"{name} of {project.taken[name].group.project}"
