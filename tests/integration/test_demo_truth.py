"""The published demo says what was planted: every count beside the generator's own list.

The truth is counted from what the generator planned, never from a capture, so both sides are independent.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.fixtures.demo import DemoWarehouse
from tests.fixtures.key import TEST_KEY


@pytest.fixture(scope="module")
def posts(demo_warehouse: DemoWarehouse) -> list[dict[str, Any]]:
    lines = (demo_warehouse.paths.root / "demo" / "truth_posts.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def truth(demo_warehouse: DemoWarehouse) -> dict[str, Any]:
    return demo_warehouse.truth


@pytest.fixture(scope="module")
def con(demo_warehouse: DemoWarehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse.published_file), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.fixture(scope="module")
def account(con: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> str:
    handle = truth["organisation"]["handle"]
    return con.execute("select account_key from marts.dim_accounts where handle = ?", [handle]).fetchone()[0]


def key_of(post: dict[str, Any]) -> str:
    """What a post is called in the marts: nobody without the key could tell."""
    return TEST_KEY.digest(f"x:{post['post_id']}")


def is_private(handle: str) -> bool:
    """The registered accounts of the demo have names of their own; everybody else is a made-up person."""
    return not handle.lower().startswith("suarasynthetic")


def shown_name(handle: str) -> str:
    """How an account is named in the marts, in lower case."""
    pseudonym = f"person_{TEST_KEY.digest(f'handle:x:{handle.lower()}')[:10]}"
    return pseudonym if is_private(handle) else handle.lower()


def test_every_post_with_its_time_kind_and_language(
    con: duckdb.DuckDBPyConnection, posts: list[dict], truth: dict[str, Any]
) -> None:
    shown = con.execute(
        "select post_key, posted_year, strftime(posted_at, '%Y-%m-%dT%H:%M:%SZ'), kind, language, post_id "
        "from marts.fct_posts"
    ).fetchall()
    zone = ZoneInfo(truth["reporting_timezone"])
    planted = []
    for post in posts:
        year = datetime.fromisoformat(post["posted_at"]).astimezone(zone).year
        time, post_id = (None, None) if is_private(post["handle"]) else (post["posted_at"], post["post_id"])
        planted.append((key_of(post), year, time, post["kind"], post["language"], post_id))
    assert sorted(shown, key=repr) == sorted(planted, key=repr)
    assert len({is_private(post["handle"]) for post in posts}) == 2


def test_records_of_both_captures(con: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> None:
    names = ("delivered", "loaded", "rejected", "kept", "duplicate", "superseded", "deleted")
    sums = ", ".join(f"sum({name}_count)" for name in names)
    shown = con.execute(f"select {sums} from quality.fct_record_accounting where record_type = 'post'").fetchone()
    assert dict(zip(names, map(int, shown), strict=True)) == {name: truth["records"][name] for name in names}


def test_volume_by_month_and_kind_in_the_reporting_time_zone(
    con: duckdb.DuckDBPyConnection, truth: dict[str, Any], account: str
) -> None:
    planted = {
        (month, kind): count for zone, month, kind, count in truth["months"] if zone == truth["reporting_timezone"]
    }
    rows = con.execute(
        "select strftime(posted_month, '%Y-%m'), kind, post_count, coverage_status, reporting_timezone"
        " from marts.fct_post_volume where account_key = ?",
        [account],
    ).fetchall()
    shown = {(month, kind): count for month, kind, count, _, _ in rows if count}
    assert shown == planted
    assert {zone for *_, zone in rows} == {truth["reporting_timezone"]}
    # An empty month inside the window of the archive is a true zero, not a hole.
    empty = {(month, count, status) for month, _, count, status, _ in rows if month in truth["planted"]["empty_months"]}
    assert empty == {(month, 0, "observed") for month in truth["planted"]["empty_months"]}


def test_private_persons_are_counted_together_or_not_at_all(
    con: duckdb.DuckDBPyConnection, posts: list[dict], truth: dict[str, Any]
) -> None:
    zone = ZoneInfo(truth["reporting_timezone"])
    authors: dict[tuple[str, str], list[str]] = {}
    for post in (post for post in posts if is_private(post["handle"])):
        moment = datetime.fromisoformat(post["posted_at"]).astimezone(zone)
        authors.setdefault((f"{moment:%Y-%m}", post["kind"]), []).append(post["handle"].lower())
    large = {cell: found for cell, found in authors.items() if len(found) >= 5 and len(set(found)) >= 5}
    shown = {
        (month, kind): (count, accounts)
        for month, kind, count, accounts in con.execute(
            "select strftime(posted_month, '%Y-%m'), kind, post_count, account_count from marts.fct_others_months"
        ).fetchall()
    }
    assert shown and shown.keys() <= large.keys()
    assert all((len(large[cell]), len(set(large[cell]))) == counts for cell, counts in shown.items())
    small, complementary, held = con.execute(
        "select small_cell_count, complementary_cell_count, held_back_post_count from quality.fct_held_back "
        "where table_name = 'fct_others_months'"
    ).fetchone()
    assert (small, complementary) == (len(authors) - len(large), len(large) - len(shown))
    assert held == sum(map(len, authors.values())) - sum(count for count, _ in shown.values())
    # no month of a year can be worked out from the year, which the rows of the posts tell
    held_by_year: dict[tuple[str, str], int] = {}
    for month, kind in authors.keys() - shown.keys():
        held_by_year[month[:4], kind] = held_by_year.get((month[:4], kind), 0) + 1
    for (year, kind), cells in held_by_year.items():
        assert cells > 1 or not [cell for cell in shown if (cell[0][:4], cell[1]) == (year, kind)]


def test_hashtags_in_all_spellings(con: duckdb.DuckDBPyConnection, truth: dict[str, Any], account: str) -> None:
    shown = {
        tag: (own, posts, occurrences)
        for tag, own, posts, occurrences in con.execute(
            "select hashtag, count(*) filter (not is_repost), count(*), sum(occurrence_count)"
            " from marts.fct_post_hashtags where account_key = ? group by 1",
            [account],
        ).fetchall()
    }
    planted = {
        tag: (entry["own_posts"], entry["posts"], entry["occurrences"]) for tag, entry in truth["hashtags"].items()
    }
    assert shown == planted
    months = con.execute(
        "select hashtag, sum(post_count), sum(own_post_count) from marts.fct_hashtag_months"
        " where account_key = ? group by 1",
        [account],
    ).fetchall()
    assert {tag: (own, posts) for tag, posts, own in months if posts} == {
        tag: (own, posts) for tag, (own, posts, _) in shown.items()
    }


def test_interactions_by_post_kind_and_target(con: duckdb.DuckDBPyConnection, posts: list[dict]) -> None:
    shown = Counter(con.execute("select post_key, kind, lower(target_handle) from marts.fct_interactions").fetchall())
    planted = Counter(
        (key_of(post), kind, shown_name(handle)) for post in posts for kind, handle in post["interactions"]
    )
    assert shown == planted


PARTNERS = {"suarasyntheticpartnera", "suarasyntheticdonorbx", "suarasyntheticministry"}


def test_partners_with_every_contact_and_answer(
    con: duckdb.DuckDBPyConnection, posts: list[dict], truth: dict[str, Any], account: str
) -> None:
    organisation = truth["organisation"]["handle"].lower()
    planted = Counter((post["handle"].lower(), handle.lower()) for post in posts for _, handle in post["interactions"])
    shown = con.execute(
        "select lower(partner), interaction_count, returned_count, is_reciprocal from marts.fct_partners"
        " where account_key = ?",
        [account],
    ).fetchall()
    assert {row[0] for row in shown} == PARTNERS
    for partner, interactions, returned, is_reciprocal in shown:
        assert (interactions, returned) == (planted[organisation, partner], planted[partner, organisation])
        assert is_reciprocal is (True if returned else None)


def test_share_of_own_posts_with_a_partner(
    con: duckdb.DuckDBPyConnection, posts: list[dict], truth: dict[str, Any], account: str
) -> None:
    organisation = truth["organisation"]["handle"].lower()
    own = [p for p in posts if p["handle"].lower() == organisation and p["kind"] != "repost"]
    named = [p for p in own if any(handle.lower() in PARTNERS for _, handle in p["interactions"])]
    months = con.execute(
        "select sum(own_post_count), sum(partner_post_count) from marts.fct_partner_months where account_key = ?",
        [account],
    ).fetchall()
    assert months == [(len(own), len(named))]


def test_ties_of_the_networks_are_the_planted_ones(con: duckdb.DuckDBPyConnection, posts: list[dict]) -> None:
    planted: Counter[tuple[str, str, str]] = Counter()
    for post in posts:
        for kind, handle in {(kind, handle.lower()) for kind, handle in post["interactions"]}:
            planted[kind, shown_name(post["handle"]), shown_name(handle)] += 1
    shown = con.execute(
        "select kind, lower(sender.handle), lower(receiver.handle), sum(edges.post_count)"
        " from marts.fct_network_edges as edges"
        " inner join marts.dim_accounts as sender on sender.account_key = from_node"
        " inner join marts.dim_accounts as receiver on receiver.account_key = to_node"
        " where kind <> 'hashtag' group by all"
    ).fetchall()
    assert {row[:3]: row[3] for row in shown} == planted


def test_themes_where_they_were_planted_and_nowhere_else(
    con: duckdb.DuckDBPyConnection, posts: list[dict], truth: dict[str, Any]
) -> None:
    every = {(post["post_id"], code) for post in posts for code in post["themes"] if not post["is_trap"]}
    codes = {code for _, code in every}
    # of single posts of private persons nothing is said
    persons = {post["post_id"] for post in posts if is_private(post["handle"])}
    planted = {(post_id, code) for post_id, code in every if post_id not in persons}
    assert planted != every
    traps = {trap["post_id"] for trap in truth["theme_traps"]}
    found = set(
        con.execute(
            "select distinct fct_posts.post_id, fct_post_themes.theme_code"
            " from marts.fct_post_themes inner join marts.fct_posts using (post_key)"
        ).fetchall()
    )
    shown = {(post_id, code) for post_id, code in found if code in codes and post_id not in traps}
    assert shown == planted
    fired = [trap for trap in truth["theme_traps"] if (trap["post_id"], trap["code"]) in found]
    assert fired == []


def test_likes_keep_their_history_and_reposts_have_none(
    con: duckdb.DuckDBPyConnection, truth: dict[str, Any], account: str
) -> None:
    # One post stands on two pages of the API, retrieved three seconds apart: two observations of one post.
    by_source = dict(
        con.execute(
            "with observed as ("
            " select captures.source, engagement.post_key, max(engagement.like_count) as like_count"
            " from marts.fct_post_engagement as engagement"
            " inner join marts.fct_posts as posts using (post_key)"
            " inner join quality.fct_capture_outcomes as captures"
            " on engagement.capture_id = captures.capture_id"
            " where posts.account_key = ? group by 1, 2)"
            " select source, sum(like_count) from observed group by 1",
            [account],
        ).fetchall()
    )
    assert by_source["x_archive"] == truth["engagement"]["own_likes_in_archive"]
    assert by_source["x_api_v2"] == truth["engagement"]["likes_of_those_in_api"]
    assert con.execute("select count(like_count) from marts.fct_posts where kind = 'repost'").fetchone() == (0,)


def test_no_canary_in_anything_that_is_published(
    demo_warehouse: DemoWarehouse, con: Any, truth: dict[str, Any]
) -> None:
    tables = con.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
    for schema, table in tables:
        for name, canary in truth["canaries"].items():
            hits = con.execute(
                f'select count(*) from {schema}."{table}" as t where contains(cast(t as varchar), ?)', [canary]
            ).fetchone()[0]
            assert hits == 0, f"{name} canary in {schema}.{table}"
    for path in demo_warehouse.paths.published.rglob("*.html"):
        content = path.read_text("utf-8")
        assert not any(canary in content for canary in truth["canaries"].values()), path.name
    with duckdb.connect(str(demo_warehouse.paths.warehouse), read_only=True) as warehouse:
        for table in ("x_archive_posts", "x_archive_notes", "x_archive_deletions"):
            for name in ("sensitive", "deleted_file", "deleted_text"):
                hits = warehouse.execute(
                    f"select count(*) from raw.{table} as t where contains(cast(t as varchar), ?)",
                    [truth["canaries"][name]],
                ).fetchone()[0]
                assert hits == 0, f"{name} canary in raw.{table}"


def test_planted_defects_are_shown(con: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> None:
    rejected = con.execute(
        "select reason_code, count(*) from quality.fct_rejected_records group by 1 order by 1"
    ).fetchall()
    assert len(rejected) == 2 and sum(count for _, count in rejected) == 2  # the cut line and the error line
    off = con.execute(
        "select post_id, round(abs(id_time_difference_ms) / 1000) from marts.fct_posts"
        " where abs(id_time_difference_ms) > 60000"
    ).fetchall()
    assert [post_id for post_id, _ in off] == [truth["planted"]["false_time"]["post_id"]]
    assert abs(off[0][1] - truth["planted"]["false_time"]["seconds_off"]) <= 1
    warned = {
        name
        for (name,) in con.execute(
            "select distinct check_name from quality.fct_check_outcomes where not passed and severity = 'warning'"
        ).fetchall()
    }
    assert {"time_agrees_with_id", "no_missing_months", "no_rejected_records", "ids_unique_in_capture"} <= warned


def test_claims_find_no_lift_by_partners_where_none_was_planted(
    con: duckdb.DuckDBPyConnection, truth: dict[str, Any], demo_warehouse: DemoWarehouse
) -> None:
    assert truth["planted"]["partner_lift_within_year"] == 1.0
    rows = con.execute("select claim_id, verdict, is_primary, study from reports.rpt_claims").fetchall()
    assert {claim for claim, _, is_primary, _ in rows if is_primary} == {"C1", "C2", "C3", "C4", "C5", "C6"}
    assert {study for *_, study in rows} == {"demo"}
    assert "supported" not in {verdict for claim, verdict, *_ in rows if claim == "C6"}
    # every series has too few years of figures
    assert {verdict for claim, verdict, *_ in rows if claim == "C2"} == {"not_testable"}
    kept = json.loads((demo_warehouse.paths.ledger / "claims" / "demo.json").read_text("utf-8"))
    assert kept["C6"]["spec_id"] == "C6.likes"
    # a claim without a result binds nobody to its reading yet
    assert "C2" not in kept
