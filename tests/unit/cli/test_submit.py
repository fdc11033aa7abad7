"""A project's spark-submit.sh: which words are spark-submit's, and that Delta is always among them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from headrace.cli import application, submit
from headrace.ground.artifacts import DELTA_PACKAGE, EXCLUDED
from headrace_bootstrap.jars import wanted

ROOT = Path(__file__).resolve().parents[3]
APPLICATION = str(application.__file__)


class Became(Exception):
    """The process that would have been become."""


@pytest.fixture
def become(monkeypatch, tmp_path):
    """What the words lead to: the words of spark-submit, or the exit status."""
    monkeypatch.chdir(tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    monkeypatch.setattr(os, "environ", kept)
    monkeypatch.setattr(submit, "spark_home", lambda: Path("/spark"))

    def execv(path, words):
        watched = list(words[:3]) == [sys.executable, "-m", "headrace.cli.supervisor"]
        raise Became(list(words[5:] if watched else words))

    monkeypatch.setattr(os, "execv", execv)

    def call(*words):
        with pytest.raises(Became) as raised:
            submit.main(words)
        return raised.value.args[0]

    return call


def test_without_words_it_runs_the_graph(become):
    command = become()
    assert command[0] == "/spark/bin/spark-submit"
    assert command[-2:] == [APPLICATION, "run"]
    assert os.environ["SPARK_HOME"] == "/spark"
    assert os.environ["SPARK_CONF_DIR"] == str(Path("conf").resolve())
    assert os.environ["PYSPARK_PYTHON"] == sys.executable


@pytest.mark.parametrize(
    ("words", "options", "rest"),
    [
        (["run", "build_features", "--from", "2026-01-05"], [], ["run", "build_features", "--from", "2026-01-05"]),
        (["--master", "local[4]", "plan"], ["--master", "local[4]"], ["plan"]),
        (["--name", "run", "-v", "--conf=a=b", "status"], ["--name", "run", "-v", "--conf=a=b"], ["status"]),
        (["--conf", "spark.x=1"], ["--conf", "spark.x=1"], []),
        ([], [], []),
    ],
)
def test_spark_submits_own_options_come_first(words, options, rest):
    assert submit.split(words) == (tuple(options), tuple(rest))


def test_a_python_file_is_submitted_as_it_is(become):
    assert become("--master", "local[1]", "jobs/x.py", "--now")[-2:] == ["jobs/x.py", "--now"]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ([], ["--packages", "delta"]),
        (["--packages", "a:b:1"], ["--packages", "a:b:1", "--packages", "delta,a:b:1"]),
        (["--packages=a:b:1", "-v"], ["--packages", "a:b:1", "-v", "--packages", "delta,a:b:1"]),
        (["--jars", "x.jar"], ["--jars", "x.jar", "--packages", "delta"]),
    ],
)
def test_delta_is_added_to_what_the_user_asks_for(given, made):
    """Of two options of one name spark-submit takes the last."""
    assert submit.added(given, "--packages", ["delta"]) == tuple(made)


def test_delta_comes_from_the_environments_jars_or_by_name(become, monkeypatch):
    from headrace.ground import artifacts

    monkeypatch.setattr(artifacts, "jars", lambda: ["/j/a.jar", "/j/b.jar"])
    command = become("--jars", "mine.jar", "run")
    assert command[command.index(APPLICATION) - 1] == "/j/a.jar,/j/b.jar,mine.jar"
    assert "--packages" not in command
    monkeypatch.setattr(artifacts, "jars", list)
    command = become("run")
    assert command[command.index("--packages") + 1] == DELTA_PACKAGE
    assert command[command.index("--exclude-packages") + 1].split(",") == list(EXCLUDED)


def test_what_spark_resolves_is_what_the_set_up_resolves():
    asked = wanted(ROOT / "requirements/jars.in")
    assert asked.packages == (DELTA_PACKAGE,)
    assert sorted(asked.excluded) == sorted(EXCLUDED)


def test_what_needs_no_spark_starts_none(become, capsys):
    assert submit.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("headrace ")
    assert submit.main(["run", "--help"]) == 0
    assert submit.main(["lint"]) == 2
    assert "PROJECT_MISSING" in capsys.readouterr().err


def test_without_spark_it_says_how_to_get_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(submit, "find_spec", lambda name: None)
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert submit.main(["run"]) == 2
    assert "PACKAGE_MISSING: pyspark is not installed" in capsys.readouterr().err
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/spark-submit").touch()
    assert submit.spark_home() == tmp_path
