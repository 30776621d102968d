"""The demo captures: reproducible, plainly synthetic, native in form, and true to what is written down about them.

The files are read back here with plain JSON, never with a connector, so that a mistake cannot hide in both.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.contract import DBT_PROJECT_DIR
from orchestration.demo import DemoTruth, generate, native, texts
from orchestration.demo.generator import ACCOUNTS, API_NAME, ARCHIVE_NAME

LONGEST_HANDLE_ON_X = 15


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, generate(folder)


@pytest.fixture(scope="module")
def archive(demo: tuple[Path, DemoTruth]) -> dict[str, str]:
    with zipfile.ZipFile(demo[0] / ARCHIVE_NAME) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def javascript(text: str) -> Any:
    return json.loads(text[text.index("=") + 1 :])


def tweets(archive: dict[str, str]) -> list[dict[str, Any]]:
    parts = ("data/tweets.js", "data/tweets-part1.js")
    return [record["tweet"] for part in parts for record in javascript(archive[part])]


def api_posts(folder: Path) -> list[dict[str, Any]]:
    posts = []
    for line in (folder / API_NAME).read_text(encoding="utf-8").splitlines()[:-1]:
        posts += json.loads(line).get("data", [])
    return posts


def test_same_seed_gives_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        generate(tmp_path / name, seed=seed, scale=0.25)
    for file in ("truth.json", "truth_posts.jsonl", ARCHIVE_NAME, API_NAME):
        content = [(tmp_path / name / file).read_bytes() for name in ("first", "again", "other")]
        assert content[0] == content[1]
        assert content[0] != content[2]


def test_no_handle_can_exist_on_x() -> None:
    assert all(len(account.handle) > LONGEST_HANDLE_ON_X for account in ACCOUNTS.values())


def test_everything_says_that_it_is_synthetic(demo: tuple[Path, DemoTruth], archive: dict[str, str]) -> None:
    folder, truth = demo
    posts = [tweet["full_text"] for tweet in tweets(archive)] + [post["text"] for post in api_posts(folder)]
    assert [text for text in posts if "[synthetic]" not in text and "[sintetis]" not in text] == []
    assert "synthetic" in archive["data/manifest.js"] and "synthetic" in archive["README_SYNTHETIC.txt"]
    assert all(name.startswith("synthetic_") for name in truth.capture_names)
    assert "(synthetic)" in truth.organisation["name"]


def test_ids_carry_the_stated_time_but_for_the_planted_one(
    demo: tuple[Path, DemoTruth], archive: dict[str, str]
) -> None:
    folder, truth = demo
    stated = [
        (tweet["id_str"], datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y"))
        for tweet in tweets(archive)
    ]
    stated += [(post["id"], datetime.fromisoformat(post["created_at"])) for post in api_posts(folder)]
    contradicting = {
        post_id
        for post_id, at in stated
        if not timedelta(0) <= native.snowflake_time(post_id) - at < timedelta(seconds=1)
    }
    assert contradicting == {truth.planted["false_time"]["post_id"]}


def test_ids_do_not_look_damaged(archive: dict[str, str]) -> None:
    ids = {tweet["id_str"] for tweet in tweets(archive)}
    assert sum(post_id.endswith("00") for post_id in ids) < 0.02 * len(ids)
    assert sum(int(post_id) % 64 == 0 for post_id in ids) < 0.05 * len(ids)


def test_positions_of_entities_are_code_points_of_the_delivered_text(
    demo: tuple[Path, DemoTruth], archive: dict[str, str]
) -> None:
    for tweet in tweets(archive):
        text = tweet["full_text"]
        for tag in tweet["entities"]["hashtags"]:
            assert text[int(tag["indices"][0]) + 1 : int(tag["indices"][1])] == tag["text"]
        for mention in tweet["entities"]["user_mentions"]:
            assert text[int(mention["indices"][0]) : int(mention["indices"][1])] == "@" + mention["screen_name"]
        for media in tweet["entities"].get("media", []):
            assert text[int(media["indices"][0]) : int(media["indices"][1])] == media["url"]
    for post in api_posts(demo[0]):
        for tag in post.get("entities", {}).get("hashtags", []):
            assert post["text"][tag["start"] + 1 : tag["end"]] == tag["tag"]


def test_manifest_and_headers_state_the_true_counts(archive: dict[str, str]) -> None:
    manifest = javascript(archive["data/manifest.js"])
    for members in manifest["dataTypes"].values():
        for member in members["files"]:
            assert int(member["count"]) == len(javascript(archive[member["fileName"]])), member
    assert len(javascript(archive["data/tweet-headers.js"])) == len(tweets(archive))


def test_canaries_lie_only_where_they_were_planted(demo: tuple[Path, DemoTruth], archive: dict[str, str]) -> None:
    folder, truth = demo
    places = {name: [m for m, text in archive.items() if c in text] for name, c in truth.canaries.items()}
    assert "data/direct-messages.js" in places["sensitive"]
    assert not {"data/tweets.js", "data/tweets-part1.js", "data/note-tweet.js"} & set(places["sensitive"])
    assert places["deleted_file"] == ["data/deleted-tweets.js"]
    assert places["deleted_text"] == []
    seen = [post["id"] for post in api_posts(folder) if truth.canaries["deleted_text"] in post["text"]]
    assert len(seen) == truth.planted["deleted_posts_seen_by_api"] == truth.records["deleted"]


def test_records_add_up(demo: tuple[Path, DemoTruth], archive: dict[str, str]) -> None:
    folder, truth = demo
    records = truth.records
    assert records["delivered"] == len(tweets(archive)) + len(api_posts(folder)) + 1
    assert records["delivered"] == records["loaded"] + records["rejected"]
    assert records["loaded"] == sum(records[key] for key in ("kept", "duplicate", "superseded", "deleted"))
    assert records["kept"] == len(truth.posts) == len({post.post_id for post in truth.posts})
    lines = (folder / API_NAME).read_text(encoding="utf-8").splitlines()
    assert set(json.loads(lines[-2])) == {"errors"}
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[-1])


def test_truth_agrees_with_a_plain_count_of_the_archive(demo: tuple[Path, DemoTruth], archive: dict[str, str]) -> None:
    _, truth = demo
    handle = truth.organisation["handle"]
    latest = {tweet["id_str"]: tweet for tweet in tweets(archive)}
    for tweet in list(latest.values()):
        versions = tweet.get("edit_info", {}).get("initial", {}).get("editTweetIds", [])
        for version in versions[:-1]:
            latest.pop(version, None)
        later = tweet.get("edit_info", {}).get("edit", {}).get("editControlInitial", {}).get("editTweetIds", [])
        if later and tweet["id_str"] != later[-1]:
            latest.pop(tweet["id_str"], None)
    assert set(latest) == {post.post_id for post in truth.posts_of(handle)}
    kinds: Counter[str] = Counter()
    months: Counter[str] = Counter()
    for tweet in latest.values():
        at = datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y")
        months[f"{at.astimezone(UTC) + timedelta(hours=7):%Y-%m}"] += 1
        urls = [url["expanded_url"] for url in tweet["entities"]["urls"]]
        if tweet["full_text"].startswith("RT @"):
            kinds["repost"] += 1
        elif "in_reply_to_screen_name" in tweet:
            kinds["self_reply" if tweet["in_reply_to_screen_name"] == handle else "reply"] += 1
        elif any("/status/" in url for url in urls):
            kinds["quote"] += 1
        else:
            kinds["original"] += 1
    assert dict(kinds) == dict(truth.kinds)
    stated: Counter[str] = Counter()
    for zone, month, _, count in truth.months:
        if zone == "Asia/Jakarta":
            stated[month] += count
    assert months == stated


def test_planted_effects_are_there(demo: tuple[Path, DemoTruth]) -> None:
    _, truth = demo
    months = {month for _, month, _, _ in truth.months}
    assert not months & set(truth.planted["empty_months"])
    assert truth.planted["step"]["mean_after"] > 2 * truth.planted["step"]["mean_before"]
    assert truth.planted["burst"]["mean"] > 1.7 * truth.planted["step"]["mean_after"]
    assert 4500 < len(truth.posts_of(truth.organisation["handle"])) < 5500
    # The month edges make Jakarta's months differ from those of UTC.
    by_zone = {zone: {tuple(row[1:]) for row in truth.months if row[0] == zone} for zone in ("UTC", "Asia/Jakarta")}
    assert by_zone["UTC"] != by_zone["Asia/Jakarta"]
    for effect in (
        "reposts_with_cut_text",
        "self_replies",
        "posts_with_escapes",
        "posts_with_emoji",
        "posts_with_full_width_letters",
        "posts_with_full_width_hash",
        "posts_with_a_tag_twice",
        "edited_posts",
        "long_posts",
    ):
        assert truth.planted[effect] > 0, effect
    assert truth.engagement["likes_of_those_in_api"] < truth.engagement["likes_of_those_in_archive"]


def test_long_posts_begin_in_the_archive_and_end_in_the_notes(
    demo: tuple[Path, DemoTruth], archive: dict[str, str]
) -> None:
    _, truth = demo
    notes = [record["noteTweet"] for record in javascript(archive["data/note-tweet.js"])]
    beginnings = {tweet["id_str"]: tweet["full_text"] for tweet in tweets(archive)}
    for post in truth.posts:
        if post.is_long:
            matching = [note for note in notes if note["core"]["text"].startswith(beginnings[post.post_id])]
            assert len(matching) == 1
            assert matching[0]["noteTweetId"] != post.post_id
            assert {tag["text"] for tag in matching[0]["core"]["hashtags"]} == set(post.hashtags)


def pattern(term: str) -> re.Pattern[str]:
    body = re.escape(term.lower()).replace(r"\*", r"\w*").replace(r"\ ", r"[\s-]+")
    return re.compile(rf"(?<![\w#@]){body}(?!\w)")


def carries(text: str, row: dict[str, str]) -> bool:
    if row["kind"] == "hashtag":
        return row["term"] in re.findall(r"#(\w+)", text)
    return bool(pattern(row["term"]).search(text))


def condition_met(text: str, row: dict[str, str], terms: list[dict[str, str]]) -> bool:
    """Whether a term counts in this text: some terms count only beside a word or a theme."""
    return not row["requires"] or any(
        any(carries(text, other) for other in terms if other["theme_code"] == wanted)
        if "." in wanted
        else pattern(wanted).search(text)
        for wanted in row["requires"].split("|")
    )


@pytest.mark.skipif(
    not (DBT_PROJECT_DIR / "seeds/codebook/codebook_terms.csv").exists(), reason="no codebook beside the project"
)
def test_sentences_hold_the_terms_of_their_themes_and_no_others() -> None:
    """Theme truth stands on phrases; the project's codebook must find a term exactly where a phrase is."""
    with (DBT_PROJECT_DIR / "seeds/codebook/codebook_terms.csv").open(encoding="utf-8", newline="") as handle:
        terms = [row for row in csv.DictReader(handle) if row["case_sensitive"] != "true"]
    said = {sentence for theme in texts.SENTENCES.values() for group in theme.values() for sentence in group}
    for spoken in (texts.REPOSTED, texts.REPLIES, texts.THREAD, texts.QUOTES, texts.TOWARDS_US):
        said |= {sentence for group in spoken.values() for sentence in group}
    said |= set(texts.LONG_POST.values())
    said |= {f"#{tag}" for tag, _, _ in texts.HASHTAGS}
    for sentence in said:
        text = sentence.lower()
        for code, phrases in texts.THEME_PHRASES.items():
            found = [
                row
                for row in terms
                if (row["theme_code"] == code or row["theme_code"].startswith(code + ".")) and carries(text, row)
            ]
            if any(phrase in text for phrase in phrases):
                assert any(condition_met(text, row, terms) for row in found), (code, sentence)
            else:
                assert not found, (code, sentence, found)


def test_command_writes_the_captures(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    from orchestration.demo.__main__ import main

    monkeypatch.setattr("sys.argv", ["demo", str(tmp_path), "--scale", "0.25"])
    main()
    assert "synthetic, does not exist" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {ARCHIVE_NAME, API_NAME, "truth.json", "truth_posts.jsonl"}


def test_too_small_a_scale_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"0\.25 or more"):
        generate(tmp_path, scale=0.1)
