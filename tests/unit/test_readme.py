"""The README's code blocks do what they say: python runs, YAML is a contract, commands and links exist."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from headrace.cli.app import app
from headrace.cli.loading import load_graph, open_project
from headrace.contracts.expressions import check_columns
from headrace.contracts.features import FeatureGroup, load_feature_group
from headrace.graph.lint import lint
from headrace.graph.project import Project
from headrace.ground.errors import catalogue
from headrace.ground.interval import Interval
from headrace_bootstrap.arguments import Direct, Execute, Placed, Submit, read

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OTHERS = frozenset({"mkdir", "export"})
MOST_JOB_LINES = 12
RULES = frozenset(
    {"impossible_time", "unknown_type", "missing_value", "unreadable", "too_late", "conflicting_duplicate"}
)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def command_lines() -> list[list[str]]:
    lines = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]
    return [words for words in lines if words]


@pytest.fixture(scope="module")
def project() -> Project:
    return open_project(ROOT, "local")


@dataclass
class Frame:
    """Takes down what is asked of it."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return lambda *given: Frame([*self.calls, (name, *given)])


@pytest.mark.parametrize("block", blocks("python"))
def test_a_python_block_is_a_job_that_fits_into_the_graph(block: str, project: Project) -> None:
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)
    job = names["job"](project)
    lint((*load_graph(project), job), project)
    january = SimpleNamespace(interval=Interval(datetime(2017, 1, 1, tzinfo=UTC), datetime(2017, 2, 1, tzinfo=UTC)))
    made = job.run(SimpleNamespace(**dict.fromkeys(job.inputs, Frame())), january, project)
    owned = job.outputs[0].predicate(january.interval)
    assert made.calls == [("where", owned), ("groupBy", "as_of", "last_store_90d"), ("count",)]
    assert "last_store_90d" in project.groups["customer_value"].columns


def test_the_job_has_twelve_lines_of_code() -> None:
    (block,) = blocks("python")
    code = [line for line in block.splitlines() if line.strip() and not line.strip().startswith('"""')]
    assert len(code) <= MOST_JOB_LINES


@pytest.mark.parametrize("block", blocks("yaml"))
def test_a_yaml_block_is_a_contract_over_the_demos_events(block: str, project: Project, tmp_path: Path) -> None:
    file = tmp_path / "contract.yaml"
    file.write_text(block, encoding="utf-8")
    group = load_feature_group(file)
    assert isinstance(group, FeatureGroup)
    for feature in group.features:
        for formula in filter(None, (feature.expression, feature.where)):
            check_columns(formula, project.sources[group.source].columns, feature.name)
    for column in group.columns:
        assert f"`{column}`" in README


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_a_command_exists(words: list[str], project: Project) -> None:
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    elif words[0] == "headrace":
        accept(words[1:], project)
    elif words[0] == "./spark-submit.sh":
        submitted(words[1:], project)
    else:
        assert words[0] in OTHERS


def submitted(words: list[str], project: Project) -> None:
    request = read(words, ROOT)
    if isinstance(request, Submit):
        application, *rest = request.application
        named = Path(application).stem
        accept(rest if named == "graph" else ["run", named, *rest], project)
    elif isinstance(request, Direct | Placed):
        accept(list(request.words), project)
    else:
        assert isinstance(request, Execute)


def accept(words: list[str], project: Project) -> None:
    """The command, its options and the names in it exist; nothing is run."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        words = words if words[0] in command.commands else ["of", *words]  # lineage NAME is lineage of NAME
        command, words = command.commands[words[0]], words[1:]
    given = command.make_context(command.name, words).params
    jobs = {job.name for job in load_graph(project)}
    assert {(name or "").strip("+") for name in (given.get("job"), given.get("select"))} <= {"", *jobs}
    assert given.get("model", "lapse_risk") in project.models
    assert (ROOT / "conf" / f"{given.get('env', 'local')}.yaml").is_file()
    assert given.get("rule") is None or given["rule"] in RULES


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_layout_is_the_trees() -> None:
    (layout,) = blocks("text")
    packages = [line.split()[0] for line in layout.splitlines() if line.startswith("  ")]
    assert sorted(packages) == sorted(path.parent.name for path in (ROOT / "lib/headrace").glob("*/__init__.py"))
    for line in layout.splitlines():
        assert line.startswith("  ") or (ROOT / line.split()[0]).is_dir()


def test_exit_statuses_are_the_catalogues() -> None:
    told = {
        int(number) for row in re.findall(r"^\| ([\d, ]+) \|", README, flags=re.MULTILINE) for number in row.split(",")
    }
    assert {condition.exit for condition in catalogue().values()} <= told


@pytest.mark.parametrize("folder", ["docs/adr"])
def test_every_decision_is_listed(folder: str) -> None:
    records = sorted(path.name for path in (ROOT / folder).glob("0*.md"))
    assert sorted(re.findall(r"\((0[^)]+\.md)\)", (ROOT / folder / "README.md").read_text(encoding="utf-8"))) == records
