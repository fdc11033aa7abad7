"""What a derived feature is derived from: other features of its group, one step up or all the way."""

from __future__ import annotations

from headrace.contracts.features import Feature, FeatureGroup


def parents(feature: Feature, group: FeatureGroup) -> tuple[Feature, ...]:
    """The features whose columns its formula names, in the order of the group; () for an aggregated one."""
    if feature.derive is None:
        return ()
    named = feature.derive.columns
    return tuple(one for one in group.features if one is not feature and named & set(one.columns))


def children(feature: Feature, group: FeatureGroup) -> tuple[Feature, ...]:
    """The derived features whose formulas name one of its columns."""
    return tuple(one for one in group.features if feature in parents(one, group))


def ancestry(feature: Feature, group: FeatureGroup) -> tuple[Feature, ...]:
    """The feature itself and everything above it, each once, nearest first."""
    found = [feature]
    for one in found:
        found += [parent for parent in parents(one, group) if parent not in found]
    return tuple(found)


def descent(feature: Feature, group: FeatureGroup) -> tuple[Feature, ...]:
    """The feature itself and everything below it, each once, nearest first."""
    found = [feature]
    for one in found:
        found += [child for child in children(one, group) if child not in found]
    return tuple(found)
