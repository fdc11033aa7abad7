"""A sample of the online values, asked for through Feast, against the offline ones."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame

from headrace.cli import main
from headrace.features.groups import group_inputs, group_rows
from headrace.graph.job import At, Inputs, Job, Latest
from headrace.graph.project import Project
from headrace.serving.consistency import CHECKED, check, checked_rows
from headrace.serving.online import online_values


def run(inputs: Inputs, at: At, project: Project) -> DataFrame:
    """How many entities of each group were compared; one that differs fails the job."""
    rows = group_rows(inputs, project.groups)
    found = [
        check(
            project,
            group,
            rows[name].where(rows[name]["as_of"] <= at.end),
            inputs[online_values(project, group).name],
            at.seed,
        )
        for name, group in project.readable.own.items()
    ]
    return checked_rows(found, at)


def jobs(project: Project) -> tuple[Job, ...]:
    """The node, where the configuration names an online store."""
    if not project.config.online.is_on:
        return ()
    served = (online_values(project, group) for group in project.groups.values())
    node = Job(
        name="check_online",
        run=run,
        inputs={**group_inputs(project, project.groups), **{values.name: values for values in served}},
        outputs=(CHECKED,),
        every=Latest(project.config.snapshots_every),
        tags=("serving",),
    )
    return (node,)


if __name__ == "__main__":
    raise SystemExit(main(["run", "check_online", *sys.argv[1:]]))
