"""A closed gate: a red check, no event for what was not replaced, files byte-identical, the next good run green."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from expectations.catalog import CATALOG
from orchestration.assets.published import PUBLISHED_ASSETS
from orchestration.connectors import CONNECTORS
from orchestration.resources.dbt import Dbt
from orchestration.warehouse.ledger import DECIDED_BY_USER
from tests.fixtures import captures as build
from tests.pipeline import Pipeline, Run, register_accounts

# Broken captures that nothing can be read from, or whose records as a whole cannot be trusted, with the check
# that must turn red and a word of the message.
UNREADABLE = "capture_is_readable"
BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty file": (build.empty_file, "empty"),
    "truncated zip": (build.truncated_zip, "zip"),
    "damaged member": (build.zip_with_damaged_member, "tweets.js"),
    "climbing path": (build.zip_with_climbing_path, "climbed_out"),
    "absolute path": (build.zip_with_absolute_path, "climbed_out"),
    "symbolic link": (build.zip_with_symlink, "link"),
    "zip bomb": (build.zip_bomb, "tweets.js"),
    "lying zip": (build.zip_that_lies_about_size, "tweets.js"),
    "another platform": (build.archive_of_another_platform, "Instagram"),
    "missing ids": (build.archive_without_ids, "id_str"),
    "missing column": (build.legacy_archive_with_missing_column, "timestamp"),
}


@pytest.fixture(scope="session")
def good_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one good capture, built and published."""
    root = tmp_path_factory.mktemp("good") / "data"
    pipeline = Pipeline(root)
    run = pipeline.run(build.modern_archive(tmp_path_factory.mktemp("in") / "good.zip"))
    assert run.success, run.failures
    return root


@pytest.fixture
def pipeline(good_state: Path, tmp_path: Path) -> Pipeline:
    root = tmp_path / "data"
    shutil.copytree(good_state, root, symlinks=True)
    return Pipeline(root)


def test_staged_sources_are_tested_where_they_have_captures(pipeline: Pipeline) -> None:
    said = dict(
        pipeline.query(
            "select asset, observed from quality.fct_check_outcomes"
            " where check_name like 'keeps_the_post_contract%' and passed",
            published=True,
        )
    )
    assert said["stg_x_archive__posts"] == "no failing row"
    assert said["stg_bluesky__posts"] == "no accepted capture of this source, so no row"
    assert len(said) == 23


def good_again(folder: Path) -> Path:
    """Another good capture of the same account."""
    return build.modern_archive(folder / "later.zip", build.sample_posts(30, "2019-08-01 01:02:03.456"))


@pytest.mark.parametrize("name", BROKEN)
def test_unreadable_capture_is_named_and_nothing_is_replaced(name: str, pipeline: Pipeline, tmp_path: Path) -> None:
    builder, word = BROKEN[name]
    before = pipeline.served_bytes()
    path = builder(tmp_path / "in")

    run = pipeline.run(path)

    assert not run.success
    assert UNREADABLE in run.red
    assert pipeline.served_bytes() == before
    assert not {key for key in run.materialized if key != "captures"}
    message = "\n".join(run.failures)
    for part in (path.name, word, "expected", "found"):
        assert part in message, message
    (entry,) = [c for c in pipeline.ledger.captures() if c.file_name == path.name]
    assert entry.status == "quarantined"


# What a capture that can be read must not get past: the gate, the check (see tests/fixtures/captures.py).
GATE_OF = {check.name: check.gate for check in CATALOG}
JUDGED = dict(build.CHECK_OF)
# The run after it is green: tried once, since what follows a quarantine does not depend on the check. What follows one
# by the raw gate is seen where a capture is accepted by name.
FOLLOWED_BY_A_GOOD_ONE = next(name for name, check in JUDGED.items() if GATE_OF[check] == "staging")


