"""A first map for a table that nobody described: what its header and its cells show, and what they do not.

Belongs here: guessing which column is which field, the way times are written, and the zone, with the evidence for each.
Does not belong here: following a map (`mapped`), what a map may say (`column_map`).

An id on X holds the time of its post. So the time zone of a table is not guessed where it has ids: of each zone it is
counted how many times agree with the ids.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.connectors.base import quote
from orchestration.connectors.column_map import COUNTS, FIELDS, KINDS, TIME_WORDS, read_map
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.mapped import count_sql, instant_sql, precision_sql
from orchestration.connectors.records import Outcome
from orchestration.connectors.tables import TableHead, normalised, open_table, table_heads
from orchestration.connectors.tabular import POST_ADDRESS_PATTERN
from orchestration.contract import MAP_SUFFIX, InputError

# Header cells by which a field is known, English and Indonesian, the likeliest first.
HEADER_NAMES: dict[str, tuple[str, ...]] = {
    "post_id": ("post id", "tweet id", "tweet_id", "post_id", "status id", "id_str", "tweetid", "id"),
    "link": ("post link", "tweet url", "tweet_url", "permalink", "link", "url", "address", "tautan"),
    "posted_at": (
        "created_at", "created at", "posted at", "posted_at", "datetime", "date time", "timestamp", "tweet_timestamp",
        "date", "time", "when", "waktu", "tanggal",
    ),
    "text": (
        "text", "full_text", "tweet", "post", "content", "tweet text", "post text", "body", "message", "words", "teks",
        "isi", "cuitan",
    ),
    "handle": ("handle", "username", "user name", "screen_name", "screen name", "user", "author", "account", "akun"),
    "account_id": ("user id", "user_id", "author_id", "author id", "account id", "account_id", "user_id_str"),
    "account_name": ("name", "display name", "author name", "account name", "full name", "nama"),
    "language": ("language", "lang", "bahasa"),
    "kind": ("kind", "type", "tweet type", "post type", "jenis"),
    "reply_to_post_id": ("in_reply_to_status_id", "in_reply_to_status_id_str", "reply to id", "in_reply_to_tweet_id"),
    "reply_to_handle": ("in_reply_to_screen_name", "in_reply_to_username", "reply to", "replying to"),
    "conversation_id": ("conversation_id", "conversation_id_str", "conversation id", "thread"),
    "hashtags": ("hashtags", "tags", "tagar"),
    "mentions": ("mentions", "mentioned"),
    "links": ("links", "urls", "outlinks"),
    "like_count": (
        "like_count", "likes", "favorites", "favourites", "favorite_count", "likes_count", "favorite count", "suka",
    ),
    "repost_count": (
        "repost_count", "reposts", "retweets", "retweet_count", "retweets_count", "retweet count", "shares", "bagikan",
    ),
    "reply_count": ("reply_count", "replies", "replies_count", "reply count", "comments", "balasan"),
    "quote_count": ("quote_count", "quotes", "quote count"),
    "bookmark_count": ("bookmark_count", "bookmarks"),
    "impression_count": ("impression_count", "impressions", "views", "view_count", "views_count", "tayangan"),
}  # fmt: skip

# Tried in this order; among formats that read as many cells, the ids decide, else the first.
_FORMATS = (
    "iso",
    "%a %b %d %H:%M:%S %z %Y",
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M %z",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%y %H:%M",
    "%m/%d/%y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d %b %Y %H:%M",
    "%d %B %Y %H:%M",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y · %I:%M %p UTC",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%a, %b %d, %Y",
    "excel",
    "unix_ms",
    "unix",
)
_ZONES = (
    "UTC", "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Kolkata", "Asia/Tokyo", "Asia/Dubai",
    "Africa/Nairobi", "Africa/Lagos", "Europe/London", "Europe/Berlin", "Europe/Athens", "Europe/Moscow",
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
_NEARLY_ALL = 0.95
_AGREES_SECONDS = 60
_MISSING = ("-", "n/a", "N/A", "NA", "null", "NULL", "None", "nan", "NaN")


@dataclass
class _Draft:
    """What was found out so far."""

    columns: dict[str, int] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    time_format: str | None = None
    time_why: str = ""
    zone: str | None = None
    zone_why: str = ""
    thousands: str = ","
    missing: tuple[str, ...] = ()

    def take(self, name: str, place: int, why: str = "") -> None:
        self.columns[name], self.why[name] = place, why


def propose(path: Path, scratch: Path) -> str:
    """A map for a table, as YAML with its evidence, and what could not be told as comments at its end.

    Raises:
        InputError: There is no table in the file.
    """
    with CaptureFiles(path) as files, duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        heads = [head for head in table_heads(files, None) if head.rows and len(head.rows[0]) > 0]
        if not heads:
            raise InputError(
                file=files.name,
                expected="a table: CSV, TSV, XLSX, Parquet or JSON lines, with a header",
                found="none",
                next_step="If it is a table by another name, call it .csv, .xlsx, .parquet or .jsonl.",
                code="no_table",
            )
        head = max(heads, key=lambda one: max(_known_names(row) for row in one.rows))
        header_row = _header_row(head)
        rows = _load(con, files, head, header_row, scratch)
        header = head.rows[header_row]
        draft = _draft(con, header, rows)
    return _written(path.name, head, header, draft, rows)


def _known_names(row: Sequence[str]) -> int:
    known = {name for names in HEADER_NAMES.values() for name in names}
    return len({normalised(cell) for cell in row} & known)


def _header_row(head: TableHead) -> int:
    """The row that names most fields; where none does, the first with as many cells as any."""
    best = max(range(len(head.rows)), key=lambda number: (_known_names(head.rows[number]), -number))
    if _known_names(head.rows[best]):
        return best
    widest = max(len([cell for cell in row if cell]) for row in head.rows)
    return next(number for number, row in enumerate(head.rows) if len([cell for cell in row if cell]) == widest)


def _load(con: duckdb.DuckDBPyConnection, files: CaptureFiles, head: TableHead, header_row: int, scratch: Path) -> int:
    with open_table(con, files, head, header_row, scratch) as cells:

        def insert(relation: str, _: int | None) -> int:
            con.execute(f"create or replace temp table cells as select * from {relation}")
            return con.execute("select count(*) from cells").fetchall()[0][0]

        outcome = Outcome(head.name)
        cells.load(insert, lambda: None, outcome, 0)
    return outcome.loaded


def _draft(con: duckdb.DuckDBPyConnection, header: Sequence[str], rows: int) -> _Draft:
    draft = _Draft()
    names = [normalised(cell) for cell in header]
    if rows == 0:
        draft.doubts.append("The table has no rows: only its header was looked at.")
    for name in ("link", "post_id"):
        _find_id(con, draft, name, names)
    for name, spellings in HEADER_NAMES.items():
        place = next((names.index(one) for one in spellings if one in names), None)
        if name not in ("link", "post_id") and place is not None and place not in draft.columns.values():
            draft.take(name, place)
    _find_text(con, draft, header)
    _check_counts(con, draft, header)
    _check_kinds(con, draft, header)
    _find_time(con, draft, header)
    if not {"link", "post_id"} & draft.columns.keys():
        draft.doubts.append(
            "No column holds the id or the address of the post. Without one a post cannot be told from another, and the"
            " table cannot be loaded: export it again with the id, or add the column."
        )
    if "handle" not in draft.columns and "link" not in draft.columns:
        draft.doubts.append(
            "No column names the author. If all posts are of one account, say so: author: HANDLE. Otherwise they belong"
            " to an unknown account, for which no month is complete."
        )
    return draft


def _share(
    con: duckdb.DuckDBPyConnection, place: int, condition: Callable[[str], str], table: str = "cells"
) -> tuple[int, int]:
    """Of the filled cells of a column, those for which a condition holds, and all."""
    row = con.execute(
        f"select count(*) filter ({condition('cell')}), count(*)"
        f" from (select trim(c{place}) as cell from {table}) where cell <> ''"
    ).fetchall()[0]
    return row[0], row[1]


def _find_id(con: duckdb.DuckDBPyConnection, draft: _Draft, name: str, names: Sequence[str]) -> None:
    condition = _is_address if name == "link" else _is_id
    likely = [place for one in HEADER_NAMES[name] for place, cell in enumerate(names) if cell == one]
    others = [place for place in range(len(names)) if place not in likely] if name == "link" else []
    for place in [*likely, *others]:
        fit, filled = _share(con, place, condition)
        if name == "post_id" and _took_scientific(con, draft, place):
            return
        # a sum or a note below the posts has no address; half of the cells say enough, so peculiar is what they hold
        if fit < max(1, filled / 2):
            continue
        if name == "post_id" and _is_rounded(con, draft, place):
            continue
        what = "addresses of posts on X" if name == "link" else "ids of digits"
        draft.take(name, place, f"{fit:,} of {filled:,} cells are {what}")
        return


def _is_address(cell: str) -> str:
    return f"regexp_matches({cell}, {quote(POST_ADDRESS_PATTERN)})"


def _is_id(cell: str) -> str:
    # shorter ones are numbers of rows, or posts of the first two years
    return f"regexp_full_match({cell}, '[0-9]{{9,20}}')"


def _is_rounded(con: duckdb.DuckDBPyConnection, draft: _Draft, place: int) -> bool:
    """Whether a program has rounded the ids of a column; said, if so.

    Excel keeps 15 digits, others 16 or 17: rounded ids end in 00, of intact ones 2 in 100 do.
    """
    long_ids, _ = _share(con, place, lambda cell: f"regexp_full_match({cell}, '[0-9]{{17,20}}')")
    rounded, _ = _share(con, place, lambda cell: f"regexp_full_match({cell}, '[0-9]{{15,18}}00')")
    if long_ids < 3 or rounded <= long_ids / 2:
        return False
    told = f"{rounded:,} of {long_ids:,} ids end in zeros: a program has rounded them"
    if "link" in draft.columns:
        draft.doubts.append(f"{told}; the address is mapped instead.")
        return True
    draft.doubts.append(f"{told}. {_DAMAGED}")
    return False


_DAMAGED = (
    "Export again with the ids as text if you can. As it is, a post is found again where another capture holds it with"
    " its id, and counted under a stand-in where none does."
)


def _took_scientific(con: duckdb.DuckDBPyConnection, draft: _Draft, place: int) -> bool:
    """Whether a column of ids in scientific notation was taken for what it is; addresses would be better."""
    pattern = "[0-9]([.,][0-9]+)?[eE][+]?[0-9]{1,2}"
    fit, filled = _share(con, place, lambda cell: f"regexp_full_match({cell}, {quote(pattern)})")
    if "link" in draft.columns or fit < max(1, filled / 2):
        return False
    draft.take("post_id", place, f"{fit:,} of {filled:,} cells are ids in scientific notation")
    told = f"{fit:,} of {filled:,} ids are in scientific notation: most of their digits are lost"
    draft.doubts.append(f"{told}. {_DAMAGED}")
    return True


def _find_text(con: duckdb.DuckDBPyConnection, draft: _Draft, header: Sequence[str]) -> None:
    if "text" in draft.columns:
        return
    free = [place for place in range(len(header)) if place not in draft.columns.values()]
    lengths = [
        (con.execute(f"select coalesce(avg(length(c{place})), 0) from cells").fetchall()[0][0], place) for place in free
    ]
    if lengths and max(lengths)[0] >= 20:
        length, place = max(lengths)
        draft.take("text", place, f"the column with the longest cells, {length:.0f} characters on average")
    else:
        draft.doubts.append("No column looks like the text of the posts.")


def _check_counts(con: duckdb.DuckDBPyConnection, draft: _Draft, header: Sequence[str]) -> None:
    places = [draft.columns[name] for name in COUNTS if name in draft.columns]
    draft.missing = tuple(mark for mark in _MISSING if any(_share(con, place, _is_one_of(mark))[0] for place in places))
    for mark in (",", ".", " "):
        pattern = quote(f"[0-9]{{1,3}}([{mark}][0-9]{{3}})+")

        def is_grouped(cell: str, pattern: str = pattern) -> str:
            return f"regexp_full_match({cell}, {pattern})"

        if any(_share(con, place, is_grouped)[0] for place in places):
            draft.thousands = mark
            break

    def is_whole(cell: str) -> str:
        return f"regexp_full_match({count_sql(cell, draft.thousands)}, '[0-9]{{1,15}}')"

    for place in places:
        fit, filled = _share(con, place, is_whole)
        missing, _ = _share(con, place, _is_one_of(*draft.missing))
        if fit + missing < filled:
            draft.doubts.append(
                f"{filled - fit - missing:,} of {filled:,} cells of {header[place].strip()!r} are no whole number;"
                " their rows would be rejected. State `missing` cells, or leave the column out."
            )


def _is_one_of(*words: str) -> Callable[[str], str]:
    return lambda cell: f"{cell} in ({', '.join(map(quote, words)) or 'null'})"


def _check_kinds(con: duckdb.DuckDBPyConnection, draft: _Draft, header: Sequence[str]) -> None:
    if "kind" not in draft.columns:
        return
    place = draft.columns["kind"]
    words = [row[0] for row in con.execute(
        f"select distinct lower(trim(c{place})) from cells where trim(c{place}) <> '' order by 1 limit 12"
    ).fetchall()]  # fmt: skip
    unknown = [word for word in words if word not in KINDS]
    if unknown:
        del draft.columns["kind"]
        draft.doubts.append(
            f"{header[place].strip()!r} holds {', '.join(unknown[:8])}. If these are kinds of posts, map it to `kind`"
            " and translate each word under `kinds:`, for instance `retweet: repost`."
        )


# Times --------------------------------------------------------------------------------------------------------------


def _find_time(con: duckdb.DuckDBPyConnection, draft: _Draft, header: Sequence[str]) -> None:
    named = [draft.columns["posted_at"]] if "posted_at" in draft.columns else []
    spelled = [place for place, cell in enumerate(header) if normalised(cell) in HEADER_NAMES["posted_at"]]
    free = [place for place in range(len(header)) if place not in draft.columns.values() and place not in spelled]
    read: list[tuple[str, int, int]] = []
    for place in dict.fromkeys([*named, *spelled, *free]):
        formats = _formats_that_read(con, place)
        states_more = bool(formats) and _precision(con, f"c{place}", formats[0][0]) != "day"
        if formats and (not read or states_more):
            read = formats
            draft.take("posted_at", place)
        if states_more:
            break
    if not read:
        draft.columns.pop("posted_at", None)
        draft.doubts.append(
            "No column of times was found, or they are written in a way that is not known here. Map one to posted_at"
            " and state its time_format: strptime marks, or one of " + ", ".join(TIME_WORDS) + "."
        )
        return
    formats = [one for one, _, _ in read]
    chosen, zone, agree, known = _agreeing(con, draft, formats)
    draft.time_format = chosen
    fit, filled = next((fit, filled) for one, fit, filled in read if one == chosen)
    draft.time_why = f"reads {fit:,} of {filled:,} cells"
    _note_zone(con, draft, formats, zone, agree, known)


def _formats_that_read(con: duckdb.DuckDBPyConnection, place: int) -> list[tuple[str, int, int]]:
    """The formats that read nearly all cells of a column, of those the ones that read most."""
    read = []
    for one in _FORMATS:

        def reads(cell: str, one: str = one) -> str:
            digits = {"unix": 10, "unix_ms": 13}.get(one)
            is_number = f"regexp_full_match({cell}, '1[0-9]{{{digits - 1}}}') and " if digits else ""
            return f"{is_number}{instant_sql(cell, (one,), 'UTC')} is not null"

        fit, filled = _share(con, place, reads, "(select * from cells limit 1000)")
        if filled and fit >= _NEARLY_ALL * filled:
            read.append((one, *_share(con, place, reads)))
    most = max((fit for _, fit, _ in read), default=0)
    return [one for one in read if one[1] == most]


def _id_sql(draft: _Draft) -> str | None:
    parts = [f"c{draft.columns['post_id']}"] if "post_id" in draft.columns else []
    if "link" in draft.columns:
        parts.append(f"nullif(regexp_extract(c{draft.columns['link']}, {quote(POST_ADDRESS_PATTERN)}, 2), '')")
    return f"try_cast(coalesce({', '.join(parts)}) as bigint)" if parts else None


def _agreeing(
    con: duckdb.DuckDBPyConnection, draft: _Draft, formats: Sequence[str]
) -> tuple[str, str | None, int, int]:
    """The format and zone by which most times agree with the time in their ids, how many, and of how many."""
    native_id, cell = _id_sql(draft), f"c{draft.columns['posted_at']}"
    best: tuple[str, str | None, int, int] = (formats[0], None, 0, 0)
    if native_id is None:
        return best
    for one in formats:
        slack = {"day": 86400, "minute": 60}.get(_precision(con, cell, one), 0) + _AGREES_SECONDS
        for zone in (*_ZONES, *(f"Etc/GMT{hours:+d}" for hours in range(-14, 13) if hours)):
            instant = instant_sql(cell, (one,), zone)
            agree, known = con.execute(
                f"select count(*) filter (abs(epoch_ms({instant}) - id_time) <= {slack * 1000}), count(*) from"
                f" (select *, ({native_id} >> 22) + 1288834974657 as id_time from cells"
                f" where {native_id} >= 34359738368)"
            ).fetchall()[0]
            if agree > best[2]:
                best = (one, zone, agree, known)
            best = (*best[:3], known)
            if known == 0 or agree == known:
                return best
    return best


def _precision(con: duckdb.DuckDBPyConnection, cell: str, time_format: str) -> str:
    found = con.execute(f"select mode({precision_sql(cell, (time_format,))}) from cells").fetchall()[0][0]
    return str(found)


def _note_zone(
    con: duckdb.DuckDBPyConnection, draft: _Draft, formats: Sequence[str], zone: str | None, agree: int, known: int
) -> None:
    assert draft.time_format is not None
    cell = f"c{draft.columns['posted_at']}"
    states_offset = draft.time_format in ("unix", "unix_ms") or "%z" in draft.time_format
    if draft.time_format == "iso":
        own = con.execute(f"select count({instant_sql(cell, ('iso',), None)}), count({cell}) from cells").fetchall()[0]
        states_offset = own[0] == own[1]
    if known and agree < _NEARLY_ALL * known:
        draft.doubts.append(
            f"Only {agree:,} of {known:,} times agree with the time in the id, in the zone that fits best. Something is"
            " wrong with the times, the zone or the ids; the gates will say so."
        )
    if states_offset:
        return
    if known and agree >= _NEARLY_ALL * known:
        draft.zone = zone
        draft.zone_why = f"{agree:,} of {known:,} times agree with the time in the id"
        if _precision(con, cell, draft.time_format) == "day":
            draft.doubts.append("The times are days only, so the ids cannot tell the zone: correct time_zone.")
        return
    draft.zone = "UTC"
    draft.doubts.append(
        "The zone of the times: UTC is only a guess. Ask who made the table, and correct time_zone: a wrong zone moves"
        " posts to other days."
    )
    if len(formats) > 1:
        draft.doubts.append(
            f"The times can be read in {len(formats)} ways: {', '.join(formats)}. Take the right one; mind day and"
            " month."
        )


# YAML ---------------------------------------------------------------------------------------------------------------


def _written(name: str, head: TableHead, header: Sequence[str], draft: _Draft, rows: int) -> str:
    by_place = {place: field for field, place in draft.columns.items()}
    mapped, kept = [], []
    for place, cell in enumerate(header):
        column = json.dumps(cell.strip().replace("\ufeff", ""), ensure_ascii=False)
        if place in by_place:
            why = draft.why.get(by_place[place]) or FIELDS[by_place[place]]
            mapped.append((f"  {column}: {by_place[place]}", why))
        elif cell.strip():
            kept.append(f"  # {column}: keep")
    width = max((len(line) for line, _ in mapped), default=0)
    lines = [
        f"# A map of {head.name}, proposed by `suara map` from its header and {rows:,} rows.",
        f"# Read it, correct it, and keep it as {name}{MAP_SUFFIX} beside the table; then: suara run {name}",
        "platform: x",
        "columns:",
        *(f"{line.ljust(width)}  # {why}" for line, why in mapped),
    ]
    if kept:
        lines += ["  # not mapped; without the # the cell is kept beside the post:", *kept]
    if draft.time_format:
        lines.append(f"time_format: {json.dumps(draft.time_format)}  # {draft.time_why}")
    if draft.zone:
        lines.append(f"time_zone: {draft.zone}" + (f"  # {draft.zone_why}" if draft.zone_why else ""))
    if draft.thousands != ",":
        lines.append(f"thousands: {json.dumps(draft.thousands)}")
    if draft.missing:
        lines.append(f"missing: {json.dumps(list(draft.missing))}")
    text = "\n".join(lines)
    try:
        read_map(text, name)
    except InputError as error:
        draft.doubts.append(f"The map is not complete yet: expected {error.expected}; found {error.found}.")
    if draft.doubts:
        text += "\n\n# What the table does not tell:\n" + "\n".join(f"# - {doubt}" for doubt in draft.doubts)
    return text + "\n"
