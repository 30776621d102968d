"""A deletion through the real job: nothing of it is left, and the marts are those of captures that never held it."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.connectors import create_raw_tables, detect
from orchestration.connectors.files import CaptureFiles
from orchestration.contract import DataDir
from orchestration.deletion import KEEP
from orchestration.deletion.forget import begin, clear, lock, planned, screen
from orchestration.deletion.journal import DELETION, Journal
from orchestration.deletion.json_posts import Names, Removed
from orchestration.deletion.requests import read_request
from orchestration.deletion.rewriting import rewrite
from tests.fixtures.demo import DemoWarehouse, demo_warehouse  # noqa: F401
from tests.fixtures.shared import real_package, shared_data  # noqa: F401
from tests.pipeline import Pipeline

# Posts that the demo does not have: one in the archive, one of somebody else in the search, and a repost of that one.
OWN, OTHERS, REPOST = "1640000000000000001", "1640000000000000002", "1640000000000000003"
CANARIES = {
    OWN: "Canary of the archive: zirconium herons left the fictional harbour at dawn, and nobody counted them twice.",
    OTHERS: "Canary of the search: a person in danger wrote “please do not keep this” & named the village of Ümlautia.",
}


def archive_with(source: Path, target: Path) -> Path:
    """The demo's archive with one post more, as its owner would have downloaded it a day earlier."""
    tweet = {"id_str": OWN, "id": OWN, "created_at": "Sun Mar 26 14:00:00 +0000 2023", "full_text": CANARIES[OWN]}
    tweet |= {
        "lang": "en",
        "favorite_count": "1",
        "retweet_count": "0",
        "entities": {},
        "display_text_range": ["0", "99"],
    }
    header = {"tweet_id": OWN, "user_id": "9150701000001", "created_at": tweet["created_at"]}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode("utf-8")
            if name == "data/tweets.js":
                text = text.replace("[", f"[\n{json.dumps({'tweet': tweet})},", 1)
            elif name == "data/tweet-headers.js":
                text = text.replace("[", f"[\n{json.dumps({'tweet': header})},", 1)
            elif name == "data/manifest.js":
                text = text.replace('"count": "3103"', '"count": "3104"')
            new.writestr(name, text)
        new.writestr(f"data/tweets_media/{OWN}-heron.jpg", b"a picture of herons")
    return target


def search_with(source: Path, target: Path) -> Path:
    """The demo's search with one page more, packed."""
    shared = {"created_at": "2023-03-26T14:00:00.000Z", "conversation_id": OTHERS, "lang": "en"}
    post = {"id": OTHERS, "author_id": "77", "text": CANARIES[OTHERS].replace("&", "&amp;"), **shared}
    repost = {"id": REPOST, "author_id": "78", "text": f"RT @b: {CANARIES[OTHERS]}"[:140], **shared}
    repost["referenced_tweets"] = [{"type": "retweeted", "id": OTHERS}]
    users = [{"id": "77", "username": "b", "name": "B"}, {"id": "78", "username": "c", "name": "C"}]
    page = {"data": [post, repost], "includes": {"users": users, "tweets": [post]}, "meta": {"result_count": 2}}
    target.write_bytes(gzip.compress(source.read_bytes() + json.dumps(page).encode() + b"\n"))
    return target


@dataclass(frozen=True)
class Forgotten:
    pipeline: Pipeline
    receipt: dict


