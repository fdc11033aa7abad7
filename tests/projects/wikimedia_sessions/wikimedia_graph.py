"""Readers of Wikipedia: nothing but headrace's own jobs, over other contracts."""

from __future__ import annotations

from headrace.graph.job import Job
from headrace.graph.project import Project
from headrace.jobs import build_features, build_tiles, ingest_events


def graph(project: Project) -> tuple[Job, ...]:
    """From landed lines to features."""
    return (ingest_events.job(project), build_tiles.job(project), build_features.job(project))
