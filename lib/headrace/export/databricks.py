"""The graph as a Databricks asset bundle: a task a job, a wheel, targets dev and prod, a backfill over pieces of the span."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import yaml

from headrace.export.backfill import pieces
from headrace.export.files import Files
from headrace.export.limits import Limits
from headrace.export.schedule import by_day, cron, quartz, timezone
from headrace.graph.manifest import Manifest, Node
from headrace.ground.errors import HeadraceError

LIMITS = Limits(
    "Databricks",
    r"[A-Za-z0-9_-]+",
    "letters, digits, '_' and '-' (a '.' becomes '__')",
    longest=100,
    most=1000,
    dots="__",
)
STATUS = "status"
"""The last task: it comes after every job and is not run where one of them failed, so the run as a whole has failed."""
SERVERLESS, CLUSTER = "default", "shared"
RETRY_AFTER = 60_000
_NO_TABLES = ("dbfs:", "hdfs:", "wasbs:")


def bundle(manifest: Manifest, root: str) -> Files:
    """The bundle's files. ``root`` leads from their folder to the project's, where the wheel is built.

    Raises:
        HeadraceError: EXPORT_*.
    """
    if not manifest.warehouse:
        raise HeadraceError("EXPORT_WAREHOUSE", env=manifest.env, target="Databricks")
    name = resource(manifest)
    texts = {
        "databricks.yml": _settings(manifest, root),
        f"resources/{name}.yml": {"resources": {"jobs": {name: _job(manifest, f"../{root}")}}},
        f"resources/{name}_backfill.yml": {"resources": {"jobs": {f"{name}_backfill": _backfill(manifest)}}},
    }
    files = {path: _text(manifest, values) for path, values in texts.items()}
    if manifest.targets.databricks.catalog is not None:
        files["unity.sql"] = _names(manifest, manifest.targets.databricks.catalog)
    return Files(files)


def resource(manifest: Manifest) -> str:
    """What the bundle calls the job."""
    return manifest.project.replace("-", "_")


def _text(manifest: Manifest, values: Mapping[str, Any]) -> str:
    head = f"# {manifest.project}, environment {manifest.env}. `headrace export databricks` writes this file; edits are lost.\n"
    return head + yaml.safe_dump(dict(values), sort_keys=False, width=140, allow_unicode=True)


def _settings(manifest: Manifest, root: str) -> dict[str, Any]:
    own = f"{manifest.warehouse}-dev/${{workspace.current_user.short_name}}"
    development = manifest.targets.databricks.development or manifest.env
    return {
        "bundle": {"name": manifest.project},
        "include": ["resources/*.yml"],
        "artifacts": {
            "wheel": {"type": "whl", "path": root, "build": "rm -rf build dist && python3 -m build --wheel"},
        },
        "variables": {
            "environment": {"description": "The file of conf/ that holds", "default": manifest.env},
            "warehouse": {"description": "Where tables are", "default": manifest.warehouse},
        },
        "targets": {
            "dev": {
                "mode": "development",
                "default": True,
                "variables": {"environment": development, "warehouse": own},
            },
            "prod": {
                "mode": "production",
                "workspace": {"root_path": "/Workspace/Shared/.bundle/${bundle.name}/${bundle.target}"},
            },
        },
    }


def _job(manifest: Manifest, root: str) -> dict[str, Any]:
    tasks = LIMITS.tasks(manifest, (STATUS,))
    due = cron(manifest)
    found: dict[str, Any] = {
        "name": manifest.project,
        "description": f"The graph of {manifest.project}, a task a job; written by headrace {manifest.headrace}.",
        "max_concurrent_runs": 1,
        "queue": {"enabled": True},
        "parameters": [
            {"name": "from", "default": manifest.start},
            {"name": "to", "default": f"{{{{job.start_time.{'iso_date' if by_day(manifest) else 'iso_datetime'}}}}}"},
        ],
    }
    if due is not None:
        expression = quartz(due, manifest.jobs[0].name)
        found["schedule"] = {"quartz_cron_expression": expression, "timezone_id": timezone(manifest)}
    found |= _compute(manifest, root)
    found["tasks"] = _tasks(manifest, tasks, root)
    return found


def _tasks(manifest: Manifest, tasks: Mapping[str, str], root: str) -> list[dict[str, Any]]:
    """One after another, each job asked whatever became of those before it: what is ready its ledger knows."""
    before = {after.name: (node.name,) for node, after in pairwise(manifest.jobs)}
    found = []
    for node in manifest.jobs:
        names = dict.fromkeys((*node.upstream, *before.get(node.name, ())))
        task: dict[str, Any] = {"task_key": tasks[node.name], "description": node.meaning}
        if names:
            task["depends_on"] = [{"task_key": tasks[name]} for name in names]
            task["run_if"] = "ALL_DONE"
        task |= _call(manifest, _words(node), root)
        found.append(task | {"max_retries": manifest.resources.attempts - 1, "min_retry_interval_millis": RETRY_AFTER})
    last = {
        "task_key": STATUS,
        "description": "What was done, and what is due; not reached where a job failed.",
        "depends_on": [{"task_key": task} for task in tasks.values()],
        "run_if": "ALL_SUCCESS",
    }
    return [*found, last | _call(manifest, ["status", "--env", "${var.environment}"], root)]


def _call(manifest: Manifest, words: list[str], root: str) -> dict[str, Any]:
    entry = manifest.entry_point
    words = [*words, "--set", "storage.warehouse=${var.warehouse}"]
    body = {"package_name": entry.package, "entry_point": entry.name, "parameters": words}
    if manifest.targets.databricks.runtime is None:
        return {"python_wheel_task": body, "environment_key": SERVERLESS}
    return {"python_wheel_task": body, "job_cluster_key": CLUSTER, "libraries": [{"whl": f"{root}/dist/*.whl"}]}


def _words(node: Node) -> list[str]:
    """The job's command with what the bundle decides in it: environment and time."""
    at = node.words.index("--env") + 1
    time = ["--from", "{{job.parameters.from}}", "--to", "{{job.parameters.to}}"]
    return [*node.words[1:at], "${var.environment}", *node.words[at + 1 :], *time]


