"""The published file: what is copied, how a release takes the place of the one before, what a failure leaves."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import SuaraError
from orchestration.publishing import published_file
from orchestration.publishing.descriptions import Descriptions, TableDescription
from orchestration.publishing.parquet import write_parquet
from orchestration.publishing.published_file import (
    build_candidate,
    build_published_file,
    mart_hashes,
    promote,
)
from tests.unit.publishing_fixture import TABLES, make_descriptions, make_warehouse


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Descriptions]:
    folder = tmp_path_factory.mktemp("warehouse")
    warehouse = make_warehouse(folder)
    return warehouse, make_descriptions(warehouse)


@pytest.fixture(scope="module")
def file(source: tuple[Path, Descriptions], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("file") / "social_bi.duckdb"
    build_published_file(source[0], target, run_id="r1", descriptions=source[1], study="demo")
    return target


def ask(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(sql).fetchall()


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder and the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without pictures: these tests are about files, and drawing takes seconds."""
    from orchestration.publishing import report

    monkeypatch.setattr(report, "write_study_report", lambda file, target: target.write_text("report"))


def candidate_with(tmp_path: Path, name: str, *, extra_post: bool = False) -> published_file.Candidate:
    folder = tmp_path / name
    folder.mkdir()
    warehouse = make_warehouse(folder)
    descriptions = make_descriptions(warehouse)
    if extra_post:
        with duckdb.connect(str(warehouse)) as con:
            con.execute("insert into marts.dim_hashtags values ('baru', 'Baru', 1)")
    return build_candidate(warehouse, folder / "candidate", run_id=name, descriptions=descriptions, study="demo")


# ---------- what is in the file


def test_tables_hold_the_rows_of_the_warehouse(source, file):
    for name in TABLES:
        assert ask(file, f"from {name}") == ask(source[0], f"from {name}"), name


def test_only_the_schemas_of_readers_are_published(file):
    schemas = ask(file, "select distinct schema_name from duckdb_tables() order by all")
    assert schemas == [("marts",), ("quality",), ("reports",)]
    assert ask(file, "select count(*) from duckdb_views() where not internal") == [(0,)]


def test_keys_and_required_columns_survive(file):
    keys = ask(
        file,
        "select table_name, constraint_column_names from duckdb_constraints() where constraint_type = 'PRIMARY KEY'",
    )
    assert ("fct_post_volume", ["account_key", "posted_month", "kind"]) in keys
    assert {name for name, _ in keys} >= {name.split(".")[1] for name in TABLES if "check_outcomes" not in name}
    assert ask(file, "select count(*) from duckdb_constraints() where constraint_text like 'CHECK%'") == [(1,)]
    required = ask(
        file,
        "select is_nullable from duckdb_columns() where table_name = 'fct_posts' and column_name = 'account_key'",
    )
    assert required == [(False,)]


def test_every_table_and_column_has_a_comment(file):
    assert ask(file, "select table_name from duckdb_tables() where comment is null") == []
    assert (
        ask(file, "select table_name, column_name from duckdb_columns() where comment is null and not internal") == []
    )
    assert ask(file, "select comment from duckdb_tables() where table_name = 'dim_hashtags'") == [
        ("One row per folded hashtag. It's for readers; 'quoted'.",)
    ]


def test_nested_types_survive(file):
    kinds = dict(ask(file, "select column_name, data_type from duckdb_columns() where table_name = 'fct_posts'"))
    assert kinds["hashtags"] == 'STRUCT(tag VARCHAR, "start" BIGINT, "end" BIGINT)[]'
    assert ask(file, "select hashtags[1].tag from marts.fct_posts limit 1") == [("Migrasi",)]


def test_posts_stay_in_order_of_time(file):
    times = [row[0] for row in ask(file, "select posted_at from marts.fct_posts")]
    assert times == sorted(times)


