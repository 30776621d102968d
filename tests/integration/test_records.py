"""Records through the models: damaged ids, times of other zones, overlapping captures, deletions, edits.

Each test makes its captures by hand and builds the models on them in memory (tests/models.py).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.demo.native import Metrics, Post
from tests.fixtures import captures as build
from tests.models import Warehouse

DAMAGE: dict[str, tuple[str, Callable[[str], str]]] = {
    "excel": ("archive_with_excel_damaged_ids", build.excel_damaged),
    "javascript": ("archive_with_javascript_damaged_ids", build.javascript_damaged),
    "float": ("archive_with_float64_damaged_ids", build.float64_damaged),
}
COUNT_STATUS = "select post_id_status, count(*) from marts.fct_posts group by 1 order by 1"


def intact(folder: Path, posts: list[Post]) -> Path:
    return build.api_v2_jsonl(folder / "intact.jsonl", posts, url=build.TIMELINE_URL)


# ---------- ids


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_ids_are_recognised_and_found_again_in_an_intact_capture(kind: str, tmp_path: Path) -> None:
    posts = build._dense_posts()
    warehouse = Warehouse([build.BROKEN[DAMAGE[kind][0]](tmp_path), intact(tmp_path, posts)]).build()
    assert warehouse.rows(COUNT_STATUS) == [("exact", 120)]
    assert set(warehouse.rows("select post_id from marts.fct_posts")) == {(p.post_id,) for p in posts}
    assert warehouse.rows(
        "select id_damage, repaired_id_count, unrepaired_id_count from quality.fct_capture_repairs"
        " where source = 'x_archive'"
    ) == [(kind, 120, 0)]
    # both captures' counts are observations of one post
    assert warehouse.rows("select count(*), count(distinct post_key) from marts.fct_post_engagement") == [(240, 120)]


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_ids_that_nobody_has_intact_are_counted_and_flagged(kind: str, tmp_path: Path) -> None:
    posts = build._dense_posts()
    damaged = build.BROKEN[DAMAGE[kind][0]](tmp_path)
    warehouse = Warehouse([damaged, intact(tmp_path, posts[:50])]).build()
    assert warehouse.rows(COUNT_STATUS) == [("exact", 50), ("unrepaired", 70)]
    lost = warehouse.rows("select post_id, id_time from marts.fct_posts where post_id_status = 'unrepaired'")
    assert len(set(lost)) == 70 and all(post_id.startswith("unknown:") and moment is None for post_id, moment in lost)


def test_captures_damaged_by_different_programs_speak_of_the_same_posts(tmp_path: Path) -> None:
    warehouse = Warehouse([build.BROKEN[builder](tmp_path) for builder, _ in DAMAGE.values()]).build()
    assert warehouse.rows(COUNT_STATUS) == [("unrepaired", 120)]


@pytest.mark.parametrize("kind", DAMAGE)
def test_two_damaged_ids_are_told_by_the_intact_capture_alone(kind: str, tmp_path: Path) -> None:
    posts = build._dense_posts()[:2]
    damaged = [build.with_id(p, DAMAGE[kind][1](p.post_id)) for p in posts]
    others = build.sample_posts()
    small = build.modern_archive(tmp_path / "small.zip", damaged)
    warehouse = Warehouse([small, intact(tmp_path, posts + others)]).build()
    assert warehouse.rows("select count(*) from marts.fct_posts") == [(2 + len(others),)]
    assert warehouse.rows(COUNT_STATUS) == [("exact", 2 + len(others))]


def test_deleted_post_is_known_under_its_damaged_id(tmp_path: Path) -> None:
    posts = build._dense_posts()
    deleting = build.modern_archive(tmp_path / "deleting.zip", posts[1:], deletions=posts[:1])
    warehouse = Warehouse([build.archive_with_excel_damaged_ids(tmp_path), deleting]).build()
    assert warehouse.rows(COUNT_STATUS) == [("exact", 119)]
    assert warehouse.rows("select count(*) from marts.fct_posts where text = ?", posts[0].text) == [(0,)]


def test_undamaged_captures_are_repaired_nowhere(tmp_path: Path) -> None:
    posts = build.sample_posts()
    warehouse = Warehouse([build.modern_archive(tmp_path / "a.zip", posts), intact(tmp_path, posts)]).build()
    assert warehouse.rows("select count(*) from intermediate.int_posts__repaired") == [(0,)]


# ---------- times


@pytest.mark.parametrize("builder", [build.archive_with_shifted_times, build.api_with_shifted_times])
def test_times_of_another_zone_are_taken_from_the_ids(builder: Callable[[Path], Path], tmp_path: Path) -> None:
    warehouse = Warehouse([builder(tmp_path)]).build()
    assert warehouse.rows(
        "select posted_at_basis, count(*), max(abs(id_time_difference_ms)) from marts.fct_posts group by 1"
    ) == [("id", 120, 0)]
    assert warehouse.rows(
        "select compared_time_count, agreeing_time_count, shifted_time_count, offset_minutes_from, offset_minutes_to,"
        " restored_time_count from quality.fct_capture_repairs"
    ) == [(120, 0, 120, 420, 420, 120)]


def test_summer_and_winter_of_another_zone_are_both_found(tmp_path: Path) -> None:
    posts = build._dense_posts()
    local = [replace(p, posted_at=p.posted_at + timedelta(hours=1 if n < 60 else 2)) for n, p in enumerate(posts)]
    warehouse = Warehouse([build.modern_archive(tmp_path / "local.zip", local)]).build()
    assert warehouse.rows("select posted_at_basis, count(*) from marts.fct_posts group by 1") == [("id", 120)]
    assert warehouse.rows("select offset_minutes_from, offset_minutes_to from quality.fct_capture_repairs") == [
        (60, 120)
    ]


def test_single_false_times_stay_as_they_are_stated(tmp_path: Path) -> None:
    posts = build._dense_posts(400)
    posts[7:10] = [replace(p, posted_at=p.posted_at - timedelta(hours=3)) for p in posts[7:10]]
    warehouse = Warehouse([build.modern_archive(tmp_path / "a.zip", posts)]).build()
    assert warehouse.rows("select posted_at_basis, count(*) from marts.fct_posts group by 1") == [("stated", 400)]
    assert warehouse.rows("select shifted_time_count, restored_time_count from quality.fct_capture_repairs") == [(3, 0)]


# ---------- observations


def overlapping(folder: Path) -> list[Path]:
    """An archive, a later timeline of a part, and a damaged re-export of another part with other counts."""
    posts = build._dense_posts(60)
    grown = [replace(p, metrics=Metrics(like_count=100 + n)) for n, p in enumerate(posts)]
    damaged = [build.with_id(p, build.excel_damaged(p.post_id)) for p in grown[20:55]]
    return [
        build.modern_archive(folder / "archive.zip", posts),
        build.api_v2_jsonl(folder / "timeline.jsonl", [*grown[:40], *build.sample_posts(6)]),
        build.legacy_archive(folder / "damaged.zip", damaged),
    ]


def test_no_order_of_three_overlapping_captures_changes_a_mart(tmp_path: Path) -> None:
    paths = overlapping(tmp_path)
    hashes = [Warehouse(order).build().hashes() for order in itertools.permutations(paths)]
    assert len({json.dumps(one, sort_keys=True) for one in hashes}) == 1


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Captures of the same posts, each with a part of them: the whole is what any mixture of them must give."""
    folder = tmp_path_factory.mktemp("parts")
    posts = build.sample_posts(24)
    cuts = [posts, posts[:10], posts[6:18], posts[12:], posts[::2]]
    made = [build.api_v2_jsonl(folder / f"part{n}.jsonl", cut, page_size=5) for n, cut in enumerate(cuts)]
    return [*made, build.modern_archive(folder / "archive.zip", posts)]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mixture_order_and_repetition_of_captures_gives_the_same_marts(
    parts: list[Path], data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(range(1, len(parts))), min_size=1, max_size=5), label="captures")
    again = data.draw(st.permutations([0, *chosen]), label="order")
    first = Warehouse([parts[0], *(parts[n] for n in sorted(set(chosen)))]).build()
    second = Warehouse([parts[n] for n in again]).build()
    assert second.hashes() == first.hashes()
    assert first.rows("select count(*) from marts.fct_posts") == [(24,)]


