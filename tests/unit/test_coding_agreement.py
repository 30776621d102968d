"""Coefficients of agreement: published values, figures by hand, and intervals that hold what they promise."""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestration.coding.agreement import (
    Design,
    cohens_kappa,
    gwets_ac1,
    krippendorffs_alpha,
    percent_agreement,
    precision_recall_f1,
    wilson,
)

NAN = math.nan

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example C: four observers, twelve units.
# The same codes are `cac.raw4raters` of irrCAC and an example of Gwet 2014.
FOUR_OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


def from_cells(cells: list[list[int]]) -> np.ndarray:
    """Codes of two coders from their cross table."""
    return np.array([(i, j) for i, row in enumerate(cells) for j, n in enumerate(row) for _ in range(n)], dtype=float)


# ---------- published values


def test_alpha_is_that_of_krippendorffs_examples() -> None:
    assert krippendorffs_alpha(FOUR_OBSERVERS).value == pytest.approx(0.743, abs=5e-4)
    # Example B: Meg and Owen, five categories; example A: two observers, binary.
    letters = np.array([["abcde".index(c) for c in coder] for coder in ("aabbdcccedda", "babbbccceddd")], dtype=float)
    assert krippendorffs_alpha(letters.T).value == pytest.approx(0.692, abs=5e-4)
    binary = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]])
    assert krippendorffs_alpha(binary.T).value == pytest.approx(0.095, abs=5e-4)


def test_ac1_is_gwets_with_missing_codes() -> None:
    # README of irrCAC (kgwet/irrCAC @ 00b8451), cac.raw4raters: 0.77544 (observed 0.8181818, by chance 0.1903212).
    found = gwets_ac1(FOUR_OBSERVERS)
    assert (found.value, found.n) == (pytest.approx(0.77544, abs=5e-6), 11)
    assert found.value == pytest.approx((0.8181818 - 0.1903212) / (1 - 0.1903212), abs=5e-7)
    assert found.value == pytest.approx(ac1_by_counting(FOUR_OBSERVERS))
    assert percent_agreement(FOUR_OBSERVERS).value == pytest.approx(0.8181818)
    assert krippendorffs_alpha(FOUR_OBSERVERS).value == pytest.approx(0.74342, abs=5e-6)


def ac1_by_counting(codes: np.ndarray) -> float:
    """Gwet 2014, ch. 4, in plain loops over pairs of coders: nothing in common with the code that it judges."""
    posts = [row for row in ([code for code in row if not math.isnan(code)] for row in codes.tolist()) if row]
    categories = sorted({code for row in posts for code in row})
    double = [list(itertools.permutations(row, 2)) for row in posts if len(row) > 1]
    observed = sum(sum(a == b for a, b in pairs) / len(pairs) for pairs in double) / len(double)
    shares = [sum(row.count(one) / len(row) for row in posts) / len(posts) for one in categories]
    by_chance = sum(share * (1 - share) for share in shares) / (len(categories) - 1)
    return (observed - by_chance) / (1 - by_chance)


# README of irrCAC, distrib.6raters: how many of six psychiatrists gave each of 15 patients each of five diagnoses.
SIX_PSYCHIATRISTS = (
    *("00060", "03003", "01401", "00006", "03030", "20400", "00402", "20310"),
    *("20040", "00006", "10050", "11040", "03300", "10050", "02031"),
)


def test_many_coders_are_those_of_irrcac() -> None:
    codes = np.array([[n for n, times in enumerate(row) for _ in range(int(times))] for row in SIX_PSYCHIATRISTS])
    assert percent_agreement(codes).value == pytest.approx(0.5511111, abs=5e-8)
    assert gwets_ac1(codes).value == pytest.approx(0.4448007, abs=5e-8)
    assert krippendorffs_alpha(codes).value == pytest.approx(0.4204384, abs=5e-8)


