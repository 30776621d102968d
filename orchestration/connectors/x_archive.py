"""The modern X archive: what an owner downloads from X since 2019 (`data/tweets.js` and its neighbours).

Belongs here: its layout, its raw tables, its control totals, its owner.
Does not belong here: reading of bytes or JSON in general, other sources. Never opened: direct messages,
circle tweets, contacts, advertising data and everything else that is not listed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from orchestration.connectors.base import (
    ControlTotal,
    LoadResult,
    Progress,
    Shape,
    raw_table_ddl,
)
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.records import (
    Outcome,
    RecordError,
    RecordTable,
    all_or_nothing,
    count_records,
    describe_encoding,
    load_records,
    nothing_loaded,
    parse_time,
    read_small_json,
    whole_number,
)
from orchestration.contract import InputError

_POST: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "created_at": "VARCHAR",
    "full_text": "VARCHAR",
    "lang": "VARCHAR",
    "favorite_count": "VARCHAR",
    "retweet_count": "VARCHAR",
    "in_reply_to_status_id_str": "VARCHAR",
    "in_reply_to_user_id_str": "VARCHAR",
    "in_reply_to_screen_name": "VARCHAR",
    "truncated": "BOOLEAN",
    "display_text_range": ["VARCHAR"],
    "entities": {
        "hashtags": [{"text": "VARCHAR", "indices": ["VARCHAR"]}],
        "user_mentions": [{"screen_name": "VARCHAR", "name": "VARCHAR", "id_str": "VARCHAR", "indices": ["VARCHAR"]}],
        "urls": [{"url": "VARCHAR", "expanded_url": "VARCHAR", "indices": ["VARCHAR"]}],
    },
    "extended_entities": {"media": [{"type": "VARCHAR"}]},
    "edit_info": {
        "initial": {"editTweetIds": ["VARCHAR"]},
        "edit": {"initialTweetId": "VARCHAR", "editControlInitial": {"editTweetIds": ["VARCHAR"]}},
    },
    "source": "VARCHAR",
}

_SPAN: dict[str, Shape] = {"fromIndex": "VARCHAR", "toIndex": "VARCHAR"}
_NOTE: dict[str, Shape] = {
    "note_tweet_id": "VARCHAR",
    "created_at": "VARCHAR",
    "updated_at": "VARCHAR",
    "text": "VARCHAR",
    "hashtags": [{"text": "VARCHAR", **_SPAN}],
    "mentions": [{"screenName": "VARCHAR", **_SPAN}],
    "urls": [{"expandedUrl": "VARCHAR", "shortUrl": "VARCHAR", **_SPAN}],
}

# The text of a deleted post is never loaded: the id is enough to keep it out of every mart.
_DELETION: dict[str, Shape] = {"id_str": "VARCHAR", "created_at": "VARCHAR", "deleted_at": "VARCHAR"}

RAW_TABLES: dict[str, str] = {
    "x_archive_posts": raw_table_ddl("x_archive_posts", _POST),
    "x_archive_notes": raw_table_ddl("x_archive_notes", _NOTE),
    "x_archive_deletions": raw_table_ddl("x_archive_deletions", _DELETION),
}


_POSTS = RecordTable("x_archive_posts", _POST, "id_str", ("id_str", "created_at", "full_text"))
_NOTES = RecordTable("x_archive_notes", _NOTE, "note_tweet_id", ("note_tweet_id", "created_at", "text"))
_DELETIONS = RecordTable("x_archive_deletions", _DELETION, "id_str", ("id_str",))

# `tweets-part1.js` follows `tweets.js` in a large archive; until 2022 the files were called `tweet.js`.
_POSTS_FILE = re.compile(r"tweets?(-part\d+)?\.js")
_NOTES_FILE = re.compile(r"note-tweets?(-part\d+)?\.js")
_DELETIONS_FILE = re.compile(r"deleted-tweets?(-part\d+)?\.js")
_HEADERS_FILE = re.compile(r"tweet-headers?(-part\d+)?\.js")
_OWN_HEAD = re.compile(r"\s*window\s*\.\s*(YTD\s*\.\s*(tweets?|account)\s*\.|__THAR_CONFIG)")
_HEAD_CHARACTERS = 256
# The archive may lie one folder down (`twitter-2022-11-14-abc/data/tweets.js`), not anywhere.
_MAX_DEPTH = 3

# Keys of `dataTypes` in the manifest, by what they count; the first ones are those of old archives.
_MANIFEST_KEYS = {
    "post": ("tweet", "tweets"),
    "note": ("noteTweet", "noteTweets"),
    "deletion": ("deletedTweet", "deletedTweets"),
}


class XArchive:
    """Reads the modern X archive: all parts of posts, long texts, deletions, owner and manifest."""

    source = "x_archive"
    platform = "x"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a `tweets.js`, `account.js` or `manifest.js` of X's making is there."""
        return bool(_folders(files))

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
            return _Load(con, capture_id, files, scratch, progress or (lambda _: None)).run()


