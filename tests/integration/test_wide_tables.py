"""The wide tables of the demo say what the marts say, and name nobody who is not registered."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.fixtures.demo import DemoWarehouse


@pytest.fixture(scope="module")
def con(demo_warehouse: DemoWarehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse.published_file), read_only=True) as connection:
        yield connection


SHOWN = "(select * from marts.dim_accounts where is_registered or is_capture_owner or is_focal)"
# Each pair has to agree, row for row.
PAIRS = {
    "posts": (
        "select post_key, kind, posted_at from reports.posts_wide",
        f"select post_key, kind, posted_at from marts.fct_posts semi join {SHOWN} using (account_key)",
    ),
    "hashtags": (
        "select post_key, unnest(string_split(hashtags_used, '; ')) from reports.posts_wide",
        f"select post_key, hashtag from marts.fct_post_hashtags semi join {SHOWN} using (account_key)",
    ),
    "themes": (
        "select post_key, unnest(string_split(theme_codes, '; ')) from reports.posts_wide",
        f"select post_key, theme_code from marts.fct_post_themes semi join {SHOWN} using (account_key) where is_direct",
    ),
    "partners": (
        "select post_key, unnest(string_split(partners, '; ')) from reports.posts_wide",
        "select distinct post_key, dim_accounts.handle from marts.fct_interactions as i inner join marts.dim_accounts "
        f"on i.target_account_key = dim_accounts.account_key semi join {SHOWN} as shown on i.account_key = "
        "shown.account_key where not is_self and is_registered",
    ),
    "likes": (
        "select post_key, like_count from reports.posts_wide where like_count is not null",
        f"select post_key, seen.like_count from marts.fct_post_engagement as seen inner join marts.fct_posts "
        f"using (post_key) semi join {SHOWN} using (account_key) where is_latest and seen.like_count is not null",
    ),
    "months": (
        "select account_key, posted_month, post_count, repost_post_count from reports.account_months",
        "select account_key, posted_month, sum(post_count), sum(post_count) filter (where kind = 'repost') "
        f"from marts.fct_post_volume semi join {SHOWN} using (account_key) group by all",
    ),
    "active days": (
        "select account_key, sum(active_day_count) from reports.account_months group by all having sum(post_count) > 0",
        "select account_key, count(distinct posted_date) from marts.fct_posts "
        f"semi join {SHOWN} using (account_key) group by all",
    ),
    "theme months": (
        "select account_key, posted_month, theme_code, own_post_count from reports.theme_months "
        "where own_post_count > 0",
        "select account_key, posted_month, theme_code, own_post_count from marts.fct_theme_months "
        f"semi join {SHOWN} using (account_key) where own_post_count > 0",
    ),
}


@pytest.mark.parametrize("what", PAIRS)
def test_wide_table_says_what_the_marts_say(con: duckdb.DuckDBPyConnection, what: str) -> None:
    wide, narrow = (sorted(con.execute(sql).fetchall()) for sql in PAIRS[what])
    assert wide
    assert wide == narrow


def test_wide_tables_name_nobody_who_is_not_registered(con: duckdb.DuckDBPyConnection) -> None:
    private = {
        handle.lower()
        for (handle,) in con.execute(
            "select distinct handle from marts.dim_accounts where handle is not null "
            "and not (is_registered or is_capture_owner or is_focal)"
        ).fetchall()
    }
    assert len(private) > 20
    named = con.execute(
        "select unnest(string_split(partners, '; ')) from reports.posts_wide "
        + " ".join(
            f"union select handle from reports.{table}"
            for table in ("posts_wide", "account_months", "theme_months", "hashtag_months")
        )
    ).fetchall()
    assert named and not {handle.lower() for (handle,) in named if handle} & private
    ((counted,),) = con.execute("select sum(unregistered_account_count) from reports.posts_wide").fetchall()
    assert counted > 0


def test_words_of_others_are_not_in_the_widest_table(con: duckdb.DuckDBPyConnection) -> None:
    ((reposts, with_text),) = con.execute(
        "select count(*), count(text) from reports.posts_wide where not is_own"
    ).fetchall()
    assert reposts > 0 and with_text == 0


def test_calendar_has_labels_in_two_languages(con: duckdb.DuckDBPyConnection) -> None:
    named = con.execute(
        "select month_name_en, month_name_id, weekday_name_en, weekday_name_id from marts.dim_dates "
        "where calendar_date = date '2020-08-17'"
    ).fetchall()
    assert named == [("August", "Agustus", "Monday", "Senin")]
    ((gaps,),) = con.execute(
        "select count(*) from reports.account_months where month_name_en is null or month_name_id is null"
    ).fetchall()
    assert gaps == 0
