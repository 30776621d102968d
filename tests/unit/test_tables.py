"""Tables become rows of text cells: delimiters, encodings, ends of records, workbooks, Parquet, JSON lines."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.records import Outcome
from orchestration.connectors.tables import (
    Dialect,
    guess_dialect,
    guess_single_byte,
    open_table,
    split_cells,
    table_heads,
)
from orchestration.contract import InputError


class Read:
    """One table read whole, as a connector would."""

    def __init__(self, path: Path, header_row: int = 0, encoding: str | None = None, table: int = 0) -> None:
        self.outcome = Outcome(path.name)
        self.rows: list[tuple[str | None, ...]] = []
        scratch = path.parent / "scratch"
        with duckdb.connect() as con, CaptureFiles(path) as files:
            head = table_heads(files, None)[table]
            self.head = head
            with open_table(con, files, head, header_row, scratch, encoding) as cells:
                self.header, self.encoding = cells.header, cells.encoding

                def insert(relation: str, after: int | None) -> int:
                    number = "" if after is None else f"{after} + row_number() over () as record_no, "
                    rows = con.execute(f"select {number}* from {relation} order by record_no").fetchall()
                    self.rows += rows
                    return len(rows)

                cells.load(insert, self.rows.clear, self.outcome, 0)
        assert not list(scratch.iterdir())
        assert self.outcome.delivered == self.outcome.loaded + len(self.outcome.rejected)

    @property
    def reasons(self) -> list[tuple[int | None, str]]:
        return [(one.record_no, one.reason_code) for one in self.outcome.rejected]


def read(folder: Path, content: bytes | str, name: str = "t.csv", **how: int) -> Read:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Read(path, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiter_is_told_from_the_header(tmp_path: Path, mark: str) -> None:
    got = read(tmp_path, f'id{mark}text{mark}n\n1{mark}"a, b; c | d"{mark}2\n')
    assert (got.header, got.rows) == (("id", "text", "n"), [(1, "1", "a, b; c | d", "2")])


def test_marks_in_texts_do_not_decide_about_the_delimiter() -> None:
    assert guess_dialect("a,b,c\n1,x | y | z | # | #,2\n") == Dialect(",")
    assert guess_dialect("sep=;\na,b;c\n") == Dialect(";")
    assert guess_dialect("A title, with a comma\n\na;b;c;d\n") == Dialect(";")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_within_quotes_and_both_ends_of_records(tmp_path: Path, end: str) -> None:
    got = read(tmp_path, f'a,b,c{end}1,"x\ny ""z""",{end}2,,"q"{end}')
    assert got.rows == [(1, "1", 'x\ny "z"', None), (2, "2", None, "q")]
    assert got.reasons == []


def test_bare_returns_never_end_a_record_quoted_or_not(tmp_path: Path) -> None:
    got = read(tmp_path, 'a,b,c\n1,x\r\ry,2\n3,"x\ry",4\n')
    assert got.rows == [(1, "1", "x\r\ry", "2"), (2, "3", "x\ry", "4")]


def test_bare_returns_survive_the_careful_way_too(tmp_path: Path) -> None:
    got = read(tmp_path, "a,b,c\n1,x\ry,2\n3,4\n")
    assert got.rows == [(1, "1", "x\ry", "2")]
    assert got.reasons == [(2, "wrong_columns")]


def test_mark_for_returns_that_a_file_holds_itself_is_not_taken(tmp_path: Path) -> None:
    got = read(tmp_path, "a,b,c\n1,x\ry \ue00d,2\n")
    assert got.rows == [(1, "1", "x\ry \ue00d", "2")]


def test_file_from_before_mac_os_x_has_returns_only(tmp_path: Path) -> None:
    got = read(tmp_path, "a,b,c\r1,x,2\r3,y,4\r")
    assert got.rows == [(1, "1", "x", "2"), (2, "3", "y", "4")]


def test_mixed_ends_of_records(tmp_path: Path) -> None:
    got = read(tmp_path, "a,b,c\r\n1,x,2\n3,y,4\r\n")
    assert got.rows == [(1, "1", "x", "2"), (2, "3", "y", "4")]


def test_quote_that_is_never_closed_costs_one_row_not_the_rest_of_the_file(tmp_path: Path) -> None:
    """DuckDB 1.5.6 gives no rows and no error for such a file."""
    got = read(tmp_path, 'a,b,c\n1,"x,2\n3,y,4\n5,z,6\n')
    assert got.rows == [(2, "3", "y", "4"), (3, "5", "z", "6")]
    assert got.reasons == [(1, "open_quote")]


