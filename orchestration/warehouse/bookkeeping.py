"""The raw layer's own tables: created, and brought in step with the ledger in each candidate.

Belongs here: `raw.captures` and its sisters, the record of which step was built from which.
Does not belong here: rows of posts (connectors write them).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors import all_raw_tables, create_raw_tables
from orchestration.connectors.base import ControlTotal, LoadResult, insert_bookkeeping
from orchestration.warehouse.ledger import ACCEPTED, CaptureEntry, Ledger

# Outcomes of this many newest runs are loaded into the warehouse; older ones stay in the ledger.
OUTCOME_RUNS = 20


def _table(name: str, columns: Mapping[str, str]) -> str:
    return f"create table if not exists raw.{name} (" + ", ".join(f"{n} {kind}" for n, kind in columns.items()) + ")"


STEPS_TABLE = """
create table if not exists raw.steps (
    step varchar primary key,          -- raw, staging, marts, quality
    evaluation_id varchar not null,    -- minted when the step's candidate took the warehouse's place
    built_from varchar,                -- evaluation_id of the step before it
    run_id varchar not null,
    captures varchar[]                 -- capture ids that were accepted when it was built
)
"""

# What people's codes say about the rules, written by the marts step with the columns of `coding.quality`.
CODEBOOK_FIGURES_TABLE = """
create table if not exists raw.codebook_figures (
    theme_code varchar not null,
    theme_name varchar not null,
    facet varchar not null,
    codebook_version varchar not null,
    sample_id varchar not null,
    sample_codebook_version varchar not null,
    comparison varchar not null,
    verdict varchar not null,
    reason varchar not null,
    coder_count bigint not null,
    disputed_count bigint not null,
    post_count bigint not null,
    positive_count bigint not null,
    covered_share double not null,
    agreement double, agreement_low double, agreement_high double,
    kappa double, kappa_low double, kappa_high double,
    alpha double, alpha_low double, alpha_high double,
    ac1 double, ac1_low double, ac1_high double,
    "precision" double, precision_low double, precision_high double,
    recall double, recall_low double, recall_high double,
    f1 double, f1_low double, f1_high double
)
"""

# Figures of official reporters that were read from files, with the columns of `indicators.model`.
INDICATOR_COLUMNS = {
    "indicator_code": "VARCHAR",
    "reporter": "VARCHAR",
    "geo": "VARCHAR",
    "period_start": "DATE",
    "period_end": "DATE",
    "period_type": "VARCHAR",
    "stated_years": "INTEGER",
    "dimension": "VARCHAR",
    "category": "VARCHAR",
    "value": "BIGINT",
    "value_low": "BIGINT",
    "value_high": "BIGINT",
    "unit": "VARCHAR",
    "flag": "VARCHAR",
    "note": "VARCHAR",
    "source": "VARCHAR",
    "origin": "VARCHAR",
}
INDICATORS_TABLE = _table("indicators", INDICATOR_COLUMNS)

# What was deleted on request, with the columns of `Ledger.tombstones`. No text, and no name of a private person.
TOMBSTONE_COLUMNS = {
    "receipt_id": "VARCHAR",
    "platform": "VARCHAR",
    "kind": "VARCHAR",
    "value": "VARCHAR",
    "reason": "VARCHAR",
    "action": "VARCHAR",
    "told_at": "VARCHAR",
    "forgotten_at": "TIMESTAMPTZ",
    "account_id": "VARCHAR",
    "posted_month": "DATE",
}
TOMBSTONES_TABLE = _table("tombstones", TOMBSTONE_COLUMNS)
# Accounts that the owner of the data registered, with the columns of the accounts seed.
ACCOUNT_COLUMNS = {
    "platform": "VARCHAR",
    "handle": "VARCHAR",
    "name": "VARCHAR",
    "family": "VARCHAR",
    "org_type": "VARCHAR",
    "country": "VARCHAR",
    "role": "VARCHAR",
    "evidence": "VARCHAR",
    "is_verified": "BOOLEAN",
    "account_id": "VARCHAR",
}
ACCOUNTS_TABLE = _table("registered_accounts", ACCOUNT_COLUMNS)

# What the claims of the study came to, written by the quality step with the columns of `analysis.claims`.
CLAIM_COLUMNS = {
    "study": "VARCHAR",
    "account_key": "VARCHAR",
    "claims_id": "VARCHAR",
    "claims_version": "VARCHAR",
    "claim_id": "VARCHAR",
    "spec_id": "VARCHAR",
    "claim_text": "VARCHAR",
    "claim_text_id": "VARCHAR",
    "reading": "VARCHAR",
    "reading_id": "VARCHAR",
    "is_primary": "BOOLEAN",
    "method": "VARCHAR",
    "mart": "VARCHAR",
    "estimand": "VARCHAR",
    "unit": "VARCHAR",
    "estimate": "DOUBLE",
    "ci_low": "DOUBLE",
    "ci_high": "DOUBLE",
    "ci_level": "DOUBLE",
    "null_value": "DOUBLE",
    "p_value": "DOUBLE",
    "p_adjusted": "DOUBLE",
    "observed_value": "DOUBLE",
    "n": "BIGINT",
    "n_groups": "BIGINT",
    "effective_n": "DOUBLE",
    "rho": "DOUBLE",
    "covariates": "VARCHAR",
    "exclusions": "VARCHAR",
    "window_from": "DATE",
    "window_to": "DATE",
    "coverage_share": "DOUBLE",
    "cross_checks": "VARCHAR",
    "warnings": "VARCHAR",
    "verdict": "VARCHAR",
    "reason_code": "VARCHAR",
    "verdict_text": "VARCHAR",
    "verdict_text_id": "VARCHAR",
    "is_fragile": "BOOLEAN",
    "is_primary_changed": "BOOLEAN",
    "seed": "BIGINT",
    "library_versions": "VARCHAR",
    "data_sha256": "VARCHAR",
    "spec_sha256": "VARCHAR",
    "claims_sha256": "VARCHAR",
}
CLAIMS_TABLE = _table("claim_results", CLAIM_COLUMNS)

OUTCOME_COLUMNS = {
    "run_id": "VARCHAR",
    "checked_at": "TIMESTAMPTZ",
    "gate": "VARCHAR",
    "check_name": "VARCHAR",
    "asset": "VARCHAR",
    "capture_id": "VARCHAR",
    "severity": "VARCHAR",
    "dimension": "VARCHAR",
    "passed": "BOOLEAN",
    "observed": "VARCHAR",
    "expected": "VARCHAR",
    "failing_count": "BIGINT",
    "failing_sample": "VARCHAR",
    "why": "VARCHAR",
    "next_step": "VARCHAR",
}


def schema_version() -> str:
    """A fingerprint of every raw table's definition: when it changes, raw is rebuilt from the captures."""
    own = [STEPS_TABLE, CODEBOOK_FIGURES_TABLE, INDICATORS_TABLE, TOMBSTONES_TABLE, ACCOUNTS_TABLE, CLAIMS_TABLE]
    text = json.dumps([all_raw_tables(), *own], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def create_raw_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every raw table, empty, where it is missing."""
    create_raw_tables(connection)
    connection.execute(STEPS_TABLE)
    connection.execute(CODEBOOK_FIGURES_TABLE)
    connection.execute(INDICATORS_TABLE)
    connection.execute(TOMBSTONES_TABLE)
    connection.execute(ACCOUNTS_TABLE)
    connection.execute(CLAIMS_TABLE)
    connection.execute("create table if not exists raw.schema_version as select ? as version", [schema_version()])


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the raw tables are the ones that this version of the connectors writes."""
    found = connection.execute(
        "select count(*) from information_schema.tables where table_schema = 'raw' and table_name = 'schema_version'"
    ).fetchall()
    if not found[0][0]:
        return False
    return connection.execute("select version from raw.schema_version").fetchall() == [(schema_version(),)]


def sync(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Bring captures' statuses and check outcomes in the candidate in step with the ledger."""
    known = {row[0] for row in connection.execute("select capture_id from raw.captures").fetchall()}
    for entry in ledger.captures():
        if entry.capture_id in known:
            connection.execute(
                "update raw.captures set status = ?, status_reason = ?, status_decided_by = ?, is_synthetic = ? "
                "where capture_id = ? and (status, coalesce(status_reason, ''), coalesce(status_decided_by, ''), "
                "coalesce(is_synthetic, false)) is distinct from (?, coalesce(?, ''), coalesce(?, ''), ?)",
                [
                    *(decision := [entry.status, entry.reason, entry.decided_by, entry.is_synthetic]),
                    entry.capture_id,
                    *decision,
                ],
            )
        elif entry.status != ACCEPTED:
            insert_unloaded(connection, entry)
    sync_outcomes(connection, ledger)
    sync_indicators(connection, sorted(ledger.data_dir.indicators.glob("*.csv")))
    sync_tombstones(connection, ledger.tombstone_files())
    sync_accounts(connection, ledger.data_dir.registered_accounts)


def insert_loaded(
    connection: duckdb.DuckDBPyConnection, entry: CaptureEntry, result: LoadResult, scratch: Path
) -> None:
    """Write down what a load found: the capture's row, its members, control totals and rejected records."""
    result = with_removed(result, entry.removed)
    insert_bookkeeping(connection, entry.capture_id, result, scratch)
    row = {
        "capture_id": entry.capture_id,
        "file_name": entry.file_name,
        "source": result.source,
        "platform": result.platform,
        "byte_size": entry.byte_size,
        "received_at": datetime.fromisoformat(entry.received_at),
        "owner_account_id": result.owner_account_id,
        "owner_handle": result.owner_handle,
        "owner_name": result.owner_name,
        "owner_created_at": result.owner_created_at,
        "owner_post_count": result.owner_post_count,
        "observed_at": result.observed_at,
        "observed_at_basis": result.observed_at_basis,
        "is_census": result.is_census,
        "coverage_from": result.coverage_from,
        "coverage_to": result.coverage_to,
        "encoding": result.encoding,
        "delivered_count": result.delivered_count,
        "loaded_count": result.loaded_count,
        "rejected_count": result.rejected_count,
        "status": entry.status,
        "status_reason": entry.reason,
        "status_decided_by": entry.decided_by,
        "is_synthetic": entry.is_synthetic,
    }
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into raw.captures ({', '.join(row)}) values ({marks})", list(row.values()))


def with_removed(result: LoadResult, removed: Mapping[str, Any]) -> LoadResult:
    """A load whose control totals count the records that deletions took out, too: the source stated them with these."""
    totals: Mapping[str, int] = removed.get("totals", {})
    if not totals:
        return result

    def told(total: ControlTotal) -> ControlTotal:
        count = totals.get(total.statement, 0)
        if not count:
            return total
        note = f"{count:,} of them removed on request since"
        note = f"{total.note}; {note}" if total.note else note
        return replace(total, counted_count=total.counted_count + count, note=note)

    return replace(result, control_totals=tuple(told(total) for total in result.control_totals))


def insert_unloaded(connection: duckdb.DuckDBPyConnection, entry: CaptureEntry) -> None:
    """A capture that could not be read is a row too: nothing is dropped without one."""
    connection.execute(
        "insert into raw.captures (capture_id, file_name, source, byte_size, received_at, status, status_reason, "
        "status_decided_by, is_synthetic) values (?, ?, ?, ?, cast(? as timestamptz), ?, ?, ?, ?)",
        [
            entry.capture_id,
            entry.file_name,
            entry.source,
            entry.byte_size,
            entry.received_at,
            entry.status,
            entry.reason,
            entry.decided_by,
            entry.is_synthetic,
        ],
    )


def sync_outcomes(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Load the newest runs' check outcomes from the ledger."""
    connection.execute("delete from raw.check_outcomes")
    files = [str(path) for path in ledger.outcome_files(OUTCOME_RUNS)]
    if files:
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in OUTCOME_COLUMNS.items())
        connection.execute(
            f"insert into raw.check_outcomes ({', '.join(OUTCOME_COLUMNS)}) "
            f"select {', '.join(OUTCOME_COLUMNS)} from read_json(?, format = 'array', columns = {{{columns}}}, "
            "maximum_object_size = 67108864)",
            [files],
        )


def _read_as(columns: Mapping[str, str]) -> str:
    """The argument `columns` of DuckDB's readers of files."""
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"


def sync_indicators(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Load the figures that were read from files of official reporters."""
    connection.execute("delete from raw.indicators")
    if files:
        connection.execute(
            "insert into raw.indicators select * from read_csv(?, header = true, auto_detect = false, delim = ',',"
            f" quote = '\"', escape = '\"', columns = {_read_as(INDICATOR_COLUMNS)})",
            [[str(path) for path in files]],
        )


def sync_tombstones(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Load what was deleted on request."""
    connection.execute("delete from raw.tombstones")
    if files:
        connection.execute(
            f"insert into raw.tombstones select {', '.join(TOMBSTONE_COLUMNS)} "
            f"from read_json(?, format = 'array', columns = {_read_as(TOMBSTONE_COLUMNS)})",
            [[str(path) for path in files]],
        )


def sync_accounts(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Load the accounts that the owner of the data registered."""
    connection.execute("delete from raw.registered_accounts")
    if path.exists():
        connection.execute(
            "insert into raw.registered_accounts select * from read_csv(?, header = true, auto_detect = false, "
            # a file of a version before has no ids
            f"delim = ',', quote = '\"', escape = '\"', nullstr = '', null_padding = true, parallel = false, "
            f"columns = {_read_as(ACCOUNT_COLUMNS)})",
            [str(path)],
        )


def replace_codebook_figures(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Put the figures of the codebook in the place of the ones before."""
    connection.execute("delete from raw.codebook_figures")
    if rows:
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into raw.codebook_figures ({names}) values ({marks})", [list(r) for r in rows])


def replace_claim_results(connection: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, object]]) -> None:
    """Put the results of the claims in the place of the ones before."""
    connection.execute("delete from raw.claim_results")
    if rows:
        marks = ", ".join("?" for _ in CLAIM_COLUMNS)
        connection.executemany(
            f"insert into raw.claim_results ({', '.join(CLAIM_COLUMNS)}) values ({marks})",
            [[row[name] for name in CLAIM_COLUMNS] for row in rows],
        )


def delete_capture_rows(connection: duckdb.DuckDBPyConnection, capture_id: str) -> None:
    """Take a capture's rows out of every raw table."""
    for table in all_raw_tables():
        if table != "check_outcomes":
            connection.execute(f"delete from raw.{table} where capture_id = ?", [capture_id])


@dataclass(frozen=True)
class StepRecord:
    """From what a step was built; the publish step reads the chain back."""

    step: str
    evaluation_id: str
    built_from: str | None
    run_id: str
    captures: list[str]


def step_record(connection: duckdb.DuckDBPyConnection, step: str) -> StepRecord | None:
    rows = connection.execute(
        "select step, evaluation_id, built_from, run_id, captures from raw.steps where step = ?", [step]
    ).fetchall()
    return StepRecord(*rows[0]) if rows else None


def record_step(connection: duckdb.DuckDBPyConnection, record: StepRecord) -> None:
    connection.execute("delete from raw.steps where step = ?", [record.step])
    connection.execute(
        "insert into raw.steps values (?, ?, ?, ?, ?)",
        [record.step, record.evaluation_id, record.built_from, record.run_id, record.captures],
    )


def accepted_captures(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Ids of the captures that later layers may use."""
    return [
        row[0]
        for row in connection.execute(
            "select capture_id from raw.captures where status = 'accepted' order by capture_id"
        ).fetchall()
    ]


def accepted_sources(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The sources of which later layers see records."""
    rows = connection.execute("select distinct source from raw.captures where status = 'accepted'").fetchall()
    return {row[0] for row in rows}
