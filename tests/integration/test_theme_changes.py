"""What earlier versions of a codebook made of posts, on hand-made tables through the project's own models.

Belongs here: posts that come, change and go while the codebook changes. Does not belong here: finding terms.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.resources.dbt import Dbt

MODELS = ["int_codebook__versions", "int_codebook__codings", "fct_theme_changes"]
# post: its text, and its themes with the term that gave each
Posts = dict[str, tuple[str | None, dict[str, str]]]
FIRST: Posts = {
    "recoded": ("one", {"A": "x", "A.B": "y"}),
    "edited": ("two", {"A": "x"}),
    "found_later": ("three", {}),
    "deleted": ("four", {"A": "x"}),
    "same": ("five", {"A": "x"}),
    "other_term": ("six", {"A": "x"}),
    "without_text": (None, {}),
}
SECOND: Posts = {
    "recoded": ("one", {"A": "x", "C": "z"}),
    "edited": ("two!", {"C": "z"}),
    "found_later": ("three", {"A": "w"}),
    "same": ("five", {"A": "x"}),
    "other_term": ("six", {"A": "w"}),
    "without_text": (None, {}),
    "new": ("seven", {"C": "z"}),
}


class Codings:
    """A warehouse that holds just what the models read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = folder / "warehouse.duckdb"
        self.target = folder / "target"
        with duckdb.connect(str(self.path)) as con:
            for schema in ("marts", "intermediate"):
                con.execute(f"create schema {schema}")
            con.execute("create table intermediate.int_studies__selected as select 'c' as codebook_id")
            con.execute("create table marts.dim_accounts as select 'me' as account_key, true as is_registered")

    def run(self, version: str, posts: Posts) -> None:
        """A run with this version of the codebook, which makes this of the posts."""
        with duckdb.connect(str(self.path)) as con:
            con.execute(
                "create or replace table intermediate.int_codebook__terms as "
                "select 'c' as codebook_id, $1 as codebook_version from range(3)",
                [version],
            )
            con.execute(
                "create or replace table intermediate.int_posts__kept as select unnest($1::varchar[]) as post_key, "
                "unnest($2::varchar[]) as text, 'me' as account_key, false as is_repost, "
                "date '2020-01-01' as posted_date",
                [list(posts), [text for text, _ in posts.values()]],
            )
            con.execute(
                "create or replace table intermediate.int_posts__themes "
                "(post_key varchar, theme_code varchar, first_term varchar)"
            )
            for post, (_, themes) in posts.items():
                for theme, term in themes.items():
                    con.execute("insert into intermediate.int_posts__themes values (?, ?, ?)", [post, theme, term])
        results = Dbt().build(self.path, MODELS, study="demo", target=self.target)
        assert {r.unique_id.split(".")[-1]: r.message for r in results if r.status != "success"} == {}

    def rows(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.path), read_only=True) as con:
            return con.execute(sql).fetchall()

    def now(self) -> list[tuple]:
        """What the latest version says of each post."""
        return self.rows(
            "select post_key, text_fingerprint, themes from intermediate.int_codebook__codings "
            "where last_version_no is null order by all"
        )

    def changes(self) -> set[tuple]:
        return set(
            self.rows(
                "select from_codebook_version, to_codebook_version, post_key, theme_code, change, term "
                "from marts.fct_theme_changes"
            )
        )


@pytest.fixture(scope="module")
def codings(tmp_path_factory: pytest.TempPathFactory) -> Codings:
    """Two versions, one after the other, while posts came, changed and went."""
    codings = Codings(tmp_path_factory.mktemp("codings") / "incremental")
    codings.run("v1", FIRST)
    codings.run("v2", SECOND)
    return codings


def test_a_change_gains_and_loses_posts_whose_text_stayed_and_names_the_term(codings: Codings) -> None:
    assert codings.changes() == {
        ("v1", "v2", "recoded", "A.B", "lost", "y"),
        ("v1", "v2", "recoded", "C", "gained", "z"),
        ("v1", "v2", "found_later", "A", "gained", "w"),
    }


def test_the_table_that_grew_says_of_the_latest_version_what_one_built_anew_says(
    codings: Codings, tmp_path: Path
) -> None:
    anew = Codings(tmp_path / "anew")
    anew.run("v2", SECOND)
    assert codings.now() == anew.now()
    assert len(codings.now()) == len(SECOND)
    assert anew.changes() == set()


def test_a_deleted_post_is_in_no_version(codings: Codings) -> None:
    found = codings.rows("select distinct post_key from intermediate.int_codebook__codings")
    assert {post for (post,) in found} == set(SECOND)


def test_a_row_is_written_only_where_something_changed_and_versions_may_come_back(codings: Codings) -> None:
    whole = "select * from intermediate.int_codebook__codings order by all"
    before = codings.rows(whole)
    codings.run("v2", SECOND)
    assert codings.rows(whole) == before
    # within a version the last run counts, and makes no change of the codebook
    codings.run("v2", {**SECOND, "same": ("five", {})})
    assert ("v1", "v2", "same", "A", "lost", "x") in codings.changes()
    codings.run("v2", SECOND)
    assert len(codings.changes()) == 3
    codings.run("v1", {**SECOND, "recoded": FIRST["recoded"]})
    assert {change[2:] for change in codings.changes() if change[:2] == ("v2", "v1")} == {
        ("recoded", "A.B", "gained", "y"),
        ("recoded", "C", "lost", "z"),
    }
    assert {change for change in codings.changes() if change[:2] == ("v1", "v2")} >= {
        ("v1", "v2", "recoded", "C", "gained", "z")
    }
