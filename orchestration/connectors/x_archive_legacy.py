"""The old X archive ("Grailbird"): one JavaScript file per month, as X gave it out until about 2018.

Belongs here: its layout, its raw tables, what its index and payload state.
Does not belong here: reading of bytes or JSON in general, other sources.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from orchestration.connectors.base import (
    ControlTotal,
    LoadResult,
    Progress,
    Shape,
    quote,
    raw_table_ddl,
)
from orchestration.connectors.files import CaptureFiles, Extracted
from orchestration.connectors.records import (
    Outcome,
    RecordTable,
    all_or_nothing,
    describe_encoding,
    extracted_groups,
    load_csv,
    load_records,
    load_together,
    nothing_loaded,
    parse_time,
    read_small_json,
    whole_number,
)
from orchestration.contract import InputError

_USER: dict[str, Shape] = {"id_str": "VARCHAR", "screen_name": "VARCHAR", "name": "VARCHAR"}
_ENTITIES: dict[str, Shape] = {
    "hashtags": [{"text": "VARCHAR", "indices": ["BIGINT"]}],
    "user_mentions": [{"screen_name": "VARCHAR", "name": "VARCHAR", "id_str": "VARCHAR", "indices": ["BIGINT"]}],
    "urls": [{"url": "VARCHAR", "expanded_url": "VARCHAR", "indices": ["BIGINT"]}],
    "media": [{"type": "VARCHAR"}],
}
_EXTENDED_ENTITIES: dict[str, Shape] = {"media": [{"type": "VARCHAR"}]}
_POST: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "id": "VARCHAR",
    "created_at": "VARCHAR",
    "text": "VARCHAR",
    "full_text": "VARCHAR",
    "lang": "VARCHAR",
    "source": "VARCHAR",
    "in_reply_to_status_id_str": "VARCHAR",
    "in_reply_to_user_id_str": "VARCHAR",
    "in_reply_to_screen_name": "VARCHAR",
    "quoted_status_id_str": "VARCHAR",
    "is_quote_status": "BOOLEAN",
    "truncated": "BOOLEAN",
    "display_text_range": ["BIGINT"],
    "retweet_count": "BIGINT",
    "favorite_count": "BIGINT",
    "user": _USER,
    "entities": _ENTITIES,
    "extended_entities": _EXTENDED_ENTITIES,
    "retweeted_status": {
        "id_str": "VARCHAR",
        "created_at": "VARCHAR",
        "text": "VARCHAR",
        "full_text": "VARCHAR",
        "truncated": "BOOLEAN",
        "user": _USER,
        "entities": _ENTITIES,
        "extended_entities": _EXTENDED_ENTITIES,
    },
    "quoted_status": {"id_str": "VARCHAR", "user": _USER},
}

_CSV_POST: dict[str, Shape] = dict.fromkeys(
    (
        "tweet_id",
        "in_reply_to_status_id",
        "in_reply_to_user_id",
        "timestamp",
        "source",
        "text",
        "retweeted_status_id",
        "retweeted_status_user_id",
        "retweeted_status_timestamp",
        "expanded_urls",
    ),
    "VARCHAR",
)

RAW_TABLES: dict[str, str] = {
    "x_archive_legacy_posts": raw_table_ddl("x_archive_legacy_posts", _POST),
    "x_archive_legacy_csv_posts": raw_table_ddl("x_archive_legacy_csv_posts", _CSV_POST),
}

_POSTS = RecordTable("x_archive_legacy_posts", _POST, "id_str", ("id_str", "created_at", "text|full_text"))
_CSV_POSTS = RecordTable("x_archive_legacy_csv_posts", _CSV_POST, "tweet_id", ("tweet_id", "timestamp", "text"))

_MONTH_FILE = re.compile(r"(?P<year>\d{4})_(?P<month>\d{2})\.js")
_MONTH_PATH = re.compile(r"(?P<base>(?:[^/]+/)?)data/js/tweets/\d{4}_\d{2}\.js")
_GRAILBIRD = re.compile(r"\s*Grailbird\.data\.tweets_\d{4}_\d{2}\s*=")
_CSV_NAME = "tweets.csv"


class XArchiveLegacy:
    """Reads the old X archive: monthly files, index, payload, owner, and `tweets.csv` beside them."""

    source = "x_archive_legacy"
    platform = "x"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether monthly files are there, or one monthly file or one `tweets.csv` by itself."""
        return _find_base(files) is not None

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


CONNECTOR = XArchiveLegacy()


def _is_legacy_csv(files: CaptureFiles, name: str) -> bool:
    header = set(_csv_header(files.head_text(name, 4096)))
    return {"tweet_id", "timestamp", "text"} <= header and "retweeted_status_id" in header


