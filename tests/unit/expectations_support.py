"""Small databases on which the gates' checks pass, for tests that break them one by one.

Belongs here: two captures with sound records (`good`, `bad`), in raw and in staging. Does not belong here: tests.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from expectations import gate as gate_module
from expectations.catalog import for_gate
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
    start, step = datetime(2019, 1, 1, 0, 5, 17, tzinfo=UTC), timedelta(days=90) / POSTS
    moments = [start + step * number for number in range(POSTS - 1)]
    moments.append(datetime(2019, 3, 31, 23, 0, 41, tzinfo=UTC))
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
            "insert into raw.control_totals values (?, 'manifest.tweets', ?, ?, true, null, true)",
            [capture, POSTS, POSTS],
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


def outcomes_by_check(
    con: duckdb.DuckDBPyConnection, gate: str, only: str | None = None
) -> dict[tuple[str, str | None], Outcome]:
    """Every outcome of a gate (or of one check: ten times as fast) by check name and capture."""
    with pytest.MonkeyPatch.context() as patch:
        if only:
            patch.setattr(gate_module, "for_gate", lambda gate: [c for c in for_gate(gate) if c.name == only])
        outcomes = evaluate(con, gate)
    by_check = {(outcome.check_name, outcome.capture_id): outcome for outcome in outcomes}
    assert len(by_check) == len(outcomes), "a check spoke twice"
    return by_check


def outcome_of(con: duckdb.DuckDBPyConnection, gate: str, name: str, capture: str | None = None) -> Outcome:
    """What one check says about one capture (or the table)."""
    return outcomes_by_check(con, gate, name)[name, capture]


def assert_sound(outcome: Outcome) -> None:
    """An outcome can be stored and shown."""
    assert outcome.observed and outcome.expected and outcome.why and outcome.next_step
    assert "{" not in outcome.observed + outcome.expected, "a placeholder was left in the words"
    assert len(outcome.failing_sample) <= 20
    json.dumps(outcome.failing_sample)
    assert outcome.passed == (outcome.failing_count == 0)


def assert_all_pass(con: duckdb.DuckDBPyConnection, gate: str, *captures: str, asset: str | None = None) -> None:
    """Every check of a gate speaks, of each of these captures (or of the tables), and has nothing to say against it."""
    outcomes = outcomes_by_check(con, gate)
    assert set(outcomes) == {(check.name, capture) for check in for_gate(gate) for capture in captures or (None,)}
    for outcome in outcomes.values():
        assert outcome.passed, outcome
        assert asset in (None, outcome.asset)
        assert_sound(outcome)


def assert_fails(outcome: Outcome, evidence: list[str] | int) -> None:
    """A check that could be made has failed, and names what it found; of much evidence the number is enough."""
    assert not outcome.passed
    assert "the check itself failed" not in outcome.observed
    assert_sound(outcome)
    if isinstance(evidence, int):
        assert len(outcome.failing_sample) == evidence
        assert all(key.startswith("record ") for key in outcome.failing_sample)
    else:
        assert outcome.failing_sample == evidence


def assert_fails_for_the_bad_capture_alone(
    con: duckdb.DuckDBPyConnection, gate: str, name: str, evidence: list[str] | int
) -> None:
    outcomes = outcomes_by_check(con, gate, name)
    assert_fails(outcomes[name, BAD], evidence)
    assert all(outcome.passed for (_, capture), outcome in outcomes.items() if capture == GOOD)


def marts_database() -> duckdb.DuckDBPyConnection:
    """Marts as the models promise them, with just the columns that the gate reads."""
    con = raw_database()
    con.execute("create schema intermediate")
    con.execute("create schema marts")
    con.execute(
        "create table marts.fct_posts as select md5(concat('x:', id_str)) as post_key, md5(capture_id) as account_key, "
        "id_str as post_id, 'x' as platform, full_text as text, cast(created_at as date) as posted_date, "
        "cast(date_trunc('month', cast(created_at as timestamptz)) as date) as posted_month, "
        "case record_no % 4 when 0 then 'repost' else 'original' end as kind, capture_id, true as text_is_complete, "
        "[{'tag': 'One', 'start': 0, 'end': 4}] as hashtags from raw.x_archive_posts"
    )
    con.execute(
        "create table intermediate.int_accounts__handles as select * from "
        "(values ('k1', 'harbour'), ('k2', 'unagency'), ('k3', 'somebody')) as t (account_key, folded_handle)"
    )
    con.execute(
        "create table marts.dim_organisations as select 'UNAgency' as handle, 'An agency' as organisation_name, "
        "'x' as platform, null::varchar as account_id"
    )
    con.execute(
        "create table intermediate.int_accounts__names as select * from (values ('x', '2', 'unagency'), "
        "('x', null, 'UNAgency'), ('bluesky', '3', 'unagency'), ('x', '4', 'somebody')) "
        "as t (platform, account_id, handle)"
    )
    con.execute(
        "create table intermediate.int_accounts__display_names as select * from (values ('budi santoso', true), "
        "('fox news', true), ('budi', false)) as t (name, is_looked_for_everywhere)"
    )
    con.execute(
        "create table intermediate.int_posts__display_names as select post_key, 'fox news' as name, "
        "'no person' as left_because from marts.fct_posts"
    )
    con.execute(
        "create table intermediate.int_posts__text_entities as select post_key, true as is_comparison, "
        "[{'tag': 'one', 'start': 0, 'end': 4}] as hashtags from marts.fct_posts"
    )
    con.execute(
        "create table intermediate.int_posts__observations as select capture_id, record_no, 'x_archive' as source, "
        "md5(concat('x:', id_str)) as post_key, md5(capture_id) as account_key, 'kept' as outcome "
        "from raw.x_archive_posts"
    )
    con.execute("create table intermediate.int_accounts__deletions (account_key varchar)")
    con.execute(
        "create table marts.fct_post_volume as select account_key, posted_month, kind, count(*) as post_count, "
        "'observed' as coverage_status from marts.fct_posts group by 1, 2, 3"
    )
    # a covered month without posts is zero, a month without coverage null
    con.execute(
        "insert into marts.fct_post_volume select distinct account_key, date '2019-04-01', 'original', 0, 'partial' "
        "from marts.fct_posts union all select distinct account_key, date '2019-05-01', 'original', null, 'missing' "
        "from marts.fct_posts"
    )
    con.execute(
        "create table marts.fct_post_volume_daily as select account_key, posted_date, count(*) as post_count "
        "from marts.fct_posts group by 1, 2"
    )
    con.execute(
        "create table marts.fct_post_hashtags as select post_key, unnest(['one', 'two']) as hashtag "
        "from marts.fct_posts"
    )
    con.execute(
        "create table marts.fct_theme_hits as select post_key, 't1' as term_id, 0 as span_start, 5 as span_end "
        "from marts.fct_posts"
    )
    con.execute("create table marts.fct_post_themes as select post_key, 'labour' as theme_code from marts.fct_posts")
    con.execute(
        "create table marts.fct_interactions as select post_key, unnest(['a', 'b']) as target_account_key, "
        "'mention' as kind from marts.fct_posts"
    )
    con.execute("create table marts.fct_post_engagement as select post_key from marts.fct_posts where kind <> 'repost'")
    return con


def publish_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """A published file as readers get it, opened beside its warehouse; both may be changed by a test."""
    from expectations.catalog import CATALOG

    warehouse = marts_database()
    warehouse.execute("create schema quality")
    warehouse.execute("create schema reports")
    warehouse.execute(
        "create table quality.fct_record_accounting as select capture_id, 'post' as record_type, "
        "120 as delivered_count, 120 as loaded_count, 0 as rejected_count, 120 as loaded_post_count, "
        "120 as kept_count, 0 as duplicate_count, 0 as superseded_count, 0 as deleted_count from raw.captures "
        "union all "
        "select 'good', 'profile', 1, 1, 0, null, null, null, null, null"
    )
    warehouse.execute(
        "create table marts.dim_accounts as select * from (values "
        "('k1', 'harbour', true, true, false), ('k2', 'UNAgency', true, false, false), "
        "('k3', 'person_0123456789', false, false, false)) "
        "as t (account_key, handle, is_registered, is_capture_owner, is_focal)"
    )
    warehouse.execute("alter table marts.dim_accounts add column post_count bigint")
    warehouse.execute(
        "create table marts.fct_others_months as select 'x' as platform, date '2019-03-01' as posted_month, "
        "'original' as kind, 5 as post_count, 5 as account_count"
    )
    warehouse.execute("create table marts.fct_others_hashtag_years as select 'one' as hashtag, 5 as own_post_count")
    warehouse.execute("create table marts.dim_hashtags as select unnest(['one', 'two']) as hashtag")
    warehouse.execute("create table marts.dim_account_handles as select 'k1' as account_key, 'old_harbour' as handle")
    warehouse.execute(
        "create table reports.rpt_partners as select * from (values (1, 'unagency', 'accounts not registered'), "
        "(2, '@Old_Harbour', 'UNAgency'), (3, null, null)) as t (rank_no, target_handle, partner)"
    )
    warehouse.execute("alter table reports.rpt_partners add column account_key varchar")
    for check in CATALOG:
        if check.gate != "publish" and check.severity == "critical":
            for capture in (GOOD, BAD) if check.grain == "capture" else (None,):
                warehouse.execute(
                    "insert into raw.check_outcomes (run_id, checked_at, gate, check_name, asset, capture_id, "
                    "severity, passed) values ('run', '2026-01-01 00:00:00+00', ?, ?, ?, ?, 'critical', true)",
                    [check.gate, check.name, check.asset, capture],
                )
    path, aside = folder / "social_bi.duckdb", folder / "warehouse.duckdb"
    warehouse.execute(f"attach '{aside}' as aside")
    warehouse.execute("copy from database memory to aside")
    warehouse.execute("detach aside")
    warehouse.close()
    con = duckdb.connect()
    con.execute(f"attach '{path}' as social_bi (storage_version 'v1.2.0')")
    con.execute(f"attach '{aside}' as warehouse")
    con.execute("use social_bi")
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' "
        "and schema_name in ('marts', 'reports', 'quality')"
    ).fetchall()
    for schema, table in tables:
        con.execute(f"create schema if not exists social_bi.{schema}")
        con.execute(
            f"create table {schema}.{table} as select row_number() over () as no, * from warehouse.{schema}.{table}"
        )
        con.execute(f"alter table {schema}.{table} add primary key (no)")
        con.execute(f"comment on table {schema}.{table} is 'One row per thing.'")
        for (column,) in con.execute(
            "select column_name from duckdb_columns() where database_name = 'social_bi' and schema_name = ? "
            "and table_name = ?",
            [schema, table],
        ).fetchall():
            con.execute(f"comment on column {schema}.{table}.{column} is 'What it is.'")
    con.execute("create table quality.release as select 'r1' as release_id")
    con.execute("comment on table quality.release is 'One row: the release.'")
    con.execute("comment on column quality.release.release_id is 'Its id.'")
    con.execute("set TimeZone = 'UTC'")
    return con
