"""No private person in what is published, and no word of theirs anywhere but where data is kept; another key; who may
read what lies in the folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.cli import EXIT_QUARANTINED
from orchestration.coding.manifest import Manifest, SampledPost, Stratum
from orchestration.coding.sheets import Code, Coded
from orchestration.coding.store import CodingStore
from orchestration.contract import PROJECT_ROOT, DataDir
from orchestration.deletion.journal import Journal
from orchestration.deletion.record import PLACES, record_of_processing
from orchestration.privacy.key import KEY_VARIABLE, PseudonymKey, key_path, read_key, write_key
from tests.leaks import OFFICE, OFFICE_ON_BLUESKY, SHOWN, TOLD, TOLD_WORDS, contents_of, forms, search, seed
from tests.pipeline import register_accounts

# What a run keeps to work on, for its owner only; everything else below the data folder is searched.
KEPT = {"captures", "inbox", "keys", "warehouse.duckdb", "accounts.csv"}
# A check tells its operator which record it means, by the record's id and the names of files.
TOLD_TO_THE_OPERATOR = ("post id", "handle of author", "name of a f")


@dataclass
class Leaks:
    """A run on captures full of marks, and what it left behind."""

    paths: DataDir
    marks: dict[str, str]
    said: str


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> Leaks:
    folder = tmp_path_factory.mktemp("leaks")
    seeded = seed(folder)
    paths = DataDir(folder / "data")
    register_accounts(paths, OFFICE.handle)
    register_accounts(paths, OFFICE_ON_BLUESKY, platform="bluesky")
    said = suara(paths, "run", *map(str, seeded.paths), code=EXIT_QUARANTINED)
    (folder / "said.txt").write_text(said, "utf-8")
    return Leaks(paths, seeded.marks, str(folder / "said.txt"))


def suara(paths: DataDir, *arguments: str, key: Path | None = None, code: int = 0) -> str:
    """What a command says, with the umask that most machines have."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "SUARA_DATA_DIR": str(paths.root)}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        cwd=PROJECT_ROOT,
        env=environment | ({KEY_VARIABLE: str(key)} if key else {}),
        capture_output=True,
        text=True,
        umask=0o022,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_search_finds_what_may_be_shown_and_every_mark_where_it_was_delivered(leaks: Leaks) -> None:
    # a search that finds nothing anywhere would prove nothing
    assert len(search(contents_of([leaks.paths.published]), {SHOWN: "shown"})) == 1
    stored = search(contents_of([leaks.paths.captures]), leaks.marks)
    not_stored = {field for words, field in leaks.marks.items() if not any(words in found for found in stored)}
    assert len(stored) > 65
    # of an archive messages, contacts, advertising data, e-mail and phone of the owner, texts of deleted posts are not
    # even stored
    assert not_stored == {field for field in leaks.marks.values() if field.endswith("of the archive")} | {TOLD}


def test_nothing_of_a_private_person_is_published(leaks: Leaks) -> None:
    contents = contents_of([leaks.paths.published])
    assert any("social_bi.duckdb marts.fct_posts" in place for place in contents)
    assert any("fct_posts.parquet rows" in place for place in contents)
    assert search(contents, leaks.marks) == {}


def test_what_was_not_loaded_is_told_to_readers_without_its_names_and_words(leaks: Leaks) -> None:
    told = rows(
        leaks.paths.published_file,
        "select status, reason_code, member, found, status_reason from quality.fct_capture_outcomes "
        "left join quality.fct_rejected_records using (capture_id) "
        "where file_name = 'capture ' || left(capture_id, 12) "
        "and (reason_code in ('bad_time', 'other_table') or status <> 'accepted') order by all",
    )
    assert told == [
        ("accepted", "bad_time", None, "posted_at = aaaaaaaaa 999999999999", None),
        ("accepted", "other_table", None, "another table: 4 columns, none of a name known here", None),
        ("quarantined", None, None, None, "it cannot be read"),
    ]


def test_logs_and_the_history_of_runs_hold_no_word_name_or_number_of_a_person(leaks: Leaks) -> None:
    rest = [path for path in leaks.paths.root.iterdir() if path.name not in KEPT and path != leaks.paths.published]
    assert {"dagster_home", "ledger", "dbt_target"} <= {path.name for path in rest}
    found = search(contents_of([*rest, Path(leaks.said)]), leaks.marks)
    assert [field for field in found if not field.startswith(TOLD_TO_THE_OPERATOR)] == []


def test_what_a_capture_tells_as_deleted_is_in_no_file_after_one_run(leaks: Leaks) -> None:
    assert search(contents_of([leaks.paths.root, Path(leaks.said)]), {TOLD_WORDS: TOLD}) == {}
    (receipt,) = (json.loads(path.read_text("utf-8")) for path in leaks.paths.receipts.glob("*-deletion.json"))
    assert receipt["targets"] == {"post, deleted": 1, "post, repost_of_deleted": 1}
    assert [(one["file_name"][:6], one["records_removed"]) for one in receipt["captures"]] == [("search", 2)]
    assert Journal.read(leaks.paths) is None
    said = Path(leaks.said).read_text("utf-8")
    assert "1 post is told as deleted, which captures hold" in said


