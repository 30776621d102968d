"""One connector after the other: its load of a grown file beside a bare read of the same file.

Belongs here: a small sample of each source family, grown to any number of records; both measurements; their table.
Does not belong here: the whole run (`bench.measure`), the growing of whole archives (`bench.grow`).

Samples are real where the real packages hold the format. For the others, and where no packages are there, they are the
hand-made records of the tests, which are native in form but shorter than real posts.
"""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from bench.grow import FIRST_ID_WITH_TIME, LOW_BITS, STRIDE, Grown, grow, grow_legacy_archive, grow_modern_archive
from bench.grow import shared_data as real_packages
from bench.measure import Cost, ProgramError, apart, measure, program_environment
from orchestration.connectors import CONNECTORS, create_raw_tables
from orchestration.connectors.base import quote
from orchestration.connectors.column_map import read_map
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.mapped import format_of
from orchestration.connectors.tables import table_heads
from orchestration.connectors.tabular import TableFormat, TabularConnector, match
from orchestration.contract import MAP_SUFFIX
from orchestration.demo import native

# Formats without a real package: the hand-made records of the tests are the only samples there are.
from tests.fixtures import captures, json_captures
from tests.unit import table_samples

AIM_RATIO = 3.0
RESULTS = Path(__file__).parent / "results" / "loads.md"

# Stands for a record's own id while copies are made; no post holds it.
_HOLE = "\x00"
_BASE_32 = "234567abcdefghijklmnopqrstuvwxyz"  # of the ids of Bluesky, in the order of their values


@dataclass(frozen=True)
class Growth:
    """A grown file of one family.

    Args:
        capture: The file for the pipeline, in the form in which the source delivers it.
        bare_sql: A select that reads the same records with DuckDB's own reader and the declared columns.
        raw_table: Where the load puts them.
        records: How many there are.
        megabytes: Size of what is read, unpacked.
        column_map: The map that comes with a table, if any.
    """

    capture: Path
    bare_sql: str
    raw_table: str
    records: int
    megabytes: float
    column_map: Path | None = None


# ---------------------------------------------------------------- copies of records

# From the serial number of a copy in the file, and among the copies of its record, to its id.
MakeId = Callable[[int, int], str]


@dataclass(frozen=True)
class Template:
    """A record as text, cut at its own id, and what the ids of its copies are."""

    parts: Sequence[str]
    make_id: MakeId

    @classmethod
    def of(cls, text: str, own_id: str, make_id: MakeId) -> Template:
        """Cut a record at its id.

        Raises:
            ValueError: When the id does not stand in it.
        """
        parts = text.split(own_id)
        if len(parts) < 2:
            raise ValueError(f"the id {own_id} does not stand in its record: {text[:200]}")
        return cls(parts, make_id)


def x_id(post_id: str) -> MakeId:
    """Ids in the same millisecond; by the serial number, since hand-made records share one."""
    base = int(post_id) - int(post_id) % LOW_BITS
    return lambda serial, _: str(base + serial * STRIDE % LOW_BITS)


def mastodon_id(status_id: str) -> MakeId:
    """Ids in the same millisecond, of which there are 65,536."""
    base = int(status_id) - int(status_id) % (1 << 16)

    def make(_: int, copy: int) -> str:
        if copy >= 1 << 16:
            raise ValueError("more copies of a status than a millisecond has ids")
        return str(base + copy)

    return make


def bluesky_id(record_key: str) -> MakeId:
    """Keys in the same 33 milliseconds: the last five characters are the end of the microseconds and a clock's name."""

    def make(serial: int, _: int) -> str:
        last = "".join(_BASE_32[serial >> shift & 31] for shift in (20, 15, 10, 5, 0))
        return record_key[:-5] + last

    return make


def copies(templates: Sequence[Template], records: int) -> Iterator[str]:
    """So many copies, the whole series once and once again, as `bench.grow` does it."""
    for serial in range(records):
        copy, which = divmod(serial, len(templates))
        template = templates[which]
        yield template.make_id(serial, copy).join(template.parts)


def write_copies(path: Path, templates: Sequence[Template], records: int, first: str = "") -> None:
    """Write copies, each with its end of line, after a first line if any."""
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(first)
        out.writelines(copies(templates, records))


# ---------------------------------------------------------------- files and their bare reads


def declared_columns(raw_table: str) -> dict[str, str]:
    """The declared columns of a raw table with their types, without the record's place."""
    with duckdb.connect() as con:
        create_raw_tables(con)
        described = con.execute(f"describe raw.{raw_table}").fetchall()
    return {name: kind for name, kind, *_ in described if name not in ("capture_id", "record_no", "member")}


