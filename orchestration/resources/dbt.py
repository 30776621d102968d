"""dbt, run in this process on a candidate warehouse.

Belongs here: calling dbt and reading its results.
Does not belong here: what a result means for the run (warehouse/gates.py).

In process, because starting a dbt subprocess per step doubled the cost of a small run
(40-45 against 10-11 CPU seconds, measured before this project started).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.contract import DBT_PROJECT_DIR
from orchestration.resources.manifest import PARSE_NAME, invoke, manifest_path, parse_lock, prepare_manifest

_LOCK = threading.Lock()
_MANIFESTS: dict[Path, Any] = {}
_SAMPLE = 20
# A run that says nothing for longer looks as if it hung; shorter, a small run would say it twice.
_SILENCE = 10.0


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


class Dbt(dg.ConfigurableResource):
    """The dbt project, run on a candidate."""

    project_dir: str = str(DBT_PROJECT_DIR)

    @property
    def project(self) -> Path:
        return Path(self.project_dir).resolve()

    @property
    def columns_file(self) -> Path:
        """Where what is known of the columns is kept, beside the manifest."""
        return manifest_path(self.project).with_name("columns.json")

    def manifest_json(self) -> dict[str, Any]:
        return json.loads(prepare_manifest(self.project).read_text("utf-8"))

    def build(
        self,
        warehouse: Path,
        select: list[str],
        *,
        study: str,
        target: Path,
        exclude: Sequence[str] = (),
        key: Path | None = None,
        log: Callable[[int, str], None] | None = None,
    ) -> list[NodeResult]:
        """`dbt build` of the selected nodes and their data tests, but for those that are excluded by name.

        `log` is told now and then how many of them are done, and the name of the last one.

        Unit tests are left to `make test`: they test the code, not the data of a run.

        Raises:
            SuaraError: When dbt itself fails; a failing test is a result, not an error.
        """
        if not select:
            return []
        with _LOCK:
            results = invoke(
                self.project,
                warehouse,
                [
                    "build",
                    "--select",
                    *select,
                    *(["--exclude", *exclude] if exclude else []),
                    "--exclude-resource-type",
                    "unit_test",
                    "--exclude-resource-type",
                    "exposure",
                    "--vars",
                    json.dumps({"study": study}),
                    "--target-path",
                    str(target),
                    "--no-write-json",
                    "--indirect-selection",
                    "empty",
                ],
                self._manifest(),
                key,
                told_now_and_then(log) if log else None,
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
            with parse_lock(project):
                _MANIFESTS[project] = invoke(
                    project,
                    PARSE_NAME,
                    ["parse", "--target-path", str(project / "target"), "--no-write-json"],
                )
        return _MANIFESTS[project]


def told_now_and_then(log: Callable[[int, str], None], seconds: float = _SILENCE) -> Callable[[Any], None]:
    """Listens to dbt's events, and says after every so many seconds how far it is."""
    done, told_at = 0, time.monotonic()

    def listen(event: Any) -> None:
        nonlocal done, told_at
        if event.info.name != "NodeFinished":
            return
        done += 1
        if time.monotonic() - told_at >= seconds:
            told_at = time.monotonic()
            log(done, event.data.node_info.node_name)

    return listen


def selectors(manifest: Mapping[str, Any], unique_ids: Iterable[str]) -> list[str]:
    """The shortest `--select` of exactly these nodes: a folder for all that lies in it, else names.

    dbt looks at every node for every selector: the names one by one cost the three steps of a run 0.74 to 0.86 CPU s,
    folders 0.33 to 0.36 (`dbt ls`, 2026-11-26).
    """
    wanted = set(unique_ids)
    inside: dict[str, set[str]] = {}
    for unique_id, node in manifest["nodes"].items():
        for length in range(1, len(node["fqn"]) + 1):
            inside.setdefault(".".join(node["fqn"][:length]), set()).add(unique_id)
    chosen, covered = [], set()
    for folder in sorted(inside, key=lambda name: name.count(".")):
        if inside[folder] <= wanted and not inside[folder] <= covered:
            chosen.append(folder)
            covered |= inside[folder]
    if covered != wanted:
        raise KeyError(f"not in the manifest: {', '.join(sorted(wanted - covered))}")
    return chosen


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
