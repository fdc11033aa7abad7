"""The catalog in a real browser, by typing into it: it searches, filters, counts, opens, and says what it did not find."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from catalogs import AT, small_catalog

from headrace.monitoring.catalog import render

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1200,1000"
).split()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="chromium or chromedriver is not installed"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*QUIET, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "catalog.html"
    file.write_text(render(small_catalog(), AT), encoding="utf-8")
    return file


@pytest.fixture
def shop(browser: Any, page: Path) -> Any:
    """The page, opened anew."""
    browser.get("about:blank")
    browser.get(page.as_uri())
    return browser


def at(shop: Any, place: str) -> Any:
    return shop.find_element("css selector", place)


def press(shop: Any, *keys: str) -> None:
    webdriver.ActionChains(shop).send_keys(*keys).perform()


def names(shop: Any) -> list[str]:
    """The entries that can be seen, in their order."""
    entries = shop.find_elements("css selector", "ul.entries > li")
    return [entry.get_attribute("id") for entry in entries if entry.is_displayed()]


def choose(shop: Any, by: str, value: str) -> None:
    from selenium.webdriver.support.select import Select

    Select(at(shop, f"#by-{by}")).select_by_value(value)


def test_all_is_there_before_anything_is_typed(shop: Any) -> None:
    assert len(names(shop)) == 7
    assert at(shop, "#shown").text == "7 of 7 shown: 3 features, 1 model, 1 source, 2 tables"
    assert shop.title == "Catalog · shop local", "the script in a meaning did not run"
    assert [line for line in shop.get_log("browser") if "favicon" not in line["message"]] == []


def test_typing_narrows_with_each_letter_and_names_come_first(shop: Any) -> None:
    search = at(shop, "#search")
    search.send_keys("visits")
    assert names(shop)[:2] == ["visiting.visits", "source-visits"]
    assert "visiting.paid" in names(shop), "its meaning and its source say visits"
    search.send_keys(" MONEY")
    assert names(shop) == ["visiting.paid"]
    assert at(shop, "#shown").text == "1 of 7 shown: 1 feature"
    search.clear()
    search.send_keys("visits_28d")
    assert names(shop) == ["visiting.visits"], "a column is a name too"


def test_filters_and_text_hold_together(shop: Any) -> None:
    choose(shop, "window", "7d")
    assert names(shop) == ["visiting.visits", "visiting.paid"]
    choose(shop, "owner", "data@example.com")
    assert names(shop) == []
    assert at(shop, "#what").text == "Nothing passes all of these filters."
    choose(shop, "window", "")
    assert names(shop) == ["profile.age", "source-visits"]
    choose(shop, "kind", "feature")
    choose(shop, "entity", "who")
    choose(shop, "source", "profiles")
    assert names(shop) == ["profile.age"]
    at(shop, "#clear").click()
    assert len(names(shop)) == 7


def test_nothing_found_names_the_nearest_and_takes_it(shop: Any) -> None:
    at(shop, "#search").send_keys("vists_7d")
    assert names(shop) == []
    assert at(shop, "#shown").text == "0 of 7 shown"
    assert at(shop, "#what").text == "Nothing here is called or says “vists_7d”."
    assert at(shop, "#near").text == "visits_7d"
    at(shop, "#near").click()
    assert at(shop, "#search").get_attribute("value") == "visits_7d"
    assert "visiting.visits" in names(shop)
    assert not at(shop, "#nothing").is_displayed()


def test_what_the_filters_hide_is_offered(shop: Any) -> None:
    choose(shop, "kind", "table")
    at(shop, "#search").send_keys("age")
    assert names(shop) == []
    assert at(shop, "#without").text == "Show the 1 without the filters"
    at(shop, "#without").click()
    assert names(shop) == ["profile.age"]


def test_it_works_by_keyboard_alone(shop: Any) -> None:
    keys = webdriver.Keys
    press(shop, "/")
    press(shop, "visiting")
    assert len(names(shop)) == 3
    press(shop, keys.ARROW_DOWN, keys.ARROW_DOWN)
    assert "paid" in shop.switch_to.active_element.text
    press(shop, keys.ENTER)
    assert at(shop, "[id='visiting.paid'] .more").is_displayed()
    press(shop, keys.ARROW_UP, keys.ARROW_UP)
    assert shop.switch_to.active_element.get_attribute("id") == "search"
    press(shop, keys.ESCAPE)
    assert at(shop, "#search").get_attribute("value") == ""
    assert len(names(shop)) == 7


def test_a_link_opens_what_it_names_though_it_was_hidden(shop: Any) -> None:
    at(shop, "#search").send_keys("visits_28d")
    at(shop, "[id='visiting.visits'] summary").click()
    at(shop, "[id='visiting.visits'] a[href='#model-lapse']").click()
    assert at(shop, "#model-lapse .more").is_displayed()
    assert len(names(shop)) == 7


def fragment(shop: Any) -> str:
    return str(shop.execute_script("return location.hash"))


def test_the_address_keeps_what_is_asked_for_and_what_is_open(shop: Any, page: Path) -> None:
    at(shop, "#search").send_keys("visits money")
    choose(shop, "owner", "growth@example.com")
    at(shop, "[id='visiting.paid'] summary").click()
    wait_for(shop, "#visiting.paid?search=visits+money&owner=growth%40example.com")
    link = page.as_uri() + fragment(shop)
    shop.get("about:blank")
    shop.get(link)
    assert names(shop) == ["visiting.paid"]
    assert at(shop, "#search").get_attribute("value") == "visits money"
    assert at(shop, "[id='visiting.paid'] .more").is_displayed()
    at(shop, "[id='visiting.paid'] summary").click()
    at(shop, "#clear").click()
    wait_for(shop, "")


def wait_for(shop: Any, wanted: str) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(shop, 5).until(lambda _: fragment(shop) == wanted, f"{fragment(shop)} is not {wanted}")


@pytest.mark.parametrize("name", ["visiting.visits", "growth.visiting.visits", "visits_28d", "visiting.visits_28d"])
def test_a_link_to_a_feature_opens_it(browser: Any, page: Path, name: str) -> None:
    browser.get("about:blank")
    browser.get(f"{page.as_uri()}#{name}")
    assert at(browser, "[id='visiting.visits'] .more").is_displayed()
    assert len(names(browser)) == 7
    wait_for(browser, "#visiting.visits")


def test_a_link_to_what_is_gone_says_what_is_nearest(browser: Any, page: Path) -> None:
    browser.get("about:blank")
    browser.get(f"{page.as_uri()}#visiting.visit_count?owner=nobody")
    assert names(browser) == []
    assert at(browser, "#near").text.startswith("visiting.")


def test_the_lineage_leads_on_by_keyboard(shop: Any) -> None:
    at(shop, "[id='visiting.visits'] summary").click()
    box = at(shop, "svg.lineage a[href='#model-lapse']")
    assert box.is_displayed()
    shop.execute_script("arguments[0].focus()", box)
    assert shop.execute_script("return document.activeElement.textContent") == "modellapse"
    press(shop, webdriver.Keys.ENTER)
    assert at(shop, "#model-lapse .more").is_displayed()


def test_nothing_is_wider_than_a_phone(shop: Any) -> None:
    shop.set_window_size(500, 900)  # the least that headless Chromium takes
    for summary in shop.find_elements("css selector", "summary"):
        summary.click()
    wide, window = shop.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    shop.set_window_size(1200, 1000)
    assert wide <= window