def bare_json_sql(files: Sequence[Path], layout: str, raw_table: str, wrapper: str | None = None) -> str:
    """A bare read of JSON; `wrapper` is the key in which each record is wrapped."""
    columns = declared_columns(raw_table)
    if wrapper:
        columns = {wrapper: "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in columns.items()) + ")"}
    types = ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind in columns.items())
    paths = ", ".join(quote(str(path)) for path in files)
    return f"select * from read_json([{paths}], format={quote(layout)}, columns={{{types}}})"


def bare_csv_sql(path: Path, header: Sequence[str], delimiter: str, cells: Mapping[str, int]) -> str:
    """A bare read of a table: of its columns, those that the raw table declares."""
    types = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(header)))
    kept = ", ".join(f'c{place} as "{name}"' for name, place in cells.items())
    return (
        f"select {kept} from read_csv({quote(str(path))}, columns={{{types}}}, header=true, auto_detect=false,"
        f" delim={quote(delimiter)}, quote='\"', escape='\"')"
    )


def grown_lines(
    folder: Path, name: str, records: int, templates: Sequence[Template], raw_table: str, wrapper: str | None = None
) -> Growth:
    """JSON lines of copies."""
    path = folder / f"{name}_{records}.jsonl"
    write_copies(path, templates, records)
    bare = bare_json_sql([path], "newline_delimited", raw_table, wrapper)
    return Growth(path, bare, raw_table, records, path.stat().st_size / 1e6)


def grown_archive(grown: Grown) -> Growth:
    """What `bench.grow` made, with its bare read."""
    bare = bare_json_sql(grown.json_files, grown.json_format, grown.raw_table, grown.wrapper)
    size = sum(path.stat().st_size for path in grown.json_files)
    return Growth(grown.capture, bare, grown.raw_table, grown.posts, size / 1e6)


@dataclass(frozen=True)
class Rows:
    """A small table: its header, its rows with the post id of each, and how it is written."""

    header: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Any]]]
    delimiter: str = ","
    quoting: int = csv.QUOTE_MINIMAL

    def line(self, cells: Sequence[Any]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, quoting=self.quoting, lineterminator="\n").writerow(cells)
        return out.getvalue()


def grown_table(
    folder: Path, name: str, records: int, rows: Rows, table_format: TableFormat, column_map: str | None = None
) -> Growth:
    """A table of copies, with its map beside it where it needs one."""
    path = folder / f"{name}_{records}.csv"
    templates = [Template.of(rows.line(cells), post_id, x_id(post_id)) for post_id, cells in rows.rows]
    write_copies(path, templates, records, rows.line(rows.header))
    with CaptureFiles(path) as files:
        found = match(table_format, table_heads(files)[0])
    if found is None:
        raise ValueError(f"the header of {name} is not that of {table_format.title}")
    bare = bare_csv_sql(path, rows.header, rows.delimiter, found.cells)
    beside = None
    if column_map is not None:
        beside = folder / f"{path.name}{MAP_SUFFIX}"
        beside.write_text(column_map, encoding="utf-8")
    return Growth(path, bare, f"{table_format.source}_posts", records, path.stat().st_size / 1e6, beside)


# ---------------------------------------------------------------- samples


def package(name: str) -> Path | None:
    """A real package, or None where it is not there."""
    folder = real_packages()
    path = folder / f"{name}.zip" if folder else None
    return path if path and path.exists() else None


def json_templates(records: Iterable[tuple[str, Any]], make_id: Callable[[str], MakeId]) -> list[Template]:
    """Records with the id that is replaced in each, as lines."""
    return [Template.of(native.compact(record) + "\n", own_id, make_id(own_id)) for own_id, record in records]


def _archive(posts: int, folder: Path) -> Growth:
    if package("ytd_andreruffert"):
        return grown_archive(grow("ytd_andreruffert", posts, folder))
    source = captures.modern_archive(folder / "sample.zip", [captures.post()])
    return grown_archive(grow_modern_archive(source, posts, folder, "x_archive"))


def _legacy_archive(posts: int, folder: Path) -> Growth:
    if package("grailbird_landsurveyorsu"):
        return grown_archive(grow("grailbird_landsurveyorsu", posts, folder))
    source = captures.legacy_archive(folder / "sample.zip")
    return grown_archive(grow_legacy_archive(source, posts, folder, "x_archive_legacy"))


