"""X API v1.1 JSON and JSONL: posts as the REST API and the streams deliver them, in all their modes.

Belongs here: the shapes of v1.1 (classic, compatibility and extended mode, pages of a search, messages of a stream,
accounts beside the posts) and of the enterprise form of the same records (activity streams); their raw tables.
Does not belong here: reading of bytes or JSON in general, other sources.

A numeric `id` is used only where there is no `id_str`, and then read as the text that stands in the file: the number
of a re-exported file has been rounded by JavaScript, its text has not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import LoadResult, Progress, Shape, quote, raw_table_ddl
from orchestration.connectors.compliance import ACCOUNT, EVENTS, NOTICE, Told, told_by
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.json_load import JsonLoad, first_keys, json_members, selected
from orchestration.connectors.records import Found, RecordTable, parse_time, read_json_sql, salvage_page

_USER: dict[str, Shape] = {"id_str": "VARCHAR", "id": "VARCHAR", "screen_name": "VARCHAR", "name": "VARCHAR"}
# Of an author also what tells whether a capture was cut: how many posts X counts, and since when.
_AUTHOR: dict[str, Shape] = {**_USER, "created_at": "VARCHAR", "statuses_count": "BIGINT"}
_ENTITIES: dict[str, Shape] = {
    "hashtags": [{"text": "VARCHAR", "indices": ["BIGINT"]}],
    "user_mentions": [
        {"screen_name": "VARCHAR", "name": "VARCHAR", "id_str": "VARCHAR", "id": "VARCHAR", "indices": ["BIGINT"]}
    ],
    "urls": [{"url": "VARCHAR", "expanded_url": "VARCHAR"}],
    "media": [{"type": "VARCHAR"}],
}
_MEDIA: dict[str, Shape] = {"media": [{"type": "VARCHAR"}]}
# The text with its entities, whole where `extended_tweet` or `full_text` is there.
_TEXT: dict[str, Shape] = {
    "text": "VARCHAR",
    "full_text": "VARCHAR",
    "truncated": "BOOLEAN",
    "entities": _ENTITIES,
    "extended_entities": _MEDIA,
    "extended_tweet": {"full_text": "VARCHAR", "entities": _ENTITIES, "extended_entities": _MEDIA},
}
_COUNTS: dict[str, Shape] = {
    "favorite_count": "BIGINT",
    "retweet_count": "BIGINT",
    "reply_count": "BIGINT",
    "quote_count": "BIGINT",
}
_ORIGINAL: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "id": "VARCHAR",
    "created_at": "VARCHAR",
    "user": _USER,
    **_TEXT,
    **_COUNTS,
}
_POST: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "created_at": "VARCHAR",
    "timestamp_ms": "VARCHAR",
    "user": _AUTHOR,
    **_TEXT,
    "lang": "VARCHAR",
    "source": "VARCHAR",
    "in_reply_to_status_id_str": "VARCHAR",
    "in_reply_to_status_id": "VARCHAR",
    "in_reply_to_user_id_str": "VARCHAR",
    "in_reply_to_user_id": "VARCHAR",
    "in_reply_to_screen_name": "VARCHAR",
    "is_quote_status": "BOOLEAN",
    "quoted_status_id_str": "VARCHAR",
    "quoted_status_id": "VARCHAR",
    "quoted_status": {"id_str": "VARCHAR", "id": "VARCHAR", "user": _USER},
    "retweeted_status": _ORIGINAL,
    **_COUNTS,
    "possibly_sensitive": "BOOLEAN",
}
# What says that a post or an account is gone: a message of a stream, or a line of a compliance file. Never a text.
_DELETION: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "user_id_str": "VARCHAR",
    "timestamp_ms": "VARCHAR",
    "created_at": "VARCHAR",
    "redacted_at": "VARCHAR",
    "reason": "VARCHAR",
    "names": "VARCHAR",
}
_PROFILE: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "screen_name": "VARCHAR",
    "name": "VARCHAR",
    "created_at": "VARCHAR",
    "statuses_count": "BIGINT",
}

RAW_TABLES: dict[str, str] = {
    "x_api_v11_posts": raw_table_ddl("x_api_v11_posts", _POST),
    "x_api_v11_users": raw_table_ddl("x_api_v11_users", _PROFILE),
    "x_api_v11_deletions": raw_table_ddl("x_api_v11_deletions", _DELETION),
    "x_api_v11_notices": raw_table_ddl("x_api_v11_notices", NOTICE),
}

# What a stream sends between posts, each under a key of its own; those of `compliance` are read, these are told.
_MESSAGES = (
    "limit",
    "status_withheld",
    "user_withheld",
    "drop",
    "undrop",
    "disconnect",
    "warning",
    "info",
    "friends",
    "event",
    "control",
)
_MESSAGE_STEP = "Nothing to do: it is no post. Many `limit` lines mean that the stream held more than it delivered."
_NOT_POSTS: dict[str, tuple[str, str]] = {
    **{key: (f"a message of a stream ({key}), not a post", _MESSAGE_STEP) for key in (*_MESSAGES, *EVENTS)},
    "api_error": (
        "an error message of the API instead of posts",
        "Nothing to do for single lines; when there are many, collect these posts again.",
    ),
    "compliance": (
        "a compliance line that removes nothing (of an edited post)",
        "Nothing to do: it asks for nothing to be removed.",
    ),
    "embedded": (
        "a post as X serves it for embedding in web pages, which does not say what it quotes as API v1.1 does",
        "This form is not read; collect the post from an API or the web client.",
    ),
    "unknown": ("a JSON value of another kind", "Leave this file out, or name its source."),
}
_DELETE: dict[str, Shape] = {
    "status": {"id_str": "VARCHAR", "id": "VARCHAR", "user_id_str": "VARCHAR", "user_id": "VARCHAR"},
    "timestamp_ms": "VARCHAR",
}
# Messages that may open a stream, with a key that only they have.
_FIRST_MESSAGES = (
    ("limit", "track"),
    ("scrub_geo", "up_to_status_id_str"),
    ("scrub_geo", "up_to_status_id"),
    *((event, "id") for event in EVENTS if event.startswith("user_")),
    ("status_withheld", "withheld_in_countries"),
    ("user_withheld", "withheld_in_countries"),
    ("info", "message"),
)
_POST_KEYS = frozenset({"id_str", "id", "created_at", "text", "full_text", "user"})


class XApiV11:
    """Reads X API v1.1 posts: lines, arrays, search pages and streams, in one file or many."""

    source = "x_api_v11"
    platform = "x"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a member begins with something of API v1.1."""
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


