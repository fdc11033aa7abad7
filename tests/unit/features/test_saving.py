"""What sharing a feature saves: states that nobody else needs, and their bytes from the tables' own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from groups import count, derived, group, source, total

from headrace.contracts.twice import find_twins
from headrace.features.atoms import atoms_of
from headrace.features.saving import Saving, saving, told_saving
from headrace.tables.log import TableLog
from headrace.tables.weight import column_bytes


def saved(*groups: Any, of: str, taken: frozenset[tuple[str, str]] = frozenset()) -> Saving:
    twin = next(twin for twin in find_twins(groups, taken) if twin.new.name == of)
    return saving(twin, groups, source(), taken)


def states(one: Any) -> tuple[str, ...]:
    return tuple(atom.column for atom in atoms_of(one, source()).values())


def test_equal_logic_is_in_the_tiles_once_whoever_asks() -> None:
    found = saved(group("a", total("x"), version=2), group("b", total("y")), of="y")
    assert found.states == ()
    assert len(found.shared) == 2
    assert (found.table, found.columns) == ("features.activity", ("y_7d",))


def test_a_filter_of_its_own_costs_states_of_its_own() -> None:
    new = group("b", total("y", where="shop = 1"))
    found = saved(group("a", total("x"), version=2), new, of="y")
    assert found.states == states(new.features[0])
    assert found.shared == ()


def test_a_state_that_another_feature_needs_stays() -> None:
    new = group("b", total("y", where="shop = 1"), {**total("z", where="shop = 1"), "aggregate": "mean"})
    found = saved(group("a", total("x"), version=2), new, of="y")
    assert found.states == ()
    assert set(found.shared) == set(states(new.features[0]))


def test_what_only_a_derived_feature_needs_goes_with_it_unless_a_model_takes_it() -> None:
    old = group("a", count("n", None, "7d"), derived("score", "ln(1 + n_7d)"), version=2)
    new = group("b", count("m", "shop = 1"), derived("score", "ln(1 + m_7d)"))
    found = saved(old, new, of="score")
    assert (found.columns, found.states) == (("m_7d", "score"), states(new.features[0]))
    kept = saved(old, new, of="score", taken=frozenset({("b.activity", "m_7d")}))
    assert (kept.columns, kept.states) == (("score",), ())


def test_of_a_feature_that_is_equal_in_some_windows_the_others_stay() -> None:
    found = saved(group("a", total("x", "7d"), version=2), group("b", total("y", "7d", "28d")), of="y")
    assert (found.columns, found.states) == (("y_7d",), ())


def make_table(folder: Path, columns: dict[str, list[Any]]) -> None:
    """A table of one file that is there and one that was removed."""
    (folder / "_delta_log").mkdir(parents=True)
    actions: list[dict[str, Any]] = [{"metaData": {"schemaString": json.dumps({"fields": []}), "partitionColumns": []}}]
    for name, rows in (("part 1.parquet", columns), ("gone.parquet", {"other": [1] * 1000})):
        pq.write_table(pa.table(rows), folder / name)
        stats = json.dumps({"numRecords": len(next(iter(rows.values())))})
        actions.append({"add": {"path": name.replace(" ", "%20"), "size": 1, "stats": stats}})
    actions.append({"remove": {"path": "gone.parquet"}})
    (folder / "_delta_log" / f"{0:020}.json").write_text(
        "\n".join(json.dumps(action) for action in actions), encoding="utf-8"
    )


def test_a_columns_bytes_are_those_of_its_chunks_in_the_files_that_are_there(tmp_path: Path) -> None:
    make_table(tmp_path, {"few": [1] * 500, "many": list(range(500)), "sets": [[n] for n in range(500)]})
    found = column_bytes(TableLog(tmp_path))
    assert list(found) == ["few", "many", "sets"]
    assert found["many"] > 10 * found["few"] > 0
    assert column_bytes(TableLog(tmp_path / "nowhere")) == {}


def test_the_bytes_are_told_where_the_tables_are_there(tmp_path: Path) -> None:
    found = Saving("tiles.s", ("count_1",), (), "features.b", ("y_7d",))
    assert told_saving(found, tmp_path) == "Sharing saves column y_7d of features.b, and state count_1 of tiles.s"
    make_table(tmp_path / "tiles/s", {"count_1": list(range(4000)), "rest": [1] * 4000})
    bytes_of = column_bytes(TableLog(tmp_path / "tiles/s"))["count_1"]
    assert told_saving(found, tmp_path).endswith(f"state count_1 of tiles.s (4,000 rows, {bytes_of / 1024:.1f} KiB)")
    assert told_saving(found, "s3a://bucket/warehouse").endswith("state count_1 of tiles.s")
