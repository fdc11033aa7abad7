"""YAML is read safely, and every fault is named by file, line and key."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from headrace.ground.document import MAX_BYTES, Strict, parse_document, read_document, validate
from headrace.ground.errors import HeadraceError

HERE = Path("some/file.yaml")


class Part(Strict):
    """A part."""

    name: str
    size: int = 1
    weight: float = 1.0


class Whole(Strict):
    """A whole."""

    title: str
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = Field(default_factory=dict)
    best: Part | None = None
    level: Annotated[int, Field(ge=1)] = 1


def refused(text: str) -> HeadraceError:
    with pytest.raises(HeadraceError) as caught:
        validate(parse_document(HERE, text), Whole)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [id]", 2, "the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("a: !local 1", 1, "the tag !local"),
        ("a: !!str 1", 1, "the tag tag:yaml.org,2002:str"),
        ("a: ! 1", 1, "the tag !"),
        ("a: &x 1\nb: 2", 1, "an anchor or alias"),
        ("a: 1\n\nb: &x [1]\nc: *x", 3, "an anchor or alias"),
        ("base: &b {x: 1}\nother:\n  <<: *b", 1, "an anchor or alias"),
    ],
)
def test_tags_anchors_and_aliases_are_refused_where_they_stand(text, line, found):
    error = refused(text)
    assert error.code == "DOCUMENT_UNSAFE"
    assert error.parameters == {"file": HERE, "line": line, "found": found}


def test_a_billion_laughs_are_refused_at_the_first():
    lines = ['a0: &a0 ["lol", "lol"]'] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert refused("\n".join(lines)).code == "DOCUMENT_UNSAFE"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("title: a\ntitle: b", 2, "the key 'title' stands twice"),
        ("title: a\nbest: {name: x, name: y}", 2, "the key 'name' stands twice"),
        ("- a\n- b", 1, "the file is not a mapping of keys"),
        ("just text", 1, "the file is not a mapping of keys"),
        ("", 1, "the file is not a mapping of keys"),
        ("# only a comment", 1, "the file is not a mapping of keys"),
        ("title: a\n---\ntitle: b", 2, "but found another document"),
        ("title: [a", 1, "expected ',' or ']', but got '<stream end>'"),
        ("title: a\n\tb: 1", 2, "found character '\\t' that cannot start any token"),
        ("title: a\n? [x, y]\n: 1", 2, "a key is not plain text"),
        ("title: a\nlevel: " + "9" * 5000, 2, f"'{'9' * 40}' is no number that can be read; put text in quotes"),
        ("title: a\nlevel: 0x_", 2, "'0x_' is no number that can be read; put text in quotes"),
        ("title: a\nlevel: " + "[" * 40 + "]" * 40, 2, "nested more than 32 deep"),
    ],
)
def test_what_is_not_one_plain_mapping_is_refused_by_line(text, line, problem):
    error = refused(text)
    assert error.code == "DOCUMENT_UNREADABLE"
    assert error.parameters == {"file": HERE, "line": line, "problem": problem}


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 60_000, "- " * 100_000, "? " * 100_000, "a: " + "x" * 200_000]
)
def test_no_text_within_the_size_takes_long(text):
    began = time.monotonic()
    refused(text)
    assert time.monotonic() - began < 5


def test_an_over_size_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"\xff" * (MAX_BYTES + 1))
    with pytest.raises(HeadraceError) as caught:
        read_document(path)
    assert caught.value.code == "DOCUMENT_TOO_LARGE"


@pytest.mark.parametrize("content", [b"title: \xff\xfe", "title: ä".encode("utf-16"), b"title: a\x00b"])
def test_a_file_that_is_no_utf_8_text_is_refused(tmp_path, content):
    path = tmp_path / "latin.yaml"
    path.write_bytes(content)
    with pytest.raises(HeadraceError) as caught:
        read_document(path)
    assert caught.value.code == "DOCUMENT_UNREADABLE"


def test_a_missing_file_or_a_folder_is_refused_with_the_nearest_name(tmp_path):
    (tmp_path / "shop_events.yaml").write_text("a: 1")
    (tmp_path / "folder.yaml").mkdir()
    for name, hint in (("shop_event.yaml", "Did you mean 'shop_events'?"), ("folder.yaml", "Did you mean 'folder'?")):
        with pytest.raises(HeadraceError) as caught:
            read_document(tmp_path / name)
        assert caught.value.code == "DOCUMENT_MISSING"
        assert caught.value.parameters["hint"] == hint


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title: a\ntitel: b", "some/file.yaml:2: titel: unknown key. Did you mean 'title'?"),
        (
            "title: a\nparts:\n  - name: x\n  - name: y\n    sise: 2",
            "some/file.yaml:5: parts.1.sise: unknown key. Did you mean 'size'?",
        ),
        (
            "title: a\nby_name:\n  x: {name: x, wait: 2}",
            "some/file.yaml:3: by_name.x.wait: unknown key. Did you mean 'weight'?",
        ),
        ("title: a\nbest:\n  name: x\n  zzz: 1", "some/file.yaml:4: best.zzz: unknown key. Known: name, size, weight."),
        ("level: 2", "some/file.yaml:1: title: this key is missing"),
        ("title: a\nbest:\n  size: 1", "some/file.yaml:2: best.name: this key is missing"),
        ("title: [a]", "some/file.yaml:1: title: Input should be a valid string; found ['a']"),
        (
            "title: a\nlevel: 1.5",
            "some/file.yaml:2: level: Input should be a valid integer, got a number with a fractional part; found 1.5",
        ),
        ("title: a\nlevel: 0", "some/file.yaml:2: level: Input should be greater than or equal to 1; found 0"),
        (
            "title: a\nbest: {name: x, weight: .nan}",
            "some/file.yaml:2: best.weight: Input should be a finite number; found nan",
        ),
    ],
)
def test_a_wrong_key_or_type_is_named_by_file_line_and_path(text, problem):
    error = refused(text)
    assert error.code == "DOCUMENT_INVALID"
    assert error.parameters == {"problems": problem}


def test_all_problems_are_told_at_once():
    assert len(str(refused("levl: 1\nbest: {}").parameters["problems"]).splitlines()) == 3


def test_dates_and_clock_times_stay_text_and_keys_are_text():
    values = parse_document(HERE, "a: 2017-01-01\nb: 12:30\nc: 0.5\nd: 7\ne: yes\nf: ~\n1: on\nnull: x").values
    assert values == {"a": "2017-01-01", "b": "12:30", "c": 0.5, "d": 7, "e": True, "f": None, "1": True, "null": "x"}


def test_a_merge_replaces_values_merges_mappings_and_keeps_places():
    base = parse_document(Path("base.yaml"), "title: a\nbest:\n  name: x\n  size: 2\nparts: [{name: p}]")
    above = parse_document(Path("env.yaml"), "best: {size: 3}\nparts: []")
    merged = base.under(above)
    assert merged.values == {"title": "a", "best": {"name": "x", "size": 3}, "parts": []}
    assert merged.place(("title",)) == "base.yaml:1"
    assert merged.place(("best", "name")) == "base.yaml:3"
    assert merged.place(("best", "size")) == "env.yaml:1"
    assert base.values["best"] == {"name": "x", "size": 2}, "what lies below is not changed"


def test_a_declaration_is_frozen():
    whole = validate(parse_document(HERE, "title: a"), Whole)
    with pytest.raises(ValueError, match="frozen"):
        whole.title = "b"
