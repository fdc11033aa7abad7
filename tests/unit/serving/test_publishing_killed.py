"""kill -9 between the steps of a publication, the first one and one that follows: whole rows, and the next makes it right. No Spark."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from dying import killed_before
from laid_features import VISITING, lay, make_project, visitor

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed")

from test_online_rows import asked, published

pytestmark = pytest.mark.slow
SEEN = ["visits_3d", "visits_all"]
NOTHING = (None, None)


@pytest.fixture
def shop(tmp_path):
    project = make_project(tmp_path)
    lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
    return project


def values(project, people):
    return [tuple(row[name] for name in SEEN) for row in asked(project, people, features=SEEN)]


def of_day(day, people):
    """What readers are given of four people by a snapshot of a day that has these."""
    return [(who, who * 100 + day) if who in people else NOTHING for who in (1, 2, 3, 4)]


def publish(project, day, people, mark):
    return published(project, [visitor(who, day) for who in people], day, mark)


def test_the_first_publication_is_killed_between_its_steps(tmp_path):
    """Repository, registry, tables and rows: each time into a folder in which nothing was yet."""
    after, step, seen = of_day(2, (1, 2, 3)), 0, []
    while True:
        project = make_project(tmp_path / str(step))
        lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
        first = partial(publish, project, 2, (1, 2, 3), f"run {step}")
        if not killed_before(step, project.home, first):
            break
        assert publish(project, 2, (1, 2, 3), "the next") == (3, 0)
        seen.append(values(project, [1, 2, 3, 4]))
        step += 6
    assert step > 30
    assert seen == [after] * len(seen)


def test_one_that_follows_is_killed_between_its_steps(shop):
    """Somebody left, somebody came, and the killed one, begun again, bears the mark of neither."""
    before, after = of_day(2, (1, 2, 3)), of_day(3, (2, 3, 4))
    left, step = set(), 0
    publish(shop, 2, (1, 2, 3), "begun")
    while killed_before(step, shop.home, partial(publish, shop, 3, (2, 3, 4), f"killed {step}")):
        found = values(shop, [1, 2, 3, 4])
        assert all(row in pair for row, pair in zip(found, zip(before, after, strict=True), strict=True)), step
        left.add(tuple(found))
        assert publish(shop, 3, (2, 3, 4), f"again {step}")[0] == 3
        assert values(shop, [1, 2, 3, 4]) == after
        assert publish(shop, 2, (1, 2, 3), f"back {step}") == (3, 1)
        step += 2
    assert step > 25
    assert values(shop, [1, 2, 3, 4]) == after
    half = [*after[1:3]]
    assert left == {tuple(before), (before[0], *half, NOTHING), (before[0], *half, after[3])}


def test_who_reads_while_it_is_written_sees_whole_rows(shop):
    publish(shop, 2, (1, 2, 3), "v2")
    both = {*of_day(2, (1, 2, 3)), *of_day(3, (1, 2, 3))}
    over, seen = threading.Event(), set()

    def read():
        while not over.is_set():
            seen.update(values(shop, [1, 2, 3, 4]))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(20):
        publish(shop, 2 + turn % 2, (1, 2, 3), f"turn {turn}")
    over.set()
    reader.join()
    assert seen == both
