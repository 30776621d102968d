"""Judge one gate: compute its small frames in SQL, let Great Expectations compare, say what was found.

Belongs here: frames to suite to outcomes, evidence for what failed, and failing closed.
Does not belong here: what is checked (catalog.py, suites/), limits (thresholds.py), what follows from a failure
(quarantine, rejection), dagster, and any frame with one row per post: those stay in DuckDB.

Great Expectations costs 2.5 to 4.6 CPU seconds to import (measured 2026-11-23): only `evaluate` imports it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import string
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from expectations.catalog import GATES, Check, for_gate
from expectations.parts import frame_text, render
from expectations.thresholds import THRESHOLDS

SUITES = Path(__file__).resolve().parent / "suites"
SUBJECT = "subject"
EVIDENCE_LIMIT = 20
_FAILED_ITSELF = "the check itself failed: "
_NO_ROWS = "no rows"
_NOT_NULL = "expect_column_values_to_not_be_null"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one check says about one capture, or about one table or file (then `capture_id` is None)."""

    gate: str
    check_name: str
    asset: str
    capture_id: str | None
    severity: str
    dimension: str
    passed: bool
    observed: str
    expected: str
    failing_count: int
    failing_sample: list[str]
    why: str
    next_step: str


@dataclass
class _Frame:
    """The joined frames of a gate: one row per subject, and what went wrong on the way."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)


def evaluate(con: duckdb.DuckDBPyConnection, gate: str) -> list[Outcome]:
    """Run every check of a gate on an open database.

    Args:
        con: The candidate warehouse (raw, staging, marts), or the published candidate with the warehouse
            attached as `warehouse` (publish). Nothing is written.
        gate: `raw`, `staging`, `marts` or `publish`.

    Returns:
        One outcome per check and capture (raw, staging) or per check (marts, publish), passed ones included.
        A check that could not be carried out is a failed outcome of its own severity that says
        "the check itself failed: …", with no capture: it speaks of the step.

    Raises:
        ValueError: When there is no such gate.
    """
    if gate not in GATES:
        raise ValueError(f"expected one of the gates {', '.join(GATES)}; found {gate!r}")
    checks = for_gate(gate)
    frame = _compute_frame(con, checks)
    open_checks, outcomes = [], []
    for check in checks:
        if check.frame in frame.errors:
            outcomes.append(_broken(check, frame.errors[check.frame]))
        elif not frame.rows and check.grain == "capture":
            outcomes.append(_without_rows(check))
        else:
            open_checks.append(check)
    if open_checks:
        results = _judge(gate, frame, open_checks)
        for check in open_checks:
            try:
                outcomes.extend(_outcomes(con, check, frame, results.get(check.name)))
            except Exception as error:  # words that do not fit the frame, and whatever else
                outcomes.append(_broken(check, _shortened(error)))
    order = {check.name: number for number, check in enumerate(checks)}
    return sorted(outcomes, key=lambda o: (o.capture_id or "", order[o.check_name]))


# ---------- frames


def _compute_frame(con: duckdb.DuckDBPyConnection, checks: Sequence[Check]) -> _Frame:
    frame = _Frame()
    for name in dict.fromkeys(check.frame for check in checks):
        try:
            cursor = con.execute(render(frame_text(name), con))
            columns = [column[0] for column in cursor.description]
            rows = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
            if SUBJECT not in columns:
                raise LookupError(f"the frame {name} has no column {SUBJECT}")
        except Exception as error:  # whatever happened: a frame that cannot be computed closes the gate
            frame.errors[name] = _shortened(error)
            continue
        frame.columns.update(columns)
        for row in rows:
            frame.rows.setdefault(row[SUBJECT], {}).update(row)
    return frame


# ---------- Great Expectations


@dataclass(frozen=True)
class _Result:
    """What the suite says about one check: the subjects that failed, or why it could not tell."""

    failing: frozenset[str] = frozenset()
    error: str | None = None
    null_is_judged: bool = False


def _judge(gate: str, frame: _Frame, checks: Sequence[Check]) -> dict[str, _Result]:
    """Hand the judged columns of the frame to the gate's suite; results by check name."""
    try:
        suite = json.loads((SUITES / f"{gate}.json").read_text("utf-8"))
        wanted = {check.name for check in checks}
        expectations = [e for e in suite["expectations"] if e["meta"]["check"] in wanted]
        # A frame's column can be missing for a suite only by mistake: GX says so in the result.
        columns = sorted({e["kwargs"]["column"] for e in expectations} & frame.columns)
        with _quietly():
            return _validate({**suite, "expectations": expectations}, frame, columns)
    except Exception as error:
        return {check.name: _Result(error=_shortened(error)) for check in checks}


def _validate(suite: dict[str, Any], frame: _Frame, columns: Sequence[str]) -> dict[str, _Result]:
    import great_expectations as gx
    import pandas as pd

    data = pd.DataFrame({SUBJECT: list(frame.rows)})
    for column in columns:
        values = [_plain(row.get(column)) for row in frame.rows.values()]
        is_text = any(isinstance(value, str) for value in values)
        data[column] = pd.Series(values, dtype="object" if is_text else "float64")
    validation = (
        _batch_definition()
        .get_batch({"dataframe": data})
        .validate(
            gx.ExpectationSuite(**suite),
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [SUBJECT]},
            expectation_parameters={name: limit.value for name, limit in THRESHOLDS.items()},
        )
    )
    results: dict[str, _Result] = {}
    for result in validation.results:
        config = result.expectation_config
        name = config.meta["check"]
        if name in results:
            results[name] = _Result(error="the suite holds it twice")
            continue
        failing = [str(entry[SUBJECT]) for entry in result.result.get("unexpected_index_list") or []]
        error = None
        if exception := _exception(result.exception_info):
            error = exception
        elif result.success is not True and not failing:
            error = "the suite says it failed, and not for what"
        results[name] = _Result(frozenset(failing), error, config.type == _NOT_NULL)
    return results


