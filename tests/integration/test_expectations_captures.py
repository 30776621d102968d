"""Broken files through reader and raw gate: each closes the gate for the reason it was broken, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from expectations.gate import Outcome, evaluate
from orchestration.connectors import detect
from orchestration.connectors.files import CaptureFiles
from orchestration.warehouse import bookkeeping
from orchestration.warehouse.ledger import CaptureEntry, now
from tests.fixtures import captures

BROKEN = {
    captures.archive_without_posts: "capture_holds_records",
    captures.api_with_many_broken_lines: "rejected_share_small",
    captures.archive_with_manifest_mismatch: "capture_is_whole",
    captures.archive_with_cut_json: "capture_is_whole",
    captures.archive_with_cut_last_post: "capture_is_whole",
    captures.legacy_archive_with_cut_month: "capture_is_whole",
}
SUSPECT = {
    captures.archive_with_excel_damaged_ids: "ids_not_damaged_by_excel",
    captures.archive_with_javascript_damaged_ids: "ids_not_damaged_by_javascript",
    captures.archive_with_float64_damaged_ids: "ids_not_damaged_by_float",
    captures.legacy_archive_with_payload_mismatch: "control_totals_agree",
    captures.api_with_cut_end: "no_rejected_records",
}


def _outcomes(path: Path, scratch: Path) -> list[Outcome]:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        bookkeeping.create_raw_schema(con)
        with CaptureFiles(path) as files:
            result = detect(files, None).load(con, "capture", files, scratch)
        entry = CaptureEntry("capture", path.name, path.stat().st_size, now(), source=result.source)
        bookkeeping.insert_loaded(con, entry, result, scratch)
        return evaluate(con, "raw")


def _failed(outcomes: list[Outcome], severity: str) -> set[str]:
    return {o.check_name for o in outcomes if not o.passed and o.severity == severity}


@pytest.mark.parametrize("build", BROKEN, ids=lambda build: build.__name__)
def test_broken_capture_fails_its_critical_check(build: Callable[[Path], Path], tmp_path: Path) -> None:
    outcomes = _outcomes(build(tmp_path), tmp_path)
    assert _failed(outcomes, "critical") == {BROKEN[build]}
    (broken,) = (o for o in outcomes if o.check_name == BROKEN[build])
    assert broken.capture_id == "capture"
    assert broken.failing_count == 1 or broken.failing_sample


@pytest.mark.parametrize("build", SUSPECT, ids=lambda build: build.__name__)
def test_suspect_capture_warns_and_goes_on(build: Callable[[Path], Path], tmp_path: Path) -> None:
    outcomes = _outcomes(build(tmp_path), tmp_path)
    assert not _failed(outcomes, "critical")
    assert SUSPECT[build] in _failed(outcomes, "warning")


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (captures.modern_archive, "archive.zip"),
        (captures.legacy_archive, "legacy.zip"),
        (captures.api_v2_jsonl, "posts.jsonl"),
    ],
    ids=["x_archive", "x_archive_legacy", "x_api_v2"],
)
def test_sound_capture_passes(build: Callable[[Path], Path], name: str, tmp_path: Path) -> None:
    outcomes = _outcomes(build(tmp_path / name), tmp_path)
    assert outcomes
    assert all(outcome.passed for outcome in outcomes), [o for o in outcomes if not o.passed]