@pytest.fixture(scope="module")
def forgotten(demo_warehouse: DemoWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Forgotten:  # noqa: F811
    """A folder in which the demo's captures came with two posts more, which were then deleted on request."""
    root = tmp_path_factory.mktemp("deletion")
    pipeline = Pipeline(root / "data")
    paths = pipeline.paths
    delivered = demo_warehouse.paths.root / "demo"
    files = [
        archive_with(delivered / "synthetic_x_archive_SuaraSyntheticOrgDemo.zip", root / "archive.zip"),
        search_with(delivered / "synthetic_x_api_v2_search.jsonl", root / "search.jsonl.gz"),
    ]
    for path in files:
        pipeline.ledger.store(path, is_synthetic=True)
    plant(paths, files[1])
    request = root / "request.txt"
    line = {"id": OTHERS, "action": "delete", "reason": "deleted", "redacted_at": "2024-05-01T00:00:00Z"}
    request.write_text(f"# one each\nhttps://x.com/somebody/status/{OWN}\n{json.dumps(line)}\n", encoding="utf-8")
    store = lock(paths)
    with planned(paths, read_request(request)) as plan:
        begun = begin(paths, plan, kind=DELETION, counts=KEEP)
    assert clear(paths, begun)
    store.release()
    run = pipeline.run()
    assert run.success, run.failures
    (receipt,) = paths.receipts.glob("*-deletion.json")
    return Forgotten(pipeline, json.loads(receipt.read_text("utf-8")))


def plant(paths: DataDir, delivered: Path) -> None:
    """What runs before leave: a rejected copy of the warehouse, a release, a log, an outcome that quotes, a copy."""
    texts = list(CANARIES.values())
    for place in (paths.rejected / "20260101T000000-marts-1", paths.published / "releases" / "000001-before"):
        place.mkdir(parents=True)
        with duckdb.connect(str(place / "social_bi.duckdb")) as con:
            con.execute("create table posts as select unnest(?) as text", [texts])
    (paths.published / "current").symlink_to("releases/000001-before")
    log = paths.dagster_home / "storage" / "run" / "compute_logs" / "step.out"
    log.parent.mkdir(parents=True)
    log.write_text(f"record 7: {texts[0]}")
    words = ("check_name", "asset", "expected", "why", "next_step")
    outcome = {"run_id": "r", "gate": "raw", "passed": True, "failing_count": 0, **dict.fromkeys(words, "-")}
    outcome |= {"severity": "warning", "dimension": "validity", "failing_sample": "[]"}
    outcome |= {"checked_at": "2026-01-01T00:00:00Z", "observed": f"found {texts[1]}"}
    place = paths.ledger / "outcomes" / "r--raw.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps([outcome]))
    (paths.root / "demo").mkdir()
    shutil.copyfile(delivered, paths.root / "demo" / "copy.jsonl.gz")


def pieces_in(path: Path) -> set[str]:
    """Which canaries a file holds; written for this test, so that it owes nothing to the search that it checks."""
    needles = [text[begin : begin + 25] for text in CANARIES.values() for begin in (0, 40, 70)]
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data += gzip.decompress(data)
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            data += b"\n".join(archive.read(name) for name in archive.namelist())
    found = {one for one in needles if one.encode() in data or json.dumps(one)[1:-1].encode() in data}
    if data[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as con:
            tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            found |= rows_with(con, needles, [f'"{schema}"."{name}"' for schema, name in tables])
    elif data[:4] == b"PAR1":
        with duckdb.connect() as con:
            found |= rows_with(con, needles, [f"'{path}'"])
    return found


def rows_with(con: duckdb.DuckDBPyConnection, needles: list[str], relations: list[str]) -> set[str]:
    conditions = ", ".join("bool_or(contains(row, ?))" for _ in needles)
    found = set()
    for relation in relations:
        (hits,) = con.execute(
            f"select {conditions} from (select cast(t as varchar) as row from {relation} as t)", needles
        ).fetchall()
        found |= {one for one, hit in zip(needles, hits, strict=True) if hit}
    return found


def test_no_file_below_the_data_folder_holds_a_deleted_text(forgotten: Forgotten) -> None:
    files = [path for path in forgotten.pipeline.paths.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {path.suffix for path in files} >= {".duckdb", ".parquet", ".html", ".zip", ".gz", ".json"}
    assert not {path for path in files if pieces_in(path)}
    assert Journal.read(forgotten.pipeline.paths) is None


def test_marts_equal_those_of_captures_without_these_posts(
    forgotten: Forgotten,
    demo_warehouse: DemoWarehouse,  # noqa: F811
) -> None:
    def marts(database: Path) -> dict[str, tuple]:
        """Rows and their hash in every mart, without the ids of captures: other bytes are another capture."""
        found = {}
        with duckdb.connect(str(database), read_only=True) as con:
            for (table,) in con.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall():
                rows = f"select columns(c -> c <> 'capture_id') from marts.{table}"
                found[table] = con.execute(f"select count(*), sum(hash(t)) from ({rows}) as t").fetchall()[0]
        return found

    assert marts(forgotten.pipeline.paths.published_file) == marts(demo_warehouse.published_file)


def test_receipt_tells_what_went_without_content(forgotten: Forgotten) -> None:
    receipt = forgotten.receipt
    assert receipt["records_removed"] == 3
    assert {one["what"] for one in receipt["captures"]} == {"rewritten"}
    assert all(one["old_sha256"] != one["new_sha256"] for one in receipt["captures"])
    assert receipt["removed_files"] == [
        "dagster_home/storage/run/compute_logs/step.out",
        "demo/copy.jsonl.gz",
        "ledger/outcomes/r--raw.json",
    ]
    assert receipt["searched"]["pieces"] >= 6


def test_counts_follow_the_policy(forgotten: Forgotten) -> None:
    rows = forgotten.pipeline.query(
        "select reason, posted_month, account_key is not null, sum(post_count) from quality.fct_deletions "
        "group by all order by all",
        published=True,
    )
    # nothing but a number is kept of the post of a private person
    assert [(reason, str(month), told, n) for reason, month, told, n in rows] == [
        ("deleted", "None", False, 1),
        ("requested", "None", False, 1),
    ]


def test_the_totals_of_a_source_stay_as_it_stated_them(forgotten: Forgotten) -> None:
    rows = forgotten.pipeline.query(
        "select statement, stated_count, counted_count, agrees, note from quality.fct_control_totals order by 1",
        published=True,
    )
    totals = {row[0]: row[1:] for row in rows}
    assert totals["manifest.tweets"] == (5174, 5174, True, "1 of them removed on request since")
    assert totals["tweet_headers"][:3] == (5173, 5173, True)


def test_what_was_deleted_does_not_come_back_with_another_file(
    forgotten: Forgotten,
    demo_warehouse: DemoWarehouse,  # noqa: F811
    tmp_path: Path,
) -> None:
    ledger = forgotten.pipeline.ledger
    delivered = demo_warehouse.paths.root / "demo" / "synthetic_x_api_v2_search.jsonl"
    other = tmp_path / "other.jsonl"
    other.write_bytes(gzip.decompress(search_with(delivered, tmp_path / "packed.jsonl.gz").read_bytes()))
    entry, is_new = ledger.store(other, is_synthetic=True)
    try:
        assert is_new
        assert screen(ledger, entry) == 2  # the post, and the repost that names it
        assert CANARIES[OTHERS][:25] not in ledger.stored_path(entry).read_text("utf-8")
        assert ledger.capture(entry.capture_id).screened == ledger.tombstones_id()
    finally:
        ledger.forget_capture(entry)


# Real packages ----------------------------------------------------------------------------------------------------

PACKAGES = {
    "x_archive": ("ytd_andreruffert", "x_archive_posts", "id_str"),
    "x_archive_legacy": ("grailbird_sdstartupweek", "x_archive_legacy_posts", "id_str"),
    "x_api_v2": ("v2_twarc/test-data/noflat.jsonl", "x_api_v2_posts", "id"),
    "x_api_v11": ("v11_ext_rtweet_ropensci_bioconductor", "x_api_v11_posts", "id_str"),
    "activity streams": ("tweet_updates_samples", "x_api_v11_posts", "id_str"),
    "x_graphql": ("graphql_twscrape_dev/raw_user_tweets.json", "x_graphql_posts", "rest_id"),
    "bluesky": ("twitwi_bluesky_twitter/test/resources/bluesky-posts.json", "bluesky_posts", "uri"),
    "mastodon": ("rtoot_mastodon", "mastodon_posts", "uri"),
    "twint": ("twint_orgs_dev", "twint_posts", "tweet_id"),
    "x_analytics": ("x_analytics_ropensci_2016_2019", "x_analytics_posts", "post_id"),
    "snscrape": ("jokowi_snscrape/jokowi.csv", "snscrape_posts", "regexp_extract(tweet_url, '[0-9]+$')"),
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", PACKAGES)
def test_a_capture_written_anew_holds_every_other_record_as_it_was(
    name: str,
    real_package: Callable[[str], Path],  # noqa: F811
    tmp_path: Path,
) -> None:
    package, table, id_sql = PACKAGES[name]
    top, _, rest = package.partition("/")
    stored = real_package(top) / rest
    before = raw_rows(stored, table, id_sql)
    gone = {sorted(before)[number] for number in (len(before) // 3, len(before) // 2)}
    (tmp_path / "new").mkdir()
    target, removed = tmp_path / "new" / stored.name, Removed()
    assert rewrite(stored, target, Names(frozenset(gone)), removed)
    after = raw_rows(target, table, id_sql)
    assert not gone & after.keys()
    assert {post_id: rows for post_id, rows in before.items() if post_id not in gone} == after
    assert removed.texts


def raw_rows(path: Path, table: str, id_sql: str) -> dict[str, Counter[str]]:
    """The raw rows of a capture by id of the post, without their number."""
    found: dict[str, Counter[str]] = {}
    with duckdb.connect() as con, CaptureFiles(path) as files, tempfile.TemporaryDirectory() as scratch:
        create_raw_tables(con)
        detect(files).load(con, "c", files, Path(scratch))
        rows = con.execute(
            f"select {id_sql}, cast(to_json(t) as varchar) from (select * exclude (record_no) from raw.{table}) as t"
        ).fetchall()
    for post_id, row in rows:
        found.setdefault(str(post_id), Counter())[row] += 1
    return found
