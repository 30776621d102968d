"""What the tests of connectors share: native files by a few lines of hand, and one load of them.

Belongs here: writers of small synthetic files, `load`. Does not belong here: assertions.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors import all_raw_tables, create_raw_tables, detect
from orchestration.connectors.base import LoadResult
from orchestration.connectors.files import CaptureFiles

CAPTURE = "c" * 64


@dataclass
class Loaded:
    """A load's result and the tables it wrote."""

    result: LoadResult
    con: duckdb.DuckDBPyConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    @property
    def rejected(self) -> list[tuple[int | None, str]]:
        return [(record.record_no, record.reason_code) for record in self.result.rejected]

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.result.delivered_count, self.result.loaded_count, self.result.rejected_count

    @property
    def totals(self) -> dict[str, tuple[int, int]]:
        return {one.statement: (one.stated_count, one.counted_count) for one in self.result.control_totals}


def new_warehouse() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    create_raw_tables(con)
    return con


def load(
    path: Path,
    source: str | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
    scratch: Path | None = None,
) -> Loaded:
    """Detect and load a capture; what holds for every load is asserted on the way."""
    con = con or new_warehouse()
    scratch = scratch or path.parent / "scratch"
    with CaptureFiles(path) as files:
        result = detect(files, source).load(con, CAPTURE, files, scratch)
    assert not list(scratch.glob("*")), "temporary files are left behind"
    for member in result.members:
        assert member.delivered_count == member.loaded_count + member.rejected_count
    assert len(result.rejected) == result.rejected_count
    return Loaded(result, con)


def row_count(con: duckdb.DuckDBPyConnection) -> int:
    """Rows in all raw tables together."""
    return sum(con.execute(f"select count(*) from raw.{name}").fetchall()[0][0] for name in all_raw_tables())


def js(name: str, value: Any, prefix: str = "window.YTD.{}.part0 = ") -> str:
    return prefix.format(name) + json.dumps(value, ensure_ascii=False, indent=2)


def write(root: Path, members: dict[str, str | bytes]) -> Path:
    """Write members as a zip when `root` ends in `.zip`, else as a folder."""
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in members.items()}
    if root.suffix == ".zip":
        with zipfile.ZipFile(root, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return root
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root
