"""What an environment says about where a Spark application ends."""

from __future__ import annotations

from collections import Counter
from typing import Literal, get_args

from pydantic import Field, model_validator

from headrace.ground.document import Strict
from headrace.ground.errors import HeadraceError

By = Literal["one", "per_job", "groups"]


class Placement(Strict):
    """The graph as one application, one application a job, or one for each group of jobs and for each job in none."""

    by: By = "one"
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Names of jobs, by the name of their group."""

    @model_validator(mode="after")
    def _agree(self) -> Placement:
        if self.by == "groups" and not self.groups:
            raise ValueError("placement: by groups, and no group is named")
        named = Counter(job for jobs in self.groups.values() for job in jobs)
        twice = [job for job, count in named.items() if count > 1]
        if twice:
            raise ValueError(f"placement: '{twice[0]:.60}' is in two groups")
        return self


def placed_by(configured: Placement, asked: str | None) -> Placement:
    """What a command line asks for, above what the configuration says.

    Raises:
        HeadraceError: OPTION_INVALID.
    """
    if asked is None:
        return configured
    if asked not in get_args(By):
        raise HeadraceError("OPTION_INVALID", problem=f"--placement {asked:.30}: one of {', '.join(get_args(By))}")
    if asked == "groups" and not configured.groups:
        raise HeadraceError(
            "OPTION_INVALID", problem="--placement groups: the configuration names none (placement.groups)"
        )
    return configured.model_copy(update={"by": asked})
