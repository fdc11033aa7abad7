"""What works on one machine only, refused on a master whose executors are elsewhere, before anything is started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headrace.ground.config import Config
from headrace.ground.errors import HeadraceError
from headrace.ground.places import is_file_store, is_server, local_path
from headrace.ground.secret import reveal

LOCAL = "local"


def is_remote(master: str) -> bool:
    """Whether a master's executors are other processes, maybe on other machines (``local-cluster`` is a test's)."""
    return not master.startswith(LOCAL)


def check_remote(
    config: Config, root: Path, master: str, *, told: bool, lands: bool, tracked: bool, in_place: Sequence[str] = ()
) -> None:
    """Refuse what the executors of ``master`` could not see; nothing where it is local.

    ``told``: the master comes from spark-submit or from a session that exists, and not from configuration. ``lands`` and
    ``tracked``: the jobs read or fill landing zones, or need MLflow. ``in_place``: sources that they read as tables on
    this machine's disks.

    Raises:
        HeadraceError: MASTER_UNTOLD, REMOTE_ARTIFACTS, REMOTE_LOCKS, REMOTE_PATH, REMOTE_TRACKING, REFERENCE_UNSET.
    """
    if not is_remote(master):
        return
    if not told:
        raise HeadraceError("MASTER_UNTOLD", master=master)
    storage = config.storage
    places = {"warehouse": storage.warehouse, **({"landing": storage.landing} if lands else {})}
    places |= {"quarantine": storage.quarantine} if storage.quarantine else {}
    for key, location in places.items():
        if not storage.shared and local_path(root, location or config.home) is not None:
            raise HeadraceError("REMOTE_PATH", key=f"storage.{key}", master=master)
    if in_place and not storage.shared:
        raise HeadraceError("REMOTE_PATH", key=f"the table of source '{in_place[0]}'", master=master)
    if storage.locks == "files" and not storage.shared:
        raise HeadraceError("REMOTE_LOCKS", master=master)
    if tracked:
        _check_tracking(config, root, master)


def _check_tracking(config: Config, root: Path, master: str) -> None:
    tracking = config.tracking
    if tracking.uri is None or is_file_store(reveal(tracking.uri, "tracking.uri")):
        raise HeadraceError("REMOTE_TRACKING", master=master)
    local = tracking.artifacts is None or local_path(root, tracking.artifacts) is not None
    if local and not config.storage.shared and not is_server(reveal(tracking.uri, "tracking.uri")):
        raise HeadraceError("REMOTE_ARTIFACTS", master=master)
