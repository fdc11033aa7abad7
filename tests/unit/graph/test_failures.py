"""What an error of a job means: told from its text, as pyspark's or Py4J's, without a value of a row and without a trace."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny
from graph_fakes import day, job
from py4j.protocol import Py4JNetworkError

from headrace.graph.events import Events
from headrace.graph.failures import cause_of, mended, note_of, retryable, translate
from headrace.graph.project import Project, load_project
from headrace.graph.run import Run
from headrace.ground.errors import HeadraceError

Py4JJavaError = type("Py4JJavaError", (Exception,), {"__module__": "py4j.protocol"})
ArithmeticException = type("ArithmeticException", (Exception,), {"__module__": "pyspark.errors.exceptions.captured"})
GROUP = """\
team: t
group: visiting
version: 1
owner: a@example.com
purpose: Visits.
entity: [who]
source: visits
features:
  - name: visits
    meaning: n
    aggregate: count
    where: paid * paid > 1
    windows: [3d]
  - name: most
    meaning: m
    aggregate: max
    expression: -paid * 2
    windows: [3d]
  - name: same
    meaning: m
    aggregate: min
    expression: cast(exp(paid) as bigint)
    where: "PAID * paid > 1"
    windows: [3d]
  - name: near
    meaning: n
    aggregate: count
    where: paid * paid > 10
    windows: [3d]
"""
RULE = "rules:\n  - name: sane\n    keep: cast(id as int) > 0\n    why: w\n"
TRACE = "\n\tat org.apache.spark.Thing.run(Thing.scala:1)\n\t... 1 more\n"
CONTEXT = "\n== SQL (line 1, position 23) ==\n{line}\n{mark}\n"
OVERFLOW = "[ARITHMETIC_OVERFLOW] overflow, of 4711. Use 'try_add'. SQLSTATE: 22003"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tiny.make_project(tmp_path_factory.mktemp("failures"), days=0)
    contracts = root / "conf/contracts"
    (contracts / "features/visiting.yaml").write_text(GROUP, encoding="utf-8")
    events = contracts / "events/visits.yaml"
    events.write_text(events.read_text(encoding="utf-8") + RULE, encoding="utf-8")
    return load_project(root, "local")


def quoted(said: str, line: str, piece: str) -> str:
    """Spark's text of an error in a piece of a line of SQL."""
    return said + CONTEXT.format(line=line, mark=" " * line.index(piece) + "^" * len(piece))


def written(text: str) -> Exception:
    """The same, as a failed write has it: pyspark has no name for it, and Java's trace is in the text."""
    before = (
        "An error occurred while calling o397.save.\n: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed"
    )
    return Py4JJavaError(f"{before}{TRACE}Caused by: org.apache.spark.SparkArithmeticException: {text}{TRACE}")


SQUARE = quoted(OVERFLOW, "count(CASE WHEN ((`paid` * `paid`) > 1) THEN 1 END)", "`paid` * `paid`")


@pytest.mark.parametrize("made", [ArithmeticException, written])
def test_a_formula_that_a_row_does_not_fit_is_told_by_features_file_and_line(project: Project, made) -> None:
    """Rule 12: three features have the piece, letter by letter or not; a rule of the source has not."""
    error = translate(made(SQUARE), project)
    assert isinstance(error, HeadraceError)
    assert (error.code, error.exit_status, retryable(error)) == ("FORMULA_FAILED", 1, False)
    said = str(error)
    for name, line in (("visits", 12), ("same", 23), ("near", 28)):
        assert f"feature t.visiting.{name}.where ({file_of(project)}:{line})" in said
    assert ".most." not in said
    assert "a value does not fit (ARITHMETIC_OVERFLOW), in `paid` * `paid`" in said
    assert "4711" not in said, "no value of a row"


def file_of(project: Project) -> Path:
    return project.contracts / "features/visiting.yaml"


def test_the_piece_is_a_part_of_the_formula_and_not_only_of_its_text(project: Project) -> None:
    """``... > 1`` is also the beginning of ``... > 10``."""
    whole = "(`paid` * `paid`) > 1"
    said = str(
        translate(ArithmeticException(quoted(OVERFLOW, f"count(CASE WHEN ({whole}) THEN 1 END)", whole)), project)
    )
    assert "t.visiting.visits.where" in said
    assert "t.visiting.near" not in said


