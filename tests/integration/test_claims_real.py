"""Claims about real accounts: what can be said is said, what cannot be says why.

The files are read where they lie and nothing of them is kept; only numbers are compared.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.test_real_data import members, needs_data, shared_folder
from tests.pipeline import Pipeline, register_accounts
from tests.real_claims import verdicts_of

pytestmark = [pytest.mark.realdata, needs_data]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Three exports of three tools, one account each."""
    folder = tmp_path_factory.mktemp("claims")
    pipeline = Pipeline(folder / "data")
    register_accounts(pipeline.paths, "jokowi", "SDStartupWeek", "SenWarren")
    files = [shared_folder() / "jokowi_snscrape.zip", shared_folder() / "grailbird_sdstartupweek.zip"]
    # posts name their author by id only; the profile beside them has the handle
    names = [f"data/twitter/{kind}/970207298.json" for kind in ("profiles", "tweets")]
    members("congress_v11_half0", *names)(folder / "senator")
    run = pipeline.run(*files, folder / "senator")
    assert run.success, run.failures
    return pipeline


def expected(name: str) -> dict:
    return json.loads((shared_folder() / "expected" / f"{name}.json").read_text("utf-8"))


def test_a_round_number_of_scraped_posts_says_nothing_of_growth(pipeline: Pipeline, tmp_path: Path) -> None:
    # Twice as many posts in 2022 as in 2018, of exactly 4,000 that were asked for.
    posts = expected("jokowi_snscrape")["posts_by_year_utc"]
    assert posts["2022"] > 2 * posts["2018"]
    row = verdicts_of(pipeline, tmp_path, "jokowi", 2018, 2022)["V"]
    assert (row["verdict"], row["reason_code"]) == ("not_testable", "capped")
    assert "4,000" in row["verdict_text"]


def test_pooled_means_mislead_and_the_row_says_so(pipeline: Pipeline, tmp_path: Path) -> None:
    counted = expected("jokowi_snscrape")
    pooled = (
        counted["engagement_own_posts_mentioning_another_account"]["likes"]["mean"]
        / counted["engagement_own_posts_mentioning_nobody_else"]["likes"]["mean"]
    )
    assert pooled > 1.8
    row = verdicts_of(pipeline, tmp_path, "jokowi", 2018, 2022)["E"]
    # the same plain comparison, but for replies and posts of the last 30 days
    assert row["observed_value"] == pytest.approx(pooled, rel=0.1)
    # in years, media and languages of their own the difference is smaller
    assert row["estimate"] < row["observed_value"]
    assert row["verdict"] in ("consistent_not_proven", "supported", "not_supported")
    assert f"without any control: {row['observed_value']:.2f} times" in row["cross_checks"]
    assert "4,000" in row["warnings"]


def test_an_archive_is_a_census_and_its_seasons_prove_no_growth(pipeline: Pipeline, tmp_path: Path) -> None:
    # An event week a year: 160 own posts in 2015 and 594 in 2017, nearly all of them in one month of each.
    own = expected("grailbird_sdstartupweek")["own_posts_by_year_utc_excluding_retweets"]
    rows = verdicts_of(pipeline, tmp_path, "SDStartupWeek", 2015, 2017)
    volume = rows["V"]
    assert volume["coverage_share"] == 1
    assert volume["observed_value"] == pytest.approx((own["2016"] + own["2017"]) / 2 / own["2015"], rel=0.01)
    assert volume["verdict"] == "consistent_not_proven"
    assert volume["ci_low"] < 1 < volume["ci_high"]
    # old archives hold no counts
    assert (rows["E"]["verdict"], rows["E"]["reason_code"]) == ("not_testable", "no_engagement")


def test_two_hundred_posts_of_a_timeline_are_too_little_and_cut(pipeline: Pipeline, tmp_path: Path) -> None:
    rows = verdicts_of(pipeline, tmp_path, "SenWarren", 2015, 2016)
    assert (rows["V"]["verdict"], rows["V"]["reason_code"]) == ("not_testable", "capped")
    assert "200" in rows["V"]["verdict_text"]
    assert (rows["E"]["verdict"], rows["E"]["reason_code"]) == ("not_testable", "too_few")


def test_of_how_many_posts_the_timeline_is_a_part_stands_beside_its_trend(pipeline: Pipeline) -> None:
    # the profile beside the posts says how many there are
    assert pipeline.query(
        "select distinct owner_post_count, suspected_cap from quality.fct_capture_outcomes where owner_post_count > 0",
        published=True,
    ) == [(995, "round_count")]
    assert pipeline.query(
        "select handle, any_value(suspected_cap) from reports.rpt_volume_years group by handle having "
        "any_value(suspected_cap) is not null order by lower(handle)",
        published=True,
    ) == [("jokowi", "round_count"), ("SenWarren", "round_count")]
