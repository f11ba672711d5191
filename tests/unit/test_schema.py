"""Names, descriptions and configurations of indexes and metadata indexes."""

from __future__ import annotations

import pytest

from vecinity.errors import InvalidConfig, InvalidMetadataIndex, InvalidName
from vecinity.limits import CLOUDFLARE, OPEN
from vecinity.metric import Metric
from vecinity.model import PRESETS, IndexConfig
from vecinity.schema import (
    check_config,
    check_description,
    check_index_name,
    check_metadata_index,
    check_property,
)


@pytest.mark.parametrize("name", ["a", "A_b-9", "-", "x" * 64])
def test_legal_names(name: str) -> None:
    assert check_index_name(name, CLOUDFLARE) == name


@pytest.mark.parametrize("name", ["", "a b", "é", "a/b", "a.b", "a\n", None, 7])
def test_characters_that_no_name_has(name: object) -> None:
    with pytest.raises(InvalidName) as refused:
        check_index_name(name, CLOUDFLARE)
    assert refused.value.message == (
        f"vectorize.index.invalid_name - Index name {name!r} must be letters, digits, "
        "underscores and hyphens"
    )


def test_a_name_that_is_too_long() -> None:
    with pytest.raises(InvalidName, match="Index name must not exceed 64 bytes, got 65"):
        check_index_name("x" * 65, CLOUDFLARE)


@pytest.mark.parametrize("text", [None, "", "text", "é" * 1_024])
def test_legal_descriptions(text: str | None) -> None:
    assert check_description(text, CLOUDFLARE) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (7, "Description must be a string"),
        ("x" * 1_025, "Description must not exceed 1024 characters, got 1025"),
    ],
)
def test_refused_descriptions(text: object, why: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        check_description(text, CLOUDFLARE)
    assert refused.value.message == f"vectorize.index.invalid_config - {why}"


def test_open_lifts_the_length_of_descriptions() -> None:
    assert check_description("x" * 5_000, OPEN) == "x" * 5_000


@pytest.mark.parametrize("dimensions", [32, 1_536])
@pytest.mark.parametrize("metric", list(Metric))
def test_dimensions_and_metric(dimensions: int, metric: Metric) -> None:
    given = {"dimensions": dimensions, "metric": str(metric), "preset": None}
    assert check_config(given, CLOUDFLARE) == IndexConfig(dimensions, metric)


@pytest.mark.parametrize(
    ("preset", "dimensions"),
    [
        ("@cf/baai/bge-small-en-v1.5", 384),
        ("@cf/baai/bge-base-en-v1.5", 768),
        ("@cf/baai/bge-large-en-v1.5", 1_024),
        ("openai/text-embedding-ada-002", 1_536),
        ("cohere/embed-multilingual-v2.0", 768),
    ],
)
def test_presets(preset: str, dimensions: int) -> None:
    expected = IndexConfig(dimensions, Metric.COSINE)
    assert check_config({"preset": preset}, CLOUDFLARE) == expected
    assert len(PRESETS) == 5


def test_unknown_members_are_tolerated() -> None:
    config = check_config({"dimensions": 32, "metric": "cosine", "x": 1}, CLOUDFLARE)
    assert config == IndexConfig(32, Metric.COSINE)


_BOTH = "Config must be either a preset or dimensions and metric, not both"
_PRESET = f"Preset must be one of {', '.join(PRESETS)}"
_METRIC = "Metric must be one of cosine, euclidean, dot-product"
_RANGE = "Dimensions must be in range: [32, 1536]"


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (None, "Config must be provided"),
        ([], "Config must be provided"),
        ({}, "Dimensions must be an integer"),
        ({"dimensions": 32.0, "metric": "cosine"}, "Dimensions must be an integer"),
        ({"dimensions": "32", "metric": "cosine"}, "Dimensions must be an integer"),
        ({"dimensions": True, "metric": "cosine"}, "Dimensions must be an integer"),
        ({"dimensions": 31, "metric": "cosine"}, _RANGE),
        ({"dimensions": 1_537, "metric": "cosine"}, _RANGE),
        ({"dimensions": 32}, _METRIC),
        ({"dimensions": 32, "metric": None}, _METRIC),
        ({"dimensions": 32, "metric": "Cosine"}, _METRIC),
        ({"dimensions": 32, "metric": ["cosine"]}, _METRIC),
        ({"preset": "gpt"}, _PRESET),
        ({"preset": ["openai/text-embedding-ada-002"]}, _PRESET),
        ({"preset": "openai/text-embedding-ada-002", "dimensions": 1_536}, _BOTH),
        ({"preset": "openai/text-embedding-ada-002", "metric": "cosine"}, _BOTH),
    ],
)
def test_refused_configurations(config: object, why: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        check_config(config, CLOUDFLARE)
    assert refused.value.message == f"vectorize.index.invalid_config - {why}"


@pytest.mark.parametrize("dimensions", [1, 8_192])
def test_open_has_more_dimensions(dimensions: int) -> None:
    config = {"dimensions": dimensions, "metric": "euclidean"}
    assert check_config(config, OPEN) == IndexConfig(dimensions, Metric.EUCLIDEAN)


@pytest.mark.parametrize("type_", ["string", "number", "boolean"])
@pytest.mark.parametrize("name", ["a", "a.b.c", "k|v", "x" * 512])
def test_metadata_indexes(name: str, type_: str) -> None:
    assert check_metadata_index(name, type_, CLOUDFLARE) == (name, type_)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (None, "propertyName must be a string"),
        (7, "propertyName must be a string"),
        ("", "a property name must not be empty"),
        ("x" * 513, "a property name must not exceed 512 characters, got 513"),
        ("$a", "property name '$a' must not start with $"),
        ("a..b", "property name 'a..b' has an empty part"),
        ('a"', "property name 'a\"' must not contain a double quote"),
    ],
)
def test_refused_properties(name: object, why: str) -> None:
    with pytest.raises(InvalidMetadataIndex) as refused:
        check_metadata_index(name, "string", CLOUDFLARE)
    assert refused.value.message == f"invalid metadata index: {why}"
    with pytest.raises(InvalidMetadataIndex):
        check_property(name, CLOUDFLARE)


@pytest.mark.parametrize("type_", [None, "String", "float", "", 7, ["string"]])
def test_refused_types(type_: object) -> None:
    with pytest.raises(InvalidMetadataIndex) as refused:
        check_metadata_index("a", type_, CLOUDFLARE)
    assert refused.value.message == (
        "invalid metadata index: indexType must be one of string, number, boolean"
    )
