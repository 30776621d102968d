"""No private person in what is published, and no word of theirs anywhere but where data is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.contract import PROJECT_ROOT, DataDir
from orchestration.privacy.accounts import RegisteredAccount, register
from orchestration.privacy.key import key_path, read_key
from tests.leaks import OFFICE, SHOWN, contents_of, forms, search, seed

# What a run keeps to work on, for its owner only; everything else below the data folder is searched.
KEPT = {"captures", "inbox", "keys", "warehouse.duckdb", "accounts.csv"}
# A check tells its operator which record it means, by the record's id and the name of the file.
TOLD_TO_THE_OPERATOR = ("post id", "handle of author")


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
    register(paths, RegisteredAccount("x", OFFICE.handle, "An office", "office", "ngo"))
    command = [sys.executable, "-m", "orchestration.cli", "run", "--data-dir", str(paths.root)]
    done = subprocess.run(
        [*command, *map(str, seeded.paths)],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "said.txt").write_text(done.stdout + done.stderr, "utf-8")
    return Leaks(paths, seeded.marks, str(folder / "said.txt"))


def test_search_finds_what_may_be_shown_and_every_mark_where_it_was_delivered(leaks: Leaks) -> None:
    # a search that finds nothing anywhere would prove nothing
    assert len(search(contents_of([leaks.paths.published]), {SHOWN: "shown"})) == 1
    stored = search(contents_of([leaks.paths.captures]), leaks.marks)
    not_stored = {field for words, field in leaks.marks.items() if not any(words in found for found in stored)}
    assert len(stored) > 65
    # messages, contacts and advertising data of an archive are not even stored
    assert not_stored and all(field.endswith("of the archive") for field in not_stored)


def test_nothing_of_a_private_person_is_published(leaks: Leaks) -> None:
    contents = contents_of([leaks.paths.published])
    assert any("social_bi.duckdb marts.fct_posts" in place for place in contents)
    assert any("fct_posts.parquet rows" in place for place in contents)
    assert search(contents, leaks.marks) == {}


def test_logs_and_the_history_of_runs_hold_no_word_name_or_number_of_a_person(leaks: Leaks) -> None:
    rest = [path for path in leaks.paths.root.iterdir() if path.name not in KEPT and path != leaks.paths.published]
    assert {"dagster_home", "ledger", "dbt_target"} <= {path.name for path in rest}
    found = search(contents_of([*rest, Path(leaks.said)]), leaks.marks)
    assert [field for field in found if not field.startswith(TOLD_TO_THE_OPERATOR)] == []


def test_key_is_in_no_file_but_its_own(leaks: Leaks) -> None:
    key = read_key(key_path(leaks.paths))
    secrets = [key.secret, *key.pads]
    looked_for = [form for secret in secrets for form in (secret, secret.hex().encode(), *forms(repr(secret)[2:-1]))]
    for place, content in contents_of([path for path in leaks.paths.root.iterdir() if path.name != "keys"]).items():
        assert not [form for form in looked_for if form in content or form in content.lower()], place


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
