"""Several codebooks side by side on the demo: the study's one codes, the others lie there."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.codebook import DEFAULT_CODEBOOK, check, read_codebook
from tests.fixtures.demo import DemoWarehouse
from tests.fixtures.key import TEST_KEY
from tests.pipeline import project_with

SMALL = """\
codebook: {id: trees, version: "1.0", title: Trees, languages: [en, id]}
facets:
  matter: {en: Matter, id: Perihal}
themes:
  - code: TREE
    facet: matter
    label: {en: Trees, id: Pohon}
    definition: {en: Trees are planted, id: Pohon ditanam}
    near:
      - {a: [menanam], b: [pohon], window: 1}
      - {a: [planted], b: [tree*], window: 1}
  - code: NUMBER
    facet: matter
    label: {en: A number, id: Nomor}
    definition: {en: A number is told, id: Nomor disebut}
    regex: ['n(?:umber|omor) [0-9]+']
"""
# What stands on the codebook, in the order of the layers.
SEEDS = ["codebook_themes", "codebook_terms", "codebook_exclusions", "studies"]
MODELS = [*SEEDS, "int_studies__selected", "intermediate.codebook", "intermediate.themes", "marts.themes", "reports"]
MODELS += ["fct_codebook_terms"]


@pytest.fixture(scope="module")
def coded(demo_warehouse: DemoWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's warehouse, its themes built anew for a study that names another codebook."""
    folder = tmp_path_factory.mktemp("codebooks")
    warehouse = folder / demo_warehouse.paths.warehouse.name
    shutil.copyfile(demo_warehouse.paths.warehouse, warehouse)
    small, problems = check(SMALL)
    assert small is not None, problems
    dbt = project_with(folder / "dbt_project", small, read_codebook(DEFAULT_CODEBOOK), studies={"demo": "trees"})
    results = dbt.build(warehouse, MODELS, study="demo", target=folder / "target")
    tests = [i for i, node in dbt.manifest_json()["nodes"].items() if node["resource_type"] == "test"]
    with duckdb.connect(str(warehouse)) as con:
        TEST_KEY.give_to(con)
        results += dbt.test(con, tests, study="demo", target=folder / "target")
    assert {r.unique_id: r.message for r in results if r.status not in ("success", "pass")} == {}
    return warehouse


def _rows(warehouse: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_study_is_coded_by_the_codebook_that_it_names(coded: Path) -> None:
    seeds = "select distinct codebook_id from reference.codebook_themes order by all"
    assert _rows(coded, seeds) == [("iom_trafficking",), ("trees",)]
    assert _rows(coded, "select distinct codebook_id, theme_code from marts.dim_themes order by all") == [
        ("trees", "NUMBER"),
        ("trees", "TREE"),
    ]
    # what the rules find, said in another way
    expected = _rows(
        coded,
        r"""
        with posts as (
            from intermediate.int_posts__texts
            semi join (from marts.dim_accounts where is_registered) using (account_key)
        )
        select post_key, 'NUMBER' from posts where regexp_matches(lower(text), 'n(umber|omor) [0-9]+')
        union
        select post_key, 'TREE' from posts
        where regexp_matches(lower(text), '\bmenanam pohon\b|\bplanted tree')
        """,
    )
    assert len(expected) > 100
    assert set(_rows(coded, "select post_key, theme_code from marts.fct_post_themes")) == set(expected)


def test_figures_about_trafficking_are_left_out_where_the_codebook_does_not_know_it(coded: Path) -> None:
    brackets = "select distinct theme_code from reports.rpt_theme_years where theme_code like '(%'"
    assert _rows(coded, brackets) == [("(no theme)",)]
    figure = "select figure_value from reports.rpt_summary where figure_code = 'own_posts_without_relevant_topic'"
    assert _rows(coded, figure) == [(None,)]
    # both codebooks are remembered, and another one is no new version of this one
    assert _rows(coded, "select codebook_id, version_no from intermediate.int_codebook__versions order by all") == [
        ("iom_trafficking", 1),
        ("trees", 1),
    ]
    assert _rows(coded, "select count(*) from marts.fct_theme_changes") == [(0,)]
