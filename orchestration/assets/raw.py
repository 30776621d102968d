"""Delivered records, loaded as they are, one asset per source family.

Belongs here: the raw step. Does not belong here: how a format is read (connectors).
"""

# No postponed annotations here: dagster reads the types of an asset's parameters when it is defined.

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
import duckdb

from orchestration.checks import READABLE, catalog_results, catalog_specs, readable_spec
from orchestration.connectors import CONNECTORS, detect
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.records import REFUSALS
from orchestration.contract import InputError
from orchestration.dbt_translator import OWNERS, RAW_BOOKKEEPING, raw_asset_key
from orchestration.resources.warehouse import Warehouse
from orchestration.warehouse import bookkeeping, gates
from orchestration.warehouse.candidate import Candidate, Log
from orchestration.warehouse.ledger import ACCEPTED, DECIDED_BY_GATE, QUARANTINED, CaptureEntry, Ledger

UNTOUCHED = "The warehouse and the published file are as they were."
NOTHING_LEFT = "No capture is left that could be used: what was published is withdrawn. The receipt lies in {receipts}."

_SPECS = [
    dg.AssetSpec(
        RAW_BOOKKEEPING,
        group_name="raw",
        kinds={"duckdb"},
        owners=OWNERS,
        deps=["captures"],
        skippable=True,
        description="One row per capture: who delivered what, when it was observed, how many records it holds, "
        "whether it is accepted. Beside it: members, control totals, rejected records, check outcomes.",
    ),
    *[
        dg.AssetSpec(
            raw_asset_key(connector.source),
            group_name="raw",
            kinds={"duckdb"},
            owners=OWNERS,
            deps=["captures"],
            skippable=True,
            description=f"One row per record that captures of `{connector.source}` delivered: capture, position, "
            "declared columns, ids as text. " + (connector.__doc__ or "").strip().split("\n")[0],
        )
        for connector in CONNECTORS
    ],
]
_CATALOG_CHECKS = catalog_specs("raw")
_READABLE_CHECK = readable_spec(RAW_BOOKKEEPING)


def _without_content(error: Exception, entry: CaptureEntry) -> InputError:
    """DuckDB quotes the value that it refuses, which may be anybody's words; logs and the ledger must not."""
    if isinstance(error, InputError):
        return error
    return InputError(
        file=entry.file_name,
        expected="values that fit the columns of their table",
        found=f"one that DuckDB refuses ({type(error).__name__})",
        next_step="Report this file's format to the project.",
        code="reader_refused",
    )


def load_capture(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, entry: CaptureEntry, candidate: Candidate, log: Log
) -> str | None:
    """Load one capture; when it cannot be read, quarantine it and return the reason."""
    path = ledger.stored_path(entry)
    try:
        with CaptureFiles(path) as files:
            connector = detect(files, entry.requested_source)
            result = connector.load(connection, entry.capture_id, files, candidate.scratch, log)
    except (InputError, *REFUSALS) as error:
        reason = str(_without_content(error, entry)).replace(str(path), entry.file_name)
        ledger.decide(entry, QUARANTINED, reason, DECIDED_BY_GATE)
        bookkeeping.delete_capture_rows(connection, entry.capture_id)
        bookkeeping.insert_unloaded(connection, entry)
        return reason
    entry.source = result.source
    entry.is_synthetic = entry.is_synthetic or result.is_synthetic
    entry.counts = {
        "delivered": result.delivered_count,
        "loaded": result.loaded_count,
        "rejected": result.rejected_count,
    }
    ledger.write_capture(entry)
    bookkeeping.insert_loaded(connection, entry, result, candidate.scratch)
    log(
        f"{entry.file_name}: {result.delivered_count:,} records delivered, {result.loaded_count:,} loaded, "
        f"{result.rejected_count:,} rejected ({result.source})"
    )
    return None


def needs_rebuild(warehouse: Warehouse) -> bool:
    """Whether the warehouse was written with other raw tables than this version's."""
    from orchestration.warehouse.candidate import connect

    if not warehouse.paths.warehouse.exists():
        return True
    connection = connect(warehouse.paths.warehouse, scratch=warehouse.paths.scratch, read_only=True)
    try:
        return not bookkeeping.is_current(connection)
    finally:
        connection.close()


@dataclass
class Loaded:
    """What loading came to: its verdict, by capture why it could not be read, and metadata of the assets."""

    verdict: gates.Verdict
    unreadable: dict[str, str]
    is_open: bool
    counts: dict[dg.AssetKey, dict[str, int]]

    def failure(self) -> dg.Failure:
        """Why the step stopped."""
        reasons = "".join(f"\n- {reason}" for reason in self.unreadable.values())
        message = self.verdict.message(f"No new capture could be used. {UNTOUCHED}") + reasons
        return dg.Failure(description=message, allow_retries=False)


