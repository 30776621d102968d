"""Small databases on which the gates' checks pass, for tests that break them one by one.

Belongs here: two captures with sound records (`good`, `bad`), in raw and in staging. Does not belong here: tests.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import duckdb

from expectations.gate import Outcome, evaluate

GOOD, BAD = "good", "bad"
POSTS = 120
_EPOCH_MS = 1288834974657


def snowflake(moment: datetime, tail: int) -> int:
    """An X id made at `moment`."""
    return ((int(moment.timestamp() * 1000) - _EPOCH_MS) << 22) | tail


def posts(capture: str) -> list[tuple[str, datetime]]:
    """Ids and times of a capture's posts: January to March 2019, whole months, undamaged ids."""
    rng = random.Random(capture)
    start, step = datetime(2019, 1, 1, 0, 5, tzinfo=UTC), timedelta(days=90) / POSTS
    moments = [start + step * number for number in range(POSTS - 1)]
    moments.append(datetime(2019, 3, 31, 23, 0, tzinfo=UTC))
    # an odd tail: no id is a multiple of 64 or of 10 but by the test's own doing
    return [(str(snowflake(m, rng.randrange(1 << 21) * 2 + 1)), m) for m in moments]


def raw_database() -> duckdb.DuckDBPyConnection:
    """Two sound captures of a modern archive in schema `raw`, with the connectors' own DDL."""
    from orchestration.connectors import create_raw_tables

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    create_raw_tables(con)
    for capture in (GOOD, BAD):
        con.execute(
            "insert into raw.captures (capture_id, file_name, source, platform, received_at, owner_account_id, "
            "owner_handle, observed_at, observed_at_basis, is_census, coverage_from, coverage_to, encoding, "
            "delivered_count, loaded_count, rejected_count, status, is_synthetic) values (?, ?, 'x_archive', 'x', "
            "'2023-01-02 00:00:00+00', '42', 'harbour', '2023-01-01 00:00:00+00', 'export date', true, "
            "'2019-01-01 00:00:00+00', '2019-04-01 00:00:00+00', 'utf-8', ?, ?, 0, 'accepted', false)",
            [capture, f"{capture}.zip", POSTS, POSTS],
        )
        con.execute(
            "insert into raw.capture_members values (?, 'data/tweets.js', 'post', ?, ?, 0, 1000)",
            [capture, POSTS, POSTS],
        )
        con.execute(
            "insert into raw.control_totals values (?, 'manifest.tweets', ?, ?, true, null)", [capture, POSTS, POSTS]
        )
        ids, moments = zip(*posts(capture), strict=True)
        con.execute(
            "insert into raw.x_archive_posts (capture_id, record_no, member, id_str, created_at, full_text) "
            "select ?, unnest(range(1, ?)), 'data/tweets.js', unnest(?), unnest(?), 'words'",
            [capture, POSTS + 1, list(ids), [moment.isoformat() for moment in moments]],
        )
    return con


def staging_database() -> duckdb.DuckDBPyConnection:
    """The same captures with a staging table that keeps the post contract (the columns the gate judges)."""
    con = raw_database()
    con.execute("create schema staging")
    con.execute(
        "create table staging.stg_x_archive__posts as select capture_id, record_no, 'x_archive' as source, "
        "'x' as platform, id_str as post_id, 'harbour' as handle, cast(created_at as timestamptz) as posted_at, "
        "'millisecond' as posted_at_precision, timestamptz '2023-01-01 00:00:00+00' as observed_at, "
        "case record_no % 4 when 0 then 'repost' when 1 then 'reply' else 'original' end as kind, "
        "full_text as text, true as text_is_complete, 'en' as language, "
        "case when record_no % 4 <> 0 then 1 end as like_count, cast(null as bigint) as repost_count, "
        "cast(null as bigint) as reply_count, cast(null as bigint) as quote_count, "
        "cast(null as bigint) as bookmark_count, cast(null as bigint) as impression_count from raw.x_archive_posts"
    )
    return con


def outcomes_by_check(con: duckdb.DuckDBPyConnection, gate: str) -> dict[tuple[str, str | None], Outcome]:
    """Every outcome of a gate by check name and capture."""
    outcomes = evaluate(con, gate)
    by_check = {(outcome.check_name, outcome.capture_id): outcome for outcome in outcomes}
    assert len(by_check) == len(outcomes), "a check spoke twice"
    return by_check


def assert_sound(outcome: Outcome) -> None:
    """An outcome can be stored and shown."""
    assert outcome.observed and outcome.expected and outcome.why and outcome.next_step
    assert "{" not in outcome.observed + outcome.expected, "a placeholder was left in the words"
    assert len(outcome.failing_sample) <= 20
    json.dumps(outcome.failing_sample)
    assert outcome.passed == (outcome.failing_count == 0)
