"""X API v2 JSON and JSONL: response pages, flattened posts, bare arrays, as twarc2 and others write them.

Belongs here: their shapes, their raw tables, whose posts a capture holds.
Does not belong here: reading of bytes or JSON in general, other sources. Counts and lists are recognised and
rejected with a reason; they are not posts. What says that a post or an account has to go (`compliance`) is loaded as
deletions; where a line does not say which of the two, the models tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import (
    ControlTotal,
    LoadResult,
    Progress,
    Shape,
    quote,
    raw_table_ddl,
    sql_type,
)
from orchestration.connectors.compliance import NOTICE, is_event, told_by
from orchestration.connectors.files import CaptureFiles, Extracted
from orchestration.connectors.records import (
    Found,
    MismatchError,
    Outcome,
    RecordError,
    RecordTable,
    all_or_nothing,
    compile_shape,
    delete_records,
    describe_encoding,
    insert_clean,
    is_whole,
    key_paths,
    layout_of,
    line_pieces,
    nothing_loaded,
    parse_escaped,
    parse_time,
    read_json_sql,
    run_fast,
    salvage_page,
    scan_lines,
    scan_values,
    whole_number,
)
from orchestration.contract import InputError

_USER: dict[str, Shape] = {"id": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR"}
# Of an author also what tells whether a capture was cut: how many posts X counts, and since when.
_AUTHOR: dict[str, Shape] = {**_USER, "created_at": "VARCHAR", "public_metrics": {"tweet_count": "BIGINT"}}
_ENTITIES: dict[str, Shape] = {
    "hashtags": [{"start": "BIGINT", "end": "BIGINT", "tag": "VARCHAR"}],
    "mentions": [{"start": "BIGINT", "end": "BIGINT", "username": "VARCHAR", "id": "VARCHAR"}],
    "urls": [
        {
            "start": "BIGINT",
            "end": "BIGINT",
            "url": "VARCHAR",
            "expanded_url": "VARCHAR",
            "display_url": "VARCHAR",
        }
    ],
}
# What a long post says beside its cut `text`.
_NOTE: dict[str, Shape] = {"text": "VARCHAR", "entities": _ENTITIES}
_ATTACHMENTS: dict[str, Shape] = {"media_keys": ["VARCHAR"], "media": [{"type": "VARCHAR"}]}
# What a repost takes from the post that it repeats.
_ORIGINAL: dict[str, Shape] = {
    "text": "VARCHAR",
    "created_at": "VARCHAR",
    "note_tweet": _NOTE,
    "entities": _ENTITIES,
    "attachments": _ATTACHMENTS,
}
_POST: dict[str, Shape] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "created_at": "VARCHAR",
    "author_id": "VARCHAR",
    "conversation_id": "VARCHAR",
    "in_reply_to_user_id": "VARCHAR",
    "lang": "VARCHAR",
    "source": "VARCHAR",
    "author": _AUTHOR,
    "in_reply_to_user": _USER,
    "note_tweet": _NOTE,
    "public_metrics": {
        "retweet_count": "BIGINT",
        "reply_count": "BIGINT",
        "like_count": "BIGINT",
        "quote_count": "BIGINT",
        "bookmark_count": "BIGINT",
        "impression_count": "BIGINT",
    },
    "referenced_tweets": [{"type": "VARCHAR", "id": "VARCHAR", "author_id": "VARCHAR", "author": _USER, **_ORIGINAL}],
    "entities": _ENTITIES,
    "attachments": _ATTACHMENTS,
    "edit_history_tweet_ids": ["VARCHAR"],
    "possibly_sensitive": "BOOLEAN",
}
_REFERENCED: dict[str, Shape] = {"id": "VARCHAR", "author_id": "VARCHAR", **_ORIGINAL}
_MEDIA: dict[str, Shape] = {"media_key": "VARCHAR", "type": "VARCHAR"}
# A post that a page refers to and X no longer shows: the stub that stands in its place (`errors`).
_MISSING: dict[str, Shape] = {"resource_id": "VARCHAR", "resource_type": "VARCHAR", "type": "VARCHAR"}
_DELETION: dict[str, Shape] = {
    "id": "VARCHAR",
    "reason": "VARCHAR",
    "created_at": "VARCHAR",
    "redacted_at": "VARCHAR",
    "author_id": "VARCHAR",
    "names": "VARCHAR",
}

RAW_TABLES: dict[str, str] = {
    "x_api_v2_posts": raw_table_ddl("x_api_v2_posts", {**_POST, "retrieved_at": "VARCHAR"}),
    "x_api_v2_users": raw_table_ddl("x_api_v2_users", _AUTHOR),
    "x_api_v2_referenced": raw_table_ddl("x_api_v2_referenced", _REFERENCED),
    "x_api_v2_media": raw_table_ddl("x_api_v2_media", _MEDIA),
    "x_api_v2_missing": raw_table_ddl("x_api_v2_missing", {**_MISSING, "retrieved_at": "VARCHAR"}),
    "x_api_v2_deletions": raw_table_ddl("x_api_v2_deletions", _DELETION),
    "x_api_v2_notices": raw_table_ddl("x_api_v2_notices", NOTICE),
}

_POSTS = RecordTable("x_api_v2_posts", {**_POST, "retrieved_at": "VARCHAR"}, "id", ("id", "text", "created_at"))
_USERS = RecordTable("x_api_v2_users", _AUTHOR, "id", ("id",))
_DELETIONS = RecordTable("x_api_v2_deletions", _DELETION, "id", ("id",))
_NOTICES = RecordTable("x_api_v2_notices", NOTICE, "id", ("id",))

# What one line or element is, if not a post: how it is told, and what to say about it.
_NOT_POSTS = {
    "api_error": (
        "an error message of the API instead of posts",
        "Nothing to do for single lines; when there are many, collect these posts again.",
    ),
    "counts": (
        "counts of posts per hour or day, not posts",
        "Leave this file out; ask for the posts with `twarc2 search` or `timeline`.",
    ),
    "lists": ("a list (its name and owner), not a post", "Leave this file out; it holds no posts."),
    "compliance": (
        "a compliance line that removes nothing (of an edited post, or of countries where one is not shown)",
        "Nothing to do: it asks for nothing to be removed.",
    ),
    "unknown": ("a JSON value of another kind", "Leave this file out, or name its source."),
}
_FIELDS_STEP = (
    "Collect again with tweet.fields=created_at,author_id,public_metrics,entities,referenced_tweets"
    " (twarc2 does so by itself)."
)
_SNIFFED_CHARACTERS = 1 << 18
# The careful way takes about 80 µs of a processor for a post, DuckDB 9 (measured): a broken line should cost a
# piece of this size, not a file of gigabytes. Smaller pieces gain little, each has a price of its own.
_PIECE_BYTES = 16 << 20
_JSON_NAME = re.compile(r"\.(json|jsonl|ndjson|txt)(\.gz|\.zst)?$|\.(gz|zst)$", re.IGNORECASE)
# One account's share of a capture from which on it is called that account's: retweeted or replied-to posts of
# others that slipped in stay below it, a search for a topic never reaches it.
_OWNER_SHARE = 0.95


class XApiV2:
    """Reads X API v2 posts: pages with includes, flattened posts, arrays, single posts, in one file or many."""

    source = "x_api_v2"
    platform = "x"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a member begins with something of API v2."""
        return any(_shape_of(_sniff(files, name)) is not None for name in _json_members(files))

    def load(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        progress: Progress | None = None,
    ) -> LoadResult:
        """See `Connector.load`."""
        with all_or_nothing(con, capture_id, RAW_TABLES, files):
            load = _Load(con, capture_id, files, scratch, progress or (lambda _: None))
            try:
                return load.run()
            finally:
                load.drop_temporary_tables()


