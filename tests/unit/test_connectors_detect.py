"""A capture finds its connector, or an error that says what it looks like; every table exists before a load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.connectors import CONNECTORS, all_raw_tables, create_raw_tables, detect
from orchestration.connectors.base import (
    ControlTotal,
    LoadResult,
    MemberCount,
    RejectedRecord,
    insert_bookkeeping,
    sql_type,
)
from orchestration.connectors.files import CaptureFiles
from orchestration.contract import InputError
from tests.unit.connectors_support import js, new_warehouse, write

V2 = {"id": "1", "text": "a", "created_at": "2021-05-05T10:00:00.000Z", "author_id": "2"}


def source_of(path: Path, source: str | None = None) -> str:
    with CaptureFiles(path) as files:
        return detect(files, source).source


def refusal(path: Path) -> InputError:
    with CaptureFiles(path) as files, pytest.raises(InputError) as caught:
        detect(files)
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("tweets.js", js("tweets", [{"tweet": {}}]), "x_archive"),
        ("tweet.js", "window.YTD.tweet.part0 = [ ]", "x_archive"),
        ("renamed.txt", js("tweets", [{"tweet": {}}]), "x_archive"),
        ("2015_07.js", "Grailbird.data.tweets_2015_07 = [ ]", "x_archive_legacy"),
        ("tweets.csv", '"tweet_id","timestamp","text","retweeted_status_id"\n', "x_archive_legacy"),
        ("a.jsonl", json.dumps(V2), "x_api_v2"),
        ("a.json", json.dumps([V2]), "x_api_v2"),
        ("a.json", json.dumps({"data": [V2], "meta": {}}, indent=4), "x_api_v2"),
        ("a.json", json.dumps({"data": V2}), "x_api_v2"),
        ("users_1.json", json.dumps({"users": [{"id": "1", "username": "a"}]}), "x_api_v2"),
        ("a.jsonl", '{"data": [' + json.dumps(V2) * 1, "x_api_v2"),
    ],
)
def test_source_is_told_by_content_not_by_name(tmp_path: Path, name: str, content: str, source: str) -> None:
    write(tmp_path, {name: content})
    assert source_of(tmp_path / name) == source


def test_named_source_is_taken_at_its_word(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": "[]"})
    assert source_of(tmp_path / "a.json", "x_api_v2") == "x_api_v2"


def test_unknown_source_name_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": "[]"})
    with pytest.raises(InputError) as caught:
        source_of(tmp_path / "a.json", "myspace")
    assert all(connector.source in caught.value.expected for connector in CONNECTORS)


@pytest.mark.parametrize(
    ("members", "found", "code"),
    [
        ({"outbox.json": "{}", "actor.json": "{}"}, "without its outbox", "incomplete_archive"),
        ({"repo.car": "x"}, "repository of Bluesky (CAR)", "later_source"),
        ({"your_instagram_activity/content/posts_1.json": "[]"}, "Instagram", "other_platform"),
        ({"your_facebook_activity/posts/your_posts_1.json": "[]"}, "Facebook", "other_platform"),
        ({"user_data_tiktok.json": "{}"}, "TikTok", "other_platform"),
        ({"Takeout/YouTube/a.json": "{}"}, "Google Takeout", "other_platform"),
        ({"xl/workbook.xml": "<x/>", "[Content_Types].xml": "<x/>"}, "spreadsheet", "spreadsheet"),
        ({"part1.zip": "x", "part2.zip": "x"}, "archive within", "nested_archive"),
        ({"empty.json": ""}, "empty files only", "empty_file"),
        ({"notes/a.md": "# a", "b.md": "b"}, "nothing known in b.md, notes/a.md", "unknown_format"),
    ],
)
def test_other_archives_are_called_by_their_name(
    tmp_path: Path, members: dict[str, Any], found: str, code: str
) -> None:
    error = refusal(write(tmp_path / "a.zip", members))
    assert found in error.found and error.code == code and error.next_step


@pytest.mark.parametrize(
    ("name", "content", "found", "code"),
    [
        ("a.jsonl", json.dumps({"did": "d", "commit": {"collection": "c"}}), "firehose of Bluesky", "later_source"),
        ("a.json", json.dumps([{"uri": "at://x", "cid": "y"}]), "rewritten by a tool", "later_source"),
        ("a.jsonl", json.dumps({"id_str": "1", "text": "a"}), "API v1.1 without their authors", "missing_column"),
        ("a.jsonl", json.dumps({"id_str": "1", "user": {}, "__typename": "Tweet"}), "embedding", "unknown_format"),
        ("a.jsonl", json.dumps({"rest_id": "1", "legacy": {}}), "no posts", "unknown_format"),
        ("a.json", json.dumps({"data": {"user": {"result": {}}}}), "an account", "unknown_format"),
        ("a.jsonl", json.dumps({"id": "1", "created_at": "x"}), "without a text", "missing_column"),
        ("a.csv", "Date,Impressions,Likes,Engagements\n", "X Analytics table per day", "later_source"),
        ("a.csv", "Name,Amount,Year\n", "a table with the columns name and 2 of other names", "unknown_table"),
        (
            "a.csv",
            "Datetime,Tweet Id,Username\n",
            "without text; it has the columns datetime",
            "missing_column",
        ),
        ("tweets.csv", "tweet_id,source,text,expanded_urls,x\n", "tweets.csv without", "missing_column"),
        ("a.json", "<!DOCTYPE html><html>", "web page", "web_page"),
        ("a.json", " \n \n", "blanks", "empty_file"),
        ("a.xls", b"\xd0\xcf\x11\xe0 old Excel", "spreadsheet", "spreadsheet"),
        ("a.data", b"PAR1....", "Parquet", "unknown_format"),
        ("a.tar", b"x" * 257 + b"ustar", "archive", "nested_archive"),
    ],
)
def test_other_files_are_called_by_their_name(
    tmp_path: Path, name: str, content: str | bytes, found: str, code: str
) -> None:
    write(tmp_path, {name: content})
    error = refusal(tmp_path / name)
    assert found in error.found and error.code == code and error.file == name


def test_detection_reads_a_bounded_head_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as out:
        out.write((json.dumps(V2) + "\n").encode())
        out.seek(5 << 30, 1)  # a hole of 5 GiB: no room on disk
        out.write(b"x")
    read: list[int] = []
    really_head = CaptureFiles.head

    def watched(self: CaptureFiles, name: str, limit: int = 1 << 20) -> bytes:
        read.append(limit)
        return really_head(self, name, limit)

    monkeypatch.setattr(CaptureFiles, "head", watched)
    assert source_of(path) == "x_api_v2"
    assert sum(read) <= 2 << 20


def test_tables_exist_before_anything_is_loaded_and_creating_them_again_is_harmless() -> None:
    con = new_warehouse()
    create_raw_tables(con)
    there = {
        name for (name,) in con.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
    }
    assert there == set(all_raw_tables())
    ids = con.execute(
        "select distinct data_type from duckdb_columns() where schema_name = 'raw'"
        " and (column_name in ('id', 'id_str', 'tweet_id', 'author_id') or column_name like '%_id_str')"
    ).fetchall()
    assert ids == [("VARCHAR",)]


def test_shapes_become_duckdb_types() -> None:
    assert sql_type({"a": "VARCHAR", "b": [{"c": ["BIGINT"]}]}) == 'STRUCT("a" VARCHAR, "b" STRUCT("c" BIGINT[])[])'


def test_bookkeeping_of_a_load_is_inserted_in_bulk(tmp_path: Path) -> None:
    rejected = tuple(
        RejectedRecord("it's.json", number, "broken_json", "JSON", 'a "quote"', "\\ud83d é", "again")
        for number in range(1, 5001)
    )
    result = LoadResult(
        source="x_api_v2",
        platform="x",
        owner_account_id=None,
        owner_handle=None,
        owner_name=None,
        owner_created_at=None,
        observed_at=None,
        observed_at_basis="not stated",
        is_census=None,
        coverage_from=None,
        coverage_to=None,
        encoding="utf-8",
        members=(MemberCount("it's.json", "post", 5001, 1, 5000, 9),),
        control_totals=(ControlTotal("meta.result_count", 7, 5001), ControlTotal("b", 1, 1, "note")),
        rejected=rejected,
    )
    con: duckdb.DuckDBPyConnection = new_warehouse()
    insert_bookkeeping(con, "c1", result, tmp_path)
    insert_bookkeeping(con, "c2", result, tmp_path)
    assert con.execute(
        "select capture_id, count(*), max(record_no) from raw.rejected_records group by 1 order by 1"
    ).fetchall() == [
        ("c1", 5000, 5000),
        ("c2", 5000, 5000),
    ]
    assert con.execute("select distinct member, found, form from raw.rejected_records").fetchall() == [
        ("it's.json", 'a "quote"', "\\ud83d é")
    ]
    assert con.execute(
        "select statement, agrees, note from raw.control_totals where capture_id = 'c1' order by 1"
    ).fetchall() == [
        ("b", True, "note"),
        ("meta.result_count", False, None),
    ]
    assert con.execute("select count(*), sum(rejected_count) from raw.capture_members").fetchall() == [(2, 10000)]
    assert not list(tmp_path.iterdir())
