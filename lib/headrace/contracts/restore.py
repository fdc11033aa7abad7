"""A feature group and its source as they were when they were locked: made again from the meaning that the entry keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from headrace.contracts.binding import UPSTREAM, Bound
from headrace.contracts.events import EventContract
from headrace.contracts.expressions import Expression, to_sql
from headrace.contracts.features import FORMULAS, FeatureGroup
from headrace.contracts.fingerprint import tree_of
from headrace.contracts.lock import Lock

UNTOLD = "–"
"""What stands where a contract has words that mean nothing for the data: an entry does not keep them."""


def restored(lock: Lock) -> Bound:
    """What the entry's version means, with its table; owner, purposes and meanings are not known any more."""
    meaning = lock.meaning
    team, group = meaning["group"]
    said = {key: value for key, value in meaning.items() if key not in ("group", "features", UPSTREAM)}
    features = [_feature(feature) for feature in meaning["features"]]
    words = {"team": team, "group": group, "version": lock.version, "owner": lock.owner, "purpose": UNTOLD}
    contract = FeatureGroup.model_validate({**words, **said, "features": features})
    return Bound(contract.kept_in(lock.history[-1].table), _source(meaning[UPSTREAM], lock))


def _feature(meaning: Mapping[str, Any]) -> dict[str, Any]:
    formulas = {key: _formula(meaning[key]) for key in FORMULAS if key in meaning}
    gap = {"gap": timedelta(seconds=meaning["gap"])} if "gap" in meaning else {}
    return {**meaning, **formulas, **gap, "meaning": UNTOLD}


def _formula(notation: str) -> Expression:
    tree = tree_of(notation)
    return Expression(to_sql(tree), tree)


def _source(meaning: Mapping[str, Any], lock: Lock) -> EventContract:
    said = {key: value for key, value in meaning.items() if key != "policies"}
    policies = zip(("new_columns", "new_types", "widened_types"), meaning["policies"], strict=True)
    spans = {key: timedelta(seconds=meaning[key]) for key in ("lateness", "delay")}
    columns = {name: _column(*rest) for name, *rest in meaning["columns"]}
    rules = [{"name": name, "keep": _formula(keep), "why": UNTOLD} for name, keep in meaning["rules"]]
    words = {"version": lock.source_version, "owner": UNTOLD, "purpose": UNTOLD}
    return EventContract.model_validate(
        {**said, **words, **dict(policies), **spans, "columns": columns, "rules": rules}
    )


def _column(kind: str, required: bool, called: str | None = None) -> dict[str, Any]:
    return {"type": kind, "required": required, "called": called, "meaning": UNTOLD}
