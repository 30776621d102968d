"""A stored capture written anew without what is named: JSON of every kind, tables, workbooks, Parquet, repositories of
Bluesky; packed or not.

Belongs here: going through the members of a capture, and writing what stays byte for byte as it was delivered.
Does not belong here: which object is a post (`json_posts`), the tree of a repository (`bluesky_repository`), the
ledger, and whether the result is taken (`forget`).

Records that stay keep their bytes; only a record from which something was taken out (a quoted post) is written anew.
What cannot be taken apart (a repository whose tree is broken) is left as it is: the search afterwards finds what is
left in it, and the capture is refused until its owner removes it whole.
"""

from __future__ import annotations

import copy
import gzip
import json
import os
import re
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from orchestration.connectors import CONNECTORS
from orchestration.connectors.bluesky import as_item, repositories_of
from orchestration.connectors.bluesky_repository import content_of, read_repository, without_records
from orchestration.connectors.column_map import read_map
from orchestration.connectors.files import CaptureFiles, encoding_of
from orchestration.connectors.mapped import format_of, map_member
from orchestration.connectors.records import layout_of
from orchestration.connectors.tables import (
    JSON_LINES,
    PARQUET,
    TEXT,
    WORKBOOK,
    Dialect,
    TableHead,
    has_table_name,
    normalised,
    split_records,
    table_codec,
    table_heads,
)
from orchestration.connectors.tabular import POST_ADDRESS_PATTERN, TabularConnector, match
from orchestration.contract import InputError, quote
from orchestration.deletion.json_posts import TEXT_KEYS, Names, Removed, texts_of, without

_JSON_NAME = re.compile(r"\.(json|jsonl|ndjson|js|txt)(\.gz|\.zst)?$|\.(gz|zst)$", re.IGNORECASE)
JS_PREFIX = re.compile(r"\s*(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*\s*=\s*")
_ADDRESS = re.compile(POST_ADDRESS_PATTERN, re.IGNORECASE)
_FEW_NAMES = 500  # of more names a pattern costs more than reading every record
_CHUNK = 1 << 20
_LONG_ID = 10  # shorter numbers are counts, too
_STEP = 1 << 16  # of lines: where a packed file is cut, the step that meets the cut yields nothing

# Where any table of posts has its id, its address, its author and its place, under whatever tool's name.
_TABLES = [connector.format for connector in CONNECTORS if isinstance(connector, TabularConnector)]


def _headers(*columns: str) -> set[str]:
    """The header cells under which tables have these raw columns."""
    return {name for one in _TABLES for column in columns for name in one.columns.get(column, ())}


_IDS = {"id", "tweet id", "tweet_id", "tweetid", "post id", "post_id", "id_str", "status_id"} | {
    name for one in _TABLES if one.id_column for name in one.columns[one.id_column]
}
# Where the text of a row's own post is; of other cells nothing is known that its author wrote.
_TEXTS = _headers("text", "body", "tweet") | {key.lower() for key in TEXT_KEYS}
# What a row passes on and what it quotes, by id or address. A quoted post stands beside the quote in tables of 4CAT and
# rtweet; in those of minet in the text of the quote, with its tags and links in the lists.
_REPOSTED = _headers("retweeted_id", "retweet_id") | {"retweeted_status_id", "retweet_status_id"}
_QUOTED = _headers("quoted_id", "quoted_url") | {"quoted_status_id", "quoted_status_id_str", "quoted_tweet_id"}
_QUOTED_POST = re.compile(
    r"quote_images|quote_videos|quoted?[_. ]?(status|tweet|post)?[_. ]?(full_?)?(text|body|content|rawcontent)"
)
# A whole post in one cell, as JSON or as Python prints it: snscrape's `quotedTweet` and `retweetedTweet`.
_OBJECT = re.compile(r"\s*(?:\{|[A-Za-z_][\w.]*\()")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]+(?![0-9A-Za-z])")
_PASSES_ON = re.compile("retweet|repost|reblog")
_QUOTED_IN_TEXT = re.compile(r"« [A-Za-z0-9_]+: .* — (https?://[^ ]+) »", re.DOTALL)
_QUOTED_IN_LISTS = {"hashtags", "mentioned_names", "mentioned_ids", "links", "media_urls", "media_files", "media_types"}
_LINKS = {name for one in _TABLES if one.link_column for name in one.columns[one.link_column]}
_AUTHORS = {
    name
    for one in _TABLES
    for column in (one.handle_column, one.account_id_column)
    if column
    for name in one.columns[column]
} | {"username", "user_id", "author_id", "screen_name", *_headers("username", "user_id")}
# Where the place of a post is: `geo.coordinates.coordinates` of twarc-csv, `geo_lat` of TCAT, `bbox_coords` of rtweet,
# `long_lat` of 4CAT. `location` is what an account says of itself.
_PLACES = re.compile(
    r"geo([._].+)?|place([._].+)?|full_place|near|country(_code)?|long_lat|(\w+_)?coords|"
    r"coordinates([._].+)?|(\w+[._])?(lat|latitude|lon|lng|long|longitude)(_x|_y)?"
)
# Ids as spreadsheets and statistics programs write them: `123.0`, and `1.21231532700953E+18`. So many digits tell the
# millisecond of a post.
_WHOLE_ID = re.compile(r"([0-9]+)[.,]0+")
_ROUNDED_ID = re.compile(r"([0-9])[.,]([0-9]{14,16})[eE][+]?([0-9]{1,2})")
_DECODER = json.JSONDecoder()


