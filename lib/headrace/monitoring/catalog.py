"""The catalog's page: one file that holds everything it shows, and a script that searches it where it lies.

The page is whole without the script: it lists every entry. The script only hides and orders what is there; the page's
policy names its hash, so that no other script can run, whatever a contract says. No row, no key and nothing personal is on the page.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime

from headrace.features.catalog import Catalog
from headrace.features.entry import Entry
from headrace.ground.interval import parse_span
from headrace.monitoring.drawing import draw
from headrace.monitoring.spreads import picture
from headrace.monitoring.template import page_templates

SCRIPT = "catalog.js"
_PLURALS = {"feature": "features", "label": "labels", "model": "models", "source": "sources", "table": "tables"}
_EVER = "all"


def render(catalog: Catalog, at: datetime) -> str:
    """The catalog as one HTML page; the same catalog at the same instant gives the same text."""
    environment = page_templates()
    addresses = {entry.anchor for entry in catalog.entries}
    script = environment.get_template(SCRIPT).render()
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return environment.get_template("catalog.html.j2").render(
        catalog=catalog,
        at=at,
        plurals=_PLURALS,
        script=SCRIPT,
        policy=f"'sha256-{digest}'",
        drawn=lambda entry: draw(entry.name, entry.lineage, addresses.__contains__) if entry.lineage else "",
        picture=picture,
        filters=filters(catalog.entries),
        places={(str(entry.kind), entry.name): entry.anchor for entry in catalog.entries},
    )


def filters(entries: Iterable[Entry]) -> dict[str, list[tuple[str, int]]]:
    """What entries can be filtered by: for each property its values, and how many entries have each."""
    every = list(entries)
    values: dict[str, list[str]] = {
        "kind": [str(entry.kind) for entry in every],
        "owner": [entry.owner for entry in every if entry.owner],
        "entity": [key for entry in every for key in entry.entity],
        "window": [window for entry in every for window in entry.windows],
        "source": [source for entry in every for source in entry.sources],
    }
    return {name: [(value, found.count(value)) for value in _in_order(found)] for name, found in values.items()}


def _in_order(values: Iterable[str]) -> list[str]:
    """By length where they are lengths of time, else by name."""
    found = set(values)
    try:
        return sorted(found, key=lambda value: (value == _EVER, parse_span(value) if value != _EVER else None))
    except ValueError:
        return sorted(found)
