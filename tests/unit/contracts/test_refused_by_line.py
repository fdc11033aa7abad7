"""Every bad input that a contract can have is refused before anything runs: by code, file, line and remedy."""

from __future__ import annotations

from typing import get_args

import pytest
import tiny

from headrace.contracts.features import SUBTRACTED, Aggregate
from headrace.graph.project import load_project
from headrace.ground.errors import HeadraceError

SOUND = """\
team: t
group: visiting
version: 1
owner: a@example.com
purpose: Visits.
entity: [who]
source: visits
features:
  - name: visits
    meaning: n
    aggregate: count
    where: paid > 0
    windows: [6h, 3d]
  - name: spent
    meaning: s
    aggregate: sum
    expression: paid
    windows: [7d]
  - name: share
    meaning: d
    derive: spent_7d / visits_3d
"""
NEVER = "Subqueries, table and Java functions, non-deterministic functions and qualified names are never allowed"
ALLOW_LIST = "is not on the allow-list of contract expressions"
FORMULAS = {
    "rand()": "'rand'",
    "paid + rand(7)": "'rand'",
    "randn()": "'randn'",
    "uuid()": "'uuid'",
    "shuffle(paid)": "'shuffle'",
    "current_timestamp": "'current_timestamp'",
    "current_timestamp()": "'current_timestamp'",
    "current_date": "'current_date'",
    "now()": "'now'",
    "monotonically_increasing_id()": "'monotonically_increasing_id'",
    "spark_partition_id()": "'spark_partition_id'",
    "input_file_name()": "'input_file_name'",
    "reflect('java.lang.System', 'exit', 1)": "'reflect'",
    "java_method('java.util.UUID', 'randomUUID')": "'java_method'",
    "try_reflect('a', 'b')": "'try_reflect'",
    "(SELECT max(paid) FROM visits)": "'subquery'",
    "EXISTS (SELECT 1)": "'exists'",
    "explode(paid)": "'explode'",
    "inline(paid)": "'inline'",
    "TRANSFORM(paid) USING 'cat'": "'querytransform'",
    "transform(paid, x -> x)": "'transform'",
    "read_files('/etc/passwd')": "'read_files'",
    "no_such_function(paid)": "'no_such_function'",
}
QUALIFIED = ("parquet.`/etc/passwd`", "text.`/etc/passwd`", "visits.paid", "db.visits.paid")


def refused(folder, group: str, events: tuple[str, str] = ("", "")) -> HeadraceError:
    tiny.make_project(folder, days=0)
    path = folder / "conf/contracts/events/visits.yaml"
    path.write_text(path.read_text().replace(*events), encoding="utf-8")
    (folder / "conf/contracts/features/visiting.yaml").write_text(group, encoding="utf-8")
    with pytest.raises(HeadraceError) as raised:
        load_project(folder, "local")
    assert raised.value.exit_status == 2
    return raised.value