class _Finder:
    """Whether a piece of text can hold a name at all: most records need not be parsed."""

    def __init__(self, names: Names, member: str) -> None:
        wanted = sorted(names.all, key=len, reverse=True)
        self._pattern = None
        if 0 < len(wanted) <= _FEW_NAMES:
            # JSON may write / as \/ and letters as \uXXXX: an id is found by its last part, which has neither. Of a
            # repost of Bluesky (`…#reposted-by-…`) files hold the two parts, not the id; nor `name@server` of Mastodon
            ids = (name.partition("#")[0].rsplit("/", 1)[-1] for name in wanted)
            parts = {re.escape(one.partition("@")[0]) for one in ids}
            self._pattern = re.compile("|".join(sorted(parts)), re.IGNORECASE) if parts else None
        self._all = bool(names.heads) and holds_notes(member)  # long texts do not name their post

    def __call__(self, text: str) -> bool:
        return self._all or self._pattern is None or self._pattern.search(text) is not None


def holds_notes(member: str) -> bool:
    """Whether a member of an archive holds the long texts of cut posts."""
    return "note-tweet" in member


def rewrite(
    stored: Path,
    target: Path,
    names: Names,
    removed: Removed,
    drop: Callable[[str], bool] | None = None,
    instead: Mapping[str, bytes] | None = None,
) -> bool:
    """Write a stored capture to `target` without what is named; nothing is written when nothing has to go.

    Args:
        target: What lies there is of a process that was killed, and goes.
        drop: Says of a member's name that it is to be left out whole.
        instead: What members hold from now on, by their names.

    Returns:
        Whether anything was taken out, so that `target` is there.

    Raises:
        InputError: The capture cannot be opened.
    """
    with CaptureFiles(stored) as files:
        tables = _tables_of(files)
        changed: dict[str, Path | None] = {}
        scratch = target.with_name(f"{target.name}.members")
        for left in (scratch, target):  # of a process that was killed
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        scratch.mkdir(parents=True)
        try:
            for number, member in enumerate(files.members()):
                if (drop and drop(member.name)) or _is_media_of(member.name, names, files.kind):
                    changed[member.name] = None
                    removed.emptied += 1
                    continue
                out = scratch / str(number)
                if instead and member.name in instead:
                    out.write_bytes(instead[member.name])
                    changed[member.name] = out
                    continue
                if not names:
                    continue
                if _rewrite_member(files, member.name, out, names, removed, tables):
                    changed[member.name] = out
            if not changed:
                return False
            _write(files, stored, target, changed)
            return True
        finally:
            shutil.rmtree(scratch)


def _is_media_of(name: str, names: Names, kind: str) -> bool:
    """Pictures of a post lie in an archive under its id: `data/tweets_media/<id>-<picture>.jpg`."""
    if kind == "file":
        return False
    base = name.rsplit("/", 1)[-1]
    return base.split("-", 1)[0] in names.posts and "media" in name


# Members ----------------------------------------------------------------------------------------------------------


