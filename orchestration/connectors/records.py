"""JSON records out of files, for all connectors: DuckDB's reader first, a careful one where that one stops.

Belongs here: layouts of JSON files, the scanners that survive broken records, the check of a record against a
declared shape, the two ways into a raw table.
Does not belong here: what a record means; containers and encodings (`files`).

The fast way lets DuckDB read the file with declared columns. It stops at the first record that does not
fit, so the careful way then goes record by record: what is broken is rejected with its reason, what is sound
is written to a temporary JSONL file that the same declared columns read.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from orchestration.connectors.base import EXCERPT_LIMIT, MemberCount, RejectedRecord, Shape, quote, sql_type
from orchestration.connectors.files import CaptureFiles, Extracted, encoding_of
from orchestration.contract import InputError

# The longest record that is read into memory. A page of 500 posts of X API v2 with everything expanded has
# about 5 MiB (100 posts: 0.8 MiB, measured); DuckDB sets aside a few times this much for each thread.
MAX_RECORD_BYTES = 32 << 20
# So many broken records are not accidents: the file is not what it looks like, and listing them helps nobody.
MAX_REJECTED = 100_000
# Side files hold one line per month or file type; the largest seen has 16 KB.
MAX_SIDE_FILE_BYTES = 16 << 20
_JS_PREFIX = re.compile(r"^\s*(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*\s*=\s*")

# A row of a CSV holds one post.
MAX_CSV_LINE_BYTES = 2 << 20

_CHUNK = 4 << 20
FORM_LIMIT = 60  # no time or number that can be mended is longer
NOT_NUMBERED = -1  # stands for the number of a record until all of its file are inserted
# So much unpacked JSON is read by one statement; it lies in the scratch folder meanwhile.
_TOGETHER_BYTES = 2 << 30
# What DuckDB raises when the data is at fault; anything else is ours or the machine's, and is not hidden.
REFUSALS = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)
# Where a record may begin after a break: in a list, or at the start of a line.
_BOUNDARY = re.compile(r"(?:[\[,]\s*|\n)(?=\{)")
_STRUCTURE = re.compile(r"[\[\]{},:\"]")
_SEPARATORS = re.compile(r"[\s\[\],;]*")


def layout_of(head: str) -> str:
    """How a JSON file is laid out, from its head: `array`, `newline_delimited` or `unstructured`.

    Unstructured is one object after the other over several lines, a single pretty-printed one included. One
    sound line among the first tells lines apart from those, even if the first is broken.
    """
    start = head.lstrip()
    if start.startswith("["):
        return "array"
    lines = start.split("\n")
    if len(lines) == 1:
        return "newline_delimited"
    for line in lines[:20]:
        if line.startswith("{"):
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                continue
            return "newline_delimited"
    return "newline_delimited" if len(lines[0]) > 2 and lines[0].rstrip().endswith("}") else "unstructured"


def is_whole(path: Path, layout: str) -> bool:
    """Whether a file of this layout ends as it must: a list with its bracket.

    DuckDB reads a list that is cut between two records without a word (1.5.6, found by flipping and cutting bytes).
    """
    if layout != "array":
        return True
    with path.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, io.SEEK_END) - 4096))
        return stream.read().rstrip(b" \t\r\n;").endswith(b"]")


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def key_paths(head: str) -> set[str]:
    """The paths of the keys of a file's first value (`id`, `data[].author.id`), from a head that may end anywhere.

    Of an array, the first element is the first value.
    """
    paths: set[str] = set()
    stack: list[tuple[str, str]] = []
    here, expects_key = "", False
    for token in _TOKEN.finditer(head):
        text = token.group()
        if text == "{":
            stack.append(("{", here))
            expects_key = True
        elif text == "[":
            here = f"{here}[]" if stack else ""
            stack.append(("[", here))
        elif text in ("}", "]"):
            if stack:
                stack.pop()
            if not stack or (text == "}" and stack == [("[", "")]):
                break
            expects_key = False
        elif text == ",":
            kind, here = stack[-1] if stack else ("[", "")
            expects_key = kind == "{"
        elif expects_key and text.startswith('"'):
            parent = stack[-1][1]
            here = f"{parent}.{text[1:-1]}" if parent else text[1:-1]
            paths.add(here)
            expects_key = False
        elif not stack:
            break  # not JSON
    return paths


# Keys that only stand beside the list of posts; several, since a break may have hit one of them.
_BESIDE_POSTS = re.compile(r'(?<!\\)"(?:includes|users|tweets|places|polls)"\s*:\s*[\[{]')


def salvage_page(text: str, is_record: Callable[[Any], bool]) -> list[Any]:
    """The sound posts of a broken page of API v2 (`{"data": [`), before and after the place where it is broken.

    It never looks beyond the list: the posts under `includes` were not delivered for their own sake.
    """
    match = re.match(r'\s*\{\s*"data"\s*:\s*\[\s*', text)
    if match is None:
        return []
    beyond = _BESIDE_POSTS.search(text, match.end())
    end = beyond.start() if beyond else len(text)
    records: list[Any] = []
    position = match.end()
    while position < end:
        try:
            value, after = _DECODER.raw_decode(text, position)
            if is_record(value) and after <= end:
                records.append(value)
                position = after
                if text[after : after + 100].lstrip().startswith("]"):
                    break  # the list is closed: what is broken comes later
        except (ValueError, RecursionError):
            pass
        boundary = _BOUNDARY.search(text, position + 1 if text.startswith("{", position) else position)
        position = boundary.end() if boundary else end
    return records


@dataclass(frozen=True)
class Found:
    """One top-level value of a file, or what is wrong at its place.

    `offset` counts bytes from the start of the scanned file; `text` is the undecoded value, as far as kept; `raw`
    are the bytes of a value that is not UTF-8.
    """

    offset: int
    value: Any = None
    problem: str | None = None
    expected: str = "a JSON object"
    found: str = ""
    text: str = ""
    raw: bytes = b""


class MismatchError(ValueError):
    """A value that its declared type cannot hold; the path grows on the way out of nested values."""

    def __init__(self, expected: str, value: Any) -> None:
        self.expected, self.value, self.path = expected, value, ""
        super().__init__(expected)

    def below(self, name: str) -> MismatchError:
        """The same, seen from one level up."""
        self.path = f"{name}{self.path}" if not self.path or self.path.startswith("[]") else f"{name}.{self.path}"
        return self

    @property
    def found(self) -> str:
        kind = next((told for types, told in _JSON_KINDS if isinstance(self.value, types)), None)
        return f"{self.path} = {kind or form_of(json.dumps(self.value))}"


_JSON_KINDS = ((dict, "an object"), (list, "a list"))


def told_names(names: Iterable[str], known: Container[str], what: str = "columns") -> str:
    """Names of columns or fields in words: those known here, and how many others there are.

    A first line may be a post, and a key a handle: what is not known to be a name is not repeated.
    """
    told, unknown = [], 0
    for name in names:
        if name in known:
            told.append(name)
        else:
            unknown += 1
    if unknown and told:
        return f"the {what} {', '.join(told)} and {unknown:,} of other names"
    return f"the {what} {', '.join(told)}" if told else f"{unknown:,} {what}, none of a name known here"


Check = Callable[[Any], Any]


def compile_shape(shape: Shape) -> Check:
    """A function that returns the part of a value which a shape declares, or raises `MismatchError`.

    An empty object where a list is meant is an empty list, and an empty list where an object is meant is none: R
    and PHP write them so. (Compiled, since every record of a damaged file passes here.)
    """
    if isinstance(shape, str):
        return _SCALARS[shape]
    if isinstance(shape, list):
        return _list_check(compile_shape(shape[0]))
    return _struct_check([(name, compile_shape(inner)) for name, inner in shape.items()])


def _text_check(value: Any) -> Any:
    if type(value) is not str and isinstance(value, dict | list):
        raise MismatchError("a text or a number", value)
    return value


def _boolean_check(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return value
    raise MismatchError("true or false", value)


def _number_check(value: Any) -> Any:
    if type(value) is int and 0 <= value < 2**63:
        return value
    whole = isinstance(value, int) and not isinstance(value, bool)
    whole = whole or (isinstance(value, float) and value.is_integer())
    whole = whole or (isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]+\s*", value) is not None)
    if whole and -(2**63) <= int(value) < 2**63:
        return int(value)
    raise MismatchError("a whole number", value)


# JSON is for what a platform leaves open: any value, kept as it is and looked at in staging.
_SCALARS: dict[str, Check] = {
    "VARCHAR": _text_check,
    "BOOLEAN": _boolean_check,
    "BIGINT": _number_check,
    "JSON": lambda value: value,
}


def _list_check(inner: Check) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, list):
            try:
                return [None if item is None else inner(item) for item in value]
            except MismatchError as error:
                raise error.below("[]") from None
        if value == {}:
            return []
        raise MismatchError("a list", value)

    return check


def _struct_check(fields: Sequence[tuple[str, Check]]) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            if value == []:
                return None
            raise MismatchError("an object", value)
        kept = {}
        for name, inner in fields:
            item = value.get(name)
            if item is not None:
                try:
                    kept[name] = inner(item)
                except MismatchError as error:
                    raise error.below(name) from None
        return kept

    return check


def form_of(text: str, limit: int = FORM_LIMIT) -> str:
    """How a text is written, without what it says: `2020-13-45` is `9999-99-99`, on one line, cut at `limit`.

    Letters (of every script) are `a`, digits `9`, and `@` is `?`, so that nothing looks like a name; blanks are single,
    other characters stay and are ASCII. It mends a format, and tells nothing of a person: what is rejected goes into
    logs, the ledger and the published file.
    """
    cleaned = re.sub(r"[\x00-\x1f\x7f\s]+", " ", text[: limit * 2]).strip()
    masked = "".join(_MASKS.get(unicodedata.category(one)[0], one) for one in cleaned).replace("@", "?")
    return masked.encode("ascii", "backslashreplace").decode("ascii")[:limit]


_MASKS = {"L": "a", "M": "a", "N": "9"}


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


# Python alone reads NaN and Infinity; DuckDB and the standard do not.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _decoded(raw: bytes, offset: int) -> Found:
    """A complete value from its bytes, checked for encoding and JSON as strictly as DuckDB does."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(raw, offset, error)
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return Found(offset, problem="broken_json", found=_json_error(error, offset), text=text)
    return Found(offset, value, text=text)


