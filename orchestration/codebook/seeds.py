"""A codebook as the three seeds that the models read.

Belongs here: the columns of the seeds and their bytes. Does not belong here: what a codebook may say (`reading`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from orchestration.codebook.model import Codebook
from orchestration.contract import DBT_PROJECT_DIR, PROJECT_ROOT, SuaraError

DEFAULT_CODEBOOK = PROJECT_ROOT / "codebooks" / "iom_trafficking.yml"
SEED_FOLDER = DBT_PROJECT_DIR / "seeds" / "codebook"
# The seeds name a theme in these languages, one column each.
LABEL_LANGUAGES = ("en", "id")

THEME_COLUMNS = (
    "theme_code",
    "parent_code",
    "facet",
    "label_en",
    "label_id",
    "definition",
    "standard_ref",
    "exclude_note",
    "example",
    "is_organisations_only",
    "codebook_version",
    "codebook_hash",
)
TERM_COLUMNS = (
    "term_id",
    "theme_code",
    "language",
    "kind",
    "term",
    "case_sensitive",
    "requires",
    "codebook_version",
)
EXCLUSION_COLUMNS = ("exclusion_id", "theme_code", "pattern", "reason", "codebook_version")


def seed_files(codebook: Codebook) -> dict[str, str]:
    """The three seeds by file name: the same bytes for the same codebook, in the order of its file.

    Raises:
        SuaraError: The codebook has not the languages that the seeds have columns for.
    """
    missing = [language for language in LABEL_LANGUAGES if language not in codebook.languages]
    if missing:
        raise SuaraError(
            f"{codebook.id}: expected the languages {', '.join(LABEL_LANGUAGES)}, in which the tables name a theme; "
            f"found {', '.join(codebook.languages)}. Add {', '.join(missing)} to `languages:` and to each label."
        )
    version, content_hash = codebook.version, codebook.sha256
    themes = [
        (
            theme.code,
            theme.parent or "",
            theme.facet,
            theme.label["en"],
            theme.label["id"],
            theme.definition.get("en") or next(iter(theme.definition.values())),
            "; ".join(theme.standards),
            theme.note,
            theme.examples[0] if theme.examples else "",
            _word(theme.organisations_only),
            version,
            content_hash,
        )
        for theme in codebook.themes
    ]
    terms = [
        (
            theme.term_id(term),
            theme.code,
            term.language,
            term.kind,
            term.term,
            _word(term.case_sensitive),
            "|".join(term.requires),
            version,
        )
        for theme, term in codebook.terms()
    ]
    exclusions = [
        (theme.exclusion_id(exclusion), theme.code, exclusion.phrase, exclusion.reason, version)
        for theme in codebook.themes
        for exclusion in theme.exclusions
    ]
    return {
        "codebook_themes.csv": _csv(THEME_COLUMNS, themes),
        "codebook_terms.csv": _csv(TERM_COLUMNS, terms),
        "codebook_exclusions.csv": _csv(EXCLUSION_COLUMNS, exclusions),
    }


def _word(value: bool) -> str:
    return "true" if value else "false"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
