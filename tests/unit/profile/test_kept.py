"""The newest profile of each model, read from a table's files without Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
from profiles import profile_row, write_profile

from headrace.ground.errors import HeadraceError
from headrace.profile.edges import NumberEdges
from headrace.profile.kept import kept_profiles
from headrace.tables.log import TableLog
from headrace.tables.newest import newest_rows

CUTS = (1.0, 2.0, 4.0)


@pytest.mark.parametrize("told", [True, False])
def test_each_model_has_its_newest_day_all_users_together(tmp_path: Path, told: bool) -> None:
    """With statistics older files are not opened; without them all are, and say the same."""
    files = [
        ("churn", [profile_row("x", {6: 5}, CUTS, day=1), profile_row("x", {6: 7}, CUTS, day=2)]),
        ("churn", [profile_row("x", {0: 1, 7: 2}, CUTS, day=2, user_bucket=3), profile_row("x", {6: 9}, CUTS, slice="region=1")]),
        ("churn", [profile_row("x", {6: 100}, CUTS, day=1)]),
        ("lapse", [profile_row("y", {0: 1, 3: 4}, None, day=1)]),
    ]  # fmt: skip
    write_profile(tmp_path / "t", files, told=told)
    x, y = kept_profiles(TableLog(tmp_path / "t")) or ()
    assert (x.model, x.row.column, x.row.window, x.edges) == ("churn", "x", "2018-01-02", NumberEdges(CUTS))
    assert (x.row.n, x.row.nulls, x.row.counts) == (10, 1, ((0, 1), (6, 7), (7, 2)))
    assert (y.model, y.row.n, y.edges) == ("lapse", 5, None)


def test_only_the_files_of_the_newest_day_are_opened(tmp_path: Path) -> None:
    files = [("m", [profile_row("x", {6: 5}, CUTS, day=day)]) for day in (1, 2)]
    write_profile(tmp_path / "t", files)
    (tmp_path / "t/model=m/part-0.parquet").write_bytes(b"not parquet")
    (kept,) = kept_profiles(TableLog(tmp_path / "t")) or ()
    assert kept.row.window == "2018-01-02"


def test_a_table_of_before_has_no_cuts(tmp_path: Path) -> None:
    row = profile_row("x", {6: 5}, CUTS)
    write_profile(tmp_path / "t", [("m", [row])])
    import pyarrow.parquet as pq

    path = tmp_path / "t/model=m/part-0.parquet"
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["cuts"]), path)
    (kept,) = kept_profiles(TableLog(tmp_path / "t")) or ()
    assert (kept.row.n, kept.edges) == (5, None)


def test_what_cannot_be_told_here_is_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert newest_rows(TableLog(None), "model", "as_of") is None
    files = [("m", [profile_row("x", {6: 5}, CUTS)])]
    write_profile(
        tmp_path / "marked", files, deletionVector={"storageType": "i", "pathOrInlineDv": "x", "cardinality": 1}
    )
    assert newest_rows(TableLog(tmp_path / "marked"), "model", "as_of") is None
    write_profile(tmp_path / "t", files)
    monkeypatch.setattr("headrace.tables.newest.find_spec", lambda _: None)
    assert newest_rows(TableLog(tmp_path / "t"), "model", "as_of") is None


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    write_profile(tmp_path / "t", [("m", [profile_row("x", {6: 5}, CUTS)])])
    (tmp_path / "t/model=m/part-0.parquet").unlink()
    with pytest.raises(HeadraceError, match="TABLE_FILE_UNREADABLE") as refused:
        kept_profiles(TableLog(tmp_path / "t"))
    assert "part-0.parquet cannot be read: it is gone" in str(refused.value)
