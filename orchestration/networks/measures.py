"""Measures of the nodes of one network.

Belongs here: betweenness, closeness, eigenvector centrality, PageRank, cores, communities, and when they are sampled.
Does not belong here: degree, strength, density, reciprocity (SQL counts them), reading and writing tables.

Everything runs on one thread, over nodes and edges in one order: the same network gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Shortest paths from every node are exact up to here. A node from which no edge leads costs nothing, so what counts is
# senders times edges: of 20,000 nodes with 50,000 edges, nearly all of them senders (a billion), a whole measurement
# took 114 s of CPU on one thread (rustworkx 0.18.1, measured 2026-11-26), so at the second limit some 30.
EXACT_NODES = 20_000
EXACT_STEPS = 250_000_000
# Above, the paths from this many nodes stand for all.
SAMPLED_SOURCES = 500
SEED = 20_261_126

EXACT, APPROXIMATE = "exact", "approximate"

# Both power iterations stop when a step changes less than this per node. Gephi and networkx stop at 1e-6, too early to
# compare digits. They are given up, and the measure is null, after as many steps as a third of a billion edges allow:
# seconds, whatever the network; a sparse one of 60 nodes can need some thousands of steps.
TOLERANCE = 1e-12
FEWEST_STEPS, MOST_STEPS, EDGES_WALKED = 1_000, 20_000, 300_000_000
DAMPING = 0.85
# Digits kept: below them stands the order in which numbers were added.
DIGITS = 12


@dataclass(frozen=True)
class Measures:
    """One value per node, in the order of the nodes; None for a measure that does not exist for this network.

    Attributes:
        betweenness: Share of the shortest paths between two others that lead through the node; direction and no weight.
        closeness: Inverse mean distance from those who reach the node, times the share of nodes that do (Wasserman and
            Faust).
        eigenvector: Of the weighted network without direction. None where the iteration does not settle.
        pagerank: Of the weighted network with direction.
        core: The largest k such that the node belongs to the k-core without direction.
        community: Leiden, by modularity of the weighted network without direction; 1 is the largest.
        modularity: Of these communities.
        method: `exact`, or `approximate` where betweenness and closeness rest on a sample of paths.
    """

    betweenness: np.ndarray
    closeness: np.ndarray
    eigenvector: np.ndarray | None
    pagerank: np.ndarray | None
    core: np.ndarray
    community: np.ndarray
    modularity: float
    method: str


def measure(
    node_count: int, sources: np.ndarray, targets: np.ndarray, weights: np.ndarray, *, directed: bool = True
) -> Measures:
    """Measure a network without loops in which each pair (with its direction, or without) stands once.

    Args:
        node_count: Nodes are the numbers from 0; each has an edge.
        sources: Where each edge begins.
        targets: Where it ends.
        weights: How often it was seen.
        directed: False where an edge has no direction (hashtags in one post).
    """
    order = np.lexsort((targets, sources))
    sources, targets = np.asarray(sources, np.int64)[order], np.asarray(targets, np.int64)[order]
    weights = np.asarray(weights, np.float64)[order]
    both = _without_direction(node_count, sources, targets, weights)
    if not directed:
        sources, targets, weights = both
    betweenness, closeness, method = _paths(node_count, sources, targets)
    community, modularity = _communities(node_count, *both)
    return Measures(
        betweenness=np.round(betweenness, DIGITS),
        closeness=np.round(closeness, DIGITS),
        eigenvector=_rounded(_eigenvector(node_count, *both)),
        pagerank=_rounded(_pagerank(node_count, sources, targets, weights)),
        core=_cores(node_count, both[0], both[1]),
        community=community,
        modularity=round(modularity, DIGITS),
        method=method,
    )


def _rounded(values: np.ndarray | None) -> np.ndarray | None:
    return None if values is None else np.round(values, DIGITS)


def _without_direction(
    node_count: int, sources: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each pair in both directions, with the weights of both directions added; sorted."""
    keys = np.concatenate([sources * node_count + targets, targets * node_count + sources])
    pairs, places = np.unique(keys, return_inverse=True)
    added = np.bincount(places, weights=np.concatenate([weights, weights]), minlength=len(pairs))
    return pairs // node_count, pairs % node_count, added


def _starts(node_count: int, sources: np.ndarray) -> np.ndarray:
    """Where the edges of each node begin among edges that are sorted by their source."""
    return np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=node_count))]).astype(np.int64)


# ---------- shortest paths


