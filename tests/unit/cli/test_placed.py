"""A run of several applications whose spark-submit is a program of the test's: what is started, heard, shown and ended."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import tiny
from rich.console import Console

from headrace.cli import main
from headrace.cli.child import Process
from headrace.cli.placed import Placed
from headrace.cli.standing import Standing, standing_of
from headrace.cli.submission import SUBMIT, is_placed, submission, submitted_master
from headrace.graph.job import Job
from headrace.ground.errors import LOST
from headrace.tables.lease import holders

FAKE = r"""
import json, os, signal, sys, time
from pathlib import Path

here, words = Path(__file__).parent, sys.argv[1:]
name = words[words.index("--select") + 1]
with (here / "starts.jsonl").open("a") as file:
    file.write(json.dumps([name, words]) + "\n")

def tell(event, **about):
    print("\x1eheadrace " + json.dumps({"event": event, **about}), flush=True)

def finished(job, state="done", **more):
    kept = dict(seconds=1.5, rows_in=10, rows_out=7, intervals=2, note="never done", error=None, withheld="")
    tell("finished", job=job, state=state, **{**kept, **more})

plan = json.loads((here / "plan.json").read_text()).get(name, "done")
tries = sum(json.loads(line)[0] == name for line in (here / "starts.jsonl").read_text().splitlines())
plan = plan if isinstance(plan, str) else plan[min(tries, len(plan)) - 1]
print("what people would read", flush=True)
if plan == "usage":
    print("CONFIG_WRONG: so it is")
    sys.exit(2)
tell("began", process=os.getpid())
pieces = [[f"2024-03-0{day}T00:00:00+00:00", f"2024-03-0{day + 1}T00:00:00+00:00"] for day in (1, 2, 3, 4, 5)]
for job in name.split(","):
    tell("started", job=job, pieces=pieces, why="never done")
    if plan == "slow":
        stage = dict(job=job, number=12, done=3, tasks=8, rows=1200000, spilled=0)
        tell("at", stages=[stage], left=[20.0, 40.0, 60.0])
        time.sleep(2)
    if plan == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if plan == "waits":
        def ended(*_):
            (here / f"{name}.ended").touch()
            sys.exit(143)
        signal.signal(signal.SIGTERM, ended)
        time.sleep(60)
    if plan == "failed":
        finished(job, "failed", note="TASK_MEMORY: no room", error="TASK_MEMORY")
        tell("ended", status=1)
        sys.exit(1)
    if plan == "withheld":
        finished(job, "refused", note="held back", error="ROWS_REFUSED", withheld="ROWS_REFUSED: held back\n  mend: look")
        tell("ended", status=3)
        sys.exit(3)
    finished(job)
