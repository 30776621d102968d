"""The modern X archive: every part is read, nothing private is opened, its own counts are checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.contract import InputError
from tests.unit.connectors_support import js, load, new_warehouse, row_count, write


def a_post(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id_str": str(1_100_000_000_000_000_000 + number),
        "created_at": "Sat Mar 02 04:05:06 +0000 2019",
        "full_text": f"Synthetic post {number} &amp; more #migrasi",
        "lang": "in",
        "favorite_count": "3",
        "retweet_count": "0",
        "truncated": False,
        "display_text_range": ["0", "30"],
        "entities": {"hashtags": [{"text": "migrasi", "indices": ["22", "30"]}], "user_mentions": [], "urls": []},
        **fields,
    }


def wrapped(*posts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"tweet": post} for post in posts]


ACCOUNT = js(
    "account",
    [
        {
            "account": {
                "email": "nobody@example.org",
                "accountId": "9150701000001",
                "username": "SuaraSyntheticOrgDemo",
                "accountDisplayName": "Yayasan Suara Sintetis (synthetic)",
                "createdAt": "2015-06-01T00:00:00.000Z",
            }
        }
    ],
)


def manifest(counts: dict[str, int], partial: bool = False, **data_types: Any) -> str:
    files = {key: {"files": [{"fileName": f"data/{key}.js", "count": str(count)}]} for key, count in counts.items()}
    value = {
        "userInfo": {"accountId": "9150701000001", "userName": "SuaraSyntheticOrgDemo", "displayName": "S"},
        "archiveInfo": {"generationDate": "2022-12-31T12:00:00.824Z", "isPartialArchive": partial},
        "dataTypes": {**files, **data_types},
    }
    return "window.__THAR_CONFIG = " + json.dumps(value, indent=2)


def archive(posts: list[dict[str, Any]], **more: str) -> dict[str, str]:
    return {
        "data/tweets.js": js("tweets", wrapped(*posts)),
        "data/account.js": ACCOUNT,
        "data/manifest.js": manifest({"tweets": len(posts)}),
        "data/README.txt": "This is a synthetic archive. tweets.js id_str created_at",
        **more,
    }


@pytest.mark.parametrize("name", ["a.zip", "folder"])
@pytest.mark.parametrize("folder", ["", "twitter-2022-12-31-synthetic/"])
def test_archive_is_read_from_zip_and_folder_at_the_top_or_one_folder_down(
    tmp_path: Path, name: str, folder: str
) -> None:
    members = {folder + member: text for member, text in archive([a_post(1), a_post(2)]).items()}
    loaded = load(write(tmp_path / name, members))
    assert loaded.counts == (2, 2, 0)
    result = loaded.result
    assert (result.source, result.platform, result.is_census) == ("x_archive", "x", True)
    assert (result.owner_account_id, result.owner_handle) == ("9150701000001", "SuaraSyntheticOrgDemo")
    assert str(result.observed_at) == "2022-12-31 12:00:00.824000+00:00"
    assert (result.coverage_from, result.coverage_to) == (result.owner_created_at, result.observed_at)
    assert result.is_synthetic
    assert loaded.rows("select record_no, id_str, entities.hashtags[1].indices from raw.x_archive_posts") == [
        (1, "1100000000000000001", ["22", "30"]),
        (2, "1100000000000000002", ["22", "30"]),
    ]


def test_all_parts_are_read_under_all_their_names(tmp_path: Path) -> None:
    parts = {
        "data/tweet.js": js("tweet", wrapped(a_post(1))),
        "data/tweet-part1.js": js("tweet", wrapped(a_post(2)), "window.YTD.{}.part1 = "),
        "data/tweets-part2.js": js("tweets", wrapped(a_post(3)), "window.YTD.{}.part2 = ") + ";\n",
    }
    loaded = load(write(tmp_path / "a.zip", {**parts, "data/account.js": ACCOUNT}))
    assert loaded.rows("select record_no, member, id_str[-1:] from raw.x_archive_posts order by 1") == [
        (1, "data/tweet-part1.js", "2"),
        (2, "data/tweet.js", "1"),
        (3, "data/tweets-part2.js", "3"),
    ]


def test_very_old_archive_without_wrappers_is_read(tmp_path: Path) -> None:
    loaded = load(write(tmp_path / "a.zip", {"data/tweet.js": js("tweet", [a_post(1), a_post(2)])}))
    assert loaded.counts == (2, 2, 0)


def test_wrapped_and_bare_posts_in_one_file_are_both_read(tmp_path: Path) -> None:
    loaded = load(write(tmp_path / "a.zip", {"data/tweet.js": js("tweet", [*wrapped(a_post(1)), a_post(2)])}))
    assert loaded.counts == (2, 2, 0)


def test_single_posts_file_is_read_without_claims_about_its_owner(tmp_path: Path) -> None:
    write(tmp_path, {"tweets.js": js("tweets", wrapped(a_post(1)))})
    result = load(tmp_path / "tweets.js").result
    assert result.loaded_count == 1
    assert (result.owner_account_id, result.is_census, result.coverage_from, result.observed_at) == (None,) * 4


def test_long_texts_and_deletions_are_read_and_deleted_texts_are_not(tmp_path: Path) -> None:
    note = {
        "noteTweetId": "1800",
        "createdAt": "2023-02-18T12:33:11.000Z",
        "updatedAt": "2023-02-18T12:33:12.000Z",
        "core": {
            "text": "A long synthetic text",
            "hashtags": [{"text": "migrasi", "fromIndex": 3, "toIndex": "9"}],
            "mentions": [],
            "urls": [{"shortUrl": "https://t.co/a", "expandedUrl": "https://example.org", "fromIndex": "0"}],
        },
    }
    other_form = {
        "noteTweet": {
            "tweetId": "1801",
            "createdAt": "2023-02-18T12:33:11.000Z",
            "noteTweetResults": {"result": {"text": "The other form"}},
        }
    }
    deleted = a_post(9, full_text="CANARY", deleted_at="2022-12-01T00:00:00.000Z")
    more = {
        "data/note-tweet.js": js("note_tweet", [{"noteTweet": note}, other_form]),
        "data/deleted-tweets.js": js("deleted_tweets", wrapped(deleted)),
    }
    loaded = load(write(tmp_path / "a.zip", archive([a_post(1)], **more)))
    assert {(m.record_type, m.loaded_count) for m in loaded.result.members} == {
        ("post", 1),
        ("note", 2),
        ("deletion", 1),
    }
    assert loaded.rows("select note_tweet_id, text, hashtags from raw.x_archive_notes order by 1") == [
        ("1800", "A long synthetic text", [{"text": "migrasi", "fromIndex": "3", "toIndex": "9"}]),
        ("1801", "The other form", None),
    ]
    assert loaded.rows("select id_str, deleted_at from raw.x_archive_deletions") == [
        ("1100000000000000009", "2022-12-01T00:00:00.000Z")
    ]
    assert not any("CANARY" in str(row) for row in loaded.rows("from raw.x_archive_deletions"))


def test_private_files_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.connectors.files import CaptureFiles

    private = ("direct-messages", "twitter-circle-tweet", "contact", "ad-impressions", "like", "email-address-change")
    opened: list[str] = []
    really_open = CaptureFiles.open

    def watched(self: CaptureFiles, name: str) -> Any:
        opened.append(name)
        return really_open(self, name)

    monkeypatch.setattr(CaptureFiles, "open", watched)
    more = {f"data/{name}.js": js(name, [{"tweet": a_post(99)}]) for name in private}
    assert load(write(tmp_path / "a.zip", archive([a_post(1)], **more))).counts == (1, 1, 0)
    assert opened and not [name for name in opened if any(word in name for word in private)]


def test_counts_of_the_archive_itself_are_set_beside_ours(tmp_path: Path) -> None:
    listed = {
        "files": [{"fileName": "data/tweets.js", "count": "1"}, {"fileName": "data/tweets-part1.js", "count": "4"}]
    }
    headers = [{"tweet": {"tweet_id": str(i), "user_id": "1", "created_at": "x"}} for i in range(3)]
    more = {
        "data/manifest.js": manifest({"deletedTweets": 0}, tweets=listed),
        "data/tweet-headers.js": js("tweet_headers", headers),
    }
    loaded = load(write(tmp_path / "a.zip", archive([a_post(1)], **more)))
    assert loaded.totals == {"manifest.tweets": (5, 1), "manifest.deletedTweets": (0, 0), "tweet_headers": (3, 1)}
    total = next(one for one in loaded.result.control_totals if one.statement == "manifest.tweets")
    assert not total.agrees and total.note == "not in the capture: data/tweets-part1.js"


def test_partial_archive_claims_no_coverage(tmp_path: Path) -> None:
    result = load(
        write(tmp_path / "a.zip", archive([a_post(1)], **{"data/manifest.js": manifest({"tweets": 1}, partial=True)}))
    ).result
    assert (result.is_census, result.coverage_from, result.coverage_to) == (False, None, None)


def test_archive_without_manifest_has_no_time_of_observation(tmp_path: Path) -> None:
    members = archive([a_post(1)])
    del members["data/manifest.js"]
    result = load(write(tmp_path / "a.zip", members)).result
    assert (result.observed_at, result.coverage_to, result.is_census) == (None, None, True)
    assert "not stated" in result.observed_at_basis


def test_broken_manifest_is_rejected_and_the_posts_are_kept(tmp_path: Path) -> None:
    loaded = load(write(tmp_path / "a.zip", archive([a_post(1)], **{"data/manifest.js": 'window.x = {"a": '})))
    assert loaded.counts == (2, 1, 1)
    assert loaded.result.rejected[0].member == "data/manifest.js"


def test_broken_posts_are_rejected_and_their_neighbours_load(tmp_path: Path) -> None:
    whole = js("tweets", wrapped(*(a_post(i) for i in range(1, 8))))
    text = whole.replace('"full_text": "Synthetic post 2', '"full_text": Synthetic post 2')
    text = text.replace('"id_str": "1100000000000000004",', "")
    text = text.replace('"truncated": false', '"truncated": "perhaps"', 1)
    text = text.replace("post 6", "post \\ud83d 6")
    text = text.replace("1100000000000000007", "1.1E+18")
    loaded = load(write(tmp_path / "a.zip", archive([], **{"data/tweets.js": text})))
    assert loaded.counts == (7, 2, 5)
    assert loaded.rejected == [
        (1, "wrong_type"),
        (2, "broken_json"),
        (4, "missing_column"),
        (6, "broken_unicode"),
        (7, "bad_id"),
    ]
    assert loaded.rows("select record_no, id_str[-1:] from raw.x_archive_posts order by 1") == [(3, "3"), (5, "5")]
    assert all(len(record.form) <= 200 and record.next_step for record in loaded.result.rejected)


def test_archive_that_ends_in_the_middle_keeps_what_came_before(tmp_path: Path) -> None:
    text = js("tweets", wrapped(a_post(1), a_post(2), a_post(3)))
    loaded = load(write(tmp_path / "a.zip", archive([], **{"data/tweets.js": text[: text.index("post 3")]})))
    assert loaded.counts == (3, 2, 1) and loaded.rejected == [(3, "cut_off")]


def test_windows_1252_is_rejected_with_its_place_and_utf16_is_read(tmp_path: Path) -> None:
    text = js("tweets", wrapped(a_post(1), a_post(2, full_text="caf\u00e9"), a_post(3)))
    loaded = load(write(tmp_path / "a.zip", archive([], **{"data/tweets.js": text.encode("cp1252")})))  # type: ignore[dict-item]
    assert loaded.rejected == [(2, "not_utf8")]
    place = text.encode("cp1252").index(0xE9) + 1
    assert f"byte 0xe9 at byte {place:,} of the file" in loaded.result.rejected[0].found
    assert loaded.result.encoding == "utf-8 (1 records with invalid bytes)"
    loaded = load(write(tmp_path / "b.zip", archive([], **{"data/tweets.js": text.encode("utf-16")})))  # type: ignore[dict-item]
    assert loaded.counts == (3, 3, 0) and loaded.result.encoding == "utf-16-le"


def test_archive_of_no_posts_is_an_archive(tmp_path: Path) -> None:
    loaded = load(write(tmp_path / "a.zip", archive([])))
    assert loaded.counts == (0, 0, 0) and loaded.totals == {"manifest.tweets": (0, 0)}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"data/account.js": ACCOUNT}, "missing_file"),
        (archive([], **{"data/tweets.js": js("tweets", [{"tweet": {"id": "1", "full_text": "a"}}])}), "missing_column"),
        ({f"{name}/data/tweets.js": js("tweets", wrapped(a_post(1))) for name in "ab"}, "several_archives"),
    ],
)
def test_unusable_archive_is_refused_and_nothing_is_inserted(
    tmp_path: Path, members: dict[str, str], code: str
) -> None:
    con = new_warehouse()
    with pytest.raises(InputError) as caught:
        load(write(tmp_path / "a.zip", members), con=con)
    assert caught.value.code == code and caught.value.file.startswith("a.zip") and caught.value.next_step
    assert row_count(con) == 0


def test_refused_part_takes_the_loaded_parts_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.connectors.records.MAX_REJECTED", 2)
    bad = js("tweets", [{"tweet": {}}] * 5, "window.YTD.{}.part1 = ")
    members = archive([a_post(1)], **{"data/tweets-part1.js": bad})
    con = new_warehouse()
    with pytest.raises(InputError) as caught:
        load(write(tmp_path / "a.zip", members), con=con)
    assert (caught.value.code, caught.value.file) == ("too_many_rejected", "a.zip: data/tweets-part1.js")
    assert row_count(con) == 0


def test_load_inside_a_transaction_is_refused_before_it_can_harm(tmp_path: Path) -> None:
    con = new_warehouse()
    con.execute("begin")
    with pytest.raises(RuntimeError, match="outside a transaction"):
        load(write(tmp_path / "a.zip", archive([a_post(1)])), con=con)
