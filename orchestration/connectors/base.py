"""What every connector is and what it hands back.

Belongs here: the `Connector` protocol, the frozen results of a load, the declared shape of raw tables and the
DDL of the bookkeeping tables that stand beside them.
Does not belong here: anything about one format, the reading of bytes (`files`), the reading of JSON records
(`records`), dagster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from orchestration.contract import quote

if TYPE_CHECKING:
    from orchestration.connectors.files import CaptureFiles

# A declared column type: a DuckDB type name, a struct as a dict, a list as a list of one.
Shape = str | dict[str, Any] | list[Any]
Progress = Callable[[str], None]

EXCERPT_LIMIT = 200  # so much of a record is looked at when it is rejected, and raw.rejected_records holds its form
# X allows 15 characters in a handle, so a longer one cannot belong to anybody: our demo data uses that.
LONGEST_X_HANDLE = 15


def sql_type(shape: Shape) -> str:
    """The DuckDB type of a declared shape."""
    if isinstance(shape, str):
        return shape
    if isinstance(shape, list):
        return f"{sql_type(shape[0])}[]"
    return "STRUCT(" + ", ".join(f'"{name}" {sql_type(inner)}' for name, inner in shape.items()) + ")"


def raw_table_ddl(name: str, columns: Mapping[str, Shape]) -> str:
    """The `create table if not exists` statement of a raw table: position, then the declared columns."""
    lines = ["capture_id VARCHAR NOT NULL", "record_no BIGINT NOT NULL", "member VARCHAR NOT NULL"]
    lines += [f'"{column}" {sql_type(shape)}' for column, shape in columns.items()]
    return f"create table if not exists raw.{name} (\n    " + ",\n    ".join(lines) + "\n)"


# What happened to each capture, told beside the records themselves. All of them are rebuilt from the ledger
# or from a load; none holds a word of a post.
BOOKKEEPING_TABLES: dict[str, str] = {
    "captures": """create table if not exists raw.captures (
    capture_id VARCHAR NOT NULL,
    file_name VARCHAR,
    source VARCHAR,
    platform VARCHAR,
    byte_size BIGINT,
    received_at TIMESTAMPTZ,
    owner_account_id VARCHAR,
    owner_handle VARCHAR,
    owner_name VARCHAR,
    owner_created_at TIMESTAMPTZ,
    owner_post_count BIGINT,
    observed_at TIMESTAMPTZ,
    observed_at_basis VARCHAR,
    is_census BOOLEAN,
    coverage_from TIMESTAMPTZ,
    coverage_to TIMESTAMPTZ,
    encoding VARCHAR,
    delivered_count BIGINT,
    loaded_count BIGINT,
    rejected_count BIGINT,
    status VARCHAR,
    status_reason VARCHAR,
    status_decided_by VARCHAR,
    is_synthetic BOOLEAN
)""",
    "capture_members": """create table if not exists raw.capture_members (
    capture_id VARCHAR NOT NULL,
    member VARCHAR NOT NULL,
    record_type VARCHAR NOT NULL,
    delivered_count BIGINT,
    loaded_count BIGINT,
    rejected_count BIGINT,
    byte_size BIGINT
)""",
    "control_totals": """create table if not exists raw.control_totals (
    capture_id VARCHAR NOT NULL,
    statement VARCHAR NOT NULL,
    stated_count BIGINT,
    counted_count BIGINT,
    agrees BOOLEAN,
    note VARCHAR,
    is_binding BOOLEAN
)""",
    "rejected_records": """create table if not exists raw.rejected_records (
    capture_id VARCHAR NOT NULL,
    member VARCHAR NOT NULL,
    record_no BIGINT,
    reason_code VARCHAR NOT NULL,
    expected VARCHAR,
    found VARCHAR,
    form VARCHAR,
    next_step VARCHAR
)""",
    "check_outcomes": """create table if not exists raw.check_outcomes (
    run_id VARCHAR,
    checked_at TIMESTAMPTZ,
    gate VARCHAR,
    check_name VARCHAR,
    asset VARCHAR,
    capture_id VARCHAR,
    severity VARCHAR,
    dimension VARCHAR,
    passed BOOLEAN,
    observed VARCHAR,
    expected VARCHAR,
    failing_count BIGINT,
    failing_sample VARCHAR,
    why VARCHAR,
    next_step VARCHAR
)""",
}


@dataclass(frozen=True)
class MemberCount:
    """How many records one member of a capture delivered, and what became of them.

    `record_type` is one of post, csv_post, note, deletion, profile, other. A member that holds several types
    has one `MemberCount` for each.
    """

    member: str
    record_type: str
    delivered_count: int
    loaded_count: int
    rejected_count: int
    byte_size: int


@dataclass(frozen=True)
class ControlTotal:
    """A count that the source states about itself, beside the count that was made here.

    A statement is binding where such sources are known to count right: a capture that contradicts it is not whole.
    """

    statement: str
    stated_count: int
    counted_count: int
    note: str | None = None
    is_binding: bool = False

    @property
    def agrees(self) -> bool:
        return self.stated_count == self.counted_count


@dataclass(frozen=True)
class RejectedRecord:
    """A delivered record that could not be loaded: where it is, what is wrong, what can be done.

    It says nothing of what the record says: of cells only how they are written (`records.form_of`).
    """

    member: str
    record_no: int | None
    reason_code: str
    expected: str
    found: str
    form: str
    next_step: str


@dataclass(frozen=True)
class LoadResult:
    """What one load found out about a capture. For each capture, delivered = loaded + rejected.

    Attributes:
        owner_post_count: Posts of the owner, reposts included, as the source states them beside its posts (the highest
            that it states); None where it does not.
    """

    source: str
    platform: str
    owner_account_id: str | None
    owner_handle: str | None
    owner_name: str | None
    owner_created_at: datetime | None
    observed_at: datetime | None
    observed_at_basis: str
    is_census: bool | None
    coverage_from: datetime | None
    coverage_to: datetime | None
    encoding: str
    members: tuple[MemberCount, ...]
    control_totals: tuple[ControlTotal, ...]
    rejected: tuple[RejectedRecord, ...]
    owner_post_count: int | None = None

    @property
    def delivered_count(self) -> int:
        return sum(member.delivered_count for member in self.members)

    @property
    def loaded_count(self) -> int:
        return sum(member.loaded_count for member in self.members)

    @property
    def rejected_count(self) -> int:
        return sum(member.rejected_count for member in self.members)

    @property
    def is_synthetic(self) -> bool:
        """True when the owner's handle is too long to exist on X, which only made-up data has."""
        return self.platform == "x" and len(self.owner_handle or "") > LONGEST_X_HANDLE


