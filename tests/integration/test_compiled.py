"""Data tests and views that dbt compiles once: the same results as dbt's own, and never the SQL of an older project."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

from orchestration.contract import DBT_PROJECT_DIR
from orchestration.resources.compiled import asks_the_warehouse, is_plain
from orchestration.resources.dbt import Dbt
from orchestration.resources.manifest import invoke
from tests.fixtures.demo import DemoWarehouse
from tests.fixtures.key import TEST_KEY

# What is done to a good warehouse so that tests of every kind fail, warn and cannot run.
DAMAGE = (
    "delete from marts.fct_post_volume where rowid % 7 = 0",
    "update intermediate.int_posts__kept set posted_at = null, kind = 'shout' where rowid % 5 = 0",
    "insert into intermediate.int_posts__kept from intermediate.int_posts__kept limit 3",
    "delete from marts.dim_accounts where is_registered",
    "drop table marts.fct_hashtag_pairs",
)


def data_tests(dbt: Dbt) -> list[str]:
    return [i for i, node in dbt.manifest_json()["nodes"].items() if node["resource_type"] == "test"]


def test_results_are_those_of_dbt_on_a_damaged_warehouse(demo_warehouse: DemoWarehouse, tmp_path: Path) -> None:
    warehouse = tmp_path / demo_warehouse.paths.warehouse.name
    shutil.copyfile(demo_warehouse.paths.warehouse, warehouse)
    dbt = Dbt()
    with duckdb.connect(str(warehouse)) as con:
        for statement in DAMAGE:
            con.execute(statement)
        TEST_KEY.give_to(con)
        con.execute("set TimeZone = 'UTC'")
        ours = {
            r.unique_id: (r.status, r.failures)
            for r in dbt.test(con, data_tests(dbt), study="demo", target=tmp_path / "target")
        }
    options = ["--vars", json.dumps({"study": "demo"}), "--no-write-json", "--target-path", str(tmp_path / "target")]
    results = invoke(dbt.project, warehouse, ["test", "--select", "test_type:data", *options], dbt.parsed()).results
    assert ours == {r.node.unique_id: (str(r.status), int(r.failures or 0)) for r in results}
    assert {status for status, _ in ours.values()} >= {"pass", "fail", "error"}


def test_sql_of_tests_and_plain_views_does_not_depend_on_a_warehouse() -> None:
    dbt = Dbt()
    manifest = dbt.manifest_json()
    assert [i for i in data_tests(dbt) if asks_the_warehouse(manifest, i)] == []
    # those that do are known, or nothing would be found
    asking = {i.split(".")[-1] for i in manifest["nodes"] if asks_the_warehouse(manifest, i)}
    assert asking >= {"int_posts__unioned", "int_posts__theme_hits"}
    staged = {i for i, node in manifest["nodes"].items() if i.startswith("model.") and node["fqn"][1] == "staging"}
    assert {i for i in staged if not is_plain(manifest, i)} == set()


def test_a_changed_view_or_test_is_compiled_anew_in_the_same_process(tmp_path: Path) -> None:
    Dbt()._compiled("demo", tmp_path / "target")
    project = tmp_path / "dbt_project"  # with what dbt parsed and what was kept
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("logs", ".parse.lock"))
    dbt = Dbt(project_dir=str(project))
    first = dbt._compiled("demo", tmp_path / "target")

    (view,) = project.glob("models/staging/**/stg_suara__tombstones.sql")
    view.write_text(view.read_text("utf-8") + "\n-- another view\n", "utf-8")
    macro = project / "tests" / "generic" / "unique_where.sql"
    macro.write_text(macro.read_text("utf-8").replace("{% endtest %}", "-- another test\n{% endtest %}"), "utf-8")
    second = dbt._compiled("demo", tmp_path / "target")
    of_the_macro = {
        unique_id
        for unique_id, node in dbt.manifest_json()["nodes"].items()
        if node.get("test_metadata", {}).get("name") == "unique_where"
    }
    assert of_the_macro
    assert {i for i in first if second[i] != first[i]} == {"model.suara.stg_suara__tombstones", *of_the_macro}
