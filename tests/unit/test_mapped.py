"""Any table by a map: what a map may say, what it loads, and how a bad one is refused with file, line and reason."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from orchestration.connectors.column_map import read_map
from orchestration.contract import DataDir, InputError
from orchestration.warehouse.ledger import ACCEPTED, DECIDED_BY_GATE, DECIDED_BY_USER, QUARANTINED, Ledger
from tests.unit.connectors_support import Loaded, load, write

MAP = """\
platform: x
columns:
  Address: link
  Words: text
  When: posted_at
  Likes: like_count
time_format: "%d/%m/%Y %H:%M"
time_zone: Asia/Jakarta
"""
TABLE = "Address,Words,When,Likes\n"
ROW = 'https://x.com/Me/status/1406280623648563207,hello,19/06/2021 23:00,"1,234"\n'


def mapped(folder: Path, table: str | bytes, column_map: str = MAP, name: str = "t.csv") -> Loaded:
    return load(write(folder / "in", {name: table, f"{name}.map.yml": column_map}))


def test_map_fills_the_contract_times_in_utc_counts_as_digits(tmp_path: Path) -> None:
    got = mapped(tmp_path, TABLE + ROW)
    assert (got.result.source, got.result.platform, got.counts) == ("mapped", "x", (1, 1, 0))
    assert got.result.owner_handle == "Me"
    assert got.rows(
        "select link, text, posted_at, posted_at_utc, posted_at_precision, like_count, reply_count, kept"
        " from raw.mapped_posts"
    ) == [
        (
            "https://x.com/Me/status/1406280623648563207",
            "hello",
            "19/06/2021 23:00",
            "2021-06-19T16:00:00.000Z",
            "minute",
            "1234",
            None,
            None,
        )
    ]


@pytest.mark.parametrize(
    ("time_format", "cell", "utc", "precision"),
    [
        ("iso", "2021-06-19 23:00:02", "2021-06-19T16:00:02.000Z", "second"),
        ("iso", "2021-06-19T16:00Z", "2021-06-19T16:00:00.000Z", "minute"),
        ("iso", "2021-06-19T18:00:02.5+0200", "2021-06-19T16:00:02.500Z", "millisecond"),
        ("iso", "2021-06-19", "2021-06-19T00:00:00.000Z", "day"),
        ("excel", "44366.958333333336", "2021-06-19T16:00:00.000Z", "second"),
        ("excel", "44366", "2021-06-19T00:00:00.000Z", "day"),
        ("unix", "1624118402", "2021-06-19T16:00:02.000Z", "second"),
        ("unix_ms", "1624118402123", "2021-06-19T16:00:02.123Z", "millisecond"),
        ('"%a %b %d %H:%M:%S %z %Y"', "Sat Jun 19 18:00:02 +0200 2021", "2021-06-19T16:00:02.000Z", "second"),
        ('["%d/%m/%Y %H:%M", "%d %b %Y"]', "19 Jun 2021", "2021-06-19T00:00:00.000Z", "day"),
        ('"%d/%m/%y"', "19/06/21", "2021-06-19T00:00:00.000Z", "day"),
    ],
)
def test_ways_of_writing_a_time(tmp_path: Path, time_format: str, cell: str, utc: str, precision: str) -> None:
    column_map = MAP.replace('"%d/%m/%Y %H:%M"', time_format)
    got = mapped(tmp_path, f"{TABLE}https://x.com/Me/status/1,a,{cell},1\n", column_map)
    assert got.rows("select posted_at_utc, posted_at_precision from raw.mapped_posts") == [(utc, precision)]


def test_cells_that_the_map_does_not_read_reject_their_rows(tmp_path: Path) -> None:
    rows = [
        "https://x.com/Me/status/1,a,19/06/2021 23:00,n/a",
        "https://x.com/Me/status/2,b,June,1",
        "https://x.com/Me/status/3,c,19/06/2021 23:00,many",
        "https://example.org,d,19/06/2021 23:00,1",
    ]
    got = mapped(tmp_path, TABLE + "\n".join(rows) + "\n", MAP + "missing: [n/a, '-']\n")
    assert got.rows("select link, like_count from raw.mapped_posts") == [("https://x.com/Me/status/1", None)]
    assert got.rejected == [(2, "bad_time"), (3, "wrong_type"), (4, "missing_id")]
    assert got.result.rejected[0].found == "posted_at = aaaa"


def test_numbers_with_points_between_their_digits(tmp_path: Path) -> None:
    got = mapped(tmp_path, TABLE + ROW.replace('"1,234"', "1.234.567"), MAP + "thousands: '.'\n")
    assert got.rows("select like_count from raw.mapped_posts") == [("1234567",)]


@pytest.mark.parametrize(
    ("thousands", "cell", "count"),
    [
        (",", "1,234", "1234"),
        (",", "1938.0", "1938"),
        (",", "1.000", None),
        (",", "1,5", None),
        (".", "1.000", "1000"),
        (".", "1938.0", "1938"),
        (".", "19.5", None),
        ("'", "1'234'567", "1234567"),
        ("", "1234", "1234"),
        ("", "1,234", None),
    ],
)
def test_number_is_read_in_one_way_or_not_at_all(tmp_path: Path, thousands: str, cell: str, count: str | None) -> None:
    row = ROW.replace('"1,234"', f'"{cell}"') + ROW.replace('"1,234"', "0")
    got = mapped(tmp_path, TABLE + row, MAP + f'thousands: "{thousands}"\n')
    assert [one[0] for one in got.rows("select like_count from raw.mapped_posts order by record_no")][:-1] == (
        [count] if count else []
    )
    assert got.rejected == ([] if count else [(1, "wrong_type")])


def test_kinds_are_translated_and_columns_kept_beside_the_post(tmp_path: Path) -> None:
    column_map = MAP.replace("  Likes: like_count\n", "  Type: kind\n  Team: keep\n  Note: keep\n")
    column_map += "kinds:\n  Retweet: repost\n  tweet: original\n"
    row = "https://x.com/Me/status/{},a,19/06/2021 23:00,{},north,\n"
    table = (
        "Address,Words,When,Type,Team,Note\n" + row.format(1, "Tweet") + row.format(2, "RETWEET") + row.format(3, "?")
    )
    got = mapped(tmp_path, table, column_map)
    assert got.rows("select kind, kept from raw.mapped_posts order by record_no") == [
        ("original", '{"Team":"north","Note":null}'),
        ("repost", '{"Team":"north","Note":null}'),
    ]
    assert got.rejected == [(3, "unknown_kind")]


def test_author_of_rows_that_name_none_is_the_account_that_the_map_names(tmp_path: Path) -> None:
    table = "Id,Who,Words,When\n1406280623648563207,,a,19/06/2021 23:00\n1406280623648563208,@You,b,19/06/2021 23:00\n"
    said = MAP.replace("Address: link", "Id: post_id\n  Who: handle").replace("  Likes: like_count\n", "")
    got = mapped(tmp_path, table, said + 'author: "@SuaraSyntheticOrgDemo"\n')
    assert got.rows("select text, handle from raw.mapped_posts order by 1") == [
        ("a", "SuaraSyntheticOrgDemo"),
        ("b", "@You"),
    ]
    alone = mapped(tmp_path / "alone", table.replace("@You", ""), said + "author: SuaraSyntheticOrgDemo\n")
    assert alone.result.owner_handle == "SuaraSyntheticOrgDemo"
    by_address = mapped(tmp_path / "address", TABLE + ROW, MAP + "author: Another\n")
    assert by_address.rows("select handle from raw.mapped_posts") == [("Me",)]
    with pytest.raises(InputError, match="the handle of an account"):
        read_map(MAP + 'author: ""\n', "m.yml")


def test_delimiter_and_encoding_may_be_stated(tmp_path: Path) -> None:
    table = (TABLE + ROW.replace('"1,234"', "5").replace("hello", "Привет")).replace(",", "|")
    got = mapped(tmp_path, table.encode("cp1251"), MAP + "delimiter: '|'\nencoding: cp1251\n", name="posts.dat")
    assert got.rows("select text from raw.mapped_posts") == [("Привет",)]
    assert got.result.encoding == "cp1251"


def test_workbook_by_a_map(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    book = openpyxl.Workbook()
    book.active.append(["Posts of our team"])
    book.active.append(["Address", "Words", "When", "Likes"])
    book.active.append(["https://x.com/Me/status/1406280623648563207", "hello", 44366.958333333336, 7])
    book.save(tmp_path / "in" / "t.xlsx")
    (tmp_path / "in" / "t.xlsx.map.yml").write_text(MAP.replace('"%d/%m/%Y %H:%M"', "excel"))
    got = load(tmp_path / "in")
    assert got.rows("select posted_at_utc, like_count from raw.mapped_posts") == [("2021-06-19T16:00:00.000Z", "7")]


def test_json_lines_and_parts_of_a_folder_by_a_map(tmp_path: Path) -> None:
    line = '{"Address": "https://x.com/Me/status/%d", "Words": "a", "When": "19/06/2021 23:00", "Likes": 3}\n'
    parts = {"a.jsonl": line % 1 + line % 2, "b.jsonl": line % 3, "posts.map.yml": MAP}
    assert load(write(tmp_path / "in", parts)).counts == (3, 3, 0)


@pytest.mark.parametrize(
    ("change", "line", "expected", "found"),
    [
        (("platform: x", "platform: friendster"), 1, "one of 'x'", "'friendster'"),
        (("platform: x", "platfrom: x"), 1, "one of platform", "did you mean platform?"),
        (("  Words: text", "  Words: txt"), 4, "one of post_id", "txt; did you mean text?"),
        (("  Likes: like_count", "  Likes: text"), 6, "each field once", "text again, as in line 4"),
        (("  Address: link\n", ""), 2, "a column for post_id", "neither"),
        (("  When: posted_at\n", ""), 2, "a column for posted_at", "none"),
        (('time_format: "%d/%m/%Y %H:%M"\n', ""), 2, "`time_format:`", "none"),
        (("%d/%m/%Y %H:%M", "day/month"), 7, "a format with a year", "day/month"),
        (("%d/%m/%Y %H:%M", "%d/%m/%Y %Q"), 7, "a strptime format", "%Q"),
        (("time_zone: Asia/Jakarta\n", ""), 7, "`time_zone:`", "none"),
        (("Asia/Jakarta", "Asia/Jakata"), 8, "IANA", "did you mean Asia/Jakarta?"),
        (("platform: x", "columns: [a]\nplatform: x"), 1, "a line `name of the column: field`", "something else"),
        (("  Words: text", "  Words: text\n  Words: link"), 5, "each name once", "Words a second time"),
        (("  Words: text", "  Words: [text"), 5, "YAML", "expected"),
        (
            ("  Words: text", "  Wörter: text"),
            4,
            "a column of t.csv, which has the columns address, when, likes and 1 of other names",
            "none of the name in this line",
        ),
    ],
)
def test_bad_map_is_refused_with_file_line_and_reason(
    tmp_path: Path, change: tuple[str, str], line: int, expected: str, found: str
) -> None:
    with pytest.raises(InputError) as caught:
        mapped(tmp_path, TABLE + ROW, MAP.replace(*change))
    error = caught.value
    assert error.file == f"t.csv.map.yml, line {line}", str(error)
    assert expected in error.expected and found in error.found, str(error)
    assert error.code == "bad_map" and error.next_step


def test_defaults_of_a_map() -> None:
    read = read_map(MAP, "m")
    assert (read.list_separator, read.thousands, read.delimiter, read.encoding) == (",", ",", None, None)


# A capture of a table and its map -----------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(DataDir(tmp_path / "data"))


def delivered(folder: Path, column_map: str) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    (folder / "t.csv").write_text(TABLE + ROW)
    (folder / "m.yml").write_text(column_map)
    return folder / "t.csv", folder / "m.yml"


def test_table_and_map_are_one_capture_stored_whole(tmp_path: Path, ledger: Ledger) -> None:
    table, column_map = delivered(tmp_path / "in", MAP)
    entry, is_new = ledger.store(table, column_map=column_map)
    assert is_new and entry.file_name == "t.csv"
    stored = ledger.stored_path(entry)
    assert sorted(path.name for path in stored.iterdir()) == ["t.csv", "t.csv.map.yml"]
    assert (stored / "t.csv.map.yml").read_text() == MAP
    again, is_new = ledger.store(table, column_map=column_map)
    assert (again.capture_id, is_new) == (entry.capture_id, False)


def test_another_map_is_another_capture_and_the_earlier_one_stands_aside(tmp_path: Path, ledger: Ledger) -> None:
    table, column_map = delivered(tmp_path / "in", MAP)
    plain, _ = ledger.store(table)
    first, _ = ledger.store(table, column_map=column_map)
    assert [one.capture_id for one in ledger.set_aside_other_maps(first)] == [plain.capture_id]
    column_map.write_text(MAP.replace("Asia/Jakarta", "UTC"))
    second, is_new = ledger.store(table, column_map=column_map)
    assert is_new and second.table_id == first.table_id == plain.capture_id
    assert [one.capture_id for one in ledger.set_aside_other_maps(second)] == [first.capture_id]
    status = {one.capture_id: one.status for one in ledger.captures()}
    assert status == {plain.capture_id: QUARANTINED, first.capture_id: QUARANTINED, second.capture_id: ACCEPTED}


def test_earlier_map_comes_back_when_a_gate_refuses_the_later_one(tmp_path: Path, ledger: Ledger) -> None:
    table, column_map = delivered(tmp_path / "in", MAP)
    first, _ = ledger.store(table, column_map=column_map)
    column_map.write_text(MAP.replace("Asia/Jakarta", "UTC"))
    second, _ = ledger.store(table, column_map=column_map)
    ledger.set_aside_other_maps(second)
    assert ledger.keep_last_good_map() == [], "the later map is not refused"
    assert ledger.keep_synthetic_apart() == [], "another rule set it aside"
    ledger.decide(second, QUARANTINED, "times are shifted", DECIDED_BY_GATE)
    assert [one.capture_id for one in ledger.keep_last_good_map()] == [first.capture_id]
    assert ledger.capture(first.capture_id).status == ACCEPTED


def test_capture_that_a_person_accepted_is_left_alone(tmp_path: Path, ledger: Ledger) -> None:
    table, column_map = delivered(tmp_path / "in", MAP)
    first, _ = ledger.store(table, column_map=column_map)
    ledger.decide(first, ACCEPTED, "both are wanted", DECIDED_BY_USER)
    column_map.write_text(MAP + "thousands: '.'\n")
    second, _ = ledger.store(table, column_map=column_map)
    assert ledger.set_aside_other_maps(second) == []


def test_folder_of_parts_and_its_map(tmp_path: Path, ledger: Ledger) -> None:
    parts = write(tmp_path / "parts", {"a.csv": TABLE + ROW, "b.csv": TABLE})
    (tmp_path / "m.yml").write_text(MAP)
    entry, _ = ledger.store(parts, column_map=tmp_path / "m.yml", move=True)
    assert sorted(p.name for p in ledger.stored_path(entry).iterdir()) == ["a.csv", "b.csv", "parts.map.yml"]
    assert not parts.exists() and not (tmp_path / "m.yml").exists()
    plain, _ = ledger.store(write(tmp_path / "again", {"a.csv": TABLE + ROW, "b.csv": TABLE}))
    assert plain.capture_id == entry.table_id
