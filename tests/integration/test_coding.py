"""The hand-coding loop on what the demo publishes: the columns are those of the real published file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.coding.quality import TOO_FEW, UNVALIDATED, measure
from orchestration.coding.sample import draw
from orchestration.coding.sheets import Code, Coded, write_sheet
from orchestration.coding.store import CodingStore
from tests.fixtures import captures as build
from tests.fixtures.demo import DemoWarehouse
from tests.pipeline import Pipeline


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
                "where is_own and (is_registered or is_capture_owner)"
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


def test_codes_of_people_reach_the_published_file_with_the_next_run_and_name_nobody(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path / "data")
    run = pipeline.run(build.modern_archive(tmp_path / "good.zip"))
    assert run.success, run.failures
    verdicts = "select distinct verdict, post_count from quality.fct_codebook_quality where theme_code = 'VIC'"
    assert pipeline.query(verdicts, published=True) == [(UNVALIDATED, 0)]
    manifest = draw(pipeline.paths.published_file, size=20).manifest
    store = CodingStore(pipeline.paths)
    store.add_sample(manifest)
    codes = [
        Code(manifest.sample_id, coder, post.post_key, theme, 0)
        for coder in ("ani-the-coder", "budi-the-coder")
        for post in manifest.posts
        for theme in manifest.themes
    ]
    store.add([Coded(manifest.sample_id, tuple(codes), 0)])
    run = pipeline.run()
    assert run.success, run.failures
    assert pipeline.query(verdicts, published=True) == [(TOO_FEW, len(manifest.posts))]
    for path in (pipeline.paths.warehouse, pipeline.paths.published_file):
        assert b"the-coder" not in path.read_bytes()
