"""A newcomer's mistakes: status 2, the file and the path of the key, what is allowed, no stack trace, no Spark."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny

from headrace.cli import main

EVENTS, FEATURES = "conf/contracts/events/visits.yaml", "conf/contracts/features/visiting.yaml"
LOCAL = "conf/local.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny.make_project(tmp_path, days=1)


@pytest.fixture
def call(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command that must end with 2 before Spark is asked for; everything that it printed."""

    def no_session(*_: object) -> None:
        pytest.fail("Spark was started for a mistake that can be seen without it")

    monkeypatch.setattr("headrace.ground.session.open_session", no_session)

    def run(*words: str) -> str:
        assert main([*words, "--project", str(project)]) == 2
        captured = capsys.readouterr()
        return captured.out + captured.err

    return run


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (EVENTS, "lateness:", "latness:", "visits.yaml:7: latness: unknown key. Did you mean 'lateness'?"),
        (EVENTS, "version: 1", "version: one", "visits.yaml:2: version: must be a whole number; found 'one'"),
        (FEATURES, "[7d]", "7d", "visiting.yaml:10: features.1.windows: must be a list, in brackets"),
        (FEATURES, "expression: paid", "expression: paid +", "features.1.expression: 'paid +' does not parse"),
        (FEATURES, "expression: paid", "expression: payd", "visiting.yaml:10: paid.expression: no column 'payd'"),
        (FEATURES, "expression: paid", "expression: payd", "Did you mean 'paid'?"),
        (FEATURES, "expression: paid", "expression: reflect(paid)", "'reflect' is not on the allow-list"),
        (FEATURES, "expression: paid", "expression: (SELECT 1)", "'subquery' is not on the allow-list"),
        (FEATURES, "source: visits", "source: visit", "source names 'visit', which is not declared"),
        (LOCAL, "seed: 1", "sede: 1", "local.yaml:1: sede: unknown key. Did you mean 'seed'?"),
        (LOCAL, "seed: 1", "seed: !!python/name:os.system ''", "DOCUMENT_UNSAFE"),
        (LOCAL, "seed: 1", "a: &a [x, x]\nb: [*a, *a]", "local.yaml:1: an anchor or alias"),
        (LOCAL, "seed: 1", f"seed: 1 # {'x' * 262_144}", "DOCUMENT_TOO_LARGE"),
        (LOCAL, "seed: 1", "seed: 1\nseed: 2", "local.yaml:2: the key 'seed' stands twice"),
        ("headrace.yaml", "tiny_graph:graph", "tiny_grap:graph", "GRAPH_UNLOADABLE"),
    ],
)
def test_a_mistake_in_a_file(call, project, file, old, new, told):
    path = project / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    said = call("run")
    assert told in said
    assert "mend:" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "build_tiles", "--select", "ingest_events"], "a job (build_tiles) and --select ingest_events"),
        (["run", "--to", "2020-01-01"], "the interval from 2024-03-01 to 2020-01-01 is empty"),
        (["run", "--to", "2020-01-01"], "that end of 'span:' in conf/"),
        (["run", "--from", "2024-02-30"], "INSTANT_UNREADABLE"),
        (["plan", "buld_tiles"], "Did you mean 'build_tiles'?"),
        (["lint", "--env", "locl"], "Did you mean 'local'?"),
        (["run", "--set", "seed=x"], "--set seed: seed: must be a whole number; found 'x'"),
    ],
)
def test_a_mistake_on_the_command_line(call, words, told):
    said = call(*words)
    assert told in said
    assert "mend:" in said
    assert "Traceback" not in said


def test_a_landing_folder_that_is_not_there(call, project):
    shutil.rmtree(project / "home/landing/visits")
    said = call("run")
    assert "LANDING_MISSING" in said
    assert str(project / "home/landing/visits") in said


def test_the_stack_trace_is_there_for_whom_asks_for_it(call):
    for words in (["--verbose", "run", "--env", "locl"], ["run", "--env", "locl", "--verbose"]):
        said = call(*words)
        assert "Traceback (most recent call last)" in said
        assert "ENVIRONMENT_UNKNOWN" in said
