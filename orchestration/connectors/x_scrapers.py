"""Posts that snscrape and twscrape wrote as JSON lines.

Belongs here: the shape of such a post in both tools and their versions, its raw table.
Does not belong here: their tables (CSV); raw responses of the web client, which twscrape can write, too; reading of
bytes or JSON in general.

Both keep hashtags as words and mentions as accounts, without their place in the text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import LoadResult, Progress, Shape, raw_table_ddl
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.json_load import JsonLoad, first_keys, json_members, selected
from orchestration.connectors.records import RecordTable, read_json_sql

_USER: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "id": "VARCHAR",
    "username": "VARCHAR",
    "displayname": "VARCHAR",
}
# Of an author also what tells whether a capture was cut: how many posts X counts, and since when.
_AUTHOR: dict[str, Shape] = {**_USER, "created": "VARCHAR", "statusesCount": "BIGINT"}
# The text was called `content` until 2022, links `outlinks` and `tcooutlinks`.
_TEXT: dict[str, Shape] = {
    "rawContent": "VARCHAR",
    "content": "VARCHAR",
    "hashtags": ["VARCHAR"],
    "mentionedUsers": [_USER],
    "links": [{"url": "VARCHAR", "tcourl": "VARCHAR"}],
    "outlinks": ["VARCHAR"],
    "tcooutlinks": ["VARCHAR"],
    # a list in one tool, an object of lists in the other: kept as its JSON text
    "media": "VARCHAR",
}
_ORIGINAL: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "id": "VARCHAR",
    "date": "VARCHAR",
    "user": _USER,
    **_TEXT,
    "likeCount": "BIGINT",
    "retweetCount": "BIGINT",
}
_POST: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "date": "VARCHAR",
    "user": _AUTHOR,
    **_TEXT,
    "lang": "VARCHAR",
    "source": "VARCHAR",
    "conversationIdStr": "VARCHAR",
    "conversationId": "VARCHAR",
    "inReplyToTweetIdStr": "VARCHAR",
    "inReplyToTweetId": "VARCHAR",
    "inReplyToUser": _USER,
    "quotedTweet": {"id_str": "VARCHAR", "id": "VARCHAR", "user": _USER},
    "retweetedTweet": _ORIGINAL,
    "likeCount": "BIGINT",
    "retweetCount": "BIGINT",
    "replyCount": "BIGINT",
    "quoteCount": "BIGINT",
    "bookmarkedCount": "BIGINT",
    "bookmarkCount": "BIGINT",
    "viewCount": "BIGINT",
}

RAW_TABLES: dict[str, str] = {"x_scrapers_posts": raw_table_ddl("x_scrapers_posts", _POST)}

_NOT_POSTS: dict[str, tuple[str, str]] = {
    "tombstone": (
        "a place where X says why it shows no post (deleted, withheld, of a protected or suspended account)",
        "Nothing to do: the post itself was not delivered.",
    ),
    "reference": (
        "a reference to a post that was not fetched",
        "Nothing to do: the post itself was not delivered.",
    ),
    "profile": ("an account, not a post", "Leave this file out; the posts name their authors."),
    "compliance": (
        "a compliance line (a post or account to be removed), not a post",
        "Hand it over together with the posts of the API that it belongs to.",
    ),
    "unknown": ("a JSON value of another kind", "Leave this file out, or name its source."),
}


class XScrapers:
    """Reads posts of snscrape and twscrape, one per line."""

    source = "x_scrapers"
    platform = "x"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a member begins with a post of one of these scrapers."""
        return any(_shape_of(first_keys(files, name)) is not None for name in json_members(files))

    def load(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        progress: Progress | None = None,
    ) -> LoadResult:
        """See `Connector.load`."""
        return _Load(con, capture_id, files, scratch, progress).run()


CONNECTOR = XScrapers()


def _shape_of(paths: set[str]) -> str | None:
    """What the first value of a file is, or None when no scraper wrote it; both write posts of other networks, too."""
    is_post = {"id", "date", "user.username"} <= paths and bool({"rawContent", "content"} & paths)
    return "posts" if is_post and {"conversationId", "replyCount", "retweetCount"} & paths else None


class _Load(JsonLoad):
    source = XScrapers.source
    described = "posts of snscrape or twscrape"
    raw_tables = RAW_TABLES
    tables = {  # noqa: RUF012 (declared as ClassVar in the frame)
        "post": RecordTable("x_scrapers_posts", _POST, "id_str", ("id_str", "rawContent|content", "date", "user"))
    }
    fast_shapes = frozenset({"posts"})
    author_sql = ('coalesce("user".id_str, "user".id)', '"user".username', '"user".displayname')
    # one tool writes a T between day and time, the other a blank
    stated_sql = ("replace(\"user\".created, ' ', 'T')", '"user"."statusesCount"')
    not_posts = _NOT_POSTS

    def shape_of(self, paths: set[str]) -> str | None:
        return _shape_of(paths)

    def posts_sql(self, path: Path, layout: str, shape: str) -> str:
        rest = selected({name: kind for name, kind in _POST.items() if name != "id_str"})
        rows = read_json_sql(path, layout, {**_POST, "id": "VARCHAR"})
        return f"select coalesce(id_str, id) as id_str, {rest} from {rows}"

    def is_record(self, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        return {"id", "date", "user"} <= value.keys() and bool({"rawContent", "content"} & value.keys())

    def take(self, member: str, value: Any, text: str) -> None:
        if isinstance(value, list):
            for item in value:
                self.take(member, item, "")
            return
        text = text or json.dumps(value, ensure_ascii=False)
        if not isinstance(value, dict):
            self.set_aside(member, "unknown", text)
            return
        stated = str(value.get("_type")).rsplit(".", 1)[-1]
        if stated == "Tombstone":
            self.set_aside(member, "tombstone", text)
        elif stated == "TweetRef":
            self.set_aside(member, "reference", text)
        elif {"id", "action", "reason"} <= value.keys():
            self.set_aside(member, "compliance", text)
        elif "username" in value and not {"rawContent", "content"} & value.keys():
            self.set_aside(member, "profile", text)
        elif len({"id", "id_str", "date", "user", "rawContent", "content"} & value.keys()) >= 2:
            self.keep(member, "post", _as_text(value), text)
        else:
            self.set_aside(member, "unknown", text)


def _as_text(post: dict[str, Any]) -> dict[str, Any]:
    """The post with its id as text, and media as JSON text, as DuckDB reads them."""
    post_id = post.get("id_str")
    if post_id is None:
        post_id = post.get("id")
    kept = {**post, "id_str": post_id}
    if isinstance(post.get("retweetedTweet"), dict):
        kept["retweetedTweet"] = _with_media_as_text(post["retweetedTweet"])
    return _with_media_as_text(kept)


def _with_media_as_text(post: dict[str, Any]) -> dict[str, Any]:
    media = post.get("media")
    return {**post, "media": None if media is None else json.dumps(media, ensure_ascii=False, separators=(",", ":"))}
