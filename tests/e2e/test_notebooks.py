"""The notebooks: stored without outputs, short, without logic; they run from a fresh kernel, and on a session that is there."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
ROOT = Path(__file__).resolve().parents[2]
EXPLORE = ROOT / "notebooks" / "1_explore_features.ipynb"
TRAIN = ROOT / "notebooks" / "2_find_and_train.ipynb"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_CELLS = 14
SMALL = {"PYTHONWARNINGS": "ignore"}
LOGIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try)

BEFORE = """
from headrace.ground.session import BINDING, jars
from pyspark.sql import SparkSession
builder = SparkSession.builder.appName("somebody's own").master("local[2]").config("spark.jars", ",".join(jars()))
settings = {"spark.sql.shuffle.partitions": "3", "spark.ui.enabled": "false", "spark.sql.session.timeZone": "Europe/Berlin"}
for key, value in ({**BINDING, **settings}).items():
    builder = builder.config(key, value)
mine = builder.getOrCreate()
assert mine.sql("SHOW TABLES").count() == 0  # Spark notes where its warehouse is when it is first asked
configured = dict(mine.conf.getAll)
"""
AFTER = """
assert bench.spark.sparkContext is mine.sparkContext, "another application was started"
assert SparkSession.getActiveSession() is mine
now = dict(mine.conf.getAll)
changed = {key: (configured.get(key), now.get(key)) for key in {*configured, *now} if configured.get(key) != now.get(key)}
assert changed == {}, f"its settings were changed: {changed}"
assert mine.sparkContext.appName == "somebody's own"
assert mine.range(3).count() == 3, "it was stopped"
"""


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_of(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run(notebook: Any, project: Path) -> Any:
    """The notebook after it ran in a kernel of this environment; an error in a cell is one here."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    place = {"metadata": {"path": str(ROOT / "notebooks")}}
    client = nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place)
    client.execute(env={**os.environ, **SMALL, "HEADRACE_PROJECT": str(project)})
    return notebook


def shown(notebook: Any) -> str:
    """Everything that a notebook's cells put out."""
    return shown_by(code_of(notebook))


def shown_by(cells: list[Any]) -> str:
    """Everything that cells put out, as HTML where they did."""
    outputs = [output for cell in cells for output in cell.outputs]
    data = [output.get("data", {}).get("text/html") or output.get("text", "") for output in outputs]
    return "\n".join(data)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_short_without_outputs_and_without_logic(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert 0 < len(notebook.cells) <= MOST_CELLS
    for cell in code_of(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
        found = [type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if isinstance(node, LOGIC)]
        assert found == [], f"logic belongs in the library: {cell.source}"


def test_the_rule_about_logic_can_fail() -> None:
    assert any(isinstance(node, LOGIC) for node in ast.walk(ast.parse("f = lambda x: x")))


@pytest.mark.spark
@pytest.mark.e2e
def test_exploring_and_training_from_a_fresh_kernel(whole: Any) -> None:
    """Both notebooks one after the other in one kernel, which is dear to start: the second finds a session that is there."""
    explored, trained = read(EXPLORE), read(TRAIN)
    first = len(code_of(explored))
    explored.cells += trained.cells
    ran = code_of(run(explored, whole.root))
    check_explored(shown_by(ran[:first]))
    check_trained(shown_by(ran[first:]))


def check_trained(said: str) -> None:
    assert "customer_activity.spend" in said, "it was found"
    assert "spread of spend_28d" in said
    assert "count, sum in tiles tiles.shop_events; then this feature customer_activity.spend" in said
    rows, different = re.findall(r"^\|\s*(\d+)\|\s*(\d+)\|$", said, flags=re.MULTILINE)[0]
    assert int(rows) > 1000
    assert different == "0", "what was put beside the labels is what the model was trained on"
    assert "avg(products_28d)" in said
    assert said.count("<svg") == 2, "spend_28d at the last cutoff, and its course over cutoffs"


def check_explored(said: str) -> None:
    assert "customer_activity.user_activity_score" in said
    assert said.count("<svg") == 2, "its distribution, and its course"
    assert "user_activity_score as of 2018-01-02: 200 rows, 0 without a value" in said
    assert "train" in said
    assert "avg(recency_90d)" in said


@pytest.mark.spark
@pytest.mark.e2e
def test_a_session_that_is_there_is_used_and_left_as_it_was(whole: Any) -> None:
    notebook = read(EXPLORE)
    kept = [cell for cell in code_of(notebook) if "headrace.open" in cell.source or "features(" in cell.source]
    assert len(kept) == 2
    notebook.cells = [nbformat.v4.new_code_cell(BEFORE), *kept, nbformat.v4.new_code_cell(AFTER)]
    assert "user_activity_score" in shown(run(notebook, whole.root))
