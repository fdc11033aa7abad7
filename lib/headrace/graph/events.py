"""What a run tells while it goes on, to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

from headrace.graph.ledger import Entry
from headrace.graph.plan import Plan, Step
from headrace.graph.result import JobResult
from headrace.graph.view import View


@dataclass(frozen=True)
class Events:
    """What a run tells while it goes on; called from the run's threads."""

    started: Callable[[Step], None] = lambda step: None
    finished: Callable[[JobResult], None] = lambda result: None
    retried: Callable[[str, BaseException], None] = lambda job, error: None
    warned: Callable[[str, str], None] = lambda job, text: None
    read: Callable[[Step, Mapping[str, str]], None] = lambda step, versions: None
    recorded: Callable[[Step, Sequence[Entry]], None] = lambda step, entries: None
    planned: Callable[[Plan, View], None] = lambda plan, seen: None
    passed: Callable[[], None] = lambda: None
    """Time has passed; called each second, between other things, from the thread that the run was started in."""


def beside(first: Events, second: Events) -> Events:
    """Both listeners, each told of everything."""

    def both(name: str) -> Callable[..., None]:
        one, other = getattr(first, name), getattr(second, name)

        def tell(*about: object) -> None:
            one(*about)
            other(*about)

        return tell

    return Events(*(both(each.name) for each in fields(Events)))
