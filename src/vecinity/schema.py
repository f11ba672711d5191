"""Checks of what creates and names indexes and metadata indexes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from vecinity.batch import utf8_length
from vecinity.errors import InvalidConfig, InvalidMetadataIndex, InvalidName
from vecinity.filters import check_property_name
from vecinity.limits import Limits
from vecinity.metric import Metric
from vecinity.model import PRESETS, IndexConfig, MetadataType
from vecinity.query import check_recall

_NAME = re.compile(r"[A-Za-z0-9_-]+")


def check_index_name(name: object, limits: Limits) -> str:
    """Raise InvalidName (3003) unless `name` is letters, digits, `_` and `-`, not too long."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidName(f"Index name {name!r} must be letters, digits, underscores and hyphens")
    if len(name) > limits.index_name_bytes:
        raise InvalidName(
            f"Index name must not exceed {limits.index_name_bytes} bytes, got {len(name)}"
        )
    return name


def check_description(description: object, limits: Limits) -> str | None:
    """Raise InvalidConfig (3001) unless `description` is None or a text, not too long."""
    if description is None:
        return None
    if not isinstance(description, str):
        raise InvalidConfig("Description must be a string")
    utf8_length(description)
    if len(description) > limits.description_chars:
        raise InvalidConfig(
            f"Description must not exceed {limits.description_chars} characters, "
            f"got {len(description)}"
        )
    return description


def check_config(config: object, limits: Limits, recall_target: float | None = None) -> IndexConfig:
    """The configuration that `{"dimensions", "metric"}` or `{"preset"}` names.

    Raises:
        InvalidConfig: 3001.
        InvalidRequest: the recall target is none.
    """
    if recall_target is not None:
        check_recall(recall_target)
    return replace(_named_config(config, limits), recall_target=recall_target)


def _named_config(config: object, limits: Limits) -> IndexConfig:
    if not isinstance(config, Mapping):
        raise InvalidConfig("Config must be provided")
    preset = config.get("preset")
    if preset is None:
        return IndexConfig(_dimensions(config, limits), _metric(config))
    if config.get("dimensions") is not None or config.get("metric") is not None:
        raise InvalidConfig("Config must be either a preset or dimensions and metric, not both")
    if not isinstance(preset, str) or preset not in PRESETS:
        raise InvalidConfig(f"Preset must be one of {', '.join(PRESETS)}")
    return PRESETS[preset]


def check_metadata_index(
    property_name: object, type: object, limits: Limits
) -> tuple[str, MetadataType]:
    """Raise InvalidMetadataIndex (40003) unless both are legal."""
    name = check_property(property_name, limits)
    if type not in get_args(MetadataType):
        raise InvalidMetadataIndex(f"indexType must be one of {', '.join(get_args(MetadataType))}")
    return name, cast(MetadataType, type)


def check_property(property_name: object, limits: Limits) -> str:
    """Raise InvalidMetadataIndex (40003) unless `property_name` can name a property."""
    if not isinstance(property_name, str):
        raise InvalidMetadataIndex("propertyName must be a string")
    if wrong := check_property_name(property_name, limits.filter_key_chars):
        raise InvalidMetadataIndex(wrong)
    return property_name


def _dimensions(config: Mapping[str, Any], limits: Limits) -> int:
    dimensions = config.get("dimensions")
    if not isinstance(dimensions, int) or isinstance(dimensions, bool):
        raise InvalidConfig("Dimensions must be an integer")
    if not limits.min_dimensions <= dimensions <= limits.max_dimensions:
        raise InvalidConfig(
            f"Dimensions must be in range: [{limits.min_dimensions}, {limits.max_dimensions}]"
        )
    return dimensions


def _metric(config: Mapping[str, Any]) -> Metric:
    try:
        return Metric(config["metric"])
    except (KeyError, ValueError):
        names = ", ".join(Metric)
        raise InvalidConfig(f"Metric must be one of {names}") from None
