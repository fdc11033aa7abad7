"""Runs where databricks-bundles is: jobs (JSON, by name) become values of that library, or it says what it does not take."""

from __future__ import annotations

import json
import sys

from databricks.bundles.jobs import Job

print(json.dumps({name: Job.from_dict(job).as_dict() for name, job in json.load(sys.stdin).items()}))