def test_file_is_sealed_and_readable_by_old_engines(file):
    assert file.stat().st_mode & 0o777 == 0o440
    assert not file.with_name(file.name + ".wal").exists()
    # Bytes 12 to 19 of a DuckDB file hold its storage version: 65 is the one that 1.2 introduced.
    assert int.from_bytes(file.read_bytes()[12:20], "little") <= 65


def test_release_row_says_what_the_file_is(file):
    (row,) = ask(
        file,
        "select run_id, study, focal_handle, post_count, capture_count, accepted_capture_count, "
        "quarantined_capture_count, is_synthetic, checks_passed, checks_warned, checks_failed, codebook_version "
        "from quality.release",
    )
    assert row == ("r1", "demo", "SuaraSyntheticOrgDemo", 900, 2, 1, 1, True, 1, 1, 1, "0.1-draft")


def test_release_row_names_what_the_file_was_made_from(file):
    (row,) = ask(file, "select captures_hash, codebook_hash, claims_hash, observed_at::varchar from quality.release")
    accepted = hashlib.sha256(("c1" + "0" * 62).encode()).hexdigest()
    assert row == (accepted, "hash of the codebook", "hash of the claims", "2023-04-01 00:00:00+00")


def test_a_model_that_was_not_built_stops_the_publish(source, tmp_path):
    missing = TableDescription("marts", "fct_missing", "One row per nothing.")
    descriptions = Descriptions((*source[1].tables, missing))
    with pytest.raises(SuaraError, match=r"marts.fct_missing.*make run"):
        build_candidate(source[0], tmp_path / "candidate", run_id="r", descriptions=descriptions)
    assert not (tmp_path / "candidate").exists()


def test_a_table_of_a_removed_model_is_not_published(source, tmp_path):
    kept = tuple(table for table in source[1].tables if table.schema != "reports")
    build_published_file(source[0], tmp_path / "f.duckdb", run_id="r", descriptions=Descriptions(kept))
    assert ask(tmp_path / "f.duckdb", "from duckdb_tables() where schema_name = 'reports'") == []


