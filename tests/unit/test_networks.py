"""Networks: measures beside networkx, samples that say so, and files that other programs read.

Belongs here: `orchestration.networks` on made-up networks. Does not belong here: counts of edges (unit tests of the
models).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import networkx as nx
import numpy as np
import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.contract import DataDir, SuaraError
from orchestration.networks import measures
from orchestration.networks.files import WRITERS, read_network, write_network
from orchestration.networks.measures import APPROXIMATE, EXACT, measure
from orchestration.networks.tables import measures_of_networks

Edges = tuple[int, np.ndarray, np.ndarray, np.ndarray]


def random_network(nodes: int, edges: int, seed: int) -> Edges:
    """Distinct directed edges without loops; every node has one."""
    generator = np.random.default_rng(seed)
    pairs = {(int(a), int(b)) for a, b in generator.integers(0, nodes, (edges, 2)) if a != b}
    places = {node: place for place, node in enumerate(sorted({node for pair in pairs for node in pair}))}
    numbered = np.array(sorted((places[a], places[b]) for a, b in pairs))
    return len(places), numbered[:, 0], numbered[:, 1], generator.integers(1, 9, len(numbered))


def graphs(network: Edges) -> tuple[nx.DiGraph, nx.Graph]:
    """The network as networkx has it, with direction and without."""
    nodes, sources, targets, weights = network
    directed, undirected = nx.DiGraph(), nx.Graph()
    directed.add_nodes_from(range(nodes))
    undirected.add_nodes_from(range(nodes))
    for a, b, weight in zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True):
        directed.add_edge(a, b, weight=weight)
        before = undirected[a][b]["weight"] if undirected.has_edge(a, b) else 0
        undirected.add_edge(a, b, weight=before + weight)
    return directed, undirected


def equal(ours: np.ndarray | None, theirs: dict[int, float]) -> None:
    assert ours is not None
    np.testing.assert_allclose(ours, [theirs[node] for node in range(len(theirs))], rtol=0, atol=1e-9)


# sparse (many nodes reach nobody), in between, dense
@pytest.mark.parametrize("size", [(60, 70), (120, 400), (60, 1500)], ids=["sparse", "middling", "dense"])
def test_measures_equal_networkx(size: tuple[int, int]) -> None:
    network = random_network(*size, seed=3)
    directed, undirected = graphs(network)
    ours = measure(*network)
    assert ours.method == EXACT
    equal(ours.betweenness, nx.betweenness_centrality(directed))
    equal(ours.closeness, nx.closeness_centrality(directed))
    equal(ours.pagerank, nx.pagerank(directed, tol=1e-13, max_iter=10_000))
    equal(ours.eigenvector, nx.eigenvector_centrality(undirected, weight="weight", tol=1e-14, max_iter=100_000))
    equal(ours.core, nx.core_number(undirected))


def test_without_direction_they_equal_networkx_too() -> None:
    _, undirected = graphs(random_network(80, 200, seed=4))
    pairs = np.array(sorted(undirected.edges))
    weights = [undirected[a][b]["weight"] for a, b in pairs.tolist()]
    ours = measure(len(undirected), pairs[:, 0], pairs[:, 1], np.array(weights), directed=False)
    equal(ours.betweenness, nx.betweenness_centrality(undirected))
    equal(ours.closeness, nx.closeness_centrality(undirected))
    equal(ours.pagerank, nx.pagerank(undirected, tol=1e-13, max_iter=10_000))


def test_communities_are_as_good_as_they_say_and_the_largest_is_the_first() -> None:
    network = random_network(150, 500, seed=5)
    _, undirected = graphs(network)
    ours = measure(*network)
    members = [set(np.flatnonzero(ours.community == number).tolist()) for number in range(1, ours.community.max() + 1)]
    assert nx.community.modularity(undirected, members) == pytest.approx(ours.modularity, abs=1e-9)
    assert [len(group) for group in members] == sorted((len(group) for group in members), reverse=True)
    best_of_louvain = nx.community.modularity(undirected, nx.community.louvain_communities(undirected, seed=1))
    assert ours.modularity > best_of_louvain - 0.02


def test_two_groups_joined_by_one_tie_are_two_communities() -> None:
    pairs = [(a, b) for group in (range(5), range(5, 11)) for a in group for b in group if a < b] + [(4, 5)]
    sources, targets = np.array(pairs).T
    ours = measure(11, sources, targets, np.ones(len(pairs)), directed=False)
    assert ours.community.tolist() == [2] * 5 + [1] * 6


def test_a_heavy_star_has_an_eigenvector() -> None:
    """With its weights as they are the iteration swings between the centre and the rest."""
    weights = np.array([300, 400, 1200])
    ours = measure(4, np.zeros(3, int), np.array([1, 2, 3]), weights)
    assert ours.eigenvector is not None
    np.testing.assert_allclose(ours.eigenvector, [0.5**0.5, *(0.5**0.5 * weights / 1300)], atol=1e-9)


def test_the_smallest_network_has_measures() -> None:
    ours = measure(2, np.array([0]), np.array([1]), np.array([1]))
    assert ours.betweenness.tolist() == [0, 0]
    assert ours.closeness.tolist() == [0, 1]
    assert ours.core.tolist() == [1, 1]


def test_paths_from_every_sender_are_exact_however_large_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(120, 400, seed=6)
    expected = measure(*network)
    monkeypatch.setattr(measures, "EXACT_NODES", 10)
    ours = measure(*network)
    assert ours.method == EXACT
    np.testing.assert_allclose(ours.betweenness, expected.betweenness, atol=1e-9)
    np.testing.assert_allclose(ours.closeness, expected.closeness, atol=1e-9)


@pytest.mark.parametrize("limit", [("EXACT_NODES", 10), ("EXACT_STEPS", 1000)], ids=lambda limit: limit[0])
def test_a_sample_of_paths_says_so_and_is_near(monkeypatch: pytest.MonkeyPatch, limit: tuple[str, int]) -> None:
    network = random_network(400, 3000, seed=7)
    expected = measure(*network)
    monkeypatch.setattr(measures, *limit)
    monkeypatch.setattr(measures, "SAMPLED_SOURCES", 150)
    ours = measure(*network)
    assert ours.method == APPROXIMATE
    assert np.corrcoef(ours.betweenness, expected.betweenness)[0, 1] > 0.85
    assert ours.betweenness.sum() == pytest.approx(expected.betweenness.sum(), rel=0.05)
    np.testing.assert_allclose(ours.closeness, expected.closeness, rtol=0.1)
    # what rests on no path is exact all the same
    assert (ours.core == expected.core).all() and (ours.community == expected.community).all()


def edges_table(connection: duckdb.DuckDBPyConnection, seed: int) -> duckdb.DuckDBPyRelation:
    """Two kinds in two years, in an order that depends on the seed."""
    connection.execute(
        "create table edges (kind varchar, posted_year integer, from_node varchar, to_node varchar, n int)"
    )
    rows = []
    for kind, year in (("mention", 2020), ("mention", 2021), ("hashtag", 2020)):
        _, sources, targets, weights = random_network(50, 200, seed=year + len(kind))
        for a, b, weight in zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True):
            if kind != "hashtag" or a < b:
                rows.append((kind, year, f"node {a:03d}", f"node {b:03d}", weight))
    np.random.default_rng(seed).shuffle(rows)
    connection.executemany("insert into edges values (?, ?, ?, ?, ?)", [[*map(_plain, row)] for row in rows])
    return connection.query("select * exclude (n), n as post_count from edges")


def _plain(value: object) -> object:
    return int(value) if str(value).isdigit() else str(value)


def test_the_order_of_rows_and_the_threads_change_no_digit() -> None:
    found = []
    for seed, threads in ((1, 1), (2, 4)):
        with duckdb.connect(config={"threads": threads}) as connection:
            found.append(measures_of_networks(connection, edges_table(connection, seed)).fetchall())
    assert found[0] == found[1]
    assert {row[:2] for row in found[0]} == {("hashtag", 2020), ("mention", 2020), ("mention", 2021)}
    # each network by itself: PageRank adds up to 1 in every one
    totals = {network: sum(row[6] for row in found[0] if row[:2] == network) for network in {r[:2] for r in found[0]}}
    assert all(total == pytest.approx(1) for total in totals.values())


def test_without_edges_there_are_no_measures() -> None:
    with duckdb.connect() as connection:
        edges_table(connection, 1)
        nothing = connection.query("select * exclude (n), n as post_count from edges where false")
        assert measures_of_networks(connection, nothing).fetchall() == []


# ---------- files

PERSON = "budi_private_person"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A published file with what the export reads: an organisation, a donor, two persons, in two years."""
    path = DataDir(tmp_path).published_file
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as con:
        con.execute(
            f"""
            create schema marts; create schema quality;
            create table quality.release as select 'abcdef0123456789' as release_id;
            create table marts.dim_accounts as
            select *, false as is_focal from (values
                ('keyorg', true, 'partner', 'un_agency', 'org', 'Org & "Co" <x>' || chr(1), 'Org'),
                ('keydonor', true, 'donor', 'donor', 'donor', 'Donor', 'Donor'),
                ('keyperson1', false, 'private_person', 'private_person', null, null, '{PERSON}'),
                ('keyperson2', false, 'private_person', 'private_person', null, null, '{PERSON}_too')
            ) as t (account_key, is_registered, role, org_type, family, organisation_name, handle);
            create table marts.dim_hashtags as select 'migrasi' as hashtag, 'Migrasi' as display_form
                union all select 'stoptppo', 'StopTPPO';
            create table marts.fct_network_edges as select * from (values
                ('mention', 2020, 'keyorg', 'keydonor', 3, date '2020-02-01', date '2020-05-01'),
                ('mention', 2020, 'keyorg', 'keyperson1', 1, date '2020-03-01', date '2020-03-01'),
                ('mention', 2020, 'keyperson1', 'keyperson2', 1, date '2020-03-02', date '2020-03-02'),
                ('mention', 2021, 'keyorg', 'keydonor', 2, date '2021-01-01', date '2021-12-31'),
                ('hashtag', 2020, 'migrasi', 'stoptppo', 4, date '2020-01-01', date '2020-12-01')
            ) as t (kind, posted_year, from_node, to_node, post_count, first_date, last_date);
            create table marts.fct_account_networks as
            select
                key as account_key, 'mention' as kind, 2020 as posted_year, 1 as degree, 0 as in_degree,
                1 as out_degree, 0 as in_strength, 4 as out_strength, 0.25 as betweenness, 0.5 as closeness,
                null::double as eigenvector, 0.1 as pagerank, 1 as core, 1 as community
            from (select unnest(['keyorg', 'keydonor', 'keyperson1', 'keyperson2']) as key);
            create table marts.fct_hashtag_networks as
            select
                key as hashtag, 2020 as posted_year, 1 as degree, 4 as strength, 0.0 as betweenness, 1.0 as closeness,
                0.7 as eigenvector, 0.5 as pagerank, 1 as core, 1 as community
            from (select unnest(['migrasi', 'stoptppo']) as key);
            """
        )
    return path


