"""The theme models beside an independent matcher: every term, every place, on composed and on real texts."""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.entities import posts_of
from orchestration.codebook import DEFAULT_CODEBOOK, Codebook, read_codebook
from tests import difficult_texts
from tests.coded import build_themes
from tests.fixtures.shared import find_shared_data
from tests.theme_oracle import Hit, Oracle

# Real posts: those of the tables; `SUARA_ORACLE_POSTS=100000` adds the archives until there are so many.
REAL_POSTS = int(os.environ.get("SUARA_ORACLE_POSTS", "0"))
# Package, members, column of the text.
TABLES = (("jokowi_snscrape", r"\.csv$", "tweet_caption"), ("un_official_snscrape", r"data_tweets/.*\.csv$", "Text"))
ARCHIVES = ("congress_v11_half0", "grailbird_landsurveyorsu")
SEED = int(os.environ.get("SUARA_ORACLE_SEED", "1"))
# Of small Latin letters: what is neither split into words nor folded any further.
HASHTAG = re.compile(r"#([a-zïñú]+)(?![\w\u0300-\u036f\u200b-\u200d])")


def tags_of(text: str) -> set[str]:
    """Good enough to have hashtags: both sides are given the same."""
    return set(HASHTAG.findall(unicodedata.normalize("NFC", text).lower()))


def differences(codebook: Codebook, texts: Sequence[str], persons: Sequence[int] = ()) -> tuple[int, list[str]]:
    """How many hits both sides found, and every hit that only one of them did."""
    tags = [sorted(tags_of(text)) for text in texts]
    con = build_themes(codebook, texts, [(n, tag) for n, found in enumerate(tags) for tag in found], persons)
    by_models: set[tuple[int, Hit | str]] = {
        (int(key), term_id if rule == "hashtag" else Hit(term_id, start, end, matched))
        for key, term_id, rule, start, end, matched in con.execute(
            "select post_key, term_id, rule, span_start, span_end, matched_text from marts.fct_theme_hits"
        ).fetchall()
    }
    oracle, private = Oracle(codebook), set(persons)
    by_oracle: set[tuple[int, Hit | str]] = set()
    for n, text in enumerate(texts):
        hits, hashtags = oracle.hits(text, tags[n], is_organisation=n not in private)
        by_oracle |= {(n, hit) for hit in hits} | {(n, term_id) for term_id in hashtags}
    only = [("models", by_models - by_oracle), ("oracle", by_oracle - by_models)]
    told = [f"only {side}: {hit} in text {n}" for side, found in only for n, hit in sorted(found, key=str)]
    return len(by_models & by_oracle), told


def real_texts(folder: Path) -> list[str]:
    """Posts of the real packages, Indonesian ones first."""
    texts: list[str] = []
    for package, members, column in TABLES:
        with zipfile.ZipFile(folder / f"{package}.zip") as archive:
            for name in sorted(filter(re.compile(members).search, archive.namelist())):
                rows = csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"), newline=""))
                texts += [row[column] for row in rows if row.get(column)]
    for package in ARCHIVES:
        if len(texts) < REAL_POSTS:
            texts += [post.text for post in posts_of(folder, package)]
    return texts[:REAL_POSTS] if REAL_POSTS else texts


def test_every_hit_of_a_composed_codebook_is_that_of_an_independent_matcher() -> None:
    # Overlaps, conditions, exclusions, roll-up and boundaries of every kind, many times more often than in real posts.
    texts = difficult_texts.texts(difficult_texts.WORDS, 5_000, SEED)
    found, told = differences(difficult_texts.codebook(SEED), texts, range(0, 5_000, 5))
    assert told[:20] == []
    assert found > 3_000


@pytest.fixture(scope="module")
def shipped() -> tuple[int, int, list[str]]:
    """The shipped codebook on composed and, where they are, on real texts: how many real ones, hits, differences."""
    codebook = read_codebook(DEFAULT_CODEBOOK)
    words = [term.term.replace("*", "") for _, term in codebook.terms()]
    words += [exclusion.phrase.replace("*", "") for theme in codebook.themes for exclusion in theme.exclusions]
    words += [c.replace("*", "") for _, term in codebook.terms() for c in term.requires if c.islower()]
    folder = find_shared_data()
    real = real_texts(folder) if folder else []
    return len(real), *differences(codebook, real + difficult_texts.texts(sorted(set(words)), 4_000, SEED))


def test_every_hit_of_the_shipped_codebook_is_that_of_an_independent_matcher(
    shipped: tuple[int, int, list[str]],
) -> None:
    _, found, told = shipped
    assert told[:20] == []
    assert found > 5_000


@pytest.mark.realdata
def test_real_posts_are_among_them(shared_data: Path, shipped: tuple[int, int, list[str]]) -> None:
    real, found, told = shipped
    assert real >= (REAL_POSTS or 12_000)
    assert (found > real / 10, told) == (True, [])
