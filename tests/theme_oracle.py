"""Which themes a post has, said a second time: Aho-Corasick over words, written from docs/explanation/codebook.md.

Belongs here: a matcher that shares nothing with the models but the codebook. Does not belong here: assertions.

A post becomes a line of folded words with one space between them, so that a term stands in it between spaces or not
at all. The models never cut a text into words: they search it with regular expressions. Where both find the same, an
error would have to be in both.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ahocorasick_rs import AhoCorasick

from orchestration.codebook.model import CODE, Codebook, Term

# No text holds it as a word: it stands in for what is behind an @.
_HANDLE = "\x01"


@dataclass(frozen=True)
class Hit:
    """A term in a post; places count code points of the text in NFC."""

    term_id: str
    start: int
    end: int
    surface: str


def _fonts() -> dict[int, str]:
    """Letters that people use as fonts: those of four Unicode blocks (letterlike, in circles, mathematical, in squares)
    that stand for one letter or digit of ASCII. Not the sign ℹ."""
    blocks = (range(0x2100, 0x2150), range(0x2460, 0x2500), range(0x1D400, 0x1D800), range(0x1F130, 0x1F150))
    plain = {code: unicodedata.normalize("NFKC", chr(code)) for block in blocks for code in block if code != 0x2139}
    return {code: one for code, one in plain.items() if len(one) == 1 and one.isascii() and one.isalnum()}


_FONTS = _fonts()


class _Folded(dict[int, str]):
    """Each character as it is compared; a space for all that belongs to no word; @ stays."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        # Full-width forms of ASCII, and the one capital whose small letter is two characters.
        plain = chr(code - 0xFEE0) if 0xFF01 <= code <= 0xFF5E else "i" if char == "İ" else _FONTS.get(code, char)
        category = unicodedata.category(plain)
        if plain == "@":
            found = "@"
        elif category[0] in "LM" or category == "Nd" or plain == "_":
            small = plain.lower()
            found = small if len(small) == 1 else plain
        else:
            found = " "
        self[code] = found
        return found


_FOLDED = _Folded()


def _cleaned(text: str) -> str:
    """As long as the text: folded words, everything between them a space, handles made unreadable."""
    folded = text.translate(_FOLDED)
    if "@" in folded:
        folded = re.sub("@([^ @]+)", lambda found: " " + _HANDLE * len(found[1]), folded).replace("@", " ")
    return folded


