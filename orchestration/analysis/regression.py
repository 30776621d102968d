"""Two regressions of counts, in numpy: Poisson with errors by cluster, and negative binomial (NB2).

Belongs here: fitting, and the covariance of what was fitted.
Does not belong here: what the columns of a design mean.

statsmodels gives the same (the tests compare them); importing it takes 1.2 s of CPU, more than all claims of the demo
(measured 2026-11-26).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_MOST_STEPS = 100
# Change of the linear predictor at which a fit is done: steps shrink as squares, what is left is below any digit shown.
_DONE = 1e-8


class NotEstimableError(ValueError):
    """The data say nothing about the coefficient; the message says why."""


@dataclass(frozen=True)
class Fit:
    """A fitted regression with log link.

    Attributes:
        coefficients: One per column of the design, on the log scale.
        covariance: Of the coefficients, columns × columns.
        fitted: Expected counts, one per row.
        alpha: Dispersion of NB2 (variance = mean + alpha × mean²); 0 for Poisson.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    fitted: np.ndarray
    alpha: float = 0.0


def _irls(counts: np.ndarray, design: np.ndarray, offset: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and expected counts by iteratively reweighted least squares, for a known dispersion."""
    mean = np.maximum(counts, 0.1 * counts.mean() + 1e-9)
    linear = np.log(mean) - offset
    for _ in range(_MOST_STEPS):
        weight = mean / (1 + alpha * mean)
        working = linear + (counts - mean) / mean
        scaled = design * weight[:, None]
        # pinv: dummies of rare categories may repeat each other; the column that is asked about is checked apart
        coefficients = np.linalg.pinv(scaled.T @ design, hermitian=True) @ (scaled.T @ working)
        before, linear = linear, np.clip(design @ coefficients, -50, 50)
        mean = np.exp(linear + offset)
        if np.max(np.abs(linear - before)) < _DONE:
            break
    return coefficients, mean


def poisson_by_cluster(
    counts: np.ndarray, design: np.ndarray, exposure: np.ndarray, clusters: np.ndarray, observations: int
) -> Fit:
    """Poisson pseudo-likelihood with a covariance that allows any dependence within a cluster.

    Rows may be sums over posts with the same columns and cluster: coefficients and covariance are those of the posts.

    Args:
        counts: Sums of the counts, one per row; any values of 0 or more, they need not follow a Poisson law.
        design: Rows × columns.
        exposure: Posts in each row.
        clusters: Cluster of each row, 0 … G-1.
        observations: Posts in all, for the small-sample factor.

    Source: Santos Silva and Tenreyro (2006), Review of Economics and Statistics 88:641; the factor
    G/(G-1) × (n-1)/(n-k) is the usual one (Cameron and Miller 2015, Journal of Human Resources 50:317).
    """
    counts, design = np.asarray(counts, dtype=float), np.asarray(design, dtype=float)
    coefficients, mean = _irls(counts, design, np.log(exposure), 0.0)
    bread = np.linalg.pinv((design * mean[:, None]).T @ design, hermitian=True)
    group_count = int(clusters.max()) + 1
    scores = np.zeros((group_count, design.shape[1]))
    np.add.at(scores, clusters, design * (counts - mean)[:, None])
    factor = group_count / max(group_count - 1, 1) * (observations - 1) / max(observations - design.shape[1], 1)
    return Fit(coefficients, bread @ (scores.T @ scores) @ bread * factor, mean)


def negative_binomial_by_cluster(counts: np.ndarray, design: np.ndarray, clusters: np.ndarray) -> Fit:
    """NB2 of single posts with a covariance that allows any dependence within a cluster, at the fitted dispersion.

    Posts may not be summed here, as they may for Poisson. The factor is that of `poisson_by_cluster`.
    """
    design = np.asarray(design, dtype=float)
    fit = negative_binomial(counts, design, np.ones(len(design)))
    counts = np.asarray(counts, dtype=float)
    # the observed information: it holds where the law of the variance does not
    weight = fit.fitted * (1 + fit.alpha * counts) / (1 + fit.alpha * fit.fitted) ** 2
    bread = np.linalg.pinv((design * weight[:, None]).T @ design, hermitian=True)
    group_count, n = int(clusters.max()) + 1, len(design)
    scores = np.zeros((group_count, design.shape[1]))
    np.add.at(scores, clusters, design * ((counts - fit.fitted) / (1 + fit.alpha * fit.fitted))[:, None])
    factor = group_count / max(group_count - 1, 1) * (n - 1) / max(n - design.shape[1], 1)
    return Fit(fit.coefficients, bread @ (scores.T @ scores) @ bread * factor, fit.fitted, fit.alpha)


def negative_binomial(counts: np.ndarray, design: np.ndarray, exposure: np.ndarray) -> Fit:
    """NB2 by maximum likelihood: the dispersion by a golden-section search over its profile, 1e-6 to 50.

    The covariance is that of the coefficients at the fitted dispersion (both are asymptotically independent).

    Source: Lawless (1987), Canadian Journal of Statistics 15:209.
    """
    from scipy.special import gammaln  # 0.3 s of CPU: only when there is something to fit

    counts, design = np.asarray(counts, dtype=float), np.asarray(design, dtype=float)
    offset = np.log(exposure)

    def minus_likelihood(log_alpha: float) -> float:
        alpha = np.exp(log_alpha)
        _, mean = _irls(counts, design, offset, alpha)
        size = 1 / alpha
        terms = gammaln(counts + size) - gammaln(size) + counts * np.log(alpha * mean)
        return -float(np.sum(terms - (counts + size) * np.log1p(alpha * mean)))

    low, high, golden = np.log(1e-6), np.log(50.0), (np.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = minus_likelihood(left), minus_likelihood(right)
    while high - low > 1e-5:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = minus_likelihood(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = minus_likelihood(right)
    alpha = float(np.exp((low + high) / 2))
    coefficients, mean = _irls(counts, design, offset, alpha)
    weight = mean / (1 + alpha * mean)
    return Fit(coefficients, np.linalg.pinv((design * weight[:, None]).T @ design, hermitian=True), mean, alpha)
