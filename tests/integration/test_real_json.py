"""Real JSON of X API v1.1, of the web client and of another tool's tests: the warehouse must give the same numbers as
an independent count, or docs/explanation/differences.md says why ours are right.

All packages go into one warehouse; each is then judged by the captures that are its own. The files are read where they
lie and nothing of them is kept; only numbers are compared.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest

from tests.integration.originals import of_originals
from tests.integration.test_real_data import (  # noqa: F401 (tests that this module collects for its own packages)
    needs_data,
    shared_folder,
    test_engagement_of_own_posts,
    test_first_and_last_post,
    test_hashtags,
    test_kinds,
    test_languages_as_declared,
    test_mentions_in_the_sources_own_entities,
    test_posts_and_duplicates,
    test_posts_by_year_and_month,
    test_record_accounting_balances,
    test_reposts_carry_no_engagement,
    test_time_in_the_id,
)
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.realdata, needs_data]

# Name of the expectation file: the capture it speaks of.
CAPTURES = {
    "congress_v11_half0": "congress_v11_half0.zip",
    "v11_ext_rtweet_ropensci_bioconductor": "v11_ext_rtweet_ropensci_bioconductor.zip",
    "v11_travelban_dev": "v11_travelban_dev.zip",
    "graphql_twscrape_tweet_details": "raw_tweet_details.json",
    "graphql_twscrape_user_tweets": "raw_user_tweets.json",
}
# The independent count of this response takes in the posts inside the listed ones: a test of its own below.
COUNTED_OTHERWISE = "graphql_twscrape_user_tweets"
TWITWI = "test/resources/"


def expected_of(name: str) -> dict[str, Any]:
    return json.loads((shared_folder() / "expected" / f"{name}.json").read_text("utf-8"))


def files_of(package: str, ending: str) -> Iterator[tuple[str, str]]:
    """Name and text of the files of a package."""
    with zipfile.ZipFile(shared_folder() / f"{package}.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(ending):
                yield name, archive.read(name).decode("utf-8")


def values_in(text: str) -> list[Any]:
    """All JSON values of a text, one behind the other; of an array, its elements."""
    decoder, values, at = json.JSONDecoder(), [], 0
    while (at := next((i for i in range(at, len(text)) if not text[i].isspace()), len(text))) < len(text):
        value, at = decoder.raw_decode(text, at)
        values += value if isinstance(value, list) else [value]
    return values


def twitwi(name: str) -> Any:
    return next(json.loads(text) for _, text in files_of("twitwi_bluesky_twitter", f"/{name}.json"))


# ---------- one warehouse for all


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("json")
    captures = [shared_folder() / name for name in CAPTURES.values() if name.endswith(".zip")]
    captures += [shared_folder() / "tweet_updates_samples.zip", shared_folder() / "tweet_parser_samples.zip"]
    for name, text in files_of("graphql_twscrape_dev", ".json"):
        captures.append(folder / name)
        captures[-1].write_text(text, "utf-8")
    sources = [pair["source"] for pair in twitwi("normalization")]
    sources += [twitwi(f"normalization-payload-{way}") for way in ("search", "show", "stream")]
    captures.append(folder / "twitwi_v11.jsonl")
    captures[-1].write_text("".join(json.dumps(source) + "\n" for source in sources), "utf-8")
    for name in ("payload-v2", "alternative-payload-v2"):
        captures.append(folder / f"twitwi_{name}.json")
        captures[-1].write_text(json.dumps(twitwi(name)), "utf-8")
    pipeline = Pipeline(folder / "data")
    run = pipeline.run(*captures)
    assert run.success, run.failures
    assert not run.red
    return pipeline


@dataclass(frozen=True)
class Part:
    """The part of the warehouse that one package's captures make, beside what was counted independently."""

    name: str
    connection: duckdb.DuckDBPyConnection
    expected: dict[str, Any]

    def rows(self, sql: str) -> list[tuple]:
        """Rows of what the views show: the captures of this part and nothing else."""
        for word, shown in (
            ("kept.posts", "intermediate.int_posts__kept"),
            ("kept.hashtags", "intermediate.int_posts__hashtags"),
            ("CAPTURES", "(select capture_id from quality.fct_record_accounting)"),
        ):
            sql = sql.replace(word, shown)
        return self.connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        return self.rows(sql)[0][0]


