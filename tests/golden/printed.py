"""Physical plans as golden files: what must hold at the head, the plan below, so that a changed plan is a diff to read.

``HEADRACE_GOLDEN=write pytest tests/golden`` accepts what is found.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from pathlib import Path

import pytest

PLANS = Path(__file__).parent / "plans"
_SCRUBBED = (
    (r"#\d+L?", ""),
    (r",? ?(ENSURE_REQUIREMENTS, )?\[plan_id=\d+\]", ""),
    (r"(hashpartitioning\(.*), \d+\)", r"\1, N)"),
    (r"(Range \([^)]*splits=)[^)]*", r"\1N"),
    (r"\[file:[^\]]*?(\]|\.\.\.)", "[...]"),
)
"""What differs from run to run: ids of columns and plans, numbers of partitions, places of files."""


def printed_plan(frame):
    """The plan as it is before it runs, a line an operator, without ids and places."""
    plan = frame._jdf.queryExecution().executedPlan().toString()
    for pattern, instead in _SCRUBBED:
        plan = re.sub(pattern, instead, plan)
    return plan


def hold(name, frame, *claims):
    """Hold the frame's plan to ``plans/{name}.txt``, whose head says what must hold; returns how often each operator is in it."""
    plan = printed_plan(frame)
    text = "".join(f"# {claim}\n" for claim in claims) + "\n" + plan
    file = PLANS / f"{name}.txt"
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    if text != file.read_text(encoding="utf-8"):
        found = Path(tempfile.gettempdir()) / f"{name}.found.txt"
        found.write_text(text, encoding="utf-8")
        pytest.fail(f"the plan has changed: diff {file} {found}")
    return Counter(re.findall(r"(?m)^[ :+*()\d-]*([A-Z]\w+)", plan))


def scans(frame):
    """``[(columns read, partition filters)]`` of each scan in the plan."""
    found = re.findall(r"FileScan \w+ \[([^\]]*)\].*?PartitionFilters: \[([^\]]*)\]", printed_plan(frame))
    return [(columns.split(","), filters) for columns, filters in found]
