"""Files of official reporters: the real exports beside independent counts, hand-made ones for what they do not hold."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import DataDir, InputError
from orchestration.indicators import COLUMNS, IndicatorStore, read_indicators
from orchestration.warehouse import bookkeeping
from tests.fixtures.shared import find_shared_data

GLOTIP = (
    "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source"
)


def written(folder: Path, *lines: str, name: str = "figures.csv") -> Path:
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return folder / name


def glotip(
    value: str, *, year: str = "2017", sex: str = "Total", dimension: str = "Total", category: str = "Total"
) -> str:
    cells = ("IDN", "Indonesia", "Asia", "X", "Persons convicted", dimension, category, sex, "Total", year, "Counts")
    return ",".join([*cells, f'"{value}"', "GLOTIP"])


@pytest.mark.realdata
@pytest.mark.skipif(find_shared_data() is None, reason="the real files are not here: see tests/fixtures/shared.py")
def test_export_of_unodc_gives_the_counted_totals(tmp_path: Path) -> None:
    shared = find_shared_data()
    assert shared is not None
    with zipfile.ZipFile(shared / "unodc_glotip.zip") as archive:
        path = Path(archive.extract("data_glotip.xlsx", tmp_path))
    expected = json.loads((shared / "expected" / "unodc_glotip_indonesia.json").read_text("utf-8"))
    reading = read_indicators(path, ["IDN"])
    assert (reading.row_count, len(reading.figures)) == (expected["rows"], expected["indonesia_rows"])
    codes = {
        "Detected trafficking victims": "glotip_detected_victims",
        "Persons convicted": "glotip_convicted",
        "Persons prosecuted": "glotip_prosecuted",
    }
    for indicator, code in codes.items():
        found = {
            str(one.period_start.year): one.value
            for one in reading.figures
            if one.indicator_code == code and one.dimension == "total"
        }
        stated = expected["indonesia_national_totals_as_text"][indicator]
        assert found == {year: int(text.replace(",", "")) for year, text in stated.items()}
    everywhere = read_indicators(path, _places(path))
    suppressed = [one for one in everywhere.figures if one.flag == "suppressed"]
    # 25 of the rows have no ISO code of three letters, so nobody can ask for them
    assert len(suppressed) == expected["rows_suppressed_as_lt5"] - 25
    assert {(one.value, one.value_low, one.value_high) for one in suppressed} == {(None, 1, 4)}


def _places(path: Path) -> set[str]:
    from openpyxl import load_workbook

    rows = load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True, max_col=1)
    return {str(code) for (code,) in rows if code and len(str(code)) == 3}


@pytest.mark.realdata
@pytest.mark.skipif(find_shared_data() is None, reason="the real files are not here: see tests/fixtures/shared.py")
def test_tier_placements_are_of_reporting_years(tmp_path: Path) -> None:
    shared = find_shared_data()
    assert shared is not None
    with zipfile.ZipFile(shared / "tip_tiers.zip") as archive:
        path = Path(archive.extract("tip_tiers_orig.csv", tmp_path))
    expected = json.loads((shared / "expected" / "tip_tiers.json").read_text("utf-8"))
    reading = read_indicators(path, ["IDN"])
    assert reading.row_count == expected["rows"]
    ranks = {"Tier 1": 1, "Tier 2": 2, "Watchlist": 3, "Tier 3": 4}
    stated = {year: ranks[tier] for year, tier in expected["indonesia"].items() if tier != "NA"}
    assert {str(one.period_end.year): one.value for one in reading.figures} == stated
    assert {(one.period_start.month, one.period_start.day, one.period_type) for one in reading.figures} == {
        (4, 1, "reporting_year")
    }


def test_header_below_titles_commas_and_suppressed_cells(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "UNODC,export",
        "dated 14/04/2025,",
        GLOTIP,
        glotip("1,469"),
        glotip("<5", year="2018", dimension="by form of exploitation", category="Forced labour"),
        glotip("7", sex="Female"),
        glotip("7", sex="Female"),
        glotip("3").replace("IDN", "MYS"),
        glotip("", year="2019"),
    )
    reading = read_indicators(path, ["IDN"])
    assert (reading.row_count, reading.other_place_count, reading.without_figure_count) == (6, 1, 1)
    assert [(f.dimension, f.category, f.value, f.value_low, f.value_high, f.source) for f in reading.figures] == [
        ("total", "total", 1469, 1469, 1469, "figures.csv, row 4"),
        ("by_form_of_exploitation", "Forced labour", None, 1, 4, "figures.csv, row 5"),
        ("by_sex", "Female", 7, 7, 7, "figures.csv, row 6"),
        ("by_sex", "Female", 7, 7, 7, "figures.csv, row 7"),
    ]


def test_persons_of_ctdc_are_counted_by_place_and_ticked_box(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "yearOfRegistration,gender,citizenship,CountryOfExploitation,meansThreats,meansWithholdDocuments,isForcedLabour",
        "2015,Woman,IDN,MYS,1,,1",
        "2015,Man,IDN,IDN,,1,1",
        "2016,Man,PHL,IDN,,,",
        ",Man,IDN,MYS,,,1",
        "2016,Man,PHL,MYS,1,,",
    )
    reading = read_indicators(path, ["IDN"])
    assert (reading.row_count, reading.other_place_count, reading.without_figure_count) == (5, 1, 1)
    assert {(f.indicator_code, f.period_start, f.dimension, f.category): f.value for f in reading.figures} == {
        ("ctdc_persons_by_citizenship", date(2015, 1, 1), "total", "total"): 2,
        ("ctdc_persons_by_citizenship", date(2015, 1, 1), "means", "meansThreats"): 1,
        ("ctdc_persons_by_citizenship", date(2015, 1, 1), "means", "meansWithholdDocs"): 1,
        ("ctdc_persons_by_citizenship", date(2015, 1, 1), "exploitation", "isForcedLabour"): 2,
        ("ctdc_persons_by_exploitation", date(2015, 1, 1), "total", "total"): 1,
        ("ctdc_persons_by_exploitation", date(2015, 1, 1), "means", "meansWithholdDocs"): 1,
        ("ctdc_persons_by_exploitation", date(2015, 1, 1), "exploitation", "isForcedLabour"): 1,
        ("ctdc_persons_by_exploitation", date(2016, 1, 1), "total", "total"): 1,
    }


def test_older_release_of_ctdc_names_places_in_two_letters(tmp_path: Path) -> None:
    header = "yearOfRegistration,citizenship,CountryOfExploitation,isForcedLabour"
    path = written(tmp_path, header, "2015,ID,MY,1", "2015,-99,ID,-99")
    totals = {f.indicator_code: f.value for f in read_indicators(path, ["IDN"]).figures if f.dimension == "total"}
    assert totals == {"ctdc_persons_by_citizenship": 1, "ctdc_persons_by_exploitation": 1}
    with pytest.raises(InputError, match="two letters"):
        read_indicators(path, ["LAO"])  # a place whose two letters are not known here would be counted as none


HEADER = "yearOfRegistration,citizenship,CountryOfExploitation,isForcedLabour"
TIERS = "countryname,iso,year,tier"


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (["a,b", "1,2"], "GLOTIP"),
        ([GLOTIP, glotip("about 5")], "row 2"),
        ([GLOTIP, glotip("1,46")], "row 2"),
        ([GLOTIP, glotip("5", year="17")], "a year"),
        ([GLOTIP, glotip("5").replace("Persons convicted", "Persons suspected")], "Persons suspected"),
        # an unquoted value with a comma had moved every cell behind it
        ([HEADER, "2015,IDN,MYS,False promises"], "row 2"),
        ([TIERS, "Indonesia,IDN,2016,Tier 5"], "Tier 5"),
        ([""], "nothing"),
    ],
)
def test_cell_that_is_not_what_it_should_be_refuses_the_file(lines: list[str], word: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=word) as refused:
        read_indicators(written(tmp_path, *lines), ["IDN"])
    assert refused.value.expected and refused.value.next_step


def test_place_that_is_no_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="alpha-3"):
        read_indicators(written(tmp_path, GLOTIP), ["Indonesia"])


def test_figures_reach_the_warehouse_and_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    store = IndicatorStore(DataDir(tmp_path / "data"))
    path = written(tmp_path, GLOTIP, glotip("1,469"), glotip("<5", year="2018"))
    for _ in range(2):
        store.add(path, read_indicators(path, ["IDN"]))
    (kept,) = store.files()
    with kept.open(encoding="utf-8", newline="") as handle:
        assert next(csv.reader(handle)) == [*COLUMNS, "origin"]
    connection = duckdb.connect()
    bookkeeping.create_raw_schema(connection)
    for _ in range(2):
        bookkeeping.sync_indicators(connection, store.files())
    assert connection.execute(
        "select indicator_code, period_end, value, value_low, value_high, flag, origin from raw.indicators order by 2"
    ).fetchall() == [
        ("glotip_convicted", date(2017, 12, 31), 1469, 1469, 1469, None, "figures.csv"),
        ("glotip_convicted", date(2018, 12, 31), None, 1, 4, "suppressed", "figures.csv"),
    ]
