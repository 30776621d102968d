"""A network of a million edges through the models that measure it.

Belongs here: made-up edges, the models' own SQL on them, the times. Does not belong here: the measures.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from orchestration.contract import DBT_PROJECT_DIR
from orchestration.networks.tables import measures_of_networks

AIM_SECONDS = 60.0
RESULTS = Path(__file__).parent / "results" / "networks.md"
MODELS = ("fct_networks", "fct_account_networks")
NODES, EDGES = 100_000, 1_000_000


@dataclass(frozen=True)
class NetworkCost:
    """One network, measured.

    Attributes:
        steps: Seconds and CPU seconds by step.
        digest: Of every row that came out: two runs have the same.
    """

    nodes: int
    edges: int
    is_approximate: bool
    steps: dict[str, tuple[float, float]]
    digest: str

    @property
    def seconds(self) -> float:
        return sum(seconds for seconds, _ in self.steps.values())

    @property
    def cpu_seconds(self) -> float:
        return sum(cpu for _, cpu in self.steps.values())


def make_edges(connection: duckdb.DuckDBPyConnection, nodes: int, edges: int, seed: int = 1) -> None:
    """A table of distinct edges between few nodes with many ties and many with few, as in networks of mentions."""
    generator = np.random.default_rng(seed)
    pairs = np.empty((0, 2), np.int64)
    # the square of an even draw: a tenth of the nodes has a third of the ends
    while len(pairs) < edges:
        drawn = (generator.random((edges, 2)) ** 2 * nodes).astype(np.int64)
        drawn = drawn[drawn[:, 0] != drawn[:, 1]]
        pairs = np.unique(np.concatenate([pairs, drawn]), axis=0)
    pairs = generator.permutation(pairs)[:edges]
    columns = {"a": pairs[:, 0], "b": pairs[:, 1], "post_count": generator.geometric(0.4, edges)}
    connection.register("drawn", columns)
    connection.execute(
        "create or replace table fct_network_edges as select 'mention' as kind, 2020 as posted_year, "
        "md5(a::varchar) as from_node, md5(b::varchar) as to_node, post_count::bigint as post_count from drawn"
    )
    connection.unregister("drawn")


def model_sql(name: str) -> str:
    """A model of the networks on tables of the same names."""
    text = (DBT_PROJECT_DIR / "models" / "marts" / "networks" / f"{name}.sql").read_text("utf-8")
    return re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", text)


def measure_network(nodes: int, edges: int) -> NetworkCost:
    """Make a network and measure it as a run does."""
    steps = {}
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '1GB'")
        make_edges(connection, nodes, edges)

        def timed(name: str, statement: str) -> None:
            started, cpu = time.perf_counter(), time.process_time()
            connection.execute(statement)
            steps[name] = (time.perf_counter() - started, time.process_time() - cpu)

        started, cpu = time.perf_counter(), time.process_time()
        measured = measures_of_networks(connection, connection.query("select * from fct_network_edges"))
        measured.create("int_networks__measures")
        steps["int_networks__measures"] = (time.perf_counter() - started, time.process_time() - cpu)
        for name in MODELS:
            timed(name, f"create table {name} as {model_sql(name)}")
        (count, is_approximate) = connection.execute("select node_count, is_approximate from fct_networks").fetchall()[
            0
        ]
        rows = connection.execute("select * from fct_account_networks order by all").fetchall()
    return NetworkCost(count, edges, is_approximate, steps, hashlib.sha256(repr(rows).encode()).hexdigest())


def table(one: NetworkCost) -> str:
    """The measurement as Markdown."""
    steps = " | ".join(f"{seconds:.1f}" for seconds, _ in one.steps.values())
    paths = "from a sample" if one.is_approximate else "all"
    met = "yes" if one.cpu_seconds <= AIM_SECONDS else "no"
    return f"""# Networks: {one.edges:,} edges

`python -m bench --networks` on {platform.machine()}, {os.cpu_count()} CPUs shared with other programs, Python \
{platform.python_version()}, {time.strftime("%Y-%m-%d")}.
From the table of edges to the table of accounts, DuckDB with 1 GB. The measures run on one thread: where no other
program runs, seconds and CPU seconds are nearly the same, and CPU seconds are judged.

| nodes | edges | paths | {" | ".join(one.steps)} | seconds | CPU seconds | rows (SHA-256) |
|---:|---:|---|{"---:|" * (len(one.steps) + 2)}---|
| {one.nodes:,} | {one.edges:,} | {paths} | {steps} | {one.seconds:.1f} | {one.cpu_seconds:.1f} | `{one.digest[:12]}` |

| aim | measured | met |
|---|---:|---|
| {one.edges:,} edges within {AIM_SECONDS:g} CPU seconds | {one.cpu_seconds:.1f} | {met} |
"""
