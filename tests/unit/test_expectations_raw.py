"""The raw gate: for each check one capture that passes beside one that must fail."""

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
    raw_database,
)

_IDS = "update raw.x_archive_posts set id_str = {} where capture_id = 'bad'"
_EXCEL = "cast(cast(id_str as ubigint) // 10000 * 10000 as varchar)"
_JAVASCRIPT = "cast(cast(cast(cast(id_str as double) as varchar) as hugeint) as varchar)"
_FLOAT = "cast(cast(cast(id_str as double) as hugeint) as varchar)"


def _record(number: int, text: str = "") -> str:
    return f"record {number} of data/tweets.js (id {text or posts(BAD)[number - 1][0]})"


CASES = {
    "capture_holds_records": (
        "update raw.captures set delivered_count = 0, loaded_count = 0 where capture_id = 'bad'",
        [],
    ),
    "delivered_is_loaded_plus_rejected": (
        "update raw.capture_members set delivered_count = 121 where capture_id = 'bad'",
        ["data/tweets.js (post): 121 delivered, 120 loaded, 0 rejected"],
    ),
    "rows_equal_ledger": (
        "delete from raw.x_archive_posts where capture_id = 'bad' and record_no > 117",
        ["post: 117 rows, 120 in the ledger"],
    ),
    "rejections_explained": (
        "update raw.captures set delivered_count = 122, rejected_count = 2 where capture_id = 'bad'",
        [],
    ),
    "no_rejected_records": (
        "update raw.captures set delivered_count = 121, rejected_count = 1 where capture_id = 'bad';"
        "insert into raw.rejected_records values ('bad', 'data/tweets.js', 121, 'cut_json', '', '', '', '')",
        ["record 121 of data/tweets.js (cut_json)"],
    ),
    "rejected_share_small": (
        "update raw.captures set delivered_count = 132, rejected_count = 12 where capture_id = 'bad';"
        "update raw.capture_members set delivered_count = 132, rejected_count = 12 where capture_id = 'bad';"
        "insert into raw.rejected_records select 'bad', 'data/tweets.js', 120 + n, 'cut_json', '', '', '', '' "
        "from range(1, 13) as numbers (n)",
        [f"record {number} of data/tweets.js (cut_json)" for number in range(121, 133)],
    ),
    "capture_is_whole": (
        "update raw.control_totals set stated_count = 240, agrees = false where capture_id = 'bad'",
        ["manifest.tweets: states 240, counted 120"],
    ),
    "control_totals_agree": (
        "insert into raw.control_totals values ('bad', 'tweet_headers', 130, 120, false, null, false)",
        ["tweet_headers: states 130, counted 120"],
    ),
    "owner_known": (
        "update raw.captures set owner_account_id = null, owner_handle = null where capture_id = 'bad'",
        [],
    ),
    "observed_at_known": ("update raw.captures set observed_at = null where capture_id = 'bad'", []),
    "encoding_known": ("update raw.captures set encoding = null where capture_id = 'bad'", []),
    "ids_present": (_IDS.format("null") + " and record_no in (3, 5)", [_record(3, "missing"), _record(5, "missing")]),
    "ids_well_formed": (
        _IDS.format("'t.co/1234'") + " and record_no = 7",
        [_record(7, "t.co/1234")],
    ),
    "ids_not_in_scientific_notation": (
        _IDS.format("'1.23457E+18'") + " and record_no in (7, 9)",
        [_record(7, "1.23457E+18"), _record(9, "1.23457E+18")],
    ),
    "ids_not_damaged_by_excel": (_IDS.format(_EXCEL), 20),
    "ids_not_damaged_by_javascript": (_IDS.format(_JAVASCRIPT), 20),
    "ids_not_damaged_by_float": (_IDS.format(_FLOAT), 20),
    "ids_unique_in_capture": (
        "insert into raw.x_archive_posts (capture_id, record_no, member, id_str) "
        "select capture_id, 121, member, id_str from raw.x_archive_posts where capture_id = 'bad' and record_no = 4",
        [_record(121, posts(BAD)[3][0])],
    ),
}


def test_every_check_of_the_raw_gate_has_a_case() -> None:
    assert set(CASES) == {check.name for check in for_gate("raw")}


def test_sound_captures_pass_every_check() -> None:
    assert_all_pass(raw_database(), "raw", GOOD, BAD, asset="x_archive")


