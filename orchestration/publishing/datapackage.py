"""The descriptor of the Parquet files: a Frictionless data package, so that other tools know what they hold.

Belongs here: `datapackage.json` from the published file's own comments, keys and types.
Does not belong here: the Parquet files themselves (see `parquet`), and the words (beside the models).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contract import PUBLISHED_MODE, replacing
from orchestration.publishing.dictionary import Table, read_tables

DESCRIPTOR_NAME = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

_TYPES = {
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "VARCHAR": "string",
}


def write_descriptor(published_file: Path, folder: Path) -> Path:
    """Describe the Parquet files that `write_parquet` wrote from a published file into `folder`.

    Returns:
        The descriptor, `datapackage.json` in that folder; the same release gives the same bytes.
    """
    with duckdb.connect(str(published_file), read_only=True) as con:
        cursor = con.execute("from quality.release")
        names = [column[0] for column in cursor.description]
        (row,) = cursor.fetchall()
    package = _package(dict(zip(names, row, strict=True)), read_tables(published_file))
    target = folder / DESCRIPTOR_NAME
    with replacing(target, mode=PUBLISHED_MODE) as temporary:
        temporary.write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return target


def _package(release: dict[str, Any], tables: tuple[Table, ...]) -> dict[str, Any]:
    title = release["study_title"] or release["study"]
    if release["is_synthetic"]:
        title = f"SYNTHETIC DATA, about nobody: {title}"
    return {
        "$schema": PROFILE,
        "name": "suara-social-bi",
        "id": release["release_id"],
        "version": release["release_id"][:12],
        "title": title,
        "description": "Marts of an organisation's posts. A count is a count of what captures hold: "
        "quality/fct_account_coverage.parquet says which months they cover, null means not observed.",
        "resources": [_resource(table) for table in tables],
    }


def _resource(table: Table) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [
            {
                "name": column.name,
                # lists and structs, which only fct_posts has, are arrays
                "type": _TYPES.get(column.type, "array" if column.type.endswith("[]") else "any"),
                "description": column.meaning,
                **({"constraints": {"required": True}} if column.required else {}),
            }
            for column in table.columns
        ]
    }
    if table.key:
        schema["primaryKey"] = list(table.key)
    return {
        "name": f"{table.schema}.{table.name}",
        "type": "table",
        "path": f"{table.schema}/{table.name}.parquet",
        "title": table.grain,
        "description": table.description,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        # No `bytes` and no `hash`: frictionless-py 5.21 cannot count them of Parquet, and calls the package invalid.
        "rowCount": table.row_count,
        "schema": schema,
    }
