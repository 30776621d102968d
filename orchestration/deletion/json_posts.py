"""Posts inside JSON of any of the sources, found by their ids, and what stays of a value without them.

Belongs here: which object is a post, whose it is, what goes with it. Does not belong here: files and their containers.

The walk knows no source: an object whose own id is named is the post. What repeats a post (a retweet, a reblog, a
repost) goes with it, as it does on the platform; what quotes it or answers it stays, without the quoted post. Stubs
that tell a fact of the post that stays (`referenced_tweets`, strong references of Bluesky) keep their id. The `cid` of
a strong reference goes: it is a hash of the post, by which a short text could be guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from html import unescape
from typing import Any

# Where the text of a post stands, over all sources.
TEXT_KEYS = frozenset(
    {"text", "full_text", "fullText", "content", "rawContent", "renderedContent", "raw_content", "spoiler_text", "body"}
)
_FEDIVERSE_ACCOUNT = re.compile(r"https?://([^/]+)/(?:users/|@)([^/?#@]+)/?$")
# The first of these that an object has is its own id. A status of Mastodon is named by its address, not its local id.
_ID_KEYS = ("uri", "id_str", "rest_id", "tweet_id", "tweetId", "id")
# Activity streams of X write ids of posts and accounts so.
_ACTIVITY = ("tag:search.twitter.com,2005:", "id:twitter.com:")
_HANDLE_KEYS = ("screen_name", "username", "userName", "handle", "acct")
_AUTHOR_KEYS = ("user", "author", "account", "actor")
_AUTHOR_IDS = ("author_id", "user_id_str", "user_id", "attributedTo")
_ACCOUNT_IDS = ("did", "id_str", "rest_id", "id")
# With the value under such a key its object goes: it is a wrapper of the post, or a repetition of it.
_CARRIED = frozenset(
    {"tweet", "tweetHeader", "noteTweet", "data", "result", "tweet_results", "itemContent", "content", "post"}
    | {"record", "value", "object", "subject", "reblog", "retweeted_status", "retweeted_status_result"}
    | {"retweeted", "retweetedStatus", "retweetedTweet"}
)
_MENTIONS = frozenset({"user_mentions", "mentions", "mentionedUsers", "tags"})
# `location` is the place of a post in activity streams; that of an account is what it says of itself.
_GEO_KEYS = frozenset({"geo", "coordinates", "place", "full_place", "location_coordinates", "location"})
_REFERENCES = frozenset({"retweeted", "quoted", "replied_to"})
_STUB_KEYS = frozenset({"type", "id", "author_id", "author"})
_STRONG_REFERENCE = frozenset({"uri", "cid", "$type", "py_type"})
# Messages of streams of X that name a post, of v1.1 and v2.
_TELLING = frozenset({"delete", "tweet_delete", "drop", "undrop", "withheld", "status_withheld"})
# What a deletion says; the connector of X archives loads no more of it.
TOLD_KEYS = ("id_str", "id", "created_at", "deleted_at")
# Shorter texts stand in many posts, in codebooks and in headings; finding one would say nothing about a deleted post.
SHORTEST_TEXT = 20
# A cut post and the long text beside it begin alike, and were written in the same second. Where no time is stated, so
# many characters in common are no chance.
HEAD = 120
_X_EPOCH_MS = 1288834974657


@dataclass(frozen=True)
class Names:
    """What a capture is searched for.

    Attributes:
        posts: Native ids of posts that go.
        accounts: Ids and handles (lower case) of accounts whose posts go.
        handles: Handles (lower case) that the request did not write, and its accounts had: they name one where no id
            stands beside them, since a handle may change hands.
        scrubbed: Native ids of posts whose coordinates go.
        heads: Texts of posts that go, as far as a cut post has them, by which the long text beside one is known.
    """

    posts: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    scrubbed: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.all)

    @property
    def all(self) -> frozenset[str]:
        return self.posts | self.accounts | self.scrubbed | self.handles

    def name_one_of(self, account: set[str]) -> bool:
        """Whether the ids and handles of one account, as they stand together, are those of one that goes."""
        if account & self.accounts:
            return True
        return bool(account & self.handles) and not any(map(_is_account_id, account))

    @cached_property
    def long_heads(self) -> frozenset[str]:
        return frozenset(head[:HEAD] for head in self.heads if len(head) >= HEAD)

    @cached_property
    def seconds(self) -> frozenset[int]:
        """When the posts that go were posted, by their ids."""
        return frozenset((_posted_ms(one) // 1000) for one in self.posts if one.isdecimal())


@dataclass
class Removed:
    """What was taken out of a capture; texts stay in memory and are written nowhere."""

    records: int = 0
    emptied: int = 0
    scrubbed: int = 0
    texts: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.records or self.emptied or self.scrubbed)

    def add_text(self, text: object) -> None:
        if isinstance(text, str) and len(text.strip()) >= SHORTEST_TEXT:
            self.texts.add(text.strip())


_GONE = object()


def _is_account_id(name: str) -> bool:
    return name.isdecimal() or name.startswith("did:")


def _posted_ms(post_id: str) -> int:
    return (int(post_id) >> 22) + _X_EPOCH_MS


def head_of(text: str) -> str:
    """What a cut post has of its text: without the ellipsis, the links that X adds, and the handles that it answers."""
    stub = unescape(text).split("…")[0].split("https://t.co/")[0].strip()
    return re.sub(r"^(@[A-Za-z0-9_]+ +)+", "", stub)


def without(value: Any, names: Names, removed: Removed) -> tuple[bool, Any]:
    """A parsed record without what is named.

    Returns:
        Whether anything of it stays, and what stays. The value is changed in place.
    """
    scrubbed = removed.scrubbed
    kept = _walk(value, _with_ids(value, names), removed, ())
    if removed.scrubbed > scrubbed and isinstance(kept, dict):
        _drop_places(kept, removed)
    if kept is _GONE:
        removed.records += 1
        # what is named beside it went with it: the post that a page of one post has in its `includes`
        removed.ids.update(_ids_inside(value) & names.posts)
        return False, None
    return True, kept


def _with_ids(value: Any, names: Names) -> Names:
    """The same names, and the ids of accounts named by a handle: a page of X API v2 has handles beside its posts."""
    users = value.get("includes") if isinstance(value, dict) else None
    users = users.get("users") if isinstance(users, dict) else None
    named = [user for user in users or () if isinstance(user, dict) and names.name_one_of(_account_names(user))]
    return replace(names, accounts=names.accounts | {str(user["id"]) for user in named if user.get("id")})


def _drop_places(page: dict[str, Any], removed: Removed) -> None:
    """Take out of a page of the API what it tells of places that none of its posts names any more."""
    includes = page.get("includes")
    if isinstance(includes, dict) and isinstance(includes.get("places"), list):
        named = set(_places_in(page))
        kept = [one for one in includes["places"] if isinstance(one, dict) and one.get("id") in named]
        removed.scrubbed += len(includes["places"]) - len(kept)
        includes["places"] = kept


def _places_in(value: Any) -> Iterable[str]:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _places_in(inner)
    if isinstance(value, dict) and isinstance(value.get("place_id"), str):
        yield value["place_id"]


def _ids_inside(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_ids_inside, value))
    if not isinstance(value, dict):
        return set()
    own = own_id(value)
    return ({own} if own else set()).union(*map(_ids_inside, value.values()))


def _walk(value: Any, names: Names, removed: Removed, path: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        kept = []
        for item in value:
            left = _walk(item, names, removed, path)
            if left is _GONE:
                # a list at the top of a page holds records; the wrapper of one counts where it is dropped
                removed.records += 1
            else:
                kept.append(left)
        return kept
    if not isinstance(value, dict):
        return value
    own = own_id(value)
    if own in names.scrubbed and not _is_account(value):
        for key in _GEO_KEYS & value.keys():
            if value[key] is not None:
                value[key] = None
                removed.scrubbed += 1
    if _is_named(value, own, names, path):
        if stub := _stub(value, own, names, removed, path):
            return stub[0]
        note_texts(value, removed)
        if own:
            removed.ids.add(own)
        return _GONE
    if value.get("type") == "Announce" and value.get("object") in names.posts:
        return _GONE
    for key in list(value):
        inner = value[key]
        if not isinstance(inner, dict | list):
            continue
        left = _walk(inner, names, removed, (*path, key))
        if left is not _GONE:
            value[key] = left
        elif key in _CARRIED:
            return _GONE
        else:
            del value[key]
            removed.emptied += 1
    return value


def own_id(value: Mapping[str, Any]) -> str | None:
    """The id by which an object calls itself; of an item of Bluesky's that is a repost, the repost's, as in staging."""
    if (by := _reposter(value)) and isinstance(value.get("post"), dict):
        return f"{value['post'].get('uri')}#reposted-by-{by.get('did')}"
    for key in _ID_KEYS:
        found = value.get(key)
        if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
            return str(found).removeprefix(_ACTIVITY[0])
    return None


def _reposter(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """The account because of whose repost an item of Bluesky's stands in a feed."""
    reason = value.get("reason")
    if not isinstance(reason, dict) or not isinstance(reason.get("by"), dict):
        return None
    kind = str(reason.get("$type") or reason.get("py_type"))
    return reason["by"] if kind.endswith("#reasonRepost") else None


