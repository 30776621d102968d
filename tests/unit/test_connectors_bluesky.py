"""Bluesky: pages, items and bare posts, two spellings, what stands in the place of a post, times that cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.bluesky import _snake
from orchestration.connectors.json_load import JsonLoad
from orchestration.contract import InputError
from tests.fixtures.json_captures import BLUESKY_ME as ME
from tests.fixtures.json_captures import BLUESKY_YOU as YOU
from tests.fixtures.json_captures import bluesky_view as view
from tests.unit.connectors_support import load

COLUMNS = "select * exclude (capture_id, member) from raw.bluesky_posts order by record_no"


def repost_of(post: dict[str, Any], **reason: Any) -> dict[str, Any]:
    by = {"did": ME, "handle": "me.example", "displayName": "Somebody"}
    return {
        "post": post,
        "reason": {
            "$type": "app.bsky.feed.defs#reasonRepost",
            "by": by,
            "indexedAt": "2024-03-20T08:00:00.000Z",
            **reason,
        },
    }


def spelled_by_the_sdk(value: Any) -> Any:
    """The same value with the keys of the Python SDK."""
    if isinstance(value, dict):
        return {_snake(name): spelled_by_the_sdk(inner) for name, inner in value.items()}
    return [spelled_by_the_sdk(item) for item in value] if isinstance(value, list) else value


def pages(items: list[dict[str, Any]]) -> str:
    return json.dumps({"feed": items, "cursor": "next"})


def page_lines(items: list[dict[str, Any]]) -> str:
    return "\n".join(json.dumps({"feed": [item]}) for item in items)


def item_lines(items: list[dict[str, Any]]) -> str:
    return "\n".join(json.dumps(item) for item in items)


def item_array(items: list[dict[str, Any]]) -> str:
    return json.dumps(items, indent=1)


LAYOUTS = (pages, page_lines, item_lines, item_array)


def sample() -> list[dict[str, Any]]:
    return [
        {"post": view(1)},
        {
            "post": view(2, record={"reply": {"root": {"uri": "at://x/r"}, "parent": {"uri": view(9, YOU)["uri"]}}}),
            "reply": {"parent": view(9, YOU)},
        },
        repost_of(view(3, YOU)),
    ]


def written(tmp_path: Path, text: str, name: str = "feed.json") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("spelling", [lambda items: items, spelled_by_the_sdk], ids=["api", "sdk"])
def test_every_layout_and_spelling_gives_the_same_rows(layout: Callable, spelling: Callable, tmp_path: Path) -> None:
    loaded = load(written(tmp_path, layout(spelling(sample()))))
    assert loaded.result.source == "bluesky" and loaded.result.platform == "bluesky"
    assert loaded.counts == (3, 3, 0)
    reference = load(written(tmp_path, pages(sample()), "reference.json"))
    # facets and embeds stay as delivered; there are none here
    assert loaded.rows(COLUMNS) == reference.rows(COLUMNS)


def test_bare_posts_have_nothing_beside_them(tmp_path: Path) -> None:
    for text in (
        json.dumps([view(1), view(2)]),
        json.dumps({"posts": [view(1), view(2)]}),
        item_lines([view(1), view(2)]),
    ):
        loaded = load(written(tmp_path, text))
        assert loaded.counts == (2, 2, 0)
        assert loaded.rows("select distinct reason, reply from raw.bluesky_posts") == [(None, None)]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_careful_way_gives_the_same_rows_as_the_fast_one(layout: Callable, tmp_path: Path) -> None:
    items = [*sample(), {"post": view(4, record={"facets": [{"index": {"byteStart": 0, "byteEnd": 3}}]})}]
    fast = load(written(tmp_path, layout(items)))
    broken = {"post": {**view(5), "likeCount": "many"}}
    careful = load(written(tmp_path, layout([*items, broken]), "broken.json"))
    assert careful.counts == (5, 4, 1)
    assert careful.rejected == [(5, "wrong_type")]
    assert careful.rows(COLUMNS) == fast.rows(COLUMNS)


def test_duckdb_reads_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JsonLoad, "_careful", lambda *_: pytest.fail("this goes record by record"))
    odd = [{"post": view(7, record={"createdAt": "yesterday"})}, {"post": {"uri": view(8)["uri"], "notFound": True}}]
    for number, layout in enumerate(LAYOUTS):
        load(written(tmp_path, layout([*sample(), *odd]), f"{number}.json"))


def test_open_parts_of_a_record_never_refuse_it(tmp_path: Path) -> None:
    odd = {"facets": {"not": "a list"}, "embed": "N/A"}
    loaded = load(written(tmp_path, json.dumps([view(1, record=odd, embed=[1])])))
    assert loaded.counts == (1, 1, 0)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_what_stands_in_the_place_of_a_post_is_set_aside(layout: Callable, tmp_path: Path) -> None:
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": view(7)["uri"], "notFound": True}
    hidden = {"$type": "app.bsky.feed.defs#blockedPost", "uri": view(8)["uri"], "blocked": True, "author": {"did": YOU}}
    loaded = load(written(tmp_path, layout([{"post": view(1)}, {"post": gone}, {"post": hidden}])))
    assert loaded.counts == (3, 1, 2)
    assert loaded.rejected == [(2, "not_a_post_not_found"), (3, "not_a_post_blocked")]
    assert all(record.next_step for record in loaded.result.rejected)
    # they are no damage: the gate on damaged records does not count them
    assert {member.record_type for member in loaded.result.members if member.rejected_count} == {"other"}
    bare = load(written(tmp_path, json.dumps([view(1), gone, hidden]), "bare.json"))
    assert bare.rejected == loaded.rejected


@pytest.mark.parametrize(
    ("claimed", "found"),
    [
        ("0000-10-14T15:06:10.730Z", "9999-99-99a99:99:99.999a"),  # a real one
        ("1970-01-01T00:00:00.000Z", "9999-99-99a99:99:99.999a"),
        ("2024-03-01T10:00:00.000", "9999-99-99a99:99:99.999"),  # without its zone
        ("yesterday", "aaaaaaaaa"),
        ("2024-13-01T10:00:00Z", "9999-99-99a99:99:99a"),
        ("2024-03-03T10:00:02.000Z", "9999-99-99a99:99:99.999a"),  # a day and a second after the server had it
    ],
)
@pytest.mark.parametrize("extra", [[], [{"post": {"uri": "no address"}}]], ids=["fast", "careful"])
def test_impossible_time_is_rejected_with_its_place_and_form(
    claimed: str, found: str, extra: list, tmp_path: Path
) -> None:
    odd = view(2, record={"createdAt": claimed})
    loaded = load(written(tmp_path, item_lines([{"post": view(1)}, {"post": odd}, {"post": view(3)}, *extra])))
    assert loaded.rejected[0 if not extra else -1] == (2, "impossible_time")
    record = next(record for record in loaded.result.rejected if record.reason_code == "impossible_time")
    assert (record.record_no, record.found) == (2, found)
    assert loaded.rows("select record_no from raw.bluesky_posts order by 1") == [(1,), (3,)]


@pytest.mark.parametrize(
    "claimed", ["2015-06-01T10:00:00Z", "2024-03-03T09:59:59+00:00", "2024-03-02T18:00:00.1234567+07:00"]
)
def test_claimed_time_that_can_be_is_kept(claimed: str, tmp_path: Path) -> None:
    loaded = load(written(tmp_path, json.dumps([view(2, record={"createdAt": claimed})])))
    assert loaded.rows('select record."createdAt", "indexedAt" from raw.bluesky_posts') == [
        (claimed, "2024-03-02T10:00:01.000Z")
    ]


def test_time_of_a_repost_is_that_of_the_repost(tmp_path: Path) -> None:
    odd = view(1, YOU, record={"createdAt": "0000-10-14T15:06:10.730Z"})
    loaded = load(written(tmp_path, pages([repost_of(odd), repost_of(view(2, YOU), indexedAt="never")])))
    assert loaded.rejected == [(2, "impossible_time")]


def test_repost_by_nobody_is_rejected(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, pages([{"post": view(1)}, repost_of(view(2, YOU), by=None)])))
    assert loaded.rejected == [(2, "missing_column")]


def test_owner_is_who_posts_and_reposts(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, pages(sample())))
    assert (loaded.result.owner_account_id, loaded.result.owner_handle) == (ME, "me.example")
    assert loaded.result.is_census is None and loaded.result.observed_at is None
    assert not loaded.result.is_synthetic, "only handles of X are judged by their length"
    several = load(written(tmp_path, json.dumps([view(1), view(2, YOU)]), "search.json"))
    assert several.result.owner_account_id is None and several.result.is_census is False


def test_a_line_that_is_no_page_is_not_passed_over(tmp_path: Path) -> None:
    text = (
        page_lines([{"post": view(1)}]) + '\n{"error": "ExpiredToken", "message": "…"}\n{"feed": [], "cursor": "x"}\n'
    )
    loaded = load(written(tmp_path, text))
    assert loaded.counts == (2, 1, 1)
    assert loaded.rejected == [(2, "not_a_post_api_error")]


def test_empty_first_page_is_recognised(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, '{"feed": []}\n' + page_lines([{"post": view(1)}])))
    assert loaded.counts == (1, 1, 0)


def test_address_of_something_else_is_no_post(tmp_path: Path) -> None:
    feed = {**view(1), "uri": f"at://{ME}/app.bsky.feed.generator/whats-hot"}
    loaded = load(written(tmp_path, json.dumps([view(2), feed])))
    assert loaded.rejected == [(2, "bad_id")]


def test_nothing_is_left_of_a_capture_without_a_post(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(written(tmp_path, json.dumps([view(1, record={"createdAt": "0000-01-01T00:00:00Z"})])))
    assert error.value.code == "impossible_time"


def test_repository_of_bluesky_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "repo.car"
    path.write_bytes(b"\x3a\xa2eroots\x81\xd8*X%\x00\x01q\x12 " + b"\x00" * 64)
    with pytest.raises(InputError) as error:
        load(path)
    assert "CAR" in str(error.value) and "getAuthorFeed" in str(error.value)
