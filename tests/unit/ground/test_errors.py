"""The catalogue of errors: sorted, used, complete, and each raise gives its sentences what they ask for."""

from __future__ import annotations

import ast
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from headrace.ground.errors import HeadraceError, catalogue, nearest, worst

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = ROOT / "lib/headrace/ground/errors.json"
CODE = re.compile(r"[A-Z][A-Z]+(_[A-Z]+)+")


def sources() -> Iterator[Path]:
    for folder in ("lib", "jobs", "bootstrap"):
        yield from (path for path in (ROOT / folder).rglob("*.py") if "build" not in path.parts)


def strings_of(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def raise_sites(tree: ast.AST) -> Iterator[tuple[int, set[str], set[str] | None]]:
    """(line, the codes that may be raised there, the parameters given; None where they are not written out)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "HeadraceError" and node.args:
            codes = {text for text in strings_of(node.args[0]) if CODE.fullmatch(text)}
            names = {keyword.arg for keyword in node.keywords}
            yield node.lineno, codes, None if None in names else {name for name in names if name}


def parameters_of(code: str) -> set[str]:
    entry = catalogue()[code]
    texts = (entry.what, entry.why, entry.mend)
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}


def problems_at_raise_sites(path: Path, tree: ast.AST) -> list[str]:
    found = []
    for line, codes, given in raise_sites(tree):
        for code in sorted(codes):
            if code not in catalogue():
                found.append(f"{path}:{line}: {code} is not in the catalogue")
            elif given is not None and given != parameters_of(code):
                found.append(f"{path}:{line}: {code} asks for {sorted(parameters_of(code))}, given {sorted(given)}")
    return found


def test_the_catalogue_is_sorted_and_each_code_stands_once():
    pairs = json.loads(CATALOGUE.read_text(encoding="utf-8"), object_pairs_hook=list)
    codes = [code for code, _ in pairs]
    assert codes == sorted(set(codes))
    assert all(CODE.fullmatch(code) for code in codes)


def test_each_entry_says_what_why_and_how_to_mend_with_a_known_exit_status():
    for code, entry in catalogue().items():
        assert all((entry.what, entry.why, entry.mend)), code
        assert entry.exit in (1, 2, 3, 4, 75), code
        assert entry.retryable or entry.exit != 75, f"{code}: 75 means retryable"


def test_each_code_is_used_and_each_raised_code_exists_with_its_parameters():
    used: set[str] = set()
    problems: list[str] = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used |= strings_of(tree)
        problems += problems_at_raise_sites(path.relative_to(ROOT), tree)
    assert problems == []
    assert sorted(catalogue().keys() - used) == [], "codes that nothing raises"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("HeadraceError('NO_SUCH_CODE', job=1)", "NO_SUCH_CODE is not in the catalogue"),
        ("HeadraceError('JOB_UNKNOWN', job=1)", "JOB_UNKNOWN asks for ['hint', 'job'], given ['job']"),
        ("HeadraceError('PROJECT_MISSING', folder=1, x=2)", "asks for ['folder'], given ['folder', 'x']"),
        ("HeadraceError('AB_CD' if x else 'PROJECT_MISSING', folder=1)", "AB_CD is not in the catalogue"),
    ],
)
def test_the_check_of_raise_sites_can_fail(code, problem):
    (found,) = problems_at_raise_sites(Path("x.py"), ast.parse(code))
    assert problem in found


def test_an_error_says_what_why_and_how_to_mend():
    error = HeadraceError("JOB_UNKNOWN", job="bild_tiles", hint="Did you mean 'build_tiles'?")
    what, why, mend = str(error).splitlines()
    assert what == "JOB_UNKNOWN: there is no job 'bild_tiles'"
    assert why.startswith("  why:  ")
    assert mend == "  mend: use a name that exists. Did you mean 'build_tiles'?"
    assert error.exit_status == 2


def test_braces_in_a_parameter_are_text():
    error = HeadraceError("JOB_UNKNOWN", job="{hint} {0}", hint="{job}")
    assert "'{hint} {0}'" in str(error)


def test_an_error_travels_between_processes():
    error = pickle.loads(pickle.dumps(HeadraceError("PROJECT_MISSING", folder="/x")))
    assert (error.code, error.parameters, error.exit_status) == ("PROJECT_MISSING", {"folder": "/x"}, 2)


@pytest.mark.parametrize(
    ("name", "known", "sentence"),
    [
        ("bild_tiles", ["land", "build_tiles"], "Did you mean 'build_tiles'?"),
        ("x", ["b", "a"], "Known: a, b."),
        ("x", [], "None is known."),
    ],
)
def test_nearest_names_one_or_all(name, known, sentence):
    assert nearest(name, known) == sentence


@pytest.mark.parametrize(
    ("statuses", "status"), [([], 0), ([0, 0], 0), ([0, 75], 75), ([75, 4], 4), ([4, 3, 0], 3), ([3, 1, 75], 1)]
)
def test_of_several_statuses_1_comes_before_3_before_4_before_75(statuses, status):
    assert worst(statuses) == status
