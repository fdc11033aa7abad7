"""Where an environment keeps its tables, landing zones, locks and experiments: relative paths and URIs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator

from headrace.ground.document import Strict
from headrace.ground.secret import has_password, is_reference

_RELATIVE = re.compile(r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")
_URI = re.compile(r"^[a-z][a-z0-9+.-]*://[^\s?#]+$")
_FILE_STORE = ("sqlite:", "file:")
_WORKSPACE = "databricks"
"""MLflow's name for the workspace that it runs in."""


def _location(text: str) -> str:
    """A path below the project's folder, or a URI. The messages never repeat the value, which may hold a password."""
    if has_password(text):
        raise ValueError("a password is spelled out; write env:NAME, and set the variable NAME where headrace runs")
    if not _RELATIVE.match(text) and not _URI.match(text):
        raise ValueError(
            "neither a path below the project's folder nor a URI such as s3a://bucket/folder or file:///folder"
        )
    if ".." in re.split(r"[/\\]", text):
        raise ValueError("a path may not leave its folder")
    return text


def _file_location(text: str) -> str:
    if _URI.match(text) and not text.startswith("file:"):
        raise ValueError("landed files are read from a file system; mount the store, and write file:///folder")
    return _location(text)


def _store(text: str) -> str:
    return text if is_reference(text) or text.startswith("sqlite:") else _location(text)


Location = Annotated[str, AfterValidator(_location)]
FileLocation = Annotated[str, AfterValidator(_file_location)]
StoreLocation = Annotated[str, AfterValidator(_store)]


class Storage(Strict):
    """Where tables and landing zones are, and what keeps two writers of one table apart.

    ``quarantine``: a place of its own for refused text, which may be about somebody; beside the other tables if none.
    ``shared`` says that every machine of the cluster sees local paths under the same name, file locks included.
    ``locks: none`` leaves it to Delta's own log store and to whoever schedules runs.
    """

    warehouse: Location | None = None
    landing: FileLocation | None = None
    quarantine: Location | None = None
    shared: bool = False
    locks: Literal["files", "none"] = "files"


class Tracking(Strict):
    """MLflow's store (a server, a database, ``env:NAME``) and where its artifacts go where no server takes them."""

    uri: StoreLocation | None = None
    artifacts: Location | None = None


def local_path(root: Path, location: str) -> Path | None:
    """The folder on this machine that a location means; None where it is elsewhere."""
    if _RELATIVE.match(location):
        return root / location
    parts = urlsplit(location)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def is_file_store(uri: str) -> bool:
    """Whether an MLflow store is a file of one machine."""
    elsewhere = "://" in uri or uri.startswith(_WORKSPACE) or is_reference(uri)
    return uri.startswith(_FILE_STORE) or not elsewhere


def is_server(uri: str) -> bool:
    """Whether an MLflow store is a tracking server, which takes artifacts itself."""
    return uri.startswith(("http://", "https://", _WORKSPACE))
