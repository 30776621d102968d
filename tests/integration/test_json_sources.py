"""JSON of API v1.1, the web client and scrapers through the whole graph, one capture of each kind in one warehouse."""

from __future__ import annotations

import pytest

from tests.fixtures import json_captures as made
from tests.fixtures.json_captures import id_of, jsonl
from tests.pipeline import Pipeline, Run

STREAM = [
    made.v11_post(
        1, text="An own post. #Own", entities=made.no_entities(hashtags=[{"text": "Own", "indices": [13, 17]}])
    ),
    made.v11_delete(500),
    made.v11_repost(
        2,
        made.v11_post(
            902,
            made.OTHER,
            text="A statement, whole. #Tag",
            entities=made.no_entities(hashtags=[{"text": "Tag", "indices": [20, 24]}]),
            favorite_count=30,
        ),
    ),
    {"limit": {"track": 5}},
]
SCRAPED = [
    made.snscraped(21, rawContent="Scraped. #Own", hashtags=["Own"]),
    made.twscraped(22, mentionedUsers=[made.scraped_user(made.OTHER)], rawContent="Thanks @SuaraSyntheticPartner"),
    {"_type": "snscrape.modules.twitter.Tombstone", "id": 7},
]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, Run]:
    folder = tmp_path_factory.mktemp("json_sources")
    captures = [
        made.write_text(folder, "stream.jsonl", jsonl(*STREAM)),
        made.write_text(folder, "zeeschuimer.ndjson", jsonl(*(made.zeeschuimer(made.web_post(n)) for n in (11, 12)))),
        made.write_text(folder, "scraped.jsonl", jsonl(*SCRAPED)),
    ]
    pipeline = Pipeline(folder / "data")
    return pipeline, pipeline.run(*captures)


def test_no_critical_check_fails_and_every_record_is_accounted_for(loaded: tuple[Pipeline, Run]) -> None:
    pipeline, run = loaded
    assert run.success, run.failures
    assert not run.red
    assert pipeline.query(
        "select source, delivered_count, loaded_count, rejected_count from raw.captures order by 1"
    ) == [("x_api_v11", 4, 3, 1), ("x_graphql", 2, 2, 0), ("x_scrapers", 3, 2, 1)]
    assert pipeline.query("select count(*) from quality.fct_record_accounting where not balances") == [(0,)]


def test_posts_of_all_sources_are_of_one_account(loaded: tuple[Pipeline, Run]) -> None:
    pipeline, _ = loaded
    assert pipeline.query(
        "select source, kind, handle from intermediate.int_posts__kept order by posted_at, post_id"
    ) == [
        ("x_api_v11", "original", made.OWNER["screen_name"]),
        ("x_api_v11", "repost", made.OWNER["screen_name"]),
        *[("x_graphql", "original", made.OWNER["screen_name"])] * 2,
        *[("x_scrapers", "original", made.OWNER["screen_name"])] * 2,
    ]
    assert pipeline.query("select count(*) from intermediate.int_posts__kept group by account_key") == [(6,)]


def test_hashtags_of_a_repost_are_those_of_its_original(loaded: tuple[Pipeline, Run]) -> None:
    pipeline, _ = loaded
    assert pipeline.query(
        "select hashtag, is_repost, count(*) from intermediate.int_posts__hashtags group by all order by 1"
    ) == [
        ("own", False, 2),
        ("tag", True, 1),
    ]
    assert pipeline.query("select text, like_count from intermediate.int_posts__kept where is_repost") == [
        ("A statement, whole. #Tag", None)
    ]


def test_mention_without_a_place_is_an_interaction(loaded: tuple[Pipeline, Run]) -> None:
    pipeline, _ = loaded
    assert pipeline.query("select kind, target_handle from intermediate.int_posts__interactions order by 1") == [
        ("mention", made.OTHER["screen_name"]),
        ("repost", made.OTHER["screen_name"]),
    ]


def test_deletion_of_a_stream_is_staged_like_that_of_an_archive(loaded: tuple[Pipeline, Run]) -> None:
    pipeline, _ = loaded
    assert pipeline.query("select post_id, account_id, deleted_at from staging.stg_x_api_v11__deletions")[0][:2] == (
        id_of(500),
        "12",
    )
    columns = [
        pipeline.query(
            "select column_name, data_type from duckdb_columns() where schema_name = 'staging'"
            f" and table_name = 'stg_{source}__deletions' order by column_index"
        )
        for source in ("x_archive", "x_api_v11")
    ]
    # a stream says besides why, and whether its id is that of a post or of an account
    assert columns[0] == [one for one in columns[1] if one[0] not in ("reason", "named_kind")]
