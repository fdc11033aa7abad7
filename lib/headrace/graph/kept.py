"""Earlier versions of groups that are still made, because somebody may still read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from headrace.contracts.earlier import still_made
from headrace.graph.project import Project


def with_kept(project: Project, today: date) -> Project:
    """The project with the earlier versions of its groups that are still made at ``today``.

    Raises:
        HeadraceError: LOCK_BROKEN, LOCK_NEWER, DOCUMENT_*.
    """
    agreed = ((group, project.lock_of(group.namespace)) for group in project.groups.values())
    kept = (
        one
        for group, lock in agreed
        if lock is not None
        for one in still_made(project.contracts, lock, project.sources, group, today)
    )
    return replace(project, kept=tuple(kept))
