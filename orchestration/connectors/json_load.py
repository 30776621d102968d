"""The frame of a load of JSON files, for connectors whose captures are posts in JSON.

Belongs here: which members are read, the fast way and the careful one, pieces of large files, numbers of records,
what became of each, whose posts a capture holds.
Does not belong here: the shape of any source; reading of bytes (`files`) and of JSON values (`records`).

Each delivered record takes one number, its place among all records of the capture, whatever it is: a post, a
deletion, a message that is neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import duckdb

from orchestration.connectors.base import LoadResult, Progress, Shape, quote
from orchestration.connectors.files import CaptureFiles, Extracted
from orchestration.connectors.records import (
    REFUSALS,
    Found,
    Outcome,
    RecordError,
    RecordTable,
    all_or_nothing,
    delete_records,
    describe_encoding,
    form_of,
    insert_clean,
    insert_numbered,
    is_whole,
    key_paths,
    layout_of,
    line_pieces,
    nothing_loaded,
    parse_time,
    records_after,
    scan_lines,
    scan_values,
)
from orchestration.contract import InputError

_SNIFFED_CHARACTERS = 1 << 18
# A broken line should cost a piece of this size, not a file of gigabytes (see x_api_v2).
_PIECE_BYTES = 16 << 20
# Up to this size, a file whose lines are broken is tried as values over several lines, too.
_SMALL_BYTES = 4 << 20
_JSON_NAME = re.compile(r"\.(json|jsonl|ndjson|txt)(\.gz|\.zst)?$|\.(gz|zst)$", re.IGNORECASE)
_POSSIBLE_TIME = "a time with its zone, after 1970-01-02, not a day later than the server had the post"
# One account's share of a capture from which on it is called that account's (as for X API v2).
_OWNER_SHARE = 0.95


def json_members(files: CaptureFiles) -> list[str]:
    """The members that may hold JSON, by their names; a single file whatever its name."""
    if files.kind == "file":
        return [files.name]
    return [member.name for member in files.members() if _JSON_NAME.search(member.name)]


def first_keys(files: CaptureFiles, name: str) -> set[str]:
    """The paths of the keys of a member's first value, from a bounded head."""
    return key_paths(files.head_text(name, _SNIFFED_CHARACTERS))