def _not_utf8(raw: bytes, offset: int, error: UnicodeDecodeError) -> Found:
    byte = raw[error.start]
    guess = "; Windows-1252 is likely" if byte >= 0x80 else ""
    return Found(
        offset,
        problem="not_utf8",
        expected="UTF-8",
        found=f"byte 0x{byte:02x} at byte {offset + error.start + 1:,} of the file{guess}",
        text=raw[: EXCERPT_LIMIT * 2].decode("utf-8", "backslashreplace"),
        raw=raw,
    )


def parse_escaped(raw: bytes) -> Any:
    """The value of bytes that are JSON but not UTF-8, or None when they are not JSON either.

    Bad bytes become characters that no text may hold, so that `clean_line` rejects the very records they are in.
    """
    try:
        return _DECODER.decode(raw.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None


def _message(error: json.JSONDecodeError) -> str:
    return error.msg.removesuffix(" at").removesuffix(" starting")


def _json_error(error: Exception, offset: int) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{_message(error)} near byte {offset + error.pos + 1:,} of the file"
    if isinstance(error, RecursionError):
        return "brackets nested too deeply"
    return str(error)[:120]


def scan_lines(stream: BinaryIO, limit: int = MAX_RECORD_BYTES, first_byte: int = 0) -> Iterator[Found]:
    """Each line as one value, several on a line one by one. Never holds more than `limit` of a line.

    Positions count from `first_byte`, what was taken off before the stream.
    """
    offset = first_byte
    for line, length in _bounded_lines(stream, limit):
        here, offset = offset, offset + length
        if length > len(line):
            yield _too_long(here, length, limit, line)
            continue
        if not line.strip(b" \t\r\n\x00"):
            continue
        found = _decoded(line, here)
        if found.problem != "broken_json":
            yield found
            continue
        yield from _values_on_line(line, found, here)


def _values_on_line(line: bytes, found: Found, offset: int) -> Iterator[Found]:
    """The values of a line that is not one value: several sound ones, and what is left of a last one.

    Anything else between them means that the line is torn out of something larger: then all of it is broken.
    """
    text, position = found.text, 0
    values: list[Found] = []
    while True:
        position = _BLANKS.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text):
            break
        try:
            value, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            code = "broken_json" if line.endswith(b"\n") else "cut_off"
            if text[position] != "{":
                values, position = [], 0
            at = offset + len(text[:position].encode())
            values.append(Found(at, problem=code, found=_json_error(error, offset), text=text[position:]))
            break
        values.append(Found(offset, value, text=text[position:end]))
        position = end
    yield from values


