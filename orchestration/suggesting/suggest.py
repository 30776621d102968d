"""What codes by hand teach about the rules: terms that the codebook may lack, and the posts to code next.

Belongs here: which themes can be learnt, what is proposed, from which posts.
Does not belong here: the model (`model`), files (`writing`).

Nothing here gives a post a theme. The rules stay as they are until a person changes the codebook, and codes are those
that people hand in.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from orchestration.coding import DEFAULT_SEED
from orchestration.coding.agreement import RuleFigures, precision_recall_f1, wilson
from orchestration.coding.manifest import Manifest, SampledPost, Stratum
from orchestration.coding.quality import agreed_code
from orchestration.coding.sample import FRAME, Sample, Theme, open_published, themes_of
from orchestration.coding.sheets import Code
from orchestration.suggesting import LEAST_CODED, LEAST_POSITIVE
from orchestration.suggesting.model import CodedTexts, Learnt
from orchestration.suggesting.words import stop_words

TERMS_SHOWN = 25
# An n-gram of fewer coded posts that have the theme says more about these posts than about the theme.
LEAST_POSTS_OF_TERM = 3
# Texts are looked at in parts: the features of 100,000 posts at once would take 1 GB and more.
PART = 5_000
# Why a post is proposed.
NOT_FOUND, FOUND, UNCERTAIN = "likely, no rule found it", "unlikely, a rule found it", "uncertain"


@dataclass(frozen=True)
class ThemeLearnt:
    """What is known of one theme, and how well it was learnt.

    Args:
        coded: Posts with an agreed code.
        positive: Of these, posts that have the theme.
        figures: The model on coded posts that it had not seen; None where too little is coded.
        rules: The rules of the published file on the same posts; None where too little is coded.
    """

    theme_code: str
    theme_name: str
    coded: int
    positive: int
    figures: RuleFigures | None = None
    rules: RuleFigures | None = None

    @property
    def missing(self) -> str:
        """What is missing before it can be learnt, in words; empty where nothing is."""
        parts = []
        if self.coded < LEAST_CODED:
            parts.append(f"{LEAST_CODED - self.coded:,} coded posts")
        if self.positive < LEAST_POSITIVE:
            parts.append(f"{LEAST_POSITIVE - self.positive:,} posts that have it")
        if not parts and self.coded == self.positive:
            parts.append("posts that do not have it")
        return " and ".join(parts)


@dataclass(frozen=True)
class ProposedTerm:
    """An n-gram that speaks for a theme and that no term of the theme holds.

    Args:
        weight: In log odds, for ranking.
        coded_with: Coded posts that hold it and have the theme.
        coded_without: Coded posts that hold it and do not have the theme.
        posts: All posts that hold it.
        new_posts: Of these, posts to which no rule gives the theme.
    """

    theme_code: str
    ngram: str
    weight: float
    coded_with: int
    coded_without: int
    posts: int
    new_posts: int


@dataclass(frozen=True)
class ProposedPost:
    """A post worth coding next, for one theme."""

    theme_code: str
    reason: str
    post_id: str
    post_key: str
    posted_date: str
    probability: float
    by_rules: bool
    speaking: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Suggestions:
    """Everything that is proposed. `sample` is what coders may see of it; None where nothing was learnt."""

    codebook_version: str
    themes: tuple[ThemeLearnt, ...]
    terms: tuple[ProposedTerm, ...] = ()
    posts: tuple[ProposedPost, ...] = ()
    sample: Sample | None = None


@dataclass(frozen=True)
class _Posts:
    """The posts that may be shown, in the order of their keys."""

    keys: list[str]
    labels: list[str]
    dates: list[str]
    years: list[int]
    with_topic: list[bool]
    texts: list[str]


def suggest(
    published: Path,
    manifests: Mapping[str, Manifest],
    codes: Iterable[Code],
    *,
    per_theme: int = 30,
    seed: int = DEFAULT_SEED,
) -> Suggestions:
    """Learn each theme that is coded enough, and propose. Same release, codes and seed: same proposals.

    Args:
        published: The published file; its rules are what the proposals are set beside.
        manifests: Known samples by id.
        codes: What people coded.
        per_theme: Posts to propose for each theme, a third for each reason.
        seed: Any whole number.

    Raises:
        SuaraError: Nothing has been published yet.
    """
    by_theme: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for code in codes:
        by_theme[code.theme_code][code.post_key][code.coder] = code.code
    release = _read(published, {theme for manifest in manifests.values() for theme in manifest.themes})
    posts, rules, place = release.posts, release.rules, {key: n for n, key in enumerate(release.posts.keys)}
    agreed = {
        theme.code: {
            key: code
            for key, by in sorted(by_theme[theme.code].items())
            if key in place and (code := agreed_code(by)) is not None
        }
        for theme in release.themes
    }
    stated = {
        theme.code: ThemeLearnt(theme.code, theme.name, len(agreed[theme.code]), sum(agreed[theme.code].values()))
        for theme in release.themes
    }
    enough = [code for code, theme in stated.items() if not theme.missing]
    if not enough:
        return Suggestions(release.codebook_version, tuple(stated.values()))

    coded = sorted({key for code in enough for key in agreed[code]})
    codes_of = {code: [agreed[code].get(key) for key in coded] for code in enough}
    texts = CodedTexts([posts.texts[place[key]] for key in coded], seed)
    learnt = {code: texts.learn(codes_of[code]) for code in enough}
    for code in enough:
        people, found = zip(*((one == 1, key in rules[code]) for key, one in agreed[code].items()), strict=True)
        stated[code] = replace(stated[code], figures=learnt[code].figures, rules=precision_recall_f1(people, found))

    probabilities, holding = _look_at_all(posts, texts, learnt, rules)
    terms = [t for code in enough for t in _terms(code, learnt[code], texts, codes_of[code], release.terms, holding)]
    done = {key for by in by_theme.values() for key in by}
    proposed: list[ProposedPost] = []
    for code in enough:
        chosen = _next(posts, probabilities[code], rules[code], done, per_theme)
        matrix = texts.features.of([posts.texts[n] for n, _ in chosen]) if chosen else None
        for row, (n, reason) in enumerate(chosen):
            proposed.append(
                ProposedPost(
                    code,
                    reason,
                    posts.labels[n],
                    posts.keys[n],
                    posts.dates[n],
                    float(probabilities[code][n]),
                    posts.keys[n] in rules[code],
                    tuple(learnt[code].speaking(matrix[row])),
                    posts.texts[n],
                )
            )
    sample = _sample(release, [place[post.post_key] for post in proposed], seed)
    return Suggestions(release.codebook_version, tuple(stated.values()), tuple(terms), tuple(proposed), sample)


@dataclass(frozen=True)
class _Release:
    """What is read of the published file.

    Args:
        themes: Those that some sample holds.
        rules: By theme, the posts to which the rules give it.
        terms: By theme, the terms of it and of the themes below it: words, phrases, wildcards and hashtags.
    """

    release_id: str
    codebook_version: str
    themes: tuple[Theme, ...]
    posts: _Posts
    rules: Mapping[str, set[str]]
    terms: Mapping[str, list[str]]


def _read(published: Path, coded_themes: set[str]) -> _Release:
    with open_published(published) as con:
        ((release_id, version),) = con.execute("select release_id, codebook_version from quality.release").fetchall()
        themes = con.execute(
            "select theme_code, parent_code from marts.dim_themes where codebook_version = ? order by all", [version]
        ).fetchall()
        present = [code for code, _ in themes if code in coded_themes]
        rows = con.execute(
            f"with {FRAME} select post_key, post_label, cast(posted_date as varchar), year, has_topic, text from frame "
            "order by post_key"
        ).fetchall()
        rules: dict[str, set[str]] = defaultdict(set)
        for code, key in con.execute(
            "select theme_code, post_key from marts.fct_post_themes where codebook_version = ?", [version]
        ).fetchall():
            rules[code].add(key)
        of_theme: dict[str, list[str]] = defaultdict(list)
        for code, term in con.execute(
            """
            select theme_code, term
            from quality.fct_codebook_terms
            where codebook_version = ? and rule in ('word', 'phrase', 'wildcard', 'hashtag')
            order by all
            """,
            [version],
        ).fetchall():
            of_theme[code].append(term)
        terms = {code: list(found) for code, found in of_theme.items()}
        for code, parent in themes:
            terms.setdefault(code, [])
            if parent:
                terms.setdefault(parent, []).extend(of_theme[code])
        shown = themes_of(con, version, (), present) if present else ()
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(6)]
    return _Release(release_id, version, shown, _Posts(*columns), rules, terms)


@dataclass(frozen=True)
class _Holding:
    """How many posts hold each word or pair of words: of all posts, and of those to which no rule gives a theme."""

    posts: np.ndarray
    new_posts: Mapping[str, np.ndarray]


def _look_at_all(
    posts: _Posts, texts: CodedTexts, learnt: Mapping[str, Learnt], rules: Mapping[str, set[str]]
) -> tuple[dict[str, np.ndarray], _Holding]:
    """The probability of each theme for every post, and how many posts hold what."""
    probabilities: dict[str, list[np.ndarray]] = {code: [] for code in learnt}
    words = len(texts.features.words)
    holding = _Holding(np.zeros(words, dtype=int), {code: np.zeros(words, dtype=int) for code in learnt})
    for start in range(0, len(posts.keys), PART):
        matrix = texts.features.of(posts.texts[start : start + PART])
        has_word = matrix[:, :words] > 0
        holding.posts[:] += np.asarray(has_word.sum(axis=0)).ravel()
        for code, theme in learnt.items():
            probabilities[code].append(theme.probabilities(matrix))
            is_new = np.array([key not in rules[code] for key in posts.keys[start : start + PART]])
            holding.new_posts[code][:] += np.asarray(has_word[is_new].sum(axis=0)).ravel()
    return {code: np.concatenate(parts) for code, parts in probabilities.items()}, holding


def _terms(
    code: str,
    theme: Learnt,
    texts: CodedTexts,
    codes: Sequence[int | None],
    terms: Mapping[str, Sequence[str]],
    holding: _Holding,
) -> list[ProposedTerm]:
    """The n-grams that speak most for a theme, without those that a term of it holds or that say nothing."""
    # A stop word that is a term somewhere is a word of the matter, such as `kasus`; in pairs so is one of a phrase.
    in_terms = {term for of_theme in terms.values() for term in of_theme}
    stop = stop_words(frozenset(in_terms))
    stop_in_pairs = stop_words(frozenset(word for term in in_terms for word in term.split()))
    patterns = [rf"{re.escape(t[:-1])}" if t.endswith("*") else rf"{re.escape(t)}(?!\w)" for t in terms[code]]
    held = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})") if patterns else None
    has_word = texts.features.matrix[:, : len(theme.words)] > 0
    given = np.array([-1 if one is None else one for one in codes])
    coded_with = np.asarray(has_word[given == 1].sum(axis=0)).ravel()
    coded_without = np.asarray(has_word[given == 0].sum(axis=0)).ravel()
    base = (given == 1).sum() / (given >= 0).sum()
    found: list[ProposedTerm] = []
    for n in sorted(range(len(theme.words)), key=lambda n: (-theme.weights[n], theme.words[n])):
        ngram, both = theme.words[n], int(coded_with[n] + coded_without[n])
        if len(found) == TERMS_SHOWN or theme.weights[n] <= 0:
            break
        if coded_with[n] < LEAST_POSTS_OF_TERM or wilson(coded_with[n] / both, both)[0] <= base:
            continue  # chance would do as well
        if holding.new_posts[code][n] == 0 or (held and held.search(ngram)):
            continue
        words = ngram.split()
        if any(word in (stop if len(words) == 1 else stop_in_pairs) or word.isdigit() for word in words):
            continue
        if any(f" {one.ngram} " in f" {ngram} " or f" {ngram} " in f" {one.ngram} " for one in found):
            continue  # the stronger one of the two is there already
        found.append(
            ProposedTerm(
                code,
                ngram,
                float(theme.weights[n]),
                int(coded_with[n]),
                int(coded_without[n]),
                int(holding.posts[n]),
                int(holding.new_posts[code][n]),
            )
        )
    return found


def _next(
    posts: _Posts, probabilities: np.ndarray, by_rules: set[str], done: set[str], count: int
) -> list[tuple[int, str]]:
    """Posts to code next and why; a third for each reason, each post and each text once."""
    hit = np.array([key in by_rules for key in posts.keys])
    likely = probabilities >= 0.5
    orders = (
        (NOT_FOUND, np.flatnonzero(likely & ~hit), -probabilities),
        (FOUND, np.flatnonzero(~likely & hit), probabilities),
        (UNCERTAIN, np.arange(len(hit)), np.abs(probabilities - 0.5)),
    )
    chosen: list[tuple[int, str]] = []
    # The same words twice teach nothing new.
    seen = {posts.texts[n] for n, key in enumerate(posts.keys) if key in done}
    for number, (reason, which, distance) in enumerate(orders):
        least = count * (number + 1) // len(orders)
        for n in sorted(which.tolist(), key=lambda n: (distance[n], posts.keys[n])):
            if len(chosen) >= least:
                break
            if posts.texts[n] not in seen:
                seen.add(posts.texts[n])
                chosen.append((n, reason))
    return chosen


def _sample(release: _Release, numbers: Sequence[int], seed: int) -> Sample | None:
    """The proposed posts as a sample for coders, in an order that tells nothing, all coded themes together."""
    posts, themes = release.posts, release.themes

    def order(n: int) -> str:
        return hashlib.sha256(f"{seed}:order:{posts.keys[n]}".encode()).hexdigest()

    chosen = sorted(set(numbers), key=order)
    if not chosen:
        return None
    population = Counter(zip(posts.years, posts.with_topic, strict=True))
    taken = Counter((posts.years[n], posts.with_topic[n]) for n in chosen)
    strata = sorted(taken)
    manifest = Manifest(
        seed=seed,
        release_id=release.release_id,
        codebook_version=release.codebook_version,
        themes=tuple(theme.code for theme in themes),
        strata=tuple(Stratum(*stratum, population[stratum], taken[stratum]) for stratum in strata),
        posts=tuple(
            SampledPost(posts.labels[n], posts.keys[n], strata.index((posts.years[n], posts.with_topic[n])))
            for n in chosen
        ),
        is_chosen=True,
    )
    return Sample(manifest, themes, tuple(posts.dates[n] for n in chosen), tuple(posts.texts[n] for n in chosen))
