"""kill -9 at thirty points of the whole graph, drawn by a seed: ``make faults``. The table of results is a page under build/.

Fifteen points or so in a first run, from nothing, and as many in a second, in which every job is due again. Each killed
run goes on from what the one killed before it left. After each, no reader sees anything half: an interval of a table is
as it was, or as it will be. In the end everything equals what two undisturbed runs made.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tiny_whole
from kill_points import MOMENTS, RUNS_OWN, Point, Seen, Watch, draw, events, halves, seen
from killing import kill_when

from headrace.tables.hash import table_hash
from headrace.tables.spec import Table

pytestmark = [pytest.mark.spark, pytest.mark.slow]
SEED, POINTS, ROUNDS = 20261128, 30, 2
PAGE = Path(__file__).resolve().parents[3] / "build/faults/kills.md"


@dataclass(frozen=True)
class State:
    """What a home holds after a run that came to its end.

    ``decisions``: those that were carried out. An attempt that a kill broke off stays in the ledger, closed as refused.
    """

    seen: Seen
    hashes: Mapping[str, str]
    decisions: list[tuple[object, ...]]
    versions: list[tuple[str, int]]


@dataclass(frozen=True)
class Killed:
    """One line of the table."""

    point: Point
    hit: str
    halves: list[str]
    rerun: str = ""
    equal: str = ""


def tables(project: Path) -> dict[str, Table]:
    """Every table whose rows are a run's results."""
    from headrace.cli.choice import Choice

    _, graph = Choice(project, "local", ()).open()
    made = {output.name: output for job in graph for output in job.outputs if isinstance(output, Table)}
    return {name: table for name, table in sorted(made.items()) if not name.startswith(RUNS_OWN)}


def state(spark: Any, project: Path) -> State:
    home, results = project / "home", tables(project)
    read = {name: spark.read.format("delta").load(str(home / "warehouse" / Path(*name.split(".")))) for name in results}
    hashes = {name: table_hash(frame, results[name].unhashed) for name, frame in read.items()}
    rows = spark.read.format("delta").load(str(home / "warehouse/ops/decisions")).collect()
    assert {row["seq"] for row in rows if row["state"] == "intent"} <= {
        row["seq"] for row in rows if row["state"] != "intent"
    }
    decisions = sorted({(row["model"], row["kind"], row["version"]) for row in rows if row["state"] == "done"})
    with closing(sqlite3.connect(home / "mlflow/mlflow.db")) as database:
        versions = sorted(database.execute("SELECT name, version FROM model_versions"))
    return State(seen(home, results), hashes, decisions, versions)


def rounds(project: Path, number: int) -> None:
    """What happens before a round."""
    if number == 1:
        tiny_whole.make_all_due(project)


@pytest.fixture(scope="module")
def undisturbed(spark: object, tmp_path_factory: pytest.TempPathFactory) -> list[State]:
    from headrace.cli import main

    project = tiny_whole.make_project(tmp_path_factory.mktemp("undisturbed"))
    found = []
    for number in range(ROUNDS):
        rounds(project, number)
        assert main(["run", "--project", str(project)]) == 0
        found.append(state(spark, project))
    assert found[0].hashes != found[1].hashes
    return found


def kill(project: Path, number: int, point: Point, before: Seen, after: Seen) -> Killed:
    """One run that is killed, and what it left."""
    run = f"kill-{number:02}"
    watch = Watch(project / "home", run, point)
    reached = kill_when(project, watch.reached, point.after, ("run", "--run-id", run))
    assert reached, f"{point.aim}: the run ended before"
    return Killed(point, watch.hit(), halves(seen(project / "home", tables(project)), before, after))


def rerun(home: Path, run: str) -> str:
    """With what the next run began."""
    began = [line for line in events(home, run) if line["event"] == "step began"]
    return f"{began[0]['job']}: {began[0]['why']}" if began else "nothing was due"


def write_page(killed: list[Killed], seconds: float) -> str:
    lines = [
        "| | aimed at | hit | a reader then sees | the next run began with | in the end |",
        "|---:|---|---|---|---|---|",
    ]
    for number, one in enumerate(killed):
        sees = "; ".join(one.halves) or "nothing half"
        lines.append(f"| {number + 1} | {one.point.aim} | {one.hit} | {sees} | {one.rerun} | {one.equal} |")
    text = "\n".join(
        [*lines, "", f"{len(killed)} kills, {len(tiny_whole.JOBS)} jobs, {seconds:.0f} s in all, seed {SEED}.", ""]
    )
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return text


def test_killed_at_thirty_points_and_run_again_everything_is_as_it_would_have_been(
    spark: object, undisturbed: list[State], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from headrace.cli import main

    began, project = time.monotonic(), tiny_whole.make_project(tmp_path)
    drawn, killed = draw(SEED, POINTS, ROUNDS), list[Killed]()
    assert {point.moment for point in drawn} == set(MOMENTS)
    assert {"train_model", "release_model", "score_users"} <= {point.job for point in drawn}
    before: Seen = {name: {} for name in tables(project)}
    for round_, whole in enumerate(undisturbed):
        rounds(project, round_)
        some = [point for point in drawn if point.round == round_]
        first = len(killed)
        for point in some:
            killed.append(kill(project, len(killed), point, before, whole.seen))
            with capsys.disabled():
                print(
                    f"\n{len(killed):2} {killed[-1].point.aim}; {killed[-1].hit}; {killed[-1].halves}",
                    end="",
                    flush=True,
                )
        last = f"end-{round_}"
        assert main(["run", "--project", str(project), "--run-id", last]) == 0, capsys.readouterr().err
        found = state(spark, project)
        runs = [*(f"kill-{number:02}" for number in range(first + 1, len(killed))), last]
        equal = "equal" if found == whole else f"differs: {differences(found, whole)}"
        killed[first:] = [
            Killed(one.point, one.hit, one.halves, rerun(project / "home", run), equal)
            for one, run in zip(killed[first:], runs, strict=True)
        ]
        before = whole.seen
    text = write_page(killed, time.monotonic() - began)
    with capsys.disabled():
        print(f"\n{text}\n{PAGE}")
    assert [one.point.aim for one in killed if one.halves] == []
    assert Counter(one.equal for one in killed) == {"equal": POINTS}
    capsys.readouterr()
    assert main(["run", "--project", str(project)]) == 0
    assert "up to date" in capsys.readouterr().out


def differences(found: State, whole: State) -> str:
    """Which tables, and which of the others."""
    named = [name for name in whole.hashes if found.hashes.get(name) != whole.hashes[name]]
    named += [
        f"{part}: {getattr(found, part)}"
        for part in ("decisions", "versions", "seen")
        if getattr(found, part) != getattr(whole, part)
    ]
    return ", ".join(named)
