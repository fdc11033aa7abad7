"""A stage is seen while it runs, by the job whose thread works in the pool of its name."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from headrace.ground.session import session_for_thread
from headrace.ground.stages import running_stages

pytestmark = pytest.mark.spark


def test_a_running_stage_is_told_with_its_job_and_tasks(spark: Any) -> None:
    def nap() -> None:
        with session_for_thread(spark, "napping") as session:
            session.range(0, 3, 1, 3).selectExpr("reflect('java.lang.Thread', 'sleep', 700L) AS slept").toArrow()

    thread = threading.Thread(target=nap)
    thread.start()
    seen = []
    while thread.is_alive():
        seen += running_stages(spark) or ()
        time.sleep(0.05)
    thread.join()
    ours = [stage for stage in seen if stage.job == "napping"]
    assert {stage.tasks for stage in ours} == {3}
    assert {stage.done for stage in ours} >= {0, 2}, "two slots, three tasks"
    assert len({stage.number for stage in ours}) == 1
    assert {stage.spilled for stage in ours} == {0}
    assert running_stages(spark) == ()


def test_a_client_of_spark_connect_is_not_told_of_any() -> None:
    class Client:
        """As little of one as is looked at."""

    assert running_stages(Client()) is None