def _compute(manifest: Manifest, root: str) -> dict[str, Any]:
    told = manifest.targets.databricks
    if told.runtime is None:
        unable = next((node for node in manifest.jobs if node.requires == "classic" and not node.fallback), None)
        if unable is not None:
            raise HeadraceError("EXPORT_CLASSIC", job=unable.name)
        spec = {"environment_version": told.serverless, "dependencies": [f"{root}/dist/*.whl"]}
        return {"environments": [{"environment_key": SERVERLESS, "spec": spec}]}
    cluster = {
        "spark_version": told.runtime,
        "node_type_id": told.node_type,
        "num_workers": told.workers,
        "data_security_mode": "SINGLE_USER",
    }
    return {"job_clusters": [{"job_cluster_key": CLUSTER, "new_cluster": cluster}]}


def _backfill(manifest: Manifest) -> dict[str, Any]:
    name = resource(manifest)
    spans = json.dumps([{"from": start, "to": end} for start, end in pieces(manifest)])
    piece = {
        "task_key": "piece",
        "run_job_task": {
            "job_id": f"${{resources.jobs.{name}.id}}",
            "job_parameters": {"from": "{{input.from}}", "to": "{{input.to}}"},
        },
    }
    backfill = {"inputs": "{{job.parameters.pieces}}", "concurrency": 1, "task": piece}
    return {
        "name": f"{manifest.project}-backfill",
        "description": "The graph over pieces of its span, one after another; what is done already is not done again.",
        "max_concurrent_runs": 1,
        "parameters": [{"name": "pieces", "default": spans}],
        "tasks": [{"task_key": "backfill", "for_each_task": backfill}],
    }


def _names(manifest: Manifest, catalog: str) -> str:
    """SQL that gives every table its name of three levels."""
    tables = {table: node.name for node in manifest.jobs for table in node.tables}
    if tables and manifest.warehouse.startswith(_NO_TABLES):
        raise HeadraceError("EXPORT_CATALOG", warehouse=manifest.warehouse, job=next(iter(tables.values())))
    lines = [
        f"-- {manifest.project}, environment {manifest.env}: names in Unity Catalog for the tables of target prod.",
        "-- `headrace export databricks` writes this file. Run it after the first run of all jobs, as somebody who may create",
        "-- external tables there.",
    ]
    lines += [
        f"CREATE SCHEMA IF NOT EXISTS {catalog}.{schema};"
        for schema in sorted({name.partition(".")[0] for name in tables})
    ]
    lines += [
        f"CREATE TABLE IF NOT EXISTS {catalog}.{name} USING DELTA LOCATION '{manifest.warehouse}/{name.replace('.', '/')}';"
        for name in tables
    ]
    return "\n".join(lines) + "\n"
