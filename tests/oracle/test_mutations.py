"""Rule 17, by execution: 60 meaningful edits change a value and the fingerprint, 40 cosmetic ones change neither.

Each edit is one of a contract's text. A feature's value is computed by its definition, with its expressions *as they are
written*, so that Spark's own reading of them, and not headrace's tree, says whether two texts mean the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from headrace.contracts.binding import Bound
from headrace.contracts.events import EventContract
from headrace.contracts.expressions import Expression
from headrace.contracts.features import FORMULAS, Feature, FeatureGroup
from headrace.events.validate import check_rows
from headrace.features.definition import definitions
from headrace.ground.document import parse_document, validate

pytestmark = pytest.mark.spark
AS_OF = date(2024, 3, 4)
SOURCE = """\
source: acts
version: 1
owner: a@example.com
purpose: Acts.
landing: {folder: acts}
roles: {entity: [shop, who], event_time: at, available_at: got, sequence: line, event_type: kind}
types: [a, b, c]
lateness: 5d
columns:
  shop: {type: string, meaning: s}
  who: {type: bigint, meaning: w}
  at: {type: timestamp, meaning: t}
  got: {type: timestamp, meaning: g}
  line: {type: int, meaning: l}
  kind: {type: string, meaning: k}
  item: {type: string, meaning: i}
  code: {type: string, meaning: c}
  amount: {type: "decimal(10,2)", meaning: a}
  fee: {type: "decimal(10,2)", meaning: f}
rules:
  - {name: sound, keep: fee >= 0 AND fee < 9, why: Fees are small.}
"""
GROUP = """\
team: growth
group: acting
version: 3
owner: growth@example.com
purpose: How people act.
entity: [shop, who]
source: acts
features:
  - name: n
    meaning: Acts.
    unit: acts
    aggregate: count
    where: kind = 'a' AND amount > 1
    windows: [3d]
  - name: total
    meaning: Money.
    aggregate: sum
    expression: amount - 0.5 * fee
    where: kind <> 'c'
    scale: 2
    windows: [3d]
    when_empty: 0
  - name: average
    meaning: Money an act.
    aggregate: mean
    expression: abs(amount)
    scale: 1
    windows: [3d]
  - name: spread
    meaning: Its spread.
    aggregate: variance
    expression: fee + 2
    scale: 2
    windows: [3d]
  - name: least
    meaning: The least share.
    aggregate: min
    expression: amount / 3
    windows: [3d]
  - name: latest
    meaning: The last item.
    aggregate: last
    expression: coalesce(item, 'none')
    windows: [3d]
  - name: newest
    meaning: The newest amounts.
    aggregate: last_k
    expression: round(amount, 1)
    k: 2
    windows: [3d]
  - name: items
    meaning: Items.
    aggregate: count_distinct
    expression: lower(item)
    where: item IS NOT NULL
    windows: [3d]
  - name: days
    meaning: Days.
    aggregate: active_days
    where: code IN ('01', '1') AND NOT kind LIKE 'a%' AND fee = 6
    windows: [3d]
  - name: since
    meaning: Since the last one.
    aggregate: time_since_last
    where: code = '1'
    windows: [all]
  - name: visits
    meaning: Visits.
    aggregate: sessions
    gap: 2h
    windows: [3d]
  - name: score
    meaning: A score.
    derive: ln(1 + n_3d) + 0.1 * greatest(total_3d, 0)
    scale: 4
  - name: share
    meaning: Money a visit.
    derive: if(visits_3d > 1, total_3d / visits_3d, 0)
    scale: 3
