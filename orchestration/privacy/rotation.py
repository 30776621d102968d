"""Another key: every pseudonym becomes another, and what was made with the old ones stays joined.

Belongs here: exchanging the key of a data folder, and rewriting the keys of posts in what a run cannot make again.
Does not belong here: everything that a run makes anew (the next one does).

Two things remember posts by their keys and cannot be built again: the codes that people gave (`coding/`), and what
earlier versions of the codebook made of posts (`int_codebook__codings`). Both are rewritten, from the native ids that
the warehouse holds. A rotation that was interrupted goes on with the key that it had made; until it has, no run uses
the old one beside codes that have the new one.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from orchestration.contract import DataDir, SuaraError, fsync_directory, replacing
from orchestration.privacy.key import KEY_BYTES, PseudonymKey, key_of, read_key, remember, write_key
from orchestration.warehouse.candidate import WarehouseStore

_KEYS = re.compile(r"\b[0-9a-f]{32}\b")


@dataclass(frozen=True)
class Rotation:
    """What a rotation did.

    Attributes:
        post_count: Posts whose keys are others now.
        file_count: Files of `coding/` that were rewritten.
    """

    post_count: int
    file_count: int


def rotate(data_dir: DataDir) -> Rotation:
    """Exchange the key of a data folder; the next run makes everything that is published with the new one.

    Raises:
        SuaraError: There is no warehouse made with the key yet, or the key is not its own.
    """
    if not data_dir.warehouse.exists():
        raise SuaraError(f"{data_dir.warehouse}: there is nothing that was made with a key yet. Run `suara run` first.")
    path = key_of(data_dir, rotating=True)
    following = path.with_name(path.name + ".next")
    if not following.exists():
        write_key(following, secrets.token_bytes(KEY_BYTES))
    old, key = read_key(path), read_key(following)
    store = WarehouseStore(data_dir)
    store.hold()
    try:
        with store.candidate("rotation") as candidate:
            with candidate.connect() as connection:
                renamed = _renamed_posts(connection, old, key)
                for table in ("int_codebook__codings", "int_posts__words"):
                    _rename_in(connection, table)
            # from here on something may have the new key: whichever of the two lies in place is known
            remember(data_dir, old, key)
            files = [file for file in sorted(data_dir.coding.rglob("*")) if file.is_file()]
            rewritten = sum(_rewrite(file, renamed) for file in files)
            candidate.accept()
        os.replace(following, path)
        fsync_directory(path.parent)
        remember(data_dir, key)
    finally:
        store.release()
    return Rotation(len(renamed), rewritten)


def _renamed_posts(connection: object, old: PseudonymKey, new: PseudonymKey) -> dict[str, str]:
    """Old to new key of every kept post; also as the table `renamed_posts` of the connection.

    The old one is made anew: the column has it only until the first rotation, if no run came in between.
    """
    rows = connection.execute(  # type: ignore[attr-defined]
        "select platform || ':' || post_id from intermediate.int_posts__kept"
    ).fetchall()
    renamed = {old.digest(native): new.digest(native) for (native,) in rows}
    connection.execute(  # type: ignore[attr-defined]
        "create temp table renamed_posts as select unnest($1::varchar[]) as old_key, unnest($2::varchar[]) as new_key",
        [list(renamed), list(renamed.values())],
    )
    return renamed


def _rename_in(connection: object, table: str) -> None:
    connection.execute(  # type: ignore[attr-defined]
        f"update intermediate.{table} set post_key = new_key from renamed_posts where post_key = old_key"
    )


def _rewrite(path: Path, renamed: dict[str, str]) -> bool:
    """Put the new keys into a file of codes; whether that changed it."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:  # a spreadsheet holds the ids of posts, not their keys
        return False
    written = _KEYS.sub(lambda match: renamed.get(match[0], match[0]), text)
    if written == text:
        return False
    with replacing(path, path.stat().st_mode & 0o777) as temporary:
        temporary.write_text(written, "utf-8")
    return True
