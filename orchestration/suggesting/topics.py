"""Which words go together in the posts: a topic model, for looking and for nothing else.

Belongs here: non-negative matrix factorisation of TF-IDF (Lee and Seung 1999, Nature 401:788), seeded, and its tables.
Does not belong here: themes. A topic is what words do in these posts; it has no definition, and another number of
topics gives others.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from orchestration.coding import DEFAULT_SEED
from orchestration.coding.sample import FRAME, open_published
from orchestration.contract import SuaraError, replacing
from orchestration.suggesting import DEFAULT_TOPICS
from orchestration.suggesting.words import count_words

# A word of fewer posts can be no part of a topic; more words than these change little and cost time.
LEAST_POSTS_OF_WORD, MOST_WORDS = 5, 20_000
WORDS_SHOWN = 10


@dataclass(frozen=True)
class Topic:
    """One topic: the words that weigh most, and how many posts it is the strongest of, by year."""

    number: int
    words: tuple[str, ...]
    posts: int
    posts_of_year: dict[int, int]


@dataclass(frozen=True)
class Topics:
    """All topics, the one with most posts first, and the posts that hold no word of any."""

    topics: tuple[Topic, ...]
    posts: int
    posts_without: int
    years: tuple[int, ...]


def find_topics(published: Path, *, count: int = DEFAULT_TOPICS, seed: int = DEFAULT_SEED) -> Topics:
    """Topics of the own posts of registered accounts. Same release and seed: same topics.

    Raises:
        SuaraError: Nothing has been published yet, or there are too few posts.
    """
    import numpy as np
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfTransformer

    with open_published(published) as con:
        rows = con.execute(f"with {FRAME} select year, text from frame order by post_key").fetchall()
    if len(rows) < count * LEAST_POSTS_OF_WORD:
        raise SuaraError(
            f"-n {count}: expected {count * LEAST_POSTS_OF_WORD} posts or more, of registered accounts "
            f"(`suara accounts register`); found {len(rows)}. Ask for fewer topics or load more captures."
        )
    counts, words = count_words((text for _, text in rows), least_texts=LEAST_POSTS_OF_WORD, most_words=MOST_WORDS)
    # nndsvda starts from the matrix itself; the seed is for the ends of its decomposition that no post decides.
    model = NMF(n_components=count, init="nndsvda", random_state=seed, max_iter=500)
    strengths = model.fit_transform(TfidfTransformer(sublinear_tf=True).fit_transform(counts))
    strongest = np.where(strengths.max(axis=1) > 0, strengths.argmax(axis=1), -1)
    by_year = Counter(zip(strongest.tolist(), (year for year, _ in rows), strict=True))
    years = tuple(sorted({year for year, _ in rows}))
    found = []
    for number, weights in enumerate(model.components_):
        order = sorted(range(len(words)), key=lambda n: (-weights[n], words[n]))[:WORDS_SHOWN]
        of_year = {year: by_year[number, year] for year in years}
        found.append((sum(of_year.values()), tuple(words[n] for n in order if weights[n] > 0), of_year))
    found.sort(key=lambda topic: (-topic[0], topic[1]))
    return Topics(
        tuple(Topic(n, shown, posts, of_year) for n, (posts, shown, of_year) in enumerate(found, 1)),
        len(rows),
        int((strongest == -1).sum()),
        years,
    )


def write_topics(found: Topics, target: Path) -> None:
    """Write one row per topic as CSV: its words, posts, and posts of each year."""
    with replacing(target) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(("topic", "words", "posts", *found.years))
            for topic in found.topics:
                counts = (topic.posts_of_year[year] for year in found.years)
                writer.writerow((topic.number, " ".join(topic.words), topic.posts, *counts))
