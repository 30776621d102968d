"""Who counts as owner of a capture, and what one run does about accounts that a file of compliance tells as gone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from orchestration.demo.native import Account, Post
from tests.fixtures import captures as build
from tests.pipeline import Pipeline, Run

# Made-up accounts (their handles are longer than X allows), of which none is registered.
FOUND = Account("9150701000777", "synthetic_person_found", "Found by a search")
GONE = Account("1482680858", "synthetic_person_leaves", "Leaves X")
TAKER = replace(build.OWNER, account_id="9150701000888", name="Took over the handle")
WORDS = "Nobody else wrote these words about the violet lighthouse, and they are gone."
# As X writes the result of a job of type `users`: nothing says that the ids are those of accounts.
LINE = '{"id":"1482680858","action":"delete","created_at":"2013-06-04T16:25:04+00:00","reason":"deactivated"}'
# Put aside by the gate `raw` and by the gate `staging`, in the run that takes the account out.
BROKEN = ("archive_with_manifest_mismatch", "archive_with_false_times")


@dataclass(frozen=True)
class Owned:
    pipeline: Pipeline
    run: Run
    broken: dict[str, str]

    def rows(self, sql: str) -> list[tuple]:
        """Rows of the published file."""
        return self.pipeline.query(sql, published=True)


def series(author: Account, count: int, text: str = "A synthetic post. #search") -> list[Post]:
    hour = int(author.account_id) % 23  # ids hold the time: those of two authors are not the same
    return [build.post(f"{text} {n}", f"2020-02-{n + 1:02} {hour:02}:00:00.417", author) for n in range(count)]


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Owned:
    """An archive, searches that found one person each, a file of compliance, and two captures that are no good."""
    folder = tmp_path_factory.mktemp("owners")
    pipeline = Pipeline(folder / "data")
    # everything here is made up, and would stay otherwise
    pipeline.ledger.change_settings(told_deletions="remove")
    (folder / "users.jsonl").write_text(LINE + "\n")
    broken = {name: build.BROKEN[name](folder / name) for name in BROKEN}
    captures = (
        build.modern_archive(folder / "archive.zip"),
        build.api_v2_jsonl(folder / "four.jsonl", series(FOUND, 4)),
        build.api_v2_jsonl(folder / "taker.jsonl", series(TAKER, 6)),
        build.api_v2_jsonl(folder / "gone.jsonl", [*series(GONE, 6, WORDS), *series(build.PERSON, 3)]),
        build.api_v2_jsonl(folder / "timeline.jsonl", series(GONE, 8, f"{WORDS} Again:")),
        folder / "users.jsonl",
        *broken.values(),
    )
    for path in captures:
        pipeline.ledger.store(path, is_synthetic=True)
    run = pipeline.run()
    assert run.success, run.failures
    ids = {entry.file_name: entry.capture_id for entry in pipeline.ledger.captures()}
    return Owned(pipeline, run, {name: ids[path.name] for name, path in broken.items()})


def test_one_person_whom_a_search_found_has_no_rows(owned: Owned) -> None:
    assert owned.rows("select handle from marts.dim_accounts where is_capture_owner") == [(build.OWNER.handle,)]
    for table in ("fct_post_volume", "fct_post_volume_daily", "fct_account_networks", "fct_interaction_months"):
        persons = (
            f"select * from marts.{table} inner join marts.dim_accounts using (account_key) where not is_registered"
        )
        assert not owned.rows(persons), table
    assert not owned.rows("select * from marts.fct_post_hashtags where hashtag = 'search'")
    assert owned.rows("select count(*) from marts.fct_posts where posted_date is null and posted_year = 2020") == [
        (13,)
    ]


def test_a_capture_of_one_person_tells_no_day_and_says_what_it_is(owned: Owned) -> None:
    rows = owned.rows(
        "select file_name, first_posted_at is not null, last_posted_at is not null, owner_handle, owner_post_count, "
        "is_of_one_private_account from quality.fct_capture_outcomes where status = 'accepted' order by 1"
    )
    owner = build.OWNER.handle
    names = {f"capture {entry.capture_id[:12]}": entry.file_name for entry in owned.pipeline.ledger.captures()}
    assert {row[0] for row in rows} - names.keys() == {"archive.zip"}, "names of files are those of registered owners"
    assert {names.get(row[0], row[0]): row[1:4] for row in rows} == {
        "archive.zip": (True, True, owner),
        "four.jsonl": (False, False, None),
        "gone.jsonl": (False, False, None),
        "taker.jsonl": (False, False, None),
        "users.jsonl": (False, False, None),
    }
    # what is left of the one with two accounts is of one; of the timeline of who is gone nothing is left
    assert sorted(names[row[0]] for row in rows if row[5]) == ["four.jsonl", "gone.jsonl", "taker.jsonl"]


def test_who_took_over_a_registered_handle_is_not_named_and_a_check_says_so(owned: Owned) -> None:
    (outcome,) = [
        o for o in owned.pipeline.outcomes(owned.run) if o["check_name"] == "registered_handles_have_one_account"
    ]
    assert (outcome["passed"], outcome["severity"]) == (False, "warning")
    named = owned.rows("select handle, account_id from marts.dim_accounts where is_registered and post_count > 0")
    assert named == [(build.OWNER.handle, build.OWNER.account_id)]
    assert not owned.rows("select * from marts.fct_posts where text is not null and posted_year = 2020")


def test_an_account_of_a_users_job_goes_with_all_its_posts_and_the_run_says_so(owned: Owned) -> None:
    paths = owned.pipeline.paths
    (receipt,) = paths.receipts.glob("*-deletion.json")
    assert '"account, deactivated": 1' in receipt.read_text() and '"post, deactivated": 8' in receipt.read_text()
    raw = dict(owned.pipeline.query("select author_id, count(*) from raw.x_api_v2_posts group by 1"))
    assert raw == {FOUND.account_id: 4, TAKER.account_id: 6, build.PERSON.account_id: 3}
    assert not [path for path in paths.captures.rglob("*.jsonl") if WORDS in path.read_text("utf-8")]
    # the line that told it is no deletion of a post
    assert not owned.pipeline.query(
        "select * from intermediate.int_posts__tombstones where capture_id not like '%deletion'"
    )
    told = owned.pipeline.query(
        # the line, and what the deletion that followed keeps of the account
        "select distinct account_id, reason from intermediate.int_accounts__deletions where account_id is not null"
    )
    assert told == [(GONE.account_id, "deactivated")]


def test_what_was_found_wrong_with_captures_stays_on_record_when_a_deletion_builds_everything_anew(
    owned: Owned,
) -> None:
    failed = owned.rows(
        "select gate, capture_id from quality.fct_check_outcomes where severity = 'critical' and not passed "
        f"and run_id = '{owned.run.run_id}' group by all order by gate"
    )
    assert failed == [("raw", owned.broken[BROKEN[0]]), ("staging", owned.broken[BROKEN[1]])]