CONNECTOR = XApiV11()


def _shape_of(paths: set[str]) -> str | None:
    """What the first value of a file is, or None when it is not of API v1.1.

    Other sources share some keys: `rest_id` marks the web client, `__typename` what X serves for embedding,
    `rawContent` a scraper, `account` Mastodon; posts of an archive have no `user`.
    """
    if {"rest_id", "data", "legacy", "__typename", "rawContent", "renderedContent", "account", "uri", "cid"} & paths:
        return None
    has_id, has_text = bool({"id_str", "id"} & paths), bool({"text", "full_text"} & paths)
    if has_id and has_text and {"user", "created_at"} <= paths:
        return "posts"
    if {"statuses[].created_at", "statuses[].user"} <= paths:
        return "pages"
    if "delete.status" in paths or any(f"{key}.{inner}" in paths for key, inner in _FIRST_MESSAGES):
        return "posts"
    if {"actor", "verb", "objectType", "postedTime"} <= paths:
        return "activities"
    if has_id and {"screen_name", "name"} <= paths and not has_text:
        return "profiles"
    return None


def _id_of(value: Mapping[str, Any], name: str = "id") -> str | None:
    """The id as text: `id_str` where it is there, else the digits of the number as they stand in the file."""
    text = value.get(f"{name}_str")
    if text is None:
        text = value.get(name)
    return None if text is None or isinstance(text, bool | float) else str(text)


