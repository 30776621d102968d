"""What an X archive holds beside posts is not kept: direct messages, contacts, addresses, advertising data.

Belongs here: which members of an archive are stored. Does not belong here: how they are read (`connectors.x_archive`).

An archive is asked for whole, since its owner cannot choose; what no reader reads serves no purpose here. So it is told
by what is kept, not by what is left out: a kind of file that X invents next year is not kept either.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import PurePosixPath

from orchestration.connectors.files import CaptureFiles
from orchestration.deletion.json_posts import Names, Removed
from orchestration.deletion.rewriting import rewrite
from orchestration.warehouse.ledger import CaptureEntry, Ledger, digest_of, now, write_json

SOURCE = "x_archive"
LEFT_OUT = "left_out"
# What the reader of archives opens, and what tells a person about the file.
_KEPT = re.compile(r"(tweets?|note-tweets?|deleted-tweets?|tweet-headers?)(-part\d+)?\.js|(account|manifest)\.js", re.I)
# Pictures of posts; they go with their post when it is deleted.
_POSTS_MEDIA = re.compile(r"(deleted_)?tweets?_media")


def unread_members(files: CaptureFiles) -> list[str]:
    """Members of an X archive that no reader opens and that are no picture of a post."""
    names = [PurePosixPath(member.name) for member in files.members()]
    folders = {path.parent for path in names if _KEPT.fullmatch(path.name) and path.name != "account.js"}
    found = []
    for path in names:
        if path.parent in folders:
            if path.suffix.lower() == ".js" and not _KEPT.fullmatch(path.name):
                found.append(str(path))
        elif path.parent.parent in folders and not _POSTS_MEDIA.fullmatch(path.parent.name):
            found.append(str(path))
    return found


def leave_out_unread(ledger: Ledger, entry: CaptureEntry) -> int:
    """Store an archive without what no reader opens; a receipt names what was left out.

    Returns:
        How many members were left out.
    """
    if entry.source != SOURCE or entry.stored_sha256 is not None:
        return 0
    stored = ledger.stored_path(entry)
    with CaptureFiles(stored) as files:
        if files.kind == "file":
            return 0
        unread = unread_members(files)
        sizes = {name: files.member(name).byte_size for name in unread}
    if not unread:
        return 0
    new = stored.with_name(f".new-{stored.name}")
    out = set(unread)
    if not rewrite(stored, new, Names(), Removed(), drop=lambda name: name in out):
        return 0
    sha256 = digest_of(new)
    if new.is_dir():
        old = stored.with_name(f".old-{stored.name}")
        os.replace(stored, old)
        os.replace(new, stored)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(new, stored)
    entry.stored_sha256 = sha256
    ledger.write_capture(entry)
    receipt_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{LEFT_OUT}"
    write_json(
        ledger.data_dir.receipts / f"{receipt_id}.json",
        {
            "receipt_id": receipt_id,
            "kind": LEFT_OUT,
            "reason": "no reader opens them: stored are posts, long texts, deletions, owner and manifest",
            "finished_at": now(),
            "capture_id": entry.capture_id,
            "file_name": entry.file_name,
            "old_sha256": entry.capture_id,
            "new_sha256": sha256,
            "members": sizes,
        },
    )
    return len(unread)
