"""A run's page in a real browser: it opens from disk, alone, and draws its bars and the critical path."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sample_timeline import NAMES, sample

from headrace.monitoring.gantt import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --v=0"
).split()
MEASURE = """<script>
const boxes = [...document.querySelectorAll('svg.gantt rect')].map((bar) => bar.getBoundingClientRect());
const colours = new Set([...document.querySelectorAll('svg.gantt rect')].map((bar) => getComputedStyle(bar).fill));
document.title = ['measured', boxes.length, colours.size, Math.round(boxes[1].left - boxes[0].left),
  document.documentElement.scrollWidth <= window.innerWidth].join(' ');
</script></body>"""
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")]


def browse(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)


def test_bars_are_drawn_to_scale_in_three_colours_and_nothing_else_runs(tmp_path: Path) -> None:
    """The script that the test adds measures; the page's own policy would not let it run."""
    page, text = tmp_path / "run.html", render(sample(), "shop", "local")
    page.write_text(text, encoding="utf-8")
    shown = browse(page, "--dump-dom", f"--screenshot={tmp_path / 'page.png'}", "--window-size=1100,700")
    assert "<title>Run nightly-7 · shop local</title>" in shown.stdout
    assert "CONSOLE" not in shown.stderr
    assert all(name in shown.stdout for name in NAMES)
    open_to_us = text.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    page.write_text(open_to_us.replace("</body>", MEASURE), encoding="utf-8")
    measured = browse(page, "--dump-dom", "--window-size=500,700").stdout
    (found,) = re.findall(r"measured (\d+) (\d+) (\d+) (\w+)", measured)
    assert found == ("5", "3", "55", "true"), (
        "five bars, three colours, 8 of 110 s apart, nothing wider than the window"
    )
