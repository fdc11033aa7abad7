"""JSON lines and how they are cut into files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headrace.jobs.demo.lines import cut_files, json_lines


def test_a_line_has_the_keys_in_order_and_leaves_out_those_that_do_not_apply() -> None:
    frame = pd.DataFrame(
        {
            "event_id": pd.Series(["p-1-1", "m-8-7"], dtype="string"),
            "event_time": np.array(["2017-01-01T11:53:26", "2107-12-31T00:00:00"], dtype="datetime64[s]"),
            "household_id": pd.Series([900, None], dtype="Int64"),
            "value": pd.Series([1250, None], dtype="Int64"),
            "campaign_id": pd.Series([None, 8], dtype="Int64"),
        }
    )
    assert json_lines(frame, list(frame.columns)).to_pylist() == [
        '{"event_id":"p-1-1","event_time":"2017-01-01T11:53:26Z","household_id":900,"value":12.50}',
        '{"event_id":"m-8-7","event_time":"2107-12-31T00:00:00Z","campaign_id":8}',
    ]


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (7, "0.07"), (29, "0.29"), (84000, "840.00"), (110, "1.10")])
def test_money_has_two_decimals_and_never_a_binary_fraction(cents: int, text: str) -> None:
    assert json_lines(pd.DataFrame({"value": [cents]}), ["value"]).to_pylist() == [f'{{"value":{text}}}']


def test_what_the_writer_cannot_spell_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        json_lines(pd.DataFrame({"value": [-1]}), ["value"])
    with pytest.raises(ValueError, match=r"age: .* a quote"):
        json_lines(pd.DataFrame({"age": ['4"5']}), ["age"])


def test_files_are_cut_by_day_and_part_and_a_broken_line_in_its_middle() -> None:
    frame = pd.DataFrame({"line": [1, 2, 3, 4], "part": [0, 0, 1, 1], "broken": [False, True, False, False]})
    days = np.array(["2017-01-01", "2017-01-01", "2017-01-01", "2017-01-02"], dtype="datetime64[D]")
    files = cut_files(frame, ["line"], days)
    assert [(str(file.day), file.part, file.lines, bytes(file.text)) for file in files] == [
        ("2017-01-01", 0, 2, b'{"line":1}\n{"lin\n'),
        ("2017-01-01", 1, 1, b'{"line":3}\n'),
        ("2017-01-02", 1, 1, b'{"line":4}\n'),
    ]
