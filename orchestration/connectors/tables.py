"""Any table as rows of text cells: delimited text, XLSX, Parquet and flat JSONL.

Belongs here: finding the tables of a capture and their first rows, encodings, the ends of records, the two ways to the
cells (DuckDB's reader, and a careful one for what it refuses).
Does not belong here: what a column means (`tabular` and the formats declared on it); containers (`files`).

The fast way lets DuckDB read the file with one declared text column per cell. It is believed only when it gives as
many records as the file has ends of records: in strict mode it returns nothing, and no error, for a file with a quote
that is never closed (DuckDB 1.5.6). Whatever it refuses goes the careful way, record by record.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import json
import math
import re
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import duckdb

from orchestration.connectors.base import quote
from orchestration.connectors.files import CaptureFiles, encoding_of
from orchestration.connectors.records import Outcome, read_json_sql, scan_lines
from orchestration.contract import InputError

# A row of a table holds one post; the longest text of a post is 25,000 characters.
MAX_ROW_BYTES = 2 << 20
# A quote that is not closed within so many lines was never meant to be open.
MAX_ROW_LINES = 2_000
# Rows that are looked at for a header: titles and notes above a table are a few lines.
HEAD_ROWS = 10
HEAD_BYTES = 1 << 18
# Parts whose heads are read to find out what a capture is. All are read when it is loaded.
LOOKED_AT = 200

TEXT, WORKBOOK, PARQUET, JSON_LINES = "text", "workbook", "parquet", "json_lines"
DELIMITERS = (",", ";", "\t", "|")

_TABLE_NAME = re.compile(r"\.(csv|tsv|tab|txt|jsonl|ndjson|xlsx|xlsm|parquet)(\.gz|\.zst)?$", re.IGNORECASE)
_JSON_LINES_NAME = re.compile(r"\.(jsonl|ndjson)(\.gz|\.zst)?$", re.IGNORECASE)
_CHUNK = 1 << 20
_REFUSALS = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)

# DuckDB takes a CR outside quotes for the end of a record. While it reads, one of these stands for a bare CR, the first
# that the file does not hold; characters for private use have no meaning of their own.
_CR_MARKS = tuple(chr(code) for code in (0xE00D, 0xE10D, 0xE20D, 0xF00D))


# What a table is -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dialect:
    """How delimited text is written. Only `\\n` or `\\r\\n` ends a record."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'


@dataclass(frozen=True)
class TableHead:
    """One table of a capture, seen from its first rows.

    Attributes:
        name: What the user knows it by: the file, with the sheet where a workbook has several.
        member: The file that holds it.
        kind: `text`, `workbook`, `parquet` or `json_lines`.
        rows: Its first rows as text; which of them is the header is for the format to say.
        sheet: The sheet of a workbook.
        dialect: Of delimited text, as far as the first rows show it.
    """

    name: str
    member: str
    kind: str
    rows: tuple[tuple[str, ...], ...]
    sheet: str | None = None
    dialect: Dialect = Dialect()


def normalised(cell: str) -> str:
    """A header cell as it is compared: lower case, trimmed, single blanks, without a byte order mark."""
    return re.sub(r"\s+", " ", cell.replace("\ufeff", "").strip().strip('"').strip()).lower()


def has_table_name(name: str) -> bool:
    """Whether a file of a folder or zip is read as a table: told by its name, since anything may lie beside it."""
    return _TABLE_NAME.search(name) is not None


