"""The measures of every network of a table of edges, as dbt's model of them takes them.

Belongs here: cutting edges into networks, numbering nodes, putting the measures into one relation.
Does not belong here: the measures themselves (`measures`), what is an edge (the model `fct_network_edges`).
"""

from __future__ import annotations

import duckdb
import numpy as np

from orchestration.networks.measures import EXACT, Measures, measure

# Which networks have no direction.
UNDIRECTED = ("hashtag",)

COLUMNS = {
    "kind": "varchar",
    "posted_year": "integer",
    "node": "varchar",
    "betweenness": "double",
    "closeness": "double",
    "eigenvector": "double",
    "pagerank": "double",
    "core": "bigint",
    "community": "bigint",
    "modularity": "double",
    "is_approximate": "boolean",
}


def measures_of_networks(
    connection: duckdb.DuckDBPyConnection, edges: duckdb.DuckDBPyRelation
) -> duckdb.DuckDBPyRelation:
    """Measure every network, one after the other.

    Args:
        connection: dbt's connection; temporary tables are made in it.
        edges: A relation with `kind`, `posted_year`, `from_node`, `to_node`, `post_count`.

    Returns:
        A relation with `COLUMNS`, one row per network and node.
    """
    asked = edges.sql_query()
    # Nodes are numbered in the order of their names, so that nothing rests on the order of rows.
    connection.execute(
        f"""
        create or replace temp table network_nodes as
        select
            kind, posted_year, node,
            dense_rank() over (order by kind, posted_year) - 1 as network,
            row_number() over (partition by kind, posted_year order by node) - 1 as place
        from (
            select kind, posted_year, from_node as node from ({asked})
            union
            select kind, posted_year, to_node from ({asked})
        )
        """
    )
    networks = connection.execute(
        "select kind, count(*) from network_nodes group by network, kind order by network"
    ).fetchall()
    found = connection.execute(
        f"""
        select senders.network, senders.place as source, receivers.place as target, edges.post_count as weight
        from ({asked}) as edges
        inner join network_nodes as senders
            on senders.kind = edges.kind and senders.posted_year = edges.posted_year
            and senders.node = edges.from_node
        inner join network_nodes as receivers
            on receivers.kind = edges.kind and receivers.posted_year = edges.posted_year
            and receivers.node = edges.to_node
        order by senders.network, source, target
        """
    ).fetchnumpy()
    bounds = np.searchsorted(found["network"], np.arange(len(networks) + 1))
    parts = []
    for network, (kind, node_count) in enumerate(networks):
        part = slice(bounds[network], bounds[network + 1])
        source, target, weight = (np.asarray(found[name][part]) for name in ("source", "target", "weight"))
        measured = measure(node_count, source, target, weight, directed=kind not in UNDIRECTED)
        parts.append(_values(network, node_count, measured))
    connection.execute(
        f"create or replace temp table networks_measured ({', '.join(f'{n} {kind}' for n, kind in COLUMNS.items())})"
    )
    if parts:
        connection.register("network_values", {name: np.concatenate([p[name] for p in parts]) for name in parts[0]})
        connection.execute(
            f"insert into networks_measured select {', '.join(COLUMNS)} from network_nodes "
            "inner join network_values using (network, place)"
        )
        connection.unregister("network_values")
    return connection.query("select * from networks_measured order by kind, posted_year, node")


def _values(network: int, node_count: int, measured: Measures) -> dict[str, np.ndarray]:
    """The columns of one network; NaN is null to DuckDB."""

    def or_null(values: np.ndarray | None) -> np.ndarray:
        return np.full(node_count, np.nan) if values is None else values

    return {
        "network": np.full(node_count, network),
        "place": np.arange(node_count),
        "betweenness": measured.betweenness,
        "closeness": measured.closeness,
        "eigenvector": or_null(measured.eigenvector),
        "pagerank": or_null(measured.pagerank),
        "core": measured.core,
        "community": measured.community,
        "modularity": np.full(node_count, measured.modularity),
        "is_approximate": np.full(node_count, measured.method != EXACT),
    }
