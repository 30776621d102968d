"""X API v2 in every shape that collectors write it; what is not a post is rejected and named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from orchestration.contract import InputError
from tests.unit.connectors_support import Loaded, load, new_warehouse, row_count, write

AT = {"__twarc": {"url": "https://api.twitter.com/2/x", "version": "2.1", "retrieved_at": "2021-06-01T08:30:00+00:00"}}


def a_post(number: int, author: str = "11", **fields: Any) -> dict[str, Any]:
    return {
        "id": str(1_390_000_000_000_000_000 + number),
        "text": f"Synthetic post {number}",
        "created_at": "2021-05-05T10:00:00.000Z",
        "author_id": author,
        "public_metrics": {"like_count": number, "retweet_count": 0, "reply_count": 0, "quote_count": 0},
        **fields,
    }


def page(*posts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "data": list(posts),
        "includes": {
            "users": [{"id": "11", "username": "SuaraSyntheticOrgDemo", "name": "S"}, {"id": "12", "username": "b"}],
            "tweets": [{"id": "77", "author_id": "12", "text": "never loaded", "created_at": "x"}],
            "media": [{"media_key": "3_1", "type": "photo"}],
        },
        "meta": {"result_count": len(posts)},
        **AT,
        **more,
    }


def jsonl(*values: Any) -> str:
    return "".join((value if isinstance(value, str) else json.dumps(value)) + "\n" for value in values)


def load_text(tmp_path: Path, text: str | bytes, name: str = "a.jsonl") -> Loaded:
    write(tmp_path, {name: text})
    return load(tmp_path / name)


FLAT = [
    {**a_post(number), **AT, "author": {"id": "11", "username": "SuaraSyntheticOrgDemo", "name": "S"}}
    for number in (1, 2, 3)
]
SHAPES = {
    "pages": jsonl(page(a_post(1), a_post(2)), page(a_post(3))),
    "flattened": jsonl(*FLAT),
    "array of posts": json.dumps(FLAT),
    "array of pages": json.dumps([page(a_post(1)), page(a_post(2), a_post(3))]),
    "pretty-printed page": json.dumps(page(a_post(1), a_post(2), a_post(3)), indent=2),
    "single posts": jsonl(*({**page(), "data": a_post(number)} for number in (1, 2, 3))),
    "pages and single posts": jsonl(page(a_post(1), a_post(2)), {**page(), "data": a_post(3)}),
    "pages and flattened": jsonl(page(a_post(1), a_post(2)), FLAT[2]),
    "arrays on lines": jsonl(FLAT[:2], FLAT[2:]),
    "no line break at the end": jsonl(*FLAT).rstrip("\n"),
    "lines of Windows": jsonl(*FLAT).replace("\n", "\r\n"),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_gives_the_same_posts_in_order(tmp_path: Path, text: str) -> None:
    loaded = load_text(tmp_path, text)
    assert loaded.counts == (3, 3, 0)
    assert loaded.rows(
        "select record_no, id[-1:], text, public_metrics.like_count, retrieved_at from raw.x_api_v2_posts order by 1"
    ) == [
        (number, str(number), f"Synthetic post {number}", number, "2021-06-01T08:30:00+00:00") for number in (1, 2, 3)
    ]
    result = loaded.result
    assert (result.owner_account_id, result.owner_handle, result.is_census) == ("11", "SuaraSyntheticOrgDemo", None)
    assert str(result.observed_at) == "2021-06-01 08:30:00+00:00" and result.is_synthetic
    assert (result.coverage_from, result.coverage_to) == (None, None)


def test_word_in_the_place_of_an_object_beside_the_posts_is_left_out(tmp_path: Path) -> None:
    users = [{"id": "11", "username": "SuaraSyntheticOrgDemo", "name": "S", "public_metrics": "many"}]
    tweets = [{"id": "77", "author_id": "12", "entities": "none"}]
    loaded = load_text(tmp_path, jsonl(page(a_post(1), includes={"users": users, "tweets": tweets}), "[1"))
    assert (loaded.counts, loaded.result.owner_handle) == ((2, 1, 1), "SuaraSyntheticOrgDemo")


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_compressed_files_are_read(tmp_path: Path, suffix: str, pack: Any) -> None:
    loaded = load_text(tmp_path, pack(SHAPES["pages"].encode()), f"a.jsonl{suffix}")
    assert loaded.counts == (3, 3, 0)


@pytest.mark.parametrize("name", ["a.zip", "folder"])
def test_several_files_are_one_capture_and_other_files_do_not_disturb(tmp_path: Path, name: str) -> None:
    members: dict[str, str | bytes] = {
        "README.md": "# read me",
        "LICENSE": "free",
        "empty.json": "",
        "b.jsonl": jsonl(FLAT[2]),
        "a.jsonl.gz": gzip.compress(jsonl(*FLAT[:2]).encode()),
    }
    loaded = load(write(tmp_path / name, members))
    assert loaded.rows("select record_no, member, id[-1:] from raw.x_api_v2_posts order by 1") == [
        (1, "a.jsonl.gz", "1"),
        (2, "a.jsonl.gz", "2"),
        (3, "b.jsonl", "3"),
    ]


@pytest.mark.parametrize("broken_line", ["", '{"data": [{"id": "1"'])
def test_what_stands_beside_the_posts_is_kept_once_as_seen_last(tmp_path: Path, broken_line: str) -> None:
    """The same by the fast way and, after a broken line, by the careful one."""
    later = page(a_post(2), __twarc={"retrieved_at": "2021-07-01T00:00:00Z"})
    later["includes"]["users"][1] = {"id": "12", "username": "renamed", "name": "R"}
    loaded = load_text(tmp_path, jsonl(later, page(a_post(1)), broken_line))
    assert loaded.rows('select record_no, id, username, "name" from raw.x_api_v2_users order by 1') == [
        (1, "11", "SuaraSyntheticOrgDemo", "S"),
        (2, "12", "renamed", "R"),
    ]
    assert loaded.rows("select id, author_id from raw.x_api_v2_referenced") == [("77", "12")]
    assert loaded.rows('select media_key, "type" from raw.x_api_v2_media') == [("3_1", "photo")]


def test_files_of_academictwitter_with_empty_objects_for_lists_are_read(tmp_path: Path) -> None:
    posts = [a_post(1, entities={"urls": {}, "hashtags": [{"start": 1, "end": 3, "tag": "x"}]}, attachments=[])]
    members: dict[str, str | bytes] = {
        "data_1.json": json.dumps(posts),
        "users_1.json": json.dumps({"users": [{"id": "11", "username": "Org", "name": "O"}], "tweets": {}}),
    }
    loaded = load(write(tmp_path / "a.zip", members))
    assert loaded.counts == (1, 1, 0)
    assert loaded.rows("select entities.urls, entities.hashtags[1].tag from raw.x_api_v2_posts") == [([], "x")]
    assert loaded.result.owner_handle == "Org" and loaded.result.observed_at is None


def test_stream_with_error_lines_and_a_cut_line_keeps_its_posts(tmp_path: Path) -> None:
    error = {"errors": [{"title": "operational-disconnect", "disconnect_type": "x"}]}
    posts = [{"data": a_post(number)} for number in (1, 2)]
    loaded = load_text(tmp_path, jsonl(posts[0], error, '{"data": {"author_id": "10211', posts[1]))
    assert loaded.counts == (4, 2, 2)
    assert {code for _, code in loaded.rejected} == {"not_a_post_api_error", "broken_json"}


def test_cut_page_gives_up_the_posts_before_the_break(tmp_path: Path) -> None:
    line = json.dumps(page(a_post(2), a_post(3), a_post(4)))
    loaded = load_text(tmp_path, jsonl(page(a_post(1)), line[: line.index("post 4")]).rstrip("\n"))
    assert loaded.counts == (4, 3, 1) and loaded.rejected == [(4, "cut_off")]
    pretty = json.dumps(page(a_post(2), a_post(3), a_post(4)), indent=1)
    loaded = load_text(tmp_path, pretty[: pretty.index("never loaded")], "b.json")
    assert loaded.counts == (4, 3, 1)
    assert loaded.rows("select count(*) from raw.x_api_v2_posts where id = '77'") == [(0,)]


def test_broken_post_in_an_array_does_not_let_referenced_posts_in(tmp_path: Path) -> None:
    quoting = a_post(2, referenced_tweets=[{"type": "quoted", **a_post(50)}])
    text = json.dumps([a_post(1), quoting, a_post(3)]).replace('"Synthetic post 2"', '"Synthetic post 2')
    loaded = load_text(tmp_path, text, "a.json")
    assert loaded.counts == (3, 2, 1)
    assert loaded.rows("select id[-2:] from raw.x_api_v2_posts order by record_no") == [("01",), ("03",)]


OTHER_LINES = {
    "counts": {
        "data": [{"start": "a", "end": "b", "tweet_count": 3}, {"start": "b", "end": "c", "tweet_count": 4}],
        **AT,
    },
    "lists": {"data": [{"id": "1", "name": "A list", "owner_id": "9", "member_count": 3}]},
    "compliance": {"id": "1170025343920402432", "action": "rehydrate", "reason": "tweet_edited"},
    "unknown": {"hello": "world"},
}
# What broke: a line that takes the place of a post away, with the action `delete`, counted as a deletion of the post.
PLACE = {"id": "1170025343920402432", "action": "delete", "created_at": "x", "reason": "scrub_geo"}


@pytest.mark.parametrize("reason", ["scrub_geo", "geo_scrubbed"])
def test_place_that_is_taken_away_deletes_no_post(tmp_path: Path, reason: str) -> None:
    loaded = load_text(tmp_path, jsonl(page(a_post(1)), PLACE | {"reason": reason}))
    assert not loaded.rejected
    assert loaded.rows("select count(*) from raw.x_api_v2_deletions") == [(0,)]
    assert loaded.rows("select id, names, reason from raw.x_api_v2_notices") == [(PLACE["id"], None, "scrub_geo")]
    # a file of such lines alone is one that says something
    assert load_text(tmp_path, jsonl(PLACE)).counts == (1, 1, 0)


EVENTS = [
    {"data": {"delete": {"tweet": {"id": "9", "author_id": "8"}, "event_at": "2022-12-23T12:34:56.789Z"}}},
    {"data": {"tweet_delete": {"tweet": {"id": "10", "author_id": "8"}}}},
    {"data": {"user_suspend": {"user": {"id": "77"}, "event_at": "2022-12-23T12:34:56.789Z"}}},
    {"data": {"user_unsuspend": {"user": {"id": "77"}, "event_at": "2022-12-24T12:34:56.789Z"}}},
    {"data": {"scrub_geo": {"user": {"id": "8"}, "up_to_tweet_id": "11", "event_at": "2022-12-23T12:34:56.789Z"}}},
    {"data": {"withheld": {"tweet": {"id": "12", "author_id": "8"}, "withheld_in_countries": ["DE"]}}},
]


@pytest.mark.parametrize("with_posts", [True, False])
def test_messages_of_a_compliance_stream_are_deletions_and_notices(tmp_path: Path, with_posts: bool) -> None:
    # What broke: such a file was no known kind, and such a line beside posts a record of another kind.
    loaded = load_text(tmp_path, jsonl(*([page(a_post(1))] if with_posts else []), *EVENTS))
    assert loaded.rows("select id, author_id, reason, names from raw.x_api_v2_deletions order by record_no") == [
        ("9", "8", "deleted", "post"),
        ("10", "8", "deleted", "post"),
        ("77", None, "suspended", "account"),
    ]
    assert loaded.rows("select id, reason, up_to_id from raw.x_api_v2_notices order by record_no") == [
        ("77", "restored", None),
        ("8", "scrub_geo", "11"),
    ]
    assert [code for _, code in loaded.rejected] == ["not_a_post_compliance"]


@pytest.mark.parametrize("kind", OTHER_LINES)
def test_lines_that_are_no_posts_are_rejected_by_their_name_beside_posts(tmp_path: Path, kind: str) -> None:
    loaded = load_text(tmp_path, jsonl(page(a_post(1)), OTHER_LINES[kind]))
    assert {code for _, code in loaded.rejected} == {f"not_a_post_{kind}"}
    assert loaded.counts[1] == 1 and loaded.counts[0] == loaded.counts[1] + loaded.counts[2]


@pytest.mark.parametrize("kind", ["counts", "lists", "compliance"])
def test_file_of_such_lines_alone_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError) as caught:
        load_text(tmp_path, jsonl(OTHER_LINES[kind]))
    assert caught.value.code == f"not_a_post_{kind}" and caught.value.file == "a.jsonl"


def test_compliance_lines_that_remove_posts_are_loaded_as_deletions(tmp_path: Path) -> None:
    gone = {"id": "1170025343920402432", "action": "delete", "created_at": "x", "reason": "deleted"}
    loaded = load_text(tmp_path, jsonl(page(a_post(1)), gone, {**gone, "reason": "deactivated", "redacted_at": "y"}))
    assert {(m.record_type, m.loaded_count) for m in loaded.result.members} == {("post", 1), ("deletion", 2)}
    assert not loaded.rejected
    assert loaded.rows("select record_no, id, reason from raw.x_api_v2_deletions order by 1") == [
        (1, "1170025343920402432", "deleted"),
        (2, "1170025343920402432", "deactivated"),
    ]
    assert load_text(tmp_path, jsonl(gone)).counts == (1, 1, 0)


@pytest.mark.parametrize("broken", [False, True])
def test_stubs_of_posts_that_are_gone_are_kept_beside_the_posts(tmp_path: Path, broken: bool) -> None:
    gone = {
        "value": "77",
        "resource_id": "77",
        "resource_type": "tweet",
        "title": "Not Found Error",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }
    lines = jsonl(page(a_post(1), errors=[gone])) + ("{broken\n" if broken else "")
    loaded = load_text(tmp_path, lines)
    assert loaded.counts[1] == 1
    assert loaded.rows("select resource_id, resource_type, type like '%not-found' from raw.x_api_v2_missing") == [
        ("77", "tweet", True)
    ]


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("flat", [False, True])
def test_text_of_another_post_is_kept_only_where_a_repost_repeats_it(tmp_path: Path, flat: bool, broken: bool) -> None:
    others = [
        {**a_post(50), "text": "repeated #Whole", "entities": {"hashtags": [{"start": 9, "end": 15, "tag": "Whole"}]}},
        {**a_post(51), "text": "answered"},
    ]
    kinds = ("retweeted", "replied_to")
    if flat:
        references = [{"type": kind, **other} for kind, other in zip(kinds, others, strict=True)]
        line = a_post(1, referenced_tweets=references)
        query = (
            "select r.text, r.entities.hashtags[1].tag from (select unnest(referenced_tweets) as r"
            " from raw.x_api_v2_posts) order by 1"
        )
    else:
        references = [{"type": kind, "id": other["id"]} for kind, other in zip(kinds, others, strict=True)]
        line = page(a_post(1, referenced_tweets=references), includes={"tweets": others})
        query = "select text, entities.hashtags[1].tag from raw.x_api_v2_referenced order by 1"
    loaded = load_text(tmp_path, jsonl(line) + ("{broken\n" if broken else ""))
    assert loaded.counts[1] == 1
    assert loaded.rows(query) == [("repeated #Whole", "Whole"), (None, None)]


def test_profiles_are_loaded_as_profiles(tmp_path: Path) -> None:
    users = [{"id": str(number), "username": f"u{number}", "name": "N", "created_at": "x"} for number in (1, 2, 2)]
    loaded = load_text(tmp_path, jsonl({"data": users, **AT}))
    assert [(one.record_type, one.loaded_count) for one in loaded.result.members] == [("profile", 3)]
    assert loaded.rows("select id, username from raw.x_api_v2_users order by 1") == [("1", "u1"), ("2", "u2")]


def test_posts_of_many_authors_have_no_owner_and_are_no_census(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, jsonl(page(*(a_post(number, author=str(number % 3)) for number in range(9)))))
    assert (loaded.result.owner_account_id, loaded.result.is_census) == (None, False)


@pytest.mark.parametrize(("others", "owner"), [(1, "11"), (2, None)])
def test_owner_has_nineteen_of_twenty_posts(tmp_path: Path, others: int, owner: str | None) -> None:
    posts = [a_post(number, author="99" if number < others else "11") for number in range(20)]
    assert load_text(tmp_path, jsonl(*posts)).result.owner_account_id == owner


def test_stated_counts_of_pages_are_set_beside_ours(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path, jsonl(page(a_post(1)), page(a_post(2), meta={"result_count": 5}), page(meta={"result_count": 0}))
    )
    assert loaded.totals == {"meta.result_count": (6, 2)}
    assert loaded.result.control_totals[0].note == "a.jsonl: 6 stated, 2 held"


def test_page_without_results_delivers_nothing(tmp_path: Path) -> None:
    empty = {"meta": {"result_count": 0}, **AT}
    assert load_text(tmp_path, jsonl(page(a_post(1)), empty)).counts == (1, 1, 0)
    assert load_text(tmp_path, jsonl(empty), "b.jsonl").counts == (0, 0, 0)


def test_records_that_do_not_fit_are_rejected_and_their_neighbours_load(tmp_path: Path) -> None:
    text = jsonl(
        a_post(1),
        a_post(2, id="1.39E+18"),
        a_post(3, public_metrics={"like_count": "many"}),
        {"id": "4", "text": "without a time", "author_id": "11"},
        a_post(5, text="half \ud83d"),
        a_post(6),
        None,
    )
    loaded = load_text(tmp_path, text)
    assert loaded.rejected == [
        (2, "bad_id"),
        (3, "wrong_type"),
        (4, "missing_column"),
        (5, "broken_unicode"),
        (1, "not_a_post_unknown"),
    ]
    assert "public_metrics.like_count" in loaded.result.rejected[1].found
    assert loaded.rows("select record_no from raw.x_api_v2_posts order by 1") == [(1,), (6,)]


def test_posts_without_times_are_refused_with_the_fields_to_ask_for(tmp_path: Path) -> None:
    con = new_warehouse()
    write(tmp_path, {"a.jsonl": jsonl({"data": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]})})
    with pytest.raises(InputError) as caught:
        load(tmp_path / "a.jsonl", con=con)
    assert caught.value.code == "missing_column" and "tweet.fields=created_at" in caught.value.next_step
    assert row_count(con) == 0


def test_utf16_is_read_and_windows_1252_is_rejected_with_its_place(tmp_path: Path) -> None:
    text = json.dumps(a_post(1)) + "\n" + json.dumps(a_post(2, text="caf\u00e9"), ensure_ascii=False) + "\n"
    assert load_text(tmp_path, text.encode("utf-16"), "a.jsonl").counts == (2, 2, 0)
    assert load_text(tmp_path, b"\xef\xbb\xbf" + text.encode(), "b.jsonl").counts == (2, 2, 0)
    loaded = load_text(tmp_path, text.encode("cp1252"), "c.jsonl")
    assert loaded.rejected == [(2, "not_utf8")]
    assert f"at byte {text.encode('cp1252').index(0xE9) + 1} of" in loaded.result.rejected[0].found


def test_line_of_hundreds_of_megabytes_is_rejected_in_bounded_memory(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "a.jsonl"
    with path.open("wb") as out:
        out.write(jsonl(a_post(1)).encode() + b'{"data": [{"id": "2", "text": "')
        out.seek(600 << 20, 1)  # a hole: no room on disk
        out.write(b'"}]}\n' + jsonl(a_post(3)).encode())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loaded = load(path)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert loaded.rejected == [(2, "record_too_long")]
    assert loaded.rows("select id[-1:] from raw.x_api_v2_posts order by record_no") == [("1",), ("3",)]
    # each of DuckDB's threads has a buffer of a few times the longest record
    assert grown < 450, f"{grown:.0f} MiB more in use for a line of 600 MiB"


def test_progress_is_told_for_every_file(tmp_path: Path) -> None:
    from orchestration.connectors import detect
    from orchestration.connectors.files import CaptureFiles

    write(tmp_path, {"a.jsonl": SHAPES["pages"]})
    told: list[str] = []
    with CaptureFiles(tmp_path / "a.jsonl") as files:
        detect(files).load(new_warehouse(), "c" * 64, files, tmp_path / "scratch", told.append)
    assert told == ["a.jsonl: reading", "a.jsonl: 3 loaded, 0 rejected"]


def test_broken_lines_of_a_large_file_cost_only_their_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.connectors import x_api_v2

    lines = [json.dumps(page(a_post(2 * number), a_post(2 * number + 1))) for number in range(50)]
    lines[20], lines[49] = lines[20].replace('"id"', "id", 1), lines[49].replace("Synthetic", "caf\xe9", 1)
    content = "\n".join(lines).encode("cp1252")
    careful: list[int] = []
    really_careful = x_api_v2._Load._careful

    def watched(self: Any, member: str, extracted: Any, *rest: Any) -> None:
        careful.append(extracted.path.stat().st_size)
        really_careful(self, member, extracted, *rest)

    whole = load_text(tmp_path, content)
    monkeypatch.setattr(x_api_v2._Load, "_careful", watched)
    monkeypatch.setattr(x_api_v2, "_PIECE_BYTES", 5000)
    monkeypatch.setattr("orchestration.connectors.records._CHUNK", 1000)
    loaded = load_text(tmp_path, content)
    assert len(careful) == 2 and sum(careful) < len(content) / 3
    assert loaded.result == whole.result
    for table in ("posts", "users", "referenced", "media"):
        query = f"select * from raw.x_api_v2_{table} order by record_no"
        assert loaded.rows(query) == whole.rows(query)
    assert f"byte {content.index(0xE9) + 1:,} of" in loaded.result.rejected[1].found


def test_bad_byte_in_a_page_rejects_its_post_and_not_the_page(tmp_path: Path) -> None:
    line = json.dumps(page(a_post(1), a_post(2, text="caf\u00e9"), a_post(3)), ensure_ascii=False)
    loaded = load_text(tmp_path, line.encode("cp1252") + b"\n")
    assert loaded.counts == (3, 2, 1) and loaded.rejected == [(2, "not_utf8")]
    place = line.encode("cp1252").index(0xE9) + 1
    assert f"byte 0xe9 at byte {place} of the file" in loaded.result.rejected[0].found
    assert "iconv" in loaded.result.rejected[0].next_step
    assert loaded.rows("select count(*) from raw.x_api_v2_users") == [(2,)]


@pytest.mark.parametrize("shape", ["pages", "flattened"])
def test_posts_that_x_counts_and_since_when_are_told_by_users_and_authors(tmp_path: Path, shape: str) -> None:
    told = {"created_at": "2009-01-05T08:00:00.000Z", "public_metrics": {"tweet_count": 995, "followers_count": 3}}
    user = {"id": "11", "username": "SuaraSyntheticOrgDemo", "name": "S", **told}
    text = (
        jsonl(page(a_post(1), includes={"users": [user, {"id": "12", "public_metrics": {"tweet_count": 70_000}}]}))
        if shape == "pages"
        else jsonl({**a_post(1), **AT, "author": user}, {**a_post(2), **AT, "author": user})
    )
    result = load_text(tmp_path, text).result
    assert (str(result.owner_created_at), result.owner_post_count) == ("2009-01-05 08:00:00+00:00", 995)
    unstated = load_text(tmp_path, SHAPES[shape], "b.jsonl").result
    assert (unstated.owner_created_at, unstated.owner_post_count) == (None, None)