def told_at(error: HeadraceError, line: int) -> str:
    """What is said of that line of the group's file."""
    mark = f"visiting.yaml:{line}: "
    assert mark in str(error), str(error)
    return str(error).partition(mark)[2]


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "told"),
    [
        ("name: spent", "name: visits", "DOCUMENT_INVALID", 14,
         "features.1.name: a feature 'visits' is there already; rename one"),
        ("name: share", "name: spent_7d", "DOCUMENT_INVALID", 19,
         "features.2.name: the column 'spent_7d' is there already; rename one"),
        ("spent_7d / visits_3d", "share + visits_3d", "DOCUMENT_INVALID", 21,
         "features.2.derive: share -> share is a cycle; derive one of them from something else"),
        ("spent_7d / visits_3d", "other\n  - name: other\n    meaning: o\n    derive: share * 2", "DOCUMENT_INVALID", 21,
         "features.2.derive: share -> other -> share is a cycle; derive one of them from something else"),
        ("spent_7d / visits_3d", "spent_7 / visits_3d", "DOCUMENT_INVALID", 21,
         "features.2.derive: derive names 'spent_7', which no feature above it gives. Did you mean 'spent_7d'?"),
        ("[who]", "[whom]", "CONTRACT_REFERENCE", 6, "entity names 'whom', which is not declared\n"),
        ("[who]", "[who, id, payed]", "CONTRACT_REFERENCE", 6, "mend the name. Did you mean 'paid'?"),
        ("[who]", "[who, who]", "DOCUMENT_INVALID", 6, "entity: the column 'who' is there already"),
        ("source: visits", "source: visit", "CONTRACT_REFERENCE", 7, "mend the name. Did you mean 'visits'?"),
        ("source: visits", "source: parquet.`/etc/passwd`", "DOCUMENT_INVALID", 7,
         "source: 'parquet.`/etc/passwd`' is not an identifier"),
        ("where: paid > 0", "where: payd > 0", "EXPRESSION_COLUMN", 12,
         "visits.where: no column 'payd' (in 'payd > 0')"),
        ("expression: paid", "expression: payd * 2", "EXPRESSION_COLUMN", 17, "mend the name. Did you mean 'paid'?"),
        ("[6h, 3d]", "[6m, 3d]", "DOCUMENT_INVALID", 13,
         "features.0.windows.0: '6m' is not a length of time; write 12h, 7d or 2w"),
        ("aggregate: sum", "aggregate: summ", "DOCUMENT_INVALID", 16, "features.1.aggregate: Input should be 'count'"),
    ],
)  # fmt: skip
def test_a_bad_group_is_refused_by_file_line_and_remedy(tmp_path, old, new, code, line, told):
    assert SOUND.count(old) == 1, "the fault is where it is meant to be"
    error = refused(tmp_path, SOUND.replace(old, new))
    assert error.code == code
    assert told in told_at(error, line)


@pytest.mark.parametrize(("key", "line"), [("where", 12), ("expression", 17), ("derive", 21)])
@pytest.mark.parametrize("formula", FORMULAS)
def test_what_is_not_deterministic_or_reaches_out_is_refused_in_every_formula(tmp_path, formula, key, line):
    sound = {"where": "where: paid > 0", "expression": "expression: paid", "derive": "derive: spent_7d / visits_3d"}
    error = refused(tmp_path, SOUND.replace(sound[key], f'{key}: "{formula}"'))
    assert error.code == "DOCUMENT_INVALID"
    said = told_at(error, line)
    assert f"{FORMULAS[formula]} {ALLOW_LIST}" in said
    assert NEVER in said


@pytest.mark.parametrize("formula", QUALIFIED)
def test_a_path_or_a_table_is_no_column(tmp_path, formula):
    error = refused(tmp_path, SOUND.replace("expression: paid", f'expression: "{formula}"'))
    assert error.code == "DOCUMENT_INVALID"
    assert f"this form of 'column' {ALLOW_LIST}" in told_at(error, 17)


def test_a_window_of_hours_on_a_daily_source_is_refused(tmp_path):
    daily = ("at: {type: timestamp", "at: {type: date")
    error = refused(tmp_path, SOUND, daily)
    assert error.code == "WINDOW_HOURLY"
    said = told_at(error, 13)
    assert "visits.windows: 6h is a window of hours, and 'at' of source visits is a date" in said
    assert "mend: write whole days (1d for 24h), or make 'at' a timestamp in the event contract" in said


CORRECTED = ("lateness: 3d", "lateness: 3d\ncorrections: true")
UNSUBTRACTED = {
    "min": "expression: paid", "max": "expression: paid", "first": "expression: paid", "last": "expression: paid",
    "last_k": "expression: paid, k: 2", "count_distinct": "expression: paid", "active_days": "", "time_since_last": "",
    "sessions": "gap: 1h",
}  # fmt: skip


