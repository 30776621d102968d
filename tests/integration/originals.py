"""The independent count once more, with the hashtags and mentions of a repost read from its original.

Belongs here: a few lines that read the real files by themselves, without a connector and without SQL.
Does not belong here: anything of the project's own reading.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Words = Callable[[dict[str, Any]], list[str]]


def _old_archive(path: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if "/js/tweets/" in name and name.endswith(".js"):
                text = archive.read(name).decode()
                for post in json.loads(text[text.index("=") + 1 :]):
                    yield post["id_str"], post, post.get("retweeted_status") or post


def _api_v2(path: Path, member: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    posts, included = [], {}
    with zipfile.ZipFile(path) as archive:
        for line in archive.read(member).decode().splitlines():
            value = json.loads(line)
            included |= {post["id"]: post for post in value.get("includes", {}).get("tweets", [])}
            posts += value.get("data", [value])
    for post in posts:
        repeated = [r for r in post.get("referenced_tweets", []) if r["type"] == "retweeted"]
        original = next((r if "text" in r else included.get(r["id"], post) for r in repeated), post)
        yield post["id"], post, original


def _words(key: str, field: str) -> Words:
    return lambda post: [item[field].lower() for item in post.get("entities", {}).get(key, [])]


# By the key of the expectation.
_IN_OLD_ARCHIVES = {"hashtags": _words("hashtags", "text"), "mentions": _words("user_mentions", "screen_name")}
_IN_API_V2 = {"hashtags": _words("hashtags", "tag"), "mentions": _words("mentions", "username")}


def _facts(words_of_posts: list[list[str]]) -> dict[str, Any]:
    posts, occurrences = Counter(), Counter()
    for words in words_of_posts:
        posts.update(set(words))
        occurrences.update(words)
    return {
        "distinct": len(posts),
        "occurrences": occurrences.total(),
        "posts_with_any": sum(bool(words) for words in words_of_posts),
        "top_by_posts": posts.most_common(),
        "top_by_occurrences": occurrences.most_common(),
    }


def of_originals(
    pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]], words: Mapping[str, Words], expected: dict[str, Any]
) -> dict[str, Any]:
    """What `words` finds in originals: of each post the wrapper and its original, which are one where it is no repost.

    The independent count takes the words of wrappers. The lines here give its numbers when they read the wrapper (it is
    asserted), so that the one thing changed is where a repost's entities are read.
    """
    changed = {}
    for what, of_post in words.items():
        wrappers = _facts([of_post(wrapper) for wrapper, _ in pairs])
        for fact in ("distinct", "occurrences", "posts_with_any"):
            assert wrappers[fact] == expected[what][fact], (what, fact)
        changed[what] = _facts([of_post(original) for _, original in pairs])
    return changed


def with_entities_of_originals(folder: Path, name: str, expected: dict[str, Any]) -> dict[str, Any]:
    """Hashtags and mentions of the expectation, those of reposts taken from their originals (`of_originals`)."""
    if name.startswith("grailbird_"):
        read, words = _old_archive(folder / f"{name}.zip"), _IN_OLD_ARCHIVES
    elif name.startswith("v2_twarc_") and name != "v2_twarc_edits":
        member = f"test-data/{name.removeprefix('v2_twarc_')}.jsonl"
        read, words = _api_v2(folder / "v2_twarc.zip", member), _IN_API_V2
    else:
        return {}  # these files hold no original of a repost
    posts = {post_id: (wrapper, original) for post_id, wrapper, original in read}
    return of_originals([*posts.values()], words, expected)
