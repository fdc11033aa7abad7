"""``make bench-features``: headrace against a naive batch, a competent job, DuckDB and Polars, on the work of features.yaml.

    ./spark-submit.sh --exec python tests/benchmarks/bench_features.py [contest] [instants] [growth] [spread] [history]
        [--events 100000000] [--users 1000000] [--days 91] [--heap 3g] [--without naive ...] [--foreign PYTHON]

contest    each contender in a warm process of its own, over the same files; results are compared by checksum
instants   the as-of join against union and last value on Spark, and DuckDB's ASOF
growth     seconds an event of a tenth of the events and users, and of the rest
spread     the same events of a tenth of the users, of the users, and of ten times as many
history    a refresh with 30 days of history and with 365, at the same events a day

Without a name: contest and instants. Times are of one run on one machine; look at the ratios. Nothing is asserted but
that results are equal.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.contest.project import Size, work

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent / "contest"
LANES = ("headrace", "naive", "competent", "duckdb", "polars")
Reported = dict[str, dict[str, Any]]
"""A contender's seconds and checksums (``contest.work.Result``)."""
PARTS = ("contest", "instants", "growth", "spread", "history")


@dataclass(frozen=True)
class Place:
    """Where and with what the contest is held."""

    folder: Path
    heap: str
    foreign: str

    def call(self, *command: str) -> None:
        """Run a contender.

        Raises:
            RuntimeError: it failed; the text is what it said.
        """
        environ = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
        ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}")

    def submit(self, *application: str) -> None:
        """Run an application with the settings of conf/."""
        self.call("./spark-submit.sh", "--driver-memory", self.heap, *application)

    def told(self, name: str) -> Reported:
        """What a contender reported."""
        read: Reported = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        return read


def headrace(place: Place, size: Size, folder: Path | None = None) -> Reported:
    """Makes the events too, where they are not there."""
    there = place.folder if folder is None else folder
    there.mkdir(parents=True, exist_ok=True)
    words = (str(part) for part in (size.events, size.users, size.days, size.refreshes))
    place.submit(str(HERE / "ours.py"), str(there), *words)
    made: Reported = json.loads((there / "ours.json").read_text(encoding="utf-8"))
    return made


def contest(place: Place, size: Size, without: list[str]) -> Iterator[str]:
    """Everybody in turn; a line a contender, then the ratios."""
    place.folder.mkdir(parents=True, exist_ok=True)
    made = {"headrace": headrace(place, size)}
    yield _line("headrace", made["headrace"])
    told = place.folder / "work.json"
    told.write_text(work(place.folder, size, "others").told(), encoding="utf-8")
    for name in (lane for lane in LANES[1:] if lane not in without):
        result = place.folder / f"{name}.json"
        if name == "competent":
            place.submit(str(HERE / "spark_jobs.py"), name, str(told), str(result), place.heap)
        elif name == "naive":
            place.call(sys.executable, str(HERE / "spark_jobs.py"), name, str(told), str(result), place.heap)
        else:
            script = "duck.py" if name == "duckdb" else "frames.py"
            memory = (place.heap.upper() + "B",) if name == "duckdb" else ()
            place.call(place.foreign, str(HERE / script), str(told), str(result), *memory)
        made[name] = place.told(name)
        yield _line(name, made[name])
        yield f"{'':12}{_agreement(made['headrace']['checksums'], made[name]['checksums'])}"
    yield from _ratios({name: each["seconds"] for name, each in made.items()})


def _line(name: str, result: Reported) -> str:
    told = (f"{what} {' + '.join(f'{each:.1f}' for each in took)} s" for what, took in result["seconds"].items())
    return f"{name:12}{'; '.join(told)}"


def _agreement(ours: dict[str, dict[str, str]], theirs: dict[str, dict[str, str]]) -> str:
    """Raises AssertionError naming the columns that differ."""
    for at, columns in theirs.items():
        differ = [name for name, value in columns.items() if ours[at][name] != value]
        assert not differ, (at, {name: (ours[at][name], columns[name]) for name in differ})
    return f"checksums of {sum(map(len, theirs.values()))} columns at {len(theirs)} midnights equal headrace's"


