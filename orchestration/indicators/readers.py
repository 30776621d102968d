"""Readers of the files in which reporters give out their figures: UNODC, CTDC, tier placements of the United States.

Belongs here: recognising a file by its header, cells into figures, refusals that name the row.
Does not belong here: judging a figure beside others (dbt, `fct_indicator_problems`).

Nothing is estimated: "<5" becomes its bounds, a blank is no figure, and what is given twice is kept twice.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from orchestration.contract import InputError
from orchestration.indicators.model import Figure

# Titles above a header: UNODC's own export has two lines of them.
_HEADER_ROWS = 10
_FIRST_YEAR, _LAST_YEAR = 1990, 2100

Row = Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """What a file gave.

    Attributes:
        kind: What the file is, in words.
        row_count: Rows below the header.
        other_place_count: Rows of places that were not asked for.
        without_figure_count: Rows that state none (`NA`, a blank).
    """

    kind: str
    figures: tuple[Figure, ...]
    row_count: int
    other_place_count: int
    without_figure_count: int


def read_indicators(path: Path, places: Iterable[str]) -> Reading:
    """Read the figures of some places.

    Args:
        path: A workbook or delimited text.
        places: ISO 3166-1 alpha-3 codes.

    Raises:
        InputError: No known file, or a cell that is not what its column holds.
    """
    wanted = frozenset(place.upper() for place in places)
    for place in wanted:
        if not re.fullmatch("[A-Z]{3}", place):
            raise InputError(
                file=path.name,
                expected="places as ISO 3166-1 alpha-3 (IDN)",
                found=place,
                next_step="Name the places with --geo, three letters each.",
                code="bad_place",
            )
    rows = _rows_of(path)
    above: list[Sequence[str]] = []
    for number, cells in enumerate(islice(rows, _HEADER_ROWS), 1):
        header = [cell.strip() for cell in cells]
        for kind, columns, reader in _KINDS:
            if columns <= set(header):
                named = (
                    (line, dict(zip(header, values, strict=False)))
                    for line, values in enumerate(rows, number + 1)
                    if any(value.strip() for value in values)
                )
                figures, counted = reader(path.name, named, wanted)
                return Reading(kind, tuple(figures), counted["rows"], counted["other_place"], counted["without_figure"])
        above.append(cells)
    raise InputError(
        file=path.name,
        expected="a header of UNODC's GLOTIP export, a CTDC data set, or tier placements (countryname, iso, …)",
        found=(", ".join(above[0])[:120] if above else "") or "nothing",
        next_step="Hand over the file as its reporter gives it out, or add the figures to the seed with their source.",
        code="unknown_indicators",
    )


# Files to rows of text -------------------------------------------------------------------------------------------


def _rows_of(path: Path) -> Iterator[list[str]]:
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        yield from _workbook_rows(path)
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            file=path.name,
            record=f"byte {error.start:,}",
            expected="text in UTF-8",
            found="bytes that are none",
            next_step="Save the file as CSV in UTF-8.",
            code="encoding",
        ) from error
    yield from csv.reader(io.StringIO(text, newline=""))


def _workbook_rows(path: Path) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, OSError) as error:
        raise InputError(
            file=path.name,
            expected="a workbook",
            found=str(error) or type(error).__name__,
            next_step="Open it in a spreadsheet program and save it again as .xlsx.",
            code="broken_workbook",
        ) from error
    try:
        for values in workbook.worksheets[0].iter_rows(values_only=True):
            yield ["" if value is None else str(value) for value in values]
    finally:
        workbook.close()


def _refusal(file: str, line: int, expected: str, found: str) -> InputError:
    return InputError(
        file=file,
        record=f"row {line:,}",
        expected=expected,
        found=found[:120] or "nothing",
        next_step="Nothing was read. Hand over the file as its reporter gives it out.",
        code="bad_cell",
    )


def _year_of(file: str, line: int, cell: str) -> date:
    if not re.fullmatch(r"[0-9]{4}(\.0)?", cell.strip()) or not _FIRST_YEAR <= int(float(cell)) <= _LAST_YEAR:
        raise _refusal(file, line, "a year", cell)
    return date(int(float(cell)), 1, 1)


def _code_of(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


# UNODC -----------------------------------------------------------------------------------------------------------

_GLOTIP = {
    "Detected trafficking victims": ("glotip_detected_victims", "persons"),
    "Persons convicted": ("glotip_convicted", "persons"),
    "Persons prosecuted": ("glotip_prosecuted", "persons"),
    "Persons brought into formal contact": ("glotip_formal_contact", "persons"),
    "Offences of trafficking in persons": ("glotip_offences", "offences"),
}


def _glotip(file: str, rows: Iterator[tuple[int, Row]], places: frozenset[str]) -> tuple[list[Figure], Counter[str]]:
    figures: list[Figure] = []
    counted: Counter[str] = Counter()
    for line, row in rows:
        counted["rows"] += 1
        if row["Iso3_code"] not in places:
            counted["other_place"] += 1
            continue
        year = _year_of(file, line, row["Year"])
        indicator = row["Indicator"].strip()
        if indicator not in _GLOTIP:
            raise _refusal(file, line, f"one of {', '.join(_GLOTIP)}", indicator)
        stated = row["txtVALUE"].strip()
        if not stated:
            counted["without_figure"] += 1
            continue
        suppressed = re.fullmatch(r"<\s*([0-9]+)", stated)
        if not suppressed and not re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})*|[0-9]+", stated):
            raise _refusal(file, line, 'a whole number (1,469) or "<5"', stated)
        value = None if suppressed else int(stated.replace(",", ""))
        unit_of_row = row["Unit of measurement"].strip()
        code, unit = _GLOTIP[indicator]
        parts = {name: row[name].strip() for name in ("Category", "Sex", "Age")}
        dimension = _code_of(row["Dimension"])
        broken_down = [name.lower() for name in ("Sex", "Age") if parts[name] != "Total"]
        if broken_down:
            dimension = "_".join([*([dimension] if dimension != "total" else []), "by", *broken_down])
        # sexes and ages of one category, and the other way round: their cells are suppressed one by one, so no division
        category = " / ".join(part for part in parts.values() if part != "Total") or "total"
        figures.append(
            Figure(
                code if unit_of_row == "Counts" else f"{code}_{_code_of(unit_of_row)}",
                "UNODC GLOTIP",
                row["Iso3_code"],
                year,
                date(year.year, 12, 31),
                "annual",
                None,
                dimension,
                category,
                value,
                1 if suppressed else value,
                int(suppressed[1]) - 1 if suppressed else value,
                unit if unit_of_row == "Counts" else unit_of_row,
                "suppressed" if suppressed else None,
                None,
                f"{file}, row {line}",
            )
        )
    return figures, counted


# Placements by the US Department of State ------------------------------------------------------------------------

_TIERS = {"Tier 1": 1, "Tier 2": 2, "Watchlist": 3, "Tier 2 Watch List": 3, "Tier 3": 4}


def _tiers(file: str, rows: Iterator[tuple[int, Row]], places: frozenset[str]) -> tuple[list[Figure], Counter[str]]:
    figures: list[Figure] = []
    counted: Counter[str] = Counter()
    for line, row in rows:
        counted["rows"] += 1
        if row["iso"].strip() not in places:
            counted["other_place"] += 1
            continue
        year = _year_of(file, line, row["year"]).year
        tier = row["tier"].strip()
        if tier in ("", "NA"):
            counted["without_figure"] += 1
            continue
        if tier not in _TIERS:
            raise _refusal(file, line, f"one of {', '.join(_TIERS)}", tier)
        rank = _TIERS[tier]
        figures.append(
            Figure(
                "us_tip_tier",
                "US Department of State",
                row["iso"].strip(),
                # the report of a year speaks of 1 April of the year before to 31 March (22 USC 7107)
                date(year - 1, 4, 1),
                date(year, 3, 31),
                "reporting_year",
                None,
                "total",
                "total",
                rank,
                rank,
                rank,
                "rank 1 to 4",
                None,
                f"{'Tier 2 Watch List' if rank == 3 else tier}; {year} report.",
                f"{file}, row {line}",
            )
        )
    return figures, counted


# CTDC ------------------------------------------------------------------------------------------------------------

# The older release writes ISO 3166-1 alpha-2: these places are known in both; others are refused, not missed.
_SHORT = {"IDN": "ID", "MYS": "MY", "PHL": "PH", "THA": "TH", "KHM": "KH", "MMR": "MM", "VNM": "VN", "USA": "US"}
_CTDC_NAMES = {"meansWithholdDocuments": "meansWithholdDocs"}
_GROUPS = {"means": "means", "typeOfLabour": "labour", "typeOfSex": "sex_work", "recruiterRelation": "recruiter"}
_CTDC_PLACES = {"citizenship": "citizenship", "exploitation": "CountryOfExploitation"}
_UNSAID = ("", "-99", "unknown", "NA", "null")


def _group_of(column: str) -> str:
    """The group of boxes that a column belongs to; `is…` says what the exploitation was."""
    return next((group for prefix, group in _GROUPS.items() if column.startswith(prefix)), "exploitation")


def _ctdc(file: str, rows: Iterator[tuple[int, Row]], places: frozenset[str]) -> tuple[list[Figure], Counter[str]]:
    """Persons by year of registration, counted from one row per person: by citizenship and by country of exploitation.

    A box that is ticked is 1 and one that is not is empty, so the persons of whom nothing is known in a group of boxes
    cannot be told from those of whom it was denied: counts are of ticks, and no share is formed here.
    """
    names = {place: {place, _SHORT.get(place, place)} for place in places}
    without_short = sorted(places - _SHORT.keys())
    counts: Counter[tuple[str, str, int, str, str]] = Counter()
    counted: Counter[str] = Counter()
    for line, cells in rows:
        row = {_CTDC_NAMES.get(name, name): (value or "").strip() for name, value in cells.items()}
        counted["rows"] += 1
        ticked = []
        for column in [name for name in row if name.startswith(("is", *_GROUPS))]:
            cell = row[column]
            if column.endswith("Concatenated") or cell in _UNSAID or re.fullmatch(r"0(\.0)?", cell):
                continue
            if not re.fullmatch(r"1(\.0)?", cell):
                found = f"{cell} (a value with a comma in it moves all cells behind it)"
                raise _refusal(file, line, f"1 or nothing in {column}", found)
            ticked.append(column)
        said = {role: row.get(column, "") for role, column in _CTDC_PLACES.items()}
        if without_short and any(len(place) == 2 for place in said.values()):
            expected = f"places in three letters, or one of {', '.join(_SHORT)}"
            raise _refusal(file, line, expected, f"two letters; {without_short[0]} was asked for")
        mine = [(role, place) for role, name in said.items() for place, known_as in names.items() if name in known_as]
        if not mine:
            counted["other_place"] += 1
            continue
        if row["yearOfRegistration"] in _UNSAID:
            counted["without_figure"] += 1
            continue
        year = _year_of(file, line, row["yearOfRegistration"]).year
        for role, place in mine:
            counts[role, place, year, "total", "total"] += 1
            for column in ticked:
                counts[role, place, year, _group_of(column), column] += 1
    figures = [
        Figure(
            f"ctdc_persons_by_{role}",
            "CTDC",
            place,
            date(year, 1, 1),
            date(year, 12, 31),
            "annual",
            None,
            group,
            category,
            count,
            count,
            count,
            "persons",
            None,
            "counted here from one row per person",
            file,
        )
        for (role, place, year, group, category), count in sorted(counts.items())
    ]
    return figures, counted


_Reader = Callable[[str, Iterator[tuple[int, Any]], frozenset[str]], tuple[list[Figure], Counter[str]]]
_KINDS: tuple[tuple[str, frozenset[str], _Reader], ...] = (
    (
        "UNODC GLOTIP",
        frozenset(
            {"Iso3_code", "Indicator", "Dimension", "Category", "Sex", "Age", "Year", "Unit of measurement", "txtVALUE"}
        ),
        _glotip,
    ),
    ("CTDC, one row per person", frozenset({"yearOfRegistration", "citizenship", "CountryOfExploitation"}), _ctdc),
    ("tier placements", frozenset({"countryname", "iso", "year", "tier"}), _tiers),
)
