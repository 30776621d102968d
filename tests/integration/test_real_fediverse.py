"""Real posts of Bluesky and Mastodon through the whole pipeline, beside another tool's normalised form and a count by a
few independent lines.

The files are read where they lie and nothing of them is kept; only ids, counts and tags are compared. What differs on
purpose is listed here by number and explained in docs/explanation/differences.md.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import Pipeline, Run

pytestmark = pytest.mark.realdata

OUTBOX = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "id": "outbox.json",
    "type": "OrderedCollection",
    "totalItems": 3,
    "orderedItems": [
        {
            "id": f"https://a.example/users/me/statuses/{number}/activity",
            "type": kind,
            "actor": "https://a.example/users/me",
            "published": f"2023-01-0{number}T10:00:00Z",
            "to": [to],
            "cc": [],
            "object": {
                "id": f"https://a.example/users/me/statuses/{number}",
                "type": "Note",
                "content": "<p>Halo #dunia</p>",
            }
            if kind == "Create"
            else "https://b.example/users/you/statuses/7",
        }
        for number, kind, to in (
            (1, "Create", "https://www.w3.org/ns/activitystreams#Public"),
            (2, "Announce", "https://www.w3.org/ns/activitystreams#Public"),
            (3, "Create", "https://a.example/users/me/followers"),
        )
    ],
}


INTERACTIONS = "intermediate.int_posts__interactions"


@dataclass(frozen=True)
class Loaded:
    """Everything in one warehouse, and the files as they are."""

    pipeline: Pipeline
    run: Run
    bluesky: list[dict[str, Any]]
    normalized: list[list[dict[str, Any]]]
    statuses: list[dict[str, Any]]

    def rows(self, sql: str) -> list[tuple]:
        """Rows of the published file; of posts and interactions as they were kept (`kept.posts`), since most of these
        accounts are not registered, and little of them is published."""
        kept = sql.replace("kept.posts", "intermediate.int_posts__kept").replace("kept.targets", INTERACTIONS)
        return self.pipeline.query(kept, published=kept == sql)

    def value(self, sql: str) -> Any:
        return self.rows(sql)[0][0]


@pytest.fixture(scope="module")
def loaded(real_package: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("fediverse")
    bluesky = real_package("twitwi_bluesky_twitter") / "test" / "resources"
    mastodon = real_package("rtoot_mastodon") / "tests" / "testdata"
    archive = folder / "archive.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("outbox.json", json.dumps(OUTBOX))
    captures = (bluesky / "bluesky-posts.json", mastodon / "mastodonsocial.json", mastodon / "malformed.json", archive)
    pipeline = Pipeline(folder / "data")
    run = pipeline.run(*captures)
    assert run.success, run.failures
    assert not run.red
    statuses = []
    for path in captures[1:3]:
        for line in path.read_text("utf-8").split("\n"):  # not at every Unicode line end
            if line.startswith("{"):
                statuses.append(json.loads(line))
    return Loaded(
        pipeline,
        run,
        json.loads(captures[0].read_text("utf-8")),
        json.loads((bluesky / "bluesky-normalized-posts.json").read_text("utf-8")),
        statuses,
    )


def accounting(loaded: Loaded, source: str) -> tuple:
    """Records of a source: delivered, loaded, rejected, kept, and not kept because of another record."""
    return loaded.rows(
        "select sum(a.delivered_count), sum(a.loaded_count), sum(a.rejected_count), sum(a.kept_count), "
        "sum(a.duplicate_count + a.superseded_count) from quality.fct_record_accounting as a "
        f"inner join quality.fct_capture_outcomes as c on a.capture_id = c.capture_id where c.source = '{source}'"
    )[0]


# Bluesky ----------------------------------------------------------------------------------------------------


def bluesky_pairs(loaded: Loaded) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each of our records beside the other tool's form of the same post, by their places in the file."""
    names = (
        "record_no, kind, post_id, account_id, handle, epoch(posted_at) as posted_at, reply_to_post_id, "
        "quoted_post_id, reposted_post_id, quoted_handle, like_count, repost_count, reply_count, quote_count, text, "
        "hashtags, mentions, links, source_metadata"
    )
    rows = loaded.pipeline.query(f"select {names} from staging.stg_bluesky__posts order by record_no")
    keys = [name.split(" as ")[-1].strip() for name in names.split(",")]
    pairs = []
    for row in rows:
        ours = dict(zip(keys, row, strict=True))
        item = loaded.bluesky[ours["record_no"] - 1]
        uri = item.get("post", item)["uri"]
        (theirs,) = [one for one in loaded.normalized[ours["record_no"] - 1] if one["uri"] == uri]
        pairs.append((ours, theirs))
    return pairs


def test_every_bluesky_record_is_accounted_for(loaded: Loaded) -> None:
    row = accounting(loaded, "bluesky")
    assert row == (123, 122, 1, 118, 4)
    assert loaded.rows(
        "select reason_code, count(*) from quality.fct_rejected_records as rejected "
        "inner join quality.fct_capture_outcomes as captures on rejected.capture_id = captures.capture_id "
        "where captures.source = 'bluesky' group by 1"
    ) == [("impossible_time", 1)]


