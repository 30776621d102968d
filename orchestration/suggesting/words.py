"""What counts as a word here, and which words say nothing.

Belongs here: folding, tokens, stop words, counts of words; one place to change them.
Does not belong here: the matching of themes, which knows no stop words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from scipy.sparse import csr_matrix

from orchestration.codebook.model import folded

# Two characters or more: letters, marks and digits of any script, and _.
TOKEN = r"\w\w+"
# Languages of the study. Stop words of both fall away in every text: an account posts in both, often in one post.
LANGUAGES = ("id", "en")
# Addresses and handles name somebody or something, they are not what is said; RT is how a repost begins.
_NOT_SAID = re.compile(r"https?://\S+|www\.\S+|[@＠]\w+|\brt\b")


def said(text: str) -> str:
    """What a text says, folded as the terms of a codebook are; without addresses and handles."""
    return " ".join(_NOT_SAID.sub(" ", folded(text)).split())


@cache
def stop_words(keep: frozenset[str] = frozenset()) -> frozenset[str]:
    """Words that stand in every text (stopwordsiso), without those to keep: among them are `kasus` and `bekerja`."""
    import stopwordsiso

    words = {word for name in stopwordsiso.stopwords(list(LANGUAGES)) for word in re.findall(TOKEN, folded(name))}
    return frozenset(words - keep)


def count_words(
    texts: Iterable[str], keep: Iterable[str] = (), least_texts: int = 1, most_words: int | None = None
) -> tuple[csr_matrix, Sequence[str]]:
    """How often each word stands in each text, stop words and numbers left out.

    Args:
        texts: Any texts; one row each.
        keep: Words that are none of the stop words.
        least_texts: Leave out words of fewer texts.
        most_words: Keep only the most frequent words.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        preprocessor=said,
        token_pattern=r"(?!\d+\b)" + TOKEN,
        stop_words=sorted(stop_words(frozenset(keep))),
        min_df=least_texts,
        max_features=most_words,
    )
    counts = counter.fit_transform(texts)
    return csr_matrix(counts), list(counter.get_feature_names_out())
