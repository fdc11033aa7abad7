"""What a run leaves for those who trace it: lineage events, kept while nobody takes them. On the tiny project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tiny
from lineage_events import endpoint
from openlineage.client.event_v2 import RunEvent, RunState

from headrace.tables.log import TableLog

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
JOBS = ("ingest_events", "build_tiles", "build_features")


def log(project: Path, table: str) -> TableLog:
    return TableLog(project.joinpath("home/warehouse", *table.split(".")))


def sets(url: str) -> tuple[str, ...]:
    told = ("lineage.transport=http", f"lineage.url={url}", "lineage.timeout=2", "lineage.key=env:LINEAGE_KEY")
    return tuple(word for text in told for word in ("--set", text))


def dataset(events: list[RunEvent], job: str, table: str) -> Any:
    done = next(event for event in events if event.job.name == job and event.eventType == RunState.COMPLETE)
    return next(one for one in done.outputs or () if one.name.endswith("/" + table.replace(".", "/")))


def test_events_are_kept_while_the_endpoint_is_down_and_sent_later(
    spark: Any, call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_KEY", "k-55d1c0ffee")
    project = tiny.make_project(tmp_path, days=3)
    words = ("--project", str(project))
    with endpoint() as taker:
        taker.status = 503
        status, said = call("run", "--run-id", "first", *words, *sets(taker.url))
        assert status == 0, said
        assert re.search(r"Lineage: 8 events are kept, since .*503.*headrace lineage send .*", said), said
        assert "k-55d1c0ffee" not in said
        kept = sorted((project / "home/lineage/pending").iterdir())
        assert len(kept) == 8
        assert not [path for path in kept if "k-55d1c0ffee" in path.read_text()]
        status, said = call("lineage", "send", *words, *sets(taker.url))
        assert (status, "LINEAGE_UNSENT: 8 lineage events" in said) == (75, True), said

        taker.status = 201
        status, said = call("lineage", "send", *words, *sets(taker.url))
        assert (status, "8 lineage events were sent." in said) == (0, True), said
        assert call("lineage", "send", *words)[0] == 2, "this environment sends none"
        assert taker.keys[-1] == "Bearer k-55d1c0ffee"
        told = [(event.job.name, event.eventType) for event in taker.events]
        assert told == [
            ("tiny", RunState.START),
            *((job, state) for job in JOBS for state in (RunState.START, RunState.COMPLETE)),
            ("tiny", RunState.COMPLETE),
        ]
        features = dataset(taker.events, "build_features", "features.visiting")
        made = log(project, "features.visiting")
        commit = made.commits()[0]
        assert features.facets["version"].datasetVersion == str(commit.version)
        assert features.outputFacets["outputStatistics"].rowCount == commit.rows
        extent = made.extent()
        assert extent is not None
        assert [(one.name, one.type) for one in features.facets["schema"].fields] == list(extent.columns)
        paid = features.facets["columnLineage"].fields["paid_7d"].inputFields
        assert {one.field.partition("_")[0] for one in paid} == {"count", "sum"}
        built = next(e for e in taker.events if e.job.name == "build_features" and e.eventType == RunState.COMPLETE)
        read = {one.name.rpartition("/")[2]: one.facets["version"].datasetVersion for one in built.inputs or ()}
        assert read == {"visits": str(log(project, "tiles.visits").commits()[0].version)}

        taker.events.clear()
        assert call("run", *words, *sets(taker.url))[0] == 0
        assert [event.job.name for event in taker.events] == ["tiny", "tiny"], "nothing was due"
