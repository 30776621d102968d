"""Releases: which is served, going back, what is refused, and what the ledger tells of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.assets.published import OLDEST_DAYS, PUBLISHED_ASSETS, staleness
from orchestration.cli import main
from orchestration.contract import DataDir, SuaraError
from orchestration.publishing import releases
from orchestration.publishing.published_file import FILE_NAME, PUBLISHED_NAMES, Candidate, Release, promote
from orchestration.warehouse.ledger import PUBLISHED, ROLLED_BACK, Ledger


def release_folder(folder: Path, release_id: str, posts: tuple[str, ...] = ("1", "2")) -> Candidate:
    """A whole release, small: the file with its posts, and a word that says of which release a part is."""
    folder.mkdir(parents=True)
    for name in PUBLISHED_NAMES:
        if name == "parquet":
            (folder / name).mkdir()
            (folder / name / "part").write_text(release_id)
        elif name != FILE_NAME:
            (folder / name).write_text(release_id)
    with duckdb.connect(str(folder / FILE_NAME)) as con:
        con.execute("create schema quality; create schema marts")
        con.execute(
            "create table quality.release as select ? as release_id, ? as run_id", [release_id, f"run {release_id}"]
        )
        con.execute("create table marts.fct_posts as select 'x' as platform, unnest(?) as post_id", [list(posts)])
        con.execute(
            "alter table marts.fct_posts add post_key varchar; update marts.fct_posts set post_key = 'x' || post_id"
        )
    return Candidate(folder, Release(release_id, f"run {release_id}", {}, {"marts.fct_posts": len(posts)}))


@pytest.fixture
def paths(tmp_path: Path) -> DataDir:
    """Three releases, published one after the other; the third is served."""
    paths = DataDir(tmp_path / "data")
    for name in ("aaaa1111bbbb", "cccc2222dddd", "eeee3333ffff"):
        candidate = release_folder(tmp_path / name, name, ("1", "2", "3") if name.startswith("a") else ("1", "2"))
        folder = promote(candidate, paths.published)
        facts = {"release_id": name, "run_id": f"run {name}", "row_counts": candidate.release.row_counts}
        Ledger(paths).write_release(PUBLISHED, folder.name, **facts)
    return paths


def served(paths: DataDir) -> set[str]:
    """Of which release each part is that readers get."""
    found = {(paths.published / name).read_text() for name in PUBLISHED_NAMES if name.endswith(".html")}
    found.add((paths.published / "parquet" / "part").read_text())
    with duckdb.connect(str(paths.published_file.resolve()), read_only=True) as con:
        found.add(con.execute("select release_id from quality.release").fetchall()[0][0])
    return found


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_folders_of_readers_are_for_owner_and_group_whatever_the_umask_says(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        promote(release_folder(tmp_path / "a", "a"), tmp_path / "data" / "published")
    finally:
        os.umask(before)
    folders = [path for path in (tmp_path / "data").rglob("*") if path.is_dir() and not path.is_symlink()]
    assert [path.name for path in folders] == ["published", "releases", "000001-a", "parquet"]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o750}


def rollback(paths: DataDir, release: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["rollback", "--data-dir", str(paths.root), release])
    return result.exit_code, result.output


@pytest.mark.parametrize("name", ["1", "000001", "000001-aaaa1111bbbb", "aaaa", "aaaa1111bbbb0000ffff"])
def test_a_release_is_named_by_number_name_or_id(paths: DataDir, name: str) -> None:
    assert releases.find(paths.published, name).number == 1


@pytest.mark.parametrize("name", ["4", "", "ffff", "000009-aaaa1111bbbb"])
def test_a_name_that_means_no_kept_release_is_refused(paths: DataDir, name: str) -> None:
    with pytest.raises(SuaraError, match=r"found 0 of that.*suara releases"):
        releases.find(paths.published, name)


def test_serving_another_release_changes_every_part_within_a_second(paths: DataDir) -> None:
    assert served(paths) == {"eeee3333ffff"}
    started = time.perf_counter()
    releases.serve(paths.published, releases.find(paths.published, "2"))
    assert time.perf_counter() - started < 1
    assert served(paths) == {"cccc2222dddd"}


def test_a_release_that_lacks_a_part_is_not_served(paths: DataDir) -> None:
    chosen = releases.find(paths.published, "1")
    (chosen.folder / "study_report.html").unlink()
    with pytest.raises(SuaraError, match=r"study_report\.html missing"):
        releases.serve(paths.published, chosen)
    assert served(paths) == {"eeee3333ffff"}


def test_a_release_from_before_a_page_existed_is_served_without_that_page(paths: DataDir) -> None:
    (releases.find(paths.published, "1").folder / "data_quality.html").unlink()
    releases.serve(paths.published, releases.find(paths.published, "1"))
    assert (paths.published / "study_report.html").read_text() == "aaaa1111bbbb"
    assert not (paths.published / "data_quality.html").is_symlink()
    releases.serve(paths.published, releases.find(paths.published, "2"))
    assert served(paths) == {"cccc2222dddd"}


def test_rollback_is_in_the_ledger_and_the_next_publish_goes_on(paths: DataDir, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("orchestration.cli_readers._tell_dagster", lambda *_: None)
    code, output = rollback(paths, "2")
    assert code == 0 and "Serving release 000002-cccc2222dddd of run run cccc2222dddd" in output
    latest = Ledger(paths).latest_release()
    assert latest["what"] == ROLLED_BACK and latest["run_id"] == "run cccc2222dddd"
    assert latest["instead_of"] == "000003-eeee3333ffff"
    listed = CliRunner().invoke(main, ["releases", "--data-dir", str(paths.root)]).output.splitlines()
    assert [line.split()[1] for line in listed if line.startswith("*")] == ["000002-cccc2222dddd"]
    assert promote(release_folder(tmp_path / "next", "9999"), paths.published).name == "000004-9999"
    assert served(paths) == {"9999"}


def test_rollback_is_shown_on_the_asset(paths: DataDir) -> None:
    import dagster as dg

    from orchestration.checks import PUBLISHED_FILE

    assert rollback(paths, "1")[0] == 0
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(PUBLISHED_FILE)
    shown = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert shown == {
        "serving": "release aaaa1111bbbb of run run aaaa1111bbbb",
        "rolled back from": "000003-eeee3333ffff",
    }


def test_published_assets_carry_the_names_of_what_is_published() -> None:
    assert {tuple(key.path) for key in PUBLISHED_ASSETS} == {("published", Path(name).stem) for name in PUBLISHED_NAMES}


@pytest.mark.parametrize("still_there", [False, True])
def test_posts_deleted_since_do_not_come_back(paths: DataDir, monkeypatch, still_there: bool) -> None:
    monkeypatch.setattr("orchestration.cli_readers._tell_dagster", lambda *_: None)
    with duckdb.connect(str(paths.warehouse)) as con:
        con.execute("create schema intermediate; create schema marts")
        con.execute("create table intermediate.int_posts__tombstones as select 'x' as platform, '3' as post_id")
        keys = ["x1", "x2", "x3"] if still_there else ["x1", "x2"]
        con.execute("create table marts.fct_posts as select unnest(?) as post_key", [keys])
    code, output = rollback(paths, "1")
    if still_there:  # a later capture saw the post again: the warehouse kept it
        assert code == 0 and served(paths) == {"aaaa1111bbbb"}
    else:
        assert code == 1 and "found 1 that were deleted since" in output
        assert served(paths) == {"eeee3333ffff"}
        assert rollback(paths, "2")[0] == 0


def test_release_that_names_an_account_which_nobody_registers_any_more_is_known(paths: DataDir) -> None:
    first = releases.find(paths.published, "1")
    first.file.chmod(0o600)
    with duckdb.connect(str(first.file)) as con:
        con.execute(
            "create table marts.dim_accounts as select * from (values ('o', 'x', true), ('p', 'x', false), "
            "('renamed', 'x', true)) as t (account_key, platform, is_registered)"
        )
        con.execute(
            "create table marts.dim_account_handles as select * from (values ('o', 'office'), ('p', 'person_1'), "
            "('renamed', 'once'), ('renamed', 'now')) as t (account_key, folded_handle)"
        )
    with duckdb.connect(str(paths.warehouse)) as con:
        con.execute("create schema intermediate")
        con.execute(
            "create table intermediate.int_accounts__registered as "
            "select * from (values ('x', 'Once'), ('x', 'Office'), ('bluesky', 'p')) as t (platform, handle)"
        )
    assert releases.no_longer_registered(first, paths.warehouse) == 0
    with duckdb.connect(str(paths.warehouse)) as con:
        con.execute("update intermediate.int_accounts__registered set platform = 'mastodon' where handle = 'Office'")
    assert releases.no_longer_registered(first, paths.warehouse) == 1


def test_old_releases_go_and_the_served_one_stays(paths: DataDir, tmp_path: Path) -> None:
    releases.serve(paths.published, releases.find(paths.published, "1"))
    promote(release_folder(tmp_path / "4", "4444"), paths.published, keep=2)
    assert [r.number for r in releases.kept(paths.published)] == [3, 4]
    with pytest.raises(SuaraError, match="is served"):
        releases.remove(paths.published, releases.find(paths.published, "4"))
    releases.remove(paths.published, releases.find(paths.published, "3"))
    assert [r.number for r in releases.kept(paths.published)] == [4]


def test_keep_is_a_setting_of_the_data_folder(paths: DataDir) -> None:
    output = CliRunner().invoke(main, ["releases", "--data-dir", str(paths.root), "--keep", "3"]).output
    assert "3 are kept" in output
    assert Ledger(paths).settings()["releases_kept"] == 3


def test_entries_of_the_first_ledger_are_read(paths: DataDir) -> None:
    old = {"release_id": "0000", "run_id": "r", "published_at": "2025-01-01T00:00:00+00:00", "folder": "000000-0000"}
    (paths.ledger / "releases" / "0000.json").write_text(json.dumps({**old, "row_counts": {}}))
    assert [entry["folder"][:6] for entry in Ledger(paths).releases()] == ["000000", "000001", "000002", "000003"]


# ---------- fresh or not


def stale(paths: DataDir, after: timedelta = timedelta(minutes=1)) -> list[str]:
    return staleness(paths, Ledger(paths), datetime.now(UTC) + after)[0]


def test_what_was_published_last_is_fresh(paths: DataDir) -> None:
    assert stale(paths) == []


def test_an_old_release_is_stale(paths: DataDir) -> None:
    assert "days old" in stale(paths, timedelta(days=OLDEST_DAYS + 1))[0]


def test_tables_that_readers_do_not_have_make_it_stale(paths: DataDir) -> None:
    paths.warehouse.touch()
    assert "readers do not have" in stale(paths)[0]


def test_a_rollback_is_not_forgotten(paths: DataDir, monkeypatch) -> None:
    monkeypatch.setattr("orchestration.cli_readers._tell_dagster", lambda *_: None)
    rollback(paths, "2")
    assert "somebody rolled back" in stale(paths)[0]


def test_a_release_that_the_ledger_does_not_know_is_stale(paths: DataDir) -> None:
    releases.serve(paths.published, releases.find(paths.published, "1"))
    assert "publish again" in stale(paths)[0]


def test_without_a_release_there_is_nothing_fresh(tmp_path: Path) -> None:
    assert stale(DataDir(tmp_path)) == ["nothing was published yet: materialize everything"]


# ---------- while releases change

READER = """
import select, sys, duckdb
from pathlib import Path
file, opens = Path(sys.argv[1]), 0
while not select.select([sys.stdin], [], [], 0)[0]:
    with duckdb.connect(str(file), read_only=True) as con:
        said = {con.execute(sql).fetchall()[0][0] for sql in (
            "select release_id from quality.release", "select min(post_id) from marts.fct_posts",
            "select max(post_id) from marts.fct_posts",
        )}
    release = (file.parent / "current").resolve()
    pages = {(release / name).read_text() for name in ("study_report.html", "parquet/part")}
    assert len(said) == 1 and len(pages) == 1, (said, pages)
    opens += 1
    if opens == 1:
        print("reading", flush=True)
print(opens)
"""


def test_readers_never_meet_a_mix_while_releases_are_published_and_rolled_back(tmp_path: Path) -> None:
    published = tmp_path / "published"
    marks = [f"{number:04d}aaaa" for number in range(16)]
    candidates = [release_folder(tmp_path / mark, mark, (mark,)) for mark in marks]
    promote(candidates[0], published)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(published / FILE_NAME)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None and reader.stdout.readline() == "reading\n"
    for candidate in candidates[1:]:
        promote(candidate, published)
        time.sleep(0.03)
        releases.serve(published, releases.kept(published)[-2])
        time.sleep(0.03)
    output, errors = reader.communicate("stop")
    assert reader.returncode == 0, errors
    assert int(output) > 5
    assert [r.number for r in releases.kept(published) if r.is_served] == [15]
