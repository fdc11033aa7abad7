"""The agreements that people sign: events, features, labels and models, from YAML into frozen values."""

from headrace.contracts.features import FeatureGroup, load_feature_group

__all__ = ["FeatureGroup", "load_feature_group"]
