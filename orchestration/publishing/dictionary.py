"""The data dictionary: every published table with grain, keys, columns, types, meaning and size.

Belongs here: the page for readers (from the comments of the published file itself, so page and file cannot
disagree) and the Markdown for the docs (from the models' descriptions, needs no data).
Does not belong here: the words themselves; they live beside the models.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contract import PUBLISHED_SCHEMAS
from orchestration.publishing.descriptions import Descriptions, grain
from orchestration.publishing.pages import write_page
from orchestration.publishing.texts import IN_TEMPLATES, say

SCHEMA_MEANINGS = {
    "marts": say("Dimensions and facts: what happened, at its finest grain and by month."),
    "reports": say("One row per answer: small tables made from the marts."),
    "quality": say("How far the numbers can be trusted: captures, record accounting, coverage, every check outcome."),
}


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    required: bool
    in_key: bool
    meaning: str


@dataclass(frozen=True)
class Table:
    schema: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    row_count: int | None

    @property
    def grain(self) -> str:
        return grain(self.description)

    @property
    def notes(self) -> str:
        """What the description says after the grain."""
        return " ".join(self.description.split())[len(self.grain) :].strip()


def read_tables(published_file: Path) -> tuple[Table, ...]:
    """Every table of a published file, as its own comments and constraints describe it."""
    with duckdb.connect(str(published_file), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name, coalesce(comment, '') from duckdb_tables() "
            "where schema_name in (select unnest(?)) order by list_position(?, schema_name), table_name",
            [list(PUBLISHED_SCHEMAS), list(PUBLISHED_SCHEMAS)],
        ).fetchall()
        # Asked once for all tables: each look at the catalog costs 3 ms, whatever it asks for (2026-11-26).
        keys = {
            (schema, name): tuple(columns)
            for schema, name, columns in con.execute(
                "select schema_name, table_name, constraint_column_names from duckdb_constraints() "
                "where constraint_type = 'PRIMARY KEY'"
            ).fetchall()
        }
        columns: dict[tuple[str, str], list[tuple]] = {}
        for schema, name, *column in con.execute(
            "select schema_name, table_name, column_name, data_type, not is_nullable, coalesce(comment, '') "
            "from duckdb_columns() where schema_name in (select unnest(?)) order by table_oid, column_index",
            [list(PUBLISHED_SCHEMAS)],
        ).fetchall():
            columns.setdefault((schema, name), []).append(tuple(column))
        found = []
        for schema, name, comment in tables:
            (row_count,) = con.execute(f'select count(*) from "{schema}"."{name}"').fetchone()
            key = keys.get((schema, name), ())
            described = tuple(
                Column(n, kind, required, n in key, text) for n, kind, required, text in columns[schema, name]
            )
            found.append(Table(schema, name, comment, described, key, row_count))
        return tuple(found)


def write_dictionary(published_file: Path, target: Path) -> int:
    """Write the dictionary page; returns the number of tables in it."""
    tables = read_tables(published_file)
    with duckdb.connect(str(published_file), read_only=True) as con:
        release_id, is_synthetic = con.execute("select release_id, is_synthetic from quality.release").fetchone()
    write_page(
        "data_dictionary.html.j2",
        target,
        schemas=[(s, SCHEMA_MEANINGS[s], [t for t in tables if t.schema == s]) for s in PUBLISHED_SCHEMAS],
        table_count=len(tables),
        column_count=sum(len(table.columns) for table in tables),
        release_id=release_id,
        is_synthetic=is_synthetic,
        file_name=published_file.name,
        **IN_TEMPLATES,
    )
    return len(tables)


def dictionary_markdown(descriptions: Descriptions) -> str:
    """The dictionary as Markdown for `docs/reference`, from the models' descriptions alone."""
    lines = []
    for schema in PUBLISHED_SCHEMAS:
        lines += [f"## {schema}", "", SCHEMA_MEANINGS[schema].en, ""]
        for table in (t for t in descriptions.tables if t.schema == schema):
            key = ", ".join(f"`{name}`" for name in table.key) or "none"
            lines += [f"### {table.qualified_name}", "", table.description, "", f"Primary key: {key}", ""]
            lines += ["| column | type | meaning |", "|---|---|---|"]
            for name, meaning in table.columns.items():
                kind = table.types.get(name) or ""
                kind += ", not null" if name in table.required and kind else ""
                lines.append(f"| `{name}` | {kind} | {meaning.replace('|', chr(92) + '|')} |")
            lines.append("")
    return "\n".join(lines)
