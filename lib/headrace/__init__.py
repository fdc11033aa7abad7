"""headrace: batch compute for customer analytics on Spark, as a parallel graph of pure jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headrace.cli.workbench import Workbench

__version__ = "0.1.0"


def open(project: str | Path | None = None, env: str | None = None, *sets: str) -> Workbench:
    """A project at hand, as in ``headrace.open().features("customer_activity")``.

    ``project`` is its folder; without one it is what HEADRACE_PROJECT names, else the nearest folder, from the present
    one upwards, with a headrace.yaml. ``env`` is the environment (HEADRACE_ENV, else ``local``); ``sets`` are overrides
    such as ``"home=elsewhere"``. A Spark session that exists is used as it is; none is opened before a table is asked for.

    Raises:
        HeadraceError: PROJECT_MISSING, ENVIRONMENT_UNKNOWN, DOCUMENT_*, GRAPH_*: what is wrong, and how to mend it.
    """
    from headrace.cli.workbench import open_workbench

    return open_workbench(project, env, *sets)
