"""How much more an account posted per day after than before, and when it changed.

Belongs here: estimators over months of counts with the days that were covered.
Does not belong here: which months, and what follows (`claims`, `verdicts`).

What holds its promise was tried on simulated accounts whose truth is known: `docs/explanation/claims.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.analysis.regression import NotEstimableError, negative_binomial

LEVEL = 0.95
# A likelihood ratio above 10 is called a change: of 93 months without one, it "finds" one in 4, 7 and 15 of 100 series
# (autocorrelation 0, 0.4, 0.7; bench/results/claims.md), because it looks at every month.
LEAST_LIKELIHOOD_RATIO = 10.0
# A step needs half a year on either side.
LEAST_MONTHS_BESIDE_A_STEP = 6
_MOST_AUTOCORRELATION = 0.9
# With 4 degrees of freedom t is 2.8, with 1 it is 12.7, which would say more of the formula than of the data. On
# simulated accounts 2, 3 and 4 hold the truth equally often (3,600 of them, 2026-11-26).
_LEAST_DEGREES = 4.0


@dataclass(frozen=True)
class Ratio:
    """A ratio with its interval.

    Attributes:
        estimate, low, high: The ratio and its 95 % interval.
        log_error: Standard error of its logarithm, autocorrelation included.
        degrees: Degrees of freedom of the t distribution that the interval rests on.
        rho: Autocorrelation of neighbouring months that inflates the error, 0 to 0.9.
        effective_n: Independent months that the months are worth.
    """

    estimate: float
    low: float
    high: float
    log_error: float
    degrees: float
    rho: float
    effective_n: float

    def p_value(self, null: float) -> float:
        """Two-sided, against the ratio being `null`."""
        from scipy.special import stdtr

        t = (np.log(self.estimate) - np.log(null)) / self.log_error
        return float(2 * stdtr(self.degrees, -abs(t)))


@dataclass(frozen=True)
class Step:
    """The likeliest single change of a series.

    Attributes:
        position: Index of the first month after it.
        ratio: Rate after ÷ rate before.
        likelihood_ratio: Divided by dispersion and autocorrelation; above `LEAST_LIKELIHOOD_RATIO` it is a change.
    """

    position: int
    ratio: float
    likelihood_ratio: float

    @property
    def is_change(self) -> bool:
        return self.likelihood_ratio > LEAST_LIKELIHOOD_RATIO


def autocorrelation(residuals: np.ndarray, months: np.ndarray, means: int = 1) -> float:
    """Lag-1 autocorrelation of residuals, corrected for its bias in short series, within 0 and 0.9.

    Args:
        residuals: One per month, about 0 on average.
        months: Running number of each month: a pair counts where the second follows the first directly.
        means: How many means were fitted before: with k of them it comes out too low by (k+(k+2)rho)/n on average.

    Source of the correction for one mean, rho + (1+3rho)/n: Marriott and Pope (1954), Biometrika 41:390.
    """
    n, total = len(residuals), float(np.sum(residuals**2))
    if total == 0 or n < 3:
        return 0.0
    follows = np.diff(months) == 1
    rho = float(np.sum((residuals[:-1] * residuals[1:])[follows])) / total
    rho += (means + (means + 2) * rho) / n
    return min(max(rho, 0.0), _MOST_AUTOCORRELATION)


def _degrees(sides: list[tuple[float, float]]) -> float:
    """Welch's degrees of freedom of a sum of variances, each with the independent months that it rests on."""
    spread = sum(part**2 / max(n - 1, 0.1) for part, n in sides)
    return max(sum(part for part, _ in sides) ** 2 / spread, _LEAST_DEGREES) if spread > 0 else _LEAST_DEGREES


def _ratio(log_ratio: float, error: float, rho: float, effective_n: float, degrees: float) -> Ratio:
    from scipy.special import stdtrit

    half = float(stdtrit(degrees, (1 + LEVEL) / 2)) * error
    low, high = np.exp(log_ratio - half), np.exp(log_ratio + half)
    return Ratio(float(np.exp(log_ratio)), float(low), float(high), error, degrees, rho, effective_n)


def _check(counts: np.ndarray, after: np.ndarray) -> None:
    for side, name in ((~after, "before"), (after, "after")):
        if side.sum() < 3:
            raise NotEstimableError(f"{int(side.sum())} months {name}")
        if counts[side].sum() == 0:
            raise NotEstimableError(f"no post {name}")


