"""The shell script runs every job once, in order, and ends as the graph would."""

from __future__ import annotations

import os
import subprocess

import pytest
from manifests import SMALL, manifest_of

from headrace.export.script import NAME, script

RECORD = """#!/bin/sh
echo "$*" >> "$RECORD"
for pair in $STATUSES; do
    case " $* " in *" ${pair%%=*} "*) exit "${pair##*=}" ;; esac
done
"""


def run(folder, *words, statuses=""):
    """(exit status, the lines that spark-submit was called with)."""
    script(manifest_of(*SMALL)).write(folder)
    submit = folder / "spark submit.sh"
    submit.write_text(RECORD)
    submit.chmod(0o755)
    record = folder / "record"
    env = {**os.environ, "HEADRACE_SUBMIT": str(submit), "RECORD": str(record), "STATUSES": statuses}
    ran = subprocess.run([str(folder / NAME), *words], env=env, capture_output=True, text=True, check=False, timeout=20)
    return ran.returncode, record.read_text().splitlines() if record.is_file() else []


def test_a_job_is_a_spark_submit_over_the_span_of_the_project(tmp_path):
    assert run(tmp_path) == (0, [
        f"run {job} --env prod --from 2017-01-01 --to 2017-01-08" for job in ("ingest", "tiles", "score.a", "score.b")
    ])  # fmt: skip


def test_the_time_and_the_options_of_spark_submit_are_the_callers(tmp_path):
    status, lines = run(
        tmp_path, "--from", "2017-01-02", "--master", "local[1]", "--to", "2017-01-03", "--conf", "a=b c"
    )
    assert status == 0
    assert lines[0] == "--master local[1] --conf a=b c run ingest --env prod --from 2017-01-02 --to 2017-01-03"


def test_a_date_that_is_missing_is_told_before_anything_is_run(tmp_path):
    status, lines = run(tmp_path, "--from")
    assert (status != 0, lines) == (True, [])


@pytest.mark.parametrize(
    ("statuses", "status", "jobs"),
    [
        ("tiles=1", 1, 2),  # a failure stops it
        ("ingest=75", 75, 1),
        ("tiles=3", 3, 4),  # a refusal does not: what was published before goes on
        ("tiles=3 score.a=4", 3, 4),  # and where nothing was, what is below is not ready
        ("score.a=4", 4, 3),
        ("score.b=3", 3, 4),
    ],
)
def test_it_ends_as_the_graph_would(tmp_path, statuses, status, jobs):
    found, lines = run(tmp_path, statuses=statuses)
    assert (found, len(lines)) == (status, jobs)
