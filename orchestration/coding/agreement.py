"""How far coders agree with each other, and rules with coders: coefficients with 95 % intervals, plain or weighted.

Belongs here: formulas over arrays of codes, each with its source.
Does not belong here: files, themes, thresholds and verdicts.

Every figure can be weighted. A stratified sample shows posts of one kind more often than they occur; a plain
figure over it is a figure of the sample, not of the posts. With Horvitz-Thompson weights (posts in the stratum
for each post coded) it is a figure of the posts again.

The intervals, and why these (decision 0014 has the simulations):

- A proportion has Wilson's score interval (Wilson 1927): it stays inside 0 to 1 and does not collapse to nothing
  when all agree. Weighted, Wilson's formula takes the effective number of posts that the design variance implies
  (Franco, Little, Louis and Slud 2019, J. Survey Statistics and Methodology 7:334), never more than were coded.
- Kappa, alpha and AC1 are (observed - expected) / (1 - expected) agreement. Their variance is the linearised one
  over strata, which is the published analytic variance where there are no weights (Gwet 2014, Handbook of
  Inter-Rater Reliability, ch. 5). It is put to Wilson's formula on the scale of observed agreement, so that the
  interval ends at 1 and keeps a width at perfect agreement, where a bootstrap and the normal interval have none.
- Weighted recall and F1 are 1 / (1 + missed / found): the interval is that of a ratio of two shares (MOVER-R:
  Donner and Zou 2012, Statistical Methods in Medical Research 21:347). A sample in which no missed post
  turned up still leaves room for the ones that it did not show; a bootstrap does not.

Nothing here is random: the same codes give the same figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# 97.5 % point of the normal distribution: two-sided 95 %.
Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval.

    Args:
        value: The figure; None where it is not defined (nothing to count, or no variation at all).
        low: Lower end of the interval; None with `value`.
        high: Upper end; None with `value`.
        n: Posts that the figure rests on, not weighted.
        standard_error: Linearised, over strata; None where the interval is made without it (F1, weighted recall).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    standard_error: float | None = None


@dataclass(frozen=True)
class Design:
    """How the posts were drawn.

    Args:
        weights: Shape (posts,). Posts that one coded post stands for: population / coded, per stratum.
        strata: Shape (posts,). The stratum of each post, any labels.
    """

    weights: np.ndarray
    strata: np.ndarray

    @classmethod
    def equal(cls, posts: int) -> Design:
        """A simple random sample: weight 1, one stratum."""
        return cls(np.ones(posts), np.zeros(posts, dtype=int))

    @property
    def is_plain(self) -> bool:
        return len(set(self.strata.tolist())) <= 1 and len(set(self.weights.tolist())) <= 1


@dataclass(frozen=True)
class RuleFigures:
    """Rules against the agreed code, for one theme."""

    precision: Estimate
    recall: Estimate
    f1: Estimate


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share of `n` posts (Wilson 1927, JASA 22:209).

    Args:
        share: Between 0 and 1.
        n: Posts, or the effective number of them; above 0.
    """
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    # At 0 and 1 the formula gives the very end, but for the last digit of a float.
    return (0.0 if share <= 0 else max(0.0, centre - half)), (1.0 if share >= 1 else min(1.0, centre + half))


def percent_agreement(codes: Any, design: Design | None = None) -> Estimate:
    """Share of pairs of coders who gave a post the same code, averaged over the posts with two codes or more.

    Args:
        codes: Shape (posts, coders); numbers as names, NaN where a coder did not code the post.
        design: How the posts were drawn; None for a simple random sample.
    """
    table = _Table(codes, design)
    return _proportion(table.agreeing, table.paired, table.design)


def cohens_kappa(codes: Any, design: Design | None = None) -> Estimate:
    """Cohen's kappa of two coders (Cohen 1960, Educational and Psychological Measurement 20:37).

    Args:
        codes: Shape (posts, 2); posts that only one of them coded are left out.
        design: How the posts were drawn.

    Raises:
        ValueError: There are not two coders.
    """
    table = _Table(codes, design)
    if table.codes.shape[1] != 2:
        raise ValueError(f"Cohen's kappa: expected two coders; found {table.codes.shape[1]}; take alpha.")
    q = len(table.categories)
    first, second = table.marks[:, 0, :], table.marks[:, 1, :]
    cells = (first[:, :, None] * second[:, None, :]).reshape(len(first), q * q)

    def observed(totals: np.ndarray) -> Any:
        return np.trace(totals.reshape(q, q)) / totals.sum()

    def expected(totals: np.ndarray) -> Any:
        square = totals.reshape(q, q) / totals.sum()
        return (square.sum(0) * square.sum(1)).sum()

    return _chance_corrected(cells, observed, expected, table)


