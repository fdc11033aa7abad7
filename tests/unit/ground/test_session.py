"""Which kind of session is asked for, and by whom: spark-submit's words stand above the project's settings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.ground import session as module
from headrace.ground.session import BINDING, CONNECT, is_classic, open_session


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Nothing is started: what would have been is noted here. ``told`` is what spark-submit was told."""
    noted: dict[str, Any] = {"told": {}}

    def note(kind: str) -> Any:
        return lambda *given: noted.update(kind=kind, given=given)

    monkeypatch.setattr(module, "_existing", lambda: None)
    monkeypatch.setattr(module, "name_interpreters", lambda: None)
    monkeypatch.setattr(module, "_told_by_spark_submit", lambda: noted["told"])
    for kind in ("_build", "_serve", "_connect"):
        monkeypatch.setattr(module, kind, note(kind))
    for name in ("SPARK_REMOTE", "SPARK_API_MODE"):
        monkeypatch.delenv(name, raising=False)
    return noted


@pytest.mark.parametrize(
    ("told", "settings", "kind"),
    [
        ({}, {}, "_build"),
        ({}, {"spark.api.mode": "connect"}, "_serve"),
        ({"spark.api.mode": "connect"}, {}, "_serve"),
        ({"spark.api.mode": "classic"}, {"spark.api.mode": "connect"}, "_build"),
        ({"spark.remote": "local[2]"}, {}, "_serve"),
        ({"spark.remote": "sc://a:1"}, {"spark.remote": "sc://b:2"}, "_connect"),
        ({}, {"spark.remote": "sc://b:2"}, "_connect"),
    ],
)
def test_who_asks_for_connect_gets_it(opened, told, settings, kind):
    opened["told"] = told
    open_session("n", "local[2]", settings)
    assert opened["kind"] == kind


def test_a_server_of_ours_is_told_at_its_start_what_no_session_could_change(opened):
    opened["told"] = {"spark.sql.extensions": "theirs"}
    open_session("n", "local[2]", {"spark.api.mode": "connect", "spark.sql.shuffle.partitions": "4"})
    wanted = opened["given"][1]
    assert wanted["spark.master"] == "local[2]"
    assert wanted["spark.sql.shuffle.partitions"] == "4"
    assert "spark.sql.extensions" not in wanted, "what spark-submit was told stands"
    assert BINDING.items() - wanted.items() == {("spark.sql.extensions", BINDING["spark.sql.extensions"])}
    assert CONNECT["spark.connect.grpc.binding.address"] == "127.0.0.1"


def test_the_environment_names_a_server(opened, monkeypatch):
    monkeypatch.setenv("SPARK_REMOTE", "sc://127.0.0.1:15002")
    open_session("n", "local[2]", {})
    assert (opened["kind"], opened["given"][0]) == ("_connect", "sc://127.0.0.1:15002")


@pytest.mark.parametrize(
    ("told", "master"),
    [
        ({}, None),
        ({"spark.master": "spark://m:7077"}, "spark://m:7077"),
        ({"spark.remote": "local[2]"}, "local[2]"),
        ({"spark.remote": "sc://127.0.0.1:1"}, "local"),
        ({"spark.remote": "sc://192.0.2.77/;token=s3cret"}, "sc://192.0.2.77:15002"),
    ],
)
def test_a_server_elsewhere_counts_as_a_remote_master(opened, told, master):
    opened["told"] = told
    assert module.told_master() == master


def test_what_spark_submit_was_told_of_connect_comes_in_parts(monkeypatch):
    told = {"spark.api.mode": "connect", "spark.master": "local[1]"}
    monkeypatch.setenv("PYSPARK_REMOTE_INIT_CONF_LEN", "2")
    for part, (key, value) in enumerate(told.items()):
        monkeypatch.setenv(f"PYSPARK_REMOTE_INIT_CONF_{part}", json.dumps({key: value}))
    assert module._told_by_spark_submit() == told


def test_a_client_is_told_from_classic_spark():
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.session import SparkSession as Client

    assert is_classic(object.__new__(SparkSession))
    assert not is_classic(object.__new__(Client))
