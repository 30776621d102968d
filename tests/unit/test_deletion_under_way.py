"""A deletion that was begun and not finished, two at once, and what waits or goes whole beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import dagster as dg
import pytest

from orchestration import cli_data_protection
from orchestration.cli_support import InterruptedRunError, refuse_interrupted
from orchestration.contract import DataDir, SuaraError
from orchestration.deletion.begun import go_on
from orchestration.deletion.forget import begin, clear, finish, lock, planned, prepare, purge_too
from orchestration.deletion.journal import DELETION, PURGE, Journal
from orchestration.deletion.requests import Target
from orchestration.warehouse.ledger import QUARANTINED, CaptureEntry, Ledger
from tests.unit.test_deletion import GONE, LINES, OTHER, TEXT, suara

THIRD = "A third sentence, of a lighthouse keeper who counts the ferries that never come."


@pytest.fixture
def paths(tmp_path: Path) -> DataDir:
    """A folder with two captures, of which `a.jsonl` holds the post that has to go."""
    paths = DataDir(tmp_path / "data")
    paths.make_inbox()
    (paths.published / "releases").mkdir(parents=True)
    (tmp_path / "a.jsonl").write_text("\n".join(LINES) + "\n")
    (tmp_path / "b.jsonl").write_text(json.dumps({"id": "3", "text": THIRD}) + "\n")
    for name in ("a.jsonl", "b.jsonl"):
        Ledger(paths).store(tmp_path / name)
    return paths


def begun(paths: DataDir) -> Journal:
    """A deletion whose process was killed right behind `begin`."""
    with planned(paths, [Target("x", "post", GONE)]) as plan:
        return begin(paths, plan, kind=DELETION, reason="a request")


def content(paths: DataDir) -> dict[Path, bytes]:
    """Every file but those that each command writes: the lock, and the settings of dagster."""
    own = (paths.lock, paths.dagster_home / "dagster.yaml")
    return {path: path.read_bytes() for path in paths.root.rglob("*") if path.is_file() and path not in own}


def while_locked(paths: DataDir, meanwhile, *arguments: str) -> tuple[int, str]:
    """Run a command that finds the folder locked, do something with the lock held, let the command go on."""
    store = lock(paths)
    said: list[tuple[int, str]] = []
    command = threading.Thread(target=lambda: said.append(suara(paths, *arguments)))
    try:
        command.start()
        time.sleep(1)
        meanwhile()
    finally:
        store.release()
        command.join()
    return said[0]


# Begun, and not finished -------------------------------------------------------------------------------------------


def test_a_deletion_that_was_begun_has_its_tombstones_already(paths: DataDir) -> None:
    begun(paths)
    assert [row["value"] for row in Ledger(paths).tombstones()] == [GONE]


@pytest.mark.parametrize(
    "arguments",
    [("forget", "--dry-run"), ("purge", "--capture", "b.jsonl", "--why", "x", "--dry-run")],
    ids=["forget", "purge"],
)
def test_a_dry_run_changes_nothing_when_a_deletion_was_begun(paths: DataDir, arguments: tuple[str, ...]) -> None:
    receipt_id = begun(paths).receipt_id
    lock(paths).release()
    before = content(paths)
    code, said = suara(paths, *arguments)
    assert code == 0 and receipt_id in said and "nothing was changed" in said
    assert content(paths) == before


def test_what_is_purged_with_a_deletion_leaves_its_reason_and_no_text(paths: DataDir) -> None:
    journal = begun(paths)
    log = paths.dagster_home / "compute.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(THIRD)
    purge_too(paths, journal, [Ledger(paths).capture("b.jsonl")], "it cannot be read")
    assert clear(paths, journal)
    receipt = finish(paths, journal, release=None)
    assert receipt["reason"] == "a request; captures that went whole: it cannot be read"
    assert [one["what"] for one in receipt["captures"]] == ["rewritten", "removed whole"]
    assert not log.exists() and THIRD not in json.dumps(receipt)
    assert [entry.file_name for entry in Ledger(paths).captures()] == ["a.jsonl"]


def test_a_second_deletion_leaves_the_first_as_it_was(paths: DataDir) -> None:
    with planned(paths, [Target("x", "post", "3")]) as second:
        pass
    begun(paths)
    before = content(paths)
    with pytest.raises(SuaraError, match="was begun and not finished"):
        prepare(paths, [Target("x", "post", "3")])
    with pytest.raises(SuaraError, match="was begun and not finished"):
        begin(paths, second, kind=DELETION)
    assert content(paths) == before


@pytest.mark.parametrize("arguments", [("forget",), ("purge", "--source", "x_api_v2", "--why", "x")])
def test_a_deletion_that_another_process_began_meanwhile_is_not_replaced(
    paths: DataDir, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    # What broke: the journal was read before the lock was there, and the first request was gone.
    (tmp_path / "request.txt").write_text("3")
    if arguments == ("forget",):
        arguments = ("forget", str(tmp_path / "request.txt"))
    code, said = while_locked(paths, lambda: begun(paths), *arguments)
    assert code == 1 and "was begun and not finished" in said
    journal = Journal.read(paths)
    assert journal is not None and [row["value"] for row in journal.tombstones] == [GONE]
    assert clear(paths, journal)
    assert TEXT not in Ledger(paths).stored_path(Ledger(paths).capture("a.jsonl")).read_text()


def test_nothing_is_handed_out_while_a_deletion_is_begun(paths: DataDir, tmp_path: Path) -> None:
    begun(paths)
    paths.warehouse.touch()
    code, said = suara(paths, "export", "ids", "--for", "somebody", str(tmp_path / "ids.csv"))
    assert code == 1 and "was begun and not finished" in said
    assert not (tmp_path / "ids.csv").exists()


def test_an_interrupt_withdraws_nothing(paths: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = paths.published / "releases" / "000001-abc"
    release.mkdir(parents=True)
    (paths.published / "current").symlink_to("releases/000001-abc")
    (tmp_path / "request.txt").write_text(GONE)

    def stopped(_: list[str]) -> None:
        raise InterruptedRunError("Interrupted.")

    monkeypatch.setattr(cli_data_protection, "execute", stopped)
    code, said = suara(paths, "forget", str(tmp_path / "request.txt"))
    assert code == 1 and "is not finished" in said and "Deleted everywhere" not in said
    assert release.exists() and Journal.read(paths) is not None and not list(paths.receipts.iterdir())


def test_nothing_is_withdrawn_while_another_run_goes_on_with_the_deletion(
    paths: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What broke: a run that published nothing withdrew what the run behind it was about to replace.
    release = paths.published / "releases" / "000002-def"
    release.mkdir(parents=True)
    (paths.published / "current").symlink_to("releases/000002-def")
    (tmp_path / "request.txt").write_text(GONE)
    others: list[threading.Thread] = []

    def failed(_: list[str]) -> tuple[str, bool, list[str]]:
        store = lock(paths)

        def other_run() -> None:
            time.sleep(1)
            journal = Journal.read(paths)
            assert journal is not None
            finish(paths, journal, release="000002-def")
            store.release()

        others.append(threading.Thread(target=other_run))
        others[0].start()
        return "run", False, ["a gate is closed"]

    monkeypatch.setattr(cli_data_protection, "execute", failed)
    suara(paths, "forget", str(tmp_path / "request.txt"))
    others[0].join()
    assert release.exists() and Journal.read(paths) is None
    (receipt,) = paths.receipts.glob("*-deletion.json")
    assert json.loads(receipt.read_text())["published"] == "000002-def"


@pytest.mark.parametrize(("error", "is_interrupt"), [(KeyboardInterrupt, True), (ValueError, False)])
def test_an_interrupted_run_is_told_from_one_that_failed(error: type[BaseException], is_interrupt: bool) -> None:
    @dg.op
    def step() -> None:
        raise error

    @dg.job
    def run() -> None:
        step()

    result = run.execute_in_process(raise_on_error=False)
    assert not result.success
    if is_interrupt:
        with pytest.raises(InterruptedRunError):
            refuse_interrupted(result)
    else:
        refuse_interrupted(result)


# What people decide while a run is under way -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [("retention", "b.jsonl", "--until", "2030-01-31"), ("set-aside", "b.jsonl", "--why", "times are off")],
    ids=["retention", "set aside"],
)
def test_what_is_decided_during_a_run_is_not_lost(paths: DataDir, arguments: tuple[str, ...]) -> None:
    # What broke: the run wrote back the entry that it had read before.
    ledger = Ledger(paths)
    read_before = ledger.capture("b.jsonl")

    def loaded() -> None:
        read_before.counts = {"delivered": 1}
        ledger.write_capture(read_before)

    assert while_locked(paths, loaded, *arguments)[0] == 0
    entry = ledger.capture("b.jsonl")
    assert entry.counts == {"delivered": 1}
    assert entry.retain_until == "2030-01-31" if arguments[0] == "retention" else entry.status == QUARANTINED


# What waits, what stays, what cannot be searched -------------------------------------------------------------------


def test_a_file_that_waits_in_the_inbox_is_left_to_the_run(paths: DataDir, tmp_path: Path) -> None:
    # What broke: it was removed whole, with posts that were nowhere else.
    waiting = paths.inbox / "new.jsonl"
    waiting.write_text(f"{LINES[0]}\n" + json.dumps({"id": "9", "text": "a post that is nowhere else"}) + "\n")
    shutil.copy(tmp_path / "a.jsonl", paths.inbox / "again.jsonl")
    journal = begun(paths)
    assert clear(paths, journal)
    receipt = finish(paths, journal, release=None)
    assert waiting.exists()
    assert receipt["waiting_in_inbox"] == ["inbox/again.jsonl", "inbox/new.jsonl"] and not receipt["removed_files"]


def test_a_copy_of_a_capture_that_went_whole_does_not_come_back_from_the_inbox(paths: DataDir, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "b.jsonl", paths.inbox / "again.jsonl")
    shutil.copy(tmp_path / "a.jsonl", paths.inbox / "other.jsonl")
    purge(paths, "b.jsonl")
    assert [path.name for path in paths.inbox.iterdir()] == ["other.jsonl"]


@pytest.mark.parametrize("form", ["folder", "table with a map"])
def test_a_folder_that_went_whole_does_not_come_back_from_the_inbox(paths: DataDir, tmp_path: Path, form: str) -> None:
    # What broke: its copy was looked at file by file, and was none of them; the next run took it in again.
    column_map = None
    if form == "folder":
        delivered = tmp_path / "export"
        (delivered / "more").mkdir(parents=True)
        (delivered / "more" / "posts.jsonl").write_text(json.dumps({"id": "7", "text": THIRD}) + "\n")
        (delivered / "readme.txt").write_text("mine")
        shutil.copytree(delivered, paths.inbox / "export again")
        shutil.copytree(delivered, paths.inbox / "another export")
        (paths.inbox / "another export" / "more" / "two.jsonl").write_text(json.dumps({"id": "8", "text": "x"}))
    else:
        delivered, column_map = tmp_path / "posts.csv", tmp_path / "posts.csv.map.yml"
        delivered.write_text("a,b\n1,2\n")
        column_map.write_text("columns: {}\n")
        for path in (delivered, column_map):
            shutil.copy(path, paths.inbox)
        (paths.inbox / "another export").mkdir()
    entry, _ = Ledger(paths).store(delivered, column_map=column_map)
    purge(paths, entry.file_name)
    assert [path.name for path in paths.inbox.iterdir()] == ["another export"]


def test_settings_that_two_processes_change_at_once_are_both_kept(paths: DataDir, tmp_path: Path) -> None:
    # What broke: each wrote the settings as it had read them.
    change = (
        "import sys; from pathlib import Path; from orchestration.contract import DataDir; "
        "from orchestration.warehouse.ledger import Ledger\n"
        "for n in range(100): Ledger(DataDir(Path(sys.argv[1]))).change_settings(**{sys.argv[2] + str(n): n})"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", change, str(paths.root), name]) for name in ("first", "second")
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(Ledger(paths).settings()) == 200


def purge(paths: DataDir, name: str) -> dict:
    with planned(paths, [], whole=[Ledger(paths).capture(name).capture_id]) as plan:
        journal = begin(paths, plan, kind=PURGE)
    clear(paths, journal)
    return finish(paths, journal, release="a release")


@pytest.fixture
def packed(paths: DataDir, tmp_path: Path) -> CaptureEntry:
    """A capture with the posts of `a.jsonl` in a form in which single records cannot be told apart."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "posts.jsonl").write_text(json.dumps({"id": "7", "text": "something else"}) + "\n")
    (folder / "pages.bin").write_bytes(f"\x01 of no kind that is read {TEXT} {OTHER.replace(' ', '<br>')}".encode())
    entry, _ = Ledger(paths).store(folder)
    return entry


