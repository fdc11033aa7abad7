"""A run's page without a browser: all steps, the critical path, nothing of anybody, and no network."""

from __future__ import annotations

import re

import pytest
from sample_timeline import EVIL, NAMES, sample

from headrace.monitoring.gantt import NAMES as LEFT
from headrace.monitoring.gantt import PLOT, draw, render, shown, ticks


def rects(svg: str) -> list[tuple[str, float, float]]:
    found = re.findall(r'<rect class="([a-z ]+)" x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)"', svg)
    return [(kind, float(x), float(width)) for kind, x, width in found]


def test_each_step_has_its_bar_in_its_place_and_the_chain_is_marked() -> None:
    scale = PLOT / 110
    assert rects(str(draw(sample()))) == [
        ("done critical", LEFT, round(7 * scale, 1)),
        ("done critical", round(LEFT + 8 * scale, 1), round(61 * scale, 1)),
        ("done", round(LEFT + 70 * scale, 1), round(14 * scale, 1)),
        ("done critical", round(LEFT + 70 * scale, 1), round(36 * scale, 1)),
        ("failed critical", round(LEFT + 107 * scale, 1), round(3 * scale, 1)),
    ]
    assert str(draw(sample())).count('<path class="chain"') == 3


def test_the_page_lists_all_steps_and_the_same_run_gives_the_same_page() -> None:
    page = render(sample(), "shop", "local")
    assert all(f'<th scope="row">{name}</th>' in page for name in NAMES)
    assert "<dd>110.0 s</dd>" in page
    assert "<dd>2024-03-01 06:00:00</dd>" in page
    assert page == render(sample(), "shop", "local")


def test_what_a_step_says_is_text_and_of_a_failure_the_code_alone_is_told() -> None:
    page = render(sample(), "shop", "local")
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert "bob" not in page
    assert "<td>ValueError</td>" in page


def test_the_page_asks_nothing_of_anybody_and_runs_nothing() -> None:
    page = render(sample(), "shop", "local")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert not re.search(r"<script|https?://|(src|href)\s*=\s*(?![\"']?data:)|url\(|@import", page)


@pytest.mark.parametrize(
    ("seconds", "last", "count"),
    [(0.0, 0, 1), (7.9, 7, 8), (110, 105, 8), (3600, 3600, 7), (43_210, 43_200, 7), (40 * 86_400, 40 * 86_400, 9)],
)
def test_ticks_are_round_and_few(seconds: float, last: float, count: int) -> None:
    found = list(ticks(seconds))
    assert (found[0], found[-1], len(found)) == (0, last, count)


@pytest.mark.parametrize(("seconds", "text"), [(8.9, "8 s"), (65, "1:05 min"), (9000, "2:30 h")])
def test_a_length_of_time_is_short(seconds: float, text: str) -> None:
    assert shown(seconds) == text
