"""Posts of Bluesky as its public API gives them (pages of a feed, items of one, or bare posts; JSON and JSON lines),
and an account's repository (CAR).

Belongs here: their shapes, in the spelling of the API (`indexedAt`, `$type`) and in that of the Python SDK
(`indexed_at`, `py_type`); what stands in the place of a post that is gone; what a repository's records are.
Does not belong here: places in the text, quotes, media (staging reads them); blocks and trees (`bluesky_repository`);
the firehose.

What Bluesky leaves open to other programs (`facets`, `embed`) is kept as JSON: a post with an unknown kind of embed is
a post.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import LoadResult, Progress, Shape, raw_table_ddl
from orchestration.connectors.bluesky_repository import Repository, content_of, is_repository, read_repository
from orchestration.connectors.files import CaptureFiles, Extracted
from orchestration.connectors.json_load import JsonLoad, first_keys, json_members
from orchestration.connectors.records import RecordTable, read_json_sql
from orchestration.contract import InputError

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
    # of a repost a repository holds the address and the time, and nothing that is said there
    ("uri", "author.did", "record.text|reason.uri", "record.createdAt|reason.indexedAt"),
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
    """Reads Bluesky posts: feed pages, lists of posts, feed items, bare posts, in one file or many; repositories."""

    source = "bluesky"
    platform = "bluesky"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a member is a repository, or begins with posts of Bluesky."""
        if repositories_of(files):
            return True
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
        kind = _RepositoryLoad if repositories_of(files) else _Load
        return kind(con, capture_id, files, scratch, progress).run()


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
    time_told_sql = _STATED
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


# Repositories -----------------------------------------------------------------------------------------------

_POSTS_OF, _REPOSTS_OF, _PROFILE_OF = "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.actor.profile"


def repositories_of(files: CaptureFiles) -> list[str]:
    """The members that are repositories."""
    names = [member.name for member in files.members() if member.byte_size]
    named = [name for name in names if files.kind == "file" or name.lower().endswith(".car")]
    return [name for name in named if is_repository(files.head(name, 1 << 12))]


class _RepositoryLoad(_Load):
    """A repository holds what its account wrote and did not take back: posts and reposts, and what is no post (likes,
    follows and the like) and is not counted."""

    described = "a repository of Bluesky with posts"

    def members(self) -> list[str]:
        found = repositories_of(self._files)
        if len(found) > 1:
            raise InputError(
                file=self._files.name,
                expected="one repository",
                found=", ".join(found[:5]),
                next_step="Hand over each repository by itself: each is one account's.",
                code="several_archives",
            )
        return found

    def _load_member(self, member: str, extracted: Extracted) -> None:
        collections = frozenset({_POSTS_OF, _REPOSTS_OF, _PROFILE_OF})
        with extracted.path.open("rb") as stream:
            self._repository = read_repository(content_of(stream, member), member, collections)
        did = self._repository.did
        path = self._scratch / f"repository_{self._capture_id[:12]}.jsonl"
        self._scratch.mkdir(parents=True, exist_ok=True)
        broken = []
        try:
            with path.open("w", encoding="utf-8") as out:
                for key, record in self._repository.records:
                    if key.startswith(_PROFILE_OF):
                        continue
                    if record is None:
                        broken.append(f"at://{did}/{key}")
                    else:
                        json.dump(as_item(did, key, record), out, ensure_ascii=False, default=_as_json)
                        out.write("\n")
            if path.stat().st_size:
                super()._load_member(member, Extracted(path, extracted.encoding, 0, False))
            elif not broken:
                raise InputError(
                    file=member,
                    expected="posts or reposts of its account",
                    found="a repository without any",
                    next_step="Nothing to do: the account has written nothing, or has deleted it.",
                    code="no_records",
                )
        finally:
            path.unlink(missing_ok=True)
        expected = "a block whose bytes are what its address says"
        for uri in broken:
            self.reject(member, "damaged_block", expected, "another, or none", uri)

    def _result(self) -> LoadResult:
        repository, result = self._repository, super()._result()
        profile = next((record for key, record in repository.records if key.startswith(_PROFILE_OF)), None) or {}
        is_whole = not result.rejected
        return replace(
            result,
            owner_account_id=repository.did,
            owner_name=profile.get("displayName") or None,
            owner_created_at=_time(profile.get("createdAt")),
            observed_at=repository.revised_at,
            observed_at_basis="the time of the repository's last change",
            # every post that was not taken back is in it, up to its last change
            is_census=True if is_whole else None,
            coverage_from=_time(profile.get("createdAt")) if is_whole else None,
            coverage_to=repository.revised_at if is_whole else None,
        )

    _repository: Repository


def as_item(did: str, key: str, record: dict[str, Any]) -> dict[str, Any]:
    """A record of a repository as an item of a feed would show it, without what only the server knows.

    A record that is no repost becomes the `record` of the item's `post`.
    """
    uri = f"at://{did}/{key}"
    if key.startswith(f"{_REPOSTS_OF}/"):
        subject = record.get("subject")
        subject = subject if isinstance(subject, dict) else {}
        address = str(subject.get("uri"))
        reason = {"$type": "#reasonRepost", "by": {"did": did}, "indexedAt": record.get("createdAt"), "uri": uri}
        author = {"did": address.split("/")[2] if address.startswith("at://did:") else None}
        post = {"uri": address, "cid": subject.get("cid"), "author": author, "record": {}}
        return {"post": post, "reason": reason}
    return {"post": {"uri": uri, "cid": "", "author": {"did": did}, "record": record, "embed": record.get("embed")}}


def _as_json(value: Any) -> Any:
    """Bytes (addresses of blocks among them) as the JSON of the protocol has them."""
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    raise TypeError(type(value).__name__)


def _time(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
