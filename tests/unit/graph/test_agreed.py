"""Rule 17: a changed meaning without a version bump is refused, in words; every command about locks, without Spark."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from calling import command
from tiny import make_project

from headrace.cli import main
from headrace.contracts.changes import changes_between
from headrace.contracts.fingerprint import SCHEME, data_fingerprint
from headrace.contracts.lock import read_lock
from headrace.contracts.restore import restored
from headrace.features.slots import group_atoms
from headrace.graph.project import Project, load_project

ROOT = Path(__file__).resolve().parents[3]
GROUP, SOURCE = "conf/contracts/features/visiting.yaml", "conf/contracts/events/visits.yaml"
LOCK, LOG = "conf/contracts/lock/t.visiting.yaml", "conf/contracts/lock/t.visiting.md"
RULE = "rules: [{name: sound, keep: paid > 0, why: w}]"
FEATURES = """\
# Visits, as the shop counts them.
team: t
group: visiting
version: 1   # raised by headrace contract bump
owner: a@example.com
purpose: Visits.
entity: [who]
source: visits
features:
  - name: visits
    meaning: n
    aggregate: count
    windows: [3d, all]
  - name: paid
    meaning: p
    aggregate: sum
    expression: paid * 2
    scale: 2
    windows: [7d]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    from agreed import agree

    made = make_project(tmp_path, days=1)
    (made / GROUP).write_text(FEATURES, encoding="utf-8")
    agree(made)
    return made


@pytest.fixture
def call(project, capsys):
    """A command on the project: (status, what it said)."""
    return command(capsys, "--project", str(project))


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def opened(project: Path) -> Project:
    return load_project(project, "local")


def test_what_is_as_it_was_agreed_passes(call):
    status, said = call("contract", "check")
    assert status == 0, said
    assert "1 feature groups mean what was agreed" in said, said


@pytest.mark.parametrize(
    ("folder", "env"),
    [(".", "local"), (".", "cdnow"), (".", "bench")]
    + [(f"tests/projects/{name}", "local") for name in ("bank_marketing", "online_retail", "wikimedia_sessions")],
)
def test_the_contracts_of_this_repository_mean_what_was_agreed(folder, env):
    """Their lock entries are golden files too: made by one version of headrace and of sqlglot, held by the next."""
    found = load_project(ROOT / folder, env)
    assert found.groups
    for name in found.groups:
        lock = found.lock_of(name)
        assert lock.holds(found.bound(name)), changes_between(lock.meaning, found.bound(name).meaning)


def test_a_changed_meaning_names_feature_owner_both_expressions_and_all_below(call, project):
    edit(project, GROUP, "paid * 2", "paid * 3")
    for words in (("contract", "check"), ("run",), ("plan",)):
        status, said = call(*words)
        assert status == 2, said
        assert f"{GROUP}:17: feature group 'visiting', still version 1 (owner a@example.com)" in said
        assert "paid.expression: paid * 2  ->  paid * 3" in said
        assert (
            'mend: undo the edit; or agree with its readers and run: headrace contract bump visiting --why "..."'
            in said
        )
    assert not (project / "home/warehouse").exists(), "before any write"


