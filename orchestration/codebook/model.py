"""What a codebook is once it has been read: themes, terms, exclusions, and the hash of their content.

Belongs here: the parts of a codebook, their ids, folding of terms. Does not belong here: any file format.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Names, acronyms and hashtags that belong to no language (BCP-47 "multiple languages").
NO_LANGUAGE = "mul"
# Kinds of terms, as the models know them.
WORD, PHRASE, WILDCARD, HASHTAG, NEAR, REGEX = "word", "phrase", "wildcard", "hashtag", "near", "regex"

# Full-width forms of ASCII, as the models fold them (`fold_for_matching`).
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def folded(text: str) -> str:
    """Text as terms are compared: lower case, Unicode NFC, full-width letters as plain ones."""
    lower = text.translate(_FULL_WIDTH).replace("İ", "i").lower()
    return unicodedata.normalize("NFC", lower)


def slug(pattern: str) -> str:
    """A term as the last part of an id: `safe house*` becomes `safe-house+`."""
    return pattern.replace("*", "+").replace(" ", "-")


@dataclass(frozen=True)
class Near:
    """Two lists of words, phrases and wildcards: one of each stands in the post, at most `window` words apart.

    Neighbours are one word apart, in either order.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    window: int

    @property
    def text(self) -> str:
        """The rule as one text: `korban|penyintas NEAR/5 bantu*`."""
        return f"{'|'.join(self.a)} NEAR/{self.window} {'|'.join(self.b)}"

    @classmethod
    def parse(cls, text: str) -> Near | None:
        """The rule of such a text; None when it is none."""
        parts = re.fullmatch(r"(.+?) NEAR/(\d{1,6}) (.+)", text)
        return cls(tuple(parts[1].split("|")), tuple(parts[3].split("|")), int(parts[2])) if parts else None


@dataclass(frozen=True)
class Term:
    """One reason for a theme.

    Attributes:
        term: Folded words separated by one space, a wildcard ending in *; a hashtag without #; the text of a rule of
            nearness; a regular expression for text in lower case.
        language: Language of the term (BCP-47), or `mul`. It is looked for in every post, whatever its language.
        is_hashtag: A whole hashtag, as the source marks it.
        case_sensitive: Only capitals count, for acronyms such as TIP.
        requires: Conditions, one of which the same post must meet; none when empty.
    """

    term: str
    language: str
    is_hashtag: bool = False
    case_sensitive: bool = False
    requires: tuple[str, ...] = ()
    near: Near | None = None
    is_regex: bool = False

    @property
    def kind(self) -> str:
        if self.is_hashtag:
            return HASHTAG
        if self.is_regex:
            return REGEX
        if self.near is not None:
            return NEAR
        if self.term.endswith("*"):
            return WILDCARD
        return PHRASE if " " in self.term else WORD

    @property
    def patterns(self) -> tuple[str, ...]:
        """The words, phrases and wildcards that it is made of; none for a regular expression."""
        if self.near is not None:
            return (*self.near.a, *self.near.b)
        return () if self.is_regex else (self.term,)


@dataclass(frozen=True)
class Exclusion:
    """A phrase that is not meant: a term of the theme does not count where it overlaps one."""

    phrase: str
    reason: str


@dataclass(frozen=True)
class Theme:
    """One theme. `label` and `definition` are by language; `standards` name laws, standards and studies."""

    code: str
    facet: str
    label: Mapping[str, str]
    definition: Mapping[str, str]
    parent: str | None = None
    standards: tuple[str, ...] = ()
    note: str = ""
    examples: tuple[str, ...] = ()
    organisations_only: bool = False
    terms: tuple[Term, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()

    def term_id(self, term: Term) -> str:
        """Kept for life: theme, language (or `tag`, `near`, `regex`) and slug; of a regular expression its hash."""
        if term.is_regex:
            return f"{self.code}:{REGEX}:{hashlib.sha256(term.term.encode()).hexdigest()[:10]}"
        if term.near is not None:
            return f"{self.code}:{NEAR}:{slug(term.term)}"
        return f"{self.code}:{'tag' if term.is_hashtag else term.language}:{slug(term.term)}"

    def exclusion_id(self, exclusion: Exclusion) -> str:
        return f"{self.code}:not:{slug(exclusion.phrase)}"


@dataclass(frozen=True)
class Facet:
    """A question that themes answer: what the post does, what it is about, and so on."""

    code: str
    label: Mapping[str, str]


@dataclass(frozen=True)
class Condition:
    """A named list of conditions, one of which must be met: codes of themes, or words that the post must hold."""

    name: str
    any_of: tuple[str, ...]


@dataclass(frozen=True)
class Codebook:
    """A checked codebook."""

    id: str
    version: str
    title: str
    languages: tuple[str, ...]
    facets: tuple[Facet, ...]
    themes: tuple[Theme, ...]
    conditions: tuple[Condition, ...] = ()
    note: str = ""

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical content, 64 hex digits.

        Everything counts that coding or reading a theme depends on; the order of lines, the grouping of terms,
        names of conditions, comments, title and the stated version do not. The id counts: two codebooks of the same
        content are two.
        """
        return hashlib.sha256(self.canonical().encode("utf-8")).hexdigest()

    @property
    def full_version(self) -> str:
        """The stated version and the first 12 digits of the hash."""
        return f"{self.version}+{self.sha256[:12]}"

    def canonical(self) -> str:
        """The content as JSON: keys, themes, terms and exclusions sorted."""
        themes = {
            theme.code: {
                "parent": theme.parent,
                "facet": theme.facet,
                "label": dict(theme.label),
                "definition": dict(theme.definition),
                "standards": theme.standards,
                "note": theme.note,
                "examples": theme.examples,
                "organisations_only": theme.organisations_only,
                "terms": {theme.term_id(t): [t.term, t.case_sensitive, sorted(t.requires)] for t in theme.terms},
                "exclusions": {e.phrase: e.reason for e in theme.exclusions},
            }
            for theme in self.themes
        }
        content = {
            "id": self.id,
            "languages": sorted(self.languages),
            "facets": {facet.code: dict(facet.label) for facet in self.facets},
            "themes": themes,
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def terms(self) -> Iterator[tuple[Theme, Term]]:
        for theme in self.themes:
            for term in theme.terms:
                yield theme, term


CODE = re.compile(r"[A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*")
NAME = re.compile(r"[a-z][a-z0-9_]*")