def test_accounting_balances_whatever_is_mixed(tmp_path: Path) -> None:
    warehouse = Warehouse([*overlapping(tmp_path), build.archive_with_javascript_damaged_ids(tmp_path)]).build()
    loaded = "select capture_id, sum(loaded_count) from raw.capture_members where record_type = 'post' group by 1"
    fates = "select capture_id, count(*) from intermediate.int_posts__observations group by 1"
    assert set(warehouse.rows(loaded)) == set(warehouse.rows(fates))
    kept = "select count(*) from intermediate.int_posts__observations where outcome = 'kept'"
    assert warehouse.rows(kept) == warehouse.rows("select count(*) from marts.fct_posts")


# ---------- deletions and edits


def test_compliance_lines_take_posts_out_and_stubs_until_they_are_seen_again(tmp_path: Path) -> None:
    posts = build.sample_posts(4)
    removed = {"id": posts[0].post_id, "action": "delete", "created_at": "x", "reason": "suspended"}
    stub = {
        "resource_id": posts[1].post_id,
        "resource_type": "tweet",
        "title": "Not Found Error",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }
    later = {
        "data": [],
        "errors": [stub],
        "meta": {"result_count": 0},
        "__twarc": {"retrieved_at": "2023-06-01T00:00:00Z"},
    }
    notices = tmp_path / "notices.jsonl"
    notices.write_text("\n".join(map(json.dumps, (removed, later))) + "\n", "utf-8")
    held = build.api_v2_jsonl(tmp_path / "held.jsonl", posts)
    warehouse = Warehouse([held, notices]).build()
    left = {(p.post_id,) for p in posts[2:]}
    assert set(warehouse.rows("select post_id from marts.fct_posts")) == left
    assert warehouse.rows("select reason from intermediate.int_posts__tombstones order by 1") == [
        ("not_found",),
        ("suspended",),
    ]
    seen = build.api_v2_jsonl(tmp_path / "seen.jsonl", posts[:2], retrieved_at=build.moment("2023-07-01 00:00:00"))
    warehouse = Warehouse([held, notices, seen]).build()
    assert set(warehouse.rows("select post_id from marts.fct_posts")) == left | {(posts[1].post_id,)}
