"""In which language a text is, and whether it is in two.

Belongs here: what is handed to the identifier, when it may speak, and what its answer is worth.
Does not belong here: which posts are asked about (int_texts__to_identify), what the platform says itself.
"""

from __future__ import annotations

import copy
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.contract import SuaraError
from orchestration.text.earlier import has_columns

# Fewer letters than this are a greeting or a name; of 10,882 posts of real accounts (2026-11-26) 15 have fewer.
LEAST_LETTERS = 10
# More characters do not change the answer, and the time is one of characters.
MOST_CHARACTERS = 120
# Of texts of known language one label in six is wrong below a confidence of 0.7, above 0.9 none of 986 was.
SURE = 0.9
# A segment of a post in two languages has at least so many words: a name or a slogan is no language.
LEAST_SEGMENT_WORDS = 5
COLUMNS = {
    "text_hash": "varchar",
    "identifier": "varchar",
    "is_undeclared": "boolean",
    "language": "varchar",
    "confidence": "double",
    "is_mixed_language": "boolean",
}
# Texts held in memory at a time.
CHUNK = 20_000

# Addresses, mentions, hashtags and the mark of a repost are in no language.
_NOT_LANGUAGE = re.compile(r"^RT(?= ?[@＠])|https?://\S*|www\.\S+|[@＠#＃][\w.\u200c\u200d]+")
_ENOUGH_LETTERS = re.compile(rf"(?:[^\W\d_][\W\d_]*){{{LEAST_LETTERS}}}")
_LETTERS = re.compile(r"[^\W\d_]")
# Latin letters, with all their accents.
_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]")
_WORDS = re.compile(r"[^\W\d_]{2,}")
# The same separators as in the macro `has_segments`.
_SEPARATORS = re.compile(r"[\r\n]+|\s(?:[|/•–—]|//|\|\|)\s")


@dataclass(frozen=True)
class Language:
    """What the text itself says; both are None where it says too little.

    Attributes:
        tag: BCP 47.
        confidence: The identifier's probability among the languages it may name, 0 to 1.
    """

    tag: str | None = None
    confidence: float | None = None


class Identifier:
    """Names the language of a text, one of those a study expects.

    Args:
        languages: BCP 47 tags. Only these are named: among two languages an identifier is hardly ever wrong, among a
            hundred short posts are taken for their neighbours' languages.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = tuple(sorted(set(languages)))
        if not self.languages:
            raise SuaraError("Languages of the study: expected at least one, such as `id|en`; found none.")

    @cached_property
    def name(self) -> str:
        """What answers depend on: the library, the rules of this module, the languages."""
        rules = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
        return f"py3langid {version('py3langid')}, rules {rules}, {'|'.join(self.languages)}"

    @cached_property
    def _model(self) -> Any:
        model = copy.copy(_whole_model())
        try:
            model.set_languages(list(self.languages))
        except ValueError as error:
            unknown = ", ".join(sorted(set(self.languages) - set(model.labels)))
            raise SuaraError(
                f"Languages of the study: expected codes that can be identified ({', '.join(sorted(model.labels))}); "
                f"found {unknown}. Correct the column languages in studies.csv."
            ) from error
        return model

    def identify(self, text: str) -> Language:
        """The language of a text without its addresses, mentions and hashtags."""
        return self._of_words(_NOT_LANGUAGE.sub(" ", text))

    def is_mixed(self, text: str) -> bool:
        """Whether two segments (lines, or parts between ` | `, ` / ` and the like) are surely in two languages."""
        found = set()
        for segment in _SEPARATORS.split(_NOT_LANGUAGE.sub(" ", text)):
            if len(_WORDS.findall(segment)) >= LEAST_SEGMENT_WORDS:
                language = self._of_words(segment)
                if language.confidence is not None and language.confidence >= SURE:
                    found.add(language.tag)
        return len(found) > 1

    def _of_words(self, words: str) -> Language:
        words = words[:MOST_CHARACTERS]
        if not words.isascii():
            # Mathematical and full-width letters, too, are letters of a word.
            words = unicodedata.normalize("NFKC", words)
        if not _ENOUGH_LETTERS.search(words):
            return Language()
        if not words.isascii() and len(_LETTERS.findall(words)) > 2 * len(_LATIN.findall(words)):
            # Asked for Indonesian or English, the identifier would call Russian one of them.
            tag, confidence = _whole_model().classify(words)
            return Language(tag, round(confidence, 4)) if tag in self.languages else Language()
        tag, confidence = self._model.classify(words)
        return Language(tag, round(confidence, 4))


@cache
def _whole_model() -> Any:
    """The identifier for all its languages. Half a second: loaded only when a text is to be named."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def languages_of_texts(connection: Any, texts: Any, study: Any, table: str) -> Any:
    """What dbt's model of the languages consists of: `identified` for the study's languages.

    Args:
        connection: dbt's connection.
        texts: See `identified`.
        study: A relation of one row with `languages`, BCP 47 tags with `|` between.
        table: Schema and name of the model's own table, which may be missing.
    """
    ((languages,),) = study.select("languages").fetchall()
    identifier = Identifier([tag.strip() for tag in (languages or "").split("|") if tag.strip()])
    return identified(connection, texts, identifier, table if has_columns(connection, table, COLUMNS) else None)


def identified(connection: Any, texts: Any, identifier: Identifier, earlier: str | None, *, chunk: int = CHUNK) -> Any:
    """What is known of each of `texts`: taken over from an earlier answer of the same identifier, else found out now.

    Args:
        connection: A DuckDB connection in which a temporary table may be made.
        texts: A relation of it, with `text_hash` (one row each), `text`, `is_undeclared`, `has_segments`.
        earlier: A table that this function filled before, or None.

    Returns:
        A relation with `text_hash`, `identifier`, `is_undeclared`, `language` and `confidence` (null where the platform
        states a language), `is_mixed_language`.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"create or replace temp table texts_identified ({columns})")
    asked = texts.sql_query()
    if earlier is not None:
        connection.execute(
            f"insert into texts_identified select earlier.* from {earlier} as earlier "
            f"semi join ({asked}) as asked using (text_hash, is_undeclared) where earlier.identifier = ?",
            [identifier.name],
        )
    reader = connection.cursor()
    known = (
        ""
        if earlier is None
        else (
            f" anti join (select text_hash, is_undeclared from {earlier} where identifier = $1) "
            "using (text_hash, is_undeclared)"
        )
    )
    reader.execute(
        f"select text_hash, text, is_undeclared, has_segments from ({asked}) {known}",
        [] if earlier is None else [identifier.name],
    )
    while rows := reader.fetchmany(chunk):
        answers = [_answer(identifier, *row) for row in rows]
        connection.execute(
            "insert into texts_identified select unnest($1::varchar[]), $2, unnest($3::boolean[]), "
            "unnest($4::varchar[]), unnest($5::double[]), unnest($6::boolean[])",
            [
                [row[0] for row in rows],
                identifier.name,
                [row[2] for row in rows],
                [language.tag for language, _ in answers],
                [language.confidence for language, _ in answers],
                [is_mixed for _, is_mixed in answers],
            ],
        )
    reader.close()
    return connection.query("select * from texts_identified order by text_hash")


def _answer(
    identifier: Identifier, _: str, text: str, is_undeclared: bool, has_segments: bool
) -> tuple[Language, bool]:
    language = identifier.identify(text) if is_undeclared else Language()
    return language, has_segments and identifier.is_mixed(text)
