"""Clusters and topics: the measures of NVivo by hand, planted groups come back, and the same file gives the same."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner
from scipy.sparse import csr_matrix

from orchestration.cli import main
from orchestration.contract import SuaraError
from orchestration.suggesting.clusters import Clusters, cluster, draw, read_items, similarity, write_clusters
from orchestration.suggesting.topics import find_topics
from orchestration.suggesting.words import count_words, said
from tests.fixtures.demo import DemoWarehouse

SEA = ("kapal", "nelayan", "laut", "ikan", "pelabuhan", "jaring")
ROAD = ("jalan", "mobil", "jembatan", "truk", "aspal", "terminal")
AIR = ("pesawat", "bandara", "langit", "pilot", "sayap", "landasan")


def test_similarity_is_by_hand() -> None:
    counts = csr_matrix([[3, 0, 1, 2], [1, 0, 1, 0], [0, 4, 0, 0], [6, 0, 2, 4]])
    pearson = similarity(counts, "pearson")
    assert pearson == pytest.approx(np.corrcoef(counts.toarray()))
    assert pearson[0, 3] == pytest.approx(1)  # twice as often is the same use of words
    # Words of 0 and 1 that both use: 2; that one or the other uses: 3.
    assert similarity(counts, "jaccard")[0, 1] == pytest.approx(2 / 3)
    assert similarity(counts, "sorensen")[0, 1] == pytest.approx(4 / 5)
    assert similarity(counts, "jaccard")[0, 2] == 0


def items(seed: int = 1) -> list[tuple[str, str, list[str]]]:
    rng = random.Random(seed)
    found = [
        (f"a{n}", f"@account{n}", [" ".join(rng.choices(words, k=5)) for _ in range(20)])
        for n, words in enumerate([SEA, ROAD, AIR] * 4)
    ]
    rng.shuffle(found)
    return found


def groups(found: Clusters) -> set[frozenset[str]]:
    return {
        frozenset(item for item, number in zip(found.items, found.clusters, strict=True) if number == one)
        for one in found.clusters
    }


@pytest.mark.parametrize("measure", ["pearson", "jaccard", "sorensen"])
def test_accounts_that_use_the_same_words_are_one_cluster(measure: str) -> None:
    planted = {frozenset(f"a{n}" for n in range(first, 12, 3)) for first in range(3)}
    found = cluster(items(), measure=measure, count=3)
    assert groups(found) == planted
    assert list(found.clusters) == sorted(found.clusters)  # the tree shows a cluster in one piece
    assert cluster(items(1)[::-1], measure=measure, count=3).similarity.max() == 1


def test_ten_clusters_as_in_nvivo_and_never_more_than_items() -> None:
    assert max(cluster(items()).clusters) == 10
    assert max(cluster(items()[:4]).clusters) == 4


def test_complete_linkage_joins_by_the_most_distant_pair() -> None:
    found = cluster(items(), count=3)
    distances = 1 - found.similarity
    members = {n: [n] for n in range(len(found.items))}
    for n, (left, right, distance, size) in enumerate(found.merges, len(found.items)):
        members[n] = members[int(left)] + members[int(right)]
        assert size == len(members[n])
        furthest = max(distances[a, b] for a in members[int(left)] for b in members[int(right)])
        assert distance == pytest.approx(furthest)


def test_the_tree_is_a_picture_and_the_files_hold_no_text(tmp_path: Path) -> None:
    found = cluster([(f"a{n}", "<&>", ["rahasia " * 3 + "kapal" * n, "laut"]) for n in range(3)])
    ElementTree.fromstring(draw(found))
    files = write_clusters(found, tmp_path / "c.csv")
    assert [file.name for file in files] == ["c.csv", "c.pairs.csv", "c.svg"]
    assert not any("rahasia" in file.read_text("utf-8") for file in files)


def test_one_account_is_refused() -> None:
    with pytest.raises(SuaraError, match="two or more"):
        cluster(items()[:1])


def test_words_are_what_is_said() -> None:
    assert said("RT @Somebody: ＫＯＲＢＡＮ https://example.org/x #Bantu") == ": korban #bantu"
    _, words = count_words(["yang korban dan the kasus 2020 covid19", "masalah"], keep=["kasus"])
    assert words == ["covid19", "kasus", "korban"]


def test_planted_topics_come_back_by_year_and_again(tmp_path: Path) -> None:
    rng = random.Random(4)
    path = tmp_path / "p.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            """
            create schema marts; create schema quality;
            create table quality.release as select 'v1' as codebook_version;
            create table marts.dim_accounts as
            select 'own' as account_key, true as is_registered, false as is_capture_owner;
            create table marts.dim_themes as select 't' as theme_code, 'topic' as facet, 'v1' as codebook_version;
            create table marts.fct_post_themes as select 'x' as post_key, 't' as theme_code, 'v1' as codebook_version;
            create table marts.fct_posts (
                post_key varchar, account_key varchar, platform varchar, post_id varchar, is_own boolean, text varchar,
                posted_date date
            );
            """
        )
        rows = [
            (f"k{n:03}", "own", "x", str(n), True, " ".join(rng.choices(words, k=6)), f"{2015 + n % 4}-05-01")
            for n, words in enumerate([SEA, ROAD, AIR, SEA] * 50)
        ]
        con.executemany(
            "insert into marts.fct_posts values (?, ?, ?, ?, ?, ?, ?)",
            [*rows, ("z", "own", "x", "z", True, "!", "2015-05-01")],
        )
    found = find_topics(path, count=3)
    assert [topic.posts for topic in found.topics] == [100, 50, 50]
    assert set(found.topics[0].words[:6]) == set(SEA)
    assert {frozenset(topic.words[:6]) for topic in found.topics} == {frozenset(SEA), frozenset(ROAD), frozenset(AIR)}
    assert found.topics[0].posts_of_year == {2015: 50, 2016: 0, 2017: 0, 2018: 50}
    assert (found.posts, found.posts_without) == (201, 1)
    assert found == find_topics(path, count=3)
    with pytest.raises(SuaraError, match="Ask for fewer topics"):
        find_topics(path, count=41)


def test_the_commands_read_what_the_demo_published(demo_warehouse: DemoWarehouse, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(
            main, [*arguments[:2], "--data-dir", str(demo_warehouse.paths.root), *arguments[2:]]
        )
        assert result.exit_code == 0, result.output
        return result.output

    themes = run("explore", "clusters", "--of", "themes", str(tmp_path / "t.csv"))
    assert "no finding" in themes
    assert "no finding" in run("explore", "topics", "-n", "4", str(tmp_path / "n.csv"))
    assert len((tmp_path / "n.csv").read_text("utf-8").splitlines()) == 5
    run("explore", "clusters", "--of", "accounts", "--measure", "jaccard", str(tmp_path / "a.csv"))
    # Accounts of private persons are in nobody's file.
    with duckdb.connect(str(demo_warehouse.published_file), read_only=True) as con:
        shown = {
            key for (key,) in con.execute("select account_key from marts.dim_accounts where is_registered").fetchall()
        }
    assert {line.split(",")[0] for line in (tmp_path / "a.csv").read_text("utf-8").splitlines()[1:]} <= shown
    assert read_items(demo_warehouse.published_file, "themes")
    assert "Nothing is coded yet" in run("coding", "suggest", str(tmp_path / "s.xlsx"))
