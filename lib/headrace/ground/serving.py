"""Where an environment serves its newest feature values from."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from headrace.ground.document import Strict
from headrace.ground.secret import is_reference

_SERVER = re.compile(r"[A-Za-z0-9._-]+:[0-9]{1,5}(,(db=[0-9]+|ssl=(true|false)))*")


def _server(text: str) -> str:
    """A Redis as Feast spells it. The message never repeats the value, which may hold a password."""
    if not is_reference(text) and not _SERVER.fullmatch(text):
        raise ValueError("no server: host:port with ,db=N and ,ssl=true behind it; what has a password is env:NAME")
    return text


class Online(Strict):
    """The online store that Feast reads: none, a sqlite file in the environment's folder, or a Redis at ``address``.

    ``timeout``: seconds that a server may take for an answer. ``batch``: entities that are sent at once.
    ``sample``: entities of each group that ``check_online`` compares.
    """

    store: Literal["none", "sqlite", "redis"] = "none"
    address: Annotated[str, AfterValidator(_server)] | None = None
    timeout: float = Field(default=5, gt=0, le=600)
    batch: int = Field(default=1000, ge=1, le=100_000)
    sample: int = Field(default=1000, ge=1, le=100_000)

    @model_validator(mode="after")
    def _agree(self) -> Online:
        if (self.store == "redis") != (self.address is not None):
            raise ValueError("store: redis and address go together: give both or neither")
        return self

    @property
    def is_on(self) -> bool:
        """Whether there is one."""
        return self.store != "none"