def _is_account(value: Mapping[str, Any]) -> bool:
    return any(key in value for key in _HANDLE_KEYS) and not TEXT_KEYS & value.keys()


def _is_named(value: dict[str, Any], own: str | None, names: Names, path: tuple[str, ...]) -> bool:
    if own in names.posts and not _is_account(value):
        return True
    if names.posts and _repeats(value) & names.posts:
        return True
    if names.heads and "noteTweetId" in value and _is_note_of(value, names):
        return True
    if not names.accounts and not names.handles:
        return False
    if _is_account(value):
        in_mention = bool(path) and (path[-1] in _MENTIONS or "entities" in path or path[-1] in _AUTHOR_KEYS)
        return not in_mention and names.name_one_of(_account_names(value))
    return names.name_one_of(_author_names(value))


def _repeats(value: Mapping[str, Any]) -> set[str]:
    """Ids of posts that a post repeats, where it says so without holding them."""
    found = {str(value[key]) for key in ("retweeted_status_id_str", "retweeted_status_id") if value.get(key)}
    references = value.get("referenced_tweets")
    for one in references if isinstance(references, list) else ():
        if isinstance(one, dict) and one.get("type") == "retweeted":
            found.add(str(one.get("id")))
    return found


def _is_note_of(value: Mapping[str, Any], names: Names) -> bool:
    core = value.get("core")
    text = core.get("text") if isinstance(core, dict) else None
    if not isinstance(text, str):
        return False
    text = head_of(text)
    try:
        second = int(datetime.fromisoformat(str(value.get("createdAt"))).timestamp())
    except ValueError:
        return text[:HEAD] in names.long_heads
    in_time = not names.seconds.isdisjoint((second - 1, second, second + 1))
    return in_time and any(text.startswith(head) for head in names.heads)


