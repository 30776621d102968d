"""What codes of people say about the rules: a planted truth comes back, and verdicts wait for enough coding."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.coding.agreement import Estimate, precision_recall_f1
from orchestration.coding.manifest import Manifest
from orchestration.coding.quality import (
    COLUMNS,
    TOO_FEW,
    UNVALIDATED,
    USABLE,
    WEAK,
    Figures,
    ThemeQuality,
    judge,
    measure,
    quality_rows,
    write_quality,
)
from orchestration.coding.sample import draw
from orchestration.coding.sheets import AGREED, Code, Coded
from orchestration.coding.store import CodingStore
from orchestration.contract import DataDir
from orchestration.warehouse.bookkeeping import CODEBOOK_FIGURES_TABLE, replace_codebook_figures
from tests.unit.coding_fixture import make_published, truth

# By construction of the fixture: 500 posts have AWR, the rules find 375 of them and 100 others.
AWR_RECALL, AWR_PRECISION = 0.75, 375 / 475


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_published(tmp_path_factory.mktemp("published") / "social_bi.duckdb")


@pytest.fixture(scope="module")
def manifest(published: Path) -> Manifest:
    return draw(published, size=600, seed=2).manifest


Changes = Callable[[str, str, int], int]


def as_it_is(_: str, __: str, code: int) -> int:
    return code


def code(
    published: Path, manifest: Manifest, coder: str, *, change: Changes = as_it_is, posts: slice = slice(None)
) -> list[Code]:
    """A coder who knows the truth, but for what `change` does to it."""
    known = truth(published)
    return [
        Code(manifest.sample_id, coder, post.post_key, theme, change(post.post_key, theme, known[post.post_key][theme]))
        for post in manifest.posts[posts]
        for theme in manifest.themes
    ]


def measured(published: Path, manifest: Manifest, codes: list[Code]) -> list[ThemeQuality]:
    with duckdb.connect(str(published), read_only=True) as con:
        return measure(con, {manifest.sample_id: manifest}, codes)


def by_theme(published: Path, manifest: Manifest, *codes: list[Code]) -> dict[str, ThemeQuality]:
    everything = [code for some in codes for code in some]
    return {t.theme_code: t for t in measured(published, manifest, everything)}


def test_a_planted_recall_comes_back_where_the_plain_figure_is_wrong(published: Path, manifest: Manifest) -> None:
    both = [code(published, manifest, coder) for coder in ("ani", "budi")]
    found = by_theme(published, manifest, *both)["AWR"].rules
    known = truth(published)
    with duckdb.connect(str(published), read_only=True) as con:
        rules = {k for (k,) in con.execute("select post_key from truth where rules_awr").fetchall()}
    keys = [post.post_key for post in manifest.posts]
    plain = precision_recall_f1([known[k]["AWR"] for k in keys], [k in rules for k in keys])
    assert plain.recall.low > AWR_RECALL  # wrong, and sure of it
    assert found.recall.value == pytest.approx(AWR_RECALL, abs=0.06)
    assert found.recall.low < AWR_RECALL < found.recall.high
    assert found.precision.low < AWR_PRECISION < found.precision.high
    assert found.covered_share == 1


def test_verdicts_tell_weak_rules_from_good_ones_and_from_too_little_coding(
    published: Path, manifest: Manifest
) -> None:
    found = by_theme(published, manifest, *[code(published, manifest, coder) for coder in ("ani", "budi")])
    assert found["VIC"].verdict == USABLE
    assert found["VIC"].rules.f1.value == 1
    assert found["AWR"].verdict == WEAK
    assert "rules: F1 0.7" in found["AWR"].reason
    assert found["PRV"].verdict == TOO_FEW  # one post in a hundred has it
    assert "30 are needed" in found["PRV"].reason
    for theme in ("AWR.DAY", "TOP"):  # not in the sample
        assert (found[theme].verdict, found[theme].reason) == (UNVALIDATED, "nobody has coded it")


def test_coders_who_do_not_agree_make_a_theme_weak_however_good_the_rules(published: Path, manifest: Manifest) -> None:
    chance = random.Random(1)
    careless = code(
        published,
        manifest,
        "budi",
        change=lambda _, theme, c: 1 - c if theme == "VIC" and chance.random() < 0.25 else c,
    )
    found = by_theme(published, manifest, code(published, manifest, "ani"), careless, code(published, manifest, AGREED))
    assert found["VIC"].verdict == WEAK
    assert "coders: alpha" in found["VIC"].reason
    assert found["VIC"].rules.f1.value == 1


def test_one_coder_alone_validates_nothing(published: Path, manifest: Manifest) -> None:
    found = by_theme(published, manifest, code(published, manifest, "ani"))
    assert found["VIC"].verdict == UNVALIDATED
    assert "nobody else" in found["VIC"].reason
    assert found["VIC"].rules.f1.value == 1  # the figures are there


def test_too_few_posts_coded_twice_give_no_verdict(published: Path, manifest: Manifest) -> None:
    found = by_theme(
        published, manifest, code(published, manifest, "ani"), code(published, manifest, "budi", posts=slice(149))
    )
    assert (found["VIC"].verdict, found["VIC"].coders.post_count) == (TOO_FEW, 149)


def test_differences_wait_for_what_the_coders_agree_on(published: Path, manifest: Manifest) -> None:
    first = manifest.posts[0].post_key
    ani = code(published, manifest, "ani")
    budi = code(published, manifest, "budi", change=lambda key, theme, c: 1 - c if key == first else c)
    open_ = by_theme(published, manifest, ani, budi)["VIC"]
    assert (open_.verdict, open_.disputed_count, open_.rules.post_count) == (UNVALIDATED, 1, 599)
    settled = by_theme(published, manifest, ani, budi, code(published, manifest, AGREED, posts=slice(1)))["VIC"]
    assert (settled.verdict, settled.disputed_count, settled.rules.post_count) == (USABLE, 0, 600)
    assert settled.coder_count == 2
    assert settled.coders.alpha.value < 1  # settling it does not hide that they differed


def test_coding_half_of_the_sheet_is_weighted_as_half(published: Path, manifest: Manifest) -> None:
    half = slice(300)
    found = by_theme(published, manifest, *[code(published, manifest, c, posts=half) for c in ("ani", "budi")])
    assert found["AWR"].rules.post_count == 300
    assert found["AWR"].rules.recall.low < AWR_RECALL < found["AWR"].rules.recall.high


def test_posts_that_are_gone_do_not_count(published: Path, manifest: Manifest, tmp_path: Path) -> None:
    later = Path(shutil.copy(published, tmp_path / "later.duckdb"))
    with duckdb.connect(str(later)) as con:
        con.execute("delete from marts.fct_posts where post_key = ?", [manifest.posts[0].post_key])
    codes = [code(published, manifest, coder) for coder in ("ani", "budi")]
    assert by_theme(later, manifest, *codes)["VIC"].coders.post_count == 599


@pytest.mark.parametrize(
    ("covered", "alpha", "f1", "verdict"),
    [
        (1.0, (0.80, 0.70), 0.75, USABLE),
        (0.9, (0.80, 0.70), 0.75, TOO_FEW),
        (1.0, (0.69, 0.65), 0.75, WEAK),
        (1.0, (0.80, 0.59), 0.75, WEAK),
        (1.0, (0.80, 0.70), 0.69, WEAK),
    ],
)
def test_thresholds(covered: float, alpha: tuple[float, float], f1: float, verdict: str) -> None:
    coders = Figures(150, 40, covered, alpha=Estimate(*alpha, 0.95, 150))
    rules = Figures(150, 30, 1.0, f1=Estimate(0.9, f1, 0.95, 40))
    assert judge(coders, rules, 2, 0)[0] == verdict


def test_the_csv_has_a_row_per_theme_and_comparison_and_nothing_for_what_is_not_defined(
    published: Path, manifest: Manifest, tmp_path: Path
) -> None:
    codes = [*code(published, manifest, "ani"), *code(published, manifest, "budi")]
    write_quality(measured(published, manifest, codes), tmp_path / "q.csv")
    with open(tmp_path / "q.csv", encoding="utf-8", newline="") as handle:
        rows = {(row["theme_code"], row["comparison"]): row for row in csv.DictReader(handle)}
    assert len(rows) == 5 * 2
    rules = rows["AWR", "rules"]
    assert (rules["codebook_version"], rules["sample_id"], rules["verdict"]) == ("v1", manifest.sample_id, WEAK)
    assert float(rules["recall_low"]) < AWR_RECALL < float(rules["recall_high"])
    assert rows["AWR", "coders"]["recall"] == ""
    assert (rows["TOP", "rules"]["f1"], rows["TOP", "rules"]["verdict"]) == ("", UNVALIDATED)


def test_the_raw_table_takes_the_figures(published: Path, manifest: Manifest) -> None:
    rows = quality_rows(measured(published, manifest, code(published, manifest, "ani")))
    with duckdb.connect() as con:
        con.execute("create schema raw")
        con.execute(CODEBOOK_FIGURES_TABLE)
        for _ in range(2):  # the second time takes the place of the first
            replace_codebook_figures(con, COLUMNS, rows)
        described = con.execute("select * from raw.codebook_figures limit 0").description
        assert tuple(column[0] for column in described) == COLUMNS
        found = con.execute("select * from raw.codebook_figures where f1 is not null").fetchall()
        assert sorted(found) == sorted(row for row in rows if row[COLUMNS.index("f1")] is not None)
        replace_codebook_figures(con, COLUMNS, [])
        assert con.execute("select count(*) from raw.codebook_figures").fetchall() == [(0,)]


def test_the_command_prints_the_verdicts(published: Path, manifest: Manifest, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SUARA_DATA_DIR", "")  # put back afterwards; the command sets it
    monkeypatch.setenv("DAGSTER_HOME", "")
    data = tmp_path / "data"
    (data / "published").mkdir(parents=True)
    (data / "published" / "social_bi.duckdb").symlink_to(published)
    run = CliRunner().invoke
    before = run(main, ["coding", "quality", "--data-dir", str(data)])
    assert before.output == "5 themes: unvalidated, nobody has coded them\n"
    store = CodingStore(DataDir(data))
    store.add_sample(manifest)
    codes = [*code(published, manifest, "ani"), *code(published, manifest, "budi")]
    store.add([Coded(manifest.sample_id, tuple(codes), 0)])
    after = run(main, ["coding", "quality", "--data-dir", str(data), "--csv", str(tmp_path / "q.csv")])
    assert after.exit_code == 0, after.output
    assert "weak: rules: F1" in after.output
    assert "usable: coders: alpha 1.00" in after.output
    assert "2 other themes: unvalidated" in after.output
    assert (tmp_path / "q.csv").exists()