def table_heads(
    files: CaptureFiles,
    limit: int | None = LOOKED_AT,
    members: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> tuple[TableHead, ...]:
    """The tables of a capture with their first rows. Reads a bounded head of each of at most `limit` files.

    Only `members` are looked at when they are given, else every file that is called like a table. A delimiter and an
    encoding that are not stated are found out.

    An empty file among others is a table without rows. What cannot be opened as what it claims to be is left out when
    a capture is looked at, and an error when it is loaded.
    """
    names = members or [
        member.name for member in files.members() if files.kind == "file" or has_table_name(member.name)
    ]
    heads: list[TableHead] = []
    for name in names if limit is None else names[:limit]:
        key = (name, delimiter, encoding)
        if key not in files.memo:
            try:
                files.memo[key] = _heads_of(files, name, delimiter, encoding)
            except InputError:
                if limit is None:
                    raise
                continue
        heads += files.memo[key]
    return tuple(heads)


def _heads_of(files: CaptureFiles, name: str, delimiter: str | None, encoding: str | None) -> list[TableHead]:
    head = files.head(name, HEAD_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return _workbook_heads(files, name)
    if head.startswith(b"PAR1"):
        return _parquet_heads(files, name)
    text = _decoded_head(head, encoding)
    if _JSON_LINES_NAME.search(name) or text.lstrip().startswith("{"):
        return [TableHead(name, name, JSON_LINES, _json_rows(text))]
    if "\0" in text[:1000] or text.lstrip().startswith(("[", "<", "window.", "Grailbird")):
        return []
    dialect = Dialect(delimiter) if delimiter else guess_dialect(text)
    return [TableHead(name, name, TEXT, tuple(_first_rows(text, dialect)), dialect=dialect)]


def _decoded_head(head: bytes, stated: str | None) -> str:
    """The head as text, for looking at only: where it is decoded wrongly, the load will say so."""
    encoding, mark = encoding_of(head)
    if encoding == "utf-8":
        found = _Survey(bare_returns=head.count(b"\r") - head.count(b"\r\n"))
        _count_characters(head[: head.rfind(b"\n") + 1] or head, found)
        encoding = _codec_of(found, stated)
    return head[mark:].decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace")


def guess_dialect(text: str) -> Dialect:
    """The delimiter that cuts the first line with three cells or more into the most cells.

    Only one line counts: the texts below a header hold marks of every kind.
    """
    lines = text.replace("\r", "\n").split("\n", HEAD_ROWS)[:HEAD_ROWS]
    stated = re.match(r"\ufeff?\"?sep=(.)\"?$", lines[0])
    if stated:
        return Dialect(stated.group(1))
    for enough in (3, 2):
        for line in lines:
            counts = {mark: _cell_count(line, Dialect(mark)) for mark in DELIMITERS}
            best = max(DELIMITERS, key=counts.__getitem__)
            if counts[best] >= enough:
                return Dialect(best)
    return Dialect()


def _cell_count(line: str, dialect: Dialect) -> int:
    cells = split_cells(line.rstrip("\r\n"), dialect)
    return len(cells) if isinstance(cells, list) else 0


def _first_rows(text: str, dialect: Dialect) -> Iterator[tuple[str, ...]]:
    if "\n" not in text:
        text = text.replace("\r", "\n")
    for number, record in enumerate(_records((f"{line}\n" for line in text.split("\n")), dialect, None)):
        if number == HEAD_ROWS or isinstance(record.cells, str):
            return
        yield tuple(record.cells)


def _json_rows(text: str) -> tuple[tuple[str, ...], ...]:
    """The keys of the first objects as a header row, since an object may leave keys out; then their values."""
    objects = []
    for line in text.split("\n")[:-1] or [text]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            objects.append(value)
    keys: dict[str, str] = {}
    for value in objects:
        for key in value:
            keys.setdefault(key.lower(), key)  # DuckDB's names of columns know no case
    if not keys:
        return ()
    values = (tuple(_json_text(value.get(key)) for key in keys.values()) for value in objects[:HEAD_ROWS])
    return tuple(keys.values()), *values


# Ends of records and cells, the careful way -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Record:
    """One record of delimited text; instead of its cells, in one word, what is wrong with it."""

    line_no: int
    text: str
    cells: list[str] | str


_QUOTED: dict[Dialect, re.Pattern[str]] = {}


def _quoted_pattern(dialect: Dialect) -> re.Pattern[str]:
    if dialect not in _QUOTED:
        mark, escape = re.escape(dialect.quote), re.escape(dialect.escape)
        # possessive: a pair of quotes in a cell that goes on in the next line must never be read as its end
        if dialect.quote == dialect.escape:
            body = f"[^{mark}]*+(?:{mark}{mark}[^{mark}]*+)*+"
        else:
            body = f"[^{mark}{escape}]*+(?:{escape}.[^{mark}{escape}]*+)*+"
        _QUOTED[dialect] = re.compile(f"{mark}({body}){mark}", re.DOTALL)
    return _QUOTED[dialect]


def split_cells(text: str, dialect: Dialect) -> list[str] | str:
    """The cells of one record, or `open_quote` when it goes on, or `broken_quote`.

    Text after a closing quote (`"a "b" c"`) is broken: what the writer meant cannot be known.
    """
    cells: list[str] = []
    position, end = 0, len(text)
    while True:
        if text.startswith(dialect.quote, position):
            match = _quoted_pattern(dialect).match(text, position)
            if match is None:
                return "open_quote"
            cut = text.find(dialect.delimiter, match.end())
            if text[match.end() : cut if cut >= 0 else end].strip(" \r\n"):
                return "broken_quote"
            cell = match.group(1)
            if dialect.escape in cell:
                cell = cell.replace(dialect.escape + dialect.quote, dialect.quote)
                if dialect.escape != dialect.quote:
                    cell = cell.replace(dialect.escape * 2, dialect.escape)
            cells.append(cell)
        else:
            cut = text.find(dialect.delimiter, position)
            cells.append(text[position : cut if cut >= 0 else end])
        if cut < 0:
            return cells
        position = cut + 1


def _records(lines: Iterator[str], dialect: Dialect, width: int | None) -> Iterator[_Record]:
    """The records of delimited text, blank lines left out.

    A record that cannot be right costs as little as possible: when a quote was never meant to be open, its first line
    is the broken record and the next line begins a new one.

    Args:
        width: How many cells a record has, as far as known.
    """
    waiting: deque[str] = deque()
    line_no = 0
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        line_no += 1
        if not line.strip():
            continue
        taken, text, size = [line], line, len(line)
        cells = split_cells(text.rstrip("\n").removesuffix("\r"), dialect)
        while cells == "open_quote" and len(taken) < MAX_ROW_LINES and size < MAX_ROW_BYTES:
            more = waiting.popleft() if waiting else next(lines, None)
            if more is None:
                break
            taken.append(more)
            size += len(more)
            if dialect.quote not in more:
                continue
            text = "".join(taken)
            cells = split_cells(text.rstrip("\n").removesuffix("\r"), dialect)
        fits = isinstance(cells, list) and (width is None or len(cells) == width)
        if not fits and len(taken) > 1 and (isinstance(cells, str) or _begins_anew(taken[1], dialect, width)):
            waiting.extendleft(reversed(taken[1:]))
            taken, cells = taken[:1], "open_quote"
        yield _Record(line_no, "".join(taken), cells)
        line_no += len(taken) - 1


def _begins_anew(line: str, dialect: Dialect, width: int | None) -> bool:
    """Whether a line is a whole record by itself."""
    return width is not None and _cell_count(line, dialect) == width


def split_records(text: str, dialect: Dialect) -> Iterator[tuple[str, list[str] | str]]:
    """The records of a decoded table one by one: the text as it stands there, and its cells or what is wrong with it.

    For writing a table anew without some of its records. Blank lines are left out.
    """
    ends_in_return = "\n" not in text and "\r" in text  # from before Mac OS X
    if ends_in_return:
        text = text.replace("\r", "\n")
    lines = (found.group() for found in re.finditer(r"[^\n]*\n|[^\n]+", text))
    for record in _records(lines, dialect, None):
        yield record.text.replace("\n", "\r") if ends_in_return else record.text, record.cells


def table_codec(data: bytes, encoding: str, stated: str | None) -> str:
    """The codec in which the bytes of a table are decoded, and encoded again.

    Args:
        encoding: As the first bytes show it (`files.encoding_of`).
        stated: As the user states it.
    """
    if encoding != "utf-8":
        return "utf-8" if encoding == "utf-8-sig" else encoding
    found = _Survey(bare_returns=data.count(b"\r") - data.count(b"\r\n"))
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            _count_characters(line, found)
    return _codec_of(found, stated)


# Encodings --------------------------------------------------------------------------------------------------------


@dataclass
class _Survey:
    """What one pass over the bytes of a text file tells."""

    valid: int = 0
    invalid: int = 0
    sample: bytes = b""
    has_newlines: bool = False
    bare_returns: int = 0
    record_ends: int = 0
    ends_in_quotes: bool = False


def _survey(path: Path, dialect: Dialect) -> _Survey:
    """Count what decides how a text file is read: characters outside ASCII, ends of lines, ends of records."""
    found = _Survey()
    quote_byte, escaped = dialect.quote.encode(), (dialect.escape + dialect.quote).encode()
    is_inside = False
    last = b"\n"
    with path.open("rb") as stream:
        while chunk := _whole_lines(stream):
            if not chunk.isascii():
                _count_characters(chunk, found)
            found.has_newlines = found.has_newlines or b"\n" in chunk
            has_returns = b"\r" in chunk  # most tables have none: a pass for one byte saves two for several
            if has_returns:
                found.bare_returns += chunk.count(b"\r") - chunk.count(b"\r\n")
            if dialect.escape != dialect.quote:
                chunk = chunk.replace(escaped, b"")
            parts = chunk.split(quote_byte)
            outside = b"q".join(parts[1 if is_inside else 0 :: 2])
            is_inside ^= len(parts) % 2 == 0
            found.record_ends += outside.count(b"\n") - outside.count(b"\n\n")
            if has_returns:
                found.record_ends -= outside.count(b"\n\r\n")
            last = chunk[-1:] or last
    if last != b"\n":
        found.record_ends += 1
    found.ends_in_quotes = is_inside
    return found


def _whole_lines(stream: BinaryIO) -> bytes:
    return stream.read(_CHUNK) + stream.readline(_CHUNK)


def _count_characters(chunk: bytes, found: _Survey) -> None:
    try:
        found.valid += len(chunk) - len(chunk.decode("utf-8"))  # the bytes beyond the first of each character
        return
    except UnicodeDecodeError:
        pass
    high = re.sub(r"[\x00-\x7f]+", "", chunk.decode("utf-8", "surrogateescape"))
    invalid = len(re.findall("[\udc80-\udcff]", high))
    found.invalid += invalid
    found.valid += len(high) - invalid
    if len(found.sample) < 1 << 18:
        found.sample += b" ".join(re.findall(rb"[\x00-\x7f]{0,2}[\x80-\xff]+[\x00-\x7f]{0,2}", chunk))


# What writers of these encodings put between letters; a capital letter there is the sign of the wrong encoding.
_TYPOGRAPHIC = "‘’“”‚„–—…•™®©€£°\u00a0«»§·¿¡†‹›"
_ONE_LETTER_WORDS = "àáâèéêóôú"
_NOT_IN_1252 = rb"[\x81\x8d\x8f\x90\x9d]"
_SINGLE_BYTE = ("cp1252", "mac_roman")
_CLEAR_SHARE = 0.9


def guess_single_byte(sample: bytes, has_bare_returns: bool = False) -> str | None:
    """Windows-1252 or Mac OS Roman, by which of the two gives text as people write it; None when neither or both do.

    Text that was garbled before it was saved reads badly in both. Then a bare CR, which old Macs wrote, and a byte that
    Windows-1252 does not have decide for Mac OS Roman.
    """
    shares = {encoding: _plausible_share(sample, encoding) for encoding in _SINGLE_BYTE}
    best, other = sorted(shares, key=lambda encoding: -shares[encoding])
    if shares[best] >= _CLEAR_SHARE and shares[best] > shares[other]:
        return best
    return "mac_roman" if has_bare_returns and re.search(_NOT_IN_1252, sample) else None


def _plausible_share(sample: bytes, encoding: str) -> float:
    """The share of the characters outside ASCII that stand where such a character stands in a text."""
    text = sample.decode(encoding, "replace")
    high = good = 0
    for at, character in enumerate(text):
        if character < "\x80":
            continue
        high += 1
        before, after = text[at - 1] if at else " ", text[at + 1 : at + 2] or " "
        is_in_word = any(one.isascii() and one.isalpha() for one in (before, after))
        if character in _TYPOGRAPHIC:
            good += 1
        elif character.islower():
            good += is_in_word or (character in _ONE_LETTER_WORDS and before == after == " ")
        elif character.isupper():
            good += is_in_word and not before.islower()
    return good / high if high else 0.0


# Tables opened for reading ----------------------------------------------------------------------------------------

# Given a relation with the columns `c0`, `c1`, … and a number: insert its rows, numbered after that one in their order,
# and say how many they were. Without a number, the relation has a column `record_no` as well. (A window that numbers
# rows on their way holds every text a second time; 100,000 rows: 0.73 s of CPU for 0.60, 2026-11-26.)
Insert = Callable[[str, int | None], int]


@dataclass(frozen=True)
class Cells:
    """The cells of one table, ready to be loaded: `c0` is the first cell of a row.

    Attributes:
        header: Its header, decoded.
        encoding: As delivered, in words for `LoadResult.encoding`.
    """

    header: tuple[str, ...]
    encoding: str
    _load: Callable[[Insert, Callable[[], None], Outcome, int], None]

    def load(self, insert: Insert, undo: Callable[[], None], outcome: Outcome, first_no: int) -> None:
        """Hand the rows to `insert`, in bulk, and note in `outcome` what was delivered and what cannot be read.

        Args:
            undo: Takes out what a first `insert` brought in, before the careful way.
            first_no: The number before the first record of this table.
        """
        self._load(insert, undo, outcome, first_no)


@contextmanager
def open_table(
    con: duckdb.DuckDBPyConnection,
    files: CaptureFiles,
    head: TableHead,
    header_row: int,
    scratch: Path,
    encoding: str | None = None,
) -> Iterator[Cells]:
    """Open one table for loading; its copies on disk are gone afterwards.

    Args:
        header_row: Which of `head.rows` is the header, from 0.
        encoding: As the user states it; otherwise it is found out.

    Raises:
        InputError: The file is broken, or not in the encoding that was stated.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="table_", dir=scratch) as name:
        folder = Path(name)
        extracted = files.extract(head.member, folder)
        if head.kind == WORKBOOK:
            yield _workbook_cells(head, header_row, extracted.path, folder)
        elif head.kind == PARQUET:
            yield _parquet_cells(con, head, extracted.path)
        elif head.kind == JSON_LINES:
            yield _json_cells(head, extracted.path, extracted.encoding, folder)
        else:
            yield _text_cells(head, header_row, extracted.path, extracted.encoding, folder, encoding)


def _cell_names(width: int) -> list[str]:
    return [f"c{number}" for number in range(width)]


def _write_row(out: Any, record_no: int, cells: Sequence[str | None]) -> None:
    row = {name: cell for name, cell in zip(_cell_names(len(cells)), cells, strict=True) if cell}
    out.write(json.dumps({"n": record_no, "r": row}, ensure_ascii=False) + "\n")


def _rows_sql(path: Path, width: int) -> str:
    """The relation over what `_write_row` wrote."""
    shape = dict.fromkeys(_cell_names(width), "VARCHAR")
    names = ", ".join(f"r.{name}" for name in shape)
    columns = {"n": "BIGINT", "r": shape}
    return f"(select n as record_no, {names} from {read_json_sql(path, 'newline_delimited', columns)})"


# Delimited text ---------------------------------------------------------------------------------------------------


def _text_cells(
    head: TableHead, header_row: int, path: Path, delivered: str, folder: Path, stated: str | None
) -> Cells:
    dialect = head.dialect
    survey = _survey(path, dialect)
    codec = _codec_of(survey, stated) if delivered == "utf-8" else "utf-8"
    encoding = delivered if delivered != "utf-8" else _CODECS.get(codec, codec)
    mark = ""
    if codec != "utf-8" or survey.bare_returns:
        if survey.has_newlines:
            mark = _free_mark(path) if survey.bare_returns else ""
        # a file without any LF is from before Mac OS X: there CR ended a line
        replacement = mark if survey.has_newlines else "\n"
        path = _rewritten(path, folder / "rewritten", codec, replacement if survey.bare_returns else "")
        survey = _survey(path, dialect)
    header, lines_above = _header_of(path, dialect, header_row)
    width = len(header)

    def fast_sql() -> str:
        names = _cell_names(width)
        columns = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
        cells = (f"replace({name}, {quote(mark)}, chr(13)) as {name}" for name in names) if mark else names
        return (
            f"(select {', '.join(cells)} from read_csv("
            f"{quote(str(path))}, columns={columns}, header=true, skip={lines_above}, auto_detect=false,"
            f" delim={quote(dialect.delimiter)}, quote={quote(dialect.quote)}, escape={quote(dialect.escape)},"
            f" parallel=false, strict_mode=true, max_line_size={MAX_ROW_BYTES}, compression='none'))"
        )

    def load(insert: Insert, undo: Callable[[], None], outcome: Outcome, first_no: int) -> None:
        inserted = None
        # At bytes that are no UTF-8 DuckDB's reader can fail so that the whole database is lost to the process
        # ("Attempted to access index 30 within vector of size 30", 1.5.6, found 2026-11-26 by flipping bits).
        if not survey.invalid:
            with contextlib.suppress(*_REFUSALS):
                inserted = insert(fast_sql(), first_no)
        if inserted == survey.record_ends - header_row - 1 and not survey.ends_in_quotes:
            outcome.delivered += inserted
            outcome.loaded += inserted
            return
        undo()
        clean = folder / "careful.jsonl"
        with path.open("rb") as stream, clean.open("w", encoding="utf-8") as out:
            for number, record in enumerate(_records(_lines(stream), dialect, width)):
                if number <= header_row:
                    continue
                outcome.delivered += 1
                record_no = first_no + outcome.delivered
                cells = _cells_or_reason(record, width, outcome, record_no, mark, codec)
                if cells is not None:
                    _write_row(out, record_no, cells)
        outcome.loaded += insert(_rows_sql(clean, width), None)

    return Cells(tuple(cell.replace(mark, "\r") for cell in header) if mark else header, encoding, load)


def _free_mark(path: Path) -> str:
    """The first of the marks that a file does not hold; none when it holds all of them."""
    held: set[str] = set()
    with path.open("rb") as stream:
        while chunk := _whole_lines(stream):
            held |= {mark for mark in _CR_MARKS if mark.encode() in chunk}
    return next((mark for mark in _CR_MARKS if mark not in held), "")


def _codec_of(survey: _Survey, stated: str | None) -> str:
    """How text without a byte order mark is decoded.

    What is mostly UTF-8 stays UTF-8, and its broken rows are rejected; so they are when nothing else fits better.
    """
    if stated:
        return codecs.lookup(stated).name
    if survey.invalid <= survey.valid:
        return "utf-8"
    return codecs.lookup(guess_single_byte(survey.sample, survey.bare_returns > 0) or "utf-8").name


def _rewritten(path: Path, target: Path, codec: str, instead_of_bare_return: str) -> Path:
    """A copy as UTF-8, with something else in the place of each bare CR.

    Bytes that the codec does not know stay as they are, broken, so that the rows they are in are rejected.
    """
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
    with path.open("rb") as stream, target.open("wb") as out:
        rest, is_ended = "", False
        while not is_ended:
            chunk = stream.read(_CHUNK)
            is_ended = not chunk
            text = rest + decoder.decode(chunk, final=is_ended)
            rest = ""
            if instead_of_bare_return:
                if text.endswith("\r") and not is_ended:
                    text, rest = text[:-1], "\r"
                text = re.sub(r"\r(?!\n)", instead_of_bare_return, text)
            out.write(text.encode("utf-8", "surrogateescape"))
    return target


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Lines as text, cut where one is longer than any row. Bytes that are not UTF-8 become lone surrogates."""
    while line := stream.readline(MAX_ROW_BYTES):
        yield line.decode("utf-8", "surrogateescape")


def _header_of(path: Path, dialect: Dialect, header_row: int) -> tuple[tuple[str, ...], int]:
    """The header's cells, and how many lines stand above it."""
    with path.open("rb") as stream:
        for number, record in enumerate(_records(_lines(stream), dialect, None)):
            if number == header_row:
                cells = record.cells if isinstance(record.cells, list) else []
                return tuple(cells), record.line_no - 1
    return (), 0


def _cells_or_reason(
    record: _Record, width: int, outcome: Outcome, record_no: int, mark: str, codec: str
) -> list[str] | None:
    """The cells of a record of the careful way, or None when it was rejected."""
    place = f"line {record.line_no:,}"
    text = record.text.replace(mark, "\r") if mark else record.text
    broken = re.search("[\udc80-\udcff]", text)
    if broken:
        found = f"byte 0x{ord(broken.group()) - 0xDC00:02x} in {place}"
        shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        outcome.reject(record_no, "not_utf8", _CODECS.get(codec, codec), found, shown, _OTHER_ENCODING)
    elif len(text) >= MAX_ROW_BYTES:
        outcome.reject(
            record_no, "record_too_long", f"rows of at most {MAX_ROW_BYTES:,} bytes", f"more in {place}", text
        )
    elif isinstance(record.cells, str):
        outcome.reject(record_no, record.cells, _QUOTES[record.cells], f"another one in {place}", text, _BROKEN_ROW)
    elif len(record.cells) < width or any(record.cells[width:]):
        found = f"{len(record.cells)} in {place}"
        outcome.reject(record_no, "wrong_columns", f"{width} cells", found, text, _BROKEN_ROW)
    else:
        return [cell.replace(mark, "\r") for cell in record.cells[:width]] if mark else record.cells[:width]
    return None


_CODECS = {"mac-roman": "Mac OS Roman", "cp1252": "Windows-1252"}
_QUOTES = {
    "open_quote": "a closing quote for every opening one",
    "broken_quote": "quotes within a quoted cell written twice",
}
_OTHER_ENCODING = "Save the file as UTF-8 in the program that wrote it, or state its encoding in a column map."
_BROKEN_ROW = "Export again; a program or a hand has torn this row."


# Workbooks --------------------------------------------------------------------------------------------------------


@contextmanager
def _workbook(shown: str, path: Path) -> Iterator[Any]:
    """A workbook opened for reading, its dates left as the serial numbers that its cells hold."""
    import openpyxl

    with CaptureFiles(path):  # refuses zip bombs, as for every other container
        pass
    try:
        with warnings.catch_warnings(), path.open("rb") as stream:  # a stream, since it would judge a path by its name
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                if book.epoch != openpyxl.utils.datetime.WINDOWS_EPOCH:
                    raise InputError(
                        file=shown,
                        expected="a workbook that counts dates from 1900",
                        found="one that counts them from 1904",
                        next_step="Switch the 1904 date system off in the options of the workbook, check a date, save.",
                        code="dates_from_1904",
                    )
                # openpyxl turns numbers into dates by the style of their cell, and has no option against it
                book._date_formats = book._timedelta_formats = set()
                yield book
            finally:
                book.close()
    except (KeyError, ValueError, TypeError, EOFError, OSError, BadZipFile, ParseError) as error:
        raise InputError(
            file=shown,
            expected="a workbook as Excel writes it",
            found=f"one that cannot be read ({type(error).__name__})",  # its words may hold a cell
            next_step="Open it in the program that wrote it, and save it again as .xlsx or as CSV in UTF-8.",
            code="broken_workbook",
        ) from error


def _cell_text(value: Any) -> str:
    """A cell as text: numbers with all their digits, never in scientific notation, dates as the serials they are."""
    if value is None:
        return ""
    if isinstance(value, str):
        return unescaped_cell(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        text = f"{Decimal(repr(value)):f}"
        return text.removesuffix(".0")
    return str(value)


def unescaped_cell(text: str) -> str:
    """`_x000D_` is how a workbook writes a control character, which XML cannot hold."""
    if "_x00" not in text:
        return text
    return re.sub("_x00([01][0-9A-Fa-f])_", lambda match: chr(int(match.group(1), 16)), text)


def _sheet_rows(sheet: Any) -> Iterator[list[str]]:
    """The rows of a sheet that hold anything, without the empty cells behind their last."""
    sheet.reset_dimensions()  # what a workbook states about its size is often wrong
    for row in sheet.iter_rows(values_only=True):
        cells = [_cell_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield cells


def _workbook_heads(files: CaptureFiles, name: str) -> list[TableHead]:
    with tempfile.TemporaryDirectory() as folder:
        path = files.extract(name, Path(folder)).path
        with _workbook(name, path) as book:
            sheets = [
                (sheet.title, tuple(tuple(row) for row in itertools.islice(_sheet_rows(sheet), HEAD_ROWS)))
                for sheet in book.worksheets
            ]
    filled = [(title, rows) for title, rows in sheets if rows]
    return [
        TableHead(name if len(filled) == 1 else f"{name} [{title}]", name, WORKBOOK, rows, sheet=title)
        for title, rows in filled
    ]


def _workbook_cells(head: TableHead, header_row: int, path: Path, folder: Path) -> Cells:
    header = head.rows[header_row]
    width = len(header)

    def load(insert: Insert, undo: Callable[[], None], outcome: Outcome, first_no: int) -> None:
        clean = folder / "sheet.jsonl"
        with _workbook(head.member, path) as book, clean.open("w", encoding="utf-8") as out:
            for number, cells in enumerate(_sheet_rows(book[head.sheet])):
                if number <= header_row:
                    continue
                outcome.delivered += 1
                record_no = first_no + outcome.delivered
                if len(cells) > width:
                    found = f"{len(cells)} in row {number + 1:,}"
                    outcome.reject(record_no, "wrong_columns", f"{width} cells", found, " ".join(cells), _BROKEN_ROW)
                    continue
                _write_row(out, record_no, cells)
        outcome.loaded += insert(_rows_sql(clean, width), None)

    return Cells(header, "xlsx", load)


# Parquet and JSON lines -------------------------------------------------------------------------------------------


def _parquet_heads(files: CaptureFiles, name: str) -> list[TableHead]:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as own:
        path = files.extract(name, Path(folder)).path
        columns = _parquet_columns(own, name, path)
        rows = own.execute(
            f"select {', '.join(columns.values())} from read_parquet({quote(str(path))}) limit {HEAD_ROWS}"
        )
        values = [tuple(cell or "" for cell in row) for row in rows.fetchall()]
    return [TableHead(name, name, PARQUET, (tuple(columns), *values))]


def _parquet_columns(con: duckdb.DuckDBPyConnection, shown: str, path: Path) -> dict[str, str]:
    """Each column's name and how it becomes text: instants in UTC, nested values as JSON, the rest as DuckDB prints."""
    try:
        described = con.execute(f"describe select * from read_parquet({quote(str(path))})").fetchall()
    except duckdb.Error as error:
        raise InputError(
            file=shown,
            expected="a Parquet file",
            found=str(error).split("\n")[0][:160],
            next_step="It was probably cut off: copy it again.",
            code="broken_parquet",
        ) from error
    columns = {}
    for name, kind, *_ in described:
        column = '"' + name.replace('"', '""') + '"'
        if kind == "TIMESTAMP WITH TIME ZONE":
            columns[name] = f"strftime({column} at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f+00:00')"
        elif kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
            columns[name] = f"cast(to_json({column}) as varchar)"
        else:
            columns[name] = f"cast({column} as varchar)"
    return columns


def _parquet_cells(con: duckdb.DuckDBPyConnection, head: TableHead, path: Path) -> Cells:
    columns = _parquet_columns(con, head.member, path)
    cells = ", ".join(f"{text} as c{number}" for number, text in enumerate(columns.values()))

    def load(insert: Insert, undo: Callable[[], None], outcome: Outcome, first_no: int) -> None:
        inserted = insert(f"(select {cells} from read_parquet({quote(str(path))}))", first_no)
        outcome.delivered += inserted
        outcome.loaded += inserted

    return Cells(tuple(columns), "parquet", load)


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json_cells(head: TableHead, path: Path, encoding: str, folder: Path) -> Cells:
    keys = head.rows[0]
    width = len(keys)
    cells = ", ".join(f'"{key.replace(chr(34), chr(34) * 2)}" as c{number}' for number, key in enumerate(keys))
    columns = dict.fromkeys(keys, "VARCHAR")

    def load(insert: Insert, undo: Callable[[], None], outcome: Outcome, first_no: int) -> None:
        rows = read_json_sql(path, "newline_delimited", columns)
        try:
            inserted = insert(f"(select {cells} from {rows})", first_no)
        except _REFUSALS:
            undo()
        else:
            outcome.delivered += inserted
            outcome.loaded += inserted
            return
        clean = folder / "careful.jsonl"
        with path.open("rb") as stream, clean.open("w", encoding="utf-8") as out:
            for found in scan_lines(stream):
                outcome.delivered += 1
                record_no = first_no + outcome.delivered
                if found.problem:
                    outcome.reject_found(record_no, found)
                elif not isinstance(found.value, dict):
                    outcome.reject(record_no, "not_a_record", "a JSON object", type(found.value).__name__, found.text)
                else:
                    _write_row(out, record_no, [_json_text(found.value.get(key)) for key in keys])
        outcome.loaded += insert(_rows_sql(clean, width), None)

    return Cells(keys, encoding, load)
