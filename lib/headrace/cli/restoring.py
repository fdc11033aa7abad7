"""Commands that roll a feature group or a whole run back, take that back, and finish what a killed command left open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from headrace import __version__
from headrace.cli.assembly import Assembly, assemble, check_master
from headrace.cli.choice import Choice, console
from headrace.cli.held import as_held, identities, table_identities, with_holds
from headrace.cli.leasing import lease_all
from headrace.cli.restorable import Asked, champions_apart, known_group, target
from headrace.cli.whole_run import groups_among, run_target
from headrace.features.groups import features_table
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.asset import At
from headrace.ground.errors import DONE
from headrace.release.decisions import Decision, read_decisions
from headrace.release.rollback import (
    RUN_KINDS,
    Change,
    Rollbacks,
    about_tables,
    changes_of,
    standing,
    undoable,
    undoing,
)
from headrace.release.whole_run import check_in_turn, lift_run, undo_run, undoing_run
from headrace.serving.online import publish, was_published
from headrace.tables.store import Store
from headrace.tables.upkeep import restore


@dataclass(frozen=True)
class DeltaTables:
    """What a rollback does to tables, by Delta."""

    store: Store

    def restore(self, table: str, version: int, decision: int) -> int:
        """See ``tables.upkeep.restore``."""
        return restore(self.store, table, version, decision)


def rollback_features(choice: Choice, name: str, asked: Asked, reason: str, dry_run: bool) -> int:
    """Give readers of a group an earlier version of its contract, with the data of that time, and hold it there.

    Raises:
        HeadraceError: what ``known_group``, ``target`` and ``lease_all`` raise; VERSION_GONE.
    """
    project, graph = choice.open()
    group, out = known_group(project, name), console(markup=False)
    with _working(out, project, graph, "rollback") as (parts, at):
        found = target(parts, group, asked, _history(parts), at.now.date())
        for line in (*found.told, *champions_apart(parts, group, found.version.identity)):
            out.print(line, soft_wrap=True)
        if dry_run:
            out.print("Nothing was written.")
            return DONE
        versions = (str(found.state.version), str(found.now))
        step = rollbacks(parts).make(at, "features", group, versions, found.change, reason)
    undo = choice.command(f"rollback undo {step.seq}")
    out.print(f"{group} is held by rollback {step.seq}. Next: {undo} takes it back.", soft_wrap=True)
    return DONE


def rollback_run(choice: Choice, run: str, reason: str, dry_run: bool) -> int:
    """Give every table that a run, or one since, wrote what it had before that run, and hold it there.

    Raises:
        HeadraceError: what ``run_target`` and ``lease_all`` raise; VERSION_GONE.
    """
    project, graph = choice.open()
    out = console(markup=False)
    with _working(out, project, graph, "rollback") as (parts, at):
        found = run_target(parts, run, at.now)
        for line in found.told:
            out.print(line, soft_wrap=True)
        if dry_run:
            out.print("Nothing was written.")
            return DONE
        step = rollbacks(parts).make(at, "run", found.about, (found.to.id, found.now.id), found.changes, reason)
    undo = choice.command(f"rollback undo {step.seq}")
    out.print(
        f"{len(found.changes)} tables are held by rollback {step.seq}. Next: {undo} takes it back.", soft_wrap=True
    )
    return DONE


def undo_rollback(choice: Choice, number: int, dry_run: bool) -> int:
    """Take back rollback ``number``: definition and data are as they were before it.

    Raises:
        HeadraceError: UNDO_UNKNOWN, UNDO_MODEL, UNDO_OVER, UNDO_RUN_OVER, UNDO_LATER, VERSION_GONE; what ``lease_all``
            raises.
    """
    project, graph = choice.open()
    out = console(markup=False)
    with _working(out, project, graph, "undo") as (parts, at):
        meant, made = identities(parts.project).get, table_identities(parts.project, parts.graph)
        history = read_decisions(parts.store)
        of_run = any((one.seq, one.state, one.kind) == (number, "done", "run") for one in history)
        if of_run:
            step, changes = undoing_run(about_tables(history), number, made, __version__)
        else:
            step = undoable(history, number, meant, __version__)
            check_in_turn(about_tables(history), step)
            changes = (undoing(step),)
        kind = "release" if of_run else "version"
        out.print(f"{step.model}: {kind} {step.version} -> {kind} {step.predecessor}")
        for change in (change for change in changes if change.to is not None):
            out.print(f"  {change.table} gets the content of its version {change.to} again")
        if dry_run:
            out.print("Nothing was written.")
            return DONE
        process = rollbacks(parts)
        undo_run(process, at, number, made, __version__) if of_run else process.undo(at, number, meant, __version__)
    out.print(f"Rollback {number} is taken back. Next: {choice.command('run')} makes what was left out meanwhile.")
    return DONE


def lift(out: Console, parts: Assembly, at: At, chosen: Graph) -> Assembly:
    """The environment without the holds on what the chosen jobs make: that is to be made anew, whatever was rolled back."""
    outputs = {output.name for job in chosen for output in job.outputs}
    lifted = [hold for hold in parts.holding.holds if {hold.table, hold.declared} & outputs]
    for number in dict.fromkeys(hold.number for hold in lifted if hold.release):
        lift_run(rollbacks(parts), at, number, [hold.table for hold in lifted if hold.number == number])
    for hold in (hold for hold in lifted if not hold.release):
        top = standing(_history(parts))[hold.group][-1]
        told = Change(hold.declared, hold.declared, parts.project.identity(hold.group), __version__, undoes=hold.number)
        versions = (str(parts.project.groups[hold.group].version), top.version)
        rollbacks(parts).make(at, "lift", hold.group, versions, told, "run --force")
    for hold in lifted:
        out.print(f"{hold.told}: lifted by --force.", markup=False)
    return as_held(parts) if lifted else parts


def mended(out: Console, parts: Assembly, at: At) -> Assembly:
    """The environment as rollbacks leave it, after one that a crash left open was carried out."""
    step = rollbacks(parts).finish(at)
    if step is not None:
        out.print(f"{step.model}: decision {step.seq} had been interrupted, and is carried out now.", markup=False)
    return as_held(parts)


def show_holds(out: Console, parts: Assembly, choice: Choice) -> None:
    """What is held, a line each."""
    by_run = [hold for hold in parts.holding.holds if hold.release]
    for number, release in dict.fromkeys((hold.number, hold.release) for hold in by_run):
        undo = choice.command(f"rollback undo {number}")
        tables = ", ".join(hold.table for hold in by_run if hold.number == number)
        said = f"held by rollback {number}, as of release {release}, and not made anew: {tables}. {undo} ends it."
        out.print(said, markup=False, soft_wrap=True)
    for hold in (hold for hold in parts.holding.holds if not hold.release):
        undo = choice.command(f"rollback undo {hold.number}")
        given = f"readers are given version {hold.version} ({hold.table}), which is not made anew"
        out.print(f"{hold.told}: {given}. {undo} ends it.", markup=False, soft_wrap=True)


def rollbacks(parts: Assembly) -> Rollbacks:
    """The way to roll back in an environment."""
    return Rollbacks(parts.store, DeltaTables(parts.store), lambda step: _republish(parts, step))


def _republish(parts: Assembly, step: Decision) -> None:
    """Give the online store what readers are given once the step is done; nothing where nothing was ever published."""
    if not parts.project.config.online.is_on or not was_published(parts.project):
        return
    project = with_holds(parts, (*_history(parts), step)).project
    tables = [change.table for change in changes_of(step)]
    for name in groups_among(project, tables) if step.kind in RUN_KINDS else (step.model,):
        group = project.readable.own[name]
        publish(project, group, parts.store.load(features_table(group)), f"rollback {step.seq}")


def _history(parts: Assembly) -> tuple[Decision, ...]:
    return rollbacks(parts).history()


@contextmanager
def _working(out: Console, project: Project, graph: Graph, what: str) -> Iterator[tuple[Assembly, At]]:
    """The environment under the warehouse's lock, with what was left open carried out."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{what}"
    check_master(project, graph)
    with lease_all(project, run_id) as lease:
        at = At(project.span, run_id, now, project.config.seed)
        yield mended(out, assemble(project, graph, guard=lease.check), at), at
