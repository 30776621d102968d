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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.contract import DBT_PROJECT_DIR
from orchestration.resources.compiled import compiled_once, create_views, run_tests
from orchestration.resources.manifest import (
    PARSE_NAME,
    NodeResult,
    invoke,
    manifest_path,
    parse_lock,
    prepare_manifest,
)

_LOCK = threading.Lock()
# Of each project what was read of it last, with the time of the manifest that this was.
_PARSED: dict[Path, tuple[int, Any]] = {}
_JSON: dict[Path, tuple[int, dict[str, Any]]] = {}
_SAMPLE = 20
# A run that says nothing for longer looks as if it hung; shorter, a small run would say it twice.
_SILENCE = 10.0


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
        """The project as dbt wrote it down; to be read, not changed."""
        path = prepare_manifest(self.project)
        written = path.stat().st_mtime_ns
        if _JSON.get(self.project, (None,))[0] != written:
            _JSON[self.project] = (written, json.loads(path.read_text("utf-8")))
        return _JSON[self.project][1]

    def build(
        self,
        warehouse: Path,
        select: list[str],
        *,
        study: str,
        target: Path,
        key: Path | None = None,
        log: Callable[[int, str], None] | None = None,
    ) -> list[NodeResult]:
        """`dbt build` of the selected seeds and models.

        `log` is told now and then how many of them are done, and the name of the last one.

        Their data tests come next (`test`). Unit tests are left to `make test`: they test the code, not the data of a
        run.

        Raises:
            SuaraError: When dbt itself fails; a model that does not build is a result, not an error.
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
                    "--exclude-resource-type",
                    "test",
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
                self.parsed(),
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

    def create(
        self, connection: Any, unique_ids: Sequence[str], *, study: str, target: Path, broken: Collection[str] = ()
    ) -> list[NodeResult]:
        """Create plain views (`compiled.is_plain`), each after those that it reads, beside what `build` built.

        Args:
            connection: To the candidate.
            unique_ids: dbt's ids of the views.
            broken: dbt's ids of models and seeds that were not built: views of them are skipped, as dbt does it.

        Raises:
            SuaraError: When dbt cannot compile them; a view that cannot be created is a result, not an error.
        """
        compiled = self._compiled(study, target)
        return list(create_views(connection, self.manifest_json(), compiled, unique_ids, broken))

    def test(
        self, connection: Any, unique_ids: Sequence[str], *, study: str, target: Path, broken: Collection[str] = ()
    ) -> list[NodeResult]:
        """The results of data tests on a warehouse, whose models were built by `build` and `create`, or before.

        Args:
            connection: To the warehouse; it holds the key of the data folder.
            unique_ids: dbt's ids of the tests.
            broken: dbt's ids of models that were not built: their tests are skipped, as dbt does it.

        Raises:
            SuaraError: When dbt cannot compile the tests; a failing test is a result, not an error.
        """
        return list(run_tests(connection, self.manifest_json(), self._compiled(study, target), unique_ids, broken))

    def _compiled(self, study: str, target: Path) -> dict[str, str]:
        with _LOCK:
            return compiled_once(self.project, self.manifest_json(), study, self.parsed, target)

    def parsed(self) -> Any:
        """The project as dbt holds it, read again where its manifest was written anew."""
        project = self.project
        written = prepare_manifest(project).stat().st_mtime_ns
        if _PARSED.get(project, (None,))[0] != written:
            with parse_lock(project):
                parsed = invoke(
                    project,
                    PARSE_NAME,
                    ["parse", "--target-path", str(project / "target"), "--no-write-json"],
                )
            _PARSED[project] = (written, parsed)
        return _PARSED[project][1]


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
    """The shortest `--select` of exactly these models and seeds: a folder for all that lie in it, else names.

    dbt looks at every node for every selector: the names one by one cost the three steps of a run 0.74 to 0.86 CPU s,
    folders 0.33 to 0.36 (`dbt ls`, 2026-11-26).
    """
    wanted = set(unique_ids)
    inside: dict[str, set[str]] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "test":
            continue
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
