"""The codebooks as the three seeds that the models read.

Belongs here: the columns of the seeds and their bytes. Does not belong here: what a codebook may say (`reading`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestration.codebook.model import Codebook
from orchestration.codebook.reading import Problem, read_codebook, read_text, stated_id
from orchestration.contract import DBT_PROJECT_DIR, PROJECT_ROOT, SuaraError

CODEBOOK_FOLDER = PROJECT_ROOT / "codebooks"
DEFAULT_CODEBOOK = CODEBOOK_FOLDER / "iom_trafficking.yml"
STUDIES = DBT_PROJECT_DIR / "seeds" / "studies" / "studies.csv"
SEED_FOLDER = DBT_PROJECT_DIR / "seeds" / "codebook"
# The seeds name a theme in these languages, one column each.
LABEL_LANGUAGES = ("en", "id")

THEME_COLUMNS = (
    "codebook_id",
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
    "codebook_id",
    "term_id",
    "theme_code",
    "language",
    "kind",
    "term",
    "case_sensitive",
    "requires",
    "near_a",
    "near_b",
    "near_window",
    "codebook_version",
)
EXCLUSION_COLUMNS = ("codebook_id", "exclusion_id", "theme_code", "pattern", "reason", "codebook_version")


def read_codebooks(folder: Path) -> list[Codebook]:
    """Every codebook of a folder, in the order of their file names.

    Raises:
        CodebookError: One has errors; the message names the line of each.
        SuaraError: There is none, or two have one id.
    """
    files: dict[str, Path] = {}
    found = []
    for path in sorted(folder.glob("*.yml")):
        codebook = read_codebook(path)
        if codebook.id in files:
            raise SuaraError(
                f"{path.name}: expected an id that no other codebook has; found {codebook.id}, as in "
                f"{files[codebook.id].name}. Rename one of the two."
            )
        files[codebook.id] = path
        found.append(codebook)
    if not found:
        raise SuaraError(f"{folder}: expected a codebook (*.yml); found none. Write one: docs/explanation/codebook.md.")
    return found


def study_problems(studies: Path, known: Iterable[str]) -> list[Problem]:
    """Every study that names a codebook nobody has, with its line in the table of studies.

    Args:
        studies: The table (seeds/studies/studies.csv).
        known: Ids of the codebooks.
    """
    known = sorted(known)
    problems = []
    reader = csv.DictReader(io.StringIO(read_text(studies), newline=""))
    for row in reader:
        named = row.get("codebook_id") or ""
        if named not in known:
            step = f"Correct codebook_id of the study {row.get('study')}, or add the codebook to codebooks/."
            expected = f"the id of a codebook ({', '.join(known)})"
            problems.append(Problem(reader.line_num, "unknown_codebook", expected, named or "nothing", step))
    return problems


def stated_ids(folder: Path) -> set[str]:
    """Ids of the codebooks of a folder, also of those that have errors."""
    return {found for path in folder.glob("*.yml") if (found := stated_id(read_text(path)))}


def seed_files(codebooks: Sequence[Codebook]) -> dict[str, str]:
    """The three seeds by file name: the same bytes for the same codebooks, in the order of their files.

    Raises:
        SuaraError: A codebook has not the languages that the seeds have columns for.
    """
    rows: tuple[list[Sequence[str]], ...] = ([], [], [])
    for codebook in codebooks:
        for whole, part in zip(rows, _rows(codebook), strict=True):
            whole += part
    names = ("codebook_themes.csv", "codebook_terms.csv", "codebook_exclusions.csv")
    columns = (THEME_COLUMNS, TERM_COLUMNS, EXCLUSION_COLUMNS)
    return {name: _csv(head, part) for name, head, part in zip(names, columns, rows, strict=True)}


def _rows(codebook: Codebook) -> tuple[list[Sequence[str]], ...]:
    """Rows of the three seeds."""
    missing = [language for language in LABEL_LANGUAGES if language not in codebook.languages]
    if missing:
        raise SuaraError(
            f"{codebook.id}: expected the languages {', '.join(LABEL_LANGUAGES)}, in which the tables name a theme; "
            f"found {', '.join(codebook.languages)}. Add {', '.join(missing)} to `languages:` and to each label."
        )
    version, content_hash = codebook.full_version, codebook.sha256
    themes: list[Sequence[str]] = [
        (
            codebook.id,
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
    terms: list[Sequence[str]] = [
        (
            codebook.id,
            theme.term_id(term),
            theme.code,
            term.language,
            term.kind,
            term.term,
            _word(term.case_sensitive),
            "|".join(term.requires),
            "|".join(term.near.a) if term.near else "",
            "|".join(term.near.b) if term.near else "",
            str(term.near.window) if term.near else "",
            version,
        )
        for theme, term in codebook.terms()
    ]
    exclusions: list[Sequence[str]] = [
        (codebook.id, theme.exclusion_id(exclusion), theme.code, exclusion.phrase, exclusion.reason, version)
        for theme in codebook.themes
        for exclusion in theme.exclusions
    ]
    return themes, terms, exclusions


def _word(value: bool) -> str:
    return "true" if value else "false"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
