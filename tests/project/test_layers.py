"""Data flows one way: the layers of the models, read from dbt's manifest."""

from __future__ import annotations

import pytest

from tests.project.support import layer, manifest, models

# layer -> layers that its models may read
MAY_READ = {
    "staging": {"staging"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"intermediate", "marts"},
    "quality": {"staging", "intermediate", "marts", "quality"},
    "reports": {"marts"},
}
# Tables for people who do not join carry plain names, without a prefix (docs/decisions/0026).
WIDE = ("posts_wide", "account_months", "hashtag_months", "theme_months")
PREFIXES = {
    "staging": ("stg_",),
    "intermediate": ("int_",),
    "marts": ("dim_", "fct_", "codebook_"),
    "quality": ("fct_",),
    "reports": ("rpt_", *WIDE),
}
# Staging reads of staging only which captures are accepted.
BOOKKEEPING = "stg_suara__"
# Who may be shown is known when all accounts are known (docs/decisions/0023); only then are texts read for words.
EXCEPTIONS = {
    ("int_posts__masked", "dim_accounts"),
    ("int_accounts__registered_handles", "dim_accounts"),
    ("int_accounts__display_names", "dim_accounts"),
    ("int_posts__display_name_candidates", "dim_accounts"),
    ("int_display_names__judged", "dim_accounts"),
    ("int_posts__texts", "dim_accounts"),
    ("int_posts__theme_hits", "dim_accounts"),
    ("int_others__months", "dim_accounts"),
    ("int_others__hashtag_years", "dim_accounts"),
    ("int_others__theme_months", "dim_accounts"),
    ("int_posts__words", "fct_posts"),
    ("int_words__tokens", "fct_posts"),
    ("int_words__counted", "dim_accounts"),
    # Edges are published, and measured by Python, which cannot make a mart: it knows no contract.
    ("int_networks__measures", "fct_network_edges"),
    # The coverage of a year is worked out once, in the report on volume; the report on themes shows it beside shares.
    ("rpt_theme_years", "rpt_volume_years"),
    ("rpt_theme_crosstab", "rpt_volume_years"),
    # What a version of the codebook made of the posts is remembered, but not published whole.
    ("int_codebook__validation", "fct_post_themes"),
    # Claims are computed in Python from the marts of the same candidate, and come as rows.
    ("rpt_claims", "stg_suara__claim_results"),
}
SEEDS_MAY_BE_READ_BY = {"staging", "intermediate", "marts", "quality"}


def _parents(node: dict) -> list[dict]:
    everything = {**manifest()["nodes"], **manifest()["sources"]}
    return [everything[unique_id] for unique_id in node["depends_on"]["nodes"]]


def test_every_layer_has_models() -> None:
    assert {layer(node) for node in models().values()} == set(MAY_READ)


@pytest.mark.parametrize("reader", MAY_READ)
def test_models_read_only_the_layers_below(reader: str) -> None:
    wrong = [
        f"{node['name']} reads {layer(parent)}.{parent['name']}"
        for node in models(reader).values()
        for parent in _parents(node)
        if parent["resource_type"] == "model"
        and layer(parent) not in MAY_READ[reader]
        and (node["name"], parent["name"]) not in EXCEPTIONS
    ]
    assert not wrong


def test_staging_reads_of_staging_only_the_bookkeeping() -> None:
    wrong = [
        f"{node['name']} reads {parent['name']}"
        for node in models("staging").values()
        for parent in _parents(node)
        if parent["resource_type"] == "model" and not parent["name"].startswith(BOOKKEEPING)
    ]
    assert not wrong


def test_every_exception_is_still_needed() -> None:
    found = {(node["name"], parent["name"]) for node in models().values() for parent in _parents(node)}
    assert found >= EXCEPTIONS


def test_only_staging_reads_sources() -> None:
    wrong = [
        f"{node['name']} reads source {parent['name']}"
        for node in models().values()
        for parent in _parents(node)
        if parent["resource_type"] == "source" and layer(node) != "staging"
    ]
    assert not wrong


def test_reports_and_nothing_above_read_no_seed_directly() -> None:
    wrong = [
        f"{node['name']} reads seed {parent['name']}"
        for node in models().values()
        for parent in _parents(node)
        if parent["resource_type"] == "seed" and layer(node) not in SEEDS_MAY_BE_READ_BY
    ]
    assert not wrong


def test_folder_schema_and_prefix_carry_the_same_word() -> None:
    wrong = [
        f"{node['schema']}.{node['name']} in models/{layer(node)}"
        for node in models().values()
        if node["schema"] != layer(node) or not node["name"].startswith(PREFIXES[layer(node)])
    ]
    assert not wrong


def test_seeds_live_in_the_schema_reference() -> None:
    seeds = [node for node in manifest()["nodes"].values() if node["resource_type"] == "seed"]
    assert seeds
    assert {node["schema"] for node in seeds} == {"reference"}


def test_every_source_family_yields_the_same_staging_columns() -> None:
    contracts = {
        node["name"]: tuple((name, column["data_type"]) for name, column in node["columns"].items())
        for node in models("staging").values()
        if node["name"].endswith("__posts")
    }
    assert len(contracts) >= 3
    assert len(set(contracts.values())) == 1, {name: len(columns) for name, columns in contracts.items()}
