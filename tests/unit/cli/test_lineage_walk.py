"""``headrace lineage``, on a project that never ran. No Spark."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from calling import Command, command, refuse_sessions
from whole_project import copy_project

from headrace.ground.errors import HeadraceError
from headrace.tracing.outbox import Outbox


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("demo"), {})


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``headrace lineage``: (exit status, what it said). Opening a session is an error."""
    refuse_sessions(monkeypatch)
    return partial(command(capsys, "--project", str(folder)), "lineage")


def test_a_column_is_walked_both_ways(call: Command) -> None:
    status, said = call("features.customer_value.recency_90d")
    assert status == 0
    lines = [line.strip("│├└─ ") for line in said.splitlines()]
    assert lines[0] == "this feature features.customer_value.recency_90d, by build_features"
    assert "raw column raw.events_shop_events.event_time, by ingest_events" in lines
    assert "column scores.lapse_risk.score, by score_users" in lines
    assert lines.index("made of") < lines.index("goes into")


def test_one_way_alone(call: Command) -> None:
    up, down = call("--up", "training.lapse_risk")[1], call("training.lapse_risk", "--down")[1]
    assert "landing zone landing.shop_events" in up
    assert "goes into" not in up
    assert "table scores.lapse_risk" in down
    assert "made of" not in down
    assert call("training.lapse_risk", "--up", "--down")[1] == call("training.lapse_risk")[1]


def test_what_goes_nowhere_says_so(call: Command) -> None:
    assert "goes into nothing that headrace makes" in call("report.lapse_risk")[1]


def test_as_json(call: Command) -> None:
    told = json.loads(call("shop_events.value", "--json", "--up")[1])
    assert told == {
        "of": "raw.events_shop_events.value",
        "nodes": [
            {"name": "raw.events_shop_events.value", "kind": "raw column", "made_by": "ingest_events"},
            {"name": "landing.shop_events", "kind": "landing zone", "made_by": "land"},
        ],
        "edges": [{"of": "landing.shop_events", "into": "raw.events_shop_events.value", "how": "copied"}],
    }


def test_a_wrong_name_and_no_name(call: Command) -> None:
    status, said = call("features.customer_value.recency")
    assert status == 2
    assert "Did you mean 'features.customer_value.recency_" in said
    from headrace.cli import main

    assert main(["lineage", "--help"]) == 0


def test_kept_events_are_sent_without_spark(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from headrace.cli import main

    def send(*sets: str) -> tuple[int, str]:
        words = [word for text in sets for word in ("--set", text)]
        status = main(["lineage", "send", "--project", str(folder), *words])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    home = folder / ".headrace/local/lineage"
    Outbox(home).put('{"eventType": "START"}', datetime(2026, 1, 1, tzinfo=UTC))
    assert send() == (2, str(HeadraceError("LINEAGE_OFF", env="local")) + "\n")
    status, said = send("lineage.transport=http", "lineage.url=http://127.0.0.1:9", "lineage.timeout=1")
    assert (status, "LINEAGE_UNSENT: 1 lineage events could not be sent to http://127.0.0.1:9; 0 were" in said) == (
        75,
        True,
    )
    assert send("lineage.transport=file") == (0, "1 lineage events were sent.\n")
    assert (home / "events.jsonl").read_text(encoding="utf-8") == '{"eventType": "START"}\n'
    assert send("lineage.transport=file") == (0, "0 lineage events were sent.\n")
    status, said = send("lineage.transport=http")
    assert (status, "transport: http and url go together" in said) == (2, True)
