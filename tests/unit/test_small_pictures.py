"""The pictures that Dagster shows of some tables: what they say, what is drawn, that they are small and name nobody."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import duckdb
import pytest

from orchestration.publishing.small_pictures import PICTURES, SHOWN_IN_PLACE, picture


def pixels(markdown: str) -> list[bytes]:
    """The lines of a picture, one byte a pixel."""
    content = base64.b64decode(re.search(r"base64,([^)]+)\)", markdown)[1])
    width, _ = struct.unpack(">II", content[16:24])
    at = content.index(b"IDAT")
    packed = zlib.decompress(content[at + 4 : at + 4 + int.from_bytes(content[at - 4 : at])])
    above, lines = bytes(width), []
    for begin in range(0, len(packed), width + 1):
        assert packed[begin] == 2
        above = bytes((a + b) % 256 for a, b in zip(above, packed[begin + 1 : begin + 1 + width], strict=True))
        lines.append(above)
    return lines


@pytest.fixture
def tables() -> duckdb.DuckDBPyConnection:
    """Two years of an owner of a capture, and somebody else whose posts are not drawn."""
    connection = duckdb.connect()
    connection.execute(
        """
        create schema marts; create schema quality; create schema reports;
        create table marts.dim_accounts as from (values
            ('owner', 'zqowner', false, true, false), ('other', 'zqother', false, false, false)
        ) as t (account_key, handle, is_registered, is_capture_owner, is_focal);
        create table marts.fct_post_volume as
            select account_key, posted_month::date as posted_month, kind,
                case when posted_month < timestamp '2020-03-01' then 'missing' else 'observed' end as coverage_status,
                case when coverage_status = 'observed' then if(kind = 'original', 3, 1) end as post_count
            from range(timestamp '2020-01-01', timestamp '2022-01-01', interval 1 month) as m (posted_month),
                (values ('owner'), ('other')) as a (account_key), (values ('original'), ('repost')) as k (kind);
        create table marts.fct_hashtag_months as
            select 'owner' as account_key, date '2020-05-01' as posted_month, 'zqtag' as hashtag,
                5 as post_count, 4 as own_post_count;
        create table marts.fct_interaction_months as
            select * from (values
                ('owner', date '2020-05-01', 'mention', 6), ('owner', date '2022-05-01', 'reply', 3),
                ('other', date '2015-05-01', 'quote', 99)
            ) as t (account_key, posted_month, kind, post_count);
        create table quality.fct_account_coverage as
            select account_key, 'zqowner' as handle, posted_month, any_value(coverage_status) as coverage_status
            from marts.fct_post_volume where account_key = 'owner' group by all;
        create table reports.rpt_theme_years as from (values
            ('owner', 2020, 'Preven|tion', 'theme', 10, 'unvalidated'),
            ('owner', 2022, 'Preven|tion', 'theme', 5, 'unvalidated'),
            ('owner', 2023, '(no theme)', null, 8, 'unvalidated')
        ) as t (account_key, posted_year, theme_name, facet, own_post_count, validation_state);
        create table quality.fct_check_outcomes as from (values
            ('first', 'raw', true, 'critical', timestamptz '2026-01-01'),
            ('second', 'raw', false, 'warning', timestamptz '2026-01-02'),
            ('second', 'marts', false, 'critical', timestamptz '2026-01-02')
        ) as t (run_id, gate, passed, severity, checked_at);
        """
    )
    return connection


def test_volume_is_drawn_per_month_with_a_ground_where_nobody_looked(tables: duckdb.DuckDBPyConnection) -> None:
    shown = picture(tables, "fct_post_volume")
    assert "Posts per month of 1 account, 2020-01 to 2021-12, at most 4 (2020-03)" in shown
    top, *_, bottom = pixels(shown)
    own, reposts, ground = 1, 2, bottom[0]
    assert ground not in (0, own, reposts) and bottom[-2] == own and top[-2] == reposts


def test_quarters_are_drawn_of_a_long_time_so_that_it_is_shown_in_place(tables: duckdb.DuckDBPyConnection) -> None:
    tables.execute(
        "insert into marts.fct_post_volume select 'owner', m::date, 'original', 'observed', 1 + hash(m) % 200 "
        "from range(timestamp '2003-01-01', timestamp '2020-01-01', interval 1 month) as t (m)"
    )
    shown = picture(tables, "fct_post_volume")
    assert "Posts per quarter of 1 account, 2003-01 to 2021-10" in shown
    assert len(shown) < SHOWN_IN_PLACE


def test_years_coverage_themes_and_checks_say_what_a_pointer_would(tables: duckdb.DuckDBPyConnection) -> None:
    shown = {table: picture(tables, table) for table in PICTURES}
    assert "per year, 2020 to 2020. From the bottom up: own posts 4, reposts 1." in shown["fct_hashtag_months"]
    assert "2020 to 2022. From the bottom up: mention 6, reply 3, quote 0, repost 0" in shown["fct_interaction_months"]
    assert "months: green observed 22, grey missing 2." in shown["fct_account_coverage"]
    # nothing counted in a year with posts is the lowest step; a year without a row was not looked at
    assert "| Preven/tion | █·▅▁ | 15 |" in shown["rpt_theme_years"]
    assert "(no theme)" not in shown["rpt_theme_years"] and "(unvalidated)" in shown["rpt_theme_years"]
    assert "Newest: 1 warned, 1 failed." in shown["fct_check_outcomes"]
    assert all(len(markdown) < SHOWN_IN_PLACE for markdown in shown.values())


def test_no_picture_names_anybody_or_repeats_a_word(tables: duckdb.DuckDBPyConnection) -> None:
    for table in PICTURES:
        shown = picture(tables, table)
        assert "zq" not in shown and "owner" not in shown
        for packed in re.findall(r"base64,([^)]+)\)", shown):
            assert b"zq" not in base64.b64decode(packed) and b"tEXt" not in base64.b64decode(packed)


def test_most_tables_and_those_without_rows_have_none(tables: duckdb.DuckDBPyConnection) -> None:
    assert picture(tables, "dim_dates") is None
    for table in PICTURES:
        schema = tables.execute("select schema_name from duckdb_tables() where table_name = ?", [table]).fetchone()[0]
        tables.execute(f"delete from {schema}.{table}")
        assert picture(tables, table) is None, table
