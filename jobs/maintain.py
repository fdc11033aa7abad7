"""Tables are tended: small files are laid together, and what no promise keeps is let go."""

from __future__ import annotations

import sys
from functools import partial

from headrace.cli import main
from headrace.contracts.fingerprint import fingerprint
from headrace.graph.job import At, Each, Inputs, Job, Latest
from headrace.graph.ledger import LEDGER
from headrace.graph.project import Project
from headrace.release.decisions import DECISIONS
from headrace.tables.layout import MAINTENANCE, MEBIBYTE, Laid, Lying, Thresholds, Upkeep, Work, work_of
from headrace.tables.spec import Table


def run(inputs: Inputs, at: At, project: Project, *, tables: tuple[Table, ...], rest: Upkeep) -> tuple[Work, ...]:
    """What is worth doing about each table, by the sizes of its files and by what was promised of earlier versions."""
    asked = project.config.maintenance
    thresholds = Thresholds(asked.small_mebibytes * MEBIBYTE, asked.least_files)
    found: list[Lying] = [one for table in tables for one in inputs[table.name]]
    found += at.before(rest)
    return tuple(work_of(one, thresholds, at.now) for one in found)


def job(project: Project, jobs: tuple[Job, ...]) -> Job:
    """The node behind ``jobs``: due once what is made interval by interval has grown; it runs alone."""
    made = [(output, job.every) for job in jobs for output in job.outputs if isinstance(output, Table)]
    growing = tuple({table.name: table for table, every in made if isinstance(every, Each)}.values())
    others = {table.name: table for table, _ in made if table.name not in {one.name for one in growing}}
    rest = Upkeep((*others.values(), LEDGER, DECISIONS, MAINTENANCE))
    return Job(
        name="maintain",
        run=partial(run, tables=growing, rest=rest),
        inputs={table.name: Laid(table) for table in growing},
        outputs=(rest,),
        every=Latest(project.config.snapshots_every),
        fingerprint=fingerprint([*project.config.maintenance.model_dump().values(), str(project.config.retention)]),
        exclusive=True,
        tags=("operation",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "maintain", *sys.argv[1:]]))
