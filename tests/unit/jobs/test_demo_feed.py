"""The landing zone as it is written: whole, once, with the same bytes, and with what is told of it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from headrace.ground.errors import HeadraceError
from headrace.jobs import land
from headrace.jobs.demo import completejourney, faults, feed

KNOWN = set(faults.MISSPELT)
Line = dict[str, Any]


@dataclass(frozen=True)
class FakeProject:
    """What the land job asks of a project."""

    landing: Path
    demo: dict[str, Any] = field(default_factory=lambda: {"dataset": "completejourney", "households": 50})

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        return {"demo": self.demo}


def run(project: FakeProject) -> land.Landed:
    landed = list(land.land_sources(project.landing, project.settings["demo"]).values())
    return sum(landed[1:], landed[0])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """(day/file, line) of a source."""
    for file in sorted(folder.glob("*/*.json.gz")):
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            yield f"{file.parent.name}/{file.name}", line


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> FakeProject:
    return FakeProject(tmp_path_factory.mktemp("home") / "landing")


@pytest.fixture(scope="module")
def landed(project: FakeProject) -> land.Landed:
    return run(project)


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return completejourney.shop_events(completejourney.choose_households(50, 2017))


@pytest.fixture(scope="module")
def read(project: FakeProject, landed: land.Landed) -> tuple[list[Line], int]:
    """The lines that are JSON, with their file, and how many are not; money as text."""
    sound: list[Line] = []
    broken = 0
    for file, line in texts(project.landing / "shop_events"):
        try:
            sound.append(json.loads(line, parse_float=str) | {"file": file})
        except json.JSONDecodeError:
            broken += 1
    return sound, broken


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def test_a_folder_for_each_day_of_arrival(project: FakeProject, landed: land.Landed) -> None:
    days = sorted(entry.name for entry in (project.landing / "shop_events").iterdir() if entry.is_dir())
    assert (len(days), days[0], days[-1]) == (366, "2017-01-01", "2018-01-01")
    assert [entry.name for entry in sorted((project.landing / "households").iterdir())] == ["2017-01-01", feed.MARK]
    assert landed.files == len(list(project.landing.glob("*/*/part-*.json.gz")))
    assert landed.lines == sum(1 for source in ("shop_events", "households") for _ in texts(project.landing / source))


def test_a_naive_reading_finds_the_counts_and_every_good_event_once(
    read: tuple[list[Line], int], landed: land.Landed, events: pd.DataFrame
) -> None:
    found = {"broken_json": read[1]} | dict.fromkeys(faults.MALFORMED[1:], 0)
    arrivals: dict[str, list[Line]] = {}
    for line in read[0]:
        if "household_id" not in line:
            found["missing_household"] += 1
        elif line["event_type"] not in KNOWN:
            found["unknown_type"] += 1
        elif not line["event_time"].startswith(("2017-", "2018-")):
            found["impossible_time"] += 1
        else:
            arrivals.setdefault(line["event_id"], []).append(line)
    first = {name: min(lines, key=lambda line: line["received_at"]) for name, lines in arrivals.items()}
    waits = {name: instant(line["received_at"]) - instant(line["event_time"]) for name, line in first.items()}
    good = {name: line for name, line in first.items() if waits[name] <= timedelta(days=7)}
    same = [len({content(line) for line in lines}) == 1 for lines in arrivals.values() if len(lines) == 2]
    found |= {"events": len(events), "too_late": len(first) - len(good), "good": len(good)}
    found |= {"late": sum(timedelta(days=1) < waits[name] for name in good)}
    found |= {"exact_duplicate": same.count(True), "conflicting_duplicate": same.count(False)}
    assert found | {"profiles": landed.counts["profiles"]} == landed.counts
    meant = {row["event_id"]: row for row in expected(events)}
    assert all(content(line) == content(meant[name]) for name, line in good.items())


def content(line: Line) -> tuple[tuple[str, Any], ...]:
    """What is said, without when and where it arrived."""
    return tuple((key, value) for key, value in line.items() if key not in ("received_at", "file"))


def expected(events: pd.DataFrame) -> Iterator[Line]:
    """Each event as its line must read."""
    for row in events.to_dict("records"):
        line = {key: value for key, value in row.items() if not pd.isna(value)}
        line["event_time"] = line["event_time"].strftime("%Y-%m-%dT%H:%M:%SZ")
        for name in {"value", "retail_discount", "coupon_discount"} & line.keys():
            line[name] = f"{line[name] // 100}.{line[name] % 100:02d}"
        yield line


def test_keys_stand_in_order_and_money_has_two_decimals(read: tuple[list[Line], int]) -> None:
    order = {key: place for place, key in enumerate([*completejourney.COLUMNS, "file"])}
    for line in read[0]:
        places = [order[key] for key in line]
        assert places == sorted(places)
        assert re.fullmatch(r"\d+\.\d\d", line.get("value", "0.00"))
    ends = next(line for line in read[0] if line["event_type"] == "basket_end")
    keys = "event_id event_type event_time received_at household_id basket_id store_id quantity value file"
    assert list(ends) == keys.split()


def test_a_file_holds_what_arrived_on_its_day(read: tuple[list[Line], int]) -> None:
    assert all(line["file"].startswith(line["received_at"][:10]) for line in read[0])


def test_a_basket_end_sums_its_lines(events: pd.DataFrame) -> None:
    lines = events[events["event_type"] == "purchase"].groupby("basket_id").agg({"value": "sum", "line": "max"})
    ends = events[events["event_type"] == "basket_end"].set_index("basket_id")
    assert ends["value"].equals(lines["value"])
    assert ends["quantity"].tolist() == lines["line"].tolist()
    assert not events["event_id"].duplicated().any()


def test_profiles_tell_what_the_demographics_say(project: FakeProject, landed: land.Landed) -> None:
    lines = [json.loads(line) for _, line in texts(project.landing / "households")]
    chosen = completejourney.choose_households(50, 2017)
    assert len(lines) == landed.counts["profiles"]
    assert {line["household_id"] for line in lines} <= (chosen or set())
    assert all(list(line) == completejourney.PROFILE_COLUMNS for line in lines)
    assert all(line["event_time"] < line["received_at"] <= "2017-01-01T00:01:30Z" for line in lines)


def test_two_writes_are_equal_to_the_byte(project: FakeProject, landed: land.Landed, tmp_path: Path) -> None:
    again = FakeProject(tmp_path / "landing")
    assert run(again) == landed
    assert contents(again.landing) == contents(project.landing)


@pytest.mark.slow
def test_a_killed_run_leaves_no_source_and_the_next_one_the_same_bytes(
    project: FakeProject, landed: land.Landed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = FakeProject(tmp_path / "landing")
    wrote: list[Path] = []

    def write_and_die(partial: Path, file: Any) -> None:
        if len(wrote) == 100:
            raise KeyboardInterrupt
        wrote.append(partial / str(file.day))
        (partial / str(file.day) / "part-00009.json.gz").write_bytes(b"half a fi")

    with monkeypatch.context() as broken:
        broken.setattr(feed, "_write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            run(again)
    assert [entry.name for entry in again.landing.iterdir()] == [".shop_events.partial"]
    assert run(again) == landed
    assert contents(again.landing) == contents(project.landing)


def test_a_complete_source_is_recognised_and_not_touched(project: FakeProject, landed: land.Landed) -> None:
    before = {file: file.stat().st_mtime_ns for file in project.landing.rglob("*")}
    assert run(project) == landed
    assert {file: file.stat().st_mtime_ns for file in project.landing.rglob("*")} == before


def test_another_feed_is_not_written_over_one_that_is_there(project: FakeProject, landed: land.Landed) -> None:
    with pytest.raises(HeadraceError, match="holds another feed"):
        run(FakeProject(project.landing, {**project.demo, "seed": 1}))


def test_settings_are_checked(tmp_path: Path) -> None:
    with pytest.raises(HeadraceError, match=r"settings.demo: sede: unknown key. Did you mean 'seed'\?"):
        run(FakeProject(tmp_path, {"dataset": "cdnow", "sede": 1}))
