"""Groups taken from other projects: an entry each in ``taken/`` beside the contracts, of what was accepted.

As a lock entry does for a group of one's own, it keeps all that a reader needs, so that a project is opened, linted and
planned without a look at the publisher's warehouse, and so that whatever changes there is seen as a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import yaml

from headrace.contracts.features import FeatureGroup
from headrace.contracts.fingerprint import fingerprint
from headrace.contracts.names import Name
from headrace.contracts.namespaces import Groups, is_published
from headrace.contracts.published import FORMAT_VERSION, Published
from headrace.ground.document import Strict, read_document, validate
from headrace.ground.errors import HeadraceError

FOLDER = "taken"
Readable = FeatureGroup | Published
"""What a model may take features of: a group of the project, or one that another project has published."""
_HEAD = "# Written by `headrace contract accept` and `pin`, not by hand; reviewed like code. What it is for: docs/guides/sharing.md\n"


class Taken(Strict):
    """A version of another project's group as it was accepted.

    ``catalog``: the name that the configuration has for the warehouse. ``pinned``: since when it is stayed with although
    there is a newer version. ``seal``: a hash of what was accepted; who edits the file by hand breaks it.
    """

    format_version: Literal[1] = 1
    catalog: Name
    accepted: date
    pinned: date | None = None
    seal: str
    group: Published

    @property
    def reference(self) -> str:
        """``team.group@version``."""
        return self.group.reference


def taken_now(catalog: str, group: Published, today: date) -> Taken:
    """The entry of a version that is accepted today."""
    return Taken(catalog=catalog, accepted=today, seal=_seal(group), group=group)


def _seal(group: Published) -> str:
    return fingerprint(group.model_dump(mode="json"))


def read_taken(contracts: Path) -> Mapping[str, Taken]:
    """The entries in a folder of contracts, by ``team.group@version``.

    Raises:
        HeadraceError: DOCUMENT_*, TAKEN_BROKEN, LOCK_NEWER.
    """
    found = {}
    for path in sorted((contracts / FOLDER).glob("*.yaml")):
        document = read_document(path)
        given = document.values.get("format_version")
        if isinstance(given, int) and given > FORMAT_VERSION:
            place = document.place(("format_version",))
            raise HeadraceError("LOCK_NEWER", place=place, key="format_version", found=given, known=FORMAT_VERSION)
        entry = validate(document, Taken)
        if path.stem != entry.reference or entry.seal != _seal(entry.group):
            raise HeadraceError("TAKEN_BROKEN", place=document.place(("seal",)), name=entry.reference)
        found[entry.reference] = entry
    return MappingProxyType(found)


def taken_path(contracts: Path, reference: str) -> Path:
    """The file of an entry."""
    return contracts / FOLDER / f"{reference}.yaml"


def taken_text(entry: Taken) -> str:
    """The entry as YAML; equal entries give equal bytes."""
    values = entry.model_dump(mode="json", exclude_none=True)
    return _HEAD + yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=4096, default_flow_style=None)


class ReadableGroups(Mapping[str, Readable]):
    """Every group that a model of the project may name: its own by ``group`` or ``team.group``, others' by ``team.group@version``."""

    def __init__(self, own: Groups, taken: Mapping[str, Taken]) -> None:
        self.own = own
        self._taken = taken

    def __getitem__(self, reference: str) -> Readable:
        return self._taken[reference].group if is_published(reference) else self.own[reference]

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from self._taken

    def __len__(self) -> int:
        return len(self.own) + len(self._taken)
