"""Real customers through the same jobs: the published recency, frequency and T of CDNOW's 1/10 sample.

Short form: test_online_retail.py counts the same figures of other customers.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path

import pytest
from agreed import agree
from whole_project import copy_project

from headrace.jobs.demo import cdnow

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]
WHEEL = Path(sys.prefix) / "share/headrace/data" / cdnow.WHEEL
TOLERANCE_WEEKS = 0.005


def read(name):
    with zipfile.ZipFile(WHEEL) as wheel:
        return wheel.read(f"lifetimes/datasets/{name}").decode("utf-8")


@pytest.mark.skipif(
    not WHEEL.is_file(), reason=f"{WHEEL.name} is not in this environment; ./spark-submit.sh --set-up fetches it"
)
def test_recency_frequency_and_t_equal_the_published_summary(spark, tmp_path, call):
    """All 2,357 customers of the sample, in weeks up to 1997-09-30, from the run over all 23,570."""
    project = copy_project(tmp_path, {"cdnow.yaml": ("to: 1998-07-01", "to: 1997-10-01")})
    for other in ("features/customer_activity", "labels/lapsed", "models/lapse_risk"):
        (project / f"conf/cdnow/{other}.yaml").unlink()  # only what the figures need
    agree(project, "cdnow")
    status, said = call("run", "--select", "+build_features", "--env", "cdnow", "--project", str(project))
    assert status == 0, said
    features = spark.read.format("delta").load(str(project / ".headrace/cdnow/warehouse/features/customer_rfm"))
    rows = features.where("as_of = TIMESTAMP '1997-10-01 00:00:00Z'").collect()
    found = {row["customer_id"]: row for row in rows}
    master = {int(line.split()[1]): line.split()[0] for line in read("CDNOW_sample.txt").splitlines() if line.strip()}
    published = list(csv.DictReader(io.StringIO(read("cdnow_customers_summary.csv"))))
    assert len(published) == 2357
    for row in published:
        mine = found[master[int(row["ID"])]]
        assert mine["frequency"] == int(row["frequency"]), row
        assert float(mine["recency_weeks"]) == pytest.approx(float(row["recency"]), abs=TOLERANCE_WEEKS + 1e-9), row
        assert float(mine["t_weeks"]) == pytest.approx(float(row["T"]), abs=TOLERANCE_WEEKS + 1e-9), row
