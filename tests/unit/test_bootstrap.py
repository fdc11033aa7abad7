"""The bootstrap against fake executables: no network, no Java, no environment is made."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from headrace_bootstrap import environment, jars, java, launch, main, shipping, steps, system
from headrace_bootstrap.arguments import Direct, Execute, Help, Prepare, Submit, read, split
from headrace_bootstrap.command import Outcome, run
from headrace_bootstrap.foresee import foresee
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.refusal import Refusal

ROOT = Path(__file__).resolve().parents[2]
VECTOR = "jdk.incubator.vector@1"


def script(path: Path, body: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def fake_java(home: Path, version: str, modules: str = f"java.base@1\n{VECTOR}") -> Path:
    """A Java home whose executable tells this version and these modules."""
    answer = f"""[ "$1" = -version ] && echo 'openjdk version "{version}" 2025-04-15' >&2 || echo '{modules}'"""
    script(home / "bin" / "java", answer)
    return home


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty clone."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "jobs").mkdir()
    return Layout(tmp_path)


@pytest.fixture
def no_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own Java and package manager are out of sight."""
    monkeypatch.setattr(java, "PLACES", ())
    monkeypatch.setattr(system, "may_install", lambda: False)


@pytest.mark.parametrize(
    ("words", "options", "rest"),
    [
        ("", "", ""),
        ("run --env cdnow", "", "run --env cdnow"),
        ("--master local[1] jobs/x.py --from A", "--master local[1]", "jobs/x.py --from A"),
        ("--conf a=b", "--conf a=b", ""),
        ("-c a=b --verbose --supervise plan", "-c a=b --verbose --supervise", "plan"),
        ("--driver-memory=2g --name run run", "--driver-memory=2g --name run", "run"),
        ("run --master local", "", "run --master local"),
        ("--verbose=1 run", "", "--verbose=1 run"),
    ],
)
def test_options_end_at_the_first_other_word(words: str, options: str, rest: str) -> None:
    assert split(words.split()) == (tuple(options.split()), tuple(rest.split()))


def test_words_become_requests(layout: Layout) -> None:
    graph, job = str(layout.root / "jobs/graph.py"), layout.root / "jobs/score.py"
    job.touch()
    asked = {
        "": Submit((), (graph, "run")),
        "--conf a=b": Submit(("--conf", "a=b"), (graph, "run")),
        "heal --dry-run": Submit((), (graph, "heal", "--dry-run")),
        "rnu": Submit((), (graph, "rnu")),
        "jobs/score.py --from A": Submit((), (str(job), "--from", "A")),
        "--status 1": Submit(("--status", "1"), ()),
        "--kill=1": Submit(("--kill=1",), ()),
        "contract check": Direct(("contract", "check")),
        "run --help": Direct(("run", "--help")),
        "--version": Direct(("--version",)),
        "--help": Help(),
        "--master local -h": Help(),
        "--set-up": Prepare(),
        "--for-tests": Prepare(("system-test.txt",)),
        "--for-integrations": Prepare(("system-test.txt", "system-integrations.txt")),
        "--exec pytest -q": Execute(("pytest", "-q")),
    }
    assert {words: read(words.split(), layout.root) for words in asked} == asked


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ("--env cdnow", "SETUP_OPTION_UNKNOWN", "./spark-submit.sh run --env cdnow"),
        ("--mastr local", "SETUP_OPTION_UNKNOWN", "did you mean --master?"),
        ("--conf", "SETUP_OPTION_INCOMPLETE", "--conf VALUE"),
        ("jobs/scoer.py", "SETUP_APPLICATION_MISSING", "did you mean jobs/score.py?"),
        ("other.jar", "SETUP_APPLICATION_MISSING", "jobs of this project: jobs/score.py"),
    ],
)
def test_wrong_words_say_what_why_and_how_to_mend(layout: Layout, words: str, code: str, hint: str) -> None:
    (layout.root / "jobs/score.py").touch()
    with pytest.raises(Refusal) as refused:
        read(words.split(), layout.root)
    lines = str(refused.value).splitlines()
    assert [line[:8] for line in lines[1:]] == ["  why:  ", "  mend: "]
    assert refused.value.code == code
    assert lines[0].startswith(code)
    assert hint in lines[2]


