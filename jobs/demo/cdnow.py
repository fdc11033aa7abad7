"""CDNOW's purchases from January 1997 to June 1998, as lifetimes ships them: real, without event ids or faults."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from headrace.ground.errors import HeadraceError
from headrace.jobs.demo.lines import LandingFile, cut_files

COLUMNS = ("customer_id", "date", "cds", "value")
WHEEL = "Lifetimes-0.11.3-py3-none-any.whl"
DATA_FOLDER = Path(sys.prefix, "share", "headrace", "data")
"""Where the set-up puts wheels that are read as data."""
_MEMBER = "lifetimes/datasets/CDNOW_master.txt"


def find_wheel(path: Path | None = None) -> Path:
    """``path``, or where the set-up puts the wheel.

    Raises:
        HeadraceError: DEMO_WHEEL_MISSING.
    """
    wheel = path or DATA_FOLDER / WHEEL
    if not wheel.is_file():
        raise HeadraceError("DEMO_WHEEL_MISSING", file=wheel)
    return wheel


def purchases(wheel: Path) -> pd.DataFrame:
    """All purchases by date, in the file's order within a date.

    Returns:
        69,659 rows: ``customer_id`` (text of five digits), ``date`` (text, ISO), ``cds`` (discs), ``value`` (cents).
    """
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(_MEMBER).decode("ascii")
    read = pd.read_csv(io.StringIO(text), sep=r"\s+", skiprows=1, header=None, names=list(COLUMNS), dtype=str)
    dates = pd.to_datetime(read["date"], format="%Y%m%d").dt.strftime("%Y-%m-%d")
    dollars, cents = (part.astype("int64") for _, part in read["value"].str.extract(r"^(\d+)\.(\d\d)$").items())
    typed = read.assign(date=dates, cds=read["cds"].astype("int64"), value=dollars * 100 + cents)
    return typed.sort_values("date", kind="stable", ignore_index=True)


def purchase_files(bought: pd.DataFrame) -> Iterator[list[LandingFile]]:
    """One file a date."""
    yield cut_files(bought.assign(part=0), COLUMNS, bought["date"].to_numpy().astype("datetime64[D]"))


def dates(bought: pd.DataFrame) -> list[np.datetime64]:
    """The dates that have purchases: all 546."""
    return list(np.unique(bought["date"].to_numpy().astype("datetime64[D]")))
