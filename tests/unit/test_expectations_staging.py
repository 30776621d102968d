"""The staging gate: for each check one capture that passes beside one that must fail."""

from __future__ import annotations

import pytest

from expectations.catalog import for_gate
from tests.unit.expectations_support import (
    BAD,
    GOOD,
    POSTS,
    assert_all_pass,
    assert_fails_for_the_bad_capture_alone,
    outcome_of,
    outcomes_by_check,
    posts,
    staging_database,
)

_SET = "update staging.stg_x_archive__posts set {} where capture_id = 'bad'"


def _post(number: int, post_id: str | None = None) -> str:
    return f"record {number}, post {post_id or posts(BAD)[number - 1][0]}"


# Both captures as Bluesky's: each post seen a second after the time it states, one of the bad capture later or earlier.
_BLUESKY = (
    "create table staging.stg_bluesky__posts as select * replace ('bluesky' as platform), json_object('indexed_at', "
    "strftime(posted_at + case when capture_id = 'bad' and record_no = 2 then interval '{}' else interval '1 second' "
    "end, '%Y-%m-%dT%H:%M:%S.000+00:00')) as source_metadata from staging.stg_x_archive__posts; "
    "delete from staging.stg_x_archive__posts"
)


CASES = {
    "staging_holds_every_post": (
        "delete from staging.stg_x_archive__posts where capture_id = 'bad' and record_no = 9",
        [],
    ),
    "record_keys_unique": (
        "insert into staging.stg_x_archive__posts select * from staging.stg_x_archive__posts "
        "where capture_id = 'bad' and record_no = 9",
        [_post(9)],
    ),
    "post_ids_present": (_SET.format("post_id = null") + " and record_no = 2", ["record 2, post without id"]),
    "posted_at_present": (_SET.format("posted_at = null") + " and record_no = 2", [_post(2)]),
    "posted_after_the_platform_began": (
        _SET.format("posted_at = timestamptz '1970-01-01 00:00:00+00'") + " and record_no = 2",
        [_post(2)],
    ),
    "posted_before_it_was_observed": (
        _SET.format("posted_at = timestamptz '2023-01-02 00:00:01+00'") + " and record_no = 2",
        [_post(2)],
    ),
    "time_agrees_with_id": (
        _SET.format("posted_at = posted_at + interval '2 minutes'") + " and record_no in (2, 8)",
        [_post(2), _post(8)],
    ),
    "times_not_misread": (
        _SET.format("posted_at = posted_at - interval '7 hours 7 minutes'") + " and record_no > 10",
        [_post(number) for number in range(11, 31)],
    ),
    "times_not_in_another_zone": (
        _SET.format("posted_at = posted_at - interval '7 hours'") + " and record_no > 10",
        [_post(number) for number in range(11, 31)],
    ),
    "claimed_time_agrees_with_indexing": (_BLUESKY.format("25 hours"), [_post(2)]),
    "kinds_accepted": (_SET.format("kind = 'retweet'") + " and record_no = 4", [_post(4)]),
    "no_metrics_on_reposts": (_SET.format("impression_count = 0") + " and record_no = 8", [_post(8)]),
    "texts_complete": (_SET.format("text_is_complete = false") + " and record_no < 15", 11),
    "texts_present": (_SET.format("text = null") + " and record_no = 6", [_post(6)]),
    "handles_well_formed": (
        _SET.format("handle = 'SuaraSyntheticOrgDemo'") + " and record_no = 1",
        [_post(1)],
    ),
    "languages_well_formed": (_SET.format("language = 'in'") + " and record_no = 1", [_post(1)]),
    "no_capture_cap": (
        "update raw.captures set is_census = null where capture_id = 'bad';"
        "delete from staging.stg_x_archive__posts where capture_id = 'bad' and record_no <= 20;"
        "insert into staging.stg_x_archive__posts select posts.* replace (record_no * 10 + n as record_no) "
        "from staging.stg_x_archive__posts as posts, range(1, 5) as numbers (n) where capture_id = 'bad'",
        [],
    ),
    "no_missing_months": (
        "delete from staging.stg_x_archive__posts where capture_id = 'bad' and month(posted_at) = 2",
        ["2019-02"],
    ),
    "no_partial_edge_months": (
        "update raw.captures set coverage_from = '2018-12-11 00:00:00+00' where capture_id = 'bad'",
        [],
    ),
}


def test_every_check_of_the_staging_gate_has_a_case() -> None:
    assert set(CASES) == {check.name for check in for_gate("staging")}


def test_sound_captures_pass_every_check() -> None:
    assert_all_pass(staging_database(), "staging", GOOD, BAD, asset="stg_x_archive__posts")


@pytest.mark.parametrize("name", CASES)
def test_check_fails_for_the_broken_capture_alone(name: str) -> None:
    sql, evidence = CASES[name]
    con = staging_database()
    con.execute(sql)
    assert_fails_for_the_bad_capture_alone(con, "staging", name, evidence)


def test_three_false_times_are_a_warning_only() -> None:
    con = staging_database()
    con.execute(_SET.format("posted_at = posted_at - interval '1 day'") + " and record_no in (20, 30, 40)")
    outcomes = outcomes_by_check(con, "staging")
    assert outcomes["time_agrees_with_id", BAD].failing_count == 3
    assert outcomes["times_not_misread", BAD].passed
    assert outcomes["times_not_in_another_zone", BAD].passed