def test_a_rule_of_a_source_is_named_as_what_it_is(project: Project) -> None:
    said = '[CAST_INVALID_INPUT] The value \'x1 [CAST_OVERFLOW]\' of the type "STRING" cannot be cast to "INT"'
    error = translate(written(quoted(said, "(CAST(`id` AS INT) > 0)", "CAST(`id` AS INT)")), project)
    line = (project.contracts / "events/visits.yaml").read_text().splitlines().index(
        "    keep: cast(id as int) > 0"
    ) + 1
    assert f"rule visits.sane ({project.contracts / 'events/visits.yaml'}:{line}): a value cannot be read" in str(error)
    assert "x1" not in str(error)


@pytest.mark.parametrize(
    ("said", "named", "piece"),
    [
        ("[ARITHMETIC_OVERFLOW] overflow. SQLSTATE: 22003", "most.expression", "a minus sign or abs()"),
        ('[CAST_OVERFLOW] The value 9E83D of the type "DOUBLE" cannot be cast to "BIGINT" due to an overflow.',
         "same.expression", "a cast to BIGINT"),
    ],
)  # fmt: skip
def test_where_spark_does_not_say_which_piece_every_formula_with_such_a_one_is_named(
    project: Project, said: str, named: str, piece: str
) -> None:
    error = str(translate(ArithmeticException(said), project))
    assert f"feature t.visiting.{named} (" in error
    assert f"in {piece}" in error
    assert error.count("t.visiting.") == 1


@pytest.mark.parametrize(
    "said",
    [
        '[CAST_OVERFLOW] The value 1D of the type "DOUBLE" cannot be cast to "DECIMAL(5,2)" due to an overflow.',
        '[ARITHMETIC_OVERFLOW] overflow.\n== DataFrame ==\n"plus" was called from\njob.py:7',
        quoted(OVERFLOW, "(`other` * 2)", "`other` * 2"),
        "[DIVIDE_BY_ZERO] Division by zero.",
    ],
)
def test_what_stands_in_no_contract_is_left_to_be_told_as_the_jobs(project: Project, said: str) -> None:
    error = ArithmeticException(said)
    assert translate(error, project) is error


def test_what_an_expression_raised_gets_the_place_of_its_feature(project: Project) -> None:
    raised = 'HEADRACE{"code": "FEATURE_OVERFLOW", "feature": "visiting.visits, visiting.most"} SQLSTATE: P0001'
    said = str(translate(written(f"[USER_RAISED_EXCEPTION] {raised}"), project))
    assert (
        f"feature 'visiting.visits, visiting.most' ({file_of(project)}:9, {file_of(project)}:14): a value or a sum"
        in said
    )
    assert "feature 'visiting.visits, visiting.most': a value" in str(translate(written(raised)))


DIED = "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed). Consider setting 'spark.python'"
LOST = (
    "Job aborted due to stage failure: ExecutorLostFailure (executor 1 exited caused by one of the running tasks) {why}"
)
CAUSES = {
    "TASK_MEMORY": f"boom{TRACE}Caused by: java.lang.OutOfMemoryError: Java heap space{TRACE}",
    "WORKER_DIED": f"boom{TRACE}Caused by: {DIED}{TRACE}Caused by: java.net.SocketException: Connection reset{TRACE}",
    "EXECUTOR_LOST": LOST.format(why="Reason: Remote RPC client disassociated"),
    "WRITE_CONFLICT": f"io.delta.exceptions.ConcurrentAppendException: [DELTA_CONCURRENT_APPEND] Files were added{TRACE}",
    "SPARK_GONE": "Answer from Java side is empty",
    "DISK_FULL": f"An error occurred while calling o4.save.\n: java.io.IOException: No space left on device{TRACE}",
    "FILE_TORN": f"boom{TRACE}Caused by: org.apache.hadoop.fs.ChecksumException: Checksum error: file:/t/0.json at 0{TRACE}",
}
FINAL = ("SPARK_GONE", "DISK_FULL", "FILE_TORN")


