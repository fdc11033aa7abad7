"""What an error of a job means: an error of headrace's catalogue where one is known, and whether to try again.

Errors come as Python's own, as pyspark's, or, where pyspark knows no name for what Java has thrown (a failed write,
memory that ran out), as Py4J's. What they mean is told from their text, which is the same in all of these ways.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from headrace.graph.formulas import failed_formula, place_of
from headrace.ground.errors import HeadraceError
from headrace.ground.telling import told

if TYPE_CHECKING:
    from headrace.graph.project import Project

_RAISED = re.compile(r"HEADRACE(\{.*?\})")
_SIGNS = {
    "DISK_FULL": ("No space left on device", "Disk quota exceeded", "File too large", "database or disk is full"),
    "TASK_MEMORY": ("OutOfMemoryError", "UNABLE_TO_ACQUIRE_MEMORY", "code 137"),
    "WORKER_DIED": ("Python worker exited unexpectedly",),
    "EXECUTOR_LOST": ("ExecutorLostFailure", "FetchFailed", "heartbeat"),
    "FILE_TORN": ("ChecksumException",),
    "WRITE_CONFLICT": ("ConcurrentAppend", "ConcurrentWrite", "ConcurrentModification", "DELTA_CONCURRENT"),
    "SPARK_GONE": (
        "Answer from Java side is empty",
        "Error while sending or receiving",
        "to connect to the Java server",
    ),
}
"""Causes that lie in no row: the error of the catalogue, and what Spark, Delta or Py4J says of it. The first that fits
is taken: an executor that ran out of memory is lost too."""
_TRACE = "Traceback (most recent call last)"
_CAUSE = re.compile(r"^(?:Caused by: |: )([\w.$]+(?:Exception|Error)\b.*)$", re.MULTILINE)
_BEFORE = re.compile(r"^(?:Caused by: |: )?(?:[a-z_]\w*\.)*(?=[A-Z])")
"""What stands before the name of a Java exception in a trace."""
_MOST = 300


def translate(error: Exception, project: Project | None = None) -> Exception:
    """The catalogue's error for what a job has raised, else the error as it is.

    In this order: what an expression raised by itself inside Spark (``raise_error('HEADRACE{...}')``), a contract's
    formula that a row does not fit, a cause that lies in no row. With the project, features are told by file and line.
    """
    if isinstance(error, HeadraceError):
        return error
    text = str(error)
    raised = _RAISED.search(text)
    if raised is not None:
        return _raised(json.loads(raised[1]), project)
    failed = failed_formula(text, project) if project is not None else None
    if failed is not None:
        return failed
    for code, signs in _SIGNS.items():
        lines = [line for line in text.splitlines() if any(sign in line for sign in signs)]
        if lines:
            return HeadraceError(code, cause=_plain(min(lines, key=len)))
    return error


def mended(error: BaseException) -> BaseException:
    """What a job met outside of Spark, in a file of MLflow's or a page: a full disk by its name, all else as it is."""
    meant = translate(error) if isinstance(error, Exception) else error
    if meant is error or not isinstance(meant, HeadraceError) or meant.code != "DISK_FULL":
        return error
    meant.__cause__ = error
    return meant


def _raised(about: dict[str, str], project: Project | None) -> HeadraceError:
    code = about.pop("code")
    about["column"] = about.get("column") or str(about.get("problem", "")).partition(":")[2]
    place = place_of(about.get("feature", ""), project) if project is not None else ""
    return HeadraceError(code, **about, place=f" ({place})" if place else "")


def retryable(error: Exception) -> bool:
    """Whether the same step may succeed when tried again as it is, as the catalogue has it; never what it does not know."""
    return isinstance(error, HeadraceError) and error.condition.retryable


def note_of(error: BaseException) -> str:
    """What is written down of a failure, and shown without --verbose: never a stack trace."""
    return told(error) if isinstance(error, HeadraceError) else cause_of(error)


def cause_of(error: BaseException) -> str:
    """What the error comes down to, in one line: of a Python worker's trace its last line, of a chain of causes the last."""
    text = told(error).strip()
    if _TRACE in text:
        after = text[text.rindex(_TRACE) :].splitlines()[1:]
        return _plain(next((line for line in after if line[:1].strip()), text.partition("\n")[0]))
    causes = _CAUSE.findall(text)
    first = causes[-1] if causes else f"{type(error).__name__}: {text.partition(chr(10))[0]}".removesuffix(": ")
    return _plain(first)


def _plain(line: str) -> str:
    return _BEFORE.sub("", line.strip())[:_MOST]