def _ratios(seconds: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    refresh = {name: statistics.median(each["refresh"]) for name, each in seconds.items() if "refresh" in each}
    for name, took in refresh.items():
        if name != "headrace":
            yield f"refresh: {name} takes {took / refresh['headrace']:.1f} times as long as headrace"
    own = sum(seconds["headrace"]["backfill"])
    for name, each in seconds.items():
        for way in ("backfill", "backfill from raw"):
            if name != "headrace" and way in each:
                yield f"backfill: headrace takes {own / sum(each[way]):.2f} times as long as {name} ({way})"


def instants(place: Place, size: Size) -> Iterator[str]:
    """As many questions and values as there are users."""
    folder = place.folder / "instants"
    folder.mkdir(parents=True, exist_ok=True)
    result = str(place.folder / "instants.json")
    script = str(HERE / "instants.py")
    place.submit(script, "spark", str(folder), result, str(size.users * 10), str(max(100, size.users // 10)))
    made = place.told("instants")
    place.call(place.foreign, script, "duckdb", str(folder), result)
    made |= place.told("instants")
    own = made["headrace"]
    for name, each in made.items():
        same = "equal" if each["check"] == own["check"] else "DIFFERENT"
        yield f"as-of join: {name} {each['seconds']:.1f} s, {each['seconds'] / own['seconds']:.2f} of headrace; answers {same}"
    shutil.rmtree(folder)


def growth(place: Place, size: Size) -> Iterator[str]:
    """Marginal seconds an event."""
    small = replace(size, events=size.events // 10, users=size.users // 10)
    costs = [
        sum(headrace(place, each, place.folder / f"g{each.events}")["seconds"]["backfill"]) for each in (small, size)
    ]
    first, rest = costs[0] / small.events, (costs[1] - costs[0]) / (size.events - small.events)
    yield f"backfill of {small.events:,} events: {costs[0]:.1f} s; of {size.events:,}: {costs[1]:.1f} s"
    yield f"an event more costs {rest / first:.2f} times what one of the first tenth does"


def spread(place: Place, size: Size) -> Iterator[str]:
    """The same events of more and more users."""
    costs = {}
    for users in (size.users // 10, size.users, size.users * 10):
        each = replace(size, users=users)
        costs[users] = sum(headrace(place, each, place.folder / f"u{users}")["seconds"]["backfill"])
        yield f"backfill of {size.events:,} events of {users:,} users: {costs[users]:.1f} s"
        shutil.rmtree(place.folder / f"u{users}")
    yield f"the dearest costs {max(costs.values()) / min(costs.values()):.2f} times the cheapest"


def history(place: Place, size: Size) -> Iterator[str]:
    """A refresh with little behind it and with much."""
    costs = {}
    for days in (35, 371):
        each = replace(size, events=size.events * days // size.days, days=days)
        costs[days] = statistics.median(headrace(place, each, place.folder / f"h{days}")["seconds"]["refresh"])
        yield f"a refresh after {days} days of {each.events // days:,} events: {costs[days]:.1f} s"
        shutil.rmtree(place.folder / f"h{days}")
    yield f"more history costs {costs[371] / costs[35]:.2f} times as much"


def main(words: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--events", type=int, default=100_000_000, help="events in all")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=91, help="days before the first refresh; whole weeks")
    parser.add_argument("--heap", default="3g", help="memory of each contender")
    parser.add_argument("--without", nargs="*", default=[], choices=LANES[1:], help="contenders that stay away")
    parser.add_argument(
        "--foreign", default=str(ROOT / ".venv-bench/bin/python"), help="a Python with DuckDB and Polars"
    )
    asked = parser.parse_args(words)
    size = Size(asked.events, asked.users, asked.days)
    place = Place(ROOT / ".headrace/contest" / f"{size.events}_{size.users}_{size.days}", asked.heap, asked.foreign)
    print(
        f"{size.events:,} events of {size.users:,} users over {size.days} + {size.refreshes} days, heap {asked.heap}",
        flush=True,
    )
    for part in asked.parts or PARTS[:2]:
        lines = contest(place, size, asked.without) if part == "contest" else globals()[part](place, size)
        for line in lines:
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