def part_of(pipeline: Pipeline, name: str, expected: dict[str, Any]) -> Part:
    """The marts, seen through the captures of one file name."""
    connection = duckdb.connect()
    connection.execute(f"attach '{pipeline.paths.warehouse}' as built (read_only); set TimeZone = 'UTC'")
    connection.execute("create schema marts; create schema quality; create schema intermediate")
    captures = f"(select capture_id from built.raw.captures where file_name = '{CAPTURES[name]}')"
    for table in ("intermediate.int_posts__kept", "marts.fct_post_engagement", "quality.fct_record_accounting"):
        connection.execute(f"create view {table} as select * from built.{table} where capture_id in {captures}")
    connection.execute(
        "create view intermediate.int_posts__hashtags as from built.intermediate.int_posts__hashtags"
        " where post_key in (select post_key from intermediate.int_posts__kept)"
    )
    return Part(name, connection, expected)


@pytest.fixture(scope="module", params=[name for name in CAPTURES if name != COUNTED_OTHERWISE])
def loaded(request: pytest.FixtureRequest, warehouse: Pipeline) -> Part:
    expected = expected_of(request.param)
    if expected["kinds"].get("retweet"):
        expected |= with_entities_of_originals(request.param, expected)
    return part_of(warehouse, request.param, expected)


# ---------- reposts: text and entities of the original (differences.md §reposts)


def entities_in(post: dict[str, Any], key: str, field: str) -> list[str]:
    whole = post.get("extended_tweet", {}).get("entities") or post["entities"]
    return [item[field].lower() for item in whole[key]]


def with_entities_of_originals(name: str, expected: dict[str, Any]) -> dict[str, Any]:
    """The expectation with the entities of reposts taken from their originals."""
    posts: dict[str, dict[str, Any]] = {}
    for file, text in files_of(name, (".json", ".jsonl")):
        if "/profiles/" not in file:
            posts |= {post["id_str"]: post for post in values_in(text)}
    words = {
        "hashtags": lambda post: entities_in(post, "hashtags", "text"),
        "mentions": lambda post: entities_in(post, "user_mentions", "screen_name"),
    }
    return of_originals([(post, post.get("retweeted_status") or post) for post in posts.values()], words, expected)


def test_originals_give_back_the_hashtags_that_wrappers_lost(warehouse: Pipeline) -> None:
    name = "v11_ext_rtweet_ropensci_bioconductor"
    expected = expected_of(name)
    lost = {what: with_entities_of_originals(name, expected)[what]["occurrences"] for what in ("hashtags", "mentions")}
    assert lost["hashtags"] > expected["hashtags"]["occurrences"]
    part = part_of(warehouse, name, expected)
    assert (
        part.value("select count(*) from intermediate.int_posts__kept where is_repost and starts_with(text, 'RT @')")
        == 0
    )
    assert part.value("select count(*) from intermediate.int_posts__kept where not text_is_complete") == 0


def test_only_reposts_made_by_hand_still_have_the_words_of_a_wrapper(warehouse: Pipeline) -> None:
    part = part_of(warehouse, "congress_v11_half0", {})
    by_hand = "is_repost and reposted_post_id is null"
    assert part.value(f"select count(*) from intermediate.int_posts__kept where {by_hand}") == 16
    assert (
        part.value(f"select count(*) from intermediate.int_posts__kept where {by_hand} and starts_with(text, 'RT @')")
        == 16
    )
    assert (
        part.value(
            "select count(*) from intermediate.int_posts__kept where not text_is_complete and reposted_post_id > ''"
        )
        == 0
    )


# ---------- API v1.1


