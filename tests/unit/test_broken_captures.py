"""Captures that cannot be read are refused with an error that names file, expected, found and next step."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.connectors import create_raw_tables, detect
from orchestration.connectors.files import CaptureFiles
from orchestration.contract import InputError
from orchestration.demo import generate
from tests.fixtures import captures


def load(path: Path, scratch: Path):
    with duckdb.connect() as con:
        create_raw_tables(con)
        with CaptureFiles(path) as files:
            connector = detect(files, None)
            return connector, connector.load(con, "synthetic", files, scratch)


def test_every_broken_capture_has_one_expected_end() -> None:
    assert not set(captures.CHECK_OF) & set(captures.REFUSED)
    assert set(captures.CHECK_OF) | set(captures.REFUSED) <= set(captures.BROKEN)


@pytest.mark.parametrize("name", captures.REFUSED)
def test_unreadable_capture_is_refused_with_a_useful_error(name: str, tmp_path: Path) -> None:
    path = captures.BROKEN[name](tmp_path / "delivered")
    with pytest.raises(InputError) as refused:
        load(path, tmp_path / "scratch")
    error = refused.value
    assert error.code == captures.REFUSED[name]
    assert error.expected and error.found and error.next_step
    assert path.name in error.file or error.file in path.name or error.record is not None
    assert not (tmp_path / "climbed_out.txt").exists()


@pytest.mark.parametrize("name", captures.CHECK_OF)
def test_untrustworthy_capture_can_be_read_so_that_a_gate_decides(name: str, tmp_path: Path) -> None:
    _, result = load(captures.BROKEN[name](tmp_path / "delivered"), tmp_path / "scratch")
    assert result.delivered_count == result.loaded_count + result.rejected_count


def test_demo_captures_load_as_their_truth_says(tmp_path: Path) -> None:
    truth = generate(tmp_path / "demo", scale=0.25)
    for capture in truth.captures:
        connector, result = load(tmp_path / "demo" / capture.file_name, tmp_path / "scratch")
        assert connector.source == capture.source
        posts = [member for member in result.members if member.record_type == "post"]
        assert sum(member.delivered_count for member in posts) == capture.posts_delivered
        assert sum(member.loaded_count for member in posts) == capture.posts_loaded
        assert sum(member.rejected_count for member in posts) == capture.posts_rejected
        assert result.delivered_count - capture.posts_delivered == sum(capture.others.values())
        assert all(total.agrees for total in result.control_totals)
        assert max(capture.observed_at) == f"{result.observed_at:%Y-%m-%dT%H:%M:%S}.{result.observed_at:%f}"[:23] + "Z"
