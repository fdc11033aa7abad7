"""owners.yaml: who answers for a namespace, and the lines that a code host reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.contracts.features import FeatureGroup
from headrace.contracts.owners import Person, check_owners, codeowners, laid_into, read_owners
from headrace.ground.errors import HeadraceError

TEXT = """namespaces:
  growth:
    - {name: Ada, email: ada@example.com, handle: "@ada"}
    - {name: Growth, email: growth@example.com}
  sales.value:
    - {name: Sales, handle: "@shop/sales"}
"""


def group(team: str, name: str) -> FeatureGroup:
    values = {
        "team": team, "group": name, "version": 1, "owner": "o@example.com", "purpose": "p", "entity": ["who"],
        "source": "s", "features": [{"name": "n", "meaning": "n", "aggregate": "count", "windows": ["7d"]}],
    }  # fmt: skip
    return FeatureGroup.model_validate(values)


def owners_of(folder: Path, text: str = TEXT):
    (folder / "owners.yaml").write_text(text, encoding="utf-8")
    return read_owners(folder)


def test_a_group_of_its_own_people_goes_before_its_team(tmp_path):
    owners = owners_of(tmp_path, TEXT + "  sales:\n    - {name: All, email: all@example.com}\n")
    assert [person.sign for person in owners.of(group("growth", "activity"))] == ["@ada", "growth@example.com"]
    assert [person.sign for person in owners.of(group("sales", "value"))] == ["@shop/sales"]
    assert [person.sign for person in owners.of(group("sales", "activity"))] == ["all@example.com"]
    assert [person.name for person in owners.known_as("ada@example.com")] == ["Ada"]


def test_a_group_that_nobody_answers_for_is_an_error_and_an_idle_namespace_a_warning(tmp_path):
    owners = owners_of(tmp_path)
    found = check_owners(owners, [group("growth", "activity"), group("sales", "values")])
    assert [(finding.level, finding.said) for finding in found] == [
        ("error", "nobody answers for sales.values: owners.yaml has neither sales nor sales.values"),
        ("warning", "owners.yaml has the namespace sales.value, in which no group is. Did you mean 'sales.values'?"),
    ]
    assert not check_owners(owners, [group("growth", "activity"), group("sales", "value")])


def test_without_the_file_nobody_is_asked(tmp_path):
    assert read_owners(tmp_path) is None


@pytest.mark.parametrize(
    ("person", "told"),
    [
        ("{name: Ada}", "give an email or a handle"),
        ("{name: Ada, email: 'ada @example.com'}", "is no e-mail address"),
        ('{name: Ada, handle: "@ada @all"}', "is no handle"),
        ('{name: Ada, handle: "ada"}', "is no handle"),
        ('{name: Ada, hadle: "@ada"}', "Did you mean 'handle'"),
    ],
)
def test_what_is_no_person_is_refused_with_its_line(tmp_path, person, told):
    with pytest.raises(HeadraceError, match=told) as refused:
        owners_of(tmp_path, f"namespaces:\n  growth:\n    - {person}\n")
    assert "owners.yaml:3" in str(refused.value)


@pytest.mark.parametrize("name", ["Growth", "a.b.c", "growth..x"])
def test_what_is_no_namespace_is_refused(tmp_path, name):
    with pytest.raises(HeadraceError, match="names no group"):
        owners_of(tmp_path, f"namespaces:\n  {name}:\n    - {{name: A, handle: '@a'}}\n")


ADA, SALES = Person(name="Ada", email="ada@example.com", handle="@ada"), Person(name="S", email="s@example.com")


def test_the_lines_are_sorted_once_each_and_paths_fit_themselves_alone():
    files = {"conf/z.yaml": (ADA, ADA, SALES), "conf/a b#[1].yaml": (SALES,), "conf/nobody.yaml": ()}
    assert codeowners(files, "conf/owners.yaml").splitlines()[1:-1] == [
        "/conf/a\\ b\\#\\[1\\].yaml s@example.com",
        "/conf/z.yaml @ada s@example.com",
    ]
    assert codeowners(files, "x") == codeowners(dict(reversed(files.items())), "x")


def test_what_others_wrote_into_the_file_stays():
    old, new = (codeowners({path: (ADA,)}, "x") for path in ("a.yaml", "b.yaml"))
    assert laid_into("", new) == new
    assert laid_into("* @all", new) == f"* @all\n{new}"
    assert laid_into(f"* @all\n{old}/docs @docs\n", new) == f"* @all\n{new}/docs @docs\n"
    assert laid_into(laid_into("* @all\n", old), new) == laid_into("* @all\n", new)
