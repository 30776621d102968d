"""Whatever byte of a capture is flipped, or wherever it is cut: right rows or a named rejection, never a silent loss.

The captures are small files of each family, with posts whose ids are known. A damaged file may end in three ways:
it is refused as a whole, by an error that names what to do; a record is rejected with a reason; or as many posts as
before are loaded (the flipped byte stood inside a value). Anything else has lost a post without saying so.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.connectors import CONNECTORS
from orchestration.contract import InputError
from tests.fixtures import captures
from tests.fixtures import json_captures as made
from tests.unit.connectors_support import load
from tests.unit.table_samples import SAMPLES


@dataclass(frozen=True)
class Sound:
    """A sound capture as one file, and the raw table its posts go into.

    Attributes:
        is_lines: A record a line, nothing around.
        delimiter: Between the cells of a table; its last cell can be cut without a trace.
    """

    name: str
    source: str
    content: bytes
    table: str
    is_lines: bool = False
    delimiter: str = ""

    def is_cut_without_a_trace(self, content: bytes) -> bool:
        """A shorter file, and nothing in it says so: cut between two lines, or in the last cell of a row."""
        if self.is_lines and self.content[len(content) - 1 : len(content) + 1].find(b"\n") >= 0:
            return True
        if not self.delimiter:
            return False
        rows = list(csv.reader(io.StringIO(content.decode("utf-8", "ignore")), delimiter=self.delimiter))
        return bool(len(rows) > 1 and len(rows[-1]) == len(rows[0]) and content.count(b'"') % 2 == 0)


def _written(write: Callable[[Path], Path]) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder))
        return path.name, path.read_bytes()


def _sound() -> Mapping[str, Sound]:
    posts = captures.sample_posts(6)
    archive = captures.modern_members(posts)["data/tweets.js"]
    months = captures.legacy_members(posts)
    month = next(name for name in sorted(months) if name.startswith("data/js/tweets/"))
    name, lines = _written(lambda folder: captures.api_v2_jsonl(folder / "search.jsonl", posts))
    v11 = [made.v11_post(1), made.v11_extended(2), made.v11_repost(3), made.v11_post(4, made.OTHER)]
    web = [made.zeeschuimer(made.web_post(number)) for number in range(1, 5)]
    scraped = [made.snscraped(number) for number in range(1, 5)]
    feed = {"feed": [{"post": made.bluesky_view(number)} for number in range(1, 5)], "cursor": "next"}
    statuses = [made.mastodon_status(number) for number in range(1, 5)]
    records = {f"app.bsky.feed.post/3k{number:011}": made.bluesky_view(number)["record"] for number in range(1, 8)}
    repository = made.bluesky_repository(made.BLUESKY_ME, records)
    others = {
        "repository of Bluesky": Sound("repo.car", "bluesky", repository, "bluesky_posts"),
        "Bluesky": Sound("feed.json", "bluesky", json.dumps(feed).encode(), "bluesky_posts"),
        "Mastodon": Sound("statuses.json", "mastodon", json.dumps(statuses).encode(), "mastodon_posts"),
        "API v1.1 in lines": Sound("v11.jsonl", "x_api_v11", made.jsonl(*v11).encode(), "x_api_v11_posts", True),
        "API v1.1 as a list": Sound("v11.json", "x_api_v11", json.dumps(v11, indent=1).encode(), "x_api_v11_posts"),
        "web client": Sound("zeeschuimer.ndjson", "x_graphql", made.jsonl(*web).encode(), "x_graphql_posts", True),
        "scraper": Sound("snscrape.jsonl", "x_scrapers", made.jsonl(*scraped).encode(), "x_scrapers_posts", True),
        "spreadsheet of an archive": Sound(
            "tweets.csv",
            "x_archive_legacy",
            captures.legacy_csv(posts).encode(),
            "x_archive_legacy_csv_posts",
            True,
            ",",
        ),
    }
    for table in ("twarc_csv", "tcat", "tweet_harvest", "twint"):
        sample = SAMPLES[table]
        others[f"table of {table}"] = Sound(
            f"{table}.csv", sample.source, sample.csv().encode(), f"{sample.source}_posts", True, sample.delimiter
        )
    return others | {
        "modern archive": Sound("tweets.js", "x_archive", _bytes(archive), "x_archive_posts"),
        "old archive": Sound(Path(month).name, "x_archive_legacy", _bytes(months[month]), "x_archive_legacy_posts"),
        "API v2": Sound(name, "x_api_v2", lines, "x_api_v2_posts", is_lines=True),
    }


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


SOUND = _sound()


def _only_its_tables(source: str) -> duckdb.DuckDBPyConnection:
    """A warehouse for one source: all raw tables would be half of the time of an example, of which there are 1,800."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("create schema raw")
    for ddl in next(one.raw_tables for one in CONNECTORS if one.source == source).values():
        con.execute(ddl)
    return con


def outcome(sound: Sound, content: bytes) -> tuple[int, int] | None:
    """Posts loaded and records rejected, or None when the capture was refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / sound.name
        path.write_bytes(content)
        try:
            loaded = load(path, sound.source, con=_only_its_tables(sound.source))
        except InputError as error:
            assert error.expected and error.found and error.next_step, str(error)
            return None
        count = loaded.rows(f"select count(*) from raw.{sound.table}")[0][0]
        return count, len(loaded.rejected)


@pytest.fixture(params=SOUND, name="sound")
def _sound_capture(request: pytest.FixtureRequest) -> tuple[Sound, int]:
    sound = SOUND[request.param]
    whole = outcome(sound, sound.content)
    assert whole is not None and whole[0] > 0 and whole[1] == 0
    return sound, whole[0]


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
def test_flipped_bit_loses_no_post_silently(sound: tuple[Sound, int], place: float, bit: int) -> None:
    capture, posts = sound
    damaged = bytearray(capture.content)
    damaged[int(place * len(damaged))] ^= 1 << bit
    found = outcome(capture, bytes(damaged))
    assert found is None or found[1] > 0 or found[0] == posts


@given(kept=st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
def test_cut_file_loses_no_post_silently(sound: tuple[Sound, int], kept: float) -> None:
    capture, posts = sound
    content = capture.content[: int(kept * len(capture.content))]
    if capture.is_cut_without_a_trace(content):
        return
    found = outcome(capture, content)
    assert found is None or found[1] > 0 or found[0] == posts
