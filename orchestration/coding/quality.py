"""How good the codebook is, by what people coded: coder against coder, and rules against the agreed code.

Belongs here: putting codes, sample and rules together, the thresholds of a verdict and why they are there.
Does not belong here: formulas (`agreement`), drawing and reading sheets.

The agreed code of a post and theme is the one entered under the name `agreed`; without it the one that all who coded
the post gave, also where only one did. Where they differ and nobody entered what they agreed on, there is none.
Posts that a machine chose for coding do not count: no weight makes them stand for others.
Posts that are no longer in the published file do not count: what was deleted stays deleted.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from orchestration.coding.agreement import (
    Design,
    Estimate,
    cohens_kappa,
    gwets_ac1,
    krippendorffs_alpha,
    percent_agreement,
    precision_recall_f1,
)
from orchestration.coding.manifest import Manifest
from orchestration.coding.sheets import AGREED, Code
from orchestration.contract import replacing

UNVALIDATED, TOO_FEW, WEAK, USABLE = "unvalidated", "too few", "weak", "usable"

# Posts coded by two people or more. With 150 the interval of alpha is some 0.3 wide at a share of 12 % (simulated
# 2026-11-26, decision 0014): the least at which "0.7 or more" says anything.
LEAST_DOUBLE_CODED = 150
# Posts that have the theme by the agreed code. With 30, a recall of 0.8 has an interval of 0.63 to 0.90 (Wilson).
LEAST_POSITIVE = 30
# Share of the posts that lie in strata of which something was coded: nothing is known of the others.
LEAST_COVERED = 0.95
# Krippendorff's alpha of the coders, and the lower end of its interval. Krippendorff (2004, Human Communication
# Research 30:411) wants 0.8, and 0.667 for tentative conclusions; 0.7 lies between. Below, people do not mean the
# same by the definition, and no rule can be right.
LEAST_ALPHA, LEAST_ALPHA_LOW = 0.70, 0.60
# Lower end of the interval of F1: at 0.7, of ten posts on which rules or people see the theme, both see it on five.
LEAST_F1_LOW = 0.70

MEASURES = ("agreement", "kappa", "alpha", "ac1", "precision", "recall", "f1")
COLUMNS = (
    "theme_code",
    "theme_name",
    "facet",
    "codebook_version",
    "sample_id",
    "sample_codebook_version",
    "comparison",
    "verdict",
    "reason",
    "coder_count",
    "disputed_count",
    "post_count",
    "positive_count",
    "covered_share",
    *(f"{measure}{end}" for measure in MEASURES for end in ("", "_low", "_high")),
)
_NONE = Estimate(None, None, None, 0)
_BINARY = (0.0, 1.0)


@dataclass(frozen=True)
class Figures:
    """One comparison for one theme; all figures weighted to the posts that the sample was drawn from.

    Args:
        post_count: Posts compared.
        positive_count: Posts to which a coder gave the theme; against rules, posts that have it by the agreed code.
        covered_share: Share of the population in strata with at least one compared post, 0 to 1.
    """

    post_count: int = 0
    positive_count: int = 0
    covered_share: float = 0.0
    agreement: Estimate = _NONE
    kappa: Estimate = _NONE
    alpha: Estimate = _NONE
    ac1: Estimate = _NONE
    precision: Estimate = _NONE
    recall: Estimate = _NONE
    f1: Estimate = _NONE


@dataclass(frozen=True)
class ThemeQuality:
    """One theme in one sample: what coders and rules did, and what follows.

    Args:
        codebook_version: Of the rules that were compared.
        sample_id: Empty where no sample holds the theme.
        sample_codebook_version: Whose definitions the coders had before them.
        disputed_count: Posts on which coders differ and nothing was agreed.
        verdict: unvalidated, too few, weak or usable.
        reason: Why, in words.
    """

    theme_code: str
    theme_name: str
    facet: str
    codebook_version: str
    sample_id: str = ""
    sample_codebook_version: str = ""
    coder_count: int = 0
    disputed_count: int = 0
    coders: Figures = Figures()
    rules: Figures = Figures()
    verdict: str = UNVALIDATED
    reason: str = "nobody has coded it"


def measure(
    connection: duckdb.DuckDBPyConnection, manifests: Mapping[str, Manifest], codes: Iterable[Code]
) -> list[ThemeQuality]:
    """Quality of every theme of the codebook, one entry per sample that holds it, or one without a sample.

    Args:
        connection: The published file or a warehouse, with the schema marts: its rules are compared, whatever version
            the sample was drawn with. A temporary table is made in it.
        manifests: Known samples by id.
        codes: What people coded; codes of unknown samples do not count.
    """
    given: dict[tuple[str, str], dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for code in codes:
        given[code.sample_id, code.theme_code][code.post_key][code.coder] = code.code
    themes = connection.execute(
        "select theme_code, theme_name, facet, codebook_version from marts.dim_themes order by all"
    ).fetchall()
    # As one list: a row at a time takes seconds for a few hundred posts.
    keys = sorted({post.post_key for manifest in manifests.values() for post in manifest.posts})
    connection.execute("create or replace temp table sampled as select unnest($1::varchar[]) as post_key", [keys])
    present = {
        key
        for (key,) in connection.execute(
            "select post_key from marts.fct_posts semi join sampled using (post_key)"
        ).fetchall()
    }
    by_rules = set(
        connection.execute(
            "select theme_code, codebook_version, post_key "
            "from marts.fct_post_themes semi join sampled using (post_key)"
        ).fetchall()
    )
    connection.execute("drop table sampled")
    found = []
    for theme in themes:
        samples = [m for m in manifests.values() if theme[0] in m.themes and not m.is_chosen]
        for manifest in samples:
            posts = {key: by for key, by in given[manifest.sample_id, theme[0]].items() if key in present}
            predicted = {key for key in posts if (theme[0], theme[3], key) in by_rules}
            found.append(_quality(theme, manifest, posts, predicted))
        if not samples:
            found.append(ThemeQuality(*theme))
    return found


def agreed_code(by_coder: Mapping[str, int]) -> int | None:
    """The agreed code of one post and theme; None where coders differ and have not agreed yet."""
    if AGREED in by_coder:
        return by_coder[AGREED]
    codes = set(by_coder.values())
    return codes.pop() if len(codes) == 1 else None


def _quality(
    theme: Sequence[str], manifest: Manifest, posts: Mapping[str, Mapping[str, int]], predicted: set[str]
) -> ThemeQuality:
    coders = sorted({coder for by in posts.values() for coder in by} - {AGREED})
    own = {key: {coder: code for coder, code in by.items() if coder != AGREED} for key, by in posts.items()}
    double = [key for key, by in own.items() if len(by) >= 2]
    agreed: dict[str, int] = {}
    disputed = 0
    for key, by in posts.items():
        if (code := agreed_code(by)) is None:
            disputed += 1
        else:
            agreed[key] = code

    human, machine = Figures(), Figures()
    if double:
        design, covered = _design(manifest, double)
        table = np.array([[own[key].get(coder, np.nan) for coder in coders] for key in double], dtype=float)
        positive = int((np.nansum(table, axis=1) > 0).sum())
        human = Figures(len(double), positive, covered, **_agreement(table, design))
    if agreed:
        keys = list(agreed)
        design, covered = _design(manifest, keys)
        people = np.array([agreed[key] for key in keys], dtype=float)
        rules = np.array([key in predicted for key in keys], dtype=float)
        against = precision_recall_f1(people == 1, rules == 1, design)
        machine = Figures(
            len(keys),
            int(people.sum()),
            covered,
            **_agreement(np.column_stack([people, rules]), design),
            precision=against.precision,
            recall=against.recall,
            f1=against.f1,
        )
    verdict, reason = judge(human, machine, len(coders), disputed)
    return ThemeQuality(
        *theme,
        sample_id=manifest.sample_id,
        sample_codebook_version=manifest.codebook_version,
        coder_count=len(coders),
        disputed_count=disputed,
        coders=human,
        rules=machine,
        verdict=verdict,
        reason=reason,
    )


def _agreement(table: np.ndarray, design: Design) -> dict[str, Estimate]:
    return {
        "agreement": percent_agreement(table, design),
        # Cohen's kappa is one of two coders; alpha and AC1 stand for more.
        "kappa": cohens_kappa(table, design) if table.shape[1] == 2 else _NONE,
        "alpha": krippendorffs_alpha(table, design),
        "ac1": gwets_ac1(table, design, _BINARY),
    }


def _design(manifest: Manifest, keys: Sequence[str]) -> tuple[Design, float]:
    """Weights of the posts that were compared, and the share of the population that they stand for.

    The weight is that of the compared posts, not of the drawn ones: who codes from the top down leaves a random
    rest uncoded in every stratum.
    """
    of_post = {post.post_key: post.stratum for post in manifest.posts}
    strata = np.array([of_post[key] for key in keys])
    compared = np.bincount(strata, minlength=len(manifest.strata))
    population = np.array([stratum.population for stratum in manifest.strata])
    covered = float(population[compared > 0].sum() / population.sum())
    return Design(population[strata] / compared[strata], strata), covered


def judge(coders: Figures, rules: Figures, coder_count: int, disputed: int) -> tuple[str, str]:
    """The verdict on a theme and its reason in words.

    `unvalidated`: no second coder, or differences nobody has settled. `too few`: not enough for a verdict. `weak`:
    people do not agree enough, or the rules do not agree enough with them. `usable`: its share may be shown as a
    finding.
    """
    if coder_count == 0:
        return UNVALIDATED, "nobody has coded it"
    if coders.post_count == 0:
        return UNVALIDATED, "nobody else has coded the same posts"
    if disputed:
        return (
            UNVALIDATED,
            f"coders differ on {disputed:,} posts and have not agreed yet (import a sheet of `{AGREED}`)",
        )
    if coders.post_count < LEAST_DOUBLE_CODED:
        return TOO_FEW, f"{coders.post_count:,} posts were coded twice; {LEAST_DOUBLE_CODED} are needed"
    if rules.positive_count < LEAST_POSITIVE:
        return TOO_FEW, f"{rules.positive_count:,} posts have it; {LEAST_POSITIVE} are needed"
    if (covered := min(coders.covered_share, rules.covered_share)) < LEAST_COVERED:
        return TOO_FEW, f"the coded posts stand for {covered:.0%} of all; {LEAST_COVERED:.0%} are needed"
    alpha, f1 = coders.alpha, rules.f1
    if alpha.value is None or alpha.low is None or alpha.value < LEAST_ALPHA or alpha.low < LEAST_ALPHA_LOW:
        return WEAK, (
            f"coders: alpha {shown(alpha)}, below {LEAST_ALPHA:.2f} or its lower end below {LEAST_ALPHA_LOW:.2f}: "
            "make the definition clearer"
        )
    if f1.low is None or f1.low < LEAST_F1_LOW:
        return WEAK, f"rules: F1 {shown(f1)}, its lower end below {LEAST_F1_LOW:.2f}: mend the terms"
    return USABLE, f"coders: alpha {shown(alpha)}; rules: F1 {shown(f1)}"


def shown(estimate: Estimate) -> str:
    """An estimate for reading: `0.81 (0.70-0.89)`, or `-`."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "-"
    return f"{estimate.value:.2f} ({estimate.low:.2f}-{estimate.high:.2f})"