_BLANKS = re.compile(r"\s*")


def _too_long(offset: int, length: int, limit: int, start: bytes) -> Found:
    return Found(
        offset,
        problem="record_too_long",
        expected=f"records of at most {limit:,} bytes",
        found=f"one of {length:,} bytes",
        text=start[: EXCERPT_LIMIT * 2].decode("utf-8", "backslashreplace"),
    )


def _bounded_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[bytes, int]]:
    """Lines with their length; of a line longer than `limit` only its start is kept."""
    buffer = b""
    while True:
        start = 0
        while (end := buffer.find(b"\n", start)) >= 0:
            length = end + 1 - start
            yield buffer[start : end + 1 if length <= limit else start + EXCERPT_LIMIT * 2], length
            start = end + 1
        buffer = buffer[start:]
        if len(buffer) > limit:
            kept, length = buffer[: EXCERPT_LIMIT * 2], len(buffer)
            buffer = b""
            while chunk := stream.read(_CHUNK):
                end = chunk.find(b"\n")
                if end >= 0:
                    length += end + 1
                    buffer = chunk[end + 1 :]
                    break
                length += len(chunk)
            yield kept, length
            continue
        chunk = stream.read(_CHUNK)
        if not chunk:
            if buffer:
                yield buffer, len(buffer)
            return
        buffer += chunk


def scan_values(
    stream: BinaryIO,
    is_record: Callable[[Any], bool],
    limit: int = MAX_RECORD_BYTES,
    keep_broken: bool = False,
    first_byte: int = 0,
) -> Iterator[Found]:
    """Each element of an array, or each of several objects, wherever lines end.

    After a broken value it goes on at the next `{` at which a value stands that `is_record` accepts; what
    lies between is one rejected record. `keep_broken` gives its text whole, as far as it is in memory.
    """
    return _ValueScanner(stream, is_record, limit, keep_broken, first_byte).run()


class _BrokenError(ValueError):
    """What is wrong at a place: `incomplete` when more of the file may mend it, `is_cut` when there is no more."""

    def __init__(self, message: str, incomplete: bool = False, is_cut: bool = False) -> None:
        self.message, self.incomplete, self.is_cut = message, incomplete, is_cut
        super().__init__(message)


_FILE_ENDS = "the end of the file"