class _Finder:
    """Finds patterns (words, phrases, wildcards at the end) in a cleaned text."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = sorted(set(patterns))
        # A word begins after a space; it ends before one, unless the pattern is a wildcard.
        needles = [f" {p[:-1]}" if p.endswith("*") else f" {p} " for p in self._patterns]
        self._automaton = AhoCorasick(needles) if needles else None

    def find(self, cleaned: str) -> Iterator[tuple[str, int, int]]:
        """Every pattern with its place, overlapping ones too."""
        words = cleaned.split()
        if self._automaton is None or not words:
            return
        found = self._automaton.find_matches_as_indexes(f" {' '.join(words)} ", overlapping=True)
        if not found:
            return
        # Where each word begins in the line of words, and where it stands in the text.
        in_line = [1, *accumulate((len(word) + 1 for word in words), initial=1)][1:-1]
        in_text = [(place.start(), place.end()) for place in re.finditer("[^ ]+", cleaned)]
        for number, start, end in found:
            pattern = self._patterns[number]
            last = end - 1 if pattern.endswith("*") else end - 2
            first_word, last_word = bisect_right(in_line, start + 1) - 1, bisect_right(in_line, last) - 1
            yield pattern, in_text[first_word][0], in_text[last_word][1]


class Oracle:
    """The rules of one codebook."""

    def __init__(self, codebook: Codebook) -> None:
        self._parents = {theme.code: theme.parent for theme in codebook.themes}
        self._organisations_only = {theme.code for theme in codebook.themes if theme.organisations_only}
        self._terms: dict[str, list[tuple[str, str, Term]]] = {}
        self._tags: dict[str, list[tuple[str, str, Term]]] = {}
        self._near = [(t.code, t.term_id(term), term) for t, term in codebook.terms() if term.near is not None]
        for theme, term in codebook.terms():
            if term.near is not None:
                continue
            kind = self._tags if term.is_hashtag else self._terms
            kind.setdefault(term.term, []).append((theme.code, theme.term_id(term), term))
        self._exclusions: dict[str, set[str]] = {}
        for theme in codebook.themes:
            for exclusion in theme.exclusions:
                self._exclusions.setdefault(exclusion.phrase, set()).add(theme.code)
        conditions = {c for _, term in codebook.terms() for c in term.requires}
        self._conditions = {c for c in conditions if not self._is_theme(c)}
        near = [pattern for _, _, term in self._near for pattern in term.patterns]
        self._finder = _Finder([*self._terms, *self._tags, *self._exclusions, *self._conditions, *near])

    def _is_theme(self, condition: str) -> bool:
        return bool(CODE.fullmatch(condition))

    def hits(self, text: str, tags: Sequence[str] = (), *, is_organisation: bool = True) -> tuple[set[Hit], set[str]]:
        """The terms of words with their places, and the ids of the terms that are hashtags.

        Args:
            text: As the post has it.
            tags: Its hashtags, folded.
            is_organisation: The post is of a registered account or of the owner of a capture.
        """
        text = unicodedata.normalize("NFC", text)
        cleaned = _cleaned(text)
        found = list(self._finder.find(cleaned))
        excluded = [(theme, start, end) for pattern, start, end in found for theme in self._exclusions.get(pattern, ())]

        def overlaps(theme: str, start: int, end: int) -> bool:
            return any(theme == other and start < to and begin < end for other, begin, to in excluded)

        def holds(theme: str, condition: str) -> bool:
            # What is not meant meets no condition: "bukan korban" is no victim.
            return any(p == condition and not overlaps(theme, start, end) for p, start, end in found)

        met: list[tuple[str, Term, Hit | str]] = []
        for theme, term_id, term in self._near:
            assert term.near is not None
            free = [(p, start, end) for p, start, end in found if not overlaps(theme, start, end)]
            for one, from_one, to_one in free:
                for other, from_other, to_other in free:
                    if one not in term.near.a or other not in term.near.b:
                        continue
                    start, gap, end, last = sorted((from_one, to_one, from_other, to_other))
                    if (start, gap) not in ((from_one, to_one), (from_other, to_other)):
                        continue  # one lies in the other
                    if len(cleaned[gap:end].split()) + 1 <= term.near.window:
                        met.append((theme, term, Hit(term_id, start, last, text[start:last])))
        for pattern, start, end in found:
            for theme, term_id, term in self._terms.get(pattern, ()):
                surface = text[start:end]
                if term.case_sensitive and any(char.islower() for char in surface):
                    continue
                if overlaps(theme, start, end):
                    continue
                met.append((theme, term, Hit(term_id, start, end, surface)))
        for tag in tags:
            # The source says that it is there; the text only shows where, if it does.
            places = [(start, end) for p, start, end in found if p == tag and start and text[start - 1] in "#＃"]
            for theme, term_id, term in self._tags.get(tag, ()):
                free = [place for place in places if not overlaps(theme, place[0] - 1, place[1])]
                if free or not places:
                    met.append((theme, term, term_id))
        met = [one for one in met if is_organisation or one[0] not in self._organisations_only]

        themes: set[str | None] = set()
        for theme, term, _ in met:
            if not any(self._is_theme(c) for c in term.requires) and (
                not term.requires or any(holds(theme, c) for c in term.requires)
            ):
                themes |= {theme, self._parents[theme]}
        kept = [
            hit
            for theme, term, hit in met
            if not term.requires or any(c in themes if self._is_theme(c) else holds(theme, c) for c in term.requires)
        ]
        return {hit for hit in kept if isinstance(hit, Hit)}, {hit for hit in kept if isinstance(hit, str)}
