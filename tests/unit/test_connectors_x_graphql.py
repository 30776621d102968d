"""Posts of the X web client, wherever they stand; what shows no post, or a paid one, is rejected with the reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from orchestration.contract import InputError
from tests.fixtures import json_captures as made
from tests.fixtures.json_captures import OWNER, id_of, jsonl, limited, place, timeline, web_post, zeeschuimer
from tests.unit.connectors_support import Loaded, load, new_warehouse, row_count, write

POSTS = [web_post(number) for number in (1, 2, 3)]
SHAPES = {
    "Zeeschuimer": jsonl(*(zeeschuimer(post) for post in POSTS)),
    "Zeeschuimer, adaptive": jsonl(*(made.adaptive(number) for number in (1, 2, 3))),
    "Zeeschuimer, both": jsonl(zeeschuimer(POSTS[0]), made.adaptive(2), zeeschuimer(POSTS[2])),
    "Zeeschuimer, limited": jsonl(*(zeeschuimer(limited(post)) for post in POSTS)),
    "array of posts": json.dumps(POSTS),
    "posts on lines": jsonl(*POSTS),
    "response": json.dumps(timeline(*(place(post) for post in POSTS)), indent=2),
    "response, limited": json.dumps(timeline(*(place(limited(post)) for post in POSTS))),
    "responses on lines": jsonl(*({"data": {"tweetResult": {"result": post}}} for post in POSTS)),
    "web exporter": json.dumps([made.exported(number) for number in (1, 2, 3)], indent=2),
    "web exporter with metadata": json.dumps([made.exported(n, metadata=post) for n, post in enumerate(POSTS, 1)]),
}


def load_text(tmp_path: Path, text: str | bytes, name: str = "a.json") -> Loaded:
    write(tmp_path, {name: text})
    return load(tmp_path / name, "x_graphql")


def post_ids(loaded: Loaded) -> list[str]:
    return [post_id for (post_id,) in loaded.rows("select rest_id from raw.x_graphql_posts order by record_no")]


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_gives_the_same_posts_in_order(tmp_path: Path, text: str) -> None:
    loaded = load_text(tmp_path, text)
    assert loaded.counts == (3, 3, 0)
    assert loaded.rows(
        "select record_no, rest_id, legacy.full_text, legacy.favorite_count from raw.x_graphql_posts order by 1"
    ) == [(number, id_of(number), f"Synthetic post {number}", number) for number in (1, 2, 3)]
    result = loaded.result
    assert (result.owner_account_id, result.owner_handle, result.owner_name) == tuple(OWNER.values())
    assert result.is_census is None and result.is_synthetic


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_compressed_files_are_read(tmp_path: Path, suffix: str, pack: Any) -> None:
    loaded = load_text(tmp_path, pack(SHAPES["Zeeschuimer"].encode()), f"a.ndjson{suffix}")
    assert loaded.counts == (3, 3, 0)


def test_time_of_collection_is_the_time_of_the_counts(tmp_path: Path) -> None:
    later = {**zeeschuimer(POSTS[1]), "timestamp_collected": 1_700_000_060_000}
    result = load_text(tmp_path, jsonl(zeeschuimer(POSTS[0]), later)).result
    assert str(result.observed_at) == "2023-11-14 22:14:20+00:00"
    assert result.observed_at_basis == "newest timestamp_collected"
    assert load_text(tmp_path, SHAPES["response"], "b.json").result.observed_at is None


def test_what_stands_inside_a_post_is_no_record_of_its_own(tmp_path: Path) -> None:
    quoted = {"quoted_status_result": {"result": limited(web_post(901, made.OTHER))}}
    original = limited(web_post(902, made.OTHER, full_text="Whole. #Tag"))
    reposting = web_post(2, full_text="RT @SuaraSyntheticPartner: Who…", retweeted_status_result={"result": original})
    loaded = load_text(tmp_path, json.dumps(timeline(*map(place, (POSTS[0] | quoted, reposting, POSTS[2])))))
    assert post_ids(loaded) == [id_of(number) for number in (1, 2, 3)]
    assert loaded.rows(
        "select quoted_status_result.result.tweet.rest_id, legacy.retweeted_status_result.result.tweet.legacy.full_text"
        " from raw.x_graphql_posts order by record_no"
    ) == [(id_of(901), None), (None, "Whole. #Tag"), (None, None)]


def test_places_without_a_post_and_paid_posts_are_rejected_with_their_reason(tmp_path: Path) -> None:
    response = timeline(
        place(POSTS[0]),
        place(made.TOMBSTONE),
        place(None),
        {"itemType": "TimelineTombstone", "tombstoneInfo": {"text": "Deleted by its author."}},
        place(POSTS[1], promotedMetadata={"advertiser": "x"}),
        place({"__typename": "TweetUnavailable", "reason": "Protected"}),
        place(POSTS[2]),
    )
    loaded = load_text(tmp_path, json.dumps(response))
    assert post_ids(loaded) == [id_of(1), id_of(3)]
    # in the order of the response: the pinned one first, the last two in a conversation
    assert loaded.rejected == [
        (2, "not_a_post_tombstone"),
        (3, "not_a_post_unavailable"),
        (4, "not_a_post_tombstone"),
        (5, "not_a_post_promoted"),
        (6, "not_a_post_unavailable"),
    ]
    assert loaded.counts == (7, 2, 5)


@pytest.mark.parametrize("cut", ["", '{"data": '], ids=["fast", "careful"])
def test_lines_of_limited_and_of_missing_posts_are_told_apart(tmp_path: Path, cut: str) -> None:
    unavailable = {"__typename": "TweetUnavailable", "reason": "Suspended"}
    lines = (limited(POSTS[0]), made.TOMBSTONE, POSTS[1], unavailable, limited(POSTS[2]))
    loaded = load_text(tmp_path, jsonl(*(zeeschuimer(line) for line in lines)) + cut)
    rows = loaded.rows("select record_no, rest_id, legacy.full_text from raw.x_graphql_posts order by 1")
    assert rows == [(2 * number - 1, id_of(number), f"Synthetic post {number}") for number in (1, 2, 3)]
    told = [(2, "not_a_post_tombstone"), (4, "not_a_post_unavailable")]
    assert sorted(loaded.rejected)[:2] == told


@pytest.mark.parametrize("cut", ["", '{"data": '], ids=["fast", "careful"])
def test_paid_posts_among_lines_are_set_aside_and_keep_their_number(tmp_path: Path, cut: str) -> None:
    lines = (zeeschuimer(POSTS[0]), zeeschuimer(POSTS[1], promoted=True), zeeschuimer(POSTS[2]))
    loaded = load_text(tmp_path, jsonl(*lines) + cut)
    assert loaded.rows("select record_no, rest_id from raw.x_graphql_posts order by 1") == [
        (1, id_of(1)),
        (3, id_of(3)),
    ]
    assert (2, "not_a_post_promoted") in loaded.rejected
    assert id_of(2) not in str(loaded.result.rejected)


def test_author_may_stand_in_three_places_or_be_absent(tmp_path: Path) -> None:
    old = {"user_results": {"result": {"rest_id": "11", "legacy": {"screen_name": OWNER["screen_name"]}}}}
    nobody = {key: value for key, value in web_post(3).items() if key != "core"}
    loaded = load_text(tmp_path, jsonl(web_post(1) | {"core": old}, web_post(2) | {"core": {}}, nobody))
    assert loaded.counts == (3, 3, 0)
    assert (loaded.result.owner_account_id, loaded.result.owner_handle) == ("11", OWNER["screen_name"])


def test_long_text_reaches_the_raw_table_with_its_entities(tmp_path: Path) -> None:
    entity_set = made.no_entities(hashtags=[{"text": "Tag", "indices": [5, 9]}])
    note = {"note_tweet_results": {"result": {"text": "Long #Tag", "entity_set": entity_set}}}
    loaded = load_text(tmp_path, jsonl(web_post(1) | {"note_tweet": note}))
    assert loaded.rows(
        "select note_tweet.note_tweet_results.result.text,"
        " note_tweet.note_tweet_results.result.entity_set.hashtags[1].indices from raw.x_graphql_posts"
    ) == [("Long #Tag", [5, 9])]


def test_row_of_the_web_exporter_keeps_its_time_zone_and_relations(tmp_path: Path) -> None:
    row = made.exported(1, in_reply_to=id_of(7), quoted_status=id_of(8), media=[{"type": "photo", "url": "x"}])
    loaded = load_text(tmp_path, json.dumps([row]))
    assert loaded.rows(
        "select legacy.created_at, legacy.in_reply_to_status_id_str, legacy.quoted_status_id_str,"
        " legacy.extended_entities.media[1].type, views.count, legacy.entities from raw.x_graphql_posts"
    ) == [("2016-02-03 17:00:00 +0700", id_of(7), id_of(8), "photo", "100", None)]


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("2016-02-03 17:00:00 +07:00", "2016-02-03 17:00:00 +0700"),
        ("Wed Feb 03 10:00:00 +0000 2016", "Wed Feb 03 10:00:00 +0000 2016"),
        ("2016-02-03T10:00:00Z", "2016-02-03T10:00:00Z"),
        # in the zone of a browser that nobody knows: the id carries the time
        ("2016-02-03 17:00:00", "2016-02-03 10:00:00 +0000"),
    ],
)
def test_time_of_a_browser_without_offset_is_taken_from_the_id(tmp_path: Path, stated: str, kept: str) -> None:
    loaded = load_text(tmp_path, json.dumps([made.exported(1, created_at=stated)]))
    assert loaded.rows("select legacy.created_at from raw.x_graphql_posts") == [(kept,)]


def test_records_that_do_not_fit_are_rejected_and_their_neighbours_load(tmp_path: Path) -> None:
    lines = [
        web_post(1),
        web_post(2, full_text=None),
        web_post(3) | {"rest_id": "7.0E17"},
        web_post(4, favorite_count="many"),
        '{"rest_id": "7", "legacy": {',
        {"errors": [{"message": "Over capacity"}]},
        {"data": {"user": {"result": {"rest_id": "11"}}}},
        made.compliance(8),
        web_post(9),
    ]
    loaded = load_text(tmp_path, jsonl(*lines))
    assert post_ids(loaded) == [id_of(1), id_of(9)]
    assert sorted(loaded.rejected) == [
        (2, "missing_column"),
        (3, "bad_id"),
        (4, "wrong_type"),
        (5, "broken_json"),
        (6, "not_a_post_api_error"),
        (7, "not_a_post_unknown"),
        (8, "not_a_post_compliance"),
    ]
    assert loaded.result.rejected[0].expected == "a field legacy.full_text"


def test_response_without_a_post_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    con = new_warehouse()
    path = made.write_text(tmp_path, "a.json", json.dumps(timeline(place(made.TOMBSTONE), place(None), place(None))))
    with pytest.raises(InputError) as caught:
        load(path, con=con)
    assert caught.value.code == "not_a_post_tombstone" and caught.value.next_step
    assert row_count(con) == 0


def test_posts_that_x_counts_and_since_when_are_told_by_the_author(tmp_path: Path) -> None:
    post = json.loads(json.dumps(POSTS[0]))
    author = post["core"]["user_results"]["result"]
    author.setdefault("legacy", {}).update(created_at="Mon Jan 05 08:00:00 +0000 2009", statuses_count=995)
    result = load_text(tmp_path, jsonl(zeeschuimer(post))).result
    assert (str(result.owner_created_at), result.owner_post_count) == ("2009-01-05 08:00:00+00:00", 995)
    assert load_text(tmp_path, SHAPES["posts on lines"], "b.json").result.owner_post_count is None
