"""What accounts did, and how far their years were seen, counted from raw files by a few lines of plain Python.

Belongs here: acts (mentions, links) and years of real exports, read as JSON without a connector and without SQL.
Does not belong here: posts, hashtags and engagement, which test_real_data.py compares.

The files are read where they lie and nothing of them is kept; only numbers are compared.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.integration.test_real_data import needs_data, shared_folder
from tests.pipeline import Pipeline, register_accounts

pytestmark = [pytest.mark.realdata, needs_data]

ARCHIVE, SEARCH = "grailbird_sdstartupweek", "v2_academictwitter_reuters"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """An organisation's old archive, half of it reposts, and a page of API v2 of a press agency; months are of UTC."""
    pipeline = Pipeline(tmp_path_factory.mktemp("acts") / "data")
    register_accounts(pipeline.paths, "SDStartupWeek", "Reuters")
    run = pipeline.run(*(shared_folder() / f"{name}.zip" for name in (ARCHIVE, SEARCH)))
    assert run.success, run.failures
    return pipeline


def archived_posts() -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(shared_folder() / f"{ARCHIVE}.zip") as archive:
        for name in archive.namelist():
            if re.fullmatch(r"data/js/tweets/\d{4}_\d{2}\.js", name):
                text = archive.read(name).decode()
                yield from json.loads(text[text.index("=") + 1 :])


def mentioned(post: dict[str, Any]) -> set[str]:
    """Whom a post of the archive mentions in its own words, the row of handles before a reply left out."""
    if "retweeted_status" in post or post["text"].startswith("RT @"):
        return set()
    found = set()
    for mention in post["entities"]["user_mentions"]:
        before = post["text"][: mention["indices"][0]]
        is_answer = post.get("in_reply_to_screen_name") or post.get("in_reply_to_status_id_str")
        if not (is_answer and re.fullmatch(r"(?:@\w+\s+)*", before)):
            found.add(mention["id_str"])
    return found - {post["user"]["id_str"]}


def test_mentions_are_those_of_the_accounts_own_posts(pipeline: Pipeline) -> None:
    """In the reposts of this archive as many accounts are mentioned again, by others."""
    expected = Counter()
    for post in archived_posts():
        expected[int(post["created_at"][:4])] += len(mentioned(post))
    expected = {year: posts for year, posts in expected.items() if posts}
    assert sum(expected.values()) > 1000
    of_the_owner = "account_key = (select account_key from marts.dim_accounts where handle = 'SDStartupWeek')"
    acts = pipeline.query(
        "select posted_year, count(*) from marts.fct_interactions "
        f"where kind = 'mention' and not is_self and {of_the_owner} group by 1"
    )
    months = pipeline.query(
        "select year(posted_month), sum(post_count)::bigint from marts.fct_interaction_months "
        f"where kind = 'mention' and not is_self and {of_the_owner} group by 1"
    )
    ties = pipeline.query(
        "select posted_year, out_strength from marts.fct_account_networks "
        f"where kind = 'mention' and out_strength > 0 and {of_the_owner}"
    )
    assert dict(acts) == dict(months) == dict(ties) == expected


def test_address_of_an_attached_picture_is_no_link(pipeline: Pipeline) -> None:
    with zipfile.ZipFile(shared_folder() / f"{SEARCH}.zip") as package:
        (name,) = [name for name in package.namelist() if name.startswith("data_")]
        posts = json.loads(package.read(name))
    expected, pictures = {}, 0
    for post in posts:
        addresses = [url["display_url"] for url in post.get("entities", {}).get("urls", [])]
        own = [address for address in addresses if not address.startswith("pic.twitter.com/")]
        expected[post["id"]] = len(own)
        pictures += len(addresses) - len(own)
    assert pictures > 400
    found = pipeline.query("select post_id, link_count from marts.fct_posts where source = 'x_api_v2'")
    assert dict(found) == expected


def test_year_is_covered_as_far_as_its_days_are(pipeline: Pipeline) -> None:
    """The archive begins in February 2014 and was asked for in May 2018: neither year was seen whole."""
    found = {
        year: (covered, days, share, status)
        for year, covered, days, share, status in pipeline.query(
            "select posted_year, covered_days, calendar_days, coverage_share, coverage_status "
            "from reports.rpt_volume_years where handle = 'SDStartupWeek'"
        )
    }
    first = min(datetime.fromisoformat(post["created_at"][:10]) for post in archived_posts())
    days_of_2014 = (datetime(2014, 12, 31) - first).days + 1
    assert found == {
        2014: (days_of_2014, 365, pytest.approx(days_of_2014 / 365), "partial"),
        2015: (365, 365, 1, "observed"),
        2016: (366, 366, 1, "observed"),
        2017: (365, 365, 1, "observed"),
        # to the day of the export, 7 May
        2018: (127, 365, pytest.approx(127 / 365), "partial"),
    }
