"""A new project in a folder of its own, from the files in ``template/``: it runs as it is."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import jinja2
from packaging.version import Version

from headrace import __version__
from headrace.cli.choice import console
from headrace.cli.sample import CUSTOMERS, FIRST, WEEKS, land_sample, made_up_days
from headrace.contracts.lock import first_lock, write_lock
from headrace.graph.project import PROJECT_NAME, load_project
from headrace.ground.errors import DONE, HeadraceError

HOME = ".headrace/local"
NAMES = {"gitignore": ".gitignore"}
"""What a file of the template is called once it is made, where that is not its own name without ``.j2``."""
EXECUTABLE = "spark-submit.sh"


def init(name: str, folder: Path | None) -> int:
    """Make the project, and say what was made and what comes next."""
    root = (folder if folder is not None else Path(name)).resolve()
    made = make_project(name, root)
    lines = land_sample(root / HOME / "landing" / "orders")
    out = console()
    out.print(f"Made the project {name} in {root}:", soft_wrap=True, markup=False)
    for path in made:
        out.print(f"  {path}", markup=False)
    out.print(f"  {HOME}/landing/orders: {lines:,} made-up lines of {CUSTOMERS} customers, {WEEKS} weeks")
    out.print(f"Next: cd {shlex.quote(_shown(root))} && make run", soft_wrap=True, markup=False)
    return DONE


def make_project(name: str, root: Path) -> tuple[str, ...]:
    """Write the template's files for a project of this name into an empty or new folder; their paths in it, sorted.

    Raises:
        HeadraceError: PROJECT_NAME, PROJECT_FOLDER.
    """
    if not re.fullmatch(PROJECT_NAME, name):
        near = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_0123456789")[:63] or "shop"
        raise HeadraceError("PROJECT_NAME", name=name, hint=near)
    values = _values(name)
    texts = {path: _render(text, values) for path, text in _template(resources.files("headrace.cli") / "template")}
    try:
        if root.is_dir() and any(root.iterdir()):
            raise HeadraceError("PROJECT_FOLDER", folder=root, problem="is not empty")
        for path, text in texts.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        (root / EXECUTABLE).chmod(0o755)
        locks = _locked(root)
    except OSError as error:
        raise HeadraceError("PROJECT_FOLDER", folder=root, problem=f"cannot be written ({error.strerror})") from error
    return tuple(sorted([*texts, *locks]))


def _locked(root: Path) -> list[str]:
    """Agree to the template's feature groups; the paths of their lock entries."""
    project = load_project(root, "local")
    entries = [first_lock(project.bound(name), datetime.now(UTC).date(), "First entry.") for name in project.groups]
    return [str(write_lock(project.contracts, entry).relative_to(project.root)) for entry in entries]


def _template(folder: Traversable, at: str = "") -> list[tuple[str, str]]:
    """``(path in the project, text)`` of every file of the template."""
    found = []
    for entry in folder.iterdir():
        name = entry.name.removesuffix(".j2")
        if entry.is_dir():
            found += _template(entry, f"{at}{name}/")
        elif entry.name.endswith(".j2"):
            found.append((at + NAMES.get(name, name), entry.read_text(encoding="utf-8")))
    return found


def _render(text: str, values: dict[str, object]) -> str:
    environment = jinja2.Environment(
        autoescape=jinja2.select_autoescape(default_for_string=False),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.from_string(text).render(values)


def _values(name: str) -> dict[str, object]:
    """What the template's files ask for: names, and the days of the sample that contracts are cut to.

    Cutoffs are Mondays, from the fifth on to the last whose label has matured when the sample ends; the last of them tests.
    """
    mondays = [FIRST + timedelta(weeks=week) for week in range(WEEKS + 1)]
    return {
        "name": name,
        "package": f"{name.replace('-', '_')}_project",
        "range": compatible_range(__version__),
        "home": HOME,
        "lines": f"{sum(map(len, made_up_days().values())):,}",
        "customers": CUSTOMERS,
        "first": mondays[0],
        "second": mondays[1],
        "last": mondays[-1] - timedelta(days=1),
        "end": mondays[-1],
        "cutoffs": (mondays[4], mondays[-3]),
        "test_from": mondays[-3],
    }


def compatible_range(version: str) -> str:
    """The versions that promise to work like this one: before 1.0 its minor version, then its major one."""
    found = Version(version)
    above = f"0.{found.minor + 1}" if found.major == 0 else str(found.major + 1)
    return f">={found.major}.{found.minor},<{above}"


def _shown(root: Path) -> str:
    return str(root.relative_to(Path.cwd())) if root.is_relative_to(Path.cwd()) else str(root)
