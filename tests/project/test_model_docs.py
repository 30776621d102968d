"""Every model says what one row is; every column says what it means; readers' tables keep their contract."""

from __future__ import annotations

import pytest

from orchestration.contract import PUBLISHED_SCHEMAS
from orchestration.publishing.descriptions import grain
from tests.project.support import layer, manifest, models

ALL = sorted((layer(node), node["name"]) for node in models().values())
PUBLISHED = [model for model in ALL if model[0] in PUBLISHED_SCHEMAS]


def _node(model: tuple[str, str]) -> dict:
    return next(node for node in models(model[0]).values() if node["name"] == model[1])


@pytest.mark.parametrize("model", ALL, ids=".".join)
def test_description_opens_with_the_grain(model: tuple[str, str]) -> None:
    assert grain(_node(model)["description"]).startswith("One row"), _node(model)["description"][:80]


@pytest.mark.parametrize("model", ALL, ids=".".join)
def test_every_column_is_described(model: tuple[str, str]) -> None:
    columns = _node(model)["columns"]
    assert columns
    assert not [name for name, column in columns.items() if not column["description"].strip()]


@pytest.mark.parametrize("model", PUBLISHED, ids=".".join)
def test_every_published_column_is_typed(model: tuple[str, str]) -> None:
    assert not [name for name, column in _node(model)["columns"].items() if not column.get("data_type")]


@pytest.mark.parametrize("model", PUBLISHED, ids=".".join)
def test_published_models_enforce_their_contract(model: tuple[str, str]) -> None:
    assert _node(model)["config"]["contract"]["enforced"] is True


@pytest.mark.parametrize("model", PUBLISHED, ids=".".join)
def test_published_models_have_a_primary_key(model: tuple[str, str]) -> None:
    node = _node(model)
    keys = [c for c in node["constraints"] if c["type"] == "primary_key"]
    keys += [c for column in node["columns"].values() for c in column["constraints"] if c["type"] == "primary_key"]
    assert len(keys) == 1


def test_same_name_means_the_same_type_in_every_published_table() -> None:
    types: dict[str, dict[str, list[str]]] = {}
    for node in models(*PUBLISHED_SCHEMAS).values():
        for name, column in node["columns"].items():
            kind = (column.get("data_type") or "").lower()
            # A sum of days over a year is a bigint, the days of a month an integer: both are whole numbers.
            kind = "whole number" if kind in ("integer", "bigint") else kind
            types.setdefault(name, {}).setdefault(kind, []).append(node["name"])
    assert not {name: found for name, found in types.items() if len(found) > 1}


@pytest.mark.parametrize("kind", ["seeds", "sources"])
def test_seeds_and_sources_are_described(kind: str) -> None:
    nodes = [n for n in manifest()["nodes"].values() if n["resource_type"] == "seed"]
    if kind == "sources":
        nodes = list(manifest()["sources"].values())
    assert nodes
    assert not [node["name"] for node in nodes if not node["description"].strip()]
    assert not [
        f"{node['name']}.{name}"
        for node in nodes
        for name, column in node["columns"].items()
        if not column["description"].strip()
    ]
