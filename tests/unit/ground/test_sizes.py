"""Bytes as people say them."""

from __future__ import annotations

import pytest

from headrace.ground.sizes import show_bytes


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024**4, "5.0 TiB")])
def test_bytes_are_short(count: int, text: str) -> None:
    assert show_bytes(count) == text
