"""Events that do not go are kept, in their order, and go later. A real server on the loopback interface."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lineage_events import START, Endpoint, endpoint, read_event
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.serde import Serde
from pydantic import ValidationError

from headrace.ground.errors import HeadraceError
from headrace.ground.lineage import Lineage
from headrace.tracing.naming import run_uuid
from headrace.tracing.outbox import Outbox, Sent
from headrace.tracing.transport import transport_of


def text(number: int) -> str:
    run = Run(run_uuid("run", str(number)))
    told = RunEvent(eventTime=START.isoformat(), run=run, job=Job("n", f"job_{number}"), eventType=RunState.START)
    return Serde.to_json(told)


def outbox(folder: Path, count: int = 3) -> Outbox:
    box = Outbox(folder)
    for number in range(count):
        box.put(text(number), START + timedelta(seconds=number // 2))
    return box


def jobs(taker: Endpoint) -> list[str]:
    return [event.job.name for event in taker.events]


def test_events_go_in_order_to_a_server_that_is_there(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    with endpoint() as taker:
        sent = box.send(transport_of(Lineage(transport="http", url=taker.url), tmp_path))
    assert sent == Sent(sent=3)
    assert jobs(taker) == ["job_0", "job_1", "job_2"]
    assert box.pending == ()


def test_what_does_not_go_is_kept_and_goes_later(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    with endpoint() as taker:
        transport = transport_of(Lineage(transport="http", url=taker.url), tmp_path)
        taker.status = 503
        failed = box.send(transport)
        assert (failed.sent, failed.left) == (0, 3)
        assert "503" in failed.why
        assert len(taker.keys) == 1, "after the first that does not go, none is tried"
        taker.status = 201
        assert Outbox(tmp_path).send(transport, most=2) == Sent(sent=2, left=1), "another process goes on"
        assert Outbox(tmp_path).send(transport) == Sent(sent=1)
    assert jobs(taker) == ["job_0", "job_1", "job_2"]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with endpoint() as gone:
        pass
    box = outbox(tmp_path, count=1)
    sent = box.send(transport_of(Lineage(transport="http", url=gone.url, timeout=1), tmp_path))
    assert (sent.sent, sent.left) == (0, 1)
    assert sent.why
    assert [json.loads(path.read_text())["job"]["name"] for path in box.pending] == ["job_0"]


@pytest.mark.parametrize(
    ("status", "left", "refused"), [(422, 0, 2), (400, 0, 2), (401, 2, 0), (429, 2, 0), (500, 2, 0)]
)
def test_what_a_server_does_not_want_is_not_sent_again(tmp_path: Path, status: int, left: int, refused: int) -> None:
    box = outbox(tmp_path, count=2)
    with endpoint() as taker:
        taker.status = status
        sent = box.send(transport_of(Lineage(transport="http", url=taker.url), tmp_path))
    assert (sent.sent, sent.left, sent.refused) == (0, left, refused)
    assert (len(box.pending), len(box.refused)) == (left, refused)


def test_a_file_takes_one_line_an_event(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    assert box.send(transport_of(Lineage(transport="file"), tmp_path)) == Sent(sent=3)
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [read_event(line).job.name for line in lines] == ["job_0", "job_1", "job_2"]


def test_a_file_that_cannot_be_written_keeps_them(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    (tmp_path / "events.jsonl").mkdir()
    sent = box.send(transport_of(Lineage(transport="file"), tmp_path))
    assert (sent.sent, sent.left) == (0, 3)


def test_a_key_is_read_late_and_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Lineage(transport="http", url="env:LINEAGE_URL", key="env:LINEAGE_KEY", timeout=1)
    with pytest.raises(HeadraceError, match=r"lineage\.key"):
        transport_of(asked, tmp_path)
    monkeypatch.setenv("LINEAGE_KEY", "k-7f3a99")
    box = outbox(tmp_path, count=1)
    with endpoint() as taker:
        monkeypatch.setenv("LINEAGE_URL", taker.url)
        box.send(transport_of(asked, tmp_path))
        assert taker.keys == ["Bearer k-7f3a99"]
    box.put(text(7), START)
    why = box.send(transport_of(asked, tmp_path)).why
    assert "k-7f3a99" not in why
    assert taker.url not in why


@pytest.mark.parametrize(
    "asked",
    [
        {"transport": "http"},
        {"transport": "file", "url": "http://somewhere"},
        {"transport": "http", "url": "somewhere"},
        {"transport": "http", "url": "http://me:secret@somewhere"},
        {"transport": "http", "url": "http://somewhere", "key": "spelled-out"},
        {"key": "env:KEY"},
        {"transport": "kafka"},
    ],
)
def test_a_configuration_that_means_nothing_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Lineage.model_validate(asked)
    assert "secret" not in str(refused.value.errors(include_input=False, include_url=False))