class _Load(JsonLoad):
    source = XApiV11.source
    described = "posts of X API v1.1"
    raw_tables = RAW_TABLES
    tables = {  # noqa: RUF012 (declared as ClassVar in the frame)
        "post": RecordTable("x_api_v11_posts", _POST, "id_str", ("id_str", "text|full_text", "created_at", "user")),
        "profile": RecordTable("x_api_v11_users", _PROFILE, "id_str", ("id_str",)),
        "deletion": RecordTable("x_api_v11_deletions", _DELETION, "id_str", ("id_str",)),
        "notice": RecordTable("x_api_v11_notices", NOTICE, "id", ("id",)),
    }
    fast_shapes = frozenset({"posts", "pages"})
    author_sql = ('coalesce("user".id_str, "user".id)', '"user".screen_name', '"user"."name"')
    stated_sql = ('"user".created_at', '"user".statuses_count')
    not_posts = _NOT_POSTS

    def shape_of(self, paths: set[str]) -> str | None:
        return _shape_of(paths)

    def _stated_of(self, author_id: str | None) -> tuple[datetime | None, int | None]:
        """What posts say of their author; where they hold no more than its id, what the profile beside them says."""
        created_at, post_count = super()._stated_of(author_id)
        if author_id is None or (created_at is not None and post_count is not None):
            return created_at, post_count
        found = self._con.execute(
            "select max(created_at), max(statuses_count) from raw.x_api_v11_users"
            f" where capture_id = {quote(self._capture_id)} and id_str = {quote(author_id)}"
        ).fetchall()[0]
        return created_at or parse_time(found[0]), found[1] if post_count is None else post_count

    def posts_sql(self, path: Path, layout: str, shape: str) -> str:
        columns: dict[str, Shape] = {**_POST, "id": "VARCHAR"}
        rest = {name: kind for name, kind in _POST.items() if name != "id_str"}
        if shape == "pages":
            # with one declared column alone, DuckDB 1.5 reads lines with one thread and five times the work (measured)
            pages = read_json_sql(path, layout, {"statuses": [columns], "search_metadata": "VARCHAR"})
            return (
                f"select coalesce(post.id_str, post.id) as id_str, {selected(rest, 'post.')}"
                f" from (select unnest(statuses) as post from {pages})"
            )
        return f"select coalesce(id_str, id) as id_str, {selected(rest)} from {read_json_sql(path, layout, columns)}"

    def others_sql(self, path: Path, layout: str, shape: str) -> str | None:
        if shape == "pages":
            return None
        columns: dict[str, Shape] = {"id_str": "VARCHAR", "delete": _DELETE} | dict.fromkeys(_MESSAGES, "VARCHAR")
        kinds = " ".join(f"when \"{key}\" is not null then '{key}'" for key in _MESSAGES)
        told = ", ".join(f'"{key}"' for key in _MESSAGES)
        return (
            "select case when id_str is not null then null"
            f" when \"delete\".status is not null then 'deletion' {kinds} end as kind, coalesce({told}) as told,"
            ' coalesce("delete".status.id_str, "delete".status.id) as id_str,'
            ' coalesce("delete".status.user_id_str, "delete".status.user_id) as user_id_str,'
            ' "delete".timestamp_ms as timestamp_ms,'
            " cast(null as varchar) as created_at, cast(null as varchar) as redacted_at, 'deleted' as reason,"
            " 'post' as names"
            f" from {read_json_sql(path, layout, columns)}"
        )

    def is_record(self, value: Any) -> bool:
        if self._shape == "pages":
            return isinstance(value, dict) and "statuses" in value
        return _is_record(value)

    def salvage(self, found: Found) -> list[Any]:
        # A page of a search is like one of API v2, but for the name of its list.
        as_page, is_page = re.subn(r'^\s*\{\s*"statuses"', '{"data"', found.text, count=1)
        return salvage_page(as_page, _is_record) if is_page else []

    def take(self, member: str, value: Any, text: str) -> None:
        if isinstance(value, list):  # an array on a line
            for item in value:
                self.take(member, item, "")
            return
        if isinstance(value, dict) and isinstance(value.get("statuses"), list):
            for item in value["statuses"]:
                self.take(member, item, "")
            return
        if isinstance(value, dict) and set(value) <= {"for_user", "message"} and isinstance(value.get("message"), dict):
            value = value["message"]  # the envelope of a site stream
        text = text or json.dumps(value, ensure_ascii=False)
        if not isinstance(value, dict):
            self.set_aside(member, "unknown", text)
        elif "__typename" in value:
            self.set_aside(member, "embedded", text)
        elif {"actor", "verb"} <= value.keys():
            self.keep(member, "post", _from_activity(value), text)
        elif (told := told_by(value)) is not None:
            record_type = "notice" if told.is_notice else "deletion"
            self.keep(member, record_type, told.as_notice() if told.is_notice else _deletion(told), text)
        elif isinstance(value.get("delete"), dict) or ("id" in value and value.get("action") == "delete"):
            self.keep(member, "deletion", {}, text)  # of a post that it does not name
        elif {"id", "action"} <= value.keys():
            self.set_aside(member, "compliance", text)
        elif "screen_name" in value and not {"text", "full_text"} & value.keys():
            self.keep(member, "profile", {**value, "id_str": _id_of(value)}, text)
        elif len(_POST_KEYS & value.keys()) >= 2:
            self.keep(member, "post", {**value, "id_str": _id_of(value)}, text)
        else:
            message = next((key for key in (*_MESSAGES, *EVENTS) if key in value), None)
            kind = message or ("api_error" if {"errors", "error"} & value.keys() else "unknown")
            self.set_aside(member, kind, text)