class _ValueScanner:
    """Holds a window of the file as Latin-1: each byte is one character, so positions are byte positions."""

    def __init__(
        self, stream: BinaryIO, is_record: Callable[[Any], bool], limit: int, keep_broken: bool, first_byte: int
    ) -> None:
        self._stream, self._is_record, self._limit = stream, is_record, limit
        self._kept = limit if keep_broken else EXCERPT_LIMIT * 2
        self._decoder = json.JSONDecoder(strict=False)
        self._text, self._base, self._ended = "", first_byte, False

    @property
    def _end(self) -> int:
        return self._base + len(self._text)

    def _fill(self, keep_from: int, size: int = _CHUNK) -> None:
        cut = keep_from - self._base
        if cut > _CHUNK:
            self._text, self._base = self._text[cut:], keep_from
        chunk = self._stream.read(size)
        if chunk:
            self._text += chunk.decode("latin-1")
        else:
            self._ended = True

    def _value_at(self, position: int) -> tuple[Any, int]:
        try:
            value, end = self._decoder.raw_decode(self._text, position - self._base)
        except RecursionError as error:
            raise _BrokenError("brackets nested too deeply") from error
        except json.JSONDecodeError as error:
            at_end = error.pos >= len(self._text) - 16 or error.msg.startswith("Unterminated string")
            if at_end and not self._ended:
                raise _BrokenError("a value that goes on", incomplete=True) from error
            message = f"{_message(error)} near byte {self._base + error.pos + 1:,} of the file"
            nothing_follows = _STRUCTURE.search(self._text, error.pos) is None
            raise _BrokenError(message, is_cut=at_end and (nothing_follows or "Untermin" in error.msg)) from error
        if end == len(self._text) and not self._ended and not isinstance(value, dict | list | str):
            raise _BrokenError("a number that goes on", incomplete=True)
        return value, self._base + end

    def run(self) -> Iterator[Found]:
        position = self._base
        open_lists, is_sound = 0, True
        while True:
            match = _SEPARATORS.match(self._text, position - self._base)
            if match:
                position = self._base + match.end()
                open_lists += match.group().count("[") - match.group().count("]")
            if position >= self._end:
                if self._ended:
                    # Cut exactly between two values: nothing is broken, and everything after it is missing.
                    if open_lists > 0 and is_sound:
                        yield Found(position, problem="cut_off", expected="a closing bracket", found=_FILE_ENDS)
                    return
                self._fill(position)
                continue
            try:
                _, end = self._value_at(position)
            except _BrokenError as error:
                if error.incomplete and self._end - position <= self._limit:
                    self._fill(position, max(_CHUNK, self._end - position))
                    continue
                found, position = self._skip_broken(position, error)
                is_sound = False
                yield found
                continue
            is_sound = True
            yield _decoded(self._text[position - self._base : end - self._base].encode("latin-1"), position)
            position = end

    def _skip_broken(self, start: int, error: _BrokenError) -> tuple[Found, int]:
        """The broken value at `start` as a problem, and the place where the next sound record begins."""
        begin = self._text[start - self._base : start - self._base + self._kept].encode("latin-1")
        end = self._next_record(start + 1)
        if error.incomplete:
            return _too_long(start, end - start, self._limit, begin), end
        text = begin.decode("utf-8", "backslashreplace")
        code = "cut_off" if error.is_cut and end == self._end else "broken_json"
        return Found(start, problem=code, found=error.message, text=text), end

    def _next_record(self, search: int) -> int:
        while True:
            match = _BOUNDARY.search(self._text, search - self._base)
            if match is None:
                if self._ended:
                    return self._end
                search = max(search, self._end - 4096)  # the boundary may straddle two chunks
                self._fill(search)
                continue
            candidate = self._base + match.end()
            try:
                value, _ = self._value_at(candidate)
            except _BrokenError as error:
                if error.incomplete and self._end - candidate <= self._limit:
                    search = self._base + match.start()
                    self._fill(search, max(_CHUNK, self._end - candidate))
                    continue
            else:
                if self._is_record(value):
                    return candidate
            search = candidate


NEXT_STEPS = {
    "broken_json": "Compare with the export at its source; if the file was edited, export or copy it again.",
    "cut_off": "The file ends too early: download or copy it again.",
    "not_utf8": "Convert the file, for instance: iconv -f WINDOWS-1252 -t UTF-8 old > new, and run again.",
    "record_too_long": "Check that the file has one record per line; split a file that is one huge record.",
    "missing_column": "Export again with this field, or ask the tool's author where it went.",
    "wrong_type": "Compare with the export at its source; the field was changed by another program.",
    "bad_id": "Take the file as exported; a spreadsheet or script has rewritten the ids.",
    "not_a_record": "Nothing to do if this line is not a post; otherwise export again.",
    "impossible_time": "Look the post up at its source: a post without a true time belongs to no month.",
    "broken_unicode": "Half a character was written: export again, or ask the tool's author.",
}


@dataclass
class Outcome:
    """What became of the records of one member. Each delivered record takes one number of its table."""

    member: str
    delivered: int = 0
    loaded: int = 0
    rejected: list[RejectedRecord] = field(default_factory=list)

    def counted(self, record_type: str, byte_size: int) -> MemberCount:
        """The same as a count, for the result of the load."""
        return MemberCount(self.member, record_type, self.delivered, self.loaded, len(self.rejected), byte_size)

    def reject_found(self, record_no: int | None, found: Found) -> None:
        """Note a problem that a scanner met."""
        assert found.problem is not None
        self.reject(record_no, found.problem, found.expected, found.found, found.text)

    def reject(
        self,
        record_no: int | None,
        code: str,
        expected: str,
        found: str,
        text: str,
        next_step: str | None = None,
    ) -> None:
        """Note one rejected record.

        Args:
            found: In words that repeat nothing of the record; of a cell its `form_of`.
            text: The record, of which the form is kept.

        Raises:
            InputError: There are so many of them that the member is something else.
        """
        if len(self.rejected) >= MAX_REJECTED:
            first = self.rejected[0]
            raise InputError(
                file=self.member,
                expected=f"fewer than {MAX_REJECTED:,} broken records",
                found=f"more; the first: {first.found}",
                next_step=first.next_step,
                code="too_many_rejected",
            )
        self.rejected.append(
            RejectedRecord(
                self.member,
                record_no,
                code,
                expected,
                found[:EXCERPT_LIMIT],
                form_of(text, EXCERPT_LIMIT),
                next_step or NEXT_STEPS.get(code, "Export or copy the file again."),
            )
        )


class RecordError(ValueError):
    """Why one record cannot be loaded."""

    def __init__(self, code: str, expected: str, found: str) -> None:
        self.code, self.expected, self.found = code, expected, found
        super().__init__(f"{code}: expected {expected}, found {found}")


DIGITS = "[0-9]{1,20}"


