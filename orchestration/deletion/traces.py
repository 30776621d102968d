"""The search for what is left of a text, in every file below the data folder, packed ones and databases opened.

Belongs here: how a text looks in a file (JSON, HTML, UTF-16), and reading every kind of file that `data/` holds.
Does not belong here: deciding what happens to a file in which something is found.

Texts are held in memory only: a tombstone keeps no text, so this search can be made right after a deletion and not
later. What later runs check is in `gate.py`.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import html
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO

import duckdb
import numpy as np
import zstandard

from orchestration.contract import DataDir, SuaraError, quote

# A piece of so many characters stands in no other text by chance.
PIECE = 32
_SHORTEST_END = 24
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_PREFIX = 12  # bytes by which pieces are looked up
_CHUNK = 1 << 20
# What a broken or unknown file raises while it is unpacked.
_UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
)
_FEW = 48  # up to here the pieces are looked for one by one


@dataclass
class Traces:
    """The pieces of texts that must be found nowhere.

    Attributes:
        pieces: By how they look in a file, the text that they are of.
    """

    pieces: dict[bytes, str] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Traces:
        """Every text in pieces, each in the ways in which files write it."""
        found = cls()
        for text in texts:
            # Mastodon writes HTML: a tag stands in other posts, and in what people say of themselves
            parts = [part for part in _TAG.split(text) if part.strip()]
            for part, begin in ((one, begin) for one in parts for begin in range(0, len(one), PIECE)):
                piece = part[begin : begin + PIECE].strip()
                # the end of a text is a piece by itself when it is long enough to mean something
                if len(piece) >= _SHORTEST_END or (begin == 0 and len(parts) == 1):
                    for shape in _shapes(piece):
                        found.pieces.setdefault(shape, piece)
        found._index()
        return found

    @classmethod
    def exactly(cls, words: Iterable[bytes]) -> Traces:
        """Words as they are, whole and in no other way of writing."""
        found = cls(dict.fromkeys(words, ""))
        found._index()
        return found

    def without(self, texts: Iterable[str]) -> Traces:
        """Without the pieces that stand in other texts, too, however often either was escaped: those are no trace."""
        if not self.pieces:
            return self
        wanted: dict[bytes, set[str]] = {}
        for piece in set(self.pieces.values()):
            for form in {piece, _plain(piece)}:
                wanted.setdefault(form.encode("utf-8", "surrogateescape"), set()).add(piece)
        shared: set[str] = set()
        searched = Traces.exactly(wanted)
        for text in texts:
            for form in {text, _plain(text)}:
                for hit in searched.search(form.encode("utf-8", "surrogateescape")):
                    shared |= wanted[hit]
        kept = Traces({shape: piece for shape, piece in self.pieces.items() if piece not in shared})
        kept._index()
        return kept

    def _index(self) -> None:
        # a piece that is shorter than the prefix is looked for by itself
        self._short = [one for one in self.pieces if len(one) < _PREFIX]
        self._by_prefix: dict[bytes, list[bytes]] = {}
        for one in self.pieces:
            if len(one) >= _PREFIX:
                self._by_prefix.setdefault(one[:_PREFIX], []).append(one)
        self._longest = max(map(len, self.pieces), default=0)
        self._hashes = np.sort(np.array([_hash(prefix) for prefix in self._by_prefix], dtype=np.uint64))

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def search(self, data: bytes) -> set[bytes]:
        """The pieces that stand in some bytes."""
        found = {one for one in self._short if one in data}
        if len(self._by_prefix) <= _FEW:
            return found | {one for many in self._by_prefix.values() for one in many if one in data}
        values = np.frombuffer(data, dtype=np.uint8)
        if len(values) < _PREFIX:
            return found
        hashes = np.zeros(len(values) - _PREFIX + 1, dtype=np.uint64)
        for offset in range(_PREFIX):
            hashes *= np.uint64(_BASE)
            hashes += values[offset : offset + len(hashes)]
        at = np.searchsorted(self._hashes, hashes)
        at[at == len(self._hashes)] = 0
        for place in np.flatnonzero(self._hashes[at] == hashes):
            for one in self._by_prefix.get(data[place : place + _PREFIX], ()):
                if data.startswith(one, int(place)):
                    found.add(one)
        return found

    def search_stream(self, stream: BinaryIO) -> set[bytes]:
        """The pieces in a stream, up to where it can be read: a packed file that is cut holds posts all the same."""
        found: set[bytes] = set()
        rest = b""
        # one step at a time: `read` yields nothing of the step in which a packed file is cut
        step = getattr(stream, "read1", stream.read)
        with contextlib.suppress(*_UNREADABLE):
            while chunk := step(_CHUNK):
                found |= self.search(rest + chunk)
                rest = (rest + chunk)[-self._longest :]
        return found


_BASE = 1_099_511_628_211


def _hash(prefix: bytes) -> int:
    value = 0
    for byte in prefix:
        value = (value * _BASE + byte) % (1 << 64)
    return value


def _plain(text: str) -> str:
    """A text as its author sees it: X escapes `&amp;`, and some tools do once more."""
    while "&" in text and (unescaped := html.unescape(text)) != text:
        text = unescaped
    return text


# Tables come in these, beside UTF-8.
_OTHER_CODECS = ("cp1252", "mac_roman", "utf-16-le", "utf-16-be")


def _shapes(piece: str) -> set[bytes]:
    """How a piece of text is written: as it is, in JSON, in HTML, in a table, in UTF-16 and in codes of one byte."""
    whole = {piece, json.dumps(piece)[1:-1], json.dumps(piece, ensure_ascii=False)[1:-1]}
    whole |= {html.escape(piece), html.escape(piece, quote=False), piece.replace('"', '""'), html.unescape(piece)}
    shapes = {text.encode("utf-8", "surrogateescape") for text in whole}
    for text in (piece, piece.replace('"', '""')):
        for codec in _OTHER_CODECS:
            with contextlib.suppress(UnicodeEncodeError):
                shapes.add(text.encode(codec))
    return shapes


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder; links to files that are below it anyway are left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def find_traces(data_dir: DataDir, traces: Traces, folders: Iterable[Path] | None = None) -> dict[Path, int]:
    """How many pieces of the texts each file below the data folder (or below `folders`) holds, where it holds any."""
    found = {}
    if traces:
        for folder in [data_dir.root] if folders is None else folders:
            for path in [folder] if folder.is_file() else files_below(folder):
                if hits := search_file(path, traces):
                    found[path] = len(hits)
    return found


def search_file(path: Path, traces: Traces) -> set[bytes]:
    """The pieces that a file holds, as it lies there and unpacked."""
    with path.open("rb") as handle:
        magic = handle.read(16)
        handle.seek(0)
        found = traces.search_stream(handle)
        handle.seek(0)
        if reader := _unpacker(magic, handle):
            found |= traces.search_stream(reader)
    if magic[:4] == b"PK\x03\x04":
        found |= _search_zip(path, traces)
    elif magic[:4] == b"PAR1":
        found |= _search_parquet(path, traces)
    elif magic[8:12] == b"DUCK":
        found |= _search_database(path, traces)
    return found


def _unpacker(magic: bytes, stream: IO[bytes]) -> BinaryIO | None:
    """What unpacks a file that begins so."""
    reader: Any = None
    if magic[:2] == b"\x1f\x8b":
        reader = gzip.GzipFile(fileobj=stream)
    elif magic[:4] == b"\x28\xb5\x2f\xfd":
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(stream, read_across_frames=True)
    elif magic[:3] == b"BZh":
        reader = bz2.BZ2File(stream)
    elif magic[:6] == b"\xfd7zXZ\0":
        reader = lzma.LZMAFile(stream)  # noqa: SIM115  closed with what it reads from
    return reader


def _search_zip(file: Path | IO[bytes], traces: Traces, levels: int = 3) -> set[bytes]:
    """The pieces in the members of a zip, and of zips in it: a workbook is one, too. A broken member hides no other."""
    found: set[bytes] = set()
    with contextlib.suppress(*_UNREADABLE), zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or entry.flag_bits & 1:
                continue
            with contextlib.suppress(*_UNREADABLE):
                with archive.open(entry) as stream:
                    head = stream.read(16)
                with archive.open(entry) as stream:
                    if head[:4] == b"PK\x03\x04" and levels > 1:
                        found |= _search_zip(stream, traces, levels - 1)
                    else:
                        found |= traces.search_stream(_unpacker(head, stream) or stream)  # type: ignore[arg-type]
    return found


def _search_parquet(path: Path, traces: Traces) -> set[bytes]:
    try:
        with duckdb.connect() as con:
            return _search_relation(con, f"read_parquet({quote(path)})", traces)
    except duckdb.Error:
        return set()


def _search_database(path: Path, traces: Traces) -> set[bytes]:
    """Every row of every table: what is stored compressed shows only when it is read."""
    found: set[bytes] = set()
    try:
        con = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise SuaraError(
            f"{path}: expected a database that can be searched; found one that cannot be opened "
            f"({str(error).splitlines()[0]}). Close what has it open, such as a notebook, or take it away; then go on "
            "with `suara forget`."
        ) from error
    with con:
        con.execute("set TimeZone = 'UTC'")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() order by all"
        ).fetchall()
        for schema, table in tables:
            found |= _search_relation(con, f'"{schema}"."{table}"', traces)
    return found


_TEXT = re.compile(r"VARCHAR|JSON|BLOB|UNION|MAP")


def _search_relation(con: duckdb.DuckDBPyConnection, relation: str, traces: Traces) -> set[bytes]:
    columns = con.execute(f"describe select * from {relation}").fetchall()
    shown = []
    for name, kind, *_ in columns:
        quoted = '"' + name.replace('"', '""') + '"'
        if kind == "VARCHAR":
            shown.append(quoted)
        elif _TEXT.search(kind):
            shown.append(f"cast(to_json({quoted}) as varchar)")
    if not shown:
        return set()
    found: set[bytes] = set()
    result = con.execute(f"select concat_ws(chr(10), {', '.join(shown)}) from {relation}")
    while rows := result.fetchmany(20_000):
        found |= traces.search("\n".join(row[0] for row in rows if row[0]).encode("utf-8", "surrogateescape"))
    return found
