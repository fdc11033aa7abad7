"""Watch the one process that runs a graph: where its driver dies, start it again once, the guilty jobs first and alone.

It waits, and imports nothing of a run's; what the run tells it goes to a file, which is read when the run has died.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from headrace.cli.standing import STARTED_BY, TO, Standing, standing_of
from headrace.cli.submission import is_placed
from headrace.ground.errors import DONE, LOST, REFUSED, HeadraceError

PATIENCE = 30.0
"""Seconds that Python may outlive its JVM."""
_VALUED = frozenset(
    "--select --from --interval-start --to --interval-end --env --project --run-id --set --placement".split()
)
"""The options of ``run`` that take a value."""


@dataclass(frozen=True)
class Command:
    """What is run: the words up to ``run`` or a job's file, and those after it. ``one``: it is one job by its file."""

    start: tuple[str, ...]
    rest: tuple[str, ...]
    one: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.start, *self.rest)

    def again(self, run: str) -> Command:
        """The same, as the same run."""
        return Command(self.start, (*_without(self.rest, "--run-id"), "--run-id", run), self.one)

    def alone(self, standing: Standing) -> Command:
        """The jobs that were at something when it died, one after another, with half as many intervals at once."""
        rest = _without(self.rest, "--run-id")
        chosen = rest if self.one else (*_unselected(rest), "--select", ",".join(sorted(standing.under_way)))
        told = ("--set", "engine.parallel_jobs=1", "--set", f"engine.most_intervals={standing.half()}")
        return Command(self.start, (*chosen, "--run-id", standing.run, *told), self.one)


def command_of(words: Sequence[str]) -> Command | None:
    """What is watched of a command line: a run whose driver this process would be; None where it is another command.

    Not inside the JVM of a spark-submit (which is watched from outside), not where somebody hears the run already, and not
    with a Connect server elsewhere, whose JVM is none of ours.
    """
    at = next((at for at, word in enumerate(words) if not word.startswith("-")), len(words))
    elsewhere = any(name in os.environ for name in (TO, "PYSPARK_GATEWAY_PORT", "SPARK_REMOTE"))
    if elsewhere or words[at : at + 1] != ["run"] or not is_executed(words[at:]):
        return None
    start = (sys.executable, "-m", "headrace.cli.application", *words[: at + 1])
    return Command(start, tuple(words[at + 1 :]))


def is_executed(words: Sequence[str]) -> bool:
    """Whether ``run`` and what follows it run anything in their own application."""
    return not is_placed(words) and not {"--dry-run", "--help"}.intersection(words)


def main(words: Sequence[str]) -> int:
    """Watch a spark-submit: ``START KIND WORDS...``, with the number of words up to ``run`` or a job's file, and which of both."""
    start, kind, command = int(words[0]), words[1], tuple(words[2:])
    if TO in os.environ:  # whoever started this hears the run, and starts it again
        os.execv(command[0], command)
    return supervise(Command(command[:start], command[start:], kind == "job"))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def supervise(command: Command, say: Callable[[str], None] = _say) -> int:
    """Run it; the exit status. After a driver that died: the jobs that were running, alone, then all that is left."""
    code, standing = _run(command)
    if standing.status(code) != LOST:
        return _status(code)
    died = HeadraceError("DRIVER_DIED", jobs=", ".join(sorted(standing.under_way)) or "the plan")
    if not standing.run:
        return _status(code)
    if standing.under_way:
        say(f"{_first(died)}. Started again once: these first, one after another, {standing.half()} intervals at once.")
        code, after = _run(command.alone(standing))
        if after.status(code) == LOST:
            say(died.render())
            return died.exit_status
        if command.one or after.ended not in (DONE, REFUSED):
            return _status(code)
    else:
        say(f"{_first(died)}. Started again once.")
    code, after = _run(command.again(standing.run))
    if after.status(code) == LOST:
        say(HeadraceError("DRIVER_DIED", jobs=", ".join(sorted(after.under_way)) or "the plan").render())
        return died.exit_status
    return _status(code)


def _run(command: Command) -> tuple[int, Standing]:
    """Run it to its end, with what it told by then; Python does not outlive a JVM that was killed."""
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        told = Path(folder) / "told"
        told.touch()
        process = subprocess.Popen(list(command.words), env={**os.environ, TO: str(told), STARTED_BY: str(os.getpid())})
        with _passed_on(process, told):
            code = process.wait()
        standing = _read(told)
        if standing.status(code) == LOST and standing.process is not None:
            _outlive(standing.process)
            standing = _read(told)
    return code, standing


def _read(told: Path) -> Standing:
    with told.open(encoding="ascii") as lines:
        return standing_of(lines)


@contextmanager
def _passed_on(process: subprocess.Popen[bytes], told: Path) -> Iterator[None]:
    """Signals go to Python, which may be the JVM's child; a terminal's Ctrl-C has reached the whole group by itself."""

    def pass_on(sent: int, frame: object) -> None:
        del frame
        with suppress(ProcessLookupError):
            os.kill(_read(told).process or process.pid, sent)

    interrupt = signal.SIG_IGN if _in_foreground() else pass_on
    before = [
        (sent, signal.signal(sent, then)) for sent, then in ((signal.SIGTERM, pass_on), (signal.SIGINT, interrupt))
    ]
    try:
        yield
    finally:
        for sent, then in before:
            signal.signal(sent, then)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:
        return False


def _outlive(process: int) -> None:
    """Wait for a process to end, then make it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and _is_there(process):
        time.sleep(0.1)
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _is_there(process: int) -> bool:
    """Whether it goes on; one that ended and was not fetched yet does not."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


def _status(code: int) -> int:
    return 128 - code if code < 0 else code


def _first(error: HeadraceError) -> str:
    return error.render().partition("\n")[0]


def _without(words: Sequence[str], option: str) -> tuple[str, ...]:
    """The words without an option and its value."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        if words[at] == option:
            at += 2
            continue
        if not words[at].startswith(f"{option}="):
            kept.append(words[at])
        at += 1
    return tuple(kept)


def _unselected(words: Sequence[str]) -> tuple[str, ...]:
    """The words without what says which jobs are run."""
    kept: list[str] = []
    rest = _without(words, "--select")
    at = 0
    while at < len(rest):
        taken = 2 if rest[at] in _VALUED else 1
        if rest[at].startswith("-"):
            kept += rest[at : at + taken]
        at += taken
    return tuple(kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
