"""What follows from the checks: quarantine a capture, reject a candidate, or go on.

Belongs here: evaluating a gate on a candidate, keeping its outcomes, and the one decision they lead to.
Does not belong here: what is checked and how severe it is (expectations), and how Dagster shows it (checks).

A *capture* that fails its own critical checks is quarantined and the others go on. A *table* that fails
a critical check stops the step: its candidate never becomes the warehouse.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.contract import SuaraError
from orchestration.warehouse.ledger import DECIDED_BY_GATE, DECIDED_BY_USER, QUARANTINED, Ledger

CRITICAL, WARNING = "critical", "warning"
_TEXTS = ("observed", "expected", "why", "next_step")


class GateClosedError(SuaraError):
    """A gate stayed closed; the message says which check, which capture and what to do."""


@dataclass
class Verdict:
    """What one evaluation of a gate said.

    Attributes:
        outcomes: One dict per check and capture (or table), with the columns of `raw.check_outcomes`.
        file_names: Captures' file names by id, for messages.
    """

    gate: str
    outcomes: list[dict[str, Any]]
    user_accepted: frozenset[str] = frozenset()
    file_names: dict[str, str] = field(default_factory=dict)

    def failed(self, severity: str | None = None) -> list[dict[str, Any]]:
        return [o for o in self.outcomes if not o["passed"] and severity in (None, o["severity"])]

    @property
    def failed_captures(self) -> dict[str, list[dict[str, Any]]]:
        """Critical failures by capture, without captures that a person accepted by name."""
        by_capture: dict[str, list[dict[str, Any]]] = {}
        for outcome in self.failed(CRITICAL):
            capture_id = outcome.get("capture_id")
            if capture_id and capture_id not in self.user_accepted:
                by_capture.setdefault(capture_id, []).append(outcome)
        return by_capture

    @property
    def failed_tables(self) -> list[dict[str, Any]]:
        """Critical failures that speak of a whole table."""
        return [o for o in self.failed(CRITICAL) if not o.get("capture_id")]

    def describe(self, outcome: dict[str, Any]) -> str:
        """One failed check as a person reads it: what, where, which records, what to do."""
        where = outcome["asset"]
        if outcome.get("capture_id"):
            name = self.file_names.get(outcome["capture_id"], "")
            where = f"capture {name} ({outcome['capture_id'][:12]})".replace("  ", " ")
        records = ""
        sample = outcome.get("failing_sample") or []
        if isinstance(sample, str):
            sample = json.loads(sample)
        if sample:
            shown = ", ".join(str(key) for key in sample[:5])
            records = f" Records: {shown}{' …' if (outcome.get('failing_count') or 0) > 5 else ''}."
        return (
            f"{where}: check {outcome['check_name']} ({outcome['severity']}) expected {outcome['expected']}; "
            f"found {outcome['observed']}.{records} {outcome['next_step']}"
        )

    def message(self, what_stayed: str) -> str:
        """The first lines of a failed run."""
        failures = [o for rows in self.failed_captures.values() for o in rows] + self.failed_tables
        lines = [f"Gate '{self.gate}' is closed. {what_stayed}"]
        lines += [f"- {self.describe(outcome)}" for outcome in failures[:10]]
        if len(failures) > 10:
            lines.append(f"… and {len(failures) - 10} more failed checks: `suara status` shows them.")
        return "\n".join(lines)


def evaluate(
    connection: duckdb.DuckDBPyConnection, gate: str, ledger: Ledger, extra: Iterable[dict[str, Any]] = ()
) -> Verdict:
    """Run a gate's checks on an open database; `extra` are outcomes found elsewhere (dbt's own tests)."""
    from expectations.gate import evaluate as evaluate_expectations  # GX costs 2.5-4 s to import: only here

    outcomes = [as_row(outcome) for outcome in evaluate_expectations(connection, gate)]
    return verdict(gate, [*outcomes, *extra], ledger)


def verdict(gate: str, outcomes: list[dict[str, Any]], ledger: Ledger) -> Verdict:
    captures = ledger.captures()
    return Verdict(
        gate,
        outcomes,
        frozenset(c.capture_id for c in captures if c.decided_by == DECIDED_BY_USER and c.status != QUARANTINED),
        {c.capture_id: c.file_name for c in captures},
    )


def as_row(outcome: Any) -> dict[str, Any]:
    """An expectations Outcome as the columns of `raw.check_outcomes` (without run and time)."""
    row = {
        name: getattr(outcome, name)
        for name in [
            "gate",
            "check_name",
            "asset",
            "capture_id",
            "severity",
            "dimension",
            "passed",
            "observed",
            "expected",
            "failing_count",
            "failing_sample",
            "why",
            "next_step",
        ]
    }
    row["passed"] = bool(row["passed"])
    row["failing_count"] = int(row["failing_count"] or 0)
    row["failing_sample"] = json.dumps([str(key) for key in row["failing_sample"] or []], ensure_ascii=False)
    for name in _TEXTS:
        row[name] = None if row[name] is None else str(row[name])
    return row


def quarantine(ledger: Ledger, verdict: Verdict) -> list[str]:
    """Quarantine the captures that failed their own critical checks; returns their ids."""
    entries = {entry.capture_id: entry for entry in ledger.captures()}
    for capture_id, failures in verdict.failed_captures.items():
        reason = "; ".join(f"{o['check_name']}: expected {o['expected']}, found {o['observed']}" for o in failures)
        ledger.decide(entries[capture_id], QUARANTINED, f"gate {verdict.gate}: {reason}", DECIDED_BY_GATE)
    return sorted(verdict.failed_captures)


FRESH = "gates_passed_for_this_data"
FRESH_TEXT = (
    "Every gate before this one spoke of exactly the data that is about to be published, and none of its "
    "critical checks failed."
)
# Each step, and the gate whose outcomes must be in the ledger for it.
CHAIN = (("raw", "raw"), ("staging", "staging"), ("marts", "marts"), ("quality", "quality"))


def freshness_outcome(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> dict[str, Any]:
    """The publish step's own look at the gates before it: failed, missing or older than the data refuses.

    Args:
        connection: An open connection to the warehouse that is about to be published.
    """
    from orchestration.warehouse.bookkeeping import accepted_captures, step_record

    problems: list[str] = []
    before = None
    accepted = set(accepted_captures(connection))
    ledger_accepted = {c.capture_id for c in ledger.captures() if c.status == "accepted"}
    if accepted != ledger_accepted:
        problems.append("a decision about a capture is newer than the warehouse")
    if not accepted:
        problems.append("no capture is accepted, so there is nothing to publish")
    for step, gate in CHAIN:
        record = step_record(connection, step)
        if record is None:
            problems.append(f"step {step} was never built")
            break
        if before is not None and record.built_from != before.evaluation_id:
            problems.append(f"step {step} is older than step {before.step}")
        # raw may hold more: a capture that a later gate quarantined keeps its records there, unused
        if not accepted <= set(record.captures) or (step != "raw" and set(record.captures) != accepted):
            problems.append(f"step {step} was built from other captures than those accepted now")
        said = [o for o in ledger.outcomes(record.run_id) if o["gate"] == gate]
        if not said:
            problems.append(f"gate {gate} left no outcome for run {record.run_id}")
        told = verdict(gate, said, ledger)
        problems += [f"gate {gate}: {o['check_name']} failed" for o in told.failed_tables]
        problems += [
            f"gate {gate}: a check of accepted capture {capture_id[:12]} failed"
            for capture_id in told.failed_captures
            if capture_id in accepted
        ]
        before = record
    return {
        "gate": "publish",
        "check_name": FRESH,
        "asset": "social_bi",
        "capture_id": None,
        "severity": CRITICAL,
        "dimension": "timeliness",
        "passed": not problems,
        "observed": "; ".join(dict.fromkeys(problems)) or "all gates passed for this data",
        "expected": "every gate passed, for exactly this data",
        "failing_count": len(problems),
        "failing_sample": "[]",
        "why": FRESH_TEXT,
        "next_step": "Materialize everything; then publish.",
    }
