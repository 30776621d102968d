"""Running the real job on a data folder of one's own, and reading back what a user would see.

Belongs here: what integration tests share. Nothing is mocked: the same definitions as the UI, in process.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import duckdb

from orchestration.cli_support import failure_text
from orchestration.codebook import Codebook, seed_files
from orchestration.contract import DBT_PROJECT_DIR, DataDir
from orchestration.definitions import build_defs
from orchestration.privacy.accounts import RegisteredAccount, register
from orchestration.resources.dbt import Dbt
from orchestration.resources.warehouse import Warehouse
from orchestration.warehouse.ledger import Ledger


def project_with(folder: Path, *codebooks: Codebook, studies: dict[str, str] | None = None) -> Dbt:
    """A copy of the dbt project whose seeds are these codebooks; `studies` names the codebook of some studies."""
    shutil.copytree(DBT_PROJECT_DIR, folder, ignore=shutil.ignore_patterns("logs", ".parse.lock"))
    for name, text in seed_files(codebooks).items():
        (folder / "seeds" / "codebook" / name).write_text(text, encoding="utf-8")
    table = folder / "seeds" / "studies" / "studies.csv"
    with table.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    with table.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "codebook_id": (studies or {}).get(row["study"], row["codebook_id"])})
    return Dbt(project_dir=str(folder))


def register_accounts(paths: DataDir, *handles: str, platform: str = "x") -> None:
    """Accounts that may be shown from the next run on, as their owner would register them."""
    register(paths, *(RegisteredAccount(platform, handle, handle, handle.lower(), "ngo") for handle in handles))


@dataclass
class Run:
    """One run as the UI and the terminal tell it."""

    run_id: str
    success: bool
    materialized: set[str]
    checks: dict[tuple[str, str], dg.AssetCheckEvaluation]
    failures: list[str] = field(default_factory=list)
    told: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def red(self) -> set[str]:
        """Names of checks that failed and are critical."""
        return {
            name
            for (_, name), check in self.checks.items()
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
        }

    @property
    def yellow(self) -> set[str]:
        return {
            name
            for (_, name), check in self.checks.items()
            if not check.passed and check.severity == dg.AssetCheckSeverity.WARN
        }


class Pipeline:
    """The project working on one data folder."""

    def __init__(self, root: Path, **resources: object) -> None:
        self.paths = DataDir(root)
        self.paths.dagster_home.mkdir(parents=True, exist_ok=True)
        self.definitions = build_defs({"warehouse": Warehouse(data_dir=str(root)), **resources})
        self.ledger = Ledger(self.paths)

    def run(self, *files: Path, source: str | None = None, selection: list[str] | None = None) -> Run:
        """Materialize everything, or `selection` (asset keys as `schema/table`), after taking in `files`."""
        config = {"files": [str(f) for f in files], "source": source, "synthetic": False}
        job = self.definitions.resolve_job_def("refresh")
        # The run history in memory: writing it to disk is a third of a small run, and no test here reads it.
        with dg.DagsterInstance.ephemeral() as instance:
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={
                    **({"ops": {"captures": {"config": config}}} if selection is None else {}),
                    "loggers": {"progress": {"config": {}}},
                },
                asset_selection=[dg.AssetKey(key.split("/")) for key in selection] if selection else None,
            )
        checks = {(e.asset_key.to_user_string(), e.check_name): e for e in result.get_asset_check_evaluations()}
        told = {
            e.asset_key.to_user_string(): {name: value.value for name, value in e.materialization.metadata.items()}
            for e in result.get_asset_materialization_events()
            if e.asset_key
        }
        failures = [failure_text(e.step_failure_data) for e in result.all_events if e.is_step_failure]
        return Run(result.run_id, result.success, set(told), checks, failures, told)

    def query(self, sql: str, *, published: bool = False) -> list[tuple]:
        """Rows of the warehouse, or of the published file."""
        path = self.paths.published_file if published else self.paths.warehouse
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def served_bytes(self) -> dict[str, str]:
        """A digest of every file that somebody reads: the warehouse and all that is published."""
        files = [self.paths.warehouse]
        if self.paths.published.exists():
            files += sorted(p for p in (self.paths.published / "current").resolve().rglob("*") if p.is_file())
        return {
            str(path.relative_to(self.paths.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.exists()
        }

    def mart_hashes(self) -> dict[str, str]:
        """One content hash per published mart and report."""
        rows = self.query(
            "select schema_name || '.' || table_name, content_hash from quality.release_tables", published=True
        )
        return dict(rows)

    def outcomes(self, run: Run) -> list[dict]:
        return [json.loads(json.dumps(o)) for o in self.ledger.outcomes(run.run_id)]
