"""Claims about simulated accounts whose truth is known: how often an interval holds it, how often a test cries wolf.

Belongs here: making such accounts, and counting. Does not belong here: estimators (`orchestration.analysis`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from orchestration.analysis.coincidence import lagged, rank_correlation
from orchestration.analysis.engagement import lift, within_strata
from orchestration.analysis.verdicts import Span, cap
from orchestration.analysis.volume import likeliest_step, rate_ratio, welch_ratio

RESULTS = Path(__file__).parent / "results" / "claims.md"
# July 2015 to March 2023, as the study; 18 months of them before 2017.
MONTHS, BEFORE = 93, 18
DAYS = np.tile([31.0, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 28.0, 31.0, 30.0, 31.0, 30.0], 8)[:MONTHS]
NUMBERS = np.arange(MONTHS)
AFTER = NUMBERS >= BEFORE


def monthly_counts(random: np.random.Generator, rho: float, ratio: float, *, daily: float = 1.0, spread: float = 0.5):
    """Posts per month: a rate that drifts (AR(1) on the log scale, standard deviation `spread`), Poisson around it."""
    noise = np.empty(MONTHS)
    noise[0] = random.normal(0, spread)
    for month in range(1, MONTHS):
        noise[month] = rho * noise[month - 1] + random.normal(0, spread * np.sqrt(1 - rho**2))
    return random.poisson(daily * DAYS * np.where(AFTER, ratio, 1.0) * np.exp(noise - spread**2 / 2))


@dataclass(frozen=True)
class Posts:
    """Posts of one account: engagement, whether a partner is in it, and what goes with both."""

    counts: np.ndarray
    partner: np.ndarray
    years: np.ndarray
    months: np.ndarray
    media: np.ndarray
    languages: np.ndarray

    @property
    def covariates(self) -> dict[str, np.ndarray]:
        return {"year": self.years, "media": self.media, "language": self.languages}

    @property
    def strata(self) -> np.ndarray:
        return (self.years * 2 + self.media) * 2 + self.languages


def posts_of_an_era(random: np.random.Generator, effect: float, size: int = 2500) -> Posts:
    """Followers grow, and with them engagement; partners are in more posts of later years and of posts with media."""
    months = np.sort(random.integers(0, 96, size))
    years = months // 12
    media, languages = (random.random(size) < 0.5).astype(int), (random.random(size) < 0.4).astype(int)
    partner = random.random(size) < 0.05 + 0.05 * years + 0.1 * media
    month_effect = random.normal(0, 0.3, 96)[months]
    log_mean = 1.5 + 0.25 * years + 0.4 * media - 0.2 * languages + month_effect + np.log(effect) * partner
    mean = np.exp(log_mean) * random.gamma(0.8, 1 / 0.8, size)
    return Posts(random.poisson(mean), partner, years, months, media, languages)


def newest(limit: int, random: np.random.Generator) -> np.ndarray:
    """Posts per month of an account that never changes (2 a day), of which only the newest `limit` were captured."""
    counts = random.poisson(2.0 * DAYS)
    left = limit
    for month in reversed(range(MONTHS)):
        counts[month] = min(counts[month], left)
        left -= counts[month]
    return counts


def volume_lines(simulations: int) -> list[str]:
    """Coverage of the 95 % intervals, and alarms of the scan for a change."""
    lines = ["| autocorrelation | true ratio | NB2 × AR(1) | Welch × AR(1) | median width | a change found |"]
    lines.append("|---:|---:|---:|---:|---:|---:|")
    for ratio in (2.0, 1.0):
        for rho in (0.0, 0.4, 0.7):
            random = np.random.default_rng(int(1000 * rho + 10 * ratio))
            held, welch, widths, steps = 0, 0, [], 0
            for _ in range(simulations):
                counts = monthly_counts(random, rho, ratio)
                found = rate_ratio(counts, DAYS, AFTER, NUMBERS)
                held += found.low <= ratio <= found.high
                widths.append(found.high / found.low)
                other = welch_ratio(counts, DAYS, AFTER, NUMBERS)
                welch += other.low <= ratio <= other.high
                step = likeliest_step(counts, DAYS, NUMBERS)
                steps += step is not None and step.is_change
            lines.append(
                f"| {rho:g} | {ratio:g} | {held / simulations:.1%} | {welch / simulations:.1%} | "
                f"{np.median(widths):.1f} | {steps / simulations:.1%} |"
            )
    return lines


def engagement_lines(simulations: int) -> list[str]:
    """How often a test rejects "no difference", and how often the interval holds the true ratio."""
    lines = ["| true ratio | naive comparison says yes | adjusted (PPML) | permutation | both | interval holds it |"]
    lines.append("|---:|---:|---:|---:|---:|---:|")
    for effect in (1.0, 1.4):
        random = np.random.default_rng(int(100 * effect))
        naive, adjusted, ranks, both, held = 0, 0, 0, 0, 0
        for number in range(simulations):
            posts = posts_of_an_era(random, effect)
            naive += naive_p(posts) < 0.05
            found = lift(posts.counts, posts.partner, posts.covariates, posts.months)
            within = within_strata(posts.counts, posts.partner, posts.strata, seed=number)
            says, also = found.p_value(1) < 0.05, within is not None and within.p_value < 0.05
            adjusted, ranks, both = adjusted + says, ranks + also, both + (says and also)
            held += found.low <= effect <= found.high
        shares = " | ".join(f"{n / simulations:.1%}" for n in (naive, adjusted, ranks, both, held))
        lines.append(f"| {effect:g} | {shares} |")
    return lines


def naive_p(posts: Posts) -> float:
    """What a study does by hand: all posts with a partner against all without, by ranks."""
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(posts.counts[posts.partner], posts.counts[~posts.partner]).pvalue)


def coincidence_lines(simulations: int) -> list[str]:
    """Two series of eight years that have nothing to do with each other, but each has a trend."""
    random = np.random.default_rng(7)
    plain, differenced = 0, 0
    for _ in range(simulations):
        first, second = (np.arange(8) * 0.5 + random.normal(0, 1, 8) for _ in range(2))
        p, q = rank_correlation(first, second, 1), rank_correlation(np.diff(first), np.diff(second), 1)
        plain += p.p_value is not None and p.p_value < 0.05
        differenced += plain_and(p.p_value, q.p_value)
    return [
        "| two unrelated series with a trend, 8 years | |",
        "|---|---:|",
        f"| correlated at 5 % | {plain / simulations:.1%} |",
        f"| and their changes, too (what `supported` asks for) | {differenced / simulations:.1%} |",
    ]


def lag_lines(simulations: int) -> list[str]:
    """Two monthly series that have nothing to do with each other, looked at with lags of three months either way."""
    random = np.random.default_rng(8)
    lines = ["| months | trend | as they are | changes |", "|---:|---|---:|---:|"]
    for months in (36, MONTHS):
        for trend in (0.0, 3.0):
            found = np.zeros(2)
            for n in range(simulations):
                noise = np.zeros((2, months))
                for month in range(1, months):
                    noise[:, month] = 0.4 * noise[:, month - 1] + random.normal(0, 1, 2)
                first, second = noise + np.linspace(0, trend, months)
                for position, (one, other) in enumerate(((first, second), (np.diff(first), np.diff(second)))):
                    found[position] += lagged(one, other, range(-3, 4), seed=n).p_value < 0.05
            told = "yes" if trend else "no"
            lines.append(f"| {months} | {told} | {found[0] / simulations:.0%} | {found[1] / simulations:.0%} |")
    return lines


def capped_lines() -> list[str]:
    """An account that posts 2 a day, always, of which the newest 3,200 posts were captured."""
    counts = newest(3_200, np.random.default_rng(1))
    years = (2015 * 12 + 6 + NUMBERS) // 12
    first = years[np.flatnonzero(counts)[0]]
    start = date(int(first), int((6 + np.flatnonzero(counts)[0]) % 12) + 1, 2)
    found = cap([Span(start, 3_200, is_census=False)], None, 3_200)
    per_year = ", ".join(f"{year}: {counts[years == year].sum()}" for year in range(first, 2023))
    return [
        f"Posts per year: {per_year}. Verdict on any growth: not testable, {found.en if found else 'nothing found'}."
    ]


def plain_and(first: float | None, second: float | None) -> bool:
    """Whether both are below 0.05."""
    return first is not None and second is not None and first < 0.05 and second < 0.05


def report(simulations: int) -> str:
    """All of it as Markdown."""
    started = time.process_time()
    parts = [
        f"# Claims about simulated accounts: {simulations:,} of each kind",
        "`python -m bench --claims --write`; seeded, the same numbers each time. With 1,000 simulations a share of 95 "
        "% is known to ±1.4 points, one of 5 % too.",
        "## Volume: 93 months, 18 of them before, about 1 post a day, rates that drift (standard deviation 0.5)\n\n"
        "How many of the 95 % intervals hold the true ratio (aim 93 to 97 %); how often the scan finds a change.",
        "\n".join(volume_lines(simulations)),
        "## Engagement: 2,500 posts of 8 years; followers grow, and so does the share of posts with a partner\n\n"
        "How often each way says that posts with a partner are received differently. With a true ratio of 1 every yes "
        "is wrong (aim: 6 % at most).",
        "\n".join(engagement_lines(simulations)),
        "## Coincidence",
        "\n".join(coincidence_lines(simulations)),
        f"Two unrelated monthly series, autocorrelation 0.4, the strongest of seven lags, {max(simulations // 10, 1)} "
        "of each: how often the corrected p is below 5 %. Only changes can support a claim.",
        "\n".join(lag_lines(max(simulations // 10, 1))),
        "## A cap: the newest 3,200 posts of an account that never changed",
        "\n".join(capped_lines()),
        f"Took {time.process_time() - started:.0f} s of CPU.",
    ]
    return "\n\n".join(parts) + "\n"
