"""Posts of Bluesky as its public API gives them: pages of a feed, items of one, or bare posts; JSON and JSON lines.

Belongs here: their shapes, in the spelling of the API (`indexedAt`, `$type`) and in that of the Python SDK
(`indexed_at`, `py_type`); what stands in the place of a post that is gone.
Does not belong here: places in the text, quotes, media (staging reads them); repositories (CAR) and the firehose, which
hold posts without their counts.

What Bluesky leaves open to other programs (`facets`, `embed`) is kept as JSON: a post with an unknown kind of embed is
a post.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import LoadResult, Progress, Shape, raw_table_ddl
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.json_load import JsonLoad, first_keys, json_members
from orchestration.connectors.records import RecordTable, read_json_sql

_ACTOR: dict[str, Shape] = {"did": "VARCHAR", "handle": "VARCHAR", "displayName": "VARCHAR"}
_RECORD: dict[str, Shape] = {
    "text": "VARCHAR",
    "createdAt": "VARCHAR",
    "langs": ["VARCHAR"],
    "tags": ["VARCHAR"],
    "facets": "JSON",
    "embed": "JSON",
    "reply": {"root": {"uri": "VARCHAR"}, "parent": {"uri": "VARCHAR"}},
    "bridgyOriginalUrl": "VARCHAR",
}
# A post as it is shown: the record of its author, and what the server knows of it.
_VIEW: dict[str, Shape] = {
    "uri": "VARCHAR",
    "cid": "VARCHAR",
    "author": _ACTOR,
    "record": _RECORD,
    "embed": "JSON",
    "likeCount": "BIGINT",
    "repostCount": "BIGINT",
    "replyCount": "BIGINT",
    "quoteCount": "BIGINT",
    "bookmarkCount": "BIGINT",
    "indexedAt": "VARCHAR",
}
# What a feed says beside a post: whom it answers, and that it is there because somebody reposted or pinned it.
_BESIDE: dict[str, Shape] = {
    "reply": {"parent": {"author": _ACTOR}},
    "reason": {"$type": "VARCHAR", "by": _ACTOR, "indexedAt": "VARCHAR", "uri": "VARCHAR"},
}
_POST: dict[str, Shape] = {**_VIEW, **_BESIDE}

RAW_TABLES: dict[str, str] = {"bluesky_posts": raw_table_ddl("bluesky_posts", _POST)}

_POSTS = RecordTable(
    "bluesky_posts",
    _POST,
    "uri",
    ("uri", "author.did", "record.text", "record.createdAt"),
    id_pattern="at://did:[a-z]+:[A-Za-z0-9._:%-]+/app[.]bsky[.]feed[.]post/[A-Za-z0-9._:~-]{1,512}",
    id_is="the address of a post (at://did:…/app.bsky.feed.post/…)",
)

_NOT_POSTS: dict[str, tuple[str, str]] = {
    # Not a deletion: the server says the same of posts that it does not show to this reader, or never had.
    "not_found": (
        "a place where the server found no post (deleted, hidden, or never there: it does not say which)",
        "Nothing to do: the post itself was not delivered. If its author deleted it, take it out of older captures.",
    ),
    "blocked": (
        "a place where the server hides a post, because one of the two accounts blocks the other",
        "Nothing to do: the post itself was not delivered. Collect without signing in to get it.",
    ),
    "api_error": (
        "an error message of the API instead of posts",
        "Nothing to do for single lines; when there are many, collect these posts again.",
    ),
    "unknown": ("a JSON value of another kind", "Leave this file out, or name its source."),
}

# The author's program states `createdAt`: anything can stand there. A time of 1970-01-01 is what programs write when
# they have none; a post cannot be written after the server had it (one day for clocks and zones, as in the gates).
_IS_TIME = "'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})'"
_REPOSTED = "coalesce(ends_with(reason.\"$type\", '#reasonRepost'), false)"
_STATED = f'case when {_REPOSTED} then reason."indexedAt" else record."createdAt" end'
_IMPOSSIBLE = f"""(
    not coalesce(regexp_full_match({_STATED}, {_IS_TIME}), false)
    or coalesce(try_cast({_STATED} as timestamptz) < timestamptz '1970-01-03 00:00:00+00', true)
    or (
        not {_REPOSTED}
        and coalesce(
            try_cast(record."createdAt" as timestamptz) > try_cast("indexedAt" as timestamptz) + interval '1 day', false
        )
    )
)"""


class Bluesky:
    """Reads Bluesky posts: feed pages, lists of posts, feed items, bare posts, in one file or many."""

    source = "bluesky"
    platform = "bluesky"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a member begins with posts of Bluesky."""
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


CONNECTOR = Bluesky()


def _shape_of(paths: set[str]) -> str | None:
    """What the first value of a file is, from the paths of its keys, or None when it is not of Bluesky."""
    if {"feed[].post.uri", "posts[].cid", "posts[].record.text"} & paths or (paths and paths <= {"feed", "cursor"}):
        return "pages"
    is_item = {"post.uri", "post.cid"} <= paths or {"uri", "cid", "author.did"} <= paths
    is_stub = "uri" in paths and bool({"notFound", "not_found", "blocked"} & paths)
    return "items" if is_item or is_stub else None


