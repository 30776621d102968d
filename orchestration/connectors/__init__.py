"""Readers of captures, one module per source family.

Belongs here: the list of connectors, finding the one a capture belongs to, creating every raw table.
Does not belong here: anything about one format.
"""

from __future__ import annotations

import duckdb

from orchestration.connectors import x_api_v2, x_archive, x_archive_legacy
from orchestration.connectors.base import BOOKKEEPING_TABLES


def all_raw_tables() -> dict[str, str]:
    """The DDL of every table of schema `raw` by table name; all exist, empty, before anything is loaded."""
    sources = (x_archive.RAW_TABLES, x_archive_legacy.RAW_TABLES, x_api_v2.RAW_TABLES)
    return BOOKKEEPING_TABLES | {name: ddl for tables in sources for name, ddl in tables.items()}


def create_raw_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create schema `raw` and all its tables where they are missing."""
    con.execute("create schema if not exists raw")
    for ddl in all_raw_tables().values():
        con.execute(ddl)
