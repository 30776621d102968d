"""What is to be forgotten: a list of posts and accounts, or a result of X batch compliance.

Belongs here: reading such a file line by line, and what each line names. Does not belong here: where these posts lie.

A line is one of: an id of X, the address of a post (x.com, bsky.app, a Mastodon server, at://), `@handle`,
`@user@server`, `did:…`, `account:ID`, or an object of X batch compliance:

    {"id": "…", "action": "delete", "created_at": "…", "redacted_at": "…", "reason": "deleted"}

Such a result does not say whether its ids are those of posts or of accounts. One that cannot be a post's is an
account's (here), and so is one that the warehouse knows as an account and not as a post (`resolve`).

Messages of a stream that delete a post or an account are read as well (`connectors.compliance`).

Blank lines and lines that begin with # are left out. An empty file is valid: X answers so when nothing has to go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.connectors.compliance import RESTORED, Told, told_by
from orchestration.contract import InputError

DELETE, SCRUB_GEO = "delete", "scrub_geo"
# The reasons of X batch compliance (its documentation of 2026-08-22); all but the last remove the post.
COMPLIANCE_REASONS = ("deleted", "bounced", "protected", "suspended", "deactivated", SCRUB_GEO)
REQUESTED = "requested"
# Names of an account that the request did not write, and the warehouse knows. A handle may change hands: such a one
# names the account where no id stands beside it.
ALSO_ID, ALSO_HANDLE = "account_id", "account_handle"

_X_POST = re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/[A-Za-z0-9_]+/status(?:es)?/([0-9]+)(?:[/?#].*)?")
_X_ACCOUNT = re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/([A-Za-z0-9_]+)/?")
_BLUESKY_POST = re.compile(r"https?://bsky\.app/profile/(did:[a-z]+:[A-Za-z0-9._:-]+)/post/([a-z0-9]+)/?")
_BLUESKY_BY_HANDLE = re.compile(r"https?://bsky\.app/profile/[^/]+/post/[a-z0-9]+/?")
_AT_POST = re.compile(r"at://did:[a-z]+:[A-Za-z0-9._:-]+/app\.bsky\.feed\.post/[a-z0-9]+")
_MASTODON_POST = re.compile(r"(https?://[^/\s]+)/(?:@|users/)([A-Za-z0-9_.-]+)/(?:statuses/)?([0-9]+)/?")
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:-]+")
_X_HANDLE = re.compile(r"@([A-Za-z0-9_]{1,30})")  # 15 for real ones; accounts of synthetic data have longer handles
_MASTODON_HANDLE = re.compile(r"@([A-Za-z0-9_.-]+@[A-Za-z0-9.-]+\.[A-Za-z]+)")
_BLUESKY_HANDLE = re.compile(r"@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_ID = re.compile(r"[0-9]{1,20}")
_MAX_LINE = 10_000
# Since 4 November 2010 ids of posts hold a time; ids of accounts were short for years after that.
_FIRST_LONG_ID = 1 << 35


@dataclass(frozen=True, order=True)
class Target:
    """One post or account that a request names.

    Attributes:
        platform: `x`, `bluesky`, `mastodon`.
        kind: `post` or `account`; `account_id` and `account_handle` are other names of an account (see `resolve`).
        value: The native id of a post or account, or a handle in lower case without its first @.
        reason: Why: `requested`, or the reason of the compliance line.
        action: `delete`, or `scrub_geo`: its coordinates go, the post stays.
        told_at: When the platform says that it was redacted, as written there.
    """

    platform: str
    kind: str
    value: str
    reason: str = REQUESTED
    action: str = DELETE
    told_at: str | None = None


def read_request(path: Path, *, accounts: bool = False) -> list[Target]:
    """Every target that a file names, each once, sorted.

    Args:
        accounts: Bare ids, and ids of compliance lines, are those of accounts (a compliance job of type `users`).

    Raises:
        InputError: A line names nothing that could be forgotten; nothing of the file is used then.
    """
    if not path.is_file():
        raise _refuse(path, None, "a file with one post or account a line", "no such file", "Check the path.")
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _refuse(path, None, "text in UTF-8", f"byte {error.start:,} that is not", "Save it as UTF-8.") from error
    return sorted(set(_targets(path, lines, accounts)))


def _targets(path: Path, lines: Iterable[str], accounts: bool) -> Iterable[Target]:
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not text.startswith("{"):
            yield _plain(path, number, text, accounts)
        elif (target := _compliance(path, number, text, accounts)) is not None:
            yield target


def _compliance(path: Path, number: int, text: str, accounts: bool) -> Target | None:
    """What a line of X batch compliance names; None where nothing has to go: an edited post, an id that is none."""
    step = "Take the file as X gave it; a download that was cut off ends in such a line."
    try:
        value = json.loads(text[:_MAX_LINE])
    except ValueError as error:
        raise _refuse(path, number, "a JSON object of X batch compliance", f"broken JSON ({error})", step) from error
    if isinstance(value, dict) and "action" not in value and (told := told_by(value)) is not None:
        return _message(path, number, told)
    found = {name: str(value.get(name) or "") for name in ("id", "action", "reason")}
    if found["action"] == "rehydrate" or "error" in value:
        return None
    if not _ID.fullmatch(found["id"]):
        raise _refuse(path, number, "an id of digits under `id`", repr(found["id"])[:60], step)
    reason = found["reason"].replace("geo_scrubbed", SCRUB_GEO) or "deleted"
    if reason not in COMPLIANCE_REASONS:
        known = ", ".join(COMPLIANCE_REASONS)
        raise _refuse(path, number, f"a reason out of {known}", repr(reason)[:60], "Write it as one of these.")
    is_scrub = SCRUB_GEO in (reason, found["action"])
    if not is_scrub and found["action"] != "delete":
        raise _refuse(path, number, "the action delete or scrub_geo", repr(found["action"])[:60], step)
    kind = "account" if accounts or _is_no_post(found["id"], str(value.get("created_at") or "")) else "post"
    told_at = value.get("redacted_at") or None
    return Target("x", kind, found["id"], reason, SCRUB_GEO if is_scrub else DELETE, told_at and str(told_at))


def _message(path: Path, number: int, told: Told) -> Target | None:
    """What a message of a compliance stream names; None where an account is there again."""
    if told.reason == RESTORED:
        return None
    if told.up_to_id:
        step = "Deliver the file to a run (`suara run FILE`), which knows the posts that are meant."
        raise _refuse(path, number, "a post or an account", "places of an account's posts up to one of them", step)
    return Target("x", told.names or "post", told.named_id, told.reason, told_at=told.told_at)


def _is_no_post(native_id: str, created_at: str) -> bool:
    """Whether a short id was made when posts had long ones: the file is the result of a job of type `users`."""
    return created_at[:10] >= "2010-11-05" and int(native_id) < _FIRST_LONG_ID


def _plain(path: Path, number: int, text: str, accounts: bool) -> Target:
    if found := _X_POST.fullmatch(text):
        return Target("x", "post", found.group(1))
    if found := _BLUESKY_POST.fullmatch(text):
        return Target("bluesky", "post", f"at://{found.group(1)}/app.bsky.feed.post/{found.group(2)}")
    if _BLUESKY_BY_HANDLE.fullmatch(text):
        step = "Write at://did:…/app.bsky.feed.post/…, as it stands in marts.fct_posts."
        raise _refuse(path, number, "an address with the did of its author", "one with a handle", step)
    if _AT_POST.fullmatch(text):
        return Target("bluesky", "post", text)
    if found := _X_ACCOUNT.fullmatch(text):
        return Target("x", "account", found.group(1).lower())
    if found := _MASTODON_POST.fullmatch(text):
        server, user, post = found.groups()
        return Target("mastodon", "post", f"{server}/users/{user}/statuses/{post}")
    if _DID.fullmatch(text):
        return Target("bluesky", "account", text)
    for platform, pattern in (("mastodon", _MASTODON_HANDLE), ("bluesky", _BLUESKY_HANDLE), ("x", _X_HANDLE)):
        if found := pattern.fullmatch(text):
            return Target(platform, "account", found.group(1).lower())
    bare = text.removeprefix("account:").removeprefix("x:")
    if _ID.fullmatch(bare):
        return Target("x", "account" if accounts or text.startswith("account:") else "post", bare)
    raise _refuse(
        path,
        number,
        "an id of digits, the address of a post, @handle, did:…, account:ID, or a line of X batch compliance",
        repr(text)[:60],
        "Correct the line, or put # before it; nothing was changed.",
    )


def _refuse(path: Path, line: int | None, expected: str, found: str, next_step: str) -> InputError:
    return InputError(
        file=path.name if line is None else f"{path.name}, line {line}",
        expected=expected,
        found=found,
        next_step=next_step,
        code="bad_request",
    )