CONNECTOR = XArchive()


def _folders(files: CaptureFiles) -> list[str]:
    """The folders that hold the files of an X archive: those with posts, else those with its other files."""
    with_posts, with_others = set(), set()
    for member in files.members():
        path = PurePosixPath(member.name)
        is_posts = _POSTS_FILE.fullmatch(path.name) is not None
        is_named_so = is_posts or path.name in ("account.js", "manifest.js")
        if len(path.parts) > _MAX_DEPTH or not (is_named_so or files.kind == "file"):
            continue
        head = _OWN_HEAD.match(files.head_text(member.name, _HEAD_CHARACTERS))
        if head and (is_posts or (head.group(2) or "").startswith("tweet")):
            with_posts.add(str(path.parent))
        elif head:
            with_others.add(str(path.parent))
    if files.kind == "file":
        return sorted(with_posts)
    return sorted(with_posts or with_others)


class _Load:
    """One load of one archive, step by step."""

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
        self._outcomes: dict[str, list[Outcome]] = {"post": [], "note": [], "deletion": [], "other": []}
        self._encodings: set[str] = set()

    def run(self) -> LoadResult:
        self._folder = self._the_folder()
        posts = self._named(_POSTS_FILE)
        if self._files.kind == "file":
            posts = [self._files.name]
        if not posts:
            raise InputError(
                file=self._files.name,
                expected="data/tweets.js, the posts of an X archive",
                found="an X archive without that file",
                next_step="Unpack or download the archive again; all of it is needed, not only some files.",
                code="missing_file",
            )
        for member in posts:
            self._load_member(member, "post", _POSTS, _unwrap_post)
        error = nothing_loaded(self._files, self._outcomes["post"])
        if error is not None:
            raise error
        for member in self._named(_NOTES_FILE):
            self._load_member(member, "note", _NOTES, _unwrap_note)
        for member in self._named(_DELETIONS_FILE):
            self._load_member(member, "deletion", _DELETIONS, _unwrap_deletion)
        return self._result()

    def _the_folder(self) -> str:
        folders = _folders(self._files)
        if len(folders) > 1:
            raise InputError(
                file=self._files.name,
                expected="one X archive",
                found=f"{len(folders)}, in {', '.join(folders)}"[:200],
                next_step="Hand over each archive as its own file or folder.",
                code="several_archives",
            )
        return folders[0] if folders else "data"

    def _named(self, pattern: re.Pattern[str]) -> list[str]:
        names = (member.name for member in self._files.members())
        return [name for name in names if self._is_here(name) and pattern.fullmatch(PurePosixPath(name).name)]

    def _is_here(self, name: str) -> bool:
        return str(PurePosixPath(name).parent) == self._folder

    def _side_file(self, name: str) -> Any:
        member = name if self._folder == "." else f"{self._folder}/{name}"
        if not self._files.has(member):
            return None
        outcome = Outcome(member)
        self._outcomes["other"].append(outcome)
        return read_small_json(self._files, member, outcome)

    def _load_member(self, member: str, record_type: str, table: RecordTable, unwrap: Any) -> None:
        self._progress(f"{member}: reading")
        extracted = self._files.extract(member, self._scratch, strip_prefix=True)
        self._encodings.add(extracted.encoding)
        fast_columns: dict[str, Shape] | None = None
        fast_prefix = ""
        if record_type == "post":
            # Very old archives have no `tweet` wrapper around each post.
            is_wrapped = re.match(r"\s*\[\s*\{\s*\"tweet\"\s*:", _head(extracted.path)) is not None
            fast_columns = {"tweet": _POST} if is_wrapped else _POST
            fast_prefix = "tweet." if is_wrapped else ""
        first_no = sum(outcome.delivered for outcome in self._outcomes[record_type])
        try:
            outcome = load_records(
                self._con,
                table,
                self._capture_id,
                member,
                extracted,
                first_no,
                self._scratch,
                unwrap,
                fast_columns,
                fast_prefix,
            )
        finally:
            extracted.release()
        self._outcomes[record_type].append(outcome)
        self._progress(f"{member}: {outcome.loaded:,} loaded, {len(outcome.rejected):,} rejected")

    def _result(self) -> LoadResult:
        account = _first(self._side_file("account.js"), "account")
        manifest = self._side_file("manifest.js")
        manifest = manifest if isinstance(manifest, dict) else {}
        user = _dict(manifest.get("userInfo"))
        about = _dict(manifest.get("archiveInfo"))
        observed_at = parse_time(about.get("generationDate"))
        account_id = account.get("accountId") or user.get("accountId")
        created_at = parse_time(account.get("createdAt"))
        # A lone tweets.js does not say whose posts it holds nor whether they are all of them.
        is_census = None if account_id is None else about.get("isPartialArchive") not in (True, "true")
        totals = [*self._manifest_totals(_dict(manifest.get("dataTypes"))), *self._header_total()]
        members = [
            outcome.counted(record_type, self._files.member(outcome.member).byte_size)
            for record_type, outcomes in self._outcomes.items()
            for outcome in outcomes
            if outcome.delivered or record_type != "other"
        ]
        rejected = [record for outcomes in self._outcomes.values() for one in outcomes for record in one.rejected]
        return LoadResult(
            source=XArchive.source,
            platform=XArchive.platform,
            owner_account_id=None if account_id is None else str(account_id),
            owner_handle=account.get("username") or user.get("userName"),
            owner_name=account.get("accountDisplayName") or user.get("displayName"),
            owner_created_at=created_at,
            observed_at=observed_at,
            observed_at_basis="manifest.js generationDate" if observed_at else _NO_TIME,
            is_census=is_census,
            coverage_from=created_at if is_census else None,
            coverage_to=observed_at if is_census else None,
            encoding=describe_encoding(self._encodings, rejected),
            members=tuple(members),
            control_totals=tuple(totals),
            rejected=tuple(rejected),
        )

    def _delivered(self, record_type: str) -> int:
        return sum(outcome.delivered for outcome in self._outcomes[record_type])

    def _manifest_totals(self, data_types: dict[str, Any]) -> list[ControlTotal]:
        totals = []
        for record_type, keys in _MANIFEST_KEYS.items():
            for key in keys:
                listed = _dict(data_types.get(key)).get("files")
                if not isinstance(listed, list):
                    continue
                counts = [whole_number(_dict(file).get("count")) for file in listed]
                if not counts or None in counts:
                    continue
                note = self._missing_files(listed)
                stated = sum(count for count in counts if count is not None)
                # Of posts the manifest is right; long texts and deletions may have been kept back by the owner.
                is_binding = record_type == "post"
                totals.append(ControlTotal(f"manifest.{key}", stated, self._delivered(record_type), note, is_binding))
        return totals

    def _missing_files(self, listed: list[Any]) -> str | None:
        here = {PurePosixPath(member.name).name for member in self._files.members() if self._is_here(member.name)}
        names = [str(_dict(file).get("fileName")) for file in listed if _dict(file).get("count") not in (0, "0")]
        missing = [name for name in names if PurePosixPath(name).name not in here]
        return f"not in the capture: {', '.join(missing)}"[:200] if missing else None

    def _header_total(self) -> list[ControlTotal]:
        members = self._named(_HEADERS_FILE)
        if not members:
            return []
        stated = 0
        for member in members:
            extracted = self._files.extract(member, self._scratch, strip_prefix=True)
            try:
                stated += count_records(extracted.path)
            finally:
                extracted.release()
        return [ControlTotal("tweet_headers", stated, self._delivered("post"))]


