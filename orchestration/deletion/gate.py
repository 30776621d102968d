"""The gate on deletions: nothing is published while anything of a deleted post is left.

Belongs here: the outcome of that gate, for the publish step. Does not belong here: the search for texts, which is made
right after a deletion, while the texts are known (`traces`).

A tombstone keeps the id and no text. So later runs look for the ids: in every table that holds texts, of the warehouse,
of the release to come, of releases and rejected copies that are kept. And every stored capture has to have been
searched for every tombstone there is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from orchestration.contract import DataDir
from orchestration.deletion import journal as journals
from orchestration.deletion.json_posts import TEXT_KEYS
from orchestration.deletion.requests import DELETE
from orchestration.warehouse.gates import CRITICAL
from orchestration.warehouse.ledger import Ledger

FORGOTTEN = "nothing_of_deleted_posts_is_left"
FORGOTTEN_TEXT = (
    "No table that holds texts has a post that was deleted on request, in the warehouse, the release to come, the "
    "releases before and rejected copies; every stored capture was searched for every such post."
)
# Where a table has the native id of the post whose text it holds, over all layers.
_ID_COLUMNS = ("post_id", "id", "id_str", "uri", "tweet_id")
_TEXT_COLUMNS = tuple(sorted({*TEXT_KEYS, "tweet_text", "body"}))


def forgotten_outcome(data_dir: DataDir, ledger: Ledger, candidate: Path) -> dict[str, Any]:
    """What is left of deleted posts, as an outcome of the publish gate.

    Args:
        candidate: Folder of the release to come.
    """
    problems: list[str] = []
    begun = journals.Journal.read(data_dir)
    if begun is not None and journals.CLEARED not in begun.steps:
        problems.append(f"the deletion {begun.receipt_id} was begun and has not reached every capture")
    tombstones = ledger.tombstones()
    if tombstones:
        wanted = ledger.tombstones_id()
        for entry in ledger.captures():
            if entry.screened != wanted and ledger.stored_path(entry).exists():
                problems.append(f"capture {entry.capture_id[:12]} was not searched for what was deleted since")
        ids = sorted({row["value"] for row in tombstones if row["kind"] == "post" and row["action"] == DELETE})
        databases = [data_dir.warehouse, *sorted(candidate.glob("*.duckdb"))]
        # while a deletion is under way the releases before this one hold it: they go with the one to come
        kept = [data_dir.rejected]
        if begun is None:
            kept.append(data_dir.published / "releases")
        for folder in kept:
            databases += sorted(folder.rglob("*.duckdb")) if folder.is_dir() else []
        for path in databases:
            if path.exists():
                problems += [f"{_shown(path, data_dir)}: {problem}" for problem in posts_left(path, ids)]
    return {
        "gate": "publish",
        "check_name": FORGOTTEN,
        "asset": "social_bi",
        "capture_id": None,
        "severity": CRITICAL,
        "dimension": "integrity",
        "passed": not problems,
        "observed": "; ".join(dict.fromkeys(problems)) or "nothing of them",
        "expected": "nothing of posts that were deleted on request",
        "failing_count": len(problems),
        "failing_sample": "[]",
        "why": FORGOTTEN_TEXT,
        "next_step": "`suara forget` without a file goes on with a deletion that was begun.",
    }


def posts_left(database: Path, ids: list[str]) -> list[str]:
    """Tables of a database that hold texts, and how many of these posts they have."""
    found = []
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute(
            """
            select schema_name, table_name, list(column_name) filter (where list_contains(?, column_name))
            from duckdb_columns()
            inner join duckdb_tables() using (database_name, schema_name, table_name)
            where database_name = current_database()
            group by all
            having bool_or(list_contains(?, column_name)) and bool_or(list_contains(?, column_name))
            order by all
            """,
            [list(_ID_COLUMNS), list(_ID_COLUMNS), list(_TEXT_COLUMNS)],
        ).fetchall()
        con.execute("create temp table gone as select unnest(?::varchar[]) as post_id", [ids])
        for schema, table, columns in tables:
            matches = " or ".join(f'cast("{column}" as varchar) in (select post_id from gone)' for column in columns)
            (count,) = con.execute(f'select count(*) from "{schema}"."{table}" where {matches}').fetchall()[0]
            if count:
                found.append(f"{schema}.{table} has {count:,} of them")
    return found


def _shown(path: Path, data_dir: DataDir) -> str:
    return path.relative_to(data_dir.root).as_posix() if path.is_relative_to(data_dir.root) else path.name
