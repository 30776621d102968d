"""What is rejected or refused is told by its place and its form: no word, name or number of it goes on."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.assets import raw
from orchestration.connectors import detect
from orchestration.connectors.files import CaptureFiles
from orchestration.contract import DataDir, InputError
from orchestration.warehouse import bookkeeping
from orchestration.warehouse.ledger import QUARANTINED, Ledger
from tests.unit.connectors_support import load, write

# A post without a header above it, as the first line of a file.
ROW = '1212345678901234501,zqhandle,2020-01-02 10:00:00,"Saya @zqfriend korban di Zqplace, 0812-9876-5488, zq@e.org"\n'
# Snscrape's columns; the second row has slipped by one.
TABLE = "datetime,tweet id,text,username\n2020-03-04 10:00:00+00:00,1588091220244369409,hello,me\n"
SLIPPED = '2020-03-04 10:00:00+00:00,"Saya @zqfriend korban, 0812-9876-5488",zqhandle,me\n'
MAP = (
    "platform: x\ncolumns:\n  id: post_id\n  date: posted_at\n  words: text\n  likes: like_count\n  kind: kind\n"
    "time_format: iso\ntime_zone: UTC\n"
)
MAPPED = "id,date,words,likes,kind\n1588091220244369409,2020-03-04 10:00:00,hello,1,original\n"
V2 = {"id": "1588091220244369409", "text": "a", "created_at": "2021-05-05T10:00:00.000Z", "author_id": "2"}
CONTENT = ("zq", "1212345", "0812", "9876", "2020-01-02", "korban")


def lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def content_in(told: str) -> list[str]:
    return [word for word in CONTENT if word in told.lower()]


@pytest.mark.parametrize(
    ("members", "codes"),
    [
        ({"posts.csv": TABLE, "notes.csv": ROW}, {"other_table"}),
        ({"posts.csv": TABLE + SLIPPED}, {"bad_id"}),
        ({"posts.csv": TABLE + ROW.replace("\n", ",5,6\n")}, {"wrong_columns"}),
        (
            {
                "t.csv": MAPPED
                + "1588091220244369409,zqhandle on 2020-01-02,a,1,original\n"
                + "1588091220244369409,2020-03-04 10:00:00,a,korban 0812,original\n"
                + "1588091220244369409,2020-03-04 10:00:00,a,1,zqhandle\n"
                + "zqhandle,2020-03-04 10:00:00,a,1,original\n",
                "t.csv.map.yml": MAP,
            },
            {"bad_time", "wrong_type", "unknown_kind", "bad_id"},
        ),
        (
            {
                "a.jsonl": lines(
                    V2,
                    V2 | {"id": "zqhandle"},
                    V2 | {"text": {"zqhandle": "korban"}},
                    V2 | {"public_metrics": {"like_count": "0812-9876 zq"}},
                    {"id": "1588091220244369409", "zqhandle": "korban", "created_at": V2["created_at"]},
                    "@zqfriend korban",
                )
                + '{"id": "zqhandle 0812-98'
            },
            {"bad_id", "wrong_type", "missing_column", "not_a_post_unknown", "cut_off"},
        ),
    ],
    ids=["a table without header beside ours", "a slipped row", "a torn row", "cells that a map does not read", "JSON"],
)
def test_rejected_record_is_told_without_its_content(members: dict[str, str], codes: set[str], tmp_path: Path) -> None:
    rejected = load(write(tmp_path / "in", members)).result.rejected
    assert {record.reason_code for record in rejected} == codes
    assert all(record.record_no and record.found and record.next_step for record in rejected)
    assert content_in(str(rejected)) == []


@pytest.mark.parametrize(
    ("members", "source", "code"),
    [
        ({"posts.csv": ROW}, None, "unknown_table"),
        ({"posts.csv": ROW}, "snscrape", "missing_column"),
        ({"tweets.csv": "timestamp," + ROW}, None, "missing_column"),
        ({"t.csv": ROW, "t.csv.map.yml": MAP}, None, "bad_map"),
        ({"posts.csv": TABLE.split("\n")[0] + "\n" + SLIPPED}, None, "bad_id"),
    ],
    ids=["nobody's", "named", "of an archive", "with a map", "no row of which is a post"],
)
def test_refused_table_is_told_without_its_first_line(
    members: dict[str, str], source: str | None, code: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "in", members)
    with pytest.raises(InputError) as caught, CaptureFiles(path) as files:
        detect(files, source)
        load(path, source)
    assert caught.value.code == code and caught.value.next_step
    assert content_in(str(caught.value)) == []


def test_value_that_only_duckdb_refuses_puts_the_capture_aside_and_is_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no reader lets such a value through, as far as is known; one that did would stop the run and quote it in every log
    class Reader:
        def load(self, connection: duckdb.DuckDBPyConnection, *_: object) -> None:
            connection.execute("select cast('Saya @zqfriend korban, 0812-9876' as bigint)")

    ledger = Ledger(DataDir(tmp_path / "data"))
    entry, _ = ledger.store(write(tmp_path / "a", {"a.jsonl": lines(V2)}) / "a.jsonl", is_synthetic=True)
    monkeypatch.setattr(raw, "detect", lambda *_: Reader())
    with duckdb.connect() as con:
        bookkeeping.create_raw_schema(con)
        bookkeeping.sync(con, ledger)
        reason = raw.load_capture(con, ledger, entry, SimpleNamespace(scratch=tmp_path / "scratch"), print)
    assert entry.status == QUARANTINED and "ConversionException" in reason
    assert content_in(reason + str(entry.reason)) == []