@pytest.mark.parametrize("aggregate", UNSUBTRACTED)
def test_rule_16_what_cannot_be_subtracted_is_refused_over_corrections(tmp_path, aggregate):
    own = UNSUBTRACTED[aggregate].replace(", ", "\n    ")
    wanted = f"aggregate: {aggregate}\n    {own}".rstrip()
    text = SOUND.replace("aggregate: sum\n    expression: paid", wanted)
    error = refused(tmp_path, text, CORRECTED)
    assert error.code == "AGGREGATE_OF_CORRECTIONS"
    said = told_at(error, 16)
    assert f"spent.aggregate: {aggregate} over source visits, whose events are corrected" in said
    assert "mend: use one of count, mean, quantile, sum, variance" in said


def test_rule_16_an_aggregate_is_each_of_the_two_kinds():
    assert sorted((*SUBTRACTED, *UNSUBTRACTED)) == sorted(get_args(Aggregate))


def test_days_of_a_zone_over_dates_are_refused(tmp_path):
    berlin = SOUND.replace("source: visits\n", "source: visits\nzone: Europe/Berlin\n").replace("6h, ", "")
    error = refused(tmp_path, berlin, ("at: {type: timestamp", "at: {type: date"))
    assert error.code == "ZONE_OF_DATES"
    assert "the days are those of Europe/Berlin, and 'at' of source visits is a date" in told_at(error, 8)


def test_a_published_group_off_utc_is_refused(tmp_path):
    said = "source: visits\nzone: Europe/Berlin\npublished: true\n"
    error = refused(tmp_path, SOUND.replace("source: visits\n", said).replace("6h, ", ""))
    assert error.code == "PUBLISHED_ZONE"
    assert "published: the group's days are those of Europe/Berlin" in told_at(error, 9)


@pytest.mark.parametrize(("window", "kept"), [("7d", "6d"), ("all", "400d"), ("7d", "167h")])
def test_a_window_longer_than_the_source_keeps_is_refused(tmp_path, window, kept):
    keeps = ("lateness: 3d", f"lateness: 3d\nkeeps: {kept}")
    error = refused(tmp_path, SOUND.replace("windows: [7d]", f"windows: [1d, {window}]").replace("_7d", "_1d"), keeps)
    assert error.code == "WINDOW_TOO_LONG"
    said = told_at(error, 18)
    assert f"the window {window} looks back further than source visits keeps its events ({kept})" in said
    assert f"mend: take a window of {kept} at most, or raise 'keeps:' in the event contract" in said


def test_what_is_sound_loads_and_what_is_kept_long_enough_too(tmp_path):
    tiny.make_project(tmp_path, days=0)
    path = tmp_path / "conf/contracts/events/visits.yaml"
    before = load_project(tmp_path, "local").sources["visits"]
    path.write_text(path.read_text().replace("lateness: 3d", "lateness: 3d\nkeeps: 7d"), encoding="utf-8")
    (tmp_path / "conf/contracts/features/visiting.yaml").write_text(SOUND, encoding="utf-8")
    project = load_project(tmp_path, "local")
    assert project.groups["visiting"].columns == ("visits_6h", "visits_3d", "spent_7d", "share")
    assert project.sources["visits"].fingerprint == before.fingerprint, "what is kept shapes no row"


