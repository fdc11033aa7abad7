"""A Spark Connect server by its address: where it is, whether it answers, and what a client may tell it. No pyspark."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from headrace.ground.errors import HeadraceError

PORT = 15002
"""Where a Connect server listens that was told no port."""
PATIENCE = 5.0
"""Seconds for a server to take a connection. Connect's own client tries for many minutes before it says anything."""
_ADDRESS = re.compile(r"^sc://(?P<host>\[[0-9a-fA-F:.]+\]|[^:/;\[\]]+)(:(?P<port>\d{1,5}))?/?(;.*)?$")
_STATIC = ("spark.sql.extensions", "spark.sql.warehouse.dir", "spark.sql.catalogImplementation")
_OF_SESSION = ("spark.sql.", "spark.databricks.")


@dataclass(frozen=True)
class Server:
    """A server's address. What follows a ``;`` in it (tokens, certificates) is not kept, so it cannot be printed."""

    host: str
    port: int

    @property
    def shown(self) -> str:
        """The address as an error may print it."""
        return f"sc://{self.host}:{self.port}"


def read_address(url: str) -> Server:
    """``sc://HOST[:PORT][/;PARAMETERS]``.

    Raises:
        HeadraceError: SERVER_ADDRESS.
    """
    found = _ADDRESS.match(url)
    port = int(found["port"] or PORT) if found is not None else 0
    if found is None or not 0 < port < 65536:
        raise HeadraceError("SERVER_ADDRESS", address=url.partition(";")[0])
    return Server(found["host"].strip("[]"), port)


def check_reachable(server: Server) -> None:
    """Refuse an address at which nobody answers, within seconds.

    Raises:
        HeadraceError: SERVER_UNREACHABLE.
    """
    try:
        socket.create_connection((server.host, server.port), timeout=PATIENCE).close()
    except OSError as error:
        raise HeadraceError("SERVER_UNREACHABLE", server=server.shown, problem=error.strerror or error) from error


def is_here(server: Server) -> bool:
    """Whether the server runs on this machine and so sees its folders: whether its address could be bound here."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as own:
            own.bind((address[0], 0))
    except OSError:
        return False
    return True


def settings_of_session(settings: Mapping[str, str]) -> dict[str, str]:
    """Those of the settings that a session of a running server may have; the others are decided where it starts."""
    return {
        key: value
        for key, value in settings.items()
        if key.startswith(_OF_SESSION) and key not in _STATIC and not key.startswith("spark.sql.catalog.")
    }
