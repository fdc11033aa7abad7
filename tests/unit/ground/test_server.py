"""A Connect server's address is read, tried and checked before a session is made of it; secrets in it are not kept."""

from __future__ import annotations

import socket

import pytest

from headrace.ground.errors import HeadraceError
from headrace.ground.server import (
    Server,
    check_reachable,
    is_here,
    read_address,
    settings_of_session,
)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("sc://127.0.0.1", "127.0.0.1", 15002),
        ("sc://host.example:15003", "host.example", 15003),
        ("sc://localhost:1/;token=s3cret;use_ssl=true", "localhost", 1),
        ("sc://[::1]:9", "::1", 9),
    ],
)
def test_addresses(url, host, port):
    assert read_address(url) == Server(host, port)
    assert "s3cret" not in read_address(url).shown


@pytest.mark.parametrize("url", ["sc://", "127.0.0.1:1", "sc://a:b", "sc://a:70000", "sc://a/b", "http://a;token=s3cret"])  # fmt: skip
def test_what_is_no_address_is_refused_without_its_token(url):
    with pytest.raises(HeadraceError) as refused:
        read_address(url)
    assert refused.value.code == "SERVER_ADDRESS"
    assert "s3cret" not in str(refused.value)


def test_somebody_or_nobody_answers():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = Server("127.0.0.1", listening.getsockname()[1])
        with pytest.raises(HeadraceError) as refused:
            check_reachable(server)
        assert (refused.value.code, refused.value.exit_status) == ("SERVER_UNREACHABLE", 75)
        listening.listen()
        check_reachable(server)
        assert is_here(server)


def test_a_server_on_another_machine_is_elsewhere():
    assert not is_here(Server("192.0.2.77", 15002))  # an address for documentation: nobody's
    assert not is_here(Server("no-such-host.invalid", 15002))


def test_a_session_is_given_what_it_may_have():
    asked = {
        "spark.sql.shuffle.partitions": "4",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.extensions": "x",
        "spark.sql.catalog.spark_catalog": "y",
        "spark.driver.memory": "3g",
        "spark.jars": "z",
    }
    assert set(settings_of_session(asked)) == {"spark.sql.shuffle.partitions", "spark.databricks.delta.snapshotPartitions"}  # fmt: skip
