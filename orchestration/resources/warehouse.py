"""The warehouse as a Dagster resource.

Belongs here: the thin wrapper that gives assets a data folder, its lock and its ledger.
Does not belong here: how candidates work (orchestration/warehouse).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from orchestration.contract import DataDir
from orchestration.warehouse.candidate import Candidate, WarehouseStore
from orchestration.warehouse.ledger import Ledger


class Warehouse(dg.ConfigurableResource):
    """One data folder: its warehouse file, candidates and ledger.

    The writer lock is taken by the first step of a run and given back when the run ends; with the
    in-process executor a run is one process, so no other run writes between its steps.
    """

    data_dir: str

    _store: WarehouseStore = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Warehouse]:
        self._store = WarehouseStore(self.paths)
        try:
            yield self
        finally:
            self._store.release()

    @property
    def paths(self) -> DataDir:
        return DataDir(Path(self.data_dir).resolve())

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.paths)

    @property
    def study(self) -> str:
        return self.ledger.study()

    def hold(self, context: dg.AssetExecutionContext) -> None:
        """Wait until this run is the only writer."""
        self._store.hold(context.log.info)

    @contextmanager
    def candidate(
        self, context: dg.AssetExecutionContext, step: str, *, from_empty: bool = False
    ) -> Iterator[Candidate]:
        """A private copy of the warehouse that takes its place only when accepted."""
        with self._store.candidate(step, context.log.info, from_empty=from_empty) as candidate:
            yield candidate

    def keep_as_evidence(self, folder: Path) -> None:
        """Keep a rejected release where a person can look at it."""
        self._store.keep_as_evidence(folder)

    @contextmanager
    def timed(self, context: dg.AssetExecutionContext, step: str) -> Iterator[None]:
        """Write how long a step took to the ledger."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.ledger.add_timing(context.run.run_id, step, time.perf_counter() - started)
