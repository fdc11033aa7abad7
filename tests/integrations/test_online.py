"""Features from landed events to the online store and back through Feast, by the commands that a user calls."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from calling import command
from tiny import START, land, make_project, visit

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed")
pytestmark = pytest.mark.spark

GRAPH = (
    "from headrace.jobs import build_features, build_tiles, check_online, ingest_events, publish_online\n\n\n"
    "def graph(project):\n"
    "    jobs = tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))\n"
    "    return (*jobs, *publish_online.jobs(project), *check_online.jobs(project))\n"
)
NAMES = ["visits_3d", "visits_all", "paid_7d"]


def test_what_is_online_and_what_was_known_then_are_what_the_tables_say(spark, tmp_path, capsys):
    """Rule 4: offline and online are compared with the rows of the table, all of them; a rollback takes both along."""
    from feast import FeatureStore

    folder = make_project(tmp_path / "tiny", days=3, a_day=4)
    (folder / "tiny_graph.py").write_text(GRAPH)
    (folder / "conf/local.yaml").write_text("online: {store: sqlite}\nspan: {to: 2024-03-04}\n")
    run = command(capsys, "--project", str(folder))
    status, said = run("run")
    assert status == 0, said
    table = spark.read.format("delta").load(str(folder / "home/warehouse/features/visiting")).toPandas()
    table["as_of"] = pd.to_datetime(table["as_of"], utc=True)
    store = FeatureStore(str(folder / "home/feast"))
    features = [f"visiting:{name}" for name in NAMES]

    asked = table[["who"]].assign(event_timestamp=table["as_of"] + pd.Timedelta(hours=23))
    known = store.get_historical_features(asked, features).to_df()
    pd.testing.assert_frame_equal(known[NAMES], table[NAMES], check_dtype=False)

    newest = table[table["as_of"] == table["as_of"].max()].reset_index(drop=True)
    people = newest[["who"]].to_dict("records")
    online = store.get_online_features(features, people).to_df()
    pd.testing.assert_frame_equal(online[NAMES], newest[NAMES], check_dtype=False)

    with closing(sqlite3.connect(folder / "home/feast/online.db")) as base, base:
        one = "entity_key = (SELECT max(entity_key) FROM tiny_local_visiting)"
        base.execute(f"UPDATE tiny_local_visiting SET value = x'2063' WHERE feature_name = 'visits_3d' AND {one}")
    status, said = run("run", "check_online", "--full-refresh")
    assert status == 1
    assert "ONLINE_DIFFERS" in said
    assert re.search(r"in 1 of 4 entities: [0-9a-f]+: visits_3d", said.replace("\n", " ")), said
    assert run("run", "publish_online", "--full-refresh")[0] == 0
    assert run("run", "check_online", "--full-refresh")[0] == 0

    def served():
        return store.get_online_features(features, people).to_df()[NAMES]

    good, before = datetime.now(UTC), served()
    land(folder, START + timedelta(days=2), "wrong", [visit(900 + n, 2, n, paid="99.00") for n in range(4)])
    assert run("run")[0] == 0
    wrong = served()
    assert not wrong.equals(before)
    status, said = run("rollback", "features", "visiting", "--to-time", good.isoformat(), "--why", "a file too many")
    assert status == 0, said
    pd.testing.assert_frame_equal(served(), before)
    number = re.search(r"held by rollback (\d+)", said)[1]
    assert run("run")[0] == 0
    pd.testing.assert_frame_equal(served(), before)
    status, said = run("rollback", "undo", number)
    assert status == 0, said
    pd.testing.assert_frame_equal(served(), wrong)
