"""One environment laid over base.yaml, and what is refused in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headrace.ground.config import load_config
from headrace.ground.errors import HeadraceError

BASE = "home: .headrace/base\nspan: {from: 2017-01-01, to: 2017-02-01}\nspark:\n  settings: {a.b: one, c.d: two}\n"


@pytest.fixture
def conf(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "local.yaml").write_text("home: .headrace/local\nspark: {settings: {a.b: three}}\n")
    return tmp_path


def refused(conf, text="", *overrides, env="local"):
    (conf / "local.yaml").write_text(text or "seed: 1")
    with pytest.raises(HeadraceError) as caught:
        load_config(conf, env, overrides)
    assert caught.value.exit_status == 2
    return caught.value


def test_an_environment_is_laid_over_the_base(conf):
    config = load_config(conf, "local")
    assert config.home == ".headrace/local"
    assert config.spark.settings == {"a.b": "three", "c.d": "two"}
    assert config.span.interval.label() == "2017-01-01..2017-02-01"
    assert config.snapshots_every == timedelta(days=1)


@pytest.mark.parametrize("env", ["locl", "base", "../local", "", "/etc/passwd", "local.yaml"])
def test_an_unknown_environment_is_refused(conf, env):
    error = refused(conf, env=env)
    assert error.code == "ENVIRONMENT_UNKNOWN"
    assert "local" in str(error)


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("seed=9", lambda config: config.seed == 9),
        ("engine.parallel_jobs=1", lambda config: config.engine.parallel_jobs == 1),
        ("home=.headrace/other", lambda config: config.home == ".headrace/other"),
        ("span.from=2017-01-15", lambda config: config.span.start.day == 15),
        ("settings.demo={a: 1, b: [x, 'y=z']}", lambda config: config.settings["demo"] == {"a": 1, "b": ["x", "y=z"]}),
        ("settings.demo.query=a=b", lambda config: config.settings["demo"] == {"query": "a=b"}),
    ],
)
def test_set_lays_one_value_over_the_environment(conf, override, read):
    assert read(load_config(conf, "local", (override,)))


def test_of_two_overrides_the_later_wins(conf):
    assert load_config(conf, "local", ("seed=1", "seed=2")).seed == 2


@pytest.mark.parametrize(
    ("override", "code"),
    [
        ("seed", "OVERRIDE_UNREADABLE"),
        ("=1", "OVERRIDE_UNREADABLE"),
        ("engine..attempts=1", "OVERRIDE_UNREADABLE"),
        ("seed=1\nhome: other", "OVERRIDE_UNREADABLE"),
        ("seed=!!python/name:os.system", "DOCUMENT_UNSAFE"),
        ("seed=&a 1", "DOCUMENT_UNSAFE"),
        ("seed=[1", "DOCUMENT_UNREADABLE"),
        ("sed=1", "DOCUMENT_INVALID"),
    ],
)
def test_an_override_that_is_none_is_refused(conf, override, code):
    assert refused(conf, "", override).code == code


def test_a_wrong_override_is_named_as_such(conf):
    assert "--set sed: sed: unknown key. Did you mean 'seed'?" in str(refused(conf, "", "sed=1"))


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("home", ".."),
        ("home", "../x"),
        ("home", "a/../../x"),
        ("home", "/tmp/x"),
        ("home", "a//b"),
        ("home", "''"),
        ("home", '"a\\n"'),
        ("contracts", "../contracts"),
        ("contracts", "~/x"),
        ("contracts", "a\\b"),
    ],
)
def test_a_path_may_not_leave_the_project(conf, key, path):
    error = refused(conf, f"{key}: {path}")
    assert error.code == "DOCUMENT_INVALID"


def test_home_may_be_a_link_that_the_owner_has_set(conf, tmp_path):
    """A link is made by hand, on a machine; what is refused is a path that a file under review spells."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere")
    assert load_config(conf, "local", ("home=linked",)).home == "linked"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("span: {from: 2017-02-01, to: 2017-02-01}", "to (2017-02-01) is not after from (2017-02-01)"),
        ("span: {from: yesterday}", "span.from"),
        ("snapshots_every: 12h", "snapshots_every: whole days or weeks"),
        ("snapshots_every: 0d", "'0d' is not a length of time"),
        ("engine: {parallel_jobs: 0}", "engine.parallel_jobs: Input should be greater than or equal to 1"),
        ("engine: {paralel_jobs: 2}", "Did you mean 'parallel_jobs'?"),
        ("cost: {per_core_hour: .inf}", "cost.per_core_hour: Input should be a finite number"),
        ("spark: {settings: {a: [1]}}", "spark.settings.a: Input should be a valid string"),
    ],
)
def test_a_wrong_value_is_refused_by_key(conf, text, told):
    assert told in str(refused(conf, text))


def test_a_folder_without_a_base_is_refused(tmp_path):
    (tmp_path / "local.yaml").write_text("seed: 1")
    with pytest.raises(HeadraceError) as caught:
        load_config(tmp_path, "local")
    assert caught.value.code == "DOCUMENT_MISSING"


@pytest.mark.parametrize("text", ["tables: 12h", "quarantine: 1h"])
def test_a_retention_of_less_than_a_day_is_refused(conf, text):
    assert "retention: a day at least" in str(refused(conf, f"retention: {{{text}}}\n"))


def test_versions_are_kept_for_90_days_unless_configuration_says_otherwise(conf):
    kept = load_config(conf, "local").retention
    assert (kept.tables, kept.quarantine) == (timedelta(days=90), timedelta(days=90))
    asked = load_config(conf, "local", ("retention.tables=26w", "retention.quarantine=30d")).retention
    assert (asked.tables, asked.quarantine) == (timedelta(weeks=26), timedelta(days=30))
