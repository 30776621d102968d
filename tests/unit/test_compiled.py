"""Views and data tests run from their SQL: what is replaced, what is skipped, and what dbt would call the result."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from orchestration.resources.compiled import create_views, run_tests


def manifest(**nodes: dict[str, Any]) -> dict[str, Any]:
    """Nodes as dbt writes them down; `of` are those that one reads."""
    config = {"fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0", "severity": "ERROR"}
    return {
        "nodes": {
            name: {
                "schema": "staging",
                "name": name,
                "depends_on": {"nodes": node.get("of", [])},
                "config": config | node.get("config", {}),
            }
            for name, node in nodes.items()
        }
    }


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_views_replace_what_an_older_version_left_under_their_names(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema staging")
    con.execute("create table staging.was_table as select 1 as a")
    con.execute("create view staging.was_view as select 1 as a")
    sql = {"was_table": "select 2 as a", "was_view": "select a + 1 as a from staging.was_table"}
    results = create_views(con, manifest(was_table={}, was_view={"of": ["was_table"]}), sql, list(sql))
    assert [r.status for r in results] == ["success", "success"]
    assert con.execute("from staging.was_view").fetchall() == [(3,)]


def test_view_that_cannot_be_created_is_an_error_and_its_readers_are_skipped(con: duckdb.DuckDBPyConnection) -> None:
    nodes = manifest(good={}, bad={}, reader={"of": ["bad"]}, reader_of_it={"of": ["reader"]}, of_seed={"of": ["seed"]})
    sql = dict.fromkeys(nodes["nodes"], "select 1 as a") | {"bad": "select nothing"}
    results = {r.unique_id: r for r in create_views(con, nodes, sql, list(sql), broken={"seed"})}
    assert {name: r.status for name, r in results.items()} == {
        "good": "success",
        "bad": "error",
        "reader": "skipped",
        "reader_of_it": "skipped",
        "of_seed": "skipped",
    }
    assert "nothing" in results["bad"].message
    assert con.execute("select view_name from duckdb_views() where not internal").fetchall() == [("good",)]


@pytest.mark.parametrize(
    ("sql", "config", "status", "failures"),
    [
        ("select 1 where false", {}, "pass", 0),
        ("select unnest([1, 2])", {}, "fail", 2),
        ("select unnest([1, 2])", {"severity": "warn"}, "warn", 2),
        ("select unnest([1, 2])", {"error_if": "> 5", "warn_if": "> 1"}, "warn", 2),
        ("select unnest([1, 2])", {"error_if": "> 5", "warn_if": "> 5"}, "pass", 0),
        ("select unnest([1, 2, 3]) as n", {"fail_calc": "max(n)", "limit": 2}, "fail", 2),
        ("select nothing", {}, "error", 0),
    ],
)
def test_data_test_ends_as_it_would_in_dbt(
    con: duckdb.DuckDBPyConnection, sql: str, config: dict[str, Any], status: str, failures: int
) -> None:
    (result,) = run_tests(con, manifest(one={"config": config}), {"one": sql}, ["one"])
    assert (result.status, result.failures, result.compiled_code) == (status, failures, sql)


def test_data_test_of_a_model_that_was_not_built_is_skipped(con: duckdb.DuckDBPyConnection) -> None:
    (result,) = run_tests(con, manifest(one={"of": ["model"]}), {"one": "select 1"}, ["one"], broken={"model"})
    assert result.status == "skipped"
