"""Proposals as files: a workbook, or CSVs beside each other. They show predictions: coders do not get them.

Belongs here: columns and protection from spreadsheets. Does not belong here: what is proposed.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from orchestration.coding.quality import shown
from orchestration.contract import SuaraError, replacing
from orchestration.suggesting.suggest import Suggestions

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
WARNING = "Predictions of a model: coders do not get this file, and nothing in it is a code."


def tables(found: Suggestions) -> dict[str, list[Sequence[object]]]:
    """Name of each table, and its rows with the names of the columns first."""
    figures = ("precision", "recall", "f1")
    themes: list[Sequence[object]] = [
        (
            *("theme", "name", "coded_posts", "posts_with_it", "missing_before_it_can_be_learnt"),
            *(f"{side}_{figure}" for side in ("model", "rules") for figure in figures),
        )
    ]
    for theme in found.themes:
        cells = [
            shown(getattr(side, figure)) if side else "" for side in (theme.figures, theme.rules) for figure in figures
        ]
        themes.append((theme.theme_code, theme.theme_name, theme.coded, theme.positive, theme.missing, *cells))
    terms: list[Sequence[object]] = [
        (
            "theme",
            "words",
            "weight",
            "coded_posts_with_theme",
            "coded_posts_without_theme",
            "posts",
            "posts_no_rule_finds",
        )
    ]
    terms += [
        (t.theme_code, t.ngram, round(t.weight, 4), t.coded_with, t.coded_without, t.posts, t.new_posts)
        for t in found.terms
    ]
    posts: list[Sequence[object]] = [
        ("theme", "why", "post_id", "posted_date", "probability", "rules", "words_that_speak_for_it", "text")
    ]
    posts += [
        (
            p.theme_code,
            p.reason,
            p.post_id,
            p.posted_date,
            round(p.probability, 4),
            int(p.by_rules),
            ", ".join(p.speaking),
            p.text,
        )
        for p in found.posts
    ]
    return {"themes": themes, "terms": terms, "posts": posts}


def write_suggestions(found: Suggestions, target: Path) -> list[Path]:
    """Write the proposals, readable by the owner only: they hold texts.

    Args:
        found: What is proposed.
        target: Ends in .xlsx (three sheets) or .csv (three files, with the same bytes for the same proposals).

    Returns:
        The files written.

    Raises:
        SuaraError: Another ending.
    """
    check_target(target)
    if target.suffix.lower() == ".csv":
        files = []
        for name, rows in tables(found).items():
            files.append(target.with_name(f"{target.stem}.{name}.csv"))
            with replacing(files[-1], mode=0o600) as temporary:
                with open(temporary, "w", encoding="utf-8-sig", newline="") as handle:
                    csv.writer(handle, lineterminator="\n").writerows([_safe(cell) for cell in row] for row in rows)
        return files
    with replacing(target, mode=0o600) as temporary:
        _write_xlsx(found, temporary)
    return [target]


def check_target(target: Path) -> None:
    """Refuse a name before anything is learnt.

    Raises:
        SuaraError: It ends neither in .xlsx nor in .csv.
    """
    if (kind := target.suffix.lower()) not in (".xlsx", ".csv"):
        raise SuaraError(f"{target}: expected a name that ends in .xlsx or .csv; found {kind or 'no ending'}.")


def _safe(cell: object) -> object:
    """A text that begins with = or @ is a formula to a spreadsheet: an apostrophe makes it text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) and cell != "-" else cell


def _write_xlsx(found: Suggestions, path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in tables(found).items():
        sheet = book.create_sheet(name)
        sheet.append([WARNING])
        for row_no, row in enumerate(rows, 2):
            for column_no, value in enumerate(row, 1):
                cell = sheet.cell(row_no, column_no)
                if isinstance(value, str):
                    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
                    cell.data_type = "s"
                    cell.alignment = Alignment(wrap_text=rows[0][column_no - 1] == "text", vertical="top")
                else:
                    cell.value = value
                if row_no == 2:
                    cell.font = Font(bold=True)
        sheet.freeze_panes = "A3"
        for column_no, column in enumerate(rows[0], 1):
            wide = {"text": 80, "words_that_speak_for_it": 40, "why": 26, "post_id": 24, "name": 24, "words": 24}
            sheet.column_dimensions[get_column_letter(column_no)].width = wide.get(str(column), 18)
    book.save(path)
