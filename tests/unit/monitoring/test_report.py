"""The page of the monitor's report, without a browser."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from headrace.monitoring.cost import JobCost
from headrace.monitoring.findings import Finding, find, worst_of
from headrace.monitoring.performance import Gap
from headrace.monitoring.report import Champion, Intake, Quarantined, Report, duration, render, share
from headrace.training.metrics import Estimate

sample = runpy.run_path(str(Path(__file__).parent / "sample_report.py"))["sample"]
EMPTY = Report("demo", "local", "2018-01-01", "r1", Champion("lapse_risk", "Who lapses.", version="1"))


class Page(HTMLParser):
    """Every tag with its attributes; a tag that is closed out of order fails."""

    void = frozenset({"meta", "link", "br", "rect", "line", "circle", "polyline", "polygon"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_says_in_its_first_lines_what_is_wrong_and_what_to_do() -> None:
    text = render(sample(failed=True))
    head = text[text.index("<header>") : text.index("</header>")]
    assert "Something is wrong." in head
    assert "The job train_model failed." in head
    assert "<code>headrace run train_model --env local</code>" in head
    assert "1 of 6 features differ from what the model was trained on: spend_28d." in head


def test_a_report_without_findings_says_that_nothing_is_to_be_done() -> None:
    assert find(sample(drifted=False)) == ()
    assert "All is well." in render(sample(drifted=False))


def test_the_same_report_gives_the_same_page() -> None:
    assert render(sample()) == render(sample())


@pytest.mark.parametrize("report", [sample(), sample(failed=True), EMPTY])
def test_the_page_is_well_formed_accessible_and_asks_for_nothing(report: Report) -> None:
    text = render(report)
    page = Page(text)
    assert not re.search(r"https?://|(src|href)\s*=\s*[\"']?//|url\(|@import|<script", text)
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
        if tag == "th":
            assert attributes["scope"] in ("col", "row")
    tables = [tag for tag, _ in page.tags if tag == "table"]
    assert len(tables) == len([tag for tag, _ in page.tags if tag == "caption"])


def test_names_are_escaped_in_text_attributes_and_pictures() -> None:
    evil = '"><script>alert(1)</script>'
    report = sample()
    report = replace(
        report,
        champion=replace(report.champion, model=evil, baseline=evil),
        features=tuple(replace(line, column=evil) for line in report.features),
        jobs=tuple(replace(job, job=evil) for job in report.jobs),
        quarantine=(Quarantined(evil, evil, 3),),
        segments=tuple(replace(part, value=evil) for part in report.segments),
    )
    text = render(report)
    assert "<script" not in text
    Page(text)


def test_a_group_that_is_too_small_shows_no_figure_of_its_own() -> None:
    text = render(sample())
    row = next(row for row in re.findall(r"<tr>.*?</tr>", text) if ">rare<" in row)
    assert "under 40" in row
    assert "too few to show" in row
    assert "12" not in row


def test_findings_come_in_the_order_in_which_a_cause_is_looked_for() -> None:
    job = JobCost("land", "failed", 1, 1, 1.0, None, None, None, 0.0, 0.0)
    gap = Gap("age", "65+", "19-24", Estimate(0.3, 0.01, 0.28, 0.32))
    report = replace(
        sample(), jobs=(job,), intake=(Intake("s", 100, 90, 0),), quarantine=(Quarantined("s", "x", 10),), gaps=(gap,)
    )
    said = [finding.what for finding in find(report)]
    assert [what.split(" ")[:2] for what in said] == [
        ["The", "job"],
        ["10.0\N{NO-BREAK SPACE}%", "of"],
        ["1", "of"],
        ["The", "model"],
    ]
    assert worst_of(find(report)) == "wrong"


def test_past_scores_that_order_worse_than_at_release_are_wrong() -> None:
    report = sample(drifted=False)
    better = replace(report.champion, auc=Estimate(0.9, 0.005, 0.89, 0.91))
    (finding,) = find(replace(report, champion=better))
    assert finding.level == "wrong"
    assert finding.command == "headrace rollback model lapse_risk --env local"


@pytest.mark.parametrize(
    ("levels", "state"), [((), "fine"), (("look",), "look"), (("look", "wrong"), "wrong"), (("fine",), "fine")]
)
def test_the_state_is_the_worst_of_the_findings(levels: tuple[str, ...], state: str) -> None:
    assert worst_of([Finding(level, "x") for level in levels]) == state


def test_no_released_model_and_nothing_landed_are_said() -> None:
    bare = replace(EMPTY, champion=Champion("lapse_risk", "Who lapses."), intake=(Intake("s", 0, 0, 0),))
    assert [finding.level for finding in find(bare)] == ["wrong", "look"]
    assert "none released" in render(bare)


def test_numbers_are_spoken() -> None:
    assert (duration(4.04), duration(61), duration(200)) == ("4.0 s", "1 min 1 s", "3 min 20 s")
    assert (share(0.1234), share(None)) == ("12.3\N{NO-BREAK SPACE}%", "–")
