"""Whether two short series rise and fall together, and what is left of it when both trends are taken out.

Belongs here: the rank correlation of a few years, exact.
Does not belong here: which series, and what follows (`claims`, `verdicts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from orchestration.analysis.volume import LEVEL

# 8! = 40,320 permutations; 9! would take ten times as long for a p that differs in the third digit.
MOST_EXACT = 8
_DRAWN = 19_999
# Months that stay together when a series of months is permuted.
MONTHS_OF_BLOCK = 6
_BLOCK_DRAWS = 1_999


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation.

    Attributes:
        rho: -1 to 1; None where one of the series does not change.
        low, high: 95 % interval of Bonett and Wright; None with fewer than 4 pairs.
        p_value: Two-sided, by permutation.
        n: Pairs.
    """

    rho: float | None
    low: float | None
    high: float | None
    p_value: float | None
    n: int


@dataclass(frozen=True)
class Lagged:
    """The strongest of several lags.

    Attributes:
        rho: Its rank correlation, -1 to 1.
        lag: Months by which the second series follows the first there.
        p_value: Two-sided, by permutation of blocks, corrected for how many lags were looked at.
        by_lag: Every lag with its correlation.
    """

    rho: float
    lag: int
    p_value: float
    by_lag: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Coincidence:
    """Two series as they are, their changes from one period to the next, and their distances from a straight line."""

    plain: RankCorrelation
    differenced: RankCorrelation
    detrended: RankCorrelation


def mid_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks 1 … n; equal values share the mean of theirs. (scipy.stats has it, at 0.5 s of CPU for the import.)"""
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(sizes) - (sizes - 1) / 2)[codes]


def rank_correlation(first: np.ndarray, second: np.ndarray, seed: int) -> RankCorrelation:
    """Spearman's rho with the exact permutation p up to 8 pairs, sampled above (19,999 draws with `seed`).

    Source of the interval: Bonett and Wright (2000), Psychometrika 65:23.
    """
    n = len(first)
    if n < 3 or len(set(first)) < 2 or len(set(second)) < 2:
        return RankCorrelation(None, None, None, None, n)
    from scipy.special import ndtri

    # 9 digits: differences and residuals that are equal on paper are ties here, too
    left, right = mid_ranks(np.round(first, 9)), mid_ranks(np.round(second, 9))
    left, right = left - left.mean(), right - right.mean()
    if not left.any() or not right.any():
        return RankCorrelation(None, None, None, None, n)
    scale = float(np.sqrt((left @ left) * (right @ right)))
    rho = float(left @ right) / scale
    if n <= MOST_EXACT:
        orders = np.array(list(permutations(range(n))))
        p = float(np.mean(np.abs(right[orders] @ left) >= abs(rho) * scale - 1e-9))
    else:
        drawn = np.random.default_rng(seed).permuted(np.tile(right, (_DRAWN, 1)), axis=1) @ left
        p = (1 + int(np.sum(np.abs(drawn) >= abs(rho) * scale - 1e-9))) / (_DRAWN + 1)
    low = high = None
    if n >= 4:
        half = float(ndtri((1 + LEVEL) / 2)) * np.sqrt((1 + rho**2 / 2) / (n - 3))
        middle = np.arctanh(min(max(rho, -0.999999), 0.999999))
        low, high = float(np.tanh(middle - half)), float(np.tanh(middle + half))
    return RankCorrelation(rho, low, high, p, n)


def lagged(first: np.ndarray, second: np.ndarray, lags: Sequence[int], seed: int) -> Lagged:
    """The strongest rank correlation of two series of months over the declared lags, and how often chance does as well
    with as many lags to choose from.

    Both series are ranked once; at each lag the ranks of the months that overlap are correlated. The second series is
    cut into blocks of half a year, which keep what neighbouring months have in common, and its blocks are put in
    another order, 1,999 times.

    Args:
        first, second: One value per month, without a gap.
        lags: By how many months the second follows the first; negative: it goes before.

    Source: Westfall and Young (1993), Resampling-Based Multiple Testing (maximum over what was tried).
    """
    n = len(first)
    # 9 digits: differences that are equal on paper are ties here, too
    left, right = mid_ranks(np.round(first, 9)), mid_ranks(np.round(second, 9))

    def correlations(others: np.ndarray) -> np.ndarray:
        found = []
        for lag in lags:
            mine, theirs = left[max(-lag, 0) : n - max(lag, 0)], others[:, max(lag, 0) : n + min(lag, 0)]
            mine, theirs = mine - mine.mean(), theirs - theirs.mean(axis=1, keepdims=True)
            scale = np.sqrt((mine @ mine) * np.sum(theirs**2, axis=1))
            found.append(np.divide(theirs @ mine, scale, out=np.zeros(len(others)), where=scale > 0))
        return np.array(found)

    observed = correlations(right[None, :])[:, 0]
    best = int(np.argmax(np.abs(np.round(observed, 9))))
    generator = np.random.default_rng(seed)
    drawn = np.empty((_BLOCK_DRAWS, n))
    for row in drawn:
        turned = np.roll(right, int(generator.integers(n)))
        blocks = np.array_split(turned, max(n // MONTHS_OF_BLOCK, 1))
        row[:] = np.concatenate([blocks[i] for i in generator.permutation(len(blocks))])
    extreme = np.max(np.abs(correlations(drawn)), axis=0) >= abs(observed[best]) - 1e-9
    return Lagged(
        rho=float(observed[best]),
        lag=int(lags[best]),
        p_value=(1 + int(extreme.sum())) / (_BLOCK_DRAWS + 1),
        by_lag=tuple((int(lag), float(rho)) for lag, rho in zip(lags, observed, strict=True)),
    )


def coincide(first: np.ndarray, second: np.ndarray, times: np.ndarray, seed: int) -> Coincidence:
    """Two series of the same periods: as they are, differenced, detrended.

    Args:
        first, second: One value per period, in the order of time.
        times: The middle of each period, as a number.
    """
    first, second, times = (np.asarray(series, dtype=float) for series in (first, second, times))

    def residuals(series: np.ndarray) -> np.ndarray:
        line = np.column_stack([np.ones(len(times)), times - times.mean()])
        return series - line @ np.linalg.lstsq(line, series, rcond=None)[0]

    enough = len(times) >= 3
    return Coincidence(
        plain=rank_correlation(first, second, seed),
        differenced=rank_correlation(np.diff(first), np.diff(second), seed),
        detrended=rank_correlation(residuals(first), residuals(second), seed)
        if enough
        else RankCorrelation(None, None, None, None, len(times)),
    )
