"""The newest profiles of a project's models, and what they say of each feature.

Only what models take is profiled, over those whom the model is about. Nothing personal is pictured (semantics 18), and
no column of fewer rows than ``LEAST_ROWS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.fingerprint import fingerprint
from headrace.contracts.models import ModelContract
from headrace.features.columns import is_pictured
from headrace.features.profiled import Profiled
from headrace.features.shelf import Shelf
from headrace.graph.project import Project
from headrace.profile.kept import PROFILE, KeptProfile, kept_profiles
from headrace.profile.spread import spread_of

LEAST_ROWS = 40
"""Below it a picture might show somebody."""


@dataclass(frozen=True)
class Profiles:
    """The newest profile of each model's inputs; ``missing`` says why there is none at all, and is "" where there are."""

    project: Project
    kept: Mapping[tuple[str, str], KeptProfile]
    missing: str = ""

    @cached_property
    def _present(self) -> Mapping[str, str]:
        """What the features mean now that each model takes, as its profile's rows say it."""
        models = self.project.models.items()
        return {
            name: fingerprint({one: self.project.read_identity(one) for one in model.features})
            for name, model in models
        }

    def of(self, feature: Feature, group: FeatureGroup) -> tuple[Profiled, ...]:
        """The columns of a feature that are profiled, each by the first model that takes it."""
        found: dict[str, Profiled] = {}
        for model in self.project.models.values():
            for column in _taken(feature, group, model, self.project):
                kept = self.kept.get((model.model, column))
                if kept is not None and column not in found:
                    found[column] = self._profiled(kept, feature, group, model)
        return tuple(found[column] for column in feature.columns if column in found)

    def why_not(self, feature: Feature, group: FeatureGroup) -> str:
        """Why no column of a feature is profiled."""
        takers = [
            name for name, model in self.project.models.items() if any(_taken(feature, group, model, self.project))
        ]
        if not takers:
            return "no model takes it, and only what models take is profiled"
        return self.missing or f"the newest profile of {', '.join(takers)} does not have it yet"

    def _profiled(self, kept: KeptProfile, feature: Feature, group: FeatureGroup, model: ModelContract) -> Profiled:
        why = self._unpictured(kept, feature, group)
        edges = None if why else kept.edges
        return Profiled(
            column=kept.row.column,
            model=kept.model,
            as_of=kept.row.window,
            spread=spread_of(kept.row, edges),
            unpictured=why,
            outdated=kept.row.fingerprint != self._present[model.model],
        )

    def _unpictured(self, kept: KeptProfile, feature: Feature, group: FeatureGroup) -> str:
        if not is_pictured(feature, group, self.project.sources[group.source]):
            return "its values are personal, or made of such"
        if kept.row.n < LEAST_ROWS:
            return f"fewer than {LEAST_ROWS} rows"
        return "" if kept.edges is not None else "the profile does not say where its bins end"


def _taken(feature: Feature, group: FeatureGroup, model: ModelContract, project: Project) -> Iterator[str]:
    for name, columns in model.features.items():
        if project.readable[name] is group:
            yield from (column for column in columns if column in feature.columns)


def newest_profiles(project: Project, shelf: Shelf) -> Profiles:
    """The profiles that ``monitor`` left, read from its table's files.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE, TABLE_FILE_UNREADABLE.
    """
    if PROFILE not in shelf.tables:
        return Profiles(project, {}, f"no job of this project makes {PROFILE}")
    log = shelf.log(PROFILE)
    if log.readable and not log.commits(1):
        return Profiles(project, {}, f"nothing has made {PROFILE} yet")
    kept = kept_profiles(log)
    if kept is None:
        return Profiles(project, {}, f"{PROFILE} cannot be read from here")
    return Profiles(project, {(one.model, one.row.column): one for one in kept})
