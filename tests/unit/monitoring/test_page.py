"""Pages are replaced as a whole, and the same text is the same version."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headrace.ground.asset import At
from headrace.ground.interval import Interval
from headrace.monitoring.page import Page, PageSink

NEW_YEAR = datetime(2018, 1, 1, tzinfo=UTC)
AT = At(Interval(NEW_YEAR - timedelta(days=1), NEW_YEAR), "r1", NEW_YEAR, 7)
PAGE = Page("report", "report.html")


def test_a_commit_is_read_back_and_is_named_by_its_content(tmp_path: Path) -> None:
    sink = PageSink(tmp_path / "reports")
    assert not sink.exists(PAGE)
    receipt = sink.commit(PAGE, "<p>ä</p>", AT, {"job": "monitor"})
    assert receipt.version == hashlib.sha256("<p>ä</p>".encode()).hexdigest()
    assert sink.commit(PAGE, "<p>ä</p>", AT, {"job": "monitor"}) == receipt
    assert (sink.exists(PAGE), sink.read(PAGE, AT)) == (True, "<p>ä</p>")
    assert [file.name for file in sink.folder.iterdir()] == ["report.html"]


def test_a_write_that_is_cut_short_leaves_the_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = PageSink(tmp_path)
    sink.commit(PAGE, "old", AT, {})
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        sink.commit(PAGE, "new", AT, {})
    assert sink.read(PAGE, AT) == "old"


@pytest.mark.parametrize("file", ["../report.html", "/tmp/x", "a/b", "", ".", ".."])
def test_a_page_stays_in_its_folder(file: str) -> None:
    with pytest.raises(ValueError, match="bare file name"):
        Page("report", file)
