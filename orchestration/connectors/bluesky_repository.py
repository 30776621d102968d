"""An account's repository as Bluesky hands it out (CAR): a file of blocks, and the tree of records in it.

Belongs here: the frame of a CAR file, whether a block is what its address says, the way from the commit to the records,
and a repository without some of them.
Does not belong here: what a record means (`bluesky`). The blocks themselves are decoded and encoded by libipld.

A block's address is the SHA-256 of its bytes, so a damaged block is known for certain. Format: CAR version 1,
repository version 3 (also 2), as atproto.com specifies them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from libipld import decode_dag_cbor, encode_dag_cbor

from orchestration.contract import InputError

# A repository is held in memory whole while its tree is walked. Bluesky's own servers refuse larger ones in one piece.
MAX_REPOSITORY_BYTES = 1 << 30
_CHUNK = 1 << 20
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


def content_of(stream: BinaryIO, name: str) -> bytes:
    """The bytes of a file, if they are not more than a repository has.

    Raises:
        InputError: They are more.
    """
    pieces, size = [], 0
    while piece := stream.read(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_REPOSITORY_BYTES:
            raise _refusal(name, f"at most {MAX_REPOSITORY_BYTES:,} bytes", "more", "too_large")
    return b"".join(pieces)


def read_repository(content: bytes, name: str, collections: frozenset[str] | None = None) -> Repository:
    """Read the records of some collections, or of all.

    Args:
        name: The file as the user knows it.

    Raises:
        InputError: No repository, cut, or a part of its tree is missing or damaged.
    """
    header, frames = _frames_of(content, name)
    blocks, commit = _opened(header, frames, name)
    records = tuple(
        (key, _record(blocks, cid))
        for key, cid in _walk(blocks, commit["data"], name)
        if collections is None or key.partition("/")[0] in collections
    )
    return Repository(commit["did"], _time_of(commit.get("rev")), records)


def without_records(
    content: bytes, name: str, gone: Collection[str], changed: Mapping[str, dict[str, Any]]
) -> Iterator[bytes | memoryview]:
    """The bytes of a repository without some records, piece by piece.

    The address of a record is a hash of what it says: whoever guesses a short text can confirm it by that hash. So no
    address of it is left. The tree is built over the paths that stay, as the account's server builds it after a
    deletion, and the commit names that tree. Its signature is left out: it vouches for the tree that held the record.
    Every other block keeps its bytes, a damaged one too. What no path leads to is left out.

    Args:
        gone: Paths of records that go.
        changed: Records that are written anew, by their paths.

    Raises:
        InputError: As `read_repository`.
    """
    header, frames = _frames_of(content, name)
    blocks, commit = _opened(header, frames, name)
    fresh: dict[bytes, bytes] = {}

    def put(value: Any) -> bytes:
        data = encode_dag_cbor(value)
        cid = _CID_PREFIX + hashlib.sha256(data).digest()
        fresh[cid] = data
        return cid

    entries = [
        (key.encode("ascii"), put(changed[key]) if key in changed else cid)
        for key, cid in _walk(blocks, commit["data"], name)
        if key not in gone
    ]
    unsigned = {key: value for key, value in commit.items() if key != "sig"}
    root = put({**unsigned, "data": _tree(entries, put), "prev": None})
    yield _framed(encode_dag_cbor({**header, "roots": [root]}))
    for cid, data in reversed(fresh.items()):
        if cid not in blocks:
            yield _framed(cid + data)
    stays = fresh.keys() | {cid for _, cid in entries}
    yield from (frame.whole for frame in frames if frame.cid in stays)


def _tree(entries: Sequence[tuple[bytes, Any]], put: Callable[[Any], bytes]) -> bytes:
    """The address of the tree over paths in their order; `put` takes each node and tells its address.

    How high a path stands follows from its hash, so there is one tree for the same paths, on every server.
    """
    heights = [_height(key) for key, _ in entries]

    def node(begin: int, end: int, level: int) -> bytes | None:
        if begin == end:
            return None
        here = [number for number in range(begin, end) if heights[number] == level]
        items, before = [], b""
        for number, stop in zip(here, [*here[1:], end], strict=False):  # a node may hold no path itself
            key, value = entries[number]
            same = (at for at, pair in enumerate(zip(before, key, strict=False)) if pair[0] != pair[1])
            shared = next(same, min(len(before), len(key)))
            items.append({"p": shared, "k": key[shared:], "v": value, "t": node(number + 1, stop, level - 1)})
            before = key
        return put({"l": node(begin, here[0] if here else end, level - 1), "e": items})

    return node(0, len(entries), max(heights, default=0)) or put({"l": None, "e": []})


def _height(key: bytes) -> int:
    """The level of a path: pairs of zero bits at the beginning of its SHA-256."""
    return (256 - int.from_bytes(hashlib.sha256(key).digest()).bit_length()) // 2


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


def _framed(block: bytes) -> bytes:
    """A block behind its length."""
    length, number = bytearray(), len(block)
    while number > 0x7F:
        length.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*length, number]) + block


@dataclass(frozen=True)
class _Frame:
    """A block as it lies in the file: the address that it states, its bytes, and both behind their length."""

    cid: bytes
    data: bytes
    whole: memoryview


def _frames_of(content: bytes, name: str) -> tuple[dict[str, Any], list[_Frame]]:
    """The header of a CAR file, and its blocks, whether they are what their addresses say or not."""
    length, begin = _varint(content, 0)
    header = decode_dag_cbor(content[begin : begin + length])
    return header, list(_frames(content, begin + length, name))


def _frames(content: bytes, at: int, name: str) -> Iterator[_Frame]:
    view = memoryview(content)
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
        yield _Frame(block[:_CID_BYTES], block[_CID_BYTES:], view[first:at])


def _opened(header: Mapping[str, Any], frames: list[_Frame], name: str) -> tuple[dict[bytes, bytes], dict[str, Any]]:
    """The blocks that are what their addresses say, others left out as if they were missing; and the commit."""
    blocks = {
        frame.cid: frame.data
        for frame in frames
        if frame.cid.startswith(_CID_PREFIX) and hashlib.sha256(frame.data).digest() == frame.cid[len(_CID_PREFIX) :]
    }
    commit = _block(blocks, header["roots"][0], name, "the commit")
    if not isinstance(commit.get("did"), str) or "data" not in commit:
        raise _refusal(name, "a commit that names its account and its records", "none", "no_commit")
    return blocks, commit


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
