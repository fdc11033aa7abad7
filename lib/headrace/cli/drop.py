"""The command that removes the table of a version that is retired: not a day before, and never the present one."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from headrace.cli.choice import Choice, console
from headrace.cli.leasing import lease_all
from headrace.cli.locking import check_known, open_declared
from headrace.contracts.lock import Lock, Step
from headrace.graph.consumers import readers_abroad
from headrace.graph.project import Project
from headrace.ground.errors import DONE, HeadraceError


def drop(choice: Choice, reference: str, today: date, run_id: str, dry_run: bool) -> int:
    """Remove the table of ``team.group@version``.

    Raises:
        HeadraceError: OPTION_INVALID, CONTRACT_UNKNOWN, VERSION_UNKNOWN; VERSION_KEPT before the day is over, with its
            readers; TABLE_LOG_ELSEWHERE; TABLE_MISSING; what ``lease_all`` raises.
    """
    name, _, number = reference.partition("@")
    if not number.isdigit():
        raise HeadraceError("OPTION_INVALID", problem=f"'{reference}' names no version, such as growth.activity@3")
    project, _ = open_declared(choice)
    check_known(name, project.locks)
    lock = project.locks[name]
    step = lock.step(int(number))
    if step is None:
        known = ", ".join(str(one.version) for one in lock.history)
        raise HeadraceError("VERSION_UNKNOWN", group=name, version=number, known=known)
    readers = [told for told in readers_abroad(project, name) if f"reads version {number} " in told]
    _check_over(lock, step, today, readers)
    folder = _folder(project, step.table)
    out = console(markup=False)
    for told in readers:
        out.print(f"  still named by {told}", soft_wrap=True)
    if dry_run:
        out.print(f"{folder} would be removed. Nothing was written.", soft_wrap=True)
        return DONE
    with lease_all(project, run_id):
        shutil.rmtree(folder)
    out.print(f"{step.table}, version {number} of {name}, is removed: {folder}", soft_wrap=True)
    return DONE


def _check_over(lock: Lock, step: Step, today: date, readers: list[str]) -> None:
    present = step is lock.history[-1] and lock.retired is None
    if present or step.retire_after is None or today <= step.retire_after:
        day = "it is the present version" if present else f"it is to be read until {step.retire_after}"
        told = "\n".join(f"    {reader}" for reader in readers) or "    nobody in another project"
        raise HeadraceError("VERSION_KEPT", group=lock.name, version=step.version, until=day, readers=told)


def _folder(project: Project, table: str) -> Path:
    root = project.root_of(table)
    if not isinstance(root, Path):
        raise HeadraceError("TABLE_LOG_ELSEWHERE", table=table, place=root)
    folder = root.joinpath(*table.split("."))
    if not (folder / "_delta_log").is_dir():
        raise HeadraceError("TABLE_MISSING", table=table, hint="It may have been removed before.")
    return folder
