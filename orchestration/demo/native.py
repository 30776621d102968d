"""Writes posts in the native forms of three sources: modern X archive, old X archive, X API v2.

Belongs here: the shape of native files (keys, date forms, escapes, member names) and ids that carry their
time. Does not belong here: what is posted (`texts.py`), how much of it and when (`generator.py`), reading
anything back.

The demo and the test fixtures share these writers. They follow the form of real exports, not the connectors,
so that a connector's mistake about a form is not repeated here.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

X_EPOCH_MS = 1288834974657

# An id holds 12 bits that number the posts of one machine within a millisecond. X numbers a handful, so an id
# with 3072 or more there is valid, carries its time, and belongs to no real post.
FIRST_UNUSED_SEQUENCE = 3072

# Account ids grew one by one to about 5 * 10^9 and then (2016) jumped to 18 digits: none has 13 digits.
SYNTHETIC_ACCOUNT_ID_BASE = 9_150_701_000_000

_ENTITY = re.compile(r"[#＃](?P<tag>\w+)|(?<!\w)@(?P<handle>\w+)|(?P<link>https?://\S+)")
_ZIP_TIME = (2023, 4, 1, 0, 0, 0)


def snowflake(at: datetime, salt: int = 0) -> str:
    """A valid post id whose time is `at` to the millisecond.

    Args:
        at: The moment of posting.
        salt: Distinguishes ids of the same millisecond; up to 2^20 of them are distinct.
    """
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    # Integers only: a float would round the millisecond.
    millis = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000 - X_EPOCH_MS
    # Spread the low bits: ids that all end alike look damaged by a spreadsheet or by JavaScript.
    machine, sequence = divmod((millis * 2_654_435_761 + salt) % 2**20, 4096 - FIRST_UNUSED_SEQUENCE)
    return str(millis << 22 | machine << 12 | (FIRST_UNUSED_SEQUENCE + sequence))


def snowflake_time(post_id: str) -> datetime:
    """The moment that a post id carries."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=(int(post_id) >> 22) + X_EPOCH_MS)


