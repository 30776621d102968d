"""The sheet that coders fill in: writing it, and reading it back without believing it.

Belongs here: columns, instructions, protection from Excel, every reason to refuse a coded sheet.
Does not belong here: which posts are drawn (`sample`), where codes are kept (`store`).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.coding.manifest import Manifest
from orchestration.coding.sample import Sample, Theme
from orchestration.contract import InputError, SuaraError, replacing

BEFORE_CODES = ("sample_id", "post_id", "posted_date", "text")
AFTER_CODES = ("coder", "note")
NEEDED = ("sample_id", "post_id", "coder")
CODES_SHEET, INSTRUCTIONS_SHEET = "codes", "instructions"
# The name under which people enter what they agreed on where their codes differed.
AGREED = "agreed"
PROBLEMS_SHOWN = 20
# Excel shows more, but keeps no more in a cell.
CELL_LIMIT = 32_767
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Code:
    """One coder's decision on one post and theme: 1 has it, 0 has it not."""

    sample_id: str
    coder: str
    post_key: str
    theme_code: str
    code: int


@dataclass(frozen=True)
class Coded:
    """What one sheet holds: its codes, and the rows nobody has filled in yet."""

    sample_id: str
    codes: tuple[Code, ...]
    rows_without_codes: int


# ---------- writing


def write_sheet(sample: Sample, target: Path) -> list[Path]:
    """Write the sheet, its manifest and (for CSV) its instructions, readable by the owner only.

    Args:
        sample: What was drawn.
        target: Ends in .xlsx or .csv. CSV has the same bytes for the same sample.

    Returns:
        The files written, the sheet first.

    Raises:
        SuaraError: Another ending, or a file is there already: somebody may have coded in it.
    """
    kind = target.suffix.lower()
    if kind not in (".xlsx", ".csv"):
        raise SuaraError(f"{target}: expected a name that ends in .xlsx or .csv; found {kind or 'no ending'}.")
    manifest = target.with_name(f"{target.stem}.manifest.json")
    instructions = target.with_name(f"{target.stem}.instructions.txt")
    files = [target, manifest] + ([instructions] if kind == ".csv" else [])
    for path in files:
        if path.exists():
            raise SuaraError(
                f"{path}: expected no file of that name; found one, and codes in it would be lost. Take another name."
            )
    if kind == ".csv":
        with replacing(instructions, mode=0o600) as temporary:
            lines = ["\t".join(row).rstrip() for row in _instructions(sample.themes)]
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sample.manifest.write(manifest)
    with replacing(target, mode=0o600) as temporary:
        (_write_csv if kind == ".csv" else _write_xlsx)(sample, temporary)
    return files


def _rows(sample: Sample) -> Iterator[list[str]]:
    manifest = sample.manifest
    yield [*BEFORE_CODES, *manifest.themes, *AFTER_CODES]
    blank = [""] * (len(manifest.themes) + len(AFTER_CODES))
    for post, day, text in zip(manifest.posts, sample.dates, sample.texts, strict=True):
        yield [manifest.sample_id, post.post_id, day, text, *blank]