CONNECTOR = XApiV2()


def _json_members(files: CaptureFiles) -> list[str]:
    if files.kind == "file":
        return [files.name]
    return [member.name for member in files.members() if _JSON_NAME.search(member.name)]


def _sniff(files: CaptureFiles, name: str) -> set[str]:
    return key_paths(files.head_text(name, _SNIFFED_CHARACTERS))


def _shape_of(paths: set[str]) -> str | None:
    """What the first value of a file is, from the paths of its keys, or None when it is not of API v2.

    `id_str`, `rest_id` and `user` mark the older API, the web client and its scrapers.
    """
    if {"id_str", "rest_id", "data.id_str", "data[].id_str", "data.rest_id", "legacy"} & paths:
        return None
    if {"data[].id", "data[].text"} <= paths:
        return "pages"
    if {"data.id", "data.text"} <= paths:
        return "single"
    if {"id", "text"} <= paths and not {"user", "uri", "cid"} & paths and "data" not in paths:
        return "flat"
    marks = {"data[].username", "data[].tweet_count", "data[].owner_id", "users[].username", "__twarc"}
    marks |= {"meta.result_count"}
    if marks & paths or {"username", "id", "name"} <= paths or {"errors", "title"} <= paths:
        return "other"
    is_compliance = {"id", "action", "reason"} <= paths or {"id", "action", "redacted_at"} <= paths or is_event(paths)
    return "other" if is_compliance or {"errors"} == {path.split("[")[0] for path in paths} else None


