"""The ledger keeps captures whole, once, with every decision about them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.contract import DataDir, InputError
from orchestration.warehouse import ledger as ledger_module
from orchestration.warehouse.candidate import WarehouseStore
from orchestration.warehouse.ledger import ACCEPTED, DECIDED_BY_GATE, DECIDED_BY_USER, QUARANTINED, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(DataDir(tmp_path / "data"))


def test_same_bytes_under_another_name_are_the_same_capture(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "b.json").write_text("[1]")
    first, first_is_new = ledger.store(tmp_path / "a.json")
    second, second_is_new = ledger.store(tmp_path / "b.json")
    assert (first_is_new, second_is_new) == (True, False)
    assert first.capture_id == second.capture_id
    assert [c.file_name for c in ledger.captures()] == ["a.json"]
    assert ledger.stored_path(first).read_text() == "[1]"


def test_folder_is_one_capture_whatever_the_order_of_its_files(ledger: Ledger, tmp_path: Path) -> None:
    for name, order in (("one", ("x.js", "y.js")), ("two", ("y.js", "x.js"))):
        (tmp_path / name / "data").mkdir(parents=True)
        for file in order:
            (tmp_path / name / "data" / file).write_text(file)
    first, _ = ledger.store(tmp_path / "one")
    second, is_new = ledger.store(tmp_path / "two")
    assert not is_new and first.capture_id == second.capture_id


def test_inbox_file_is_taken_away_once_it_is_stored(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[1]")
    entry, _ = ledger.store(path, move=True)
    assert not path.exists()
    assert ledger.stored_path(entry).read_text() == "[1]"


def test_missing_file_names_the_file_and_stores_nothing(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.zip.*expected.*found nothing"):
        ledger.store(tmp_path / "nowhere.zip")
    assert ledger.captures() == []


def test_empty_folder_is_refused_and_nothing_half_stored_is_left(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="an empty folder"):
        ledger.store(tmp_path / "empty")
    assert list(ledger.data_dir.captures.iterdir()) == []


def test_decisions_are_kept_in_order(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    entry, _ = ledger.store(tmp_path / "a.json")
    ledger.decide(entry, QUARANTINED, "times are seven hours off", DECIDED_BY_GATE)
    ledger.decide(entry, ACCEPTED, "the source confirmed them", DECIDED_BY_USER)
    (again,) = ledger.captures()
    assert (again.status, again.decided_by) == (ACCEPTED, DECIDED_BY_USER)
    assert [h["reason"] for h in again.history] == ["times are seven hours off", "the source confirmed them"]


def test_capture_is_found_by_name_or_by_the_start_of_its_id(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    entry, _ = ledger.store(tmp_path / "a.json")
    assert ledger.capture("a.json").capture_id == ledger.capture(entry.capture_id[:8]).capture_id
    with pytest.raises(InputError, match="0 captures"):
        ledger.capture("b.json")
    # a short name may begin an id by chance: `purge --capture a` takes a file of that name, or none
    with pytest.raises(InputError, match="6 or more"):
        ledger.capture(entry.capture_id[:5])
    (tmp_path / entry.capture_id[:8]).write_text("[2]")
    other, _ = ledger.store(tmp_path / entry.capture_id[:8])
    assert ledger.capture(entry.capture_id[:8]).capture_id == other.capture_id


@pytest.mark.parametrize("form", ["file", "folder"])
def test_what_a_process_left_that_was_killed_while_it_stored_a_capture_goes(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    # What broke: it lay in no entry, whole, and no deletion reached it.
    source = tmp_path / "posts.jsonl"
    if form == "folder":
        source.mkdir()
        (source / "a.jsonl").write_text("{}")
    else:
        source.write_text("{}")
    (tmp_path / "kept.json").write_text("[1]")
    kept, _ = ledger.store(tmp_path / "kept.json")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("_place", "write_capture"):  # half copied, or whole and not in the ledger
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(shutil, "rmtree", lambda *_, **__: None)  # nobody tidies up behind a kill
            patched.setattr(ledger_module if name == "_place" else ledger, name, killed)
            ledger.store(source)
    assert len(list(ledger.data_dir.captures.iterdir())) == 4
    WarehouseStore(ledger.data_dir).hold()
    assert [path.name for path in ledger.data_dir.captures.iterdir()] == [kept.capture_id]
    assert ledger.stored_path(kept).exists()
    # the same bytes once more are taken in
    entry, is_new = ledger.store(source)
    assert is_new and ledger.stored_path(entry).exists()
    assert [path.name for path in ledger.stored_path(entry).parent.iterdir()] == ["posts.jsonl"]


def test_captures_stay_when_the_ledger_is_lost(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    entry, _ = ledger.store(tmp_path / "a.json")
    shutil.rmtree(ledger.root)
    WarehouseStore(ledger.data_dir).hold()
    assert ledger.stored_path(entry).exists()


@pytest.mark.parametrize("form", ["file", "folder"])
def test_of_a_link_in_the_inbox_only_the_link_goes(ledger: Ledger, tmp_path: Path, form: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.json").write_text("[1]")
    link = tmp_path / "link"
    link.symlink_to(elsewhere if form == "folder" else elsewhere / "a.json")
    entry, is_new = ledger.store(link, move=True)
    assert is_new and ledger.stored_path(entry).exists()
    assert not link.is_symlink() and (elsewhere / "a.json").read_text() == "[1]"


def test_synthetic_captures_come_back_when_the_last_real_one_is_quarantined(ledger: Ledger, tmp_path: Path) -> None:
    # What broke: a first real delivery that failed at a later gate left no accepted capture, and the next run
    # published an empty release over the demo.
    (tmp_path / "demo.json").write_text("[1]")
    (tmp_path / "real.json").write_text("[2]")
    demo, _ = ledger.store(tmp_path / "demo.json", is_synthetic=True)
    assert ledger.keep_synthetic_apart() == []
    real, _ = ledger.store(tmp_path / "real.json")
    assert [c.file_name for c in ledger.keep_synthetic_apart()] == ["demo.json"]
    assert ledger.capture("demo.json").status == QUARANTINED
    ledger.decide(ledger.capture("real.json"), QUARANTINED, "times are off", DECIDED_BY_GATE)
    assert [c.file_name for c in ledger.keep_synthetic_apart()] == ["demo.json"]
    assert ledger.capture("demo.json").status == ACCEPTED
    assert demo.capture_id != real.capture_id


def test_synthetic_capture_accepted_by_a_person_stays(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("[1]")
    (tmp_path / "real.json").write_text("[2]")
    entry, _ = ledger.store(tmp_path / "demo.json", is_synthetic=True)
    ledger.store(tmp_path / "real.json")
    ledger.decide(entry, ACCEPTED, "shown side by side on purpose", DECIDED_BY_USER)
    assert ledger.keep_synthetic_apart() == []
