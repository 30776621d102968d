"""The marts gate: for each check marts that pass, and marts that must fail."""

from __future__ import annotations

import hashlib

import pytest

from expectations.catalog import for_gate
from tests.unit.expectations_support import (
    BAD,
    GOOD,
    POSTS,
    assert_all_pass,
    assert_fails,
    assert_sound,
    marts_database,
    outcome_of,
    outcomes_by_check,
    posts,
)


def _key(number: int) -> str:
    return hashlib.md5(f"x:{posts(BAD)[number - 1][0]}".encode()).hexdigest()


_ACCOUNT = hashlib.md5(BAD.encode()).hexdigest()
_ONE = _key(1)
_REPOST = _key(4)

CASES = {
    "post_keys_unique": (
        f"insert into marts.fct_posts select * from marts.fct_posts where post_key = '{_ONE}'",
        [_ONE],
    ),
    "posts_not_empty": ("delete from marts.fct_posts", []),
    "no_deleted_posts": (
        "insert into raw.x_archive_deletions (capture_id, record_no, member, id_str) "
        f"values ('good', 1, 'data/deleted-tweets.js', '{posts(BAD)[0][0]}')",
        [f"post {posts(BAD)[0][0]}"],
    ),
    "registered_handles_have_one_account": (
        "insert into intermediate.int_accounts__names values ('x', '5', 'UNAgency')",
        ["An agency (x): 2 accounts"],
    ),
    "records_accounted_for": (
        "delete from intermediate.int_posts__observations where capture_id = 'bad' and record_no > 118",
        ["capture bad: 120 posts loaded, 118 accounted for"],
    ),
    "kept_records_are_the_posts": (f"delete from marts.fct_posts where post_key = '{_ONE}'", [_ONE]),
    "months_sum_to_posts": (
        "update marts.fct_post_volume set post_count = post_count + 1 "
        f"where account_key = '{_ACCOUNT}' and posted_month = date '2019-02-01' and kind = 'repost'",
        [f"account {_ACCOUNT}, 2019-02, repost: 10 in the volume, 9 posts"],
    ),
    "no_zero_outside_coverage": (
        f"update marts.fct_post_volume set post_count = 0 where account_key = '{_ACCOUNT}' "
        "and coverage_status = 'missing'",
        [f"account {_ACCOUNT}, 2019-05, original"],
    ),
    "no_null_inside_coverage": (
        f"update marts.fct_post_volume set post_count = null where account_key = '{_ACCOUNT}' and post_count = 0",
        [f"account {_ACCOUNT}, 2019-04, original"],
    ),
    "days_sum_to_posts": (
        f"delete from marts.fct_post_volume_daily where account_key = '{_ACCOUNT}' and posted_date = date '2019-03-31'",
        [f"account {_ACCOUNT}, 2019-03-31: 0 in the day, 1 posts"],
    ),
    "hashtag_once_per_post": (
        f"insert into marts.fct_post_hashtags values ('{_ONE}', 'one')",
        [f"post_key {_ONE}, 2 times"],
    ),
    "hashtags_have_posts": ("insert into marts.fct_post_hashtags values ('nowhere', 'one')", ["nowhere"]),
    "entities_agree_with_text": (
        "update marts.fct_posts set hashtags = [] where capture_id = 'bad' and kind = 'repost'",
        [f"capture {BAD}: 30 of {POSTS} posts differ"],
    ),
    "theme_hits_have_posts": ("insert into marts.fct_theme_hits values ('nowhere', 't1', 0, 1)", ["nowhere"]),
    "theme_hits_inside_text": (
        f"update marts.fct_theme_hits set span_end = 6 where post_key = '{_ONE}'",
        [f"post_key {_ONE}, term t1, 0 to 6"],
    ),
    "post_themes_have_posts": ("insert into marts.fct_post_themes values ('nowhere', 'labour')", ["nowhere"]),
    "interactions_have_posts": (
        "insert into marts.fct_interactions values ('nowhere', 'a', 'mention')",
        ["nowhere"],
    ),
    "interaction_once_per_post": (
        f"insert into marts.fct_interactions values ('{_ONE}', 'a', 'mention')",
        [f"post_key {_ONE}, mention"],
    ),
    "engagement_has_posts": ("insert into marts.fct_post_engagement values ('nowhere')", ["nowhere"]),
    "no_reposts_in_engagement": (f"insert into marts.fct_post_engagement values ('{_REPOST}')", [_REPOST]),
}


def test_every_check_of_the_marts_gate_has_a_case() -> None:
    assert set(CASES) == {check.name for check in for_gate("marts")}


def test_sound_marts_pass_every_check() -> None:
    assert_all_pass(marts_database(), "marts")