def test_kappa_is_cohens_and_that_of_the_vignette() -> None:
    # Cohen 1960, table 1; irrCAC's vignette "overview", cont3x3abstractors: 0.7964094 with standard error 0.05891072
    # (which divides by n where ours divides by n - 1).
    assert cohens_kappa(from_cells([[88, 14, 18], [10, 40, 10], [2, 6, 12]])).value == pytest.approx(0.492, abs=5e-4)
    found = cohens_kappa(from_cells([[13, 0, 0], [0, 20, 7], [0, 4, 56]]))
    assert found.value == pytest.approx(0.7964094, abs=5e-8)
    assert found.standard_error * math.sqrt(99 / 100) == pytest.approx(0.05891072, abs=5e-9)
    # The same table there: AC1 0.8493305, alpha 0.7972585.
    table = from_cells([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    assert gwets_ac1(table).value == pytest.approx(0.8493305, abs=5e-8)
    assert krippendorffs_alpha(table).value == pytest.approx(0.7972585, abs=5e-8)


def test_kappa_falls_where_a_theme_is_rare_and_ac1_does_not() -> None:
    # By hand: agreement 118/125; kappa's chance (123*120 + 2*5)/125^2; AC1's 2 * 0.972 * 0.028.
    codes = from_cells([[118, 5], [2, 0]])
    assert percent_agreement(codes).value == pytest.approx(0.944)
    assert cohens_kappa(codes).value == pytest.approx((0.944 - 0.94528) / (1 - 0.94528))
    assert gwets_ac1(codes).value == pytest.approx((0.944 - 0.054432) / (1 - 0.054432))


def test_wilson_is_that_of_scipy_and_of_newcombe() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263, and 0 of 20.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    stats = pytest.importorskip("scipy.stats")
    for hits, n in ((0, 7), (7, 7), (1, 30), (85, 90), (150, 400)):
        expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def random_tables() -> list[np.ndarray]:
    """Codes of two coders on 20 to 400 posts: two to five codes, rare ones, agreement from none to nearly all."""
    rng = np.random.default_rng(6)
    tables = []
    for _ in range(60):
        categories, posts = int(rng.integers(2, 6)), int(rng.integers(20, 400))
        first = rng.choice(categories, posts, p=rng.dirichlet(np.ones(categories)))
        first[:2] = (0, 1)  # of one code alone there is nothing to say
        second = np.where(rng.random(posts) < rng.random(), first, rng.choice(categories, posts))
        tables.append(np.column_stack([first, second]))
    return tables


def test_kappa_is_that_of_statsmodels_and_of_scikit_learn() -> None:
    inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
    metrics = pytest.importorskip("sklearn.metrics")
    for codes in random_tables():
        ours, n = cohens_kappa(codes), len(codes)
        cells = np.zeros((5, 5), dtype=int)
        np.add.at(cells, tuple(codes.T), 1)
        used = np.flatnonzero(cells.sum(0) + cells.sum(1))
        theirs = inter_rater.cohens_kappa(cells[np.ix_(used, used)])
        assert ours.value == pytest.approx(theirs.kappa, abs=1e-9)
        assert ours.value == pytest.approx(metrics.cohen_kappa_score(*codes.T), abs=1e-9)
        assert ours.standard_error * math.sqrt((n - 1) / n) == pytest.approx(theirs.std_kappa, abs=1e-9)


def test_ac1_is_that_of_plain_counting() -> None:
    rng = np.random.default_rng(7)
    for codes in random_tables():
        with_gaps = np.where(rng.random(codes.shape) < 0.1, NAN, codes)
        assert gwets_ac1(with_gaps).value == pytest.approx(ac1_by_counting(with_gaps), abs=1e-9)


def test_wilson_is_that_of_statsmodels() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for hits, n in ((0, 7), (7, 7), (1, 30), (85, 90), (150, 400), (3, 2_000)):
        assert wilson(hits / n, n) == pytest.approx(proportion.proportion_confint(hits, n, method="wilson"), abs=1e-9)


def test_precision_recall_and_f1_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(8)
    for codes in random_tables():
        agreed, predicted = codes[:, 0] == 0, codes[:, 1] == 0
        for design in (None, Design(rng.uniform(1, 9, len(codes)), rng.integers(0, 3, len(codes)))):
            found = precision_recall_f1(agreed, predicted, design)
            expected = metrics.precision_recall_fscore_support(
                agreed, predicted, average="binary", zero_division=np.nan, sample_weight=design and design.weights
            )
            # Where nothing was found or nothing is there, we say so and scikit-learn has a value by convention.
            for ours, theirs in zip((found.precision, found.recall, found.f1), expected, strict=False):
                assert ours.value is None or ours.value == pytest.approx(theirs, abs=1e-9)
            if agreed.any() and predicted.any():
                assert None not in (found.precision.value, found.recall.value, found.f1.value)


@pytest.mark.realdata
def test_alpha_of_two_coders_is_the_published_one(shared_data: Path, real_package: Callable[[str], Path]) -> None:
    expected = json.loads((shared_data / "expected" / "dictvector_tw_annot_reliability.json").read_text("utf-8"))
    with open(next(real_package("dictvector_tw_annot").rglob("tw_annot.csv")), encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    for code in ("ane", "ppc"):
        codes = np.array([[float(row[f"{code}_A"]), float(row[f"{code}_B"])] for row in rows])
        alpha = krippendorffs_alpha(codes)
        assert alpha.n == expected["double_coded"]
        assert round(alpha.value, 2) == expected["published_alpha"][code]
        assert alpha.value == pytest.approx(expected[code]["krippendorff_alpha_nominal"], abs=1e-6)
        assert cohens_kappa(codes).value == pytest.approx(expected[code]["cohen_kappa"], abs=1e-6)
        both = codes[~np.isnan(codes).any(axis=1)]
        found = precision_recall_f1(both[:, 0] == 1, both[:, 1] == 1)
        assert found.precision.value == pytest.approx(expected[code]["precision_of_B_against_A"], abs=1e-6)
        assert found.recall.value == pytest.approx(expected[code]["recall_of_B_against_A"], abs=1e-6)


# ---------- precision, recall, F1


def test_plain_figures_are_counts_with_wilson_intervals() -> None:
    agreed = [True] * 40 + [False] * 60
    predicted = [True] * 30 + [False] * 10 + [True] * 5 + [False] * 55
    found = precision_recall_f1(agreed, predicted)
    assert (found.precision.value, found.precision.n) == (30 / 35, 35)
    assert (found.precision.low, found.precision.high) == pytest.approx(wilson(30 / 35, 35))
    assert (found.recall.value, found.recall.low, found.recall.high) == pytest.approx((0.75, *wilson(0.75, 40)))
    assert found.f1.value == pytest.approx(60 / 75)
    assert found.f1.low < 60 / 75 < found.f1.high


def test_nothing_to_count_has_no_figure() -> None:
    nothing = precision_recall_f1([False] * 9, [False] * 9)
    assert (nothing.precision.value, nothing.recall.value, nothing.f1.value) == (None, None, None)
    weighted = precision_recall_f1([False] * 4, [False] * 4, Design(np.array([1, 1, 9, 9]), np.array([0, 0, 1, 1])))
    assert (weighted.recall.value, weighted.f1.value, weighted.recall.n) == (None, None, 0)
    assert krippendorffs_alpha([[0, 0]] * 9).value is None
    assert cohens_kappa([[NAN, 1], [1, NAN]]).n == 0


def test_kappa_of_three_coders_is_refused() -> None:
    with pytest.raises(ValueError, match="expected two coders; found 3"):
        cohens_kappa([[0, 1, 1]])


# ---------- weights


def planted(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """20,000 posts: 12 % have the theme, the rules find 68 % of them and are right in 80 %."""
    agreed = rng.random(20_000) < 0.12
    predicted = np.where(agreed, rng.random(20_000) < 0.68, rng.random(20_000) < 0.0232)
    return agreed, predicted


def half_from_predicted(predicted: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, Design]:
    """400 posts, half of them from those that the rules chose."""
    sides = [np.flatnonzero(predicted), np.flatnonzero(~predicted)]
    taken = np.concatenate([rng.choice(side, 200, replace=False) for side in sides])
    return taken, Design(np.repeat([len(side) / 200 for side in sides], 200), np.repeat([1, 0], 200))


def test_weights_bring_a_planted_recall_back_where_the_plain_figure_is_wrong() -> None:
    rng = np.random.default_rng(4)
    agreed, predicted = planted(rng)
    truth = (agreed & predicted).sum() / agreed.sum()
    plain, weighted, held = [], [], 0
    for _ in range(200):
        taken, design = half_from_predicted(predicted, rng)
        plain.append(precision_recall_f1(agreed[taken], predicted[taken]).recall.value)
        found = precision_recall_f1(agreed[taken], predicted[taken], design).recall
        weighted.append(found.value)
        held += found.low <= truth <= found.high
    assert truth == pytest.approx(0.68, abs=0.02)
    assert np.mean(plain) > 0.93
    assert np.mean(weighted) == pytest.approx(truth, abs=0.02)
    assert held >= 184  # 95 % of 200, less two standard errors


def test_weights_bring_the_agreement_of_all_posts_back() -> None:
    # 100 posts with 80 % agreement stand for 100, 100 posts with 98 % agreement for 9,900.
    codes = np.vstack([from_cells([[30, 10], [10, 50]]), from_cells([[96, 1], [1, 2]])])
    design = Design(np.repeat([1.0, 99.0], 100), np.repeat([0, 1], 100))
    found = percent_agreement(codes, design)
    assert found.value == pytest.approx(0.01 * 0.8 + 0.99 * 0.98)
    assert found.low < found.value < found.high
    one = 0.01 * 0.6 + 0.99 * 0.03  # by hand; both coders gave 1 equally often
    by_chance = one**2 + (1 - one) ** 2
    assert cohens_kappa(codes, design).value == pytest.approx((found.value - by_chance) / (1 - by_chance))
    expected_ac1 = 2 * one * (1 - one)
    assert gwets_ac1(codes, design).value == pytest.approx((found.value - expected_ac1) / (1 - expected_ac1))


def test_equal_weights_change_nothing() -> None:
    times_seven = Design(np.full(12, 7.0), np.zeros(12))
    for figure in (percent_agreement, krippendorffs_alpha, gwets_ac1):
        plain, weighted = figure(FOUR_OBSERVERS), figure(FOUR_OBSERVERS, times_seven)
        assert (weighted.value, weighted.low, weighted.high) == pytest.approx((plain.value, plain.low, plain.high))


# ---------- intervals


def test_perfect_agreement_still_has_an_interval() -> None:
    codes = from_cells([[50, 0], [0, 10]])
    for figure in (percent_agreement, cohens_kappa, krippendorffs_alpha, gwets_ac1):
        found = figure(codes)
        assert (found.value, found.high) == (pytest.approx(1), pytest.approx(1))
        assert found.low < 0.95


def test_a_sample_that_missed_nothing_leaves_room_for_what_it_did_not_show() -> None:
    # All 40 posts with the theme are among the 50 chosen ones; 50 of 9,950 others were looked at, none has it.
    agreed, predicted = np.repeat([True, False, False], [40, 10, 50]), np.repeat([True, False], 50)
    design = Design(np.repeat([1.0, 199.0], 50), np.repeat([1, 0], 50))
    found = precision_recall_f1(agreed, predicted, design).recall
    assert found.value == 1
    assert found.low < 0.1  # 50 posts say little about 9,950


@pytest.mark.parametrize("figure", [cohens_kappa, krippendorffs_alpha, gwets_ac1])
def test_95_of_100_intervals_hold_the_truth(figure: Callable) -> None:
    rng = np.random.default_rng(5)

    def coded(posts: int) -> np.ndarray:
        has = rng.random(posts) < 0.12
        return np.column_stack(
            [np.where(has, rng.random(posts) < 0.9, rng.random(posts) < 0.015) for _ in range(2)]
        ).astype(float)

    truth = figure(coded(400_000)).value
    held = sum(found.low <= truth <= found.high for found in (figure(coded(100)) for _ in range(400)))
    assert 366 <= held <= 396  # 95 %, less three and plus four standard errors
