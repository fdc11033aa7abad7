"""The feature groups that other projects may read, written where they look: what each version means, and where it lies."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame

from headrace.cli import main
from headrace.contracts.fingerprint import fingerprint
from headrace.features.groups import group_rows, own_inputs
from headrace.features.published import CATALOG
from headrace.features.publishing import catalog_rows, is_publisher, published_groups, published_identity
from headrace.graph.job import At, Inputs, Job, Latest
from headrace.graph.project import Project


def run(inputs: Inputs, at: At, project: Project) -> DataFrame:
    """A row a published group and version, after the table of the version was made."""
    names = [group.namespace for group in published_groups(project)]
    return catalog_rows(project, group_rows(inputs, names), at)


def jobs(project: Project) -> tuple[Job, ...]:
    """The node, where a contract says ``published: true`` or a published group has ended."""
    if not is_publisher(project):
        return ()
    names = [group.namespace for group in published_groups(project)]
    node = Job(
        name="publish_groups",
        run=run,
        inputs=own_inputs(project, names),
        outputs=(CATALOG,),
        every=Latest(project.config.snapshots_every),
        fingerprint=fingerprint(published_identity(project)),
        tags=("features",),
    )
    return (node,)


if __name__ == "__main__":
    raise SystemExit(main(["run", "publish_groups", *sys.argv[1:]]))
