"""Bytes as people say them."""

from __future__ import annotations

_LARGER = ("KiB", "MiB", "GiB", "TiB")
_KIB = 1024


def show_bytes(count: float) -> str:
    """So many bytes, in the largest unit of which there is a whole one: ``999 B``, ``1.5 KiB``."""
    value, unit = float(count), "B"
    for larger in _LARGER:
        if value >= _KIB:
            value, unit = value / _KIB, larger
    return f"{value:,.1f} {unit}" if unit != "B" else f"{value:.0f} B"
