"""What a feature group asks of the source that it is over: refused by file and line where the source does not have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace.contracts.events import EventContract
from headrace.contracts.expressions import check_columns
from headrace.contracts.features import FeatureGroup, window_length
from headrace.contracts.names import show_span
from headrace.ground.document import Document
from headrace.ground.errors import HeadraceError, nearest


def check_demands(group: FeatureGroup, document: Document, sources: Mapping[str, EventContract]) -> None:
    """Hold a group to its source: the columns that it names, and how far and how finely its windows look.

    Raises:
        HeadraceError: CONTRACT_REFERENCE, EXPRESSION_COLUMN, WINDOW_HOURLY, WINDOW_TOO_LONG; each with file and line.
    """
    check_known(group.source, sources, f"{document.place(('source',))}: source")
    source = sources[group.source]
    for number, key in enumerate(group.entity):
        check_known(key, source.columns, f"{document.place(('entity', number))}: entity")
    for number, feature in enumerate(group.features):
        at = ("features", number)
        for key in ("expression", "where"):
            formula = getattr(feature, key)
            if formula is not None:
                where = f"{document.place((*at, key))}: {feature.name}.{key}"
                check_columns(formula, source.columns, where)
        for place, window in enumerate(feature.windows):
            where = f"{document.place((*at, 'windows', place))}: {feature.name}.windows"
            _check_window(window, source, where)


def check_known(name: str, known: Iterable[str], where: str) -> None:
    """Refuse a name that is not among ``known``.

    Raises:
        HeadraceError: CONTRACT_REFERENCE with the nearest name.
    """
    names = tuple(known)
    if name not in names:
        raise HeadraceError("CONTRACT_REFERENCE", name=name, where=where, hint=nearest(name, names))


def _check_window(window: str, source: EventContract, where: str) -> None:
    about = {"where": where, "window": window, "source": source.source}
    time = source.roles.event_time
    if window.endswith("h") and source.columns[time].type == "date":
        raise HeadraceError("WINDOW_HOURLY", **about, column=time)
    length = window_length(window)
    if source.keeps is not None and (length is None or length > source.keeps):
        raise HeadraceError("WINDOW_TOO_LONG", **about, keeps=show_span(source.keeps))
