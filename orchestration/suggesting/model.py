"""One theme learnt from posts that people coded: TF-IDF of words and of pieces of words, logistic regression.

Belongs here: features, training, probabilities, what speaks for a post, how far it can be believed.
Does not belong here: where texts and codes come from, and what is done with the probabilities.

Seeded, and without threads or sampling of its own: the same texts and codes in the same order give the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from orchestration.codebook.model import folded
from orchestration.coding.agreement import RuleFigures, precision_recall_f1

# Words are those of the codebook: letters, marks and digits, and _.
WORD = r"[^\W]+"
# Addresses and handles name who posts, not what is said.
_NOT_SAID = re.compile(r"https?://\S+|@\w+|\brt\b")
FOLDS = 5


def said(text: str) -> str:
    """What a text says, folded as the terms of a codebook are; without addresses and handles."""
    return " ".join(_NOT_SAID.sub(" ", folded(text)).split())


class Features:
    """Words, pairs of words, and pieces of two to five letters within words: for affixes, and for what is misspelt."""

    def __init__(self, texts: Sequence[str]) -> None:
        words = TfidfVectorizer(token_pattern=WORD, ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float64)
        pieces = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float64, lowercase=False
        )
        prepared = [said(text) for text in texts]
        self._parts = (words, pieces)
        self.matrix = self._joined([part.fit_transform(prepared) for part in self._parts])
        self.words = list(words.get_feature_names_out())

    def of(self, texts: Sequence[str]) -> csr_matrix:
        """The features of other texts."""
        prepared = [said(text) for text in texts]
        return self._joined([part.transform(prepared) for part in self._parts])

    @staticmethod
    def _joined(parts: Sequence[csr_matrix]) -> csr_matrix:
        return csr_matrix(hstack(parts))


def classifier(seed: int) -> LogisticRegression:
    """Balanced, because most themes are rare: without it a theme of one post in ten is hardly ever proposed."""
    return LogisticRegression(C=1.0, class_weight="balanced", solver="liblinear", random_state=seed, max_iter=1000)


@dataclass(frozen=True)
class Learnt:
    """A theme that was learnt.

    Args:
        features: Of the posts that it was learnt from.
        weights: One per feature; what is above 0 speaks for the theme. In log odds per unit of TF-IDF.
        intercept: Log odds of a post without any feature.
        figures: Of predictions for posts that the model had not seen (cross-validated), on the coded posts as they
            are: a sample that is half of posts with a topic is not the posts. They tell whether to believe the
            proposals, not how frequent the theme is.
    """

    features: Features
    weights: np.ndarray
    intercept: float
    figures: RuleFigures

    def probabilities(self, matrix: csr_matrix) -> np.ndarray:
        """How likely posts are to have the theme."""
        return 1 / (1 + np.exp(-(matrix @ self.weights + self.intercept)))

    def speaking(self, row: csr_matrix, count: int = 5) -> list[tuple[str, float]]:
        """The words and pairs of words of one post that speak most for the theme, with their part of the log odds."""
        of_words = row.tocsr()[:, : len(self.features.words)]
        parts = of_words.data * self.weights[of_words.indices]
        order = sorted(range(len(parts)), key=lambda i: (-parts[i], self.features.words[of_words.indices[i]]))
        return [(self.features.words[of_words.indices[i]], float(parts[i])) for i in order[:count] if parts[i] > 0]


def learn(texts: Sequence[str], has_theme: Sequence[bool], seed: int) -> Learnt:
    """Learn a theme from coded posts.

    Args:
        texts: Of the coded posts.
        has_theme: The agreed code of each.
        seed: Any whole number.
    """
    codes = np.asarray(has_theme, dtype=bool)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    predicted = np.zeros(len(codes), dtype=bool)
    for train, test in folds.split(np.zeros(len(codes)), codes):
        # Words are counted anew in each fold: which words there are is learnt, too.
        features = Features([texts[i] for i in train])
        model = classifier(seed).fit(features.matrix, codes[train])
        predicted[test] = model.predict(features.of([texts[i] for i in test]))
    features = Features(texts)
    model = classifier(seed).fit(features.matrix, codes)
    return Learnt(features, model.coef_[0], float(model.intercept_[0]), precision_recall_f1(codes, predicted))