@pytest.mark.parametrize(
    ("offset", "name", "words"),
    [
        ("2 days", "times_not_misread", "172,800 seconds"),
        ("7 hours", "times_not_in_another_zone", "25,200 seconds"),
        ("5 hours 45 minutes", "times_not_in_another_zone", "20,700 seconds"),
    ],
)
def test_both_posts_of_a_short_capture_are_enough(offset: str, name: str, words: str) -> None:
    con = staging_database()
    con.execute("delete from staging.stg_x_archive__posts where capture_id = 'bad' and record_no > 2")
    con.execute(_SET.format(f"posted_at = posted_at + interval '{offset}'"))
    outcomes = outcomes_by_check(con, "staging")
    assert {check for check, capture in outcomes if capture == BAD and not outcomes[check, BAD].passed} >= {name}
    assert words in outcomes[name, BAD].observed
    other = {"times_not_misread", "times_not_in_another_zone"} - {name}
    assert all(outcomes[check, BAD].passed for check in other)


def test_ids_in_scientific_notation_are_compared_with_no_time() -> None:
    con = staging_database()
    con.execute(_SET.format("post_id = '1.08027E+18'"))
    assert outcome_of(con, "staging", "time_agrees_with_id", BAD).observed.startswith("0 of 0 posts")


def test_dates_without_time_of_day_agree_with_ids_of_the_same_day() -> None:
    con = staging_database()
    con.execute(_SET.format("posted_at = date_trunc('day', posted_at)"))
    assert outcome_of(con, "staging", "time_agrees_with_id", BAD).passed


def test_ids_older_than_time_carrying_ids_are_left_alone() -> None:
    con = staging_database()
    con.execute(_SET.format("post_id = '950558480'") + " and record_no = 2")
    outcomes = outcomes_by_check(con, "staging")
    assert outcomes["time_agrees_with_id", BAD].passed
    assert f"of {POSTS - 1} posts" in outcomes["time_agrees_with_id", BAD].observed


def test_unknown_export_time_is_replaced_by_the_time_of_delivery() -> None:
    con = staging_database()
    con.execute(_SET.format("observed_at = null"))
    assert outcome_of(con, "staging", "posted_before_it_was_observed", BAD).passed
    con.execute(_SET.format("posted_at = timestamptz '2023-01-04 00:00:00+00'") + " and record_no = 2")
    assert not outcome_of(con, "staging", "posted_before_it_was_observed", BAD).passed


def test_whole_archive_of_a_round_number_of_posts_is_no_cap() -> None:
    con = staging_database()
    con.execute(CASES["no_capture_cap"][0])
    con.execute("update raw.captures set is_census = true")
    assert outcome_of(con, "staging", "no_capture_cap", BAD).passed


def test_sample_has_no_missing_months() -> None:
    con = staging_database()
    con.execute(CASES["no_missing_months"][0])
    con.execute("update raw.captures set is_census = false")
    assert outcome_of(con, "staging", "no_missing_months", BAD).passed


def test_capture_absent_from_staging_is_seen() -> None:
    con = staging_database()
    con.execute("delete from staging.stg_x_archive__posts where capture_id = 'bad'")
    outcome = outcome_of(con, "staging", "staging_holds_every_post", BAD)
    assert not outcome.passed
    assert outcome.observed == f"{POSTS} posts loaded, 0 in staging"


def test_quarantined_capture_is_not_judged() -> None:
    con = staging_database()
    con.execute("update raw.captures set status = 'quarantined' where capture_id = 'bad'")
    assert {capture for _, capture in outcomes_by_check(con, "staging")} == {GOOD}


def test_without_staging_views_the_gate_stays_closed() -> None:
    con = staging_database()
    con.execute("drop table staging.stg_x_archive__posts")
    outcomes = outcomes_by_check(con, "staging")
    assert len(outcomes) == len(for_gate("staging"))
    assert not any(outcome.passed for outcome in outcomes.values())
    assert all("there is no staging model" in outcome.observed for outcome in outcomes.values())


def test_times_to_the_minute_agree_with_ids_of_the_same_minute() -> None:
    con = staging_database()
    con.execute(_SET.format("posted_at = date_trunc('minute', posted_at) - interval '1 minute'"))
    assert outcome_of(con, "staging", "time_agrees_with_id", BAD).passed


def test_claimed_time_within_a_day_of_indexing_is_no_gap() -> None:
    for gap in ("24 hours", "-24 hours"):
        con = staging_database()
        con.execute(_BLUESKY.format(gap))
        assert outcome_of(con, "staging", "claimed_time_agrees_with_indexing", BAD).passed


@pytest.mark.parametrize(
    ("platform", "sound", "odd"),
    [
        ("x", "harbour_1", "me.example"),
        ("bluesky", "me.bsky.social", "me"),
        ("bluesky", "xn--bcher-kva.example", "Display Name"),
        ("mastodon", "me@social.example", "me"),
        ("mastodon", "me.too-1@social.example:3000", "@me@social.example"),
    ],
)
def test_handles_have_the_form_of_their_platform(platform: str, sound: str, odd: str) -> None:
    con = staging_database()
    con.execute(_SET.format(f"platform = '{platform}', handle = '{sound}'"))
    assert outcome_of(con, "staging", "handles_well_formed", BAD).passed
    con.execute(_SET.format(f"handle = '{odd}'") + " and record_no = 1")
    assert outcome_of(con, "staging", "handles_well_formed", BAD).failing_sample == [_post(1)]


def test_only_reposts_of_a_mastodon_archive_may_be_without_a_text() -> None:
    con = staging_database()
    con.execute(_SET.format("text = null, platform = 'mastodon'") + " and record_no = 8")
    assert outcome_of(con, "staging", "texts_present", BAD).passed
    con.execute(_SET.format("platform = 'x'") + " and record_no = 8")
    assert outcome_of(con, "staging", "texts_present", BAD).failing_sample == [_post(8)]
