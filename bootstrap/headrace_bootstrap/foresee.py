"""What only root can install, told at once and first: not one thing a start, and not after minutes of downloads."""

from __future__ import annotations

import os
from typing import Mapping

from headrace_bootstrap import environment, java, system
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.refusal import Refusal
from headrace_bootstrap.steps import is_done


def foresee(layout: Layout, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse a start that would stop half-way for want of system packages, where this process may install none.

    A start that has nothing to make asks nothing here.
    """
    if system.may_install():
        return
    missing = []
    if not layout.python.exists() and not environment.makes_environments(environment.find_python()):
        missing.append(("Python's modules venv and ensurepip", environment.PACKAGES[0]))
    if not is_done(layout, java.step(layout)) and java.find(environ)[0] is None:
        missing.append(("a Java 17 or 21 that Spark 4.2 runs on", java.PACKAGES[0]))
    if missing:
        raise Refusal(
            "SETUP_PACKAGES_MISSING",
            f"this machine lacks {' and '.join(what for what, _ in missing)}",
            "they come in system packages, which this start may not install: it is not root's, or there is no apt-get",
            f"apt-get install {' '.join(package for _, package in missing)}, as root, and start again",
        )