def test_open_quote_before_a_quoted_row(tmp_path: Path) -> None:
    got = read(tmp_path, 'a,b,c\n1,"x,2\n3,"y, z",4\n5,z,6\n')
    assert got.rows == [(2, "3", "y, z", "4"), (3, "5", "z", "6")]
    assert [code for _, code in got.reasons] == ["open_quote"]


# No cell ends in a CR: the writer leaves it without quotes, and at the end of a row it cannot be told from CRLF.
_CELLS = st.text(st.sampled_from("ab ,;\"'\n\r#é–😀"), max_size=8).map(lambda cell: cell.rstrip("\r"))


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=6), crlf=st.booleans())
def test_what_a_writer_wrote_is_read_the_fast_way_and_the_careful_way(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], crlf: bool
) -> None:
    """A broken row at the end sends the whole file the careful way.

    Regression: a pair of quotes in a text of several lines was read as its end.
    """
    folder = tmp_path_factory.mktemp("written")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n" if crlf else "\n")
    writer.writerow(["id", "text", "more"])
    writer.writerows((number, *row) for number, row in enumerate(rows, start=1))
    wanted = [(number, str(number), row[0] or None, row[1] or None) for number, row in enumerate(rows, start=1)]
    assert read(folder, out.getvalue()).rows == wanted
    careful = read(folder, out.getvalue() + "broken,row\n")
    assert careful.rows == wanted
    assert [code for _, code in careful.reasons] == ["wrong_columns"]


def test_quotes_within_quotes_that_are_not_doubled_are_rejected_not_guessed(tmp_path: Path) -> None:
    got = read(tmp_path, 'a,b,c\n1,"he said "hi" to me",2\n3,y,4\n')
    assert got.rows == [(2, "3", "y", "4")]
    assert got.reasons == [(1, "broken_quote")]


def test_quotes_within_a_cell_without_quotes_are_text(tmp_path: Path) -> None:
    got = read(tmp_path, 'a,b,c\n1,he said "hi",2\n3,5" wide,4\n')
    assert [row[2] for row in got.rows] == ['he said "hi"', '5" wide']


def test_rows_with_a_wrong_number_of_cells_are_rejected_by_line(tmp_path: Path) -> None:
    got = read(tmp_path, 'a,b,c\n1,"x\ny",2\n3,4\n5,6,7,8\n9,9,9,\n')
    assert got.rows == [(1, "1", "x\ny", "2"), (4, "9", "9", "9")]
    assert [(one.reason_code, one.found) for one in got.outcome.rejected] == [
        ("wrong_columns", "2 in line 4"),
        ("wrong_columns", "4 in line 5"),
    ]


def test_blank_lines_are_no_records(tmp_path: Path) -> None:
    got = read(tmp_path, "a,b,c\n\n1,x,2\n\n\n\n3,y,4\n\n")
    assert [row[0] for row in got.rows] == [1, 2]


def test_header_only_is_a_table_without_rows(tmp_path: Path) -> None:
    assert (got := read(tmp_path, "a,b,c\n")).outcome.delivered == 0 and got.header == ("a", "b", "c")


