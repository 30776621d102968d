"""The key behind every pseudonym, and how an engine gets it without a database, a log or a compiled model holding it.

Belongs here: making, reading and checking the key file; handing the key to a connection.
Does not belong here: what is hashed with it (`dbt_project/macros/contract/keys.sql`).

A hash without a key is no protection: ids of X hold the time of the post, so that whoever knows the time tries out what
is left. With the key, HMAC-SHA-256 of an id tells nothing to anybody who does not hold the file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.contract import DataDir, SuaraError, fsync_directory, replacing

# A file elsewhere, for an organisation that keeps keys in a vault of its own.
KEY_VARIABLE = "SUARA_PSEUDONYM_KEY"
KEY_BYTES = 32
CHECK_NAME = "key_check"
# One block of SHA-256: HMAC fills the key up to it.
_BLOCK = 64
INNER, OUTER = "suara_key_inner", "suara_key_outer"


@dataclass(frozen=True)
class PseudonymKey:
    """The key of one data folder. Its bytes are in no `repr`, so that no log shows them by accident."""

    secret: bytes = field(repr=False)

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The key as HMAC uses it: filled up to a block, with 0x36 and with 0x5c mixed in (RFC 2104)."""
        block = self.secret.ljust(_BLOCK, b"\0")
        return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)

    def digest(self, message: str) -> str:
        """What the models write for a message: the first 32 hex digits of its HMAC-SHA-256."""
        return hmac.new(self.secret, message.encode(), hashlib.sha256).hexdigest()[:32]

    def give_to(self, connection: Any) -> None:
        """Make this connection able to hash with the key, until it is closed; nothing is written to a file."""
        for name, pad in zip((INNER, OUTER), self.pads, strict=True):
            text = "".join(f"\\x{byte:02x}" for byte in pad)
            connection.execute(f"set variable {name} = '{text}'::blob")


def key_path(data_dir: DataDir) -> Path:
    """Where the key of a data folder lies: `keys/pseudonym.key` in it, or the file that the environment names."""
    named = os.environ.get(KEY_VARIABLE)
    return Path(named) if named else data_dir.pseudonym_key


def read_key(path: Path) -> PseudonymKey:
    """Read a key file.

    Raises:
        SuaraError: It is missing, others can read it, or it does not hold 32 bytes.
    """
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise SuaraError(
            f"{path}: the key behind the pseudonyms cannot be read ({error.strerror}). Put it back, or name it in "
            f"{KEY_VARIABLE}; with another key every pseudonym is another."
        ) from error
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SuaraError(f"{path}: expected a key that only its owner can read. Run `chmod 600 {path}`.")
    if len(secret) != KEY_BYTES:
        raise SuaraError(f"{path}: expected {KEY_BYTES} bytes, found {len(secret)}. Put the right file back.")
    return PseudonymKey(secret)


def key_of(data_dir: DataDir, *, rotating: bool = False) -> Path:
    """Where the key of a data folder lies, after it was looked at; it is made at the folder's first run.

    The ledger remembers a hash made with the key. A folder whose key was lost or exchanged stops here: with another key
    every pseudonym would be another, and what people coded by hand would belong to no post. While the key is exchanged
    it remembers the old one and the new one; until the new one is in place, only the exchange may go on.

    Args:
        rotating: The caller exchanges the key.

    Raises:
        SuaraError: The key is missing, damaged, not the one that this folder was made with, or half exchanged.
    """
    path, check = key_path(data_dir), data_dir.ledger / CHECK_NAME
    if not path.exists() and not check.exists() and KEY_VARIABLE not in os.environ:
        write_key(path, secrets.token_bytes(KEY_BYTES))
    key = read_key(path)
    known = check.read_text("utf-8").split() if check.exists() else []
    if known[:-1] == [key.digest(CHECK_NAME)] and not rotating:
        raise SuaraError(
            f"{path}: expected a key that everything of {data_dir.root} was made with; found one that is being "
            "exchanged, and codes that have the new one already. `suara keys rotate` goes on with it."
        )
    if not known or (len(known) > 1 and known[-1] == key.digest(CHECK_NAME)):
        remember(data_dir, key)  # the first run, or an exchange that was interrupted behind its last step
    elif key.digest(CHECK_NAME) not in known:
        raise SuaraError(
            f"{path}: is not the key that {data_dir.root} was made with. Put the right file back; to change the key, "
            "run `suara keys rotate`."
        )
    return path


def remember(data_dir: DataDir, *keys: PseudonymKey) -> None:
    """Write down a hash by which a key is known again, and nothing that tells the key; while it is exchanged, of both.

    Args:
        keys: The key, or the old and the new one.
    """
    with replacing(data_dir.ledger / CHECK_NAME, 0o600) as temporary:
        temporary.write_text("".join(f"{key.digest(CHECK_NAME)}\n" for key in keys), "utf-8")


def write_key(path: Path, secret: bytes) -> None:
    """Write a key so that only its owner can ever read it, and it is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(secret)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, path)
        fsync_directory(path.parent)
    finally:
        partial.unlink(missing_ok=True)
