"""Sampling for hand-coding and reading coded sheets: what coders see, and what is refused."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from orchestration.cli import main
from orchestration.coding.manifest import Manifest
from orchestration.coding.sample import allocate, draw
from orchestration.coding.sheets import write_sheet
from orchestration.coding.store import CodingStore, import_sheets
from orchestration.contract import DataDir, InputError, SuaraError
from tests.unit.coding_fixture import PRIVATE_TEXT, make_published

THEMES = ("AWR", "PRV", "VIC")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_published(tmp_path_factory.mktemp("published") / "social_bi.duckdb")


@pytest.fixture
def store(tmp_path: Path) -> CodingStore:
    return CodingStore(DataDir(tmp_path / "data"))


@pytest.fixture
def sheet(published: Path, store: CodingStore, tmp_path: Path) -> Path:
    sample = draw(published, size=40, seed=3)
    store.add_sample(sample.manifest)
    return write_sheet(sample, tmp_path / "sheet.csv")[0]


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def save(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> Path:
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def coded(sheet: Path, target: Path, coder: str = "Ani", posts: int | None = None) -> Path:
    """The sheet as a coder hands it in: 0 everywhere, 1 for the first theme in every fourth row."""
    rows = rows_of(sheet)
    for number, row in enumerate(rows[:posts]):
        row.update(dict.fromkeys(THEMES, "0"), coder=coder)
        row["AWR"] = "1" if number % 4 == 0 else "0"
    return save(target, rows)


# ---------- sampling


def test_a_csv_has_the_same_bytes_for_the_same_seed_and_other_posts_for_another(
    published: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        write_sheet(draw(published, size=60, seed=7), tmp_path / f"{name}.csv")
    write_sheet(draw(published, size=60, seed=8), tmp_path / "c.csv")
    for ending in (".csv", ".manifest.json"):
        assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()
    ids = [{row["post_id"] for row in rows_of(tmp_path / name)} for name in ("a.csv", "c.csv")]
    assert len(ids[0]) == len(ids[1]) == 60
    assert len(ids[0] & ids[1]) < 10


def test_only_posts_that_may_be_shown_are_drawn(published: Path, tmp_path: Path) -> None:
    sample = draw(published, size=5000)
    assert len(sample.manifest.posts) == 4000  # nobody's private posts, no repost, none without text
    assert PRIVATE_TEXT not in sample.texts
    assert {stratum.weight for stratum in sample.manifest.strata} == {1.0}


def test_the_sheet_shows_no_prediction_and_the_manifest_tells_what_it_stands_for(
    published: Path, tmp_path: Path
) -> None:
    sheet, manifest_file, instructions = write_sheet(draw(published, size=100), tmp_path / "s.csv")
    rows = rows_of(sheet)
    assert list(rows[0]) == ["sample_id", "post_id", "posted_date", "text", *THEMES, "coder", "note"]
    assert all(row[name] == "" for row in rows for name in (*THEMES, "coder", "note"))
    assert "informs the public" in instructions.read_text("utf-8")
    manifest = json.loads(manifest_file.read_text("utf-8"))
    assert (manifest["seed"], manifest["release_id"], manifest["codebook_version"]) == (1, "release-1", "v1")
    assert sum(stratum["population"] for stratum in manifest["strata"]) == 4000
    assert sum(stratum["sample"] for stratum in manifest["strata"] if stratum["has_topic"]) == 50
    assert all(s["weight"] * s["sample"] == pytest.approx(s["population"]) for s in manifest["strata"])
    # The order does not tell the strata apart.
    strata = [post["stratum"] for post in manifest["posts"]]
    assert strata != sorted(strata)
    for path in (sheet, manifest_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_ids_and_texts_survive_a_spreadsheet(published: Path, tmp_path: Path) -> None:
    sample = draw(published, size=40)
    rows = rows_of(write_sheet(sample, tmp_path / "s.csv")[0])
    assert all(row["post_id"].startswith("x:15880912202443") for row in rows)
    assert not [row["text"] for row in rows if row["text"].startswith(("=", "@", "+", "-"))]
    book = load_workbook(write_sheet(sample, tmp_path / "t.xlsx")[0])
    assert book.sheetnames == ["codes", "instructions"]
    cells = [row[:4] for row in book["codes"].iter_rows(min_row=2)]
    assert {cell.data_type for row in cells for cell in row} == {"s"}
    assert {row[1].number_format for row in cells} == {"@"}
    assert [row[3].value for row in cells] == list(sample.texts)


def test_a_sheet_that_is_there_is_not_overwritten(published: Path, tmp_path: Path) -> None:
    sample = draw(published, size=40)
    write_sheet(sample, tmp_path / "s.csv")
    before = (tmp_path / "s.csv").read_bytes()
    with pytest.raises(SuaraError, match="codes in it would be lost"):
        write_sheet(sample, tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"themes": ["XYZ"]}, "--theme XYZ: expected one of AWR"),
        ({"facets": ["mood"]}, "--facet mood: expected one of theme, topic"),
        ({"size": 5}, "--size 5: expected at least 16"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(published: Path, asked: dict, told: str) -> None:
    with pytest.raises(SuaraError, match=told):
        draw(published, **asked)


def test_themes_can_be_named(published: Path) -> None:
    assert draw(published, size=40, themes=["AWR.DAY", "VIC"]).manifest.themes == ("AWR.DAY", "VIC")
    assert draw(published, size=40, facets=["theme", "topic"]).manifest.themes == ("AWR", "PRV", "TOP", "VIC")


def test_no_published_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SuaraError, match="Run `suara run` first"):
        draw(tmp_path / "none.duckdb")


def test_sizes_follow_the_years_and_are_half_with_a_topic() -> None:
    populations = {(2019, True): 10, (2019, False): 900, (2020, True): 30, (2020, False): 100}
    assert allocate(populations, 100) == {(2019, True): 10, (2020, True): 30, (2019, False): 54, (2020, False): 6}
    # Nobody is asked to code more posts than there are.
    assert sum(allocate(populations, 5000).values()) == 1040
    assert allocate({(2019, False): 50, (2020, False): 1}, 10) == {(2019, False): 9, (2020, False): 1}


# ---------- importing


def test_coded_sheets_are_kept_for_their_owner_and_without_texts(
    store: CodingStore, sheet: Path, tmp_path: Path
) -> None:
    files = [coded(sheet, tmp_path / "ani.csv"), coded(sheet, tmp_path / "budi.csv", "Budi", posts=30)]
    sheets, stored = import_sheets(store, files)
    assert [s.rows_without_codes for s in sheets] == [0, 10]
    assert stored.new == (40 + 30) * 3
    codes = store.codes()
    assert {code.coder for code in codes} == {"ani", "budi"}
    assert sum(code.code for code in codes) == 10 + 8
    assert stat.S_IMODE(store.codes_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert "Post" not in store.codes_file.read_text("utf-8")


def test_the_same_sheet_again_changes_nothing(store: CodingStore, sheet: Path, tmp_path: Path) -> None:
    file = coded(sheet, tmp_path / "ani.csv")
    import_sheets(store, [file])
    before = store.codes_file.read_bytes()
    _, stored = import_sheets(store, [file])
    assert (stored.new, stored.unchanged, stored.replaced) == (0, 120, 0)
    assert store.codes_file.read_bytes() == before


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_of_any_spreadsheet_is_read(store: CodingStore, sheet: Path, tmp_path: Path, delimiter: str) -> None:
    rows = rows_of(coded(sheet, tmp_path / "a.csv"))
    _, stored = import_sheets(store, [save(tmp_path / "b.csv", rows, delimiter)])
    assert stored.new == 120


def test_a_workbook_is_read_back(published: Path, store: CodingStore, tmp_path: Path) -> None:
    sample = draw(published, size=40)
    store.add_sample(sample.manifest)
    path = write_sheet(sample, tmp_path / "s.xlsx")[0]
    book = load_workbook(path)
    for row in book["codes"].iter_rows(min_row=2):
        for cell in row[4:7]:
            cell.value = 1
        row[7].value = "Ani"
    book.save(path)
    _, stored = import_sheets(store, [path])
    assert stored.new == 120


def spoil(**values: str) -> Callable[[list[dict[str, str]]], None]:
    """Change cells of row 7 of the sheet."""
    return lambda rows: rows[5].update(values)


def again(rows: list[dict[str, str]]) -> None:
    rows.append(dict(rows[0]))


def everywhere(old: str, new: str) -> Callable[[list[dict[str, str]]], None]:
    """Rename a column; a new name of "" takes it away."""

    def change(rows: list[dict[str, str]]) -> None:
        for row in rows:
            value = row.pop(old)
            if new:
                row[new] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (spoil(post_id="x:99"), "row 7: expected a post of this sample; found post_id x:99"),
        (spoil(post_id="1.58809E+18"), "row 7: .*found post_id 1.58809E.18. A spreadsheet turned the id into a number"),
        (spoil(post_id="1588091220244300000"), "row 7: .*A spreadsheet turned the id into a number"),
        (spoil(AWR="2"), "row 7: expected 0 or 1 in column AWR; found 2"),
        (spoil(VIC="yes"), "row 7: expected 0 or 1 in column VIC; found yes"),
        (spoil(VIC=""), "row 7: expected 0 or 1 in column VIC; found an empty cell"),
        (spoil(coder=" "), "row 7: expected the name of the coder; found an empty cell"),
        (spoil(sample_id="s-000000000000"), "row 7: expected sample_id s-.* as in the rows before"),
        (again, r"row 42: expected each post once per coder; ani coded x:\d+ in bad.csv, row 2"),
        (everywhere("PRV", "PRX"), "row 1: expected the themes AWR, PRV, VIC; found the column PRX"),
        (everywhere("PRV", ""), "row 1: expected a column PRV; found none"),
        (everywhere("post_id", ""), "row 1: expected a column post_id"),
        (lambda rows: [row.update(sample_id="s-0") for row in rows], "expected a sample that is known here"),
    ],
)
def test_a_bad_sheet_is_refused_with_row_and_reason_and_nothing_is_loaded(
    store: CodingStore, sheet: Path, tmp_path: Path, change: Callable, told: str
) -> None:
    good = coded(sheet, tmp_path / "good.csv", "Budi")
    rows = rows_of(coded(sheet, tmp_path / "bad.csv"))
    change(rows)
    with pytest.raises(SuaraError, match=told) as refused:
        import_sheets(store, [good, save(tmp_path / "bad.csv", rows)])
    assert "Nothing was loaded" in str(refused.value)
    assert store.codes() == []


def test_an_id_that_excel_made_a_number_is_refused(published: Path, store: CodingStore, tmp_path: Path) -> None:
    sample = draw(published, size=40)
    store.add_sample(sample.manifest)
    path = write_sheet(sample, tmp_path / "s.xlsx")[0]
    book = load_workbook(path)
    book["codes"]["B3"] = 1588091220244300000
    book.save(path)
    with pytest.raises(SuaraError, match=r"row 3: .*A spreadsheet turned the id into a number"):
        import_sheets(store, [path])


def test_all_problems_are_told_at_once(store: CodingStore, sheet: Path, tmp_path: Path) -> None:
    rows = rows_of(coded(sheet, tmp_path / "a.csv"))
    for row in rows:
        row["AWR"] = "x"
    with pytest.raises(SuaraError) as refused:
        import_sheets(store, [save(tmp_path / "bad.csv", rows)])
    assert str(refused.value).count("expected 0 or 1") == 20
    assert "… and 20 more" in str(refused.value)


def test_other_codes_under_the_same_name_are_refused_unless_they_replace(
    store: CodingStore, sheet: Path, tmp_path: Path
) -> None:
    import_sheets(store, [coded(sheet, tmp_path / "a.csv")])
    before = store.codes_file.read_bytes()
    rows = rows_of(tmp_path / "a.csv")
    rows[1]["VIC"] = "1"
    changed = save(tmp_path / "b.csv", rows)
    with pytest.raises(SuaraError, match=r"coder ani, sample s-.*Nothing was\s+loaded"):
        import_sheets(store, [changed])
    assert store.codes_file.read_bytes() == before
    _, stored = import_sheets(store, [changed], replace=True)
    assert (stored.replaced, stored.unchanged) == (1, 119)


def test_a_sheet_of_another_data_folder_needs_its_manifest(published: Path, store: CodingStore, tmp_path: Path) -> None:
    sheet, manifest, _ = write_sheet(draw(published, size=40), tmp_path / "s.csv")
    file = coded(sheet, tmp_path / "a.csv")
    with pytest.raises(SuaraError, match="Name its manifest"):
        import_sheets(store, [file])
    other = write_sheet(draw(published, size=40, seed=2), tmp_path / "t.csv")[1]
    with pytest.raises(SuaraError, match="expected a sample that is known here"):
        import_sheets(store, [file], manifest=other)
    _, stored = import_sheets(store, [file], manifest=manifest)
    assert stored.new == 120
    assert set(store.manifests()) == {Manifest.read(manifest).sample_id}


def test_a_changed_manifest_is_refused(published: Path, store: CodingStore, tmp_path: Path) -> None:
    sheet, manifest, _ = write_sheet(draw(published, size=40), tmp_path / "s.csv")
    content = json.loads(manifest.read_text("utf-8"))
    content["strata"][0]["population"] += 1
    manifest.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match="the file was changed"):
        import_sheets(store, [coded(sheet, tmp_path / "a.csv")], manifest=manifest)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xlsx", b"no workbook"), ("a.csv", b"a\0b"), ("a.txt", b"post_id"), ("a.csv", b'post_id\n"never closed')],
)
def test_a_file_that_is_no_sheet_is_refused(store: CodingStore, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SuaraError, match="expected a"):
        import_sheets(store, [tmp_path / name])
    assert store.codes() == []


def test_a_file_of_codes_that_somebody_changed_is_refused(store: CodingStore, sheet: Path, tmp_path: Path) -> None:
    import_sheets(store, [coded(sheet, tmp_path / "a.csv")])
    text = store.codes_file.read_text("utf-8")
    store.codes_file.write_text(text.replace(",0\n", ",5\n", 1), "utf-8")
    with pytest.raises(
        InputError, match=r"record .*as `suara coding import` wrote them.*import the coded sheets again"
    ):
        store.codes()


# ---------- commands


def test_the_commands_take_a_sample_there_and_back(published: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SUARA_DATA_DIR", "")  # put back afterwards; the command sets it
    monkeypatch.setenv("DAGSTER_HOME", "")
    data = tmp_path / "data"
    (data / "published").mkdir(parents=True)
    (data / "published" / "social_bi.duckdb").symlink_to(published)
    run = CliRunner().invoke
    made = run(main, ["coding", "sample", "--data-dir", str(data), "--size", "40", str(tmp_path / "s.csv")])
    assert made.exit_code == 0, made.output
    assert "40 of 4,000 posts in 8 strata, themes AWR, PRV, VIC of codebook v1" in made.output
    file = coded(tmp_path / "s.csv", tmp_path / "a.csv", posts=10)
    taken = run(main, ["coding", "import", "--data-dir", str(data), str(file)])
    assert taken.exit_code == 0, taken.output
    assert "a.csv: 10 posts coded by ani, 30 rows not coded yet" in taken.output
    refused = run(main, ["coding", "import", "--data-dir", str(data), str(tmp_path / "none.csv")])
    assert refused.exit_code == 1
    assert "expected a coded sheet" in refused.output
