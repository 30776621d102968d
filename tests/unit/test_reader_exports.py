"""Files for other programs: the descriptor of the Parquet files, and coded posts for QDA tools."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from orchestration.cli import main
from orchestration.contract import SuaraError
from orchestration.publishing import coded_posts
from orchestration.publishing.coded_posts import BEFORE_THEMES, write_coded_posts
from orchestration.publishing.datapackage import write_descriptor
from orchestration.publishing.parquet import write_parquet
from orchestration.publishing.published_file import build_published_file
from tests.unit.publishing_fixture import TABLES, make_descriptions, make_warehouse


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    warehouse = make_warehouse(folder)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update marts.fct_posts set text = '=1+1 of @somebody' where record_no = 1")
        con.execute("alter table marts.dim_themes add definition varchar")
        # somebody who is not registered, with a post of their own
        con.execute(
            "insert into marts.fct_posts "
            "select * replace ('private' as post_key, 'a3' as account_key, 'secret' as text) "
            "from marts.fct_posts where record_no = 1"
        )
    target = folder / "published" / "social_bi.duckdb"
    target.parent.mkdir()
    build_published_file(warehouse, target, run_id="r1", descriptions=make_descriptions(warehouse), study="demo")
    return target


# ---------- Parquet


@pytest.fixture(scope="module")
def folder(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "parquet"
    write_parquet(file, folder)
    write_descriptor(file, folder)
    return folder


def test_descriptor_names_every_file_with_its_columns_keys_and_rows(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    by_name = {resource["name"]: resource for resource in package["resources"]}
    assert set(by_name) == {*TABLES, "quality.release", "quality.release_tables"}
    assert {r["path"] for r in by_name.values()} == {
        p.relative_to(folder).as_posix() for p in folder.rglob("*.parquet")
    }
    for resource in by_name.values():
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        columns = duckdb.execute(f"describe from '{folder / resource['path']}'").fetchall()
        assert [field["name"] for field in resource["schema"]["fields"]] == [column[0] for column in columns]
        ((rows,),) = duckdb.execute(f"select count(*) from '{folder / resource['path']}'").fetchall()
        assert resource["rowCount"] == rows
    volume = by_name["marts.fct_post_volume"]["schema"]
    assert volume["primaryKey"] == ["account_key", "posted_month", "kind"]
    types = {field["name"]: field["type"] for field in by_name["marts.fct_posts"]["schema"]["fields"]}
    assert (types["posted_at"], types["like_count"], types["is_own"]) == ("datetime", "integer", "boolean")
    assert types["hashtags"] == "array"


def test_descriptor_is_the_same_for_the_same_release_and_says_what_is_made_up(file: Path, folder: Path) -> None:
    before = (folder / "datapackage.json").read_bytes()
    assert b"SYNTHETIC DATA" in before
    assert write_descriptor(file, folder).read_bytes() == before


def test_export_parquet_copies_the_served_release_whole(file: Path, folder: Path, tmp_path: Path) -> None:
    published = tmp_path / "data" / "published"
    (published / "releases").mkdir(parents=True)
    release = published / "releases" / "000001-abc"
    release.mkdir()
    (release / "parquet").symlink_to(folder)
    (published / "parquet").symlink_to(release / "parquet")
    target = tmp_path / "out"
    arguments = ["export", "parquet", "--data-dir", str(tmp_path / "data"), str(target)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    names = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    assert {p.relative_to(target) for p in target.rglob("*") if p.is_file()} == names
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 1 and "Take another name" in again.output


# ---------- coded posts


def cells(path: Path, sheet: str) -> list[tuple]:
    return list(load_workbook(path)[sheet].iter_rows(values_only=True))


def test_coded_posts_have_a_column_per_theme(file: Path, tmp_path: Path) -> None:
    written = write_coded_posts(file, tmp_path / "coded.xlsx")
    header, *rows = cells(tmp_path / "coded.xlsx", "posts")
    codes = header[len(BEFORE_THEMES) :]
    assert sorted(codes) == ["AWR", "TOP.TIP", "VIC"]
    with duckdb.connect(str(file), read_only=True) as con:
        expected = con.execute(
            "select post_id, list(theme_code) filter (where theme_code is not null) from marts.fct_posts "
            "left join marts.fct_post_themes using (post_key) where is_own and account_key = 'a1' group by post_id"
        ).fetchall()
    found = {row[0]: {c for c, has in zip(codes, row[len(BEFORE_THEMES) :], strict=True) if has == 1} for row in rows}
    assert found == {post_id: set(themes or []) for post_id, themes in expected}
    assert written.post_count == len(rows) == 750
    assert {value for row in rows for value in row[len(BEFORE_THEMES) :]} == {0, 1}
    assert {row[0]: row[5] for row in cells(tmp_path / "coded.xlsx", "themes")[1:]} == dict.fromkeys(
        codes, "unvalidated"
    )


def test_coded_posts_are_of_registered_accounts_and_are_text_to_a_spreadsheet(file: Path, tmp_path: Path) -> None:
    write_coded_posts(file, tmp_path / "coded.xlsx")
    book = load_workbook(tmp_path / "coded.xlsx")
    texts = [row[BEFORE_THEMES.index("text")] for row in book["posts"].iter_rows(min_row=2)]
    assert "secret" not in {cell.value for cell in texts}
    assert [cell.data_type for cell in texts if str(cell.value).startswith("=")] == ["s"]
    assert (tmp_path / "coded.xlsx").stat().st_mode & 0o777 == 0o600


def test_coded_posts_of_one_year(file: Path, tmp_path: Path) -> None:
    written = write_coded_posts(file, tmp_path / "coded.xlsx", 2016)
    assert {row[4][:4] for row in cells(tmp_path / "coded.xlsx", "posts")[1:]} == {"2016"}
    assert 0 < written.post_count < 750


@pytest.mark.parametrize(
    ("name", "year", "most", "word"),
    [("c.csv", None, 10_000, "ends in .xlsx"), ("c.xlsx", 1999, 10_000, "found none"), ("c.xlsx", None, 10, "--year")],
)
def test_what_cannot_be_written_says_why(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, year: int | None, most: int, word: str
) -> None:
    monkeypatch.setattr(coded_posts, "SHEET_ROWS", most)
    with pytest.raises(SuaraError, match=word):
        write_coded_posts(file, tmp_path / name, year)
    assert not list(tmp_path.iterdir())
