"""`headrace export TARGET`: files in a folder, or the question whether they are as the graph is."""

from __future__ import annotations

import pytest
from tiny import make_project
from without_spark import headrace


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("tiny"), days=0)


@pytest.mark.parametrize("target", ["script", "airflow", "kubeflow"])
def test_files_are_written_without_spark_and_are_checked(root, tmp_path, target):
    words = ("export", target, "--project", str(root), "--output", str(tmp_path / "out"))
    words += ("--set", "targets.kubeflow.image=registry.example.com/tiny:1")
    status, said = headrace(*words, "--check")
    assert (status, "EXPORT_STALE" in said, f"headrace export {target} --output" in said) == (2, True, True)
    assert not (tmp_path / "out").exists()
    status, said = headrace(*words)
    assert (status, said.startswith(f"3 jobs in {tmp_path / 'out'}: ")) == (0, True), said
    assert headrace(*words, "--check") == (0, "")
    (changed,) = [path for path in (tmp_path / "out").rglob("*") if path.is_file()][:1]
    changed.write_text("edited")
    status, said = headrace(*words, "--check")
    assert (status, changed.name in said) == (2, True)


def test_they_lie_beside_the_tables_where_no_folder_is_named(root):
    assert headrace("export", "script", "--project", str(root))[0] == 0
    assert (root / "home/export/script/run.sh").stat().st_mode & 0o111


def test_a_graph_that_lint_refuses_is_not_exported(tmp_path):
    root = make_project(tmp_path / "tiny", days=0)
    graph = root / "tiny_graph.py"
    graph.write_text(graph.read_text().replace("(ingest_events, build_tiles", "(build_tiles"), encoding="utf-8")
    status, said = headrace("export", "script", "--project", str(root))
    assert (status, "GRAPH_INVALID" in said) == (2, True)
    assert not (root / "home/export").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("targets: {schedule: '0 4 * *'}", "no cron of five fields"),
        ('targets: {schedule: "0 4 * * *\'; rm"}', "no cron of five fields"),
        ("targets: {kubeflow: {image: 'a b'}}", "no container image"),
        ("targets: {databricks: {runtime: 17.3.x-scala2.13}}", "runtime and node_type belong together"),
        ("targets: {databricks: {catlog: main}}", "catalog"),
    ],
)
def test_what_conf_says_of_targets_is_checked(tmp_path, line, told):
    root = make_project(tmp_path / "tiny", days=0)
    (root / "conf/local.yaml").write_text(f"{line}\n")
    status, said = headrace("lint", "--project", str(root))
    assert (status, told in said) == (2, True), said


def test_a_bundle_leads_from_its_folder_to_where_the_wheel_is_built(tmp_path):
    root = make_project(tmp_path / "tiny", days=0)
    words = ("export", "databricks", "--project", str(root), "--set", "storage.warehouse=s3://bucket/tables")
    status, said = headrace(*words)
    assert (status, "EXPORT_NO_WHEEL" in said, "headrace init writes one" in said) == (2, True, True)
    (root / "pyproject.toml").write_text('[project.entry-points."headrace.projects"]\ntiny = "tiny_project"\n')
    assert headrace(*words)[0] == 0
    assert "path: ../../..\n" in (root / "home/export/databricks/databricks.yml").read_text()
    assert "- ../../../../dist/*.whl\n" in (root / "home/export/databricks/resources/tiny.yml").read_text()
    assert headrace(*words, "--check") == (0, "")
    status, said = headrace("export", "databricks", "--project", str(root))
    assert (status, "EXPORT_WAREHOUSE" in said, "--env NAME" in said) == (2, True, True)
