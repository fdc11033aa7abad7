"""CSV as it lands: values, raw text, and faults that cost their own line."""

from __future__ import annotations

import csv
import io
import random

import pytest

from headrace.contracts.arrival import Csv
from headrace.events import csv_records
from headrace.events.csv_records import Records

COLUMNS = ("id", "text", "paid")


def read(content: bytes, **options):
    return Records(io.BytesIO(content), Csv(**options), COLUMNS)


def values(content: bytes, **options):
    return [(record.raw, list(record.values), record.problem) for record in read(content, **options)]


def test_quotes_and_delimiters_inside_a_field_and_the_line_as_it_landed():
    content = b'id,text,paid\r\n1,"RECORD FRAME 7"" SINGLE, OLD",2.10\r\n\r\n2,,\n'
    assert values(content) == [
        ('1,"RECORD FRAME 7"" SINGLE, OLD",2.10', ["1", 'RECORD FRAME 7" SINGLE, OLD', "2.10"], None),
        ("2,,", ["2", "", ""], None),
    ]


def test_other_signs():
    content = b"id;text;paid\n1;'a;b \\' c';2\n"
    found = values(content, delimiter=";", quote="'", escape="\\")
    assert found == [("1;'a;b \\' c';2", ["1", "a;b ' c", "2"], None)]


def test_the_header_is_no_record_and_may_come_after_blank_lines_and_a_mark():
    records = read(b"\xef\xbb\xbf\n id ,text,paid\n1,a,2\n")
    assert records.header.names == COLUMNS
    assert [record.values for record in records] == [["1", "a", "2"]]


def test_without_a_header_the_contract_names_the_values():
    records = read(b"1,a,2\n", header=False)
    assert records.header.names == COLUMNS
    assert [record.raw for record in records] == ["1,a,2"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"id,text,text", "its header names 'text' twice"),
        (b"text,paid", "its header has no 'id'"),
        (b'id,"text', None),
    ],
)
def test_a_header_that_no_event_can_come_of(header, told):
    records = read(header + b"\n1,2,3\n")
    assert (records.problem or records.header.problem(("id",))) == (
        told or "its header cannot be read: a quote is not closed in its line"
    )
    assert read(b"").empty
    assert read(b"\n \n").empty


def test_a_new_name_is_told_in_the_files_own_order():
    assert read(b"id,zeta,paid,alpha\n").header.undeclared(COLUMNS) == "zeta"
    assert read(b"paid,text,id\n").header.undeclared(COLUMNS) is None


def test_a_newline_inside_quotes_by_default_refuses_both_lines_and_no_other():
    content = b'id,text,paid\n1,"a\nb",2\n3,c,4\n'
    assert values(content) == [
        ('1,"a', [], "a quote is not closed in its line"),
        ('b",2', ['b"', "2"], None),
        ("3,c,4", ["3", "c", "4"], None),
    ]


def test_a_newline_inside_quotes_belongs_to_the_field_where_the_contract_says_so():
    content = b'id,text,paid\r\n1,"a\r\n\r\nb",2\r\n3,c,4\r\n'
    assert values(content, multiline=True) == [
        ('1,"a\r\n\r\nb",2', ["1", "a\r\n\r\nb", "2"], None),
        ("3,c,4", ["3", "c", "4"], None),
    ]


def test_a_quote_that_is_never_closed_costs_its_own_line(monkeypatch):
    monkeypatch.setattr(csv_records, "MOST_LINES", 3)
    lines = [f"{n},x,{n}" for n in range(2, 9)]
    content = ("id,text,paid\n" + '1,"open,9\n' + "\n".join(lines)).encode()
    found = values(content, multiline=True)
    assert found[0] == ('1,"open,9', [], "a quote is not closed")
    assert [raw for raw, _, problem in found[1:] if problem is None] == lines


@pytest.mark.parametrize("multiline", [False, True])
def test_a_line_without_end_is_refused_in_pieces_and_its_tail_is_no_record(monkeypatch, multiline):
    monkeypatch.setattr(csv_records, "LONGEST", 16)
    content = b"id,text,paid\n" + b"x" * 32 + b"1,a,2\n3,c,4\n" + b'5,"' + b"y" * 40 + b"\n6,d,7\n"
    found = values(content, multiline=multiline)
    assert [raw for raw, _, problem in found if problem is None] == ["3,c,4", "6,d,7"]
    assert "".join(raw for raw, _, _ in found) == content.decode().replace("\n", "").removeprefix("id,text,paid")
    assert {problem for _, _, problem in found} == {None, "part of a line of more than 16 bytes"}


@pytest.mark.parametrize("multiline", [False, True])
def test_what_is_no_text_is_told_and_kept_readable(multiline):
    content = b'id,text,paid\n1,caf\xe9,2\n3,"\xff\n5,c,6\n'
    found = values(content, multiline=multiline)
    assert found[0] == ("1,caf\\xe9,2", [], "not utf-8")
    assert found[-1] == ("5,c,6", ["5", "c", "6"], None)
    assert values(b"id,text,paid\n1,caf\xe9,2\n", encoding="iso-8859-1")[0][1] == ["1", "café", "2"]


@pytest.mark.parametrize("multiline", [False, True])
def test_random_rows_come_back_and_the_raw_text_joins_to_the_file(multiline):
    """Against the standard library's writer."""
    chance = random.Random(7)
    letters = 'ab,;"\\é ' + ("\n" if multiline else "")
    rows = [
        ["".join(chance.choice(letters) for _ in range(chance.randrange(6))) or "x" for _ in COLUMNS]
        for _ in range(2_000)
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, *rows])
    records = read(text.getvalue().encode(), multiline=multiline)
    found = list(records)
    assert [list(record.values) for record in found] == rows
    assert "\r\n".join(["id,text,paid", *(record.raw for record in found)]) + "\r\n" == text.getvalue()
