"""A proposed map: which column is which, how times are written and in which zone, and what it does not know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.connectors.column_map import ColumnMap, read_map
from orchestration.connectors.map_proposal import propose
from orchestration.contract import InputError
from tests.unit.connectors_support import load, write

HEADER = "Tweet URL,Tweet,Date,Likes,Team\n"


def x_id(moment: datetime) -> int:
    return (int(moment.timestamp() * 1000) - 1288834974657) << 22 | 1


def moments(count: int = 40) -> list[datetime]:
    return [datetime(2021, 1, 3, 1, 30, 7, tzinfo=UTC) + timedelta(hours=207 * n) for n in range(count)]


def table(time_format: str = "%d/%m/%Y %H:%M", zone: str = "Asia/Jakarta", link: bool = True) -> str:
    rows = []
    for number, moment in enumerate(moments()):
        address = f"https://x.com/Me/status/{x_id(moment)}" if link else f"row {number}"
        at = moment.astimezone(ZoneInfo(zone)).strftime(time_format)
        rows.append(f'{address},"Post {number}, of our team, about rivers",{at},"1,{number:03}",north\n')
    return HEADER + "".join(rows)


def proposed(folder: Path, text: str, name: str = "posts.csv") -> tuple[str, ColumnMap]:
    (folder / name).write_text(text)
    proposal = propose(folder / name, folder)
    return proposal, read_map(proposal, name)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Jakarta", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("time_format", ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S"])
def test_zone_and_order_of_day_and_month_are_proved_by_the_ids(tmp_path: Path, zone: str, time_format: str) -> None:
    proposal, read = proposed(tmp_path, table(time_format, zone))
    assert read.time_zone == zone
    assert read.time_formats == ("iso" if time_format.startswith("%Y") else time_format,)
    assert "40 of 40 times agree with the time in the id" in proposal
    assert "does not tell" not in proposal


def test_zone_of_no_name_is_told_by_its_offset(tmp_path: Path) -> None:
    _, read = proposed(tmp_path, table(zone="Asia/Tashkent"))
    assert read.time_zone == "Etc/GMT-5"


def test_fields_are_known_by_their_names_and_the_rest_is_offered(tmp_path: Path) -> None:
    proposal, read = proposed(tmp_path, table())
    assert {one.column: one.field for one in read.columns} == {
        "Tweet URL": "link",
        "Tweet": "text",
        "Date": "posted_at",
        "Likes": "like_count",
    }
    assert '# "Team": keep' in proposal
    assert "40 of 40 cells are addresses of posts on X" in proposal


def test_proposed_map_loads_the_table_as_it_stands(tmp_path: Path) -> None:
    proposal, _ = proposed(tmp_path, table("%m/%d/%Y %H:%M", "America/New_York"))
    got = load(
        write(tmp_path / "in", {"t.csv": table("%m/%d/%Y %H:%M", "America/New_York"), "t.csv.map.yml": proposal})
    )
    assert got.counts == (40, 40, 0)
    times = [row[0] for row in got.rows("select posted_at_utc from raw.mapped_posts order by record_no")]
    assert times == [moment.strftime("%Y-%m-%dT%H:%M:00.000Z") for moment in moments()]


def test_without_ids_it_says_that_posts_cannot_be_told_apart(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(table(link=False))
    proposal = propose(tmp_path / "posts.csv", tmp_path)
    assert "No column holds the id or the address" in proposal and "No column names the author" in proposal
    assert "UTC is only a guess" in proposal
    with pytest.raises(InputError):
        read_map(proposal, "m")


def test_days_that_may_be_months_are_named_when_no_id_decides(tmp_path: Path) -> None:
    rows = "".join(f"{n},a long text about rivers and seas,0{n}/0{n + 1}/2010,Me\n" for n in range(1, 9))
    (tmp_path / "posts.csv").write_text("id,text,date,user\n" + rows)
    proposal = propose(tmp_path / "posts.csv", tmp_path)
    assert "can be read in 2 ways: %d/%m/%Y, %m/%d/%Y" in proposal


@pytest.mark.parametrize("digits", [2, 4])
def test_rounded_ids_are_named_and_the_address_beside_them_is_mapped(tmp_path: Path, digits: int) -> None:
    rows = "".join(
        f"{x_id(moment) // 10**digits * 10**digits},https://x.com/Me/status/{x_id(moment)},hello rivers and seas,"
        f"{moment:%Y-%m-%d %H:%M:%S}\n"
        for moment in moments()
    )
    proposal, read = proposed(tmp_path, "Tweet id,Link,Text,Date\n" + rows)
    assert "40 of 40 ids end in zeros: a program has rounded them" in proposal
    assert {one.field for one in read.columns} == {"link", "text", "posted_at"}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda n: str(n // 10**4 * 10**4), "40 of 40 ids end in zeros: a program has rounded them. Export again"),
        (lambda n: f"{n:.5E}", "40 of 40 ids are in scientific notation"),
    ],
)
def test_damaged_ids_are_mapped_where_there_is_no_address(
    tmp_path: Path, damage: Callable[[int], str], told: str
) -> None:
    rows = "".join(
        f"{damage(x_id(moment))},hello rivers and seas,{moment:%Y-%m-%d %H:%M:%S},Me\n" for moment in moments()
    )
    proposal, read = proposed(tmp_path, "Tweet id,Text,Date,User\n" + rows)
    assert told in proposal
    assert {one.field for one in read.columns} == {"post_id", "text", "posted_at", "handle"}


def test_words_for_kinds_missing_cells_and_points_between_digits(tmp_path: Path) -> None:
    rows = [
        f"https://x.com/Me/status/{x_id(moment)};hello rivers and seas;{moment:%Y-%m-%d %H:%M:%S};{likes};{word}"
        for moment, likes, word in zip(moments(3), ("1.234", "-", "5"), ("Tweet", "Retweet", "Tweet"), strict=True)
    ]
    proposal, read = proposed(tmp_path, "Link;Teks;Tanggal;Suka;Type\n" + "\n".join(rows) + "\n")
    assert (read.thousands, read.missing) == (".", ("-",))
    assert "'Type' holds retweet, tweet" in proposal
    assert {one.field for one in read.columns} == {"link", "text", "posted_at", "like_count"}


def test_workbook_with_a_title_above_its_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Posts of our team", None, "2021"])
    book.active.append(["Link", "Text", "Date"])
    for moment in moments(5):
        local = moment.astimezone(ZoneInfo("Asia/Jakarta")).replace(tzinfo=None)
        book.active.append([f"https://x.com/Me/status/{x_id(moment)}", "hello", local])
    book.save(tmp_path / "posts.xlsx")
    read = read_map(propose(tmp_path / "posts.xlsx", tmp_path), "m")
    assert (read.time_formats, read.time_zone) == (("excel",), "Asia/Jakarta")


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        propose(write(tmp_path, {"a.json": "[1]"}) / "a.json", tmp_path)
    assert caught.value.code == "no_table"


def test_command_prints_the_map_and_says_when_none_is_needed(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(table())
    done = CliRunner().invoke(main, ["map", str(tmp_path / "posts.csv")])
    assert done.exit_code == 0 and done.stdout.startswith("# A map of posts.csv") and not done.stderr
    known = "Datetime,Tweet Id,Text,Username\n2021-06-19 16:00:02+00:00,1406280623648563207,a,Me\n"
    (tmp_path / "known.csv").write_text(known)
    done = CliRunner().invoke(main, ["map", str(tmp_path / "known.csv")])
    assert "is read as snscrape" in done.stderr and done.stdout.startswith("# A map of known.csv")


def test_run_refuses_a_map_without_files_and_one_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SUARA_DATA_DIR", "DAGSTER_HOME"):  # the command sets them for its process
        monkeypatch.setenv(name, str(tmp_path / "data"))
    (tmp_path / "posts.csv").write_text(HEADER)
    folder = ["--data-dir", str(tmp_path / "data")]
    done = CliRunner().invoke(main, ["run", *folder, "--map", str(tmp_path / "m.yml")])
    assert done.exit_code == 1 and "--map: expected the files that it describes" in done.output
    done = CliRunner().invoke(main, ["run", *folder, "--map", str(tmp_path / "m.yml"), str(tmp_path / "posts.csv")])
    assert done.exit_code == 1 and "m.yml: expected a file" in done.output and "nothing there" in done.output