_NO_TIME = "not stated: the archive has no manifest with a generation date"


def _head(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(_HEAD_CHARACTERS).decode("utf-8", "replace")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: Any, key: str) -> dict[str, Any]:
    """The one record of a side file: `[{"account": {…}}]`."""
    return _dict(_dict(value[0]).get(key)) if isinstance(value, list) and value else {}


def _unwrap_post(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("tweet"), dict):
        return value["tweet"]
    return value


def _unwrap_deletion(value: Any) -> Any:
    post = _unwrap_post(value)
    return {name: post.get(name) for name in _DELETION} if isinstance(post, dict) else post


def _unwrap_note(value: Any) -> Any:
    """A note as the raw table holds it; the form with `noteTweetResults` of some documents fits too."""
    note = value.get("noteTweet", value) if isinstance(value, dict) else value
    if not isinstance(note, dict):
        raise RecordError("not_a_record", "a noteTweet object", type(note).__name__)
    core = _dict(note.get("core")) or _dict(_dict(note.get("noteTweetResults")).get("result"))
    return {
        "note_tweet_id": note.get("noteTweetId") or note.get("tweetId"),
        "created_at": note.get("createdAt"),
        "updated_at": note.get("updatedAt"),
        "text": core.get("text"),
        "hashtags": core.get("hashtags"),
        "mentions": core.get("mentions"),
        "urls": core.get("urls"),
    }
