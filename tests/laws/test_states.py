"""The laws of every state of ground/states: a commutative monoid, whose SQL is its Python."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.ground import states
from headrace.ground.states import Count, Distinct, Greatest, GreatestK, Least, Sessions, State, Sum, SumOfSquares

WHOLE = st.integers(-(10**9), 10**9)


@dataclass(frozen=True)
class Laws:
    """A state under test, and the values that it is over. A new state is one line in ``ALL``."""

    state: State
    values: st.SearchStrategy[Any] = WHOLE
    sql_type: str = "bigint"

    @property
    def rows(self) -> st.SearchStrategy[list[Any]]:
        return st.lists(st.none() | self.values, max_size=12)


ALL = {
    "count": Laws(Count()),
    "sum": Laws(Sum()),
    "sum of squares": Laws(SumOfSquares()),
    "least": Laws(Least()),
    "greatest": Laws(Greatest()),
    "the greatest": Laws(GreatestK(1)),
    "three greatest": Laws(GreatestK(3)),
    "distinct": Laws(Distinct(), st.integers(-3, 3)),
    "distinct text": Laws(Distinct(), st.sampled_from(["", "a", "A", "é", "ab"]), "string"),
    "sessions": Laws(Sessions(3), st.integers(-12, 12)),
    "sessions far apart": Laws(Sessions(2**20), st.integers(-(2**31), 2**31)),
    "least row": Laws(Least(), st.tuples(st.integers(0, 3), st.text(max_size=2)), "struct<t bigint, v string>"),
}
every_state = pytest.mark.parametrize("laws", ALL.values(), ids=ALL.keys())


def states_of(laws: Laws) -> st.SearchStrategy[Any]:
    return laws.rows.map(laws.state.lift_values)


def holds(check: Callable[..., None], *drawn: st.SearchStrategy[Any]) -> None:
    busy = [HealthCheck.too_slow]  # the machine, not the strategy: a test process shares two cores with another
    settings(max_examples=40, deadline=None, suppress_health_check=busy)(given(*drawn)(check))()


@every_state
def test_merge_is_commutative(laws: Laws) -> None:
    def check(a: Any, b: Any) -> None:
        assert laws.state.merge_values(a, b) == laws.state.merge_values(b, a)

    holds(check, states_of(laws), states_of(laws))


@every_state
def test_merge_is_associative(laws: Laws) -> None:
    def check(a: Any, b: Any, c: Any) -> None:
        merge = laws.state.merge_values
        assert merge(merge(a, b), c) == merge(a, merge(b, c))

    holds(check, states_of(laws), states_of(laws), states_of(laws))


@every_state
def test_the_state_of_nothing_changes_nothing(laws: Laws) -> None:
    def check(a: Any) -> None:
        merge = laws.state.merge_values
        for nothing in (None, laws.state.lift_values([]), laws.state.lift_values([None, None])):
            assert merge(a, nothing) == merge(nothing, a) == a

    holds(check, states_of(laws))


@every_state
def test_the_state_of_a_union_is_the_merge_of_the_states(laws: Laws) -> None:
    def check(rows: list[Any], more: list[Any]) -> None:
        lift = laws.state.lift_values
        assert lift(rows + more) == laws.state.merge_values(lift(rows), lift(more))

    holds(check, laws.rows, laws.rows)


@every_state
def test_the_order_of_rows_is_of_no_account(laws: Laws) -> None:
    def check(rows: list[Any], draw: random.Random) -> None:
        assert laws.state.lift_values(rows) == laws.state.lift_values(draw.sample(rows, len(rows)))

    holds(check, laws.rows, st.randoms(use_true_random=False))


def test_what_is_invertible_can_be_subtracted() -> None:
    """Rule 12: sums and counts may be subtracted, min, max and sets never."""
    for laws in ALL.values():
        assert laws.state.invertible == isinstance(laws.state, Count | Sum)

    def check(rows: list[int | None], more: list[int | None]) -> None:
        for state in (Count(), Sum(), SumOfSquares()):
            whole, part = state.lift_values(rows + more), state.lift_values(more)
            assert (whole or 0) - (part or 0) == (state.lift_values(rows) or 0)

    holds(check, st.lists(st.none() | WHOLE), st.lists(st.none() | WHOLE))


def test_a_session_ends_where_the_gap_is_reached():
    state = Sessions(30)
    assert state.lift_values([0, 29, 58]) == ((0, 58),)
    assert state.lift_values([0, 30, 59]) == ((0, 0), (30, 59))


@pytest.mark.parametrize(
    ("late", "sessions"),
    [(50, ((0, 100), (200, 210))), (120, ((0, 20), (80, 120), (200, 210))), (90, ((0, 20), (80, 100), (200, 210))),
     (150, ((0, 20), (80, 100), (150, 150), (200, 210)))],
    ids=["joins two", "lengthens one", "falls inside one", "is one of its own"],
)  # fmt: skip
def test_a_late_event_changes_what_it_touches_and_nothing_else(late, sessions):
    state = Sessions(31)
    earlier = ((0, 20), (80, 100), (200, 210))
    assert state.merge_values(earlier, state.lift_values([late])) == sessions


def test_a_gap_of_nothing_is_refused():
    with pytest.raises(ValueError, match="a gap of 0 between sessions"):
        Sessions(0)


def test_every_state_is_held_to_the_laws() -> None:
    declared = {kind for _, kind in inspect.getmembers(states, inspect.isclass) if issubclass(kind, State)}
    assert declared - {State} == {type(laws.state) for laws in ALL.values()}


CASES, PARTS = 40, 4


def _random_rows(seed: int) -> list[tuple[int, int, int | None]]:
    """(case, part, value): parts of any size, some without a row, some with nulls only."""
    draw = random.Random(seed)
    rows = []
    for case in range(CASES):
        rows.append((case, PARTS, None))  # every case has a part whose rows are all null
        for _ in range(draw.randrange(0, 12)):
            value = draw.choice([None, draw.randrange(-5, 5), draw.randrange(-(2**31), 2**31)])
            rows.append((case, draw.randrange(PARTS), value))
    return rows


@pytest.mark.spark
def test_sql_lifts_and_merges_as_python_does(spark: Any) -> None:
    """One job for all states: any split of the rows, lifted by part and merged, is the state of all rows."""
    rows = _random_rows(2017)
    spark.createDataFrame(rows, "case int, part int, value bigint").createOrReplaceTempView("law_rows")
    numeric = [laws.state for laws in ALL.values() if laws.sql_type == "bigint"]
    lifts = ", ".join(f"{state.lift('value')} AS s{i}" for i, state in enumerate(numeric))
    nulls = ", ".join(f"CAST(NULL AS {_state_type(state)}) AS s{i}" for i, state in enumerate(numeric))
    merges = ", ".join(f"{state.merge(f's{i}')} AS m{i}" for i, state in enumerate(numeric))
    found = spark.sql(
        f"WITH parts AS (SELECT case, part, {lifts} FROM law_rows GROUP BY case, part), "
        f"padded AS (SELECT * FROM parts UNION ALL SELECT DISTINCT case, -1, {nulls} FROM law_rows), "
        f"merged AS (SELECT case, {merges} FROM padded GROUP BY case), "
        f"direct AS (SELECT case, {lifts} FROM law_rows GROUP BY case) "
        "SELECT * FROM direct JOIN merged USING (case)"
    ).collect()
    assert len(found) == CASES
    for row in found:
        values = [value for case, _, value in rows if case == row["case"]]
        for i, state in enumerate(numeric):
            expected = state.lift_values(values)
            assert _plain(row[f"s{i}"]) == expected, (state, values)
            assert _plain(row[f"m{i}"]) == expected, (state, values)


def _state_type(state: State) -> str:
    if isinstance(state, GreatestK | Distinct):
        return "ARRAY<BIGINT>"
    if isinstance(state, Sessions):
        return "ARRAY<STRUCT<s: BIGINT, e: BIGINT>>"
    return "DECIMAL(38,0)" if isinstance(state, SumOfSquares) else "BIGINT"


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value
