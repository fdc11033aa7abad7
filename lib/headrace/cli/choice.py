"""What a command line asks for, and the console it answers on."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.table import Table as Grid

from headrace.cli.loading import load_graph, open_project
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.telling import trace_of

MEASURES = ("core-seconds", "read", "shuffled", "spilled", "before", "change")
"""Columns of numbers in what a run spent."""
LOG_WIDTH = 150
"""Columns of a table in a log, where nobody has said how wide it may be."""
RIGHT = frozenset(
    ("rows", "size", "version", "rows in", "rows out", "start", "seconds", "intervals", "core-hours", *MEASURES),
)
"""Columns of numbers."""


@dataclass(frozen=True)
class Choice:
    """What a command line asks for."""

    folder: Path
    env: str
    sets: tuple[str, ...] = ()
    selector: str | None = None
    start: str | None = None
    end: str | None = None
    run_id: str | None = None
    refresh: bool = False
    force: bool = False
    placement: str | None = None

    @property
    def verbose(self) -> bool:
        """Whether stack traces are wanted (the app's --verbose installs ``show_whole``)."""
        return sys.excepthook is show_whole

    def open(self) -> tuple[Project, Graph]:
        """The project and its linted graph."""
        project = open_project(self.folder, self.env, self.sets)
        return project, load_graph(project)

    def command(self, words: str) -> str:
        """A command line for the same project and environment."""
        rest = [*(["--project", str(self.folder)] if str(self.folder) != "." else [])]
        rest += [part for text in self.sets for part in ("--set", text)]
        return f"headrace {words} --env {self.env}" + (f" {shlex.join(rest)}" if rest else "")

    def resume(self) -> str:
        """The command that goes on where this one stopped."""
        words = ["run", *([self.selector] if self.selector else [])]
        words += ["--from", self.start] if self.start else []
        words += ["--to", self.end] if self.end else []
        words += ["--full-refresh"] if self.refresh else []
        words += ["--placement", self.placement] if self.placement else []
        return self.command(" ".join(words))


def show_whole(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error with its stack trace, and without secrets."""
    del kind, trace
    print(trace_of(error), end="", file=sys.stderr)


def console(markup: bool = True) -> Console:
    """Where people read; colours and live tables only on a terminal. Without markup, brackets are brackets."""
    found = Console(highlight=False, markup=markup)
    return found if found.is_terminal else Console(highlight=False, markup=markup, width=LOG_WIDTH)


def grid_of(*columns: str) -> Grid:
    """An empty table for the console; numbers to the right."""
    grid = Grid(box=None, pad_edge=False)
    for name in columns:
        grid.add_column(
            name,
            justify="right" if name in RIGHT else "left",
        )
    return grid
