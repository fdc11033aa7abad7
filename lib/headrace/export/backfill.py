"""A project's span in pieces that can be done one after another, and no interval of a job is cut in two."""

from __future__ import annotations

from datetime import timedelta
from math import ceil, lcm

from headrace.export.schedule import seconds
from headrace.graph.manifest import Manifest
from headrace.ground.interval import Interval, parse_instant, show_instant

LEAST = 28 * 86400
"""Seconds: four weeks at least, so that an application's start is paid for a good deal of work."""
MOST = 100
"""Pieces: what a target takes as one list (Databricks: 10,000 characters)."""


def pieces(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """``(from, to)`` of each piece, in order; together they are the span.

    A piece is a multiple of the length of every interval that is counted from the span's start, as the piece is. What a
    calendar lays belongs to the piece in which it is over, wherever that is cut.
    """
    span = Interval(parse_instant(manifest.start), parse_instant(manifest.end))
    whole = lcm(1, *(seconds(node) for node in manifest.jobs if node.cadence.length and not node.cadence.zone))
    least = max(LEAST, ceil((span.end - span.start).total_seconds() / MOST))
    length = timedelta(seconds=whole * ceil(least / whole))
    starts = [span.start]
    while starts[-1] + length < span.end:
        starts.append(starts[-1] + length)
    ends = [*starts[1:], span.end]
    return tuple((show_instant(start), show_instant(end)) for start, end in zip(starts, ends, strict=True))
