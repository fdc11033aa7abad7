"""The rules of the house as small functions: from a module's path and tree to what breaks the rule."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = tuple(
    "ground contracts tables profile graph export events features training release scoring serving monitoring tracing "
    "cli".split()
)
BANNED_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"})
SESSION = "lib/headrace/ground/session.py"
PLAIN_SPARK = "tests/benchmarks/contest/spark_jobs.py"
"""A contender of a benchmark: Spark as it comes, without headrace."""
TYPICAL = "bootstrap/headrace_bootstrap/typical.py"
"""What the set-up runs for Spark's classes."""
STORE = "lib/headrace/tables/store.py"
DELTA = {
    STORE: "headrace's own tables",
    "lib/headrace/tables/upkeep.py": "the same, for what writes no row of its own",
    "lib/headrace/tables/travel.py": "tables of others, by version, and only read",
}
MLFLOW = ("lib/headrace/training/tracking.py", "lib/headrace/release/registry.py")
CLASSIC_ONLY = frozenset(
    "rdd sparkContext newSession statusTracker setLocalProperty defaultParallelism mapPartitions accumulator "
    "createGlobalTempView createOrReplaceGlobalTempView _sc _jvm _jsc _jdf _jc _jsparkSession _jconf".split()
)
"""Attributes that no session, frame or column of Spark Connect 4.2 has, or that reach other sessions of a server."""
BROUGHT_HERE = {
    "lib/headrace/tables/store.py": "a commit's history (a row a commit asked for), the ledgers (a row an interval)",
    "lib/headrace/features/timeline.py": "64 rows of four numbers for each shuffle partition",
    "lib/headrace/profile/profile.py": "columns x slices x 32 user buckets of an aggregate",
    "lib/headrace/tables/lake.py": "a row a day of arrival; the files of a Parquet table elsewhere",
    "lib/headrace/tables/travel.py": "one commit of a history; a row a version that another project published",
    "lib/headrace/events/ingest.py": "the landing files that cannot be read, and Parquet files with their columns; never lines",
    "lib/headrace/features/alike.py": "10,000 entities x numeric columns of groups; no keys",
    "lib/headrace/features/publishing.py": "a row a published version of a group",
    "lib/headrace/training/sample.py": "the rows that the model contract names: search.sample_rows",
    "lib/headrace/training/leakage.py": "features x labels x cells of their values; one row of counts",
    "lib/headrace/training/refit.py": "one row of means and deviations",
    "lib/headrace/training/evaluate.py": "models x segment values x 32 user buckets x 2 labels x 4096 score bins",
    "lib/headrace/release/decisions.py": "a row a decision about models",
    "lib/headrace/serving/online.py": "a partition of one snapshot at a time, sent on in batches; the instant of a snapshot",
    "lib/headrace/serving/consistency.py": "online.sample rows a group",
    "lib/headrace/monitoring/distribution.py": "25 bars; a row for each of at most 400 snapshots",
    "lib/headrace/monitoring/observe.py": "a row a source and outcome; a row a step of one run",
    "lib/headrace/cli/difference.py": "1000 sampled users of a group; one day",
    "lib/headrace/cli/refused.py": "a row a rule or landing day; as many rows as the command asks for",
}
"""Where rows come to the driver, and what bounds them. A new entry needs its bound."""
MOST_LINES, MOST_FUNCTION_LINES, MOST_JOB_LINES = 300, 60, 80


@dataclass(frozen=True)
class Module:
    """One file: its path from the project's root, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, found once for all rules."""
        return tuple(ast.walk(self.tree))

    @property
    def parts(self) -> tuple[str, ...]:
        return Path(self.path).with_suffix("").parts

    @property
    def layer(self) -> str | None:
        """The package below lib/headrace that the module belongs to."""
        return self.parts[2] if self.parts[:2] == ("lib", "headrace") and len(self.parts) > 3 else None