def _write_csv(sample: Sample, path: Path) -> None:
    # With a byte order mark, or Excel takes UTF-8 for something else.
    with open(path, "w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        for row in _rows(sample):
            # A post that begins with @ or = is a formula to a spreadsheet: an apostrophe makes it text.
            row[3] = f"'{row[3]}" if row[3].startswith(_FORMULA) else row[3]
            writer.writerow(row)


def _write_xlsx(sample: Sample, path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = CODES_SHEET
    for row_no, row in enumerate(_rows(sample), 1):
        for column_no, value in enumerate(row, 1):
            cell = sheet.cell(row_no, column_no)
            if value:
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:CELL_LIMIT]
                cell.data_type = "s"  # text, also where it begins with = or looks like an error
            if column_no <= len(BEFORE_CODES):
                cell.number_format = "@"
                cell.alignment = Alignment(wrap_text=column_no == len(BEFORE_CODES), vertical="top")
            if row_no == 1:
                cell.font = Font(bold=True)
    themes, posts = len(sample.manifest.themes), len(sample.manifest.posts)
    first, last = len(BEFORE_CODES) + 1, len(BEFORE_CODES) + themes
    only = DataValidation(type="list", formula1='"0,1"', allow_blank=True, showErrorMessage=True, error="0 or 1")
    only.add(f"{get_column_letter(first)}2:{get_column_letter(last)}{posts + 1}")
    sheet.add_data_validation(only)
    sheet.freeze_panes = sheet.cell(2, first)
    for column_no, width in enumerate((16, 24, 12, 80), 1):
        sheet.column_dimensions[get_column_letter(column_no)].width = width

    words = book.create_sheet(INSTRUCTIONS_SHEET)
    for row_no, row in enumerate(_instructions(sample.themes), 1):
        for column_no, value in enumerate(row, 1):
            cell = words.cell(row_no, column_no)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=len(row) > 1, vertical="top")
    for column_no, width in enumerate((12, 28, 28, 60, 60, 60), 1):
        words.column_dimensions[get_column_letter(column_no)].width = width
    book.save(path)


def _instructions(themes: Iterable[Theme]) -> Iterator[tuple[str, ...]]:
    for line in (
        "Read the text of each post and decide for each theme: 1, the post has it; 0, it has it not. A post may have "
        "several themes, or none.",
        "Judge by the definitions below, not by single words. Fill in every theme of a post, or none of them.",
        "Write your name or initials into the column coder of every post you coded, always the same way.",
        "Work alone and from the top down: talk about posts only after both have finished. The order is random, so "
        "that the part that is finished counts when not everything is.",
        "Do not change sample_id and post_id, and add no columns. note is for you; it is not read.",
        "Where codes differ, agree afterwards and hand in a further sheet with those posts, coder: " + AGREED + ".",
    ):
        yield (line,)
    yield ("",)
    yield ("theme", "name", "name (Indonesian)", "a post has it when", "what does not count", "example (made up)")
    for theme in themes:
        yield (theme.code, theme.name, theme.name_id, theme.definition, theme.exclude_note, theme.example)


# ---------- reading


def read_sheets(files: Iterable[Path], manifests: Mapping[str, Manifest]) -> list[Coded]:
    """Read coded sheets; all of them or none.

    Args:
        files: Sheets in XLSX or CSV (comma, semicolon or tab; UTF-8 or Windows-1252).
        manifests: Known samples by their id.

    Raises:
        SuaraError: Something in a sheet is not as it must be; every problem with its file, row and reason.
    """
    problems: list[str] = []
    seen: dict[tuple[str, str, str], str] = {}
    coded = [_read_sheet(path, manifests, problems, seen) for path in files]
    if problems:
        more = len(problems) - PROBLEMS_SHOWN
        shown = problems[:PROBLEMS_SHOWN] + ([f"… and {more} more."] if more > 0 else [])
        raise SuaraError("\n".join([*shown, "Nothing was loaded. Correct the sheet and import it again."]))
    return [sheet for sheet in coded if sheet is not None]