tell("ended", status=0)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny project, whose applications are a program that does as ``plan.json`` says."""
    root = tiny.make_project(tmp_path / "project", days=1)
    (tmp_path / "fake.py").write_text(FAKE)
    (tmp_path / "plan.json").write_text("{}")
    monkeypatch.setenv(SUBMIT, json.dumps([sys.executable, str(tmp_path / "fake.py")]))
    return root


def plan(project: Path, **ends: object) -> None:
    (project.parent / "plan.json").write_text(json.dumps(ends))


def starts(project: Path) -> list[tuple[str, list[str]]]:
    return [tuple(json.loads(line)) for line in (project.parent / "starts.jsonl").read_text().splitlines()]


def run(project: Path, *words: str) -> int:
    return main(["run", "--placement", "per_job", "--project", str(project), *words])


def test_a_command_line_each_with_what_the_run_was_asked_for(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--from", "2024-03-01", "--to", "2024-03-06", "--run-id", "night", "--set", "seed=2", "--full-refresh")
    assert run(project, *asked) == 0
    assert [name for name, _ in starts(project)] == ["ingest_events", "build_tiles", "build_features"]
    assert starts(project)[1][1] == [
        "run", "--select", "build_tiles", "--env", "local", "--run-id", "night", "--placement", "one",
        "--project", str(project), "--from", "2024-03-01", "--to", "2024-03-06", "--full-refresh", "--set", "seed=2",
    ]  # fmt: skip
    said = capsys.readouterr().out
    assert "build_tiles: 2024-03-01..2024-03-06 (5 intervals; never done)" in said
    assert "build_tiles: done, 7 rows, 1.5 s" in said
    (row,) = (line.split() for line in said.splitlines() if line.startswith("build_features "))
    assert row == ["build_features", "done", "10", "7", "1.5", "2", "never", "done"]
    assert "what people would read" not in said
    assert holders(project / "home/warehouse/_locks/leases") == ()


Ended = Callable[[str, int], str]


@pytest.fixture
def ended(project: Path, capsys: pytest.CaptureFixture[str]) -> Ended:
    """A run whose tiles end in a way that nothing goes on after; what it said."""

    def end(way: str, status: int) -> str:
        plan(project, build_tiles=way)
        assert run(project, "--run-id", "night") == status
        said = capsys.readouterr().out
        (row,) = (line.split() for line in said.splitlines() if line.startswith("build_features "))
        assert row[:2] == ["build_features", "skipped"]
        assert [name for name, _ in starts(project)] == ["ingest_events", "build_tiles"]
        return said

    return end


def test_a_failed_job_is_told_of_and_what_is_below_is_skipped(ended: Ended) -> None:
    said = ended("failed", 1)
    assert "build_tiles: TASK_MEMORY: no room" in said
    assert "Next, when mended: headrace run --placement per_job --env local" in said
    assert "Timeline and cost: headrace status night --env local" in said


def test_rows_that_are_held_back_are_told_of_and_what_is_below_is_skipped(ended: Ended) -> None:
    said = ended("withheld", 3)
    assert "ROWS_REFUSED: held back\n  mend: look" in said
    assert "GATE_REFUSED" not in said


def test_how_far_an_application_is_stands_in_the_log(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.cli.progress.EVERY", 0.1)
    plan(project, build_tiles="slow")
    assert run(project) == 0
    told = "build_tiles: stage 12, 3/8 tasks, 1,200,000 rows read; about 40 s left (20 to 60)"
    lines = [line.partition("s] ")[2] for line in capsys.readouterr().out.splitlines()]
    assert told in lines
    assert lines.index("build_tiles: 2024-03-01..2024-03-06 (5 intervals; never done)") < lines.index(told)
    assert not [line for line in lines if "stage" in line and not line.startswith("build_tiles")]


def test_how_far_an_application_is_stands_beside_its_job_on_a_terminal() -> None:
    names = ("tiles", "features")
    jobs = tuple(Job(name, lambda *_: None, {}, ()) for name in names)
    placed = Placed(jobs, Console(file=io.StringIO(), force_terminal=True, width=200, color_system=None))
    stage = {"job": "tiles", "number": 12, "done": 3, "tasks": 8, "rows": 0, "spilled": 0}
    pieces = [["2024-03-01T00:00:00+00:00", "2024-03-02T00:00:00+00:00"]]
    at_work = Standing()
    placed.children["tiles"] = cast("Process", SimpleNamespace(standing=at_work))
    for told in (
        {"event": "started", "job": "tiles", "pieces": pieces, "why": "never done"},
        {"event": "at", "stages": [stage], "left": [20, 40, 60]},
    ):
        at_work.hear(told)
        placed.hear(told)
    placed.out.print(placed.progress._live())
    (row,) = (line for line in placed.out.file.getvalue().splitlines() if line.startswith("tiles"))
    assert row.split(maxsplit=4)[:2] == ["tiles", "running"]
    assert row.rstrip().endswith("~40 s left; stage 12, 3/8 tasks")


def test_a_driver_that_was_killed_is_started_again_with_half_as_many_intervals_at_once(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan(project, build_tiles=["killed", "done"])
    assert run(project) == 0
    again = starts(project)[2]
    assert (again[0], again[1][-2:]) == ("build_tiles", ["--set", "engine.most_intervals=2"])
    assert "tried again after DRIVER_DIED: the driver that ran build_tiles died" in capsys.readouterr().out


def test_one_that_dies_each_time_has_failed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan(project, build_tiles="killed")
    assert run(project) == 1
    assert [name for name, _ in starts(project)] == ["ingest_events", "build_tiles", "build_tiles"]
    assert "raise spark.driver.memory" in capsys.readouterr().out


def test_one_that_never_began_is_heard_in_its_own_words(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan(project, ingest_events="usage")
    assert run(project) == 1
    assert "CONFIG_WRONG: so it is" in capsys.readouterr().out


def test_groups_are_applications(project: Path) -> None:
    with (project / "conf/base.yaml").open("a") as file:
        file.write("placement: {by: groups, groups: {early: [ingest_events, build_tiles]}}\n")
    assert main(["run", "--project", str(project)]) == 0
    assert [name for name, _ in starts(project)] == ["ingest_events,build_tiles", "build_features"]


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_applications_in_order_and_tells_how_to_go_on(
    project: Path, sent: signal.Signals, status: int
) -> None:
    plan(project, ingest_events="waits")
    words = ["-c", "from headrace.cli import main; raise SystemExit(main())", "run", "--placement", "per_job"]
    with subprocess.Popen(
        [sys.executable, *words, "--project", str(project)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=dict(os.environ),
    ) as parent:  # fmt: skip
        end = time.monotonic() + 60
        while not (project.parent / "starts.jsonl").exists() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        parent.send_signal(sent)
        said, _ = parent.communicate(timeout=60)
    assert parent.returncode == status, said
    assert (project.parent / "ingest_events.ended").exists(), "Python was asked, and did what it does at its end"
    assert "Next: headrace run --placement per_job --env local --project" in said


def test_who_watches_the_walk_hears_that_it_began_and_how_it_ended(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_TELLS", str(tmp_path / "told"))
    plan(project, build_tiles="failed")
    assert run(project, "--run-id", "night") == 1
    with (tmp_path / "told").open() as lines:
        standing = standing_of(lines)
    assert (standing.process, standing.run, standing.ended) == (os.getpid(), "night", 1)


def test_what_a_run_told_says_how_it_ended() -> None:
    at_work = Standing(process=7, under_way={"a": 9, "b": 1})
    assert [at_work.status(code) for code in (-9, 1, 52, 137, 143)] == [LOST, LOST, LOST, LOST, 143]
    assert at_work.half() == 4
    assert Standing().status(2) == 2, "it never began: a mistake, told in its own words"
    assert Standing().status(-9) == LOST
    assert Standing(process=7, ended=3).status(0) == 3, "what the run said counts: a JVM may end otherwise"
    assert Standing(process=7, broke="SPARK_GONE", ended=1).status(1) == LOST
    assert Standing(process=7, broke="LEASE_LOST", ended=75).status(75) == 75
    assert Standing().half() is None


def test_the_command_line_before_the_subcommand_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUBMIT, json.dumps(["/x/spark-submit.sh", "--master", "spark://h:7077"]))
    assert submission()[0] == "/x/spark-submit.sh"
    assert submitted_master() == "spark://h:7077"
    monkeypatch.delenv(SUBMIT)
    assert submission() == (sys.executable, "-m", "headrace.cli.submit")
    assert submitted_master() is None
    assert is_placed(["run", "--placement", "per_job"])
    assert is_placed(["run", "--placement=groups"])
    assert not is_placed(["run", "--placement", "one"])
    assert not is_placed(["plan"])