"""
MEANINGFUL = [
    # filter
    ("kind = 'a' AND", "kind = 'b' AND"),
    ("kind = 'a' AND", "kind <> 'a' AND"),
    ("kind = 'a' AND", "kind = 'A' AND"),
    ("'a' AND amount", "'a' OR amount"),
    ("amount > 1", "amount >= 1"),
    ("amount > 1", "amount < 1"),
    ("amount > 1", "amount > 1.5"),
    ("amount > 1", "fee > 1"),
    ("amount > 1", "NOT amount > 1"),
    ("amount > 1", "amount BETWEEN 1 AND 3"),
    ("kind = 'a' AND amount > 1", "amount > 1"),
    ("    where: kind = 'a' AND amount > 1\n", ""),
    ("    where: kind <> 'c'\n", ""),
    ("item IS NOT NULL", "kind = 'c'"),
    ("IN ('01', '1')", "IN ('01', '2')"),
    ("LIKE 'a%'", "LIKE 'b%'"),
    ("AND NOT kind", "AND kind"),
    # literals and their types
    ("code = '1'", "code = 1"),
    ("code = '1'", "code = '01'"),
    ("amount / 3", "amount / 3.00000"),
    ("amount / 3", "amount / 3e0"),
    ("0.5 * fee", "0.05 * fee"),
    ("fee + 2", "fee * 2"),
    ("amount / 3", "amount / 4"),
    # operands and their order
    ("amount - 0.5 * fee", "0.5 * fee - amount"),
    ("amount - 0.5 * fee", "fee - 0.5 * amount"),
    ("amount - 0.5 * fee", "(amount - 0.5) * fee"),
    ("amount - 0.5 * fee", "amount + 0.5 * fee"),
    ("amount / 3", "3 / amount"),
    # functions
    ("abs(amount)", "amount"),
    ("abs(amount)", "-abs(amount)"),
    ("coalesce(item, 'none')", "coalesce(item, 'nil')"),
    ("coalesce(item, 'none')", "item"),
    ("round(amount, 1)", "round(amount, 0)"),
    ("round(amount, 1)", "round(fee, 1)"),
    ("lower(item)", "item"),
    ("lower(item)", "kind"),
    # aggregate, window, scale, null rule, k, gap, measure
    ("aggregate: sum", "aggregate: mean"),
    ("aggregate: min", "aggregate: max"),
    ("aggregate: last\n", "aggregate: first\n"),
    ("aggregate: active_days", "aggregate: count"),
    ("scale: 1\n    windows: [3d]", "scale: 1\n    windows: [4d]"),
    ("amount / 3\n    windows: [3d]", "amount / 3\n    windows: [1d]"),
    ("scale: 1", "scale: 0"),
    ("    when_empty: 0\n", ""),
    ("when_empty: 0", "when_empty: 7"),
    ("k: 2", "k: 3"),
    ("gap: 2h", "gap: 30m"),
    ("gap: 2h", "gap: 2h\n    measure: mean_duration"),
    # derivations
    ("ln(1 + n_3d)", "ln(2 + n_3d)"),
    ("0.1 * greatest", "0.2 * greatest"),
    ("greatest(", "least("),
    ("scale: 3", "scale: 2"),
    ("total_3d / visits_3d", "visits_3d / total_3d"),
]
UPSTREAM = [
    ("fee < 9", "fee < 5"),
    ("fee >= 0 AND", "fee >= 1 AND"),
    ("types: [a, b, c]", "types: [a, b]"),
    ("lateness: 5d", "lateness: 1d"),
    ("event_time: at", "event_time: got"),
    (", sequence: line", ""),
]
COSMETIC = [
    ("owner: growth@example.com", "owner: sales@example.com"),
    ("purpose: How people act.", "purpose: How busy people are."),
    ("meaning: Acts.", "meaning: All acts."),
    ("unit: acts", "unit: pieces"),
    ("    unit: acts\n", ""),
    ("version: 3", "version: 4"),
    ("source: acts", "source: 'acts'   # where they come from"),
    ("source: acts\n", "source: acts\nzone: UTC\ntail: exact\n"),
    ("entity: [shop, who]", "entity:\n  - shop\n  - who"),
    ("team: growth\ngroup: acting", "group: acting\nteam: growth"),
    (
        "    aggregate: count\n    where: kind = 'a' AND amount > 1\n",
        "    where: kind = 'a' AND amount > 1\n    aggregate: count\n",
    ),
    ("    aggregate: count\n", "    aggregate: count\n    sensitivity: public\n"),
    ("    aggregate: count\n", "    aggregate: count\n    scale: 3\n"),
    ("kind = 'a' AND", "(kind = 'a') AND"),
    ("kind = 'a' AND amount > 1", "((kind = 'a' AND (amount > 1)))"),
    ("kind = 'a' AND", "KIND = 'a' and"),
    ("kind = 'a' AND", "kind == 'a' AND"),
    ("kind = 'a' AND", 'kind = "a" AND'),
    ("kind = 'a' AND amount", "kind='a'   AND   amount"),
    ("kind = 'a' AND", "kind /* of act */ = 'a' AND"),
    ("where: kind = 'a' AND amount > 1", "where: >-\n      kind = 'a'\n      AND amount > 1"),
    ("amount > 1", "amount > 01"),
    ("kind <> 'c'", "kind != 'c'"),
    ("kind <> 'c'", "( kind<>'c' )"),
    ("amount - 0.5 * fee", "amount - (0.5 * fee)"),
    ("amount - 0.5 * fee", "amount - .5 * fee"),
    ("amount - 0.5 * fee", "'`amount` - 0.5 * `fee`'"),
    ("amount - 0.5 * fee", "amount - 0.5 * fee AS net"),
    ("abs(amount)", "ABS( Amount )"),
    ("coalesce(item", "nvl(item"),
    ("coalesce(item", "ifnull(item"),
    ("item IS NOT NULL", "NOT item IS NULL"),
    ("NOT kind LIKE 'a%'", "kind NOT LIKE 'a%'"),
    ("fee + 2", "+fee + 2"),
    ("lower(item)", "lcase(item)"),
    ("gap: 2h", "gap: 120m"),
    ("gap: 2h", "gap: 7200s\n    measure: count"),
    ("ln(1 + n_3d)", "log(1 + n_3d)"),
    ("greatest(total_3d", "GREATEST( total_3d"),
    ("if(visits_3d > 1, total_3d / visits_3d, 0)", "CASE WHEN visits_3d > 1 THEN total_3d / visits_3d ELSE 0 END"),
]


class AsWritten(Expression):
    """An expression whose SQL is its own text, not what its tree prints."""

    @property
    def sql(self) -> str:
        """The text; of one with a name behind it, which only a SELECT's item may have, without the name."""
        return f"({self.text.partition(' AS ')[0]})" if " AS " in self.text else f"({self.text})"


