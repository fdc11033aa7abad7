"""kill -9 in a rollback of features and in its undoing: the next run carries out what was decided, and nothing is half."""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny
from calling import command
from killing import kill_at

from headrace.tables.log import TableLog

pytestmark = [pytest.mark.spark, pytest.mark.slow]
DATA, DECISIONS = ("features/visiting", "_delta_log/*.json"), ("ops/decisions", "_delta_log/*.json")
FEATURES = ("features.visiting",)


@pytest.fixture
def restated(spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """A project whose third day was made again with a file that should not have come; when that was not so; the calls."""
    project = tiny.make_project(tmp_path, days=3)
    base = tiny.FILES["conf/base.yaml"].replace("2024-03-11", "2024-03-04")
    (project / "conf/base.yaml").write_text(base)
    call = command(capsys, "--project", str(project))
    assert call("run")[0] == 0
    good, before = datetime.now(UTC), tiny.hashes(spark, project, FEATURES)
    time.sleep(0.01)
    wrong = [tiny.visit(900 + n, 2, n, paid="99.00") for n in range(6)]
    tiny.land(project, tiny.START + timedelta(days=2), "wrong", wrong)
    assert call("run")[0] == 0
    bad = tiny.hashes(spark, project, FEATURES)
    assert bad != before
    return project, good, before, bad, call


def operations(project: Path) -> list[str]:
    return [commit.operation for commit in TableLog(project / "home/warehouse/features/visiting").commits()]


def test_killed_after_the_intent_and_after_the_data_and_each_time_carried_out(spark: Any, restated: Any) -> None:
    project, good, before, bad, call = restated
    warehouse = project / "home/warehouse"
    back = ("rollback", "features", "visiting", "--to-time", good.isoformat())

    assert kill_at(project, (warehouse / DECISIONS[0], DECISIONS[1]), words=back) == 0
    status, said = call("run")
    assert (status, "t.visiting: decision 1 had been interrupted, and is carried out now." in said) == (0, True), said
    assert "t.visiting held by rollback 1" in said
    assert "up to date" in said, "what was restored is not made anew from the file that is still there"
    assert tiny.hashes(spark, project, FEATURES) == before
    assert operations(project)[0] == "RESTORE"

    assert kill_at(project, (warehouse / DATA[0], DATA[1]), words=("rollback", "undo", "1")) == 0
    status, said = call("run")
    assert (status, "decision 2 had been interrupted" in said, "held by" in said) == (0, True, False), said
    assert (tiny.hashes(spark, project, FEATURES), operations(project)[:2]) == (bad, ["RESTORE", "RESTORE"])

    status, said = call(*back)
    assert (status, "gets the content of its version" in said) == (0, True), said
    status, said = call("run", "build_features", "--force")
    assert (status, "lifted by --force" in said, "was rolled back" in said) == (0, True, True), said
    assert tiny.hashes(spark, project, FEATURES) == bad, "made anew from the file that is still there"
    status, said = call("rollback", "undo", "3")
    assert (status, "UNDO_OVER" in said) == (2, True), said

    (project / "home/landing/visits/2024-03-03/wrong.json.gz").unlink()
    assert call("run")[0] == 0
    assert tiny.hashes(spark, project, FEATURES) == before


ONLINE = ("feast", "online.db-wal")
"""Is there from the first write of a publication to its end."""


def test_killed_while_online_values_are_published_by_a_run_and_by_a_rollback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("feast", reason="the extra headrace[feast] is not installed")
    from feast import FeatureStore

    project = tiny.make_project(tmp_path, days=3)
    graph = tiny.FILES["tiny_graph.py"].replace("ingest_events\n", "ingest_events, publish_online\n")
    (project / "tiny_graph.py").write_text(
        graph.replace("    return tuple", "    jobs = tuple") + "    return (*jobs, *publish_online.jobs(project))\n"
    )
    (project / "conf/base.yaml").write_text(tiny.FILES["conf/base.yaml"].replace("2024-03-11", "2024-03-04"))
    (project / "conf/local.yaml").write_text("online: {store: sqlite}\n")
    call = command(capsys, "--project", str(project))
    home = project / "home"
    asked = [f"visiting:{name}" for name in ("visits_3d", "visits_all", "paid_7d")]

    def served() -> Any:
        people = [{"who": who} for who in range(6)]
        return FeatureStore(str(home / "feast")).get_online_features(asked, people).to_dict()

    def killed(*words: str) -> None:
        gc.collect()
        assert not home.joinpath(*ONLINE).exists(), "nobody has the store open"
        assert kill_at(project, (home / ONLINE[0], ONLINE[1]), words=words) == 0

    assert call("run")[0] == 0
    good, before = datetime.now(UTC), served()
    time.sleep(0.01)
    wrong = [tiny.visit(900 + n, 2, n, paid="99.00") for n in range(6)]
    tiny.land(project, tiny.START + timedelta(days=2), "wrong", wrong)
    killed("run")
    assert call("run")[0] == 0
    bad = served()
    assert bad != before

    back = ("rollback", "features", "visiting", "--to-time", good.isoformat())
    killed(*back)
    status, said = call("run")
    assert (status, "decision 1 had been interrupted" in said) == (0, True), said
    assert served() == before
    killed("rollback", "undo", "1")
    status, said = call("run")
    assert (status, "decision 2 had been interrupted" in said) == (0, True), said
    assert served() == bad
