"""What was planted in the demo captures, so that tests and readers know the right answers.

Belongs here: the shape of the truth and its counting from the generator's own lists.
Does not belong here: reading a capture or a warehouse; whoever compares does that elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Western Indonesia has kept this offset, without summer time, since 1988.
JAKARTA = timedelta(hours=7)
KINDS = ("original", "reply", "self_reply", "quote", "repost")


@dataclass(frozen=True)
class TruthPost:
    """One post that must stand in the marts.

    Args:
        post_id: Native id of the version that is kept.
        handle: Author.
        posted_at: Stated time, UTC, to the second.
        kind: One of `KINDS`.
        language: BCP-47.
        hashtags: As written, one entry per occurrence that is delivered.
        themes: Codes of `texts.THEME_PHRASES` that the text carries, sorted.
        interactions: (kind, handle) of each directed edge, threads left out.
        like_count: In the archive, or in the API for posts of others; None for reposts.
        is_trap: The text holds a word of a code in another sense (see `DemoTruth.theme_traps`).
        is_long: The whole text stands in `note-tweet.js`.
    """

    post_id: str
    handle: str
    posted_at: datetime
    kind: str
    language: str
    hashtags: tuple[str, ...]
    themes: tuple[str, ...]
    interactions: tuple[tuple[str, str], ...]
    like_count: int | None
    is_trap: bool = False
    is_long: bool = False

    def month(self, offset: timedelta) -> str:
        """`YYYY-MM` of the post at an offset from UTC."""
        return f"{self.posted_at + offset:%Y-%m}"


@dataclass(frozen=True)
class CaptureTruth:
    """One capture: what lies in it. For each, delivered = loaded + rejected.

    Args:
        file_name: Name of the file in the folder.
        source: The reader that must take it.
        observed_at: The times at which its counts were true, as stated inside.
        posts_delivered: Post records in it.
        posts_rejected: Post records that cannot be read.
        posts_loaded: Post records that can.
        others: Records of other types (`note`, `deletion`, `error_line`) by their number; an error line is
            delivered and rejected.
    """

    file_name: str
    source: str
    observed_at: tuple[str, ...]
    posts_delivered: int
    posts_rejected: int
    posts_loaded: int
    others: Mapping[str, int]


@dataclass(frozen=True)
class DemoTruth:
    """The right answers for one set of demo captures.

    Args:
        records: What became of the post records of both captures: delivered = rejected + loaded, and loaded =
            kept + duplicate + superseded + deleted. Of these, earlier_version counts superseded versions of
            edited posts and seen_again other observations of kept posts.
        months: Posts of the organisation as [zone, month, kind, count]; zones `UTC` and `Asia/Jakarta`.
        hashtags: By folded tag, of the organisation: posts, own posts (no reposts), occurrences, and
            occurrences of each spelling.
        themes: By code, of the organisation, traps left out: posts and own posts.
        interactions: By kind, then target handle: edges of the organisation.
        towards: By kind, then author handle: edges of others towards the organisation.
        planted: Every other effect, by name.
    """

    seed: int
    scale: float
    organisation: Mapping[str, str]
    window: tuple[str, str]
    reporting_timezone: str
    captures: tuple[CaptureTruth, ...]
    records: Mapping[str, int]
    posts_by_handle: Mapping[str, int]
    kinds: Mapping[str, int]
    months: tuple[tuple[str, str, str, int], ...]
    hashtags: Mapping[str, Mapping[str, Any]]
    themes: Mapping[str, Mapping[str, int]]
    theme_traps: tuple[Mapping[str, str], ...]
    interactions: Mapping[str, Mapping[str, int]]
    towards: Mapping[str, Mapping[str, int]]
    engagement: Mapping[str, Any]
    planted: Mapping[str, Any]
    canaries: Mapping[str, str]
    posts: tuple[TruthPost, ...]

    @property
    def capture_names(self) -> tuple[str, ...]:
        """File names of the captures, in the order in which they are written."""
        return tuple(capture.file_name for capture in self.captures)

    def posts_of(self, handle: str) -> tuple[TruthPost, ...]:
        """Kept posts of one author."""
        return tuple(post for post in self.posts if post.handle == handle)

    def write(self, folder: Path) -> None:
        """`truth.json` with everything but the single posts, and `truth_posts.jsonl` with those."""
        summary = dataclasses.asdict(dataclasses.replace(self, posts=()))
        del summary["posts"]
        text = json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
        with (folder / "truth_posts.jsonl").open("w", encoding="utf-8", newline="\n") as handle:
            for post in self.posts:
                row = dataclasses.asdict(post) | {"posted_at": f"{post.posted_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
                handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def folded(tag: str) -> str:
    """A hashtag as it is counted: lower case, composed letters."""
    return unicodedata.normalize("NFC", tag.lower())


def count_months(posts: Iterable[TruthPost]) -> tuple[tuple[str, str, str, int], ...]:
    """[zone, month, kind, count], only where there are posts."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for post in posts:
        counts["UTC", post.month(timedelta(0)), post.kind] += 1
        counts["Asia/Jakarta", post.month(JAKARTA), post.kind] += 1
    return tuple((*key, count) for key, count in sorted(counts.items()))


def count_hashtags(posts: Iterable[TruthPost]) -> dict[str, dict[str, Any]]:
    """By folded tag: posts, own posts, occurrences, spellings."""
    result: dict[str, dict[str, Any]] = {}
    for post in posts:
        for tag in sorted({folded(tag) for tag in post.hashtags}):
            entry = result.setdefault(tag, {"posts": 0, "own_posts": 0, "occurrences": 0, "spellings": Counter()})
            entry["posts"] += 1
            entry["own_posts"] += post.kind != "repost"
        for tag in post.hashtags:
            result[folded(tag)]["occurrences"] += 1
            result[folded(tag)]["spellings"][tag] += 1
    return {
        tag: {**entry, "spellings": dict(sorted(entry["spellings"].items()))} for tag, entry in sorted(result.items())
    }


def count_themes(posts: Iterable[TruthPost]) -> dict[str, dict[str, int]]:
    """By code: posts and own posts; posts with a trap are left out."""
    result: dict[str, dict[str, int]] = {}
    for post in posts:
        if post.is_trap:
            continue
        for code in post.themes:
            entry = result.setdefault(code, {"posts": 0, "own_posts": 0})
            entry["posts"] += 1
            entry["own_posts"] += post.kind != "repost"
    return dict(sorted(result.items()))


def count_interactions(
    posts: Iterable[TruthPost], *, by_author: bool = False, only: str = ""
) -> dict[str, dict[str, int]]:
    """By kind, then handle of the target (or of the author), edges; `only` keeps edges to one target."""
    result: dict[str, Counter[str]] = {}
    for post in posts:
        for kind, target in post.interactions:
            if only and target != only:
                continue
            result.setdefault(kind, Counter())[post.handle if by_author else target] += 1
    return {kind: dict(sorted(counts.items())) for kind, counts in sorted(result.items())}
