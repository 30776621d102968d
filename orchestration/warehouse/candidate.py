"""A step works on a copy of the warehouse and takes its place by one rename.

Belongs here: the lock, the copy, the rename, the evidence of rejected copies.
Does not belong here: what is built on the copy, and whether it is good.

Why a copy: Dagster's blocking checks fire after a table was replaced, and a later downstream-only run
ignores them. A copy that failed its gate never becomes the warehouse, so there is nothing to ignore.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.contract import DataDir, fsync_directory
from orchestration.warehouse.ledger import Ledger

Log = Callable[[str], None]

# DuckDB may use this much; the rest of the 2 GB aim is Python, dagster, dbt and pandas (about 0.6 GB,
# measured 2026-11-23). Work beyond it spills to the data folder's scratch.
MEMORY_LIMIT = "1GB"
# Rejected candidates are evidence, not an archive: the newest few are enough to look at a failure.
KEPT_REJECTED = 3


def connect(path: Path, *, scratch: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file with the settings every step shares (UTC, bounded memory, spill in the data folder)."""
    scratch.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        str(path),
        read_only=read_only,
        config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(scratch)},
    )
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection


@dataclass
class Candidate:
    """One attempt at a step: a private copy of the warehouse.

    Attributes:
        path: The copy. Its stem is always `warehouse`, so names inside it stay true after the rename.
        accepted: Set by `accept()`; a candidate that is not accepted is kept as evidence, never used.
    """

    path: Path
    scratch: Path
    step: str
    accepted: bool = False
    _open: list[duckdb.DuckDBPyConnection] = field(default_factory=list)

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that is certainly closed before anything else opens the file."""
        connection = connect(self.path, scratch=self.scratch)
        try:
            yield connection
        finally:
            connection.close()

    def accept(self) -> None:
        """Say that every critical check passed: on leaving the block the copy becomes the warehouse."""
        self.accepted = True


class WarehouseStore:
    """The warehouse of one data folder: who may write it, and how a write happens.

    The lock is per run, not per step: between a run's raw step and its publish step no other run may
    change the data, or the gates' outcomes would be older than the data that they speak of.
    """

    def __init__(self, data_dir: DataDir) -> None:
        self.data_dir = data_dir
        self._lock_handle = None

    def hold(self, log: Log = lambda _: None) -> None:
        """Take the data folder's writer lock; wait, saying so, while another run has it."""
        if self._lock_handle is not None:
            return
        self.data_dir.make()
        handle = open(self.data_dir.lock, "a+")  # noqa: SIM115 - held until release()
        waited = time.monotonic()
        announced = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if not announced or time.monotonic() - waited > 30:
                    handle.seek(0)
                    log(f"another run holds {self.data_dir.lock} ({handle.read().strip() or 'unknown'}): waiting")
                    announced, waited = True, time.monotonic()
                time.sleep(0.2)
        handle.seek(0)
        handle.truncate()
        handle.write(f"process {os.getpid()}")
        handle.flush()
        self._lock_handle = handle
        self._sweep()
        self.data_dir.close_to_others()

    @contextmanager
    def held(self, log: Log = lambda _: None) -> Iterator[None]:
        """Hold the lock for a block."""
        self.hold(log)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Let the next run write."""
        if self._lock_handle is not None:
            self._lock_handle.truncate(0)
            fcntl.flock(self._lock_handle, fcntl.LOCK_UN)
            self._lock_handle.close()
            self._lock_handle = None

    def _sweep(self) -> None:
        """Remove what a killed run left: with the lock held, no candidate or scratch file is in use."""
        for left in (self.data_dir.candidates, self.data_dir.scratch):
            shutil.rmtree(left, ignore_errors=True)
        Ledger(self.data_dir).remove_partial()
        # A log beside the warehouse would be replayed into a file it does not belong to.
        Path(f"{self.data_dir.warehouse}.wal").unlink(missing_ok=True)

    @contextmanager
    def candidate(self, step: str, log: Log = lambda _: None, *, from_empty: bool = False) -> Iterator[Candidate]:
        """Yield a fresh candidate; it replaces the warehouse when accepted, else it is kept as evidence.

        Args:
            step: The step's name, used in the evidence folder's name.
            from_empty: Start from an empty file instead of a copy (a rebuild from the stored captures).
        """
        self.hold(log)
        folder = self.data_dir.candidates / f"{step}-{uuid.uuid4().hex[:8]}"
        folder.mkdir(parents=True)
        path = folder / self.data_dir.warehouse.name
        if self.data_dir.warehouse.exists() and not from_empty:
            _copy(self.data_dir.warehouse, path)
        candidate = Candidate(path, self.data_dir.scratch, step)
        try:
            yield candidate
            if candidate.accepted:
                self._promote(candidate)
        finally:
            if not candidate.accepted:
                self.keep_as_evidence(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def _promote(self, candidate: Candidate) -> None:
        with candidate.connect() as connection:
            connection.execute("checkpoint")
        wal = Path(f"{candidate.path}.wal")
        if wal.exists():
            raise RuntimeError(f"{wal} is left beside a closed candidate: a process still holds it open")
        with open(candidate.path, "rb") as handle:
            os.fsync(handle.fileno())
        os.chmod(candidate.path, 0o600)
        os.replace(candidate.path, self.data_dir.warehouse)
        fsync_directory(self.data_dir.root)

    def keep_as_evidence(self, folder: Path) -> None:
        """Move a rejected candidate where a person can look at it; the newest few stay."""
        if not any(folder.iterdir()):
            return
        self.data_dir.rejected.mkdir(parents=True, exist_ok=True)
        for path in folder.rglob("*"):
            if path.is_file():
                os.chmod(path, 0o600)  # it holds texts, like the warehouse
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        os.replace(folder, self.data_dir.rejected / f"{stamp}-{folder.name}")
        kept = sorted(self.data_dir.rejected.iterdir())
        for old in kept[:-KEPT_REJECTED]:
            shutil.rmtree(old, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a closed DuckDB file; a reflink where the file system has one, else in the kernel."""
    ficlone = 0x40049409
    with open(source, "rb") as reader, open(target, "wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), ficlone, reader.fileno())
            return
        except OSError:
            pass
        remaining = os.fstat(reader.fileno()).st_size
        while remaining:
            sent = os.sendfile(writer.fileno(), reader.fileno(), None, min(remaining, 1 << 30))
            if sent == 0:
                break
            remaining -= sent