def _is_record(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    is_post = "created_at" in value and "user" in value and bool({"text", "full_text"} & value.keys())
    return is_post or "delete" in value or {"actor", "verb"} <= value.keys()


def _deletion(told: Told) -> dict[str, Any]:
    is_ms = (told.told_at or "").isdecimal()
    return {
        "id_str": told.named_id,
        "user_id_str": told.account_id if told.names != ACCOUNT else None,
        "timestamp_ms": told.told_at if is_ms else None,
        "created_at": told.created_at,
        "redacted_at": None if is_ms else told.told_at,
        "reason": told.reason,
        "names": told.names,
    }


# Activity streams: the same records in the enterprise form, with other names ------------------------------------

_LAST_DIGITS = re.compile(r"[:/]([0-9]+)$")


def _from_activity(activity: Mapping[str, Any]) -> dict[str, Any]:
    """An activity as a post of API v1.1; what it does not state stays absent."""
    post = _original_of(activity)
    replied_to = _LAST_DIGITS.search(str(_dict(activity.get("inReplyTo")).get("link")))
    quoted = _dict(activity.get("twitter_quoted_status"))
    post |= {
        "lang": activity.get("twitter_lang"),
        "source": _dict(activity.get("generator")).get("displayName"),
        "in_reply_to_status_id_str": replied_to.group(1) if replied_to else None,
        "in_reply_to_screen_name": _handle_in(_dict(activity.get("inReplyTo")).get("link")) if replied_to else None,
        "quoted_status": _original_of(quoted) if quoted else None,
        "quoted_status_id_str": _digits_of(quoted.get("id")),
    }
    original = _dict(activity.get("object"))
    if activity.get("verb") == "share" and "body" in original:
        post["retweeted_status"] = _original_of(original)
    return post


def _original_of(activity: Mapping[str, Any]) -> dict[str, Any]:
    actor = _dict(activity.get("actor"))
    long_one = _dict(activity.get("long_object"))
    user = {
        "id_str": _digits_of(actor.get("id")),
        "screen_name": actor.get("preferredUsername"),
        "name": actor.get("displayName"),
    }
    return {
        "id_str": _digits_of(activity.get("id")),
        "created_at": activity.get("postedTime"),
        "user": user if actor else None,
        "text": activity.get("body"),
        "entities": activity.get("twitter_entities"),
        "extended_entities": activity.get("twitter_extended_entities"),
        "extended_tweet": {
            "full_text": long_one.get("body"),
            "entities": long_one.get("twitter_entities"),
            "extended_entities": long_one.get("twitter_extended_entities"),
        }
        if long_one
        else None,
        "favorite_count": activity.get("favoritesCount"),
        "retweet_count": activity.get("retweetCount"),
    }


def _digits_of(name: Any) -> str | None:
    """The id at the end of `tag:search.twitter.com,2005:…` or `id:twitter.com:…`."""
    match = _LAST_DIGITS.search(str(name))
    return match.group(1) if match else None


def _handle_in(link: Any) -> str | None:
    match = re.search(r"twitter\.com/([A-Za-z0-9_]+)/status", str(link))
    return match.group(1) if match else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