def _paths(node_count: int, sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """Betweenness and closeness, and how they were found."""
    senders = np.unique(sources)
    if node_count <= EXACT_NODES and len(senders) * len(sources) <= EXACT_STEPS:
        return *_paths_of_all(node_count, sources, targets), EXACT
    if len(senders) <= SAMPLED_SOURCES:
        return *_paths_of_some(node_count, sources, targets, senders, len(senders)), EXACT
    chosen = np.random.default_rng(SEED).choice(senders, SAMPLED_SOURCES, replace=False)
    return *_paths_of_some(node_count, sources, targets, np.sort(chosen), len(senders)), APPROXIMATE


def _paths_of_all(node_count: int, sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import rustworkx

    graph = _graph(rustworkx.PyDiGraph, node_count, sources, targets)
    one_thread = {"parallel_threshold": 2 * node_count + 2}  # of two threads, the faster would be added first
    betweenness = rustworkx.digraph_betweenness_centrality(graph, normalized=True, **one_thread)
    closeness = rustworkx.digraph_closeness_centrality(graph, wf_improved=True, **one_thread)
    return _in_order(betweenness, node_count), _in_order(closeness, node_count)


def _paths_of_some(
    node_count: int, sources: np.ndarray, targets: np.ndarray, chosen: np.ndarray, sender_count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Brandes' algorithm from the chosen nodes only, scaled to all that send.

    Brandes (2001), Journal of Mathematical Sociology 25:163; from a sample of sources: Brandes and Pich (2007),
    International Journal of Bifurcation and Chaos 17:2303.
    """
    starts = _starts(node_count, sources)
    between = np.zeros(node_count)
    reached_by = np.zeros(node_count)
    distances = np.zeros(node_count)
    for source in chosen:
        _walk(source, starts, targets, between, reached_by, distances)
    scale = sender_count / len(chosen)
    pairs = (node_count - 1) * (node_count - 2)
    betweenness = between * scale / pairs if pairs else between
    # the distance is a mean, which needs no scale; the share of those who reach the node does
    with np.errstate(divide="ignore", invalid="ignore"):
        closeness = np.where(distances > 0, reached_by * scale / (node_count - 1) * reached_by / distances, 0.0)
    return betweenness, closeness


def _walk(
    source: int,
    starts: np.ndarray,
    targets: np.ndarray,
    between: np.ndarray,
    reached_by: np.ndarray,
    distances: np.ndarray,
) -> None:
    """One breadth-first walk, level by level, and back; what it finds is added to the last three."""
    node_count = len(starts) - 1
    level = np.full(node_count, -1, np.int32)
    path_count = np.zeros(node_count)
    level[source], path_count[source] = 0, 1.0
    frontier = np.array([source])
    walked: list[tuple[np.ndarray, np.ndarray]] = []
    depth = 0
    while len(frontier):
        depth += 1
        origins, ends = _edges_of(frontier, starts, targets)
        onward = level[ends] < 0
        origins, ends = origins[onward], ends[onward]
        if not len(ends):
            break
        counts = np.bincount(ends, weights=path_count[origins], minlength=node_count)
        frontier = np.flatnonzero(counts)
        level[frontier] = depth
        path_count[frontier] = counts[frontier]
        reached_by[frontier] += 1
        distances[frontier] += depth
        walked.append((origins, ends))
    share = np.zeros(node_count)
    for origins, ends in reversed(walked):
        passed = path_count[origins] / path_count[ends] * (1.0 + share[ends])
        share += np.bincount(origins, weights=passed, minlength=node_count)
    share[source] = 0.0
    between += share


def _edges_of(nodes: np.ndarray, starts: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every edge that leads out of `nodes`."""
    counts = starts[nodes + 1] - starts[nodes]
    offsets = np.repeat(starts[nodes] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return np.repeat(nodes, counts), targets[np.arange(counts.sum()) + offsets]


# ---------- what rests on weights


def _eigenvector(node_count: int, sources: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    import rustworkx

    # The iteration adds each step to the one before. That settles where the weights are about as large as one: a star
    # with weights in the hundreds would swing for ever. What is scaled has the same eigenvectors; this bound is at most
    # the largest eigenvalue, and is it for a star.
    scale = np.sqrt(np.bincount(sources, weights=weights**2).max())
    once = sources < targets
    graph = _graph(rustworkx.PyGraph, node_count, sources[once], targets[once], weights[once] / scale)
    try:
        found = rustworkx.graph_eigenvector_centrality(
            graph, weight_fn=float, max_iter=_most_steps(len(sources)), tol=TOLERANCE
        )
    except rustworkx.FailedToConverge:
        return None
    return _in_order(found, node_count)


def _pagerank(node_count: int, sources: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    import rustworkx

    graph = _graph(rustworkx.PyDiGraph, node_count, sources, targets, weights)
    try:
        found = rustworkx.pagerank(
            graph, alpha=DAMPING, weight_fn=float, max_iter=_most_steps(len(sources)), tol=TOLERANCE
        )
    except rustworkx.FailedToConverge:
        return None
    return _in_order(found, node_count)


def _most_steps(edge_count: int) -> int:
    return max(FEWEST_STEPS, min(MOST_STEPS, EDGES_WALKED // max(edge_count, 1)))


def _cores(node_count: int, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    import rustworkx

    once = sources < targets
    found = rustworkx.core_number(_graph(rustworkx.PyGraph, node_count, sources[once], targets[once]))
    return np.array([found[node] for node in range(node_count)], np.int64)


def _communities(
    node_count: int, sources: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    """The community of each node: 1 is the largest; of two as large, the one with the first node."""
    import graspologic_native

    modularity, found = graspologic_native.leiden_csr(
        indptr=_starts(node_count, sources),
        indices=targets.astype(np.int32),
        data=weights,
        n_nodes=node_count,
        iterations=2,
        seed=SEED,
    )
    labels = np.array([found[node] for node in range(node_count)], np.int64)
    _, first, places, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    ranks = np.empty(len(first), np.int64)
    ranks[np.lexsort((first, -sizes))] = np.arange(1, len(first) + 1)
    return ranks[places], modularity


def _graph(
    kind: Any, node_count: int, sources: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> Any:
    graph = kind(multigraph=False)
    graph.add_nodes_from([None] * node_count)
    values = [1.0] * len(sources) if weights is None else weights.tolist()
    graph.add_edges_from(list(zip(sources.tolist(), targets.tolist(), values, strict=True)))
    return graph


def _in_order(found: Any, node_count: int) -> np.ndarray:
    return np.array([found[node] for node in range(node_count)], np.float64)
