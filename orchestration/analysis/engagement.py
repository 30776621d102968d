"""Whether posts with a partner in them are received differently from other posts of the same time and kind.

Belongs here: estimators over posts with their counts.
Does not belong here: which posts, who is a partner, and what follows (`claims`, `verdicts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.analysis.codes import numbered_together, renumbered
from orchestration.analysis.coincidence import mid_ranks
from orchestration.analysis.regression import NotEstimableError, negative_binomial_by_cluster, poisson_by_cluster
from orchestration.analysis.volume import LEVEL

# Values of a covariate with fewer posts than this are one: a dummy for three posts is noise.
LEAST_POSTS_OF_A_VALUE = 30
# Permutations times posts.
_WORK, _MOST, _LEAST = 2_000_000, 1999, 499
# A draw of how many posts of one rank costs as much as ten draws of a post (150 and 15 ns, measured 2026-11-27).
_TIES = 10


@dataclass(frozen=True)
class Lift:
    """How many times the engagement of comparable posts the posts with a partner have.

    Attributes:
        estimate, low, high: The ratio of means and its 95 % interval.
        log_error: Standard error of its logarithm.
        groups: Months, within which posts may depend on each other.
    """

    estimate: float
    low: float
    high: float
    log_error: float
    groups: int

    def p_value(self, null: float) -> float:
        """Two-sided, against the ratio being `null`."""
        from scipy.special import stdtr

        t = (np.log(self.estimate) - np.log(null)) / self.log_error
        return float(2 * stdtr(self.groups - 1, -abs(t)))


@dataclass(frozen=True)
class WithinStrata:
    """The comparison by ranks within strata.

    Attributes:
        p_value: Of the permutation test, two-sided.
        delta: Cliff's delta (-1 to 1), averaged over strata.
        median_ratio: Weighted medians with ÷ without; None where the latter is 0.
        posts: Posts in strata that hold both.
    """

    p_value: float
    delta: float
    median_ratio: float | None
    posts: int


def merged(values: np.ndarray) -> np.ndarray:
    """Values as numbers 0 … k-1, rare ones as one."""
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    rare = sizes < LEAST_POSTS_OF_A_VALUE
    if rare.sum() > 1:
        codes = renumbered(np.where(rare, -1, np.arange(len(sizes)))[codes])
    return codes


def lift(
    counts: np.ndarray,
    treated: np.ndarray,
    covariates: dict[str, np.ndarray],
    months: np.ndarray,
    *,
    negative_binomial: bool = False,
) -> Lift:
    """Ratio of mean counts, with and without, by Poisson pseudo-likelihood with the covariates as dummies.

    Args:
        counts: Likes or the like, one per post, 0 or more.
        treated: True where the post has a partner.
        covariates: Codes 0 … k-1 per post, by name.
        months: Codes 0 … k-1 of the month: errors allow any dependence within one.
        negative_binomial: NB2 instead: it weighs posts by a law of their variance, which may be wrong, where Poisson
            needs none; a check, 20 times as slow.

    A value of a covariate whose posts have no count at all is left out: it fits any ratio.

    Raises:
        NotEstimableError: The two kinds of post never meet, or one of them has no count at all.
    """
    from scipy.special import stdtrit

    counts = np.asarray(counts, dtype=float)
    keep = np.ones(len(counts), dtype=bool)
    for codes in covariates.values():
        keep &= np.bincount(codes, weights=counts)[codes] > 0
    counts, treated, months = counts[keep], np.asarray(treated, dtype=bool)[keep], months[keep]
    codes_by_name = {name: renumbered(codes[keep]) for name, codes in covariates.items()}
    if not treated.any() or treated.all():
        raise NotEstimableError("all posts are of one kind")
    if counts[treated].sum() == 0 or counts[~treated].sum() == 0:
        raise NotEstimableError("one kind of post has no engagement at all")
    # Posts that agree in everything are one row: the same estimate and errors, at a hundredth of the size.
    posts = np.column_stack([treated.astype(int), renumbered(months), *codes_by_name.values()])
    cell = numbered_together(*posts.T)
    cells = np.zeros((int(cell.max()) + 1, posts.shape[1]), dtype=int)
    cells[cell] = posts
    columns = [np.ones(len(cells)), cells[:, 0]]
    for position in range(len(codes_by_name)):
        codes = cells[:, 2 + position]
        columns += [codes == value for value in range(1, int(codes.max()) + 1)]
    design = np.column_stack(columns).astype(float)
    without, asked = np.delete(design, 1, axis=1), design[:, 1]
    told = without.T @ asked
    unexplained = asked.sum() - told @ np.linalg.pinv(without.T @ without, hermitian=True) @ told
    if unexplained < 1e-6 * len(cells):
        raise NotEstimableError("no posts with and without a partner are comparable")
    if negative_binomial:
        fit = negative_binomial_by_cluster(counts, design[cell], cells[cell, 1])
    else:
        fit = poisson_by_cluster(np.bincount(cell, weights=counts), design, np.bincount(cell), cells[:, 1], len(counts))
    groups = int(cells[:, 1].max()) + 1
    error = float(np.sqrt(fit.covariance[1, 1]))
    if not error > 0:
        raise NotEstimableError("the error of the ratio cannot be told")
    half = float(stdtrit(max(groups - 1, 1), (1 + LEVEL) / 2)) * error
    value = float(fit.coefficients[1])
    return Lift(float(np.exp(value)), float(np.exp(value - half)), float(np.exp(value + half)), error, groups)


def within_strata(counts: np.ndarray, treated: np.ndarray, strata: np.ndarray, seed: int) -> WithinStrata | None:
    """Permutation test of ranks within strata (van Elteren's statistic), Cliff's delta and medians; None without strata
    that hold both kinds of post.

    Args:
        counts, treated: As for `lift`, in a fixed order: the permutations are drawn with `seed`.
        strata: Codes of the stratum of each post.

    Source: van Elteren (1960), Bulletin of the International Statistical Institute 37:351; Cliff (1993), Psychological
    Bulletin 114:494.
    """
    random = np.random.default_rng(seed)
    order = np.argsort(strata, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(strata[order])) + 1)
    parts = [p for p in parts if 0 < treated[p].sum() < len(p)]
    posts = sum(len(p) for p in parts)
    if not posts:
        return None
    draws = min(max(_WORK // posts, _LEAST), _MOST)
    observed, drawn = 0.0, np.zeros(draws)
    weights, deltas, with_partner, without = [], [], [], []
    for part in parts:
        ranks, mine = mid_ranks(counts[part]), treated[part]
        n, k = len(part), int(mine.sum())
        expected = k * (n + 1) / 2
        total = ranks[mine].sum()
        observed += (total - expected) / (n + 1)
        drawn += (drawn_sums(ranks, k, draws, random) - expected) / (n + 1)
        weights.append(k * (n - k) / n)
        deltas.append(2 * (total - k * (k + 1) / 2) / (k * (n - k)) - 1)
        with_partner.append(np.median(counts[part][mine]))
        without.append(np.median(counts[part][~mine]))
    # 1e-9: sums in another order are still ties
    extreme = int(np.sum(np.abs(drawn) >= abs(observed) - 1e-9))
    base = float(np.dot(weights, without))
    return WithinStrata(
        p_value=(extreme + 1) / (draws + 1),
        delta=float(np.average(deltas, weights=weights)),
        median_ratio=float(np.dot(weights, with_partner)) / base if base > 0 else None,
        posts=posts,
    )


def drawn_sums(ranks: np.ndarray, k: int, draws: int, random: np.random.Generator) -> np.ndarray:
    """Sums of the ranks of k posts drawn at random, again and again; shape (draws,)."""
    n = len(ranks)
    different, sizes = np.unique(ranks, return_counts=True)
    if _TIES * len(different) < n:
        # How many of each rank are drawn, not which posts: the same law.
        return random.multivariate_hypergeometric(sizes, k, size=draws, method="marginals") @ different
    # The smaller side is drawn; the sum of all ranks gives the other.
    fewer = min(k, n - k)
    sums = np.empty(draws)
    chunk = max(1, 2_000_000 // n)
    for begin in range(0, draws, chunk):
        size = min(chunk, draws - begin)
        chosen = np.argpartition(random.random((size, n)), fewer - 1, axis=1)[:, :fewer]
        sums[begin : begin + size] = ranks[chosen].sum(axis=1)
    return sums if fewer == k else ranks.sum() - sums
