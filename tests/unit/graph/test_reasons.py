"""Why an interval is due, each reason from what the ledger keeps of the last time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from graph_fakes import START, day, entry, job, ledger_of, table
from test_plan import GRAPH, LANDED, NO_VERSION, observer, settle

from headrace.graph.job import Latest
from headrace.graph.ledger import Ledger
from headrace.graph.origin import Origin, identity_of, origin_of, versions
from headrace.graph.plan import due, survey
from headrace.graph.view import view
from headrace.tables.published import PublishedTable


@dataclass(frozen=True)
class Agreement:
    """As much of a contract as a version has."""

    source: str
    version: int


@dataclass(frozen=True)
class Grouped(Agreement):
    namespace: str = "growth.activity"


def why(one, ledger: Ledger, days=1, graph=GRAPH, **more) -> list[str]:
    """The reasons of the job's due intervals, day by day."""
    look = view(graph, ledger, more.pop("observe", observer(LANDED)), day(0, days), START, **more)
    dues, _ = due(one, look)
    return [f"{item.interval.start:%d}: {item.why}" for item in dues]


def test_a_job_that_was_never_done_differs_from_an_interval_that_is_new():
    assert why(GRAPH[0], ledger_of(), 2) == ["01: never done", "02: never done"]
    assert why(GRAPH[0], settle(GRAPH, day(0, 2)), 3) == ["03: new interval"]


def test_a_contract_is_named_with_the_version_before_and_now():
    three = replace(GRAPH[1], contracts={"source shop": 3, "group g": 1}, fingerprint="3")
    ledger = settle((GRAPH[0], three), day(0))
    for contracts, told in [
        ({"source shop": 4, "group g": 1}, "contract source shop changed from v3 to v4"),
        ({"source shop": 3}, "contract group g is gone"),
        ({"source shop": 4, "group g": 1, "group h": 2},
         "contract group h v2 is new, contract source shop changed from v3 to v4"),
        ({"source shop": 3, "group g": 1}, NO_VERSION),
    ]:  # fmt: skip
        assert why(replace(three, contracts=contracts, fingerprint="4"), ledger) == [f"01: {told}"]
        assert why(replace(three, contracts=contracts), ledger) == [], "what changes no fingerprint makes nothing due"


def test_versions_of_contracts_are_told_apart_by_kind():
    assert versions(Agreement("shop", 3), Grouped("shop", 2)) == {"source shop": 3, "group growth.activity": 2}


def test_late_data_is_told_where_a_landing_zone_changed():
    late = observer(LANDED | {"2017-01-02": "a file more"})
    assert why(GRAPH[0], settle(GRAPH, day(0, 3)), 3, observe=late) == [
        "02: late data of zone for these days", "03: late data of zone for these days",
    ]  # fmt: skip


def test_a_table_above_that_was_restated_is_named_and_one_that_will_be_is_its_job():
    ledger = settle(GRAPH, day(0, 2))
    late = LANDED | {"2017-01-02": "a file more"}
    look = view(GRAPH, ledger, observer(late), day(0, 2), START)
    assert [step.why for step in survey(GRAPH, look, 400).steps] == [
        "late data of zone for these days", "ingest will be made anew", "tiles will be made anew",
    ]  # fmt: skip
    settle(GRAPH[:1], day(0, 2), ledger, late, minute=1)
    assert why(GRAPH[1], ledger, 2) == ["02: t.ingest was restated"]


def test_several_reasons_are_all_told():
    three = replace(GRAPH[1], contracts={"source shop": 3}, fingerprint="3")
    graph = (GRAPH[0], three)
    ledger = settle(graph, day(0))
    settle(GRAPH[:1], day(0), ledger, {"2017-01-01": "other"}, minute=1)
    four = replace(three, contracts={"source shop": 4}, fingerprint="4")
    assert why(four, ledger) == ["01: contract source shop changed from v3 to v4, t.ingest was restated"]


def test_an_input_that_is_new_or_not_read_any_more():
    ledger = settle(GRAPH, day(0))
    more = replace(GRAPH[1], inputs={**GRAPH[1].inputs, "other": table("other")})
    assert why(more, ledger) == ["01: other is read now"]
    assert why(replace(GRAPH[1], inputs={}), ledger) == ["01: ingest is not read any more"]


def test_a_version_that_serves_is_told_with_the_one_before():
    score = replace(job("score", "champion"), every=Latest())
    ledger = ledger_of()
    for version, told in (("version 2", "never done"), ("version 3", "champion changed from version 2 to version 3")):
        look = view((score,), ledger, lambda asset, interval, now=version: now, day(0), START)
        ((item,), _) = due(score, look)
        assert item.why == told
        ledger.append([entry("score", item.interval, item.stamp, origin=item.origin)])


def test_what_others_publish_is_theirs_to_restate():
    abroad = PublishedTable("t.group@1", "delta", "/elsewhere", "as_of")
    reads = replace(job("score"), inputs={"group": abroad})
    ledger = ledger_of(entry("score", day(0), "old", origin=Origin("", {}, {"group": "a"})))
    assert why(reads, ledger, graph=(reads,), observe=lambda *_: "b") == [
        "01: t.group@1 was restated by those who publish it"
    ]


@pytest.mark.parametrize(
    ("left", "there", "told"),
    [
        ("4", "none", ["01: output missing: t.ingest"]),
        ("4", "3", ["01: output missing: t.ingest"]),  # made anew by somebody, or an older copy of it
        ("4", "4", []),
        ("4", "9", []),
        ("4", None, []),  # not to be seen from here
        ("run-7", "3", []),  # no number: of what is no table
    ],
)
def test_an_output_that_is_not_there_any_more_is_made_anew(left, there, told):
    ledger = settle(GRAPH[:1], day(0))
    ledger.append([replace(ledger.entries[0], outputs={"t.ingest": left})])
    assert why(GRAPH[0], ledger, version=lambda asset: there) == told


def test_only_outputs_that_the_step_left_are_missed():
    ledger = settle(GRAPH[:1], day(0))
    assert why(GRAPH[0], ledger, version=lambda asset: "none") == []


def test_forced_and_what_was_done_before_reasons_were_kept():
    ledger = settle(GRAPH, day(0))
    assert why(GRAPH[0], ledger, forced=("ingest",)) == ["01: forced"]
    before = ledger_of(entry("ingest", day(0), "old"))
    assert why(GRAPH[0], before) == ["01: code, contract or input changed"]


def test_an_entry_restored_without_its_inputs_says_as_much_as_is_known():
    known = ledger_of(entry("tiles", day(0), "old", origin=Origin("", {}, {"ingest": None})))
    assert why(GRAPH[1], settle(GRAPH[:1], day(0), known)) == ["01: t.ingest was restated"]


def test_an_origin_reads_back_and_short_identities_stay_as_they_are():
    origin = Origin("f", {"label l": 1}, {"a": "version 2", "b": None})
    assert origin_of(origin.text()) == origin
    assert origin_of(None) is None
    assert (identity_of(["version 2"]), identity_of([]), identity_of(None)) == ("version 2", "", None)
    assert len(identity_of(["0123456789abcdef"] * 30)) == 16
