"""The columns of tables as Dagster shows them: types, and which columns each of them is made from.

Belongs here: reading both when a model was built, remembering them, and how they look in Dagster.
Does not belong here: building models (`dbt.py`).

dagster-dbt has the same for dbt as a subprocess: it parses a model once per column, on every run, and puts what it
found into the run's history. Here a model is parsed once, and only when its SQL, or a column of what it reads, is
another than last time; what was found lies beside the manifest and becomes part of the definitions. In the history it
doubled what a run leaves there (3.0 to 5.9 MB, 2026-11-27).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.resources.manifest import keep, read_kept

# Of each column those that it is made from: schema, table, column.
Lineage = dict[str, list[list[str]]]
# Tables that some SQL reads: schema, table, columns.
Read = list[tuple[str, str, list[str]]]

_COLUMNS = (
    "select schema_name, table_name, column_name, lower(data_type) from duckdb_columns() "
    "where not internal order by column_index"
)
# A column's description names no more origins than this; the lineage itself holds all.
_NAMED = 6


@dataclass(frozen=True)
class Columns:
    """What was found of a table when it was built last."""

    types: dict[str, str] = field(default_factory=dict)
    lineage: Lineage = field(default_factory=dict)


def remember(
    connection: Any, manifest: Mapping[str, Any], built: Iterable[str], compiled: Mapping[str, str | None], path: Path
) -> None:
    """Write down the columns of models and seeds that were built otherwise than last time.

    A column that counts rows, or is a constant, is made from no column. What keeps or drops rows (joins, filters) is
    no lineage of a column either. A model whose SQL cannot be read, or that is written in Python, has no lineage.

    Args:
        connection: To the warehouse in which they were built.
        built: dbt's ids.
        compiled: By dbt's id, the SQL that ran.
        path: Where columns are kept from run to run, by the hash of what they follow from.
    """
    known, is_new = read_kept(path), False
    nodes = {**manifest["nodes"], **manifest["sources"]}
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(_COLUMNS).fetchall():
        columns.setdefault((schema, table), {})[column] = kind
    reader = version("sqlglot")
    for unique_id in built:
        node = nodes[unique_id]
        sql = (compiled.get(unique_id) or "") if node.get("language") == "sql" else ""
        parents = [nodes[i] for i in sorted(node["depends_on"]["nodes"]) if i in nodes] if sql else []
        read = [(n["schema"], n["name"], list(columns.get((n["schema"], n["name"]), ()))) for n in parents]
        types = columns.get((node["schema"], node["name"]), {})
        key = hashlib.sha256(repr((reader, sql, read, types)).encode()).hexdigest()
        if known.get(unique_id, {}).get("key") != key:
            lineage = _parse(sql, read) if sql else {}
            known[unique_id] = {"key": key, "checksum": _checksum(node), "types": types, "lineage": lineage}
            is_new = True
    if is_new:
        keep(path, known)


def remembered(path: Path, manifest: Mapping[str, Any]) -> dict[str, Columns]:
    """By dbt's id, the columns of those models and seeds that are as they were when they were built last."""
    nodes = manifest["nodes"]
    return {
        unique_id: Columns(kept["types"], kept["lineage"])
        for unique_id, kept in read_kept(path).items()
        if unique_id in nodes and kept["checksum"] == _checksum(nodes[unique_id])
    }


def _checksum(node: Mapping[str, Any]) -> str:
    return node["checksum"]["checksum"]


def _parse(sql: str, read: Read) -> Lineage:
    """Lineage of one SELECT, given the columns of the tables that it reads; empty when it cannot be read."""
    from sqlglot import MappingSchema, exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    schema = MappingSchema(dialect="duckdb")
    for of, table, columns in read:
        schema.add_table(exp.table_(table, of), dict.fromkeys(columns, "varchar"), dialect="duckdb")
    try:
        query = parse_one(sql, dialect="duckdb")
        query = qualify(query, schema=schema, dialect="duckdb", validate_qualify_columns=False, identify=False)
        nodes = lineage(
            None, query, schema=schema, scope=build_scope(query), dialect="duckdb", trim_selects=False, copy=False
        )
        leaves = {
            name: {
                (leaf.expression.db, leaf.expression.name, exp.to_column(leaf.name).name)
                for leaf in node.walk()
                if isinstance(leaf.expression, exp.Table) and not leaf.downstream
            }
            for name, node in nodes.items()
        }
    except (SqlglotError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return {}
    return {name: [list(leaf) for leaf in sorted(of)] for name, of in leaves.items()}


def as_metadata(node: Mapping[str, Any], found: Columns, asset_of: Callable[[str, str], dg.AssetKey]) -> dict[str, Any]:
    """Columns and lineage as Dagster knows them; lineage in words, too, since only Dagster+ draws it.

    Args:
        node: The model or seed in dbt's manifest.
        asset_of: The asset that holds a table, by its schema and name.
    """
    deps: dict[str, list[dg.TableColumnDep]] = {}
    for column, origins in found.lineage.items():
        # several raw tables are one asset
        known = dict.fromkeys((asset_of(schema, table), name) for schema, table, name in origins)
        deps[column] = [dg.TableColumnDep(key, name) for key, name in known]
    metadata: dict[str, Any] = {"dagster/column_lineage": dg.TableColumnLineage(deps)} if deps else {}
    shown = []
    for name, column in node["columns"].items():
        names = [f"{dep.asset_key.path[-1]}.{dep.column_name}" for dep in deps.get(name, [])]
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        text = f"From {', '.join([*names[:_NAMED], *more])}." if names else ""
        words = " ".join(filter(None, [(column.get("description") or "").strip(), text])) or None
        kind = column.get("data_type") or found.types.get(name) or "?"
        is_required = any(one["type"] == "not_null" for one in column.get("constraints") or [])
        shown.append(dg.TableColumn(name, kind, words, dg.TableColumnConstraints(nullable=not is_required)))
    return {**metadata, "dagster/column_schema": dg.TableSchema(shown)} if shown else metadata