def _kind_of(value: Any) -> str:
    """What a parsed record is: post, profile, deletion, notice, or one of `_NOT_POSTS`."""
    if not isinstance(value, dict):
        return "unknown"
    if (told := told_by(value)) is not None:
        return "notice" if told.is_notice else "deletion"
    if {"id", "action"} <= value.keys():
        return "deletion" if value["action"] == "delete" else "compliance"  # of an id that is none
    if value and value.keys() <= {"withheld", "drop", "undrop", "tweet_edit"}:
        return "compliance"
    if "tweet_count" in value and {"start", "end"} <= value.keys():
        return "counts"
    if "username" in value and "text" not in value:
        return "profile"
    if "name" in value and {"owner_id", "member_count", "follower_count", "private"} & value.keys():
        return "lists"
    if {"text", "created_at", "author_id", "edit_history_tweet_ids"} & value.keys():
        return "post"
    if "errors" in value or {"title", "type"} <= value.keys() or "connection_issue" in value:
        return "api_error"
    return "post" if "id" in value else "unknown"


def _deletion(record: dict[str, Any]) -> dict[str, Any]:
    told = told_by(record)
    if told is None:
        return record
    return {
        "id": told.named_id,
        "reason": told.reason,
        "created_at": told.created_at,
        "redacted_at": told.told_at,
        "author_id": told.account_id,
        "names": told.names,
    }


def _retrieved_at(value: dict[str, Any]) -> str | None:
    twarc = value.get("__twarc")
    stated = twarc.get("retrieved_at") if isinstance(twarc, dict) else None
    return str(stated) if stated and _is_whole_text(stated) else None


_SEEN = {
    "x_api_v2_users": _AUTHOR,
    "x_api_v2_referenced": _REFERENCED,
    "x_api_v2_media": _MEDIA,
    "x_api_v2_missing": _MISSING,
}
_INCLUDES: dict[str, Shape] = {"users": [_AUTHOR], "tweets": [_REFERENCED], "media": [_MEDIA]}
_INCLUDES_TABLE = {"users": "x_api_v2_users", "tweets": "x_api_v2_referenced", "media": "x_api_v2_media"}
_CHECKED = {
    table: {name: compile_shape(shape) for name, shape in shapes.items() if shape != "VARCHAR"}
    for table, shapes in _SEEN.items()
}
# Of the posts that a flattened post refers to, only the one that it repeats is kept with its text.
_REFERENCED_SQL = (
    "list_transform(referenced_tweets, lambda r: {'type': r.type, 'id': r.id, 'author_id': r.author_id,"
    " 'author': r.author, "
    + ", ".join(f"'{name}': case when r.type = 'retweeted' then r.{name} end" for name in _ORIGINAL)
    + "})"
)


