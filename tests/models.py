"""The project's models on hand-made captures, in a database in memory: no run, no gates, no files.

Belongs here: compiling models once with dbt, and building them in milliseconds on whatever captures a test makes.
Does not belong here: assertions. What a user would see is tested through `tests/pipeline.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors import detect
from orchestration.connectors.files import CaptureFiles
from orchestration.contract import DBT_PROJECT_DIR
from orchestration.resources.manifest import invoke, prepare_manifest
from orchestration.warehouse import bookkeeping
from orchestration.warehouse.ledger import CaptureEntry
from tests.fixtures.key import TEST_KEY

# What is built: everything that leads to posts, their versions and their counts.
MODELS = ("fct_posts", "fct_post_engagement", "fct_post_versions", "fct_post_hashtags", "fct_capture_repairs")

_COLUMNS: dict[str, str] = {}


@dataclass(frozen=True)
class Model:
    """A model (or seed) with the SQL that dbt would run for it; of a Python model (`kind` python) the module."""

    name: str
    schema: str
    kind: str
    sql: str

    def relation_of_python(self, con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        """What dbt would make the table of, on a connection of its own."""
        module: dict[str, Any] = {}
        exec(self.sql, module)
        return module["model"](module["dbtObj"](lambda name: con.query(f"select * from {name}")), con)


@cache
def compiled() -> tuple[Model, ...]:
    """`MODELS` and all that they are made from, each after its parents."""
    prepare_manifest()
    with tempfile.TemporaryDirectory() as folder:
        select = [f"+{name}" for name in MODELS]
        arguments = ["compile", "--select", *select, "--vars", '{"study": "default"}', "--target-path", folder]
        with contextlib.redirect_stdout(io.StringIO()):  # dbt prints what it compiles
            results = invoke(DBT_PROJECT_DIR, Path(folder) / "warehouse.duckdb", [*arguments, "--no-write-json"])
    nodes = {r.node.unique_id: r.node for r in results.results if r.node.resource_type in ("model", "seed")}
    made_from = {
        i: [d for d in node.depends_on.nodes if d in nodes]
        for i, node in nodes.items()
        if node.resource_type == "model"
    }
    made_from |= {i: [] for i in nodes if i not in made_from}
    models = []
    for unique_id in TopologicalSorter({i: sorted(made_from[i]) for i in sorted(made_from)}).static_order():
        node = nodes[unique_id]
        if node.resource_type == "seed":
            path = DBT_PROJECT_DIR / node.original_file_path
            sql, kind = f"select * from read_csv('{path}', header = true, all_varchar = true, nullstr = '')", "table"
        else:
            sql, kind = node.compiled_code, node.config.materialized
            kind = "python" if node.language == "python" else kind
        models.append(Model(node.name, node.schema, kind, sql))
    # posts first: who writes them is known before anybody is looked up
    posts = _ancestors("int_posts__kept", made_from, nodes)
    return tuple(sorted(models, key=lambda model: model.name not in posts))


def _ancestors(name: str, made_from: dict[str, list[str]], nodes: dict[str, Any]) -> set[str]:
    """The names of a model and of all that it is made from."""
    queue = [unique_id for unique_id, node in nodes.items() if node.name == name]
    found: set[str] = set()
    while queue:
        unique_id = queue.pop()
        found.add(nodes[unique_id].name)
        queue += [i for i in made_from[unique_id] if nodes[i].name not in found]
    return found


class Warehouse:
    """Captures loaded by their connectors, and the models built on them."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self.con = duckdb.connect()
        self.con.execute("set TimeZone = 'UTC'")
        TEST_KEY.give_to(self.con)
        bookkeeping.create_raw_schema(self.con)
        for path in paths:
            self.load(path)

    def load(self, path: Path) -> None:
        """Take a capture in. The same bytes again are the same capture, and are not loaded twice."""
        content = path.read_bytes()
        capture_id = hashlib.sha256(content).hexdigest()
        if self.rows("select 1 from raw.captures where capture_id = ?", capture_id):
            return
        with tempfile.TemporaryDirectory() as scratch, CaptureFiles(path) as files:
            result = detect(files, None).load(self.con, capture_id, files, Path(scratch))
            entry = CaptureEntry(capture_id, path.name, len(content), "2024-01-01T00:00:00+00:00", source=result.source)
            bookkeeping.insert_loaded(self.con, entry, result, Path(scratch))

    def build(self, replacing: dict[str, str] | None = None, *, registering: bool = True) -> Warehouse:
        """Build the models; `replacing` gives other SQL for some of them (rows of a source without a connector).

        Every author is registered, as the owner of the data would do it, unless `registering` is false: these tests
        look at what becomes of posts, and of private persons’ posts nobody sees much.
        """
        for model in compiled():
            if model.name not in (replacing or {}) and self._is_idle(model):
                self.con.execute(f"create schema if not exists {model.schema}")
                self.con.execute(f"create or replace table {model.schema}.{model.name} ({self._columns(model)})")
                continue
            if registering and model.name == "int_accounts__registered":
                self.con.execute(
                    "insert into raw.registered_accounts by name select distinct platform, handle, handle as name, "
                    "lower(handle) as family, 'ngo' as org_type, 'partner' as role, 'test' as evidence, "
                    "false as is_verified from intermediate.int_posts__kept where handle is not null"
                )
            sql = (replacing or {}).get(model.name, model.sql)
            self.con.execute(f"create schema if not exists {model.schema}")
            if model.kind == "python" and sql == model.sql:
                self.con.execute(f"drop table if exists {model.schema}.{model.name}")
                model.relation_of_python(self.con).create(f"{model.schema}.{model.name}")
                continue
            kind = "view" if model.kind == "view" else "table"
            self.con.execute(f"create or replace {kind} {model.schema}.{model.name} as {sql}")
        return self

    def _is_idle(self, model: Model) -> bool:
        """Whether a staging model's source has no row. It is then an empty table: as views, thirty idle sources are
        planned anew for each model behind them, which took two thirds of a build (2026-11-26)."""
        if model.schema != "staging" or model.kind != "view":
            return False
        sources = sorted(set(re.findall(r'raw"?\."?(\w+)', model.sql)))
        return not any(self.rows(f"select 1 from raw.{table} limit 1") for table in sources)

    def _columns(self, model: Model) -> str:
        """Names and types of a model's columns, asked once."""
        if model.name not in _COLUMNS:
            found = self.con.sql(model.sql)
            _COLUMNS[model.name] = ", ".join(
                f'"{name}" {kind}' for name, kind in zip(found.columns, found.types, strict=True)
            )
        return _COLUMNS[model.name]

    def rows(self, sql: str, *parameters: object) -> list[tuple]:
        return self.con.execute(sql, list(parameters)).fetchall()

    def hashes(
        self, tables: Sequence[str] = ("fct_posts", "fct_post_engagement", "fct_post_versions")
    ) -> dict[str, str]:
        """One hash of the rows of each table, whatever their order."""
        found = {}
        for table in tables:
            rows = sorted(map(repr, self.rows(f"select * from marts.{table}")))
            found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return found
