"""Words of the demo: made once they are those of a rebuild, they stand where they say, and the commands find them."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.resources.dbt import Dbt
from orchestration.resources.manifest import invoke
from tests.fixtures.demo import DemoWarehouse

MODELS = ("int_posts__words", "int_words__counted", "int_words__stems", "dim_words", "fct_word_months")


class _Words:
    """The word models on a copy of the demo's warehouse."""

    def __init__(self, warehouse: Path, target: Path) -> None:
        self.warehouse, self.target = warehouse, target

    def run(self, *options: str) -> dict[str, list[tuple]]:
        """Build the models as a run does, and return the rows of each in one order."""
        arguments = ["run", "--select", *MODELS, "--vars", json.dumps({"study": "demo"}), *options]
        arguments += ["--no-write-json", "--target-path", str(self.target)]
        dbt = Dbt()
        results = invoke(dbt.project, self.warehouse, arguments, dbt.parsed())
        assert {str(r.status) for r in results.results} == {"success"}
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            schemas = {name: "marts" if not name.startswith("int_") else "intermediate" for name in MODELS}
            return {name: sorted(con.execute(f"from {schemas[name]}.{name}").fetchall(), key=repr) for name in MODELS}

    def change(self, *statements: str) -> None:
        with duckdb.connect(str(self.warehouse)) as con:
            for statement in statements:
                con.execute(statement)


def test_words_of_added_edited_and_deleted_posts_are_those_of_a_rebuild(
    demo_warehouse: DemoWarehouse, tmp_path: Path
) -> None:
    warehouse = tmp_path / demo_warehouse.paths.warehouse.name
    shutil.copyfile(demo_warehouse.paths.warehouse, warehouse)
    words = _Words(warehouse, tmp_path / "target")
    kept = "intermediate.int_posts__kept"
    some_post = f"(select post_key from {kept} where is_own and text <> '' order by post_key limit 1 offset {{}})"
    words.change(
        f"delete from {kept} where post_key = {some_post.format(0)}",
        f"update {kept} set text = 'Kata yang berubah #KataBaru' where post_key = {some_post.format(1)}",
        f"update {kept} set is_own = false where post_key = {some_post.format(2)}",
        f"insert into {kept} select * replace ('added' as post_key, 'Kata tambahan' as text) "
        f"from {kept} where post_key = {some_post.format(3)}",
        # words that an earlier version cut by other rules
        f"update intermediate.int_posts__words set text_hash = 'old' where post_key = {some_post.format(4)}",
        # and one text that nothing happened to, so that it must not be looked at again
        f"update intermediate.int_posts__words set tokens = tokens[1:1] where post_key = {some_post.format(5)}",
    )
    updated = words.run()
    rebuilt = words.run("--full-refresh")

    def differing(name: str) -> set[str]:
        return {row[0] for row in updated[name]} ^ {row[0] for row in rebuilt[name]}

    changed = [a for a, b in zip(updated["int_posts__words"], rebuilt["int_posts__words"], strict=True) if a != b]
    assert len(changed) == 1 and len(changed[0][2]) == 1, "the text that did not change was cut again, or others differ"
    assert not differing("int_posts__words")
    stems = {row[0]: row for row in rebuilt["int_words__stems"]}
    assert stems["tambahan"][2] == "tambah" and {"kata", "baru", "berubah"} <= set(stems)
    assert words.run() == rebuilt


def test_a_data_folder_from_before_a_study_had_languages_takes_the_new_column(
    demo_warehouse: DemoWarehouse, tmp_path: Path
) -> None:
    warehouse = tmp_path / demo_warehouse.paths.warehouse.name
    shutil.copyfile(demo_warehouse.paths.warehouse, warehouse)
    dbt = Dbt()
    with duckdb.connect(str(warehouse)) as con:
        con.execute("alter table reference.studies drop column languages")
    arguments = ["seed", "--select", "studies", "--no-write-json", "--target-path", str(tmp_path / "target")]
    results = invoke(dbt.project, warehouse, arguments, dbt.parsed()).results
    assert [str(r.status) for r in results] == ["success"]
    with duckdb.connect(str(warehouse), read_only=True) as con:
        assert con.execute("select distinct languages from reference.studies").fetchall() == [("id|en",)]