def _account_names(value: Mapping[str, Any]) -> set[str]:
    found = {
        str(value[key]).removeprefix(_ACTIVITY[1]) for key in _ACCOUNT_IDS if isinstance(value.get(key), str | int)
    }
    handles = (*_HANDLE_KEYS, "preferredUsername")
    found |= {str(value[key]).lower() for key in handles if isinstance(value.get(key), str)}
    return found | _fediverse_handle(value.get("url"))


def _fediverse_handle(address: object) -> set[str]:
    """The handle in the address of an account of Mastodon; what a server exports of its own accounts has no server."""
    match = _FEDIVERSE_ACCOUNT.match(address) if isinstance(address, str) else None
    return {f"{match.group(2)}@{match.group(1)}".lower()} if match else set()


def _author_names(value: Mapping[str, Any]) -> set[str]:
    """Ids and handles of the author of a post or repost; nothing of what is not one."""
    if by := _reposter(value):
        return _account_names(by)
    uri = value.get("uri")
    if isinstance(uri, str) and uri.startswith("at://") and value.keys() <= _STRONG_REFERENCE:
        return {uri.split("/")[2]}
    if not TEXT_KEYS & value.keys() and not {"legacy", "record", "object"} & value.keys():
        return set()
    found = {str(value[key]) for key in _AUTHOR_IDS if isinstance(value.get(key), str | int)}
    found |= {str(value[key]).lower() for key in _HANDLE_KEYS if isinstance(value.get(key), str)}
    for key in _AUTHOR_KEYS:
        if isinstance(value.get(key), dict):
            found |= _account_names(value[key])
        elif isinstance(value.get(key), str):
            found |= {value[key], *_fediverse_handle(value[key])}
    result = value.get("core")
    for key in ("user_results", "result"):
        result = result.get(key) if isinstance(result, dict) else None
    if isinstance(result, dict):
        found |= _account_names(result)
        for key in ("legacy", "core"):
            if isinstance(result.get(key), dict):
                found |= _account_names(result[key])
    if isinstance(uri, str) and uri.startswith("at://"):
        found.add(uri.split("/")[2])
    return found


def _stub(
    value: dict[str, Any], own: str | None, names: Names, removed: Removed, path: tuple[str, ...]
) -> tuple[Any] | None:
    """What stays of a named object because it tells a fact of the post around it, or of the deletion itself."""
    if value.get("type") in _REFERENCES and "referenced_tweets" in path:
        if value.keys() - _STUB_KEYS:
            note_texts(value, removed)
            removed.emptied += 1
        return ({key: value[key] for key in value if key in _STUB_KEYS},)
    if value.keys() <= _STRONG_REFERENCE and path and path[-1] != "subject":
        removed.emptied += "cid" in value
        return ({key: value[key] for key in value if key != "cid"},)
    if value.get("deleted_at") and own in names.posts:
        if value.keys() - set(TOLD_KEYS):
            note_texts(value, removed)
            removed.ids.add(own)
            removed.emptied += 1
        return ({key: value[key] for key in TOLD_KEYS if key in value},)
    # messages such as `{"delete": {"status": {"id": …}}}` and lines of compliance hold no text
    if not _holds_text(value) and (value.get("action") or not _TELLING.isdisjoint(path)):
        return (value,)
    return None


def _holds_text(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key in TEXT_KEYS or _holds_text(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_holds_text(item) for item in value)


def note_texts(value: Any, removed: Removed) -> None:
    """Remember the texts of what goes, for the search afterwards."""
    for text in texts_of(value):
        removed.add_text(text)


def texts_of(value: Any) -> Iterable[str]:
    """Every text of posts in a parsed value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                if key in TEXT_KEYS:
                    yield inner
            elif key != "entities":
                yield from texts_of(inner)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
