"""How dbt's nodes look in Dagster: keys, groups, descriptions.

Belongs here: names. Does not belong here: running dbt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration.connectors import CONNECTORS

RAW_BOOKKEEPING = dg.AssetKey(["raw", "captures"])
OWNERS = ["team:data-engineering"]


def raw_asset_key(source: str) -> dg.AssetKey:
    """The asset that holds what one source family delivered."""
    return dg.AssetKey(["raw", source])


def raw_table_asset(table: str) -> dg.AssetKey:
    """The asset that writes a raw table: its source family, or the bookkeeping."""
    families = [c.source for c in CONNECTORS if table.startswith(c.source)]
    return raw_asset_key(max(families, key=len)) if families else RAW_BOOKKEEPING


class SuaraTranslator(DagsterDbtTranslator):
    """Layer word = schema = key prefix = group."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return raw_table_asset(dbt_resource_props["name"])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "source":
            return "raw"
        return dbt_resource_props["schema"]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return OWNERS