@dataclass(frozen=True)
class RecordTable:
    """A raw table that records go into.

    Attributes:
        name: Without the schema.
        shape: The declared columns.
        id_column: The column that holds the native id.
        required: Columns of which each must be there; `a|b` means one of them, `a.b` a field within.
        id_pattern: What the id looks like, as a regular expression (that of Python and of DuckDB alike).
        id_is: The same in words.
    """

    name: str
    shape: Mapping[str, Shape]
    id_column: str
    required: tuple[str, ...]
    id_pattern: str = DIGITS
    id_is: str = "an id of digits"

    @property
    def bad_sql(self) -> str:
        """The condition under which a required column is missing."""
        tests = (" and ".join(f"{_quoted_path(name)} is null" for name in names.split("|")) for names in self.required)
        return " or ".join(f"({test})" for test in tests)

    @property
    def bad_id_sql(self) -> str:
        """The condition under which the native id is missing or no id."""
        return _bad_id_sql(self.id_column, self.id_pattern)

    @cached_property
    def _check(self) -> Check:
        return compile_shape(dict(self.shape))

    @cached_property
    def _alternatives(self) -> list[tuple[str, list[str]]]:
        return [(names.replace("|", " or "), names.split("|")) for names in self.required]

    def checked(self, record: Any) -> dict[str, Any]:
        """The record as the table declares it, or `RecordError` when it cannot be loaded."""
        if not isinstance(record, dict):
            raise RecordError("not_a_record", "a JSON object", type(record).__name__)
        for told, names in self._alternatives:
            if all(_value_at(record, name) is None for name in names):
                raise RecordError("missing_column", f"a field {told}", told_names(record, self.shape, "fields"))
        try:
            kept = self._check(record)
        except MismatchError as mismatch:
            raise RecordError("wrong_type", mismatch.expected, mismatch.found) from mismatch
        native_id = kept[self.id_column]
        if isinstance(native_id, bool) or not re.fullmatch(self.id_pattern, str(native_id)):
            raise RecordError("bad_id", self.id_is, f"{self.id_column} = {form_of(str(native_id))}")
        return kept

    def clean_line(self, record_no: int, record: Any) -> bytes:
        """A checked record as `insert_clean` reads it, or `RecordError`."""
        line = _ENCODER.encode({"n": record_no, "r": self.checked(record)})
        try:
            return line.encode("utf-8") + b"\n"
        except UnicodeEncodeError as error:
            escaped = ord(line[error.start]) - 0xDC00
            if 0x80 <= escaped <= 0xFF:
                found = f"byte 0x{escaped:02x} in the record; Windows-1252 is likely"
                raise RecordError("not_utf8", "UTF-8", found) from error
            raise RecordError("broken_unicode", "whole characters", "half of a surrogate pair") from error


def _quoted_path(path: str) -> str:
    return ".".join(f'"{name}"' for name in path.split("."))


def _value_at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _bad_id_sql(column: str, pattern: str = DIGITS) -> str:
    return f'("{column}" is null or not regexp_full_match("{column}", {quote(pattern)}))'


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def columns_sql(columns: Mapping[str, Shape]) -> str:
    """The `columns` argument of `read_json`."""
    return "{" + ", ".join(f"{quote(name)}: {quote(sql_type(shape))}" for name, shape in columns.items()) + "}"


def read_json_sql(path: Path | Sequence[Path], layout: str, columns: Mapping[str, Shape]) -> str:
    """A `read_json(...)` call with declared columns: nothing guessed, ids stay text, records bounded.

    Of several files the records come in the order of the files, with the path in a column `filename`.
    """
    if isinstance(path, Path):
        paths, more = quote(str(path)), ""
    else:
        paths, more = f"[{', '.join(quote(str(one)) for one in path)}]", ", filename=true"
    return (
        f"read_json({paths}, format={quote(layout)}, columns={columns_sql(columns)},"
        f" maximum_object_size={MAX_RECORD_BYTES}, compression='uncompressed'{more})"
    )


def insert_clean(
    con: duckdb.DuckDBPyConnection,
    table: str,
    capture_id: str,
    member: str,
    path: Path,
    shape: Mapping[str, Shape],
    outcome: Outcome,
) -> int:
    """Load what the careful way wrote (`{"n": record_no, "r": {…}}` per line) and return the number of rows.

    Should DuckDB still refuse a line, that record is rejected too and the rest is tried again.
    """
    names = ", ".join(f'r."{name}"' for name in shape)
    columns = {"n": "BIGINT", "r": dict(shape)}
    for _ in range(100):
        try:
            rows = con.execute(
                f"insert into raw.{table} select {quote(capture_id)}, n, {quote(member)}, {names}"
                f" from {read_json_sql(path, 'newline_delimited', columns)}"
            ).fetchall()
            return rows[0][0]
        except REFUSALS as error:
            match = re.search(r"in (?:line|record/value) (\d+)", str(error))
            if match is None:
                raise
            _reject_line(path, int(match.group(1)), outcome, type(error).__name__)
    raise InputError(
        file=member,
        expected="records that fit the declared columns",
        found="more than 100 that only DuckDB refuses",
        next_step="Report this file's format to the project.",
        code="reader_refused",
    )


def _reject_line(path: Path, line_no: int, outcome: Outcome, found: str) -> None:
    kept = path.with_suffix(".kept")
    with path.open("rb") as lines, kept.open("wb") as out:
        for number, line in enumerate(lines, 1):
            if number == line_no:
                record = json.loads(line)
                text = json.dumps(record["r"])
                outcome.reject(record["n"], "reader_refused", "a record DuckDB can read", found, text)
            else:
                out.write(line)
    kept.replace(path)


def run_fast(
    con: duckdb.DuckDBPyConnection,
    table: str,
    capture_id: str,
    member: str | None,
    source_sql: str,
    id_column: str,
    bad_sql: str,
    first_no: int,
) -> int | None:
    """Insert whole members by one statement and return the number of rows, or None when they do not fit.

    Args:
        member: The member that is read; None when the select names it in a first column.
        source_sql: A select of the table's columns in order; its rows are numbered after `first_no`.
        bad_sql: A condition that holds for rows which the careful way would reject.
        first_no: The number before the first record.
    """
    selected = records_after(capture_id, first_no)
    try:
        inserted = insert_numbered(con, table, capture_id, member, source_sql, first_no)
    except REFUSALS:
        return None
    condition = f"{_bad_id_sql(id_column)} or {bad_sql}"
    bad = con.execute(f"select count(*) from raw.{table} where {selected} and ({condition})").fetchall()[0][0]
    if bad:
        delete_records(con, table, capture_id, first_no)
        return None
    return inserted