EVENTS = """\
source: visits
version: 1
owner: a@example.com
purpose: Visits.
landing: {format: json, folder: visits}
roles:
  entity: [who]
  event_time: at
  event_type: kind
types: [visit]
lateness: 3d
columns:
  who: {type: bigint, meaning: w}
  at: {type: timestamp, meaning: t}
  kind: {type: string, meaning: k, called: Kind}
  paid: {type: 'decimal(8,2)', meaning: p}
rules:
  - name: has_paid
    keep: paid > 0
    why: w
  - {name: later, keep: paid < 1000, why: w}
"""
LABEL = """\
label: gone
version: 1
owner: a@example.com
purpose: p
source: visits
eligible: {within: 5d}
outcome:
  where: paid > 1
  horizon: 1d
  positive: absent
cutoffs:
  first: 2024-03-03
  last: 2024-03-07
  every: 1d
"""
MODEL = """\
model: going
version: 1
owner: a@example.com
purpose: p
label: gone
test_from: 2024-03-07
features:
  visiting:
    - visits_3d
    - spent_7d
segments:
  - {group: visiting, column: visits_6h}
baseline:
  column: visits_3d
gate: {least_auc: 0.5}
"""


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "told"),
    [
        ("events", "entity: [who]", "entity: [whom]", 7, "roles.entity: there is no column 'whom'. Did you mean 'who'?"),
        ("events", "entity: [who]", "entity: [who, who]", 7, "roles.entity: a column stands twice"),
        ("events", "event_time: at", "event_time: kind", 8, "roles.event_time: column 'kind' is string; a time is needed"),
        ("events", "event_time: at", "event_time: att", 8, "roles.event_time: there is no column 'att'. Did you mean 'at'?"),
        ("events", "types: [visit]\n", "", 9, "roles.event_type: types and roles.event_type go together"),
        ("events", "  event_type: kind\n", "", 9, "types: types and roles.event_type go together: give both or neither"),
        ("events", "  paid: {", "  raw: {", 16, "columns.raw: headrace adds a column of this name; choose another"),
        ("events", "called: Kind", "called: at", 15, "columns.kind: two columns are called 'at' in what arrives"),
        ("events", "name: has_paid", "name: too_late", 18, "rules.0.name: 'too_late': headrace has an outcome of this name"),
        ("events", "keep: paid > 0", "keep: payd > 0", 19, "rules.0.keep: there is no column 'payd'. Did you mean 'paid'?"),
        ("events", "name: later", "name: has_paid", 21, "rules.1.name: two rules are called 'has_paid'; rename one"),
        ("events", "lateness: 3d", "lateness: 3d\ntable: {format: delta, path: a}", 12, "table: a source has exactly one of"),
        ("events", "landing: {format: json, folder: visits}", "table:\n  format: delta\n  path: a", 5,
         "table.arrived: name the column that says when a row came into the table, or fill roles.available_at"),
        ("events", "format: json, ", "format: json, csv: {header: false}, ", 5, "landing.csv: these options are for format: csv"),
        ("labels", "source: visits", "source: visit", 5, "source names 'visit', which is not declared"),
        ("labels", "where: paid > 1", "where: payd > 1", 8, "outcome.where: no column 'payd' (in 'payd > 1')"),
        ("labels", "last: 2024-03-07", "last: 2024-03-01", 13, "cutoffs.last: last (2024-03-01) is before first (2024-03-03)"),
        ("labels", "every: 1d", "every: 12h", 14, "cutoffs.every: whole days are needed, such as 7d"),
        ("models", "label: gone", "label: gon", 5, "label names 'gon', which is not declared"),
        ("models", "  visiting:", "  visting:", 9, "features names 'visting', which is not declared"),
        ("models", "- spent_7d", "- spent_8d", 10, "features.visiting names 'spent_8d', which is not declared"),
        ("models", "- spent_7d", "- visits_3d", 8, "features.visiting: the column 'visits_3d' is taken twice"),
        ("models", "column: visits_6h", "column: visits", 12, "segments.visiting names 'visits', which is not declared"),
        ("models", "column: visits_3d", "column: visits_6h", 14,
         "baseline.column: 'visits_6h' is not among the model's features. Did you mean 'visits_3d'?"),
    ],
)  # fmt: skip
def test_a_fault_of_another_contract_is_told_by_its_line_too(tmp_path, file, old, new, line, told):
    tiny.make_project(tmp_path, days=0)
    texts = {"events/visits": EVENTS, "features/visiting": SOUND, "labels/gone": LABEL, "models/going": MODEL}
    whole = {name: text.replace(old, new) if name.startswith(file) else text for name, text in texts.items()}
    assert sum(text.count(old) for name, text in texts.items() if name.startswith(file)) == 1
    for name, text in whole.items():
        path = tmp_path / f"conf/contracts/{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(HeadraceError) as raised:
        load_project(tmp_path, "local")
    assert raised.value.exit_status == 2
    name = next(name for name in texts if name.startswith(file))
    mark = f"{name}.yaml:{line}: "
    assert mark in str(raised.value), str(raised.value)
    assert told in str(raised.value).partition(mark)[2]
