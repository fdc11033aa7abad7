"""What ``make test`` leaves out for its length (``@pytest.mark.dear``) has a short form there, and says which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DEAR = sorted(path for path in TESTS.rglob("test_*.py") if "mark.dear" in path.read_text(encoding="utf-8"))
_SHORT = re.compile(r"Short form[^:]*: (?P<told>.+)")
_FILE = re.compile(r"[\w/]*test_\w+\.py")


@pytest.mark.parametrize("path", [path for path in DEAR if path != Path(__file__)], ids=lambda path: path.stem)
def test_a_dear_test_names_its_short_form(path: Path) -> None:
    told = _SHORT.findall(path.read_text(encoding="utf-8"))
    assert told, "no line 'Short form: ...'"
    for name in (name for line in told for name in _FILE.findall(line)):
        assert (TESTS.parent / name).exists() or (path.parent / name).exists(), name