@cache
def modules(*folders: str) -> list[Module]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [Module(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in paths]


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported, at whatever depth: ``from a import b`` is ``a.b``."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def check_layers(module: Module) -> Iterator[str]:
    """A later package is imported by none before it, and the jobs by nothing in lib."""
    for line, name in imports(module):
        root, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if root != "headrace" or other == "__version__":
            continue
        if other not in LAYERS:
            yield f"{module.path}:{line}: lib imports {name}"
        elif module.layer in LAYERS and LAYERS.index(other) > LAYERS.index(module.layer):
            yield f"{module.path}:{line}: {module.layer} imports {other}, which comes after it"


def check_where_pyspark_may_not_be(module: Module) -> Iterator[str]:
    """No pyspark in ground (but session), contracts, graph (but run) and export."""
    exempt = module.path in (SESSION, "lib/headrace/graph/run.py")
    if module.layer in ("ground", "contracts", "graph", "export") and not exempt:
        for line, name in imports(module):
            if name.partition(".")[0] in ("pyspark", "delta"):
                yield f"{module.path}:{line}: imports {name}"


def check_names(module: Module) -> Iterator[str]:
    """A reader finds the file by its noun."""
    for name in BANNED_NAMES & set(module.parts):
        yield f"{module.path}: '{name}' says nothing"


def check_sizes(module: Module) -> Iterator[str]:
    """Modules stay under 300 lines, functions under 60."""
    count = len(module.text.splitlines())
    if count > MOST_LINES:
        yield f"{module.path}: {count} lines"
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                yield f"{module.path}:{node.lineno}: {node.name} has {length} lines"


def attributes(module: Module) -> Iterator[ast.Attribute]:
    yield from (node for node in module.nodes if isinstance(node, ast.Attribute))


def session_builders(module: Module) -> Iterator[str]:
    """Where a session is made."""
    for node in attributes(module):
        if node.attr == "builder" and ast.unparse(node.value).endswith("SparkSession"):
            yield f"{module.path}:{node.lineno}"


def check_classic_only(module: Module) -> Iterator[str]:
    """What Spark Connect lacks stands in ground/session alone."""
    if module.path != SESSION:
        for node in attributes(module):
            if node.attr in CLASSIC_ONLY:
                yield f"{module.path}:{node.lineno}: .{node.attr}"


def check_rows_brought_here(module: Module) -> Iterator[str]:
    """Rows come to the driver only where a bound is stated."""
    if module.path not in BROUGHT_HERE:
        for node in module.nodes:
            method = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
            if method in ("collect", "toPandas", "toLocalIterator", "toArrow"):
                yield f"{module.path}:{node.lineno}: .{method}()"


def check_delta(module: Module) -> Iterator[str]:
    """Delta is read and written in tables/store; tables of others are read in tables/lake."""
    if module.path in DELTA:
        return
    for node in module.nodes:
        method = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
        of_delta = method == "format" and [ast.unparse(argument) for argument in node.args] == ["'delta'"]
        if of_delta or method in ("saveAsTable", "insertInto"):
            yield f"{module.path}:{node.lineno}: .{method}()"
        if isinstance(node, ast.Name) and node.id == "DeltaTable":
            yield f"{module.path}:{node.lineno}: DeltaTable"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "delta.`" in node.value:
            yield f"{module.path}:{node.lineno}: a table of Delta in SQL"


def check_mlflow(module: Module) -> Iterator[str]:
    """Runs are written in training/tracking, the registry in release/registry, and nowhere else."""
    if module.path not in MLFLOW:
        for line, name in imports(module):
            if name.partition(".")[0] == "mlflow":
                yield f"{module.path}:{line}: imports {name}"


CLOCKS = frozenset(
    "datetime.now datetime.utcnow datetime.today date.today time.time time.time_ns os.urandom F.rand F.randn F.uuid "
    "F.current_timestamp F.current_date F.now".split()
)


def check_clock_and_chance(module: Module) -> Iterator[str]:
    """Clock, ids and randomness are arguments; only cli and graph/run look at the clock."""
    if module.layer in (None, "cli") or module.path == "lib/headrace/graph/run.py":
        return
    for line, name in imports(module):
        if name.partition(".")[0] in ("uuid", "secrets"):
            yield f"{module.path}:{line}: imports {name}"
    for node in module.nodes:
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.removeprefix("datetime.") in CLOCKS or name in CLOCKS or _is_seedless(name, node):
                yield f"{module.path}:{node.lineno}: {name}()"


def _is_seedless(name: str, call: ast.Call) -> bool:
    if name.startswith("random.") and "(" not in name:
        return name != "random.Random" or not call.args
    if name.startswith(("np.random.", "numpy.random.")) and "(" not in name:
        made = name.rpartition(".")[2]
        return not call.args or made not in ("default_rng", "SeedSequence", "Generator", "PCG64", "RandomState")
    return False


ALLOWED_AT_TOP = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def check_top_level(module: Module) -> Iterator[str]:
    """A module's top level holds imports, definitions and constants: importing it has no effect."""
    for node in module.tree.body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        guard = isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
        if not (text or guard or isinstance(node, ALLOWED_AT_TOP)):
            yield f"{module.path}:{node.lineno}: {ast.unparse(node)[:60]}"
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from (f"{module.path}:{node.lineno}: {name}() at import" for name in _effects(node.value))


def _effects(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            last = name.rpartition(".")[2]
            if last in ("open", "read_text", "read_bytes", "getOrCreate", "run", "getenv", "mkdir", "getLogger", "now"):
                yield name
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ":
            yield "os.environ"


def suppressions(module: Module) -> int:
    """How many lint or type findings are silenced in comments."""
    tokens = tokenize.generate_tokens(io.StringIO(module.text).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return sum("noqa" in comment or "type: ignore" in comment for comment in comments)


def check_docstrings(module: Module) -> Iterator[str]:
    """Every module, and every public function and class of it, says what it is for."""
    if ast.get_docstring(module.tree) is None:
        yield f"{module.path}: no docstring"
    for node in module.tree.body:
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public and ast.get_docstring(node) is None:
            yield f"{module.path}:{node.lineno}: {node.name} has no docstring"


def check_job_size(module: Module) -> Iterator[str]:
    """A job is about 40 lines of code: what is more belongs in the library."""
    count = code_lines(module)
    if count > MOST_JOB_LINES:
        yield f"{module.path}: {count} lines of code"


def code_lines(module: Module) -> int:
    """Lines that are neither blank, nor comment, nor docstring."""
    told: set[int] = set()
    for node in module.nodes:
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            told |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(module.text.splitlines(), start=1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") and number not in told for number, line in lines)
