"""What contracts expect of their tables' rows: declared, refused by file and line, and no part of what rows mean."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from headrace.contracts.expectation import Expectation, Expected, expectations_of, finite, rows_hold, within
from headrace.contracts.features import load_feature_group
from headrace.features.groups import features_table
from headrace.ground.errors import HeadraceError

TEXT = tiny.FILES["conf/contracts/features/visiting.yaml"]


def group_of(folder: Path, *expectations: str):
    path = folder / "visiting.yaml"
    path.write_text(TEXT + "expectations:\n" + "".join(f"  - {one}\n" for one in expectations), encoding="utf-8")
    return load_feature_group(path)


def test_a_group_declares_what_its_table_expects(tmp_path: Path) -> None:
    group = group_of(
        tmp_path,
        "{rule: rows_at_least, rows: 3}",
        "{rule: null_share_at_most, column: paid_7d, share: 0.25}",
        "{rule: within, column: paid_7d, low: 0}",
        "{rule: rows_hold, expression: visits_3d <= visits_all, rows: 2}",
    )
    assert [str(one) for one in features_table(group).expects] == [
        "at least 3 rows",
        "paid_7d: at most 0.25 of the rows null",
        "paid_7d: within 0 and no bound",
        "visits_3d <= visits_all: true but for 2 rows at most",
    ]


def test_what_is_expected_changes_neither_meaning_nor_table(tmp_path: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text(TEXT, encoding="utf-8")
    plain, expecting = load_feature_group(path), group_of(tmp_path, "{rule: rows_at_least, rows: 1}")
    assert plain.fingerprint == expecting.fingerprint
    assert features_table(plain) == features_table(expecting)
    assert features_table(plain).expects == ()


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("{rule: within, column: paid_7, low: 0}", "expectations.0.column: the table has no column 'paid_7'. Did you"),
        ("{rule: rows_hold, expression: paid_8d > 0}", "expectations.0.expression: the table has no column 'paid_8d'"),
        ("{rule: within, column: paid_7d}", "expectations.0: within needs low, high or both"),
        ("{rule: within, column: paid_7d, low: 2, high: 1}", "expectations.0: nothing is within 2 and 1"),
        ("{rule: rows_at_least}", "expectations.0: rows_at_least needs rows"),
        ("{rule: rows_at_least, rows: 1, column: who}", "expectations.0.column: column: not for rows_at_least, which"),
        ("{rule: unique, column: who}", "expectations.0.rule: "),
        ("{rule: null_share_at_most, column: paid_7d, share: 2}", "expectations.0.share: "),
    ],
)
def test_a_wrong_declaration_is_refused_by_file_and_line(tmp_path: Path, declared: str, said: str) -> None:
    with pytest.raises(HeadraceError) as refused:
        group_of(tmp_path, declared)
    line = TEXT.count("\n") + 2
    assert f"{tmp_path / 'visiting.yaml'}:{line}: {said}" in str(refused.value)


def test_an_expectation_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeadraceError, match=r"expectations\.1: stands there twice"):
        group_of(tmp_path, "{rule: rows_at_least, rows: 1}", "{rule: rows_at_least, rows: 1}")


def test_yaml_and_code_say_the_same() -> None:
    declared = (
        Expected(rule="within", column="x", low=0, high=1),
        Expected(rule="finite", column="x"),
        Expected(rule="rows_hold", expression="x > 0"),
        Expected(rule="rows_at_least", rows=2),
    )
    assert expectations_of(declared) == (
        within("x", 0, 1),
        finite("x"),
        rows_hold("x > 0"),
        Expectation("rows_at_least", low=2),
    )


@pytest.mark.parametrize(
    ("expectation", "sql"),
    [
        (within("x", 0, 1.5), "(`x` < 0 OR `x` > 1.5) AND abs(CAST(`x` AS DOUBLE)) < DOUBLE('Infinity')"),
        (rows_hold("x > 0"), "NOT coalesce((`x` > 0), FALSE)"),
        (Expectation("rows_at_most", high=2), None),
    ],
)
def test_the_rows_that_break_an_expectation_are_told_in_sql(expectation: Expectation, sql: str | None) -> None:
    assert expectation.broken_by == sql