def _read_sheet(
    path: Path,
    manifests: Mapping[str, Manifest],
    problems: list[str],
    seen: dict[tuple[str, str, str], str],
) -> Coded | None:
    def problem(row: int | None, expected: str, found: str, next_step: str = "") -> None:
        where = f"{path.name}, row {row}" if row else path.name
        problems.append(f"{where}: expected {expected}; found {found}. {next_step}".rstrip())

    rows = _cells(path)
    header = [_text(value) for value in next(rows, [])]
    while header and not header[-1]:
        header.pop()
    if missing := [name for name in NEEDED if name not in header]:
        problem(1, f"a column {missing[0]}", ", ".join(header) or "nothing", "Take the sheet as it was written.")
        return None
    if twice := sorted({name for name in header if header.count(name) > 1}):
        problem(1, "each column once", f"{twice[0] or 'a column without a name'} twice")
        return None
    filled = [
        (number, dict(zip(header, values, strict=False)))  # a row of a CSV may be shorter
        for number, values in enumerate(rows, 2)
        if any(_text(value) for value in values)
    ]
    if not filled:
        problem(None, "posts", "none")
        return None
    sample_id = _text(filled[0][1].get("sample_id"))
    manifest = manifests.get(sample_id)
    if manifest is None:
        problem(
            filled[0][0],
            f"a sample that is known here ({', '.join(manifests) or 'there is none'})",
            f"sample_id {sample_id or 'empty'}",
            "Name its manifest: --manifest SHEET.manifest.json.",
        )
        return None
    codes = [name for name in header if name not in (*BEFORE_CODES, *AFTER_CODES)]
    if unknown := [name for name in codes if name not in manifest.themes]:
        problem(1, f"the themes {', '.join(manifest.themes)}", f"the column {unknown[0] or 'without a name'}")
        return None
    if missing := [name for name in manifest.themes if name not in codes]:
        problem(1, f"a column {missing[0]}", "none", "Every theme of the sample is coded.")
        return None

    keys = {post.post_id: post.post_key for post in manifest.posts}
    found: list[Code] = []
    without_codes = 0
    for number, row in filled:
        if _text(row.get("sample_id")) != sample_id:
            problem(number, f"sample_id {sample_id} as in the rows before", _text(row.get("sample_id")) or "nothing")
            continue
        label = _text(row.get("post_id"))
        if label not in keys:
            problem(number, "a post of this sample", f"post_id {label or 'empty'}", _what_happened(row.get("post_id")))
            continue
        given = {theme: _text(row.get(theme)) for theme in manifest.themes}
        if not any(given.values()):
            without_codes += 1
            continue
        wrong = [(theme, value) for theme, value in given.items() if value not in ("0", "1")]
        for theme, value in wrong:
            problem(number, f"0 or 1 in column {theme}", value or "an empty cell")
        # One person, however the name is written.
        coder = " ".join(_text(row.get("coder")).casefold().split())
        if not coder:
            problem(number, "the name of the coder", "an empty cell")
        if wrong or not coder:
            continue
        place = f"{path.name}, row {number}"
        if (before := seen.setdefault((sample_id, coder, label), place)) != place:
            problem(number, f"each post once per coder; {coder} coded {label} in {before}", "it again")
            continue
        found += [Code(sample_id, coder, keys[label], theme, int(value)) for theme, value in given.items()]
    return Coded(sample_id, tuple(found), without_codes)


def _what_happened(value: Any) -> str:
    """Why an id is not the one that was written."""
    text = _text(value)
    if not isinstance(value, str) or re.fullmatch(r"[\d.,]+([eE][+-]?\d+)?", text):
        return "A spreadsheet turned the id into a number: copy the column post_id again from the sheet as written."
    return "Take the sheet that belongs to this sample."


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _cells(path: Path) -> Iterator[list[Any]]:
    """The rows of a sheet, the first one with the names of the columns."""

    def unreadable(found: str, next_step: str = "Save it as .xlsx or .csv and import it again.") -> InputError:
        return InputError(
            file=str(path),
            expected="a coded sheet in XLSX or CSV",
            found=found,
            next_step=next_step,
            code="unreadable",
        )

    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(error.strerror or "no file", "Check the path.") from error
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        yield from _xlsx_cells(data, unreadable)
        return
    if path.suffix.lower() != ".csv":
        raise unreadable(path.suffix or "no ending")
    if b"\0" in data:
        raise unreadable("bytes that are no text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel writes as "CSV" on Windows; only names of coders could be hurt, and none is lost.
        text = data.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    # Excel writes semicolons where the comma is the decimal sign, as in Indonesia.
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise unreadable(f"broken CSV ({error})") from error


def _xlsx_cells(data: bytes, unreadable: Any) -> Iterator[list[Any]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book[CODES_SHEET] if CODES_SHEET in book.sheetnames else book.worksheets[0]
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError) as error:
        raise unreadable(f"no workbook ({type(error).__name__})") from error
    yield from rows
