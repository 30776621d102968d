"""Repositories of Bluesky (CAR): every post and repost of the tree, damage that is known for certain, refusals, and
what is left without some records.

The files are made by hand after the specification; no real one was at hand.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from libipld import decode_car, encode_dag_cbor

from orchestration.connectors.bluesky_repository import without_records
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
    assert (rejected.reason_code, rejected.record_no) == ("damaged_block", 10)
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


# Without some records ----------------------------------------------------------------------------------------------


# Roots of trees over these keys of `com.example.record`, each with one and the same record, and a key that goes before:
# bluesky-social/atproto, packages/repo/tests/mst.test.ts ("MST Interop Known Maps", "MST Interop Edge Cases").
RECORD = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"
TREES = {
    "empty": ("bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm", "", "m3fo"),
    "one record": ("bafyreibj4lsc3aqnrvphp5xmrnfoorvru4wynt6lwidqbm2623a6tatzdu", "m3fo", "m3fx"),
    "one record two levels up": ("bafyreih7wfei65pxzhauoibu3ls7jgmkju4bspy4t2ha2qdjnzqvoy33ai", "m3fx", "m3fo"),
    "two levels": (
        "bafyreicmahysq4n6wfuxo522m6dpiy7z7qzym3dzs756t5n7nfdgccwq7m",
        "m3fp m3fr m3fs m3ft m4fc",
        "m3fx",
    ),
    "a level without paths": (
        "bafyreiavxaxdz7o7rbvr3zg2liox2yww46t7g6hkehx4i4h3lwudly7dhy",
        "m3ft m3fx m3fz",
        "m4fd",
    ),
    "the top goes": (
        "bafyreie4kjuxbwkhzg2i5dljaswcroeih4dgiqq6pazcmunwt2byd725vi",
        "m3fn m3fo m3fp m3ft m3fu",
        "m3fs",
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_tree_that_is_left_is_the_one_that_servers_build(name: str) -> None:
    root, stays, goes = TREES[name]
    record = cid_of(RECORD)
    keys = {end: f"com.example.record/3jqfcqz{end}2j" for end in (*stays.split(), goes)}
    content = bluesky_repository(ME, dict.fromkeys(keys.values(), record))
    header, left = decode_car(b"".join(without_records(content, "repo.car", {keys[goes]}, {})))
    assert left[header["roots"][0]]["data"] == cid_of(root)


def cid_of(text: str) -> bytes:
    return base64.b32decode(f"{text[1:].upper()}======")


def frames(content: bytes) -> dict[bytes, bytes]:
    """The bytes of every block by its address, taken apart by hand."""
    found, at = {}, 0
    while at < len(content):
        length = shift = 0
        while True:
            byte, at = content[at], at + 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found[content[at : at + 36]], at = content[at + 36 : at + length], at + length
    return found


GONE = frozenset(f"app.bsky.feed.post/3k{number:011}" for number in (3, 4, 11))


def test_records_that_stay_keep_their_bytes_and_nothing_is_left_of_the_others(tmp_path: Path) -> None:
    content = bluesky_repository(ME, records(25), bluesky_tid(CHANGED))
    left = b"".join(without_records(content, "repo.car", GONE, {}))
    before, after = frames(content), frames(left)
    for key, value in records(25).items():
        data = encode_dag_cbor(value)
        cid = bytes.fromhex("01711220") + hashlib.sha256(data).digest()
        assert before[cid] == data
        if key in GONE:
            assert value["text"].encode() not in left and cid not in left
        else:
            assert after[cid] == data
    loaded = load(written(tmp_path, left))
    assert loaded.counts == (23, 23, 0)
    assert loaded.rows("select uri from raw.bluesky_posts where reason is null order by record_no") == [
        (bluesky_view(n)["uri"],) for n in range(1, 26) if n not in (3, 4, 11)
    ]
    assert (loaded.result.owner_name, loaded.result.observed_at) == ("Synthetic", CHANGED)


def test_nothing_vouches_for_the_tree_that_held_what_went() -> None:
    content = bluesky_repository(ME, records(9))
    header, left = decode_car(b"".join(without_records(content, "repo.car", GONE, {})))
    commit = left[header["roots"][0]]
    assert "sig" not in commit and commit["prev"] is None
    assert (commit["did"], commit["rev"]) == (ME, "3kozqpv2k2222")


def test_block_that_two_records_share_stays_with_the_one_that_stays(tmp_path: Path) -> None:
    twice = {"app.bsky.feed.post/3ka": record(1), "app.bsky.feed.post/3kb": record(1)}
    left = b"".join(without_records(bluesky_repository(ME, twice), "repo.car", {"app.bsky.feed.post/3ka"}, {}))
    assert load(written(tmp_path, left)).rows("select uri, record.text from raw.bluesky_posts") == [
        (f"at://{ME}/app.bsky.feed.post/3kb", record(1)["text"])
    ]


def test_damaged_block_stays_and_is_rejected_as_before(tmp_path: Path) -> None:
    content = changed(bluesky_repository(ME, records(9)), b"Synthetic post 6", b"Xynthetic post 6")
    left = b"".join(without_records(content, "repo.car", GONE, {}))
    assert b"Xynthetic post 6" in left
    loaded = load(written(tmp_path, left))
    assert loaded.counts == (8, 7, 1)
    assert [one.reason_code for one in loaded.result.rejected] == ["damaged_block"]


def test_block_that_no_path_leads_to_goes_too() -> None:
    """An earlier form of a record, or a removed one whose address is damaged: nobody reads it, and it holds a text."""
    content = bluesky_repository(ME, records(9))
    stray = encode_dag_cbor(record(4))
    frame = bytes([36 + len(stray) & 0x7F | 0x80, 36 + len(stray) >> 7]) + bytes(36) + stray
    left = b"".join(without_records(content + frame, "repo.car", GONE, {}))
    assert b"Synthetic post 4" not in left
