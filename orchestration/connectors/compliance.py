"""What X says has to go, in each form in which captures of its APIs hold it. Never a text.

Belongs here: which object says so, and of what. Does not belong here: records of posts, files, what is done about it.

    {"id": …, "action": "delete", "reason": …}                       a line of batch compliance
    {"delete": {"status": {"id_str": …, "user_id_str": …}}}          a message of a stream of v1.1
    {"scrub_geo": {"user_id_str": …, "up_to_status_id_str": …}}      places of an account's posts up to this one
    {"user_suspend": {"id": …}}                                      a message of the compliance firehose
    {"data": {"delete": {"tweet": {"id": …}, "event_at": …}}}        a compliance stream of v2; `tweet_delete` as well
    {"data": {"user_protect": {"user": {"id": …}, "event_at": …}}}

`status_withheld` and `user_withheld` name countries where X does not show something, `drop` hides a post for a while:
these delete nothing and are told as messages (X, compliance data objects, read 2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.connectors.base import Shape

POST, ACCOUNT = "post", "account"
# The places of a post go, the post stays.
SCRUB_GEO = "scrub_geo"
# An account is there again: it was reactivated, is public again, is no more suspended.
RESTORED = "restored"

_ACCOUNT_EVENTS = {
    "user_delete": "deactivated",
    "user_protect": "protected",
    "user_suspend": "suspended",
    "user_undelete": RESTORED,
    "user_unprotect": RESTORED,
    "user_unsuspend": RESTORED,
}
_POST_EVENTS = ("delete", "tweet_delete")
_PLACE_EVENTS = (SCRUB_GEO, "user_scrub_geo")
EVENTS = (*_POST_EVENTS, *_PLACE_EVENTS, *_ACCOUNT_EVENTS)
_ID = re.compile(r"[0-9]{1,20}")

# What such an object says and deletes nothing by it, as a raw table has it.
NOTICE: dict[str, Shape] = {
    "id": "VARCHAR",
    "names": "VARCHAR",
    "reason": "VARCHAR",
    "up_to_id": "VARCHAR",
    "told_at": "VARCHAR",
}


@dataclass(frozen=True)
class Told:
    """What one object says has to go.

    Attributes:
        named_id: Native id of the post or account.
        names: `post` or `account`; None where a line of batch compliance leaves it open.
        reason: Why, as X says; `scrub_geo` for places, `restored` for an account that is there again.
        account_id: Author of the post, where it is told.
        up_to_id: Of places of an account, the last post that it is about; None for all of them.
        created_at: When the post or account was made, as written.
        told_at: When it went, as written: a time of ISO 8601, or milliseconds since 1970.
    """

    named_id: str
    names: str | None
    reason: str
    account_id: str | None = None
    up_to_id: str | None = None
    created_at: str | None = None
    told_at: str | None = None

    @property
    def is_notice(self) -> bool:
        """Whether nothing is deleted: a place goes, or an account is there again."""
        return self.reason in (SCRUB_GEO, RESTORED)

    def as_notice(self) -> dict[str, str | None]:
        """The row of a raw table of notices."""
        return {
            "id": self.named_id,
            "names": self.names,
            "reason": self.reason,
            "up_to_id": self.up_to_id,
            "told_at": self.told_at,
        }


def told_by(value: Any) -> Told | None:
    """What an object says has to go; None where it says nothing of the kind."""
    if not isinstance(value, Mapping):
        return None
    if {"id", "action"} <= value.keys() and {"reason", "redacted_at"} & value.keys():
        return _line(value)
    if isinstance(value.get("data"), Mapping):
        value = value["data"]
    name = next((name for name in EVENTS if isinstance(value.get(name), Mapping)), None)
    return None if name is None else _event(name, value[name])


def is_event(paths: set[str]) -> bool:
    """Whether the paths of keys of a first value are those of a message of a compliance stream of v2."""
    return any(f"data.{name}.{inner}" in paths for name in EVENTS for inner in ("tweet.id", "user.id"))


def _line(value: Mapping[str, Any]) -> Told | None:
    reason, action = str(value.get("reason") or "deleted"), value["action"]
    is_place = action == SCRUB_GEO or reason in (SCRUB_GEO, "geo_scrubbed")
    named_id = _id_of(value, "id")
    if named_id is None or not (is_place or action == "delete"):
        return None
    created_at, told_at = (_text(value.get(name)) for name in ("created_at", "redacted_at"))
    return Told(named_id, None, SCRUB_GEO if is_place else reason, created_at=created_at, told_at=told_at)


def _event(name: str, event: Mapping[str, Any]) -> Told | None:
    told_at = _text(event.get("event_at") or event.get("timestamp_ms"))
    if name in _POST_EVENTS:
        post = event.get("status") or event.get("tweet")
        post = post if isinstance(post, Mapping) else {}
        account_id = _id_of(post, "user_id") or _id_of(post, "author_id")
        named_id, names, reason, up_to_id = _id_of(post, "id"), POST, "deleted", None
    else:
        user = event["user"] if isinstance(event.get("user"), Mapping) else event
        named_id, names, account_id = _id_of(user, "id") or _id_of(user, "user_id"), ACCOUNT, None
        reason = _ACCOUNT_EVENTS.get(name, SCRUB_GEO)
        up_to_id = _id_of(event, "up_to_status_id") or _id_of(event, "up_to_tweet_id")
        if reason == SCRUB_GEO and up_to_id is None:
            return None
    if named_id is None:
        return None
    return Told(named_id, names, reason, account_id, up_to_id, told_at=told_at)


def _id_of(value: Mapping[str, Any], name: str) -> str | None:
    """An id as text: the field that is text first, since a number may have been rounded."""
    for found in (value.get(f"{name}_str"), value.get(name)):
        if isinstance(found, str | int) and not isinstance(found, bool) and _ID.fullmatch(str(found)):
            return str(found)
    return None


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)