def _tables_of(files: CaptureFiles) -> dict[str, list[TableHead]]:
    """The tables of a capture by member, with what a map says of their delimiter and encoding."""
    delimiter = encoding = None
    try:
        if (name := map_member(files)) is not None:
            column_map = read_map(files.head_text(name), name)
            delimiter, encoding = column_map.delimiter, column_map.encoding
            files.memo["map"] = format_of(column_map)
        heads = table_heads(files, 1_000_000, None, delimiter, encoding)
    except InputError:
        return {}
    files.memo["encoding"] = encoding
    found: dict[str, list[TableHead]] = {}
    for head in heads:
        found.setdefault(head.member, []).append(head)
    return found


def _rewrite_member(
    files: CaptureFiles, name: str, out: Path, names: Names, removed: Removed, tables: dict[str, list[TableHead]]
) -> bool:
    heads = tables.get(name, [])
    kinds = {head.kind for head in heads}
    if _is_repository(files, name):
        return _rewrite_repository(files, name, out, names, removed)
    if WORKBOOK in kinds:
        return _rewrite_workbook(files, name, out, names, removed, heads)
    if PARQUET in kinds:
        return _rewrite_parquet(files, name, out, names, removed, heads[0])
    is_json = files.kind == "file" or _JSON_NAME.search(name) is not None
    head = files.head_text(name, 1 << 12).lstrip()
    if is_json and (JSON_LINES in kinds or head.startswith(("{", "[")) or JS_PREFIX.match(head)):
        return _rewrite_json(files, name, out, names, removed)
    if (TEXT in kinds and has_table_name(name)) or (TEXT in kinds and files.kind == "file"):
        return _rewrite_text_table(files, name, out, names, removed, heads[0])
    return False


def _packed_like(files: CaptureFiles, name: str, out: Path) -> Any:
    """A writer that packs a member as it was delivered: gzip, zstd or not at all."""
    magic = files.packed_head(name)
    handle = out.open("wb")
    if magic[:2] == b"\x1f\x8b":
        return _Closing(gzip.GzipFile(fileobj=handle, mode="wb", mtime=0), handle)
    if magic == b"\x28\xb5\x2f\xfd":
        return _Closing(zstandard.ZstdCompressor().stream_writer(handle, closefd=False), handle)
    return handle


class _Closing:
    """Closes the packer first, the file after it."""

    def __init__(self, inner: Any, outer: BinaryIO) -> None:
        self._inner, self._outer = inner, outer

    def write(self, data: bytes) -> int:
        return self._inner.write(data)

    def __enter__(self) -> _Closing:
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()
        self._outer.close()


# JSON -------------------------------------------------------------------------------------------------------------


def _rewrite_json(files: CaptureFiles, name: str, out: Path, names: Names, removed: Removed) -> bool:
    finder = _Finder(names, name)
    head = files.head(name, 1 << 18)
    encoding, mark = encoding_of(head)
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    text_head = head[mark:].decode(codec, "replace")
    before = (removed.records, removed.emptied, removed.scrubbed)
    with _packed_like(files, name, out) as writer:
        writer.write(head[:mark])
        if layout_of(text_head) == "newline_delimited" and codec == "utf-8" and not JS_PREFIX.match(text_head):
            with files.open(name) as stream:
                stream.read(mark)
                for line in _lines(stream):
                    writer.write(_line_without(line, finder, names, removed))
        else:
            with files.open(name) as stream:
                text = b"".join(iter(lambda: stream.read(_CHUNK), b""))[mark:].decode(codec, "surrogateescape")
            for piece in _value_pieces(text, finder, names, removed):
                writer.write(piece.encode(codec, "surrogateescape"))
    return before != (removed.records, removed.emptied, removed.scrubbed)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(_STEP):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def _line_without(line: bytes, finder: _Finder, names: Names, removed: Removed) -> bytes:
    text = line.decode("utf-8", "surrogateescape")
    if not text.strip() or not finder(text):
        return line
    before = (removed.records, removed.emptied, removed.scrubbed)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return b"" if _broken_goes(text, names, removed) else line
    stays, kept = without(value, names, removed)
    if not stays:
        return b""
    if before == (removed.records, removed.emptied, removed.scrubbed):
        return line
    end = line[len(line.rstrip(b"\r\n")) :]
    return _compact(kept).encode("utf-8", "surrogateescape") + end


