"""One view of an online store, open to be written through Feast: all rows anew, then nothing else is left. No Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from headrace.graph.project import Project
from headrace.serving.encoding import Row, mark_message
from headrace.serving.faults import told
from headrace.serving.leftovers import Leftovers, RedisLeftovers, SqliteLeftovers
from headrace.serving.registry import feature_store
from headrace.serving.repository import SQLITE, Repository, repository_folder
from headrace.serving.views import View


@dataclass(frozen=True)
class Door:
    """A view's place in a store. Feast writes entities, ``leftovers`` removes them; ``store`` names it for people."""

    store: str
    write: Callable[[list[Row]], None]
    leftovers: Leftovers
    features: tuple[str, ...]

    def replace(self, rows: Iterable[Row], batch: int, mark: str) -> tuple[int, int]:
        """Write all, then remove what does not bear the mark; how many entities were written and removed.

        Raises:
            HeadraceError: ONLINE_STORE_SILENT, ONLINE_STORE_REFUSED.
        """
        with told(self.store):
            self.leftovers.expect(self.features)
        written, rest = 0, iter(rows)
        while some := list(islice(rest, batch)):
            with told(self.store):
                self.write(some)
            written += len(some)
        with told(self.store):
            return written, self.leftovers.sweep(self.features, mark_message(mark).SerializeToString())


def open_door(project: Project, made: Repository, view: View) -> Door:
    """Lay the repository where it is not there, open Feast's store of the kind that it names, and make what that needs of tables.

    Raises:
        HeadraceError: PACKAGE_MISSING, REFERENCE_UNSET, ONLINE_STORE_SILENT, ONLINE_STORE_REFUSED.
    """
    name = store_told(project)
    with told(name):
        feast = feature_store(project, made)
    from feast.infra.online_stores.helpers import compute_table_id, get_online_store_from_config

    known, config = feast.get_feature_view(view.name), feast.config
    store = get_online_store_from_config(config.online_store)
    leftovers: Leftovers
    with told(name):
        store.update(config, [], [known], [], [], partial=True)
        if project.config.online.store == "redis":
            client = store._get_client(config.online_store)
            leftovers = RedisLeftovers(client, config.project, view.name, known.join_keys)
        else:
            leftovers = SqliteLeftovers(made.folder / SQLITE, compute_table_id(config.project, known))
    features = tuple(one.name for one in view.features)
    return Door(name, lambda rows: store.online_write_batch(config, known, rows, None), leftovers, features)


def store_told(project: Project) -> str:
    """The store for people."""
    online = project.config.online
    return f"redis at {online.address}" if online.address else str(repository_folder(project) / SQLITE)