def test_bluesky_posts_of_the_file_are_the_posts_of_the_mart(loaded: Loaded) -> None:
    posts = {item.get("post", item)["uri"] for item in loaded.bluesky if "reason" not in item}
    reposts = {item["post"]["uri"] for item in loaded.bluesky if "reason" in item}
    (impossible,) = [
        item["uri"]
        for item in loaded.bluesky
        if "uri" in item and "record" in item and item["record"]["createdAt"] < "1"
    ]
    rows = loaded.rows("select post_id, reposted_post_id from kept.posts where platform = 'bluesky'")
    assert {post_id for post_id, reposted in rows if reposted is None} == posts - {impossible}
    assert {reposted for _, reposted in rows if reposted is not None} == reposts


def test_ids_times_authors_and_counts_agree_with_the_other_tool(loaded: Loaded) -> None:
    differing = []
    for ours, theirs in bluesky_pairs(loaded):
        is_repost = ours["kind"] == "repost"
        author = theirs["repost_by_user_did" if is_repost else "user_did"]
        when = theirs["repost_timestamp_utc" if is_repost else "timestamp_utc"]
        assert ours["account_id"] == author and int(ours["posted_at"]) == when
        if is_repost:
            assert ours["like_count"] is ours["repost_count"] is ours["reply_count"] is ours["quote_count"] is None
            continue
        for name in ("like_count", "repost_count", "reply_count", "quote_count", "text"):
            assert ours[name] == theirs["original_text" if name == "text" else name]
        assert json.loads(ours["source_metadata"])["indexed_at"] == theirs["indexed_at_utc"]
        assert ours["reply_to_post_id"] == theirs.get("to_post_uri")
        if ours["handle"] != theirs["user_handle"]:
            assert (ours["handle"], theirs["user_handle"]) == (None, "handle.invalid")
        if ours["quoted_post_id"] != theirs.get("quoted_uri"):
            differing.append(theirs["quoted_uri"].split("/")[3])
    # lists, feeds and profiles are no posts; one quote stands in a form that the platform does not know
    assert sorted(differing) == [
        "app.bsky.actor.profile",
        "app.bsky.feed.generator",
        "app.bsky.feed.post",
        "app.bsky.graph.list",
    ]


def test_hashtags_agree_with_the_other_tool_but_for_explained_ones(loaded: Loaded) -> None:
    only_ours, only_theirs = 0, 0
    for ours, theirs in bluesky_pairs(loaded):
        item = loaded.bluesky[ours["record_no"] - 1]
        record = item.get("post", item)["record"]
        mine = {entity["tag"].lower() for entity in ours["hashtags"]}
        their = {tag.lower() for tag in theirs["hashtags"]}
        # tags beside the text, which the other tool does not read
        assert mine - their <= {tag.lower() for tag in record.get("tags") or []}
        # kinds of features that the platform does not know
        known = {
            str(feature.get("tag")).strip().lower()
            for facet in record.get("facets") or []
            for feature in facet["features"]
            if feature["$type"] == "app.bsky.richtext.facet#tag"
        }
        assert not (their - mine) & known
        only_ours, only_theirs = only_ours + len(mine - their), only_theirs + len(their - mine)
    assert (only_ours, only_theirs) == (4, 14)


def test_mentions_agree_with_the_other_tool(loaded: Loaded) -> None:
    without_handle = 0
    for ours, theirs in bluesky_pairs(loaded):
        assert {entity["account_id"] for entity in ours["mentions"]} == set(theirs["mentioned_user_dids"])
        handles = {entity["handle"].lower() for entity in ours["mentions"] if entity["handle"]}
        assert handles <= {handle.lower() for handle in theirs["mentioned_user_handles"]}
        without_handle += sum(entity["handle"] is None for entity in ours["mentions"])
    assert without_handle == 2, "facets that do not stand where the handle does"


def test_places_in_the_text_are_exact(loaded: Loaded) -> None:
    placed, elsewhere = 0, 0
    for ours, _ in bluesky_pairs(loaded):
        for entity in ours["hashtags"]:
            if entity["start"] is not None:
                words = ours["text"][entity["start"] : entity["end"]].strip().lstrip("#＃")
                placed += 1
                elsewhere += words.lower() != entity["tag"].lower()
    assert placed > 80
    assert elsewhere == 2, "one program lays two tags of its own over a whole headline"


def test_links_agree_but_for_how_they_are_cleaned(loaded: Loaded) -> None:
    def core(url: str) -> str:
        return re.sub(r"^https?://|[?#].*$|/$", "", url.lower().replace("%40", "@").replace("\\/", "/"))

    agreeing, differing = 0, 0
    for ours, theirs in bluesky_pairs(loaded):
        mine, their = {core(link["url"]) for link in ours["links"]}, {core(url) for url in theirs["links"]}
        agreeing += mine == their
        differing += mine != their
    assert differing <= 14, "see the differences"
    assert agreeing + differing == 122


# Mastodon ---------------------------------------------------------------------------------------------------


