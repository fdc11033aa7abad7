"""Runs where Airflow is: ``dag.test()`` on a DAG's file; prints the states of run and tasks as its last line."""

from __future__ import annotations

import json
import runpy
import sys

file, conf = sys.argv[1], json.loads(sys.argv[2])
run = runpy.run_path(file)["dag"].test(run_conf=conf)
states = {task.task_id: str(task.state) for task in run.get_task_instances()}
print(json.dumps({"run": str(run.state), "tasks": states}))