@pytest.mark.parametrize(
    ("version", "modules", "reason"),
    [
        ("17.0.15", VECTOR, None),
        ("21", VECTOR, None),
        ("1.8.0_402", VECTOR, "is Java 8"),
        ("11.0.2", VECTOR, "is Java 11"),
        ("25.0.3", VECTOR, "is Java 25"),
        ("17.0.15", "java.base@17", "has no module jdk.incubator.vector"),
    ],
)
def test_java_is_judged_by_what_it_says(tmp_path: Path, version: str, modules: str, reason: str | None) -> None:
    assert java.why_not(fake_java(tmp_path, version, modules)) == reason


def test_a_broken_java_is_passed_over(tmp_path: Path) -> None:
    script(tmp_path / "bin/java", "exit 1")
    assert java.why_not(tmp_path) == "does not tell its version"


@pytest.mark.usefixtures("no_usual_places")
def test_java_home_comes_before_path_before_own_places(tmp_path: Path) -> None:
    places = {"JAVA_HOME": "a", "PATH": "b", "HOME": "c/.sdkman/candidates/java/21"}
    homes = {name: fake_java(tmp_path / place, "21.0.1") for name, place in places.items()}
    environ = {"JAVA_HOME": str(homes["JAVA_HOME"]), "PATH": str(homes["PATH"] / "bin"), "HOME": str(tmp_path / "c")}
    for name in places:
        assert java.find(environ)[0] == homes[name]
        fake_java(homes[name], "25")
    assert [one.reason for one in java.find(environ)[1]] == ["is Java 25"] * 3


@pytest.mark.usefixtures("no_usual_places")
def test_without_java_the_refusal_names_those_passed_over(tmp_path: Path) -> None:
    environ = {"JAVA_HOME": str(fake_java(tmp_path, "25")), "PATH": "", "HOME": "/nonexistent"}
    with pytest.raises(Refusal, match=r"(?s)SETUP_NO_JAVA.*17 or 21.*is Java 25.*mend: apt-get install openjdk-17"):
        java.find_or_install(environ)


def test_a_missing_java_is_installed_where_that_is_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install(*packages: str) -> Outcome:
        assert packages[0] == "openjdk-17-jre-headless"
        fake_java(tmp_path / "jvm/17", "17.0.1")
        return Outcome(0, "")

    monkeypatch.setattr(java, "PLACES", (f"{tmp_path}/jvm/*",))
    monkeypatch.setattr(system, "may_install", lambda: True)
    monkeypatch.setattr(system, "install", install)
    assert java.find_or_install({"PATH": "", "HOME": "/nonexistent"}) == tmp_path / "jvm/17"


