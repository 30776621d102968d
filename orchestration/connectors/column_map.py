"""The map that a person writes for a table of their own: which column is which field of the post contract.

Belongs here: what a map may say, its reading from YAML, every refusal with file, line and reason.
Does not belong here: reading the table (`mapped`), proposing a map (`map_proposal`).

    platform: x
    columns:
      Tweet URL: link
      Tweet: text
      Date: posted_at
    time_format: "%d/%m/%Y %H:%M"
    time_zone: Asia/Jakarta
"""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb
import yaml

from orchestration.connectors.base import quote
from orchestration.connectors.tables import normalised
from orchestration.contract import InputError

COUNTS = ("like_count", "repost_count", "reply_count", "quote_count", "bookmark_count", "impression_count")
LISTS = ("hashtags", "mentions", "links", "media_types")
# Fields of the post contract that one cell can fill, and what they mean to a person.
FIELDS: Mapping[str, str] = {
    "post_id": "the id of the post",
    "link": "the address of the post (on X it holds the id and the handle)",
    "posted_at": "when it was posted",
    "text": "its text",
    "handle": "the author's handle, with or without @",
    "account_id": "the author's id",
    "account_name": "the author's display name",
    "language": "the language, as the platform states it",
    "kind": "original, reply, self_reply, quote or repost; `kinds` translates other words",
    "reply_to_post_id": "the post that it answers",
    "reply_to_account_id": "the account that it answers",
    "reply_to_handle": "the handle that it answers",
    "quoted_post_id": "the post that it quotes",
    "quoted_account_id": "the account that it quotes",
    "quoted_handle": "the handle that it quotes",
    "reposted_post_id": "the post that it passes on",
    "reposted_account_id": "the account that it passes on",
    "reposted_handle": "the handle that it passes on",
    "conversation_id": "the thread",
    "hashtags": "its hashtags, in one cell",
    "mentions": "the handles that it mentions, in one cell",
    "links": "the addresses that it links to, in one cell",
    "media_types": "photo, video or animated_gif, in one cell",
    "like_count": "likes",
    "repost_count": "reposts",
    "reply_count": "replies",
    "quote_count": "quotes",
    "bookmark_count": "bookmarks",
    "impression_count": "impressions or views",
}
KEEP = "keep"  # not a field: the cell is kept beside the post, under its own name
KINDS = ("original", "reply", "self_reply", "quote", "repost")
PLATFORMS = ("x", "bluesky", "mastodon")
# Words for times that no strptime format describes.
TIME_WORDS: Mapping[str, str] = {
    "iso": "2021-06-19 16:00:02, with or without an offset",
    "excel": "a day number of Excel, such as 44366.5",
    "unix": "seconds since 1970",
    "unix_ms": "milliseconds since 1970",
}
_THOUSANDS = (",", ".", "'", " ", "")


@dataclass(frozen=True)
class MappedColumn:
    """One line under `columns`: a column of the table, what it is, and where the map says so."""

    column: str
    field: str
    line: int


@dataclass(frozen=True)
class ColumnMap:
    """What a map says.

    Attributes:
        name: The file, for messages.
        time_formats: strptime formats, tried in order, or one of `TIME_WORDS`.
        time_zone: Of times without an offset; None where every time says its own.
        list_separator: What stands between several tags, handles or links in one cell.
        thousands: What groups the digits of a number.
        missing: Cells that mean "not observed", besides empty ones.
        kinds: Words of the table for kinds of posts, lower case, and ours.
        author: Handle of the account whose posts these are, for rows that name none.
    """

    name: str
    columns: tuple[MappedColumn, ...]
    time_formats: tuple[str, ...]
    platform: str = "x"
    time_zone: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    list_separator: str = ","
    thousands: str = ","
    missing: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    author: str | None = None

    @property
    def fields(self) -> dict[str, MappedColumn]:
        """The mapped fields, without what is only kept."""
        return {one.field: one for one in self.columns if one.field != KEEP}

    @property
    def kept(self) -> list[MappedColumn]:
        return [one for one in self.columns if one.field == KEEP]