def test_a_view_becomes_a_table(tmp_path):
    warehouse = make_warehouse(tmp_path)
    descriptions = make_descriptions(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("drop table reports.rpt_volume_years")
        con.execute("create view reports.rpt_volume_years as select account_key, kind from marts.fct_posts")
    build_published_file(warehouse, tmp_path / "f.duckdb", run_id="r", descriptions=descriptions)
    assert ask(tmp_path / "f.duckdb", "select count(*) from reports.rpt_volume_years") == [(900,)]
    assert ask(tmp_path / "f.duckdb", "select count(*) from duckdb_views() where not internal") == [(0,)]


@pytest.mark.parametrize("posts_per_span", [1_000_000, 450, 100])
def test_a_view_of_many_posts_is_copied_whole_and_in_order_a_span_of_days_at_a_time(
    tmp_path, monkeypatch, posts_per_span
):
    monkeypatch.setattr(published_file, "POSTS_PER_SPAN", posts_per_span)
    warehouse = make_warehouse(tmp_path)
    descriptions = make_descriptions(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("drop table reports.rpt_volume_years")
        con.execute(
            "create view reports.rpt_volume_years as select 'a' as account_key, 0 as posted_year, post_key, "
            "case when record_no % 10 <> 0 then posted_date end as posted_date from marts.fct_posts"
        )
    tables = (
        dataclasses.replace(table, key=("post_key",)) if table.name == "rpt_volume_years" else table
        for table in descriptions.tables
    )
    build_published_file(warehouse, tmp_path / "f.duckdb", run_id="r", descriptions=Descriptions(tuple(tables)))
    copied = ask(tmp_path / "f.duckdb", "select post_key, posted_date from reports.rpt_volume_years")
    dated = ask(warehouse, "select post_key, posted_date from marts.fct_posts where record_no % 10 <> 0")
    # what tells no day tells none by its place either
    undated = ask(warehouse, "select post_key, null from marts.fct_posts where record_no % 10 = 0 order by post_key")
    assert dated and undated and copied == dated + undated


# ---------- hashes


def test_hashes_ignore_the_order_of_rows_and_the_number_of_threads(file, tmp_path):
    shuffled = tmp_path / "shuffled.duckdb"
    with duckdb.connect(str(shuffled)) as con:
        con.execute(f"attach '{file}' as original (read_only); create schema marts; set threads = 1")
        for name in (n for n in TABLES if n.startswith("marts.")):
            con.execute(f"create table {name} as select * from original.{name} order by random()")
    assert mart_hashes(shuffled) == mart_hashes(file)


@pytest.mark.parametrize(
    "change",
    [
        "update marts.fct_posts set like_count = like_count + 1 where record_no = 1",
        "update marts.fct_posts set like_count = 0 where like_count is null",
        "delete from marts.fct_posts where record_no = 900",
        "alter table marts.fct_posts rename column language to lang",
    ],
)
def test_hashes_find_a_change(source, tmp_path, change):
    changed = tmp_path / "warehouse.duckdb"
    changed.write_bytes(source[0].read_bytes())
    with duckdb.connect(str(changed)) as con:
        con.execute(change)
    before, after = mart_hashes(source[0]), mart_hashes(changed)
    assert {name for name in before if before[name] != after[name]} == {"marts.fct_posts"}


def test_the_same_data_is_the_same_release_whatever_the_run(source, tmp_path):
    first, second = (
        build_published_file(source[0], tmp_path / f"{run}.duckdb", run_id=run, descriptions=source[1])
        for run in ("a", "b")
    )
    assert first.release_id == second.release_id
    assert first.run_id != second.run_id


# ---------- taking the place of the release before


def test_promote_gives_readers_the_whole_set(light, tmp_path):
    candidate = candidate_with(tmp_path, "one")
    promote(candidate, tmp_path / "published")
    assert sorted(p.name for p in (tmp_path / "published").iterdir()) == [
        "current",
        "data_dictionary.html",
        "data_quality.html",
        "parquet",
        "releases",
        "social_bi.duckdb",
        "study_report.html",
    ]
    assert ask(tmp_path / "published" / "social_bi.duckdb", "select run_id from quality.release") == [("one",)]
    assert duckdb.sql(f"select run_id from '{tmp_path}/published/parquet/quality/release.parquet'").fetchall() == [
        ("one",)
    ]


def test_open_reader_keeps_its_rows_and_a_new_one_sees_the_new(light, tmp_path):
    published = tmp_path / "published"
    promote(candidate_with(tmp_path, "one"), published)
    file = published / "social_bi.duckdb"
    reader = duckdb.connect(str(file), read_only=True)
    try:
        promote(candidate_with(tmp_path, "two", extra_post=True), published)
        promote(candidate_with(tmp_path, "three", extra_post=True), published, keep=2)
        assert reader.execute("select count(*) from marts.dim_hashtags").fetchall() == [(2,)]
        assert reader.execute("select count(text) from marts.fct_posts").fetchall() == [(900,)]
        code = (
            "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); "
            "print(c.execute('select count(*) from marts.dim_hashtags').fetchall())"
        )
        new = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
        assert new.stdout.strip() == "[(3,)]"
    finally:
        reader.close()
    assert sorted(p.name[:6] for p in (published / "releases").iterdir()) == ["000002", "000003"]


READER = """
import select, sys, duckdb
opens = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    with duckdb.connect(sys.argv[1], read_only=True) as con:
        rows = con.execute("select count(*), count(text) from marts.fct_posts").fetchall()
        assert rows == [(900, 900)], rows
    opens += 1
    if opens == 1:
        print("reading", flush=True)
print(opens)
"""


def test_opens_during_many_publishes_never_fail(light, tmp_path):
    published = tmp_path / "published"
    candidate = candidate_with(tmp_path, "one")
    copies = [tmp_path / f"copy{number}" for number in range(12)]
    for copy in copies:
        shutil.copytree(candidate.folder, copy)
    promote(candidate, published)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(published / "social_bi.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None and reader.stdout.readline() == "reading\n"
    for copy in copies:
        promote(published_file.Candidate(copy, candidate.release), published)
        time.sleep(0.05)
    output, errors = reader.communicate("stop")
    assert reader.returncode == 0, errors
    assert int(output) > 1
    # what is published is the last copy, and nothing of the others is left
    assert (published / "current").resolve().name.startswith("000013-")


def test_failed_build_leaves_published_bytes_identical(light, monkeypatch, tmp_path):
    published = tmp_path / "published"
    promote(candidate_with(tmp_path, "one"), published)
    before = tree(published)
    from orchestration.publishing import report

    def broken(file: Path, target: Path) -> None:
        raise RuntimeError("no picture")

    monkeypatch.setattr(report, "write_study_report", broken)
    with pytest.raises(RuntimeError):
        candidate_with(tmp_path, "two", extra_post=True)
    assert tree(published) == before
    assert not (tmp_path / "two" / "candidate").exists()


@pytest.mark.parametrize("broken_at", ["_move", "point"])
def test_failed_promote_leaves_published_bytes_identical(light, monkeypatch, tmp_path, broken_at):
    published = tmp_path / "published"
    promote(candidate_with(tmp_path, "one"), published)
    before = tree(published)
    candidate = candidate_with(tmp_path, "two", extra_post=True)

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(published_file, broken_at, broken)
    with pytest.raises(OSError, match="disk full"):
        promote(candidate, published)
    assert tree(published) == before


def test_incomplete_candidate_is_refused(light, tmp_path):
    candidate = candidate_with(tmp_path, "one")
    candidate.dictionary.unlink()
    with pytest.raises(SuaraError, match=r"data_dictionary.html missing"):
        promote(candidate, tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_plain_files_of_an_older_layout_give_way(light, tmp_path):
    published = tmp_path / "published"
    (published / "parquet" / "marts").mkdir(parents=True)
    (published / "social_bi.duckdb").write_text("old")
    promote(candidate_with(tmp_path, "one"), published)
    assert ask(published / "social_bi.duckdb", "select count(*) from marts.fct_posts") == [(900,)]


# ---------- parquet


def test_parquet_has_the_same_tables_rows_order_and_types(file, tmp_path):
    written = write_parquet(file, tmp_path / "parquet")
    assert written["marts.fct_posts"] == 900
    for name in TABLES:
        path = tmp_path / "parquet" / (name.replace(".", "/") + ".parquet")
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'")
            assert con.execute(f"from '{path}'").fetchall() == ask(file, f"from {name}"), name
            compression = con.execute(f"select distinct compression from parquet_metadata('{path}')").fetchall()
            assert compression == [("ZSTD",)]


# ---------- the models' words


def test_descriptions_read_keys_from_contracts_and_skip_other_layers(tmp_path):
    def node(schema: str, name: str, **more: object) -> dict:
        return {
            "resource_type": "model",
            "schema": schema,
            "name": name,
            "alias": name,
            "description": f"One row per {name}. More.",
            "config": {"materialized": "table"},
            "columns": {"k": {"name": "k", "description": "Key.", "data_type": "varchar", "constraints": []}},
            "constraints": [{"type": "primary_key", "columns": ["k"]}],
            **more,
        }

    nodes = [node("marts", "fct_b"), node("staging", "stg_a"), node("quality", "fct_q"), node("marts", "dim_a")]
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": {f"model.{i}": n for i, n in enumerate(nodes)}}))
    descriptions = Descriptions.from_manifest(manifest)
    assert [t.qualified_name for t in descriptions.tables] == ["marts.dim_a", "marts.fct_b", "quality.fct_q"]
    assert descriptions.get("marts", "fct_b").key == ("k",)
    assert dataclasses.asdict(descriptions.tables[0])["required"] == frozenset({"k"})


def test_a_missing_manifest_says_what_to_do(tmp_path):
    with pytest.raises(SuaraError, match="dbt parse"):
        Descriptions.from_manifest(tmp_path / "manifest.json")
