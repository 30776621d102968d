"""A source that marks no entities, through the whole pipeline: the text speaks, and what it says is marked as such."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fixtures import captures as build
from tests.pipeline import Pipeline, Run

# The other synthetic accounts have handles too long to exist, and the text alone does not show such a one.
OTHER = build.Account("9150701000111", "suara_contoh", "Contoh (synthetic)")
POSTS = [
    *build.sample_posts(),
    build.post("Bersama @suara_lain cegah #TPPO #tppo, lihat https://iom.int/#bukan", "2019-09-01 10:00:00.100"),
    build.reply("@suara_dua terima kasih, juga @suara_tiga", "2019-09-02 10:00:00.100", to=OTHER),
    build.repost("Pernyataan sintetis bersama @suara_empat #TPPO", "2019-09-03 10:00:00.100", of=OTHER),
]
MARKED = 6


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, Run]:
    """An old archive: its monthly files, which mark entities, stop early; its spreadsheet marks none and goes on."""
    folder = tmp_path_factory.mktemp("spreadsheet")
    members = {**build.legacy_members(POSTS[:MARKED]), "tweets.csv": build.legacy_csv(POSTS)}
    pipeline = Pipeline(folder / "data")
    run = pipeline.run(build.write_members(folder / "archive.zip", members))
    assert run.success, run.failures
    return pipeline, run


def test_hashtags_are_those_that_the_platform_would_have_marked(archive: tuple[Pipeline, Run]) -> None:
    pipeline, _ = archive
    assert pipeline.query("select count(*), count(hashtags), count(mentions) from intermediate.int_posts__kept") == [
        (len(POSTS), MARKED, MARKED)
    ]
    expected = {
        (p.post_id, hashtag, count, "export" if number < MARKED else "text")
        for number, p in enumerate(POSTS)
        for hashtag, count in Counter(span.value.lower() for span in p.hashtags).items()
    }
    found = pipeline.query(
        "select posts.post_id, hashtags.hashtag, hashtags.occurrence_count, hashtags.entity_source "
        "from intermediate.int_posts__hashtags as hashtags "
        "inner join intermediate.int_posts__kept as posts using (post_key)"
    )
    assert set(found) == expected
    assert len(found) == len(expected)


def test_mentions_leave_out_replied_and_reposted_accounts(archive: tuple[Pipeline, Run]) -> None:
    pipeline, _ = archive
    found = pipeline.query(
        "select interactions.kind, interactions.post_kind, interactions.target_handle, interactions.entity_source "
        "from intermediate.int_posts__interactions as interactions"
    )
    assert {row[1:] for row in found if row[0] == "mention"} == {
        ("original", build.DONOR.handle, "export"),
        ("original", build.PERSON.handle, "export"),
        ("original", "suara_lain", "text"),
        ("reply", "suara_tiga", "text"),
        ("repost", "suara_empat", "text"),
    }
    assert {source for kind, *_, source in found if kind != "mention"} == {None}


def test_what_the_source_marked_is_compared_with_its_text(archive: tuple[Pipeline, Run]) -> None:
    pipeline, run = archive
    assert pipeline.query(
        "select is_comparison, count(*) from intermediate.int_posts__text_entities group by 1 order by 1"
    ) == [(False, len(POSTS) - MARKED), (True, MARKED)]
    (check,) = [check for (_, name), check in run.checks.items() if name == "entities_agree_with_text"]
    assert check.passed