def test_an_alert_is_kept_of_a_changed_meaning_once_for_each_change(call, project):
    edit(project, GROUP, "paid * 2", "paid * 3")
    call("contract", "check")
    call("run")
    (path,) = (project / "home/alerts").glob("*.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["code"] == "CONTRACT_CHANGED"
    assert (record["team"], record["group"], record["owner"], record["version"]) == (
        "t",
        "visiting",
        "a@example.com",
        1,
    )
    assert record["changes"] == [{"feature": "paid", "key": "expression", "old": "paid * 2", "new": "paid * 3"}]
    assert record["agreed"] == opened(project).locks["t.visiting"].fingerprint != record["found"]


def test_every_group_model_and_score_table_below_is_named(tmp_path, capsys):
    from whole_project import copy_project

    root = copy_project(tmp_path, {"contracts/features/customer_activity.yaml": ("0.1 * ln", "0.2 * ln")})
    assert main(["contract", "check", "--project", str(root)]) == 2
    said = capsys.readouterr().err
    (line,) = [line for line in said.splitlines() if "read by:" in line]
    assert "models lapse_risk; scores scores.lapse_risk;" in line
    assert "build_training_set" in line
    assert "groups" not in line, "no other group is made of this one"
    source = root / "conf/contracts/events/shop_events.yaml"
    source.write_text(source.read_text(encoding="utf-8").replace("2016-01-01", "2015-01-01"), encoding="utf-8")
    assert main(["contract", "check", "--project", str(root)]) == 2
    said = capsys.readouterr().err
    assert "every feature.source shop_events: rules.impossible_time: " in said
    assert re.search(
        r"read by: groups coupon_affinity, customer_value, product_variety; labels lapsed; models lapse_risk", said
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (GROUP, "aggregate: count", "aggregate: active_days", "visits.aggregate: count  ->  active_days"),
        (GROUP, "    windows: [7d]", "    where: who > 1\n    windows: [7d]", "paid.where: –  ->  who > 1"),
        (GROUP, "[3d, all]", "[4d, all]", 'visits.windows: ["3d", "all"]  ->  ["4d", "all"]'),
        (GROUP, "name: paid", "name: spent", "paid: gone"),
        (GROUP, "name: paid", "name: spent", "spent: new"),
        (GROUP, "entity: [who]", "entity: [who, id]", 'every feature.entity: ["who"]  ->  ["who", "id"]'),
        (SOURCE, "decimal(8,2)", "decimal(9,2)", 'source visits: columns.paid: ["decimal(8,2)", false]  ->  ["decimal(9,2)", false]'),
        (SOURCE, "lateness: 3d", "lateness: 4d", "source visits: lateness: 259200  ->  345600"),
        (SOURCE, "available_at: got", "sequence: got", "source visits: roles.available_at: got  ->  –"),
        (SOURCE, "lateness: 3d", f"lateness: 3d\n{RULE}", "source visits: rules.sound: –  ->  paid > 0"),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_told(call, project, file, old, new, told):
    edit(project, file, old, new)
    status, said = call("contract", "check")
    assert (status, "CONTRACT_CHANGED" in said) == (2, True), said
    assert told in said


def test_features_in_another_order_are_another_table(call, project):
    document = yaml.safe_load(FEATURES)
    document["features"].reverse()
    (project / GROUP).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert "order of features: visits, paid  ->  paid, visits" in call("contract", "check")[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [("purpose: Visits.", "purpose: Calls."), ("paid * 2", "( PAID*2 ) AS doubled  # as before"), ("a@example.com", "b@example.com")],
)  # fmt: skip
def test_what_is_cosmetic_passes(call, project, old, new):
    edit(project, GROUP, old, new)
    assert call("contract", "check")[0] == 0


def test_a_group_without_an_entry(call, project):
    shutil.rmtree(project / "conf/contracts/lock")
    status, said = call("run")
    assert status == 2
    assert f"CONTRACT_UNLOCKED: {GROUP}:4: feature group 'visiting', version 1, has no lock entry" in said
    assert "headrace contract lock visiting" in said
    assert call("contract", "lock", "visitin")[1].count("Did you mean 'visiting'?") == 1
    assert call("contract", "lock", "visiting")[0] == 0
    assert call("contract", "check")[0] == 0
    status, said = call("contract", "lock", "visiting")
    assert (status, "CONTRACT_LOCKED" in said) == (2, True)
    assert "Every feature group has its lock entry" in call("contract", "lock")[1]


def test_a_version_that_goes_down_or_moves_alone(call, project):
    edit(project, GROUP, "version: 1 ", "version: 2 ")
    status, said = call("contract", "check")
    assert (status, "CONTRACT_VERSION_ALONE" in said, "put back `version: 1`" in said) == (2, True, True)
    edit(project, GROUP, "paid * 2", "paid * 3")
    assert "CONTRACT_VERSION_UNLOCKED" in call("contract", "check")[1]
    assert call("contract", "bump", "visiting", "--why", "Tripled.")[0] == 0, "a version raised by hand is taken"
    assert opened(project).groups["visiting"].version == 2
    edit(project, GROUP, "version: 2 ", "version: 1 ")
    status, said = call("contract", "check")
    assert (status, "CONTRACT_VERSION_DOWN" in said, "version 2 is locked" in said) == (2, True, True)


def test_a_group_that_is_gone_is_retired_knowingly(call, project):
    (project / GROUP).unlink()
    edit(project, "tiny_graph.py", "(ingest_events, build_tiles, build_features)", "(ingest_events, build_tiles)")
    status, said = call("contract", "check")
    assert (status, "CONTRACT_GONE" in said, "t.visiting" in said, "a@example.com" in said) == (2, True, True, True)
    assert call("contract", "retire", "t.visiting", "--why", "Nobody reads it.")[0] == 0
    assert call("contract", "check")[0] == 0
    assert opened(project).locks["t.visiting"].retired.why == "Nobody reads it."


def test_a_group_with_a_contract_is_not_retired(call):
    assert "CONTRACT_PRESENT" in call("contract", "retire", "t.visiting", "--why", "x")[1]


def test_an_entry_that_was_edited_or_is_of_a_later_headrace_is_refused(call, project):
    text = (project / LOCK).read_text(encoding="utf-8")
    for old, new, code in (
        ("windows: [7d]", "windows: [8d]", "LOCK_BROKEN"),
        (f"scheme: {SCHEME}", f"scheme: {SCHEME + 1}", "LOCK_NEWER"),
        ("format_version: 1", "format_version: 2", "LOCK_NEWER"),
        ("scheme:", "sheme:", "Did you mean 'scheme'?"),
    ):
        assert text.count(old) == 1, old
        (project / LOCK).write_text(text.replace(old, new), encoding="utf-8")
        status, said = call("contract", "check")
        assert (status, code in said) == (2, True), said


def test_a_bump_edits_one_line_and_writes_entry_and_changelog(call, project):
    edit(project, GROUP, "paid * 2", "paid * 3")
    before = (project / GROUP).read_text(encoding="utf-8")
    status, said = call("contract", "bump", "visiting", "--why", "Prices were tripled.", "--retire-after", "2099-01-31")
    assert status == 0, said
    assert "t.visiting: version 1 -> 2 (breaking)" in said
    assert (
        "version 1 stays in features.visiting, to be read until 2099-01-31; version 2 will be features.visiting_v2"
        in said
    )
    assert (project / GROUP).read_text(encoding="utf-8") == before.replace("version: 1 ", "version: 2 ")
    assert (project / SOURCE).read_text(encoding="utf-8").count("version: 1") == 1, "the source did not change"
    first, second = opened(project).locks["t.visiting"].history
    assert (first.version, first.table, str(first.retire_after)) == (1, "features.visiting", "2099-01-31")
    assert (second.version, second.table, second.why, second.breaking) == (
        2,
        "features.visiting_v2",
        "Prices were tripled.",
        True,
    )
    assert second.changes == ("paid.expression: paid * 2  ->  paid * 3",)
    log = (project / LOG).read_text(encoding="utf-8")
    assert log.index("## Version 2") < log.index("## Version 1")
    assert "Prices were tripled.\n\n- `paid.expression: paid * 2  ->  paid * 3`\n- table `features.visiting_v2`" in log
    assert call("contract", "check")[0] == 0


def test_what_a_version_is_read_from(project, call):
    """Whoever asks the project for a group's table gets that of its version; the one before keeps its name."""
    from headrace.cli.loading import load_graph, open_project
    from headrace.features.groups import features_table

    edit(project, GROUP, "paid * 2", "paid * 3")
    assert call("contract", "bump", "visiting", "--why", "x")[0] == 0
    found = open_project(project, "local")
    assert features_table(found.groups["visiting"]).name == "features.visiting_v2"
    job = next(job for job in load_graph(found) if job.name == "build_features")
    assert [table.name for table in job.outputs] == ["features.visiting_v2", "features.visiting", "carried.visits"]
    (kept,) = found.locks["t.visiting"].kept(datetime.now(UTC).date())
    assert (kept.version, kept.table) == (1, "features.visiting")
    assert found.locks["t.visiting"].kept(datetime.now(UTC).date() + timedelta(days=91)) == ()


def test_an_old_version_is_kept_for_as_long_as_tables_are_where_nobody_says(call, project):
    edit(project, GROUP, "paid * 2", "paid * 3")
    today = datetime.now(UTC).date()
    assert call("contract", "bump", "visiting", "--why", "x", "--set", "retention.tables=30d")[0] == 0
    first = opened(project).locks["t.visiting"].step(1)
    assert today + timedelta(days=30) <= first.retire_after <= datetime.now(UTC).date() + timedelta(days=30)


def test_a_dry_run_writes_nothing(call, project):
    edit(project, GROUP, "paid * 2", "paid * 3")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    status, said = call("contract", "bump", "visiting", "--why", "x", "--dry-run")
    assert (status, "version 1 -> 2" in said, "Nothing was written." in said) == (0, True, True)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_a_bump_that_changes_nothing_is_refused(call, project):
    edit(project, GROUP, "purpose: Visits.", "purpose: Calls.")
    status, said = call("contract", "bump", "visiting", "--why", "x")
    assert (status, "CONTRACT_SAME" in said, "means what version 1 means" in said) == (2, True, True)
    assert "OPTION_INVALID" in call("contract", "bump", "visiting", "--why", " ")[1]
    assert "Did you mean 'visits'?" in call("contract", "bump", "visit", "--why", "x")[1]
    assert "is over" in call("contract", "bump", "visiting", "--why", "x", "--retire-after", "2020-01-01")[1]
    assert "is no day" in call("contract", "bump", "visiting", "--why", "x", "--retire-after", "soon")[1]


def test_an_added_feature_breaks_nothing(call, project):
    path = project / GROUP
    path.write_text(
        path.read_text(encoding="utf-8") + "  - {name: days, meaning: d, aggregate: active_days, windows: [7d]}\n"
    )
    edit(project, GROUP, "[3d, all]", "[3d, 5d, all]")
    status, said = call("contract", "bump", "visiting", "--why", "Days.")
    assert (status, "version 1 -> 2 (nothing that was there changes)" in said) == (0, True), said


def test_a_changed_source_is_raised_with_the_groups_over_it(call, project):
    edit(project, SOURCE, "lateness: 3d", "lateness: 4d")
    assert "CONTRACT_CHANGED" in call("run")[1]
    status, said = call("contract", "bump", "visits", "--why", "They come later now.")
    assert status == 0, said
    found = opened(project)
    assert (found.sources["visits"].version, found.groups["visiting"].version) == (2, 2)
    assert found.locks["t.visiting"].source_version == 2
    assert call("contract", "check")[0] == 0
    edit(project, SOURCE, "lateness: 4d", "lateness: 5d")
    assert call("contract", "bump", "visiting", "--why", "Later still.")[0] == 0
    assert (opened(project).sources["visits"].version, opened(project).groups["visiting"].version) == (3, 3)


def test_crlf_and_flow_style_survive_a_bump(call, project):
    flow = "{team: t, group: visiting, version: 1, owner: a, purpose: p, entity: [who], source: visits, features:\r\n"
    rest = " [{name: visits, meaning: n, aggregate: count, windows: [3d]}]}\r\n"
    (project / GROUP).write_bytes((flow + rest).encode())
    assert call("contract", "bump", "visiting", "--why", "x")[0] == 0
    assert (project / GROUP).read_bytes() == (flow.replace("version: 1", "version: 2") + rest).encode()


def test_an_owner_who_moves_and_a_comment_leave_the_bytes_of_an_entry(project):
    from headrace.contracts.lock import lock_text

    found = opened(project).locks["t.visiting"]
    assert lock_text(found) == (project / LOCK).read_text(encoding="utf-8"), "read and written again: the same bytes"


# Rehash


def old_scheme(project: Path, number: list[str]) -> None:
    """Write the entry as scheme 1 had it: numbers without a type, lengths of time as fractions, and nulls."""
    values = yaml.safe_load((project / LOCK).read_text(encoding="utf-8"))
    meaning = values["meaning"]
    visits, paid = meaning["features"]
    visits |= {"k": None, "scale": None, "when_empty": None}
    paid |= {"k": None, "when_empty": None, "expression": json.dumps(["multiply", ["column", "paid"], number])}
    meaning["upstream"] |= {"lateness": 259200.0, "delay": 0.0}
    values |= {"scheme": 1, "fingerprint": data_fingerprint(meaning, 1)}
    values["history"][0]["fingerprint"] = values["fingerprint"]
    (project / LOCK).write_text(yaml.safe_dump(values), encoding="utf-8")


def test_rehash_brings_an_old_scheme_over_without_a_new_version(call, project):
    present = (project / LOCK).read_text(encoding="utf-8")
    old_scheme(project, ["number", "2"])
    identity = read_lock(project / LOCK).identity
    status, said = call("run")
    assert (status, "LOCK_SCHEME" in said, "headrace contract rehash" in said) == (2, True, True)
    assert "LOCK_SCHEME" in call("contract", "bump", "visiting", "--why", "x")[1]
    assert "Nothing was written." in call("contract", "rehash", "--dry-run")[1]
    status, said = call("contract", "rehash")
    assert (status, "scheme 1 -> 2" in said, "version 1 stays" in said) == (0, True, True), said
    found = opened(project)
    lock = found.locks["t.visiting"]
    assert (lock.scheme, lock.version, lock.fingerprint) == (2, 1, yaml.safe_load(present)["fingerprint"])
    assert found.identity("visiting") == identity, "so no stamp changes, no table is made anew and no model is refused"
    assert call("contract", "check")[0] == 0
    assert "Every lock entry is of scheme 2" in call("contract", "rehash")[1]


def test_rehash_refuses_another_meaning(call, project):
    old_scheme(project, ["number", "2.0"])
    text = (project / LOCK).read_text(encoding="utf-8")
    status, said = call("contract", "rehash")
    assert (status, "REHASH_REFUSED" in said, "paid.expression: paid * 2.0  ->  paid * 2" in said) == (2, True, True), (
        said
    )
    assert (project / LOCK).read_text(encoding="utf-8") == text


# Diff and schema


def test_a_diff_shows_both_sides_tiles_and_rows(call, project):
    assert "Every feature group means what was agreed." in call("contract", "diff")[1]
    edit(project, GROUP, "paid * 2", "paid * 3")
    status, said = call("contract", "diff", "visiting")
    assert status == 0, said
    assert "t.visiting, owner a@example.com: version 1 against its contract as it is now" in said
    assert re.search(r"^paid +expression +paid \* 2 +paid \* 3", said, flags=re.MULTILINE)
    assert "Tiles of visits: 2 states new, 2 gone, 1 shared with what is there." in said
    assert re.search(r"^  new   sum_\w+: .*`paid` \* 3", said, flags=re.MULTILINE)
    assert "Rows to compute anew, by the tables as they are: tiles.visits unknown, features.visiting unknown." in said
    edit(project, SOURCE, "lateness: 3d", "lateness: 4d")
    assert "raw.events_visits unknown, tiles.visits unknown, features.visiting unknown" in call("contract", "diff")[1]
    assert "Did you mean 'visiting'?" in call("contract", "diff", "visitin")[1]


@pytest.mark.parametrize(
    ("folder", "env"), [(".", "local"), (".", "cdnow"), (".", "bench"), ("tests/projects/wikimedia_sessions", "local")]
)
def test_what_was_locked_can_be_made_again_from_its_entry(folder, env):
    """Sessions, derivations, ties and all: the same meaning, so the same tiles and values."""
    found = load_project(ROOT / folder, env)
    for name in found.groups:
        again = restored(found.lock_of(name))
        assert again.meaning == found.bound(name).meaning
        assert again.fingerprint == found.bound(name).fingerprint
        assert group_atoms(again.group, again.source) == group_atoms(found.groups[name], found.bound(name).source)


def test_the_schema_of_each_kind_is_what_editors_need(tmp_path, capsys):
    assert main(["contract", "schema", "--folder", str(tmp_path / "schemas")]) == 0
    written = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "schemas").iterdir()}
    assert set(written) == {f"{kind}.schema.json" for kind in ("events", "features", "labels", "models")}
    features = written["features.schema.json"]
    assert features["additionalProperties"] is False
    assert {"team", "group", "version", "owner", "entity", "source", "features"} <= set(features["required"])
    assert "count_distinct" in json.dumps(features["$defs"]["Feature"]["properties"]["aggregate"])
    capsys.readouterr()
    assert main(["contract", "schema", "features"]) == 0
    assert json.loads(capsys.readouterr().out) == features
    assert main(["contract", "schema"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert len(whole["anyOf"]) == 4
    assert {"EventContract", "FeatureGroup", "LabelContract", "ModelContract"} <= set(whole["$defs"])
    assert main(["contract", "schema", "feature"]) == 2
    assert "Did you mean 'features'?" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    assert main(["contract", "schema", "--folder", str(tmp_path / "file")]) == 2
    assert "SCHEMA_FOLDER" in capsys.readouterr().err


def test_a_group_that_comes_back_goes_on_with_its_history(call, project):
    text = (project / GROUP).read_text(encoding="utf-8")
    graph = (project / "tiny_graph.py").read_text(encoding="utf-8")
    (project / GROUP).unlink()
    edit(project, "tiny_graph.py", "(ingest_events, build_tiles, build_features)", "(ingest_events, build_tiles)")
    assert call("contract", "retire", "t.visiting", "--why", "Nobody reads it.")[0] == 0
    (project / GROUP).write_text(text, encoding="utf-8")
    (project / "tiny_graph.py").write_text(graph, encoding="utf-8")
    assert "CONTRACT_UNLOCKED" in call("contract", "check")[1]
    status, said = call("contract", "lock")
    assert (status, "CONTRACT_RETURNS" in said, "it was retired at version 1" in said) == (2, True, True)
    edit(project, GROUP, "version: 1 ", "version: 2 ")
    assert call("contract", "lock", "--why", "Somebody does.")[0] == 0
    lock = opened(project).locks["t.visiting"]
    assert [(step.version, step.table) for step in lock.history] == [
        (1, "features.visiting"),
        (2, "features.visiting_v2"),
    ]
    assert (lock.retired, call("contract", "check")[0]) == (None, 0)


def test_two_groups_of_one_source_raise_it_once_however_they_are_bumped(call, project):
    from agreed import agree

    other = (
        FEATURES.replace("group: visiting", "group: paying")
        .replace("paid * 2", "paid * 5")
        .replace("name: visits", "name: n")
    )
    (project / "conf/contracts/features/paying.yaml").write_text(other, encoding="utf-8")
    agree(project)
    edit(project, SOURCE, "lateness: 3d", "lateness: 4d")
    assert call("contract", "bump", "visiting", "--why", "Later.")[0] == 0
    assert opened(project).sources["visits"].version == 2
    edit(project, SOURCE, "lateness: 4d", "lateness: 5d")
    assert call("contract", "bump", "paying", "--why", "Later still.")[0] == 0
    found = opened(project)
    assert (found.sources["visits"].version, found.locks["t.paying"].source_version) == (3, 3)
    assert "CONTRACT_CHANGED" in call("contract", "check")[1], "the other one is not agreed to yet"
    assert call("contract", "bump", "visiting", "--why", "Here too.")[0] == 0
    said = call("contract", "check")[1]
    assert (opened(project).sources["visits"].version, "mean what was agreed" in said) == (3, True), said


def test_an_entry_that_cannot_be_written_is_said(call, project):
    shutil.rmtree(project / "conf/contracts/lock")
    (project / "conf/contracts/lock").write_text("in the way")
    status, said = call("contract", "lock")
    assert (status, "LOCK_UNWRITABLE" in said) == (2, True)


def test_a_forged_entry_is_refused_though_its_fingerprint_fits(call, project):
    values = yaml.safe_load((project / LOCK).read_text(encoding="utf-8"))
    values["meaning"]["features"][1]["expression"] = '["column","paid`) + java_method(\'a\', `b"]'
    values["fingerprint"] = data_fingerprint(values["meaning"])
    (project / LOCK).write_text(yaml.safe_dump(values), encoding="utf-8")
    status, said = call("contract", "diff", "--values")
    assert (status, "LOCK_BROKEN" in said) == (2, True), said
