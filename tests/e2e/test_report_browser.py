"""The report in a real browser: it opens from disk, alone, with all tables and pictures."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from headrace.monitoring.report import Report, render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --v=0"
).split()
SAMPLE = Path(__file__).resolve().parents[1] / "unit" / "monitoring" / "sample_report.py"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def report() -> Report:
    made: Report = runpy.run_path(str(SAMPLE))["sample"](failed=True)
    return made


@pytest.fixture
def page(report: Report, tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    file.write_text(render(report), encoding="utf-8")
    return file


def browse(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)


def test_title_tables_and_pictures_are_there_and_the_console_is_silent(page: Path, report: Report) -> None:
    shown = browse(page, "--dump-dom")
    dom = shown.stdout
    assert f"<title>{report.champion.model} · demo local · 2018-01-01</title>" in dom
    assert dom.count("<table") == 9
    for section in ("model", "drift", "performance", "segments", "data", "jobs", "lineage"):
        assert f'<section id="{section}">' in dom
    pictures = re.findall(r'<svg class="(\w+)"', dom)
    assert pictures.count("histogram") == len(report.features) + len(report.scores)
    assert pictures.count("chart") == 3
    assert pictures.count("bar") == len(report.jobs) + len(report.quarantine)
    for job in report.jobs:
        assert job.job in unescape(dom)
    assert "CONSOLE" not in shown.stderr


def test_the_console_would_have_told(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("</body>", "<script>1</script></body>")
    page.write_text(text, encoding="utf-8")
    assert "CONSOLE" in browse(page, "--dump-dom").stderr  # the page's own policy forbids scripts


def test_nothing_in_the_file_points_to_a_network(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"https?://|(src|href)\s*=\s*(?![\"']?data:)|url\(|@import", text)


@pytest.mark.parametrize("options", [[], ["--blink-settings=preferredColorScheme=0"]], ids=["light", "dark"])
def test_it_is_painted(page: Path, tmp_path: Path, options: list[str]) -> None:
    target = tmp_path / "page.png"
    browse(page, f"--screenshot={target}", "--window-size=1200,1600", *options)
    assert target.read_bytes().startswith(b"\x89PNG")
    assert target.stat().st_size > 50_000  # a blank page of this size takes about 10 kB


def test_nothing_is_wider_than_a_phone(page: Path, tmp_path: Path) -> None:
    """A script that the test adds measures the page in a frame of 360 pixels; tables scroll in their own boxes."""
    text = page.read_text(encoding="utf-8").replace(
        "default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';"
    )
    probe = "<script>document.title = 'wide ' + document.documentElement.scrollWidth</script></body>"
    (tmp_path / "inner.html").write_text(text.replace("</body>", probe), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(
        "<iframe src='inner.html' width='360' height='800' style='border:0' onload=\"document.title ="
        ' this.contentDocument.title"></iframe>',
        encoding="utf-8",
    )
    shown = browse(frame, "--dump-dom", "--allow-file-access-from-files")
    (found,) = re.findall(r"wide (\d+)", shown.stdout)
    assert int(found) <= 360
