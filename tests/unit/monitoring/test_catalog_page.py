"""The catalog's page without a browser: whole, escaped, and asking nothing of anybody."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from catalogs import AT, EVIL, small_catalog

from headrace.features.entry import Column, Entry, Freshness, Reader
from headrace.monitoring.catalog import filters, render


class Page(HTMLParser):
    """Every tag with its attributes, and the text of the page without its style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_data(self, data: str) -> None:
        if self.inside[-1:] not in (["style"], ["script"]):
            self.said += data


@pytest.fixture(scope="module")
def text() -> str:
    return render(small_catalog(), AT)


def test_every_entry_is_on_the_page_with_what_is_known_of_it(text: str) -> None:
    said = Page(text).said
    for entry in small_catalog().entries:
        for words in (
            entry.owner,
            entry.python,
            entry.sql,
            entry.fingerprint,
            *(column.name for column in entry.columns),
        ):
            assert words in said, (entry.name, words)
    assert "1,234 rows, 4.8 MiB" in said
    assert "committed 2024-03-11 06:30 UTC by run r7 for 2024-03-10..2024-03-11" in said
    assert "SELECT 7" in said


def test_a_meaning_that_tries_to_be_a_script_is_text(text: str) -> None:
    page = Page(text)
    assert EVIL in page.said, "it is shown as it was written"
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert [attributes for tag, attributes in page.tags if tag == "img"] == []
    handlers = [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert handlers == []


def test_the_policy_lets_one_script_run_and_nothing_be_loaded(text: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(
        attributes["content"] for tag, attributes in Page(text).tags if "http-equiv" in attributes and tag == "meta"
    )
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    assert not re.search(
        r"https?://|(src|href)\s*=\s*[\"']?//|url\(|@import|fetch\(|XMLHttpRequest|import\(",
        text.replace("onerror", ""),
    )


def test_what_is_filtered_by_is_written_at_the_entry(text: str) -> None:
    entries = [attributes for tag, attributes in Page(text).tags if tag == "li"]
    assert [entry["id"] for entry in entries] == [entry.anchor for entry in small_catalog().entries]
    visits = entries[0]
    assert json.loads(str(visits["data-window"])) == ["7d", "28d"]
    assert json.loads(str(visits["data-owner"])) == ["growth@example.com"]
    assert str(visits["data-names"]).split() == [
        *("visiting.visits", "visits", "growth.visiting.visits", "visits_7d", "visits_28d"),
    ]


def test_filters_count_entries_and_put_windows_by_length() -> None:
    found = filters(small_catalog().entries)
    assert found["window"] == [("7d", 2), ("28d", 1), ("all", 1)]
    assert found["kind"] == [("feature", 3), ("model", 1), ("source", 1), ("table", 2)]
    assert found["owner"] == [("data@example.com", 2), ("growth@example.com", 3)]


def test_links_within_the_page_lead_somewhere(text: str) -> None:
    page = Page(text)
    places = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [str(attributes["href"]) for tag, attributes in page.tags if tag == "a"]
    assert "#model-lapse" in links
    assert {link.removeprefix("#") for link in links} <= places


def test_versions_say_since_when_what_changed_and_why(text: str) -> None:
    said = Page(text).said
    old = "since 2024-01-01, its table was kept until 2024-02-08"
    told = (
        "since 2024-02-01, holds",
        f"visits.where: –  ->  {EVIL}",
        "Free ones are no visits.",
        old,
        "the first that was agreed",
    )
    places = [said.index(words) for words in told]
    assert places == sorted(places)


def test_lineage_and_spread_are_drawn_and_said(text: str) -> None:
    (lineage,) = re.findall(r'<svg class="lineage".*?</svg>', text)
    assert "<title>Lineage of visiting.visits</title>" in lineage
    assert (
        "<desc>raw column visits.paid; then tiles tiles.visits; then this feature visiting.visits; then model lapse</desc>"
        in lineage
    )
    assert re.findall(r'href="([^"]*)"', lineage) == ["#source-visits", "#model-lapse"], "tiles have no entry here"
    (spread,) = re.findall(r'<svg class="spread".*?</svg>', text)
    assert (
        "<title>visits_7d: rows by value from 0 to 9, in 30 cells of even width; a line at the median</title>" in spread
    )
    said = Page(text).said
    assert "120 rows, 10.0% without a value, 6.7% zero, median about 2.53, the middle half 1.63 to 4.95" in said
    assert "12 rows, none without a value, no picture: fewer than 40 rows" in said
    assert "not known: no model takes it" in said
    assert '<span class="mark look">older</span> taken before a contract changed' not in text, (
        "the first of the model is not"
    )


def test_a_feature_has_its_name_for_an_address_and_tables_a_section_of_their_own(text: str) -> None:
    assert '<li id="visiting.visits"' in text
    features, dictionary = text[: text.index('id="dictionary"')], text[text.index('id="dictionary"') :]
    assert '<li id="table-' not in features
    assert dictionary.count('<li id="table-') == dictionary.count("<li id=") == 2


def test_the_dictionary_says_unit_writer_and_readers() -> None:
    catalog = small_catalog()
    paid = Column("paid", "double", "Money.", unit="EUR")
    table = Entry(
        kind="table", name="raw.visits", meaning="Visits.", columns=(paid,), made_by=("ingest",),
        readers=(Reader("job", "build_tiles"), Reader("command", "plan, run and status")),
    )  # fmt: skip
    said = " ".join(Page(render(replace(catalog, entries=(*catalog.entries, table)), AT)).said.split())
    assert "ColumnTypeUnitSensitivityMeaning" in said.replace(" ", "")
    assert "paiddoubleEURinternalMoney." in said
    assert "Written by" in said
    assert "command plan, run and status; job build_tiles" in said


def test_personal_columns_are_marked_and_what_was_never_made_says_so() -> None:
    text = render(small_catalog(), AT)
    age = text[text.index('id="profile.age"') :]
    age = age[: age.index("</li>")]
    assert '<span class="mark look">personal</span>' in age
    assert "never: no run has made it yet" in age


def test_a_project_that_never_ran_says_so_at_the_top() -> None:
    catalog = small_catalog()
    never = replace(catalog, entries=tuple(replace(entry, freshness=None) for entry in catalog.entries))
    assert "nothing made yet" in render(never, AT)
    assert "nothing made yet" not in render(catalog, AT)


def test_the_same_catalog_gives_the_same_page(text: str) -> None:
    assert render(small_catalog(), AT) == text


@pytest.mark.parametrize(
    ("count", "spoken"), [(None, "–"), (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 * 2**40, "5.0 TiB")]
)
def test_sizes_are_spoken(count: int | None, spoken: str) -> None:
    assert Freshness(1, AT, bytes=count).size == spoken
