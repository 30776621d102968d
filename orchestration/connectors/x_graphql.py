"""Posts as the X web client gets them (GraphQL): Zeeschuimer NDJSON, twitter-web-exporter JSON, raw responses.

Belongs here: the shape of such a post, where posts stand in a response, its raw table.
Does not belong here: reading of bytes or JSON in general, other sources.

A response lists posts, and each of them may hold others inside: a quoted one, the original of a repost. What the
timeline lists is a record; what is inside serves only to describe it. A place where X shows no post (deleted, withheld,
for subscribers) and a paid post are no posts of the timeline: they are rejected, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import LoadResult, Progress, Shape, quote, raw_table_ddl
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.json_load import JsonLoad, first_keys, json_members
from orchestration.connectors.records import RecordTable, parse_time, read_json_sql

_NAMES: dict[str, Shape] = {"screen_name": "VARCHAR", "name": "VARCHAR"}
# The handle moved from `legacy` to `core` in 2025; an author may be absent (suspended since).
_AUTHOR: dict[str, Shape] = {
    "user_results": {
        "result": {
            "rest_id": "VARCHAR",
            "core": {**_NAMES, "created_at": "VARCHAR"},
            # what tells whether a capture was cut: how many posts X counts, and since when
            "legacy": {**_NAMES, "created_at": "VARCHAR", "statuses_count": "BIGINT"},
        }
    }
}
_ENTITIES: dict[str, Shape] = {
    "hashtags": [{"text": "VARCHAR", "indices": ["BIGINT"]}],
    "user_mentions": [{"screen_name": "VARCHAR", "name": "VARCHAR", "id_str": "VARCHAR", "indices": ["BIGINT"]}],
    "urls": [{"url": "VARCHAR", "expanded_url": "VARCHAR"}],
}
_NOTE: dict[str, Shape] = {"note_tweet_results": {"result": {"text": "VARCHAR", "entity_set": _ENTITIES}}}
_TEXT: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "created_at": "VARCHAR",
    "user_id_str": "VARCHAR",
    "full_text": "VARCHAR",
    "entities": _ENTITIES,
    "extended_entities": {"media": [{"type": "VARCHAR"}]},
    "favorite_count": "BIGINT",
    "retweet_count": "BIGINT",
    "reply_count": "BIGINT",
    "quote_count": "BIGINT",
    "bookmark_count": "BIGINT",
}
_ORIGINAL: dict[str, Shape] = {"rest_id": "VARCHAR", "core": _AUTHOR, "legacy": _TEXT, "note_tweet": _NOTE}
_QUOTED: dict[str, Shape] = {"rest_id": "VARCHAR", "core": _AUTHOR, "legacy": {"user_id_str": "VARCHAR"}}
_POST: dict[str, Shape] = {
    "rest_id": "VARCHAR",
    "core": _AUTHOR,
    # in the oldest form of Zeeschuimer ("adaptive"), the author stands here
    "user": {"id_str": "VARCHAR", **_NAMES},
    "legacy": {
        **_TEXT,
        "conversation_id_str": "VARCHAR",
        "in_reply_to_status_id_str": "VARCHAR",
        "in_reply_to_user_id_str": "VARCHAR",
        "in_reply_to_screen_name": "VARCHAR",
        "is_quote_status": "BOOLEAN",
        "quoted_status_id_str": "VARCHAR",
        # with limited visibility, a post lies one level deeper
        "retweeted_status_result": {"result": {**_ORIGINAL, "tweet": _ORIGINAL}},
        "lang": "VARCHAR",
        "possibly_sensitive": "BOOLEAN",
    },
    "note_tweet": _NOTE,
    "quoted_status_result": {"result": {**_QUOTED, "tweet": _QUOTED}},
    "views": {"count": "VARCHAR"},
    "edit_control": {
        "edit_tweet_ids": ["VARCHAR"],
        "initial_tweet_id": "VARCHAR",
        "edit_control_initial": {"edit_tweet_ids": ["VARCHAR"]},
    },
    "source": "VARCHAR",
    "promoted": "BOOLEAN",
}
_COLLECTED: dict[str, Shape] = {"timestamp_collected": "VARCHAR"}

RAW_TABLES: dict[str, str] = {"x_graphql_posts": raw_table_ddl("x_graphql_posts", {**_POST, **_COLLECTED})}

_NOT_POSTS: dict[str, tuple[str, str]] = {
    "tombstone": (
        "a place where X says why it shows no post (deleted, withheld, of a protected or suspended account)",
        "Nothing to do: the post itself was not delivered.",
    ),
    "unavailable": (
        "a place without a post, or with a preview of one for subscribers",
        "Nothing to do: the post itself was not delivered.",
    ),
    "promoted": (
        "a paid post that X put between the others",
        "Nothing to do: it is not part of what the timeline is about.",
    ),
    "api_error": (
        "an error message of the web client's API instead of posts",
        "Nothing to do for single lines; when there are many, collect these posts again.",
    ),
    "compliance": (
        "a compliance line (a post or account to be removed), not a post",
        "Hand it over together with the posts of the API that it belongs to.",
    ),
    "unknown": ("a JSON value without posts", "Leave this file out, or name its source."),
}


class XGraphql:
    """Reads posts of the X web client: one per line, in an export, or wherever they stand in a response."""

    source = "x_graphql"
    platform = "x"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a member begins with something of the web client."""
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


