"""Words that are made once per text are those of a rebuild, whatever happened to the posts in between."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

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
        results = invoke(dbt.project, self.warehouse, arguments, dbt._manifest())
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
    some_post = "(select post_key from marts.fct_posts where is_own and text <> '' order by post_key limit 1 offset {})"
    words.change(
        f"delete from marts.fct_posts where post_key = {some_post.format(0)}",
        f"update marts.fct_posts set text = 'Kata yang berubah #KataBaru' where post_key = {some_post.format(1)}",
        f"update marts.fct_posts set is_own = false where post_key = {some_post.format(2)}",
        f"insert into marts.fct_posts select * replace ('added' as post_key, 'Kata tambahan' as text) "
        f"from marts.fct_posts where post_key = {some_post.format(3)}",
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
