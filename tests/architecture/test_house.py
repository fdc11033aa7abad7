"""The rules of architecture.md hold in this tree, and each of them can fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import house_rules as rules
import pytest
from house_rules import ROOT, Module, modules

Check = Callable[[Module], Iterator[str]]
LIB = modules("lib")
JOBS = modules("jobs")
NODES = [module for module in JOBS if len(module.parts) == 2 and module.parts[1] not in ("__init__", "graph")]
IN_GROUND = "lib/headrace/ground/x.py"
IN_EVENTS = "lib/headrace/events/x.py"
LONG = "def f():\n" + "    x = 1\n" * 60

HOUSE: list[tuple[Check, list[Module], str, str]] = [
    # the rule, where it holds, a path, and a text there that breaks it
    (rules.check_layers, LIB, IN_GROUND, "from headrace.graph.job import Job"),
    (rules.check_layers, LIB, IN_EVENTS, "def f():\n    import headrace.features.tiles"),
    (rules.check_layers, LIB, "lib/headrace/cli/x.py", "from headrace.jobs import land"),
    (rules.check_layers, LIB, IN_GROUND, "from headrace import cli"),
    (rules.check_where_pyspark_may_not_be, LIB, IN_GROUND, "def f():\n    from pyspark.sql import types"),
    (rules.check_where_pyspark_may_not_be, LIB, "lib/headrace/graph/plan.py", "import pyspark"),
    (rules.check_names, LIB + JOBS, "lib/headrace/events/utils.py", ""),
    (rules.check_names, LIB + JOBS, "lib/headrace/common/x.py", ""),
    (rules.check_sizes, LIB + JOBS, IN_EVENTS, "x = 1\n" * 301),
    (rules.check_sizes, LIB + JOBS, IN_EVENTS, LONG),
    (rules.check_classic_only, LIB + JOBS, IN_EVENTS, "frame.rdd.map(f)"),
    (rules.check_classic_only, LIB + JOBS, IN_EVENTS, "spark.sparkContext"),
    (rules.check_classic_only, LIB + JOBS, IN_EVENTS, "spark.newSession()"),
    (rules.check_classic_only, LIB + JOBS, IN_EVENTS, "column._jc"),
    (rules.check_classic_only, LIB + JOBS, IN_EVENTS, "frame.createGlobalTempView('x')"),
    (rules.check_rows_brought_here, LIB + JOBS, IN_EVENTS, "frame.limit(10**9).collect()"),
    (rules.check_rows_brought_here, LIB + JOBS, IN_EVENTS, "frame.toPandas()"),
    (rules.check_delta, LIB + JOBS, IN_EVENTS, "frame.write.format('delta').save(path)"),
    (rules.check_delta, LIB + JOBS, IN_EVENTS, "from delta import DeltaTable\nDeltaTable.forPath(spark, path)"),
    (rules.check_delta, LIB + JOBS, IN_EVENTS, "spark.sql(f'SELECT * FROM delta.`{path}`')"),
    (rules.check_mlflow, LIB + JOBS, "lib/headrace/training/fit.py", "import mlflow.sklearn"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "from datetime import datetime\nx = datetime.now(UTC)"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "import datetime\nx = datetime.datetime.now()"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "x = time.time()"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "from uuid import uuid4"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "x = random.random()"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "x = random.Random()"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "x = np.random.default_rng()"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "x = np.random.normal(1)"),
    (rules.check_clock_and_chance, LIB, IN_EVENTS, "frame.withColumn('x', F.rand())"),
    (rules.check_top_level, LIB + JOBS, IN_EVENTS, "print('x')"),
    (rules.check_top_level, LIB + JOBS, IN_EVENTS, "for x in y:\n    pass"),
    (rules.check_top_level, LIB + JOBS, IN_EVENTS, "spark = SparkSession.builder.getOrCreate()"),
    (rules.check_top_level, LIB + JOBS, IN_EVENTS, "HOME = os.environ['HOME']"),
    (rules.check_docstrings, LIB, IN_EVENTS, '"""A module."""\ndef f():\n    pass'),
    (rules.check_docstrings, LIB + JOBS, IN_EVENTS, "class _Hidden:\n    pass"),
    (rules.check_job_size, NODES, "jobs/x.py", '"""A job."""\n' + "x = 1\n" * 81),
]
EACH = list({(check.__name__, len(where)): (check, where) for check, where, _, _ in HOUSE}.values())


@pytest.mark.parametrize(("check", "where"), EACH, ids=[check.__name__ for check, _ in EACH])
def test_the_rule_holds(check: Check, where: list[Module]) -> None:
    assert where, "there is something to look at"
    assert [problem for module in where for problem in check(module)] == []


@pytest.mark.parametrize(("check", "where", "path", "text"), HOUSE, ids=lambda value: getattr(value, "__name__", None))
def test_the_rule_can_fail(check: Check, where: list[Module], path: str, text: str) -> None:
    assert len(list(check(Module(path, text)))) >= 1


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (rules.check_layers, "lib/headrace/cli/x.py", "from headrace.ground.errors import HeadraceError"),
        (rules.check_where_pyspark_may_not_be, rules.SESSION, "import pyspark"),
        (rules.check_sizes, IN_EVENTS, "x = 1\n" * 300),
        (rules.check_rows_brought_here, rules.STORE, "frame.collect()"),
        (rules.check_delta, IN_EVENTS, "'{}'.format('a delta')"),
        (
            rules.check_clock_and_chance,
            IN_EVENTS,
            "x = random.Random(7)\ny = np.random.default_rng(7)\nz = time.monotonic()",
        ),
        (rules.check_clock_and_chance, "lib/headrace/graph/run.py", "x = datetime.now(UTC)"),
        (
            rules.check_top_level,
            IN_EVENTS,
            "'''Text.'''\nX = frozenset({1})\n'''What it is.'''\ndef f():\n    print(1)",
        ),
        (rules.check_job_size, "jobs/x.py", "'''A job.'''\n\n# note\n" + "x = 1\n" * 80),
    ],
)
def test_the_rule_does_not_forbid_what_is_allowed(check: Check, path: str, text: str) -> None:
    assert list(check(Module(path, text))) == []


def test_one_place_makes_a_session() -> None:
    made = [
        place
        for module in modules("lib", "jobs", "bootstrap", "tests", "conf")
        for place in rules.session_builders(module)
    ]
    assert {place.partition(":")[0] for place in made} == {rules.SESSION, rules.PLAIN_SPARK, rules.TYPICAL}
    assert list(rules.session_builders(Module(IN_EVENTS, "x = sql.SparkSession.builder.master('y')"))) == [
        f"{IN_EVENTS}:1"
    ]


def test_what_may_bring_rows_here_still_does() -> None:
    """An entry of the allow-list that is no longer needed is taken out of it."""
    brings = (".collect()", ".toPandas()", ".toArrow()")
    found = {module.path for module in LIB + JOBS if any(call in module.text for call in brings)}
    assert set(rules.BROUGHT_HERE) <= found


SILENCED = {
    "lib/headrace/monitoring/observe.py": 2,
    "lib/headrace/release/registry.py": 1,
    "lib/headrace/training/apply.py": 1,
    "tests/oracle/window_oracle.py": 1,
    "tests/tiny.py": 1,
    "tests/unit/release/test_decisions.py": 1,
}
"""How many lint or type findings each file silences. A number may only fall; a new one is a matter for review."""


def test_no_finding_is_newly_silenced() -> None:
    counted = {module.path: rules.suppressions(module) for module in modules("lib", "jobs", "bootstrap", "tests")}
    assert {path: count for path, count in counted.items() if count} == SILENCED
    silenced = "x = 1  # noqa: E501\ny = 2  # type: ignore[arg-type]\nz = '# noqa'"
    assert rules.suppressions(Module(IN_EVENTS, silenced)) == 2


IMPORT_ALL = """
import importlib.util, os, pkgutil, subprocess, sys, threading
import headrace
def refuse(*args, **more):
    raise SystemExit(f"a process was started: {args}")
subprocess.Popen.__init__ = refuse
before = set(os.listdir("."))
names = [found.name for found in pkgutil.walk_packages(headrace.__path__, "headrace.", onerror=lambda name: None)]
names = [name for name in names if not name.startswith(("headrace.jobs", "headrace.conf"))]
if importlib.util.find_spec("feast") is None:
    names.remove("headrace.serving.offline")  # loaded by Feast, and by nothing else
for name in names:
    importlib.import_module(name)
from pyspark import SparkContext
assert SparkContext._gateway is None and SparkContext._active_spark_context is None, "a JVM runs"
assert set(os.listdir(".")) == before, "files were written"
assert len(names) > 50, names
print(len(names))
"""


def test_importing_all_of_the_library_starts_nothing_and_writes_nothing(tmp_path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", IMPORT_ALL]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_the_rules_look_at_the_whole_tree() -> None:
    packages = {path.name for path in (ROOT / "lib/headrace").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert packages == set(rules.LAYERS)