@dataclass(frozen=True)
class Edited:
    """A contract after an edit, and the features that the edit touches, as they are written."""

    bound: Bound
    features: tuple[Feature, ...]


def read(text: str, kind: Any) -> Any:
    return validate(parse_document(Path("contract.yaml"), text), kind)


ACTS = read(SOURCE, EventContract)
BASE = Bound(read(GROUP, FeatureGroup), ACTS)


def replaced(text: str, edit: tuple[str, str]) -> str:
    assert text.count(edit[0]) == 1, edit
    return text.replace(*edit)


def written(feature: Feature) -> Feature:
    formulas = {key: getattr(feature, key) for key in FORMULAS}
    said = {key: AsWritten(one.text, one.tree) for key, one in formulas.items() if one is not None}
    return feature.model_copy(update=said)


def edited(edit: tuple[str, str]) -> Edited:
    group = read(replaced(GROUP, edit), FeatureGroup)
    touched = [one for one, base in zip(group.features, BASE.group.features, strict=True) if one != base]
    return Edited(Bound(group, ACTS), tuple(map(written, touched or group.features[:1])))


GROUP_EDITS = {edit: edited(edit) for edit in (*MEANINGFUL, *COSMETIC)}
SOURCES = {edit: read(replaced(SOURCE, edit), EventContract) for edit in UPSTREAM}