def read_back(path: Path, form: str) -> nx.Graph:
    return nx.read_gexf(path) if form == "gexf" else nx.read_graphml(path)


@pytest.mark.parametrize("form", WRITERS)
def test_a_network_of_a_year_is_read_back_with_its_measures(published: Path, tmp_path: Path, form: str) -> None:
    write_network(read_network(published, "mention", 2020), tmp_path / "net", form)
    graph = read_back(tmp_path / "net", form)
    assert graph.is_directed()
    nodes = {data["label"]: (node, data) for node, data in graph.nodes(data=True)}
    assert set(nodes) == {"Donor @Donor", 'Org & "Co" <x>\ufffd @Org', "account 2", "account 3"}
    org, donor = nodes['Org & "Co" <x>\ufffd @Org'], nodes["Donor @Donor"]
    assert graph.edges[org[0], donor[0]]["weight"] == 3
    assert graph.number_of_edges() == 3
    assert donor[1]["role"] == "donor" and donor[1]["is_registered"] is True
    assert nodes["account 2"][1]["is_registered"] is False
    assert (org[1]["betweenness"], org[1]["out_strength"]) == (0.25, 4)
    assert "eigenvector" not in org[1]  # null is not zero


@pytest.mark.parametrize("form", WRITERS)
def test_a_network_of_all_years_adds_them_and_has_no_measures(published: Path, tmp_path: Path, form: str) -> None:
    write_network(read_network(published, "mention"), tmp_path / "net", form)
    graph = read_back(tmp_path / "net", form)
    nodes = {data["label"][:5]: (node, data) for node, data in graph.nodes(data=True)}
    edge = graph.edges[nodes["Org &"][0], nodes["Donor"][0]]
    assert edge["weight"] == 5
    assert "betweenness" not in nodes["Donor"][1]
    if form == "gexf":
        assert edge["spells"] == [("2020-02-01", "2020-05-01"), ("2021-01-01", "2021-12-31")]
    else:
        assert (edge["first_date"], edge["last_date"]) == ("2020-02-01", "2021-12-31")


