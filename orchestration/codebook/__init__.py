"""Codebooks: the project's own YAML, its check, the tables it is compiled to, and its exchange with other tools.

Belongs here: everything that reads or writes a codebook as a file.
Does not belong here: dagster, looking for terms in posts (the models of dbt do that), coding by hand.
"""

from orchestration.codebook.exchange import EXPORTS, Imported, import_codebook
from orchestration.codebook.model import Codebook, Condition, Exclusion, Facet, Near, Term, Theme
from orchestration.codebook.reading import CodebookError, Problem, check, read_codebook, read_text
from orchestration.codebook.seeds import (
    CODEBOOK_FOLDER,
    DEFAULT_CODEBOOK,
    SEED_FOLDER,
    STUDIES,
    read_codebooks,
    seed_files,
    stated_ids,
    study_problems,
)
from orchestration.codebook.writing import as_yaml

__all__ = [
    "CODEBOOK_FOLDER",
    "DEFAULT_CODEBOOK",
    "EXPORTS",
    "SEED_FOLDER",
    "STUDIES",
    "Codebook",
    "CodebookError",
    "Condition",
    "Exclusion",
    "Facet",
    "Imported",
    "Near",
    "Problem",
    "Term",
    "Theme",
    "as_yaml",
    "check",
    "import_codebook",
    "read_codebook",
    "read_codebooks",
    "read_text",
    "seed_files",
    "stated_ids",
    "study_problems",
]