@pytest.mark.parametrize("name", JUDGED)
def test_capture_that_fails_a_gate_is_quarantined_and_the_readers_keep_what_they_have(
    name: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    check = JUDGED[name]
    gate = GATE_OF[check]
    before = pipeline.served_bytes()
    path = build.BROKEN[name](tmp_path / "in")

    run = pipeline.run(path)

    assert not run.success
    assert check in run.red
    after = pipeline.served_bytes()
    if gate == "raw":
        assert after == before
        assert not {key for key in run.materialized if key != "captures"}
    else:
        # raw took the records in; everything that is built from accepted captures is as it was
        assert {k: v for k, v in after.items() if "published" in k} == {
            k: v for k, v in before.items() if "published" in k
        }
        assert not {key for key in run.materialized if key.split("/")[0] not in ("captures", "raw")}
    message = "\n".join(run.failures)
    assert path.name in message and f"Gate '{gate}' is closed" in message
    (entry,) = [c for c in pipeline.ledger.captures() if c.file_name == path.name]
    assert entry.status == "quarantined"
    assert list(pipeline.paths.rejected.iterdir()), "the rejected candidate is kept as evidence"

    if name != FOLLOWED_BY_A_GOOD_ONE:
        return
    again = pipeline.run(good_again(tmp_path / "in"))
    assert again.success, again.failures
    assert pipeline.served_bytes() != before
    shown = pipeline.query(
        f"select status, status_reason from quality.fct_capture_outcomes where capture_id = '{entry.capture_id}'",
        published=True,
    )
    assert shown[0][0] == "quarantined" and shown[0][1]


@dataclass(frozen=True)
class Mixed:
    """One run of a good capture, a bad one and a broken one, while somebody reads what was published before.

    Attributes:
        quarantined: Names of the files that must not get in.
        read: Posts that the open reader counted before the run and after it.
        reader_ended_well: Whether no query of the reader failed.
    """

    pipeline: Pipeline
    run: Run
    quarantined: set[str]
    read: tuple[int, int]
    reader_ended_well: bool


READER = """
import duckdb, json, sys
c = duckdb.connect(sys.argv[1], read_only=True)
count = lambda: c.execute('select count(*) from marts.fct_posts').fetchall()[0][0]
first = count(); print(json.dumps(first), flush=True)
while sys.stdin.readline().strip() != 'stop':
    assert count() == first
print(json.dumps(count()), flush=True)
"""


@pytest.fixture(scope="module")
def mixed(good_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    folder = tmp_path_factory.mktemp("mixed")
    shutil.copytree(good_state, folder / "data", symlinks=True)
    pipeline = Pipeline(folder / "data")
    bad, broken = build.archive_with_false_times(folder / "in"), build.truncated_zip(folder / "in")
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(pipeline.paths.published_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    before = json.loads(reader.stdout.readline())
    run = pipeline.run(good_again(folder / "in"), bad, broken)
    after, _ = reader.communicate("again\nstop\n", timeout=60)
    return Mixed(pipeline, run, {bad.name, broken.name}, (before, json.loads(after or "-1")), reader.returncode == 0)


def test_bad_capture_beside_a_good_one_is_quarantined_and_the_good_one_goes_on(mixed: Mixed) -> None:
    assert mixed.run.success, mixed.run.failures
    assert UNREADABLE in mixed.run.red
    assert any("time" in name for name in mixed.run.red)
    assert "published/social_bi" in mixed.run.materialized
    (unreadable,) = mixed.quarantined & {e.file_name for e in mixed.pipeline.ledger.captures() if e.source is None}
    assert f"- {unreadable}: " in mixed.run.told["captures"]["why quarantined"]
    shown = mixed.pipeline.query(
        "select file_name, status, status_reason is not null from quality.fct_capture_outcomes", published=True
    )
    names = {f"capture {entry.capture_id[:12]}": entry.file_name for entry in mixed.pipeline.ledger.captures()}
    assert {names.get(name, name): status for name, status, _ in shown} == {
        "good.zip": "accepted",
        "later.zip": "accepted",
        **dict.fromkeys(mixed.quarantined, "quarantined"),
    }
    assert mixed.quarantined - {name for name, _, _ in shown}, "who owns a file that cannot be read is not known"
    assert all(reason for _, status, reason in shown if status == "quarantined")


def test_reader_of_the_published_file_is_neither_blocked_nor_broken_by_a_run(mixed: Mixed) -> None:
    assert mixed.reader_ended_well
    assert mixed.read[0] == mixed.read[1]
    assert mixed.pipeline.query("select count(*) from marts.fct_posts", published=True)[0][0] > mixed.read[0]


# One that the raw gate quarantined, and one that staging did.
@pytest.mark.parametrize(
    "name", ["archive_with_cut_json", pytest.param("archive_with_false_times", marks=pytest.mark.extended)]
)
def test_quarantined_capture_can_be_accepted_by_name(name: str, pipeline: Pipeline, tmp_path: Path) -> None:
    path = build.BROKEN[name](tmp_path / "in")
    assert not pipeline.run(path).success
    posts_before = pipeline.query("select count(*) from marts.fct_posts", published=True)[0][0]
    why = "nothing better is to be had"
    command = [sys.executable, "-m", "orchestration.cli", "accept", "--data-dir", str(pipeline.paths.root)]
    subprocess.run([*command, "--why", why, path.name], check=True, capture_output=True)
    run = pipeline.run()
    assert run.success, run.failures
    assert build.CHECK_OF[name] in run.red, "the check stays red: the decision is a person's"
    assert pipeline.query("select count(*) from marts.fct_posts", published=True)[0][0] > posts_before
    assert pipeline.query(
        f"select status, status_reason from quality.fct_capture_outcomes where file_name = '{path.name}'",
        published=True,
    ) == [("accepted", why)]


def test_same_bytes_again_change_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    before = pipeline.mart_hashes()
    run = pipeline.run(build.modern_archive(tmp_path / "in" / "other_name.zip"))
    assert run.success, run.failures
    assert pipeline.mart_hashes() == before
    assert len(pipeline.ledger.captures()) == 1


def broken_project(tmp_path: Path, model: str, old: str, new: str) -> Dbt:
    """A copy of the dbt project with one mistake in it, as a person could make one."""
    source = Path(Dbt().project_dir)
    target = tmp_path / "dbt_project"
    # with what dbt has parsed, so that it reads one file anew and not all
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("logs", ".parse.lock"))
    (path,) = target.glob(f"models/**/{model}.sql")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return Dbt(project_dir=str(target))


def test_marts_gate_rejects_a_table_and_keeps_the_old_ones(pipeline: Pipeline, tmp_path: Path) -> None:
    # The mistake: volume counts every post twice.
    dbt = broken_project(tmp_path, "fct_post_volume", "count(*)", "2 * count(*)")
    before = pipeline.served_bytes()
    broken = Pipeline(pipeline.paths.root, dbt=dbt)
    run = broken.run(good_again(tmp_path / "in"))
    assert not run.success
    assert any("volume" in name for name in run.red), run.red
    assert not {k for k in run.materialized if k.split("/")[0] in ("marts", "intermediate", "quality", "published")}
    after = pipeline.served_bytes()
    assert {k: v for k, v in after.items() if "published" in k} == {k: v for k, v in before.items() if "published" in k}
    assert "fct_post_volume" in "\n".join(run.failures)

    again = pipeline.run()
    assert again.success, again.failures
    assert not again.red


def test_publish_gate_refuses_outcomes_that_are_older_than_the_data(pipeline: Pipeline, tmp_path: Path) -> None:
    before = {k: v for k, v in pipeline.served_bytes().items() if "published" in k}
    path = good_again(tmp_path / "in")
    pipeline.ledger.store(path)
    sources = ["captures", "raw/captures", *(f"raw/{connector.source}" for connector in CONNECTORS)]
    assert pipeline.run(selection=sources).success
    run = pipeline.run(selection=[key.to_user_string() for key in PUBLISHED_ASSETS])
    assert not run.success
    assert run.red == {"gates_passed_for_this_data"}
    assert "step staging is older than step raw" in "\n".join(run.failures)
    assert {k: v for k, v in pipeline.served_bytes().items() if "published" in k} == before


def test_two_runs_at_once_both_succeed(pipeline: Pipeline, tmp_path: Path) -> None:
    first = build.modern_archive(tmp_path / "in" / "first.zip", build.sample_posts(10, "2020-01-01 00:00:01.5"))
    second = build.modern_archive(tmp_path / "in" / "second.zip", build.sample_posts(12, "2021-01-01 00:00:01.5"))
    command = [sys.executable, "-m", "orchestration.cli", "run", "--data-dir", str(pipeline.paths.root)]
    processes = [
        subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for path in (first, second)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(outputs)
    rows = pipeline.query("select count(*) from quality.fct_capture_outcomes where status = 'accepted'", published=True)
    assert rows == [(3,)]


def test_run_killed_in_the_middle_leaves_readers_alone_and_the_next_run_is_green(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    before = pipeline.served_bytes()
    path = good_again(tmp_path / "in")
    command = [sys.executable, "-m", "orchestration.cli", "run", "--data-dir", str(pipeline.paths.root), str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "marts: building" in line:
            break
    process.kill()
    process.wait()
    after = pipeline.served_bytes()
    assert {k: v for k, v in after.items() if "published" in k} == {k: v for k, v in before.items() if "published" in k}
    run = pipeline.run()
    assert run.success, run.failures
    assert not list(pipeline.paths.candidates.glob("*/*"))
    assert dict(pipeline.query("select file_name, status from quality.fct_capture_outcomes", published=True)) == {
        "good.zip": "accepted",
        "later.zip": "accepted",
    }


def test_synthetic_captures_are_set_aside_when_real_ones_arrive_and_come_back(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    synthetic = {c.file_name for c in pipeline.ledger.captures() if c.is_synthetic}
    assert synthetic == {"good.zip"}, "the fixtures' handle is too long for X, so they count as synthetic"
    real = build.modern_archive(tmp_path / "in" / "real.zip", owner=replace(build.OWNER, handle="ArealHandle"))
    register_accounts(pipeline.paths, "ArealHandle")
    run = pipeline.run(real)
    assert run.success, run.failures
    owners = pipeline.query("select distinct handle from marts.fct_posts", published=True)
    assert owners == [("ArealHandle",)]

    (wrong,) = [c for c in pipeline.ledger.captures() if c.file_name == "real.zip"]
    pipeline.ledger.decide(wrong, "quarantined", "another account of the same name", DECIDED_BY_USER)
    run = pipeline.run()
    assert run.success, run.failures
    assert "- real.zip: another account of the same name" in run.told["captures"]["why quarantined"]
    assert pipeline.query("select distinct handle from marts.fct_posts", published=True) == [(build.OWNER.handle,)]
    (path,) = pipeline.paths.ledger.glob(f"outcomes/{run.run_id}--raw.json")
    (back,) = [c for c in pipeline.ledger.captures() if c.status == "accepted"]
    assert back.capture_id in {outcome["capture_id"] for outcome in json.loads(path.read_text("utf-8"))}