def quality_lines(themes: Iterable[ThemeQuality]) -> list[str]:
    """The quality of the coded themes as a table for the terminal, and how many others there are."""
    themes = list(themes)
    coded = [theme for theme in themes if theme.coder_count]
    lines = []
    if coded:
        lines.append(
            f"{'theme':<10} {'compared':<9} {'posts':>6} {'with it':>8}  alpha / F1        precision         recall"
        )
    for theme in coded:
        for name, figures in (("coders", theme.coders), ("rules", theme.rules)):
            first = figures.alpha if name == "coders" else figures.f1
            cells = [shown(first), shown(figures.precision), shown(figures.recall)]
            label = theme.theme_code if name == "coders" else ""
            lines.append(
                f"{label:<10} {name:<9} {figures.post_count:>6,} {figures.positive_count:>8,}  "
                + "  ".join(f"{cell:<16}" for cell in cells).rstrip()
            )
        lines.append(f"{'':<10} {theme.verdict}: {theme.reason}")
    others = len({theme.theme_code for theme in themes} - {theme.theme_code for theme in coded})
    lines.append(f"{others:,} {'other ' if coded else ''}themes: {UNVALIDATED}, nobody has coded them")
    return lines


def quality_rows(themes: Iterable[ThemeQuality]) -> list[tuple[object, ...]]:
    """One row per theme, codebook version, sample and comparison (`coders` or `rules`), with the columns `COLUMNS`.

    An undefined figure is None.
    """
    rows: list[tuple[object, ...]] = []
    for theme in themes:
        for comparison, figures in (("coders", theme.coders), ("rules", theme.rules)):
            cells: list[object] = [
                theme.theme_code,
                theme.theme_name,
                theme.facet,
                theme.codebook_version,
                theme.sample_id,
                theme.sample_codebook_version,
                comparison,
                theme.verdict,
                theme.reason,
                theme.coder_count,
                theme.disputed_count,
                figures.post_count,
                figures.positive_count,
                figures.covered_share,
            ]
            for measure_name in MEASURES:
                estimate: Estimate = getattr(figures, measure_name)
                cells += [estimate.value, estimate.low, estimate.high]
            rows.append(tuple(cells))
    return rows


def verdicts(rows: Iterable[Sequence[object]]) -> set[tuple[object, ...]]:
    """What rows of `quality_rows` say of the rules, where they say more than `unvalidated`."""
    rows = list(rows)
    theme, verdict = COLUMNS.index("theme_code"), COLUMNS.index("verdict")
    decided = {row[theme] for row in rows if row[verdict] in (WEAK, USABLE)}
    names = ("codebook_version", "sample_id", "sample_codebook_version", "post_count")
    places = [theme, verdict, *(COLUMNS.index(name) for name in names)]
    return {tuple(row[i] for i in places) for row in rows if row[theme] in decided}


def write_quality(themes: Iterable[ThemeQuality], target: Path) -> None:
    """Write `quality_rows` as CSV; an undefined figure is empty."""
    with replacing(target) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMNS)
            for row in quality_rows(themes):
                writer.writerow([f"{cell:.6f}" if isinstance(cell, float) else cell for cell in row])
