"""`python -m bench.entities`: entities from text beside what the platform marked itself, and what a million texts cost.

Belongs here: reading real packages record by record, counting agreement, measuring, printing. Does not belong here:
cases of single texts (tests/unit/test_entities.py) and the public conformance suite (tests/conformance.py).

The records are read as plain JSON, not through the pipeline: what is compared with the macros shares no code with them.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bench.grow import shared_data
from tests.conformance import hashtags_sql, mentions_sql
from tests.sql_macros import render

# Package: the members that hold posts.
PACKAGES = {
    "grailbird_landsurveyorsu": r"tweets/\d{4}_\d{2}\.js$",
    "ytd_andreruffert": r"data/tweets\.js$",
    "v2_twarc": r"test-data/(2sets|flat|withheld|entities_test|kpop|brexit)\.jsonl$",
    "congress_v11_half0": r"data/twitter/tweets/\d+\.json$",
}
GROWN_POSTS = 1_000_000


@dataclass(frozen=True)
class Post:
    """What a record says, as the platform delivered it.

    Args:
        post_id: Its id.
        text: Its text, HTML entities undone.
        is_escaped: Whether there was anything to undo: then the platform's places are not those of `text`.
        hashtags: (tag, start, end) as marked.
        mentions: (handle, start, end) as marked.
        is_cut: Whether the text ends in an ellipsis: the marks may speak of what was cut off.
    """

    post_id: str
    text: str
    is_escaped: bool
    hashtags: tuple[tuple[str, int, int], ...]
    mentions: tuple[tuple[str, int, int], ...]
    is_cut: bool


def _records(name: str, content: str) -> Iterator[dict[str, Any]]:
    if name.endswith(".jsonl"):
        pages = [json.loads(line) for line in content.splitlines() if line.strip()]
        for page in pages:
            data = page.get("data", page)
            yield from data if isinstance(data, list) else [data]
            yield from page.get("includes", {}).get("tweets", [])
    elif name.endswith(".js"):
        yield from (record.get("tweet", record) for record in json.loads(content[content.index("[") :].rstrip(" \n;")))
    else:
        yield from json.loads(content)


def _post(record: dict[str, Any]) -> Post:
    note = record.get("note_tweet") or {}
    escaped = note.get("text") or record.get("full_text") or record["text"]
    entities = (note.get("entities") if note.get("text") else record.get("entities")) or {}
    text = escaped
    for name, character in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("#39", "'"), ("amp", "&")):
        text = text.replace(f"&{name};", character)

    def marked(kinds: tuple[str, ...], words: tuple[str, ...]) -> tuple[tuple[str, int, int], ...]:
        found = []
        for kind in kinds:
            for entity in entities.get(kind) or []:
                start, end = entity.get("indices") or (entity["start"], entity["end"])
                found.append((next(entity[w] for w in words if w in entity), int(start), int(end)))
        return tuple(found)

    return Post(
        record.get("id_str") or str(record["id"]),
        text,
        text != escaped,
        marked(("hashtags",), ("tag", "text")),
        marked(("user_mentions", "mentions"), ("screen_name", "username")),
        text.endswith("…") or bool(record.get("truncated")),
    )


def posts_of(folder: Path, package: str) -> list[Post]:
    """Every post of a package once, in the order of its files."""
    posts: dict[str, Post] = {}
    with zipfile.ZipFile(folder / f"{package}.zip") as archive:
        for name in archive.namelist():
            if re.search(PACKAGES[package], name):
                for record in _records(name, archive.read(name).decode("utf-8-sig")):
                    if "text" in record or "full_text" in record:
                        post = _post(record)
                        posts.setdefault(post.post_id, post)
    return list(posts.values())


@dataclass(frozen=True)
class Agreement:
    """How often text and marks name the same, over whole texts.

    Args:
        posts: Texts compared.
        with_any: Those in which either side finds one.
        equal: Those in which both sides find the same set, case aside.
        placed: Occurrences that both sides find in texts without HTML entities, and of these, those at one place.
        only_marked: Words that only the platform marks, summed over posts.
        only_text: Words that only the text shows.
        differing: Ids of posts that differ.
    """

    posts: int
    with_any: int
    equal: int
    placed: tuple[int, int]
    only_marked: int
    only_text: int
    differing: tuple[str, ...]


def agreement(posts: list[Post], expression: str, kind: str, word: str) -> Agreement:
    """Compare one kind of entity; cut texts are left out."""
    posts = [post for post in posts if not post.is_cut]
    with duckdb.connect() as connection:
        connection.execute("create table texts (text_no integer, text varchar)")
        numbers, texts = list(range(len(posts))), [post.text for post in posts]
        connection.execute("insert into texts select unnest(?), unnest(?)", [numbers, texts])
        rows = connection.execute(f"select {expression} from texts order by text_no").fetchall()
    with_any = equal = both = same_place = only_marked = only_text = 0
    differing = []
    for post, (found,) in zip(posts, rows, strict=True):
        marked = getattr(post, kind)
        here = {entity[word].lower() for entity in found}
        there = {name.lower() for name, _, _ in marked}
        with_any += bool(here or there)
        equal += here == there
        only_marked += len(there - here)
        only_text += len(here - there)
        if here != there:
            differing.append(post.post_id)
        elif not post.is_escaped:
            both += len(marked)
            places = {(entity["start"], entity["end"]) for entity in found}
            same_place += sum((start, end) in places for _, start, end in marked)
    return Agreement(len(posts), with_any, equal, (both, same_place), only_marked, only_text, tuple(differing))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def speed(texts: list[str], count: int) -> dict[str, tuple[float, float, int]]:
    """CPU seconds, wall seconds and number found for each kind, over texts repeated to `count`; two threads."""
    expressions = {
        "hashtags": hashtags_sql(),
        "mentions": mentions_sql(),
        "cashtags": render("cashtags_in", "text"),
        "urls": render("urls_in", "text"),
    }
    measured = {}
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("create table delivered as select unnest(?) as text", [texts])
        connection.execute(
            "create table texts as select text from delivered, range(?) limit ?", [count // len(texts) + 1, count]
        )
        for kind, expression in expressions.items():
            wall, cpu = time.perf_counter(), _cpu()
            row = connection.execute(f"select sum(len({expression}))::bigint from texts").fetchone()
            measured[kind] = (_cpu() - cpu, time.perf_counter() - wall, row[0] if row else 0)
    return measured


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.entities", description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=GROWN_POSTS, help="texts of the speed table (default 1,000,000)")
    parser.add_argument("--show-ids", action="store_true", help="list ids of posts that differ, up to 20 per row")
    options = parser.parse_args(arguments)
    folder = shared_data()
    if folder is None:
        print("The real packages are not here: set SUARA_SHARED_DATA, or put them at ../shared/data.")
        return 1
    print("| package | entity | texts | with any | same set | only marked | only in text | same place |")
    print("|---|---|---|---|---|---|---|---|")
    texts: list[str] = []
    for package in PACKAGES:
        posts = posts_of(folder, package)
        texts += [post.text for post in posts]
        for kind, word, expression in (("hashtags", "tag", hashtags_sql()), ("mentions", "handle", mentions_sql())):
            found = agreement(posts, expression, kind, word)
            print(
                f"| {package} | {kind} | {found.posts:,} | {found.with_any:,} | {found.equal:,} "
                f"({found.equal / found.posts:.3%}) | {found.only_marked:,} | {found.only_text:,} "
                f"| {found.placed[1]:,} of {found.placed[0]:,} |"
            )
            if options.show_ids and found.differing:
                print(f"  differ: {', '.join(found.differing[:20])}", file=sys.stderr)
    if options.posts:
        print(f"\n{options.posts:,} texts of {sum(map(len, texts)) / len(texts):.0f} characters, two threads:\n")
        print("| entity | CPU seconds | seconds | found |")
        print("|---|---|---|---|")
        for kind, (cpu, wall, count) in speed(texts, options.posts).items():
            print(f"| {kind} | {cpu:.1f} | {wall:.1f} | {count:,} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
