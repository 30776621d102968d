"""Which columns a column is made from, as the UI tells it, of the models that readers get."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.contract import PUBLISHED_SCHEMAS
from orchestration.dbt_translator import SuaraTranslator
from orchestration.resources.columns import Columns, remember, remembered
from orchestration.resources.dbt import Dbt
from tests.fixtures.demo import DemoWarehouse

# Read from the models by a person, 2026-11-27.
BY_HAND = {
    "dim_accounts.is_registered": {"dim_organisations.organisation_key"},
    "dim_hashtags.display_form": {"fct_post_hashtags.hashtag_as_written", "fct_others_hashtag_years.hashtag"},
    "fct_posts.text": {"int_posts__kept.text", "int_posts__masked.text", "dim_accounts.is_registered"},
    "fct_post_volume.covered_days": {"int_accounts__coverage_months.covered_days"},
    "fct_post_volume_daily.post_count": set(),  # counts rows
    "fct_hashtag_months.posted_month": {"fct_post_hashtags.posted_date"},
    "fct_theme_months.share_of_own_posts": {
        "fct_post_themes.is_repost",
        "fct_post_volume.kind",
        "fct_post_volume.post_count",
    },
    "fct_partners.mention_count": {"int_posts__interactions.kind"},
    "fct_account_coverage.handle": {"dim_accounts.handle"},
    "fct_record_accounting.kept_count": {
        "int_posts__observations.outcome",
        "stg_suara__capture_members.record_type",
        "stg_suara__captures.status",
    },
    "rpt_data_window.first_post_at": {"fct_posts.posted_at"},
    "rpt_theme_years.own_post_count": {"fct_post_themes.post_key"},
    "rpt_volume_years.coverage_share": {
        "fct_post_volume.covered_days",
        "fct_post_volume.posted_month",
        "fct_post_volume.coverage_status",
    },
    "account_months.own_post_count": {"fct_post_volume.kind", "fct_post_volume.post_count"},
}


@pytest.fixture(scope="module")
def columns(demo_warehouse: DemoWarehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Columns]:
    """By model, the columns of those that readers get, from the SQL that the demo ran."""
    manifest = Dbt().manifest_json()
    compiled = demo_warehouse.paths.root / "dbt_target" / "compiled" / "suara"
    sql = {
        unique_id: (compiled / node["original_file_path"]).read_text("utf-8")
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] in PUBLISHED_SCHEMAS
    }
    path = tmp_path_factory.mktemp("lineage") / "lineage.json"
    with duckdb.connect(str(demo_warehouse.paths.warehouse), read_only=True) as connection:
        remember(connection, manifest, sql, sql, path)
    return remembered(path, manifest)


def test_columns_of_models_are_made_from_what_a_person_reads_in_them(columns: dict[str, Columns]) -> None:
    assert all(found.lineage for found in columns.values()), "the SQL of each of them can be read"
    by_model = {unique_id.split(".")[-1]: found.lineage for unique_id, found in columns.items()}
    for name, expected in BY_HAND.items():
        model, column = name.split(".")
        assert {f"{table}.{of}" for _, table, of in by_model[model][column]} == expected, name


def test_assets_tell_lineage_for_tools_and_in_words(columns: dict[str, Columns]) -> None:
    translator = SuaraTranslator(columns)
    spec = translator.get_asset_spec(Dbt().manifest_json(), "model.suara.fct_post_volume", None)
    (origin,) = spec.metadata["dagster/column_lineage"].deps_by_column["covered_days"]
    assert origin.asset_key.to_user_string() == "intermediate/int_accounts__coverage_months"
    shown = {column.name: column for column in spec.metadata["dagster/column_schema"].columns}
    assert shown["covered_days"].description.endswith("From int_accounts__coverage_months.covered_days.")
    assert not shown["account_key"].constraints.nullable and shown["post_count"].constraints.nullable
