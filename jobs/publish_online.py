"""The newest values of each feature group, in the online store that Feast reads."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame

from headrace.cli import main
from headrace.contracts.fingerprint import fingerprint
from headrace.features.groups import group_inputs, group_rows
from headrace.graph.job import Asset, At, Inputs, Job, Latest
from headrace.graph.project import Project
from headrace.serving.online import online_values


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, DataFrame]:
    """The last snapshot of every group: each entity's row is replaced in one step, and who is no longer there is removed."""
    rows = group_rows(inputs, project.groups)
    return {
        online_values(project, group): rows[name].where(rows[name]["as_of"] <= at.end)
        for name, group in project.readable.own.items()
    }


def jobs(project: Project) -> tuple[Job, ...]:
    """The node, where the configuration names an online store."""
    if not project.config.online.is_on:
        return ()
    online = project.config.online
    groups = project.readable.own.values()
    told = [[group.table, project.read_identity(group.namespace)] for group in groups]
    node = Job(
        name="publish_online",
        run=run,
        inputs=group_inputs(project, project.groups),
        outputs=tuple(online_values(project, group) for group in groups),
        every=Latest(project.config.snapshots_every),
        fingerprint=fingerprint([online.store, online.address, told]),
        tags=("serving",),
    )
    return (node,)


if __name__ == "__main__":
    raise SystemExit(main(["run", "publish_online", *sys.argv[1:]]))
