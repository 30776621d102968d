"""Codebooks going out to other tools, and coming in from them.

Belongs here: which format is which. Does not belong here: any one format (`spreadsheet`, `refi_qda`, `writing`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.codebook.model import Codebook
from orchestration.codebook.reading import Problem, check, read_text
from orchestration.codebook.refi_qda import as_qdc, from_qdc
from orchestration.codebook.spreadsheet import as_csv, from_csv
from orchestration.codebook.writing import as_yaml, document_yaml
from orchestration.contract import InputError

EXPORTS: Mapping[str, Callable[[Codebook], str]] = {"csv": as_csv, "qdc": as_qdc, "yaml": as_yaml}
IMPORTS = (".csv", ".qdc")


@dataclass(frozen=True)
class Imported:
    """A codebook that came in.

    Attributes:
        text: Its YAML.
        codebook: What the YAML says; None while it has errors, as it has when another tool's codes have no terms yet.
        problems: What is to be said about the YAML, by line.
    """

    text: str
    codebook: Codebook | None
    problems: list[Problem]


def import_codebook(path: Path, language: str = "en") -> Imported:
    """The codebook in a `.csv` or `.qdc` file; nothing is written.

    Args:
        path: The file.
        language: Language of names and descriptions in a `.qdc` file of another tool (BCP-47).

    Raises:
        InputError: The file cannot be read as what its name says.
    """
    suffix = path.suffix.lower()
    if suffix not in IMPORTS:
        step = "Export the codebook alone, as REFI-QDA codebook (.qdc) or as CSV."
        raise InputError(file=str(path), expected=" or ".join(IMPORTS), found=suffix or "no ending", next_step=step)
    if suffix == ".csv":
        text = as_yaml(from_csv(read_text(path), path.name))
    else:
        try:
            content = path.read_bytes()
        except OSError as error:
            found = error.strerror or "an error"
            raise InputError(file=str(path), expected="a file", found=found, next_step="Check the path.") from error
        own_id = "_".join(re.findall(r"[a-z0-9]+", path.stem.lower())) or "codebook"
        own_id = own_id if own_id[0].isalpha() else f"codebook_{own_id}"
        text = document_yaml(from_qdc(content, path.name, codebook_id=own_id, language=language))
    codebook, problems = check(text)
    if codebook is not None:
        # laid out as this project writes it, which changes lines and nothing else
        text = as_yaml(codebook)
        _, problems = check(text)
    return Imported(text, codebook, problems)
