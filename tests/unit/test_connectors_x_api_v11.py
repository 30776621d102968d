"""X API v1.1 in every shape and mode that it is delivered in; what is not a post is rejected and named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from orchestration.connectors import json_load, records
from orchestration.contract import InputError
from tests.fixtures import json_captures as made
from tests.fixtures.json_captures import OWNER, id_of, jsonl, v11_delete, v11_extended, v11_post, v11_profile
from tests.unit.connectors_support import Loaded, load, new_warehouse, row_count, write

IDS = [id_of(number) for number in (1, 2, 3)]
POSTS = [v11_post(number) for number in (1, 2, 3)]
SHAPES = {
    "lines": jsonl(*POSTS),
    "array": json.dumps(POSTS),
    "pretty-printed array": json.dumps(POSTS, indent=2),
    "pretty-printed posts": "\n".join(json.dumps(post, indent=1) for post in POSTS),
    "search page": json.dumps({"statuses": POSTS, "search_metadata": {"count": 3}}),
    "search pages": jsonl({"statuses": POSTS[:2]}, {"statuses": POSTS[2:]}),
    "arrays on lines": jsonl(POSTS[:2], POSTS[2:]),
    "line and pretty-printed": json.dumps(POSTS[0])
    + "\n"
    + "\n".join(json.dumps(post, indent=2) for post in POSTS[1:]),
    "site stream": jsonl(*({"for_user": 11, "message": post} for post in POSTS)),
    "extended mode": jsonl(*(v11_extended(number) for number in (1, 2, 3))),
    "activity streams": jsonl(*(made.activity(number) for number in (1, 2, 3))),
    "lines of Windows": jsonl(*POSTS).replace("\n", "\r\n"),
}


def load_text(tmp_path: Path, text: str | bytes, name: str = "a.jsonl") -> Loaded:
    write(tmp_path, {name: text})
    return load(tmp_path / name, "x_api_v11")


def post_ids(loaded: Loaded) -> list[str]:
    return [post_id for (post_id,) in loaded.rows("select id_str from raw.x_api_v11_posts order by record_no")]


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_gives_the_same_posts_in_order(tmp_path: Path, text: str) -> None:
    loaded = load_text(tmp_path, text)
    assert loaded.counts == (3, 3, 0)
    assert loaded.rows(
        "select record_no, id_str, coalesce(full_text, text), favorite_count from raw.x_api_v11_posts order by 1"
    ) == [(number, id_of(number), f"Synthetic post {number}", number) for number in (1, 2, 3)]
    result = loaded.result
    assert (result.owner_account_id, result.owner_handle, result.is_census) == ("11", OWNER["screen_name"], None)
    assert (result.observed_at, result.coverage_from, result.coverage_to) == (None, None, None)
    assert result.is_synthetic


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_compressed_files_are_read(tmp_path: Path, suffix: str, pack: Any) -> None:
    assert post_ids(load_text(tmp_path, pack(SHAPES["lines"].encode()), f"a.jsonl{suffix}")) == IDS


@pytest.mark.parametrize("name", ["parts.zip", "parts"])
def test_one_array_per_account_with_profiles_beside_is_one_capture(tmp_path: Path, name: str) -> None:
    trimmed = [{**post, "user": {"id": 11, "id_str": "11"}} for post in POSTS]
    path = write(
        tmp_path / name,
        {
            "data/tweets/11.json": json.dumps(trimmed),
            "data/tweets/12.json": "[]",
            "data/profiles/11.json": json.dumps(v11_profile(), indent=2),
            "README.md": "# Synthetic",
        },
    )
    loaded = load(path)
    assert loaded.result.source == "x_api_v11" and post_ids(loaded) == IDS
    assert loaded.rows("select id_str, screen_name, name from raw.x_api_v11_users") == [
        ("11", OWNER["screen_name"], OWNER["name"])
    ]
    assert {member.record_type for member in loaded.result.members} == {"post", "profile"}


@pytest.mark.parametrize("broken", ["", '{"id_str": "'])
def test_numeric_id_is_used_only_where_nothing_else_is_there(tmp_path: Path, broken: str) -> None:
    exact = 9_007_199_254_740_993  # the first number that a float cannot hold
    only_number = {**v11_post(2), "id": exact}
    del only_number["id_str"]
    loaded = load_text(tmp_path, jsonl(v11_post(1), only_number) + broken)
    assert post_ids(loaded) == [id_of(1), str(exact)]


STREAM = [
    v11_post(1),
    v11_delete(101),
    {"limit": {"track": 5}},
    v11_post(2),
    {"status_withheld": {"id": 5, "user_id": 6, "withheld_in_countries": ["DE"]}},
    v11_delete(102),
    {"warning": {"code": "FALLING_BEHIND", "message": "slow"}},
    v11_post(3),
]


@pytest.mark.parametrize("is_careful", [False, True], ids=["fast", "careful"])
def test_stream_gives_posts_deletions_and_names_its_messages(tmp_path: Path, is_careful: bool) -> None:
    loaded = load_text(tmp_path, jsonl(*STREAM) + ('{"id_str": ' if is_careful else ""))
    assert loaded.rows("select record_no, id_str from raw.x_api_v11_posts order by 1") == [
        (1, id_of(1)),
        (4, id_of(2)),
        (8, id_of(3)),
    ]
    assert loaded.rows("select record_no, id_str, user_id_str, timestamp_ms from raw.x_api_v11_deletions") == [
        (2, id_of(101), "12", "1454493600123"),
        (6, id_of(102), "12", "1454493600123"),
    ]
    told = [(3, "not_a_post_limit"), (5, "not_a_post_status_withheld"), (7, "not_a_post_warning")]
    assert sorted(loaded.rejected) == sorted(told + ([(9, "cut_off")] if is_careful else []))
    by_type = {member.record_type: member.delivered_count for member in loaded.result.members}
    assert by_type == {"post": 3 + is_careful, "deletion": 2, "other": 3}


def test_stream_may_begin_with_a_message(tmp_path: Path) -> None:
    path = made.write_text(tmp_path, "stream.json", jsonl(v11_delete(101), v11_post(1)))
    loaded = load(path)
    assert (loaded.result.source, post_ids(loaded)) == ("x_api_v11", [id_of(1)])


def test_text_of_a_deleted_post_is_never_loaded(tmp_path: Path) -> None:
    deletion = v11_delete(101)
    deletion["delete"]["status"]["text"] = made.DELETED_CANARY
    loaded = load_text(tmp_path, jsonl(v11_post(1), deletion, {**made.compliance(102), "text": made.DELETED_CANARY}))
    assert loaded.counts == (3, 3, 0)
    assert made.DELETED_CANARY not in str(loaded.rows("from raw.x_api_v11_deletions"))
    assert made.DELETED_CANARY not in str(loaded.rows("from raw.x_api_v11_posts"))


def test_compliance_lines_are_deletions_for_every_reason_and_places_are_notices(tmp_path: Path) -> None:
    # What broke: every reason but `deleted` was set aside, and what it names stayed.
    lines = [v11_post(1), made.compliance(2), made.compliance(3, reason="protected"), made.compliance(4, "scrub_geo")]
    lines += [made.compliance(5, reason="scrub_geo"), made.compliance(6, "rehydrate", "tweet_edited")]
    loaded = load_text(tmp_path, jsonl(*lines))
    assert loaded.rows("select id_str, reason, names, redacted_at from raw.x_api_v11_deletions") == [
        (id_of(2), "deleted", None, "2016-03-03T10:00:00.000Z"),
        (id_of(3), "protected", None, "2016-03-03T10:00:00.000Z"),
    ]
    assert loaded.rows("select id, reason, names from raw.x_api_v11_notices") == [
        (id_of(4), "scrub_geo", None),
        (id_of(5), "scrub_geo", None),
    ]
    assert loaded.rejected == [(6, "not_a_post_compliance")]


@pytest.mark.parametrize("first", ["post", "message"])
def test_messages_of_compliance_name_posts_accounts_and_places(tmp_path: Path, first: str) -> None:
    messages: list[Any] = [
        {"user_suspend": {"id": 77, "timestamp_ms": "1454493600123"}},
        {"user_unsuspend": {"id": 77, "timestamp_ms": "1454493600124"}},
        {"user_protect": {"id": 78}},
        {"user_delete": {"id": 79}},
        {"scrub_geo": {"user_id": 12, "user_id_str": "12", "up_to_status_id": 5, "up_to_status_id_str": id_of(5)}},
        {"data": {"delete": {"tweet": {"id": "9", "author_id": "8"}, "event_at": "2022-12-23T12:34:56.789Z"}}},
        {"user_withheld": {"id": 5, "withheld_in_countries": ["DE"]}},
        {"drop": {"status": {"id": 5, "user_id": 6}}},
    ]
    lines = [v11_post(1), *messages] if first == "post" else [*messages[:1], v11_post(1), *messages[1:]]
    loaded = load_text(tmp_path, jsonl(*lines))
    assert loaded.result.source == "x_api_v11" and post_ids(loaded) == [id_of(1)]
    assert loaded.rows("select id_str, user_id_str, reason, names from raw.x_api_v11_deletions order by record_no") == [
        ("77", None, "suspended", "account"),
        ("78", None, "protected", "account"),
        ("79", None, "deactivated", "account"),
        ("9", "8", "deleted", "post"),
    ]
    assert loaded.rows("select id, reason, names, up_to_id, told_at from raw.x_api_v11_notices order by record_no") == [
        ("77", "restored", "account", None, "1454493600124"),
        ("12", "scrub_geo", "account", id_of(5), None),
    ]
    assert [code for _, code in loaded.rejected] == ["not_a_post_user_withheld", "not_a_post_drop"]


def test_whole_texts_and_originals_reach_the_raw_table(tmp_path: Path) -> None:
    extended = {"full_text": "whole #Tag", "entities": made.no_entities(hashtags=[{"text": "Tag", "indices": [6, 10]}])}
    loaded = load_text(
        tmp_path,
        jsonl(v11_post(1, truncated=True, extended_tweet=extended), made.v11_repost(2)),
    )
    assert loaded.rows(
        "select extended_tweet.full_text, extended_tweet.entities.hashtags[1].text, retweeted_status.id_str,"
        " retweeted_status.text, retweeted_status.user.id_str, retweeted_status.favorite_count"
        " from raw.x_api_v11_posts order by record_no"
    ) == [
        ("whole #Tag", "Tag", None, None, None, None),
        (None, None, id_of(902), "A statement, whole. #Tag", "12", 30),
    ]


def test_records_that_do_not_fit_are_rejected_and_their_neighbours_load(tmp_path: Path) -> None:
    without = {key: {k: v for k, v in v11_post(2).items() if k != key} for key in ("user", "created_at", "text")}
    lines = [
        v11_post(1),
        without["user"],
        without["created_at"],
        without["text"],
        {**v11_post(5), "id_str": "7.0E17"},
        {**v11_post(6), "favorite_count": "many"},
        '{"id_str": "7", "text": "a',
        {"errors": [{"message": "Rate limit exceeded", "code": 88}]},
        "17",
        {"__typename": "Tweet", "id_str": "7", "text": "embedded", "user": {}, "created_at": "x"},
        v11_post(11),
    ]
    loaded = load_text(tmp_path, jsonl(*lines))
    assert post_ids(loaded) == [id_of(1), id_of(11)]
    assert sorted(loaded.rejected) == [
        (2, "missing_column"),
        (3, "missing_column"),
        (4, "missing_column"),
        (5, "bad_id"),
        (6, "wrong_type"),
        (7, "broken_json"),
        (8, "not_a_post_api_error"),
        (9, "not_a_post_unknown"),
        (10, "not_a_post_embedded"),
    ]
    assert all(record.next_step and record.expected for record in loaded.result.rejected)


def test_break_in_an_array_does_not_let_the_posts_inside_others_in(tmp_path: Path) -> None:
    text = json.dumps([v11_post(1), made.v11_repost(2), v11_post(3)])
    loaded = load_text(tmp_path, text.replace('"RT @', '"RT @" broken "'))
    assert post_ids(loaded) == [id_of(1), id_of(3)]
    assert loaded.rejected == [(2, "broken_json")]


@pytest.mark.parametrize("indent", [None, 1], ids=["line", "pretty-printed"])
def test_broken_search_page_gives_up_its_sound_posts(tmp_path: Path, indent: int | None) -> None:
    page = {"statuses": [v11_post(1), made.v11_repost(2), v11_post(3)], "search_metadata": {}}
    text = json.dumps(page, indent=indent)
    loaded = load_text(tmp_path, text.replace('"RT @', '"RT @" broken "') + "\n")
    assert post_ids(loaded) == [id_of(1), id_of(3)]
    assert loaded.rejected == [(3, "broken_json")]


def test_prose_between_posts_costs_no_post(tmp_path: Path) -> None:
    first, second = (json.dumps(post, indent=2) for post in POSTS[:2])
    loaded = load_text(tmp_path, f"{first}\nClassic post, extended mode\n{second}\n")
    assert post_ids(loaded) == IDS[:2]
    assert loaded.rejected == [(2, "broken_json")]


def test_capture_without_a_post_that_can_be_loaded_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    con = new_warehouse()
    write(tmp_path, {"a.jsonl": jsonl({**v11_post(1), "created_at": None})})
    with pytest.raises(InputError) as caught:
        load(tmp_path / "a.jsonl", con=con)
    assert (caught.value.code, caught.value.record) == ("missing_column", 1)
    assert row_count(con) == 0


@pytest.mark.parametrize(("others", "owner"), [(1, "11"), (2, None)])
def test_owner_has_nineteen_of_twenty_posts(tmp_path: Path, others: int, owner: str | None) -> None:
    posts = [v11_post(number) for number in range(21 - others)]
    posts += [v11_post(100 + number, made.OTHER) for number in range(others)]
    result = load_text(tmp_path, jsonl(*posts)).result
    assert (result.owner_account_id, result.is_census) == (owner, None if owner else False)


def test_broken_lines_of_a_large_file_cost_only_their_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_load, "_PIECE_BYTES", 3000)
    monkeypatch.setattr(json_load, "_SMALL_BYTES", 0)
    monkeypatch.setattr(records, "_CHUNK", 1000)
    lines = [json.dumps(v11_post(number)) for number in range(1, 41)]
    lines[9] = lines[9][:-30]
    lines[20] = json.dumps(v11_delete(500))
    careful: list[int] = []
    really = json_load.JsonLoad._careful

    def counting(self: Any, member: str, extracted: Any, layout: str) -> None:
        careful.append(extracted.path.stat().st_size)
        really(self, member, extracted, layout)

    monkeypatch.setattr(json_load.JsonLoad, "_careful", counting)
    loaded = load_text(tmp_path, jsonl(*lines))
    # one piece with the broken line; the one with the deletion is read at once
    assert len(careful) == 1 and careful[0] < 6000
    assert loaded.counts == (40, 39, 1)
    assert loaded.rows("select record_no from raw.x_api_v11_deletions") == [(21,)]
    numbers = [number for (number,) in loaded.rows("select record_no from raw.x_api_v11_posts order by 1")]
    assert numbers == [number for number in range(1, 41) if number not in (10, 21)]
    assert loaded.rejected == [(10, "broken_json")]


def test_progress_is_told_for_every_file(tmp_path: Path) -> None:
    from orchestration.connectors.files import CaptureFiles
    from orchestration.connectors.x_api_v11 import CONNECTOR

    write(tmp_path / "a", {"1.json": SHAPES["array"], "2.json": SHAPES["array"]})
    told: list[str] = []
    with CaptureFiles(tmp_path / "a") as files:
        CONNECTOR.load(new_warehouse(), "c", files, tmp_path / "scratch", told.append)
    assert told == [
        "1.json: reading",
        "1.json: 3 loaded, 0 rejected",
        "2.json: reading",
        "2.json: 3 loaded, 0 rejected",
    ]


@pytest.mark.parametrize("is_trimmed", [False, True])
def test_posts_that_x_counts_and_since_when_are_told_by_author_or_profile(tmp_path: Path, is_trimmed: bool) -> None:
    told = {"created_at": "Mon Jan 05 08:00:00 +0000 2009", "statuses_count": 995}
    author = {"id": 11, "id_str": "11", **({} if is_trimmed else told)}
    posts = [{**post, "user": author} for post in POSTS]
    members = {"data/tweets/11.json": json.dumps(posts)}
    if is_trimmed:
        members["data/profiles/11.json"] = json.dumps({**v11_profile(), **told})
    result = load(write(tmp_path / "parts", members)).result
    assert (str(result.owner_created_at), result.owner_post_count) == ("2009-01-05 08:00:00+00:00", 995)
    unstated = load_text(tmp_path, SHAPES["lines"]).result
    assert (unstated.owner_created_at, unstated.owner_post_count) == (None, None)