def test_every_author_of_trimmed_posts_is_named_by_a_profile(warehouse: Pipeline) -> None:
    part = part_of(warehouse, "congress_v11_half0", {})
    accounts, named = part.rows(
        "select count(distinct account_id), count(distinct handle) from intermediate.int_posts__kept"
    )[0]
    # two of the 288 accounts had never posted
    assert accounts == named == 286
    assert part.value("select count(*) from intermediate.int_posts__kept where handle is null") == 0
    (profiles,) = warehouse.query("select sum(loaded_count) from raw.capture_members where record_type = 'profile'")[0]
    assert profiles == 288


def test_files_of_two_accounts_hold_as_many_posts_as_others_counted(warehouse: Pipeline) -> None:
    part = part_of(warehouse, "v11_travelban_dev", {})
    rows = warehouse.query(
        'select "user".screen_name, count(*), count(distinct id_str) from raw.x_api_v11_posts'
        " join raw.captures using (capture_id) where file_name = 'v11_travelban_dev.zip' group by 1 order by 2 desc"
    )
    assert [(handle, rows, posts) for handle, rows, posts in rows[:2]] == [
        ("POTUS", 223, 207),
        ("WhiteHouse", 178, 162),
    ]
    table = expected_of("v11_travelban_dev")["cross_check_all_tweets_csv"]  # a table that somebody else made of them
    assert {handle: posts for handle, _, posts in rows} == {
        handle: counts["in_both"] for handle, counts in table.items()
    }
    ids = {post["id_str"] for _, text in files_of("v11_travelban_dev", ".jsonl") for post in values_in(text)}
    assert {post_id for (post_id,) in part.rows("select post_id from intermediate.int_posts__kept")} == ids


def test_every_mode_of_one_payload_is_read(warehouse: Pipeline) -> None:
    """53 samples, two of them with two payloads; one of these has prose between them."""
    outcome = warehouse.query(
        "select delivered_count, loaded_count, rejected_count from raw.captures"
        " where file_name = 'tweet_updates_samples.zip'"
    )
    assert outcome == [(56, 55, 1)]
    assert warehouse.query(
        "select reason_code, starts_with(form, 'aaaaaaa aaaaa, aaaaaaaa aaaa') from raw.rejected_records"
        " join raw.captures using (capture_id) where file_name = 'tweet_updates_samples.zip'"
    ) == [("broken_json", True)]


def test_broken_payloads_are_rejected_and_their_neighbours_load(warehouse: Pipeline) -> None:
    assert warehouse.query(
        "select reason_code, expected, split_part(member, '/', -1) from raw.rejected_records"
        " join raw.captures using (capture_id) where file_name = 'tweet_parser_samples.zip'"
    ) == [("missing_column", "a field user", "original_format_missing_user.json")]
    assert warehouse.query(
        "select delivered_count, loaded_count from raw.captures where file_name = 'tweet_parser_samples.zip'"
    ) == [(76, 75)]


def test_both_forms_of_the_same_posts_agree(warehouse: Pipeline) -> None:
    """25 posts stand in the package in both forms: as API v1.1 has them, and as activity streams."""
    columns = (
        "post_id, account_id, handle, posted_at, kind, text, text_is_complete, language, reply_to_post_id,"
        " quoted_post_id, quoted_account_id, quoted_handle, reposted_post_id, reposted_account_id, reposted_handle,"
        " hashtags, mentions, links, media_types, like_count, repost_count"
    )
    forms = [
        warehouse.query(
            f"select {columns} from staging.stg_x_api_v11__posts where (capture_id, record_no) in"
            f" (select (capture_id, record_no) from raw.x_api_v11_posts where ends_with(member, '/{name}.json'))"
            " order by post_id"
        )
        for name in ("original_format_examples", "activity_streams_examples")
    ]
    assert len(forms[0]) == 25
    assert forms[0] == forms[1]


# ---------- the web client


