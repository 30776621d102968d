"""Repositories of Bluesky (CAR): every post and repost of the tree, damage that is known for certain, refusals.

The files are made by hand after the specification; no real one was at hand.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.contract import InputError
from tests.fixtures.json_captures import BLUESKY_ME as ME
from tests.fixtures.json_captures import BLUESKY_YOU as YOU
from tests.fixtures.json_captures import bluesky_repository, bluesky_tid, bluesky_view
from tests.unit.connectors_support import load

CHANGED = datetime(2024, 4, 1, 12, 30, 15, 250_000, tzinfo=UTC)


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {**bluesky_view(number)["record"], **fields}


def records(posts: int) -> dict[str, dict[str, Any]]:
    subject = {"uri": bluesky_view(5, YOU)["uri"], "cid": "bafy5"}
    return {
        **{f"app.bsky.feed.post/3k{number:011}": record(number) for number in range(1, posts + 1)},
        "app.bsky.feed.repost/3kz": {"subject": subject, "createdAt": "2024-03-30T10:00:00.000Z"},
        "app.bsky.feed.like/3ky": {"subject": subject, "createdAt": "2024-03-30T10:00:00.000Z"},
        "app.bsky.graph.follow/3kx": {"subject": YOU, "createdAt": "2024-03-30T10:00:00.000Z"},
        "app.bsky.actor.profile/self": {"displayName": "Synthetic", "createdAt": "2023-12-24T18:00:00.000Z"},
    }


def written(folder: Path, content: bytes, name: str = "repo.car") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_every_post_and_repost_is_loaded_and_nothing_else(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, bluesky_repository(ME, records(25), bluesky_tid(CHANGED))))
    assert loaded.counts == (26, 26, 0)
    assert loaded.rows(
        "select record_no, uri, author.did, record.text, reason.uri is not null from raw.bluesky_posts order by 1"
    ) == [
        *((n, bluesky_view(n)["uri"], ME, record(n)["text"], False) for n in range(1, 26)),
        (26, bluesky_view(5, YOU)["uri"], YOU, None, True),
    ]


def test_what_a_repository_says_of_its_account(tmp_path: Path) -> None:
    result = load(written(tmp_path, bluesky_repository(ME, records(2), bluesky_tid(CHANGED)))).result
    assert (result.owner_account_id, result.owner_handle, result.owner_name) == (ME, None, "Synthetic")
    assert (result.is_census, result.observed_at, result.coverage_to) == (True, CHANGED, CHANGED)
    assert result.coverage_from == datetime(2023, 12, 24, 18, tzinfo=UTC)


def test_attachments_and_links_to_blocks_are_kept(tmp_path: Path) -> None:
    image = {"alt": "", "image": {"$type": "blob", "ref": bytes.fromhex("01551220") + bytes(32), "size": 1}}
    embed = {"$type": "app.bsky.embed.images", "images": [image, image]}
    content = bluesky_repository(ME, {"app.bsky.feed.post/3k1": record(1, embed=embed)})
    assert load(written(tmp_path, content)).rows(
        "select json_extract_string(embed, '$.\"$type\"'), json_array_length(embed, '$.images') from raw.bluesky_posts"
    ) == [("app.bsky.embed.images", 2)]


def test_record_whose_block_is_damaged_is_rejected_and_its_neighbours_load(tmp_path: Path) -> None:
    content = bluesky_repository(ME, records(9))
    place = content.index(b"Synthetic post 4")
    damaged = content[:place] + b"X" + content[place + 1 :]
    loaded = load(written(tmp_path, damaged))
    assert loaded.counts == (10, 9, 1)
    (rejected,) = loaded.result.rejected
    assert (rejected.reason_code, rejected.excerpt) == ("damaged_block", bluesky_view(4)["uri"])
    assert loaded.result.is_census is None, "a post is missing: it is no longer every post"


def changed(content: bytes, before: bytes, after: bytes) -> bytes:
    assert before in content and len(before) == len(after)
    return content.replace(before, after, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: content[:-1], "cut_file"),
        (lambda content: content[: len(content) // 2], "cut_file"),
        # nothing below a damaged commit or node can be found, and what was there cannot be told
        (lambda content: changed(content, b"did:plc", b"did:PLC"), "broken_tree"),
        (lambda content: changed(content, b"app.bsky.feed.post/", b"app.bsky.feed.p0st/"), "broken_tree"),
    ],
    ids=["last byte", "half", "commit", "node"],
)
def test_repository_whose_tree_is_not_whole_is_refused(change: Any, code: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        load(written(tmp_path, change(bluesky_repository(ME, records(9)))))
    assert refused.value.code == code and refused.value.next_step and refused.value.file == "repo.car"


def test_repository_without_posts_is_refused(tmp_path: Path) -> None:
    content = bluesky_repository(ME, {"app.bsky.actor.profile/self": {"displayName": "Nobody"}})
    with pytest.raises(InputError) as refused:
        load(written(tmp_path, content))
    assert refused.value.code == "no_records"


def test_two_repositories_in_one_capture_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    written(folder, bluesky_repository(ME, records(2)), "a.car")
    written(folder, bluesky_repository(YOU, records(2)), "b.car")
    with pytest.raises(InputError) as refused:
        load(folder)
    assert refused.value.code == "several_archives"


def test_repost_of_what_is_no_post_is_rejected(tmp_path: Path) -> None:
    odd = {"subject": {"uri": f"at://{YOU}/app.bsky.feed.generator/x", "cid": "x"}, "createdAt": "2024-03-30T10:00:00Z"}
    loaded = load(written(tmp_path, bluesky_repository(ME, {**records(1), "app.bsky.feed.repost/3kzz": odd})))
    assert loaded.counts == (3, 2, 1)