def insert_numbered(
    con: duckdb.DuckDBPyConnection, table: str, capture_id: str, member: str | None, source_sql: str, first_no: int
) -> int:
    """Insert the rows of a select, numbered after `first_no` in its order, and return how many they are.

    Not numbered by a window function in the insert: it would make DuckDB read with one thread (1 M posts: 6.8 s against
    3.9, measured 2026-11-25). Rows of one insert lie one after the other, so their place in the table is their number.

    Args:
        member: The member that is read; None when the select names it in a first column.
        source_sql: A select of the table's columns in order.
    """
    of_member = "" if member is None else f"{quote(member)},"
    inserted = con.execute(
        f"insert into raw.{table} select {quote(capture_id)}, {NOT_NUMBERED}, {of_member} * from ({source_sql})"
    ).fetchall()[0][0]
    number_inserted(con, table, capture_id, inserted, first_no)
    return inserted


def number_inserted(con: duckdb.DuckDBPyConnection, table: str, capture_id: str, inserted: int, first_no: int) -> None:
    """Number the rows of one insert, which have `NOT_NUMBERED` instead, after `first_no` in their order.

    Raises:
        RuntimeError: They do not lie one after the other.
    """
    fresh = f"capture_id = {quote(capture_id)} and record_no = {NOT_NUMBERED}"
    first, last = con.execute(f"select min(rowid), max(rowid) from raw.{table} where {fresh}").fetchall()[0]
    if inserted and last - first + 1 != inserted:
        raise RuntimeError(f"raw.{table}: {inserted:,} rows were inserted, they lie at {first:,} to {last:,}")
    con.execute(f"update raw.{table} set record_no = {first_no + 1} + rowid - {first or 0} where {fresh}")


def delete_records(con: duckdb.DuckDBPyConnection, table: str, capture_id: str, first_no: int) -> None:
    """Remove a capture's rows after a number, before they are loaded the careful way."""
    con.execute(f"delete from raw.{table} where {records_after(capture_id, first_no)}")


def records_after(capture_id: str, first_no: int) -> str:
    """The condition for a capture's rows after a number."""
    return f"capture_id = {quote(capture_id)} and record_no > {first_no}"


def line_pieces(path: Path, scratch: Path, size: int) -> Iterator[tuple[Path, int]]:
    """A file of lines cut between lines into pieces of about `size` bytes, and where each begins.

    A line longer than that makes its piece longer on disk, not in memory. Each piece is gone when the next is made.
    """
    piece = scratch / f"{path.name[-60:]}.piece"
    begin = 0
    rest = b""
    try:
        with path.open("rb") as stream:
            is_ended = False
            while not is_ended:
                length = 0
                with piece.open("wb") as out:
                    while True:
                        length += out.write(rest)
                        rest = b""
                        block = stream.read(_CHUNK)
                        is_ended = not block
                        if is_ended:
                            break
                        end = block.rfind(b"\n") + 1 if length + len(block) >= size else 0
                        if end:
                            length += out.write(block[:end])
                            rest = block[end:]
                            break
                        rest = block
                if length:
                    yield piece, begin
                begin += length
    finally:
        piece.unlink(missing_ok=True)


def extracted_groups(
    files: CaptureFiles, members: Sequence[str], scratch: Path
) -> Iterator[list[tuple[str, Extracted]]]:
    """Members made available in groups of a bounded size; the copies of a group are gone when the next is made."""
    group: list[tuple[str, Extracted]] = []
    size = 0
    try:
        for member in members:
            group.append((member, files.extract(member, scratch, strip_prefix=True)))
            size += group[-1][1].path.stat().st_size
            if size >= _TOGETHER_BYTES:
                yield group
                _release(group)
                group, size = [], 0
        if group:
            yield group
    finally:
        _release(group)


def _release(group: Iterable[tuple[str, Extracted]]) -> None:
    for _, extracted in group:
        extracted.release()


def load_together(
    con: duckdb.DuckDBPyConnection,
    table: RecordTable,
    capture_id: str,
    group: Sequence[tuple[str, Extracted]],
    first_no: int,
    fast_columns: Mapping[str, Shape],
    fast_prefix: str = "",
) -> list[Outcome] | None:
    """Load several members, each an array of records, by one statement that reads them on all cores.

    DuckDB reads one array with one thread, so eighty monthly files one by one take twice the time.

    Returns:
        One outcome per member, or None when one of them does not fit: then nothing is left of any.
    """
    for _, extracted in group:
        with extracted.path.open("rb") as stream:
            layout = layout_of(stream.read(1 << 16).decode("utf-8", "replace"))
        if layout != "array" or not is_whole(extracted.path, layout):
            return None
    names = ", ".join(f'{fast_prefix}"{name}"' for name in table.shape)
    paths = [extracted.path for _, extracted in group]
    members = ", ".join(f"{quote(str(extracted.path))}: {quote(member)}" for member, extracted in group)
    source = f"select map {{{members}}}[filename], {names} from {read_json_sql(paths, 'array', fast_columns)}"
    inserted = run_fast(con, table.name, capture_id, None, source, table.id_column, table.bad_sql, first_no)
    if inserted is None:
        return None
    counted = con.execute(
        f"select member, count(*) from raw.{table.name} where {records_after(capture_id, first_no)} group by 1"
    ).fetchall()
    counts = dict(counted)
    return [Outcome(member, counts.get(member, 0), counts.get(member, 0)) for member, _ in group]


