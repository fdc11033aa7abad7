"""One application: jobs that write one row each, one after another, and bare Delta commits of the same row between them.

./spark-submit.sh tests/benchmarks/graphs/empty.py PROJECT RESULT.json TIMES
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headrace.cli.assembly import assemble
from headrace.cli.loading import load_graph, open_project
from headrace.graph.run import Run

WARM = 5
"""Of each kind so many are done before any is timed."""


def main(project: str, told: str, times: str) -> int:
    """Time both, in turn, so that both have the same machine."""
    opened = open_project(Path(project), "local")
    graph = load_graph(opened)
    parts = assemble(opened, graph)
    (job,) = graph

    def job_done(number: int) -> None:
        run = Run(
            opened, graph, lambda: parts.look(opened.span, (job.name,)), parts.ledger, parts.spark, parts.sinks, f"{number}",
        )  # fmt: skip
        assert run.go() == 0, run.results

    def bare(number: int) -> None:
        frame: Any = parts.spark.range(0, 1, 1, 1).selectExpr("id", "'' AS slept")
        frame.write.format("delta").mode("overwrite").save(str(opened.home / "bare"))

    both: tuple[Callable[[int], None], ...] = (job_done, bare)
    took = [[_seconds(each, number) for each in both] for number in range(WARM + int(times))][WARM:]
    engine, commit = (statistics.median(each) for each in zip(*took, strict=True))
    Path(told).write_text(json.dumps({"job": engine, "commit": commit}), encoding="utf-8")
    parts.spark.stop()
    return 0


def _seconds(done: Callable[[int], None], number: int) -> float:
    began = time.monotonic()
    done(number)
    return time.monotonic() - began


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
