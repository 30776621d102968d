"""The project's codebook is its YAML: the seeds are what it compiles to."""

from __future__ import annotations

import csv
import io

from orchestration.codebook import (
    CODEBOOK_FOLDER,
    DEFAULT_CODEBOOK,
    SEED_FOLDER,
    STUDIES,
    as_yaml,
    check,
    read_codebook,
    read_codebooks,
    read_text,
    seed_files,
    study_problems,
)
from orchestration.contract import PROJECT_ROOT
from tests.project.support import blocks


def test_the_committed_seeds_are_what_the_codebook_compiles_to() -> None:
    differing = [
        name
        for name, text in seed_files(read_codebooks(CODEBOOK_FOLDER)).items()
        if (SEED_FOLDER / name).read_bytes() != text.encode("utf-8")
    ]
    assert not differing, "run `suara codebook compile`"


def test_the_codebook_written_anew_is_the_same_codebook() -> None:
    codebook = read_codebook(DEFAULT_CODEBOOK)
    again, _ = check(as_yaml(codebook))
    assert again == codebook


def test_the_facets_are_those_that_the_tables_know() -> None:
    known = {"theme", "topic", "act", "means", "purpose", "cta"}
    assert {facet.code for facet in read_codebook(DEFAULT_CODEBOOK).facets} == known


def test_every_warning_about_the_codebook_is_known() -> None:
    _, problems = check(read_text(DEFAULT_CODEBOOK))
    # "girls" speaks for children and for women.
    assert [problem.code for problem in problems] == ["sibling_duplicate"]


def test_every_row_of_the_seeds_carries_the_version() -> None:
    codebook = read_codebook(DEFAULT_CODEBOOK)
    for name, text in seed_files([codebook]).items():
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["codebook_version"] for row in rows} == {codebook.full_version}, name


def test_every_study_names_a_codebook_of_the_folder() -> None:
    assert not study_problems(STUDIES, {codebook.id for codebook in read_codebooks(CODEBOOK_FOLDER)})


def test_example_of_the_docs_is_a_codebook() -> None:
    page = PROJECT_ROOT / "docs" / "explanation" / "codebook.md"
    (example,) = blocks(page, "yaml")
    codebook, problems = check(example.text)
    assert codebook is not None
    assert {problem.code for problem in problems} == {"missing_translation"}