def _csv_header(head: str) -> list[str]:
    try:
        first = next(csv.reader([head.split("\n", 1)[0].rstrip("\r")]), [])
    except csv.Error:  # no text at all, or a bare CR in the first line: not what X wrote
        return []
    return [name.strip().lower() for name in first]


def _find_base(files: CaptureFiles) -> str | None:
    """The folder that holds `data/js` ("" for the top), or None when this is no old archive."""
    bases = {match.group("base") for member in files.members() if (match := _MONTH_PATH.fullmatch(member.name))}
    if len(bases) > 1:
        raise InputError(
            file=files.name,
            expected="one X archive",
            found=f"{len(bases)}, in {', '.join(sorted(bases))}"[:200],
            next_step="Hand over each archive as its own file or folder.",
            code="several_archives",
        )
    if bases:
        return bases.pop()
    if any(member.name.endswith("data/js/tweet_index.js") for member in files.members()):
        return next(
            member.name.removesuffix("data/js/tweet_index.js")
            for member in files.members()
            if member.name.endswith("data/js/tweet_index.js")
        )
    if files.kind == "file":
        alone = _GRAILBIRD.match(files.head_text(files.name, 256)) or _is_legacy_csv(files, files.name)
        return "" if alone else None
    return None


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
        self._months: list[Outcome] = []
        self._csv: list[Outcome] = []
        self._other: list[Outcome] = []
        self._encodings: set[str] = set()

    def run(self) -> LoadResult:
        self._base = _find_base(self._files) or ""
        months, tables = self._members()
        if not months and not tables:
            raise InputError(
                file=self._files.name,
                expected="data/js/tweets/2015_07.js and the other months of an old X archive",
                found="no such file",
                next_step="Unpack or download the archive again; all of it is needed.",
                code="missing_file",
            )
        for group in extracted_groups(self._files, months, self._scratch):
            self._load_months(group)
        for member in tables:
            self._load_csv(member)
        error = nothing_loaded(self._files, [*self._months, *self._csv])
        if error is not None:
            raise error
        return self._result()

    def _members(self) -> tuple[list[str], list[str]]:
        if self._files.kind == "file":
            name = self._files.name
            return ([], [name]) if _is_legacy_csv(self._files, name) else ([name], [])
        folder = f"{self._base}data/js/tweets"
        months = [
            member.name
            for member in self._files.members()
            if str(PurePosixPath(member.name).parent) == folder
            and _MONTH_FILE.fullmatch(PurePosixPath(member.name).name)
        ]
        table = f"{self._base}{_CSV_NAME}"
        return months, [table] if self._files.has(table) else []

    def _load_months(self, group: list[tuple[str, Extracted]]) -> None:
        self._encodings |= {extracted.encoding for _, extracted in group}
        self._progress(f"{group[0][0]} to {group[-1][0]}: reading {len(group):,} files")
        outcomes = load_together(self._con, _POSTS, self._capture_id, group, self._delivered, _POST)
        if outcomes is not None:
            self._months += outcomes
            self._progress(f"{sum(outcome.loaded for outcome in outcomes):,} loaded, 0 rejected")
            return
        for member, extracted in group:
            outcome = load_records(
                self._con,
                _POSTS,
                self._capture_id,
                member,
                extracted,
                self._delivered,
                self._scratch,
                lambda value: value,
                _POST,
            )
            self._months.append(outcome)
            self._progress(f"{member}: {outcome.loaded:,} loaded, {len(outcome.rejected):,} rejected")

    def _load_csv(self, member: str) -> None:
        extracted = self._files.extract(member, self._scratch)
        self._encodings.add(extracted.encoding)
        first_no = sum(outcome.delivered for outcome in self._csv)
        try:
            outcome = load_csv(self._con, _CSV_POSTS, self._capture_id, member, extracted, first_no, self._scratch)
        finally:
            extracted.release()
        self._csv.append(outcome)
        self._progress(f"{member}: {outcome.loaded:,} loaded, {len(outcome.rejected):,} rejected")

    def _side_file(self, name: str) -> Any:
        member = f"{self._base}data/js/{name}"
        if not self._files.has(member):
            return None
        outcome = Outcome(member)
        self._other.append(outcome)
        return read_small_json(self._files, member, outcome)

    def _result(self) -> LoadResult:
        user = _dict(self._side_file("user_details.js"))
        payload = _dict(self._side_file("payload_details.js"))
        index = self._side_file("tweet_index.js")
        observed_at = parse_time(payload.get("created_at"))
        created_at = parse_time(user.get("created_at"))
        owner = user or self._author()
        totals = self._index_totals(index) if isinstance(index, list) else []
        totals += self._payload_total(payload) + self._csv_total()
        # Months without the owner's details are a part of an archive; whether they are all is not known.
        is_census = True if user and self._months else None
        kinds = (("post", self._months), ("csv_post", self._csv), ("other", self._other))
        return LoadResult(
            source=XArchiveLegacy.source,
            platform=XArchiveLegacy.platform,
            owner_account_id=_text(owner.get("id_str") or owner.get("id")),
            owner_handle=_text(owner.get("screen_name")),
            owner_name=_text(owner.get("full_name") or owner.get("name")),
            owner_created_at=created_at,
            observed_at=observed_at,
            observed_at_basis="payload_details.js created_at" if observed_at else _NO_TIME,
            is_census=is_census,
            coverage_from=created_at if is_census else None,
            coverage_to=observed_at if is_census else None,
            encoding=describe_encoding(
                self._encodings, (record for _, outcomes in kinds for one in outcomes for record in one.rejected)
            ),
            members=tuple(
                outcome.counted(record_type, self._files.member(outcome.member).byte_size)
                for record_type, outcomes in kinds
                for outcome in outcomes
                if outcome.delivered or record_type != "other"
            ),
            control_totals=tuple(totals),
            rejected=tuple(record for _, outcomes in kinds for one in outcomes for record in one.rejected),
        )

    def _author(self) -> dict[str, Any]:
        """The author of most posts, for files that come without the owner's details."""
        rows = self._con.execute(
            'select "user".id_str, any_value("user".screen_name), any_value("user"."name"), count(*)'
            f" from raw.x_archive_legacy_posts where capture_id = {quote(self._capture_id)}"
            " group by 1 order by 4 desc, 1 limit 1"
        ).fetchall()
        return dict(zip(("id_str", "screen_name", "name"), rows[0], strict=False)) if rows else {}

    @property
    def _delivered(self) -> int:
        return sum(outcome.delivered for outcome in self._months)

    def _index_totals(self, index: list[Any]) -> list[ControlTotal]:
        """The index against the files: in total, and month by month, each entry of a doubled month by itself."""
        counted = {PurePosixPath(outcome.member).stem: outcome.delivered for outcome in self._months}
        entries = [entry for entry in index if isinstance(entry, dict)]
        stated = [(_month_of(entry), whole_number(entry.get("tweet_count")) or 0) for entry in entries]
        times_listed = Counter(month for month, _ in stated)
        doubled = sorted(month for month, times in times_listed.items() if times > 1)
        note = f"listed twice: {', '.join(doubled)}" if doubled else None
        totals = [ControlTotal("tweet_index", sum(count for _, count in stated), self._delivered, note)]
        seen: Counter[str] = Counter()
        for month, count in sorted(stated, key=lambda item: item[0]):
            seen[month] += 1
            notes = [] if month in counted else ["no file for this month"]
            if times_listed[month] > 1:
                notes.append(f"entry {seen[month]} of {times_listed[month]} for this month")
            name = f"tweet_index {month}" + (f" entry {seen[month]}" if times_listed[month] > 1 else "")
            totals.append(ControlTotal(name, count, counted.get(month, 0), "; ".join(notes) or None))
        totals += [
            ControlTotal(f"tweet_index {month}", 0, count, "not listed in the index")
            for month, count in counted.items()
            if month not in times_listed
        ]
        return totals

    def _payload_total(self, payload: dict[str, Any]) -> list[ControlTotal]:
        stated = whole_number(payload.get("tweets"))
        if stated is None:
            return []
        distinct = self._con.execute(
            "select count(distinct id_str) from raw.x_archive_legacy_posts"
            f" where capture_id = {quote(self._capture_id)}"
        ).fetchall()[0][0]
        note = f"{distinct:,} distinct ids" if distinct != self._delivered else None
        return [ControlTotal("payload_details", stated, self._delivered, note)]

    def _csv_total(self) -> list[ControlTotal]:
        if not self._csv or not self._months:
            return []
        missing = self._con.execute(
            "select count(distinct tweet_id) from raw.x_archive_legacy_csv_posts as table_posts"
            f" where capture_id = {quote(self._capture_id)}"
            " and not exists (select 1 from raw.x_archive_legacy_posts as posts"
            " where posts.capture_id = table_posts.capture_id and posts.id_str = table_posts.tweet_id)"
        ).fetchall()[0][0]
        note = f"{missing:,} ids of the table are not in the monthly files"
        return [ControlTotal("tweets_csv", sum(one.delivered for one in self._csv), self._delivered, note)]


_NO_TIME = "not stated: the archive has no payload_details.js"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _month_of(entry: dict[str, Any]) -> str:
    """`2018_10` for an entry of the index."""
    return PurePosixPath(str(entry.get("file_name"))).stem
