"""The graph: every job of the demo. Which runs when follows from what each reads and writes."""

from __future__ import annotations

import sys

from headrace.cli import main
from headrace.graph.job import Job
from headrace.graph.project import Project
from headrace.jobs import (
    build_features,
    build_tiles,
    build_training_set,
    check_online,
    generate_events,
    ingest_events,
    land,
    maintain,
    monitor,
    publish_groups,
    publish_online,
    release_model,
    score_users,
    train_model,
    validate_model,
)


def graph(project: Project) -> tuple[Job, ...]:
    """Land (or generate_events) -> ingest_events -> build_tiles -> build_features -> ... -> monitor -> maintain."""
    upstream = generate_events if "generate" in project.settings else land
    jobs = (
        upstream.job(project),
        ingest_events.job(project),
        build_tiles.job(project),
        build_features.job(project),
        *publish_groups.jobs(project),
        *publish_online.jobs(project),
        *check_online.jobs(project),
        *build_training_set.jobs(project),
        *train_model.jobs(project),
        *validate_model.jobs(project),
        *release_model.jobs(project),
        *score_users.jobs(project),
        *monitor.jobs(project),
    )
    return (*jobs, maintain.job(project, jobs))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or ["run"]))
