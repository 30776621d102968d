"""The project's own matching of themes on any texts and any codebook, in a database in memory: no run, no captures.

Belongs here: compiling the model of the hits with dbt, and building it on posts that are handed in.
Does not belong here: assertions, and where the texts come from.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from orchestration.codebook import Codebook, seed_files
from orchestration.contract import DBT_PROJECT_DIR
from orchestration.resources.manifest import PARSE_NAME, invoke, parse_lock, prepare_manifest

MODEL = "int_posts__theme_hits"
# Handed in; all that leads to them is left out.
GIVEN = ("int_posts__texts", "int_posts__hashtags", "dim_accounts")
ORGANISATION, PERSON = "organisation", "person"


def build_themes(
    codebook: Codebook,
    texts: Sequence[str],
    hashtags: Iterable[tuple[int, str]] = (),
    persons: Iterable[int] = (),
) -> duckdb.DuckDBPyConnection:
    """Code texts by a codebook, with the SQL that a run would use.

    Args:
        codebook: Compiled to its seeds, as `suara codebook compile` does.
        texts: Text n becomes the post with the key `n`.
        hashtags: Number of a text and a folded hashtag of it, each once.
        persons: Numbers of the texts that private persons posted; the others are an organisation's.

    Returns:
        A database with the hits of all texts as `marts.fct_theme_hits`.
    """
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "warehouse.duckdb"
        with duckdb.connect(str(warehouse)) as con:
            _load_seeds(con, codebook)
        # The patterns of the codebook are constants in the SQL of the hits: what leads to them is built before the
        # rest is compiled.
        nodes = _compiled(warehouse)
        with duckdb.connect(str(warehouse)) as con:
            _load_posts(con, nodes, texts, hashtags, set(persons))
            above_posts = _below(nodes, GIVEN)
            _build(con, [node for node in nodes.values() if node.unique_id not in above_posts])
        nodes = _compiled(warehouse)
        with duckdb.connect(str(warehouse)) as con:
            _build(con, [node for node in nodes.values() if node.unique_id in above_posts])
        found = duckdb.connect()
        found.execute(f"attach '{warehouse}' as built (read_only)")
        found.execute("create schema marts")
        found.execute(f"create table marts.fct_theme_hits as from built.intermediate.{MODEL}")
        found.execute("detach built")
    return found


@cache
def _parsed() -> Any:
    """The parsed project: parsing it takes three times as long as compiling these models."""
    target = prepare_manifest().parent
    with parse_lock(DBT_PROJECT_DIR):
        return invoke(DBT_PROJECT_DIR, PARSE_NAME, ["parse", "--target-path", str(target), "--no-write-json"])


def _compiled(warehouse: Path) -> dict[str, Any]:
    """The model of the hits and all that leads to it as far as `GIVEN`, each after its parents."""
    options = ["--target-path", str(warehouse.parent / "target"), "--no-write-json"]
    with contextlib.redirect_stdout(io.StringIO()):  # dbt prints what it compiles
        results = invoke(DBT_PROJECT_DIR, warehouse, ["compile", "--select", f"+{MODEL}", *options], _parsed()).results
    nodes = {r.node.unique_id: r.node for r in results if r.node.resource_type in ("model", "seed")}
    parents: dict[str, list[str]] = {}
    queue = [unique_id for unique_id, node in nodes.items() if node.name == MODEL]
    while queue:
        node = nodes[queue.pop()]
        is_made = node.resource_type == "model" and node.name not in GIVEN
        parents[node.unique_id] = sorted(i for i in node.depends_on.nodes if i in nodes) if is_made else []
        queue += [i for i in parents[node.unique_id] if i not in parents]
    return {i: nodes[i] for i in TopologicalSorter({i: parents[i] for i in sorted(parents)}).static_order()}


def _below(nodes: Mapping[str, Any], names: Sequence[str]) -> set[str]:
    """The models that are made from one of `names`, near or far."""
    found = {unique_id for unique_id, node in nodes.items() if node.name in names}
    for unique_id, node in nodes.items():
        if node.resource_type == "model" and found.intersection(node.depends_on.nodes):
            found.add(unique_id)
    return {i for i in found if nodes[i].name not in names}


def _build(con: duckdb.DuckDBPyConnection, nodes: Iterable[Any]) -> None:
    for node in nodes:
        if node.resource_type == "model" and node.name not in GIVEN:
            con.execute(f"create schema if not exists {node.schema}")
            con.execute(f"create or replace table {node.schema}.{node.name} as {node.compiled_code}")


def _load_seeds(con: duckdb.DuckDBPyConnection, codebook: Codebook) -> None:
    con.execute("create schema reference")
    con.execute("create table reference.studies as select 'default' as study, ? as codebook_id", [codebook.id])
    for name, text in seed_files([codebook]).items():
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        types = next(node for node in _parsed().nodes.values() if node.name == Path(name).stem).config.column_types
        cells = ", ".join(
            f"cast(nullif({column}, '') as {types.get(column, 'varchar')}) as {column}" for column in table.columns
        )
        con.register("seed", table)
        con.execute(f"create table reference.{Path(name).stem} as select {cells} from seed")
        con.unregister("seed")


def _load_posts(
    con: duckdb.DuckDBPyConnection,
    nodes: Mapping[str, Any],
    texts: Sequence[str],
    hashtags: Iterable[tuple[int, str]],
    persons: set[int],
) -> None:
    """The given tables with the columns of their contracts; null where nothing is handed in."""
    rows: dict[str, pd.DataFrame] = {
        "dim_accounts": pd.DataFrame(
            {
                "account_key": [ORGANISATION, PERSON],
                "is_registered": [True, False],
                "is_capture_owner": [False, False],
            }
        ),
        "int_posts__texts": pd.DataFrame(
            {
                "post_key": [str(n) for n in range(len(texts))],
                "account_key": [PERSON if n in persons else ORGANISATION for n in range(len(texts))],
                "text": texts,
                "is_own": True,
                "is_repost": False,
                "posted_date": "2020-01-01",
                "posted_at": "2020-01-01 00:00:00+00",
            }
        ),
        "int_posts__hashtags": pd.DataFrame(
            [(str(n), tag, tag) for n, tag in hashtags],
            columns=["post_key", "hashtag", "hashtag_as_written"],
            dtype=str,
        ),
    }
    for node in nodes.values():
        if node.name in GIVEN:
            columns = ", ".join(f"{name} {column.data_type}" for name, column in node.columns.items())
            con.execute(f"create schema if not exists {node.schema}")
            con.execute(f"create table {node.schema}.{node.name} ({columns})")
            con.register("handed_in", rows[node.name])
            con.execute(f"insert into {node.schema}.{node.name} by name from handed_in")
            con.unregister("handed_in")
