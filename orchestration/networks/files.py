"""A network of the published file as a file of Gephi: GEXF 1.3 with time on the edges, or GraphML.

Belongs here: which nodes and edges are handed out, under which names, and how they are written.
Does not belong here: measures, and anything that changes the published file.

The same release gives the same bytes: nodes and edges in one order, no date of writing. Whoever is not registered is a
number: a key would join the file to the rows of that person in the published file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

import duckdb

from orchestration.contract import SuaraError, replacing
from orchestration.networks.tables import UNDIRECTED

KINDS = ("mention", "reply", "repost", "quote", "hashtag")

# name -> type in both formats; measures are of one year, so a network of several years has none
ACCOUNT_FIELDS = {"is_registered": "boolean", "role": "string", "org_type": "string", "family": "string"}
COUNTS = {"degree": "integer", "in_degree": "integer", "out_degree": "integer", "in_strength": "integer"}
COUNTS |= {"out_strength": "integer"}
HASHTAG_COUNTS = {"degree": "integer", "strength": "integer"}
MEASURES = {"betweenness": "double", "closeness": "double", "eigenvector": "double", "pagerank": "double"}
MEASURES |= {"core": "integer", "community": "integer"}

# One node touches more of the edges than this: the same line as `is_star` in fct_networks.
STAR = 0.9

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Node:
    """A node as it is handed out; its id is its place."""

    label: str
    values: dict[str, Value]


@dataclass(frozen=True)
class Edge:
    """A tie, with the days of each year in which it was seen."""

    source: int
    target: int
    weight: int
    spells: list[tuple[date, date]]


@dataclass(frozen=True)
class Network:
    """A network as it is handed out."""

    kind: str
    year: int | None
    release_id: str
    is_directed: bool
    fields: dict[str, str]
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def title(self) -> str:
        return f"{self.kind}, {self.year or 'all years'}, release {self.release_id[:12]}"

    @property
    def hub_share(self) -> float:
        """Share of the edges that the best connected node touches."""
        touched = Counter(edge.source for edge in self.edges) + Counter(edge.target for edge in self.edges)
        return max(touched.values(), default=0) / max(len(self.edges), 1)


def read_network(published: Path, kind: str, year: int | None = None) -> Network:
    """The network of one kind, of one year or of all.

    Raises:
        SuaraError: Nothing has been published yet, or there is no such network.
    """
    if not published.exists():
        raise SuaraError(f"{published}: expected the published file; found none. Run `suara run` first.")
    with duckdb.connect(str(published), read_only=True) as connection:
        known = connection.execute(
            "select distinct posted_year from marts.fct_network_edges where kind = ? order by 1", [kind]
        ).fetchall()
        if not known or (year is not None and (year,) not in known):
            years = ", ".join(str(y) for (y,) in known)
            raise SuaraError(
                f"Expected edges of the network '{kind}'{f' in {year}' if year else ''}; found none. "
                + (f"There are some in {years}." if years else "No post of this data ties two nodes in this way.")
            )
        (release_id,) = connection.execute("select release_id from quality.release").fetchall()[0]
        fields = _fields(kind, year)
        network = Network(kind, year, release_id, kind not in UNDIRECTED, fields)
        places = _read_nodes(connection, network)
        rows = connection.execute(
            "select from_node, to_node, sum(post_count), "
            "coalesce(list([first_date, last_date] order by posted_year) filter (where first_date is not null), []) "
            "from marts.fct_network_edges where kind = $1 and ($2 is null or posted_year = $2) "
            "group by all order by from_node, to_node",
            [kind, year],
        ).fetchall()
        network.edges.extend(
            Edge(places[source], places[target], int(weight), [(first, last) for first, last in spells])
            for source, target, weight, spells in rows
        )
    return network


def _fields(kind: str, year: int | None) -> dict[str, str]:
    fields = {} if kind == "hashtag" else dict(ACCOUNT_FIELDS)
    if year is not None:
        fields |= HASHTAG_COUNTS if kind == "hashtag" else COUNTS
        fields |= MEASURES
    return fields


def _read_nodes(connection: duckdb.DuckDBPyConnection, network: Network) -> dict[str, int]:
    """Read the nodes into the network; returns the place of each key."""
    is_hashtag = network.kind == "hashtag"
    names = list(network.fields)
    measured = [name for name in names if name not in ACCOUNT_FIELDS]
    columns = [f"measured.{name}" for name in measured]
    if not is_hashtag:
        columns = [f"dim_accounts.{name}" for name in ACCOUNT_FIELDS] + columns
    label = (
        "'#' || coalesce(display_form, key)"
        if is_hashtag
        else "case when is_registered then organisation_name || ' @' || handle when is_focal then '@' || handle end"
    )
    joins = (
        "left join marts.dim_hashtags on hashtag = key"
        if is_hashtag
        else "left join marts.dim_accounts on account_key = key"
    )
    if measured:
        table, column = ("fct_hashtag_networks", "hashtag") if is_hashtag else ("fct_account_networks", "account_key")
        of_kind = "" if is_hashtag else " and measured.kind = $1"
        joins += (
            f" left join marts.{table} as measured on measured.{column} = key and measured.posted_year = $2{of_kind}"
        )
    rows = connection.execute(
        f"""
        select key, {", ".join([label, *columns])}
        from (
            select distinct unnest([from_node, to_node]) as key from marts.fct_network_edges
            where kind = $1 and ($2 is null or posted_year = $2)
        )
        {joins}
        order by key
        """,
        [network.kind, network.year],
    ).fetchall()
    places = {}
    for place, (key, name, *values) in enumerate(rows):
        places[key] = place
        # the number of the node is all that is said of a person
        network.nodes.append(Node(name or f"account {place}", dict(zip(names, values, strict=True))))
    return places


def write_network(network: Network, target: Path, form: str) -> None:
    """Write a network to a file, by one rename."""
    with replacing(target, mode=0o600) as partial, open(partial, "w", encoding="utf-8", newline="\n") as out:
        WRITERS[form](network, out)


def write_gexf(network: Network, out: TextIO) -> None:
    """GEXF 1.3: each edge carries the days of each year in which it was seen."""
    direction = "directed" if network.is_directed else "undirected"
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n')
    out.write(f"<meta><creator>Suara</creator><description>{_text(network.title)}</description></meta>\n")
    out.write(f'<graph defaultedgetype="{direction}" mode="dynamic" timeformat="date" timerepresentation="interval">\n')
    numbers = {name: number for number, name in enumerate(network.fields)}
    out.write('<attributes class="node" mode="static">\n')
    for name, kind in network.fields.items():
        out.write(f'<attribute id="{numbers[name]}" title="{name}" type="{kind}"/>\n')
    out.write("</attributes>\n<nodes>\n")
    for place, node in enumerate(network.nodes):
        out.write(f'<node id="{place}" label={_attribute(node.label)}>')
        values = [(numbers[name], _value(value)) for name, value in node.values.items() if value is not None]
        if values:
            cells = "".join(f'<attvalue for="{number}" value={_attribute(text)}/>' for number, text in values)
            out.write(f"<attvalues>{cells}</attvalues>")
        out.write("</node>\n")
    out.write("</nodes>\n<edges>\n")
    for place, edge in enumerate(network.edges):
        spells = "".join(f'<spell start="{first}" end="{last}"/>' for first, last in edge.spells)
        out.write(
            f'<edge id="{place}" source="{edge.source}" target="{edge.target}" weight="{edge.weight}">'
            f"<spells>{spells}</spells></edge>\n"
        )
    out.write("</edges>\n</graph>\n</gexf>\n")


def write_graphml(network: Network, out: TextIO) -> None:
    """GraphML: each edge carries the first and the last day on which it was seen."""
    direction = "directed" if network.is_directed else "undirected"
    types = {"integer": "long"}
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
    for name, kind in [("label", "string"), *network.fields.items()]:
        out.write(f'<key id="{name}" for="node" attr.name="{name}" attr.type="{types.get(kind, kind)}"/>\n')
    for name, kind in (("weight", "long"), ("first_date", "string"), ("last_date", "string")):
        out.write(f'<key id="{name}" for="edge" attr.name="{name}" attr.type="{kind}"/>\n')
    out.write(f'<graph id={_attribute(network.title)} edgedefault="{direction}">\n')
    for place, node in enumerate(network.nodes):
        cells = _data({"label": node.label, **node.values})
        out.write(f'<node id="n{place}">{cells}</node>\n')
    for edge in network.edges:
        cells = _data({"weight": edge.weight, **_seen(edge)})
        out.write(f'<edge source="n{edge.source}" target="n{edge.target}">{cells}</edge>\n')
    out.write("</graph>\n</graphml>\n")


def _seen(edge: Edge) -> dict[str, Value]:
    """First and last day of an edge; nothing where those who tie it tell no day."""
    return {"first_date": str(edge.spells[0][0]), "last_date": str(edge.spells[-1][1])} if edge.spells else {}


WRITERS: dict[str, Callable[[Network, TextIO], None]] = {"gexf": write_gexf, "graphml": write_graphml}

# XML 1.0 has no place for these, not even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))


def _value(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _data(values: dict[str, Value]) -> str:
    return "".join(
        f'<data key="{name}">{_text(_value(value))}</data>' for name, value in values.items() if value is not None
    )