def _without_texts_of_others(record: dict[str, Any]) -> dict[str, Any]:
    """The record as `_REFERENCED_SQL` would leave it, for the careful way."""
    referenced = record.get("referenced_tweets")
    if not isinstance(referenced, list):
        return record
    kept = [
        {name: value for name, value in item.items() if name not in _ORIGINAL}
        if isinstance(item, dict) and item.get("type") != "retweeted"
        else item
        for item in referenced
    ]
    return {**record, "referenced_tweets": kept}


@dataclass
class _Stated:
    """What the pages say they hold (`meta.result_count`), and what those pages held."""

    stated: int = 0
    counted: int = 0

    def add(self, stated: int, counted: int) -> None:
        self.stated += stated
        self.counted += counted


class _Load:
    """One load of one capture, member by member."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        progress: Progress,
    ) -> None:
        self._con, self._capture_id, self._files = con, capture_id, files
        self._scratch, self._progress = scratch, progress
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._delivered = {"post": 0, "profile": 0, "deletion": 0, "notice": 0, "other": 0}
        self._stated: dict[str, _Stated] = {}
        self._bad_byte = ""
        self._encodings: set[str] = set()
        for table, shape in _SEEN.items():
            columns = ", ".join(f'"{name}" {sql_type(kind)}' for name, kind in shape.items())
            con.execute(f"create or replace temp table seen_{table} (retrieved_at VARCHAR, member VARCHAR, {columns})")

    def drop_temporary_tables(self) -> None:
        for table in _SEEN:
            self._con.execute(f"drop table if exists temp.seen_{table}")

    def run(self) -> LoadResult:
        names = [name for name in _json_members(self._files) if self._files.member(name).byte_size]
        if not names:
            raise InputError(
                file=self._files.name,
                expected="JSON or JSONL files of X API v2",
                found="none (or empty ones)",
                next_step="Hand over the files that the collector wrote.",
                code="missing_file",
            )
        for name in names:
            self._progress(f"{name}: reading")
            extracted = self._files.extract(name, self._scratch)
            self._encodings.add(extracted.encoding)
            try:
                self._load_member(name, extracted)
            finally:
                extracted.release()
            mine = [outcome for (member, _), outcome in self._outcomes.items() if member == name]
            loaded, rejected = sum(one.loaded for one in mine), sum(len(one.rejected) for one in mine)
            self._progress(f"{name}: {loaded:,} loaded, {rejected:,} rejected")
        error = nothing_loaded(self._files, list(self._outcomes.values()))
        if error is not None:
            raise error
        self._keep_seen()
        return self._result()

    def _outcome(self, member: str, record_type: str) -> Outcome:
        return self._outcomes.setdefault((member, record_type), Outcome(member))

    def _load_member(self, member: str, extracted: Extracted) -> None:
        with extracted.path.open("rb") as stream:
            head = stream.read(_SNIFFED_CHARACTERS).decode("utf-8", "replace")
        layout, shape = layout_of(head), _shape_of(key_paths(head))
        is_record = _is_post if shape == "flat" else _is_page
        if shape not in ("pages", "single", "flat"):
            self._careful(member, extracted, layout, is_record)
            return
        if is_whole(extracted.path, layout) and self._fast(member, extracted.path, layout, shape):
            return
        if layout != "newline_delimited" or extracted.path.stat().st_size <= _PIECE_BYTES:
            self._careful(member, extracted, layout, is_record)
            return
        # Few broken lines in a large file: only the pieces that hold one go the careful way.
        self._scratch.mkdir(parents=True, exist_ok=True)
        for piece, offset in line_pieces(extracted.path, self._scratch, _PIECE_BYTES):
            if not self._fast(member, piece, layout, shape):
                begin = extracted.skipped_bytes + offset
                self._careful(member, Extracted(piece, extracted.encoding, begin, False), layout, is_record)

    # The fast way -------------------------------------------------------------------------------------------

    def _fast(self, member: str, path: Path, layout: str, shape: str) -> bool:
        names = [_REFERENCED_SQL if name == "referenced_tweets" else f'"{name}"' for name in _POST]
        retrieved: dict[str, Shape] = {"__twarc": {"retrieved_at": "VARCHAR"}}
        if shape == "flat":
            rows = read_json_sql(path, layout, {**_POST, **retrieved})
            select = f"{', '.join(names)}, __twarc.retrieved_at as retrieved_at from {rows}"
        else:
            data: Shape = [_POST] if shape == "pages" else _POST
            post = "unnest(data)" if shape == "pages" else "data"
            rows = read_json_sql(path, layout, {"data": data, **retrieved})
            fields = ", ".join(f'post."{name}"' for name in _POST)
            select = f"{fields}, retrieved_at from (select {post} as post, __twarc.retrieved_at from {rows})"
        first_no = self._delivered["post"]
        source = f"select {select}"
        inserted = run_fast(self._con, _POSTS.name, self._capture_id, member, source, "id", _POSTS.bad_sql, first_no)
        if inserted is None:
            return False
        if shape != "flat" and not self._fast_includes(member, path, layout, shape):
            delete_records(self._con, _POSTS.name, self._capture_id, first_no)
            return False
        outcome = self._outcome(member, "post")
        outcome.delivered += inserted
        outcome.loaded += inserted
        self._delivered["post"] += inserted
        return True

    def _fast_includes(self, member: str, path: Path, layout: str, shape: str) -> bool:
        """Read a file of pages again for what stands beside the posts; False when a line is no page."""
        item: Shape = {"id": "VARCHAR"}
        columns: dict[str, Shape] = {
            "data": [item] if shape == "pages" else item,
            "includes": _INCLUDES,
            "meta": {"result_count": "BIGINT"},
            "errors": [{**_MISSING, "value": "VARCHAR"}],
            "__twarc": {"retrieved_at": "VARCHAR"},
        }
        count = "coalesce(len(data), 0)" if shape == "pages" else "1"
        try:
            self._con.execute(
                "create or replace temp table seen_pages as select data is null as has_no_data,"
                f" {count} as post_count, meta.result_count as stated_count, errors is not null as has_errors,"
                f" includes, errors, __twarc.retrieved_at as retrieved_at from {read_json_sql(path, layout, columns)}"
            )
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            return False
        try:
            strange, stated, counted, pages = self._con.execute(
                "select count(*) filter (has_no_data and (has_errors or stated_count is null)),"
                " coalesce(sum(stated_count), 0),"
                " coalesce(sum(post_count) filter (stated_count is not null), 0),"
                " count(stated_count) from temp.seen_pages"
            ).fetchall()[0]
            if strange:
                return False
            for key, table in _INCLUDES_TABLE.items():
                fields = ", ".join(f'item."{name}"' for name in _SEEN[table])
                self._con.execute(
                    f"insert into temp.seen_{table} select retrieved_at, {quote(member)}, {fields} from"
                    f" (select retrieved_at, unnest(includes.{key}) as item from temp.seen_pages)"
                )
            self._con.execute(
                f"insert into temp.seen_x_api_v2_missing select retrieved_at, {quote(member)},"
                " coalesce(item.resource_id, item.value), item.resource_type, item.type from"
                " (select retrieved_at, unnest(errors) as item from temp.seen_pages)"
            )
        finally:
            self._con.execute("drop table if exists temp.seen_pages")
        if pages:
            self._stated.setdefault(member, _Stated()).add(int(stated), int(counted))
        return True

    # The careful way ----------------------------------------------------------------------------------------

    def _careful(self, member: str, extracted: Extracted, layout: str, is_record: Callable[[Any], bool]) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        stem = f"careful_{self._capture_id[:12]}_{len(self._outcomes)}"
        clean, seen, gone, noted = (self._scratch / f"{stem}{end}.jsonl" for end in ("", "_seen", "_gone", "_noted"))
        try:
            with (
                extracted.path.open("rb") as stream,
                clean.open("wb") as self._clean,
                gone.open("wb") as self._gone,
                noted.open("wb") as self._noted,
                seen.open("w", encoding="utf-8") as self._seen_out,
            ):
                if layout == "newline_delimited":
                    values = scan_lines(stream, first_byte=extracted.skipped_bytes)
                else:
                    values = scan_values(
                        stream, is_record, keep_broken=is_record is _is_page, first_byte=extracted.skipped_bytes
                    )
                for found in values:
                    if found.problem:
                        self._take_broken(member, found)
                    else:
                        self._take(member, found.value, found.text)
            if (member, "post") in self._outcomes:
                outcome = self._outcomes[member, "post"]
                outcome.loaded += insert_clean(
                    self._con, _POSTS.name, self._capture_id, member, clean, _POSTS.shape, outcome
                )
            for record_type, table, path in (("deletion", _DELETIONS, gone), ("notice", _NOTICES, noted)):
                if path.stat().st_size:
                    outcome = self._outcomes[member, record_type]
                    outcome.loaded += insert_clean(
                        self._con, table.name, self._capture_id, member, path, table.shape, outcome
                    )
            columns: dict[str, Shape] = {
                "t": "VARCHAR",
                "retrieved_at": "VARCHAR",
                "r": {**_AUTHOR, **_REFERENCED, **_MEDIA, **_MISSING},
            }
            for table, shape in _SEEN.items() if seen.stat().st_size else ():
                fields = ", ".join(f'r."{name}"' for name in shape)
                self._con.execute(
                    f"insert into temp.seen_{table} select retrieved_at, {quote(member)}, {fields}"
                    f" from {read_json_sql(seen, 'newline_delimited', columns)} where t = {quote(table)}"
                )
        finally:
            for path in (clean, seen, gone, noted):
                path.unlink(missing_ok=True)

    def _take_broken(self, member: str, found: Found) -> None:
        """A broken value: of a broken page, the sound posts are kept."""
        page = parse_escaped(found.raw) if found.problem == "not_utf8" else None
        if _is_page(page):
            self._bad_byte = f"{found.found}, the first bad one of this page"
            self._take(member, page, "")
            return
        posts = salvage_page(found.text, _is_post) if found.problem in ("broken_json", "cut_off") else []
        for post in posts:
            self._take_record(member, post, None, "")
        outcome = self._outcome(member, "post")
        outcome.reject_found(self._number(outcome, "post"), found)

    def _take(self, member: str, value: Any, text: str) -> None:
        if isinstance(value, list):  # an array on a line
            for item in value:
                self._take(member, item, text)
            return
        if not isinstance(value, dict) or not ({"data", "users", "tweets", "includes"} & value.keys()):
            if isinstance(value, dict) and "meta" in value and not {"id", "errors"} & value.keys():
                return  # a page without results
            self._take_record(member, value, _retrieved_at(value) if isinstance(value, dict) else None, text)
            return
        retrieved_at = _retrieved_at(value)
        includes = value.get("includes") if "includes" in value else value
        self._take_includes(includes, retrieved_at)
        errors = value.get("errors")
        for error in errors if isinstance(errors, list) else []:
            if isinstance(error, dict):
                stub = {**error, "resource_id": error.get("resource_id") or error.get("value")}
                self._see("x_api_v2_missing", stub, retrieved_at)
        data = value.get("data")
        records = data if isinstance(data, list) else [] if data is None else [data]
        if data is None and "errors" in value:
            self._take_record(member, {"errors": value["errors"]}, retrieved_at, text)
        meta = value.get("meta")
        stated = whole_number(meta.get("result_count")) if isinstance(meta, dict) else None
        if stated is not None and all(_kind_of(record) == "post" for record in records):
            self._stated.setdefault(member, _Stated()).add(stated, len(records))
        for record in records:
            self._take_record(member, record, retrieved_at, "")

    def _number(self, outcome: Outcome, record_type: str) -> int:
        outcome.delivered += 1
        self._delivered[record_type] += 1
        return self._delivered[record_type]

    def _take_record(self, member: str, record: Any, retrieved_at: str | None, text: str) -> None:
        kind = _kind_of(record)
        record_type = kind if kind in ("post", "profile", "deletion", "notice") else "other"
        outcome = self._outcome(member, record_type)
        number = self._number(outcome, record_type)
        if record_type == "other":
            found, next_step = _NOT_POSTS[kind]
            text = text or json.dumps(record)
            outcome.reject(number, f"not_a_post_{kind}", "posts of X API v2", found, text, next_step)
            return
        try:
            if kind == "post":
                record = _without_texts_of_others(record)
                self._clean.write(_POSTS.clean_line(number, {**record, "retrieved_at": retrieved_at}))
            elif kind == "deletion":
                self._gone.write(_DELETIONS.clean_line(number, _deletion(record)))
            elif kind == "notice":
                told = told_by(record)
                self._noted.write(_NOTICES.clean_line(number, told.as_notice() if told else {}))
            else:
                self._see("x_api_v2_users", _USERS.checked(record), retrieved_at)
                outcome.loaded += 1
        except RecordError as error:
            next_step = _FIELDS_STEP if error.code == "missing_column" else None
            text = text or json.dumps(record, ensure_ascii=False)
            found = self._bad_byte if error.code == "not_utf8" else error.found
            outcome.reject(number, error.code, error.expected, found, text, next_step)

    def _take_includes(self, includes: Any, retrieved_at: str | None) -> None:
        if not isinstance(includes, dict):
            return
        for key, table in _INCLUDES_TABLE.items():
            items = includes.get(key)
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict):
                    self._see(table, item, retrieved_at)

    def _see(self, table: str, item: dict[str, Any], retrieved_at: str | None) -> None:
        texts = _SEEN[table].keys() - _CHECKED[table].keys()
        kept = {name: str(item[name]) for name in texts if _is_whole_text(item.get(name))}
        for name, check in _CHECKED[table].items():
            if item.get(name) is not None:
                with suppress(MismatchError, UnicodeEncodeError):
                    checked = check(item[name])
                    json.dumps(checked, ensure_ascii=False).encode("utf-8")
                    kept[name] = checked
        self._seen_out.write(
            json.dumps({"t": table, "retrieved_at": retrieved_at, "r": kept}, ensure_ascii=False) + "\n"
        )

    # After all members --------------------------------------------------------------------------------------

    def _keep_seen(self) -> None:
        """Keep one row for each account, post and picture beside the posts: as seen last."""
        mine = f"capture_id = {quote(self._capture_id)}"
        reposted = (
            "select item.id from (select unnest(referenced_tweets) as item from raw.x_api_v2_posts"
            f" where {mine}) where item.type = 'retweeted'"
        )
        for table, shape in _SEEN.items():
            names = ", ".join(f'"{name}"' for name in shape)
            key = next(iter(shape))
            kept = names
            if table == "x_api_v2_referenced":
                # a text of somebody else's is kept only where a repost repeats it
                kept = ", ".join(
                    f'case when id in ({reposted}) then "{name}" end' if name in _ORIGINAL else f'"{name}"'
                    for name in shape
                )
            elif table == "x_api_v2_missing":
                kept += ", retrieved_at"
            self._con.execute(
                f"insert into raw.{table} select {quote(self._capture_id)}, row_number() over (order by {key}),"
                f" member, {kept} from (select * from temp.seen_{table} where {key} is not null"
                f" qualify row_number() over (partition by {key}"
                f" order by retrieved_at desc nulls last, member desc, {names}) = 1)"
            )

    def _owner(self) -> tuple[str | None, str | None, str | None, bool | None]:
        """Id, handle and name of the account whose posts these are, and what that says about completeness."""
        rows = self._con.execute(
            'select author_id, max(author.username), max(author."name"), count(*), sum(count(*)) over ()'
            f" from raw.x_api_v2_posts where capture_id = {quote(self._capture_id)}"
            " group by 1 order by 4 desc, 1 limit 1"
        ).fetchall()
        if not rows or rows[0][0] is None:
            return None, None, None, None
        author_id, handle, name, count, total = rows[0]
        if count < _OWNER_SHARE * total:
            return None, None, None, False
        if handle is None:
            known = self._con.execute(
                'select username, "name" from raw.x_api_v2_users'
                f" where capture_id = {quote(self._capture_id)} and id = {quote(author_id)}"
            ).fetchall()
            handle, name = known[0] if known else (None, None)
        return author_id, handle, name, None

    def _stated_of(self, author_id: str | None) -> tuple[datetime | None, int | None]:
        """When the owner's account was created, and the highest count of its posts, as users or authors state them."""
        if author_id is None:
            return None, None
        where = f"where capture_id = {quote(self._capture_id)} and"
        created, posts = self._con.execute(
            "select min(created_at), max(tweet_count) from ("
            f"select created_at, public_metrics.tweet_count from raw.x_api_v2_users {where} id = {quote(author_id)}"
            f" union all select author.created_at, author.public_metrics.tweet_count from raw.x_api_v2_posts {where}"
            f" coalesce(author_id, author.id) = {quote(author_id)})"
        ).fetchall()[0]
        return parse_time(created), posts

    def _observed_at(self) -> Any:
        latest = self._con.execute(
            "select max(try_cast(retrieved_at as timestamptz)) from raw.x_api_v2_posts"
            f" where capture_id = {quote(self._capture_id)}"
        ).fetchall()[0][0]
        return parse_time(latest.isoformat()) if latest else None

    def _result(self) -> LoadResult:
        author_id, handle, name, is_census = self._owner()
        created_at, post_count = self._stated_of(author_id)
        observed_at = self._observed_at()
        rejected = tuple(record for outcome in self._outcomes.values() for record in outcome.rejected)
        totals: tuple[ControlTotal, ...] = ()
        if self._stated:
            differing = [
                f"{member}: {one.stated:,} stated, {one.counted:,} held"
                for member, one in self._stated.items()
                if one.stated != one.counted
            ]
            stated = sum(one.stated for one in self._stated.values())
            counted = sum(one.counted for one in self._stated.values())
            totals = (ControlTotal("meta.result_count", stated, counted, "; ".join(differing)[:500] or None),)
        return LoadResult(
            source=XApiV2.source,
            platform=XApiV2.platform,
            owner_account_id=author_id,
            owner_handle=handle,
            owner_name=name,
            owner_created_at=created_at,
            owner_post_count=post_count,
            observed_at=observed_at,
            observed_at_basis="newest __twarc.retrieved_at" if observed_at else _NO_TIME,
            is_census=is_census,
            coverage_from=None,
            coverage_to=None,
            encoding=describe_encoding(self._encodings, rejected),
            members=tuple(
                outcome.counted(record_type, self._files.member(member).byte_size)
                for (member, record_type), outcome in self._outcomes.items()
            ),
            control_totals=totals,
            rejected=rejected,
        )


_NO_TIME = "not stated: the pages carry no time of retrieval"


def _is_post(value: Any) -> bool:
    """Whether a value met after a break is a post by itself: referenced ones, which carry a type, are not."""
    if not isinstance(value, dict) or "type" in value:
        return False
    return {"id", "text", "created_at"} <= value.keys()


def _is_page(value: Any) -> bool:
    return isinstance(value, dict) and "data" in value


def _is_whole_text(value: Any) -> bool:
    """Whether a value can be stored as text; half a surrogate pair in a name is not worth stopping for."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return False
    try:
        str(value).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
