"""The same few posts as nine tools write them: staging says the same of them, as far as each table tells.

Beside them in the warehouse, since a run takes half a minute: an account of Bluesky as a feed and as a repository, out
of which one post was deleted on request before.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from libipld import encode_dag_cbor

from orchestration.connectors.bluesky_repository import read_repository
from orchestration.deletion.forget import begin, clear, lock, planned
from orchestration.deletion.journal import DELETION
from orchestration.deletion.requests import read_request
from tests.fixtures import json_captures as made
from tests.leaks import contents_of
from tests.pipeline import Pipeline
from tests.unit.table_samples import (
    BY_HAND,
    KINDS,
    OLD,
    ORIGINAL,
    QUOTE,
    REPLY,
    REPOST,
    SAMPLES,
    Sample,
    moment,
    post_id,
)

COUNTS = "like_count, repost_count, reply_count, quote_count, bookmark_count, impression_count"


# Tables that do not say which post was quoted, and which was passed on.
UNNAMED_QUOTES = [SAMPLES[name] for name in ("four_cat_older", "tweet_harvest", "tweet_harvest_commas", "fivetran")]
UNNAMED_REPOSTS = ("four_cat", "tcat", "tweet_harvest", "fivetran")

# Two posts of a repository, one of them in a feed as well; and a repost, of which a repository says only whose it is.
FEED = {"feed": [{"post": made.bluesky_view(1)}], "cursor": "next"}
RECORDS = {
    **{f"app.bsky.feed.post/3k{number:011}": made.bluesky_view(number)["record"] for number in (1, 2)},
    "app.bsky.feed.repost/3k00000000009": {
        "subject": {"uri": made.bluesky_view(3, made.BLUESKY_YOU)["uri"], "cid": "x"},
        "createdAt": "2024-03-09T10:00:00.000Z",
    },
}
# What was deleted: a post, and the repost of it by its own author.
GONE = f"at://{made.BLUESKY_ME}/app.bsky.feed.post/3k00000000004"
CANARY = "Canary of the repository: zirconium herons left the fictional harbour at dawn."
GONE_RECORDS = {
    "app.bsky.feed.post/3k00000000004": {**made.bluesky_view(4)["record"], "text": CANARY},
    "app.bsky.feed.repost/3k00000000010": {
        "subject": {"uri": GONE, "cid": "bafygone"},
        "createdAt": "2024-03-10T10:00:00.000Z",
    },
}
REPOSITORY = made.bluesky_repository(made.BLUESKY_ME, RECORDS | GONE_RECORDS)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("tables")
    files = []
    for name, sample in SAMPLES.items():
        files.append(folder / f"{name}.csv")
        files[-1].write_text(sample.csv())
    files.append(folder / "feed.json")
    files[-1].write_text(json.dumps(FEED))
    (folder / "repository.car").write_bytes(REPOSITORY)
    (folder / "request.txt").write_text(f"{GONE}\n")
    pipeline = Pipeline(folder / "data")
    pipeline.ledger.store(folder / "repository.car")
    store = lock(pipeline.paths)
    with planned(pipeline.paths, read_request(folder / "request.txt")) as plan:
        begun = begin(pipeline.paths, plan, kind=DELETION)
    assert clear(pipeline.paths, begun)
    store.release()
    run = pipeline.run(*files)
    assert run.success, run.failures
    assert not run.red
    return pipeline


@pytest.fixture(params=SAMPLES.keys())
def staged(request: pytest.FixtureRequest, warehouse: Pipeline) -> tuple[Sample, dict[str, dict[str, Any]]]:
    """What staging says of the posts of one table, by id."""
    sample = SAMPLES[request.param]
    rows = warehouse.query(
        "select post_id, {'at': strftime(posted_at at time zone 'UTC', '%Y-%m-%d %H:%M:%S'),"
        " 'kind': kind, 'text': text, 'language': language, 'account': account_id, 'handle': handle,"
        f" 'counts': [{COUNTS}], 'hashtags': list_transform(hashtags, lambda h: h.tag),"
        " 'places': list_transform(hashtags, lambda h: h.start), 'mentions': mentions,"
        " 'links': list_transform(links, lambda u: u.expanded_url), 'reply': reply_to_handle,"
        " 'quoted': quoted_post_id, 'reposted': reposted_post_id, 'reposted_handle': reposted_handle}"
        f" from staging.stg_{sample.source}__posts join raw.captures using (capture_id)"
        f" where file_name = '{request.param}.csv'"
    )
    return sample, dict(rows)


def test_every_post_is_there_at_its_second(staged: Any) -> None:
    _, posts = staged
    expected = {post_id(number): moment(number).strftime("%Y-%m-%d %H:%M:%S") for number in KINDS}
    assert {one: said["at"] for one, said in posts.items()} == expected


def test_kinds_and_authors(staged: Any) -> None:
    sample, posts = staged
    assert {one: said["kind"] for one, said in posts.items()} == {post_id(n): k for n, k in sample.kinds.items()}
    assert {said["account"] for said in posts.values()} == {"7"}
    assert posts[post_id(REPLY)]["reply"] == "Other"
    assert posts[post_id(REPOST)]["reposted_handle"] == "Other"
    assert posts[post_id(REPOST)]["quoted"] is None
    assert posts[post_id(QUOTE)]["quoted"] == (None if sample in UNNAMED_QUOTES else post_id(OLD))
    assert posts[post_id(REPOST)]["reposted"] == (None if sample.source in UNNAMED_REPOSTS else post_id(OLD))
    named = {said["handle"] for number, said in posts.items() if number != post_id(ORIGINAL)}
    assert named == ({None} if sample.source == "fivetran" else {"Me"})


def test_counts_of_the_original_and_none_of_a_repost(staged: Any) -> None:
    sample, posts = staged
    assert posts[post_id(ORIGINAL)]["counts"] == list(sample.counts)
    assert posts[post_id(REPOST)]["counts"] == [None] * 6


def test_repost_by_hand_is_one_in_every_table(staged: Any) -> None:
    """Its author is in the text alone, and the post in no column."""
    _, posts = staged
    by_hand = posts[post_id(BY_HAND)]
    assert (by_hand["kind"], by_hand["reposted_handle"], by_hand["reposted"]) == ("repost", "Other", None)
    assert by_hand["counts"] == [None] * 6


def test_hashtags_mentions_and_links_as_listed(staged: Any) -> None:
    sample, posts = staged
    original, repost = posts[post_id(ORIGINAL)], posts[post_id(REPOST)]
    assert (original["hashtags"], repost["hashtags"]) == sample.hashtags
    assert set(original["places"] or []) <= {None}
    for mention in original["mentions"] or []:
        assert (mention["handle"].lower(), mention["start"]) == ("other", None)
    assert all(link.startswith("https://e.org/") for link in original["links"] or [])
    if sample.hashtags[0] is not None:
        assert original["links"][0] == "https://e.org/a,b"
    if sample.source in ("twint", "minet"):
        assert [mention["account_id"] for mention in original["mentions"]] == ["8"]


def test_texts_are_unescaped_once(staged: Any) -> None:
    _, posts = staged
    assert posts[post_id(ORIGINAL)]["text"].startswith("Hi & bye ")
    assert posts[post_id(ORIGINAL)]["language"] in ("id", None)


def test_newline_of_twarc_and_quoted_text_of_minet(warehouse: Pipeline) -> None:
    (text,) = warehouse.query(f"select text from staging.stg_twarc_csv__posts where post_id = '{post_id(ORIGINAL)}'")[0]
    assert "bye \n#Tág" in text
    assert warehouse.query(
        f"select text, hashtags from staging.stg_minet__posts where post_id = '{post_id(QUOTE)}'"
    ) == [(f"look https://twitter.com/Other/status/{post_id(OLD)}", [])]


def test_media_and_times_of_retrieval(warehouse: Pipeline) -> None:
    where = f"where post_id = '{post_id(ORIGINAL)}'"
    for source in ("twarc_csv", "twitter_web_exporter"):
        assert warehouse.query(f"select media_types from staging.stg_{source}__posts {where}") == [(["photo"],)]
    for source in ("twarc_csv", "fivetran"):
        assert warehouse.query(
            f"select strftime(observed_at at time zone 'UTC', '%Y-%m-%d') from staging.stg_{source}__posts {where}"
        ) == [("2021-05-01",)]


def test_post_of_a_repository_and_of_a_feed_is_one_with_the_counts_of_the_feed(warehouse: Pipeline) -> None:
    assert warehouse.query(
        "select kind, handle, like_count, text is not null, text_is_complete from intermediate.int_posts__kept"
        " where platform = 'bluesky' order by posted_at"
    ) == [
        ("original", "me.example", 3, True, True),
        ("original", None, None, True, True),
        ("repost", None, None, False, False),
    ]
    assert warehouse.query(
        "select target_account_id from intermediate.int_posts__interactions"
        " where kind = 'repost' and target_account_id like 'did:%'"
    ) == [(made.BLUESKY_YOU,)]
    # between first and last post it is whole; a report says so of registered accounts only
    assert warehouse.query(
        "select distinct basis from intermediate.int_accounts__coverage join marts.dim_accounts using (account_key)"
        " where platform = 'bluesky' order by basis"
    ) == [("census",), ("observed_span",)]


def test_post_that_was_deleted_from_a_repository_is_nowhere_and_its_neighbours_are_as_they_were(
    warehouse: Pipeline,
) -> None:
    record = encode_dag_cbor(GONE_RECORDS["app.bsky.feed.post/3k00000000004"])
    contents = contents_of([warehouse.paths.root])
    for trace in (CANARY.encode(), hashlib.sha256(record).digest(), b"bafygone"):
        assert not [name for name, content in contents.items() if trace in content]
    entry = warehouse.ledger.capture("repository.car")
    stored = warehouse.ledger.stored_path(entry).read_bytes()
    assert dict(read_repository(stored, "repository.car").records) == RECORDS
    assert all(encode_dag_cbor(record) in stored for record in RECORDS.values())


def test_records_of_a_repository_add_up_after_a_deletion(warehouse: Pipeline) -> None:
    entry = warehouse.ledger.capture("repository.car")
    (receipt,) = (json.loads(path.read_text("utf-8")) for path in warehouse.paths.receipts.glob("*-deletion.json"))
    (told,) = receipt["captures"]
    assert (told["what"], told["records_removed"], entry.removed["records"]) == ("rewritten", 2, 2)
    assert (told["old_sha256"], told["new_sha256"]) == (entry.capture_id, entry.stored_sha256)
    assert warehouse.query(
        "select delivered_count, loaded_count, rejected_count from quality.fct_capture_outcomes"
        f" where capture_id = '{entry.capture_id}'",
        published=True,
    ) == [(len(RECORDS | GONE_RECORDS) - 2, 3, 0)]
