"""What is remembered of the columns of a table that was built, and when it is read anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.resources import columns as module
from orchestration.resources.columns import Columns, remember, remembered

SQL = """
with posts as (select * from "staging"."posts")
select account, count(*) as post_count, sum(likes) / count(*) as likes_a_post from posts group by account
"""


def node(name: str, schema: str, *parents: str, language: str | None = "sql", checksum: str = "1") -> dict[str, Any]:
    found = {"name": name, "schema": schema, "depends_on": {"nodes": list(parents)}, "checksum": {"checksum": checksum}}
    return {**found, **({"language": language} if language else {})}


@pytest.fixture
def manifest() -> dict[str, Any]:
    nodes = {
        "posts": node("posts", "staging", "raw_posts"),
        "totals": node("totals", "marts", "posts"),
        "stems": node("stems", "marts", "posts", language="python"),
        "codes": node("codes", "reference", language=None),
    }
    return {"nodes": nodes, "sources": {"raw_posts": node("x_posts", "raw")}}


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create schema raw; create schema staging; create schema marts; create schema reference; "
        "create table raw.x_posts (account varchar, likes bigint); "
        "create view staging.posts as from raw.x_posts; "
        "create table marts.totals (account varchar, post_count bigint, likes_a_post double); "
        "create table marts.stems (word varchar); create table reference.codes (code varchar)"
    )
    return connection


COMPILED = {"posts": 'select * from "raw"."x_posts"', "totals": SQL, "stems": "def model(dbt, session): return 1"}


def test_types_of_all_tables_and_lineage_of_sql_are_kept(
    warehouse: duckdb.DuckDBPyConnection, manifest: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "columns.json"
    remember(warehouse, manifest, manifest["nodes"], COMPILED, path)
    found = remembered(path, manifest)
    assert found["posts"].lineage["likes"] == [["raw", "x_posts", "likes"]], "a star is what its table has"
    assert found["totals"].lineage == {
        "account": [["staging", "posts", "account"]],
        "post_count": [],
        "likes_a_post": [["staging", "posts", "likes"]],
    }
    assert found["stems"] == Columns({"word": "varchar"}, {})
    assert found["codes"] == Columns({"code": "varchar"}, {})


def test_sql_is_read_again_only_when_it_or_a_column_of_what_it_reads_changed(
    warehouse: duckdb.DuckDBPyConnection, manifest: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read, parse = tmp_path / "columns.json", [], module._parse
    monkeypatch.setattr(module, "_parse", lambda sql, of: read.append(sql) or parse(sql, of))
    remember(warehouse, manifest, manifest["nodes"], COMPILED, path)
    assert len(read) == 2
    remember(warehouse, manifest, manifest["nodes"], COMPILED, path)
    assert len(read) == 2
    warehouse.execute(
        "alter table raw.x_posts add column shares bigint; create or replace view staging.posts as from raw.x_posts"
    )
    remember(warehouse, manifest, manifest["nodes"], COMPILED, path)
    assert len(read) == 4 and remembered(path, manifest)["posts"].lineage["shares"] == [["raw", "x_posts", "shares"]]


def test_sql_that_cannot_be_read_has_no_lineage_and_stops_nothing(
    warehouse: duckdb.DuckDBPyConnection, manifest: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "columns.json"
    path.write_text('{"totals": ', "utf-8")  # cut by a full disk
    remember(warehouse, manifest, ["totals"], {"totals": "select ((( from"}, path)
    assert remembered(path, manifest)["totals"].lineage == {}


def test_a_model_that_changed_since_shows_nothing_of_before(
    warehouse: duckdb.DuckDBPyConnection, manifest: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "columns.json"
    remember(warehouse, manifest, manifest["nodes"], COMPILED, path)
    manifest["nodes"]["totals"]["checksum"] = {"checksum": "2"}
    assert set(remembered(path, manifest)) == {"posts", "stems", "codes"}
    assert remembered(tmp_path / "none.json", manifest) == {}
