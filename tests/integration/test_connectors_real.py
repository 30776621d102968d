"""Real files: what is delivered, loaded and stated equals what independent programs counted.

The files are inputs, never part of the repository; no post of them is quoted here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.records import key_paths
from tests.unit.connectors_support import Loaded, load

pytestmark = pytest.mark.realdata

RealPackage = Callable[[str], Path]


def expected(shared_data: Path, name: str) -> dict[str, Any]:
    return json.loads((shared_data / "expected" / f"{name}.json").read_text())


def counts(loaded: Loaded, table: str, id_column: str) -> tuple[int, int]:
    return loaded.rows(f"select count(*), count(distinct {id_column}) from raw.{table}")[0]


def member_counts(loaded: Loaded, record_type: str) -> dict[str, int]:
    return {m.member: m.delivered_count for m in loaded.result.members if m.record_type == record_type}


@pytest.mark.parametrize("name", ["grailbird_sdstartupweek", "grailbird_singaporesail", "grailbird_landsurveyorsu"])
def test_old_archives_deliver_what_was_counted_and_state_what_they_state(
    shared_data: Path, tmp_path: Path, real_package: RealPackage, name: str
) -> None:
    facts = expected(shared_data, name)
    loaded = load(real_package(name))
    assert counts(loaded, "x_archive_legacy_posts", "id_str") == (facts["rows_in_source"], facts["posts"])
    assert loaded.result.rejected_count == 0
    index = facts["archive_index"]
    assert loaded.totals["payload_details"] == (index["payload_details_tweets"], facts["rows_in_source"])
    assert loaded.totals["tweet_index"] == (index["index_total"], facts["rows_in_source"])
    assert loaded.result.owner_handle == index["account"]
    assert len(member_counts(loaded, "post")) == index["month_files"]
    disagreeing = {
        one.statement.split()[1] for one in loaded.result.control_totals if " " in one.statement and not one.agrees
    }
    assert disagreeing == {file.removesuffix(".js") for file in index["files_whose_row_count_differs_from_the_index"]}
    table = facts.get("tweets_csv")
    if table:
        csv_counts = counts(loaded, "x_archive_legacy_csv_posts", "tweet_id")
        assert csv_counts == (table["rows"], table["distinct_ids"])
        assert loaded.totals["tweets_csv"] == (table["rows"], facts["rows_in_source"])
    rounded = loaded.rows("select count(*) from raw.x_archive_legacy_posts where id <> id_str")[0][0]
    assert rounded == facts["rows_whose_numeric_id_lost_precision"]


@pytest.mark.parametrize("name", ["grailbird_singaporesail", "ytd_andreruffert"])
def test_zip_and_folder_of_an_archive_load_the_same_rows(
    shared_data: Path, tmp_path: Path, real_package: RealPackage, name: str
) -> None:
    packed, unpacked = load(shared_data / f"{name}.zip", scratch=tmp_path), load(real_package(name), scratch=tmp_path)
    for table in ("x_archive_posts", "x_archive_legacy_posts", "x_archive_legacy_csv_posts"):
        query = f"select * from raw.{table} order by record_no"
        assert packed.rows(query) == unpacked.rows(query)
    assert packed.result.control_totals == unpacked.result.control_totals


def test_modern_archive_delivers_what_manifest_and_headers_state(shared_data: Path, real_package: RealPackage) -> None:
    facts = expected(shared_data, "ytd_andreruffert")
    loaded = load(real_package("ytd_andreruffert"))
    rows = facts["rows_in_source"]
    assert counts(loaded, "x_archive_posts", "id_str") == (rows, facts["posts"])
    assert loaded.totals == {
        "manifest.tweets": (facts["manifest_counts"]["tweets"][0], rows),
        "manifest.deletedTweets": (facts["manifest_counts"]["deletedTweets"][0], 0),
        "tweet_headers": (facts["tweet_headers"]["rows"], rows),
    }
    assert loaded.result.is_census and loaded.result.coverage_to == loaded.result.observed_at


def test_pages_of_academictwitter_deliver_what_was_counted(shared_data: Path, real_package: RealPackage) -> None:
    facts = expected(shared_data, "v2_academictwitter_reuters")
    loaded = load(real_package("v2_academictwitter_reuters"))
    assert counts(loaded, "x_api_v2_posts", "id") == (facts["rows_in_source"], facts["posts"])
    assert (loaded.result.rejected_count, loaded.result.owner_handle) == (0, "Reuters")


@pytest.mark.parametrize("name", ["2sets", "flat", "noflat", "withheld"])
def test_files_of_twarc_deliver_what_was_counted(
    shared_data: Path, tmp_path: Path, real_package: RealPackage, name: str
) -> None:
    facts = expected(shared_data, f"v2_twarc_{name}")
    path = real_package("v2_twarc") / "test-data" / f"{name}.jsonl"
    loaded = load(path, scratch=tmp_path)
    assert counts(loaded, "x_api_v2_posts", "id") == (facts["rows_in_source"], facts["posts"])
    assert loaded.result.rejected_count == 0
    assert loaded.rows("select id from raw.x_api_v2_posts order by record_no") == _ids_in_file_order(path)


def _ids_in_file_order(path: Path) -> list[tuple[str]]:
    ids = []
    for line in path.read_text().splitlines():
        value = json.loads(line)
        ids += [(post["id"],) for post in value["data"]] if "data" in value else [(value["id"],)]
    return ids


def test_flattened_and_unflattened_versions_of_the_same_posts_agree(tmp_path: Path, real_package: RealPackage) -> None:
    folder = real_package("v2_twarc") / "test-data"
    flat, pages = (load(folder / f"{name}.jsonl", scratch=tmp_path) for name in ("flat", "noflat"))
    columns = "id, text, created_at, author_id, public_metrics, entities.hashtags, lang"
    query = f"select {columns} from raw.x_api_v2_posts order by id"
    assert flat.rows(query) == pages.rows(query)
    authors = flat.rows("select distinct author.id, author.username from raw.x_api_v2_posts order by 1")
    assert set(authors) <= set(pages.rows("select id, username from raw.x_api_v2_users"))


def test_everything_that_twarc_wrote_is_loaded_or_rejected_by_name(real_package: RealPackage) -> None:
    loaded = load(real_package("v2_twarc"))
    reasons = {record.reason_code for record in loaded.result.rejected}
    assert reasons == {"not_a_post_counts", "not_a_post_lists", "cut_off"}
    by_member = Counter(Path(record.member).stem for record in loaded.result.rejected)
    assert by_member == {
        "counts": 169,
        "lists": 6,
        "streaming_output_with_error": 1,
    }
    users = [m for m in loaded.result.members if m.record_type == "profile"]
    assert [(Path(m.member).stem, m.loaded_count) for m in users] == [("users", 96)]
    gone = [m for m in loaded.result.members if m.record_type == "deletion"]
    assert {Path(m.member).stem: m.loaded_count for m in gone} == {"tweets_compliance": 2, "users_compliance": 2}
    total = loaded.result.control_totals[0]
    assert not total.agrees and "withheld.jsonl: 600 stated, 212 held" in str(total.note)


def test_test_data_of_twarc_holds_as_many_posts_as_others_counted(real_package: RealPackage) -> None:
    """1,109 distinct posts in its test data, as counted by others."""
    loaded = load(real_package("v2_twarc"))
    assert counts(loaded, "x_api_v2_posts", "id")[1] == 1109


def test_no_real_package_of_another_source_is_taken_for_one_of_ours(shared_data: Path) -> None:
    from orchestration.connectors import CONNECTORS
    from orchestration.connectors.files import CaptureFiles

    ours = ("grailbird_", "ytd_", "v2_", "twitwi_", "congress_", "v11_", "tweet_", "graphql_")
    ours += ("un_official_", "jokowi_", "x_analytics_", "twint_", "rtoot_")
    for path in sorted(shared_data.glob("*.zip")):
        with CaptureFiles(path) as files:
            found = [connector.source for connector in CONNECTORS if connector.detect(files)]
        assert bool(found) == path.name.startswith(ours), path.name


def test_key_paths_of_a_real_page_are_those_of_its_json(real_package: RealPackage) -> None:
    text = (real_package("v2_twarc") / "test-data" / "noflat.jsonl").read_text().splitlines()[0]

    def paths(value: Any, here: str) -> set[str]:
        if isinstance(value, dict):
            found = set()
            for key, inner in value.items():
                path = f"{here}.{key}" if here else key
                found |= {path} | paths(inner, path)
            return found
        return set().union(*(paths(inner, f"{here}[]") for inner in value)) if isinstance(value, list) else set()

    assert key_paths(text) == paths(json.loads(text), "")
