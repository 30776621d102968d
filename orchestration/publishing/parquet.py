"""The published tables as Parquet files: `<schema>/<table>.parquet`, rows in the order of the published file.

Belongs here: writing a folder of Parquet from a published file.
Does not belong here: putting that folder in front of readers (see `published_file.promote`).
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from orchestration.contract import PUBLISHED_MODE, PUBLISHED_SCHEMAS, quote


def write_parquet(published_file: Path, folder: Path) -> dict[str, int]:
    """Write every table of `published_file` into `folder`, which must not exist.

    Returns:
        Rows per table, by `schema.table`.
    """
    written = {}
    with duckdb.connect(str(published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set preserve_insertion_order = true")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name in (select unnest(?)) order by all",
            [list(PUBLISHED_SCHEMAS)],
        ).fetchall()
        for schema, table in tables:
            target = folder / schema / f"{table}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            # Level 1: 5.8 CPU s for 4 M rows of a 1 M post warehouse against 9.6 at the default 3, and no larger.
            (rows,) = con.execute(
                f'copy (from "{schema}"."{table}") to {quote(target)} '
                "(format parquet, compression zstd, compression_level 1)"
            ).fetchone()
            with target.open("rb") as handle:
                os.fsync(handle.fileno())
            target.chmod(PUBLISHED_MODE)
            written[f"{schema}.{table}"] = rows
    return written
