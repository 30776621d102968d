"""Which accounts, or themes, use the same words: the cluster analysis by word similarity that NVivo offers.

Belongs here: counts of words per item, similarity, complete linkage, the tree as a table and as a picture.
Does not belong here: what a word is (`words`), and conclusions: this is for looking, not for proof.

As in NVivo: Pearson's correlation of word counts, or Jaccard's or Sørensen's coefficient of the words that occur;
complete linkage over 1 - similarity; ten clusters unless told otherwise.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.sparse import csr_matrix
from scipy.spatial.distance import squareform

from orchestration.coding.sample import FRAME, open_published
from orchestration.contract import SuaraError, replacing
from orchestration.suggesting import DEFAULT_CLUSTERS
from orchestration.suggesting.words import count_words

MEASURES = ("pearson", "jaccard", "sorensen")
KINDS = ("accounts", "themes")
# Fewer posts hold too few words to be like anything.
LEAST_POSTS = 5

_ITEMS = {
    "accounts": """
        select
            dim_accounts.account_key as item,
            coalesce('@' || any_value(dim_accounts.handle), dim_accounts.account_key) as name,
            list(frame.text order by frame.post_key) as texts
        from frame
        inner join marts.fct_posts using (post_key)
        inner join marts.dim_accounts using (account_key)
        group by dim_accounts.account_key
        having count(*) >= $1
        order by name, item
    """,
    "themes": """
        select
            dim_themes.theme_code as item,
            any_value(dim_themes.theme_name) as name,
            list(frame.text order by frame.post_key) as texts
        from frame
        inner join marts.fct_post_themes using (post_key)
        inner join marts.dim_themes using (theme_code, codebook_version)
        where fct_post_themes.is_direct and codebook_version = (select codebook_version from quality.release)
        group by dim_themes.theme_code
        having count(*) >= $1
        order by item
    """,
}


@dataclass(frozen=True)
class Clusters:
    """Items in the order in which the tree shows them.

    Args:
        items: Keys of accounts or codes of themes.
        names: For people.
        posts: Posts whose words were counted.
        clusters: Number of the cluster of each item, from 1 in the order of the items.
        similarity: Between items, in their order.
        merges: Rows of scipy's linkage, leaves numbered in the order of the items: two nodes, distance, items below.
        measure: `pearson`, `jaccard` or `sorensen`.
    """

    items: tuple[str, ...]
    names: tuple[str, ...]
    posts: tuple[int, ...]
    clusters: tuple[int, ...]
    similarity: np.ndarray
    merges: np.ndarray
    measure: str


def similarity(counts: csr_matrix, measure: str) -> np.ndarray:
    """How alike rows of word counts are, 1 for the same.

    Args:
        counts: Shape (items, words).
        measure: `pearson` compares how often each word is used, `jaccard` and `sorensen` which words are used at all.
    """
    items, words = counts.shape
    if measure == "pearson":
        # From sums, so that the words that an item does not use need no memory.
        means = np.asarray(counts.mean(axis=1)).ravel()
        products = np.asarray((counts @ counts.T).todense(), dtype=float) / words - np.outer(means, means)
        spread = np.sqrt(np.clip(np.diag(products), 0, None))
        scale = np.outer(spread, spread)
        found = np.divide(products, scale, out=np.zeros((items, items)), where=scale > 0)
    else:
        used = (counts > 0).astype(np.int64)
        both = np.asarray((used @ used.T).todense(), dtype=float)
        sizes = np.diag(both)
        total = sizes[:, None] + sizes[None, :]
        top, bottom = (both, total - both) if measure == "jaccard" else (2 * both, total)
        found = np.divide(top, bottom, out=np.zeros((items, items)), where=bottom > 0)
    np.fill_diagonal(found, 1.0)
    return (found + found.T) / 2


def cluster(
    items: Sequence[tuple[str, str, Sequence[str]]], *, measure: str = "pearson", count: int = DEFAULT_CLUSTERS
) -> Clusters:
    """Cluster items by the words of their posts.

    Args:
        items: Key, name and texts of each.
        measure: See `similarity`.
        count: Clusters; as many as there are items, where these are fewer.

    Raises:
        SuaraError: There are fewer than two items, or no words.
    """
    if len(items) < 2:
        raise SuaraError(
            f"expected two or more to compare, with {LEAST_POSTS} posts each; found {len(items)}. "
            "Load more captures, register accounts (seeds/accounts/accounts.csv), or compare the other kind."
        )
    counts, _ = count_words(" ".join(texts) for _, _, texts in items)
    alike = similarity(counts, measure)
    merges = linkage(squareform(np.clip(1 - alike, 0, None), checks=False), method="complete")
    order = leaves_list(merges)
    flat = fcluster(merges, t=min(count, len(items)), criterion="maxclust")[order]
    numbers = {label: n for n, label in enumerate(dict.fromkeys(flat.tolist()), 1)}
    place = {int(leaf): n for n, leaf in enumerate(order)}
    renumbered = merges.copy()
    for row in renumbered:
        row[:2] = sorted(place.get(int(node), int(node)) for node in row[:2])
    return Clusters(
        tuple(items[n][0] for n in order),
        tuple(items[n][1] for n in order),
        tuple(len(items[n][2]) for n in order),
        tuple(numbers[label] for label in flat.tolist()),
        alike[np.ix_(order, order)],
        renumbered,
        measure,
    )


def read_items(published: Path, kind: str) -> list[tuple[str, str, list[str]]]:
    """Accounts or themes of the published file with their texts: own posts of registered accounts.

    Raises:
        SuaraError: Nothing has been published yet.
    """
    with open_published(published) as con:
        return con.execute(f"with {FRAME} {_ITEMS[kind]}", [LEAST_POSTS]).fetchall()


def write_clusters(found: Clusters, target: Path) -> list[Path]:
    """Write items with their clusters, the similarity of all pairs, and the tree as a picture; no text of a post.

    Args:
        found: What was clustered.
        target: Ends in .csv; the others lie beside it.

    Returns:
        The files written.
    """
    pairs = target.with_name(f"{target.stem}.pairs.csv")
    tree = target.with_name(f"{target.stem}.svg")
    rows = zip(found.items, found.names, found.posts, found.clusters, strict=True)
    _write(target, ("item", "name", "posts", "cluster"), rows)
    count = range(len(found.items))
    alike = sorted((-found.similarity[i, j], found.items[i], found.items[j]) for i in count for j in count if i < j)
    _write(pairs, ("item", "other_item", found.measure), ((a, b, f"{-value:.6f}") for value, a, b in alike))
    with replacing(tree) as temporary:
        temporary.write_text(draw(found), encoding="utf-8")
    return [target, pairs, tree]


def _write(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with replacing(path) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(names)
            writer.writerows(rows)


def draw(found: Clusters) -> str:
    """The tree as SVG: items below each other, joined where they are merged; left is alike, right is different."""
    row, width, label = 22, 420, 300
    height = row * len(found.items) + 50
    furthest = max(float(found.merges[:, 2].max()), 1e-9)

    def across(distance: float) -> float:
        return label + distance / furthest * width

    colours = ("#0b6e6e", "#c98a2b", "#3d5a80", "#9c3d54", "#5b7f2b", "#6b4c9a")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {label + width + 20} {height}" '
        'font-family="system-ui, Liberation Sans, sans-serif" font-size="12">',
        f"<title>Word similarity ({escape(found.measure)}), complete linkage</title>",
    ]
    nodes: dict[int, tuple[float, float]] = {}
    for n, (item, name, number) in enumerate(zip(found.items, found.names, found.clusters, strict=True)):
        y = 20 + row * n
        nodes[n] = (across(0), y)
        text = name if name.startswith("@") else f"{item}  {name}"
        parts.append(
            f'<text x="{label - 8}" y="{y + 4}" text-anchor="end" fill="{colours[number % len(colours)]}">'
            f"{escape(text if len(text) <= 44 else text[:43] + '…')} ({number})</text>"
        )
    for n, (left, right, distance, _) in enumerate(found.merges, len(found.items)):
        (x1, y1), (x2, y2) = nodes[int(left)], nodes[int(right)]
        x = across(float(distance))
        parts.append(
            f'<path d="M{x1:.1f} {y1:.1f}H{x:.1f}V{y2:.1f}H{x2:.1f}" fill="none" stroke="#566270" stroke-width="1.2"/>'
        )
        nodes[n] = (x, (y1 + y2) / 2)
    base = 20 + row * len(found.items)
    for share in (0.0, 0.5, 1.0):
        distance = share * furthest
        parts.append(f'<text x="{across(distance):.1f}" y="{base + 14}" text-anchor="middle">{1 - distance:.2f}</text>')
    parts.append(f'<text x="{label}" y="{base + 28}">similarity ({escape(found.measure)})</text></svg>')
    return "\n".join(parts) + "\n"
