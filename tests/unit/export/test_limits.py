"""What a target does not take is refused with the job and the remedy."""

from __future__ import annotations

import pytest
from manifests import SMALL, manifest_of, node

from headrace.export.limits import Limits
from headrace.ground.errors import HeadraceError

NARROW = Limits("a target", r"[a-z0-9_]+", "lower-case letters, digits and '_'", longest=8, most=4, dots="__")


def refused(*jobs, besides=()):
    with pytest.raises(HeadraceError) as caught:
        NARROW.tasks(manifest_of(*jobs), besides)
    assert caught.value.exit_status == 2
    return caught.value


def test_a_task_is_called_as_its_job():
    assert dict(NARROW.tasks(manifest_of(*SMALL))) == {
        "ingest": "ingest", "tiles": "tiles", "score.a": "score__a", "score.b": "score__b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Tiles", "it takes lower-case letters, digits and '_'"),
        ("til-es", "it takes lower-case letters, digits and '_'"),
        ("building", ""),
        ("buildings", "it takes 8 characters at most, and 'buildings' has 9"),
        ("tiles+", "a command line takes letters, digits, '_', '-' and '.', and no '-' or '.' at the beginning"),
        ("-tiles", "a command line takes letters, digits, '_', '-' and '.', and no '-' or '.' at the beginning"),
        ("tag:x", "a command line takes letters, digits, '_', '-' and '.', and no '-' or '.' at the beginning"),
    ],
)
def test_a_name_that_it_does_not_take_is_refused(name, problem):
    if not problem:
        assert dict(NARROW.tasks(manifest_of(node(name)))) == {name: name}
        return
    error = refused(node("ingest"), node(name))
    assert (error.code, error.parameters["job"], error.parameters["problem"]) == ("EXPORT_JOB_NAME", name, problem)
    assert "give the job another name" in error.render()


def test_two_jobs_that_would_be_one_task_are_refused():
    error = refused(node("a.b"), node("a__b"))
    assert (error.code, error.parameters["job"], error.parameters["twin"]) == ("EXPORT_NAMES_MEET", "a__b", "a.b")


def test_more_tasks_than_it_takes_are_refused_with_the_first_job_beyond():
    jobs = tuple(node(f"j{at}") for at in range(5))
    assert len(NARROW.tasks(manifest_of(*jobs[:4]))) == 4
    error = refused(*jobs)
    assert (error.code, error.parameters["job"], error.parameters["count"]) == ("EXPORT_TOO_MANY", "j4", 5)
    assert refused(*jobs[:4], besides=("status",)).parameters["job"] == "j3"


def test_a_job_that_is_called_as_a_task_of_headraces_own_is_refused():
    error = refused(node("status"), besides=("status",))
    assert (error.code, error.parameters["twin"]) == ("EXPORT_NAMES_MEET", "headrace's own status")