class _Load(JsonLoad):
    source = Bluesky.source
    platform = Bluesky.platform
    described = "posts of Bluesky"
    raw_tables = RAW_TABLES
    tables = {"post": _POSTS}  # noqa: RUF012 (declared as ClassVar in the frame)
    fast_shapes = frozenset({"pages", "items"})
    author_sql = tuple(  # type: ignore[assignment]
        f'case when {_REPOSTED} then reason."by".{name} else author.{name} end'
        for name in ("did", "handle", '"displayName"')
    )
    impossible_sql = _IMPOSSIBLE
    time_told_sql = f"""concat(
        uri, ' at ', coalesce({_STATED}, 'no time'), case when not {_REPOSTED} then ', indexed ' || "indexedAt" end
    )"""
    # a repost by nobody is looked at by the careful way
    aside_sql = f'({_REPOSTED} and reason."by".did is null)'
    not_posts = _NOT_POSTS

    def shape_of(self, paths: set[str]) -> str | None:
        return _shape_of(paths)

    def posts_sql(self, path: Path, layout: str, shape: str) -> str:
        within = {name: _unified_sql("post", name, kind) for name, kind in _VIEW.items()}
        bare = {name: _unified_sql("", name, kind) for name, kind in _VIEW.items()}
        view = ", ".join(f"case when post is not null then {within[name]} else {bare[name]} end" for name in _VIEW)
        beside = ", ".join(_unified_sql("", name, kind) for name, kind in _BESIDE.items())
        return f"select {view}, {beside} from ({_items_sql(path, layout, shape)})"

    def others_sql(self, path: Path, layout: str, shape: str) -> str | None:
        said = {kind: f"coalesce(post.{names}, {names}, false)" for kind, names in _STUBS_SQL.items()}
        kinds = " ".join(f"when {condition} then '{kind}'" for kind, condition in said.items())
        return (
            f"select case {kinds} end as kind, coalesce(post.uri, uri) as told from ({_items_sql(path, layout, shape)})"
        )

    def is_record(self, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        return bool({"post", "feed", "posts"} & value.keys()) or {"uri", "record"} <= value.keys()

    def take(self, member: str, value: Any, text: str) -> None:
        items = value if isinstance(value, list) else _items_of(value)
        if items is not None:
            for item in items:
                self.take(member, item, "")
            return
        text = text or json.dumps(value, ensure_ascii=False)
        if not isinstance(value, dict):
            self.set_aside(member, "unknown", text)
            return
        view = value["post"] if isinstance(value.get("post"), dict) else value
        if view.get("notFound") is True or view.get("not_found") is True:
            self.set_aside(member, "not_found", text)
        elif view.get("blocked") is True:
            self.set_aside(member, "blocked", text)
        elif {"record", "author"} & view.keys() or "post" in value:
            beside = {name: value.get(name) for name in _BESIDE}
            post = _unified({**view, **beside}, _POST)
            reason = post.get("reason")
            if isinstance(reason, dict) and str(reason.get("$type")).endswith("#reasonRepost"):
                by = reason.get("by")
                if not isinstance(by, dict) or by.get("did") is None:
                    self.reject(member, "missing_column", "the account that reposted (reason.by.did)", "none", text)
                    return
            self.keep(member, "post", post, text)
        elif "error" in value:
            self.set_aside(member, "api_error", text)
        else:
            self.set_aside(member, "unknown", text)


# Both spellings ---------------------------------------------------------------------------------------------


def _snake(name: str) -> str:
    """The name as the Python SDK spells it."""
    return "py_type" if name == "$type" else re.sub(r"[A-Z]", lambda letter: f"_{letter.group().lower()}", name)


def _both(shape: Shape) -> Shape:
    """A declared shape with every field in both spellings."""
    if not isinstance(shape, dict):
        return shape
    both: dict[str, Shape] = {}
    for name, inner in shape.items():
        both[name] = _both(inner)
        both.setdefault(_snake(name), _both(inner))
    return both


def _unified_sql(parent: str, name: str, shape: Shape) -> str:
    """A field of `parent`, whichever way it is spelled; its inner fields are spelled as declared."""
    prefix = f"{parent}." if parent else ""
    here = f'{prefix}"{name}"'
    if isinstance(shape, dict):
        fields = ", ".join(f"'{inner}': {_unified_sql(here, inner, kind)}" for inner, kind in shape.items())
        return f"case when {here} is not null then {{{fields}}} end"
    return here if _snake(name) == name else f'coalesce({here}, {prefix}"{_snake(name)}")'


def _unified(value: Any, shape: Shape) -> Any:
    """The same for a parsed value; what is no object stays, so that its check can say so."""
    if not isinstance(shape, dict) or not isinstance(value, dict):
        return value
    unified = {}
    for name, inner in shape.items():
        item = value.get(name)
        unified[name] = _unified(value.get(_snake(name)) if item is None else item, inner)
    return unified


# Pages and items --------------------------------------------------------------------------------------------

_STUBS: dict[str, Shape] = {"notFound": "BOOLEAN", "blocked": "BOOLEAN"}
_STUBS_SQL = {"not_found": '"notFound"', "blocked": "blocked"}
_ITEM: dict[str, Shape] = {"post": {**_VIEW, **_STUBS}, **_BESIDE, **_VIEW, **_STUBS}


def _items_sql(path: Path, layout: str, shape: str) -> str:
    """One row per item of a file, in both spellings. A line that is no page is a row without anything: a bad one."""
    item = _both(_ITEM)
    if shape == "items":
        return f"select * from {read_json_sql(path, layout, item)}"
    pages = read_json_sql(path, layout, {"feed": [item], "posts": [item]})
    return f"select item.* from (select unnest(coalesce(feed, posts, [null])) as item from {pages})"


def _items_of(value: Any) -> list[Any] | None:
    """The items of a page, or None when the value is none."""
    if isinstance(value, dict):
        for name in ("feed", "posts"):
            if isinstance(value.get(name), list):
                return value[name]
    return None
