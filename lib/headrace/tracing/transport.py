"""How lineage events leave: OpenLineage's own transports, by an environment's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from openlineage.client.transport import Transport
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider
from requests import HTTPError

from headrace.ground.lineage import Lineage
from headrace.ground.secret import reveal

EVENTS_FILE = "events.jsonl"
_LATER = (401, 403, 404, 408, 425, 429)
"""Answers about the server or the caller, not about the event."""
_OF_SERVER = 500


class Emitting(Protocol):
    """What an outbox asks of a transport."""

    def emit(self, event: Any) -> Any:
        """Hand one event over; an OSError or RuntimeError where that is not possible now."""
        ...


def transport_of(asked: Lineage, folder: Path) -> Transport:
    """The transport that the configuration asks for; ``folder`` is where the environment keeps its lineage.

    Raises:
        HeadraceError: REFERENCE_UNSET.
    """
    if asked.url is None:
        folder.mkdir(parents=True, exist_ok=True)
        return FileTransport(FileConfig(str(folder / EVENTS_FILE), append=True))
    provider = TokenProvider({})
    if asked.key is not None:
        provider = ApiKeyTokenProvider({"api_key": reveal(asked.key, "lineage.key")})
    config = HttpConfig(reveal(asked.url, "lineage.url"), asked.endpoint, asked.timeout, auth=provider)
    config.retry = {"total": 0}  # what fails is kept, and sent later
    return HttpTransport(config)


def is_refusal(error: Exception) -> bool:
    """Whether a server has looked at the event and does not want it: then it is not to be sent again."""
    if not isinstance(error, HTTPError) or error.response is None:
        return False
    status = int(error.response.status_code)
    return 400 <= status < _OF_SERVER and status not in _LATER
