"""What an X archive holds beside posts is not kept: direct messages, contacts, addresses, texts of deleted posts.

Belongs here: which members of an archive are stored, and what of them. Does not belong here: how they are read
(`connectors.x_archive`).

An archive is asked for whole, since its owner cannot choose; what no reader reads serves no purpose here. So it is told
by what is kept, not by what is left out: a kind of file, or a field of the owner, that X invents next year is not kept
either.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from orchestration.connectors.files import CaptureFiles, encoding_of
from orchestration.contract import fsync_directory
from orchestration.deletion.json_posts import TOLD_KEYS, Names, Removed
from orchestration.deletion.rewriting import JS_PREFIX, chunks, rewrite, values_in
from orchestration.warehouse.ledger import CaptureEntry, Ledger, digest_of, now, write_json

SOURCE = "x_archive"
LEFT_OUT = "left_out"
# Raised when less is kept than before: the next run applies it to archives that are stored already. 1 left members out
# (2026-11-26), 2 leaves fields of the owner and the texts and pictures of deleted posts out, too (2026-11-27).
RULE = 2
# What the reader of archives opens, and what tells a person about the file.
_KEPT = re.compile(r"(tweets?|note-tweets?|deleted-tweets?|tweet-headers?)(-part\d+)?\.js|(account|manifest)\.js", re.I)
# Pictures of posts; they go with their post when it is deleted.
_POSTS_MEDIA = re.compile(r"tweets?_media")
# Members of which only these fields are kept, by the object that has them.
_FIELDS = (
    (re.compile(r"account\.js", re.I), "account", ("username", "accountId", "createdAt", "accountDisplayName")),
    (re.compile(r"deleted-tweets?(-part\d+)?\.js", re.I), "tweet", TOLD_KEYS),
)

_REASON = (
    "no reader opens it: stored are posts, long texts, which posts were deleted when, the manifest, and of the owner "
    "id, names and date"
)


def unread_members(files: CaptureFiles) -> list[str]:
    """Members of an X archive that no reader opens and that are no picture of a post."""
    names = [PurePosixPath(member.name) for member in files.members()]
    folders = _folders(names)
    found = []
    for path in names:
        if path.parent in folders:
            if path.suffix.lower() == ".js" and not _KEPT.fullmatch(path.name):
                found.append(str(path))
        elif path.parent.parent in folders and not _POSTS_MEDIA.fullmatch(path.parent.name):
            found.append(str(path))
    return found


def reduced_members(files: CaptureFiles) -> dict[str, bytes]:
    """Members that hold more than readers open, as they are stored: the same form with fewer fields."""
    names = [PurePosixPath(member.name) for member in files.members()]
    folders = _folders(names)
    found = {}
    for path in names:
        for pattern, wrapper, fields in _FIELDS:
            if path.parent in folders and pattern.fullmatch(path.name):
                delivered = b"".join(chunks(files, str(path)))
                stored = _reduced(delivered, wrapper, fields)
                if stored != delivered:
                    found[str(path)] = stored
    return found


def _folders(names: list[PurePosixPath]) -> set[PurePosixPath]:
    return {path.parent for path in names if _KEPT.fullmatch(path.name) and path.name != "account.js"}


def _reduced(delivered: bytes, wrapper: str, fields: tuple[str, ...]) -> bytes:
    """Every record with these fields only; what is no record is left out. Unchanged when nothing more is in it."""
    encoding, mark = encoding_of(delivered[:4096])
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    text = delivered[mark:].decode(codec, "surrogateescape")
    has_more, records = False, []
    for value in values_in(text):
        inner = value.get(wrapper) if isinstance(value, dict) else None
        record: dict[str, Any] = inner if isinstance(inner, dict) else value if isinstance(value, dict) else {}
        kept = {name: record[name] for name in fields if name in record}
        has_more = has_more or kept != record or (record is inner and len(value) > 1) or not isinstance(value, dict)
        if kept:
            records.append({wrapper: kept} if record is inner else kept)
    if not has_more:
        return delivered
    prefix = JS_PREFIX.match(text)
    written = (prefix[0] if prefix else "") + json.dumps(records, ensure_ascii=False, indent=1)
    return delivered[:mark] + written.encode(codec, "surrogateescape")


def leave_out_unread(ledger: Ledger, entry: CaptureEntry) -> int:
    """Store an archive without what no reader opens; a receipt names what was left out.

    Each step can be done again: whatever a killed process left, the next one brings to its end.

    Returns:
        How many members were left out, or hold less now.
    """
    if entry.source != SOURCE or entry.left_out_by == RULE:
        return 0
    stored = ledger.stored_path(entry)
    new, old = stored.with_name(f".new-{stored.name}"), stored.with_name(f".old-{stored.name}")
    if old.is_dir() and not stored.exists():
        os.replace(old, stored)
    for left in (new, old):
        if left.is_dir():
            shutil.rmtree(left)
        left.unlink(missing_ok=True)
    if not stored.exists():
        return 0
    out: dict[str, int] = {}
    reduced: dict[str, bytes] = {}
    with CaptureFiles(stored) as files:
        if files.kind != "file":
            out = {name: files.member(name).byte_size for name in unread_members(files)}
            reduced = reduced_members(files)
    sha256 = before = digest_of(stored)
    if out or reduced:
        rewrite(stored, new, Names(), Removed(), drop=lambda name: name in out, instead=reduced)
        sha256 = digest_of(new)
        receipt_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{LEFT_OUT}"
        # before it is done: a process that is killed behind it leaves a second receipt, not none
        write_json(
            ledger.data_dir.receipts / f"{receipt_id}.json",
            {
                "receipt_id": receipt_id,
                "kind": LEFT_OUT,
                "reason": _REASON,
                "finished_at": now(),
                "capture_id": entry.capture_id,
                "file_name": entry.file_name,
                "old_sha256": before,
                "new_sha256": sha256,
                "members": out,
                "reduced_members": sorted(reduced),
            },
        )
        if new.is_dir():
            os.replace(stored, old)
        os.replace(new, stored)
        fsync_directory(stored.parent)
        shutil.rmtree(old, ignore_errors=True)
    if sha256 != entry.capture_id:
        entry.stored_sha256 = sha256
    entry.left_out_by = RULE
    ledger.write_capture(entry)
    return len(out) + len(reduced)
