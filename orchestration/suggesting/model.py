"""Themes learnt from posts that people coded: TF-IDF of words and of pieces of words, logistic regression.

Belongs here: features, training, probabilities, what speaks for a post, how far it can be believed.
Does not belong here: where texts and codes come from, and what is done with the probabilities.

Seeded, and without threads: the same texts and codes in the same order give the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from orchestration.coding.agreement import RuleFigures, precision_recall_f1
from orchestration.suggesting.words import TOKEN, said

FOLDS = 5


class Features:
    """Words, pairs of words, and pieces of two to five letters of words: for affixes, and for what is misspelt."""

    def __init__(self, texts: Sequence[str]) -> None:
        words = TfidfVectorizer(preprocessor=said, token_pattern=TOKEN, ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        pieces = TfidfVectorizer(preprocessor=said, analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
        self._parts = (words, pieces)
        self.matrix = csr_matrix(hstack([part.fit_transform(texts) for part in self._parts]))
        self.words: list[str] = list(words.get_feature_names_out())

    def of(self, texts: Sequence[str]) -> csr_matrix:
        """The features of other texts."""
        return csr_matrix(hstack([part.transform(texts) for part in self._parts]))


def classifier(seed: int) -> LogisticRegression:
    """Balanced, because most themes are rare: without it a theme of one post in ten is hardly ever proposed."""
    return LogisticRegression(class_weight="balanced", solver="liblinear", random_state=seed)


@dataclass(frozen=True)
class Learnt:
    """A theme that was learnt.

    Args:
        words: The words and pairs of words, in the order of the first weights.
        weights: One per feature, in log odds; what is above 0 speaks for the theme.
        intercept: Log odds of a post without any feature.
        figures: Predictions for posts that the model had not seen (cross-validated), plain over the coded posts. A
            sample that is half of posts with a topic is not the posts: they tell whether to believe the proposals, no
            more.
    """

    words: Sequence[str]
    weights: np.ndarray
    intercept: float
    figures: RuleFigures

    def probabilities(self, matrix: csr_matrix) -> np.ndarray:
        """How likely posts are to have the theme."""
        return 1 / (1 + np.exp(-(matrix @ self.weights + self.intercept)))

    def speaking(self, row: csr_matrix, count: int = 5) -> list[str]:
        """The words and pairs of words of one post that speak most for the theme."""
        of_words = row[:, : len(self.words)].tocsr()
        parts = sorted(
            (-value * self.weights[place], self.words[place])
            for value, place in zip(of_words.data, of_words.indices, strict=True)
        )
        return [word for part, word in parts[:count] if part < 0]


class CodedTexts:
    """Coded posts, their features counted once for all themes.

    Args:
        texts: In a fixed order.
        seed: Any whole number; another one parts them into other folds.
    """

    def __init__(self, texts: Sequence[str], seed: int) -> None:
        self.texts, self.seed = list(texts), seed
        self.features = Features(self.texts)

    @cached_property
    def _folds(self) -> list[tuple[np.ndarray, np.ndarray, csr_matrix, csr_matrix]]:
        found = []
        for train, test in KFold(FOLDS, shuffle=True, random_state=self.seed).split(self.texts):
            # Counted anew: which words there are is learnt, too.
            features = Features([self.texts[n] for n in train])
            found.append((train, test, features.matrix, features.of([self.texts[n] for n in test])))
        return found

    def learn(self, codes: Sequence[int | None]) -> Learnt:
        """Learn one theme.

        Args:
            codes: The agreed code of each post; None where there is none.
        """
        known = np.array([code is not None for code in codes])
        has_theme = np.array([code == 1 for code in codes])
        predicted = np.zeros(len(codes), dtype=bool)
        for train, test, train_matrix, test_matrix in self._folds:
            model = classifier(self.seed).fit(train_matrix[known[train]], has_theme[train][known[train]])
            predicted[test] = model.predict(test_matrix)
        model = classifier(self.seed).fit(self.features.matrix[known], has_theme[known])
        figures = precision_recall_f1(has_theme[known], predicted[known])
        return Learnt(self.features.words, model.coef_[0], float(model.intercept_[0]), figures)
