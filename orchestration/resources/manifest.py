"""Calling dbt in this process, and the manifest that it writes.

Belongs here: what needs dbt but not Dagster. Does not belong here: building models (`dbt.py`).

Kept apart from the resource so that `suara ui` starts Dagster without importing it first (1.5 s, measured 2026-11-25).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.contract import DBT_PROJECT_DIR, SuaraError, locked
from orchestration.privacy.key import KEY_VARIABLE

# dbt writes the stem of the file into every name while parsing, so parsing needs the stem of a candidate.
# Nothing is opened.
PARSE_NAME = Path("warehouse.duckdb")


def _project_mtime(project_dir: Path) -> int:
    kinds = {".sql", ".py", ".yml", ".yaml", ".csv", ".md"}
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
    with parse_lock(project_dir):
        if not path.exists() or path.stat().st_mtime_ns < _project_mtime(project_dir):
            invoke(project_dir, PARSE_NAME, ["parse", "--target-path", str(path.parent)])
            # Where nothing that it holds has changed, dbt leaves the file as it is, and each run would parse again.
            os.utime(path)
    return path


def read_kept(path: Path) -> dict[str, Any]:
    """What runs know of the project and keep beside its manifest; empty where it was never written, or is damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # it is made anew
        return {}


def keep(path: Path, known: Mapping[str, Any]) -> None:
    """Write it so that another process reads the old or the new, whole."""
    aside = path.with_suffix(f".{os.getpid()}.tmp")
    aside.write_text(json.dumps(known), "utf-8")
    aside.replace(path)


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


@contextmanager
def parse_lock(project_dir: Path) -> Iterator[None]:
    """Two processes may start at once; only one of them parses."""
    folder = manifest_path(project_dir).parent
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".parse.lock"):
        yield


def invoke(
    project_dir: Path,
    warehouse: Path,
    args: list[str],
    manifest: Any = None,
    key: Path | None = None,
    on_event: Callable[[Any], None] | None = None,
) -> Any:
    """Run one dbt command; every connection it opened is closed afterwards.

    `key` is the file that the models hash ids with; without it, the one that the environment names. `on_event` is
    told each of dbt's events, in whichever thread it happens.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    settings = {"SUARA_WAREHOUSE": str(warehouse), **({KEY_VARIABLE: str(key)} if key else {})}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        result = dbtRunner(manifest=manifest, callbacks=[on_event] if on_event else []).invoke(
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
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    if result.exception is not None and not isinstance(result.exception, Exception):
        raise result.exception  # somebody interrupted it
    if result.exception is not None:
        raise SuaraError(f"dbt {args[0]} could not run: {result.exception}") from result.exception
    return result.result
