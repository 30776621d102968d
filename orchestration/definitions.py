"""Everything Dagster needs to know, assembled once.

Belongs here: putting assets, jobs and resources together. Nothing else; no work at import beyond reading
dbt's manifest (prepared when it is missing or older than the project).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.assets.captures import captures
from orchestration.assets.layers import build_steps
from orchestration.assets.published import build_published, readers, served_release_is_fresh
from orchestration.assets.raw import raw
from orchestration.automation import daily_refresh, inbox_sensor, look, look_at_readers, refresh
from orchestration.contract import DataDir
from orchestration.dbt_translator import SuaraTranslator
from orchestration.resources.columns import remembered
from orchestration.resources.dbt import Dbt
from orchestration.resources.progress import progress
from orchestration.resources.warehouse import Warehouse


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Assets, checks, jobs and resources.

    Args:
        resource_overrides: Resources to use instead of the default ones (`warehouse`, `dbt`): tests give a
            data folder of their own.
    """
    resources: dict[str, Any] = {
        "warehouse": Warehouse(data_dir=str(DataDir.from_env().root)),
        "dbt": Dbt(),
        **(resource_overrides or {}),
    }
    manifest = resources["dbt"].manifest_json()
    translator = SuaraTranslator(remembered(resources["dbt"].columns_file, manifest))
    return dg.Definitions(
        assets=[
            captures,
            raw,
            *build_steps(manifest, translator),
            build_published(manifest, translator),
            *readers(manifest),
        ],
        asset_checks=[served_release_is_fresh],
        jobs=[refresh, look],
        schedules=[daily_refresh, look_at_readers],
        sensors=[inbox_sensor],
        resources=resources,
        loggers={"console": dg.colored_console_logger, "progress": progress},
        # One process per run: the warehouse has one writer, and the multiprocess executor gave random lock
        # failures and 2.3 times the CPU.
        executor=dg.in_process_executor,
    )


defs = build_defs()