class JsonLoad:
    """One load of one capture, member by member. A connector says what its values are.

    Attributes:
        source: Name of the connector.
        platform: Whose posts they are.
        described: What is expected, in words.
        tables: The raw table of each record type; `post` is one of them.
        raw_tables: All tables that the connector writes.
        fast_shapes: The shapes that DuckDB may read at once.
        author_sql: Id, handle and name of a post's author, in columns of its raw table.
        stated_sql: When the author was created, and how many posts the platform counts of it, in columns of the raw
            table of posts; None where the source says neither.
        impossible_sql: The condition, in columns of the raw table, under which a post's time cannot be true.
        time_told_sql: What the time of such a post says.
        aside_sql: The condition, in columns of the raw table, under which a sound post is set aside all the same.
        next_steps: What to do about a post that cannot be loaded, by reason, where it differs from the usual.
        reason_codes: The code of a kind of value that is no post, where it is not `not_a_post_<kind>`.
        not_posts: What a value is that is no post, by kind: how it is told, and what to do about it.
    """

    source: ClassVar[str]
    platform: ClassVar[str] = "x"
    described: ClassVar[str]
    tables: ClassVar[Mapping[str, RecordTable]]
    raw_tables: ClassVar[Mapping[str, str]]
    fast_shapes: ClassVar[frozenset[str]]
    author_sql: ClassVar[tuple[str, str, str]]
    stated_sql: ClassVar[tuple[str, str] | None] = None
    impossible_sql: ClassVar[str] = "false"
    time_told_sql: ClassVar[str] = "''"
    aside_sql: ClassVar[str] = "false"
    next_steps: ClassVar[Mapping[str, str]] = {}
    reason_codes: ClassVar[Mapping[str, str]] = {}
    not_posts: ClassVar[Mapping[str, tuple[str, str]]]

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        progress: Progress | None,
    ) -> None:
        self._con, self._capture_id, self._files = con, capture_id, files
        self._scratch, self._progress = scratch, progress or (lambda _: None)
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._delivered = 0
        self._encodings: set[str] = set()
        self._clean: dict[str, BinaryIO] = {}
        self._shape: str | None = None  # of the member that is being read

    # What a connector says ----------------------------------------------------------------------------------

    def shape_of(self, paths: set[str]) -> str | None:
        """What the first value of a file is, from the paths of its keys, or None when it is of another source."""
        raise NotImplementedError

    def posts_sql(self, path: Path, layout: str, shape: str) -> str:
        """A select of the columns of the raw table of posts, in their order, one row for each value of the file."""
        raise NotImplementedError

    def others_sql(self, path: Path, layout: str, shape: str) -> str | None:
        """A select of `kind` (null for a post), `told` and the columns of deletions, in the order of `posts_sql`.

        It is read only when some row is no post; None when there is nothing but posts that this way can read.
        """
        return None

    def take(self, member: str, value: Any, text: str) -> None:
        """Keep or reject what one parsed value of a file holds, by `keep` and `set_aside`."""
        raise NotImplementedError

    def is_record(self, value: Any) -> bool:
        """Whether a value met after a break is a record by itself."""
        raise NotImplementedError

    def salvage(self, found: Found) -> list[Any]:
        """The sound records of a broken value that holds several, before and after the break."""
        return []

    def observed_at(self) -> tuple[datetime | None, str]:
        """When the counts were true, if the source says it for the whole capture, and how that is known."""
        return None, "not stated: the records carry no time of retrieval"

    def members(self) -> list[str]:
        """The members that are read."""
        return json_members(self._files)

    def finish(self) -> None:
        """What is to be done when every member is read."""

    # The load -----------------------------------------------------------------------------------------------

    def run(self) -> LoadResult:
        """Load the capture or nothing of it.

        Raises:
            InputError: The whole capture is unusable.
        """
        with all_or_nothing(self._con, self._capture_id, self.raw_tables, self._files):
            try:
                return self._run()
            finally:
                self._con.execute("drop table if exists temp.set_aside")

    def _run(self) -> LoadResult:
        names = [name for name in self.members() if self._files.member(name).byte_size]
        if not names:
            raise InputError(
                file=self._files.name,
                expected=f"JSON or JSONL files of {self.described}",
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
                self._reject_impossible_times(name)
            finally:
                extracted.release()
            mine = [outcome for (member, _), outcome in self._outcomes.items() if member == name]
            loaded, rejected = sum(one.loaded for one in mine), sum(len(one.rejected) for one in mine)
            self._progress(f"{name}: {loaded:,} loaded, {rejected:,} rejected")
        error = nothing_loaded(self._files, list(self._outcomes.values()))
        if error is not None:
            raise error
        self.finish()
        return self._result()

    def _load_member(self, member: str, extracted: Extracted) -> None:
        with extracted.path.open("rb") as stream:
            head = stream.read(_SNIFFED_CHARACTERS).decode("utf-8", "replace")
        layout, shape = layout_of(head), self.shape_of(key_paths(head))
        self._shape = shape
        if shape not in self.fast_shapes:
            self._careful(member, extracted, layout)
            return
        if is_whole(extracted.path, layout) and self._fast(member, extracted.path, layout, shape):
            return
        if layout != "newline_delimited" or extracted.path.stat().st_size <= _PIECE_BYTES:
            self._careful(member, extracted, layout)
            return
        # Few broken lines in a large file: only the pieces that hold one go the careful way.
        self._scratch.mkdir(parents=True, exist_ok=True)
        for piece, offset in line_pieces(extracted.path, self._scratch, _PIECE_BYTES):
            if not self._fast(member, piece, layout, shape):
                begin = extracted.skipped_bytes + offset
                self._careful(member, Extracted(piece, extracted.encoding, begin, False), layout)

    def _outcome(self, member: str, record_type: str) -> Outcome:
        return self._outcomes.setdefault((member, record_type), Outcome(member))

    def _reject_impossible_times(self, member: str) -> None:
        """Take the posts out again whose time cannot be true: one condition for both ways, in the words of staging."""
        if self.impossible_sql == "false":
            return
        table = self.tables["post"]
        rows = self._con.execute(
            f"delete from raw.{table.name} where capture_id = {quote(self._capture_id)} and member = {quote(member)}"
            f" and coalesce({self.impossible_sql}, true) returning record_no, {self.time_told_sql}"
        ).fetchall()
        for record_no, told in sorted(rows):
            outcome = self._outcome(member, "post")
            outcome.loaded -= 1
            outcome.reject(record_no, "impossible_time", _POSSIBLE_TIME, form_of(told or "") or "no time", told or "")

    # The fast way -------------------------------------------------------------------------------------------

    def _fast(self, member: str, path: Path, layout: str, shape: str) -> bool:
        """Insert a whole file at once; False, and nothing inserted, when a value needs to be looked at."""
        table, first_no = self.tables["post"], self._delivered
        try:
            read = insert_numbered(
                self._con, table.name, self._capture_id, member, self.posts_sql(path, layout, shape), first_no
            )
        except REFUSALS:
            return False
        here = records_after(self._capture_id, first_no)
        is_bad = f"({table.bad_id_sql} or {table.bad_sql} or {self.aside_sql})"
        bad = self._con.execute(f"select count(*) from raw.{table.name} where {here} and {is_bad}").fetchall()[0][0]
        if bad and not self._set_others_aside(member, path, layout, shape, here, is_bad):
            delete_records(self._con, table.name, self._capture_id, first_no)
            return False
        self._delivered += read
        aside = self._count_others(member) if bad else 0
        posts = self._outcome(member, "post")
        posts.delivered += read - aside
        posts.loaded += read - aside
        return True

    def _set_others_aside(self, member: str, path: Path, layout: str, shape: str, here: str, is_bad: str) -> bool:
        """Move what is known to be no post out of the posts; False when a row is bad for another reason."""
        others, posts = self.others_sql(path, layout, shape), f"raw.{self.tables['post'].name}"
        if others is None:
            return False
        try:
            self._con.execute(
                "create or replace temp table set_aside as select * from (select"
                f" {self._delivered} + row_number() over () as record_no, * from ({others})) where kind is not null"
            )
        except REFUSALS:
            return False
        deletion = self.tables.get("deletion")
        strange = f"select count(*) from {posts} where {here} and {is_bad} and record_no not in"
        strange += " (select record_no from temp.set_aside"
        strange += f" where kind <> 'deletion' or not {deletion.bad_id_sql})" if deletion else ")"
        if self._con.execute(strange).fetchall()[0][0]:
            return False
        self._con.execute(f"delete from {posts} where {here} and record_no in (select record_no from temp.set_aside)")
        if deletion:
            names = ", ".join(f'"{name}"' for name in deletion.shape)
            self._con.execute(
                f"insert into raw.{deletion.name} select {quote(self._capture_id)}, record_no, {quote(member)},"
                f" {names} from temp.set_aside where kind = 'deletion' order by record_no"
            )
        return True

    def _count_others(self, member: str) -> int:
        counted = self._con.execute(
            "select count(*), count(*) filter (where kind = 'deletion') from temp.set_aside"
        ).fetchall()[0]
        if counted[1]:
            deletions = self._outcome(member, "deletion")
            deletions.delivered += counted[1]
            deletions.loaded += counted[1]
        cursor = self._con.execute(
            "select record_no, kind, told from temp.set_aside where kind <> 'deletion' order by record_no"
        )
        while rows := cursor.fetchmany(10_000):
            for record_no, kind, told in rows:
                self._reject_other(member, record_no, kind, told or "")
        return counted[0]

    # The careful way ----------------------------------------------------------------------------------------

    def _careful(self, member: str, extracted: Extracted, layout: str) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        stem = f"careful_{self._capture_id[:12]}_{self._delivered}"
        paths = {record_type: self._scratch / f"{stem}_{record_type}.jsonl" for record_type in self.tables}
        try:
            with ExitStack() as stack:
                stream = stack.enter_context(extracted.path.open("rb"))
                self._clean = {name: stack.enter_context(path.open("wb")) for name, path in paths.items()}
                for found in self._values(extracted, stream, layout):
                    if found.problem:
                        for value in self.salvage(found):
                            self.take(member, value, "")
                        self._delivered += 1
                        outcome = self._outcome(member, "post")
                        outcome.delivered += 1
                        outcome.reject_found(self._delivered, found)
                    else:
                        self.take(member, found.value, found.text)
            for record_type, path in paths.items():
                if path.stat().st_size:
                    table, outcome = self.tables[record_type], self._outcome(member, record_type)
                    outcome.loaded += insert_clean(
                        self._con, table.name, self._capture_id, member, path, table.shape, outcome
                    )
        finally:
            for path in paths.values():
                path.unlink(missing_ok=True)

    def _values(self, extracted: Extracted, stream: BinaryIO, layout: str) -> Iterable[Found]:
        begin = extracted.skipped_bytes
        if layout != "newline_delimited":
            return scan_values(stream, self.is_record, keep_broken=True, first_byte=begin)
        lines = scan_lines(stream, first_byte=begin)
        if extracted.path.stat().st_size > _SMALL_BYTES:
            return lines
        # Samples and documents mix values on one line with values over several.
        kept = list(lines)
        broken = sum(found.problem is not None for found in kept)
        if broken:
            stream.seek(0)
            values = list(scan_values(stream, self.is_record, keep_broken=True, first_byte=begin))
            if sum(found.problem is not None for found in values) < broken:
                return values
        return kept

    def keep(self, member: str, record_type: str, record: Any, text: str) -> None:
        """Keep one record for its raw table, or reject it with its reason."""
        outcome = self._outcome(member, record_type)
        outcome.delivered += 1
        self._delivered += 1
        try:
            self._clean[record_type].write(self.tables[record_type].clean_line(self._delivered, record))
        except RecordError as error:
            next_step = self.next_steps.get(error.code)
            outcome.reject(self._delivered, error.code, error.expected, error.found, text, next_step)

    def reject(self, member: str, code: str, expected: str, found: str, text: str) -> None:
        """Reject one post for a reason that no declared column can tell."""
        self._delivered += 1
        outcome = self._outcome(member, "post")
        outcome.delivered += 1
        outcome.reject(self._delivered, code, expected, found, text, self.next_steps.get(code))

    def set_aside(self, member: str, kind: str, text: str) -> None:
        """Reject a value that is no post, by the name of its kind."""
        self._delivered += 1
        self._reject_other(member, self._delivered, kind, text)

    def _reject_other(self, member: str, record_no: int, kind: str, text: str) -> None:
        found, next_step = self.not_posts[kind]
        outcome = self._outcome(member, "other")
        outcome.delivered += 1
        code = self.reason_codes.get(kind, f"not_a_post_{kind}")
        outcome.reject(record_no, code, self.described, found, text, next_step)

    # After all members --------------------------------------------------------------------------------------

    def _owner(self) -> tuple[str | None, str | None, str | None, bool | None]:
        """Id, handle and name of the account whose posts these are, and what that says about completeness."""
        author_id, handle, name = self.author_sql
        rows = self._con.execute(
            f"select {author_id} as author_id, max({handle}), max({name}), count(*), sum(count(*)) over ()"
            f" from raw.{self.tables['post'].name} where capture_id = {quote(self._capture_id)}"
            " group by 1 order by 4 desc, 1 limit 1"
        ).fetchall()
        if not rows or rows[0][0] is None:
            return None, None, None, None
        *owner, count, total = rows[0]
        if count < _OWNER_SHARE * total:
            return None, None, None, False
        return owner[0], owner[1], owner[2], None

    def _stated_of(self, author_id: str | None) -> tuple[datetime | None, int | None]:
        """When the owner's account was created, and the highest count of its posts that the source states."""
        if author_id is None or self.stated_sql is None:
            return None, None
        created, posts = self.stated_sql
        found = self._con.execute(
            f"select max({created}), max({posts}) from raw.{self.tables['post'].name}"
            f" where capture_id = {quote(self._capture_id)} and {self.author_sql[0]} = {quote(author_id)}"
        ).fetchall()[0]
        return parse_time(found[0]), found[1]

    def _result(self) -> LoadResult:
        author_id, handle, name, is_census = self._owner()
        created_at, post_count = self._stated_of(author_id)
        observed_at, basis = self.observed_at()
        rejected = tuple(chain.from_iterable(outcome.rejected for outcome in self._outcomes.values()))
        return LoadResult(
            source=self.source,
            platform=self.platform,
            owner_account_id=author_id,
            owner_handle=handle,
            owner_name=name,
            owner_created_at=created_at,
            owner_post_count=post_count,
            observed_at=observed_at,
            observed_at_basis=basis,
            is_census=is_census,
            coverage_from=None,
            coverage_to=None,
            encoding=describe_encoding(self._encodings, rejected),
            members=tuple(
                outcome.counted(record_type, self._files.member(member).byte_size)
                for (member, record_type), outcome in self._outcomes.items()
            ),
            control_totals=(),
            rejected=rejected,
        )


def selected(columns: Mapping[str, Shape], prefix: str = "") -> str:
    """The columns of a raw table as a select list, from the columns that a reader declares."""
    return ", ".join(f'{prefix}"{name}"' for name in columns)
