"""dbt, run in this process on a candidate warehouse.

Belongs here: calling dbt and reading its results.
Does not belong here: what a result means for the run (warehouse/gates.py).

In process, because starting a dbt subprocess per step doubled the cost of a small run
(40-45 against 10-11 CPU seconds, measured before this project started).
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.contract import DBT_PROJECT_DIR, SuaraError

_LOCK = threading.Lock()
_MANIFESTS: dict[Path, Any] = {}
_SAMPLE = 20
# dbt writes the stem of the file into every name while parsing, so parsing needs the stem of a candidate.
# Nothing is opened.
_PARSE_NAME = Path("warehouse.duckdb")


@dataclass(frozen=True)
class NodeResult:
    """What dbt said of one node.

    Attributes:
        unique_id: dbt's id of the model, seed or test.
        status: `success`, `pass`, `warn`, `fail`, `error` or `skipped`.
        failures: Rows that a test returned.
        compiled_code: The SQL that ran; for a test, it selects the failing rows.
    """

    unique_id: str
    status: str
    seconds: float
    message: str | None
    failures: int
    compiled_code: str | None

    @property
    def is_test(self) -> bool:
        return self.unique_id.startswith("test.")


def _project_mtime(project_dir: Path) -> int:
    kinds = {".sql", ".yml", ".yaml", ".csv", ".md"}
    return max(
        path.stat().st_mtime_ns
        for path in project_dir.rglob("*")
        if path.suffix in kinds and "target" not in path.parts and "logs" not in path.parts
    )


def manifest_path(project_dir: Path = DBT_PROJECT_DIR) -> Path:
    return project_dir / "target" / "manifest.json"


def prepare_manifest(project_dir: Path = DBT_PROJECT_DIR) -> Path:
    """Write `target/manifest.json` where it is missing or older than the project's files.

    Raises:
        SuaraError: When dbt cannot parse the project.
    """
    path = manifest_path(project_dir)
    with _parse_lock(project_dir):
        if not path.exists() or path.stat().st_mtime_ns < _project_mtime(project_dir):
            _invoke(project_dir, _PARSE_NAME, ["parse", "--target-path", str(path.parent)])
    return path


@contextmanager
def _parse_lock(project_dir: Path) -> Iterator[None]:
    """Two processes may start at once; only one of them parses."""
    folder = manifest_path(project_dir).parent
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".parse.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _invoke(project_dir: Path, warehouse: Path, args: list[str], manifest: Any = None) -> Any:
    """Run one dbt command; every connection it opened is closed afterwards."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    before = os.environ.get("SUARA_WAREHOUSE")
    os.environ["SUARA_WAREHOUSE"] = str(warehouse)
    try:
        result = dbtRunner(manifest=manifest).invoke(
            [
                *args,
                "--project-dir",
                str(project_dir),
                "--profiles-dir",
                str(project_dir),
                "--quiet",
                "--log-level-file",
                "none",
                "--no-use-colors",
            ]
        )
    finally:
        # In process, dbt keeps the file and its .wal open until told otherwise.
        DuckDBConnectionManager.close_all_connections()
        DuckDBConnectionManager._ENV = None
        if before is None:
            os.environ.pop("SUARA_WAREHOUSE", None)
        else:
            os.environ["SUARA_WAREHOUSE"] = before
    if result.exception is not None:
        raise SuaraError(f"dbt {args[0]} could not run: {result.exception}") from result.exception
    return result.result


class Dbt(dg.ConfigurableResource):
    """The dbt project, run on a candidate."""

    project_dir: str = str(DBT_PROJECT_DIR)

    @property
    def project(self) -> Path:
        return Path(self.project_dir).resolve()

    def manifest_json(self) -> dict[str, Any]:
        return json.loads(prepare_manifest(self.project).read_text("utf-8"))

    def build(self, warehouse: Path, select: list[str], *, study: str, target: Path) -> list[NodeResult]:
        """`dbt build` of the selected nodes and their data tests.

        Unit tests are left to `make test`: they test the code, not the data of a run.

        Raises:
            SuaraError: When dbt itself fails; a failing test is a result, not an error.
        """
        if not select:
            return []
        with _LOCK:
            results = _invoke(
                self.project,
                warehouse,
                [
                    "build",
                    "--select",
                    *select,
                    "--exclude-resource-type",
                    "unit_test",
                    "--vars",
                    json.dumps({"study": study}),
                    "--target-path",
                    str(target),
                    "--no-write-json",
                    "--indirect-selection",
                    "empty",
                ],
                self._manifest(),
            )
        return [
            NodeResult(
                r.node.unique_id,
                str(r.status),
                float(r.execution_time or 0),
                r.message,
                int(r.failures or 0),
                getattr(r.node, "compiled_code", None),
            )
            for r in results.results
        ]

    def _manifest(self) -> Any:
        """The parsed project, once per process."""
        project = self.project
        prepare_manifest(project)
        if project not in _MANIFESTS:
            with _parse_lock(project):
                _MANIFESTS[project] = _invoke(
                    project,
                    _PARSE_NAME,
                    ["parse", "--target-path", str(project / "target"), "--no-write-json"],
                )
        return _MANIFESTS[project]


def failing_rows(connection: Any, result: NodeResult) -> list[str]:
    """Keys of the rows that a failed dbt test returned, up to 20, as text."""
    if not result.compiled_code:
        return []
    try:
        cursor = connection.execute(f"select * from ({result.compiled_code}) as failing limit {_SAMPLE}")
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    except Exception as error:  # evidence is a service: without it the check still fails
        return [f"(the failing rows could not be fetched: {error})"]
    return [", ".join(f"{name}={str(value)[:60]}" for name, value in zip(names, row, strict=True)) for row in rows]
