"""What is to be forgotten, how a record looks without it, and the search for what is left."""

from __future__ import annotations

import bz2
import contextlib
import csv
import gzip
import json
import lzma
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import zstandard
from click.testing import CliRunner
from libipld import encode_dag_cbor

from orchestration.assets.captures import mend_stored, recognise
from orchestration.cli import main
from orchestration.coding.store import COLUMNS, CodingStore
from orchestration.connectors.bluesky_repository import read_repository, without_records
from orchestration.connectors.files import CaptureFiles
from orchestration.contract import DataDir, InputError, SuaraError
from orchestration.deletion import forget, rewriting
from orchestration.deletion.begun import carry_out_told, told_outcome
from orchestration.deletion.forget import begin, clear, finish, lock, planned, prepare, prepare_capture, screen
from orchestration.deletion.gate import forgotten_outcome
from orchestration.deletion.journal import DELETION, PURGE, Journal
from orchestration.deletion.json_posts import Names, Removed, without
from orchestration.deletion.record import record_of_processing
from orchestration.deletion.requests import SCRUB_GEO, Target, read_request
from orchestration.deletion.resolve import Resolution, resolve
from orchestration.deletion.retention import due, set_retention
from orchestration.deletion.rewriting import chunks, rewrite
from orchestration.deletion.sharing import HYDRATED, IDS, Handed, export_posts, handed_out, left
from orchestration.deletion.traces import Traces, search_file
from orchestration.deletion.unread import leave_out_unread
from orchestration.text.corpus import Selection
from orchestration.warehouse.ledger import Ledger, digest_of
from tests.fixtures.json_captures import bluesky_repository, mastodon_status
from tests.fixtures.key import TEST_KEY
from tests.unit.table_samples import KINDS, OLD, QUOTE, REPOST, SAMPLES, moment, post_id

GONE = "1600000000000000001"
STAYS = "1600000000000000002"
TEXT = "A sentence about zirconium herons that no other post of this file has in it, ever."
OTHER = "Another sentence, about the weather in an imaginary port and the boats in it."