@pytest.mark.parametrize("form", WRITERS)
def test_hashtags_have_no_direction_and_their_usual_spelling(published: Path, tmp_path: Path, form: str) -> None:
    write_network(read_network(published, "hashtag", 2020), tmp_path / "net", form)
    graph = read_back(tmp_path / "net", form)
    assert not graph.is_directed()
    assert {data["label"] for _, data in graph.nodes(data=True)} == {"#Migrasi", "#StopTPPO"}


@pytest.mark.parametrize("form", WRITERS)
def test_a_file_names_no_person_and_is_the_same_twice(published: Path, tmp_path: Path, form: str) -> None:
    for name in ("one", "two"):
        write_network(read_network(published, "mention", 2020), tmp_path / name, form)
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "two").read_bytes()
    assert PERSON.encode() not in content
    assert b"keyperson" not in content


def test_the_command_says_what_it_wrote_and_warns_of_a_star(
    published: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, target = str(tmp_path), str(tmp_path_factory.mktemp("elsewhere") / "net.gexf")
    options = ["export", "network", "--data-dir", folder, "--format", "gexf", target]
    result = CliRunner().invoke(main, [*options, "--kind", "mention", "--year", "2021"])
    assert result.exit_code == 0, result.output
    assert "2 nodes, 1 edges" in result.output and "star" in result.output
    result = CliRunner().invoke(main, [*options, "--kind", "mention"])
    assert "star" not in result.output
    result = CliRunner().invoke(main, [*options, "--kind", "mention", "--year", "2019"])
    assert result.exit_code == 1 and "2020, 2021" in result.output


def test_without_a_published_file_nothing_is_exported(tmp_path: Path) -> None:
    with pytest.raises(SuaraError, match="suara run"):
        read_network(tmp_path / "none.duckdb", "mention")