def mastodon_rows(loaded: Loaded) -> dict[tuple[str, str | None], dict[str, Any]]:
    rows = loaded.pipeline.query(
        "select post_id, json_extract_string(source_metadata, '$.edited_at'), text, hashtags, mentions, links, "
        "epoch_ms(posted_at), handle, like_count, kind from staging.stg_mastodon__posts"
    )
    names = ("text", "hashtags", "mentions", "links", "posted_at", "handle", "like_count", "kind")
    return {(row[0], row[1]): dict(zip(names, row[2:], strict=True)) for row in rows}


def test_every_status_is_accounted_for(loaded: Loaded) -> None:
    # 48 + 49 statuses, a broken line; 2 of 3 in the archive, one to followers
    assert accounting(loaded, "mastodon") == (101, 99, 2, 98, 1)
    assert len(loaded.statuses) == 97 and len({status["uri"] for status in loaded.statuses}) == 96
    assert loaded.value("select count(*) from kept.posts where platform = 'mastodon'") == 98


def test_statuses_are_as_a_plain_reading_has_them(loaded: Loaded) -> None:
    rows = mastodon_rows(loaded)
    assert len(rows) == 97
    for status in loaded.statuses:
        ours = rows[status["uri"], status["edited_at"]]
        # Mastodon's own statuses hold paragraphs, line ends, links and spans only
        text = re.sub(r"</p>\s*<p>", "\n\n", status["content"])
        text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br ?/?>", "\n", text)))
        assert ours["text"] == text.strip("\n")
        assert ours["like_count"] == status["favourites_count"]
        acct = status["account"]["acct"]
        host = status["account"]["url"].split("/")[2]
        assert ours["handle"] == (acct if "@" in acct else f"{acct}@{host}")


def test_hashtags_and_mentions_of_statuses_are_those_of_the_server(loaded: Loaded) -> None:
    def plain(tag: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFD", tag.lower()) if not unicodedata.combining(c))

    rows = mastodon_rows(loaded)
    placed = 0
    for status in loaded.statuses:
        ours = rows[status["uri"], status["edited_at"]]
        assert {plain(tag["tag"]) for tag in ours["hashtags"]} == {plain(tag["name"]) for tag in status["tags"]}
        for tag in ours["hashtags"]:
            if tag["start"] is not None:
                placed += 1
                assert ours["text"][tag["start"] : tag["end"]] == f"#{tag['tag']}"
        accounts = {
            mention["acct"] if "@" in mention["acct"] else f"{mention['acct']}@{mention['url'].split('/')[2]}"
            for mention in status["mentions"]
        }
        assert {mention["handle"] for mention in ours["mentions"]} == accounts
    assert placed == 66


def test_edited_status_is_kept_as_edited(loaded: Loaded) -> None:
    (edited,) = [status for status in loaded.statuses if sum(s["uri"] == status["uri"] for s in loaded.statuses) > 1][
        -1:
    ]
    latest = max(
        (status for status in loaded.statuses if status["uri"] == edited["uri"]), key=lambda s: s["edited_at"] or ""
    )
    plain = html.unescape(re.sub(r"<[^>]+>", "", latest["content"]))
    assert loaded.rows(f"select text from kept.posts where post_id = '{edited['uri']}'") == [(plain,)]


# The marts --------------------------------------------------------------------------------------------------


def test_hashtags_reach_their_mart(loaded: Loaded) -> None:
    found = dict(
        loaded.rows(
            "select platform, count(*) from intermediate.int_posts__hashtags "
            "inner join kept.posts using (post_key) group by 1"
        )
    )
    tags = {(status["uri"], tag["name"].lower()) for status in loaded.statuses for tag in status["tags"]}
    # the tag of the made-up archive stands in its text only
    assert found["mastodon"] in (len(tags), len(tags) + 1)
    assert found["bluesky"] == 95


def test_interactions_reach_their_mart(loaded: Loaded) -> None:
    found = dict(loaded.rows("select platform || ' ' || kind, count(*) from kept.targets group by 1 order by 1"))
    assert found == {
        "bluesky mention": 22,
        "bluesky quote": 20,
        "bluesky reply": 9,
        "bluesky repost": 2,
        "mastodon mention": 5,
        "mastodon repost": 1,
    }


def test_boost_of_an_archive_is_a_repost_without_words(loaded: Loaded) -> None:
    assert loaded.rows(
        "select text, text_is_complete, like_count, reposted_post_id, reposted_handle, handle from kept.posts "
        "where platform = 'mastodon' and kind = 'repost'"
    ) == [(None, False, None, "https://b.example/users/you/statuses/7", "you@b.example", "me@a.example")]


def test_nothing_that_was_not_public_is_anywhere(loaded: Loaded) -> None:
    assert loaded.value("select count(*) from quality.fct_rejected_records where reason_code = 'not_public'") == 1
    assert loaded.pipeline.query("select count(*) from raw.mastodon_archive_posts") == [(2,)]


def test_gaps_between_claimed_and_seen_times_are_told(loaded: Loaded) -> None:
    assert "claimed_time_agrees_with_indexing" in loaded.run.yellow
