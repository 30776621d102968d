"""Grows a real package to any number of posts with valid, distinct ids.

Belongs here: bulk copying of records as text; each copy gets an id of its own whose time agrees with its stated time.
Does not belong here: measuring.

Records are not built anew: the text of a real record is cut where its id stands and joined again around the new id, so
that a million posts take seconds and keep the size and shape of real ones.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.contract import PROJECT_ROOT
from orchestration.demo import generate, native
from orchestration.demo.generator import ARCHIVE_NAME

LOW_BITS = 1 << 22
FIRST_ID_WITH_TIME = 1 << 35  # older ids were counted one by one (before November 2010)
# Coprime to 2^22, so that copies of one post never share their low bits.
STRIDE = 1_299_709

# How far a copy of a package of one day lies before the last: 2,000 copies of 28 hours still end after November 2010.
COPY_HOURS = 37

# X splits large archives into parts; a part of this many posts is about 100 MB.
PART_POSTS = 100_000


@dataclass(frozen=True)
class Grown:
    """A grown package.

    Args:
        capture: The file for the pipeline, in the form in which the source delivers it.
        json_files: The same records for a bare reader, as plain JSON; the capture itself where it is plain JSON.
        json_format: How DuckDB calls the form of `json_files`: `array` or `newline_delimited`.
        raw_table: Name of the raw table, whose declared columns the bare reader uses.
        wrapper: Key in which each record is wrapped (`tweet`), if any.
        posts: Number of post records.
        package: What was grown.
    """

    capture: Path
    json_files: tuple[Path, ...]
    json_format: str
    raw_table: str
    wrapper: str | None
    posts: int
    package: str


def shared_data() -> Path | None:
    """The folder of real packages: `SUARA_SHARED_DATA`, or `../shared/data` beside the checkout, or None."""
    stated = os.environ.get("SUARA_SHARED_DATA")
    folder = Path(stated) if stated else PROJECT_ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def new_id(post_id: int, copy: int) -> int:
    """The id of a copy: the same millisecond, other low bits. Copy 0 is the post itself."""
    return post_id - post_id % LOW_BITS + (post_id + copy * STRIDE) % LOW_BITS


def grow(package: str, posts: int, folder: Path) -> Grown:
    """Grow a package to a number of posts.

    Args:
        package: A key of `PACKAGES`.
        posts: How many post records the result has, exactly.
        folder: Where the result is written.

    Raises:
        FileNotFoundError: When the package is real and no folder of real packages is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return PACKAGES[package](posts, folder)


def default_package() -> str:
    """The native benchmark where the real packages are there, else the demo."""
    return "grailbird_landsurveyorsu" if shared_data() else "demo"


def _package_file(name: str) -> Path:
    folder = shared_data()
    path = folder / f"{name}.zip" if folder else None
    if path is None or not path.exists():
        raise FileNotFoundError(
            f"Package {name} is not there. Name the folder of the real packages in SUARA_SHARED_DATA, "
            "or use --package demo."
        )
    return path


@dataclass
class _Piece:
    """A record cut at its own id."""

    post_id: int
    texts: list[str]

    def copy(self, number: int) -> str:
        return str(new_id(self.post_id, number)).join(self.texts)


def _pieces(array: str, id_of: Callable[[Any], str | None]) -> Iterator[_Piece]:
    """Each record of a JSON array, as text cut at its id; records without one are left out."""
    decoder = json.JSONDecoder()
    at = array.index("[") + 1
    while True:
        while at < len(array) and array[at] in " \r\n\t,":
            at += 1
        if at >= len(array) or array[at] == "]":
            return
        record, end = decoder.raw_decode(array, at)
        if post_id := id_of(record):
            yield _Piece(int(post_id), array[at:end].split(post_id))
        at = end


class _Quota:
    """How often each record is copied so that the total is exact and no stretch of records gets more than its share."""

    def __init__(self, records: int, posts: int) -> None:
        if not records:
            raise ValueError("the package holds no record that can be grown")
        self.records, self.posts, self.seen = records, posts, 0

    def copies(self) -> int:
        self.seen += 1
        return self.seen * self.posts // self.records - (self.seen - 1) * self.posts // self.records


def _copies(pieces: Sequence[_Piece], quota: _Quota) -> Iterator[str]:
    """All copies of all records, the whole series once and once again.

    Copies of one record side by side would pack to nothing, in the zip and in DuckDB's pages, unlike real posts.
    """
    wanted = [quota.copies() for _ in pieces]
    for number in range(max(wanted, default=0)):
        for piece, copies in zip(pieces, wanted, strict=True):
            if number < copies:
                yield piece.copy(number)


