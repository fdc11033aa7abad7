"""Lineage events read back with OpenLineage's own classes: an unknown key, or a value that they refuse, is an error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import attr
from openlineage.client import facet_v2
from openlineage.client.event_v2 import RunEvent

START = datetime(2017, 1, 1, tzinfo=UTC)
FACETS: dict[str, type] = {
    "nominalTime": facet_v2.nominal_time_run.NominalTimeRunFacet,
    "parent": facet_v2.parent_run.ParentRunFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    "tags": facet_v2.tags_run.TagsRunFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "documentation": facet_v2.documentation_job.DocumentationJobFacet,
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    "symlinks": facet_v2.symlinks_dataset.SymlinksDatasetFacet,
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
}
"""The specification's keys of the facets that headrace sends."""


def read_event(told: Any) -> RunEvent:
    """The event of a JSON text, or of what that holds."""
    event = _read(RunEvent, json.loads(told) if isinstance(told, str | bytes) else told)
    assert isinstance(event, RunEvent)
    return event


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, UnionType) or NoneType in get_args(kind):
        kind = next(one for one in get_args(kind) if one is not NoneType)
    origin = get_origin(kind)
    if origin is list:
        return [_read(get_args(kind)[0], one) for one in value]
    if origin is dict:
        of = get_args(kind)[1]
        facets = isinstance(of, type) and issubclass(of, facet_v2.BaseFacet)
        return {key: _read(FACETS[key] if facets else of, one) for key, one in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if not attr.has(kind):
        return value
    hints = get_type_hints(kind)
    names = {one.name: one.alias for one in attr.fields(kind) if one.init}
    schema = next(key for key in ("schemaURL", "_schemaURL", "") if key in value or not key)
    given = {names[key]: _read(hints[key], one) for key, one in value.items() if key != schema}
    found = kind(**given)
    if schema:
        assert getattr(found, schema) == value[schema], kind
    return found


@dataclass
class Endpoint:
    """A server that takes lineage events, or answers with another ``status``."""

    url: str
    status: int = 201
    events: list[RunEvent] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """A server on the loopback interface, of the standard library."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taker.keys.append(self.headers["Authorization"])
            if taker.status < 300 and self.path == "/api/v1/lineage":
                taker.events.append(read_event(body))
            self.send_response(taker.status)
            self.end_headers()

        def log_message(self, *about: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taker = Endpoint(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield taker
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
