"""An event contract: columns, roles, types, rules and policies, and every way to get one wrong."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from headrace.contracts.events import CORRECTING_COLUMNS, OUTCOMES, SYSTEM_COLUMNS, WORKING_COLUMNS, EventContract

SHOP: dict[str, Any] = {
    "source": "shop_events",
    "version": 1,
    "owner": "o@example.com",
    "purpose": "What customers do.",
    "landing": {"folder": "shop/events"},
    "roles": {
        "entity": ["user_id"],
        "event_time": "at",
        "event_id": "id",
        "event_type": "kind",
        "available_at": "sent",
    },
    "types": ["basket_end", "login"],
    "columns": {
        "user_id": {"type": "bigint", "meaning": "who", "sensitivity": "personal"},
        "at": {"type": "timestamp", "meaning": "when"},
        "id": {"type": "string", "meaning": "which"},
        "kind": {"type": "string", "meaning": "what"},
        "sent": {"type": "timestamp", "meaning": "when sent"},
        "value": {"type": "decimal(10, 2)", "meaning": "money", "required": True},
        "note": {"type": "string", "meaning": "text"},
    },
    "lateness": "3d",
    "rules": [{"name": "value_in_range", "keep": "value >= 0", "why": "money is not negative"}],
}
ABSENT = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """SHOP with one value at ``a.b.c`` changed, or taken away."""
    contract = copy.deepcopy(SHOP)
    *above, last = path.split(".")
    at = contract
    for part in above:
        at = at[part]
    if value is ABSENT:
        del at[last]
    else:
        at[last] = value
    return contract


def test_a_contract_says_what_is_required_and_who_is_who():
    contract = EventContract.model_validate(SHOP)
    assert contract.entity == ("user_id",)
    assert contract.required == ("user_id", "at", "id", "kind", "sent", "value")
    assert contract.columns["value"].type == "decimal(10,2)"
    assert (contract.lateness, contract.delay) == (timedelta(days=3), timedelta(0))
    assert (contract.new_columns, contract.new_types, contract.widened_types) == ("allow", "quarantine", "quarantine")
    assert contract.rules[0].keep.sql == "(`value` >= 0)"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("roles.entity", ["usr_id"], "there is no column 'usr_id'. Did you mean 'user_id'?"),
        ("roles.entity", [], "at least 1 item"),
        ("roles.entity", ["user_id", "user_id"], "a column stands twice"),
        ("roles.event_time", "when", "there is no column 'when'"),
        ("roles.event_time", "note", "column 'note' is string; a time is needed"),
        ("roles.available_at", "value", "column 'value' is decimal(10,2); a time is needed"),
        ("roles.sequence", "seq", "there is no column 'seq'"),
        ("roles.event_type", ABSENT, "types and roles.event_type go together"),
        ("types", [], "types and roles.event_type go together"),
        ("columns.value.type", "decimal(39,2)", "the precision is 1..38"),
        ("columns.value.type", "decimal(4,5)", "the scale at most the precision"),
        ("columns.value.type", "money", "'money' is not a type"),
        ("columns.value.type", "int\n", "is not a type"),
        ("columns.Value", {"type": "int", "meaning": "m"}, "'Value' is not an identifier"),
        ("columns.value.sensitivity", "secret", "Input should be 'public', 'internal', 'personal' or 'special'"),
        ("lateness", "3", "'3' is not a length of time"),
        ("lateness", ABSENT, "Field required"),
        ("new_columns", "ignore", "Input should be 'allow', 'quarantine' or 'fail'"),
        ("zone", "Europe/Berlin", "Input should be 'UTC'"),
        ("landing.folder", "../other", "String should match pattern"),
        ("landing.folder", "/tmp", "String should match pattern"),
        ("landing.format", "cvs", "Input should be 'json', 'csv' or 'parquet'"),
        (
            "rules",
            [{"name": "r", "keep": "valeu > 0", "why": "w"}],
            "there is no column 'valeu'. Did you mean 'value'?",
        ),
        ("rules", [{"name": "r", "keep": "rand() > 0", "why": "w"}], "'rand' is not on the allow-list"),
        ("rules", [SHOP["rules"][0], SHOP["rules"][0]], "two rules are called 'value_in_range'"),
    ],
)
def test_what_contradicts_itself_is_refused(path, value, told):
    with pytest.raises(ValidationError) as refused:
        EventContract.model_validate(changed(path, value))
    assert told in str(refused.value)


@pytest.mark.parametrize("name", [*SYSTEM_COLUMNS, *WORKING_COLUMNS])
def test_a_column_of_headraces_own_may_not_be_declared(name):
    with pytest.raises(ValidationError, match="headrace adds a column of this name"):
        EventContract.model_validate(changed(f"columns.{name}", {"type": "string", "meaning": "m"}))


@pytest.mark.parametrize("name", CORRECTING_COLUMNS)
def test_a_column_of_corrections_may_be_declared_where_there_are_none(name):
    told = changed(f"columns.{name}", {"type": "string", "meaning": "m"})
    assert name in EventContract.model_validate(told).columns
    with pytest.raises(ValidationError, match="headrace adds a column of this name"):
        EventContract.model_validate(told | {"corrections": True})


def test_rule_16_corrections_are_another_meaning_of_the_events():
    """None is what it was before there were any; and what is corrected has an id of its own."""
    plain, corrected = (EventContract.model_validate(SHOP | told) for told in ({}, {"corrections": True}))
    assert (plain.system_columns, plain.sign, "corrections" in plain.meaning_for_data) == (SYSTEM_COLUMNS, None, False)
    assert (corrected.system_columns, corrected.sign) == ((*SYSTEM_COLUMNS, "sign"), "sign")
    assert plain.fingerprint != corrected.fingerprint
    roles = {role: column for role, column in SHOP["roles"].items() if role != "event_id"}
    with pytest.raises(ValidationError, match=r"nothing says which event is corrected; fill roles\.event_id"):
        EventContract.model_validate(SHOP | {"corrections": True, "roles": roles})


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_a_rule_may_not_be_called_as_an_outcome(name):
    """A rule called ``event`` would let every row that breaks it pass as an event."""
    with pytest.raises(ValidationError, match=f"'{name}': headrace has an outcome of this name"):
        EventContract.model_validate(changed("rules", [{"name": name, "keep": "value > 0", "why": "w"}]))


def test_lateness_may_be_none_at_all():
    assert EventContract.model_validate(changed("lateness", "0d")).lateness == timedelta(0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("source", "other"),
        ("landing.folder", "other"),
        ("roles.entity", ["id"]),
        ("roles.event_id", ABSENT),
        ("roles.sequence", "value"),
        ("types", ["login"]),
        ("columns.value.type", "decimal(12,2)"),
        ("columns.note.required", True),
        ("columns.more", {"type": "int", "meaning": "m"}),
        ("lateness", "4d"),
        ("delay", "1h"),
        ("new_columns", "fail"),
        ("new_types", "allow"),
        ("widened_types", "allow"),
        ("rules", []),
        ("rules", [SHOP["rules"][0] | {"keep": "value > 0"}]),
        ("rules", [SHOP["rules"][0] | {"name": "other"}]),
    ],
)
def test_a_meaningful_edit_changes_the_fingerprint(path, value):
    assert (
        EventContract.model_validate(changed(path, value)).fingerprint != EventContract.model_validate(SHOP).fingerprint
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("owner", "p@example.com"),
        ("purpose", "Else."),
        ("version", 2),
        ("columns.note.meaning", "else"),
        ("columns.user_id.sensitivity", "special"),
        ("columns.user_id.required", True),
        ("types", ["login", "basket_end"]),
        ("columns.value.type", "DECIMAL(10,2)"),
        ("lateness", "72h"),
        ("rules", [SHOP["rules"][0] | {"why": "else"}]),
        ("rules", [SHOP["rules"][0] | {"keep": "( VALUE  >= 0 ) -- note"}]),
    ],
)
def test_a_cosmetic_edit_does_not(path, value):
    assert (
        EventContract.model_validate(changed(path, value)).fingerprint == EventContract.model_validate(SHOP).fingerprint
    )
