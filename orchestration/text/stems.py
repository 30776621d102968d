"""What the forms of a word have in common, and which words say little.

Belongs here: stems and stop words of single words. Does not belong here: finding words (dbt), themes: they are never
asked about stop words, and no term of a codebook is stemmed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.text.earlier import has_columns

# Words held in memory at a time.
CHUNK = 20_000
COLUMNS = {
    "word": "varchar",
    "language": "varchar",
    "stem": "varchar",
    "is_stop_word": "boolean",
    "stemmer": "varchar",
}
_STEMMED = re.compile(r"[a-z]+")
_POSSESSIVE = re.compile(r"'s$|'")


def stem(word: str, language: str) -> str:
    """The stem of a folded word; the word itself in a language without a stemmer here, or where it is no Latin word."""
    bare = _POSSESSIVE.sub("", word)
    if not _STEMMED.fullmatch(bare):
        return word
    if language == "id":
        return _indonesian().stem(bare) or word
    if language == "en":
        return _english().stemWord(bare) or word
    return word


class StopWords:
    """The stop words of each language, less the words of the codebook.

    Args:
        terms: Terms of the codebook. Of phrases nothing is kept: *cases of trafficking* does not make *of* a word of
            trafficking.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        words = {term.casefold() for term in terms if " " not in term}
        self._prefixes = tuple(sorted(word[:-1] for word in words if word.endswith("*")))
        self._words = frozenset(word for word in words if not word.endswith("*"))

    @property
    def kept(self) -> tuple[str, ...]:
        """Words of the codebook, wildcards with their star."""
        return (*sorted(self._words), *(f"{prefix}*" for prefix in self._prefixes))

    def holds(self, word: str, language: str) -> bool:
        """Whether a folded word is a stop word of its language."""
        return (
            word in _stop_words(language)
            and word not in self._words
            and not (self._prefixes and word.startswith(self._prefixes))
        )


def stemmer_name(stop_words: StopWords) -> str:
    """What answers depend on: the libraries, the rules of this module, the words that the codebook keeps."""
    libraries = ("PySastrawi", "snowballstemmer", "stopwordsiso")
    rules = Path(__file__).read_bytes() + json.dumps(stop_words.kept).encode()
    return ", ".join([*(f"{name} {version(name)}" for name in libraries), hashlib.sha256(rules).hexdigest()[:8]])


def stems_of_words(connection: Any, words: Any, terms: Any, table: str, *, chunk: int = CHUNK) -> Any:
    """What dbt's model of the stems consists of: what the same stemmer said before, and what it says of new words.

    Args:
        connection: dbt's connection; a temporary table is made in it.
        words: A relation with `word` (one row each) and `language`.
        terms: A relation with `term`, the terms of the codebook.
        table: Schema and name of the model's own table, which may be missing.

    Returns:
        A relation with `word`, `language`, `stem`, `is_stop_word`, `stemmer`.
    """
    stop_words = StopWords(term for (term,) in terms.select("term").distinct().fetchall())
    name = stemmer_name(stop_words)
    asked = words.sql_query()
    columns = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
    connection.execute(f"create or replace temp table words_stemmed ({columns})")
    if has_columns(connection, table, COLUMNS):
        connection.execute(
            f"insert into words_stemmed select earlier.* from {table} as earlier "
            f"semi join ({asked}) as asked using (word, language) where earlier.stemmer = ?",
            [name],
        )
    new = connection.execute(
        f"select word, language from ({asked}) anti join words_stemmed using (word, language)"
    ).fetchall()
    for start in range(0, len(new), chunk):
        part = new[start : start + chunk]
        connection.execute(
            "insert into words_stemmed select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::varchar[]), "
            "unnest($4::boolean[]), $5",
            [
                [word for word, _ in part],
                [language for _, language in part],
                [stem(word, language) for word, language in part],
                [stop_words.holds(word, language) for word, language in part],
                name,
            ],
        )
    return connection.query("select * from words_stemmed order by word")


@cache
def _indonesian() -> Any:
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    return StemmerFactory().create_stemmer()


@cache
def _english() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@cache
def _stop_words(language: str) -> frozenset[str]:
    import stopwordsiso

    return frozenset(stopwordsiso.stopwords(language)) if stopwordsiso.has_lang(language) else frozenset()
