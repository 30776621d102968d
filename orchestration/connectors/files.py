"""Safe access to the bytes of a capture: a single file, a zip or a folder, plain or compressed.

Belongs here: listing members, reading a bounded head, streaming copies, encodings, and every refusal of a
container that is broken or hostile.
Does not belong here: what the bytes mean; JSON, CSV and the formats of sources.
"""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import zstandard

from orchestration.contract import InputError

CHUNK = 1 << 20
# Enough to see the first record of every format we read; detection never reads more of a member.
HEAD_BYTES = 1 << 20

# Limits. An X archive states a part size of 50 GB, media included; its texts are a small part of that.
# 16 GiB of one text member is about 8 million posts as X prints them: more than any account has written.
MAX_MEMBER_BYTES = 16 << 30
# All that one capture may unpack to. Twenty thousand members of a large archive stay far below it.
MAX_UNPACKED_BYTES = 64 << 30
MAX_MEMBERS = 500_000
# Six real exports pack 5 to 13 times as a whole, their best single member 19 times, a file of one post
# repeated 184 times (measured); a bomb of deflate alone reaches 1,000. Below 16 MiB the ratio does no harm.
MAX_EXPANSION = 500
EXPANSION_FREE_BYTES = 16 << 20

_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 1 << 27  # memory for one stream; the zstd command refuses more unless told otherwise, too
# What operating systems leave in archives and folders; never part of an export.
_LITTER = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$|\.git/)")
_JS_PREFIX = re.compile(rb"\s*(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*\s*=\s*")

