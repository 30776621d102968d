"""Formulas that compare how often words stand somewhere.

Belongs here: numbers in, numbers out. Does not belong here: counting (`corpus`).

Sources: T. Dunning 1993, Accurate methods for the statistics of surprise and coincidence, Computational Linguistics
19(1) (G2); A. Hardie 2014, Log Ratio (the size of a difference beside G2, which grows with the size of the corpus);
G. Bouma 2009, Normalized (pointwise) mutual information in collocation extraction, GSCL (NPMI).
"""

from __future__ import annotations

import math


def log_likelihood(count: int, total: int, other_count: int, other_total: int) -> float:
    """G2 of a word in two sets of words: how sure it is that its shares differ. Above 15.13, p is below 0.0001.

    Args:
        count: How often the word stands in the one set.
        total: Words of this set, all together.
        other_count: How often it stands in the other set.
        other_total: Words of the other set.
    """
    observed = (count, other_count, total - count, other_total - other_count)
    share = (count + other_count) / (total + other_total)
    expected = (total * share, other_total * share, total * (1 - share), other_total * (1 - share))
    return max(0.0, 2 * sum(o * math.log(o / e) for o, e in zip(observed, expected, strict=True) if o))


def log_ratio(count: int, total: int, other_count: int, other_total: int) -> float:
    """How many times the share of a word doubles from the other set to the one: 1 is twice as frequent, -1 half.

    A word that one set lacks counts there as half a word: nothing can be divided by zero.
    """
    return math.log2(((count or 0.5) / total) / ((other_count or 0.5) / other_total))


def npmi(together: int, one: int, other: int, total: int) -> float:
    """Normalised pointwise mutual information: 1 only together, 0 as chance lets them, towards -1 apart."""
    if together >= total:
        return 0.0
    if not together:
        return -1.0
    return math.log(together * total / (one * other)) / -math.log(together / total)
