"""Where an environment's lineage events go."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from headrace.ground.document import Strict
from headrace.ground.secret import has_password, is_reference

_SERVER = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


def _server(text: str) -> str:
    """A server's address. The message never repeats the value, which may hold a password."""
    if has_password(text) or not (is_reference(text) or _SERVER.fullmatch(text)):
        raise ValueError("no server: http://host:port or https://host, without a password; or env:NAME")
    return text


def _reference(text: str) -> str:
    if not is_reference(text):
        raise ValueError("a key is spelled out; write env:NAME, and set the variable NAME where headrace runs")
    return text


class Lineage(Strict):
    """OpenLineage events of runs: to nobody, to a file in the environment's folder, or to a server at ``url``.

    ``key``: the server's API key, as ``env:NAME``. ``timeout``: seconds that it may take for an answer.
    ``namespace``: of the jobs, and of what is no table; ``headrace.PROJECT.ENV`` if none.
    """

    transport: Literal["none", "file", "http"] = "none"
    url: Annotated[str, AfterValidator(_server)] | None = None
    endpoint: str = Field(default="api/v1/lineage", pattern=r"^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$")
    key: Annotated[str, AfterValidator(_reference)] | None = None
    timeout: float = Field(default=5, gt=0, le=60)
    namespace: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:/-]{1,200}$")

    @model_validator(mode="after")
    def _agree(self) -> Lineage:
        if (self.transport == "http") != (self.url is not None):
            raise ValueError("transport: http and url go together: give both or neither")
        if self.key is not None and self.url is None:
            raise ValueError("key: is for a server, and there is no url")
        return self

    @property
    def is_on(self) -> bool:
        """Whether events are made."""
        return self.transport != "none"
