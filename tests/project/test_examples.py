"""Every example of the docs runs on what the demo publishes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import PROJECT_ROOT
from tests.fixtures.demo import DemoWarehouse
from tests.project.support import Block, all_blocks

# A block that names one of these schemas reads the pipeline's own file, not the published one.
ON_WAREHOUSE = re.compile(r"\b(?:from|join) (?:raw|staging|intermediate|reference)\.")
# A block with this comment may find nothing on the demo.
MAY_BE_EMPTY = "-- may be empty"
SQL = all_blocks("sql")
PYTHON = [block for block in all_blocks("python") if "import duckdb" in block.text]
DUCKDB_SHELL = [block for block in all_blocks("bash", "console", "sh") if block.text.strip().startswith("duckdb ")]


@pytest.fixture
def checkout(demo_warehouse: DemoWarehouse, tmp_path: Path) -> Path:
    """A folder that looks like a checkout in which `make run` was typed."""
    (tmp_path / "data").symlink_to(demo_warehouse.paths.root)
    return tmp_path


def test_there_are_examples() -> None:
    assert len([block for block in SQL if block.page == "README.md"]) >= 4
    assert len(SQL) >= 8
    assert PYTHON


@pytest.mark.parametrize("block", SQL, ids=str)
def test_sql_runs_and_answers(block: Block, demo_warehouse: DemoWarehouse) -> None:
    paths = demo_warehouse.paths
    source = paths.warehouse if ON_WAREHOUSE.search(block.text) else paths.published_file
    with duckdb.connect(str(source), read_only=True) as connection:
        statements = connection.extract_statements(block.text)
        assert statements
        for statement in statements:
            rows = connection.execute(statement).fetchall()
            assert rows or MAY_BE_EMPTY in block.text, f"no row: {statement.query}"


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_runs(block: Block, checkout: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", block.text], cwd=checkout, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.strip()


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-warehouse.md"])
def test_page_shows_what_the_run_prints(page: str, demo_warehouse: DemoWarehouse) -> None:
    """Each line of the shortened output stands in the real one; ids, times, folders and passed checks may differ."""
    shown = next(block for block in all_blocks("text") if block.page == page)

    def plain(line: str) -> str:
        line = re.sub(r"\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b", "<id>", line)
        line = re.sub(r"\S*/(?=\S)", "", line)
        # Each new check changes this count; what warned and failed has to be as shown.
        line = re.sub(r"[\d,]+ checks passed", "<count> checks passed", line)
        line = re.sub(r"\d{4}-\d\d-\d\dT?[ \d:.+Z]*(?:UTC)?", "<time>", line)
        return re.sub(r"\s+", " ", re.sub(r"\d+(?:\.\d+)? s\b", "<seconds>", line)).strip()

    real = {plain(line) for line in demo_warehouse.output.splitlines()}
    wanted = [line for line in shown.text.splitlines() if line.strip() and line.strip() not in ("…", "...")]
    assert wanted
    assert not [line for line in wanted if plain(line) not in real]