def acts(count: int) -> Iterator[tuple[Any, ...]]:
    """Random acts: ties in time, late arrivals, nulls, codes that are equal as numbers only, amounts on their edges.

    One entity has nothing but an act of kind c, so that a window is empty.
    """
    lone = datetime(2024, 3, 2, 5, tzinfo=UTC)
    yield "z", 9, lone, lone, 1, "c", "p", "1", Decimal("1.00"), Decimal("0.50"), lone.date(), lone.date(), count
    draw = random.Random(17)
    for number in range(count):
        hours = draw.choice([0, 1, 1, 5, 23])
        at = datetime(2024, 2, 26, hours, draw.choice([0, 0, 0, 30]), tzinfo=UTC) + timedelta(days=draw.randrange(8))
        got = at + timedelta(days=draw.choice([0, 0, 0, 0, 2]))
        amount = draw.choice([None, "-2.26", "0.75", "1.00", "1.25", "3.50", "7.84"])
        fee = Decimal(draw.choice(["0.00", "0.50", "1.25", "6.00", "9.50"]))
        yield (
            draw.choice("xy"),
            draw.randrange(5),
            at,
            got,
            draw.randrange(100),
            draw.choice("aabc"),
            draw.choice([None, "P", "p", "q"]),
            draw.choice(["1", "01", "2"]),
            None if amount is None else Decimal(amount),
            fee,
            at.date(),
            got.date(),
            number,
        )


SCHEMA = (
    "shop string, who bigint, at timestamp, got timestamp, line int, kind string, item string, code string, amount decimal(10,2), "
    "fee decimal(10,2), event_date date, landed_on date, row_hash bigint"
)


@pytest.fixture(scope="module")
def parsed(spark: Any) -> Any:
    return (
        spark.createDataFrame(list(acts(500)), SCHEMA)
        .selectExpr("*", "CAST(NULL AS STRING) AS unread")
        .localCheckpoint()
    )


def known(parsed: Any, contract: EventContract, view: str) -> None:
    """The events that a contract lets in, as a view."""
    dated = parsed.withColumn("event_date", parsed[contract.roles.event_time].cast("date"))
    check_rows(dated, contract).where("broken IS NULL").createOrReplaceTempView(view)


def value_of(feature: Feature, bound: Bound) -> str:
    """The value's SQL: the second line of its definition, without its name."""
    return definitions(feature, bound.group, bound.source)[0].splitlines()[1].strip().rpartition(" AS ")[0]


def select(columns: dict[str, str], view: str, bound: Bound, note: str = "''") -> str:
    """All values of one source by entity, each as JSON, in one scan."""
    keys = ", ".join(bound.source.entity)
    values = ", ".join(f"to_json(struct({sql} AS v)) AS {name}" for name, sql in columns.items())
    time = bound.source.roles.event_time
    return f"SELECT {note} AS note, {keys}, {values} FROM {view} WHERE `{time}` < :as_of AND landed_on < DATE(:as_of) GROUP BY {keys}"


@pytest.fixture(scope="module")
def values(spark: Any, parsed: Any) -> dict[str, dict[Any, Any]]:
    """SQL -> entity -> value, of every aggregated feature before and after its edits: one job."""
    known(parsed, ACTS, "mutation_acts")
    features = [one for edit in GROUP_EDITS.values() for one in edit.features] + list(BASE.group.features)
    sqls = dict.fromkeys(value_of(one, BASE) for one in features if one.derive is None)
    names = {f"c{at}": sql for at, sql in enumerate(sqls)}
    at = f"TIMESTAMP '{AS_OF} 00:00:00Z'"
    rows = spark.sql(select(names, "mutation_acts", BASE).replace(":as_of", at)).collect()
    assert len(rows) == 11
    return {sql: {(row["shop"], row["who"]): row[name] for row in rows} for name, sql in names.items()}