def test_header_may_stand_below_other_lines(tmp_path: Path) -> None:
    got = read(tmp_path, "Posts of the year\n\na,b,c\n1,x,2\n", header_row=1)
    assert (got.header, got.rows) == (("a", "b", "c"), [(1, "1", "x", "2")])


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("mac_roman", "Mac OS Roman"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings_are_found_out_and_told(tmp_path: Path, encoding: str, told: str) -> None:
    text = "id,text,n\n1,It’s “café” – naïve… Élan,2\n2,Überall für €5,3\n"
    got = read(tmp_path, text.encode(encoding))
    assert got.encoding == told
    assert [row[2] for row in got.rows] == ["It’s “café” – naïve… Élan", "Überall für €5"]


def test_encoding_that_nothing_tells_is_not_guessed() -> None:
    assert guess_single_byte("Привет, мир".encode("cp1251")) is None
    assert guess_single_byte(b"na\x95ve") in (None, "mac_roman")


def test_garbled_text_of_an_old_mac_is_told_by_its_returns() -> None:
    garbled = "yes ‰ÛÓ no ‰ÛÏhi‰Û\u009d ùx".encode("mac_roman", "ignore")
    assert guess_single_byte(garbled) is None
    assert guess_single_byte(garbled, has_bare_returns=True) == "mac_roman"


def test_encoding_may_be_stated(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id,text,n\n1,Привет,2\n".encode("cp1251"))
    got = Read(path, encoding="cp1251")
    assert (got.rows, got.encoding) == ([(1, "1", "Привет", "2")], "cp1251")


def test_rows_that_cannot_be_decoded_are_rejected_never_replaced(tmp_path: Path) -> None:
    lines = ["id,text,n", *(f"{n},né à Genève – “très” bien,1" for n in range(5)), ""]
    content = "\n".join(lines).encode() + b"9,caf\xe9,1\n"
    got = read(tmp_path, content)
    assert got.encoding == "utf-8" and len(got.rows) == 5
    assert [(one.record_no, one.reason_code) for one in got.outcome.rejected] == [(6, "not_utf8")]
    assert "0xe9 in line 7" in got.outcome.rejected[0].found
    assert "\ufffd" not in got.outcome.rejected[0].form


def test_compressed_tables(tmp_path: Path) -> None:
    got = read(tmp_path, gzip.compress(b"a,b,c\n1,x,2\n"), name="t.csv.gz")
    assert got.rows == [(1, "1", "x", "2")]


def workbook(path: Path, *sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_workbook_keeps_ids_as_its_cells_hold_them_and_dates_as_serials(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["id", "time", "n"],
        ["1406280623648563207", datetime(2021, 6, 19, 12, 0), 1.5],
        [1406280623648560000.0, datetime(2021, 6, 20), True],
        [],
        [140628062364856, "19/06/2021 – “a”_x000D_\nb", None],
    ]
    got = Read(workbook(tmp_path / "t.xlsx", rows))
    assert got.encoding == "xlsx"
    assert got.rows == [
        (1, "1406280623648563207", "44366.5", "1.5"),
        (2, "1406280623648560000", "44367", "true"),
        (3, "140628062364856", "19/06/2021 – “a”\r\nb", None),
    ]


def test_workbook_in_a_folder_with_several_sheets(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    workbook(tmp_path / "in" / "t.xlsx", [["a", "b"], ["1", "2"]], [], [["c", "d"], ["3", "4", "5"]])
    with CaptureFiles(tmp_path / "in") as files:
        assert [head.name for head in table_heads(files)] == ["t.xlsx [Sheet1]", "t.xlsx [Sheet3]"]
    got = Read(tmp_path / "in", table=1)
    assert (got.rows, got.reasons) == ([], [(1, "wrong_columns")])


def test_broken_workbook_is_explained(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<no")
    with pytest.raises(InputError) as caught:
        Read(path)
    assert caught.value.code == "broken_workbook" and caught.value.file == "t.xlsx"


def test_parquet_as_text_instants_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'Asia/Jakarta'")
        con.execute(
            "copy (select 1406280623648563207::bigint as id, timestamptz '2021-06-19 12:00:00+00' as time,"
            f" ['a', 'b'] as tags, null::varchar as nothing) to '{path}' (format parquet)"
        )
    got = Read(path)
    assert got.rows == [(1, "1406280623648563207", "2021-06-19 12:00:00.000000+00:00", '["a","b"]', None)]


def test_json_lines_fast_and_careful(tmp_path: Path) -> None:
    good = '{"id": 1406280623648563207, "text": "a", "tags": ["x"]}\n{"id": "2", "extra": true}\n'
    rows = [(1, "1406280623648563207", "a", '["x"]', None), (2, "2", None, None, "true")]
    got = read(tmp_path, good, name="t.jsonl")
    assert (got.header, got.rows) == (("id", "text", "tags", "extra"), rows)
    broken = read(tmp_path, good + '{"id": 3, \n[1]\n', name="u.jsonl")
    assert broken.reasons == [(3, "broken_json"), (4, "not_a_record")]
    assert [row[1] for row in broken.rows] == ["1406280623648563207", "2"]


@pytest.fixture
def backslash() -> Iterator[Dialect]:
    yield Dialect(escape="\\")


def test_other_escapes(backslash: Dialect) -> None:
    assert split_cells(r'1,"say \"hi\" \\ ok",2', backslash) == ["1", r'say "hi" \ ok', "2"]
    assert split_cells('"open', Dialect()) == "open_quote"