@pytest.mark.parametrize("name", CASES)
def test_check_fails_for_broken_marts(name: str) -> None:
    sql, evidence = CASES[name]
    con = marts_database()
    con.execute(sql)
    outcome = outcome_of(con, "marts", name)
    assert outcome.severity == next(check.severity for check in for_gate("marts") if check.name == name)
    assert_fails(outcome, evidence)


def test_posts_of_an_account_that_is_gone_must_not_be_there_and_need_not_be() -> None:
    con = marts_database()
    con.execute("insert into intermediate.int_accounts__deletions select distinct account_key from marts.fct_posts")
    outcome = outcome_of(con, "marts", "no_deleted_posts")
    assert not outcome.passed and outcome.observed.startswith("240 of 240 posts")
    con.execute("delete from marts.fct_posts")
    assert outcome_of(con, "marts", "no_deleted_posts").passed
    # nothing is left of captures that held that account's posts only; of others something is
    assert outcome_of(con, "marts", "posts_not_empty").passed
    con.execute(f"delete from intermediate.int_accounts__deletions where account_key <> '{_ACCOUNT}'")
    assert not outcome_of(con, "marts", "posts_not_empty").passed


def test_a_handle_that_is_registered_with_an_id_may_have_been_of_others() -> None:
    con = marts_database()
    con.execute("insert into intermediate.int_accounts__names values ('x', '5', 'UNAgency')")
    con.execute("update marts.dim_organisations set account_id = '2'")
    assert outcome_of(con, "marts", "registered_handles_have_one_account").passed


def test_missing_mart_fails_its_own_checks_only() -> None:
    con = marts_database()
    con.execute("drop table marts.fct_theme_hits")
    outcomes = outcomes_by_check(con, "marts")
    failed = {name for (name, _), outcome in outcomes.items() if not outcome.passed}
    assert failed == {"theme_hits_have_posts", "theme_hits_inside_text"}
    assert all("fct_theme_hits" in outcomes[name, None].observed for name in failed)
    assert all(outcomes[name, None].observed.startswith("the check itself failed: ") for name in failed)


def test_empty_marts_are_right_when_no_capture_was_accepted() -> None:
    con = marts_database()
    con.execute("update raw.captures set status = 'quarantined'")
    for table in ("fct_posts", "fct_post_volume", "fct_post_volume_daily", "fct_post_hashtags", "fct_theme_hits"):
        con.execute(f"delete from marts.{table}")
    for table in ("marts.fct_post_themes", "marts.fct_interactions", "marts.fct_post_engagement"):
        con.execute(f"delete from {table}")
    con.execute("delete from intermediate.int_posts__observations")
    assert all(outcome.passed for outcome in outcomes_by_check(con, "marts").values())


@pytest.mark.parametrize(
    ("sql", "passes"),
    [
        # 6 of 120 are the limit, 7 are more
        ("update marts.fct_posts set hashtags = [] where capture_id = 'bad' and post_id in (select post_id from "
         "marts.fct_posts where capture_id = 'bad' order by post_id limit 6)", True),
        ("update marts.fct_posts set hashtags = [] where capture_id = 'bad' and post_id in (select post_id from "
         "marts.fct_posts where capture_id = 'bad' order by post_id limit 7)", False),
        # a cut text, or one that nobody compares, says nothing
        ("update marts.fct_posts set hashtags = [], text_is_complete = false", True),
        ("update marts.fct_posts set hashtags = null; "
         "update intermediate.int_posts__text_entities set is_comparison = false", True),
        # on Bluesky it is the author's program that says what a hashtag is
        ("update marts.fct_posts set hashtags = [], platform = 'bluesky'", True),
        # a spelling is no difference, nor is a hashtag written twice
        ("update marts.fct_posts set hashtags = [{'tag': 'ONE', 'start': 0, 'end': 4}, "
         "{'tag': 'one', 'start': 5, 'end': 9}]", True),
        # too few to tell
        ("delete from marts.fct_posts where post_id not in (select post_id from marts.fct_posts limit 19); "
         "update marts.fct_posts set hashtags = []", True),
    ],
)  # fmt: skip
def test_entities_are_compared_where_both_are_there_and_enough_of_them(sql: str, passes: bool) -> None:
    con = marts_database()
    con.execute(sql)
    outcome = outcome_of(con, "marts", "entities_agree_with_text")
    assert outcome.passed is passes, outcome.observed
    assert_sound(outcome)


def test_record_with_an_unknown_fate_is_not_accounted_for() -> None:
    con = marts_database()
    con.execute(
        "update intermediate.int_posts__observations set outcome = 'lost' where capture_id = 'good' and record_no = 1"
    )
    outcome = outcome_of(con, "marts", "records_accounted_for")
    assert outcome.failing_sample == [f"capture {GOOD}: {POSTS} posts loaded, {POSTS - 1} accounted for"]
