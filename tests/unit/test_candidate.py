"""A candidate takes the warehouse's place whole, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import DataDir
from orchestration.warehouse.candidate import KEPT_REJECTED, WarehouseStore


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path / "data")


def fill(store: WarehouseStore, value: int) -> None:
    with store.candidate("step") as candidate:
        with candidate.connect() as connection:
            connection.execute("create or replace table t as select ? as value", [value])
        candidate.accept()


def read(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("select value from t").fetchall()[0][0]


def test_accepted_candidate_becomes_the_warehouse(data_dir: DataDir) -> None:
    store = WarehouseStore(data_dir)
    fill(store, 1)
    fill(store, 2)
    assert read(data_dir.warehouse) == 2
    assert not list(data_dir.root.glob("*.wal"))
    assert not any(data_dir.candidates.iterdir())


def test_candidate_that_is_not_accepted_leaves_the_warehouse_byte_identical_and_is_kept(data_dir: DataDir) -> None:
    store = WarehouseStore(data_dir)
    fill(store, 1)
    before = data_dir.warehouse.read_bytes()
    with store.candidate("marts") as candidate, candidate.connect() as connection:
        connection.execute("update t set value = 99")
    assert data_dir.warehouse.read_bytes() == before
    (evidence,) = data_dir.rejected.iterdir()
    assert "marts" in evidence.name
    assert read(evidence / "warehouse.duckdb") == 99


def test_exception_inside_a_step_leaves_the_warehouse_byte_identical(data_dir: DataDir) -> None:
    store = WarehouseStore(data_dir)
    fill(store, 1)
    before = data_dir.warehouse.read_bytes()
    with pytest.raises(ZeroDivisionError), store.candidate("marts") as candidate:
        with candidate.connect() as connection:
            connection.execute("drop table t")
        raise ZeroDivisionError
    assert data_dir.warehouse.read_bytes() == before


def test_only_the_newest_rejected_candidates_are_kept(data_dir: DataDir) -> None:
    store = WarehouseStore(data_dir)
    for _ in range(KEPT_REJECTED + 2):
        with store.candidate("marts") as candidate, candidate.connect() as connection:
            connection.execute("create table t as select 1 as value")
    assert len(list(data_dir.rejected.iterdir())) == KEPT_REJECTED


def test_reader_of_the_warehouse_keeps_its_rows_while_it_is_replaced(data_dir: DataDir) -> None:
    store = WarehouseStore(data_dir)
    fill(store, 1)
    code = (
        "import duckdb, sys, time\n"
        "c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(c.execute('select value from t').fetchall()[0][0], flush=True)\n"
        "sys.stdin.readline()\n"
        "print(c.execute('select value from t').fetchall()[0][0], flush=True)\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout.readline() == "1\n"
    fill(store, 2)
    out, _ = reader.communicate("\n", timeout=30)
    assert out == "1\n"
    assert read(data_dir.warehouse) == 2


def test_second_writer_waits_for_the_first(data_dir: DataDir) -> None:
    first = WarehouseStore(data_dir)
    first.hold()
    said: list[str] = []
    code = textwrap.dedent(f"""
        from pathlib import Path
        from orchestration.contract import DataDir
        from orchestration.warehouse.candidate import WarehouseStore
        store = WarehouseStore(DataDir(Path({str(data_dir.root)!r})))
        store.hold(lambda text: print(text, flush=True))
        print("has it", flush=True)
    """)
    second = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    said.append(second.stdout.readline())
    first.release()
    said.append(second.stdout.readline())
    assert second.wait(30) == 0
    assert f"process {os.getpid()}" in said[0] and "waiting" in said[0]
    assert said[1] == "has it\n"


def test_killed_step_leaves_the_warehouse_and_the_next_step_clears_up(data_dir: DataDir) -> None:
    store = WarehouseStore(data_dir)
    fill(store, 1)
    store.release()
    before = data_dir.warehouse.read_bytes()
    code = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from orchestration.contract import DataDir
        from orchestration.warehouse.candidate import WarehouseStore
        store = WarehouseStore(DataDir(Path({str(data_dir.root)!r})))
        with store.candidate("marts") as candidate, candidate.connect() as connection:
            connection.execute("update t set value = 99")
            print("working", flush=True)
            time.sleep(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert data_dir.warehouse.read_bytes() == before
    started = time.monotonic()
    fill(WarehouseStore(data_dir), 3)
    assert time.monotonic() - started < 30  # the dead process' lock is gone with it
    assert read(data_dir.warehouse) == 3
    assert not any(data_dir.candidates.iterdir())
