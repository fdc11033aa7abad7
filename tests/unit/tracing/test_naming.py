"""Names by OpenLineage's naming, and columns through what a job makes on the way."""

from __future__ import annotations

from uuid import UUID

import pytest
from lineage_events import START

from headrace.features.strands import Field, How, Strand
from headrace.tracing.columns import columns_made
from headrace.tracing.naming import Place, located, run_uuid


@pytest.mark.parametrize(
    ("location", "namespace", "name"),
    [
        ("/data/warehouse/raw/events", "file", "/data/warehouse/raw/events"),
        ("file:///data/raw/events", "file", "/data/raw/events"),
        ("s3a://bucket/lake/raw/events", "s3://bucket", "lake/raw/events"),
        ("gs://bucket/raw/", "gs://bucket", "raw"),
        ("abfss://box@account.dfs.core.windows.net/raw", "abfss://box@account.dfs.core.windows.net", "/raw"),
        ("hdfs://name:8020/raw/events", "hdfs://name:8020", "/raw/events"),
        ("dbfs:/lake/raw", "dbfs", "/lake/raw"),
    ],
)
def test_a_location_is_a_store_and_a_path_in_it(location: str, namespace: str, name: str) -> None:
    assert located(location) == Place(namespace, name)


def test_an_identifier_is_a_uuid_of_what_it_is_about() -> None:
    found = UUID(run_uuid("demo", "run-1", START))
    assert (found.version, found.variant) == (8, "specified in RFC 4122")
    assert run_uuid("demo", "run-1", START) == str(found)
    assert len({run_uuid("a", "bc"), run_uuid("ab", "c"), run_uuid("a", "b", "c")}) == 3


def strand(of: str, into: str, how: How) -> Strand:
    return Strand(*(Field(*name.split(".")) for name in (of, into)), how)


STRANDS = (
    strand("in.a", "mid.x", "aggregated"),
    strand("in.b", "mid.x", "filtered"),
    strand("mid.x", "out.p", "copied"),
    strand("out.p", "out.q", "computed"),
    strand("in.a", "out.q", "copied"),
    strand("other.z", "out.r", "copied"),
)


def test_columns_are_followed_to_the_inputs_and_no_farther() -> None:
    assert columns_made("out", {"in"}, STRANDS) == {
        "p": {Field("in", "a"): ("aggregated",), Field("in", "b"): ("filtered",)},
        "q": {Field("in", "a"): ("aggregated", "copied"), Field("in", "b"): ("filtered",)},
    }
    assert columns_made("out", {"mid"}, STRANDS) == {
        "p": {Field("mid", "x"): ("copied",)},
        "q": {Field("mid", "x"): ("computed",)},
    }
    assert columns_made("in", {"in"}, STRANDS) == {}
