"""The hand-coding loop on what the demo publishes: the columns are those of the real published file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.coding.quality import TOO_FEW, UNVALIDATED, measure
from orchestration.coding.sample import draw
from orchestration.coding.sheets import Code, write_sheet
from tests.fixtures.demo import DemoWarehouse


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