def test_key_is_in_no_file_but_its_own(leaks: Leaks) -> None:
    assert places_of_key(read_key(key_path(leaks.paths)), leaks.paths) == []


def places_of_key(key: PseudonymKey, paths: DataDir) -> list[str]:
    secrets = [key.secret, *key.pads]
    looked_for = [form for secret in secrets for form in (secret, secret.hex().encode(), *forms(repr(secret)[2:-1]))]
    contents = contents_of([path for path in paths.root.iterdir() if path.name != "keys"])
    return [
        place
        for place, content in contents.items()
        if any(form in content or form in content.lower() for form in looked_for)
    ]


def test_members_that_hold_letters_and_contacts_are_not_even_in_the_warehouse(leaks: Leaks) -> None:
    inside = search(contents_of([leaks.paths.warehouse]), leaks.marks)
    never_read = (
        "e-mail and direct",
        "text of a deleted",
        "contact of",
        "ad-engagements of",
        "ip-audit of",
        "phone-number of",
    )
    assert [field for field in inside if field.startswith((*never_read, "status for followers"))] == []


# Another key, and who may read -------------------------------------------------------------------------------------


@dataclass
class Rotated:
    """A copy of that folder after a rotation of the key and a run; the release before it is served again."""

    paths: DataDir
    keys: list[PseudonymKey]
    releases: list[Path]
    sampled: set[str]


@pytest.fixture(scope="module")
def rotated(leaks: Leaks, tmp_path_factory: pytest.TempPathFactory) -> Rotated:
    paths = DataDir(tmp_path_factory.mktemp("rotated") / "data")
    shutil.copytree(leaks.paths.root, paths.root, symlinks=True)
    file = paths.root.parent / "vault" / "another.key"
    before = read_key(key_path(leaks.paths))
    write_key(file, before.secret)
    labels = "select post_key, platform || ':' || post_id from marts.fct_posts where post_id is not null order by 1"
    posts = tuple(SampledPost(label, post_key, 0) for post_key, label in rows(paths.published_file, labels))
    strata = (Stratum(2020, True, len(posts), len(posts)),)
    store = CodingStore(paths)
    store.add_sample(Manifest(1, "r", "v", themes=("T",), strata=strata, posts=posts))
    (sample_id,) = store.manifests()
    codes = tuple(Code(sample_id, "coder", post.post_key, "T", 1) for post in posts)
    store.add([Coded(sample_id, codes, 0)])
    suara(paths, "keys", "rotate", key=file)
    suara(paths, "run", key=file)
    releases = sorted((paths.published / "releases").iterdir())
    suara(paths, "export", "ids", "--for", "somebody", str(paths.root.parent / "ids.csv"))
    suara(paths, "rollback", releases[0].name)
    return Rotated(paths, [before, read_key(file)], releases, {code.post_key for code in store.codes()})


def rows(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_another_key_leaves_every_join_and_no_pseudonym(rotated: Rotated) -> None:
    old, new = (folder / "social_bi.duckdb" for folder in rotated.releases)
    counts = "select table_name, row_count from quality.release_tables where schema_name = 'marts' order by 1"
    assert rows(old, counts) == rows(new, counts)
    for column, table in (
        ("account_key", "dim_accounts"),
        ("post_key", "fct_posts"),
        ("handle", "dim_accounts where not is_registered"),
    ):
        before, after = (set(rows(file, f"select {column} from marts.{table}")) for file in (old, new))
        assert len(before) == len(after) > 1 and not before & after, column
    posts, engaged = "select post_key from marts.fct_posts", "select post_key from marts.fct_post_engagement"
    assert set(rows(new, engaged)) <= set(rows(new, posts))
    assert rotated.sampled and rotated.sampled <= {post_key for (post_key,) in rows(new, posts)}
    for key in rotated.keys:
        assert places_of_key(key, rotated.paths) == []


def test_nobody_else_can_read_what_runs_rotations_and_rollbacks_leave(rotated: Rotated) -> None:
    root = rotated.paths.root
    assert (rotated.paths.published / "current").resolve() == rotated.releases[0]
    open_to_others = {}
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            folders = [folder for folder in path.parents if folder.is_relative_to(root)]
            if all(folder.stat().st_mode & 0o011 for folder in folders) and path.stat().st_mode & 0o077:
                relative = path.relative_to(root).as_posix()
                open_to_others[relative] = path.stat().st_mode & 0o777
    # the lock holds the number of a process
    assert open_to_others.pop("warehouse.lock") == 0o644
    # what is published is for the group
    assert {name.split("/")[0] for name in open_to_others} == {"published"}
    assert set(open_to_others.values()) == {0o440}


def test_record_of_processing_names_every_place(rotated: Rotated) -> None:
    named = {one.strip().rstrip("/") for place, *_ in PLACES for one in place.split(",")}
    assert {path.name for path in rotated.paths.root.iterdir()} <= named
    text = record_of_processing(rotated.paths)
    assert text.count("| nobody has said | nobody has said | nobody has said |") == 7
    readers = {line.split(" | ")[0]: line.split(" | ")[-1] for line in text.splitlines()}
    assert readers["| inbox/"] == "owner |" and readers["| published/"] == "owner, group |"
