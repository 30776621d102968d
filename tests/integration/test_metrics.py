"""Metrics are defined once: each says what the reports say, in plain SQL and, where it is installed, in MetricFlow."""

from __future__ import annotations

import csv
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bi.superset.bundle import defined_metrics
from orchestration.contract import DBT_PROJECT_DIR
from orchestration.resources.manifest import prepare_manifest
from tests.fixtures.demo import DemoWarehouse
from tests.project.support import manifest

# metric -> what another table says for the account of the demo, over all years
ELSEWHERE = {
    "posts": "select sum(post_count) from reports.rpt_volume_years where handle = $handle",
    "own_posts": "select sum(own_post_count) from reports.rpt_volume_years where handle = $handle",
    "reposts": "select sum(repost_count) from reports.rpt_volume_years where handle = $handle",
    "coverage": "select sum(covered_days) / sum(calendar_days) from quality.fct_account_coverage "
    "where handle = $handle",
    "own_posts_per_covered_day": "select sum(own_post_count) / sum(covered_days) from reports.rpt_volume_years "
    "where handle = $handle",
    "share_of_originals": "select sum(original_count) / sum(post_count) from reports.rpt_volume_years "
    "where handle = $handle",
    "posts_per_active_day": "select count(*) / count(distinct posted_date) from marts.fct_posts where handle = $handle",
    "engagement_per_post": "select avg(seen.like_count + seen.repost_count) from marts.fct_post_engagement as seen "
    "inner join marts.fct_posts using (post_key) where is_latest and handle = $handle",
    "partner_share": "select sum(partner_post_count) / sum(own_post_count) from reports.rpt_partner_years "
    "where handle = $handle",
    "reciprocity": "select avg(cast(is_reciprocal as integer)) from marts.fct_partners "
    "inner join marts.dim_accounts using (account_key) where handle = $handle",
    "theme_share": "select sum(own_post_count) / "
    "(select count(*) from marts.fct_posts where is_own and handle = $handle) "
    "from reports.rpt_theme_years where theme_code = 'TOP.TIP' and handle = $handle",
}


@pytest.fixture(scope="module")
def con(demo_warehouse: DemoWarehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse.published_file), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def expected(con: duckdb.DuckDBPyConnection, demo_warehouse: DemoWarehouse) -> dict[str, float]:
    handle = {"handle": demo_warehouse.truth["organisation"]["handle"]}
    return {metric: con.execute(sql, handle).fetchall()[0][0] for metric, sql in ELSEWHERE.items()}


def of_theme(metric: str) -> str:
    """A share means something for one theme: the one that ELSEWHERE asks for."""
    return "theme_code = 'TOP.TIP'" if metric == "theme_share" else "true"


@pytest.mark.parametrize("metric", ELSEWHERE)
def test_metric_is_the_number_of_the_reports(
    metric: str, con: duckdb.DuckDBPyConnection, expected: dict[str, float]
) -> None:
    parsed = manifest()
    (table,) = {
        f"{model['node_relation']['schema_name']}.{model['node_relation']['alias']}"
        for model in parsed["semantic_models"].values()
        if {measure["name"] for measure in model["measures"]}
        & {measure["name"] for measure in parsed["metrics"][f"metric.suara.{metric}"]["type_params"]["input_measures"]}
    }
    ((found,),) = con.execute(
        f"select {defined_metrics()[metric].sql} from {table} where {of_theme(metric)} "
        "and account_key in (select account_key from marts.dim_accounts where is_capture_owner)"
    ).fetchall()
    assert expected[metric] > 0
    assert found == pytest.approx(expected[metric], rel=1e-12)


def test_every_metric_is_described_and_reaches_an_account() -> None:
    models = manifest()["semantic_models"].values()
    assert {metric["name"] for metric in manifest()["metrics"].values()} >= set(ELSEWHERE)
    assert not [m["name"] for m in manifest()["metrics"].values() if not m["description"] or not m["label"]]
    assert not [m["name"] for m in models if "account" not in {entity["name"] for entity in m["entities"]}]


@pytest.mark.skipif(not importlib.util.find_spec("metricflow"), reason="needs the extra `metrics`")
def test_metricflow_answers_the_same(demo_warehouse: DemoWarehouse, expected: dict[str, float], tmp_path: Path) -> None:
    prepare_manifest()  # writes the semantic manifest, too
    project, warehouse = tmp_path / "dbt_project", tmp_path / "warehouse.duckdb"
    shutil.copytree(DBT_PROJECT_DIR, project)
    shutil.copyfile(demo_warehouse.paths.warehouse, warehouse)
    environment = {**os.environ, "SUARA_WAREHOUSE": str(warehouse), "DBT_PROFILES_DIR": str(project)}
    found: dict[str, float] = {}
    owner = "{{ Dimension('account__is_capture_owner') }}"
    theme = "{{ Dimension('account_month_theme__theme_code') }} = 'TOP.TIP'"
    of_themes = {"theme_share"}
    for metrics, where in ((set(ELSEWHERE) - of_themes, owner), (of_themes, f"{owner} and {theme}")):
        answer = tmp_path / "answer.csv"
        mf = [str(Path(sys.executable).with_name("mf")), "query", "--metrics", ",".join(sorted(metrics))]
        told = subprocess.run(
            [*mf, "--group-by", "account__handle", "--where", where, "--csv", str(answer)],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert answer.exists(), told.stdout[-2000:]
        (row,) = csv.DictReader(answer.read_text("utf-8").splitlines())
        found |= {metric: float(row[metric]) for metric in metrics}
        answer.unlink()
    assert found == pytest.approx({metric: float(number) for metric, number in expected.items()}, rel=1e-12)