@pytest.mark.parametrize("name", CASES)
def test_check_fails_for_the_broken_capture_alone(name: str) -> None:
    sql, evidence = CASES[name]
    con = raw_database()
    con.execute(sql)
    assert_fails_for_the_bad_capture_alone(con, "raw", name, evidence)


@pytest.mark.parametrize("kind", ["excel", "javascript", "float"])
def test_each_kind_of_id_damage_is_named_alone(kind: str) -> None:
    con = raw_database()
    con.execute(CASES[f"ids_not_damaged_by_{kind}"][0])
    outcomes = outcomes_by_check(con, "raw")
    failed = {name for (name, _), o in outcomes.items() if not o.passed and name.startswith("ids_not_damaged")}
    assert failed == {f"ids_not_damaged_by_{kind}"}


@pytest.mark.parametrize("written", ["1.23457e+18", "1.23457E18", "1,23e18", "1E+18"])
def test_scientific_notation_is_known_however_it_is_written(written: str) -> None:
    con = raw_database()
    con.execute(_IDS.format(f"'{written}'") + " and record_no in (7, 9)")
    outcomes = outcomes_by_check(con, "raw")
    assert not outcomes["ids_not_in_scientific_notation", BAD].passed
    assert outcomes["ids_well_formed", BAD].passed


def test_few_damaged_looking_ids_are_no_damage() -> None:
    con = raw_database()
    con.execute(_IDS.format(_EXCEL) + " and record_no <= 12")  # 10 %
    assert outcome_of(con, "raw", "ids_not_damaged_by_excel", BAD).passed


def test_one_cut_line_of_eight_is_a_warning_only() -> None:
    con = raw_database()
    con.execute("delete from raw.x_archive_posts where capture_id = 'bad' and record_no > 7")
    con.execute(
        "update raw.capture_members set delivered_count = 8, loaded_count = 7, rejected_count = 1 "
        "where capture_id = 'bad'"
    )
    con.execute(
        "update raw.captures set delivered_count = 8, loaded_count = 7, rejected_count = 1 where capture_id = 'bad'"
    )
    con.execute("insert into raw.rejected_records values ('bad', 'a.jsonl', 8, 'cut_json', '', '', '', '')")
    outcomes = outcomes_by_check(con, "raw")
    assert not outcomes["no_rejected_records", BAD].passed
    assert outcomes["rejected_share_small", BAD].passed
    assert all(o.passed for o in outcomes.values() if o.severity == "critical")


def test_short_file_of_which_most_was_rejected_fails() -> None:
    con = raw_database()
    con.execute(
        "update raw.capture_members set delivered_count = 4, loaded_count = 1, rejected_count = 3 "
        "where capture_id = 'bad'"
    )
    assert not outcome_of(con, "raw", "rejected_share_small", BAD).passed


def test_records_of_another_kind_beside_the_posts_are_no_damage() -> None:
    con = raw_database()
    con.execute("insert into raw.capture_members values ('bad', 'counts.jsonl', 'other', 169, 0, 169, 100)")
    con.execute("update raw.captures set delivered_count = 289, rejected_count = 169 where capture_id = 'bad'")
    con.execute(
        "insert into raw.rejected_records select 'bad', 'counts.jsonl', n, 'not_a_post_counts', '', '', '', '' "
        "from range(1, 170) as numbers (n)"
    )
    outcomes = outcomes_by_check(con, "raw")
    assert outcomes["rejected_share_small", BAD].passed
    assert not outcomes["no_rejected_records", BAD].passed
    assert all(outcome.passed for outcome in outcomes.values() if outcome.severity == "critical")


_CUT = (
    "insert into raw.rejected_records values ('bad', 'data/tweets.js', 120, 'cut_off', '', '', '', '');"
    "delete from raw.x_archive_posts where capture_id = 'bad' and record_no = 120;"
    "update raw.capture_members set loaded_count = 119, rejected_count = 1 where capture_id = 'bad';"
    "update raw.captures set loaded_count = 119, rejected_count = 1 where capture_id = 'bad'"
)