def read_map(text: str, name: str) -> ColumnMap:
    """A map from its YAML.

    Raises:
        InputError: It is not YAML, or says something that no table can follow; the error names the line.
    """
    return _Reader(name).read(text)


class _Reader:
    """Reads the nodes of the YAML, not its values: only nodes know their lines."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, line: int, expected: str, found: str, next_step: str = "Correct this line.") -> InputError:
        return InputError(
            file=f"{self._name}, line {line}", expected=expected, found=found, next_step=next_step, code="bad_map"
        )

    def read(self, text: str) -> ColumnMap:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "something else"
            step = "Put texts with : # % { [ or a leading @ in quotes; indent with blanks."
            raise self._refuse(mark.line + 1 if mark else 1, "YAML", str(problem), step) from error
        said: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, line, node in self._pairs(root, 1, "a map: `columns:`, `time_format:` and so on"):
            read = _KEYS.get(key)
            if read is None:
                raise self._refuse(line, f"one of {', '.join(_KEYS)}", f"{key}{_meant(key, _KEYS)}")
            said[key], lines[key] = read(self, node), line
        if "columns" not in said:
            raise self._refuse(1, "`columns:`, with a line for each column", "none", "See `suara map FILE`.")
        return self._checked(said, lines)

    def _checked(self, said: dict[str, Any], lines: dict[str, int]) -> ColumnMap:
        columns: list[MappedColumn] = said["columns"]
        fields = {one.field for one in columns}
        platform = said.get("platform", "x")
        if not fields & ({"post_id", "link"} if platform == "x" else {"post_id"}):
            raise self._refuse(
                lines["columns"],
                "a column for post_id, or on X for link: a post without an id cannot be told from another",
                "neither",
                "Add the column with the id or the address of the post; if the table has none, export again with it.",
            )
        for name in ("posted_at", "text"):
            if name not in fields:
                raise self._refuse(lines["columns"], f"a column for {name}", "none")
        formats: tuple[str, ...] = said.get("time_format", ())
        if not formats:
            raise self._refuse(
                lines["columns"], "`time_format:`, how posted_at is written", "none", "See `suara map FILE`."
            )
        zone = said.get("time_zone")
        has_own = all(one in ("unix", "unix_ms", "iso") or "%z" in one for one in formats)
        if zone is None and not has_own:
            raise self._refuse(
                lines["time_format"],
                "`time_zone:` beside a time without an offset",
                "none",
                "Name the zone in which the table was written, such as Asia/Jakarta or UTC.",
            )
        known = {
            name: said[name]
            for name in ("delimiter", "encoding", "list_separator", "thousands", "missing", "kinds", "author")
            if name in said
        }
        return ColumnMap(self._name, tuple(columns), formats, platform=platform, time_zone=zone, **known)

    # Values -------------------------------------------------------------------------------------------------

    def _pairs(self, node: Any, line: int, expected: str) -> Iterator[tuple[str, int, Any]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._refuse(_line(node, line), expected, "something else")
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise self._refuse(_line(key, line), "each name once", f"{name} a second time")
            seen.add(name)
            yield name, _line(key, line), value

    def text(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._refuse(_line(node, 1), "one text", "a list or a map")
        return node.value

    def texts(self, node: Any) -> tuple[str, ...]:
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.text(item) for item in node.value)
        return (self.text(node),)

    def columns(self, node: Any) -> list[MappedColumn]:
        columns: list[MappedColumn] = []
        for column, line, value in self._pairs(node, 1, "a line `name of the column: field` for each column"):
            meant = self.text(value)
            if meant != KEEP and meant not in FIELDS:
                expected = f"{KEEP}, or one of {', '.join(FIELDS)}"
                raise self._refuse(line, expected, f"{meant}{_meant(meant, FIELDS)}")
            twice = next((one for one in columns if one.field == meant != KEEP), None)
            if twice is not None:
                raise self._refuse(line, "each field once", f"{meant} again, as in line {twice.line}")
            if not normalised(column):
                raise self._refuse(line, "the name of a column", "an empty one")
            columns.append(MappedColumn(column, meant, line))
        return columns

    def time_formats(self, node: Any) -> tuple[str, ...]:
        formats = self.texts(node)
        line = _line(node, 1)
        for one in formats:
            if one in TIME_WORDS:
                if len(formats) > 1:
                    raise self._refuse(line, f"{one} alone", f"{one} among other formats")
                continue
            if not any(part in one for part in ("%Y", "%y", "%x", "%c")):
                words = ", ".join(TIME_WORDS)
                expected = f'one of {words}, or a format with a year such as "%d/%m/%Y %H:%M"'
                raise self._refuse(line, expected, one)
            try:
                with duckdb.connect() as con:
                    con.execute(f"select try_strptime('', {quote(one)})")
            except duckdb.Error as error:
                found = f"{one} ({str(error).splitlines()[0][:80]})"
                raise self._refuse(line, "a strptime format", found) from error
        if len({"%z" in one for one in formats}) > 1:
            raise self._refuse(line, "an offset (%z) in all formats or in none", "both")
        return formats

    def time_zone(self, node: Any) -> str:
        zone = self.text(node)
        if zone not in time_zones():
            near = difflib.get_close_matches(zone, time_zones(), 1, 0.6)
            found = f"{zone}; did you mean {near[0]}?" if near else zone
            raise self._refuse(_line(node, 1), "a name of the IANA list, such as Asia/Jakarta or UTC", found)
        return zone

    def platform(self, node: Any) -> str:
        return self._one_of(node, PLATFORMS)

    def thousands(self, node: Any) -> str:
        return self._one_of(node, _THOUSANDS)

    def _one_of(self, node: Any, words: tuple[str, ...]) -> str:
        value = self.text(node)
        if value not in words:
            raise self._refuse(_line(node, 1), f"one of {' '.join(repr(word) for word in words)}", repr(value))
        return value

    def delimiter(self, node: Any) -> str:
        value = {"tab": "\t", "\\t": "\t"}.get(self.text(node), self.text(node))
        if len(value) != 1 or value in '"\r\n' or not value.isascii():
            raise self._refuse(_line(node, 1), "one character, or the word tab", repr(value))
        return value

    def separator(self, node: Any) -> str:
        if not self.text(node):
            raise self._refuse(_line(node, 1), "what stands between two items of a list", "nothing")
        return self.text(node)

    def encoding(self, node: Any) -> str:
        try:
            return codecs.lookup(self.text(node)).name
        except LookupError as error:
            expected = "the name of an encoding, such as utf-8, cp1252 or mac_roman"
            raise self._refuse(_line(node, 1), expected, self.text(node)) from error

    def author(self, node: Any) -> str:
        handle = self.text(node).strip().lstrip("@")
        if not handle or any(character.isspace() for character in handle):
            raise self._refuse(_line(node, 1), "the handle of an account", repr(self.text(node)))
        return handle

    def kinds(self, node: Any) -> dict[str, str]:
        words: dict[str, str] = {}
        for word, line, value in self._pairs(node, 1, "a line `word of the table: kind` for each word"):
            if self.text(value) not in KINDS:
                raise self._refuse(line, f"one of {', '.join(KINDS)}", self.text(value))
            words[word.strip().lower()] = self.text(value)
        return words


_KEYS: Mapping[str, Callable[[_Reader, Any], Any]] = {
    "platform": _Reader.platform,
    "columns": _Reader.columns,
    "time_format": _Reader.time_formats,
    "time_zone": _Reader.time_zone,
    "delimiter": _Reader.delimiter,
    "encoding": _Reader.encoding,
    "list_separator": _Reader.separator,
    "thousands": _Reader.thousands,
    "missing": _Reader.texts,
    "kinds": _Reader.kinds,
    "author": _Reader.author,
}


def _line(node: Any, otherwise: int) -> int:
    return node.start_mark.line + 1 if node is not None else otherwise


def _meant(word: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f"; did you mean {near[0]}?" if near else ""


@cache
def time_zones() -> tuple[str, ...]:
    """The names of time zones that the warehouse knows."""
    with duckdb.connect() as con:
        return tuple(row[0] for row in con.execute("select name from pg_timezone_names() order by 1").fetchall())
