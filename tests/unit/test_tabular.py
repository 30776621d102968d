"""Declared tables: told apart by their header, loaded as delivered, rows that are no posts rejected with a reason."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from expectations.parts import POST_ADDRESS_PATTERN as GATE_PATTERN
from orchestration.connectors.base import LoadResult
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.tables import table_heads
from orchestration.connectors.tabular import (
    ID_CELL,
    NUMBER_CELL,
    POST_ADDRESS_PATTERN,
    TableFormat,
    TableLoad,
    TabularConnector,
    match,
    most_specific,
)
from orchestration.contract import DBT_PROJECT_DIR, InputError
from tests.unit.connectors_support import CAPTURE, write

FORMAT = TableFormat(
    source="tool",
    title="a table written by a tool",
    columns={
        "id": ("tweet id", "id"),
        "url": ("url",),
        "text": ("text", "tweet"),
        "user": ("user",),
        "likes": ("likes", "favorites"),
    },
    signatures=(frozenset({"id", "text", "user"}), frozenset({"url", "text", "likes"})),
    id_column="id",
    link_column="url",
    required=("text",),
    rules={"id": ID_CELL, "likes": NUMBER_CELL},
    handle_column="user",
)
HEADER = "ID,Tweet,User,Likes\n"


class Loaded:
    def __init__(self, path: Path, connector: TabularConnector | None = None) -> None:
        connector = connector or TabularConnector(FORMAT)
        self.con = duckdb.connect()
        self.con.execute("create schema raw")
        for ddl in connector.raw_tables.values():
            self.con.execute(ddl)
        scratch = path.parent / "scratch"
        try:
            with CaptureFiles(path) as files:
                assert connector.detect(files)
                self.result: LoadResult = connector.load(self.con, CAPTURE, files, scratch)
        finally:
            assert not list(scratch.glob("*"))
        for member in self.result.members:
            assert member.delivered_count == member.loaded_count + member.rejected_count

    @property
    def ids(self) -> list[str | None]:
        return [row[0] for row in self.con.execute("select id from raw.tool_posts order by record_no").fetchall()]

    @property
    def reasons(self) -> list[tuple[int | None, str]]:
        return [(one.record_no, one.reason_code) for one in self.result.rejected]


def loaded(folder: Path, text: str, name: str = "t.csv") -> Loaded:
    (folder / name).write_text(text, encoding="utf-8")
    return Loaded(folder / name)


def test_cells_are_loaded_as_delivered_and_empty_ones_are_null(tmp_path: Path) -> None:
    got = loaded(tmp_path, HEADER + '1406280623648563207," Hi, you ",Me,"1,234"\n1406280623648563208,b,Me,\n')
    assert got.con.execute("select * exclude (capture_id) from raw.tool_posts order by record_no").fetchall() == [
        (1, "t.csv", "1406280623648563207", None, " Hi, you ", "Me", "1,234"),
        (2, "t.csv", "1406280623648563208", None, "b", "Me", None),
    ]
    assert (got.result.owner_handle, got.result.encoding, got.result.is_census) == ("Me", "utf-8", None)
    assert got.result.observed_at is None


def test_headers_are_compared_in_lower_case_trimmed_and_without_byte_order_mark(tmp_path: Path) -> None:
    got = loaded(tmp_path, '\ufeff" Tweet  ID ",TEXT, User\n1,a,Me\n')
    assert got.ids == ["1"]


def test_header_is_found_below_a_title(tmp_path: Path) -> None:
    assert loaded(tmp_path, f"Posts of the year\n\n{HEADER}1,a,Me,\n").ids == ["1"]


def test_first_spelling_is_meant_when_a_file_has_several(tmp_path: Path) -> None:
    got = loaded(tmp_path, "id,tweet id,text,user\n9,1,a,Me\n")
    assert got.ids == ["1"]


def test_column_delivered_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, "id,text,user,text\n1,a,Me,b\n")
    assert caught.value.code == "doubled_column" and "text" in caught.value.found


def test_rows_that_are_no_posts_are_rejected_by_name_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = ["1,a,Me,5", ",b,Me,6", "Total,c,,11", "2,,Me,7", "3,d,Me,many", "4,e", "5,f,Me,-"]
    got = loaded(tmp_path, HEADER + "\n".join(rows) + "\n")
    assert got.ids == ["1", "5"]
    assert got.reasons == [
        (2, "missing_id"),
        (3, "bad_id"),
        (4, "missing_cell"),
        (5, "wrong_type"),
        (6, "wrong_columns"),
    ]
    found = {one.record_no: one.found for one in got.result.rejected}
    assert (found[3], found[5]) == ("id = aaaaa", "likes = aaaa")
    assert (got.result.delivered_count, got.result.loaded_count) == (7, 2)


def test_ids_that_a_spreadsheet_damaged_are_loaded_for_the_gate_to_judge(tmp_path: Path) -> None:
    got = loaded(tmp_path, HEADER + "1.40628E+18,a,Me,\n1406280623648560000,b,Me,\n1406280623648563200.0,c,Me,\n")
    assert got.ids == ["1.40628E+18", "1406280623648560000", "1406280623648563200.0"]


def test_id_may_be_in_the_address_only(tmp_path: Path) -> None:
    rows = [
        "https://x.com/Me/status/12,a,1",
        "https://twitter.com/Me/status/13/photo/1,b,2",
        "https://example.org/14,c,3",
    ]
    got = loaded(tmp_path, "url,text,likes\n" + "\n".join(rows) + "\n")
    assert got.reasons == [(3, "missing_id")]
    ids = got.con.execute(f"select {replace(FORMAT, id_column=None).id_sql} from raw.tool_posts order by 1").fetchall()
    assert ids == [("12",), ("13",)]


def test_parts_of_a_folder_are_numbered_through_and_empty_days_are_parts(tmp_path: Path) -> None:
    parts = {
        "a.csv": HEADER + "1,a,Me,\n2,b,Me,\n",
        "b.csv": HEADER,
        "c.csv": "",
        "d.csv": HEADER + "3,c,Me,\n",
        "other.csv": "day,posts\n1,2\n",
        "README.txt": "About these files, one a day\n",
    }
    got = Loaded(write(tmp_path / "parts.zip", parts))
    assert got.ids == ["1", "2", "3"]
    assert got.reasons == [(1, "other_table")]
    kinds = [(m.member, m.record_type, m.delivered_count) for m in got.result.members]
    assert kinds == [
        ("a.csv", "post", 2),
        ("b.csv", "post", 0),
        ("c.csv", "post", 0),
        ("d.csv", "post", 1),
        ("other.csv", "other", 1),
    ]


def test_headers_only_are_an_error_when_no_part_holds_a_row(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, HEADER)
    assert caught.value.code == "no_records"


def test_table_of_which_no_row_can_be_loaded_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, HEADER + ",a,Me,\n,b,Me,\n")
    assert caught.value.code == "missing_id"


def test_named_source_with_other_columns_says_which_are_meant(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("when,what\n1,2\n")
    connector, con = TabularConnector(FORMAT), duckdb.connect()
    con.execute("create schema raw")
    con.execute(connector.raw_tables["tool_posts"])
    with CaptureFiles(tmp_path / "t.csv") as files, pytest.raises(InputError) as caught:
        connector.load(con, CAPTURE, files, tmp_path)
    assert (
        "tweet id, text, user" in caught.value.expected and caught.value.found == "2 columns, none of a name known here"
    )


def test_owner_wrote_nearly_all_rows_or_there_is_none(tmp_path: Path) -> None:
    rows = [f"{n},a,{'Me' if n % 3 else '@ME'},\n" for n in range(1, 97)]
    assert loaded(tmp_path, HEADER + "".join(rows)).result.owner_handle == "Me"
    mixed = [f"{n},a,{'Me' if n % 3 else 'You'},\n" for n in range(1, 97)]
    result = loaded(tmp_path, HEADER + "".join(mixed)).result
    assert (result.owner_handle, result.is_census) == (None, False)


def test_most_specific_signature_wins_in_any_order(tmp_path: Path) -> None:
    wider = replace(FORMAT, source="wide", signatures=(frozenset({"id", "text", "user", "likes"}),))
    (tmp_path / "t.csv").write_text(HEADER + "1,a,Me,\n")
    both = [TabularConnector(FORMAT), TabularConnector(wider)]
    with CaptureFiles(tmp_path / "t.csv") as files:
        for connectors in (both, both[::-1]):
            found = most_specific(connectors, files)
            assert found is not None and found.source == "wide"
        assert most_specific([], files) is None


def test_json_lines_are_left_to_formats_that_declare_them(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"id": "1", "text": "a", "user": "Me"}\n')
    with CaptureFiles(tmp_path / "t.jsonl") as files:
        (head,) = table_heads(files)
        assert match(FORMAT, head) is None
        assert match(replace(FORMAT, kinds=("json_lines",)), head) is not None


def test_format_may_say_more_than_its_columns(tmp_path: Path) -> None:
    class Upper(TableLoad):
        def expressions(self, cells):  # type: ignore[no-untyped-def]
            return {**cells, "text": f"upper({cells['text']})"}

    (tmp_path / "t.csv").write_text(HEADER + "1,a,Me,\n")
    got = Loaded(tmp_path / "t.csv", TabularConnector(FORMAT, Upper))
    assert got.con.execute("select text from raw.tool_posts").fetchall() == [("A",)]


def test_loader_staging_and_gate_read_an_id_out_of_an_address_by_the_same_pattern() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "contract" / "cells.sql").read_text("utf-8")
    written = re.search(r"macro post_address_pattern\(\) -%}\s*(\S+)\s*{%- endmacro", macro)
    assert written is not None
    assert written.group(1) == POST_ADDRESS_PATTERN == GATE_PATTERN