def _exception(info: Mapping[str, Any] | None) -> str | None:
    """The first exception in GX's two shapes of `exception_info`, or None."""
    if not info:
        return None
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if entry.get("raised_exception"):
            return _shortened(entry.get("exception_message") or "an exception without a message")
    return None


@cache
def _batch_definition() -> Any:
    """One ephemeral context per process, silent, holding no data between evaluations."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep GX's log lines and its imports' warnings off the terminal: what matters becomes an outcome."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return float(value)


# ---------- outcomes


def _outcomes(con: duckdb.DuckDBPyConnection, check: Check, frame: _Frame, result: _Result | None) -> list[Outcome]:
    if result is None:
        return [_broken(check, "the suite has no such expectation")]
    if result.error:
        return [_broken(check, result.error)]
    if check.grain == "capture":
        return [_about(con, check, subject, row, result, capture=True) for subject, row in frame.rows.items()]
    if check.judges_every_row:
        return [_about_all(check, frame, result)]
    row = frame.rows.get(check.subject)
    if row is None:
        return [_broken(check, f"the frame {check.frame} has no row for {check.subject}")]
    return [_about(con, check, check.subject, row, result, capture=False)]


def _about(
    con: duckdb.DuckDBPyConnection, check: Check, subject: str, row: Row, result: _Result, *, capture: bool
) -> Outcome:
    capture_id = subject if capture else None
    asset = check.asset_of(row.get("source"))
    if _is_null(row.get(check.column)) and not result.null_is_judged:
        return _broken(check, f"there is no value for {check.column}", asset=asset, capture_id=capture_id)
    passed = subject not in result.failing
    observed = _describe(check.observed, row)
    count, sample = 0, []
    if not passed:
        counted = row.get(check.failing_column or check.column)
        count = int(counted) if isinstance(counted, int | float) and counted >= 1 else 1
        try:
            sample = _evidence(con, check, capture_id)
        except Exception as error:  # the verdict stands without its evidence
            observed += f" (its records could not be listed: {_shortened(error)})"
    return _outcome(check, asset, capture_id, passed, observed, count, sample)


def _about_all(check: Check, frame: _Frame, result: _Result) -> Outcome:
    """One outcome over all tables that have a value; a check over nothing has not been carried out."""
    judged = {subject: row for subject, row in frame.rows.items() if not _is_null(row.get(check.column))}
    if not judged:
        return _broken(check, f"no row has a value for {check.column}")
    failing = [subject for subject in judged if subject in result.failing]
    if not failing:
        return _outcome(check, check.asset, None, True, f"{len(judged)} of {len(judged)} {check.rows_are}", 0, [])
    details = "; ".join(_describe(check.observed, {**judged[s], SUBJECT: s}) for s in failing[:3])
    more = " …" if len(failing) > 3 else ""
    observed = f"not so in {len(failing)} of {len(judged)} {check.rows_are}: {details}{more}"
    return _outcome(check, check.asset, None, False, observed, len(failing), failing[:EVIDENCE_LIMIT])


def _evidence(con: duckdb.DuckDBPyConnection, check: Check, capture_id: str | None) -> list[str]:
    """Keys of the failing rows: where they stand, never what they say."""
    if not check.evidence_sql:
        return []
    parameters = {"capture_id": capture_id} if capture_id is not None else {}
    rows = con.execute(render(check.evidence_sql, con), parameters).fetchmany(EVIDENCE_LIMIT)
    return [str(row[0]) for row in rows]


def _broken(check: Check, error: str, *, asset: str | None = None, capture_id: str | None = None) -> Outcome:
    return _outcome(check, asset or check.asset_of(None), capture_id, False, _FAILED_ITSELF + error, 1, [])


def _without_rows(check: Check) -> Outcome:
    return _outcome(check, check.asset_of(None), None, not check.demands_rows, _NO_ROWS, int(check.demands_rows), [])


def _outcome(
    check: Check,
    asset: str,
    capture_id: str | None,
    passed: bool,
    observed: str,
    failing_count: int,
    failing_sample: list[str],
) -> Outcome:
    return Outcome(
        gate=check.gate,
        check_name=check.name,
        asset=asset,
        capture_id=capture_id,
        severity=check.severity,
        dimension=check.dimension,
        passed=passed,
        observed=observed,
        expected=_describe(check.expected, {name: limit.value for name, limit in THRESHOLDS.items()}),
        failing_count=failing_count,
        failing_sample=failing_sample,
        why=check.why,
        next_step=check.next_step,
    )


class _Words(string.Formatter):
    """Formats a row into a sentence; what is not there is said to be not stated."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if key not in kwargs:
            raise LookupError(f"its words name {key!r}, which the frame does not hold")
        return kwargs[key]

    def format_field(self, value: Any, format_spec: str) -> str:
        if _is_null(value):
            return "not stated"
        if not format_spec and isinstance(value, int | float) and not isinstance(value, bool):
            return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
        return super().format_field(value, format_spec)


def _describe(template: str, values: Mapping[str, Any]) -> str:
    return _Words().vformat(template, (), values)


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _shortened(error: object) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "…"
