"""The words of the models: descriptions, columns and keys, as dbt's manifest holds them.

Belongs here: reading `manifest.json` into plain objects.
Does not belong here: writing those words anywhere (see `published_file` and `dictionary`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.contract import PUBLISHED_SCHEMAS, SuaraError


@dataclass(frozen=True)
class TableDescription:
    """One model as its author describes it; the first sentence of the description is the grain."""

    schema: str
    name: str
    description: str
    columns: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    key: tuple[str, ...] = ()

    @property
    def qualified_name(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Descriptions:
    """Every model that readers get, in the order schema, name."""

    tables: tuple[TableDescription, ...]

    @classmethod
    def from_manifest(cls, path: Path) -> Descriptions:
        """Read dbt's `manifest.json`.

        Args:
            path: The manifest of the project that built the warehouse.

        Raises:
            SuaraError: There is no manifest, or it describes no model for readers.
        """
        if not path.is_file():
            raise SuaraError(f"{path}: there is no dbt manifest. Run `dbt parse` (or `make run`, which does).")
        nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"].values()
        tables = [
            _table(node)
            for node in nodes
            if node["resource_type"] == "model"
            and node["schema"] in PUBLISHED_SCHEMAS
            and node["config"].get("materialized") != "ephemeral"
        ]
        if not tables:
            raise SuaraError(f"{path}: no model of the schemas {', '.join(PUBLISHED_SCHEMAS)}. Run `dbt parse`.")
        order = {schema: position for position, schema in enumerate(PUBLISHED_SCHEMAS)}
        return cls(tuple(sorted(tables, key=lambda table: (order[table.schema], table.name))))

    def get(self, schema: str, name: str) -> TableDescription | None:
        """The description of one table, or None when no model has that name."""
        return next((t for t in self.tables if (t.schema, t.name) == (schema, name)), None)


def grain(description: str) -> str:
    """The first sentence of a model's description: what one row is."""
    text = " ".join(description.split())
    match = re.match(r".*?[.!?](?=\s|$)", text)
    return match.group(0) if match else text


def _table(node: Mapping) -> TableDescription:
    columns = node["columns"].values()
    constraints = [(c["type"], tuple(c.get("columns") or ())) for c in node.get("constraints") or ()]
    key = next((names for kind, names in constraints if kind == "primary_key"), ())
    if not key:
        key = tuple(c["name"] for c in columns if "primary_key" in _constraint_types(c))
    return TableDescription(
        schema=node["schema"],
        name=node.get("alias") or node["name"],
        description=" ".join((node.get("description") or "").split()),
        columns={c["name"]: " ".join((c.get("description") or "").split()) for c in columns},
        types={c["name"]: c.get("data_type") or "" for c in columns},
        required=frozenset(c["name"] for c in columns if "not_null" in _constraint_types(c)) | frozenset(key),
        key=key,
    )


def _constraint_types(column: Mapping) -> set[str]:
    return {constraint["type"] for constraint in column.get("constraints") or ()}
