"""Scanners find what can be kept in broken JSON; the check of a record is as strict as DuckDB's reader."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.connectors.base import EXCERPT_LIMIT
from orchestration.connectors.records import (
    MismatchError,
    Outcome,
    RecordError,
    RecordTable,
    compile_shape,
    form_of,
    key_paths,
    layout_of,
    line_pieces,
    parse_time,
    read_json_sql,
    salvage_page,
    scan_lines,
    scan_values,
)

SHAPE: dict[str, Any] = {"id": "VARCHAR", "n": "BIGINT", "b": "BOOLEAN", "l": ["VARCHAR"], "s": {"x": "VARCHAR"}}
TABLE = RecordTable("posts", SHAPE, "id", ("id",))


def lines(content: bytes, limit: int = 1000) -> list[Any]:
    return [found.problem or found.value for found in scan_lines(io.BytesIO(content), limit)]


def values(content: bytes, limit: int = 1000) -> list[Any]:
    found = scan_values(io.BytesIO(content), lambda value: isinstance(value, dict) and "id" in value, limit)
    return [one.problem or one.value for one in found]


@pytest.mark.parametrize(
    ("head", "layout"),
    [
        ('[{"id": 1}]', "array"),
        ("\n [\n", "array"),
        ('{"id": 1}\n{"id": 2}\n', "newline_delimited"),
        ('{"id": 1, "text": "a head that ends', "newline_delimited"),
        ('{\n  "id": 1\n}\n', "unstructured"),
        ('{"id": broken}\n{"id": 2}\n', "newline_delimited"),
        ('{"data": {"id": "1"\n{"data": {"id": "2"}}\n', "newline_delimited"),
    ],
)
def test_layout_is_told_from_the_head(head: str, layout: str) -> None:
    assert layout_of(head) == layout


def test_key_paths_come_from_the_first_value_even_when_the_head_ends_in_it() -> None:
    assert key_paths('[{"id": "1", "s": {"a": [1, {"b": 2}]}}, {"other": 1}]') == {"id", "s", "s.a", "s.a[].b"}
    assert key_paths('{"data": [{"id": "1", "te": "{\\"x\\": 1}"}, {"id": "2"') == {"data", "data[].id", "data[].te"}
    assert key_paths("tweet_id,timestamp") == set()


def test_lines_around_a_broken_one_are_kept() -> None:
    content = b'{"id":1}\n{"id":2,"t":"cut\n\n{"id":3}{"id":4}\r\n{"id":5'
    assert lines(content) == [{"id": 1}, "broken_json", {"id": 3}, {"id": 4}, "cut_off"]


def test_line_that_is_too_long_is_skipped_and_measured() -> None:
    content = b'{"id":1}\n{"t":"' + b"x" * 5000 + b'"}\n{"id":2}\n'
    assert lines(content) == [{"id": 1}, "record_too_long", {"id": 2}]
    found = list(scan_lines(io.BytesIO(content), 1000))[1]
    assert found.found == "one of 5,009 bytes" and len(found.text) <= 2 * EXCERPT_LIMIT


@pytest.mark.parametrize("broken", [b"NaN", b'"\\ud83d', b'"a\x01b"', b"{'a': 1}", b"01", b"[" * 100_000])
def test_what_is_no_json_is_broken(broken: bytes) -> None:
    found = lines(b'{"id":1,"x":' + broken + b'}\n{"id":2}\n', limit=200_000)
    assert found[-1] == {"id": 2} and "broken_json" in found


def test_invalid_byte_is_told_by_its_place_in_the_file_as_delivered() -> None:
    content = b'{"id":1}\n{"id":2,"t":"caf\xe9"}\n'
    found = [one for one in scan_lines(io.BytesIO(content), first_byte=100) if one.problem]
    assert [one.problem for one in found] == ["not_utf8"]
    assert found[0].found == f"byte 0xe9 at byte {100 + content.index(0xE9) + 1} of the file; Windows-1252 is likely"


def test_array_that_ends_in_the_middle_keeps_what_came_before() -> None:
    assert values(b'[{"id":1},\n {"id":2}, {"id":3,"t":"c') == [{"id": 1}, {"id": 2}, "cut_off"]
    assert values(b'[{"id":1},\n {"id":2}') == [{"id": 1}, {"id": 2}, "cut_off"]


@pytest.mark.parametrize(
    "broken", [b'{"id":2,"t":"no quote, "u":[{"w":1},{"h":2}]}', b'{"id":2,,}', b'{"id":2,"t":}', b"nonsense"]
)
def test_array_goes_on_after_a_broken_element(broken: bytes) -> None:
    assert values(b'[{"id":1}, ' + broken + b', {"id":3}]') == [{"id": 1}, "broken_json", {"id": 3}]


def test_array_element_that_is_too_long_is_skipped() -> None:
    content = b'[{"id":1}, {"id":2,"t":"' + b"x" * 9_000_000 + b'"}, {"id":3}]'
    assert values(content, limit=1_000_000) == [{"id": 1}, "record_too_long", {"id": 3}]


def test_values_are_the_same_wherever_chunks_end(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [{"id": i, "t": '\u00e9\U0001f30f\\"' * (i % 7), "n": [1.5, -2, None, {"d": {}}]} for i in range(200)]
    content = b"\n" + json.dumps(records, ensure_ascii=False, indent=1).encode() + b"\n"
    for size in (1, 7, 64, 4096):
        monkeypatch.setattr("orchestration.connectors.records._CHUNK", size)
        assert values(content, limit=10_000) == records


def test_pretty_printed_values_one_after_the_other_are_found() -> None:
    assert values(b'{\n "id": 1\n}\n{\n "id": 2\n}\n') == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('{"data": [{"id": "1"}, {"id": "2"}, {"id": "3", "te', ["1", "2"]),
        ('{"data": [{"id": "1"}, {"id": "2", oh, "u": [{"w": 1}, {"h": 2}]}, {"id": "3"}]}', ["1", "3"]),
        ('{"data": [{"id": , {"id": "2"}]}', ["2"]),
        ('{"data": [{"id": "1"}], "includes": {"tweets": [{"id": "9"}, {', ["1"]),
        ('{"data": [{"id": "1", oh}], "includes": {"tweets": [{"id": "9"}, {"id": "8"}]}}', []),
        ('{"id": "1", "data": [{"id": "1"}, {', []),
    ],
)
def test_broken_page_gives_up_its_sound_posts_and_no_others(text: str, ids: list[str]) -> None:
    found = salvage_page(text, lambda value: isinstance(value, dict) and "id" in value)
    assert [value["id"] for value in found] == ids


def test_line_torn_out_of_a_larger_value_is_broken_as_a_whole() -> None:
    assert lines(b'{"id":1},{"id":2}]}\n{"id":3}\n') == ["broken_json", {"id": 3}]


def test_array_broken_in_its_last_element_is_not_called_cut() -> None:
    assert values(b'[{"id":1}, {"id":2,,}, {"no":3}]') == [{"id": 1}, "broken_json"]


def test_empty_object_and_empty_list_stand_for_each_other() -> None:
    assert compile_shape(SHAPE)({"l": {}, "s": []}) == {"l": [], "s": None}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"id": {"a": 1}}, "id"),
        ({"n": "1a"}, "n"),
        ({"n": True}, "n"),
        ({"n": 2**63}, "n"),
        ({"b": "maybe"}, "b"),
        ({"l": "text"}, "l"),
        ({"l": [{}]}, "l[]"),
        ({"s": {"x": []}}, "s.x"),
        ({"s": 5}, "s"),
    ],
)
def test_value_of_another_type_is_told_by_its_path(value: dict[str, Any], path: str) -> None:
    with pytest.raises(MismatchError) as caught:
        compile_shape(SHAPE)(value)
    assert caught.value.path == path


@pytest.mark.parametrize(
    "value",
    [
        {"id": "1", "n": "12", "b": "true", "l": ["a", None, 3], "s": {"x": 1.5}, "other": object},
        {"id": 12345678901234567890, "n": -5, "b": False, "l": [], "s": None},
        {"id": None, "n": 7.0},
    ],
)
def test_what_conforms_is_read_by_duckdb_as_declared(tmp_path: Path, value: dict[str, Any]) -> None:
    kept = compile_shape(SHAPE)(value)
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(kept))
    with duckdb.connect() as con:
        rows = con.execute(f"select * from {read_json_sql(path, 'newline_delimited', SHAPE)}").fetchall()
    assert rows[0][0] == (None if value["id"] is None else str(value["id"]))
    assert rows[0][1] == int(value["n"])


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("text", "not_a_record"),
        ({"n": 1}, "missing_column"),
        ({"id": None}, "missing_column"),
        ({"id": "1.09E+18"}, "bad_id"),
        ({"id": True}, "bad_id"),
        ({"id": 1.2e18}, "bad_id"),
        ({"id": "1", "n": "many"}, "wrong_type"),
        ({"id": "1", "s": {"x": "half \ud83d"}}, "broken_unicode"),
    ],
)
def test_record_that_cannot_be_loaded_has_a_reason(record: Any, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        TABLE.clean_line(1, record)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2020-13-45T10:00Z", "9999-99-99a99:99a"),
        ("  a\n\tb\x00", "a a"),
        ("Saya @zqhandle: 0812-9876", "aaaa ?aaaaaaaa: 9999-9999"),
        ("1,23 \u0661\u0662 \u0e2a\u0e27\u0e31\u0e2a", "9,99 99 aaaa"),
        ("10:00\u202fAM", "99:99 aa"),
        ("\U0001f30f", "\\U0001f30f"),
        ("x" * 70, "a" * 60),
    ],
)
def test_form_of_a_text_says_how_it_is_written_and_not_what(text: str, form: str) -> None:
    assert form_of(text) == form


def test_form_of_a_record_is_never_longer_than_promised() -> None:
    assert len(form_of("\U0001f30f" * 300, EXCERPT_LIMIT)) == EXCERPT_LIMIT


def test_more_rejected_records_than_anybody_reads_refuse_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.connectors.records.MAX_REJECTED", 2)
    outcome = Outcome("a.jsonl")
    for number in (1, 2):
        outcome.reject(number, "broken_json", "JSON", "none", "")
    with pytest.raises(Exception, match="more; the first: none"):
        outcome.reject(3, "broken_json", "JSON", "none", "")


@pytest.mark.parametrize(
    "text",
    [
        "2018-05-07 05:52:38 +0000",
        "Mon May 07 05:52:38 +0000 2018",
        "2018-05-07T05:52:38.000Z",
        "2018-05-07T12:52:38+07:00",
    ],
)
def test_times_are_read_as_x_writes_them(text: str) -> None:
    assert str(parse_time(text)) == "2018-05-07 05:52:38+00:00"


def test_what_is_no_time_is_none() -> None:
    assert parse_time(None) is None and parse_time("yesterday") is None


@pytest.mark.parametrize("chunk", [1, 3, 50, 4096])
def test_pieces_of_a_file_are_the_file_cut_between_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("orchestration.connectors.records._CHUNK", chunk)
    content = b"".join(b"x" * (number * 37 % 90) + b"\n" for number in range(60)) + b"no line break at the end"
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    pieces = [(piece.read_bytes(), begin) for piece, begin in line_pieces(path, tmp_path, 100)]
    assert b"".join(piece for piece, _ in pieces) == content
    assert len(pieces) > 5 or chunk > 100
    assert all(piece.endswith(b"\n") for piece, _ in pieces[:-1])
    assert all(content[begin:].startswith(piece) for piece, begin in pieces)
    assert list(tmp_path.iterdir()) == [path]