def load(context: dg.AssetExecutionContext, warehouse: Warehouse, earlier: Sequence[dict[str, Any]] = ()) -> Loaded:
    """Load every accepted capture that the warehouse does not hold, and judge each of them.

    Args:
        earlier: What this run found wrong before, and that stays on record.
    """
    ledger = warehouse.ledger
    from_empty = needs_rebuild(warehouse)
    with warehouse.candidate(context, "raw", from_empty=from_empty) as candidate:
        unreadable: dict[str, str] = {}
        with candidate.connect() as connection:
            bookkeeping.create_raw_schema(connection)
            bookkeeping.sync(connection, ledger)
            known = set(
                connection.execute("select capture_id from raw.captures where loaded_count is not null").df()[
                    "capture_id"
                ]
            )
            before = bookkeeping.step_record(connection, "raw")
            to_load = [c for c in ledger.captures() if c.status == ACCEPTED and c.capture_id not in known]
            for number, entry in enumerate(to_load, start=1):
                context.log.info(f"loading capture {number} of {len(to_load)}: {entry.file_name}")
                bookkeeping.delete_capture_rows(connection, entry.capture_id)
                if reason := load_capture(connection, ledger, entry, candidate, context.log.info):
                    unreadable[entry.capture_id] = reason
            verdict = gates.evaluate(connection, "raw", ledger)
            said = [*verdict.outcomes, *_unreadable_rows(unreadable, ledger)]
            said += _not_in(said, earlier)
            ledger.write_outcomes(context.run.run_id, "raw", said)
            gates.quarantine(ledger, verdict)
            changed = (*ledger.keep_last_good_map(), *ledger.keep_synthetic_apart())
            for entry in changed:
                context.log.warning(f"{entry.file_name}: {entry.reason}")
            bookkeeping.sync(connection, ledger)
            if any(entry.status == ACCEPTED for entry in changed):
                # Those that come back were not judged above; nothing is published of what no gate spoke of.
                again = gates.evaluate(connection, "raw", ledger)
                gates.quarantine(ledger, again)
                said = [*again.outcomes, *_not_in(again.outcomes, said)]
                verdict = replace(again, outcomes=[*again.outcomes, *_not_in(again.outcomes, verdict.outcomes)])
                ledger.write_outcomes(context.run.run_id, "raw", said)
                bookkeeping.sync(connection, ledger)
            accepted = bookkeeping.accepted_captures(connection)
            counts = _row_counts(connection)
            nothing_new = bool(to_load) and not {c.capture_id for c in to_load} & set(accepted)
            if not from_empty and before is not None and set(before.captures) != set(accepted):
                nothing_new = False  # a decision about an earlier capture is news as well
            open_gate = not verdict.failed_tables and not nothing_new
            if open_gate:
                bookkeeping.record_step(
                    connection,
                    bookkeeping.StepRecord("raw", uuid.uuid4().hex, None, context.run.run_id, accepted),
                )
        if open_gate:
            candidate.accept()
    return Loaded(verdict, unreadable, open_gate, counts)


@dg.multi_asset(name="raw", specs=_SPECS, check_specs=[_READABLE_CHECK, *_CATALOG_CHECKS], can_subset=False)
def raw(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Load every accepted capture that the warehouse does not hold yet, and judge each of them."""
    warehouse.hold(context)
    with warehouse.timed(context, "raw"):
        loaded = load(context, warehouse)
        yield _readable_result(loaded.unreadable)
        yield from catalog_results(_CATALOG_CHECKS, loaded.verdict)
        if not loaded.is_open:
            raise loaded.failure()
        for spec in _SPECS:
            yield dg.MaterializeResult(asset_key=spec.key, metadata=loaded.counts.get(spec.key, {}))


def _not_in(said: Sequence[dict[str, Any]], outcomes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outcomes of checks and captures of which `said` says nothing."""
    spoken = {(o["check_name"], o["capture_id"]) for o in said}
    return [o for o in outcomes if (o["check_name"], o["capture_id"]) not in spoken]


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[dg.AssetKey, dict[str, int]]:
    rows = connection.execute(
        "select coalesce(source, 'unknown'), status, count(*), sum(delivered_count), sum(loaded_count), "
        "sum(rejected_count) from raw.captures group by 1, 2"
    ).fetchall()
    counts: dict[dg.AssetKey, dict[str, int]] = {}
    for source, status, captures, delivered, loaded, rejected in rows:
        for key in (raw_asset_key(source), RAW_BOOKKEEPING):
            row = counts.setdefault(key, {})
            for name, value in (
                (f"captures {status}", captures),
                ("records delivered", delivered),
                ("records loaded", loaded),
                ("records rejected", rejected),
            ):
                row[name] = row.get(name, 0) + int(value or 0)
    return counts


def _readable_result(unreadable: dict[str, str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=RAW_BOOKKEEPING,
        check_name=READABLE,
        passed=not unreadable,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(unreadable.values())[:500] or None,
        metadata={"what failed": dg.MetadataValue.md("\n".join(f"- {r}" for r in unreadable.values()) or "nothing")},
    )


def _unreadable_rows(unreadable: dict[str, str], ledger: Ledger) -> list[dict]:
    return [
        {
            "gate": "raw",
            "check_name": READABLE,
            "asset": "raw.captures",
            "capture_id": capture_id,
            "severity": gates.CRITICAL,
            "dimension": "validity",
            "passed": False,
            # the reason ends with what to do
            "observed": reason.rstrip("."),
            "expected": "a file that can be read",
            "failing_count": 1,
            "failing_sample": "[]",
            "why": "A file that cannot be read as a whole tells nothing reliable about what it held.",
            "next_step": "The file stays out; everything else goes on.",
        }
        for capture_id, reason in unreadable.items()
    ]