def test_cut_in_the_last_record_closes_the_gate_though_the_counts_agree() -> None:
    con = raw_database()
    con.execute(_CUT)
    outcomes = outcomes_by_check(con, "raw")
    broken = outcomes["capture_is_whole", BAD]
    assert not broken.passed
    assert broken.failing_sample == ["record 120 of data/tweets.js (cut_off)"]
    assert outcomes["control_totals_agree", BAD].passed
    assert outcomes["capture_is_whole", GOOD].passed


@pytest.mark.parametrize("is_census", ["false", "null"])
def test_cut_sample_that_never_promised_to_be_whole_is_a_warning_only(is_census: str) -> None:
    con = raw_database()
    con.execute(f"{_CUT}; update raw.captures set is_census = {is_census}, source = 's' where capture_id = 'bad'")
    con.execute("delete from raw.control_totals where capture_id = 'bad'")
    outcomes = outcomes_by_check(con, "raw")
    assert outcomes["capture_is_whole", BAD].passed
    assert not outcomes["no_rejected_records", BAD].passed


def test_cut_lone_file_of_an_archive_closes_the_gate_though_it_promised_nothing() -> None:
    con = raw_database()
    con.execute(f"{_CUT}; update raw.captures set is_census = null where capture_id = 'bad'")
    con.execute("delete from raw.control_totals where capture_id = 'bad'")
    broken = outcomes_by_check(con, "raw")["capture_is_whole", BAD]
    assert not broken.passed
    assert broken.failing_sample == ["record 120 of data/tweets.js (cut_off)"]


def test_statement_that_is_not_binding_closes_nothing() -> None:
    con = raw_database()
    con.execute(CASES["control_totals_agree"][0])
    outcomes = outcomes_by_check(con, "raw")
    assert not outcomes["control_totals_agree", BAD].passed
    assert all(outcome.passed for outcome in outcomes.values() if outcome.severity == "critical")


def test_sample_of_several_accounts_needs_no_owner() -> None:
    con = raw_database()
    con.execute(
        "update raw.captures set owner_account_id = null, owner_handle = null, is_census = false "
        "where capture_id = 'bad'"
    )
    assert outcome_of(con, "raw", "owner_known", BAD).passed


def test_quarantined_capture_is_not_judged_again() -> None:
    con = raw_database()
    con.execute("update raw.captures set status = 'quarantined', loaded_count = null where capture_id = 'bad'")
    assert {capture for _, capture in outcomes_by_check(con, "raw")} == {GOOD}


def test_without_captures_each_check_passes_with_no_rows() -> None:
    con = raw_database()
    con.execute("delete from raw.captures")
    outcomes = outcomes_by_check(con, "raw")
    assert set(outcomes) == {(check.name, None) for check in for_gate("raw")}
    assert all(outcome.passed and outcome.observed == "no rows" for outcome in outcomes.values())


def test_unknown_count_fails_closed_for_that_capture() -> None:
    con = raw_database()
    con.execute("update raw.captures set loaded_count = null where capture_id = 'bad'")
    outcomes = outcomes_by_check(con, "raw")
    broken = outcomes["delivered_is_loaded_plus_rejected", BAD]
    assert not broken.passed
    assert broken.severity == "critical"
    assert broken.observed.startswith("the check itself failed: ")
    assert outcomes["delivered_is_loaded_plus_rejected", GOOD].passed


def test_counts_are_told_in_words() -> None:
    outcome = outcome_of(raw_database(), "raw", "delivered_is_loaded_plus_rejected", GOOD)
    assert outcome.observed == f"{POSTS} delivered, {POSTS} loaded, 0 rejected"


def test_ids_have_the_form_of_their_platform() -> None:
    con = raw_database()
    con.execute(
        "insert into raw.bluesky_posts (capture_id, record_no, member, uri) select capture_id, record_no, member, "
        "'at://did:plc:abc/app.bsky.feed.post/3k' || record_no from raw.x_archive_posts where capture_id = 'bad'"
    )
    con.execute("delete from raw.x_archive_posts where capture_id = 'bad'")
    for name in ("ids_present", "ids_well_formed", "ids_unique_in_capture", "ids_not_damaged_by_excel"):
        assert outcome_of(con, "raw", name, BAD).passed, name
    con.execute("update raw.bluesky_posts set uri = '1400000000000000001' where record_no = 7")
    assert outcome_of(con, "raw", "ids_well_formed", BAD).failing_sample == [
        "record 7 of data/tweets.js (id 1400000000000000001)"
    ]
