"""Commands about training sets: which there are, what each was made from, whether it comes out the same again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headrace.cli.choice import Choice, console, grid_of
from headrace.ground.errors import DONE, HeadraceError

if TYPE_CHECKING:
    from headrace.graph.lint import Graph
    from headrace.graph.project import Project
    from headrace.tables.log import Commit
    from headrace.tables.versions import Version
    from headrace.training.dataset import TrainingTable
    from headrace.training.found import Found


def training_set_list(choice: Choice) -> int:
    """All training sets whose commits the logs still keep, newest first."""
    from headrace.training.found import found_sets

    project, graph = choice.open()
    out = console(markup=False)
    found = found_sets(project, graph, lambda table: commits_of(project, graph, table))
    if not found:
        out.print(f"No training set was made yet. Next: {choice.command('run')}")
        return DONE
    grid = grid_of("training set", "made (UTC)", "rows", "version", "run", "can be computed again")
    now = datetime.now(UTC)
    for one in found:
        made = one.made
        grid.add_row(made.id, f"{made.at:%Y-%m-%d %H:%M}", made.count, str(made.version), made.run_id, one.promise(now))
    out.print(grid)
    return DONE


def training_set_show(choice: Choice, name: str) -> int:
    """The manifest of one training set, beside what is declared and readable now.

    Raises:
        HeadraceError: TRAINING_SET_UNKNOWN.
    """
    found = find(choice, name)
    made, manifest = found.made, found.made.manifest
    out = console(markup=False)
    facts = grid_of("training set", made.id)
    facts.add_row("rows", f"{made.count}, in {found.table.name} version {made.version}")
    facts.add_row("made", f"{made.at:%Y-%m-%d %H:%M:%S} (UTC) by {found.job.name} over {manifest.interval}")
    facts.add_row("run", made.run_id)
    facts.add_row("table hash", manifest.hash)
    facts.add_row("spine", manifest.spine)
    facts.add_row("comes out again", found.promise(datetime.now(UTC)))
    contracts = grid_of("contract", "version", "fingerprint")
    for label, mark in sorted(manifest.contracts.items()):
        contracts.add_row(label, str(mark.version), mark.fingerprint)
    inputs = grid_of("input", "table", "version", "can be read")
    for label, one in sorted(found.inputs.items()):
        inputs.add_row(label, one.table, str(one.number), _readable(one))
    for grid in (facts, contracts, inputs):
        out.print(grid)
        out.print()
    for line in found.changed:
        out.print(f"Changed since: {line}", soft_wrap=True)
    out.print(f"Next: {choice.command(f'training-set rebuild {made.id}')}", soft_wrap=True)
    return DONE


def training_set_rebuild(choice: Choice, name: str) -> int:
    """Compute a training set again from the versions of its manifest, and compare the hash; nothing is written.

    Raises:
        HeadraceError: TRAINING_SET_UNKNOWN, TRAINING_SET_CHANGED, TRAINING_SET_GONE, TRAINING_SET_DIFFERS.
    """
    from headrace.cli.assembly import assemble
    from headrace.training.rebuild import rebuild

    found = find(choice, name)
    made, recorded = found.made, found.made.manifest.hash
    found.check_unchanged()
    if found.lost:
        raise gone(choice, found, found.lost)
    try:
        again = rebuild(found, found.project, assemble(*choice.open()).store)
    except HeadraceError as error:
        if error.code != "VERSION_GONE":
            raise
        told = "{table} version {version}: {problem}".format_map(error.parameters)
        raise gone(choice, found, (told,)) from error
    if again != recorded:
        rows = found.possible(choice.command)[0]
        raise HeadraceError("TRAINING_SET_DIFFERS", id=made.id, found=again, recorded=recorded, rows=rows)
    read = ", ".join(f"{source.table} version {source.version}" for source in made.manifest.inputs.values())
    console(markup=False).print(f"{made.id}: the same again, {again}, from {read}.", soft_wrap=True)
    return DONE


def gone(choice: Choice, found: Found, lost: tuple[str, ...]) -> HeadraceError:
    """TRAINING_SET_GONE: what is lost, and what is still possible."""
    listed = ("\n".join(f"  - {line}" for line in lines) for lines in (lost, found.possible(choice.command)))
    return HeadraceError("TRAINING_SET_GONE", id=found.made.id, lost=next(listed), possible=next(listed))


def find(choice: Choice, name: str) -> Found:
    """One training set by its ID.

    Raises:
        HeadraceError: TRAINING_SET_UNKNOWN with the nearest ID.
    """
    from headrace.training.found import find_set, found_sets

    project, graph = choice.open()
    return find_set(name, found_sets(project, graph, lambda table: commits_of(project, graph, table)))


def commits_of(project: Project, graph: Graph, table: TrainingTable) -> tuple[Commit, ...]:
    """The commits of a table, from its log where this machine sees it, else by Spark."""
    from headrace.tables.log import log_of

    log = log_of(project.tables_at, table.name)
    if log.readable:
        return log.commits()
    from headrace.cli.assembly import assemble

    return assemble(project, graph).store.commits(table)


def _readable(one: Version) -> str:
    if one.lost:
        return f"no: {one.lost}"
    if one.until is None:
        return "not known from here"
    return f"until {one.until:%Y-%m-%d}" + (", and for as long as it is the latest" if one.latest else "")
