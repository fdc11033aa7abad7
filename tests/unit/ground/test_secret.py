"""Secrets stand in the environment, never in a file and never in an output."""

from __future__ import annotations

import pytest

from headrace.ground import secret
from headrace.ground.errors import HeadraceError
from headrace.ground.secret import has_password, is_reference, redact, reveal, reveal_all

STORE = "postgresql://headrace:s3cret%40word@127.0.0.1:5432/mlflow"


@pytest.fixture(autouse=True)
def _nothing_revealed_yet(monkeypatch):
    monkeypatch.setattr(secret, "_revealed", {})


def test_a_reference_is_resolved_late_and_everything_else_is_itself(monkeypatch):
    monkeypatch.setenv("HEADRACE_STORE", STORE)
    assert reveal("env:HEADRACE_STORE", "tracking.uri") == STORE
    assert reveal("http://127.0.0.1:5000", "tracking.uri") == "http://127.0.0.1:5000"
    assert reveal_all({"a": "env:HEADRACE_STORE", "b": "c"}, "spark.settings") == {"a": STORE, "b": "c"}


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable_is_named_with_the_key_that_asks_for_it(monkeypatch, value):
    monkeypatch.delenv("HEADRACE_STORE", raising=False)
    if value is not None:
        monkeypatch.setenv("HEADRACE_STORE", value)
    with pytest.raises(HeadraceError) as caught:
        reveal("env:HEADRACE_STORE", "tracking.uri")
    assert (caught.value.code, caught.value.exit_status) == ("REFERENCE_UNSET", 2)
    assert "HEADRACE_STORE is not set" in str(caught.value)
    assert "tracking.uri" in str(caught.value)


def test_what_was_revealed_is_hidden_whole_and_in_part(monkeypatch):
    monkeypatch.setenv("HEADRACE_STORE", STORE)
    said = f"cannot reach {STORE}; password 's3cret@word' (s3cret%40word) refused"
    assert redact(said) == said, "nothing is revealed yet"
    reveal("env:HEADRACE_STORE", "tracking.uri")
    hidden = redact(said)
    assert "s3cret" not in hidden
    assert hidden.startswith("cannot reach env:HEADRACE_STORE; ")


@pytest.mark.parametrize(
    ("text", "reference"),
    [("env:A", True), ("env:_a1", True), ("env:", False), ("env:1A", False), ("env:A-B", False), ("xenv:A", False)],
)
def test_what_a_reference_is(text, reference):
    assert is_reference(text) is reference


@pytest.mark.parametrize(
    ("uri", "spelled_out"),
    [
        (STORE, True),
        ("https://:token@host", True),
        ("postgresql://headrace@host/db", False),
        ("s3a://bucket/a:b@c", False),
        ("http://host:5000/x", False),
    ],
)
def test_a_password_in_a_uri_is_seen(uri, spelled_out):
    assert has_password(uri) is spelled_out
