"""Texts and codebooks composed to be difficult for the matching of themes; the same ones for the same seed.

Belongs here: composing them. Does not belong here: what a matcher should find in them.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence

from orchestration.codebook import Codebook
from orchestration.codebook.model import Exclusion, Facet, Near, Term, Theme

# Few words that begin and end like each other, so that terms overlap, hide and touch each other all the time.
WORDS = (
    *("anak", "anakku", "buah", "kor", "korban", "in", "human", "trafficking", "traf", "persons", "tip", "pmi"),
    *("naïve", "ñandú"),
)
# What may stand between two words: things that separate, and things that join.
BETWEEN = (
    *(" ", " ", " ", " ", "  ", "\n", "-", "–", ", ", "... ", "/", "'", "’", " @", "@", " #", "#", "_", "²", "½"),
    *("7", " 7 ", "\u0301", " \u0301", "\u200d", "\u200b", "🙏", " 🙏 ", "＠", " ＠", "＃", "．", "", "人", " 人 "),
    *("é", "e\u0301", "ß", "İ", "ـ", "५"),
)


def texts(words: Sequence[str], count: int, seed: int) -> list[str]:
    """Texts of a few words, each written in one of the ways people write them, with anything between."""
    rng = random.Random(seed)
    return ["".join(_parts(rng, words)) for _ in range(count)]


def _parts(rng: random.Random, words: Sequence[str]) -> list[str]:
    parts = [rng.choice(BETWEEN)]
    for _ in range(rng.randint(1, 9)):
        parts += [_written(rng, rng.choice(words)), rng.choice(BETWEEN)]
    return parts


def _written(rng: random.Random, word: str) -> str:
    match rng.randint(0, 13):
        case 0 | 1 | 2:
            return word.upper()
        case 3:
            return word.title()
        case 4:
            return unicodedata.normalize("NFD", word)
        case 5:
            return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word)
        case 6:
            return word.upper().replace("I", "İ")
        case 7:
            return word + rng.choice(("s", "nya", "é", "5", "_", "kan"))
        case 8:
            return rng.choice(("me", "x", "_", "2")) + word
        case 9:
            return word[:-1]
        case _:
            return word


def codebook(seed: int) -> Codebook:
    """A codebook of two levels over `WORDS`: every kind of term, conditions and exclusions, at random."""
    rng = random.Random(seed)

    def pattern() -> str:
        words = [rng.choice(WORDS) for _ in range(rng.choice((1, 1, 2, 2, 3, 4)))]
        stem = " ".join(words)[: rng.choice((None, None, -1))].rstrip()
        return stem + rng.choice(("", "", "*"))

    themes: list[Theme] = []
    codes = [f"T{n}" for n in range(4)] + [f"T{n}.C" for n in range(4)]
    for code in codes:
        terms: dict[str, Term] = {}
        for _ in range(8):
            found, kind = pattern(), rng.random()
            requires = rng.choice(((), (), (rng.choice(codes),), (pattern(), rng.choice(codes)), (pattern(),)))
            if kind < 0.12:
                near = Near((found,), tuple(sorted({pattern(), pattern()})), rng.randint(1, 4))
                terms[near.text] = Term(near.text, "mul", requires=requires, near=near)
            elif kind < 0.25 and found.isalpha():
                terms[found] = Term(found, "mul", is_hashtag=True, requires=requires)
            else:
                capitals = kind > 0.8 and found.isalpha()
                terms[found] = Term(found, "mul", case_sensitive=capitals, requires=requires)
        exclusions = {pattern() for _ in range(2)} - set(terms)
        themes.append(
            Theme(
                code,
                "theme",
                {"en": code, "id": code},
                {"en": code, "id": code},
                parent=code[:2] if "." in code else None,
                organisations_only=rng.random() < 0.3,
                terms=tuple(terms.values()),
                exclusions=tuple(Exclusion(phrase, "composed") for phrase in sorted(exclusions)),
            )
        )
    return Codebook(
        "composed", "1", "Composed", ("en", "id"), (Facet("theme", {"en": "Theme", "id": "Tema"}),), tuple(themes)
    )
