"""Posts of Mastodon and its relatives: statuses as the API gives them (JSON, JSON lines), and an account's archive.

Belongs here: the shapes of both, who may read a post, the texts out of their HTML.
Does not belong here: the way from HTML to text (`post_html`); what is a reply to whom, hashtags, mentions (staging).

Only public and unlisted posts are loaded. What was written to followers or to single persons is set aside with its
address and nothing else: it was not published, so no number about publications may count it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import ControlTotal, LoadResult, Progress, Shape, quote, raw_table_ddl
from orchestration.connectors.files import CaptureFiles, Extracted
from orchestration.connectors.json_load import JsonLoad, first_keys, json_members, selected
from orchestration.connectors.post_html import is_without_links_sql, read_html
from orchestration.connectors.records import (
    MAX_RECORD_BYTES,
    Outcome,
    RecordTable,
    read_json_sql,
    read_small_json,
    whole_number,
)

_ACCOUNT: dict[str, Shape] = {
    "id": "VARCHAR",
    "acct": "VARCHAR",
    "username": "VARCHAR",
    "url": "VARCHAR",
    "display_name": "VARCHAR",
}
_STATUS: dict[str, Shape] = {
    "uri": "VARCHAR",
    "id": "VARCHAR",
    "url": "VARCHAR",
    "created_at": "VARCHAR",
    "edited_at": "VARCHAR",
    "in_reply_to_id": "VARCHAR",
    "in_reply_to_account_id": "VARCHAR",
    "visibility": "VARCHAR",
    "language": "VARCHAR",
    "spoiler_text": "VARCHAR",
    "content": "VARCHAR",
    "account": _ACCOUNT,
    "application": {"name": "VARCHAR"},
    "mentions": [_ACCOUNT],
    "tags": [{"name": "VARCHAR"}],
    "media_attachments": [{"type": "VARCHAR"}],
    # Mastodon wraps the quoted post in its state, others give the post itself
    "quote": "JSON",
    "replies_count": "BIGINT",
    "reblogs_count": "BIGINT",
    "favourites_count": "BIGINT",
    "quotes_count": "BIGINT",
}
_POST: dict[str, Shape] = {**_STATUS, "reblog": _STATUS}

# An entry of an archive's outbox, and of what it speaks: a post of the owner, or the address of one that was boosted.
_ACTIVITY: dict[str, Shape] = {
    "uri": "VARCHAR",
    "type": "VARCHAR",
    "actor": "VARCHAR",
    "published": "VARCHAR",
    "visibility": "VARCHAR",
    "object_uri": "VARCHAR",
    "content": "VARCHAR",
    "updated": "VARCHAR",
    "in_reply_to": "VARCHAR",
    "quote_uri": "VARCHAR",
    "summary": "VARCHAR",
    "language": "VARCHAR",
    "tag": "JSON",
    "attachment": "JSON",
}
_TEXT: dict[str, Shape] = {
    "content_hash": "VARCHAR",
    "text": "VARCHAR",
    "links": [{"kind": "VARCHAR", "text": "VARCHAR", "href": "VARCHAR", "start": "BIGINT", "end": "BIGINT"}],
}

RAW_TABLES: dict[str, str] = {
    "mastodon_posts": raw_table_ddl("mastodon_posts", _POST),
    "mastodon_archive_posts": raw_table_ddl("mastodon_archive_posts", _ACTIVITY),
    "mastodon_texts": raw_table_ddl("mastodon_texts", _TEXT),
}

_URI = "https?://[^ /]+/[^ ]+"
_URI_IS = "the address of a post (https://…)"
_STATUSES = RecordTable(
    "mastodon_posts",
    _POST,
    "uri",
    ("uri", "created_at", "visibility", "account.acct", "content"),
    id_pattern=_URI,
    id_is=_URI_IS,
)
_ACTIVITIES = RecordTable(
    "mastodon_archive_posts",
    _ACTIVITY,
    "uri",
    ("uri", "type", "published", "actor", "content|object_uri"),
    id_pattern=_URI,
    id_is=_URI_IS,
)

_NOT_POSTS: dict[str, tuple[str, str]] = {
    "not_public": (
        "a post to followers or to single persons",
        "Nothing to do: such posts are left out on purpose, since they were not published.",
    ),
    "activity": ("an activity that is neither a post nor a boost", "Nothing to do: it holds no post."),
    "profile": ("an account, not a post", "Leave this file out; the posts name their authors."),
    "api_error": (
        "an error message of the API instead of posts",
        "Nothing to do for single lines; when there are many, collect these posts again.",
    ),
    "unknown": ("a JSON value of another kind", "Leave this file out, or name its source."),
}
_PUBLISHED = ("public", "unlisted")
_IN_PUBLISHED = "in ('public', 'unlisted')"
_IS_TIME = "'[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})'"
_HOST = "regexp_extract({}, '^https?://([^/]+)/', 1)"
# The largest head in which the list of an outbox begins: context, id and total stand before it.
_OUTBOX_HEAD = 1 << 16
_ITEMS = re.compile(rb'"orderedItems"\s*:\s*(?=\[)')
_ENCODER = json.JSONEncoder(ensure_ascii=False)  # made once: a million texts pass it
_EVERYBODY = '"(https://www[.]w3[.]org/ns/activitystreams#|as:)?Public"'


class Mastodon:
    """Reads statuses of the Mastodon API in one file or many, and the archive that an account's owner downloads."""

    source = "mastodon"
    platform = "mastodon"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether the capture holds an outbox, or a member begins with statuses."""
        if _outbox_of(files) is not None:
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
        kind = _StatusLoad if _outbox_of(files) is None else _ArchiveLoad
        return kind(con, capture_id, files, scratch, progress).run()


CONNECTOR = Mastodon()


def _outbox_of(files: CaptureFiles) -> str | None:
    """The member that is an outbox: by its name in an archive, by its first keys alone."""
    for member in files.members():
        if member.byte_size and (files.kind == "file" or re.search(r"(^|/)outbox\.json$", member.name)):
            head = files.head(member.name, _OUTBOX_HEAD)
            if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _ITEMS.search(head):
                return member.name
    return None


def _shape_of(paths: set[str]) -> str | None:
    """What the first value of a file is, from the paths of its keys, or None when it holds no statuses."""
    status = {"id", "uri", "content", "account.acct"}
    if status <= paths:
        return "items"
    return "pages" if {f"statuses[].{name}" for name in status} <= paths else None


class _MastodonLoad(JsonLoad):
    """What both shapes share: the texts out of the HTML, each distinct one once. Those without links are left where
    they are: staging takes their few tags out (`post_text_without_links`)."""

    source = Mastodon.source
    platform = Mastodon.platform
    raw_tables = RAW_TABLES
    not_posts = _NOT_POSTS
    reason_codes = {"not_public": "not_public"}  # noqa: RUF012 (declared as ClassVar in the frame)
    content_sql: str

    def finish(self) -> None:
        path = self._scratch / f"texts_{self._capture_id[:12]}.jsonl"
        self._scratch.mkdir(parents=True, exist_ok=True)
        try:
            contents = self._con.execute(
                f"select md5({self.content_sql}), any_value({self.content_sql}), min(member)"
                f" from raw.{self.tables['post'].name} where capture_id = {quote(self._capture_id)}"
                f" and {self.content_sql} is not null and not {is_without_links_sql(self.content_sql)}"
                " group by 1 order by 1"
            )
            number, encoded = 0, _ENCODER.encode  # a text alone is encoded in a tenth of the time of a whole object
            with path.open("w", encoding="utf-8") as out:
                while rows := contents.fetchmany(10_000):
                    for content_hash, content, member in rows:
                        number += 1
                        read = read_html(content)
                        links = ",".join(
                            f'{{"kind":"{link.kind}","text":{encoded(link.text)},"href":{encoded(link.href)},'
                            f'"start":{link.start},"end":{link.end}}}'
                            for link in read.links
                        )
                        out.write(
                            f'{{"n":{number},"m":{encoded(member)},"content_hash":"{content_hash}",'
                            f'"text":{encoded(read.text)},"links":[{links}]}}\n'
                        )
            if number:
                columns: dict[str, Shape] = {"n": "BIGINT", "m": "VARCHAR", **_TEXT}
                self._con.execute(
                    f"insert into raw.mastodon_texts select {quote(self._capture_id)}, n, m, {selected(_TEXT)}"
                    f" from {read_json_sql(path, 'newline_delimited', columns)}"
                )
        finally:
            path.unlink(missing_ok=True)

    def set_aside_unpublished(self, member: str, uri: Any, visibility: Any) -> None:
        """Set a post aside by its place alone: nothing that was said to few is written down."""
        self.set_aside(member, "not_public", f"{uri} ({visibility})")


# Statuses of the API ----------------------------------------------------------------------------------------

_REBLOGGED = "coalesce(reblog.visibility, visibility)"
_IS_PUBLISHED = f"(visibility {_IN_PUBLISHED} and {_REBLOGGED} {_IN_PUBLISHED})"
_VISIBILITY = f"case when visibility {_IN_PUBLISHED} then {_REBLOGGED} else visibility end"


class _StatusLoad(_MastodonLoad):
    described = "posts of Mastodon"
    tables = {"post": _STATUSES}  # noqa: RUF012 (declared as ClassVar in the frame)
    fast_shapes = frozenset({"pages", "items"})
    content_sql = "coalesce(reblog.content, content)"
    author_sql = (
        "lower(case when strpos(account.acct, '@') > 0 then account.acct"
        f" else concat(account.acct, '@', {_HOST.format('coalesce(account.url, uri)')}) end)",
        "case when strpos(account.acct, '@') > 0 then account.acct"
        f" else concat(account.acct, '@', {_HOST.format('coalesce(account.url, uri)')}) end",
        "account.display_name",
    )
    aside_sql = f"not coalesce(visibility {_IN_PUBLISHED}, false)"
    impossible_sql = f"""(
        not regexp_full_match(created_at, {_IS_TIME})
        or coalesce(try_cast(created_at as timestamptz) < timestamptz '1970-01-03 00:00:00+00', true)
    )"""
    time_told_sql = "created_at"

    def shape_of(self, paths: set[str]) -> str | None:
        return _shape_of(paths)

    def posts_sql(self, path: Path, layout: str, shape: str) -> str:
        # what was not published does not enter the table, not even until it is taken out again
        kept = {name: f'case when {_IS_PUBLISHED} then "{name}" end' for name in _POST}
        columns = ", ".join((kept | {"uri": "uri", "visibility": _VISIBILITY}).values())
        return f"select {columns} from ({_statuses_sql(path, layout, shape)})"

    def others_sql(self, path: Path, layout: str, shape: str) -> str | None:
        return (
            f"select case when not {_IS_PUBLISHED} then 'not_public' end as kind,"
            f" concat(uri, ' (', {_VISIBILITY}, ')') as told from ({_statuses_sql(path, layout, shape)})"
        )

    def is_record(self, value: Any) -> bool:
        return isinstance(value, dict) and ({"uri", "content", "account"} <= value.keys() or "statuses" in value)

    def take(self, member: str, value: Any, text: str) -> None:
        items = value.get("statuses") if isinstance(value, dict) else value
        if isinstance(items, list):
            for item in items:
                self.take(member, item, "")
            return
        if not isinstance(value, dict):
            self.set_aside(member, "unknown", text or json.dumps(value))
        elif {"content", "visibility"} & value.keys():
            reblog = value.get("reblog")
            stated = [value.get("visibility"), reblog.get("visibility") if isinstance(reblog, dict) else None]
            hidden = [one for one in stated if one is not None and one not in _PUBLISHED]
            if hidden:
                self.set_aside_unpublished(member, value.get("uri"), hidden[0])
            else:
                # who may read it is not known: then its beginning is not told either
                told = text or json.dumps(value, ensure_ascii=False) if stated[0] else str(value.get("uri"))
                self.keep(member, "post", value, told)
        else:
            kind = "api_error" if "error" in value else "profile" if "acct" in value else "unknown"
            self.set_aside(member, kind, text or json.dumps(value, ensure_ascii=False))


def _statuses_sql(path: Path, layout: str, shape: str) -> str:
    """One row per status; a line that is no page is a row without anything: a bad one."""
    if shape == "items":
        return f"select * from {read_json_sql(path, layout, _POST)}"
    pages = read_json_sql(path, layout, {"statuses": [_POST]})
    return f"select item.* from (select unnest(coalesce(statuses, [null])) as item from {pages})"


# The archive ------------------------------------------------------------------------------------------------

_OBJECT = "json_extract_string(object, '$.{}')"
_TO = """coalesce(cast("to" as varchar), cast(json_extract(object, '$.to') as varchar), '')"""
_CC = "coalesce(cast(cc as varchar), cast(json_extract(object, '$.cc') as varchar), '')"
_ACTIVITY_SQL = {
    "uri": f"case when type = 'Create' then {_OBJECT.format('id')} else id end",
    "type": "type",
    "actor": "actor",
    "published": "published",
    "visibility": f"case when regexp_matches({_TO}, {quote(_EVERYBODY)}) then 'public'"
    f" when regexp_matches({_CC}, {quote(_EVERYBODY)}) then 'unlisted'"
    f""" when strpos(concat({_TO}, {_CC}), '/followers"') > 0 then 'private' else 'direct' end""",
    "object_uri": "case when type = 'Announce' then"
    " case when json_type(object) = 'VARCHAR' then json_extract_string(object, '$')"
    f" else {_OBJECT.format('id')} end end",
    "content": f"case when type = 'Create' then {_OBJECT.format('content')} end",
    "updated": _OBJECT.format("updated"),
    "in_reply_to": _OBJECT.format("inReplyTo"),
    "quote_uri": f"coalesce({', '.join(_OBJECT.format(name) for name in ('quote', 'quoteUrl', 'quoteUri'))})",
    "summary": _OBJECT.format("summary"),
    "language": "case when len(json_keys(object, '$.contentMap')) = 1 then json_keys(object, '$.contentMap')[1] end",
    "tag": "json_extract(object, '$.tag')",
    "attachment": "json_extract(object, '$.attachment')",
}
_DELIVERED: dict[str, Shape] = {
    "id": "VARCHAR",
    "type": "VARCHAR",
    "actor": "VARCHAR",
    "published": "VARCHAR",
    "to": "JSON",
    "cc": "JSON",
    "object": "JSON",
}
_IS_POST = "coalesce(type in ('Create', 'Announce'), false)"


class _ArchiveLoad(_MastodonLoad):
    described = "posts and boosts of a Mastodon archive"
    tables = {"post": _ACTIVITIES}  # noqa: RUF012 (declared as ClassVar in the frame)
    fast_shapes = frozenset({"activities"})
    content_sql = "content"
    author_sql = ("actor", "cast(null as varchar)", "cast(null as varchar)")
    aside_sql = f"not coalesce(visibility {_IN_PUBLISHED}, false) or not {_IS_POST}"
    impossible_sql = f"""(
        not regexp_full_match(published, {_IS_TIME})
        or coalesce(try_cast(published as timestamptz) < timestamptz '1970-01-03 00:00:00+00', true)
    )"""
    time_told_sql = "published"

    def members(self) -> list[str]:
        outbox = _outbox_of(self._files)
        assert outbox is not None
        return [outbox]

    def shape_of(self, paths: set[str]) -> str | None:
        return "activities" if {"id", "type", "actor"} <= paths else None

    def _load_member(self, member: str, extracted: Extracted) -> None:
        self._stated = whole_number(_total_of(extracted.path))
        items = _items_of(extracted, self._scratch)
        if items is None:
            super()._load_member(member, extracted)
            return
        try:
            super()._load_member(member, items)
        finally:
            items.release()

    def posts_sql(self, path: Path, layout: str, shape: str) -> str:
        rows = f"select {', '.join(f'{sql} as {name}' for name, sql in _ACTIVITY_SQL.items())}"
        rows += f" from {read_json_sql(path, layout, _DELIVERED)}"
        kept = {name: f"case when visibility {_IN_PUBLISHED} then {name} end" for name in _ACTIVITY}
        columns = ", ".join((kept | {name: name for name in ("uri", "type", "visibility")}).values())
        return f"select {columns} from ({rows})"

    def others_sql(self, path: Path, layout: str, shape: str) -> str | None:
        return (
            f"select case when not {_IS_POST} then 'activity'"
            f" when not {_ACTIVITY_SQL['visibility']} {_IN_PUBLISHED} then 'not_public' end as kind,"
            f" case when {_IS_POST} then concat({_ACTIVITY_SQL['uri']}, ' (', {_ACTIVITY_SQL['visibility']}, ')')"
            f" else concat(type, ' ', id) end as told from {read_json_sql(path, layout, _DELIVERED)}"
        )

    def is_record(self, value: Any) -> bool:
        return isinstance(value, dict) and {"id", "type", "actor"} <= value.keys()

    def take(self, member: str, value: Any, text: str) -> None:
        items = value.get("orderedItems") if isinstance(value, dict) else value
        if isinstance(items, list):
            for item in items:
                self.take(member, item, "")
            return
        if not isinstance(value, dict):
            self.set_aside(member, "unknown", text or json.dumps(value))
        elif value.get("type") not in ("Create", "Announce"):
            self.set_aside(member, "activity", f"{value.get('type')} {value.get('id')}")
        else:
            post = _activity(value)
            if post["visibility"] in _PUBLISHED:
                self.keep(member, "post", post, text or json.dumps(value, ensure_ascii=False))
            else:
                self.set_aside_unpublished(member, post["uri"], post["visibility"])

    def _result(self) -> LoadResult:
        delivered = sum(outcome.delivered for outcome in self._outcomes.values())
        owner = self._read_owner(self.members()[0])
        result = super()._result()
        totals: tuple[ControlTotal, ...] = ()
        if self._stated is not None:
            totals = (ControlTotal("outbox.totalItems", self._stated, delivered),)
        handle = owner.get("handle") or _handle_of(result.owner_account_id)
        created_at = owner.get("created_at")
        # an archive holds every post of its owner; one that holds fewer than it says is cut
        is_whole = handle is not None and all(total.agrees for total in totals)
        is_whole = is_whole and not any(one.rejected_count for one in result.members if one.record_type == "post")
        return replace(
            result,
            owner_account_id=handle.lower() if handle else None,
            owner_handle=handle,
            owner_name=owner.get("name"),
            owner_created_at=created_at,
            observed_at_basis="not stated: an archive does not tell its day",
            is_census=True if is_whole else None,
            coverage_from=created_at if is_whole else None,
            control_totals=totals,
        )

    def _read_owner(self, outbox: str) -> dict[str, Any]:
        """Handle, name and birthday of the owner, from the file that lies beside the outbox."""
        name = f"{outbox[: -len('outbox.json')]}actor.json"
        if self._files.kind == "file" or not self._files.has(name):
            return {}
        outcome = Outcome(name)
        actor = read_small_json(self._files, name, outcome)
        if outcome.delivered:
            self._outcomes[name, "other"] = outcome
        if not isinstance(actor, dict):
            return {}
        host = re.match(r"https?://([^/]+)/", str(actor.get("id")))
        username = actor.get("preferredUsername")
        return {
            "handle": f"{username}@{host[1]}" if host and username else None,
            "name": actor.get("name") or None,
            "created_at": _time(actor.get("published")),
        }


def _activity(value: dict[str, Any]) -> dict[str, Any]:
    """A parsed activity as `_ACTIVITY_SQL` selects it."""
    thing = value.get("object")
    note = thing if isinstance(thing, dict) else {}
    is_post = value["type"] == "Create"
    to, cc = (json.dumps(value.get(name) or note.get(name) or "") for name in ("to", "cc"))
    if re.search(_EVERYBODY, to):
        visibility = "public"
    elif re.search(_EVERYBODY, cc):
        visibility = "unlisted"
    else:
        visibility = "private" if '/followers"' in to + cc else "direct"
    languages = note.get("contentMap")
    return {
        "uri": note.get("id") if is_post else value.get("id"),
        "type": value["type"],
        "actor": value.get("actor"),
        "published": value.get("published"),
        "visibility": visibility,
        "object_uri": None if is_post else note.get("id") if note else thing,
        "content": note.get("content") if is_post else None,
        "updated": note.get("updated"),
        "in_reply_to": note.get("inReplyTo"),
        "quote_uri": note.get("quote") or note.get("quoteUrl") or note.get("quoteUri"),
        "summary": note.get("summary"),
        "language": next(iter(languages)) if isinstance(languages, dict) and len(languages) == 1 else None,
        "tag": note.get("tag"),
        "attachment": note.get("attachment"),
    }


def _total_of(path: Path) -> Any:
    """The number of entries that the outbox states, or None."""
    with path.open("rb") as stream:
        found = re.search(rb'"totalItems"\s*:\s*"?([0-9]+)', stream.read(_OUTBOX_HEAD))
    return found[1].decode() if found else None


def _items_of(extracted: Extracted, scratch: Path) -> Extracted | None:
    """The list of an outbox as a file of its own, or None when it is not the last part, as Mastodon writes it.

    A list alone can be read by DuckDB at once, and by the careful way entry by entry, however long it is.
    """
    with extracted.path.open("rb") as stream:
        found = _ITEMS.search(stream.read(_OUTBOX_HEAD))
        if found is None:
            return None
        scratch.mkdir(parents=True, exist_ok=True)
        path = scratch / "outbox_items.json"
        stream.seek(found.end())
        with path.open("w+b") as out:
            while chunk := stream.read(1 << 20):
                out.write(chunk)
            size = out.tell()
            out.seek(max(0, size - 64))
            tail = out.read()
            closed = re.search(rb"\]\s*\}\s*$", tail)
            if closed:
                out.truncate(size - len(tail) + closed.start() + 1)
    if not closed and size <= MAX_RECORD_BYTES and _is_json(extracted.path):
        path.unlink()
        return None
    return Extracted(path, extracted.encoding, extracted.skipped_bytes + found.end(), True)


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


def _handle_of(actor: str | None) -> str | None:
    """The handle in an account's address, where it is in it."""
    found = re.fullmatch(r"https?://([^/]+)/(?:users/|@)([^/?#]+)", actor or "")
    return f"{found[2]}@{found[1]}" if found else None


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None