def _api_v2(posts: int, folder: Path) -> Growth:
    if package("v2_academictwitter_reuters"):
        return grown_archive(grow("v2_academictwitter_reuters", posts, folder))
    records = [json.loads(line) for line in captures.api_v2_lines(flat=True)]
    templates = json_templates([(record["id"], record) for record in records], x_id)
    return grown_lines(folder, "x_api_v2", posts, templates, "x_api_v2_posts")


def _api_v11(posts: int, folder: Path) -> Growth:
    if package("congress_v11_half0"):
        return grown_archive(grow("congress_v11_half0", posts, folder))
    records = [json_captures.v11_post(number) for number in range(1, 8)]
    templates = json_templates([(record["id_str"], record) for record in records], x_id)
    return grown_lines(folder, "x_api_v11", posts, templates, "x_api_v11_posts")


def _web_posts(value: Any) -> Iterator[dict[str, Any]]:
    """The posts of a response of the web client, none that is inside of another."""
    if isinstance(value, list):
        for item in value:
            yield from _web_posts(item)
    elif isinstance(value, dict) and "tweet_results" in value:
        result = value["tweet_results"].get("result", {})
        if result.get("__typename") == "Tweet" and int(result["rest_id"]) >= FIRST_ID_WITH_TIME:
            yield result
    elif isinstance(value, dict):
        for item in value.values():
            yield from _web_posts(item)


def _graphql(posts: int, folder: Path) -> Growth:
    found = [json_captures.web_post(number) for number in range(1, 8)]
    if real := package("graphql_twscrape_dev"):
        with zipfile.ZipFile(real) as archive:
            found = list(_web_posts(json.loads(archive.read("raw_user_tweets.json"))))
    templates = json_templates([(post["rest_id"], json_captures.zeeschuimer(post)) for post in found], x_id)
    return grown_lines(folder, "x_graphql", posts, templates, "x_graphql_posts", "data")


def _scraper(name: str, scraped: Callable[[int], dict[str, Any]]) -> Callable[[int, Path], Growth]:
    def grown(posts: int, folder: Path) -> Growth:
        records = [(json_captures.id_of(number), scraped(number)) for number in range(1, 8)]
        return grown_lines(folder, name, posts, json_templates(records, x_id), "x_scrapers_posts")

    return grown


def _bluesky_sample() -> list[dict[str, Any]]:
    if real := package("twitwi_bluesky_twitter"):
        with zipfile.ZipFile(real) as archive:
            found = json.loads(archive.read("test/resources/bluesky-posts.json"))
        # items of a feed and places without a post are of other forms, and one post is dated in the year 0000
        return [post for post in found if "record" in post and post["record"]["createdAt"] > "2000"]
    return [
        {
            "uri": f"at://did:plc:{'a' * 24}/app.bsky.feed.post/3lkizm6uv{number:04}",
            "cid": f"bafy{number}",
            "author": {"did": f"did:plc:{'a' * 24}", "handle": "synthetic.example", "displayName": "Synthetic"},
            "record": {"text": f"Synthetic post {number}", "createdAt": "2025-03-16T16:09:09.779Z", "langs": ["id"]},
            "replyCount": 1,
            "repostCount": 2,
            "likeCount": number,
            "quoteCount": 0,
            "indexedAt": "2025-03-16T16:09:10.779Z",
        }
        for number in range(2, 7)
    ]


def _bluesky(posts: int, folder: Path) -> Growth:
    records = [(post["uri"].rpartition("/")[2], post) for post in _bluesky_sample()]
    return grown_lines(folder, "bluesky", posts, json_templates(records, bluesky_id), "bluesky_posts")


def _mastodon_sample() -> list[dict[str, Any]]:
    if real := package("rtoot_mastodon"):
        with zipfile.ZipFile(real) as archive:
            lines = archive.read("tests/testdata/mastodonsocial.json").decode().split("\n")
        return [status for status in map(json.loads, filter(str.strip, lines)) if not status["reblog"]]
    started = datetime.fromisoformat("2023-01-01T10:00:00+00:00")
    return [
        {
            "id": str(int((started + timedelta(minutes=number)).timestamp() * 1000) << 16),
            "uri": "https://a.example/users/me/statuses/1",
            "url": "https://a.example/@me/1",
            "created_at": native.iso_date(started + timedelta(minutes=number)),
            "visibility": "public",
            "language": "id",
            "spoiler_text": "",
            "content": f"<p>Synthetic {number} &amp; more</p>",
            "reblog": None,
            "account": {"id": "1", "acct": "me", "username": "me", "url": "https://a.example/@me"},
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "favourites_count": 1,
            "reblogs_count": 0,
            "replies_count": 0,
        }
        for number in range(16)
    ]