def rate_ratio(counts: np.ndarray, days: np.ndarray, after: np.ndarray, months: np.ndarray) -> Ratio:
    """Posts per covered day after ÷ before, by a negative binomial regression of the months.

    Args:
        counts: Posts of each covered month, in the order of time.
        days: Days of the month that were covered.
        after: True for months after, False for months before.
        months: Running number of each month.

    Neighbouring months are alike, and each is worth less than an independent one. The variance of each side is
    inflated by what an AR(1) drift of its length does to a mean, for the share of the variance that is drift; the
    noise of single posts does not carry over to the next month. In a long series without such noise that is
    (1+rho)/(1-rho). The interval rests on t with Welch's degrees of freedom for the independent months that each side
    is worth: 18 months before are few, however many come after. How often it holds the truth:
    `bench/results/claims.md`.

    Raises:
        NotEstimableError: Fewer than three months, or no post, on one side.
    """
    counts, after = np.asarray(counts, dtype=float), np.asarray(after, dtype=bool)
    _check(counts, after)
    n = len(counts)
    design = np.column_stack([np.ones(n), after])
    fit = negative_binomial(counts, design, np.asarray(days, dtype=float))
    drift = fit.alpha * fit.fitted**2
    residuals = (counts - fit.fitted) / np.sqrt(fit.fitted + drift)
    rho = autocorrelation(residuals, months, means=2)
    share = float(np.mean(drift / (fit.fitted + drift)))
    behind = min(rho / max(share, 1e-9), _MOST_AUTOCORRELATION)
    weight = fit.fitted / (1 + fit.alpha * fit.fitted)
    parts = []
    for side in (after, ~after):
        inflation = 1 + share * (_inflation(behind, int(side.sum())) - 1)
        parts.append((inflation / float(weight[side].sum()), float(side.sum()) / inflation))
    # n/(n-2): the likelihood takes no account of the two means
    error = float(np.sqrt(sum(part for part, _ in parts) * n / (n - 2)))
    return _ratio(float(fit.coefficients[1]), error, rho, sum(worth for _, worth in parts), _degrees(parts))


def _inflation(rho: float, n: int) -> float:
    """How many times the variance of a mean of `n` AR(1) months is that of independent ones."""
    return (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**n) / (n * (1 - rho) ** 2)


def welch_ratio(counts: np.ndarray, days: np.ndarray, after: np.ndarray, months: np.ndarray) -> Ratio:
    """The same ratio from the means of monthly rates, without a distribution: a cross-check.

    Delta method on the logarithms, Welch's degrees of freedom, both for as many independent months as there are
    effective ones.

    Raises:
        NotEstimableError: Fewer than three months, or no post, on one side.
    """
    counts, after = np.asarray(counts, dtype=float), np.asarray(after, dtype=bool)
    _check(counts, after)
    rates = counts / np.asarray(days, dtype=float)
    means = np.where(after, rates[after].mean(), rates[~after].mean())
    rho = autocorrelation((rates - means) / means, months, means=2)
    inflation = (1 + rho) / (1 - rho)
    parts = []
    for side in (after, ~after):
        n = max(side.sum() / inflation, 2.0)
        parts.append((rates[side].var(ddof=1) / rates[side].mean() ** 2 / n, n))
    variance, degrees = sum(part for part, _ in parts), _degrees(parts)
    log_ratio = float(np.log(rates[after].mean() / rates[~after].mean()))
    return _ratio(log_ratio, max(float(np.sqrt(variance)), 1e-9), rho, len(counts) / inflation, degrees)


def likeliest_step(counts: np.ndarray, days: np.ndarray, months: np.ndarray) -> Step | None:
    """The single change of the daily rate that fits best; None where the series is too short.

    A Poisson likelihood ratio over every possible month, divided by the dispersion and the inflation by
    autocorrelation that are left when the step is taken out. One step, not many: methods that look for several find
    one in 89 of 100 autocorrelated series that have none.
    """
    counts, days = np.asarray(counts, dtype=float), np.asarray(days, dtype=float)
    n, margin = len(counts), LEAST_MONTHS_BESIDE_A_STEP
    if n < 2 * margin or counts.sum() == 0:
        return None

    def likelihood(events: np.ndarray, time: np.ndarray) -> np.ndarray:
        return np.where(events > 0, events * np.log(np.maximum(events, 1e-300) / time), 0.0)

    before, before_days = np.cumsum(counts)[:-1], np.cumsum(days)[:-1]
    later, later_days = counts.sum() - before, days.sum() - before_days
    gain = 2 * (likelihood(before, before_days) + likelihood(later, later_days))
    gain -= 2 * likelihood(counts.sum(), days.sum())
    first, last = margin - 1, n - margin - 1
    best = first + int(np.argmax(np.round(gain[first : last + 1], 9)))
    rates = np.where(np.arange(n) <= best, before[best] / before_days[best], later[best] / later_days[best])
    fitted = np.maximum(rates * days, 1e-9)
    residuals = (counts - fitted) / np.sqrt(fitted)
    dispersion = max(float(np.sum(residuals**2)) / (n - 2), 1.0)
    rho = autocorrelation(residuals, months, means=2)
    statistic = float(gain[best]) / (dispersion * (1 + rho) / (1 - rho))
    old, new = before[best] / before_days[best], later[best] / later_days[best]
    return Step(best + 1, float(new / old) if old > 0 else float("inf"), statistic)