@pytest.mark.parametrize("code", CAUSES)
def test_a_cause_that_lies_in_no_row_is_told_in_a_line_and_says_whether_to_try_again(code: str) -> None:
    error = translate(Py4JJavaError(CAUSES[code]))
    assert isinstance(error, HeadraceError)
    assert error.code == code
    assert retryable(error) == (code not in FINAL)
    assert "\tat " not in note_of(error)
    assert len(note_of(error).splitlines()) == 3
    assert len(error.parameters["cause"]) > 10


def test_an_executor_that_ran_out_of_memory_is_out_of_memory() -> None:
    assert translate(Py4JJavaError(LOST.format(why="Container killed, exit code 137"))).code == "TASK_MEMORY"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no"), "ValueError: no"),
        (KeyError(), "KeyError"),
        (written("[ARITHMETIC_OVERFLOW] overflow"), "SparkArithmeticException: [ARITHMETIC_OVERFLOW] overflow"),
        (Py4JJavaError(f"An error occurred while calling o4.save.\n: java.io.IOException: Stale file handle{TRACE}"),
         "IOException: Stale file handle"),
        (Py4JJavaError("boom\nCaused by: x.PythonException: [PYTHON_EXCEPTION] Traceback (most recent call last):\n"
                       f"  File \"job.py\", line 3, in run\n    raise ValueError(who)\nValueError: customer 'bob' broke\n{TRACE}"),
         "ValueError: customer (hidden) broke"),
    ],
)  # fmt: skip
def test_any_other_failure_is_told_by_its_last_cause_in_one_line(error: Exception, told: str) -> None:
    assert translate(error) is error
    assert not retryable(error)
    assert cause_of(error) == note_of(error) == told


def test_a_run_whose_spark_has_ended_says_so_instead_of_falling_over_its_own_ledger() -> None:
    """Nothing can be written down any more: the failure itself is lost, what was committed is not."""
    failed: Future[Any] = Future()
    failed.set_exception(Py4JNetworkError("Answer from Java side is empty"))

    class Gone:
        def append(self, entries: object) -> None:
            raise Py4JNetworkError("An error occurred while trying to connect to the Java server (127.0.0.1:1)")

    def look() -> Any:
        return SimpleNamespace(asked=day(0))

    nothing: Any = None
    gone: Any = Gone()
    run = Run(nothing, (), look, gone, nothing, nothing, "r")
    with pytest.raises(HeadraceError) as raised:
        run._settle(job("tiles"), failed)
    assert (raised.value.code, raised.value.exit_status) == ("SPARK_GONE", 1)
    assert "Spark has ended: tiles was running; Py4JNetworkError: An error occurred" in str(raised.value)
    assert isinstance(raised.value.__cause__, Py4JNetworkError)


def test_python_s_own_error_of_a_full_disk_is_one_of_the_catalogue() -> None:
    """What MLflow or a page writes comes as Python's error, or as sqlite's."""
    for error in (OSError(28, "No space left on device", "/m/model.json"), KeyError("database or disk is full")):
        meant = mended(error)
        assert isinstance(meant, HeadraceError)
        assert (meant.code, meant.exit_status, meant.__cause__) == ("DISK_FULL", 1, error)
    other = ValueError("no heartbeat in the file")
    assert mended(other) is other


def test_a_ledger_that_cannot_be_written_leaves_the_failure_told_and_the_run_going() -> None:
    said: list[str] = []

    class Full:
        def append(self, entries: object) -> None:
            raise Py4JNetworkError(CAUSES["DISK_FULL"])

    failed: Future[Any] = Future()
    failed.set_exception(Py4JJavaError(CAUSES["DISK_FULL"]))
    nothing: Any = None
    full: Any = Full()
    heard = Events(warned=lambda job, text: said.append(text))
    run = Run(nothing, (), lambda: SimpleNamespace(asked=day(0)), full, nothing, nothing, "r", events=heard)
    run._settle(job("tiles"), failed)
    assert run.results["tiles"].state == "failed"
    assert said == [
        "the ledger does not have this failure: DISK_FULL: there is no room to write: IOException: No space left on device"
    ]
