"""Data tests and plain views, run on a candidate from the SQL that dbt makes of them.

Belongs here: having dbt compile them, keeping that SQL, running it, and what dbt calls the result.
Does not belong here: building tables and seeds (`dbt.py`), what a failed test means for the run (warehouse/gates.py).

As nodes of dbt, tests and views cost six times as much (docs/decisions/0036), nearly all of it around the query: a
connection, two contexts, two files and a dozen events for each. Their SQL follows from the project and the study alone,
so dbt compiles it once for both.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.resources.manifest import NodeResult, invoke, keep, manifest_path, read_kept

# A model or test that calls one of them has another SQL in another warehouse.
_ASKING = {"macro.dbt.run_query", "macro.dbt.statement", "macro.dbt.get_column_values"}


def compiled_once(
    project: Path, manifest: Mapping[str, Any], study: str, parsed: Callable[[], Any], scratch: Path
) -> dict[str, str]:
    """By dbt's id the SQL of each plain view, and of each data test: this selects the failing rows.

    Kept beside the manifest, and made anew where the manifest, the project's settings or dbt is another than then.

    Args:
        project: The dbt project; its manifest is there.
        manifest: The same, read.
        parsed: Gives the project as dbt parsed it, when it is needed.
        scratch: Where dbt may write; the file that it is told to connect to is never made.

    Raises:
        SuaraError: When dbt cannot compile them.
    """
    path = manifest_path(project).with_name("compiled.json")
    follows_from = [manifest_path(project), project / "dbt_project.yml", project / "profiles.yml"]
    digest = hashlib.sha256(version("dbt-core").encode())
    for file in follows_from:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    key = digest.hexdigest()
    known = read_kept(path)
    wanted = {i for i, node in manifest["nodes"].items() if node["resource_type"] == "test" or is_plain(manifest, i)}
    kept = known.get(study, {"key": None, "sql": {}})
    if kept["key"] != key or wanted != kept["sql"].keys():
        options = ["--vars", json.dumps({"study": study}), "--target-path", str(scratch), "--no-write-json"]
        # Not by `--select`: dbt prints what it compiles of what is selected. Not by the name: folders have names, too.
        names = ["fqn:" + ".".join(node["fqn"]) for i, node in manifest["nodes"].items() if i not in wanted]
        exclude = ["--exclude", *names, "resource_type:unit_test", "--indirect-selection", "empty"]
        results = invoke(project, scratch / "warehouse.duckdb", ["compile", *exclude, *options], parsed()).results
        known[study] = {"key": key, "sql": {result.node.unique_id: result.node.compiled_code for result in results}}
        keep(path, known)
    return known[study]["sql"]


def is_plain(manifest: Mapping[str, Any], unique_id: str) -> bool:
    """Whether a node is a view that needs nothing of dbt but its SQL: no contract to hold, no hook, no question to the
    warehouse while it is compiled."""
    node = manifest["nodes"][unique_id]
    return (
        node["resource_type"] == "model"
        and node["config"]["materialized"] == "view"
        and not node["config"]["contract"]["enforced"]
        and not node["config"]["pre-hook"]
        and not node["config"]["post-hook"]
        and not asks_the_warehouse(manifest, unique_id)
    )


def asks_the_warehouse(manifest: Mapping[str, Any], unique_id: str) -> bool:
    """Whether the SQL of a model or test depends on what the warehouse holds while dbt compiles it."""
    queue, seen = [*manifest["nodes"][unique_id]["depends_on"]["macros"]], set()
    while queue:
        macro = queue.pop()
        if macro in _ASKING:
            return True
        if macro not in seen:
            seen.add(macro)
            queue += manifest["macros"][macro]["depends_on"]["macros"]
    return False


def create_views(
    connection: Any,
    manifest: Mapping[str, Any],
    compiled: Mapping[str, str],
    unique_ids: Iterable[str],
    broken: Collection[str] = (),
) -> Iterator[NodeResult]:
    """Create plain views, each after those that it reads; what was there under their names is replaced.

    Args:
        connection: To the candidate.
        compiled: The SQL of each view.
        broken: dbt's ids of models and seeds that were not built: views of them are skipped.

    Yields:
        `status` is `success`, `error` or `skipped`.
    """
    tables = set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())

    def create(node: Mapping[str, Any], sql: str) -> tuple[str, int]:
        name = f'"{node["schema"]}"."{node["name"]}"'
        connection.execute(f'create schema if not exists "{node["schema"]}"')
        if (node["schema"], node["name"]) in tables:
            connection.execute(f"drop table {name}")
        connection.execute(f"create or replace view {name} as (\n{sql}\n)")
        return "success", 0

    return _run_each(create, manifest, compiled, unique_ids, broken)


def run_tests(
    connection: Any,
    manifest: Mapping[str, Any],
    compiled: Mapping[str, str],
    unique_ids: Iterable[str],
    broken: Collection[str] = (),
) -> Iterator[NodeResult]:
    """Run data tests as dbt would, one after the other.

    Args:
        connection: To the warehouse in which their models were built; it holds the key.
        compiled: The SQL of each test.
        broken: dbt's ids of models that were not built: their tests are skipped.

    Yields:
        `status` is `pass`, `warn`, `fail`, `error` or `skipped`.
    """

    def test(node: Mapping[str, Any], sql: str) -> tuple[str, int]:
        failures, warns, errs = connection.execute(_counted(node["config"], sql)).fetchall()[0]
        is_error = errs and node["config"]["severity"].lower() == "error"
        status = "fail" if is_error else "warn" if warns else "pass"
        return status, 0 if status == "pass" else int(failures)

    return _run_each(test, manifest, compiled, unique_ids, broken)


def _run_each(
    run: Callable[[Mapping[str, Any], str], tuple[str, int]],
    manifest: Mapping[str, Any],
    compiled: Mapping[str, str],
    unique_ids: Iterable[str],
    broken: Collection[str],
) -> Iterator[NodeResult]:
    """Run nodes one after the other, and skip those that read what is not there: what is broken, or was skipped here.

    Args:
        run: Of a node and its SQL, the status and how many rows fail.
    """
    not_there = set(broken)
    for unique_id in unique_ids:
        node, sql = manifest["nodes"][unique_id], compiled[unique_id]
        started, message, failures = time.monotonic(), None, 0
        if not not_there.isdisjoint(node["depends_on"]["nodes"]):
            status = "skipped"
        else:
            try:
                status, failures = run(node, sql)
            except Exception as error:  # a result of this node, as dbt would have it: a view or test that did not run
                status, message = "error", str(error)
        if status in ("error", "skipped"):
            not_there.add(unique_id)
        yield NodeResult(unique_id, status, time.monotonic() - started, message, failures, sql)


def _counted(config: Mapping[str, Any], sql: str) -> str:
    """How many rows fail, and whether dbt warns and fails at that number, as dbt's `get_test_sql` asks."""
    count, limit = config["fail_calc"], config.get("limit")
    return (
        f"select {count} as failures, {count} {config['warn_if']} as should_warn, {count} {config['error_if']} as "
        f"should_error from (\n{sql}\n{f'limit {limit}' if limit is not None else ''}\n) as failing"
    )