@contextmanager
def _deflated(target: Path) -> Iterator[zipfile.ZipFile]:
    # Real exports are deflated; the lowest level keeps growing fast and costs the reader the same.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        yield archive


# ---------------------------------------------------------------- old X archive


def _assigned(text: str) -> Any:
    return json.loads(text[text.index("=") + 1 :])


def grow_legacy_archive(source: Path, posts: int, folder: Path, package: str) -> Grown:
    """Grow an old X archive: months stay what they are and get more posts; index and payload state the new counts."""
    capture, plain = folder / f"{package}_{posts}.zip", folder / "json"
    plain.mkdir()
    json_files = []
    with zipfile.ZipFile(source) as archive, _deflated(capture) as target:
        names = archive.namelist()
        base = next(n for n in names if n.endswith("data/js/tweet_index.js")).removesuffix("data/js/tweet_index.js")
        index = _assigned(archive.read(f"{base}data/js/tweet_index.js").decode())
        months = [base + entry["file_name"] for entry in index if base + entry["file_name"] in names]
        months = sorted(set(months))
        by_month = {
            month: [
                piece
                for piece in _pieces(archive.read(month).decode(), lambda record: record["id_str"])
                if piece.post_id >= FIRST_ID_WITH_TIME
            ]
            for month in months
        }
        quota = _Quota(sum(map(len, by_month.values())), posts)
        counts = {}
        for month, pieces in by_month.items():
            grown = list(_copies(pieces, quota))
            if not grown:
                continue
            short = month.removeprefix(base)
            counts[short] = len(grown)
            body = "[ " + ", ".join(grown) + " ]"
            (plain / f"{Path(month).stem}.json").write_text(body, encoding="utf-8")
            json_files.append(plain / f"{Path(month).stem}.json")
            target.writestr(short, f"Grailbird.data.tweets_{Path(month).stem} = \n {body}")
        entries = [
            entry | {"tweet_count": counts[entry["file_name"]]} for entry in index if entry["file_name"] in counts
        ]
        target.writestr("data/js/tweet_index.js", "var tweet_index =  " + json.dumps(entries))
        payload = _assigned(archive.read(f"{base}data/js/payload_details.js").decode())
        target.writestr(
            "data/js/payload_details.js", "var payload_details =  " + json.dumps(payload | {"tweets": posts})
        )
        target.writestr("data/js/user_details.js", archive.read(f"{base}data/js/user_details.js"))
    return Grown(capture, tuple(json_files), "array", "x_archive_legacy_posts", None, posts, package)


# ---------------------------------------------------------------- API v2


def _without_empty(value: Any) -> Any:
    # This package writes an empty list as {}: left out, as the API itself does.
    if isinstance(value, dict):
        return {key: _without_empty(inner) for key, inner in value.items() if inner != {}}
    if isinstance(value, list):
        return [_without_empty(inner) for inner in value]
    return value


def grow_api_timeline(source: Path, posts: int, folder: Path, package: str) -> Grown:
    """Grow one API v2 timeline to flattened JSONL, each copy of the whole `COPY_HOURS` before the last."""
    with zipfile.ZipFile(source) as archive:
        names = archive.namelist()
        records = [post for name in names if "/data_" in f"/{name}" for post in json.loads(archive.read(name))]
        users = [
            user
            for name in names
            if "/users_" in f"/{name}"
            for user in json.loads(archive.read(name)).get("users", [])
        ]
    authors = {user["id"]: {key: user[key] for key in ("id", "username", "name")} for user in users}
    templates: list[tuple[str, int, datetime]] = []
    for record in records:
        clean = _without_empty(record)
        if record["author_id"] in authors:
            clean["author"] = authors[record["author_id"]]
        clean["__twarc"] = {"retrieved_at": "2020-01-24T00:00:00+00:00"}
        text = native.compact(clean).replace(record["created_at"], "\x01").replace(record["id"], "\x00")
        templates.append((text, int(record["id"]), datetime.fromisoformat(record["created_at"])))
    quota = _Quota(len(templates), posts)
    capture = folder / f"{package}_{posts}.jsonl"
    copies = [quota.copies() for _ in templates]
    with capture.open("w", encoding="utf-8") as handle:
        for number in range(max(copies)):
            back = timedelta(hours=COPY_HOURS * number)
            shift = COPY_HOURS * 3_600_000 * number << 22
            handle.writelines(
                text.replace("\x00", str(post_id - shift)).replace("\x01", native.iso_date(at - back)) + "\n"
                for (text, post_id, at), wanted in zip(templates, copies, strict=True)
                if number < wanted
            )
    return Grown(capture, (capture,), "newline_delimited", "x_api_v2_posts", None, posts, package)


# ---------------------------------------------------------------- API v1.1