def _mastodon(posts: int, folder: Path) -> Growth:
    records = []
    for status in _mastodon_sample():
        status["uri"] = f"{status['uri'].rpartition('/')[0]}/{status['id']}"
        # Texts of real posts differ, and the load takes each different one out of its HTML: so do those of copies.
        status["content"] += f"<p>{status['id']}</p>"
        records.append((status["id"], status))
    return grown_lines(folder, "mastodon", posts, json_templates(records, mastodon_id), "mastodon_posts")


def _read_tables(name: str) -> list[tuple[list[str], list[list[str]]]]:
    """Header and rows of each table in a real package; none where it is not there."""
    real = package(name)
    if real is None:
        return []
    with zipfile.ZipFile(real) as archive:
        texts = [archive.read(member).decode("utf-8-sig") for member in archive.namelist() if member.endswith(".csv")]
    tables = [list(csv.reader(io.StringIO(text, newline=""))) for text in texts]
    return [(rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]) for rows in tables if len(rows) > 1]


def _rows_of(name: str, id_of: Callable[[dict[str, str]], str], **written: Any) -> Rows | None:
    tables = _read_tables(name)
    if not tables:
        return None
    header = tables[0][0]
    rows = [row for _, rows in tables for row in rows]
    return Rows(header, [(id_of(dict(zip(header, row, strict=True))), row) for row in rows], **written)


def _sample_rows(name: str) -> Rows:
    """The hand-made table of a format."""
    sample = table_samples.SAMPLES[name]
    rows = [
        # in Twint's table the id of a repost is beside that of its original
        (str(next(row[key] for key in ("retweet_id", "id", "id_str") if row.get(key))), row)
        for row in sample.rows
    ]
    cells = [(post_id, [row.get(name, "") for name in sample.header]) for post_id, row in rows]
    return Rows(sample.header, cells, sample.delimiter)


def _in_link(column: str) -> Callable[[dict[str, str]], str]:
    return lambda row: row[column].rpartition("/")[2]


def _analytics_rows() -> Rows:
    header = ("Tweet id", "Tweet permalink", "Tweet text", "time", "impressions", "engagements", "retweets", "likes")
    return Rows(
        header,
        [
            (
                (post_id := table_samples.post_id(number)),
                (post_id, f"https://twitter.com/Me/status/{post_id}", text, time, "1938.0", "18.0", "2.0", "5.0"),
            )
            for number, text in table_samples.TEXTS.items()
            if (time := table_samples.moment(number).strftime("%Y-%m-%d %H:%M +0000"))
        ],
        quoting=csv.QUOTE_ALL,
    )


def _snscrape_rows() -> Rows:
    header = ("name", "tweet_caption", "tweet_media_url", "tweet_url", "tweet_timestamp", "retweets", "likes")
    return Rows(
        header,
        [
            (
                (post_id := table_samples.post_id(number)),
                ("Me", text, "", f"https://twitter.com/Me/status/{post_id}", f"{time}+00:00", 2, 5),
            )
            for number, text in table_samples.TEXTS.items()
            if (time := table_samples.moment(number).strftime("%Y-%m-%d %H:%M:%S"))
        ],
    )


def _nvivo_rows() -> Rows:
    header = ("Row ID", "Tweet ID", "Username", "Tweet", "Time", "Tweet Type", "Retweeted By", "Number of Retweets")
    return Rows(
        header,
        [
            (
                (post_id := table_samples.post_id(number)),
                (number, post_id, "Me", text, time, "Retweet" if number == table_samples.REPOST else "Tweet", "", 2),
            )
            for number, text in table_samples.TEXTS.items()
            if (time := table_samples.moment(number).strftime("%Y-%m-%d %H:%M:%S"))
        ],
    )


# The table of snscrape as its owner might describe it.
_MAP = """\
platform: x
columns:
  tweet_url: link
  tweet_caption: text
  tweet_timestamp: posted_at
  name: account_name
  retweets: repost_count
  likes: like_count
time_format: iso
"""


def _jokowi() -> Rows:
    return _rows_of("jokowi_snscrape", _in_link("tweet_url")) or _snscrape_rows()