def load_records(
    con: duckdb.DuckDBPyConnection,
    table: RecordTable,
    capture_id: str,
    member: str,
    extracted: Extracted,
    first_no: int,
    scratch: Path,
    unwrap: Callable[[Any], Any],
    fast_columns: Mapping[str, Shape] | None,
    fast_prefix: str = "",
) -> Outcome:
    """Load a member whose file is an array (or a sequence) of records of one kind.

    Args:
        first_no: The number before the first record of this member.
        unwrap: From a parsed element to the record, for the careful way.
        fast_columns: The declared columns of an element; None goes the careful way at once.
        fast_prefix: What leads from the element's columns to the record's (`tweet.`).
    """
    outcome = Outcome(member)
    with extracted.path.open("rb") as stream:
        layout = layout_of(stream.read(1 << 16).decode("utf-8", "replace"))
    if fast_columns is not None and is_whole(extracted.path, layout):
        names = ", ".join(f'{fast_prefix}"{name}"' for name in table.shape)
        source = f"select {names} from {read_json_sql(extracted.path, layout, fast_columns)}"
        inserted = run_fast(con, table.name, capture_id, member, source, table.id_column, table.bad_sql, first_no)
        if inserted or (inserted == 0 and _is_empty_list(extracted.path)):
            outcome.delivered = outcome.loaded = inserted
            return outcome

    def is_record(value: Any) -> bool:
        try:
            table.checked(unwrap(value))
        except RecordError:
            return False
        return True

    scratch.mkdir(parents=True, exist_ok=True)
    clean = scratch / f"careful_{capture_id[:12]}_{first_no}.jsonl"
    try:
        with extracted.path.open("rb") as stream, clean.open("wb") as out:
            lines = layout == "newline_delimited"
            first_byte = extracted.skipped_bytes
            if lines:
                values = scan_lines(stream, first_byte=first_byte)
            else:
                values = scan_values(stream, is_record, first_byte=first_byte)
            for found in values:
                outcome.delivered += 1
                record_no = first_no + outcome.delivered
                if found.problem:
                    outcome.reject_found(record_no, found)
                    continue
                try:
                    out.write(table.clean_line(record_no, unwrap(found.value)))
                except RecordError as error:
                    outcome.reject(record_no, error.code, error.expected, error.found, found.text)
        if not outcome.delivered and not _is_empty_list(extracted.path):
            outcome.delivered = 1
            outcome.reject(first_no + 1, "cut_off", "a list of records", "no list", "")
        outcome.loaded = insert_clean(con, table.name, capture_id, member, clean, table.shape, outcome)
    finally:
        clean.unlink(missing_ok=True)
    return outcome


def _is_empty_list(path: Path) -> bool:
    with path.open("rb") as stream:
        return re.fullmatch(rb"\s*\[\s*\]\s*", stream.read(4096)) is not None


def load_csv(
    con: duckdb.DuckDBPyConnection,
    table: RecordTable,
    capture_id: str,
    member: str,
    extracted: Extracted,
    first_no: int,
    scratch: Path,
) -> Outcome:
    """Load a comma-separated file with a header; an empty cell is null, columns that are not declared stay out.

    Raises:
        InputError: A required column is missing.
    """
    outcome = Outcome(member)
    header = _read_csv_header(extracted.path)
    names = [name.strip().lower() for name in header]
    missing = [name for name in table.required if name not in names]
    if missing or len(set(names)) < len(names):
        raise InputError(
            file=member,
            record="header",
            expected=f"the columns {', '.join(table.required)}, each once",
            found=told_names(names, table.shape),
            next_step="Take the file as exported; a column was removed, doubled or renamed.",
            code="missing_column",
        )
    types = "{" + ", ".join(f"{quote(name)}: 'VARCHAR'" for name in names) + "}"
    kept = ", ".join(
        f'nullif("{name}", \'\') as "{name}"' if name in names else f'null as "{name}"' for name in table.shape
    )
    source = (
        f"select {kept} from read_csv("
        f"{quote(str(extracted.path))}, columns={types}, header=true, auto_detect=false, delim=',', quote='\"',"
        f" escape='\"', parallel=false, strict_mode=true, max_line_size={MAX_CSV_LINE_BYTES})"
    )
    inserted = None
    if _is_safe_for_duckdb(extracted.path):
        inserted = run_fast(con, table.name, capture_id, member, source, table.id_column, table.bad_sql, first_no)
    if inserted is not None:
        outcome.delivered = outcome.loaded = inserted
        return outcome
    scratch.mkdir(parents=True, exist_ok=True)
    clean = scratch / f"careful_{capture_id[:12]}_{first_no}.jsonl"
    try:
        with extracted.path.open("rb") as stream, clean.open("wb") as out:
            for found in _scan_csv(stream, names):
                outcome.delivered += 1
                record_no = first_no + outcome.delivered
                if found.problem:
                    outcome.reject_found(record_no, found)
                    continue
                try:
                    out.write(table.clean_line(record_no, found.value))
                except RecordError as error:
                    outcome.reject(record_no, error.code, error.expected, error.found, found.text)
        outcome.loaded = insert_clean(con, table.name, capture_id, member, clean, table.shape, outcome)
    finally:
        clean.unlink(missing_ok=True)
    return outcome


def _is_safe_for_duckdb(path: Path) -> bool:
    """False for what DuckDB's CSV reader (1.5.6, 2026-11-26) reads wrongly without saying so.

    Of a quote that is never closed it leaves out the row; at bytes that are no UTF-8 it can fail so that the whole
    database is lost to the process.
    """
    quotes = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(1 << 20):
                quotes += chunk.count(b'"')
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return quotes % 2 == 0


def _read_csv_header(path: Path) -> list[str]:
    with path.open("rb") as stream:
        head = stream.read(1 << 16).decode("utf-8", "replace")
    return next(csv.reader(io.StringIO(head)), [])


