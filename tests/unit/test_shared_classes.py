"""Spark's classes are shared among its starts where conf/ is such that the JVM takes the archive; no JVM here."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace_bootstrap import classes, launch
from headrace_bootstrap.arguments import Submit
from headrace_bootstrap.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A clone with an archive, and a conf/ of headrace's own files."""
    made = Layout(tmp_path / "a clone")
    for path in (
        made.classes,
        made.root / "conf/log4j2.properties",
        made.root / "conf/spark-defaults.conf",
        made.root / "conf/local.yaml",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return made


def test_a_start_maps_the_archive_and_is_told_what_it_no_longer_finds_by_its_place(layout: Layout) -> None:
    made = launch.environment(layout, {"PATH": "/bin", "SPARK_SUBMIT_OPTS": "-Dmine=1"}, None)
    assert made["SPARK_CONF_DIR"] == str(layout.no_conf)
    options = made["SPARK_SUBMIT_OPTS"]
    assert f'-XX:SharedArchiveFile="{layout.classes}"' in options
    assert f'-Dlog4j.configurationFile="{layout.root}/conf/log4j2.properties"' in options
    assert options.endswith(" -Dmine=1"), "the user's own come last, so that they win"
    defaults = layout.root / "conf/spark-defaults.conf"
    assert made["PYSPARK_SUBMIT_ARGS"] == f"--properties-file '{defaults}' pyspark-shell"
    command = launch.command(layout, Submit(("--name", "x"), ("job.py",)), {})
    assert command[1:] == ("--properties-file", str(defaults), "--name", "x", "job.py")


def test_a_start_by_a_start_says_it_once(layout: Layout) -> None:
    made = launch.environment(layout, {"PATH": "/bin", "SPARK_SUBMIT_OPTS": "-Dmine=1"}, None)
    again = launch.environment(layout, {**made, "SPARK_SUBMIT_OPTS": f"{made['SPARK_SUBMIT_OPTS']} -Dmore=1"}, None)
    assert again["SPARK_SUBMIT_OPTS"].count("SharedArchiveFile") == 1
    assert again["SPARK_SUBMIT_OPTS"].endswith("-Dmine=1 -Dmore=1")
    assert again["PYSPARK_SUBMIT_ARGS"] == made["PYSPARK_SUBMIT_ARGS"]


@pytest.mark.parametrize("own", [("--properties-file", "mine.conf"), ("--properties-file=mine.conf",)])
def test_properties_of_the_users_own_are_the_only_ones(layout: Layout, own: tuple[str, ...]) -> None:
    assert launch.command(layout, Submit(own, ("job.py",)), {})[1:] == (*own, "job.py")


@pytest.mark.parametrize("file", ["core-site.xml", "spark-env.sh", "metrics.properties", "fairscheduler.xml"])
def test_where_spark_reads_more_by_its_place_nothing_is_shared(layout: Layout, file: str) -> None:
    (layout.root / "conf" / file).touch()
    made = launch.environment(layout, {"PATH": "/bin"}, None)
    assert made["SPARK_CONF_DIR"] == str(layout.root / "conf")
    assert "SPARK_SUBMIT_OPTS" not in made
    assert launch.command(layout, Submit((), ("job.py",)), {})[1:] == ("job.py",)


def test_a_conf_folder_of_the_users_own_stays(layout: Layout) -> None:
    environ = {"PATH": "/bin", "SPARK_CONF_DIR": "/etc/spark/conf"}
    made = launch.environment(layout, environ, None)
    assert made["SPARK_CONF_DIR"] == "/etc/spark/conf"
    assert "SPARK_SUBMIT_OPTS" not in made
    assert not classes.is_shared(layout, environ)


def test_without_an_archive_all_is_as_spark_has_it(layout: Layout) -> None:
    layout.classes.unlink()
    assert launch.environment(layout, {"PATH": "/bin"}, None)["SPARK_CONF_DIR"] == str(layout.root / "conf")


def test_an_archive_that_cannot_be_made_is_told_and_holds_up_nothing(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    step = classes.step(layout, {})
    before = step.identity()
    step.make()  # there is no spark-submit
    assert not layout.classes.exists()
    assert "could not be shared" in capsys.readouterr().err
    assert step.identity() == before, "the next start does not try again"


def test_another_java_or_jar_makes_another_archive(layout: Layout) -> None:
    before = classes.step(layout, {}).identity()
    lock = layout.requirement("jars.lock")
    lock.parent.mkdir(parents=True)
    lock.write_text("0 delta.jar\n", encoding="utf-8")
    jars = classes.step(layout, {}).identity()
    layout.java_home.write_text("/opt/another\n", encoding="utf-8")
    assert len({before, jars, classes.step(layout, {}).identity()}) == 3
