"""Rows as Feast keeps them: an entity's key, and each value as a protobuf message of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from headrace.ground.errors import HeadraceError
from headrace.serving.kinds import Kind
from headrace.serving.views import View

MARK = "_headrace"
"""The field beside an entity's features that says of which publication its row is. No view has it, so no reader sees it."""
Row = tuple[Any, dict[str, Any], datetime, None]
"""As ``online_write_batch`` takes it: key, values, instant."""


def encode(view: View, row: Mapping[str, Any], as_of: datetime, mark: str) -> Row:
    """A row of a group's table, its columns brought to what ``kinds`` asks for.

    Raises:
        HeadraceError: SERVED_NULL.
    """
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey

    names = [key.name for key in view.keys]
    key = EntityKey(join_keys=names, entity_values=[message(one.name, one.kind, row[one.name]) for one in view.keys])
    values = {one.name: message(one.name, one.kind, row[one.name]) for one in view.features}
    return key, values | {MARK: mark_message(mark)}, as_of, None


def mark_message(mark: str) -> Any:
    """A publication's mark as Feast's message."""
    from feast.protos.feast.types.Value_pb2 import Value

    return Value(string_val=mark)


def message(column: str, kind: Kind, value: Any) -> Any:
    """A value as Feast's message; an empty one for null.

    Raises:
        HeadraceError: SERVED_NULL: Feast's arrays have no nulls in them.
    """
    from feast.protos.feast.types.Value_pb2 import Value

    found = Value()
    if value is None:
        return found
    if not kind.repeated:
        setattr(found, kind.field, _plain(value))
        return found
    if any(one is None for one in value):
        raise HeadraceError("SERVED_NULL", column=column)
    part = getattr(found, kind.field)
    part.SetInParent()
    part.val.extend(_plain(one) for one in value)
    return found


def decode(value: Any, kind: Kind) -> Any:
    """What a message holds, as ``encode`` was given it; None for null."""
    if value.WhichOneof("val") is None:
        return None
    held = getattr(value, kind.field)
    if kind.repeated:
        return [_read(one, kind) for one in held.val]
    return _read(held, kind)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _read(value: Any, kind: Kind) -> Any:
    return Decimal(value) if "Decimal" in kind.feast else value
