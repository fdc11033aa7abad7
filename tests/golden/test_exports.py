"""The demo's manifest is a golden file: what every exporter is given, so that a changed seam is a diff to read."""

from __future__ import annotations

import os
from pathlib import Path

from headrace.cli.choice import Choice
from headrace.cli.exported import opened

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "manifest.json"


def test_the_demo_has_the_manifest_that_is_written_down():
    text = opened(Choice(ROOT, "local"))[1].text()
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "HEADRACE_GOLDEN=write pytest tests/golden/test_exports.py"
    assert str(ROOT) not in text
