"""The figures of the report as files: each with its rows and SQL, the same bytes twice, no private person in any."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
import struct
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.contract import DataDir, SuaraError
from orchestration.publishing.figure_pack import INDEX, write_figures
from orchestration.publishing.figures import MOST_NODES, complete_linkage, layout, sociogram
from orchestration.publishing.published_file import build_candidate, promote
from orchestration.publishing.report import EVERYONE_ELSE, read_figures
from tests.unit.publishing_fixture import PRIVATE_HANDLE, make_descriptions, make_warehouse


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    paths = DataDir(tmp_path_factory.mktemp("data"))
    warehouse = make_warehouse(paths.root)
    descriptions = make_descriptions(warehouse)
    promote(
        build_candidate(warehouse, paths.candidates / "publish", run_id="r1", descriptions=descriptions, study="demo"),
        paths.published,
    )
    return paths


@pytest.fixture(scope="module")
def pack(paths: DataDir) -> Path:
    folder = paths.root / "pack"
    write_figures(paths.published_file, folder)
    return folder


def names_of(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.png"))


def test_every_picture_of_the_report_is_there_as_png_svg_rows_and_sql(paths: DataDir, pack: Path) -> None:
    report = (paths.published / "study_report.html").read_text("utf-8")
    assert len(names_of(pack)) == report.count('role="img"') >= 20
    asked = {"volume_months", "volume_years", "kinds", "hashtags", "hashtag_trend", "words", "account_similarity"}
    asked |= {"theme_years", "theme_years_posts", "mentions", "sociogram_mention", "engagement_by_interaction"}
    assert asked <= {name[3:] for name in names_of(pack)}
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        for name in names_of(pack):
            assert (pack / f"{name}.png").read_bytes().startswith(b"\x89PNG")
            rows = list(csv.reader(io.StringIO((pack / f"{name}.csv").read_text("utf-8"))))
            found = con.execute((pack / f"{name}.sql").read_text("utf-8"))
            assert rows[0] == [column[0] for column in found.description]
            told = [["" if value is None else str(value) for value in row] for row in found.fetchall()]
            assert rows[1:] == told and told, name
    index = list(csv.DictReader((pack / INDEX).open(encoding="utf-8", newline="")))
    assert [row["figure"] for row in index] == names_of(pack)


def test_the_command_says_what_it_wrote_and_the_same_release_gives_the_same_bytes(
    paths: DataDir, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUARA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    command = ["export", "figures", "--data-dir"]
    again = tmp_path / "again"
    again.mkdir()
    # a figure of before takes on the content of this release; what is no figure stays
    (again / f"{names_of(pack)[0]}.png").write_bytes(b"")
    (again / "notes.txt").write_text("mine", "utf-8")
    told = CliRunner().invoke(main, [*command, str(paths.root), str(again)])
    assert told.exit_code == 0, told.output
    assert told.output.startswith(f"{len(names_of(pack))} figures. Written to ")
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in (pack, again))
    assert second == {**first, "notes.txt": b"mine"}
    nothing = CliRunner().invoke(main, [*command, str(tmp_path / "empty"), str(tmp_path / "none")])
    assert nothing.exit_code == 1 and "Publish first" in nothing.output
    assert not (tmp_path / "none").exists()


def test_no_private_person_no_post_and_no_address_is_in_a_file(paths: DataDir, pack: Path) -> None:
    texts = {path.name: path.read_text("utf-8") for path in pack.iterdir() if path.suffix != ".png"}
    for name, text in texts.items():
        assert PRIVATE_HANDLE not in text.lower() and "to @" not in text, name
    for name, text in texts.items():
        if name.endswith(".svg"):
            assert not re.search(r"(href|src)=|url\((?!#)|@import", text), name
    assert "everyone else" in texts[next(name for name in texts if "sociogram_mention.csv" in name)]


def test_a_picture_says_what_must_be_known_to_read_it(pack: Path) -> None:
    for name in names_of(pack):
        svg = (pack / f"{name}.svg").read_text("utf-8")
        assert "SYNTHETIC DATA" in svg
        # 30 months, of which two are partial and one is missing
        assert "27 of 30 months of the accounts wholly observed" in svg
        if name[3:] in ("themes", "topics", "theme_years", "theme_years_posts"):
            assert "* Unvalidated" in svg
        if name[3:] in ("coverage_months", "volume_months", "volume_years"):
            assert "The first months may be what a cut left" in " ".join(svg.split("</text>"))


def test_a_pack_is_in_one_language(paths: DataDir, pack: Path, tmp_path: Path) -> None:
    write_figures(paths.published_file, tmp_path, "id")
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        _, found = read_figures(con)
    for figure, _ in found:
        english, indonesian = (
            (folder / next(folder.glob(f"*_{figure.name}.svg")).name).read_text("utf-8") for folder in (pack, tmp_path)
        )
        assert f">{figure.title.en}</text>" in english and f">{figure.title.id}</text>" in indonesian
        assert figure.title.en not in indonesian and figure.title.id not in english
        assert 'lang="id"' not in english and 'lang="en"' not in indonesian
        for _, text in figure.legend:
            assert f">{text.en}</text>" in english and f">{text.id}</text>" in indonesian, figure.name
    drawn = next(tmp_path.glob("*_volume_months.svg")).read_text("utf-8")
    assert ">unggahan per bulan</text>" in drawn and "27 dari 30 bulan akun teramati penuh" in drawn
    # rows and SQL are those of the file, whatever the language
    for name in ("volume_months", "themes"):
        for kind in ("csv", "sql"):
            one, other = (next(folder.glob(f"*_{name}.{kind}")).read_bytes() for folder in (pack, tmp_path))
            assert one == other
    titles = [row["title"] for row in csv.DictReader((tmp_path / INDEX).open(encoding="utf-8", newline=""))]
    assert titles == [figure.title.id for figure, _ in found]


def test_png_is_as_wide_as_two_columns_of_a_journal(pack: Path) -> None:
    for name in names_of(pack):
        width, height = struct.unpack(">II", (pack / f"{name}.png").read_bytes()[16:24])
        assert 1350 <= width <= 1500 and height > 200, name


def test_figures_of_two_releases_are_not_mixed(paths: DataDir, pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(pack, folder)
    (folder / "99_of_before.png").write_bytes(b"")
    (folder / "notes.txt").write_text("mine", "utf-8")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    with pytest.raises(SuaraError, match="99_of_before"):
        write_figures(paths.published_file, folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


# What is drawn ---------------------------------------------------------------------------------------------------


def test_complete_linkage_joins_as_scipy_does() -> None:
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    names = [f"@{letter}" for letter in "abcdefgh"]
    values = np.random.default_rng(4).permutation(28) / 28
    matrix = squareform(values)
    apart = {frozenset((names[i], names[j])): matrix[i, j] for i in range(8) for j in range(i)}
    order, merges = complete_linkage(names, apart)
    theirs = linkage(values, method="complete")
    assert [length for _, _, length in merges] == pytest.approx(theirs[:, 2])
    assert [len(left + right) for left, right, _ in merges] == theirs[:, 3].tolist()
    assert sorted(order) == names
    # an order without crossings: what is joined stands beside each other
    for left, right, _ in merges:
        places = sorted(order.index(name) for name in left + right)
        assert places == list(range(places[0], places[0] + len(places)))


def test_tied_accounts_lie_nearer_and_nothing_is_left_to_chance() -> None:
    names = tuple("abcdefgh")
    ties = tuple((a, b, 9) for group in ("abcd", "efgh") for a in group for b in group if a < b)
    place = layout(names, ties)
    layout.cache_clear()
    assert layout(names, ties) == place
    assert all(0 <= number <= 1 for spot in place.values() for number in spot)

    def far(a: str, b: str) -> float:
        return float(np.hypot(place[a][0] - place[b][0], place[a][1] - place[b][1]))

    within = max(far(a, b) for a, b, _ in ties)
    between = min(far(a, b) for a in "abcd" for b in "efgh")
    assert within < between
    assert layout((), ()) == {} and layout(("a",), ()) == {"a": (0.5, 0.5)}


def test_a_sociogram_draws_the_most_tied_and_everyone_else_as_one() -> None:
    rows = [
        {"sender": "@me", "receiver": f"@org{n:02}", "kind": kind, "posts": 60 - n}
        for n in range(40)
        for kind in ("mention", "quote")
    ]
    rows.append({"sender": "@me", "receiver": EVERYONE_ELSE, "kind": "mention", "posts": 1})
    rows.append({"sender": EVERYONE_ELSE, "receiver": EVERYONE_ELSE, "kind": "mention", "posts": 900})
    mentions, quotes = (sociogram(rows, kind, 880, EVERYONE_ELSE) for kind in ("mention", "quote"))
    nodes = {node["name"]: node for node in mentions["layer"][2]["data"]["values"]}
    assert len(nodes) == MOST_NODES + 1
    assert EVERYONE_ELSE in nodes and "@org00" in nodes and "@org39" not in nodes
    others = {node["name"]: node for node in quotes["layer"][2]["data"]["values"]}
    assert {name: (n["x"], n["y"]) for name, n in nodes.items()} == {n: (o["x"], o["y"]) for n, o in others.items()}
    # a head points to whom, not back: a step along it is a step towards the receiver
    ties, heads = (mentions["layer"][n]["data"]["values"] for n in (0, 1))
    for n, head in enumerate(heads):
        end = [tie for tie in ties if tie["tie"] == n][-1]
        across, up = math.sin(math.radians(head["angle"])) / 880, math.cos(math.radians(head["angle"])) / 528
        before = math.hypot((end["x"] - head["x"]) * 880, (end["y"] - head["y"]) * 528)
        after = math.hypot((end["x"] - head["x"] - across) * 880, (end["y"] - head["y"] - up) * 528)
        assert after < before
    # a tie of everyone else to itself is none
    assert {tie["tie"] for tie in mentions["layer"][0]["data"]["values"]} == set(range(MOST_NODES))
