"""Points at which a run of ``tiny_whole`` is killed: drawn by a seed, waited for by its log and its files, told by what is left."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tiny_whole import JOBS

from headrace.tables.log import TableLog
from headrace.tables.spec import Table

MOMENTS = {"begun": 2.0, "writing": 0.3, "committed": 0.3, "recorded": 0.3}
"""Before a write, during it, between it and the ledger, after the ledger; and by how many seconds later at most."""
WITHOUT_COMMIT = frozenset({("land", "committed")})
NOT_RESULTS = ("_locks", "logs", "sources", "run.lock", "mlflow.db")
RUNS_OWN = ("ops", "monitor")
"""Schemas whose tables hold run ids, times and durations: their rows differ from run to run."""


@dataclass(frozen=True)
class Point:
    """A job, a moment of it, and how many seconds after that."""

    round: int
    job: str
    moment: str
    after: float

    @property
    def aim(self) -> str:
        """In words."""
        return f"{self.job} {self.moment}, + {self.after:.2f} s"


def draw(seed: int, count: int, rounds: int) -> list[Point]:
    """So many points in the order of the graph; the same for the same seed."""
    chance = random.Random(seed)
    cells = [
        (number, job, moment)
        for number in range(rounds)
        for job in JOBS
        for moment in MOMENTS
        if (job, moment) not in WITHOUT_COMMIT
    ]
    chosen = sorted(chance.sample(range(len(cells)), count))
    return [Point(*cells[n], chance.uniform(0, MOMENTS[cells[n][2]])) for n in chosen]


@dataclass
class Watch:
    """Looks at a run from outside until it is at a point, or past it."""

    home: Path
    run: str
    point: Point
    _began: list[str] = field(default_factory=list)
    _ended: list[str] = field(default_factory=list)
    _before: frozenset[Path] = frozenset()

    def reached(self) -> bool:
        """Whether the run is there."""
        self._look()
        if not self._began:
            return False
        at, aimed = JOBS.index(self._began[-1]), JOBS.index(self.point.job)
        return at > aimed or (at == aimed and self._moment())

    def hit(self) -> str:
        """Where the run was when it was killed, by what it left."""
        self._look()
        under_way = [job for job in self._began if Counter(self._ended)[job] < Counter(self._began)[job]]
        if not under_way:
            return f"after {self._ended[-1]}, in the ledger" if self._ended else "before the first job"
        data, commits = self._left()
        if commits:
            tables = sorted({".".join(path.parts[-4:-2]) for path in commits})
            return f"{under_way[-1]}: committed {', '.join(tables)}, not in the ledger"
        return f"{under_way[-1]}: " + (f"{len(data)} files, no commit" if data else "nothing written yet")

    def _moment(self) -> bool:
        data, commits = self._left()
        match self.point.moment:
            case "begun":
                return True
            case "writing":
                return bool(data or commits)
            case "committed":
                return bool(commits) or any(path.name == "model.json" for path in data)
            case _:
                return self.point.job in self._ended

    def _look(self) -> None:
        lines = events(self.home, self.run)
        began = [line["job"] for line in lines if line["event"] == "step began"]
        self._ended = [line["job"] for line in lines if line["event"] == "step ended"]
        if began != self._began:
            self._began, self._before = began, files(self.home)

    def _left(self) -> tuple[list[Path], list[Path]]:
        """Files and commits since the last job began, but for the ledger's."""
        new = [path for path in files(self.home) - self._before if "ledger" not in path.parts]
        commits = [path for path in new if path.parent.name == "_delta_log" and path.name.endswith(".json")]
        return [path for path in new if path.parent.name != "_delta_log"], commits


def events(home: Path, run: str) -> list[dict[str, Any]]:
    """The lines of a run's log; the last may be cut short."""
    path = home / f"logs/{run}.jsonl"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def files(home: Path) -> frozenset[Path]:
    """What lies below a home and is, or is to be, a result."""
    found = (Path(folder, name) for folder, _, names in os.walk(home) for name in names if not name.startswith("."))
    return frozenset(path for path in found if not set(path.relative_to(home).parts) & set(NOT_RESULTS))


Seen = Mapping[str, Mapping[str, Counter[str]]]
"""Table -> what a row is replaced by -> its rows, each with how often it is there."""


def seen(home: Path, tables: Mapping[str, Table]) -> Seen:
    """What a reader of the tables sees, by their logs and without Spark."""
    return {name: _rows(home / "warehouse" / Path(*name.split(".")), table) for name, table in tables.items()}


def _rows(folder: Path, table: Table) -> dict[str, Counter[str]]:
    from pyarrow import parquet

    found: dict[str, Counter[str]] = {}
    for added in TableLog(folder).added() or ():
        assert not added.get("deletionVector")
        for row in parquet.ParquetFile(folder / unquote(added["path"])).read().to_pylist():
            whole = {**row, **added["partitionValues"]}
            told = repr(sorted((key, str(value)) for key, value in whole.items() if key not in table.unhashed))
            found.setdefault(str(whole[table.replaced_by]) if table.replaced_by else "", Counter())[told] += 1
    return found


def halves(now: Seen, before: Seen, after: Seen) -> list[str]:
    """Intervals of tables whose rows are neither those before the round nor those after it."""
    return [
        f"{table} {key}"
        for table in after
        for key in sorted({*now[table], *before[table], *after[table]})
        if now[table].get(key) not in (before[table].get(key), after[table].get(key))
    ]