class Connector(Protocol):
    """One source family: it recognises its files, loads them into raw tables, and counts."""

    source: str
    platform: str
    raw_tables: Mapping[str, str]

    def detect(self, files: CaptureFiles) -> bool:
        """Whether the capture is of this family. Reads layout and a bounded head only."""
        ...

    def load(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        progress: Progress | None = None,
    ) -> LoadResult:
        """Insert the capture's records into `raw.*` of `con` and say what was found.

        To be called outside a transaction: DuckDB aborts a whole transaction when one statement in it fails,
        and a broken record makes the fast reader fail before the careful one takes over. When `load` raises,
        it has removed what it had inserted.

        Raises:
            InputError: The whole capture is unusable.
        """
        ...


def insert_bookkeeping(con: duckdb.DuckDBPyConnection, capture_id: str, result: LoadResult, scratch: Path) -> None:
    """Insert members, control totals and rejected records of a load, in bulk, into their `raw` tables."""
    tables: dict[str, list[dict[str, Any]]] = {
        "capture_members": [vars(member) for member in result.members],
        "control_totals": [{**vars(total), "agrees": total.agrees} for total in result.control_totals],
        "rejected_records": [vars(record) for record in result.rejected],
    }
    scratch.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        if not rows:
            continue
        described = con.execute(
            "select column_name, data_type from information_schema.columns where table_schema = 'raw'"
            f" and table_name = {quote(table)} and table_catalog = current_database() order by ordinal_position"
        ).fetchall()
        columns = {name: data_type for name, data_type in described if name != "capture_id"}
        types = "{" + ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind in columns.items()) + "}"
        path = scratch / f"{capture_id[:16]}.{table}.jsonl"
        with path.open("w", encoding="utf-8") as handle:
            handle.writelines(json.dumps({name: row.get(name) for name in columns}) + "\n" for row in rows)
        names = ", ".join(columns)
        con.execute(
            f"insert into raw.{table} (capture_id, {names}) select {quote(capture_id)}, {names} from"
            f" read_json({quote(str(path))}, format='newline_delimited', columns={types})"
        )
        path.unlink()