CONNECTOR = XGraphql()

# What X calls a post that it does not show: gone, or of an account whose posts are for subscribers.
_UNAVAILABLE = ("TweetUnavailable", "TweetPreviewDisplay")
_RESPONSE_KEYS = ("instructions", "tweetResult", "tweet_results", "tweet_result")
_EXPORTED_KEYS = {"id", "created_at", "full_text", "screen_name", "user_id"}


def _shape_of(paths: set[str]) -> str | None:
    """What the first value of a file is, or None when it is not of the web client."""
    if {"data.legacy.full_text", "data.legacy.id_str", "data.tweet.rest_id"} & paths:
        return "zeeschuimer"
    if {"rest_id", "legacy.full_text"} <= paths or "tweet.rest_id" in paths:
        return "tweets"
    if paths >= _EXPORTED_KEYS:
        return "exported"
    if any(path.startswith("data.") and path.rsplit(".", 1)[-1] in _RESPONSE_KEYS for path in paths):
        return "response"
    return None


class _Load(JsonLoad):
    source = XGraphql.source
    described = "posts of the X web client"
    raw_tables = RAW_TABLES
    tables = {  # noqa: RUF012 (declared as ClassVar in the frame)
        "post": RecordTable(
            "x_graphql_posts",
            {**_POST, **_COLLECTED},
            "rest_id",
            ("rest_id", "legacy.created_at", "legacy.full_text"),
        )
    }
    fast_shapes = frozenset({"zeeschuimer", "tweets"})
    aside_sql = "coalesce(promoted, false)"
    author_sql = (
        'coalesce(legacy.user_id_str, core.user_results.result.rest_id, "user".id_str)',
        "coalesce(core.user_results.result.core.screen_name, core.user_results.result.legacy.screen_name,"
        ' "user".screen_name)',
        'coalesce(core.user_results.result.core."name", core.user_results.result.legacy."name", "user"."name")',
    )
    stated_sql = (
        "coalesce(core.user_results.result.core.created_at, core.user_results.result.legacy.created_at)",
        "core.user_results.result.legacy.statuses_count",
    )
    not_posts = _NOT_POSTS

    def shape_of(self, paths: set[str]) -> str | None:
        return _shape_of(paths)

    def posts_sql(self, path: Path, layout: str, shape: str) -> str:
        prefix = "" if shape == "tweets" else "data."
        # with limited visibility, the post lies one level deeper, and nothing of it here
        post: dict[str, Shape] = {**_POST, "tweet": _POST}
        columns: dict[str, Shape] = {**post, **_COLLECTED} if shape == "tweets" else {"data": post, **_COLLECTED}
        found = ", ".join(f'coalesce({prefix}"{name}", {prefix}tweet."{name}") as "{name}"' for name in _POST)
        rows = read_json_sql(path, layout, columns)
        return (
            f"select coalesce(rest_id, legacy.id_str) as rest_id, * exclude (rest_id)"
            f" from (select {found}, timestamp_collected from {rows})"
        )

    def others_sql(self, path: Path, layout: str, shape: str) -> str | None:
        prefix = "" if shape == "tweets" else "data."
        told: dict[str, Shape] = {
            "__typename": "VARCHAR",
            "rest_id": "VARCHAR",
            "legacy": {"full_text": "VARCHAR"},
            "promoted": "BOOLEAN",
            "tombstone": "VARCHAR",
        }
        # with one declared column alone, DuckDB 1.5 reads lines with one thread and five times the work (measured)
        columns: dict[str, Shape] = told if shape == "tweets" else {"data": told, **_COLLECTED}
        missing = ", ".join(quote(name) for name in _UNAVAILABLE)
        return (
            f"select case when {prefix}tombstone is not null then 'tombstone' when {prefix}promoted then 'promoted'"
            f" when {prefix}__typename in ({missing}) then 'unavailable' end as kind,"
            f" coalesce({prefix}tombstone, concat_ws(' ', {prefix}__typename, {prefix}rest_id,"
            f" {prefix}legacy.full_text)) as told from {read_json_sql(path, layout, columns)}"
        )

    def is_record(self, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        return {"rest_id", "legacy"} <= value.keys() or "data" in value or value.keys() >= _EXPORTED_KEYS

    def take(self, member: str, value: Any, text: str) -> None:
        if isinstance(value, list):
            for item in value:
                self.take(member, item, "")
            return
        text = text or json.dumps(value, ensure_ascii=False)
        if not isinstance(value, dict):
            self.set_aside(member, "unknown", text)
        elif {"id", "action", "reason"} <= value.keys():
            self.set_aside(member, "compliance", text)
        elif value.keys() >= _EXPORTED_KEYS:
            exported = _dict(value.get("metadata"))
            self._take_post(member, exported if "legacy" in exported else _from_export(value), text)
        elif "timestamp_collected" in value or "source_platform" in value:
            data = _dict(value.get("data"))
            self._take_post(member, data, text, data.get("promoted") is True, value.get("timestamp_collected"))
        elif _is_post(value):
            self._take_post(member, value, text, value.get("promoted") is True)
        else:
            self._take_response(member, value, text)

    def _take_response(self, member: str, response: dict[str, Any], text: str) -> None:
        is_empty = True
        for place in _places(response):
            is_empty = False
            holder = place.get("tweet_results", place.get("tweet_result", place.get("tweetResult")))
            post = _dict(_dict(holder).get("result"))
            told = json.dumps(post or place, ensure_ascii=False)
            self._take_post(member, post, told, "promotedMetadata" in place, is_stub="tombstoneInfo" in place)
        if is_empty:
            self.set_aside(member, "api_error" if "errors" in response else "unknown", text)

    def _take_post(
        self,
        member: str,
        post: dict[str, Any],
        text: str,
        is_promoted: bool = False,
        collected: Any = None,
        is_stub: bool = False,
    ) -> None:
        if isinstance(post.get("tweet"), dict):
            post = post["tweet"]
        if is_stub or "tombstone" in post:
            self.set_aside(member, "tombstone", text)
        elif not isinstance(post.get("legacy"), dict) and "rest_id" not in post:
            self.set_aside(member, "unavailable", text)
        elif is_promoted:
            self.set_aside(member, "promoted", text)
        else:
            post_id = post.get("rest_id") or _dict(post.get("legacy")).get("id_str")
            record = {**post, "rest_id": post_id, "promoted": None, "timestamp_collected": collected}
            self.keep(member, "post", record, text)

    def observed_at(self) -> tuple[datetime | None, str]:
        latest = self._con.execute(
            "select epoch_ms(max(try_cast(timestamp_collected as bigint))) from raw.x_graphql_posts"
            f" where capture_id = {quote(self._capture_id)}"
        ).fetchall()[0][0]
        if latest is None:
            return None, "not stated: the posts carry no time of collection"
        return parse_time(f"{latest.isoformat(timespec='milliseconds')}+0000"), "newest timestamp_collected"


def _is_post(value: Mapping[str, Any]) -> bool:
    names = ("Tweet", "TweetWithVisibilityResults", "TweetTombstone", *_UNAVAILABLE)
    return value.get("__typename") in names or {"rest_id", "legacy"} <= value.keys()


def _places(value: Any) -> Iterator[dict[str, Any]]:
    """The places of a response where a post stands or should stand, in its order; never inside of a post."""
    if isinstance(value, list):
        for item in value:
            yield from _places(item)
    elif isinstance(value, dict):
        if {"tweet_results", "tweet_result", "tweetResult", "tombstoneInfo"} & value.keys():
            yield value
        else:
            for item in value.values():
                yield from _places(item)


# Since November 2010, ids of X count milliseconds from here; smaller ids were counted up.
_EPOCH_OF_IDS_MS = 1_288_834_974_657
_FIRST_ID_WITH_TIME = 1 << 35
_OFFSET_WITH_COLON = re.compile(r"([+-][0-9]{2}):([0-9]{2})$")


def _time_of(row: Mapping[str, Any]) -> str:
    """When a row was posted, as the browser showed it; a time without an offset says nothing, the id then does."""
    stated = str(row["created_at"])
    if _OFFSET_WITH_COLON.search(stated) or re.search(r"(Z|[+-][0-9]{4}( [0-9]{4})?)$", stated):
        return _OFFSET_WITH_COLON.sub(r"\1\2", stated)
    if not str(row["id"]).isdecimal() or int(row["id"]) < _FIRST_ID_WITH_TIME:
        return stated
    in_id = (int(row["id"]) >> 22) + _EPOCH_OF_IDS_MS
    return datetime.fromtimestamp(in_id // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S +0000")


def _from_export(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of twitter-web-exporter without its `metadata`, as the web client would have had it.

    Its time is of the browser's zone, with the offset; it keeps no entities, and of reposts the id only.
    """
    original = row.get("retweeted_status")
    return {
        "rest_id": row["id"],
        "user": {"id_str": row.get("user_id"), "screen_name": row.get("screen_name"), "name": row.get("name")},
        "legacy": {
            "created_at": _time_of(row),
            "full_text": row.get("full_text"),
            "user_id_str": row.get("user_id"),
            "in_reply_to_status_id_str": row.get("in_reply_to"),
            "quoted_status_id_str": row.get("quoted_status"),
            "retweeted_status_result": {"result": {"rest_id": original}} if original else None,
            "extended_entities": {"media": row["media"]} if isinstance(row.get("media"), list) else None,
            "favorite_count": row.get("favorite_count"),
            "retweet_count": row.get("retweet_count"),
            "reply_count": row.get("reply_count"),
            "quote_count": row.get("quote_count"),
            "bookmark_count": row.get("bookmark_count"),
        },
        "views": {"count": row.get("views_count")},
    }


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
