"""Tables of further tools: each is known by its header, and a row that cannot be a post is rejected by name."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestration.connectors import CONNECTORS
from orchestration.connectors.files import CaptureFiles
from tests.unit.connectors_support import load, write
from tests.unit.table_samples import SAMPLES, Sample

each_sample = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())


@each_sample
def test_table_is_detected_loaded_and_its_bad_row_rejected_with_the_reason(tmp_path: Path, sample: Sample) -> None:
    got = load(write(tmp_path / "in", {"a.csv": sample.csv(with_bad=True)}))
    delivered = len(sample.rows) + 1
    assert (got.result.source, got.counts) == (sample.source, (delivered, delivered - 1, 1))
    assert got.rejected == [(delivered, sample.bad[1])]
    assert got.result.rejected[0].next_step


@each_sample
def test_no_other_format_takes_the_table_for_its_own(tmp_path: Path, sample: Sample) -> None:
    with CaptureFiles(write(tmp_path / "in", {"a.csv": sample.csv()})) as files:
        assert [one.source for one in CONNECTORS if one.detect(files)] == [sample.source]


@each_sample
def test_cells_and_ids_stay_as_delivered(tmp_path: Path, sample: Sample) -> None:
    got = load(write(tmp_path / "in", {"a.csv": sample.csv()}))
    texts = ("text", "body", "full_text", "full_text", "tweet")
    delivered = [
        (
            row.get("id") or row["id_str"],
            next(str(row[name]) for name in texts if name in row),
        )
        for row in sample.rows
    ]
    text = "body" if sample.source == "four_cat" else "text"
    assert got.rows(f"select tweet_id, {text} from raw.{sample.source}_posts order by record_no") == delivered


@pytest.mark.parametrize("name", ["twarc_csv", "fivetran"])
def test_rows_that_say_when_they_were_retrieved_date_the_counts(tmp_path: Path, name: str) -> None:
    result = load(write(tmp_path / "in", {"a.csv": SAMPLES[name].csv()})).result
    assert result.observed_at is not None
    assert result.observed_at.replace(microsecond=0) == datetime(2021, 5, 1, tzinfo=UTC)


def test_social_feed_manager_as_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(SAMPLES["sfm"].csv())):
        book.active.append(row)
    book.save(tmp_path / "sfm.xlsx")
    got = load(tmp_path / "sfm.xlsx", scratch=tmp_path / "scratch")
    assert (got.result.source, got.result.owner_handle, got.counts) == ("sfm", "Me", (6, 6, 0))


def test_fivetran_as_parquet(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(SAMPLES["fivetran"].csv())
    columns = "* replace (favorite_count::bigint as favorite_count, left(created_at, 19)::timestamp as created_at)"
    duckdb.sql(f"select {columns} from read_csv('{tmp_path / 't.csv'}', all_varchar = true)").write_parquet(
        str(tmp_path / "tweet.parquet")
    )
    got = load(tmp_path / "tweet.parquet", scratch=tmp_path / "scratch")
    assert (got.result.source, got.result.owner_account_id, got.counts) == ("fivetran", "7", (6, 6, 0))
    assert got.rows("select created_at, likes from raw.fivetran_posts where record_no = 1") == [
        ("2021-04-23 19:41:41", "5")
    ]


def test_table_of_twarc_without_reposted_ids_is_nobodys(tmp_path: Path) -> None:
    """Its rows of reposts would carry the counts of others, and nothing would say so."""
    sample = SAMPLES["twarc_csv"]
    text = sample.csv().replace("referenced_tweets.retweeted.id", "x", 1)
    with CaptureFiles(write(tmp_path / "in", {"a.csv": text})) as files:
        assert not any(one.detect(files) for one in CONNECTORS)
