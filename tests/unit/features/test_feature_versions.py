"""What of a group's versions concerns a feature of it: from lock entries as `headrace contract` writes them. No Spark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import tiny

from headrace.contracts.changes import changes_between
from headrace.contracts.lock import Lock, Retired, next_lock, next_step, write_lock
from headrace.features.derivation import ancestry, descent, parents
from headrace.features.versions import Version, versions_of
from headrace.graph.project import Project, load_project

CONTRACT = """team: t
group: visiting
version: {version}
owner: a@example.com
purpose: Visits.
entity: [who]
source: visits
features:
  - {{name: visits, meaning: n, aggregate: count, windows: [3d, all]{filter}}}
  - {{name: paid, meaning: p, aggregate: sum, expression: paid, scale: 2, windows: [7d]}}
  - {{name: rate, meaning: r, derive: paid_7d / visits_3d, scale: 2}}
  - {{name: rate_doubled, meaning: r, derive: 2 * rate, scale: 2}}
{more}"""
Write = Callable[..., Project]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    root = tiny.make_project(tmp_path, days=0)

    def contract(version: int = 1, narrowed: str = "", more: str = "") -> Project:
        text = CONTRACT.format(version=version, filter=narrowed, more=more)
        (root / "conf/contracts/features/visiting.yaml").write_text(text, encoding="utf-8")
        return load_project(root, "local")

    return contract


def agree_to(project: Project, at: date, why: str) -> Lock:
    """The entry of the group with the version that its contract now is, as ``contract bump`` makes it."""
    from agreed import agree

    before = project.lock_of("visiting")
    bound = project.bound("visiting")
    if before is None or bound.group.version == 1:
        agree(project.root)
        return load_project(project.root, "local").locks["t.visiting"]
    changes = changes_between(before.meaning, bound.meaning)
    step = next_step(before, bound, bound.group.version, at, why, changes)
    lock = next_lock(before, bound, step, date(2027, 1, 31), 1)
    write_lock(project.contracts, lock)
    return lock


def told(project: Project, name: str, kept: tuple[str, ...] = ()) -> tuple[Version, ...]:
    group = project.groups["visiting"]
    feature = next(one for one in group.features if one.name == name)
    return versions_of(feature, group, project, kept)


def test_a_version_says_what_of_it_concerns_the_feature_and_what_it_is_derived_from(write: Write) -> None:
    agree_to(write(), date(2026, 11, 1), "The test begins.")
    agree_to(write(2, ", where: paid > 0"), date(2026, 12, 1), "Free ones are no visits.")
    project = write(2, ", where: paid > 0")
    narrowed = ("visits.where: –  ->  paid > 0",)
    for name, changes in (("visits", narrowed), ("rate", narrowed), ("rate_doubled", narrowed), ("paid", ())):
        new, old = told(project, name, kept=("features.visiting",))
        assert (new.number, new.at, new.state, new.why) == (2, date(2026, 12, 1), "holds", "Free ones are no visits.")
        assert new.changes == changes, name
        assert (old.number, old.state, old.table, old.until) == (1, "kept", "features.visiting", date(2027, 1, 31))
        assert old.changed == ("the first that was agreed",)
    assert told(project, "paid")[0].changed == ("no change of this feature",)
    assert told(project, "paid")[1].state == "gone", "nobody says that its table is still there"
    assert told(project, "paid", ("features.visiting",))[1].told == (
        "since 2026-11-25, made no more; its table is kept until 2027-01-31"
    )


def test_a_feature_that_came_later_is_new_in_its_version(write: Write) -> None:
    agree_to(write(), date(2026, 11, 1), "The test begins.")
    more = "  - {name: days, meaning: d, aggregate: active_days, windows: [7d]}\n"
    agree_to(write(2, more=more), date(2026, 12, 1), "Days are asked for.")
    project = write(2, more=more)
    assert told(project, "days")[0].changes == ("days: new",)
    assert told(project, "visits")[0].changes == ()


def test_what_was_not_agreed_to_is_told_first(write: Write) -> None:
    project = write()
    (only,) = told(load_unlocked(project), "visits")
    assert (only.number, only.state, only.at) == (1, "not agreed", None)
    agree_to(project, date(2026, 11, 1), "The test begins.")
    changed = write(1, ", where: paid > 0")
    new, held = told(changed, "rate")
    assert (new.state, new.changes) == ("not agreed", ("visits.where: –  ->  paid > 0",))
    assert (held.state, held.number) == ("holds", 1)
    assert told(changed, "paid")[0].changed == ("no change of this feature",)


def load_unlocked(project: Project) -> Project:
    for path in (project.contracts / "lock").glob("*.yaml"):
        path.unlink()
    return load_project(project.root, "local")


def test_a_group_that_came_back_after_it_was_retired_is_not_agreed_to(write: Write) -> None:
    lock = agree_to(write(), date(2026, 11, 1), "The test begins.")
    retired = lock.model_copy(update={"retired": Retired(at=date(2026, 12, 1), why="Nobody reads it.")})
    project = write()
    write_lock(project.contracts, retired)
    states = [version.state for version in told(load_project(project.root, "local"), "visits")]
    assert states == ["not agreed", "gone"]


def test_derivations_are_followed_both_ways(write: Write) -> None:
    group = write().groups["visiting"]
    visits, paid, rate, doubled = group.features
    assert parents(rate, group) == (visits, paid)
    assert ancestry(doubled, group) == (doubled, rate, visits, paid)
    assert descent(visits, group) == (visits, rate, doubled)
    assert descent(doubled, group) == (doubled,)