def test_each_word_of_the_demo_stands_where_its_place_says(demo_warehouse: DemoWarehouse) -> None:
    with duckdb.connect(str(demo_warehouse.paths.warehouse), read_only=True) as con:
        tokens = "select token, folded, position, token_start, lag(token_end) over posts as last_end, "
        tokens += "lag(position) over posts as last_position from intermediate.int_words__tokens "
        tokens += "window posts as (partition by post_key order by position)"
        rows = con.execute(tokens).fetchall()
    assert len(rows) > 20_000
    assert not [row for row in rows if unicodedata.normalize("NFKC", row[0]).lower() != row[1]]
    assert any(row[0].lower() != row[1] for row in rows)  # full-width letters are among them
    assert not [row for row in rows if row[4] is not None and (row[4] > row[3] or row[5] + 1 != row[2])]


def test_words_are_asked_from_the_command_line(
    demo_warehouse: DemoWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SUARA_DATA_DIR", "DAGSTER_HOME"):
        monkeypatch.setenv(name, str(tmp_path))  # the command sets them; what it set goes again
    folder, runner = str(demo_warehouse.paths.root), CliRunner()

    def ask(*arguments: str) -> list[str]:
        result = runner.invoke(main, ["words", *arguments, "--data-dir", folder])
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    kept = tmp_path / "hits.csv"
    hits = ask("kwic", "safe migration", "--of", "language=en", "--top", "2", "--csv", str(kept))
    assert len(hits) == 5 and all("safe migration" in line for line in hits[1:3])
    assert len(kept.read_text("utf-8").splitlines()) > 100
    assert ask("collocations", "trafficking", "--top", "1")[1].split()[:2] == ["human", "en"]
    assert "covid" in "".join(ask("keyness", "--of", "year=2020-2022", "--top", "3"))
    assert ask("kwic", "nowhereatall") == ["No places."]
    with_error = runner.invoke(main, ["words", "kwic", "a", "--of", "year=soon", "--data-dir", folder])
    assert with_error.exit_code == 1 and "expected a year" in with_error.output
    nothing = runner.invoke(main, ["words", "kwic", "a", "--data-dir", str(tmp_path / "empty")])
    assert nothing.exit_code == 1 and "Run `suara run` first" in nothing.output


def _words_by_python(text: str) -> list[str]:
    """The words of a text, found another way: for posts in Latin letters."""

    def apart(hashtag: re.Match[str]) -> str:
        tag = re.sub(r"([A-Z])([A-Z](?:[a-rt-z]|s[a-z]))", r"\1 \2", hashtag.group(1))
        tag = re.sub(r"([a-z])([A-Z])", r"\1 \2", tag)
        return f" {re.sub(r'(?<=[0-9])(?=[a-zA-Z])|(?<=[a-zA-Z])(?=[0-9])|_', ' ', tag)} "

    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"https?://\S*|@\w+", " ", text)
    return re.findall(r"[^\W_]+(?:[_']+[^\W_]+)*", re.sub(r"#(\w+)", apart, text).lower())


def test_words_of_months_are_those_that_another_way_of_counting_finds(demo_warehouse: DemoWarehouse) -> None:
    with duckdb.connect(str(demo_warehouse.paths.warehouse), read_only=True) as con:
        posts = con.execute(
            "select posted_month, text from marts.fct_posts inner join marts.dim_accounts using (account_key) "
            "where is_own and is_capture_owner and text <> ''"
        ).fetchall()
        word_of = dict(
            con.execute(
                "select stems.word, word_key from intermediate.int_words__stems as stems "
                "inner join marts.dim_words using (language, stem)"
            ).fetchall()
        )
        months = con.execute(
            "select word_months.posted_month, word_key, word_months.post_count, token_count, tokens_of_month "
            "from marts.fct_word_months as word_months inner join marts.dim_accounts using (account_key) "
            "where is_capture_owner"
        ).fetchall()
    tokens, in_posts, all_tokens = Counter(), Counter(), Counter()
    for month, text in posts:
        found = [word_of[word] for word in _words_by_python(text)]
        tokens.update((month, word) for word in found)
        in_posts.update((month, word) for word in set(found))
        all_tokens[month] += len(found)
    posts_of_word = Counter()
    for (_, word), count in in_posts.items():
        posts_of_word[word] += count
    assert len(months) > 10_000
    assert {(month, word): (p, t, a) for month, word, p, t, a in months} == {
        (month, word): (count, tokens[month, word], all_tokens[month])
        for (month, word), count in in_posts.items()
        if posts_of_word[word] >= 5
    }