def grow_v11_lines(source: Path, posts: int, folder: Path, package: str) -> Grown:
    """Grow API v1.1 arrays, one per account, to lines; a copy stands in the same millisecond as its post."""
    pieces = []
    with zipfile.ZipFile(source) as archive:
        for name in sorted(archive.namelist()):
            if "/tweets/" in name and name.endswith(".json"):
                for record in json.loads(archive.read(name)):
                    post_id = record["id_str"]
                    pieces.append(_Piece(int(post_id), native.compact(record).split(post_id)))
    capture = folder / f"{package}_{posts}.jsonl"
    with capture.open("w", encoding="utf-8") as handle:
        handle.writelines(f"{record}\n" for record in _copies(pieces, _Quota(len(pieces), posts)))
    return Grown(capture, (capture,), "newline_delimited", "x_api_v11_posts", None, posts, package)


# ---------------------------------------------------------------- demo


def _id_of_unedited(record: Any) -> str | None:
    tweet = record["tweet"]
    edits = tweet.get("edit_info", {})
    return (
        tweet["id_str"] if len(edits.get("initial", {}).get("editTweetIds", [])) <= 1 and "edit" not in edits else None
    )


def grow_modern_archive(source: Path, posts: int, folder: Path, package: str) -> Grown:
    """Grow a modern X archive; edited posts and notes are left out, the manifest states the new count."""
    with zipfile.ZipFile(source) as archive:
        manifest = _assigned(archive.read("data/manifest.js").decode())
        account = archive.read("data/account.js")
        pieces = [
            piece
            for member in manifest["dataTypes"]["tweets"]["files"]
            for piece in _pieces(archive.read(member["fileName"]).decode().partition("=")[2], _id_of_unedited)
            if piece.post_id >= FIRST_ID_WITH_TIME
        ]
    pieces = list({piece.post_id: piece for piece in pieces}.values())
    quota = _Quota(len(pieces), posts)
    records = _copies(pieces, quota)
    json_files, members = [], []
    capture = folder / f"{package}_{posts}.zip"
    with _deflated(capture) as target:
        while chunk := list(itertools.islice(records, PART_POSTS)):
            part = len(json_files)
            name = f"data/tweets-part{part}.js" if part else "data/tweets.js"
            body = "[\n" + ",\n".join(chunk) + "\n]"
            json_files.append(folder / f"tweets-part{part}.json")
            json_files[-1].write_text(body, encoding="utf-8")
            target.writestr(name, f"window.YTD.tweets.part{part} = " + body)
            members.append({"fileName": name, "globalName": f"YTD.tweets.part{part}", "count": str(len(chunk))})
        account_entry = {"fileName": "data/account.js", "globalName": "YTD.account.part0", "count": "1"}
        manifest["dataTypes"] = {"account": {"files": [account_entry]}, "tweets": {"files": members}}
        target.writestr("data/account.js", account)
        target.writestr("data/manifest.js", "window.__THAR_CONFIG = " + json.dumps(manifest))
    return Grown(capture, tuple(json_files), "array", "x_archive_posts", "tweet", posts, package)


def _grow_demo(posts: int, folder: Path) -> Grown:
    with tempfile.TemporaryDirectory(dir=folder) as made:
        generate(Path(made))
        return grow_modern_archive(Path(made) / ARCHIVE_NAME, posts, folder, "demo")


PACKAGES: dict[str, Callable[[int, Path], Grown]] = {
    "grailbird_landsurveyorsu": lambda posts, folder: grow_legacy_archive(
        _package_file("grailbird_landsurveyorsu"), posts, folder, "grailbird_landsurveyorsu"
    ),
    "grailbird_sdstartupweek": lambda posts, folder: grow_legacy_archive(
        _package_file("grailbird_sdstartupweek"), posts, folder, "grailbird_sdstartupweek"
    ),
    "v2_academictwitter_reuters": lambda posts, folder: grow_api_timeline(
        _package_file("v2_academictwitter_reuters"), posts, folder, "v2_academictwitter_reuters"
    ),
    "congress_v11_half0": lambda posts, folder: grow_v11_lines(
        _package_file("congress_v11_half0"), posts, folder, "congress_v11_half0"
    ),
    "ytd_andreruffert": lambda posts, folder: grow_modern_archive(
        _package_file("ytd_andreruffert"), posts, folder, "ytd_andreruffert"
    ),
    "demo": _grow_demo,
}


def id_agrees(post_id: str, stated: datetime) -> bool:
    """Whether an id's own time lies within the second that is stated."""
    return timedelta(0) <= native.snowflake_time(post_id) - stated.astimezone(UTC) < timedelta(seconds=1)


__all__ = ["PACKAGES", "Grown", "default_package", "grow", "id_agrees", "new_id", "shared_data"]
