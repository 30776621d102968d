"""An account's repository as Bluesky hands it out (CAR): a file of blocks, and the tree of records in it.

Belongs here: the frame of a CAR file, whether a block is what its address says, the way from the commit to the records.
Does not belong here: what a record means (`bluesky`). The blocks themselves are decoded by libipld.

A block's address is the SHA-256 of its bytes, so a damaged block is known for certain. Format: CAR version 1,
repository version 3 (also 2), as atproto.com specifies them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from libipld import decode_dag_cbor

from orchestration.contract import InputError

# A repository is held in memory whole while its tree is walked. Bluesky's own servers refuse larger ones in one piece.
MAX_REPOSITORY_BYTES = 1 << 30
# CIDv1, DAG-CBOR, SHA-256 of 32 bytes: the only addresses that a repository uses for records and its tree.
_CID_PREFIX = bytes.fromhex("01711220")
_CID_BYTES = len(_CID_PREFIX) + 32
# A tree over as many records as fit into a file of the largest size is 20 levels deep; a cycle is deeper.
_MAX_DEPTH = 64
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_NEXT_STEP = "Download the repository again (com.atproto.sync.getRepo) and hand that over."


@dataclass(frozen=True)
class Repository:
    """What a CAR file says of an account.

    Attributes:
        did: The account.
        revised_at: The time of the last change, from the commit; None when it states none.
        records: Path (`collection/key`) and record of each, in the order of the paths; None where its block is missing
            or damaged.
    """

    did: str
    revised_at: datetime | None
    records: tuple[tuple[str, dict[str, Any] | None], ...]


def is_repository(head: bytes) -> bool:
    """Whether a file begins as a CAR of version 1 does: a length, then a map with `roots` and `version`."""
    try:
        length, begin = _varint(head, 0)
        header = decode_dag_cbor(head[begin : begin + length])
    except (ValueError, IndexError):
        return False
    return isinstance(header, dict) and header.get("version") == 1 and bool(header.get("roots"))


def read_repository(path: Path, name: str, collections: frozenset[str]) -> Repository:
    """Read the records of some collections.

    Args:
        name: The file as the user knows it.

    Raises:
        InputError: No repository, cut, too large, or a part of its tree is missing or damaged.
    """
    size = path.stat().st_size
    if size > MAX_REPOSITORY_BYTES:
        raise _refusal(name, f"at most {MAX_REPOSITORY_BYTES:,} bytes", f"{size:,}", "too_large")
    content = path.read_bytes()
    length, begin = _varint(content, 0)
    root = decode_dag_cbor(content[begin : begin + length])["roots"][0]
    blocks = dict(_blocks(content, begin + length, name))
    commit = _block(blocks, root, name, "the commit")
    if not isinstance(commit.get("did"), str) or "data" not in commit:
        raise _refusal(name, "a commit that names its account and its records", "none", "no_commit")
    records = tuple(
        (key, _record(blocks, cid))
        for key, cid in _walk(blocks, commit["data"], name)
        if key.partition("/")[0] in collections
    )
    return Repository(commit["did"], _time_of(commit.get("rev")), records)


def _refusal(name: str, expected: str, found: str, code: str, record: str | None = None) -> InputError:
    return InputError(file=name, record=record, expected=expected, found=found, next_step=_NEXT_STEP, code=code)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    number = shift = 0
    while True:
        byte = content[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
        if shift > 56:
            raise ValueError("a number of more than eight bytes")


def _blocks(content: bytes, at: int, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Address and bytes of each block that is what its address says; others are left out, as if they were missing."""
    while at < len(content):
        first = at
        try:
            length, at = _varint(content, at)
        except (IndexError, ValueError) as error:
            raise _refusal(name, "the length of a block", "none", "cut_file", f"byte {first:,}") from error
        block = content[at : at + length]
        if len(block) < length or length < _CID_BYTES:
            found = f"{len(content) - at:,} bytes to the end of the file"
            raise _refusal(name, f"a block of {length:,} bytes", found, "cut_file", f"byte {first:,}")
        at += length
        cid, data = block[:_CID_BYTES], block[_CID_BYTES:]
        if cid.startswith(_CID_PREFIX) and hashlib.sha256(data).digest() == cid[len(_CID_PREFIX) :]:
            yield cid, data


def _block(blocks: dict[bytes, bytes], cid: Any, name: str, what: str) -> dict[str, Any]:
    """A block of the tree. One that is missing hides records without a trace, so nothing else of the file counts."""
    data = blocks.get(cid) if isinstance(cid, bytes) else None
    if data is None:
        raise _refusal(
            name, f"a whole tree of records, with {what}", "a block that is missing or damaged", "broken_tree"
        )
    try:
        value = decode_dag_cbor(data)
    except ValueError as error:
        raise _refusal(name, f"{what} in DAG-CBOR", str(error), "broken_tree") from error
    if not isinstance(value, dict):
        raise _refusal(name, f"{what} as a map", type(value).__name__, "broken_tree")
    return value


def _walk(blocks: dict[bytes, bytes], root: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Path and address of each record, in order. Each entry tells how much of its path the one before it has."""

    def below(cid: Any, depth: int) -> Iterator[tuple[str, Any]]:
        if depth > _MAX_DEPTH:
            raise _refusal(name, f"a tree of at most {_MAX_DEPTH} levels", "a deeper one", "broken_tree")
        node = _block(blocks, cid, name, "every node")
        if node.get("l") is not None:
            yield from below(node["l"], depth + 1)
        path = b""
        try:
            entries = [(entry["p"], entry["k"], entry["v"], entry.get("t")) for entry in node["e"]]
            for shared, rest, value, right in entries:
                path = path[:shared] + rest
                yield path.decode("ascii"), value
                if right is not None:
                    yield from below(right, depth + 1)
        except (KeyError, TypeError, UnicodeDecodeError) as error:
            raise _refusal(name, "a node as the specification describes it", repr(error), "broken_tree") from error

    yield from below(root, 1)


def _record(blocks: dict[bytes, bytes], cid: Any) -> dict[str, Any] | None:
    data = blocks.get(cid) if isinstance(cid, bytes) else None
    if data is None:
        return None
    try:
        value = decode_dag_cbor(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _time_of(tid: Any) -> datetime | None:
    """The time in an identifier of 13 characters: 53 bits of microseconds, 10 bits of a clock's name."""
    if not isinstance(tid, str) or len(tid) != 13 or any(character not in _TID for character in tid):
        return None
    number = 0
    for character in tid:
        number = number << 5 | _TID.index(character)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=(number >> 10) & ((1 << 53) - 1))
