"""Pieces of SQL that frames and evidence share, and the filling of `{{ … }}` in them.

Belongs here: which raw tables hold records and where their ids stand, unions over whatever views and tables exist.
Does not belong here: judging (gate.py), limits (thresholds.py), the frames themselves (frames/*.sql).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from expectations.thresholds import THRESHOLDS

FRAMES = Path(__file__).resolve().parent / "frames"
PUBLISHED_SCHEMAS = ("marts", "reports", "quality")
# Tables that publishing itself writes into the file; the warehouse has no such tables.
WRITTEN_BY_PUBLISHING = ("quality.release", "quality.release_tables")

# X ids are positive 64-bit numbers, written without sign, leading zero, blank or exponent.
X_ID_PATTERN = "[1-9][0-9]{0,18}"

# The same number as a spreadsheet shows it.
SCIENTIFIC_ID_PATTERN = "[0-9]([.,][0-9]+)?[eE][+][0-9]{1,2}"

# Columns of reports that may hold handles, by how they are called.
_NAMES_ACCOUNTS = "(^|_)(handle|partner|account|author|target|mention|username|screen_name|user)s?$"

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class RawRecords:
    """A raw table whose rows are delivered records with an id of their own."""

    table: str
    record_type: str
    id_column: str


# A new source adds its tables here; a test compares this list with the connectors' tables.
RAW_RECORDS = (
    RawRecords("x_archive_posts", "post", "id_str"),
    RawRecords("x_archive_notes", "note", "note_tweet_id"),
    RawRecords("x_archive_deletions", "deletion", "id_str"),
    RawRecords("x_archive_legacy_posts", "post", "id_str"),
    RawRecords("x_archive_legacy_csv_posts", "csv_post", "tweet_id"),
    RawRecords("x_api_v2_posts", "post", "id"),
    RawRecords("x_api_v2_deletions", "deletion", "id"),
)

# What the staging gate judges of the post contract: no text and no list leaves the view it stands in.
_JUDGED_COLUMNS = (
    "capture_id, record_no, platform, post_id, handle, posted_at, observed_at, kind, "
    "text is not null as has_text, text_is_complete, language, "
    "coalesce(like_count, repost_count, reply_count, quote_count, bookmark_count, impression_count) is not "
    "null "
    "as has_metrics"
)


def render(sql: str, con: duckdb.DuckDBPyConnection) -> str:
    """Fill every `{{ name }}` with the part or the threshold of that name.

    Raises:
        KeyError: When there is neither.
    """

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in PARTS:
            return PARTS[name](con)
        if name in THRESHOLDS:
            return str(THRESHOLDS[name].value)
        raise KeyError(f"no part and no threshold is called {name!r}")

    return _PLACEHOLDER.sub(fill, sql)


@cache
def frame_text(name: str) -> str:
    """The frame's SQL as written, with its placeholders."""
    return (FRAMES / f"{name}.sql").read_text("utf-8")


def _raw_records(_: duckdb.DuckDBPyConnection) -> str:
    return "\n    union all\n    ".join(
        f"select capture_id, '{records.record_type}' as record_type, member, record_no, "
        f'"{records.id_column}" as record_id from raw.{records.table}'
        for records in RAW_RECORDS
    )


def _staging_posts(con: duckdb.DuckDBPyConnection) -> str:
    models = _names(
        con,
        "select table_name from information_schema.tables where table_catalog = current_database() "
        "and table_schema = 'staging' and regexp_full_match(table_name, 'stg_.+__(.+_)?posts') order by 1",
    )
    if not models:
        raise LookupError("there is no staging model stg_<source>__posts; build the staging layer first")
    return "\n    union all\n    ".join(
        f"select {number} as model_number, {_JUDGED_COLUMNS} from staging.{model}"
        for number, model in enumerate(models, start=1)
    )


def _published_row_counts(con: duckdb.DuckDBPyConnection) -> str:
    """One row per table of the published file and of the warehouse: rows here and there, null where "
    "absent."""
    schemas = ", ".join(f"'{schema}'" for schema in PUBLISHED_SCHEMAS)
    tables = con.execute(
        "select database_name = current_database() as is_published, schema_name || '.' || table_name as name "
        f"from duckdb_tables() where schema_name in ({schemas}) "
        "and database_name in (current_database(), 'warehouse')"
    ).fetchall()
    published = {name for is_published, name in tables if is_published}
    warehouse = {name for is_published, name in tables if not is_published}
    if not published:
        raise LookupError("the published file holds no table; build it again from the warehouse")
    rows = []
    for name in sorted(published | warehouse):
        here = f"(select count(*) from {_quoted(name)})" if name in published else "null"
        there = f"(select count(*) from warehouse.{_quoted(name)})" if name in warehouse else "null"
        if name in WRITTEN_BY_PUBLISHING:
            there = here
        rows.append(f"select '{name}' as name, {here} as published_count, {there} as warehouse_count")
    return "\n    union all\n    ".join(rows)


def _report_handles(con: duckdb.DuckDBPyConnection) -> str:
    """One row per column of `reports` that names accounts, and value that can be a handle."""
    columns = con.execute(
        "select table_name, column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = 'reports' and data_type = 'VARCHAR' and regexp_matches(column_name, ?) order by "
        "1, 2",
        [_NAMES_ACCOUNTS],
    ).fetchall()
    if not columns:
        return "select cast(null as varchar) as place, cast(null as varchar) as handle where false"
    return "\n    union all\n    ".join(
        f"select 'reports.{table}.{column}' as place, lower(ltrim(\"{column}\", '@')) as handle "
        # words with blanks ("accounts not registered") and display names are no handles
        f'from reports."{table}" where regexp_full_match("{column}", \'@?[A-Za-z0-9_]+\')'
        for table, column in columns
    )


def _critical_checks(_: duckdb.DuckDBPyConnection) -> str:
    """One row per critical check of the gates before publishing: what must have spoken."""
    from expectations.catalog import CATALOG

    return "\n    union all\n    ".join(
        f"select '{check.gate}' as gate, '{check.name}' as check_name, '{check.grain}' as grain"
        for check in CATALOG
        if check.gate != "publish" and check.severity == "critical"
    )


def _names(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [row[0] for row in con.execute(sql).fetchall()]


def _quoted(qualified_name: str) -> str:
    return ".".join(f'"{part}"' for part in qualified_name.split("."))


PARTS: dict[str, Callable[[duckdb.DuckDBPyConnection], str]] = {
    "raw_records": _raw_records,
    "staging_posts": _staging_posts,
    "published_row_counts": _published_row_counts,
    "report_handles": _report_handles,
    "critical_checks": _critical_checks,
    "id_pattern": lambda _: X_ID_PATTERN,
    "scientific_id_pattern": lambda _: SCIENTIFIC_ID_PATTERN,
}
