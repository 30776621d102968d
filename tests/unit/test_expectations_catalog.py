"""The catalog is whole: words, suites, frames and thresholds speak of the same checks."""

from __future__ import annotations

import json
import re
import string

import pytest

from expectations.catalog import CATALOG, DIMENSIONS, GATES, SEVERITIES, Check
from expectations.gate import SUITES
from expectations.parts import FRAMES, PARTS, RAW_RECORDS
from expectations.thresholds import THRESHOLDS

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _suite(gate: str) -> list[dict]:
    return json.loads((SUITES / f"{gate}.json").read_text("utf-8"))["expectations"]


def _fields(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}


def test_names_are_unique_over_all_gates() -> None:
    assert len({check.name for check in CATALOG}) == len(CATALOG)


@pytest.mark.parametrize("check", CATALOG, ids=lambda check: check.name)
def test_check_is_well_described(check: Check) -> None:
    assert check.gate in GATES
    assert check.severity in SEVERITIES
    assert check.dimension in DIMENSIONS
    assert check.grain == ("capture" if check.gate in ("raw", "staging") else "table")
    assert re.fullmatch(r"[a-z][a-z0-9_]+", check.name)
    for text in (check.why, check.next_step):
        assert text[0].isupper(), text
        assert text.endswith("."), text
        assert "  " not in text
    for words in (check.expected, check.observed):
        assert words
        assert not words.endswith(".")


@pytest.mark.parametrize("check", CATALOG, ids=lambda check: check.name)
def test_thresholds_in_words_and_suite_are_declared(check: Check) -> None:
    used = _fields(check.expected)
    expectation = next(e for e in _suite(check.gate) if e["meta"]["check"] == check.name)
    used |= {v["$PARAMETER"] for v in expectation["kwargs"].values() if isinstance(v, dict)}
    if check.evidence_sql:
        used |= {name for name in _PLACEHOLDER.findall(check.evidence_sql) if name not in PARTS}
    assert used <= set(check.thresholds)
    assert set(check.thresholds) <= set(THRESHOLDS)


@pytest.mark.parametrize("gate", GATES)
def test_suite_and_catalog_hold_the_same_checks_with_the_same_severity(gate: str) -> None:
    in_suite = [(e["meta"]["check"], e["severity"], e["kwargs"]["column"]) for e in _suite(gate)]
    assert in_suite == [(c.name, c.severity, c.column) for c in CATALOG if c.gate == gate]


@pytest.mark.parametrize("gate", GATES)
def test_judged_columns_of_a_gate_belong_to_one_frame(gate: str) -> None:
    frames: dict[str, set[str]] = {}
    for check in CATALOG:
        if check.gate == gate:
            frames.setdefault(check.column, set()).add(check.frame)
    assert all(len(names) == 1 for names in frames.values())


def test_each_frame_is_used_and_fills_only_what_exists() -> None:
    files = {path.stem: path.read_text("utf-8") for path in FRAMES.glob("*.sql")}
    assert set(files) == {check.frame for check in CATALOG}
    for name, sql in files.items():
        assert name.split("__")[0] in GATES
        assert set(_PLACEHOLDER.findall(sql)) <= set(PARTS) | set(THRESHOLDS)
        assert sql.startswith("-- One row"), f"{name}: the first line tells the grain"


def test_each_threshold_is_used_dated_and_reasoned() -> None:
    used = {name for check in CATALOG for name in check.thresholds}
    assert used == set(THRESHOLDS)
    for threshold in THRESHOLDS.values():
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", threshold.measured_on)
        assert len(threshold.reason) > 20


def test_evidence_quotes_no_text_and_no_handle() -> None:
    for check in CATALOG:
        keys = re.findall(r"concat\((.*?)\) as key", check.evidence_sql or "", flags=re.DOTALL)
        for key in keys:
            assert not re.search(r"\b(text|full_text|handle|matched_text|hashtag)\b(?!\))", key), check.name


def test_every_table_of_delivered_records_is_judged() -> None:
    from orchestration.connectors import all_raw_tables

    tables = {name for name in all_raw_tables() if name.endswith(("_posts", "_notes", "_deletions"))}
    assert {records.table for records in RAW_RECORDS} == tables
