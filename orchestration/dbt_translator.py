"""How dbt's nodes look in Dagster: keys, groups, descriptions.

Belongs here: names. Does not belong here: running dbt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration.connectors import CONNECTORS
from orchestration.contract import PROJECT_ROOT, PUBLISHED_SCHEMAS
from orchestration.resources.columns import Columns, as_metadata

RAW_BOOKKEEPING = dg.AssetKey(["raw", "captures"])
TABLES_PAGE = PROJECT_ROOT / "docs" / "reference" / "tables.md"
OWNERS = ["team:data-engineering"]


def raw_asset_key(source: str) -> dg.AssetKey:
    """The asset that holds what one source family delivered."""
    return dg.AssetKey(["raw", source])


def raw_table_asset(table: str) -> dg.AssetKey:
    """The asset that writes a raw table: its source family, or the bookkeeping."""
    families = [c.source for c in CONNECTORS if table.startswith(c.source)]
    return raw_asset_key(max(families, key=len)) if families else RAW_BOOKKEEPING


def _asset_of(schema: str, table: str) -> dg.AssetKey:
    return raw_table_asset(table) if schema == "raw" else dg.AssetKey([schema, table])


class SuaraTranslator(DagsterDbtTranslator):
    """Layer word = schema = key prefix = group."""

    def __init__(self, columns: Mapping[str, Columns] | None = None) -> None:
        """`columns`: by dbt's id, what is known of the columns of a table that was built."""
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))
        self._columns = columns or {}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return raw_table_asset(dbt_resource_props["name"])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "source":
            return "raw"
        return dbt_resource_props["schema"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's words. dagster-dbt would put its SQL between them and the columns: here it is metadata."""
        return dbt_resource_props.get("description") or ""

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return OWNERS

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Layer and, where a layer has them, area: to filter the graph by (`tag:suara/area=themes`)."""
        tags = dict(super().get_tags(dbt_resource_props))
        if dbt_resource_props["resource_type"] == "model":
            _, layer, *folders, _ = dbt_resource_props["fqn"]
            tags["suara/layer"] = layer
            if folders:
                tags["suara/area"] = folders[0]
        return tags

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Besides what dagster-dbt tells: columns with types and origins, the code, where words for readers stand."""
        metadata = dict(super().get_metadata(dbt_resource_props))
        found = self._columns.get(dbt_resource_props["unique_id"], Columns())
        metadata |= as_metadata(dbt_resource_props, found, _asset_of)
        if dbt_resource_props["resource_type"] == "model":
            language = dbt_resource_props["language"]
            metadata["code"] = dg.MetadataValue.md(f"```{language}\n{dbt_resource_props['raw_code'].strip()}\n```")
        if dbt_resource_props["schema"] in PUBLISHED_SCHEMAS:
            metadata["docs"] = dg.MetadataValue.path(str(TABLES_PAGE))
            metadata["in the published file"] = f"{dbt_resource_props['schema']}.{dbt_resource_props['name']}"
        return metadata