@pytest.fixture(scope="module")
def derivations(spark: Any) -> dict[str, dict[Any, Any]]:
    """SQL -> row -> value, of every derived feature before and after its edits."""
    features = [one for edit in GROUP_EDITS.values() for one in edit.features] + list(BASE.group.features)
    sqls = list(dict.fromkeys(value_of(one, BASE) for one in features if one.derive is not None))
    rows = [(n, Decimal(total), visits) for n in (0, 3) for total in ("-1.25", "10.07") for visits in (1, 3)]
    frame = spark.createDataFrame(rows, "n_3d bigint, total_3d decimal(19,2), visits_3d bigint")
    found = frame.selectExpr(*(f"to_json(struct({sql} AS v)) AS c{at}" for at, sql in enumerate(sqls))).collect()
    return {sql: {number: row[f"c{at}"] for number, row in enumerate(found)} for at, sql in enumerate(sqls)}


def before(feature: Feature, values: dict[str, dict[Any, Any]]) -> dict[Any, Any]:
    (base,) = [one for one in BASE.group.features if one.name == feature.name]
    return values[value_of(base, BASE)]


def same(edit: tuple[str, str], values: Any, derivations: Any) -> bool:
    """Whether every feature that an edit touches has the values that it had."""
    pairs: Iterable[tuple[Feature, Any]] = (
        (one, derivations if one.derive is not None else values) for one in GROUP_EDITS[edit].features
    )
    return all(known[value_of(one, BASE)] == before(one, known) for one, known in pairs)


def test_there_are_sixty_meaningful_edits_and_forty_cosmetic_ones() -> None:
    assert (len({*MEANINGFUL}) + len({*UPSTREAM}), len({*COSMETIC})) == (60, 40)


@pytest.mark.parametrize("edit", MEANINGFUL, ids=lambda edit: edit[1])
def test_a_meaningful_edit_changes_a_value_and_the_fingerprint(edit: Any, values: Any, derivations: Any) -> None:
    assert not same(edit, values, derivations)
    assert GROUP_EDITS[edit].bound.fingerprint != BASE.fingerprint


@pytest.mark.parametrize("edit", COSMETIC, ids=lambda edit: edit[1])
def test_a_cosmetic_edit_changes_neither(edit: Any, values: Any, derivations: Any) -> None:
    assert same(edit, values, derivations)
    assert GROUP_EDITS[edit].bound.fingerprint == BASE.fingerprint


@pytest.fixture(scope="module")
def upstream(spark: Any, parsed: Any) -> dict[str, dict[Any, Any]]:
    """Source -> entity -> values of two features (a sum, and the last value by the total order), over what it lets in: one job."""
    chosen = [one for one in BASE.group.features if one.name in ("total", "latest")]
    queries = []
    for number, contract in enumerate((ACTS, *SOURCES.values())):
        known(parsed, contract, f"mutation_source_{number}")
        bound = Bound(BASE.group, contract)
        columns = {one.name: value_of(one, bound) for one in chosen}
        queries.append(select(columns, f"mutation_source_{number}", bound, f"'{number}'"))
    rows = spark.sql(" UNION ALL ".join(queries).replace(":as_of", f"TIMESTAMP '{AS_OF} 00:00:00Z'")).collect()
    found: dict[str, dict[Any, Any]] = {}
    for row in rows:
        found.setdefault(row["note"], {})[row["shop"], row["who"]] = (row["total"], row["latest"])
    return found


@pytest.mark.parametrize("edit", UPSTREAM, ids=lambda edit: edit[1] or edit[0])
def test_an_edit_of_the_source_changes_a_value_and_the_groups_fingerprint(edit: Any, upstream: Any) -> None:
    """Anything upstream: validation, types, lateness, roles, ties."""
    number = str(1 + list(SOURCES).index(edit))
    assert upstream[number] != upstream["0"]
    assert Bound(BASE.group, SOURCES[edit]).fingerprint != BASE.fingerprint
    assert BASE.group.fingerprint == Bound(BASE.group, SOURCES[edit]).group.fingerprint, "its own words are the same"
