"""Who watches a run: what a driver that died leads to, with a driver that is a program of the test's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headrace.cli.supervisor import Command, command_of, supervise

DRIVER = r"""
import json, os, signal, sys, time
from pathlib import Path

here, words = Path(__file__).parent, sys.argv[1:]
number = len(list(here.glob("start*")))
(here / f"start{number}").write_text(json.dumps(words))
does = json.loads((here / "plan.json").read_text())[number]

def tell(event, **about):
    with open(os.environ["HEADRACE_TELLS"], "a") as file:
        file.write("\x1eheadrace " + json.dumps({"event": event, **about}) + "\n")

if does == "usage":
    sys.exit(2)
tell("began", process=os.getpid(), run="night")
tell("started", job="ingest", pieces=[["a", "b"]], why="x")
tell("finished", job="ingest")
if does == "planning":
    os.kill(os.getpid(), signal.SIGKILL)
tell("started", job="tiles", pieces=[["a", "b"]] * 9, why="x")
tell("started", job="labels", pieces=[["a", "b"]], why="x")
if does == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if does == "jvm ended":
    sys.exit(52)
if does == "gone":
    tell("broke", code="SPARK_GONE", status=1)
    sys.exit(1)
if does == "waits":
    def ended(sent, frame):
        (here / "asked").write_text(str(sent))
        sys.exit(128 + sent)
    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    time.sleep(60)
tell("ended", status=does)
sys.exit(does)
"""
ASKED = ("build", "--from", "2024-03-01", "--project=p", "--verbose", "--full-refresh", "--run-id", "old")


def plan(folder: Path, *does: object) -> Command:
    (folder / "driver.py").write_text(DRIVER)
    (folder / "plan.json").write_text(json.dumps(does))
    return Command((sys.executable, str(folder / "driver.py"), "run"), ASKED)


def starts(folder: Path) -> list[list[str]]:
    return [json.loads((folder / f"start{n}").read_text()) for n in range(len(list(folder.glob("start*"))))]


@pytest.mark.parametrize("ended", [0, 1, 3, 4, 75])
def test_a_run_that_says_how_it_ends_is_started_once(tmp_path: Path, ended: int) -> None:
    said: list[str] = []
    assert supervise(plan(tmp_path, ended), said.append) == ended
    assert starts(tmp_path) == [["run", *ASKED]]
    assert said == []


def test_a_mistake_is_no_death(tmp_path: Path) -> None:
    assert supervise(plan(tmp_path, "usage"), print) == 2
    assert len(starts(tmp_path)) == 1


@pytest.mark.parametrize("death", ["killed", "jvm ended", "gone"])
def test_a_driver_that_died_is_started_again_with_the_guilty_jobs_alone_then_with_all(
    tmp_path: Path, death: str
) -> None:
    said: list[str] = []
    assert supervise(plan(tmp_path, death, 0, 3), said.append) == 3
    kept = ["--from", "2024-03-01", "--project=p", "--verbose", "--full-refresh"]
    alone = ["--select", "labels,tiles", "--run-id", "night", "--set", "engine.parallel_jobs=1"]
    assert starts(tmp_path)[1:] == [
        ["run", *kept, *alone, "--set", "engine.most_intervals=4"],
        ["run", "build", *kept, "--run-id", "night"],
    ]
    assert len(said) == 1
    assert said[0].startswith("DRIVER_DIED: the driver that ran labels, tiles died. Started again once: these first")


def test_a_job_by_its_file_is_alone_already(tmp_path: Path) -> None:
    whole = plan(tmp_path, "killed", 0)
    assert supervise(Command(whole.start[:2], ("--from", "2024-03-01"), one=True), print) == 0
    again = ["--run-id", "night", "--set", "engine.parallel_jobs=1", "--set", "engine.most_intervals=4"]
    assert starts(tmp_path)[1:] == [["--from", "2024-03-01", *again]]


@pytest.mark.parametrize("does", [("killed", "killed"), ("killed", 0, "killed"), ("planning", "planning")])
def test_it_is_started_again_once(tmp_path: Path, does: tuple[object, ...]) -> None:
    said: list[str] = []
    assert supervise(plan(tmp_path, *does), said.append) == 1
    assert len(starts(tmp_path)) == len(does)
    assert "raise spark.driver.memory" in said[-1]


def test_what_fails_alone_is_the_end_of_it(tmp_path: Path) -> None:
    assert supervise(plan(tmp_path, "killed", 1), print) == 1
    assert len(starts(tmp_path)) == 2


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_signals_go_to_the_driver_which_ends_as_it_does_alone(tmp_path: Path, sent: signal.Signals) -> None:
    watched = plan(tmp_path, "waits")
    words = [sys.executable, "-m", "headrace.cli.supervisor", "3", "graph", *watched.words]
    with subprocess.Popen(words, start_new_session=True) as parent:
        end = time.monotonic() + 30
        while not (tmp_path / "start0").exists() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        parent.send_signal(sent)
        assert parent.wait(30) == 128 + sent
    assert (tmp_path / "asked").read_text() == str(int(sent))


@pytest.mark.parametrize(
    ("words", "watched"),
    [
        (["run"], True),
        (["--verbose", "run", "build"], True),
        (["run", "--dry-run"], False),
        (["run", "--help"], False),
        (["run", "--placement", "per_job"], False),
        (["run", "--placement", "one"], True),
        (["status", "run"], False),
        ([], False),
    ],
)
def test_runs_of_a_process_of_its_own_are_watched(
    monkeypatch: pytest.MonkeyPatch, words: list[str], watched: bool
) -> None:
    for name in ("HEADRACE_TELLS", "PYSPARK_GATEWAY_PORT", "SPARK_REMOTE"):
        monkeypatch.delenv(name, raising=False)
    found = command_of(words)
    assert (found is not None) == watched
    if found is not None:
        assert found.words == (sys.executable, "-m", "headrace.cli.application", *words)
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    assert command_of(words) is None, "inside spark-submit's JVM"


def test_a_run_that_somebody_hears_already_is_not_watched_once_more(tmp_path: Path) -> None:
    driver = ("-c", "import os; print(os.getpid(), os.environ['HEADRACE_TELLS'])")
    watch = [sys.executable, "-m", "headrace.cli.supervisor", "3", "graph", sys.executable, *driver, "run"]
    environ = {**os.environ, "HEADRACE_TELLS": "-"}
    with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True, env=environ) as process:
        told, _ = process.communicate()
    assert told == f"{process.pid} -\n"


def test_who_only_waits_imports_little() -> None:
    """No pyspark, no pydantic, no typer: what a run costs once is not paid twice."""
    look = "import sys, headrace.cli.supervisor; print(sorted({'pyspark', 'pydantic', 'typer', 'rich', 'yaml'} & set(sys.modules)))"
    told = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert told.stdout == "[]\n"
