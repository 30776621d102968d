"""What readers build upon: tables and columns of the published file are a committed snapshot.

Something new may come; nothing goes, or changes its type, without a line in the CHANGELOG's schema changes
that names table and column. Write the snapshot anew with `SUARA_UPDATE_SNAPSHOTS=1 python -m pytest
tests/project/test_published_schema.py`; that, too, refuses what the CHANGELOG does not tell.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration.contract import PROJECT_ROOT
from orchestration.publishing.descriptions import Descriptions, TableDescription
from orchestration.publishing.published_file import RELEASE_TABLE, RELEASE_TABLES_TABLE
from orchestration.resources.manifest import prepare_manifest

SNAPSHOT = Path(__file__).parent / "snapshots" / "published_schema.txt"
UPDATE = "SUARA_UPDATE_SNAPSHOTS"
# For people who write SQL; what BI tools take of it lies unfolded in tables of its own.
NESTED = {"marts.fct_posts"}


def tables() -> tuple[TableDescription, ...]:
    return (*Descriptions.from_manifest(prepare_manifest()).tables, RELEASE_TABLE, RELEASE_TABLES_TABLE)


def lines(found: tuple[TableDescription, ...]) -> list[str]:
    """One line per column: table, name, type, and its place in the key."""
    return [
        "  ".join(
            [table.qualified_name, column, table.types.get(column, "")] + ["key"] * (column in table.key)
        ).rstrip()
        for table in sorted(found, key=lambda table: table.qualified_name)
        for column in table.columns
    ]


def untold(committed: list[str], found: list[str], changelog: str) -> list[str]:
    """Lines that are gone without a line of the CHANGELOG's table that names their table and column."""
    told = [line for line in changelog.splitlines() if line.startswith("| `")]
    missing = []
    for line in sorted(set(committed) - set(found)):
        table, column = line.split("  ")[:2]
        name = table.split(".")[-1]
        told_of = [entry for entry in told if f"`{name}`" in entry.split("|")[1]]
        if not any(f"`{column}`" in entry or entry.split("|")[2].strip() == "dropped" for entry in told_of):
            missing.append(line)
    return missing


def test_published_schema_is_as_committed() -> None:
    found, committed = lines(tables()), SNAPSHOT.read_text("utf-8").splitlines()
    gone = untold(committed, found, (PROJECT_ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert not gone, f"gone or changed, and the CHANGELOG's table of schema changes does not say so: {gone}"
    if os.environ.get(UPDATE):
        SNAPSHOT.write_text("\n".join(found) + "\n", encoding="utf-8")
        committed = found
    new = [line for line in found if line not in committed]
    assert committed == found, f"new or moved: {new[:10]}. If that is meant: {UPDATE}=1"


BEFORE = ["marts.fct_a  k  varchar  key", "marts.fct_a  likes  bigint"]


@pytest.mark.parametrize(
    ("after", "entry", "is_told"),
    [
        ([*BEFORE, "marts.fct_a  more  bigint"], "", True),
        ([BEFORE[0]], "", False),
        ([BEFORE[0], "marts.fct_a  like_count  bigint"], "| `fct_a` | column `like_count` added | - | | yes |", False),
        (
            [BEFORE[0], "marts.fct_a  like_count  bigint"],
            "| `fct_a` | column `likes` renamed | | `like_count` | yes |",
            True,
        ),
        ([BEFORE[0], "marts.fct_a  likes  double"], "", False),
        ([BEFORE[0]], "| `fct_b` | column `likes` dropped | | - | yes |", False),
        ([], "| `fct_a` | dropped | x | - | yes |", True),
    ],
)
def test_only_what_is_gone_has_to_be_told(after: list[str], entry: str, is_told: bool) -> None:
    assert (untold(BEFORE, after, f"text\n{entry}\n") == []) is is_told


def test_bi_tools_meet_no_nested_type() -> None:
    nested = {
        table.qualified_name
        for table in tables()
        for kind in table.types.values()
        if "[]" in kind or kind.lower().startswith(("struct", "map", "json", "variant", "union"))
    }
    assert nested == NESTED
