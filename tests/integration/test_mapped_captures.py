"""A table and the map of its columns through the whole pipeline: from the inbox to the published file, and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline import Pipeline

# The long handle marks made-up posts; ids hold the times below, in Jakarta.
TABLE = """\
Posted;What we wrote;Address;Likes
05/01/2023 08:15;Selamat pagi;https://x.com/SuaraSyntheticOrgDemo/status/1610807040320471047;12
31/01/2023 23:50;Last night of the month;https://x.com/SuaraSyntheticOrgDemo/status/1620464425280471047;1.204
02/02/2023 06:05;@SuaraPartnerDemo thank you;https://x.com/SuaraSyntheticOrgDemo/status/1620921184986071047;-
14/02/2023 12:00;RT @SuaraPartnerDemo: hello;https://x.com/SuaraSyntheticOrgDemo/status/1625359178048471047;57
;;Total;1.273
"""
MAP = """\
columns: {Posted: posted_at, What we wrote: text, Address: link, Likes: like_count}
time_format: "%d/%m/%Y %H:%M"
time_zone: Asia/Jakarta
thousands: "."
missing: ["-"]
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(tmp_path_factory.mktemp("mapped") / "data")


def test_table_and_map_in_the_inbox_are_one_capture(pipeline: Pipeline) -> None:
    pipeline.paths.inbox.mkdir(parents=True, exist_ok=True)
    (pipeline.paths.inbox / "team.csv").write_text(TABLE)
    (pipeline.paths.inbox / "team.csv.map.yml").write_text(MAP)
    run = pipeline.run()
    assert run.success, run.failures
    assert not list(pipeline.paths.inbox.iterdir())
    assert pipeline.query(
        "select strftime(posted_at, '%Y-%m-%d %H:%M'), kind, like_count from marts.fct_posts order by posted_at",
        published=True,
    ) == [  # the minute that the table states, and what the id knows beyond it
        ("2023-01-05 01:15", "original", 12),
        ("2023-01-31 16:50", "original", 1204),
        ("2023-02-01 23:05", "reply", None),
        ("2023-02-14 05:00", "repost", None),
    ]
    rejected = "select record_no, reason_code from quality.fct_rejected_records"
    assert pipeline.query(rejected, published=True) == [(5, "missing_id")]


def test_map_that_cannot_be_followed_changes_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    before = pipeline.served_bytes()
    (tmp_path / "team.csv").write_text(TABLE)
    (tmp_path / "team.csv.map.yml").write_text(MAP.replace("text", "texxt"))
    run = pipeline.run(tmp_path / "team.csv")
    assert not run.success
    assert "team.csv.map.yml, line 1: expected keep, or one of post_id" in run.failures[0]
    assert "found texxt; did you mean text?" in run.failures[0]
    assert pipeline.served_bytes() == before
    accepted = [entry for entry in pipeline.ledger.captures() if entry.status == "accepted"]
    assert len(accepted) == 1, "the map before it is still followed"


def test_map_without_its_table_is_named(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "team.csv.map.yml").write_text(MAP)
    run = pipeline.run(tmp_path / "team.csv.map.yml")
    assert not run.success
    assert "expected the table team.csv beside its map; found the map alone" in run.failures[0]