def _mapped(posts: int, folder: Path) -> Growth:
    return grown_table(folder, "mapped", posts, _jokowi(), format_of(read_map(_MAP, "map")), _MAP)


_FORMATS = {connector.source: connector.format for connector in CONNECTORS if isinstance(connector, TabularConnector)}


def _table(source: str, rows: Callable[[], Rows]) -> Callable[[int, Path], Growth]:
    return lambda posts, folder: grown_table(folder, source, posts, rows(), _FORMATS[source])


FAMILIES: dict[str, Callable[[int, Path], Growth]] = {
    "x_archive": _archive,
    "x_archive_legacy": _legacy_archive,
    "x_api_v2": _api_v2,
    "x_api_v11": _api_v11,
    "x_graphql": _graphql,
    "x_scrapers (snscrape)": _scraper("snscrape", json_captures.snscraped),
    "x_scrapers (twscrape)": _scraper("twscrape", json_captures.twscraped),
    "bluesky": _bluesky,
    "mastodon": _mastodon,
    "mapped": _mapped,
    "snscrape": _table("snscrape", _jokowi),
    "twint": _table("twint", lambda: _rows_of("twint_orgs_dev", lambda row: row["id"]) or _sample_rows("twint")),
    "x_analytics": _table(
        "x_analytics",
        lambda: (
            _rows_of("x_analytics_ropensci_2016_2019", lambda row: row["Tweet id"], quoting=csv.QUOTE_ALL)
            or _analytics_rows()
        ),
    ),
    "nvivo": _table("nvivo", _nvivo_rows),
    **{
        source: _table(source, lambda source=source: _sample_rows(source))
        for source in (
            "twarc_csv",
            "four_cat",
            "tcat",
            "sfm",
            "minet",
            "tweet_harvest",
            "fivetran",
            "twitter_web_exporter",
        )
    },
}


def grow_family(family: str, records: int, folder: Path) -> Growth:
    """Grow one of `FAMILIES`."""
    return FAMILIES[family](records, folder)


# ---------------------------------------------------------------- both measurements

# Each runs in a process of its own and says what the work alone took, without the start of Python and its imports.
_BARE = """
import json, resource, sys, time
import duckdb
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
task = json.loads(sys.argv[1])
cpu, started = spent(), time.perf_counter()
con = duckdb.connect(task["target"])
con.execute("set enable_progress_bar = false")
con.execute("create table posts as " + task["sql"])
rows = con.execute("select count(*) from posts").fetchone()[0]
con.close()
print(json.dumps({"rows": rows, "rejected": 0, "seconds": time.perf_counter() - started, "cpu": spent() - cpu}))
"""
# What the raw step does with one capture, into an empty warehouse.
_LOAD = """
import json, resource, sys, time
from pathlib import Path
from orchestration.assets.raw import load_capture
from orchestration.contract import DataDir
from orchestration.warehouse import bookkeeping
from orchestration.warehouse.candidate import Candidate
from orchestration.warehouse.ledger import CaptureEntry, Ledger, now
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
task = json.loads(sys.argv[1])
places = DataDir(Path(task["data_dir"]))
ledger = Ledger(places)
files = [Path(one) for one in task["files"]]
# Linked, not stored: storing copies and hashes, which belongs to the step before.
entry = CaptureEntry("c" * 64, files[0].name, sum(one.stat().st_size for one in files), now())
place = ledger.stored_path(entry)
(place if len(files) > 1 else place.parent).mkdir(parents=True)
for one in files:
    (place / one.name if len(files) > 1 else place).hardlink_to(one)
candidate = Candidate(places.root / "warehouse.duckdb", places.scratch, "raw")
cpu, started = spent(), time.perf_counter()
with candidate.connect() as connection:
    bookkeeping.create_raw_schema(connection)
    if reason := load_capture(connection, ledger, entry, candidate, lambda _: None):
        raise SystemExit(reason)
    rows = connection.execute(f"select count(*) from raw.{task['raw_table']}").fetchone()[0]
print(json.dumps({
    "rows": rows, "rejected": entry.counts["rejected"], "seconds": time.perf_counter() - started, "cpu": spent() - cpu,
}))
"""


@dataclass(frozen=True)
class Measured:
    """One family, measured. `rejected` are records that the load set aside with a reason."""

    family: str
    records: int
    megabytes: float
    bare: Cost
    load: Cost
    rejected: int

    @property
    def ratio(self) -> float:
        return self.load.seconds / self.bare.seconds

    @property
    def cpu_ratio(self) -> float:
        """The same in CPU seconds: steadier where other programs share the machine."""
        return self.load.cpu_seconds / self.bare.cpu_seconds


