"""JSON lines of snscrape and twscrape in their versions; what is not a post is rejected and named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from orchestration.contract import InputError
from tests.fixtures import json_captures as made
from tests.fixtures.json_captures import OWNER, id_of, jsonl, snscraped, twscraped
from tests.unit.connectors_support import Loaded, load, new_warehouse, row_count, write


def older(number: int) -> dict[str, Any]:
    """A line of snscrape before 2022: the text was called `content`."""
    post = snscraped(number)
    post["content"] = post.pop("rawContent")
    return post


SHAPES = {
    "snscrape": jsonl(*(snscraped(number) for number in (1, 2, 3))),
    "older snscrape": jsonl(*(older(number) for number in (1, 2, 3))),
    "twscrape": jsonl(*(twscraped(number) for number in (1, 2, 3))),
    "both": jsonl(snscraped(1), twscraped(2), older(3)),
    "array": json.dumps([twscraped(number) for number in (1, 2, 3)], indent=2),
    "arrays on lines": jsonl([snscraped(1), snscraped(2)], [snscraped(3)]),
}


def load_text(tmp_path: Path, text: str | bytes, name: str = "a.jsonl") -> Loaded:
    write(tmp_path, {name: text})
    return load(tmp_path / name, "x_scrapers")


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_gives_the_same_posts_in_order(tmp_path: Path, text: str) -> None:
    loaded = load_text(tmp_path, text)
    assert loaded.counts == (3, 3, 0)
    assert loaded.rows(
        'select record_no, id_str, coalesce("rawContent", content), "likeCount" from raw.x_scrapers_posts order by 1'
    ) == [(number, id_of(number), f"Synthetic post {number}", number) for number in (1, 2, 3)]
    result = loaded.result
    assert (result.owner_account_id, result.owner_handle, result.owner_name) == tuple(OWNER.values())
    assert (result.is_census, result.observed_at) == (None, None) and result.is_synthetic


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_compressed_files_are_read(tmp_path: Path, suffix: str, pack: Any) -> None:
    assert load_text(tmp_path, pack(SHAPES["twscrape"].encode()), f"a.jsonl{suffix}").counts == (3, 3, 0)


@pytest.mark.parametrize("cut", ["", '{"id": '], ids=["fast", "careful"])
def test_ids_are_exact_and_media_is_kept_as_its_json(tmp_path: Path, cut: str) -> None:
    photo = {"_type": "snscrape.modules.twitter.Photo", "fullUrl": "x"}
    original = twscraped(901, made.OTHER, media={"photos": [{"url": "x"}], "videos": [], "animated": []})
    lines = (
        snscraped(1, id=9_007_199_254_740_993, media=[photo], inReplyToTweetId=9_007_199_254_740_995),
        twscraped(2, retweetedTweet=original, hashtags=["Tag"], mentionedUsers=[made.scraped_user(made.OTHER)]),
    )
    loaded = load_text(tmp_path, jsonl(*lines) + cut)
    rows = loaded.rows(
        'select id_str, "inReplyToTweetId", media, "retweetedTweet".id_str, "retweetedTweet".media,'
        ' hashtags, "mentionedUsers"[1].id from raw.x_scrapers_posts order by record_no'
    )
    assert [(row[0], row[1], row[3], row[5], row[6]) for row in rows] == [
        ("9007199254740993", "9007199254740995", None, None, None),
        (id_of(2), None, id_of(901), ["Tag"], "12"),
    ]
    assert json.loads(rows[0][2]) == [photo]
    assert json.loads(rows[1][4]) == original["media"]


def test_records_that_do_not_fit_are_rejected_and_their_neighbours_load(tmp_path: Path) -> None:
    lines = [
        snscraped(1),
        {key: value for key, value in snscraped(2).items() if key != "date"},
        snscraped(3, id=7.0e17),
        snscraped(4, likeCount="many"),
        '{"id": 7, "rawContent": "a',
        {"_type": "snscrape.modules.twitter.Tombstone", "id": 7, "text": "This Tweet is unavailable."},
        {"_type": "snscrape.modules.twitter.TweetRef", "id": 7},
        made.scraped_user(),
        made.compliance(9),
        {"anything": 1},
        twscraped(11),
    ]
    loaded = load_text(tmp_path, jsonl(*lines))
    assert loaded.rows("select record_no, id_str from raw.x_scrapers_posts order by 1") == [
        (1, id_of(1)),
        (11, id_of(11)),
    ]
    assert sorted(loaded.rejected) == [
        (2, "missing_column"),
        (3, "bad_id"),
        (4, "wrong_type"),
        (5, "broken_json"),
        (6, "not_a_post_tombstone"),
        (7, "not_a_post_reference"),
        (8, "not_a_post_profile"),
        (9, "not_a_post_compliance"),
        (10, "not_a_post_unknown"),
    ]


def test_file_of_accounts_is_refused_by_its_name_and_leaves_nothing(tmp_path: Path) -> None:
    con = new_warehouse()
    write(tmp_path, {"a.jsonl": jsonl(made.scraped_user())})
    with pytest.raises(InputError) as caught:
        load(tmp_path / "a.jsonl", "x_scrapers", con=con)
    assert caught.value.code == "not_a_post_profile" and "account" in caught.value.found
    assert row_count(con) == 0


@pytest.mark.parametrize(
    ("make", "created"), [(snscraped, "2009-01-05T08:00:00+00:00"), (twscraped, "2009-01-05 08:00:00+00:00")]
)
def test_posts_that_x_counts_and_since_when_are_told_by_the_author(tmp_path: Path, make: Any, created: str) -> None:
    post = make(1)
    post["user"] = {**post["user"], "created": created, "statusesCount": 995}
    result = load_text(tmp_path, jsonl(post)).result
    assert (str(result.owner_created_at), result.owner_post_count) == ("2009-01-05 08:00:00+00:00", 995)
    assert load_text(tmp_path, SHAPES["snscrape"], "b.jsonl").result.owner_post_count is None
