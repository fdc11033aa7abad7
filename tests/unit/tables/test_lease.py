"""Leases, with real processes: who is kept out, who goes on beside whom, and who commits nothing any more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headrace.ground.errors import HeadraceError
from headrace.tables.lease import Claim, holders, leased

SHORT = timedelta(seconds=0.6)
HOLD = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from headrace.ground.errors import HeadraceError
from headrace.tables.lease import Claim, leased

folder, run, tables = Path(sys.argv[1]), sys.argv[2], frozenset(sys.argv[3].split(","))
with leased(folder, Claim(run, tables), lambda: datetime.now(UTC), timedelta(seconds=0.6)) as lease:
    print("held", flush=True)
    for line in sys.stdin:  # each line: try to commit
        try:
            lease.check()
            print("committed", flush=True)
        except HeadraceError as error:
            print(error.code, error.exit_status, flush=True)
"""


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def holding(folder: Path, run: str, tables: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lease."""
    words = [sys.executable, "-c", HOLD, str(folder), run, tables]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def asked(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("commit\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def claim(run: str, tables: str, joins: bool = False) -> Claim:
    return Claim(run, frozenset(tables.split(",")), joins)


def refused(folder: Path, wanted: Claim) -> str:
    with pytest.raises(HeadraceError, match="WAREHOUSE_BUSY") as raised, leased(folder, wanted, now, SHORT):
        pass
    assert raised.value.exit_status == 75
    return str(raised.value)


def test_who_would_write_the_same_table_is_told_who_holds_it(tmp_path: Path) -> None:
    with holding(tmp_path, "night", "a.x,a.y") as other:
        said = refused(tmp_path, claim("day", "a.y,a.z"))
        assert f"run night (process {other.pid}) writes a.y\n" in said
        with leased(tmp_path, claim("day", "a.z"), now, SHORT) as beside:
            beside.check()
            assert [member.run for member in holders(tmp_path)] == ["night", "day"]
        assert "writes a.x, a.y" in refused(tmp_path, Claim("rollback")), "who claims all is kept out by anyone"


def test_who_claims_all_keeps_everybody_out(tmp_path: Path) -> None:
    with leased(tmp_path, Claim("rollback"), now, SHORT):
        assert "writes a.x\n" in refused(tmp_path, claim("day", "a.x"))
    with leased(tmp_path, claim("day", "a.x"), now, SHORT):
        pass


def test_processes_of_one_run_are_beside_one_another_where_they_say_so(tmp_path: Path) -> None:
    with holding(tmp_path, "night", "a.x") as other:
        with leased(tmp_path, claim("night", "a.x", joins=True), now, SHORT) as lease:
            lease.check()
            assert asked(other) == "committed"
            assert "run night" in refused(tmp_path, claim("day", "a.x"))
        assert "run night" in refused(tmp_path, claim("night", "a.z")), "an id that chance gave twice is no join"


def test_a_killed_process_leaves_nothing_that_keeps_others_out(tmp_path: Path) -> None:
    with holding(tmp_path, "night", "a.x") as other:
        other.kill()
        other.wait()
        assert len(list(tmp_path.glob("*.lease"))) == 1
        with leased(tmp_path, claim("day", "a.x"), now) as lease:  # at once, not after the minute that a lease lasts
            lease.check()
            assert [member.run for member in holders(tmp_path)] == ["day"]


def test_a_suspended_process_that_outlives_its_lease_commits_nothing(tmp_path: Path) -> None:
    with holding(tmp_path, "night", "a.x") as other:
        assert asked(other) == "committed"
        os.kill(other.pid, signal.SIGSTOP)
        assert "run night" in refused(tmp_path, claim("day", "a.x")), "its lease still lasts"
        time.sleep(SHORT.total_seconds() * 1.5)
        with leased(tmp_path, claim("day", "a.x"), now, SHORT) as lease:
            os.kill(other.pid, signal.SIGCONT)
            assert asked(other) == "LEASE_LOST 75"
            lease.check()
            (member,) = holders(tmp_path)
            assert (member.run, member.fence) == ("day", 2), "the number rises, so the later one is known"
        assert asked(other) == "LEASE_LOST 75", "not even when the other is through"


def test_a_suspended_process_whose_tables_nobody_wanted_goes_on(tmp_path: Path) -> None:
    with holding(tmp_path, "night", "a.x") as other:
        os.kill(other.pid, signal.SIGSTOP)
        time.sleep(SHORT.total_seconds() * 1.5)
        with leased(tmp_path, claim("day", "a.z"), now, SHORT):
            os.kill(other.pid, signal.SIGCONT)
            assert asked(other) == "committed"


def test_the_heart_beats_while_the_process_is_busy(tmp_path: Path) -> None:
    with holding(tmp_path, "night", "a.x"):
        time.sleep(SHORT.total_seconds() * 2)
        assert "run night" in refused(tmp_path, claim("day", "a.x"))


def test_a_run_goes_on_as_long_as_one_of_its_processes(tmp_path: Path) -> None:
    """What a suspended process claimed stays its run's while another one of that run shows itself."""
    with holding(tmp_path, "night", "a.x,a.y") as first:
        with leased(tmp_path, claim("night", "a.y", joins=True), now, SHORT):
            os.kill(first.pid, signal.SIGSTOP)
            time.sleep(SHORT.total_seconds() * 1.5)
            assert "a.x" in refused(tmp_path, claim("day", "a.x"))
        with leased(tmp_path, claim("day", "a.x"), now, SHORT):
            pass


def test_the_format_of_a_later_headrace_is_refused_by_name(tmp_path: Path) -> None:
    with leased(tmp_path, claim("night", "a.x"), now) as lease:
        told = json.loads(lease.member.path.read_text()) | {"format_version": 9}
        lease.member.path.write_text(json.dumps(told))
        with pytest.raises(HeadraceError, match="TABLE_FORMAT"), leased(tmp_path, claim("day", "a.z"), now):
            pass
