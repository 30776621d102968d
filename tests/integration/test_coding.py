"""The hand-coding loop on what the demo publishes: the columns are those of the real published file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.codebook import DEFAULT_CODEBOOK, read_codebook
from orchestration.coding.quality import TOO_FEW, UNVALIDATED, USABLE, measure
from orchestration.coding.sample import draw
from orchestration.coding.sheets import AGREED, Code, Coded, write_sheet
from orchestration.coding.store import CodingStore
from tests.fixtures.demo import DemoWarehouse
from tests.pipeline import Pipeline, project_with


def test_the_demo_is_sampled_and_its_rules_agree_with_coders_who_do_as_they_do(
    demo_warehouse: DemoWarehouse, tmp_path: Path
) -> None:
    published = demo_warehouse.paths.published_file
    sample = draw(published, size=300, seed=5)
    manifest = sample.manifest
    assert write_sheet(sample, tmp_path / "s.xlsx")[0].exists()
    assert manifest.themes == ("AWR", "CAS", "PAR", "PRS", "PRV", "VIC")
    with duckdb.connect(str(published), read_only=True) as con:
        rules = set(con.execute("select theme_code, post_key from marts.fct_post_themes").fetchall())
        shown = {
            key
            for (key,) in con.execute(
                "select post_key from marts.fct_posts inner join marts.dim_accounts using (account_key) "
                "where is_own and is_registered"
            ).fetchall()
        }
    assert {post.post_key for post in manifest.posts} <= shown
    codes = [
        Code(manifest.sample_id, coder, post.post_key, theme, int((theme, post.post_key) in rules))
        for coder in ("ani", "budi")
        for post in manifest.posts
        for theme in manifest.themes
    ]
    with duckdb.connect(str(published), read_only=True) as con:
        found = measure(con, {manifest.sample_id: manifest}, codes)
    coded = {theme.theme_code: theme for theme in found if theme.coder_count}
    assert set(coded) == set(manifest.themes)
    assert {theme.rules.f1.value for theme in coded.values()} <= {None, 1.0}
    assert coded["AWR"].rules.f1.value == 1.0
    assert {theme.verdict for theme in found if not theme.coder_count} == {UNVALIDATED}
    assert all(theme.verdict == TOO_FEW for theme in coded.values() if theme.rules.positive_count < 30)


def test_a_validated_theme_says_so_wherever_its_share_is_shown_until_the_codebook_changes(
    demo_warehouse: DemoWarehouse, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(demo_warehouse.paths.root, data, symlinks=True)
    pipeline = Pipeline(data)
    verdicts = "select distinct verdict, post_count from quality.fct_codebook_quality where theme_code = 'AWR'"
    assert pipeline.query(verdicts, published=True) == [(UNVALIDATED, 0)]
    sample = draw(pipeline.paths.published_file, size=300, seed=5, themes=["AWR", "VIC", "TOP.TIP"])
    manifest = sample.manifest
    rules = set(pipeline.query("select theme_code, post_key from marts.fct_post_themes"))
    # two people who see what the rules see in campaigns, and what a coin says in support of victims
    codes = [
        Code(manifest.sample_id, coder, post.post_key, theme, int((theme, post.post_key) in rules))
        if theme == "AWR"
        else Code(manifest.sample_id, coder, post.post_key, theme, (i // 2 if coder == "ani-the-coder" else i) % 2)
        for coder in ("ani-the-coder", "budi-the-coder")
        for i, post in enumerate(manifest.posts)
        for theme in ("AWR", "VIC")
    ]
    codes += [Code(manifest.sample_id, AGREED, post.post_key, "VIC", i % 2) for i, post in enumerate(manifest.posts)]
    store = CodingStore(pipeline.paths)
    store.add_sample(manifest)
    store.add([Coded(manifest.sample_id, tuple(codes), 0)])
    run = pipeline.run()
    assert run.success, run.failures
    expected = {"AWR": "usable", "VIC": "weak"}
    for table in ("marts.dim_themes", "marts.fct_theme_months", "reports.rpt_theme_years"):
        shown = pipeline.query(f"select distinct theme_code, validation_state from {table}", published=True)
        assert len(shown) > 10
        assert {code: state for code, state in shown if state != "unvalidated"} == expected, table
    assert pipeline.query(verdicts, published=True) == [(USABLE, len(manifest.posts))]
    for path in (pipeline.paths.warehouse, pipeline.paths.published_file):
        assert b"the-coder" not in path.read_bytes()
    report = " ".join((pipeline.paths.published / "study_report.html").read_text("utf-8").split())
    assert "<strong>usable</strong> are the rules of Awareness campaign; <strong>weak</strong> are" in report

    # a changed codebook: the same codes answer for other rules
    before = read_codebook(DEFAULT_CODEBOOK)
    awareness = next(theme for theme in before.themes if theme.code == "AWR")
    dropped = next(term for term in awareness.terms if term.term == "webinar*")
    fewer = replace(awareness, terms=tuple(term for term in awareness.terms if term != dropped))
    changed = replace(before, themes=tuple(fewer if theme == awareness else theme for theme in before.themes))
    pipeline = Pipeline(data, dbt=project_with(tmp_path / "dbt_project", changed))
    run = pipeline.run()
    assert run.success, run.failures
    for table in ("marts.dim_themes", "marts.fct_theme_months", "reports.rpt_theme_years"):
        shown = pipeline.query(f"select distinct validation_state from {table}", published=True)
        assert shown == [("unvalidated",)]
    # what was measured stays to be read, with both versions
    versions = (
        "select distinct sample_codebook_version from quality.fct_codebook_quality "
        "where theme_code = 'AWR' and codebook_version <> sample_codebook_version and post_count > 0"
    )
    assert pipeline.query(versions, published=True) == [(manifest.codebook_version,)]
    # and what the change took away is told, by the term that had given it
    lost = pipeline.query(
        "select post_key from marts.fct_theme_changes "
        "where theme_code = 'AWR' and change = 'lost' and term = 'webinar*'",
        published=True,
    )
    now = set(pipeline.query("select theme_code, post_key from marts.fct_post_themes"))
    gone = {post for theme, post in rules - now if theme == "AWR"}
    assert {post for (post,) in lost} == gone != set()