@pytest.mark.usefixtures("no_usual_places")
def test_the_chosen_java_is_asked_again_only_when_it_changed(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = fake_java(tmp_path / "seventeen", "17")
    monkeypatch.setenv("JAVA_HOME", str(home))
    steps.make_missing(layout, [java.step(layout)])
    assert java.chosen(layout) == str(home)
    assert steps.is_done(layout, java.step(layout))
    os.utime(home / "bin/java", ns=(1, 1))
    assert not steps.is_done(layout, java.step(layout))


def counted(layout: Layout, made: list[str], *sources: Path) -> steps.Step:
    """A step that notes that it was done."""
    return steps.Step("one", "doing one", lambda: steps.digest(*sources), lambda: made.append("one"))


def test_a_step_is_done_once_for_each_content(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    lock, made = layout.requirement("dev.lock"), list[str]()
    for content in ("a", "a", "b", "b"):
        lock.write_text(content, encoding="utf-8")
        steps.make_missing(layout, [counted(layout, made, lock)])
    assert made == ["one", "one"]
    assert capsys.readouterr().err == "set-up: doing one\n" * 2


def test_a_step_that_failed_is_done_again(layout: Layout) -> None:
    def fail() -> None:
        raise Refusal("X", "a", "b", "c")

    for _ in range(2):
        with pytest.raises(Refusal):
            steps.make_missing(layout, [steps.Step("one", "", lambda: "same", fail)])


def test_two_starts_at_once_do_a_step_once(layout: Layout) -> None:
    made = list[str]()
    slow = steps.Step("one", "", lambda: "same", lambda: (time.sleep(0.1), made.append("one"))[1])
    starts = [threading.Thread(target=steps.make_missing, args=(layout, [slow])) for _ in range(3)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert made == ["one"]


def test_a_program_that_outlives_its_start_keeps_the_lock(layout: Layout) -> None:
    held = f"import fcntl, os; fcntl.flock(os.open({str(layout.root)!r}, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with steps.only_one(layout.root):
        left = "sleep 0.5 >/dev/null 2>&1 & exit 0"
        assert run(["sh", "-c", left]).good
    assert not run([sys.executable, "-c", held]).good


@pytest.mark.parametrize(("unfinished", "answers", "whole"), [(False, 0, True), (True, 0, False), (False, 1, False)])
def test_a_half_made_environment_is_known(layout: Layout, unfinished: bool, answers: int, whole: bool) -> None:
    script(layout.python, f"exit {answers}")
    layout.share.mkdir(parents=True)
    if unfinished:
        layout.unfinished.touch()
    assert environment.is_whole(layout) is whole


def test_an_environment_that_was_cut_short_is_made_anew(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    python = script(
        layout.root / "python3.11",
        f"""case "$*" in *venv\\ --clear*) rm -rf "$4"; mkdir -p "$4/bin"; echo '#!/bin/sh' > "$4/bin/python"
        echo 'echo "$*" >> {layout.root}/log' >> "$4/bin/python"; chmod +x "$4/bin/python";; esac""",
    )
    monkeypatch.setattr(environment, "_candidates", lambda: iter([python]))
    script(layout.python, "exit 0")
    layout.share.mkdir(parents=True)
    layout.unfinished.touch()
    steps.make_missing(layout, environment.steps(layout)[:1])
    log = (layout.root / "log").read_text(encoding="utf-8")
    assert "install --require-hashes" in log
    assert not layout.unfinished.exists()
    assert steps.is_done(layout, environment.steps(layout)[0])


def test_a_failed_installation_leaves_the_mark_and_shows_what_pip_said(layout: Layout) -> None:
    script(layout.python, 'case "$*" in *install*) echo no route to index; exit 1;; esac')
    with pytest.raises(Refusal, match=r"(?s)SETUP_PIP_FAILED.*no route to index.*mend:"):
        steps.make_missing(layout, environment.steps(layout)[:1])
    assert layout.unfinished.exists()


@pytest.mark.usefixtures("no_usual_places")
def test_all_that_only_root_can_install_is_told_at_once_and_before_anything_is_made(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    python = script(layout.root / "python3.11", 'case "$*" in *ensurepip*) exit 1;; esac')
    monkeypatch.setattr(environment, "_candidates", lambda: iter([python]))
    nothing = {"PATH": str(layout.root), "HOME": str(layout.root)}
    with pytest.raises(Refusal, match=r"apt-get install python3\.11-venv openjdk-17-jre-headless, as root"):
        foresee(layout, nothing)
    with pytest.raises(Refusal, match=r"lacks Python's modules venv and ensurepip\n"):
        foresee(layout, {**nothing, "JAVA_HOME": str(fake_java(layout.root / "jdk", "17.0.1"))})
    script(layout.python, "exit 0")
    with pytest.raises(Refusal, match="lacks a Java 17 or 21"):
        foresee(layout, nothing)
    assert not layout.share.exists()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(system, "may_install", lambda: True)
    foresee(layout, nothing)


def test_another_python_is_refused(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_candidates", lambda: iter([script(layout.root / "python3", "exit 1")]))
    with pytest.raises(Refusal, match=r"(?s)SETUP_NO_PYTHON.*3\.11.*mend: install Python 3\.11"):
        environment.find_python()


def test_only_locked_jars_are_placed(tmp_path: Path) -> None:
    source, target = tmp_path / "ivy/jars", tmp_path / "jars"
    source.mkdir(parents=True)
    target.mkdir()
    (target / "old.jar").touch()
    for name in ("delta.jar", "extra.jar"):
        (source / name).write_text(name, encoding="utf-8")
    jars.place(source, target, {"delta.jar": hashlib.sha256(b"delta.jar").hexdigest()})
    assert [path.name for path in target.iterdir()] == ["delta.jar"]
    for lock in ({"delta.jar": "0"}, {"absent.jar": "0"}):
        with pytest.raises(Refusal, match="SETUP_JAR_DIFFERS"):
            jars.place(source, target, lock)
    assert [path.name for path in target.iterdir()] == ["delta.jar"]


def test_the_jar_files_agree_with_the_lock_of_python_packages() -> None:
    layout = Layout(ROOT)
    (package,) = jars.wanted(layout.requirement("jars.in")).packages
    version = package.rpartition(":")[2]
    assert f"\ndelta-spark=={version} " in layout.requirement("dev.lock").read_text(encoding="utf-8")
    assert f"io.delta_delta-storage-{version}.jar" in jars.locked(layout.requirement("jars.lock"))


def test_the_process_gets_the_environment_of_the_clone(layout: Layout) -> None:
    environ = {"PATH": "/bin", "SPARK_HOME": "/opt/spark", "SPARK_DIST_CLASSPATH": "/x.jar", "COLUMNS": "40"}
    made = launch.environment(layout, environ, os.terminal_size((100, 30)))
    assert made["SPARK_HOME"] == str(layout.spark_home)
    assert made["PYSPARK_PYTHON"] == str(layout.python)
    assert made["SPARK_DIST_CLASSPATH"] == f"/x.jar:{layout.jars}/*"
    assert made["SPARK_CONF_DIR"] == str(layout.root / "conf")
    assert (made["TTY_INTERACTIVE"], made["COLUMNS"], made["LINES"]) == ("1", "40", "30")
    again = launch.environment(layout, made, None)
    assert again["SPARK_DIST_CLASSPATH"] == made["SPARK_DIST_CLASSPATH"]
    assert "TTY_INTERACTIVE" not in launch.environment(layout, environ, None)


def list_of(command: tuple[str, ...], option: str) -> str:
    """The value that spark-submit hears for an option: the last one."""
    found = [command[at + 1] for at, word in enumerate(command) if word == option]
    return found[-1] if found else ""


@pytest.fixture
def stocked(layout: Layout) -> Layout:
    """A clone whose jars and wheel are there."""
    for path in (layout.jars / "b.jar", layout.jars / "a.jar", layout.wheels / "headrace-0.1.0-py3-none-any.zip"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return layout


@pytest.mark.parametrize(
    ("options", "remote"),
    [
        ("--master local[2]", False),
        ("--master=local-cluster[2,1,1024]", False),
        ("", False),
        ("--conf spark.master=local", False),
        ("--master spark://127.0.0.1:7077", True),
        ("--verbose --master=yarn", True),
        ("--verbose -c spark.master=k8s://x", True),
        ("--master local --master spark://a:1", True),
        ("--name --master", False),
    ],
)
def test_only_a_remote_master_gets_things_sent(stocked: Layout, options: str, remote: bool) -> None:
    command = launch.command(stocked, Submit(tuple(options.split()), ("x.py",)))
    assert ("--py-files" in command) is remote
    assert command[-1] == "x.py"


def test_executors_get_jars_wheel_and_packages_and_no_path_of_this_machine(stocked: Layout) -> None:
    command = launch.command(stocked, Submit(("--master", "spark://a:1"), ("x.py",)))
    assert list_of(command, "--jars") == f"{stocked.jars}/a.jar,{stocked.jars}/b.jar"
    assert list_of(command, "--py-files") == f"{stocked.wheels}/headrace-0.1.0-py3-none-any.zip"
    assert list_of(command, "--archives") == f"{stocked.archive}#environment"
    assert "spark.pyspark.python=./environment/bin/python" in command
    assert f"spark.pyspark.driver.python={stocked.python}" in command
    assert not [word for word in command if "extraClassPath" in word]


def test_what_the_user_sends_goes_along(stocked: Layout) -> None:
    options = ("--master", "yarn", "--jars=mine.jar", "--conf", "spark.submit.pyFiles=one.zip,two.py")
    command = launch.command(stocked, Submit(options, ("x.py",)))
    assert list_of(command, "--jars") == f"{stocked.jars}/a.jar,{stocked.jars}/b.jar,mine.jar"
    assert list_of(command, "--py-files").endswith("any.zip,one.zip,two.py")


@pytest.mark.parametrize(
    "own", ["--archives e.zip#e", "-c spark.archives=e.zip", "--conf spark.pyspark.python=python3"]
)
def test_who_brings_an_environment_gets_none(stocked: Layout, own: str) -> None:
    options = ("--master", "yarn", *own.split())
    command = launch.command(stocked, Submit(options, ("x.py",)))
    assert not [word for word in command if str(stocked.archive) in word or word.endswith("./environment/bin/python")]
    assert [step.name for step in shipping.steps(stocked, options)] == ["wheel"]
    assert [step.name for step in shipping.steps(stocked, options[:2])] == ["archive", "wheel"]


@pytest.mark.parametrize(
    "told", ["--deploy-mode cluster", "--deploy-mode=cluster", "-c spark.submit.deployMode=cluster"]
)
def test_a_driver_in_the_cluster_is_refused(stocked: Layout, told: str) -> None:
    with pytest.raises(Refusal, match=r"(?s)SETUP_DEPLOY_MODE.*mend: leave --deploy-mode out"):
        launch.command(stocked, Submit(("--master", "yarn", *told.split()), ("x.py",)))


def test_a_wheel_is_built_anew_when_a_source_changes(stocked: Layout) -> None:
    source = stocked.root / "lib" / "headrace" / "x.py"
    source.parent.mkdir(parents=True)
    source.write_text("1", encoding="utf-8")
    (step,) = shipping.steps(stocked, ("--archives", "e"))
    before = step.identity()
    (source.parent / "__pycache__").mkdir()
    (source.parent / "__pycache__" / "x.pyc").touch()
    assert step.identity() == before
    source.write_text("2", encoding="utf-8")
    assert step.identity() != before


def test_a_missing_system_package_is_named_and_nothing_fails(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system, "may_install", lambda: False)
    listing = layout.requirement("system-test.txt")
    there = script(layout.root / "lib/15/bin/initdb", "")
    listing.write_text(
        f"# a comment\nshell sh  # there\nserver {there.parents[2]}/*/bin/initdb\nbrowser no-such-command\n"
        f"other {there.parents[2]}/*/bin/postgres\n",
        encoding="utf-8",
    )
    system.install_for_tests(listing)
    assert capsys.readouterr().err.splitlines() == [
        f"set-up: {name} is missing and cannot be installed from here: tests that need it are skipped"
        for name in ("browser", "other")
    ]


def test_help_comes_before_any_set_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "set_up", lambda _layout: pytest.fail("set-up was started"))
    assert main.main(["--help"]) == 0
    assert main.main(["--nonsense"]) == 2
    printed = capsys.readouterr()
    assert "--for-tests" in printed.out
    assert "SETUP_OPTION_UNKNOWN" in printed.err