def krippendorffs_alpha(codes: Any, design: Design | None = None) -> Estimate:
    """Krippendorff's alpha for nominal codes, any number of coders, codes may be missing.

    By coincidences (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability), with his correction for small
    samples. Weights are scaled to the number of posts, so that the correction stays that of the sample.

    Args:
        codes: Shape (posts, coders); NaN where a coder did not code the post. Posts with one code do not count.
        design: How the posts were drawn.
    """
    table = _Table(codes, design)
    q = len(table.categories)
    pairs = table.counts[:, :, None] * (table.counts[:, None, :] - np.eye(q)[None, :, :])
    others = np.where(table.paired, table.coders - 1, 1)
    cells = np.where(table.paired[:, None], pairs.reshape(len(pairs), q * q) / others[:, None], 0.0)

    def observed(totals: np.ndarray) -> Any:
        return np.trace(totals.reshape(q, q)) / totals.sum()

    def expected(totals: np.ndarray) -> Any:
        of_category, n = totals.reshape(q, q).sum(1), totals.sum()
        return (of_category * (of_category - 1)).sum() / (n * (n - 1))

    return _chance_corrected(cells, observed, expected, table)


def gwets_ac1(codes: Any, design: Design | None = None, categories: Sequence[float] | None = None) -> Estimate:
    """Gwet's AC1, any number of coders, codes may be missing (Gwet 2008, Br. J. Math. Stat. Psychology 61:29).

    Stands beside kappa because kappa falls towards 0 where a theme is rare, however well coders agree.

    Args:
        codes: Shape (posts, coders); NaN where a coder did not code the post.
        design: How the posts were drawn.
        categories: Codes that could have been given; the ones that were, if None. For a theme (0, 1): expected
            agreement depends on how many there are.
    """
    table = _Table(codes, design, categories)
    q = len(table.categories)
    rated = table.coders > 0
    shares = np.where(rated[:, None], table.counts / np.where(rated, table.coders, 1)[:, None], 0.0)
    cells = np.column_stack([np.where(table.paired, table.agreeing, 0.0), table.paired, rated, shares]).astype(float)

    def observed(totals: np.ndarray) -> Any:
        return totals[0] / totals[1]

    def expected(totals: np.ndarray) -> Any:
        share = totals[3:] / totals[2]
        return (share * (1 - share)).sum() / (q - 1)

    return _chance_corrected(cells, observed, expected, table) if q > 1 else _undefined(int(table.paired.sum()))


def precision_recall_f1(agreed: Any, predicted: Any, design: Design | None = None) -> RuleFigures:
    """Rules against the agreed code of the same posts.

    Precision: of the posts to which the rules gave the theme, the share that has it. Recall: of the posts that have
    it, the share to which the rules gave it. F1: their harmonic mean, 2 TP / (2 TP + FP + FN).

    Args:
        agreed: Shape (posts,); True where people agreed that the post has the theme.
        predicted: Shape (posts,); True where the rules gave the theme.
        design: How the posts were drawn.
    """
    agreed, predicted = np.asarray(agreed, dtype=bool), np.asarray(predicted, dtype=bool)
    design = design or Design.equal(len(agreed))
    both, either = agreed & predicted, agreed | predicted
    precision = _proportion(both, predicted, design)
    if design.is_plain:
        # Of the posts with the theme on either side, the share with both; F1 rises with it: F1 = 2 J / (1 + J).
        recall, jaccard = _proportion(both, agreed, design), _proportion(both, either, design)
        return RuleFigures(precision, recall, _through(jaccard, lambda share: 2 * share / (1 + share)))
    return RuleFigures(
        precision,
        _found_share(both, agreed & ~predicted, design, scale=1.0),
        _found_share(both, agreed ^ predicted, design, scale=0.5),
    )


class _Table:
    """Codes as counts per post and category; rows stay in place, so that they line up with the design."""

    def __init__(self, codes: Any, design: Design | None, categories: Sequence[float] | None = None) -> None:
        self.codes = np.asarray(codes, dtype=float)
        if self.codes.ndim != 2:
            raise ValueError(f"codes: expected a table of posts and coders; found {self.codes.ndim} dimension(s).")
        self.design = design or Design.equal(len(self.codes))
        given = np.unique(self.codes[~np.isnan(self.codes)])
        self.categories = given if categories is None else np.asarray(categories, dtype=float)
        if not set(given.tolist()) <= set(self.categories.tolist()):
            raise ValueError(f"codes: expected {list(self.categories)}; found {list(given)}.")
        self.marks = (self.codes[:, :, None] == self.categories[None, None, :]).astype(float)
        self.counts = self.marks.sum(1)
        self.coders = self.counts.sum(1)
        self.paired = self.coders >= 2
        pairs = np.where(self.paired, self.coders * (self.coders - 1), 1)
        self.agreeing = np.where(self.paired, (self.counts * (self.counts - 1)).sum(1) / pairs, 0.0)


def _undefined(n: int) -> Estimate:
    return Estimate(None, None, None, n)