# What a request names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (GONE, Target("x", "post", GONE)),
        (f"https://twitter.com/IOM/status/{GONE}?s=20", Target("x", "post", GONE)),
        ("@IOM_Indonesia", Target("x", "account", "iom_indonesia")),
        ("https://x.com/IOM_Indonesia", Target("x", "account", "iom_indonesia")),
        ("account:77", Target("x", "account", "77")),
        ("@me@a.example", Target("mastodon", "account", "me@a.example")),
        ("@me.bsky.social", Target("bluesky", "account", "me.bsky.social")),
        ("did:plc:abc", Target("bluesky", "account", "did:plc:abc")),
        ("https://a.example/@me/5", Target("mastodon", "post", "https://a.example/users/me/statuses/5")),
        (
            "https://bsky.app/profile/did:plc:abc/post/3k",
            Target("bluesky", "post", "at://did:plc:abc/app.bsky.feed.post/3k"),
        ),
        ('{"id":"5","action":"delete","reason":"suspended"}', Target("x", "post", "5", "suspended")),
        ('{"id":"5","action":"delete"}', Target("x", "post", "5", "deleted")),
        # a short id of 2013: a post of that year has a long one, an account had not
        (
            '{"id":"1482680858","action":"delete","created_at":"2013-06-04T16:25:04+00:00","reason":"protected"}',
            Target("x", "account", "1482680858", "protected"),
        ),
        (
            '{"id":"1482680858","action":"delete","created_at":"2009-04-08T16:25:04.000Z","reason":"protected"}',
            Target("x", "post", "1482680858", "protected"),
        ),
        (
            '{"id":"1170147183095664640","action":"delete","created_at":"2019-09-07T01:30:03.390Z","reason":"protected"}',
            Target("x", "post", "1170147183095664640", "protected"),
        ),
        ('{"delete":{"status":{"id":5,"id_str":"5","user_id":6}}}', Target("x", "post", "5", "deleted")),
        ('{"data":{"user_suspend":{"user":{"id":"7"}}}}', Target("x", "account", "7", "suspended")),
        ('{"id":"5","action":"scrub_geo","reason":"scrub_geo"}', Target("x", "post", "5", SCRUB_GEO, SCRUB_GEO)),
        ('{"id":"5","action":"delete","reason":"scrub_geo"}', Target("x", "post", "5", SCRUB_GEO, SCRUB_GEO)),
        ('{"id":"5","action":"scrub_geo","reason":"geo_scrubbed"}', Target("x", "post", "5", SCRUB_GEO, SCRUB_GEO)),
    ],
)
def test_a_line_names_a_post_or_an_account(tmp_path: Path, line: str, expected: Target) -> None:
    path = tmp_path / "request.txt"
    # what a result of X says besides, and nothing has to go for
    others = '{"id":"6","action":"rehydrate","reason":"tweet_edited"}\n{"error":"invalid_id","id":"x"}'
    path.write_text(f"# why\n\n{line}\n{others}\n{line}\n", encoding="utf-8")
    assert read_request(path) == [expected]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("1.23457E+17", "'1.23457E+17'"),
        ("some text", "'some text'"),
        ('{"id":"5","action":"delete","reason":"bored"}', "'bored'"),
        ('{"id":"5","action":"keep"}', "'keep'"),
        ('{"id":"x","action":"delete"}', "'x'"),
        ('{"id":"5","action":"del', "broken JSON"),
        ('{"scrub_geo":{"user_id":5,"up_to_status_id":9}}', "places of an account's posts"),
        ("https://bsky.app/profile/me.bsky.social/post/3k", "one with a handle"),
    ],
)
def test_a_line_that_names_nothing_is_told_with_its_number(tmp_path: Path, line: str, found: str) -> None:
    path = tmp_path / "request.txt"
    path.write_text(f"5\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_request(path)
    assert "request.txt, line 2: expected" in str(error.value)
    assert found in str(error.value)


def test_an_empty_result_of_batch_compliance_is_valid(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert read_request(tmp_path / "empty.jsonl") == []


def test_ids_of_a_job_for_users_are_accounts(tmp_path: Path) -> None:
    (tmp_path / "users.jsonl").write_text('{"id":"5","action":"delete","reason":"deactivated"}\n6\n')
    found = read_request(tmp_path / "users.jsonl", accounts=True)
    assert [(one.kind, one.value) for one in found] == [("account", "5"), ("account", "6")]


# Records ----------------------------------------------------------------------------------------------------------


def user(number: str, handle: str) -> dict[str, str]:
    return {"id_str": number, "screen_name": handle}


REMOVED = {
    "post of v1.1": {"id_str": GONE, "text": TEXT, "user": user("1", "a")},
    "post of v2": {"id": GONE, "text": TEXT},
    "page of one post": {"data": {"id": GONE, "text": TEXT}, "includes": {"users": []}},
    "wrapped post of an archive": {"tweet": {"id_str": GONE, "full_text": TEXT}},
    "header of an archive": {"tweet": {"tweet_id": GONE, "user_id": "1"}},
    "retweet that holds it": {"id_str": STAYS, "text": "RT @a", "retweeted_status": {"id_str": GONE, "text": TEXT}},
    "repost that names it": {"id": STAYS, "text": "RT", "referenced_tweets": [{"type": "retweeted", "id": GONE}]},
    "entry of the web client": {"content": {"itemContent": {"tweet_results": {"result": {"rest_id": GONE}}}}},
    "boost of Mastodon": {"uri": "s/2", "content": "", "reblog": {"uri": GONE, "content": TEXT}},
    "post of an outbox": {"type": "Create", "object": {"id": GONE, "content": TEXT}},
    "announcement of an outbox": {"type": "Announce", "id": "a/1", "object": GONE},
    "post of an activity stream": {
        "id": f"tag:search.twitter.com,2005:{GONE}",
        "verb": "post",
        "body": TEXT,
        "object": {"id": f"object:search.twitter.com,2005:{GONE}", "summary": TEXT},
    },
    "repost of an activity stream": {
        "id": f"tag:search.twitter.com,2005:{STAYS}",
        "verb": "share",
        "body": f"RT @a: {TEXT}",
        "object": {"id": f"tag:search.twitter.com,2005:{GONE}", "body": TEXT},
    },
    "post of a feed": {"post": {"uri": GONE, "record": {"text": TEXT}}},
    "repost of a repository": {"uri": "at://1", "value": {"$type": "repost", "subject": {"uri": GONE, "cid": "c"}}},
}


@pytest.mark.parametrize("name", REMOVED)
def test_a_record_goes_with_its_post(name: str) -> None:
    stays, _ = without(json.loads(json.dumps(REMOVED[name])), Names(frozenset({GONE})), Removed())
    assert not stays


KEPT: dict[str, tuple[Any, Any]] = {
    "a reply keeps the id that it answers": (
        {"id": STAYS, "text": OTHER, "referenced_tweets": [{"type": "replied_to", "id": GONE, "text": TEXT}]},
        {"id": STAYS, "text": OTHER, "referenced_tweets": [{"type": "replied_to", "id": GONE}]},
    ),
    "a quote loses what it quotes": (
        {"id_str": STAYS, "text": OTHER, "quoted_status_id_str": GONE, "quoted_status": {"id_str": GONE, "text": TEXT}},
        {"id_str": STAYS, "text": OTHER, "quoted_status_id_str": GONE},
    ),
    "a page keeps its other posts": (
        {"data": [{"id": GONE, "text": TEXT}, {"id": STAYS, "text": OTHER}], "includes": {"tweets": [{"id": GONE}]}},
        {"data": [{"id": STAYS, "text": OTHER}], "includes": {"tweets": []}},
    ),
    "a deletion stays told": (
        {"tweet": {"id_str": GONE, "full_text": TEXT, "deleted_at": "Mon"}},
        {"tweet": {"id_str": GONE, "deleted_at": "Mon"}},
    ),
    "a deletion of a stream stays told": (
        {"delete": {"status": {"id": int(GONE), "user_id": 3}}},
        {"delete": {"status": {"id": int(GONE), "user_id": 3}}},
    ),
    "a deletion of a stream of v2 stays told": (
        {"data": {"delete": {"tweet": {"id": GONE, "author_id": "3"}, "event_at": "2022-12-23T12:34:56.789Z"}}},
        {"data": {"delete": {"tweet": {"id": GONE, "author_id": "3"}, "event_at": "2022-12-23T12:34:56.789Z"}}},
    ),
    "a strong reference stays without the hash of what it refers to": (
        {"uri": STAYS, "record": {"text": OTHER, "reply": {"parent": {"uri": GONE, "cid": "c"}}}},
        {"uri": STAYS, "record": {"text": OTHER, "reply": {"parent": {"uri": GONE}}}},
    ),
    "a strong reference of the Python SDK stays": (
        {"uri": STAYS, "record": {"text": OTHER, "embed": {"record": {"uri": GONE, "cid": "c", "py_type": "strong"}}}},
        {"uri": STAYS, "record": {"text": OTHER, "embed": {"record": {"uri": GONE, "py_type": "strong"}}}},
    ),
    "an account with the same number stays": (
        {"id_str": GONE, "screen_name": "a", "followers_count": 3},
        {"id_str": GONE, "screen_name": "a", "followers_count": 3},
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_speaks_of_a_post_stays_without_it(name: str) -> None:
    value, expected = KEPT[name]
    stays, kept = without(json.loads(json.dumps(value)), Names(frozenset({GONE})), Removed())
    assert stays
    assert kept == expected


@pytest.mark.parametrize(
    "post",
    [
        {"id_str": STAYS, "text": OTHER, "user": user("7", "Gone")},
        {"id": STAYS, "text": OTHER, "author_id": "7"},
        {"id": STAYS, "text": OTHER, "author": {"id": "9", "username": "Gone"}},
        {"uri": "at://did:plc:gone/app.bsky.feed.post/1", "record": {"text": OTHER}, "author": {"did": "did:plc:gone"}},
        {"id": f"tag:search.twitter.com,2005:{STAYS}", "body": OTHER, "actor": {"id": "id:twitter.com:7"}},
        {"id": f"tag:search.twitter.com,2005:{STAYS}", "body": OTHER, "actor": {"preferredUsername": "Gone"}},
        {"rest_id": STAYS, "legacy": {"full_text": OTHER}, "core": {"user_results": {"result": {"rest_id": "7"}}}},
    ],
)
def test_posts_of_an_account_go_with_it(post: dict) -> None:
    names = Names(accounts=frozenset({"7", "gone", "did:plc:gone"}))
    assert not without(post, names, Removed())[0]
    mentioning = {
        "id": STAYS,
        "text": OTHER,
        "author_id": "8",
        "entities": {"mentions": [{"username": "gone", "id": "7"}]},
    }
    assert without(mentioning, names, Removed())[0]


@pytest.mark.parametrize(
    ("post", "goes"),
    [
        ({"id": STAYS, "text": OTHER, "username": "Was"}, True),
        ({"id": STAYS, "text": OTHER, "user": {"id_str": "7", "screen_name": "new"}}, True),
        # whoever has the handle now
        ({"id": STAYS, "text": OTHER, "user": {"id_str": "8", "screen_name": "was"}}, False),
    ],
)
def test_a_handle_that_an_account_had_names_it_where_no_id_does(post: dict, goes: bool) -> None:
    names = Names(accounts=frozenset({"7"}), handles=frozenset({"was"}))
    assert without(post, names, Removed())[0] != goes


def test_posts_of_a_page_go_by_the_handle_beside_them() -> None:
    users = [{"id": "7", "username": "Gone"}, {"id": "8", "username": "stays"}]
    posts = [{"id": GONE, "text": TEXT, "author_id": "7"}, {"id": STAYS, "text": OTHER, "author_id": "8"}]
    page = {"data": posts, "includes": {"users": users}}
    stays, kept = without(page, Names(accounts=frozenset({"gone"})), Removed())
    assert stays and kept == {"data": posts[1:], "includes": {"users": users[1:]}}


def test_what_goes_with_a_post_and_is_named_too_is_found() -> None:
    page = {"data": {"id": GONE, "text": TEXT}, "includes": {"tweets": [{"id": STAYS, "text": OTHER}]}}
    removed = Removed()
    assert not without(page, Names(frozenset({GONE, STAYS})), removed)[0]
    assert removed.ids == {GONE, STAYS}


def test_scrub_geo_removes_the_place_and_keeps_the_post() -> None:
    post = {"id": GONE, "text": TEXT, "geo": {"coordinates": [1, 2]}, "place": {"name": "P"}, "coordinates": None}
    removed = Removed()
    stays, kept = without(post, Names(scrubbed=frozenset({GONE})), removed)
    assert stays
    assert kept == {"id": GONE, "text": TEXT, "geo": None, "place": None, "coordinates": None}
    assert removed.scrubbed == 2


def test_scrub_geo_reaches_activity_streams_and_places_beside_posts() -> None:
    place, user = {"displayName": "P"}, {"id_str": GONE, "screen_name": "a", "location": "a port"}
    activity = {
        "id": f"tag:search.twitter.com,2005:{GONE}",
        "body": TEXT,
        "geo": {"coordinates": [1, 2]},
        "location": place,
    }
    activity["actor"] = {"id": "id:twitter.com:1", "location": place}
    names = Names(scrubbed=frozenset({GONE}))
    assert without(activity, names, Removed())[1] == {
        "id": f"tag:search.twitter.com,2005:{GONE}",
        "body": TEXT,
        "geo": None,
        "location": None,
        "actor": {"id": "id:twitter.com:1", "location": place},
    }
    assert without(dict(user), names, Removed())[1] == user
    posts = [{"id": one, "text": OTHER, "geo": {"place_id": f"p{one[-1]}"}} for one in (GONE, STAYS)]
    page = {"data": posts, "includes": {"places": [{"id": "p1", "full_name": "P"}, {"id": "p2", "full_name": "Q"}]}}
    removed = Removed()
    kept = without(page, names, removed)[1]
    assert kept["data"] == [{**posts[0], "geo": None}, posts[1]]
    assert kept["includes"]["places"] == [{"id": "p2", "full_name": "Q"}]
    assert removed.scrubbed == 2


# Files ------------------------------------------------------------------------------------------------------------

LINES = [
    json.dumps({"id": i, "text": t, "created_at": "2023-01-01T00:00:00Z"}) for i, t in ((GONE, TEXT), (STAYS, OTHER))
]
NAMES = Names(frozenset({GONE}))


def rewritten(stored: Path, names: Names = NAMES) -> tuple[Path, Removed]:
    removed = Removed()
    target = stored.with_name(f"new-{stored.name}")
    assert rewrite(stored, target, names, removed)
    return target, removed


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_lines_that_stay_keep_their_bytes(tmp_path: Path, pack: Any) -> None:
    odd = '{ "id":"3",\t"text" : "\\u00e9 spaced  oddly",  "created_at":"2023-01-01T00:00:00Z"}'
    (tmp_path / "a.jsonl").write_bytes(pack("\n".join([*LINES, "", odd]).encode()))
    target, removed = rewritten(tmp_path / "a.jsonl")
    data = target.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    elif data[:4] == b"\x28\xb5\x2f\xfd":
        data = zstandard.ZstdDecompressor().stream_reader(data).read()
    else:
        assert pack(b"x") == b"x"
    assert data.decode() == f"{LINES[1]}\n\n{odd}"
    assert removed.texts == {TEXT}
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("line", "goes"),
    [
        ('{"id": 7, "text": "cut', True),
        ('{"id_str":"7","text":"cut', True),
        ('{"text": "see x.com/me/status/7", "cut', True),
        ('{"id": 77, "likes": 7, "text": "cut 7', False),
        ('{"id": 17, "text": "cut', False),
    ],
)
def test_a_broken_record_goes_by_a_short_id_only_where_ids_stand(tmp_path: Path, line: str, goes: bool) -> None:
    (tmp_path / "a.jsonl").write_text(f"{LINES[1]}\n{line}\n")
    assert rewrite(tmp_path / "a.jsonl", tmp_path / "new", Names(frozenset({"7"})), Removed()) == goes


def test_an_archive_keeps_its_other_members(tmp_path: Path) -> None:
    tweets = f'window.YTD.tweets.part0 = [\n  {{"tweet": {LINES[0]}}},\n  {{"tweet":   {LINES[1]}}}\n]'
    long = f"{TEXT} {TEXT} {TEXT} {TEXT}"
    note = {"noteTweet": {"noteTweetId": "9", "core": {"text": long + " the long rest"}}}
    cut = tweets.replace(TEXT, long[:270])
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/tweets.js", cut)
        archive.writestr("data/note-tweet.js", f"window.YTD.note_tweet.part0 = [{json.dumps(note)}]")
        archive.writestr(f"data/tweets_media/{GONE}-a.jpg", b"picture")
        archive.writestr(f"data/tweets_media/{STAYS}-a.jpg", b"other")
    plan = prepare_one(tmp_path / "a.zip", tmp_path / "data")
    with zipfile.ZipFile(plan) as archive:
        assert set(archive.namelist()) == {"data/tweets.js", "data/note-tweet.js", f"data/tweets_media/{STAYS}-a.jpg"}
        assert archive.read("data/tweets.js").decode().endswith(f'{{"tweet":   {LINES[1]}}}\n]')
        assert "[]" in archive.read("data/note-tweet.js").decode()


def prepare_one(stored: Path, root: Path) -> Path:
    """A capture of one file, written anew as `suara forget` would."""
    paths = DataDir(root)
    Ledger(paths).store(stored)
    (one,) = prepare(paths, [Target("x", "post", GONE)]).captures
    assert one.refusal is None and one.new is not None
    return one.new


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_table_keeps_its_encoding_and_its_other_rows(tmp_path: Path, encoding: str) -> None:
    rows = [f'{GONE};"{TEXT}\nsecond “line”";@a', f'{STAYS};"say ""yes"" – {OTHER} à côté";@b']
    text = "\r\n".join(["id;text;username", *rows, ""])
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    target, removed = rewritten(tmp_path / "a.csv")
    assert target.read_bytes().decode(encoding) == "\r\n".join(["id;text;username", rows[1], ""])
    assert any(TEXT in one for one in removed.texts)


def test_rows_of_a_workbook_and_of_parquet_go(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Post id", "Text"], [GONE, TEXT], [STAYS, OTHER]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    target, _ = rewritten(tmp_path / "a.xlsx")
    assert list(openpyxl.load_workbook(target).active.values) == [("Post id", "Text"), (STAYS, OTHER)]
    with duckdb.connect() as con:
        values = f"select * from (values ('{GONE}', '{TEXT}'), ('{STAYS}', '{OTHER}')) as t(id, text)"
        con.execute(f"copy ({values}) to '{tmp_path}/a.parquet'")
        target, _ = rewritten(tmp_path / "a.parquet")
        assert con.execute(f"select * from '{target}'").fetchall() == [(STAYS, OTHER)]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("name", ["minet", "four_cat", "twarc_csv", "twint", "twitter_web_exporter"])
def test_tables_lose_what_a_row_quotes_and_rows_that_pass_it_on(tmp_path: Path, name: str, kind: str) -> None:
    sample, stored = SAMPLES[name], tmp_path / f"a.{kind}"
    rows = [{key: "" if row.get(key) is None else str(row[key]) for key in sample.header} for row in sample.rows]
    quoted = {"minet": f"look « Other: {TEXT} — https://twitter.com/Other/status/{post_id(OLD)} »"}
    for row in rows:
        if row.get("id") == post_id(QUOTE):
            row |= {"text": quoted[name]} if name in quoted else {}
            row |= {"quote_body": TEXT} if "quote_body" in row else {}
    write_table(stored, rows)
    target, removed = rewritten(stored, Names(frozenset({post_id(OLD)})))
    left = read_table(target)
    key = sample.header[0]
    by_id = {row["id" if "id" in row else key]: row for row in left}
    gone = () if name == "four_cat" else (REPOST,)  # 4CAT does not say what a repost passes on
    expected = {post_id(number) for number in KINDS if number not in gone}
    assert set(by_id) == expected if name != "twint" else len(left) == len(rows) - 1
    assert TEXT not in json.dumps(left)
    if name == "minet":
        quote = by_id[post_id(QUOTE)]
        assert quote["text"] == f"look https://twitter.com/Other/status/{post_id(OLD)}" and not quote["hashtags"]
        assert quote["quoted_id"] == post_id(OLD)
    before = {json.dumps(row) for row in rows}
    assert sum(json.dumps(row) not in before for row in left) == (name in ("minet", "four_cat"))
    assert removed.records == len(gone)


PLACES = {
    "minet": ("lat", "lng"),
    "twarc-csv": ("geo.coordinates.coordinates", "geo.full_name", "geo.geo.bbox", "geo.place_id"),
    "TCAT": ("geo_lat", "geo_lng"),
    "rtweet": ("place_full_name", "country_code", "geo_coords", "coords_coords", "bbox_coords"),
    "4CAT": ("long_lat", "place_name"),
    "Fivetran": ("geo_coordinates", "coordinates_coordinates", "coordinates_type"),
    "Twint": ("near", "geo", "place"),
}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("tool", PLACES)
def test_coordinates_go_out_of_tables(tmp_path: Path, tool: str, kind: str) -> None:
    said = {"id": GONE, "text": OTHER, "location": "a port", "author.location": "a port"}
    rows = [{**said, "id": one, **dict.fromkeys(PLACES[tool], "106.8")} for one in (GONE, STAYS)]
    write_table(tmp_path / f"a.{kind}", rows)
    target, removed = rewritten(tmp_path / f"a.{kind}", Names(scrubbed=frozenset({GONE})))
    assert read_table(target) == [{**rows[0], **dict.fromkeys(PLACES[tool], "")}, rows[1]]
    assert removed.scrubbed == len(PLACES[tool])


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (list(rows[0]), *(list(row.values()) for row in rows)):
            book.active.append(row)
        book.save(path)
        return
    with (path if path.suffix == ".csv" else path.with_suffix(".csv")).open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    if path.suffix == ".parquet":
        with duckdb.connect() as con:
            con.execute(f"copy (from read_csv('{path.with_suffix('.csv')}', all_varchar = true)) to '{path}'")


def read_table(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".xlsx":
        head, *rest = openpyxl.load_workbook(path).active.values
        return [dict(zip(head, ("" if cell is None else str(cell) for cell in row), strict=True)) for row in rest]
    if path.suffix == ".parquet":
        with duckdb.connect() as con:
            result = con.execute(f"from '{path}'")
            head = [column[0] for column in result.description]
            return [dict(zip(head, ("" if c is None else c for c in row), strict=True)) for row in result.fetchall()]
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


@pytest.mark.parametrize(
    ("row", "is_copy"),
    [
        ({"answers": GONE, "seen": f"as: {TEXT}"}, True),
        ({"seen": f"as: {TEXT}"}, True),
        ({"text": f"So true! RT @a: {TEXT}"}, False),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_only_what_the_author_of_a_row_wrote_is_no_copy(tmp_path: Path, row: dict, is_copy: bool, kind: str) -> None:
    """A copy in a column that no reader knows cannot be taken out: the capture is refused."""
    empty = dict.fromkeys(("id", "text", "username", "answers", "seen"), "")
    rows = [{**empty, "id": GONE, "text": TEXT}, {**empty, "id": STAYS, "text": OTHER, **row}]
    write_table(tmp_path / f"a.{kind}", rows)
    paths = DataDir(tmp_path / "data")
    Ledger(paths).store(tmp_path / f"a.{kind}")
    (one,) = prepare(paths, [Target("x", "post", GONE)]).captures
    assert (one.refusal is not None) == is_copy


# How snscrape and rtweet write what a row quotes or passes on, read as tables.
TWEET = f"Tweet(url='https://twitter.com/a/status/{GONE}', rawContent='{TEXT}', id={GONE}, user=User(id=1))"
WITH_COPIES = {
    "an object as Python prints it": ({"quotedTweet": TWEET}, {"quotedTweet": ""}),
    "an object as JSON": ({"quotedTweet": json.dumps({"id": int(GONE), "rawContent": TEXT})}, {"quotedTweet": ""}),
    "a text beside the id": (
        {"quoted_text": TEXT, "quoted_status_id": GONE, "quoted_name": "A"},
        {"quoted_text": "", "quoted_status_id": GONE, "quoted_name": "A"},
    ),
    "a repost that holds it": ({"retweetedTweet": TWEET}, None),
    "a text of its own": ({"rawContent": f"Look(https://x.com/a/status/{GONE})"},) * 2,
    "a link to it": (
        {"outlinks": f"['https://x.com/a/status/{GONE}']"},
        {"outlinks": f"['https://x.com/a/status/{GONE}']"},
    ),
}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("name", WITH_COPIES)
def test_copies_go_out_of_cells_of_rows_that_stay(tmp_path: Path, name: str, kind: str) -> None:
    cells, left = WITH_COPIES[name]
    first = {"Tweet Id": STAYS, "Datetime": "2021-01-01 00:00:00+00:00", "Text": OTHER, "Username": "b"}
    empty = dict.fromkeys((*first, *cells), "")
    gone = {**empty, "Tweet Id": GONE, "Text": TEXT}
    write_table(tmp_path / f"a.{kind}", [{**first, **cells}, gone, {**empty, **first, "Tweet Id": "5"}])
    plan = prepare_one(tmp_path / f"a.{kind}", tmp_path / "data")
    rows = read_table(plan)
    assert [row["Tweet Id"] for row in rows] == ([] if left is None else [STAYS]) + ["5"]
    assert left is None or rows[0] == {**first, **left}


ID_COLUMNS: dict[str, Any] = {
    "row numbers called id before it": lambda number, one: {"id": str(number), "Tweet Id": one},
    "row numbers called id behind it": lambda number, one: {"Tweet Id": one, "id": str(number)},
    "a whole number with a point": lambda number, one: {"Tweet Id": f"{one}.0"},
    "fifteen digits, cut off": lambda number, one: {"Tweet Id": f"{one[0]}.{one[1:15]}E+18"},
    "sixteen digits, rounded": lambda number, one: {"Tweet Id": f"{float(one):.15e}"},
}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("name", ID_COLUMNS)
def test_an_id_is_known_wherever_the_reader_finds_it_and_however_it_is_written(
    tmp_path: Path, name: str, kind: str
) -> None:
    gone, stays = "1212315327009532952", "1212315399009532952"
    rest = {"Datetime": "2021-01-01 00:00:00+00:00", "Username": "b"}
    rows = [
        {**ID_COLUMNS[name](number, one), "Text": text, **rest}
        for number, one, text in ((7, gone, TEXT), (8, stays, OTHER))
    ]
    write_table(tmp_path / f"a.{kind}", rows)
    # 8 is the number of a row, and an early post
    target, removed = rewritten(tmp_path / f"a.{kind}", Names(frozenset({gone, "8"})))
    assert [row["Text"] for row in read_table(target)] == [OTHER]
    assert removed.texts == {TEXT}


def test_words_about_an_account_are_no_text_of_its_posts(tmp_path: Path) -> None:
    """The name of an office stands in every file about it, and in the list of registered accounts."""
    name = "Imaginary Office for Ports and Herons"
    rows = [
        {"id": one, "text": text, "author.name": name, "author.description": f"We are the {name}"}
        for one, text in ((GONE, TEXT), (STAYS, OTHER))
    ]
    write_table(tmp_path / "a.csv", rows)
    (tmp_path / "b.jsonl").write_text(json.dumps({"id": "5", "text": "Another post", "author": {"name": name}}))
    paths = DataDir(tmp_path / "data")
    for file in ("a.csv", "b.jsonl"):
        Ledger(paths).store(tmp_path / file)
    paths.registered_accounts.write_text(f"platform,handle,name\nx,a,{name}\n")
    begun = forget_it(paths)
    assert [one["file_name"] for one in begun.captures] == ["a.csv"]
    assert clear(paths, begun)
    assert finish(paths, begun, release=None)["removed_files"] == []
    assert name in paths.registered_accounts.read_text()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("same", ["&amp;amp;", "&amp;", "&"], ids=["escaped alike", "escaped once", "not escaped"])
def test_somebody_who_wrote_the_same_does_not_hold_the_deletion_up(tmp_path: Path, kind: str, same: str) -> None:
    text = f"Herons &amp;amp; boats: {TEXT}"
    write_table(tmp_path / f"same.{kind}", [{"id": STAYS, "text": text.replace("&amp;amp;", same), "username": "b"}])
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": GONE, "text": text}) + "\n" + LINES[1])
    paths = DataDir(tmp_path / "data")
    for file in (f"same.{kind}", "a.jsonl"):
        Ledger(paths).store(tmp_path / file)
    assert [one.refusal for one in prepare(paths, [Target("x", "post", GONE)]).captures] == [None]


DID = "did:plc:a"
POST, QUOTING, ODD = (f"app.bsky.feed.post/3k{key}" for key in ("gone", "quoting", "odd"))
REFERENCE = {"uri": f"at://{DID}/{POST}", "cid": "bafygone"}


def bluesky_record(text: str, **fields: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2023-01-01T00:00:00.123Z", **fields}


RECORDS: dict[str, dict[str, Any]] = {
    POST: bluesky_record(TEXT),
    QUOTING: bluesky_record(
        OTHER, embed={"$type": "app.bsky.embed.record", "record": REFERENCE}, reply={"parent": REFERENCE}
    ),
    ODD: bluesky_record("An odd one", tags=["a"], blob=bytes.fromhex("0155122000") + bytes(31), share=0.25),
    "app.bsky.feed.like/3klike": {"subject": REFERENCE, "createdAt": "2023-01-01T00:00:01.000Z"},
    "app.bsky.feed.like/3kother": {"subject": {"uri": "at://did:plc:b/x/1", "cid": "bafyother"}},
    "app.bsky.feed.repost/3krepost": {"subject": REFERENCE, "createdAt": "2023-01-01T00:00:02.000Z"},
    "app.bsky.actor.profile/self": {"displayName": "A", "createdAt": "2022-01-01T00:00:00.000Z"},
}


def records_of(content: bytes) -> dict[str, dict[str, Any] | None]:
    return dict(read_repository(content, "repo.car").records)


@pytest.mark.parametrize("pack", ["plain", "gzip", "zip", "folder"])
def test_a_post_goes_out_of_a_repository_with_what_repeats_it(tmp_path: Path, pack: str) -> None:
    content, stored = bluesky_repository(DID, RECORDS), tmp_path / "repo.car"
    if pack == "zip":
        with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("repo.car", content)
            archive.writestr("readme.txt", "mine")
    elif pack == "folder":
        stored.mkdir()
        (stored / "repo.car").write_bytes(content)
    else:
        stored.write_bytes(gzip.compress(content) if pack == "gzip" else content)
    target, removed = rewritten(stored, Names(frozenset({f"at://{DID}/{POST}"})))
    with CaptureFiles(target) as files:
        (name,) = [member.name for member in files.members() if member.name.endswith("repo.car")]
        left = b"".join(chunks(files, name))
    assert removed.texts == {TEXT}
    # what quotes and answers it keeps its address, and not the hash of what it said
    bare = {"uri": f"at://{DID}/{POST}"}
    quoting = bluesky_record(OTHER, embed={"$type": "app.bsky.embed.record", "record": bare}, reply={"parent": bare})
    kept = (ODD, "app.bsky.feed.like/3kother", "app.bsky.actor.profile/self")
    assert records_of(left) == {QUOTING: quoting} | {key: RECORDS[key] for key in kept}
    assert TEXT.encode() not in left and b"bafygone" not in left
    assert all(encode_dag_cbor(RECORDS[key]) in left for key in kept)


def test_a_repository_goes_whole_with_its_account(tmp_path: Path) -> None:
    (tmp_path / "repo.car").write_bytes(bluesky_repository(DID, RECORDS))
    ledger = Ledger(DataDir(tmp_path / "data"))
    ledger.store(tmp_path / "repo.car")
    (one,) = prepare(ledger.data_dir, [Target("bluesky", "account", DID)]).captures
    assert (one.new, one.refusal, one.records) == (None, None, 4)


def test_a_repository_is_whole_when_the_process_is_killed_while_it_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repo.car").write_bytes(bluesky_repository(DID, RECORDS))
    ledger = Ledger(DataDir(tmp_path / "data"))
    entry, _ = ledger.store(tmp_path / "repo.car")
    targets = [Target("bluesky", "post", f"at://{DID}/{POST}")]

    def killed(content: bytes, *rest: Any) -> Iterator[bytes]:
        yield from list(without_records(content, *rest))[:2]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(rewriting, "without_records", killed)
        prepare(ledger.data_dir, targets)
    assert ledger.stored_path(entry).read_bytes() == bluesky_repository(DID, RECORDS)
    assert Journal.read(ledger.data_dir) is None
    (one,) = prepare(ledger.data_dir, targets).captures
    assert one.refusal is None and one.new and TEXT.encode() not in one.new.read_bytes()
    assert (one.counts["delivered_before"], one.counts["delivered_after"]) == (4, 2)


@pytest.mark.parametrize("form", ["feed", "repository"])
def test_reposts_of_bluesky_go_with_their_post_and_with_their_account(tmp_path: Path, form: str) -> None:
    other = f"at://did:plc:b/{POST}"
    if form == "feed":
        reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": DID}, "indexedAt": "2023-01-02T00:00:00Z"}
        view = {"uri": other, "cid": "c", "author": {"did": "did:plc:b"}, "record": bluesky_record(TEXT)}
        mine = {"uri": f"at://{DID}/{ODD}", "cid": "d", "author": {"did": "did:plc:c"}, "record": bluesky_record(OTHER)}
        content = json.dumps({"feed": [{"post": view, "reason": reason}, {"post": mine}]}).encode()
    else:
        repost = {"subject": {"uri": other, "cid": "c"}, "createdAt": "2023-01-01T00:00:02.000Z"}
        content = bluesky_repository(DID, {"app.bsky.feed.repost/3k": repost, ODD: bluesky_record(OTHER)})
    (tmp_path / "capture").write_bytes(content)
    ledger = Ledger(DataDir(tmp_path / "data"))
    entry, _ = ledger.store(tmp_path / "capture")
    # staging calls a repost by what it reposts and who did it, and that is how the warehouse names it
    repost_id = f"{other}#reposted-by-{DID}"
    targets = [Target("bluesky", "post", other), Target("bluesky", "post", repost_id, "repost_of_deleted")]
    for found in (
        Resolution(targets, places={entry.capture_id: {repost_id}}),
        Resolution(targets[1:], places={entry.capture_id: {repost_id}}),
    ):
        one = prepare_capture(ledger.stored_path(entry), entry, found, tmp_path / "scratch")
        assert one is not None and one.new is not None and one.refusal is None
        assert (one.counts["delivered_before"], one.counts["delivered_after"]) == (2, 1)
        assert TEXT.encode() not in one.new.read_bytes() and OTHER.encode() in one.new.read_bytes()
        one.new.unlink()


def test_a_name_on_one_platform_names_nobody_on_another(tmp_path: Path) -> None:
    account = {"id": "7", "acct": "me", "username": "me", "url": "https://a.example/@me"}
    toots = [mastodon_status(n, content=f"<p>{OTHER} {n}</p>", account=account) for n in range(1, 4)]
    (tmp_path / "toots.json").write_text(json.dumps(toots))
    ledger = Ledger(DataDir(tmp_path / "data"))
    entry, _ = ledger.store(tmp_path / "toots.json")

    def prepared(*targets: Target) -> Any:
        return prepare_capture(ledger.stored_path(entry), entry, Resolution([*targets]), tmp_path / "scratch")

    assert prepared(Target("x", "account", "me"), Target("x", "account", "7"), Target("x", "post", "1001")) is None
    one = prepared(Target("mastodon", "account", "me@a.example"))
    assert one is not None and one.records == 3


def test_what_a_killed_process_left_does_not_stop_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(LINES))
    left = tmp_path / "new-a.jsonl.members"
    left.mkdir()
    (left / "0").write_text("half a member")
    (tmp_path / "new-a.jsonl").write_text("half a file")
    target, _ = rewritten(tmp_path / "a.jsonl")
    assert target.read_text() == LINES[1] and not left.exists()


LONG_TEXTS = {
    # what X cuts at 280 counts twice in Chinese, Japanese and Korean
    "Japanese": "新しい長い投稿の文章です安全な移住について" * 6 + "終わりま…",
    "a link behind it": "Kata panjang tentang migrasi aman dan lainnya… https://t.co/abcdefghij",
    "an answer": "@other @another Kata panjang tentang migrasi aman dan lainnya…",
}


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_the_long_text_of_a_short_cut_post_goes_with_it(tmp_path: Path, name: str) -> None:
    post, stays = post_id(0), post_id(5)
    tweets = [{"tweet": {"id_str": one, "full_text": LONG_TEXTS[name]}} for one in (post, stays)]
    whole = LONG_TEXTS[name].split("…")[0].rpartition("@another ")[2] + " &amp; all that was not shown"

    def note(number: int) -> dict[str, Any]:
        return {
            "noteTweetId": str(number),
            "core": {"text": whole},
            "createdAt": f"{moment(number):%Y-%m-%dT%H:%M:%S}.000Z",
        }

    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(tweets)}")
        notes = [{"noteTweet": note(number)} for number in (0, 5)]
        archive.writestr("data/note-tweet.js", f"window.YTD.note_tweet.part0 = {json.dumps(notes)}")
    ledger = Ledger(DataDir(tmp_path / "data"))
    entry, _ = ledger.store(tmp_path / "a.zip")
    # a copy that is delivered later: of what was deleted nothing but the id is known
    one = prepare_capture(
        ledger.stored_path(entry), entry, Resolution([Target("x", "post", post)]), tmp_path / "scratch"
    )
    assert one is not None and one.new is not None
    with zipfile.ZipFile(one.new) as archive:
        assert [
            note["noteTweet"]["noteTweetId"]
            for note in json.loads(archive.read("data/note-tweet.js").partition(b" = ")[2])
        ] == ["5"]


def test_nothing_is_written_when_nothing_has_to_go(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(LINES[1])
    assert not rewrite(tmp_path / "a.jsonl", tmp_path / "new", NAMES, Removed())
    assert not (tmp_path / "new").exists()


# The search -------------------------------------------------------------------------------------------------------


def pack_zip(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.js.gz", gzip.compress(data))


def pack_workbook_in_zip(path: Path, data: bytes) -> None:
    book = openpyxl.Workbook()
    book.active.append([data.decode()])
    book.save(path)
    inner = path.read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.xlsx", inner)


def pack_zip_in_zip(path: Path, data: bytes) -> None:
    for level in range(3):
        inner = path.read_bytes() if level else data
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("broken", b"a member that is damaged, and stands before the other")
            archive.writestr("inner", inner)
    packed = bytearray(path.read_bytes())
    packed[40] ^= 0xFF  # in the first member of the outer zip
    path.write_bytes(packed)


def cut(packed: bytes) -> bytes:
    return packed[: len(packed) * 3 // 4]


def long_after(data: bytes) -> bytes:
    """A text, and behind it what does not pack well."""
    return data + "".join(sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(20_000)).encode()


def pack_parquet(path: Path, data: bytes) -> None:
    with duckdb.connect() as con:
        con.execute(f"copy (select [{{'a': ?}}] as nested) to '{path}' (format parquet)", [data.decode()])


def pack_database(path: Path, data: bytes) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("create table posts as select i, ? as text from range(10000) as t(i)", [data.decode()])


PACKERS = {
    "plain": lambda path, data: path.write_bytes(b"x" * (1 << 20) + data),
    "json": lambda path, data: path.write_text(json.dumps({"text": data.decode()})),
    "html": lambda path, data: path.write_text(data.decode().replace("&", "&amp;").replace('"', "&quot;")),
    "utf-16": lambda path, data: path.write_bytes(data.decode().encode("utf-16")),
    "gzip": lambda path, data: path.write_bytes(gzip.compress(data)),
    "zstd": lambda path, data: path.write_bytes(zstandard.compress(data)),
    "gzip, cut": lambda path, data: path.write_bytes(cut(gzip.compress(long_after(data)))),
    "zstd, cut": lambda path, data: path.write_bytes(cut(zstandard.compress(long_after(data)))),
    "bzip2": lambda path, data: path.write_bytes(bz2.compress(data)),
    "xz": lambda path, data: path.write_bytes(lzma.compress(data)),
    "xz, cut": lambda path, data: path.write_bytes(cut(lzma.compress(long_after(data)))),
    "zip": pack_zip,
    "zips in a zip": pack_zip_in_zip,
    "workbook in a zip": pack_workbook_in_zip,
    "parquet": pack_parquet,
    "duckdb": pack_database,
}


@pytest.mark.parametrize("many", [False, True], ids=["few texts", "many texts"])
@pytest.mark.parametrize("kind", PACKERS)
def test_a_text_is_found_wherever_it_is(tmp_path: Path, kind: str, many: bool) -> None:
    text = 'Says “é” & "both" 🚤 of an imaginary port, and nothing that others say\nin a second line of it.'
    more = [f"Text number {number} of many, each with words of its own: {number * 7919}" for number in range(300)]
    traces = Traces.of([text, *(more if many else [])])
    PACKERS[kind](tmp_path / "held", text.encode())
    PACKERS[kind](tmp_path / "clean", OTHER.encode())
    assert search_file(tmp_path / "held", traces)
    assert not search_file(tmp_path / "clean", traces)


@pytest.mark.parametrize("codec", ["cp1252", "mac_roman", "utf-16-le", "utf-16-be"])
def test_a_text_is_found_in_every_code_that_tables_come_in(tmp_path: Path, codec: str) -> None:
    text = 'L’île imaginée, où l’été "déjà"'
    (tmp_path / "held").write_bytes(f'x,"{text.replace(chr(34), chr(34) * 2)}"'.encode(codec))
    assert search_file(tmp_path / "held", Traces.of([text]))


def test_marks_of_html_are_no_trace_and_what_stands_between_them_is_one(tmp_path: Path) -> None:
    # What broke: a profile with links to hashtags kept the deletion of a post of Mastodon from being begun.
    tag = (
        '<a href="https://a.example/tags/{0}" class="mention hashtag" rel="nofollow noopener" target="_blank">#{0}</a>'
    )
    traces = Traces.of([f"<p>{TEXT} {tag.format('herons')} {tag.format('boats')}</p>"])
    (tmp_path / "profile").write_text(json.dumps({"note": f"<p>I count birds {tag.format('boats')}</p>"}))
    assert not search_file(tmp_path / "profile", traces)
    for held in (TEXT, f"<p>{TEXT[:40]}</p>"):
        (tmp_path / "held").write_text(json.dumps({"note": held}))
        assert search_file(tmp_path / "held", traces), held


def test_what_other_posts_say_too_is_no_trace(tmp_path: Path) -> None:
    traces = Traces.of([TEXT]).without([f"RT: {TEXT}"])
    (tmp_path / "held").write_text(TEXT)
    assert not search_file(tmp_path / "held", traces)


# From request to receipt ------------------------------------------------------------------------------------------


@pytest.fixture
def paths(tmp_path: Path) -> DataDir:
    paths = DataDir(tmp_path / "data")
    (tmp_path / "a.jsonl").write_text("\n".join(LINES) + "\n")
    Ledger(paths).store(tmp_path / "a.jsonl")
    return paths


def forget_it(paths: DataDir) -> Journal:
    with planned(paths, [Target("x", "post", GONE)]) as plan:
        return begin(paths, plan, kind=DELETION)


def test_a_dry_run_changes_nothing(paths: DataDir) -> None:
    before = {path: path.read_bytes() for path in paths.root.rglob("*") if path.is_file()}
    with planned(paths, [Target("x", "post", GONE)]) as plan:
        assert [one.records for one in plan.captures] == [1]
    after = {path: path.read_bytes() for path in paths.root.rglob("*") if path.is_file()}
    assert before == after


@pytest.mark.parametrize("stop", ["after the journal", "after the capture", "after everything but the receipt"])
def test_a_killed_deletion_is_finished_by_the_next(paths: DataDir, stop: str) -> None:
    ledger = Ledger(paths)
    forget_it(paths)
    if stop != "after the journal":
        new = next(paths.captures.rglob(".new-*"))
        new.replace(new.with_name("a.jsonl"))
    if stop == "after everything but the receipt":
        begun = Journal.read(paths)
        assert begun is not None
        clear(paths, begun)
    # whatever was done, the next process begins with the journal
    begun = Journal.read(paths)
    assert begun is not None
    is_cleared = stop == "after everything but the receipt"
    assert forgotten_outcome(paths, ledger, paths.candidates)["passed"] == is_cleared
    assert clear(paths, begun)
    receipt = finish(paths, begun, release=None)
    (entry,) = ledger.captures()
    assert ledger.stored_path(entry).read_text() == LINES[1] + "\n"
    assert entry.removed["records"] == receipt["records_removed"] == 1
    assert Journal.read(paths) is None
    assert not list(paths.captures.rglob(".new-*"))
    assert TEXT not in json.dumps(receipt)
    assert [(row["value"], row["reason"]) for row in ledger.tombstones()] == [(GONE, "requested")]


def test_a_capture_that_cannot_be_taken_apart_is_refused_or_goes_whole(paths: DataDir, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "posts.jsonl").write_text("\n".join(LINES) + "\n")
    (folder / "notes.bin").write_bytes(b"\x01 of no kind that is read " + TEXT.encode())
    Ledger(paths).store(folder)
    with planned(paths, [Target("x", "post", GONE)]) as plan, pytest.raises(SuaraError, match="--remove-whole"):
        begin(paths, plan, kind=DELETION)
    assert Journal.read(paths) is None
    with planned(paths, [Target("x", "post", GONE)], remove_whole=True) as plan:
        begun = begin(paths, plan, kind=DELETION)
    assert clear(paths, begun)
    receipt = finish(paths, begun, release=None)
    assert sorted(one["what"] for one in receipt["captures"]) == ["removed whole", "rewritten"]
    assert [entry.file_name for entry in Ledger(paths).captures()] == ["a.jsonl"]


def test_what_no_reader_could_open_is_named_and_not_passed_over(paths: DataDir, tmp_path: Path) -> None:
    (tmp_path / "a.rar").write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(range(256)))
    ledger = Ledger(paths)
    entry, _ = ledger.store(tmp_path / "a.rar")
    assert recognise(ledger, entry) is not None
    (tmp_path / "request.txt").write_text(GONE)
    code, said = suara(paths, "forget", "--dry-run", str(tmp_path / "request.txt"))
    assert code == 0 and "a.rar: nothing in it was ever read" in said
    begun = forget_it(paths)
    assert clear(paths, begun)
    assert finish(paths, begun, release=None)["never_read"] == ["a.rar"]


def test_a_name_beside_records_that_nobody_loads_is_told_and_does_not_pass_as_searched(
    paths: DataDir, tmp_path: Path
) -> None:
    # What broke: a table in quarantine kept a person's post, and "no trace found" was said.
    ledger = Ledger(paths)
    for name, rows in {"lost.csv": f"{GONE},Somebody_Gone,a post of hers", "other.csv": "1,nobody,x"}.items():
        (tmp_path / name).write_text(f"{rows}\n{rows}\n")
        entry, _ = ledger.store(tmp_path / name)
        assert recognise(ledger, entry) is not None
    (tmp_path / "request.txt").write_text("@somebody_gone")
    code, said = suara(paths, "forget", "--dry-run", str(tmp_path / "request.txt"))
    assert code == 0 and "lost.csv: holds records that no reader loads, and a name of what goes" in said
    assert "other.csv: holds records" not in said
    begun = forget_it(paths)
    assert clear(paths, begun)
    assert finish(paths, begun, release=None)["still_named"] == ["lost.csv"]


def test_what_can_be_unpacked_and_not_read_is_refused_when_a_text_is_in_it(paths: DataDir, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.bz2").write_bytes(bz2.compress("\n".join(LINES).encode()))
    ledger = Ledger(paths)
    entry, _ = ledger.store(tmp_path / "a.jsonl.bz2")
    assert recognise(ledger, entry) is not None
    with pytest.raises(SuaraError, match=r"a\.jsonl\.bz2 .* a file that no reader opens"):
        forget_it(paths)


def test_a_file_that_ends_too_early_is_refused_when_a_deleted_post_is_in_it(paths: DataDir, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl.gz").write_bytes(cut(gzip.compress(long_after((LINES[0] + "\n" + LINES[1] + "\n").encode()))))
    ledger = Ledger(paths)
    entry, _ = ledger.store(tmp_path / "b.jsonl.gz")
    (held,) = (one for one in prepare(paths, [Target("x", "post", GONE)]).captures if one.refusal)
    assert held.entry.file_name == "b.jsonl.gz" and "read to its end" in str(held.refusal)
    # delivered after the deletion it is not kept, and whoever delivered it is told
    ledger.forget_capture(entry)
    begun = forget_it(paths)
    clear(paths, begun)
    finish(paths, begun, release=None)
    entry, _ = ledger.store(tmp_path / "b.jsonl.gz")
    with pytest.raises(InputError, match="deleted on request"):
        screen(ledger, entry)
    assert not ledger.stored_path(entry).exists()


def test_a_file_of_somebodys_own_is_named_and_stays(paths: DataDir, tmp_path: Path) -> None:
    sheet, log = paths.root / "sheet.csv", paths.dagster_home / "step.out"
    log.parent.mkdir()
    for path in (sheet, log):
        path.write_text(f"note,text\nmine,{TEXT}\n")
    shutil.copyfile(tmp_path / "a.jsonl", paths.root / "a copy as delivered.jsonl")
    begun = forget_it(paths)
    assert clear(paths, begun)
    with pytest.raises(SuaraError, match=r"found one in sheet\.csv\. .* yours to mend"):
        finish(paths, begun, release=None)
    assert sheet.exists()
    sheet.unlink()
    assert finish(paths, begun, release=None)["removed_files"] == ["dagster_home/step.out", "a copy as delivered.jsonl"]


def test_a_purge_leaves_a_receipt_and_nothing_else(paths: DataDir) -> None:
    (entry,) = Ledger(paths).captures()
    with planned(paths, [], whole=[entry.capture_id]) as plan:
        begun = begin(paths, plan, kind=PURGE, reason="API access ended")
    assert not clear(paths, begun)
    receipt = finish(paths, begun, release=None)
    assert receipt["captures"][0]["old_sha256"] == entry.capture_id
    assert receipt["reason"] == "API access ended"
    assert not Ledger(paths).captures()
    assert not [path for path in paths.root.rglob("*") if path.is_file() and TEXT in path.read_text("utf-8", "replace")]


def test_gate_fires_on_a_deleted_post_in_a_table_or_a_rejected_copy(paths: DataDir) -> None:
    ledger = Ledger(paths)
    candidate = paths.candidates / "publish"
    candidate.mkdir(parents=True)
    assert forgotten_outcome(paths, ledger, candidate)["passed"]
    begun = forget_it(paths)
    clear(paths, begun)
    finish(paths, begun, release=None)
    assert forgotten_outcome(paths, ledger, candidate)["passed"]
    for folder in (paths.rejected / "one", candidate):
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(folder / "social_bi.duckdb")) as con:
            con.execute("create schema marts")
            con.execute("create table marts.fct_posts as select ? as post_id, 'x' as text", [GONE])
            con.execute("create table marts.tombstones as select ? as post_id", [GONE])
        outcome = forgotten_outcome(paths, ledger, candidate)
        assert not outcome["passed"] and outcome["severity"] == "critical"
        assert "marts.fct_posts has 1 of them" in outcome["observed"]
        shutil.rmtree(folder)


def test_gate_fires_on_a_capture_that_was_not_searched(paths: DataDir, tmp_path: Path) -> None:
    begun = forget_it(paths)
    clear(paths, begun)
    finish(paths, begun, release=None)
    (tmp_path / "b.jsonl").write_text(LINES[0].replace("created_at", "created_at ") + "\n")
    Ledger(paths).store(tmp_path / "b.jsonl")
    assert "was not searched" in forgotten_outcome(paths, Ledger(paths), paths.candidates)["observed"]
    # a later deletion searches it for its own posts only; the next run searches it for all
    with planned(paths, [Target("x", "post", "5")]) as plan:
        begun = begin(paths, plan, kind=DELETION)
    assert clear(paths, begun)
    assert "was not searched" in forgotten_outcome(paths, Ledger(paths), paths.candidates)["observed"]
    entry = Ledger(paths).capture("b.jsonl")
    entry.source = "x_api_v2"
    Ledger(paths).write_capture(entry)
    assert mend_stored(Ledger(paths), set(), print) == {}
    assert TEXT not in Ledger(paths).stored_path(entry).read_text()
    assert forgotten_outcome(paths, Ledger(paths), paths.candidates)["passed"]


@pytest.mark.parametrize("form", ["file", "folder"])
@pytest.mark.parametrize("stop", ["between the renames", "before the old one is gone", "before the ledger knows"])
def test_a_process_that_is_killed_while_it_screens_leaves_nothing_of_what_was_deleted(
    paths: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, stop: str
) -> None:
    # What broke: the old folder stayed beside the new one, or no folder was where the ledger says.
    begun = forget_it(paths)
    clear(paths, begun)
    finish(paths, begun, release=None)
    again = tmp_path / "again"
    if form == "folder":
        again.mkdir()
        (again / "posts.jsonl").write_text("\n".join([*LINES, ""]) + "\n")
    else:
        again.write_text("\n".join([*LINES, ""]) + "\n")
    ledger = Ledger(paths)
    entry, _ = ledger.store(again)
    with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
        if stop == "between the renames":
            patched.setattr("orchestration.deletion.forget.os.replace", killed_when(".new-", os.replace))
        elif stop == "before the old one is gone":
            patched.setattr("orchestration.deletion.forget._remove", killed_when(".old-", forget._remove))
        else:
            patched.setattr("orchestration.deletion.forget.Ledger.write_capture", killed_when("", None))
        screen(ledger, entry)
    entry = ledger.capture(entry.capture_id)
    assert entry.screened is None
    with planned(paths, [Target("x", "post", "5")]):
        pass  # another request comes before the next run
    screen(ledger, entry)
    entry = ledger.capture(entry.capture_id)
    stored = ledger.stored_path(entry)
    assert [path.name for path in stored.parent.iterdir()] == ["again"]
    left = (stored / "posts.jsonl" if form == "folder" else stored).read_text()
    assert TEXT not in left and OTHER in left
    assert entry.stored_sha256 == digest_of(stored) and entry.removed["records"] == 1
    assert entry.screened == ledger.tombstones_id()


def killed_when(prefix: str, really: Any) -> Any:
    """A function that is killed when it is called with a path of that name, once a capture is in its place."""

    def called(path: Any, *rest: Any) -> Any:
        name = getattr(path, "name", "")
        if not prefix or (name.startswith(prefix) and "members" not in str(path) and not rest[:1] == (None,)):
            raise KeyboardInterrupt
        return really(path, *rest)

    return called


# What captures tell ------------------------------------------------------------------------------------------------


# An account that reports tell apart. Its key is made as the models make it.
ACCOUNTS = f"""
create schema marts;
create table marts.dim_accounts as
select '{TEST_KEY.digest("x:7")}' as account_key, true as is_registered, false as is_capture_owner, false as is_focal;
"""


# As int_accounts__ids_of_handles has it.
IDS_OF_HANDLES = """
create table intermediate.int_accounts__ids_of_handles as
select platform, lower(handle) as folded_handle, min(account_id) as account_id
from intermediate.int_posts__unioned
where account_id is not null
group by all
having count(distinct account_id) = 1
"""


@pytest.fixture
def told(paths: DataDir) -> DataDir:
    """A warehouse in which one capture holds a post of which another one says that it was deleted."""
    (entry,) = Ledger(paths).captures()
    with duckdb.connect(str(paths.warehouse)) as con:
        for schema in ("raw", "intermediate"):
            con.execute(f"create schema {schema}")
        con.execute(
            "create table intermediate.int_posts__unioned as select ? as capture_id, n::bigint as record_no, "
            "'x_api_v2' as source, 'x' as platform, id as post_id, '7' as account_id, 'org' as handle, id as "
            "version_group, null::varchar as reposted_post_id, null::varchar as reposted_account_id, null::varchar as "
            "reposted_handle, now() as posted_at, text from (values (1, ?, ?), (2, ?, ?)) as t(n, id, text)",
            [entry.capture_id, GONE, TEXT, STAYS, OTHER],
        )
        con.execute(
            "create table intermediate.int_posts__repaired (capture_id varchar, record_no bigint, source varchar, "
            "post_id varchar, account_id varchar)"
        )
        con.execute(
            "create table intermediate.int_posts__tombstones as select 'x' as platform, id as post_id, reason, "
            "timestamptz '2024-05-01 00:00:00+00' as deleted_at from (values (?, 'deleted'), (?, 'not_found'), "
            "('5', 'deleted')) as t(id, reason)",
            [GONE, STAYS],
        )
        con.execute(
            "create table intermediate.int_accounts__deletions (platform varchar, account_id varchar, reason varchar, "
            "deleted_at timestamptz)"
        )
        con.execute("create table raw.tombstones (platform varchar, kind varchar, value varchar, action varchar)")
        con.execute("create schema staging")
        for source in ("x_api_v2", "x_api_v11"):
            con.execute(
                f"create table staging.stg_{source}__notices (platform varchar, post_id varchar, account_id varchar, "
                "up_to_post_id varchar, reason varchar, told_at timestamptz)"
            )
        con.execute(IDS_OF_HANDLES)
        con.execute(ACCOUNTS)
    return paths


def test_a_run_takes_out_what_captures_tell_as_deleted(told: DataDir) -> None:
    assert not told_outcome(told)["passed"] and told_outcome(told)["failing_count"] == 1
    said: list[str] = []
    assert carry_out_told(told, said.append)
    assert said[0].startswith("1 post is told as deleted")
    (entry,) = Ledger(told).captures()
    assert Ledger(told).stored_path(entry).read_text() == LINES[1] + "\n"
    # one that was only not found may be seen again, and nobody holds the third
    assert [(row["value"], row["reason"]) for row in Ledger(told).tombstones()] == [(GONE, "deleted")]
    begun = Journal.read(told)
    assert begun is not None and begun.request["from"] == "deletions that captures deliver"
    receipt = finish(told, begun, release=None)
    assert receipt["records_removed"] == 1 and TEXT not in json.dumps(receipt)
    assert carry_out_told(told, said.append) is None and told_outcome(told)["passed"]


def test_an_account_that_captures_tell_as_gone_goes_with_all_its_posts(told: DataDir) -> None:
    with duckdb.connect(str(told.warehouse)) as con:
        con.execute("delete from intermediate.int_posts__tombstones")
        # 8 has nothing here
        con.execute(
            "insert into intermediate.int_accounts__deletions values ('x', '7', 'deactivated', null), "
            "('x', '8', 'suspended', null)"
        )
        con.execute(
            f"update intermediate.int_posts__unioned set account_id = '9', handle = 'b' where post_id = '{STAYS}'"
        )
    assert told_outcome(told)["observed"] == "1 account"
    said: list[str] = []
    assert carry_out_told(told, said.append)
    assert said[0].startswith("1 account is told as deleted")
    found = {(row["kind"], row["value"], row["reason"]) for row in Ledger(told).tombstones()}
    assert found == {
        ("account", "7", "deactivated"),
        ("account_handle", "org", "deactivated"),
        ("post", GONE, "deactivated"),
    }
    (entry,) = Ledger(told).captures()
    assert TEXT not in Ledger(told).stored_path(entry).read_text()
    begun = Journal.read(told)
    assert begun is not None and finish(told, begun, release=None)["targets"] == {
        "account, deactivated": 1,
        "account_handle, deactivated": 1,
        "post, deactivated": 1,
    }


def test_an_account_that_was_deleted_does_not_come_back_under_its_other_name(told: DataDir, tmp_path: Path) -> None:
    with planned(told, [Target("x", "account", "7")]) as plan:
        begun = begin(told, plan, kind=DELETION)
    clear(told, begun)
    finish(told, begun, release=None)
    authors = [("a", "1"), ("b", ""), ("org", "8"), ("Org", ""), ("new", "7")]
    posts = [
        {
            "Datetime": "2023-01-01 00:00:00+00:00",
            "Tweet Id": str(int(STAYS) + 10 + n),
            "Text": f"{OTHER} {n}",
            "Username": handle,
            "User Id": number,
        }
        for n, (handle, number) in enumerate(authors)
    ]
    write_table(tmp_path / "others.csv", posts)
    ledger = Ledger(told)
    entry, _ = ledger.store(tmp_path / "others.csv")
    assert screen(ledger, entry) == 2
    # 8 has the handle now
    assert read_table(ledger.stored_path(entry)) == posts[:3]


def test_an_archive_of_a_deleted_account_is_taken_out_once_it_is_read(told: DataDir) -> None:
    """An archive names its owner beside the posts, not in them: only the warehouse tells whose they are."""
    with duckdb.connect(str(told.warehouse)) as con:
        con.execute("delete from intermediate.int_posts__tombstones")
        con.execute("insert into raw.tombstones values ('x', 'account', '7', 'delete')")
        con.execute("insert into intermediate.int_accounts__deletions values ('x', '7', 'requested', null)")
    assert carry_out_told(told, lambda _: None) is False
    assert not Ledger(told).captures()


def test_what_captures_tell_stays_where_that_was_chosen_and_a_check_says_so(told: DataDir) -> None:
    assert suara(told, "retention", "--told-deletions", "keep")[0] == 0
    assert carry_out_told(told, print) is None
    outcome = told_outcome(told)
    assert (outcome["passed"], outcome["severity"], outcome["observed"]) == (False, "warning", "1 post")
    assert not Ledger(told).tombstones()


def test_made_up_posts_stay_unless_somebody_chooses_otherwise(told: DataDir) -> None:
    (entry,) = Ledger(told).captures()
    entry.is_synthetic = True
    Ledger(told).write_capture(entry)
    assert carry_out_told(told, print) is None
    assert told_outcome(told)["passed"] and "made up" in told_outcome(told)["observed"]
    Ledger(told).change_settings(told_deletions="remove")
    assert carry_out_told(told, print)


@pytest.mark.parametrize(
    "notice",
    [
        f"('x', '{GONE}', '{GONE}', null, 'scrub_geo', null)",
        f"('x', null, '8', '{GONE}', 'scrub_geo', null)",
        "('x', '8', '8', null, 'scrub_geo', null)",
    ],
    ids=["a post", "posts of an account up to one", "all posts of an account"],
)
def test_a_run_takes_out_places_that_captures_tell(told: DataDir, tmp_path: Path, notice: str) -> None:
    # What broke: such a line was carried out by `suara forget` only, and a message about an account by nothing.
    posts = [{**json.loads(line), "geo": {"place_id": "p", "coordinates": {"coordinates": [1, 2]}}} for line in LINES]
    (tmp_path / "places.jsonl").write_text("\n".join(map(json.dumps, posts)))
    entry, _ = Ledger(told).store(tmp_path / "places.jsonl")
    with duckdb.connect(str(told.warehouse)) as con:
        con.execute("delete from intermediate.int_posts__tombstones")
        con.execute(f"update intermediate.int_posts__unioned set account_id = '8' where post_id = '{GONE}'")
        con.execute("insert into staging.stg_x_api_v2__notices values ('x', null, '8', null, 'restored', null)")
        con.execute(f"insert into staging.stg_x_api_v11__notices values {notice}")
    assert told_outcome(told)["observed"] == "1 place"
    said: list[str] = []
    assert carry_out_told(told, said.append)
    assert said[0].startswith("1 place is told as deleted")
    kept = [json.loads(line) for line in Ledger(told).stored_path(entry).read_text().splitlines()]
    assert kept == [{**posts[0], "geo": None}, posts[1]]
    begun = Journal.read(told)
    assert begun is not None
    assert finish(told, begun, release=None)["targets"] == {"post, scrub_geo": 1}


def test_a_post_that_lost_its_place_before_is_deleted_when_a_capture_tells_it(told: DataDir) -> None:
    # What broke: its tombstone, of the place, passed for that of the post.
    with duckdb.connect(str(told.warehouse)) as con:
        con.execute(f"insert into raw.tombstones values ('x', 'post', '{GONE}', 'scrub_geo')")
    assert carry_out_told(told, lambda _: None)
    (entry,) = Ledger(told).captures()
    assert TEXT not in Ledger(told).stored_path(entry).read_text()


def test_what_was_refused_is_looked_at_again_by_a_later_version(
    told: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copy.csv").write_text(f"id,text,seen\n{STAYS},{OTHER},as: {TEXT}\n")
    Ledger(told).store(tmp_path / "copy.csv")
    said: list[str] = []
    assert carry_out_told(told, said.append) is None and said
    said.clear()
    assert carry_out_told(told, said.append) is None and not said
    later = tmp_path / "later" / "orchestration" / "deletion"
    later.mkdir(parents=True)
    (later / "rewriting.py").write_text("more")
    monkeypatch.setattr("orchestration.deletion.begun.PROJECT_ROOT", tmp_path / "later")
    assert carry_out_told(told, said.append) is None and said


def test_a_capture_that_cannot_be_taken_apart_keeps_what_is_told_and_is_looked_at_once(
    told: DataDir, tmp_path: Path
) -> None:
    repository = bluesky_repository(DID, {POST: bluesky_record(TEXT)}).replace(
        DID.encode(), b"did:plc:A"
    )  # a damaged commit
    (tmp_path / "repository.car").write_bytes(repository)
    Ledger(told).store(tmp_path / "repository.car")
    said: list[str] = []
    assert carry_out_told(told, said.append) is None
    assert "nothing was taken out: repository.car" in said[-1]
    assert Journal.read(told) is None and not list(told.captures.rglob(".new-*"))
    assert not told_outcome(told)["passed"]
    said.clear()
    assert carry_out_told(told, said.append) is None
    assert not said


# Retention --------------------------------------------------------------------------------------------------------


def test_captures_are_due_thirty_days_before_their_last_day(paths: DataDir) -> None:
    from datetime import date

    ledger = Ledger(paths)
    (entry,) = ledger.captures()
    assert due(ledger) == []
    set_retention(ledger, entry, purpose="study", legal_basis="agreement 7", until="2027-03-31")
    assert due(ledger, date(2027, 2, 28)) == []
    assert [one.days_left for one in due(ledger, date(2027, 3, 1))] == [30]
    assert not due(ledger, date(2027, 3, 31))[0].is_over
    assert due(ledger, date(2027, 4, 1))[0].is_over
    with pytest.raises(InputError, match="2027-12-31"):
        set_retention(ledger, entry, purpose=None, legal_basis=None, until="soon")
    with pytest.raises(InputError, match=r"after which the next run would remove a\.jsonl"):
        set_retention(ledger, entry, purpose=None, legal_basis=None, until="2020-01-01")
    assert ledger.captures()[0].retain_until == "2027-03-31"
    set_retention(ledger, entry, purpose=None, legal_basis=None, until="")
    assert ledger.captures()[0].retain_until is None and ledger.captures()[0].purpose == "study"


def test_a_capture_whose_time_is_over_goes_before_a_run(paths: DataDir) -> None:
    from orchestration.deletion.begun import go_on

    ledger = Ledger(paths)
    (entry,) = ledger.captures()
    entry.retain_until = "2020-01-01"
    ledger.write_capture(entry)
    store = lock(paths)
    assert not go_on(paths, lambda _: None)
    store.release()
    assert not ledger.captures()
    (receipt,) = paths.receipts.glob("*-retention.json")
    assert json.loads(receipt.read_text())["captures"][0]["what"] == "removed whole"


# Sharing and access -----------------------------------------------------------------------------------------------


@pytest.fixture
def warehouse(paths: DataDir) -> DataDir:
    """A warehouse with what exports read: 501 posts of an owner of a capture, one of a private person."""
    with duckdb.connect(str(paths.warehouse)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.fct_posts as select 'k' || n as post_key, if(n = 0, 'p', 'o') as account_key, "
            "true as is_own, 'x' as platform, cast(n as varchar) as post_id, 'h' as handle, 'en' as language, "
            "date '2020-01-01' + cast(n // 500 * 366 as integer) as posted_date, now() as posted_at, 't' as text "
            "from range(502) as t(n)"
        )
        con.execute(
            "create table marts.dim_accounts as select 'o' as account_key, 'h' as handle, true as is_registered, "
            "false as is_capture_owner union all select 'p', 'private', false, true"
        )
    return paths


def test_ids_are_handed_out_without_texts_and_counted(warehouse: DataDir, tmp_path: Path) -> None:
    handed = export_posts(warehouse, tmp_path / "ids.csv", Selection(), "a university")
    lines = (tmp_path / "ids.csv").read_text().splitlines()
    assert lines[0] == "platform,post_id"
    assert len(lines) == 1 + handed.count == 502
    assert "x,0" not in lines  # the post of a private person
    assert left(warehouse, IDS, "A University") == 1_500_000 - 501
    assert left(warehouse, IDS, "another") == 1_500_000


def test_no_post_to_hand_out_writes_and_counts_nothing(warehouse: DataDir, tmp_path: Path) -> None:
    with pytest.raises(SuaraError, match="account nobody: expected own posts of registered accounts; found none"):
        export_posts(warehouse, tmp_path / "ids.csv", Selection.parse(["account=nobody"]), "a university")
    assert not (tmp_path / "ids.csv").exists()
    assert handed_out(warehouse) == []


def test_ids_over_the_limit_of_thirty_days_are_refused(warehouse: DataDir, tmp_path: Path) -> None:
    def earlier(days: int, count: int) -> dict:
        at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        return vars(Handed(at, IDS, "a university", count, count, "all posts", "ids.csv"))

    place = warehouse.ledger / "exports.json"
    place.write_text(json.dumps([earlier(31, 1_499_900), earlier(29, 1_499_000)]))
    export_posts(warehouse, tmp_path / "ids.csv", Selection(), "a university")
    place.write_text(json.dumps([earlier(29, 1_499_900)]))
    with pytest.raises(SuaraError, match="1,500,000 ids of X in 30 days"):
        export_posts(warehouse, tmp_path / "more.csv", Selection(), "a university")
    assert not (tmp_path / "more.csv").exists()


def test_whole_posts_are_capped_at_500_a_day(warehouse: DataDir, tmp_path: Path) -> None:
    with pytest.raises(SuaraError, match="at most 500 posts"):
        export_posts(warehouse, tmp_path / "posts.csv", Selection(), "somebody", hydrated=True)
    assert not (tmp_path / "posts.csv").exists()
    export_posts(warehouse, tmp_path / "posts.csv", Selection.parse(["year=2020"]), "somebody", hydrated=True)
    assert (tmp_path / "posts.csv").stat().st_mode & 0o777 == 0o600
    assert left(warehouse, HYDRATED, "somebody") == 1
    with pytest.raises(SuaraError, match="499 were handed"):
        export_posts(warehouse, tmp_path / "again.csv", Selection.parse(["year=2020"]), "somebody", hydrated=True)


def test_a_recipient_is_one_by_whatever_blanks_and_letters(warehouse: DataDir, tmp_path: Path) -> None:
    export_posts(warehouse, tmp_path / "posts.csv", Selection.parse(["year=2020"]), "An  NGO ", hydrated=True)
    for name in ("an ngo", "An\u00a0NGO", "An N\u200bGO", "\uff21n NGO\n"):
        assert left(warehouse, HYDRATED, name) == 1, name
    assert left(warehouse, HYDRATED, "another NGO") == 500
    # a clock that was set back by a day
    assert left(warehouse, HYDRATED, "an ngo", datetime.now(UTC) - timedelta(days=1)) == 1
    assert left(warehouse, HYDRATED, "an ngo", datetime.now(UTC) + timedelta(days=1)) == 500
    with pytest.raises(SuaraError, match="found none"):
        export_posts(warehouse, tmp_path / "posts.csv", Selection(), " \u200b", hydrated=True)


def test_nothing_is_handed_out_into_the_data_folder_or_while_a_deletion_is_under_way(
    warehouse: DataDir, tmp_path: Path
) -> None:
    before = warehouse.warehouse.read_bytes()
    for command in (("posts", "--hydrated", "--of", "year=2020", "--for", "somebody"), ("ids", "--for", "somebody")):
        code, said = suara(warehouse, "export", *command, str(warehouse.warehouse))
        assert code == 1 and "expected a place outside of" in said
    code, said = suara(warehouse, "record-of-processing", str(warehouse.warehouse))
    assert code == 1 and "expected a place outside of" in said
    assert warehouse.warehouse.read_bytes() == before
    Journal("r1", DELETION, "2026-11-27").write(warehouse)
    code, said = suara(warehouse, "export", *command, str(tmp_path / "out.csv"))
    assert code == 1 and "The deletion r1 was begun and not finished" in said
    assert not (tmp_path / "out.csv").exists() and not (warehouse.ledger / "exports.json").exists()


WRITES = {
    "words": ("words", "kwic", "x", "--csv"),
    "collocations": ("words", "collocations", "x", "--csv"),
    "keyness": ("words", "keyness", "--of", "year=2020", "--csv"),
    "agreement": ("coding", "quality", "--csv"),
    "sample": ("coding", "sample"),
    "proposals": ("coding", "suggest"),
    "clusters": ("explore", "clusters", "--of", "accounts"),
    "topics": ("explore", "topics"),
}


@pytest.mark.parametrize("name", WRITES)
def test_no_command_writes_over_what_lies_in_the_data_folder(warehouse: DataDir, name: str) -> None:
    # What broke: `--csv` took the place of whatever had that name there.
    mine = warehouse.root / "mine.csv"
    mine.write_text("mine")
    code, said = suara(warehouse, *WRITES[name], str(mine))
    assert code == 1 and "expected a place outside of" in said
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_data_folder_is_for_owner_and_group_whatever_the_umask_says(tmp_path: Path, umask: int) -> None:
    paths, before = DataDir(tmp_path / "new" / "data"), os.umask(umask)
    try:
        suara(paths, "retention")
    finally:
        os.umask(before)
    assert paths.root.stat().st_mode & 0o777 == 0o750
    assert paths.inbox.stat().st_mode & 0o777 == 0o700


def test_folders_that_hold_texts_are_for_their_owner(paths: DataDir) -> None:
    lock(paths).release()
    for name in ("captures", "rejected", "candidates", "scratch", "ledger", "receipts", "dagster_home", "dbt_target"):
        assert (paths.root / name).stat().st_mode & 0o777 == 0o700, name


def test_record_of_processing_is_that_of_the_folder(warehouse: DataDir, tmp_path: Path) -> None:
    ledger = Ledger(warehouse)
    (entry,) = ledger.captures()
    set_retention(ledger, entry, purpose="a\nstudy", legal_basis="agreement 7", until="2027-03-31")
    export_posts(warehouse, tmp_path / "ids.csv", Selection(), "a university")
    lock(warehouse).release()
    text = record_of_processing(warehouse)
    assert "| a study | agreement 7 | 2027-03-31 |" in text
    assert "| a university | ids | 501 |" in text
    assert re.search(r"^\| captures/ \|.*\| owner \|$", text, re.M)


UNREAD = (
    "direct-messages.js",
    "contact.js",
    "ad-impressions.js",
    "phone-number.js",
    "follower.js",
    "invented-in-2030.js",
)


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_an_archive_is_stored_without_what_no_reader_opens(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "archive"
    (folder / "data" / "direct_messages_media").mkdir(parents=True)
    (folder / "data" / "tweets_media").mkdir()
    (folder / "data" / "tweets.js").write_text(f'window.YTD.tweets.part0 = [{{"tweet": {LINES[1]}}}]')
    (folder / "data" / "manifest.js").write_text("window.__THAR_CONFIG = {}")
    owner = {
        "email": "canary@example.org",
        "username": "org",
        "accountId": "7",
        "createdAt": "2015-06-01T00:00:00.000Z",
    }
    (folder / "data" / "account.js").write_text(f"window.YTD.account.part0 = [{json.dumps({'account': owner})}]")
    deleted = [
        {"tweet": {"id_str": GONE, "deleted_at": "x", "full_text": "canary"}},
        {"tweet": {"full_text": "canary"}},
    ]
    (folder / "data" / "deleted-tweets.js").write_text(f"window.YTD.deleted_tweets.part0 = {json.dumps(deleted)}")
    (folder / "data" / "deleted_tweets_media").mkdir()
    (folder / "data" / "deleted_tweets_media" / f"{GONE}-a.jpg").write_bytes(b"canary")
    (folder / "data" / "direct_messages_media" / "1-a.jpg").write_bytes(b"canary")
    (folder / "data" / "tweets_media" / f"{STAYS}-a.jpg").write_bytes(b"picture" * 100)
    for name in UNREAD:
        (folder / "data" / name).write_text("canary")
    path = folder
    if form == "zip":
        path = tmp_path / "archive.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in sorted(folder.rglob("*.*")):
                archive.write(one, one.relative_to(folder).as_posix())
    paths = DataDir(tmp_path / "data")
    ledger = Ledger(paths)
    entry, _ = ledger.store(path)
    entry.source = "x_archive"
    if form == "folder":  # a process was killed between the two renames
        ledger.stored_path(entry).rename(ledger.stored_path(entry).with_name(".old-archive"))
    assert leave_out_unread(ledger, entry) == len(UNREAD) + 4
    with CaptureFiles(ledger.stored_path(entry)) as files:
        assert [member.name for member in files.members()] == [
            "data/account.js",
            "data/deleted-tweets.js",
            "data/manifest.js",
            "data/tweets.js",
            f"data/tweets_media/{STAYS}-a.jpg",
        ]
        assert files.head(f"data/tweets_media/{STAYS}-a.jpg") == b"picture" * 100
        assert STAYS in files.head_text("data/tweets.js")
        # the same form, so that the reader reads it, with fewer fields
        del owner["email"]
        assert "canary" not in "".join(files.head_text(member.name) for member in files.members())
        for name, kept in (
            ("account", [{"account": owner}]),
            ("deleted-tweets", [{"tweet": {"id_str": GONE, "deleted_at": "x"}}]),
        ):
            head, _, body = files.head_text(f"data/{name}.js").partition(" = ")
            assert (head, json.loads(body)) == (f"window.YTD.{name.replace('-', '_')}.part0", kept)
    (receipt,) = paths.receipts.glob("*-left_out.json")
    told = json.loads(receipt.read_text())
    assert set(told["members"]) == {f"data/{name}" for name in UNREAD} | {
        "data/direct_messages_media/1-a.jpg",
        f"data/deleted_tweets_media/{GONE}-a.jpg",
    }
    assert told["reduced_members"] == ["data/account.js", "data/deleted-tweets.js"]
    # the same bytes again are the same capture, and nothing of them comes back
    again, is_new = ledger.store(path)
    assert (again.capture_id, is_new) == (entry.capture_id, False)
    assert leave_out_unread(ledger, again) == 0


# What a request comes to ------------------------------------------------------------------------------------------


@pytest.fixture
def resolved(tmp_path: Path) -> DataDir:
    """A warehouse with the tables that a request is looked up in."""
    path = tmp_path / "warehouse.duckdb"
    posts = [
        # capture, record, id, account, handle, version group, reposted id, reposted account, text
        ("a", 1, "10", "7", "Org", "10", None, None, "first"),
        ("a", 2, "11", "7", "Org", "10", None, None, "first, edited"),
        ("a", 3, "12", "8", "Other", "12", "10", "7", "RT first"),
        ("b", 1, "13000", "9", "Third", "13000", None, None, "damaged id"),
        ("b", 2, "14", "9", "Third", "14", None, None, "stays"),
        ("b", 3, "15", None, "ORG", "15", None, None, "by the handle alone"),
    ]
    with duckdb.connect(str(path)) as con:
        for schema in ("raw", "intermediate"):
            con.execute(f"create schema {schema}")
        con.execute(
            "create table intermediate.int_posts__unioned (capture_id varchar, record_no bigint, post_id varchar, "
            "account_id varchar, handle varchar, version_group varchar, reposted_post_id varchar, "
            "reposted_account_id varchar, text varchar, source varchar default 's', platform varchar default 'x', "
            "reposted_handle varchar, posted_at timestamptz default '2020-05-17 00:00:00+00')"
        )
        names = (
            "capture_id, record_no, post_id, account_id, handle, version_group, reposted_post_id, reposted_account_id"
        )
        con.executemany(f"insert into intermediate.int_posts__unioned ({names}, text) values ({'?, ' * 8}?)", posts)
        con.execute(
            "create table intermediate.int_posts__repaired as select 'b' as capture_id, 1::bigint as record_no, "
            "'s' as source, '13' as post_id, '9' as account_id"
        )
        con.execute(IDS_OF_HANDLES)
        con.execute(ACCOUNTS)
    return DataDir(tmp_path)


def test_versions_and_reposts_of_a_post_go_with_it(resolved: DataDir) -> None:
    found = resolve(resolved, [Target("x", "post", "10")])
    assert {(one.value, one.reason) for one in found.targets} == {
        ("10", "requested"),
        ("11", "version_of_deleted"),
        ("12", "repost_of_deleted"),
    }
    assert found.places == {"a": {"10", "11", "12"}}
    assert found.texts == {"first", "first, edited", "RT first"}
    assert found.post_keys == {TEST_KEY.digest(f"x:{post_id}") for post_id in ("10", "11", "12")}
    # the month is told of an account that reports tell apart, not of the private person who reposted
    assert set(found.months) == {("x", "10"), ("x", "11")}
    assert str(found.months["x", "10"][1]) == "2020-05-01"


PASSED_ON = "Words that a partner wrote, of herons & boats https://t.co/abc and more of them behind a link"


@pytest.mark.parametrize(
    ("text", "goes"),
    [
        (f"RT @Org: {PASSED_ON}", True),
        (
            "RT @org: Words that a partner wrote, of herons & boats https://e.org/x and more of them behind a link",
            True,
        ),
        ("RT @Org: Words that a partner wrote, of herons & boats https://t.c…", True),
        ("RT @Org: Words that a partner wrote, of her…", True),
        ("RT @Org: Words…", False),
        ("RT @Org: Words that a partner wrote", False),
        (f"RT @Other: {PASSED_ON}", False),
        (f"So true! RT @Org: {PASSED_ON}", False),
    ],
)
def test_a_repost_that_names_only_its_author_goes_with_its_post(resolved: DataDir, text: str, goes: bool) -> None:
    with duckdb.connect(str(resolved.warehouse)) as con:
        con.execute(
            "insert into intermediate.int_posts__unioned (capture_id, record_no, post_id, account_id, handle, "
            "version_group, reposted_handle, text) values ('c', 1, '20', '7', 'Org', '20', null, ?), "
            "('d', 1, '21', '5', 'owner', '21', nullif(regexp_extract(?, '^RT @([A-Za-z0-9_]+)', 1), ''), ?)",
            [PASSED_ON, text, text],
        )
    found = resolve(resolved, [Target("x", "post", "20")])
    assert ({"d": {"21"}}.items() <= found.places.items()) == goes
    assert (Target("x", "post", "21", "repost_of_deleted") in found.targets) == goes


def test_a_repaired_post_is_found_under_the_id_that_a_file_has(resolved: DataDir) -> None:
    found = resolve(resolved, [Target("x", "post", "13", "suspended")])
    assert found.places == {"b": {"13000"}}
    assert found.names("b").posts == {"13", "13000"}
    assert found.names("a").posts == {"13"}


@pytest.mark.parametrize("name", ["7", "org"])
def test_every_post_of_an_account_goes_by_its_id_and_its_handle(resolved: DataDir, name: str) -> None:
    found = resolve(resolved, [Target("x", "account", name, "deactivated")])
    posts = {one.value: one.reason for one in found.targets if one.kind == "post"}
    assert posts.keys() == {"10", "11", "12", "15"}
    assert posts["10"] == "deactivated" and posts["12"] == "repost_of_deleted"
    # every name is kept, so that a file with another one brings nothing back
    kept = {(one.kind, one.value) for one in found.targets if one.kind != "post"}
    also = ("account_handle", "org") if name == "7" else ("account_id", "7")
    assert kept == {("account", name), also}


def test_a_handle_that_changed_hands_does_not_take_the_next_account_with_it(resolved: DataDir) -> None:
    with duckdb.connect(str(resolved.warehouse)) as con:
        con.execute("update intermediate.int_posts__unioned set handle = 'org' where account_id = '8'")
        con.execute("drop table intermediate.int_accounts__ids_of_handles")
        con.execute(IDS_OF_HANDLES)
    found = resolve(resolved, [Target("x", "account", "7")])
    # 12 goes as a repost of 10; 15 is of one of both
    assert {one.value for one in found.targets if one.kind == "post"} == {"10", "11", "12"}
    assert found.names().accounts == {"7"} and not found.names().handles
    # whoever asks for the handle gets what stands under it
    found = resolve(resolved, [Target("x", "account", "org")])
    assert {one.value for one in found.targets if one.kind == "post"} == {"10", "11", "12", "15"}
    assert found.names().accounts == {"org"}


def test_a_line_of_compliance_that_names_an_account_is_told_from_one_that_names_a_post(resolved: DataDir) -> None:
    lines = [Target("x", "post", native_id, "deactivated") for native_id in ("8", "10", "404")]
    found = resolve(resolved, [*lines, Target("x", "post", "9")])
    named = {(one.kind, one.value) for one in found.targets if one.reason in ("deactivated", "requested")}
    named.remove(("account_handle", "other"))
    # 9 is an account, too, but somebody wrote it down as the id of a post
    assert named == {("account", "8"), ("post", "12"), ("post", "10"), ("post", "404"), ("post", "9")}
    assert found.names().accounts == {"8"} and found.names().handles == {"other"}


@pytest.mark.parametrize("kind", ["account", "post"])
def test_places_of_an_account_go_and_its_posts_stay(resolved: DataDir, tmp_path: Path, kind: str) -> None:
    # What broke: a line of a job of type `users` that takes places away deleted the account with all its posts.
    (tmp_path / "users.jsonl").write_text('{"id":"9","action":"delete","reason":"scrub_geo"}')
    targets = read_request(tmp_path / "users.jsonl", accounts=kind == "account")
    assert [one.kind for one in targets] == [kind]
    assert not Resolution(targets).names().accounts
    found = resolve(resolved, targets)
    assert found.names().scrubbed - {"9"} == {"13", "14"}
    assert not found.names().accounts and not found.names().posts and not found.places and not found.texts
    assert all(one.kind == "post" for one in found.targets)
    # without a warehouse nobody knows its posts, and no tombstone says that it is gone
    resolved.warehouse.unlink()
    assert all(one.kind == "post" for one in resolve(resolved, targets).targets)


def test_codes_of_a_deleted_post_go(paths: DataDir) -> None:
    store = CodingStore(paths)
    paths.coding.mkdir()
    rows = [",".join(COLUMNS), *(",".join([*(f"{key}" for _ in COLUMNS[:-1]), "1"]) for key in ("k1", "k2"))]
    store.codes_file.write_text("\n".join(rows) + "\n")
    assert store.remove_posts({"k1"}) == 1
    assert [code.post_key for code in store.codes()] == ["k2"]


# The commands -----------------------------------------------------------------------------------------------------


def suara(paths: DataDir, *arguments: str) -> tuple[int, str]:
    environment = {"SUARA_DATA_DIR": str(paths.root), "DAGSTER_HOME": str(paths.dagster_home)}
    result = CliRunner().invoke(main, [*arguments], env=environment)
    return result.exit_code, result.output


def test_commands_say_what_would_go_and_what_is_wrong(paths: DataDir, tmp_path: Path) -> None:
    (tmp_path / "request.txt").write_text(GONE)
    code, said = suara(paths, "forget", "--dry-run", str(tmp_path / "request.txt"))
    assert code == 0 and "a.jsonl: rewritten, 1 records go" in said and "nothing was changed" in said
    (tmp_path / "request.txt").write_text("nonsense here")
    code, said = suara(paths, "forget", str(tmp_path / "request.txt"))
    assert code == 1 and "request.txt, line 1: expected" in said
    (tmp_path / "request.txt").write_text("")
    assert suara(paths, "forget", str(tmp_path / "request.txt"))[0] == 0
    code, said = suara(paths, "purge", "--source", "x_api_v2", "--why", "over")
    assert code == 1 and "found no such capture" in said
    code, said = suara(paths, "retention", "a.jsonl", "--purpose", "a study", "--until", "2027-03-31")
    assert code == 0 and "until 2027-03-31" in said and "a study" in said
    code, said = suara(paths, "retention", "--source", "nosuch")
    assert code == 1 and "found no such capture" in said
    code, said = suara(paths, "retention", "a.jsonl", "--until", "")
    assert code == 0 and "nobody has decided" in said and "a study" in said
    (tmp_path / "request.txt").write_text("nonsense here")
    assert suara(paths, "forget", "--counts", "keep", str(tmp_path / "request.txt"))[0] == 1
    assert "counts_of_deleted_posts" not in Ledger(paths).settings()
    code, said = suara(paths, "export", "posts", "--for", "somebody", str(tmp_path / "posts.csv"))
    assert code == 1 and "--hydrated" in said
    code, said = suara(paths, "record-of-processing")
    assert code == 0 and "| a study |" in said
    assert not Ledger(paths).tombstones()


def test_a_full_disk_is_told_in_words(paths: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "request.txt").write_text(GONE)

    def full(*_: Any, **__: Any) -> None:
        duckdb.execute("copy (select * from range(1000000)) to '/dev/full' (format csv, use_tmp_file false)")

    monkeypatch.setattr("orchestration.deletion.forget.planned", full)
    code, said = suara(paths, "forget", str(tmp_path / "request.txt"))
    assert code == 1 and said.startswith("Error: The disk is full")


def test_the_last_capture_goes_with_what_is_published(paths: DataDir) -> None:
    (paths.published / "releases" / "000001-abc").mkdir(parents=True)
    (paths.published / "current").symlink_to("releases/000001-abc")
    code, said = suara(paths, "purge", "--capture", "a.jsonl", "--why", "the study ended")
    assert code == 0 and "Receipt: " in said and "Nothing is published any more" in said
    assert not Ledger(paths).captures()
    assert not list(paths.published.iterdir())
