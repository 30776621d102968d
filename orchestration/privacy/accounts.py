"""Accounts that the owner of the data registers: what may be shown by name beside the governed seed.

Belongs here: `accounts.csv` of a data folder, one row per account, with the columns of the seed.
Does not belong here: recognising an account in a capture (the models do that).
"""

from __future__ import annotations

import csv
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from orchestration.contract import DataDir, SuaraError, replacing

# Kinds of accounts that may appear by name. A person who is no public figure cannot be registered.
KINDS = (
    "ngo",
    "law_enforcement",
    "central_government",
    "immigration_service",
    "un_agency",
    "igo",
    "donor",
    "media",
    "public_figure",
    "synthetic",
)
ROLES = ("partner", "donor", "ministry", "authority", "media", "public_figure")
PLATFORMS = ("x", "bluesky", "mastodon")


@dataclass(frozen=True)
class RegisteredAccount:
    """One account that may be shown by name; the fields are the columns of the accounts seed.

    Attributes:
        account_id: Its id on the platform. Where it is known, no other account is taken for this one, whatever its
            handle.
    """

    platform: str
    handle: str
    name: str
    family: str
    org_type: str
    country: str | None = None
    role: str = "partner"
    evidence: str = "registered by the owner of the data"
    is_verified: bool = False
    account_id: str | None = None


def registered(data_dir: DataDir) -> list[RegisteredAccount]:
    """What was registered in a data folder, in the order in which it was."""
    if not data_dir.registered_accounts.exists():
        return []
    with open(data_dir.registered_accounts, encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [
        RegisteredAccount(
            **{
                **row,
                "country": row["country"] or None,
                "is_verified": row["is_verified"] == "true",
                "account_id": row.get("account_id") or None,
            }
        )
        for row in rows
    ]


def register(data_dir: DataDir, *accounts: RegisteredAccount) -> Path:
    """Register accounts; one that was registered before is replaced.

    Raises:
        SuaraError: A platform, kind, role, handle, id or country that cannot be. Nothing was changed then.
    """
    for account in accounts:
        _check(account)
    kept = {(a.platform, a.handle.lower()): a for a in (*registered(data_dir), *accounts)}
    return _write(data_dir, list(kept.values()))


def unregister(data_dir: DataDir, platform: str, handle: str) -> None:
    """Take a registration back.

    Raises:
        SuaraError: It is not in this data folder's list.
    """
    before = registered(data_dir)
    kept = [a for a in before if (a.platform, a.handle.lower()) != (platform, handle.lower())]
    if len(kept) == len(before):
        names = ", ".join(f"@{a.handle} ({a.platform})" for a in before) or "none"
        raise SuaraError(f"@{handle}: expected an account of {platform} registered in this data folder; found {names}.")
    _write(data_dir, kept)


def _write(data_dir: DataDir, accounts: list[RegisteredAccount]) -> Path:
    with replacing(data_dir.registered_accounts, 0o600) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(field.name for field in fields(RegisteredAccount))
            for account in accounts:
                row = asdict(account) | {"is_verified": str(account.is_verified).lower()}
                writer.writerow(value or "" for value in row.values())
    return data_dir.registered_accounts


def _check(account: RegisteredAccount) -> None:
    for what, found, allowed in (
        ("platform", account.platform, PLATFORMS),
        ("kind", account.org_type, KINDS),
        ("role", account.role, ROLES),
    ):
        if found not in allowed:
            raise SuaraError(f"@{account.handle}: expected a {what} out of {', '.join(allowed)}; found {found}.")
    if not re.fullmatch(r"[^\s@/]+(@[^\s@/]+)?", account.handle):
        raise SuaraError(f"{account.handle}: expected a handle without @ and blanks.")
    # An id that no account has would name nobody, without a word.
    if account.platform == "x" and account.account_id and not re.fullmatch(r"[0-9]{1,19}", account.account_id):
        raise SuaraError(f"--id {account.account_id}: expected the number of the account on X; found something else.")
    if account.country and not re.fullmatch(r"[A-Z]{3}", account.country):
        raise SuaraError(f"--country {account.country}: expected three capitals, such as IDN; found something else.")