@dataclass(frozen=True)
class Account:
    """An account as the platform states it."""

    account_id: str
    handle: str
    name: str
    created_at: datetime = datetime(2014, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """A hashtag, mention or link in a text. Positions are code points of the text as delivered (escaped)."""

    value: str
    start: int
    end: int
    other: str | None = None  # mention: account id; link: expanded address
    name: str = ""


@dataclass(frozen=True)
class Other:
    """The other post of a reply, quote or repost, and its author. The text is as delivered (escaped)."""

    post_id: str
    account: Account
    text: str = ""
    posted_at: datetime | None = None

    @property
    def time(self) -> datetime:
        """The stated time, to the second."""
        return (self.posted_at or snowflake_time(self.post_id)).replace(microsecond=0)

    @property
    def post(self) -> Post:
        """The other post with the entities of its own text, which an export delivers with it."""
        spans = entities_of(self.text)
        return Post(self.post_id, self.time, self.account, self.text, **spans)


@dataclass(frozen=True)
class Metrics:
    """Counts at one moment; None: not delivered."""

    like_count: int = 0
    repost_count: int = 0
    reply_count: int = 0
    quote_count: int = 0
    bookmark_count: int | None = None
    impression_count: int | None = None


@dataclass(frozen=True)
class Post:
    """One post in a form that every native writer below understands."""

    post_id: str
    posted_at: datetime
    author: Account
    text: str
    language: str = "en"
    hashtags: tuple[Span, ...] = ()
    mentions: tuple[Span, ...] = ()
    links: tuple[Span, ...] = ()
    media_types: tuple[str, ...] = ()
    media_link: Span | None = None
    display_from: int = 0
    replied_to: Other | None = None
    quoted: Other | None = None
    reposted: Other | None = None
    thread_id: str | None = None
    metrics: Metrics = Metrics()
    version_ids: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def escaped(text: str) -> str:
    """Text as X delivers it: three characters escaped, nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def make_post(
    text: str,
    at: datetime,
    author: Account,
    *,
    accounts: Mapping[str, Account] | None = None,
    expanded: Mapping[str, str] | None = None,
    salt: int = 0,
    post_id: str | None = None,
    **fields: Any,
) -> Post:
    """A post from plain text: escapes it and finds its hashtags, mentions and links.

    Args:
        text: As the author typed it, not escaped.
        at: Moment of posting, to the millisecond; the stated time keeps the second only, as in real exports.
        author: Who posts.
        accounts: By lower-case handle, for the ids of mentioned accounts.
        expanded: Full address of each short link in the text.
        salt: See `snowflake`.
        post_id: Where given, taken instead of an id made from `at`.
        **fields: Further fields of `Post`.
    """
    delivered = escaped(text)
    post_id = post_id or snowflake(at, salt)
    entities = entities_of(delivered, accounts or {}, expanded or {})
    media_link = None
    if fields.get("media_types"):
        # X puts a link to the first picture at the end of the text; archives list it with the media only.
        short = f"https://t.co/synthetic{int(post_id) % 10**9:09d}"
        own_address = f"https://twitter.com/{author.handle}/status/{post_id}/photo/1"
        media_link = Span(short, len(delivered) + 1, len(delivered) + 1 + len(short), own_address)
        delivered += " " + short
    return Post(
        post_id=post_id,
        posted_at=at.replace(microsecond=0),
        author=author,
        text=delivered,
        media_link=media_link,
        **entities,
        **fields,
    )


def entities_of(
    delivered: str, accounts: Mapping[str, Account] | None = None, expanded: Mapping[str, str] | None = None
) -> dict[str, tuple[Span, ...]]:
    """Hashtags, mentions and links of a delivered (escaped) text, by field of `Post`; see `make_post`."""
    hashtags, mentions, links = [], [], []
    for match in _ENTITY.finditer(delivered):
        start, end = match.span()
        if match["tag"]:
            hashtags.append(Span(match["tag"], start, end))
        elif match["handle"]:
            known = (accounts or {}).get(match["handle"].lower())
            account_id, name = (known.account_id, known.name) if known else (None, match["handle"])
            mentions.append(Span(match["handle"], start, end, account_id, name))
        else:
            links.append(Span(match["link"], start, end, (expanded or {}).get(match["link"], match["link"])))
    return {"hashtags": tuple(hashtags), "mentions": tuple(mentions), "links": tuple(links)}


def cut_repost_text(post: Post, limit: int = 140) -> Post:
    """The post cut as X cuts reposts: `limit` characters, the last an ellipsis; entities beyond are gone."""
    if len(post.text) <= limit:
        return post
    kept = limit - 1

    def whole(spans: Iterable[Span]) -> tuple[Span, ...]:
        return tuple(span for span in spans if span.end <= kept)

    return replace(
        post,
        text=post.text[:kept] + "…",
        hashtags=whole(post.hashtags),
        mentions=whole(post.mentions),
        links=whole(post.links),
    )


# ---------------------------------------------------------------- dates


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def x_date(at: datetime) -> str:
    """`Wed Oct 10 20:19:24 +0000 2018`, in English whatever the locale."""
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S} +0000 {at.year}"


def iso_date(at: datetime) -> str:
    """`2018-10-10T20:19:24.000Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def legacy_date(at: datetime) -> str:
    """`2018-10-10 20:19:24 +0000`."""
    return f"{at:%Y-%m-%d %H:%M:%S} +0000"


# ---------------------------------------------------------------- modern archive


def archive_record(post: Post) -> dict[str, Any]:
    """One entry of `tweets.js`: numbers are strings, no author, few counts, reposts are not marked."""
    tweet: dict[str, Any] = {}
    if post.version_ids:
        first, editable_until = post.version_ids[0], iso_date(post.posted_at + timedelta(minutes=30))
        control = {
            "editTweetIds": list(post.version_ids),
            "editableUntil": editable_until,
            "editsRemaining": str(5 - len(post.version_ids) + 1),
            "isEditEligible": True,
        }
        if post.post_id == first:
            tweet["edit_info"] = {"initial": control}
        else:
            tweet["edit_info"] = {"edit": {"initialTweetId": first, "editControlInitial": control}}
    tweet |= {
        "retweeted": False,
        "source": '<a href="https://example.org/synthetic" rel="nofollow">Synthetic demo generator</a>',
        "entities": {
            "hashtags": [{"text": s.value, "indices": [str(s.start), str(s.end)]} for s in post.hashtags],
            "symbols": [],
            "user_mentions": [
                {
                    "name": s.name,
                    "screen_name": s.value,
                    "indices": [str(s.start), str(s.end)],
                    "id_str": s.other or "-1",
                    "id": s.other or "-1",
                }
                for s in post.mentions
            ],
            "urls": [
                {
                    "url": s.value,
                    "expanded_url": s.other,
                    "display_url": str(s.other).removeprefix("https://")[:30],
                    "indices": [str(s.start), str(s.end)],
                }
                for s in post.links
            ],
        },
        "display_text_range": [str(post.display_from), str(len(post.text))],
        "favorite_count": str(0 if post.reposted else post.metrics.like_count),
    }
    if post.replied_to:
        tweet["in_reply_to_status_id_str"] = tweet["in_reply_to_status_id"] = post.replied_to.post_id
        tweet["in_reply_to_user_id"] = tweet["in_reply_to_user_id_str"] = post.replied_to.account.account_id
        tweet["in_reply_to_screen_name"] = post.replied_to.account.handle
    tweet |= {
        "id_str": post.post_id,
        "truncated": False,
        "retweet_count": str(0 if post.reposted else post.metrics.repost_count),
        "id": post.post_id,
        "created_at": x_date(post.posted_at),
        "favorited": False,
        "full_text": post.text,
        "lang": "in" if post.language == "id" else post.language,
    }
    if post.media_link:
        span = post.media_link
        media = [
            {
                "url": span.value,
                "expanded_url": span.other,
                "display_url": "pic.twitter.com/synthetic",
                "indices": [str(span.start), str(span.end)],
                "type": kind,
            }
            for kind in post.media_types
        ]
        tweet["entities"]["media"] = media[:1]
        tweet["extended_entities"] = {"media": media}
    return {"tweet": tweet | dict(post.extra)}


def note_record(note_id: str, post: Post, whole_text: str, at: datetime) -> dict[str, Any]:
    """One entry of `note-tweet.js`: its id is not the post's id, its time has milliseconds."""
    hashtags = [
        {"text": m["tag"], "fromIndex": str(m.start()), "toIndex": str(m.end())}
        for m in _ENTITY.finditer(whole_text)
        if m["tag"]
    ]
    mentions = [
        {"screenName": m["handle"], "fromIndex": str(m.start()), "toIndex": str(m.end())}
        for m in _ENTITY.finditer(whole_text)
        if m["handle"]
    ]
    return {
        "noteTweet": {
            "noteTweetId": note_id,
            "updatedAt": iso_date(at),
            "lifecycle": {"value": "0", "name": "Live", "originalName": "Live", "annotations": {}},
            "createdAt": iso_date(at),
            "core": {
                "styletags": [],
                "urls": [],
                "text": whole_text,
                "mentions": mentions,
                "cashtags": [],
                "hashtags": hashtags,
            },
        }
    }


def ytd(name: str, records: Sequence[Mapping[str, Any]], part: int = 0) -> str:
    """A JavaScript file of a modern archive: assignment, then JSON as the export prints it."""
    return f"window.YTD.{name}.part{part} = " + json.dumps(records, ensure_ascii=False, indent=2)


def manifest(
    owner: Account, generated_at: datetime, files: Mapping[str, Sequence[tuple[str, str, int]]], **more: Any
) -> str:
    """`manifest.js`: owner, export time, and per data type its files as (name, global name, count)."""
    config = {
        "userInfo": {"accountId": owner.account_id, "userName": owner.handle, "displayName": owner.name},
        "archiveInfo": {
            "sizeBytes": "1",
            "generationDate": iso_date(generated_at),
            "isPartialArchive": False,
            "maxPartSizeBytes": "53687091200",
        },
        "readmeInfo": {"fileName": "data/README.txt", "directory": "data/", "name": "README.txt"},
        "dataTypes": {
            data_type: {
                "files": [
                    {"fileName": name, "globalName": global_name, "count": str(count)}
                    for name, global_name, count in members
                ]
            }
            for data_type, members in files.items()
        },
    }
    return "window.__THAR_CONFIG = " + json.dumps(config | more, ensure_ascii=False, indent=2)


def account_file(owner: Account, email: str = "nobody@example.org") -> str:
    """`account.js`: who the owner is."""
    return ytd(
        "account",
        [
            {
                "account": {
                    "email": email,
                    "createdVia": "web",
                    "username": owner.handle,
                    "accountId": owner.account_id,
                    "createdAt": iso_date(owner.created_at),
                    "accountDisplayName": owner.name,
                }
            }
        ],
    )


def header_record(post: Post) -> dict[str, Any]:
    """One entry of `tweet-headers.js`."""
    return {
        "tweet": {
            "tweet_id": post.post_id,
            "user_id": post.author.account_id,
            "created_at": x_date(post.posted_at),
        }
    }


# ---------------------------------------------------------------- old archive


def legacy_entities(post: Post) -> dict[str, Any]:
    """What an old archive marks in a post: true numbers, and no type of media."""
    return {
        "user_mentions": [
            {
                "name": s.name,
                "screen_name": s.value,
                "indices": [s.start, s.end],
                "id_str": s.other or "-1",
                "id": int(s.other or -1),
            }
            for s in post.mentions
        ],
        "media": [{"type": kind} for kind in post.media_types],
        "hashtags": [{"text": s.value, "indices": [s.start, s.end]} for s in post.hashtags],
        "urls": [
            {"indices": [s.start, s.end], "url": s.value, "expanded_url": s.other, "display_url": s.other}
            for s in post.links
        ],
    }


def legacy_record(post: Post) -> dict[str, Any]:
    """One entry of an old archive's monthly file: true numbers, author and reposted post inside."""
    user = {
        "name": post.author.name,
        "screen_name": post.author.handle,
        "protected": False,
        "id_str": post.author.account_id,
        "id": int(post.author.account_id),
        "verified": False,
    }
    tweet: dict[str, Any] = {
        "source": '<a href="https://example.org/synthetic" rel="nofollow">Synthetic demo generator</a>',
        "entities": legacy_entities(post),
        "geo": {},
        "id_str": post.post_id,
        "text": post.text,
        "id": int(post.post_id),
        "created_at": legacy_date(post.posted_at),
        "user": user,
    }
    if post.replied_to:
        other = post.replied_to
        tweet |= {
            "in_reply_to_status_id_str": other.post_id,
            "in_reply_to_status_id": int(other.post_id),
            "in_reply_to_user_id_str": other.account.account_id,
            "in_reply_to_user_id": int(other.account.account_id),
            "in_reply_to_screen_name": other.account.handle,
        }
    if post.reposted:
        other = post.reposted
        tweet["retweeted_status"] = {
            "id_str": other.post_id,
            "id": int(other.post_id),
            "created_at": legacy_date(other.time),
            "entities": legacy_entities(other.post),
            "text": other.text,
            "user": {
                "name": other.account.name,
                "screen_name": other.account.handle,
                "id_str": other.account.account_id,
                "id": int(other.account.account_id),
            },
        }
    return tweet | dict(post.extra)


# ---------------------------------------------------------------- API v2


def api_user(account: Account) -> dict[str, Any]:
    """A user object of the API."""
    return {
        "id": account.account_id,
        "username": account.handle,
        "name": account.name,
        "created_at": iso_date(account.created_at),
        "description": "A synthetic account that does not exist.",
        "public_metrics": {"followers_count": 0, "following_count": 0, "tweet_count": 0, "listed_count": 0},
        "verified": False,
        "protected": False,
    }


def api_entities(post: Post) -> dict[str, Any]:
    """What the API marks in a post; empty, and then left out, where there is nothing."""
    entities: dict[str, Any] = {}
    if post.hashtags:
        entities["hashtags"] = [{"start": s.start, "end": s.end, "tag": s.value} for s in post.hashtags]
    if post.mentions:
        # The API leaves the id out where the account is gone.
        entities["mentions"] = [
            {"start": s.start, "end": s.end, "username": s.value} | ({"id": s.other} if s.other else {})
            for s in post.mentions
        ]
    links = [*post.links, *([post.media_link] if post.media_link else [])]
    if links:
        entities["urls"] = [{"start": s.start, "end": s.end, "url": s.value, "expanded_url": s.other} for s in links]
    return entities


def api_record(post: Post) -> dict[str, Any]:
    """A post object of the API, unflattened."""
    metrics = post.metrics
    public = {
        "retweet_count": metrics.repost_count,
        "reply_count": 0 if post.reposted else metrics.reply_count,
        "like_count": 0 if post.reposted else metrics.like_count,
        "quote_count": 0 if post.reposted else metrics.quote_count,
    }
    if metrics.bookmark_count is not None:
        public["bookmark_count"] = metrics.bookmark_count
    if metrics.impression_count is not None:
        public["impression_count"] = metrics.impression_count
    record: dict[str, Any] = {
        "id": post.post_id,
        "text": post.text,
        "created_at": iso_date(post.posted_at),
        "author_id": post.author.account_id,
        "conversation_id": post.thread_id or post.post_id,
        "lang": "in" if post.language == "id" else post.language,
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "edit_history_tweet_ids": list(post.version_ids) or [post.post_id],
        "public_metrics": public,
    }
    entities = api_entities(post)
    if entities:
        record["entities"] = entities
    references = [
        {"type": kind, "id": other.post_id}
        for kind, other in (
            ("retweeted", post.reposted),
            ("quoted", post.quoted),
            ("replied_to", post.replied_to),
        )
        if other
    ]
    if references:
        record["referenced_tweets"] = references
    if post.replied_to:
        record["in_reply_to_user_id"] = post.replied_to.account.account_id
    if post.media_types:
        record["attachments"] = {"media_keys": [f"3_{int(post.post_id) + n}" for n, _ in enumerate(post.media_types)]}
    return record | dict(post.extra)


def api_page(
    posts: Sequence[Post], retrieved_at: datetime, url: str, accounts: Sequence[Account] = ()
) -> dict[str, Any]:
    """A page as twarc2 writes it: data, includes, meta and the time of retrieval."""
    users = {account.account_id: account for account in accounts}
    referenced: dict[str, dict[str, Any]] = {}
    media: list[dict[str, Any]] = []
    for post in posts:
        users.setdefault(post.author.account_id, post.author)
        for other in (post.replied_to, post.quoted, post.reposted):
            if other:
                users.setdefault(other.account.account_id, other.account)
                referenced[other.post_id] = {
                    "id": other.post_id,
                    "author_id": other.account.account_id,
                    "text": other.text,
                    "created_at": iso_date(other.time),
                }
                entities = api_entities(other.post)
                if entities:
                    referenced[other.post_id]["entities"] = entities
        media += [{"media_key": f"3_{int(post.post_id) + n}", "type": kind} for n, kind in enumerate(post.media_types)]
    includes: dict[str, Any] = {"users": [api_user(account) for account in users.values()]}
    if referenced:
        includes["tweets"] = list(referenced.values())
    if media:
        includes["media"] = media
    ids = sorted((post.post_id for post in posts), key=int)
    return {
        "data": [api_record(post) for post in posts],
        "includes": includes,
        "meta": {"newest_id": ids[-1], "oldest_id": ids[0], "result_count": len(posts)} if ids else {},
        "__twarc": {
            "url": url,
            "version": "2.14.0 (synthetic)",
            "retrieved_at": f"{retrieved_at:%Y-%m-%dT%H:%M:%S}+00:00",
        },
    }


def flat_api_record(post: Post, retrieved_at: datetime) -> dict[str, Any]:
    """A post as `twarc2 flatten` writes it: author and referenced posts inside."""
    record = api_record(post)
    record["author"] = api_user(post.author)
    others = {other.post_id: other.account for other in (post.reposted, post.quoted, post.replied_to) if other}
    for reference in record.get("referenced_tweets", ()):
        account = others[reference["id"]]
        reference |= {"author_id": account.account_id, "author": api_user(account)}
    if post.replied_to:
        record["in_reply_to_user"] = api_user(post.replied_to.account)
    if post.media_types:
        record["attachments"]["media"] = [{"type": kind} for kind in post.media_types]
    record["__twarc"] = {
        "url": "synthetic",
        "version": "2.14.0 (synthetic)",
        "retrieved_at": f"{retrieved_at:%Y-%m-%dT%H:%M:%S}+00:00",
    }
    return record


# ---------------------------------------------------------------- files


def compact(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_zip(target: Path, members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_STORED) -> None:
    """A zip with fixed times and modes; stored by default: deflated bytes differ between zlib versions."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=_ZIP_TIME)
            info.compress_type = compression
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content if isinstance(content, bytes) else content.encode())