def test_response_gives_the_posts_that_its_timeline_lists(warehouse: Pipeline) -> None:
    """The independent count adds the posts inside the listed ones: quoted, and originals (differences.md §inside)."""
    expected = expected_of(COUNTED_OTHERWISE)
    part = part_of(warehouse, COUNTED_OTHERWISE, expected)
    listed = {post_id for (post_id,) in part.rows("select post_id from intermediate.int_posts__kept")}
    text = dict(files_of("graphql_twscrape_dev", ".json"))["raw_user_tweets.json"]
    inside = set(posts_inside(json.loads(text)))
    assert len(listed) == dict(expected["authors"]["top"])["XDevelopers"] == 21
    assert len(listed | inside) == expected["posts"]
    kinds = dict(part.rows("select kind, count(*) from intermediate.int_posts__kept group by 1"))
    assert (kinds["repost"], kinds["self_reply"]) == (expected["kinds"]["retweet"], expected["kinds"]["reply"])
    assert part.rows("select distinct handle from intermediate.int_posts__kept") == [("XDevelopers",)]


def posts_inside(value: Any, within: bool = False) -> Iterator[str]:
    """Ids of the posts of a response that stand inside of others."""
    if isinstance(value, list):
        for item in value:
            yield from posts_inside(item, within)
    elif isinstance(value, dict):
        if within and value.get("__typename") == "Tweet" and "legacy" in value:
            yield value["rest_id"]
        for key, item in value.items():
            yield from posts_inside(item, within or key in ("retweeted_status_result", "quoted_status_result"))


def test_long_originals_of_reposts_are_whole(warehouse: Pipeline) -> None:
    part = part_of(warehouse, COUNTED_OTHERWISE, {})
    assert part.value("select max(length(text)) from intermediate.int_posts__kept where is_repost") > 280
    assert part.value("select count(*) from intermediate.int_posts__kept where not text_is_complete") == 0


def test_views_are_counted_once_for_each_listed_post(warehouse: Pipeline) -> None:
    name = "graphql_twscrape_tweet_details"
    part = part_of(warehouse, name, {})
    views = part.value("select sum(impression_count)::bigint from intermediate.int_posts__kept")
    assert views == expected_of(name)["extra"]["sum_views"]


# ---------- another tool's tests: source payload and its normalised form


def staged(warehouse: Pipeline, source: str, post_ids: list[str]) -> dict[str, dict[str, Any]]:
    """What staging says of posts, by id; of several records of one post, the one with the longest text."""
    ids = ", ".join(f"'{post_id}'" for post_id in post_ids)
    rows = warehouse.query(
        "select post_id, {'id': account_id, 'handle': handle, 'second': epoch(posted_at)::bigint, 'kind': kind,"
        " 'language': language, 'reply': reply_to_post_id, 'reply_handle': reply_to_handle, 'quote': quoted_post_id,"
        " 'repost': reposted_post_id, 'repost_handle': reposted_handle, 'likes': like_count, 'reposts': repost_count,"
        " 'hashtags': list_sort(list_distinct(list_transform(hashtags, lambda h: lower(h.tag)))),"
        " 'mentions': list_sort(list_distinct(list_transform(mentions, lambda m: lower(m.handle)))),"
        " 'links': list_transform(links, lambda u: u.expanded_url)}"
        f" from staging.stg_{source}__posts where post_id in ({ids}) order by length(text)"
    )
    return dict(rows)


# A post that stands in two payloads: cut in one, whole in the other, with other counts.
SEEN_TWICE = "1529111439562223616"
PAIRS = {
    "x_api_v11": lambda: [one for pair in twitwi("normalization") for one in pair["normalized"]],
    "x_api_v2": lambda: [*twitwi("normalized-tweets-v2"), *twitwi("normalized-alternative-payload")],
}


@pytest.fixture(scope="module", params=list(PAIRS))
def pairs(request: pytest.FixtureRequest, warehouse: Pipeline) -> tuple[str, list[tuple[dict, dict]], dict[str, dict]]:
    """What staging says of a post beside its normalised form; and all normalised forms by id."""
    normalised = {one["id"]: one for one in PAIRS[request.param]()}
    ours = staged(warehouse, request.param, list(normalised))
    return request.param, [(ours[post_id], normalised[post_id]) for post_id in ours], normalised