_BOMS = (  # the longer ones first: a UTF-32 mark begins with a UTF-16 one
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Member:
    """One file of a capture; `byte_size` as stored for plain files, unpacked for members of a zip."""

    name: str
    byte_size: int


@dataclass(frozen=True)
class Extracted:
    """A member as plain UTF-8 on disk.

    Attributes:
        path: Where it lies; the delivered file itself when nothing had to be changed.
        encoding: As delivered.
        skipped_bytes: Length of the prefix that was taken off, to tell byte positions as delivered.
        is_temporary: Whether `path` is a copy that may be deleted.
    """

    path: Path
    encoding: str
    skipped_bytes: int
    is_temporary: bool

    def release(self) -> None:
        """Delete the copy, if it is one."""
        if self.is_temporary:
            self.path.unlink(missing_ok=True)


def encoding_of(head: bytes) -> tuple[str, int]:
    """The Unicode encoding that a head shows, and the length of its byte order mark.

    Without a mark, JSON and JavaScript begin with two ASCII characters, so the place of zero bytes tells
    UTF-16 from UTF-8. Whether the rest is valid is found out when it is read.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    if len(head) >= 4:
        if head[0] and not head[1] and head[2] and not head[3]:
            return "utf-16-le", 0
        if not head[0] and head[1] and not head[2] and head[3]:
            return "utf-16-be", 0
    return "utf-8", 0


class CaptureFiles:
    """The members of one capture, in sorted order, and safe ways to read them.

    Args:
        path: A file, a zip file or a folder, as delivered.

    Raises:
        InputError: The container is empty, broken, encrypted, or not safe to unpack.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self._zip: zipfile.ZipFile | None = None
        self._unpacked = 0
        self.memo: dict[Any, Any] = {}  # what detection found out about members, so that it is found out once
        if path.is_dir():
            self.kind = "folder"
            self._members = self._list_folder()
        elif not path.is_file():
            raise InputError(
                file=str(path),
                expected="a file or a folder",
                found="nothing there" if not path.exists() else "neither a file nor a folder",
                next_step="Check the path.",
                code="missing_file",
            )
        else:
            self.byte_size = path.stat().st_size
            if self.byte_size == 0:
                raise InputError(
                    file=self.name,
                    expected="an export",
                    found="an empty file (0 bytes)",
                    next_step="Download or copy it again.",
                    code="empty_file",
                )
            with path.open("rb") as handle:
                magic = handle.read(4)
            if magic in _ZIP_MAGICS:
                self.kind = "zip"
                self._members = self._list_zip()
                if "xl/workbook.xml" in self._members:
                    # a workbook is a zip by its bytes, a single file to everybody who holds one
                    self.close()
                    self._zip = None
                    self.kind = "file"
                    self._members = {self.name: Member(self.name, self.byte_size)}
            else:
                self.kind = "file"
                self._members = {self.name: Member(self.name, self.byte_size)}
        if not self._members:
            raise InputError(
                file=self.name,
                expected="an export with at least one file in it",
                found=f"an empty {self.kind}",
                next_step="Download or copy it again.",
                code="empty_file",
            )
        self.byte_size = (
            sum(member.byte_size for member in self._members.values()) if self.kind == "folder" else self.byte_size
        )

    def __enter__(self) -> CaptureFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the zip, if it is one."""
        if self._zip is not None:
            self._zip.close()

    def members(self) -> tuple[Member, ...]:
        """All members, sorted by name."""
        return tuple(self._members.values())

    def has(self, name: str) -> bool:
        return name in self._members

    def member(self, name: str) -> Member:
        return self._members[name]

    def _refuse(self, code: str, member: str, expected: str, found: str, next_step: str) -> InputError:
        file = self.name if member == self.name else f"{self.name}: {member}"
        return InputError(file=file, expected=expected, found=found, next_step=next_step, code=code)

    def _list_folder(self) -> dict[str, Member]:
        members: dict[str, Member] = {}
        pending = [self.path]
        while pending:
            for entry in sorted(pending.pop().iterdir()):
                name = entry.relative_to(self.path).as_posix()
                if _LITTER.search(f"{name}/" if entry.is_dir() else name):
                    continue
                if entry.is_symlink():
                    raise self._refuse(
                        "symlink",
                        name,
                        "files and folders only",
                        "a symbolic link",
                        "Replace the link by the file it points to.",
                    )
                if entry.is_dir():
                    pending.append(entry)
                elif entry.is_file():
                    members[name] = Member(name, entry.stat().st_size)
                else:
                    raise self._refuse(
                        "special_file",
                        name,
                        "files and folders only",
                        "a device, pipe or socket",
                        "Remove it from the folder.",
                    )
                if len(members) > MAX_MEMBERS:
                    raise self._too_many_members()
        return dict(sorted(members.items()))

    def _too_many_members(self) -> InputError:
        return self._refuse(
            "too_many_members",
            self.name,
            f"at most {MAX_MEMBERS:,} files",
            "more",
            "Hand over the export itself, not a folder that holds much else.",
        )

    def _list_zip(self) -> dict[str, Member]:
        try:
            self._zip = zipfile.ZipFile(self.path)
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, EOFError, ValueError, OSError, NotImplementedError) as error:
            raise self._refuse(
                "truncated_zip",
                self.name,
                "a whole zip file",
                f"one whose list of contents cannot be read ({error})",
                "It was probably cut off while downloading: download it again.",
            ) from error
        if len(entries) > MAX_MEMBERS:
            raise self._too_many_members()
        members: dict[str, Member] = {}
        for entry in entries:
            name = entry.filename.replace("\\", "/")
            self._check_zip_entry(entry, name)
            if entry.is_dir() or name.endswith("/") or _LITTER.search(name):
                continue
            if name in members:
                raise self._refuse(
                    "duplicate_member",
                    name,
                    "each name once",
                    "two members of the same name",
                    "Pack the export again.",
                )
            members[name] = Member(name, entry.file_size)
        self._check_expansion(self.name, sum(entry.file_size for entry in entries), self.byte_size)
        return dict(sorted(members.items()))

    def _check_zip_entry(self, entry: zipfile.ZipInfo, name: str) -> None:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
            raise self._refuse(
                "unsafe_path",
                name,
                "paths inside the archive",
                "a path that leads out of it",
                "Do not unpack this file; ask where it comes from.",
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise self._refuse(
                "symlink",
                name,
                "files and folders only",
                "a symbolic link",
                "Do not unpack this file; ask where it comes from.",
            )
        if entry.flag_bits & 0x1:
            raise self._refuse(
                "encrypted_zip",
                name,
                "an archive without a password",
                "an encrypted member",
                "Unpack it with its password and hand over the folder.",
            )
        self._check_expansion(name, entry.file_size, entry.compress_size)

    def _check_expansion(self, name: str, unpacked: int, packed: int) -> None:
        if unpacked > EXPANSION_FREE_BYTES and unpacked > packed * MAX_EXPANSION:
            raise self._refuse(
                "zip_bomb",
                name,
                f"at most {MAX_EXPANSION} times the packed size (real exports pack 5 to 13 times)",
                f"{unpacked:,} bytes or more out of {packed:,}",
                "Do not unpack this file; ask where it comes from.",
            )

    def _check_size(self, name: str, unpacked: int) -> None:
        if unpacked > MAX_MEMBER_BYTES:
            raise self._refuse(
                "too_large",
                name,
                f"at most {MAX_MEMBER_BYTES:,} bytes in one member",
                f"{unpacked:,} bytes or more",
                "Split it into smaller files.",
            )

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Yield the unpacked bytes of a member as a stream, guarded against bombs and broken containers."""
        member = self._members[name]
        packed = self._packed_size(member)
        self._check_size(name, member.byte_size)
        with ExitStack() as stack:
            with self._explaining(name):
                raw = stack.enter_context(self._open_packed(name))
                magic = raw.read(4)
                raw.seek(0)
                stream: BinaryIO = raw
                if magic[:2] == _GZIP_MAGIC:
                    stream = gzip.GzipFile(fileobj=raw)  # type: ignore[assignment]
                elif magic == _ZSTD_MAGIC:
                    reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
                    stream = reader.stream_reader(raw, read_across_frames=True)  # type: ignore[assignment]
            yield _Guarded(self, name, stream, packed)  # type: ignore[misc]

    def _open_packed(self, name: str) -> BinaryIO:
        if self._zip is None:
            return self._on_disk(name).open("rb")
        return self._zip.open(self._zip_name(name))  # type: ignore[return-value]

    def _packed_size(self, member: Member) -> int:
        if self._zip is None:
            return member.byte_size
        return self._zip.getinfo(self._zip_name(member.name)).compress_size

    def _on_disk(self, name: str) -> Path:
        return self.path if self.kind == "file" else self.path / name

    def _is_packed(self, name: str) -> bool:
        if self._zip is not None:
            return True
        with self._on_disk(name).open("rb") as handle:
            magic = handle.read(4)
        return magic[:2] == _GZIP_MAGIC or magic == _ZSTD_MAGIC

    def _zip_name(self, name: str) -> str:
        assert self._zip is not None
        if name in self._zip.NameToInfo:
            return name
        return next(entry for entry in self._zip.namelist() if entry.replace("\\", "/") == name)

    @contextmanager
    def _explaining(self, name: str) -> Iterator[None]:
        try:
            yield
        except InputError:
            raise
        except (
            zipfile.BadZipFile,
            EOFError,
            zlib.error,
            zstandard.ZstdError,
            gzip.BadGzipFile,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise self._refuse(
                "broken_container",
                name,
                "packed data that can be unpacked to its end",
                f"{type(error).__name__}: {error}"[:200],
                "It was probably cut off or changed on the way: download or copy it again.",
            ) from error

    def packed_head(self, name: str) -> bytes:
        """The first bytes of a member before it is unpacked by gzip or zstd, to tell how it was packed."""
        with self._explaining(name), self._open_packed(name) as raw:
            return raw.read(4)

    def head(self, name: str, limit: int = HEAD_BYTES) -> bytes:
        """The first bytes of a member, unpacked."""
        with self.open(name) as stream:
            return stream.read(limit)

    def head_text(self, name: str, limit: int = HEAD_BYTES) -> str:
        """The first bytes of a member as text, for looking at only: undecodable bytes are shown as U+FFFD."""
        head = self.head(name, limit)
        encoding, mark = encoding_of(head)
        return head[mark:].decode("utf-8" if encoding == "utf-8-sig" else encoding, errors="replace")

    def extract(self, name: str, into: Path, strip_prefix: bool = False) -> Extracted:
        """Make a member available as plain UTF-8 on disk, by one streaming copy, or none where it already is.

        Args:
            name: The member.
            into: A folder for the copy.
            strip_prefix: Take off a JavaScript assignment (`window.YTD.tweets.part0 = `) and a closing `;`.

        Raises:
            InputError: The member is broken, too large, or not valid in its own encoding.
        """
        head = self.head(name, CHUNK)
        encoding, mark = encoding_of(head)
        has_prefix = strip_prefix and _JS_PREFIX.match(head[mark:]) is not None
        if not self._is_packed(name) and encoding == "utf-8" and not has_prefix:
            self._check_size(name, self._members[name].byte_size)
            return Extracted(self._on_disk(name), encoding, 0, False)
        into.mkdir(parents=True, exist_ok=True)
        target = into / re.sub(r"[^A-Za-z0-9._-]", "_", name)[-80:]
        number = 0
        while target.exists():
            number += 1
            target = into / f"{number}_{target.name}"
        skipped = 0
        try:
            with self.open(name) as stream, target.open("xb") as out:
                chunks = self._as_utf8(name, stream, encoding, mark)
                first = next(chunks, b"")
                if strip_prefix and (match := _JS_PREFIX.match(first)):
                    skipped = match.end()
                    first = first[skipped:]
                for chunk in itertools.chain((first,), chunks):
                    self._count_unpacked(name, len(chunk))
                    out.write(chunk)
            if strip_prefix:
                _cut_closing_semicolon(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return Extracted(target, encoding, skipped + (mark if encoding == "utf-8-sig" else 0), True)

    def _as_utf8(self, name: str, stream: BinaryIO, encoding: str, mark: int) -> Iterator[bytes]:
        stream.read(mark)
        if encoding in ("utf-8", "utf-8-sig"):
            while chunk := stream.read(CHUNK):
                yield chunk
            return
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        position = mark
        while True:
            chunk = stream.read(CHUNK)
            try:
                yield decoder.decode(chunk, final=not chunk).encode("utf-8")
            except UnicodeError as error:
                at = position + getattr(error, "start", 0)
                raise self._refuse(
                    "wrong_encoding",
                    name,
                    f"valid {encoding}, as its first bytes say",
                    f"bytes near position {at:,} that are not ({error})"[:200],
                    "Save the file as UTF-8 in the program that wrote it.",
                ) from error
            position += len(chunk)
            if not chunk:
                return

    def _check_unpacked(self, name: str, total: int, packed: int) -> None:
        self._check_expansion(name, total, packed)
        self._check_size(name, total)

    def _count_unpacked(self, name: str, size: int) -> None:
        self._unpacked += size
        if self._unpacked > MAX_UNPACKED_BYTES:
            raise self._refuse(
                "too_large",
                name,
                f"at most {MAX_UNPACKED_BYTES:,} bytes unpacked in one capture",
                "more",
                "Split the export into smaller captures.",
            )


class _Guarded(io.RawIOBase):
    """A stream that counts what really comes out, and explains what goes wrong on the way."""

    def __init__(self, files: CaptureFiles, name: str, stream: BinaryIO, packed: int) -> None:
        self._files, self._name, self._stream, self._packed = files, name, stream, packed
        self._total = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size is None or size < 0:
            raise ValueError("read a bounded number of bytes")
        pieces: list[bytes] = []
        wanted = size
        with self._files._explaining(self._name):
            while wanted:  # some decompressors return less than asked for before the end
                piece = self._stream.read(wanted)
                if not piece:
                    break
                pieces.append(piece)
                wanted -= len(piece)
                self._total += len(piece)
                self._files._check_unpacked(self._name, self._total, self._packed)
        return b"".join(pieces)


def _cut_closing_semicolon(path: Path) -> None:
    with path.open("r+b") as handle:
        size = handle.seek(0, io.SEEK_END)
        handle.seek(max(0, size - 64))
        tail = handle.read()
        kept = tail.rstrip(b"; \t\r\n")
        if b";" in tail[len(kept) :]:
            handle.truncate(size - len(tail) + len(kept))