def test_a_capture_goes_whole_though_another_one_holds_its_posts(paths: DataDir, packed: CaptureEntry) -> None:
    # What broke: the other one was searched as for a deletion, and the purge was refused.
    (paths.published / "page.html").write_text(f"{TEXT} {OTHER}")  # built anew from what stays
    (paths.root / "notes.txt").write_text(TEXT)
    receipt = purge(paths, "a.jsonl")
    assert [one["file_name"] for one in receipt["captures"]] == ["a.jsonl"] and not receipt["removed_files"]
    assert {entry.file_name for entry in Ledger(paths).captures()} == {"b.jsonl", "folder"}
    assert TEXT.encode() in (Ledger(paths).stored_path(packed) / "pages.bin").read_bytes()


def test_a_run_removes_what_is_over_though_another_capture_holds_its_posts(
    paths: DataDir, packed: CaptureEntry
) -> None:
    # What broke: every run after the date ended with an error.
    ledger = Ledger(paths)
    entry = ledger.capture("a.jsonl")
    entry.retain_until = "2020-01-01"
    ledger.write_capture(entry)
    store = lock(paths)
    assert go_on(paths, print)
    store.release()
    assert {entry.file_name for entry in ledger.captures()} == {"b.jsonl", "folder"}
    journal = Journal.read(paths)
    assert journal is not None and finish(paths, journal, release="a release")["kind"] == "retention"


def test_a_database_that_is_open_elsewhere_is_named(paths: DataDir) -> None:
    held = paths.root / "mine.duckdb"
    opened = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    journal = begun(paths)
    with subprocess.Popen(
        [sys.executable, "-c", opened, str(held)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as notebook:
        assert notebook.stdout is not None and notebook.stdout.readline() == "open\n"
        with pytest.raises(SuaraError, match=r"mine\.duckdb: expected a database that can be searched.*notebook"):
            clear(paths, journal)
        notebook.communicate("\n")
    # closed, the deletion goes on
    journal = Journal.read(paths)
    assert journal is not None and clear(paths, journal)
    assert finish(paths, journal, release=None)["records_removed"] == 1