def _through(estimate: Estimate, rising: Callable[[float], float]) -> Estimate:
    """The same estimate on another scale."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    return Estimate(rising(estimate.value), rising(estimate.low), rising(estimate.high), estimate.n)


def _design_variance(parts: np.ndarray, strata: np.ndarray) -> float:
    """Variance of a sum of independent parts, drawn within strata; no correction for a finite population.

    A stratum with one post tells nothing of its spread: its part counts against the mean of all.
    """
    total = 0.0
    for stratum in np.unique(strata):
        of_stratum = parts[strata == stratum]
        n = len(of_stratum)
        if n == 1:
            total += float((of_stratum[0] - parts.mean()) ** 2)
        else:
            total += float(n / (n - 1) * ((of_stratum - of_stratum.mean()) ** 2).sum())
    return total


def _score_interval(share: float, variance: float, weights: np.ndarray, posts: int) -> tuple[float, float]:
    """Wilson's interval with the effective number of posts.

    Args:
        share: The weighted share.
        variance: Its design variance.
        weights: Of the posts that the share is of.
        posts: Rows of the whole table; takes the factor n / (n - 1) out again, so that plain weights give plain Wilson.
    """
    n = len(weights)
    if 0 < share < 1 and variance > 0 and posts > 1:
        effective = min(float(n), share * (1 - share) / variance * posts / (posts - 1))
    else:
        # Nothing varies in the sample: what unequal weights alone leave (Kish 1965).
        effective = float(weights.sum() ** 2 / (weights**2).sum())
    return wilson(min(max(share, 0.0), 1.0), effective)


def _proportion(values: np.ndarray, domain: np.ndarray, design: Design) -> Estimate:
    """Weighted mean of values between 0 and 1 over the posts of a domain."""
    n = int(domain.sum())
    if n == 0:
        return _undefined(0)
    weights = design.weights * domain
    share = float((weights * values).sum() / weights.sum())
    variance = _design_variance(weights * (values - share) / weights.sum(), design.strata)
    low, high = _score_interval(share, variance, design.weights[domain], len(domain))
    return Estimate(share, low, high, n, math.sqrt(variance))


def _gradient(function: Callable[[np.ndarray], Any], totals: np.ndarray) -> np.ndarray:
    """Derivatives by complex steps, exact to the last digits (Squire and Trapp 1998, SIAM Review 40:110)."""
    step = 1e-20
    found = np.empty(len(totals))
    for place in range(len(totals)):
        moved = totals.astype(complex)
        moved[place] += 1j * step
        found[place] = np.imag(function(moved)) / step
    return found


def _chance_corrected(
    cells: np.ndarray, observed: Callable[[np.ndarray], Any], expected: Callable[[np.ndarray], Any], table: _Table
) -> Estimate:
    """(observed - expected) / (1 - expected) of weighted totals, with its interval."""
    n = int(table.paired.sum())
    if n == 0:
        return _undefined(0)
    weights = table.design.weights * (n / table.design.weights[table.paired].sum())
    totals = (weights[:, None] * cells).sum(0)
    by_chance = float(expected(totals))
    room = 1 - by_chance
    if room < 1e-12:  # one code for everything: agreement beyond chance is not defined
        return _undefined(n)

    def coefficient(at: np.ndarray) -> Any:
        return (observed(at) - expected(at)) / (1 - expected(at))

    value, share = float(coefficient(totals)), float(observed(totals))
    variance = _design_variance(weights * (cells @ _gradient(coefficient, totals)), table.design.strata)
    # On the scale of observed agreement, expected agreement held, and back.
    low, high = _score_interval(share, variance * room**2, weights[table.paired], len(cells))
    return Estimate(value, (low - by_chance) / room, (high - by_chance) / room, n, math.sqrt(variance))


def _found_share(found: np.ndarray, missed: np.ndarray, design: Design, scale: float) -> Estimate:
    """1 / (1 + scale * missed / found), its interval from those of two shares of all posts (MOVER-R)."""
    n = int((found | missed).sum())
    everything = np.ones(len(found), dtype=bool)
    first, second = _proportion(found, everything, design), _proportion(missed, everything, design)
    if n == 0 or first.value is None or second.value is None:
        return _undefined(n)
    if first.value >= second.value:  # the larger one below, so that nothing is divided by 0
        ratio, low, high = _ratio(second, first)
        return Estimate(1 / (1 + scale * ratio), 1 / (1 + scale * high), 1 / (1 + scale * low), n)
    ratio, low, high = _ratio(first, second)
    return Estimate(ratio / (ratio + scale), low / (low + scale), high / (high + scale), n)


def _ratio(above: Estimate, below: Estimate) -> tuple[float, float, float]:
    """Ratio of two estimates with its interval (Donner and Zou 2012, equation 9)."""
    a, la, ua = above.value, above.low, above.high
    b, lb, ub = below.value, below.low, below.high
    assert a is not None and la is not None and ua is not None
    assert b is not None and lb is not None and ub is not None
    product = a * b
    # The lower end is written so that it holds where the upper end of `below` is twice its value.
    lower_root = math.sqrt(max(0.0, product**2 - la * ub * (2 * a - la) * (2 * b - ub)))
    low = la * (2 * a - la) / (product + lower_root) if la > 0 else 0.0
    upper_root = math.sqrt(max(0.0, product**2 - ua * lb * (2 * a - ua) * (2 * b - lb)))
    high = (product + upper_root) / (lb * (2 * b - lb))
    return a / b, max(0.0, low), high
