"""A walk over applications, with processes that are only said to be: order, statuses, another try, the end by a signal."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from graph_fakes import job

from headrace.graph.applications import applications, check_groups
from headrace.graph.job import Job
from headrace.graph.walk import Start, Told, Walk
from headrace.ground.errors import LOST, HeadraceError
from headrace.ground.placement import Placement, placed_by

DIAMOND = (job("a"), job("b", "a"), job("c", "a"), job("d", "b", "c"), job("e"))


@dataclass
class Fake:
    """A process that ends with a status after some looks."""

    name: str
    ends: int
    looks: int
    stopped: list[str]
    halves: int | None = None
    held: bool = False

    def status(self) -> int | None:
        self.looks -= 1
        return self.ends if self.looks < 0 else None

    def half(self) -> int | None:
        return self.halves

    def withheld(self) -> bool:
        return self.held

    def stop(self) -> None:
        self.stopped.append(self.name)


@dataclass
class World:
    """What each application ends with, start by start, and what was seen of them."""

    ends: dict[str, list[int]] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)
    halves: dict[str, int] = field(default_factory=dict)
    held: str = ""
    log: list[str] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    slept: float = 0.0
    interrupt_at: int = 10_000

    def launch(self, start: Start) -> Fake:
        name = start.application.name
        self.starts.append(start)
        self.log.append(f"start {name}")
        tries = sum(one.application.name == name for one in self.starts)
        ends = self.ends.get(name, [0])
        end, looks = ends[min(tries, len(ends)) - 1], self.looks.get(name, 1)
        return Fake(name, end, looks, self.stopped, self.halves.get(name), name in self.held)

    def walk(
        self,
        jobs: tuple[Job, ...],
        placement: Placement | None = None,
        most: int = 2,
        seconds: dict[str, float] | None = None,
    ) -> Walk:
        parts = applications(jobs, placement or Placement(by="per_job"))
        told = Told(
            lambda application, error: self.log.append(f"again {application.name} {error.code}"),
            lambda application, since: self.log.append(f"skip {application.name} since {since}"),
            lambda application, error: self.log.append(f"lost {application.name} {error.code}"),
        )

        def pause(seconds: float) -> None:
            self.slept += seconds
            if self.slept >= self.interrupt_at:
                raise KeyboardInterrupt

        return Walk(parts, self.launch, most, 2, "run", told, seconds or {}, clock=lambda: self.slept, pause=pause)


def names(starts: list[Start]) -> list[str]:
    return [start.application.name for start in starts]


def test_each_starts_after_what_it_reads_the_longest_remaining_path_first() -> None:
    world = World()
    walk = world.walk(DIAMOND, most=1, seconds={"b": 1.0, "c": 9.0, "e": 100.0})
    assert walk.go() == 0
    assert names(world.starts) == ["e", "a", "c", "b", "d"], (
        "e alone takes longest; then c, whose path is longer than b's"
    )
    assert walk.statuses == dict.fromkeys("abcde", 0)


def test_as_many_at_once_as_there_are_slots_and_an_exclusive_one_alone() -> None:
    seen: list[tuple[str, ...]] = []
    world = World(looks=dict.fromkeys("xyzt", 3))
    jobs = (job("x"), job("y"), job("z"), job("t", exclusive=True))
    walk = world.walk(jobs, most=2)
    going: list[Fake] = []
    launch = world.launch

    def launched(start: Start) -> Fake:
        going.append(launch(start))
        seen.append(tuple(sorted(one.name for one in going if one.looks >= 0)))
        return going[-1]

    walk.launch = launched
    assert walk.go() == 0
    assert max(map(len, seen)) == 2
    assert all(together == ("t",) for together in seen if "t" in together)


@pytest.mark.parametrize(
    ("ends", "status", "started", "skipped"),
    [
        ({"b": [1]}, 1, "abce", ["skip d since b"]),
        ({"a": [1], "e": [75, 75]}, 1, "ae", ["skip b since a", "skip c since a", "skip d since b"]),
        ({"b": [3]}, 3, "abcde", []),
        ({"b": [4], "c": [3]}, 3, "abce", ["skip d since b"]),
        ({"b": [2]}, 1, "abce", ["skip d since b"]),
        ({"e": [75, 75]}, 75, "abcde", []),
        ({"e": [75, 0]}, 0, "abcde", []),
    ],
)
def test_statuses_are_those_of_one_application(
    ends: dict[str, list[int]], status: int, started: str, skipped: list[str]
) -> None:
    """1 before 3 before 4 before 75; what is below a failure is skipped, below a refusal it is not; siblings go on."""
    world = World(ends)
    assert world.walk(DIAMOND).go() == status
    assert "".join(sorted(set(names(world.starts)))) == started
    assert [line for line in world.log if line.startswith("skip")] == skipped


def test_below_rows_that_were_held_back_nothing_goes_on() -> None:
    world = World({"b": [3]}, held="b")
    assert world.walk(DIAMOND).go() == 3
    assert "".join(sorted(names(world.starts))) == "abce"
    assert [line for line in world.log if line.startswith("skip")] == ["skip d since b"]


def test_what_asks_for_later_waits_a_while_and_what_was_lost_comes_again_with_half() -> None:
    world = World({"a": [75, 0], "b": [LOST, 0]}, halves={"b": 50})
    assert world.walk(DIAMOND).go() == 0
    assert "again a APPLICATION_LATER" in world.log
    assert "again b DRIVER_DIED" in world.log
    again = [
        (start.application.name, start.attempt, start.most_intervals) for start in world.starts if start.attempt > 1
    ]
    assert again == [("a", 2, None), ("b", 2, 50)]
    assert 0 < world.slept < 4


def test_what_is_lost_twice_has_failed_and_the_rest_goes_on() -> None:
    world = World({"b": [LOST, LOST]})
    assert world.walk(DIAMOND).go() == 1
    assert "lost b DRIVER_DIED" in world.log
    assert "skip d since b" in world.log
    assert {"c", "e"} <= set(names(world.starts))


def test_an_interrupt_stops_those_under_way_and_no_other() -> None:
    world = World(looks=dict.fromkeys("abcde", 50), interrupt_at=1)
    with pytest.raises(KeyboardInterrupt):
        world.walk(DIAMOND).go()
    assert sorted(world.stopped) == ["a", "e"]
    assert len(world.starts) == 2


def test_a_group_is_one_node_that_reads_what_its_jobs_read_of_others() -> None:
    placement = Placement(by="groups", groups={"front": ("a", "b", "c")})
    parts = applications(DIAMOND, placement)
    shape = [(part.name, [one.name for one in part.jobs], sorted(part.node.inputs)) for part in parts]
    assert sorted(shape) == [("d", ["d"], ["t.b", "t.c"]), ("e", ["e"], []), ("front", ["a", "b", "c"], [])]
    world = World()
    assert world.walk(DIAMOND, placement).go() == 0
    assert sorted(names(world.starts)) == ["d", "e", "front"]
    assert names(world.starts).index("front") < names(world.starts).index("d")
    (whole,) = applications(DIAMOND, Placement())
    assert [one.name for one in whole.jobs] == ["a", "b", "c", "d", "e"]


def test_a_group_that_would_wait_for_itself_is_refused() -> None:
    with pytest.raises(HeadraceError, match="PLACEMENT_CYCLE") as raised:
        applications(DIAMOND, Placement(by="groups", groups={"ends": ("a", "d")}))
    assert "ends" in str(raised.value)


@pytest.mark.parametrize(
    ("groups", "code"), [({"g": ("a", "nope")}, "JOB_UNKNOWN"), ({"e": ("a", "b")}, "PLACEMENT_NAME")]
)
def test_groups_name_jobs_that_there_are(groups: dict[str, tuple[str, ...]], code: str) -> None:
    with pytest.raises(HeadraceError, match=code):
        check_groups(DIAMOND, Placement(by="groups", groups=groups))
    check_groups(DIAMOND, Placement(by="groups", groups={"a": ("a", "b")}))


def test_a_command_line_stands_above_the_configuration() -> None:
    per_job = Placement(by="per_job")
    assert placed_by(per_job, None) is per_job
    assert placed_by(per_job, "one").by == "one"
    for asked in ("groups", "some"):
        with pytest.raises(HeadraceError, match="OPTION_INVALID"):
            placed_by(per_job, asked)
    with pytest.raises(ValueError, match="'a' is in two groups"):
        Placement(by="groups", groups={"x": ("a",), "y": ("a",)})
    with pytest.raises(ValueError, match="no group is named"):
        Placement(by="groups")
