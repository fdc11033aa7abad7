"""What a group or a label asks of the source that it is over: refused by file and line where the source does not have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace.contracts.events import EventContract
from headrace.contracts.expressions import check_columns
from headrace.contracts.features import SUBTRACTED, FeatureGroup, window_length
from headrace.contracts.labels import LabelContract
from headrace.contracts.names import show_span
from headrace.ground.document import Document
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.zones import UTC


def check_demands(group: FeatureGroup, document: Document, sources: Mapping[str, EventContract]) -> None:
    """Hold a group to its source: the columns that it names, and how far and how finely its windows look.

    Raises:
        HeadraceError: CONTRACT_REFERENCE, EXPRESSION_COLUMN, AGGREGATE_OF_CORRECTIONS, WINDOW_HOURLY, WINDOW_TOO_LONG,
            ZONE_OF_DATES, PUBLISHED_ZONE; each with file and line.
    """
    check_known(group.source, sources, f"{document.place(('source',))}: source")
    source = sources[group.source]
    for number, key in enumerate(group.entity):
        check_known(key, source.columns, f"{document.place(('entity', number))}: entity")
    _check_zone(group, document, source)
    for number, feature in enumerate(group.features):
        at = ("features", number)
        for key in ("expression", "where"):
            formula = getattr(feature, key)
            if formula is not None:
                where = f"{document.place((*at, key))}: {feature.name}.{key}"
                check_columns(formula, source.columns, where)
        if source.corrections and feature.aggregate is not None and feature.aggregate not in SUBTRACTED:
            where = f"{document.place((*at, 'aggregate'))}: {feature.name}.aggregate"
            about = {
                "aggregate": feature.aggregate,
                "source": source.source,
                "subtracted": ", ".join(sorted(SUBTRACTED)),
            }
            raise HeadraceError("AGGREGATE_OF_CORRECTIONS", where=where, **about)
        for place, window in enumerate(feature.windows):
            where = f"{document.place((*at, 'windows', place))}: {feature.name}.windows"
            _check_window(window, group, source, where)


def check_label(label: LabelContract, document: Document, sources: Mapping[str, EventContract]) -> None:
    """Hold a label to its source: the columns that it names, and when it asks.

    Raises:
        HeadraceError: CONTRACT_REFERENCE, EXPRESSION_COLUMN, CUTOFF_OF_DATES; each with file and line.
    """
    check_known(label.source, sources, f"{document.place(('source',))}: source")
    source = sources[label.source]
    for part in ("eligible", "outcome"):
        formula = getattr(label, part).where
        if formula is not None:
            check_columns(formula, source.columns, f"{document.place((part, 'where'))}: {part}.where")
    time = source.roles.event_time
    if label.cutoffs.clock and source.columns[time].type == "date":
        where = f"{document.place(('cutoffs',))}: cutoffs"
        about = {"clock": label.cutoffs.clock, "source": source.source, "column": time}
        raise HeadraceError("CUTOFF_OF_DATES", where=where, **about)


def check_known(name: str, known: Iterable[str], where: str) -> None:
    """Refuse a name that is not among ``known``.

    Raises:
        HeadraceError: CONTRACT_REFERENCE with the nearest name.
    """
    names = tuple(known)
    if name not in names:
        raise HeadraceError("CONTRACT_REFERENCE", name=name, where=where, hint=nearest(name, names))


def _check_zone(group: FeatureGroup, document: Document, source: EventContract) -> None:
    """A date has no time of day by which it could be on another day elsewhere; readers elsewhere look at UTC's midnights."""
    time = source.roles.event_time
    if group.zone != UTC and group.published:
        raise HeadraceError("PUBLISHED_ZONE", where=f"{document.place(('published',))}: published", zone=group.zone)
    if group.zone != UTC and source.columns[time].type == "date":
        about = {"zone": group.zone, "source": source.source, "column": time}
        raise HeadraceError("ZONE_OF_DATES", where=f"{document.place(('zone',))}: zone", **about)


def _check_window(window: str, group: FeatureGroup, source: EventContract, where: str) -> None:
    about = {"where": where, "window": window, "source": source.source}
    time = source.roles.event_time
    if window.endswith("h") and source.columns[time].type == "date":
        raise HeadraceError("WINDOW_HOURLY", **about, column=time)
    length = window_length(window)
    if source.keeps is not None and (length is None or length > source.keeps):
        raise HeadraceError("WINDOW_TOO_LONG", **about, keeps=show_span(source.keeps))