def _broken_goes(text: str, names: Names, removed: Removed) -> bool:
    """Whether a broken record names what goes: what it holds cannot be told, so it goes."""
    found = {name for name in names.posts if name in text and _stands_in(name, text)}
    if found:
        removed.records += 1
        removed.ids |= found
        removed.add_text(text)
    return bool(found)


def _stands_in(name: str, text: str) -> bool:
    """Whether an id stands in a broken record as such, not as a part of a number; a short one where ids stand."""
    before = r"(?<!\w)" if len(name) >= _LONG_ID else r"(?:^|id(?:_?str)?[\"']?\s*[:=]\s*|status(?:es)?/)[\"']*"
    return re.search(rf"{before}{re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _value_pieces(text: str, finder: _Finder, names: Names, removed: Removed) -> Iterator[str]:
    """The pieces of a JSON text without what is named: the elements of a list, or values one after another."""
    prefix = JS_PREFIX.match(text)
    position = prefix.end() if prefix else 0
    begin = re.compile(r"\s*").match(text, position).end()  # type: ignore[union-attr]
    yield text[:begin]
    if text.startswith("[", begin):
        yield from _elements(text, begin, finder, names, removed)
        return
    position = begin
    while position < len(text):
        try:
            value, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = text.find("\n", position) + 1 or len(text)
            piece = text[position:end]
            if not (finder(piece) and _broken_goes(piece, names, removed)):
                yield piece
            position = end
            continue
        piece = text[position:end]
        if finder(piece):
            before = (removed.records, removed.emptied, removed.scrubbed)
            stays, kept = without(value, names, removed)
            if not stays:
                piece = ""
            elif before != (removed.records, removed.emptied, removed.scrubbed):
                piece = _compact(kept)
        gap = re.compile(r"[\s,;]*").match(text, end).end()  # type: ignore[union-attr]
        yield piece + (text[end:gap] if piece else "")
        position = gap


def _elements(text: str, begin: int, finder: _Finder, names: Names, removed: Removed) -> Iterator[str]:
    position = begin + 1
    yield "["
    is_first = True
    while True:
        start = re.compile(r"[\s,]*").match(text, position).end()  # type: ignore[union-attr]
        if start >= len(text) or text[start] == "]":
            yield text[position:start].replace(",", "") + text[start:]
            return
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            yield text[position:]  # a broken list stays as it is; what is left in it will be found
            return
        piece, gap = text[start:end], text[position:start].replace(",", "", 1)
        position = end
        if finder(piece):
            before = (removed.records, removed.emptied, removed.scrubbed)
            stays, kept = without(value, names, removed)
            if not stays:
                continue
            if before != (removed.records, removed.emptied, removed.scrubbed):
                piece = _compact(kept)
        yield ("" if is_first else ",") + gap + piece
        is_first = False


# Tables -----------------------------------------------------------------------------------------------------------


class _Rows:
    """Which rows of one table go: by the cells of its id, its address and its author."""

    def __init__(self, header: Iterable[str | None], names: Names, files: CaptureFiles) -> None:
        cells = [normalised(cell or "") for cell in header]
        mapped = files.memo.get("map")
        ids, links, authors, reposted, quoted = _IDS, _LINKS, _AUTHORS, _REPOSTED, _QUOTED
        if mapped is not None:
            columns = mapped.columns
            ids = set(columns.get(mapped.id_column or "", ()))
            links = set(columns.get(mapped.link_column or "", ())) or _LINKS
            authors = {
                name
                for column in (mapped.handle_column, mapped.account_id_column)
                for name in columns.get(column or "", ())
            }
            reposted, quoted = set(columns.get("reposted_post_id", ())), set(columns.get("quoted_post_id", ()))
        self._ids = [n for n, cell in enumerate(cells) if cell in ids]
        self._links = [n for n, cell in enumerate(cells) if cell in links]
        self._authors = [n for n, cell in enumerate(cells) if cell in authors]
        self._reposted = [n for n, cell in enumerate(cells) if cell in reposted]
        self._quoted = [n for n, cell in enumerate(cells) if cell in quoted]
        self._quoted_post = {n for n, cell in enumerate(cells) if _QUOTED_POST.fullmatch(cell)}
        self._passing_on = {n for n, cell in enumerate(cells) if _PASSES_ON.match(cell)}
        self._lists = {n for n, cell in enumerate(cells) if cell in _QUOTED_IN_LISTS}
        self._places = [n for n, cell in enumerate(cells) if _PLACES.fullmatch(cell)]
        texts = _TEXTS if mapped is None else _TEXTS | set(mapped.columns.get("text", ()))
        self._texts = [n for n, cell in enumerate(cells) if cell in texts]
        self._others = [n for n in range(len(cells)) if n not in self._texts]
        self._names = names
        self._by_unit: dict[int, dict[int, str]] = {}
        if len(self._ids) > 1:
            self._ids = _id_column(cells, files) or self._ids

    @property
    def are_posts(self) -> bool:
        return bool(self._ids or self._links)

    def ids_of(self, row: list[str]) -> set[str]:
        """The id of a row's post, as it is written and as it is meant."""
        found = set()
        for n in self._ids:
            if n < len(row) and (cell := row[n].strip().lstrip("'")):
                found |= {cell, self._meant(cell)}
        if not found:
            found = {f.group(2) for n in self._links if n < len(row) and (f := _ADDRESS.match(row[n].strip()))}
        return found

    def _meant(self, cell: str) -> str:
        if whole := _WHOLE_ID.fullmatch(cell):
            return whole[1]
        if not (rounded := _ROUNDED_ID.fullmatch(cell)):
            return cell
        unit = 10 ** max(int(rounded[3]) - len(rounded[2]), 0)
        if unit not in self._by_unit:
            self._by_unit[unit] = {int(one) // unit: one for one in self._names.posts if one.isdecimal()}
        first = int(rounded[1] + rounded[2])
        # cut off or rounded up
        return self._by_unit[unit].get(first) or self._by_unit[unit].get(first - 1) or cell

    def texts_of(self, row: list[str]) -> list[str]:
        """What the author of a row wrote."""
        return [row[n] for n in self._texts if n < len(row)]

    def _objects(self, row: list[str], columns: Iterable[int]) -> set[int]:
        """Which of these cells hold a whole post that goes."""
        return {
            n
            for n in columns
            if n < len(row) and _OBJECT.match(row[n]) and not self._names.posts.isdisjoint(_NUMBER.findall(row[n]))
        }

    def goes(self, row: list[str], removed: Removed) -> bool:
        own = self.ids_of(row)
        gone = (own | _ids_in(row, self._reposted)) & self._names.posts
        authors = {row[n].strip().lstrip("@").lower() for n in self._authors if n < len(row)}
        if self._links:
            authors |= {
                f.group(1).lower() for n in self._links if n < len(row) and (f := _ADDRESS.match(row[n].strip()))
            }
        is_author = self._names.name_one_of(authors)
        if not gone and not is_author and not self._objects(row, self._passing_on):
            return False
        removed.records += 1
        removed.ids |= own | gone
        for text in self.texts_of(row):
            removed.add_text(text)
        return True

    def changed(self, row: list[str], removed: Removed) -> dict[int, str | None]:
        """What stands from now on in cells of a row that stays, by their place: None for nothing."""
        found: dict[int, str | None] = {}
        if self._places and self.ids_of(row) & self._names.scrubbed:
            found = {n: None for n in self._places if n < len(row) and row[n]}
            removed.scrubbed += len(found)
        quoted: dict[int, str | None] = dict.fromkeys(self._objects(row, self._others))
        if _ids_in(row, self._quoted) & self._names.posts:
            texts = {n: _QUOTED_IN_TEXT.sub(r"\1", cell) for n, cell in enumerate(row) if _QUOTED_IN_TEXT.search(cell)}
            blank = self._quoted_post | (self._lists if texts else set())
            quoted |= texts | {n: None for n in blank if n < len(row) and row[n]}
        if quoted:
            removed.emptied += 1
            for n in self._quoted_post & quoted.keys():
                removed.add_text(row[n])
        return found | quoted


def _id_column(header: list[str], files: CaptureFiles) -> list[int]:
    """The column that the reader of such a table takes the id from: row numbers may be called `id`, too."""
    head = TableHead("", "", TEXT, (tuple(header),))
    mapped = files.memo.get("map")
    found = [(match(one, head), one.id_column) for one in ([mapped] if mapped is not None else _TABLES)]
    known = [(one.specificity, one.cells.get(column or "")) for one, column in found if one is not None]
    place = max(known, key=lambda one: one[0])[1] if known else None
    return [] if place is None else [place]


def _ids_in(row: list[str], columns: Iterable[int]) -> set[str]:
    """The ids of posts in some cells, as they are or in an address."""
    cells = [row[n].strip().lstrip("'") for n in columns if n < len(row)]
    return {found.group(2) if (found := _ADDRESS.match(cell)) else cell for cell in cells}


def _rewrite_text_table(
    files: CaptureFiles, name: str, out: Path, names: Names, removed: Removed, head: TableHead
) -> bool:
    finder = _Finder(names, name)
    raw_head = files.head(name, 1 << 18)
    encoding, mark = encoding_of(raw_head)
    with files.open(name) as stream:
        data = b"".join(iter(lambda: stream.read(_CHUNK), b""))
    codec = table_codec(data, encoding, files.memo.get("encoding"))
    text = data[mark:].decode(codec, "surrogateescape")
    before = (removed.records, removed.emptied, removed.scrubbed)
    rows: _Rows | None = None
    with _packed_like(files, name, out) as writer:
        writer.write(data[:mark])
        for record, cells in split_records(text, head.dialect):
            piece = record
            if rows is None or not rows.are_posts:
                if isinstance(cells, list):
                    rows = _Rows(cells, names, files)
            elif isinstance(cells, str):
                piece = "" if finder(record) and _broken_goes(record, names, removed) else record
            elif rows.goes(cells, removed):
                piece = ""
            elif finder(record) and (changes := rows.changed(cells, removed)):
                line = _joined([changes.get(n, cell) or "" for n, cell in enumerate(cells)], head.dialect)
                piece = line + record[len(record.rstrip("\r\n")) :]
            writer.write(piece.encode(codec, "surrogateescape"))
    return before != (removed.records, removed.emptied, removed.scrubbed)


def _joined(cells: list[str], dialect: Dialect) -> str:
    quoted = (cell.replace(dialect.quote, dialect.escape + dialect.quote) for cell in cells)
    return dialect.delimiter.join(f"{dialect.quote}{cell}{dialect.quote}" for cell in quoted)


def _rewrite_workbook(
    files: CaptureFiles, name: str, out: Path, names: Names, removed: Removed, heads: list[TableHead]
) -> bool:
    import io

    import openpyxl

    with files.open(name) as stream:
        data = b"".join(iter(lambda: stream.read(_CHUNK), b""))
    book = openpyxl.load_workbook(io.BytesIO(data))
    before = (removed.records, removed.emptied, removed.scrubbed)
    for sheet in book.worksheets:
        rows: _Rows | None = None
        going = []
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells = ["" if value is None else str(value) for value in values]
            if rows is None or not rows.are_posts:
                rows = _Rows(cells, names, files) if number <= 10 else rows
            elif rows.goes(cells, removed):
                going.append(number)
            else:
                for n, value in rows.changed(cells, removed).items():
                    sheet.cell(number, n + 1).value = value
        for number in reversed(going):
            sheet.delete_rows(number)
    if before == (removed.records, removed.emptied, removed.scrubbed):
        return False
    book.save(out)
    return True


def _rewrite_parquet(
    files: CaptureFiles, name: str, out: Path, names: Names, removed: Removed, head: TableHead
) -> bool:
    import duckdb

    extracted = out.with_name(f"{out.name}.parquet")
    with files.open(name) as stream, extracted.open("wb") as copy:
        while chunk := stream.read(_CHUNK):
            copy.write(chunk)
    try:
        with duckdb.connect() as con:
            source = f"read_parquet({quote(extracted)}, file_row_number = true)"
            types = {row[0]: row[1] for row in con.execute(f"describe select * from {source}").fetchall()}
            header = list(types)
            rows = _Rows(header[:-1], names, files)
            if not rows.are_posts:
                return False
            casts = ", ".join(f'cast("{column}" as varchar)' for column in header)
            going: list[int] = []
            changes: list[tuple[str, int, str | None]] = []
            result = con.execute(f"select {casts} from {source}")
            while batch := result.fetchmany(10_000):
                for values in batch:
                    cells = ["" if value is None else value for value in values[:-1]]
                    if rows.goes(cells, removed):
                        going.append(int(values[-1]))
                    else:
                        found = rows.changed(cells, removed).items()
                        changes += [(header[n], int(values[-1]), value) for n, value in found]
            if not going and not changes:
                return False
            con.execute("create temp table going as select unnest(?::bigint[]) as row_number", [going])
            con.execute("create temp table changes (name varchar, row_number bigint, value varchar)")
            if changes:
                con.executemany("insert into changes values (?, ?, ?)", changes)
            replaced = ", ".join(
                f"case when file_row_number in (select row_number from changes where name = '{name}') then cast("
                f"(select value from changes where name = '{name}' and row_number = file_row_number) as {types[name]}) "
                f'else "{name}" end as "{name}"'
                for name in sorted({name for name, _, _ in changes})
            )
            con.execute(
                f"copy (select * exclude (file_row_number) {f'replace ({replaced})' if replaced else ''} from {source} "
                "where file_row_number not in (select row_number from going) order by file_row_number) "
                f"to {quote(out)} (format parquet)"
            )
        return True
    finally:
        extracted.unlink(missing_ok=True)


# Repositories -----------------------------------------------------------------------------------------------------


def _is_repository(files: CaptureFiles, name: str) -> bool:
    if "repositories" not in files.memo:
        files.memo["repositories"] = set(repositories_of(files))
    return name in files.memo["repositories"]


def _rewrite_repository(files: CaptureFiles, name: str, out: Path, names: Names, removed: Removed) -> bool:
    with files.open(name) as stream:
        content = content_of(stream, name)
    gone: set[str] = set()
    changed: dict[str, dict[str, Any]] = {}
    for did, key, record in _records_of(content, name):
        emptied = removed.emptied
        # the item that the reader makes of it; of a damaged block nothing is known but its path
        stays, kept = without(as_item(did, key, record or {}), names, removed)
        if not stays:
            gone.add(key)
        elif emptied != removed.emptied:
            changed[key] = kept["post"]["record"]
    if not gone and not changed:
        return False
    with _packed_like(files, name, out) as writer:
        for piece in without_records(content, name, gone, changed):
            writer.write(piece)
    return True


def _records_of(content: bytes, name: str) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """Account, path and record of everything in a repository; nothing of one that is broken, which no run loads."""
    try:
        repository = read_repository(content, name)
    except InputError:
        return
    yield from ((repository.did, key, record) for key, record in repository.records)


# The whole capture ------------------------------------------------------------------------------------------------


def _write(files: CaptureFiles, stored: Path, target: Path, changed: dict[str, Path | None]) -> None:
    if files.kind == "file":
        (path,) = changed.values()
        assert isinstance(path, Path)
        os.replace(path, target)
        os.chmod(target, 0o600)
    elif files.kind == "zip":
        _write_zip(files, stored, target, changed)
    else:
        _write_folder(files, stored, target, changed)


def _write_zip(files: CaptureFiles, stored: Path, target: Path, changed: dict[str, Path | None]) -> None:
    """A zip with the same members in the same order; litter that is never read goes with the old file."""
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(target, "w", allowZip64=True) as new:
        for entry in old.infolist():
            name = entry.filename.replace("\\", "/")
            if entry.is_dir():
                continue
            if not files.has(name) or (name in changed and changed[name] is None):
                continue
            if name not in changed:
                _copy_packed(old, new, entry)
                continue
            fresh = zipfile.ZipInfo(entry.filename, entry.date_time)
            fresh.compress_type, fresh.external_attr = entry.compress_type, entry.external_attr
            if fresh.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                fresh.compress_type = zipfile.ZIP_DEFLATED
            source: Any = changed[name]
            with (
                source.open("rb") as reader,
                new.open(fresh, "w", force_zip64=entry.file_size > 1 << 31) as writer,
            ):
                while chunk := reader.read(_CHUNK):
                    writer.write(chunk)
    _settle(target)


def _copy_packed(old: zipfile.ZipFile, new: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Copy a member as it is packed: pictures of a large archive are not packed again."""
    assert old.fp is not None and new.fp is not None
    fresh = copy.copy(entry)
    fresh.header_offset = new.fp.tell()
    fresh.flag_bits &= ~0x08  # sizes stand in the header now, not behind the data
    fresh.extra = b""
    old.fp.seek(entry.header_offset)
    name_length, extra_length = struct.unpack("<HH", old.fp.read(30)[26:30])
    old.fp.seek(entry.header_offset + 30 + name_length + extra_length)
    new.fp.write(fresh.FileHeader(zip64=entry.file_size > 1 << 31))
    left = entry.compress_size
    while left:
        chunk = old.fp.read(min(left, _CHUNK))
        if not chunk:
            raise zipfile.BadZipFile(f"{entry.filename}: cut off")
        new.fp.write(chunk)
        left -= len(chunk)
    new.filelist.append(fresh)
    new.NameToInfo[fresh.filename] = fresh
    new.start_dir = new.fp.tell()
    new._didModify = True  # type: ignore[attr-defined]


def _write_folder(files: CaptureFiles, stored: Path, target: Path, changed: dict[str, Path | None]) -> None:
    """A folder beside the old one; members that stay as they were are the same files (hard links)."""
    for member in files.members():
        if member.name in changed and changed[member.name] is None:
            continue
        path = target / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = changed.get(member.name)
        if isinstance(fresh, Path):
            os.replace(fresh, path)
            _settle(path)
        else:
            os.link(stored / member.name, path)


def _settle(path: Path) -> None:
    os.chmod(path, 0o600)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


# What stays -------------------------------------------------------------------------------------------------------


def texts_that_stay(stored: Path) -> Iterator[str]:
    """The texts of every post of a capture, to tell a text that other posts share from a trace.

    Of tables only what the author of a row wrote: a copy of a post in another column is no post.
    """
    with CaptureFiles(stored) as files:
        tables = _tables_of(files)
        for member in files.members():
            kinds = {head.kind for head in tables.get(member.name, [])}
            if _is_repository(files, member.name):
                with files.open(member.name) as stream:
                    content = content_of(stream, member.name)
                yield from texts_of([record for _, _, record in _records_of(content, member.name)])
            elif TEXT in kinds and (files.kind == "file" or has_table_name(member.name)):
                head = tables[member.name][0]
                data = b"".join(chunks(files, member.name))
                encoding, mark = encoding_of(data[:4096])
                codec = table_codec(data, encoding, files.memo.get("encoding"))
                records = split_records(data[mark:].decode(codec, "surrogateescape"), head.dialect)
                yield from _texts_of_rows((cells for _, cells in records if isinstance(cells, list)), files)
            elif WORKBOOK in kinds:
                import io

                import openpyxl

                book = openpyxl.load_workbook(io.BytesIO(b"".join(chunks(files, member.name))), read_only=True)
                for sheet in book.worksheets:
                    values = sheet.iter_rows(values_only=True)
                    yield from _texts_of_rows((["" if v is None else str(v) for v in row] for row in values), files)
            elif PARQUET in kinds:
                yield from _texts_of_rows(_parquet_rows(files, member.name), files)
            elif files.kind == "file" or _JSON_NAME.search(member.name):
                head_bytes = files.head(member.name, 4096)
                encoding, mark = encoding_of(head_bytes)
                codec = "utf-8" if encoding == "utf-8-sig" else encoding
                text = b"".join(chunks(files, member.name))[mark:].decode(codec, "surrogateescape")
                for value in values_in(text):
                    yield from texts_of(value)


def _texts_of_rows(rows: Iterable[list[str]], files: CaptureFiles) -> Iterator[str]:
    known: _Rows | None = None
    for row in rows:
        if known is None or not known.are_posts:
            known = _Rows(row, Names(), files)
        else:
            yield from known.texts_of(row)


def _parquet_rows(files: CaptureFiles, name: str) -> Iterator[list[str]]:
    """Header and rows, each cell as text."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        path = quote(files.extract(name, Path(folder)).path)
        header = [row[0] for row in con.execute(f"describe select * from read_parquet({path})").fetchall()]
        yield header
        result = con.execute(f"select cast(columns(*) as varchar) from read_parquet({path})")
        while batch := result.fetchmany(10_000):
            yield from (["" if value is None else value for value in row] for row in batch)


def chunks(files: CaptureFiles, name: str) -> Iterator[bytes]:
    """The bytes of a member, unpacked."""
    with files.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def values_in(text: str) -> Iterator[Any]:
    """Every JSON value of a text, elements of a list one by one; what is broken is passed over up to the next line."""
    prefix = JS_PREFIX.match(text)
    position = prefix.end() if prefix else 0
    blank = re.compile(r"[\s,;\[\]]*")
    while True:
        position = blank.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text):
            return
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            position = text.find("\n", position) + 1 or len(text)
            continue
        yield value