def _run(program: str, task: dict[str, Any], folder: Path, name: str) -> tuple[Cost, dict[str, Any]]:
    command = [sys.executable, "-c", program, json.dumps(task)]
    cost = measure(command, program_environment(DAGSTER_DISABLE_TELEMETRY="yes"), folder / f"{name}.log")
    answer = json.loads(cost.output.strip().splitlines()[-1])
    return Cost(answer["seconds"], answer["cpu"], cost.peak_bytes, cost.output), answer


def bare_read(growth: Growth, folder: Path) -> Cost:
    """DuckDB's own reader into a table of a new database file.

    Raises:
        ProgramError: When it fails, or reads another number of records than were grown.
    """
    target = folder / "bare.duckdb"
    target.unlink(missing_ok=True)
    cost, answer = _run(_BARE, {"sql": growth.bare_sql, "target": str(target)}, folder, "bare")
    target.unlink(missing_ok=True)
    if answer["rows"] != growth.records:
        raise ProgramError(f"the bare read found {answer['rows']:,} records in a file of {growth.records:,}")
    return cost


def load(growth: Growth, folder: Path) -> tuple[Cost, int]:
    """The load of the capture into the raw tables of an empty warehouse, and how many records it rejected.

    Raises:
        ProgramError: When it fails, or a record is neither loaded nor rejected.
    """
    task = {
        "files": [str(path) for path in (growth.capture, growth.column_map) if path],
        "data_dir": str(folder / "data"),
        "raw_table": growth.raw_table,
    }
    cost, answer = _run(_LOAD, task, folder, "load")
    shutil.rmtree(folder / "data")
    if answer["rows"] != growth.records - answer["rejected"]:
        raise ProgramError(
            f"{answer['rows']:,} of {growth.records:,} records were loaded, {answer['rejected']:,} rejected"
        )
    return cost, answer["rejected"]


def measure_family(family: str, records: int, folder: Path) -> Measured:
    """Grow a family to a size; read it bare and load it, twice in turn, so that both see the same machine.

    Of each the faster one counts: where other programs share the machine, the same statement took 7.5 and 15.1 CPU
    seconds within a minute (2026-11-26).
    """
    folder.mkdir(parents=True)
    growth = apart(grow_family, family, records, folder)
    reads, loads, rejected = [], [], 0
    for _ in range(2):
        reads.append(bare_read(growth, folder))
        cost, rejected = load(growth, folder)
        loads.append(cost)
    return Measured(family, records, growth.megabytes, _least(reads), _least(loads), rejected)


def _least(costs: Sequence[Cost]) -> Cost:
    return Cost(
        min(cost.seconds for cost in costs),
        min(cost.cpu_seconds for cost in costs),
        max(cost.peak_bytes for cost in costs),
        "",
    )


def line(one: Measured) -> str:
    """A row of the table."""
    return (
        f"| {one.family} | {one.records:,} | {one.rejected:,} | {one.megabytes:,.0f} | {one.bare.seconds:.1f} | "
        f"{one.load.seconds:.1f} | {one.ratio:.1f} | {one.bare.cpu_seconds:.1f} | {one.load.cpu_seconds:.1f} | "
        f"{one.cpu_ratio:.1f} | {one.load.peak_bytes / 1e9:.2f} GB | {'yes' if one.cpu_ratio <= AIM_RATIO else 'no'} |"
    )


def table(measured: Sequence[Measured], command: str) -> str:
    """All families as Markdown."""
    return "\n".join(
        [
            f"# Loads beside bare reads: {max(one.records for one in measured):,} records of each family",
            "",
            f"`{command}` on {platform.machine()}, {os.cpu_count()} CPUs shared with other programs, Python "
            f"{platform.python_version()}; each family side by side in one go.",
            "",
            "Bare: DuckDB's `read_json` or `read_csv` with the declared columns into a table. Load: detection, records",
            "with their numbers, reasons of rejection, accounting, as the raw step does it. Both are measured twice,",
            "in turn, and of each the faster one counts.",
            f"The last column judges CPU seconds (load ≤ {AIM_RATIO:g} × bare), which other programs disturb least.",
            "",
            "| family | records | rejected | MB | bare s | load s | ratio | CPU bare | CPU load | CPU ratio "
            f"| peak load | ≤ {AIM_RATIO:g} |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
            *map(line, measured),
            "",
        ]
    )
