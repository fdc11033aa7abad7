"""Which of headrace's jobs this company runs."""

from headrace.jobs import build_features, build_tiles, ingest_events


def graph(project):
    """Ingest -> tiles -> features."""
    return tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))
