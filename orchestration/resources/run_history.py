"""Dagster's run history in SQLite, without setting the database up anew for every event.

Belongs here: how events reach the disk, opening the instance that holds them, and ending in it what a killed process
left under way. Does not belong here: what the events say.

A run writes some 1,200 events. Dagster's own storage makes an engine and a connection, and compiles every statement
again, two or three times for each of them: a fifth of a small run (5.7 of 33 CPU seconds, sampled 2026-11-25). Here
an engine and its one connection are kept per file, for the few files used last.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from orchestration.contract import locked

# As Dagster waits: the UI and a run write to the same file.
_BUSY_SECONDS = 30
# Open files: a run uses two, its own and the index; a UI that looks through old runs must not keep them all open.
_OPEN_FILES = 4


def open_instance() -> dg.DagsterInstance:
    """The instance below `DAGSTER_HOME`, its tables made where they are not there; one process at a time makes them.

    Dagster looks for a table and then makes it. Of two runs that both began in a new folder, the second found the
    table made in between and ended with "table runs already exists" (2026-11-27).
    """
    with locked(Path(os.environ["DAGSTER_HOME"]) / ".opening.lock"):
        return dg.DagsterInstance.get()


def end_abandoned(instance: dg.DagsterInstance) -> list[str]:
    """Report runs as failed whose process is gone; returns their ids.

    Nobody reports the end of a run of the terminal that was killed. Dagster takes it for one that works, and since one
    works at a time, every run of the UI, the sensor and the schedule waited behind it for good (2026-11-27).
    """
    under_way = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    ended = []
    for run in instance.get_runs(under_way):
        process = _process_of(instance, run.run_id)
        if process is not None and not _is_there(process):
            instance.report_run_failed(
                run, f"Its process ({process}) was killed: nothing it had begun was put in place."
            )
            ended.append(run.run_id)
    return ended


def _process_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The process that works on a run, as Dagster wrote it down when it began."""
    found = None
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        if said := re.search(r"process \(pid: (\d+)\)", entry.get_dagster_event().message or ""):
            found = int(said[1])
    return found


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True


class RunHistory(SqliteEventLogStorage):
    """The event log below `DAGSTER_HOME`, in Dagster's own tables: the UI and Dagster's tools read it as ever."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> RunHistory:
        """A relative `base_dir` lies below `DAGSTER_HOME`."""
        base = Path(os.environ.get("DAGSTER_HOME", ".")) / config_value["base_dir"]
        return cls(str(base), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.pop(shard, None) or self._engine(shard)
            self._engines[shard] = engine  # the last one is the one used last
            while len(self._engines) > _OPEN_FILES:
                self._engines.pop(next(iter(self._engines))).dispose()
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Asked before each batch of tags, on a connection of its own; a table that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def wipe(self) -> None:
        self._close()  # the files of the runs are about to be deleted
        super().wipe()

    def dispose(self) -> None:
        self._close()
        super().dispose()

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()

    def _engine(self, shard: str) -> Engine:
        # One connection for all threads: `_connect` lets one in at a time.
        engine = create_engine(
            create_db_conn_string(self._base_dir, shard),
            poolclass=StaticPool,
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", without_waiting_for_the_disk)
        return engine


def without_waiting_for_the_disk(connection: Any, _: Any = None) -> None:
    """Let a SQLite connection write without waiting for the disk.

    A run writes some 2,900 small commits; waiting for each was a quarter of a small run (30 of 127 s on a loaded
    machine, 2026-11-23). After a power cut the history of the last moments may be gone; the warehouse, the published
    set and the ledger are synced to disk by themselves.
    """
    connection.execute("pragma synchronous = off")
