"""What a remote master refuses, each with its remedy, from configuration alone: no Spark, nothing started."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.ground.config import load_config
from headrace.ground.errors import HeadraceError
from headrace.ground.places import is_file_store, is_server, local_path
from headrace.ground.remote import check_remote, is_remote

MASTER = "spark://10.0.0.1:7077"
SHARED = "storage: {shared: true}\n"
SERVER = "tracking: {uri: 'http://10.0.0.2:5000'}\n"
BUCKET = "storage: {warehouse: 's3a://bucket/tables', locks: none}\n"


def config_of(folder: Path, text: str):
    (folder / "base.yaml").write_text("home: home\nspan: {from: 2017-01-01, to: 2017-02-01}\n")
    (folder / "cluster.yaml").write_text(text or "seed: 1\n")
    return load_config(folder, "cluster")


def check(folder: Path, text: str, master: str = MASTER, **asked: object) -> None:
    wanted = {"told": True, "lands": True, "tracked": True} | asked
    check_remote(config_of(folder, text), folder, master, **wanted)


@pytest.mark.parametrize(
    ("text", "asked", "code", "remedy"),
    [
        ("", {"told": False}, "MASTER_UNTOLD", "./spark-submit.sh --master spark://10.0.0.1:7077"),
        ("", {}, "REMOTE_PATH", "storage.warehouse: a URI that all machines reach, or storage.shared: true"),
        ("storage: {warehouse: tables}\n", {}, "REMOTE_PATH", "storage.warehouse"),
        ("storage: {warehouse: 'file:///tables'}\n", {}, "REMOTE_PATH", "storage.warehouse"),
        (BUCKET, {}, "REMOTE_PATH", "storage.landing: a URI that all machines reach, or storage.shared: true"),
        (BUCKET, {"lands": False, "in_place": ["orders"]}, "REMOTE_PATH", "the table of source 'orders': a URI"),
        ("storage: {warehouse: 's3a://bucket/tables'}\n", {"lands": False}, "REMOTE_LOCKS", "storage.locks: none"),
        (SHARED, {}, "REMOTE_TRACKING", "env:HEADRACE_MLFLOW_URI"),
        (SHARED + "tracking: {uri: 'sqlite:///runs.db'}\n", {}, "REMOTE_TRACKING", "http://..."),
        (SHARED + "tracking: {uri: 'file:///runs'}\n", {}, "REMOTE_TRACKING", "postgresql://..."),
        (SHARED + "tracking: {uri: runs}\n", {}, "REMOTE_TRACKING", "a tracking server"),
        (
            BUCKET + "tracking: {uri: 'postgresql://10.0.0.2/runs'}\n",
            {"lands": False},
            "REMOTE_ARTIFACTS",
            "tracking.uri",
        ),
        (SHARED + "tracking: {uri: 'env:HEADRACE_UNSET'}\n", {}, "REFERENCE_UNSET", "export HEADRACE_UNSET"),
    ],
)
def test_what_works_on_one_machine_only_is_refused_with_the_remedy(tmp_path, text, asked, code, remedy):
    with pytest.raises(HeadraceError) as caught:
        check(tmp_path, text, **asked)
    assert (caught.value.code, caught.value.exit_status) == (code, 2)
    assert remedy in str(caught.value).partition("mend:")[2]
    assert {path.name for path in tmp_path.iterdir()} == {"base.yaml", "cluster.yaml"}, "nothing is made"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (SHARED + SERVER, {}),
        (SHARED, {"tracked": False, "in_place": ["orders"]}),
        (BUCKET, {"lands": False, "tracked": False}),
        (BUCKET + SERVER, {"lands": False}),
        (SHARED + "tracking: {uri: 'postgresql://10.0.0.2/runs'}\n", {}),
        (BUCKET + "tracking: {uri: 'postgresql://h/runs', artifacts: 's3a://bucket/runs'}\n", {"lands": False}),
        (SHARED + "tracking: {uri: databricks}\n", {}),
        (SHARED + "tracking: {uri: 'env:HEADRACE_SET'}\n", {}),
    ],
)
def test_what_all_machines_reach_is_let_through(tmp_path, monkeypatch, text, asked):
    monkeypatch.setenv("HEADRACE_SET", "https://runs.example.com")
    check(tmp_path, text, **asked)


@pytest.mark.parametrize("master", ["local", "local[2]", "local[*]", "local-cluster[2,1,1024]"])
def test_on_one_machine_nothing_is_refused(tmp_path, master):
    assert not is_remote(master)
    check(tmp_path, "", master, told=False)


@pytest.mark.parametrize("master", ["spark://a:7077", "yarn", "k8s://https://a:443"])
def test_other_masters_are_remote(master):
    assert is_remote(master)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("storage: {werehouse: x}\n", "Did you mean 'warehouse'?"),
        ("storage: {locks: maybe}\n", "storage.locks: Input should be 'files' or 'none'"),
        ("storage: {warehouse: ../x}\n", "storage.warehouse: a path may not leave its folder"),
        ("storage: {warehouse: /abs}\n", "storage.warehouse: neither a path below the project's folder nor a URI"),
        ("storage: {warehouse: 'file:///a/../b'}\n", "storage.warehouse: a path may not leave its folder"),
        ("storage: {landing: 's3a://bucket/x'}\n", "storage.landing: landed files are read from a file system"),
        (
            "tracking: {uri: 'postgresql://a:hunter22@h/db'}\n",
            "tracking.uri: a password is spelled out; write env:NAME",
        ),
        ("tracking: {url: x}\n", "tracking.url: unknown key"),
    ],
)
def test_a_wrong_place_is_refused_by_key_and_never_repeated(tmp_path, text, told):
    with pytest.raises(HeadraceError) as caught:
        config_of(tmp_path, text)
    assert told in str(caught.value)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "path"),
    [("tables", "/p/tables"), ("file:///a%20b", "/a b"), ("s3a://bucket/x", None), ("hdfs://n/x", None)],
)
def test_which_places_this_machine_sees(location, path):
    assert local_path(Path("/p"), location) == (None if path is None else Path(path))


@pytest.mark.parametrize(
    ("uri", "file", "server"),
    [
        ("sqlite:////x.db", True, False),
        ("mlruns", True, False),
        ("postgresql://h/db", False, False),
        ("http://h:5000", False, True),
        ("databricks", False, True),
        ("env:HEADRACE_MLFLOW_URI", False, False),
    ],
)
def test_kinds_of_mlflow_stores(uri, file, server):
    assert (is_file_store(uri), is_server(uri)) == (file, server)


@pytest.mark.parametrize("env", ["cluster", "databricks"])
def test_the_environments_that_are_shipped_fit_a_remote_master(monkeypatch, env):
    monkeypatch.setenv("HEADRACE_MLFLOW_URI", "https://runs.example.com")
    config = load_config(Path(__file__).resolve().parents[3] / "conf", env)
    check_remote(config, Path("/p"), MASTER, told=True, lands=True, tracked=True)
