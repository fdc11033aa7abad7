"""What is wrong with a Databricks bundle that its own library takes all the same: edges, bodies and names that lead nowhere."""

from __future__ import annotations

import configparser
import re
import zipfile
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

BODIES = frozenset(
    "condition_task dashboard_task dbt_task for_each_task notebook_task pipeline_task python_wheel_task run_job_task "
    "spark_jar_task spark_python_task spark_submit_task sql_task".split()
)
REFERENCE = re.compile(r"\$\{(var|resources)\.([^}]+)\}|\{\{job\.parameters\.([^}]+)\}\}")
Entries = Mapping[str, frozenset[str]]
"""Package -> the console scripts of its wheel."""


def read_bundle(folder: Path) -> dict[str, Any]:
    """The bundle as one document: databricks.yml with the resources that it includes."""
    whole: dict[str, Any] = yaml.safe_load((folder / "databricks.yml").read_text(encoding="utf-8"))
    jobs: dict[str, Any] = {}
    for pattern in whole.get("include", ()):
        for file in sorted(folder.glob(pattern)):
            jobs |= yaml.safe_load(file.read_text(encoding="utf-8"))["resources"]["jobs"]
    return whole | {"resources": {"jobs": jobs}}


def entries_of(wheel: Path) -> Entries:
    """The entry points of a wheel, by its package."""
    parser = configparser.ConfigParser(delimiters=("=",))
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/entry_points.txt")]
        parser.read_string(archive.read(name).decode())
    return {wheel.name.partition("-")[0]: frozenset(parser["console_scripts"])}


def faults(bundle: Mapping[str, Any], entries: Entries) -> list[str]:
    """Everything that would fail over there, by job and task."""
    found = []
    jobs = bundle["resources"]["jobs"]
    for name, job in jobs.items():
        found += [f"{name}: {problem}" for problem in (*_edges(job), *_bodies(job, entries), *_references(job, bundle))]
    for target, told in bundle.get("targets", {}).items():
        unknown = sorted(told.get("variables", {}).keys() - bundle.get("variables", {}).keys())
        found += [f"target {target}: no variable '{variable}' is declared" for variable in unknown]
    return found


def _edges(job: Mapping[str, Any]) -> Iterator[str]:
    keys = [task["task_key"] for task in job["tasks"]]
    yield from (f"two tasks are called '{key}'" for key in sorted({key for key in keys if keys.count(key) > 1}))
    above = {task["task_key"]: [one["task_key"] for one in task.get("depends_on", ())] for task in job["tasks"]}
    for key, names in above.items():
        yield from (f"{key}: depends on '{name}', which is no task" for name in names if name not in above)
    try:
        tuple(TopologicalSorter(above).static_order())
    except CycleError as error:
        yield "a cycle: " + " -> ".join(error.args[1])


def _bodies(job: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    places = {
        "environment_key": {one["environment_key"] for one in job.get("environments", ())},
        "job_cluster_key": {one["job_cluster_key"] for one in job.get("job_clusters", ())},
    }
    for task in job["tasks"]:
        inner = task.get("for_each_task", {}).get("task")
        for one in (task, *([inner] if inner else [])):
            key = one["task_key"]
            bodies = sorted(BODIES & one.keys())
            if len(bodies) != 1:
                yield f"{key}: {len(bodies)} bodies"
            for place, known in places.items():
                if place in one and one[place] not in known:
                    yield f"{key}: {place} '{one[place]}' is not declared"
            if "python_wheel_task" in one:
                yield from _wheel(one, entries)
        if "for_each_task" in task and inner is None:
            yield f"{task['task_key']}: nothing to do for each"


def _wheel(task: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    key, body = task["task_key"], task["python_wheel_task"]
    if body.get("entry_point") not in entries.get(body.get("package_name"), frozenset()):
        yield f"{key}: the wheel of '{body.get('package_name')}' has no entry point '{body.get('entry_point')}'"
    if not task.keys() & {"environment_key", "libraries"}:
        yield f"{key}: the wheel is installed nowhere"


def _references(job: Mapping[str, Any], bundle: Mapping[str, Any]) -> Iterator[str]:
    parameters = {one["name"] for one in job.get("parameters", ())}
    known = {f"jobs.{name}.id" for name in bundle["resources"]["jobs"]}
    for text in _texts(job):
        for kind, name, parameter in REFERENCE.findall(text):
            if kind == "var" and name not in bundle.get("variables", {}):
                yield f"no variable '{name}' is declared"
            if kind == "resources" and name not in known:
                yield f"there is no resource '{name}'"
            if parameter and parameter not in parameters:
                yield f"no job parameter '{parameter}' is declared"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
