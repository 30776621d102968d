"""The benchmark's grown packages: valid, distinct ids that agree with the stated time, exact counts, native form."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import loads, privacy
from bench.grow import Grown, grow, grow_api_timeline, grow_legacy_archive, grow_v11_lines, id_agrees, new_id
from bench.measure import bare_read
from orchestration.connectors import CONNECTORS
from orchestration.contract import PROJECT_ROOT
from orchestration.demo import native
from tests.fixtures import captures, json_captures
from tests.unit.connectors_support import load


def records(grown: Grown) -> list[dict]:
    found = []
    for path in grown.json_files:
        text = path.read_text(encoding="utf-8")
        found += json.loads(text) if grown.json_format == "array" else [json.loads(line) for line in text.splitlines()]
    return [record[grown.wrapper] if grown.wrapper else record for record in found]


def stated_time(record: dict) -> datetime:
    text = record["created_at"]
    if text[0].isalpha():
        return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")
    return datetime.fromisoformat(text.replace(" +0000", "+00:00"))


def assert_valid(grown: Grown, posts: int) -> None:
    found = records(grown)
    ids = [record.get("id_str") or record["id"] for record in found]
    assert len(ids) == len(set(ids)) == grown.posts == posts
    assert all(id_agrees(post_id, stated_time(record)) for post_id, record in zip(ids, found, strict=True))


def test_copies_of_an_id_keep_its_millisecond_and_are_distinct() -> None:
    post_id = int(native.snowflake(datetime(2019, 5, 4, tzinfo=UTC)))
    copies = {new_id(post_id, copy) for copy in range(10_000)}
    assert len(copies) == 10_000
    assert {copy >> 22 for copy in copies} == {post_id >> 22}
    assert new_id(post_id, 0) == post_id


def test_grown_old_archive_is_valid_and_states_its_counts(tmp_path: Path) -> None:
    source = captures.legacy_archive(tmp_path / "small.zip")
    (tmp_path / "grown").mkdir()
    grown = grow_legacy_archive(source, 1000, tmp_path / "grown", "small")
    assert_valid(grown, 1000)
    with zipfile.ZipFile(grown.capture) as archive:
        index = json.loads(archive.read("data/js/tweet_index.js").decode().partition("=")[2])
        payload = json.loads(archive.read("data/js/payload_details.js").decode().partition("=")[2])
        for entry in index:
            month = json.loads(archive.read(entry["file_name"]).decode().partition("=")[2])
            assert len(month) == entry["tweet_count"]
    assert payload["tweets"] == 1000 == sum(entry["tweet_count"] for entry in index)


def test_grown_timeline_is_valid(tmp_path: Path) -> None:
    posts = [native.api_record(post) for post in captures.sample_posts()]
    users = {"users": [native.api_user(account) for account in captures.ACCOUNTS.values()]}
    source = tmp_path / "small.zip"
    native.write_zip(source, {"data_1.json": json.dumps(posts), "users_1.json": json.dumps(users)})
    (tmp_path / "grown").mkdir()
    assert_valid(grow_api_timeline(source, 1000, tmp_path / "grown", "small"), 1000)


def test_grown_lines_of_the_older_api_are_valid(tmp_path: Path) -> None:
    source = tmp_path / "small.zip"
    posts = [json_captures.v11_post(number) for number in range(1, 8)]
    native.write_zip(source, {"data/tweets/11.json": json.dumps(posts), "data/profiles/11.json": "{}"})
    (tmp_path / "grown").mkdir()
    assert_valid(grow_v11_lines(source, 1000, tmp_path / "grown", "small"), 1000)


def test_grown_demo_is_valid_and_readable_bare(tmp_path: Path) -> None:
    grown = grow("demo", 6000, tmp_path)
    found = records(grown)
    assert len({record["id_str"] for record in found}) == len(found) == 6000
    # Only the demo's planted false time disagrees with its id.
    assert sum(not id_agrees(record["id_str"], stated_time(record)) for record in found) <= 2
    assert bare_read(grown, tmp_path).seconds > 0


def test_a_missing_package_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUARA_SHARED_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="SUARA_SHARED_DATA"):
        grow("grailbird_landsurveyorsu", 10, tmp_path)


@pytest.mark.parametrize("family", loads.FAMILIES)
def test_every_record_of_a_grown_family_is_loaded(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUARA_SHARED_DATA", str(tmp_path))  # the hand-made samples, everywhere
    folder = tmp_path / "capture"
    folder.mkdir()
    growth = loads.FAMILIES[family](50, folder)
    if growth.column_map:
        with_map = tmp_path / "with_map"
        with_map.mkdir()
        growth.capture.rename(with_map / growth.capture.name)
        growth.column_map.rename(with_map / growth.column_map.name)
    got = load(with_map if growth.column_map else growth.capture, scratch=tmp_path / "scratch")
    assert got.result.source == family.partition(" ")[0]
    posts = sum(member.loaded_count for member in got.result.members if member.record_type == "post")
    assert (posts, got.result.rejected_count) == (50, 0)
    assert got.rows(f"select count(*), count(distinct record_no) from raw.{growth.raw_table}") == [(50, 50)]
    con = got.con
    if not growth.column_map:
        assert con.execute(f"select count(*), count(distinct bare) from ({growth.bare_sql}) bare").fetchall() == [
            (50, 50)
        ]


def test_every_connector_has_a_grown_family() -> None:
    assert {family.partition(" ")[0] for family in loads.FAMILIES} == {one.source for one in CONNECTORS}


def test_ids_of_grown_records_keep_their_time_and_are_distinct() -> None:
    post_id = native.snowflake(datetime(2019, 5, 4, tzinfo=UTC))
    ids = {int(loads.x_id(post_id)(serial, 0)) for serial in range(10_000)}
    assert len(ids) == 10_000 and {one >> 22 for one in ids} == {int(post_id) >> 22}
    keys = {loads.bluesky_id("3lkizm6uvhc2b")(serial, 0) for serial in range(10_000)}
    assert len(keys) == 10_000 and {key[:8] for key in keys} == {"3lkizm6u"}
    statuses = {int(loads.mastodon_id("109381959558229264")(0, copy)) for copy in range(10_000)}
    assert len(statuses) == 10_000 and {one >> 16 for one in statuses} == {109381959558229264 >> 16}


def test_the_copy_that_protects_nobody_differs_in_each_place_that_it_should(tmp_path: Path) -> None:
    """Otherwise the cost of privacy would be measured against itself."""
    copy = privacy.unprotected_copy(tmp_path / "copy")
    changed = {
        str(path.relative_to(copy))
        for path in copy.rglob("*")
        if path.is_file() and path.read_bytes() != (PROJECT_ROOT / path.relative_to(copy)).read_bytes()
    }
    assert changed == {name for name, *_ in privacy.CHANGES}