def _scan_csv(stream: BinaryIO, names: Sequence[str]) -> Iterator[Found]:
    """Each row after the header as one value. A row is undecodable, too long, or has other than its columns."""
    offset, pending, start = 0, b"", 0
    is_header = True
    for line, length in _bounded_lines(stream, MAX_CSV_LINE_BYTES):
        if not pending:
            start = offset
        offset += length
        pending += line
        # An odd number of quotes: the row goes on in the next line.
        is_open = pending.count(b'"') % 2 == 1 and length == len(line) and len(pending) <= MAX_CSV_LINE_BYTES
        if is_open:
            continue
        row, pending = pending, b""
        if is_header or not row.strip():
            is_header = False
            continue
        yield _csv_row(row, start, names, too_long=length > len(line) or len(row) > MAX_CSV_LINE_BYTES)
    if pending:
        text = pending[: EXCERPT_LIMIT * 2].decode("utf-8", "backslashreplace")
        yield Found(start, problem="cut_off", expected="a closing quote", found=_FILE_ENDS, text=text)


def _csv_row(row: bytes, offset: int, names: Sequence[str], too_long: bool) -> Found:
    if too_long:
        return _too_long(offset, len(row), MAX_CSV_LINE_BYTES, row)
    try:
        text = row.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(row, offset, error)
    cells = next(csv.reader(io.StringIO(text, newline="")), [])
    if len(cells) != len(names):
        found = f"{len(cells)} near byte {offset + 1:,} of the file"
        return Found(offset, problem="wrong_columns", expected=f"{len(names)} cells", found=found, text=text)
    value = {name: cell or None for name, cell in zip(names, cells, strict=True)}
    return Found(offset, value, text=text)


@contextmanager
def all_or_nothing(
    con: duckdb.DuckDBPyConnection, capture_id: str, tables: Iterable[str], files: CaptureFiles
) -> Iterator[None]:
    """Remove what a load inserted when it fails; in an error, say of which capture a member is.

    A transaction cannot do this: DuckDB aborts it at the first record that makes the fast way fail.
    """
    first, second = (con.execute("select txid_current()").fetchall() for _ in range(2))
    if first == second:
        raise RuntimeError("call Connector.load outside a transaction: a broken record would abort it")
    try:
        yield
    except BaseException as error:
        for table in tables:
            con.execute(f"delete from raw.{table} where capture_id = {quote(capture_id)}")
        if isinstance(error, InputError) and files.kind != "file" and files.has(error.file):
            error = InputError(
                file=f"{files.name}: {error.file}",
                record=error.record,
                expected=error.expected,
                found=error.found,
                next_step=error.next_step,
                code=error.code,
            )
            raise error from None
        raise


def read_small_json(files: CaptureFiles, member: str, outcome: Outcome) -> Any:
    """A small side file (owner, manifest, index) parsed, its JavaScript assignment taken off.

    When it is broken the result is None and one rejected record says why: the posts are still worth having.
    Side files that can be read are not counted; they deliver no records.
    """
    head = files.head(member, MAX_SIDE_FILE_BYTES + 1)
    start = head[: EXCERPT_LIMIT * 2].decode("utf-8", "backslashreplace")
    encoding, mark = encoding_of(head)
    try:
        if len(head) > MAX_SIDE_FILE_BYTES:
            raise RecordError("record_too_long", f"at most {MAX_SIDE_FILE_BYTES:,} bytes", "more")
        text = head[mark:].decode("utf-8" if encoding == "utf-8-sig" else encoding)
        return _DECODER.decode(_JS_PREFIX.sub("", text, count=1).strip().rstrip("; \t\r\n"))
    except UnicodeDecodeError as error:
        problem = RecordError("not_utf8", encoding, f"byte 0x{head[error.start]:02x} at {error.start + 1:,}")
    except RecordError as error:
        problem = error
    except (ValueError, RecursionError) as error:
        problem = RecordError("broken_json", "JSON", _json_error(error, 0))
    outcome.delivered += 1
    outcome.reject(1, problem.code, problem.expected, problem.found, start)
    return None


def nothing_loaded(files: CaptureFiles, outcomes: Sequence[Outcome]) -> InputError | None:
    """The error for a capture of which no record could be loaded though some were delivered, or None."""
    if any(outcome.loaded for outcome in outcomes):
        return None
    first = next((record for outcome in outcomes for record in outcome.rejected), None)
    if first is None:
        return None
    return InputError(
        file=files.name if first.member == files.name else f"{files.name}: {first.member}",
        record=first.record_no,
        expected=first.expected,
        found=f"{first.found} (and no record that can be loaded)",
        next_step=first.next_step,
        code=first.reason_code,
    )


_TIME_FORMATS = (
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S %z",
    "%a %b %d %H:%M:%S %z %Y",
)


def parse_time(text: Any) -> datetime | None:
    """A time as X writes it in one of its four ways, in UTC, or None."""
    for time_format in _TIME_FORMATS:
        try:
            return datetime.strptime(str(text), time_format).astimezone(UTC)
        except ValueError:
            continue
    return None


def whole_number(value: Any) -> int | None:
    """A count that a side file states, as number or text, or None."""
    return int(value) if re.fullmatch(r"[0-9]{1,15}", str(value)) else None


def count_records(path: Path) -> int:
    """How many elements an array holds, broken ones included."""
    try:
        source = read_json_sql(path, "array", {"_": "VARCHAR"})
        with duckdb.connect() as own:
            return own.execute(f"select count(*) from {source}").fetchall()[0][0]
    except REFUSALS:
        with path.open("rb") as stream:
            return sum(1 for _ in scan_values(stream, lambda value: isinstance(value, dict)))


def describe_encoding(encodings: Iterable[str], rejected: Iterable[RejectedRecord]) -> str:
    """The encodings of a capture's files, and whether some records are in another one than they claim."""
    names = ", ".join(sorted(set(encodings))) or "utf-8"
    broken = sum(record.reason_code == "not_utf8" for record in rejected)
    return f"{names} ({broken:,} records with invalid bytes)" if broken else names
