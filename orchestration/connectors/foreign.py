"""What a capture looks like that no connector reads, so that the error can say it.

Belongs here: marks of other platforms, other exports and other file types, and what to do about each.
Does not belong here: reading any of them.
"""

from __future__ import annotations

import re
from collections.abc import Container

from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.records import key_paths, told_names
from orchestration.connectors.tables import TEXT, has_table_name, normalised, table_heads

_HEAD_CHARACTERS = 1 << 16
_LOOKED_AT = 50  # members whose heads are read; the marks of an export are never in the fiftieth file

_LATER = "This source is not read yet. The X archive, or JSON of an API, of the same account is."
_OTHER_PLATFORM = "Hand over an export of X, Bluesky or Mastodon; other platforms are not read yet."
_AUTHOR_FEED = (
    "It holds posts without their counts. Hand over the author's feed instead: the pages of the public API"
    " app.bsky.feed.getAuthorFeed, as JSON."
)
# A tar has no list of contents: to know what is in it, all of it has to be unpacked, pictures included.
_TAR = "Unpack it (tar -xf FILE), and hand over the folder; of a Mastodon archive, outbox.json and actor.json will do."
_MAP = "Describe its columns in a map: `suara map FILE` proposes one."

# Names of members, then what they are the mark of.
_NAMES = (
    (
        r"(^|/)actor\.json$",
        "a Mastodon archive without its outbox.json",
        "Hand over the whole archive, as downloaded.",
        "incomplete_archive",
    ),
    (
        r"(^|/)(your_instagram_activity|connections/followers_and_following)/|instagram.*posts_\d+\.(json|html)$",
        "an Instagram export",
        _OTHER_PLATFORM,
        "other_platform",
    ),
    (
        r"(^|/)(your_facebook_activity|your_activity_across_facebook)/|(^|/)your_posts.*\.(json|html)$",
        "a Facebook export",
        _OTHER_PLATFORM,
        "other_platform",
    ),
    (r"(^|/)user_data(_tiktok)?\.json$", "a TikTok export", _OTHER_PLATFORM, "other_platform"),
    (r"(^|/)(Shares|Connections|Rich_Media)\.csv$", "a LinkedIn export", _OTHER_PLATFORM, "other_platform"),
    (r"(^|/)Takeout/", "a Google Takeout", _OTHER_PLATFORM, "other_platform"),
    (r"\.car$", "a repository of Bluesky (CAR)", _AUTHOR_FEED, "later_source"),
    (
        r"(^|/)xl/workbook\.xml$|\.xlsx?$|\.ods$",
        "a spreadsheet",
        "Its columns are not those of a tool we know. Best is the export that it was made from, since spreadsheets"
        " round ids; otherwise describe its columns in a map: `suara map FILE`.",
        "spreadsheet",
    ),
    (
        r"\.(zip|rar|7z|tar|tgz)$",
        "an archive within the capture",
        "Unpack it, and hand over what is inside.",
        "nested_archive",
    ),
)

# First bytes of files that are no text.
_MAGICS = (
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"OggS", "a sound file"),
)

# Paths of keys in a first JSON value, then what they are the mark of. The first match counts.
_KEYS = (
    (("commit.collection",), "the firehose of Bluesky (Jetstream)", _AUTHOR_FEED, "later_source"),
    (("uri", "cid"), "posts of Bluesky, rewritten by a tool", _AUTHOR_FEED, "later_source"),
    (
        ("__typename", "id_str", "user"),
        "posts as X serves them for embedding in web pages",
        "Collect them from an API, or from the web client with a collector.",
        "unknown_format",
    ),
    (
        ("data.user.result",),
        "an account as the X web client gets it, without posts",
        "Hand over the responses that list posts.",
        "unknown_format",
    ),
    (("rest_id",), "objects of the X web client that are no posts", "Hand over the posts.", "unknown_format"),
    (
        ("id_str", "full_text"),
        "posts of an X archive without the rest of it",
        "Hand over the whole archive (the zip).",
        "incomplete_archive",
    ),
    (
        ("id_str", "text"),
        "posts of X API v1.1 without their authors",
        "Hand over the file as collected, with the field user.",
        "missing_column",
    ),
    (
        ("id", "created_at"),
        "objects with id and created_at, but without a text",
        "Collect again with the field text; without it these are not posts.",
        "missing_column",
    ),
)

# Column names of a CSV header, then what they are the mark of.
_COLUMNS = (({"date", "impressions", "engagements"}, "an X Analytics table per day, not per post"),)


def describe(files: CaptureFiles, known: Container[str]) -> tuple[str, str, str]:
    """What the capture looks like, what to do about it, and a code for it; of columns it names those `known`."""
    names = [member.name for member in files.members()]
    if files.kind == "file" and files.head(files.name, 4) == b"PK\x03\x04":
        names = ["xl/workbook.xml"]  # a workbook by its bytes, whatever it is called
    for pattern, found, next_step, code in _NAMES:
        if any(re.search(pattern, name, re.IGNORECASE) for name in names):
            return found, next_step, code
    for member in files.members()[:_LOOKED_AT]:
        if member.byte_size and (described := _describe_head(files, member.name, known)):
            return described
    if not any(member.byte_size for member in files.members()):
        return "empty files only", "Download or copy it again.", "empty_file"
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
    next_step = "See the list of sources in the documentation; if it is one of them, name it."
    return f"nothing known in {shown}"[:200], next_step, "unknown_format"


def _describe_head(files: CaptureFiles, name: str, known: Container[str]) -> tuple[str, str, str] | None:
    head = files.head(name, _HEAD_CHARACTERS)
    for magic, found in _MAGICS if files.kind == "file" else ():
        if head.startswith(magic):
            return found, "Hand over the export as it was downloaded.", "unknown_format"
    if head[257:262] == b"ustar":
        return "a tar archive", _TAR, "nested_archive"
    text = files.head_text(name, _HEAD_CHARACTERS).lstrip("\ufeff \t\r\n")
    if not text.strip("\0 \r\n\t"):
        return "nothing but blanks", "Download or copy it again.", "empty_file"
    if text[:200].lower().startswith(("<!doctype html", "<html")):
        next_step = "The download gave a page (log in?), not the file: download it again."
        return "a web page", next_step, "web_page"
    if text.startswith(("{", "[")):
        paths = key_paths(text)
        for keys, found, next_step, code in _KEYS:
            if set(keys) <= paths:
                return found, next_step, code
        return None
    header = {cell.strip(' "\r').lower() for cell in re.split(r"[,;\t]", text.split("\n", 1)[0])}
    for columns, found in _COLUMNS:
        if columns <= header:
            return found, _LATER, "later_source"
    if {"tweet_id", "timestamp"} & header and len(header) > 4:
        found = f"a tweets.csv without all its columns, with {told_names(sorted(header), known)}"
        return found, "Take the file as exported; a column was removed or renamed.", "missing_column"
    return _describe_table(files, name, known)


def _describe_table(files: CaptureFiles, name: str, known: Container[str]) -> tuple[str, str, str] | None:
    """A table of nobody we know, by the widest of its first rows: titles may stand above its header."""
    heads = [head for head in table_heads(files) if head.member == name and head.kind == TEXT]
    widest = max((row for head in heads for row in head.rows), key=lambda row: len(set(row)), default=())
    if len(widest) < 3 or not has_table_name(name):
        return None
    columns = told_names(sorted({normalised(cell) for cell in widest} - {""}), known)
    return f"a table with {columns}", _MAP, "unknown_table"