def test_normalised_forms_agree_on_ids_times_authors_and_relations(pairs: Any) -> None:
    source, both, _ = pairs
    assert len(both) == {"x_api_v11": 8, "x_api_v2": 110}[source]
    for ours, theirs in both:
        assert (ours["id"], ours["handle"]) == (theirs["user_id"], theirs["user_screen_name"])
        assert ours["second"] == theirs["timestamp_utc"]
        assert (ours["repost"], ours["quote"]) == (theirs.get("retweeted_id"), theirs.get("quoted_id"))
        # theirs has an empty text where the other account is not in the page; ours finds it where the post names it
        assert ours["reply"] == theirs.get("to_tweetid") or not theirs.get("to_tweetid")
        assert ours["reply_handle"] == theirs.get("to_username") or not theirs.get("to_username")
        if ours["repost"] is not None:
            assert ours["repost_handle"] == theirs["retweeted_user"]


def test_normalised_forms_agree_on_hashtags_and_mentions(pairs: Any) -> None:
    """Theirs adds those of the quoted post to the quoting one, and the reposted account to the mentions of a repost.

    Of API v2 theirs reads the wrapper of a repost, which is cut, ours the original where the page has it: ours is
    compared with their original where they list it too, else it has at least what the wrapper has.
    """
    source, both, normalised = pairs
    only_in_text = {SEEN_TWICE: {"afp"}}  # its entities, as delivered, are empty
    reposts_with_original = 0
    for ours, theirs in both:
        if source == "x_api_v2" and ours["repost"]:
            found = set(ours["hashtags"] or []), set(ours["mentions"] or [])
            said = normalised.get(ours["repost"], theirs)
            tags, names = ({each.lower() for each in said[key]} for key in ("hashtags", "mentioned_names"))
            if said is theirs:
                assert tags <= found[0] and names - {ours["repost_handle"].lower()} <= found[1]
            else:
                reposts_with_original += 1
                assert found == (tags, names)
            continue
        quoted = normalised.get(theirs.get("quoted_id") or "", {"hashtags": [], "mentioned_names": []})
        hashtags = {tag.lower() for tag in theirs["hashtags"]} - only_in_text.get(theirs["id"], set())
        assert set(ours["hashtags"] or []) | {tag.lower() for tag in quoted["hashtags"]} == hashtags
        mentions = {name.lower() for name in theirs["mentioned_names"]}
        added = {name.lower() for name in quoted["mentioned_names"]} | {(ours["repost_handle"] or "").lower()} - {""}
        assert set(ours["mentions"] or []) | added == mentions
    assert (reposts_with_original > 0) == (source == "x_api_v2")


def test_normalised_forms_agree_on_links_of_own_posts(pairs: Any) -> None:
    """Theirs often drops the link to the quoted post, follows shorteners where the API did, rewrites addresses, and in
    v2 keeps that of an attached picture."""
    _, both, _ = pairs
    pages = [twitwi(name) for name in ("payload-v2", "alternative-payload-v2")]
    urls = [url for page in pages for post in page["data"] for url in post.get("entities", {}).get("urls", [])]
    followed = {url["expanded_url"]: url["unwound_url"] for url in urls if "unwound_url" in url}

    def alike(link: str) -> str:
        return unquote(link).split("://", 1)[-1].removeprefix("www.").rstrip("/")

    for ours, theirs in both:
        if ours["repost"] is None:
            # the cut form of a long post ends in a link to itself
            about_posts = (f"/status/{ours['quote']}", f"i/web/status/{theirs['id']}", f"/status/{theirs['id']}/photo/")
            assert not any(about_posts[-1] in link for link in ours["links"] or [])
            found, stated = (
                {alike(followed.get(link, link)) for link in links or [] if not any(one in link for one in about_posts)}
                for links in (ours["links"], theirs["links"])
            )
            assert found == stated


def test_normalised_forms_agree_on_counts_of_own_posts(pairs: Any) -> None:
    _, both, _ = pairs
    for ours, theirs in both:
        if ours["repost"] is None and theirs["id"] != SEEN_TWICE:
            assert (ours["likes"], ours["reposts"]) == (theirs["like_count"], theirs["retweet_count"])
