"""The old X archive: months, index, payload, owner and table, and where they contradict each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.contract import InputError
from tests.unit.connectors_support import Loaded, js, load, new_warehouse, row_count, write

HEADER = (
    "tweet_id,in_reply_to_status_id,in_reply_to_user_id,timestamp,source,text,"
    "retweeted_status_id,retweeted_status_user_id,retweeted_status_timestamp,expanded_urls"
)
USER = {"id_str": "42", "screen_name": "SuaraSyntheticOrgDemo", "name": "Synthetic"}


def a_post(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1_000_000_000_000_000_000 + number,
        "id_str": str(1_000_000_000_000_000_000 + number),
        "created_at": "2015-07-02 03:04:05 +0000",
        "text": f"Synthetic post {number}",
        "source": "<a href='x'>x</a>",
        "geo": {},
        "user": USER,
        "entities": {"hashtags": [], "user_mentions": [], "urls": [], "media": []},
        **fields,
    }


def month(name: str, *posts: dict[str, Any]) -> dict[str, str]:
    return {f"data/js/tweets/{name}.js": js(name, list(posts), "Grailbird.data.tweets_{} = \n")}


def index(*entries: tuple[str, int]) -> dict[str, str]:
    listed = [{"file_name": f"data/js/tweets/{name}.js", "tweet_count": count} for name, count in entries]
    return {"data/js/tweet_index.js": js("", listed, "var tweet_index =  ")}


def details(total: int | None = None) -> dict[str, str]:
    user = {
        "screen_name": "SuaraSyntheticOrgDemo",
        "full_name": "S",
        "id": "42",
        "created_at": "2015-06-01 00:00:00 +0000",
    }
    made = {"data/js/user_details.js": js("", user, "var user_details =  ")}
    if total is not None:
        payload = {"tweets": total, "created_at": "Wed Jan 01 06:12:15 +0000 2020", "lang": "en"}
        made["data/js/payload_details.js"] = js("", payload, "var payload_details =  ")
    return made


def table(*rows: str, header: str = HEADER) -> dict[str, str]:
    return {"tweets.csv": "\r\n".join([header, *rows]) + "\r\n"}


def row(number: int, text: str = "Synthetic") -> str:
    return f'"{1_000_000_000_000_000_000 + number}","","","2015-07-02 03:04:05 +0000","x","{text}","","","",""'


def load_zip(tmp_path: Path, *members: dict[str, Any]) -> Loaded:
    together: dict[str, Any] = {"README.txt": "tweet_id,timestamp,text"}
    for part in members:
        together |= part
    return load(write(tmp_path / "a.zip", together))


def test_months_and_table_are_loaded_with_positions_over_all_files(tmp_path: Path) -> None:
    loaded = load_zip(
        tmp_path,
        month("2015_08", a_post(3)),
        month("2015_07", a_post(1), a_post(2)),
        index(("2015_07", 2), ("2015_08", 1)),
        details(3),
        table(row(1, "two\nlines, quoted"), row(2), row(3)),
    )
    assert loaded.counts == (6, 6, 0)
    assert loaded.rows("select record_no, id_str[-1:] from raw.x_archive_legacy_posts order by 1") == [
        (1, "1"),
        (2, "2"),
        (3, "3"),
    ]
    assert loaded.rows("select record_no, text from raw.x_archive_legacy_csv_posts order by 1 limit 1") == [
        (1, "two\nlines, quoted")
    ]
    assert loaded.rows("select distinct in_reply_to_user_id from raw.x_archive_legacy_csv_posts") == [(None,)]
    result = loaded.result
    assert (result.owner_account_id, result.owner_handle, result.is_census) == ("42", "SuaraSyntheticOrgDemo", True)
    assert str(result.observed_at) == "2020-01-01 06:12:15+00:00"
    assert (result.coverage_from, result.coverage_to) == (result.owner_created_at, result.observed_at)
    assert all(total.agrees for total in result.control_totals)


def test_index_that_lists_a_month_twice_gives_one_contradiction_for_each_entry(tmp_path: Path) -> None:
    loaded = load_zip(
        tmp_path,
        month("2018_10", a_post(1)),
        month("2018_12", a_post(2)),
        index(("2018_10", 31), ("2018_10", 62), ("2018_11", 4)),
        details(99),
    )
    assert loaded.totals == {
        "tweet_index": (97, 2),
        "tweet_index 2018_10 entry 1": (31, 1),
        "tweet_index 2018_10 entry 2": (62, 1),
        "tweet_index 2018_11": (4, 0),
        "tweet_index 2018_12": (0, 1),
        "payload_details": (99, 2),
    }
    notes = {one.statement: one.note for one in loaded.result.control_totals}
    assert notes["tweet_index"] == "listed twice: 2018_10"
    assert notes["tweet_index 2018_11"] == "no file for this month"


def test_reposts_full_texts_and_rounded_numeric_ids_are_kept_as_delivered(tmp_path: Path) -> None:
    rounded = (
        '{"id": 1212010346795413500, "id_str": "1212010346795413505", "created_at": "Tue Dec 31 13:59:19 +0000 2019",'
    )
    rounded += (
        ' "full_text": "Synthetic", "retweet_count": 3, "retweeted_status": {"id_str": "7", "user": {"id_str": "8"}}}'
    )
    members = {"data/js/tweets/2019_12.js": f"Grailbird.data.tweets_2019_12 = [{rounded}]"}
    loaded = load_zip(tmp_path, members)
    columns = 'id, id_str, text, full_text, retweet_count, retweeted_status."user".id_str'
    assert loaded.rows(f"select {columns} from raw.x_archive_legacy_posts") == [
        ("1212010346795413500", "1212010346795413505", None, "Synthetic", 3, "8")
    ]


def test_archive_without_payload_has_no_time_of_observation(tmp_path: Path) -> None:
    result = load_zip(tmp_path, month("2015_07", a_post(1)), details()).result
    assert (result.observed_at, result.coverage_to) == (None, None)
    assert "payload_details.js" in result.observed_at_basis


def test_single_month_tells_its_author_from_the_posts(tmp_path: Path) -> None:
    write(tmp_path, {"2015_07.js": next(iter(month("2015_07", a_post(1)).values()))})
    result = load(tmp_path / "2015_07.js").result
    assert (result.owner_account_id, result.owner_handle, result.is_census) == ("42", "SuaraSyntheticOrgDemo", None)


def test_single_table_is_loaded(tmp_path: Path) -> None:
    write(tmp_path, table(row(1), row(2)))
    loaded = load(tmp_path / "tweets.csv")
    assert [(one.record_type, one.loaded_count) for one in loaded.result.members] == [("csv_post", 2)]


def test_month_that_ends_in_the_middle_keeps_its_first_posts_and_the_other_months(tmp_path: Path) -> None:
    cut = next(iter(month("2015_07", a_post(1), a_post(2)).values()))
    members = {"data/js/tweets/2015_07.js": cut[: cut.index("post 2")]}
    loaded = load_zip(tmp_path, members, month("2015_08", a_post(3)))
    assert loaded.counts == (3, 2, 1) and loaded.rejected == [(2, "cut_off")]
    assert loaded.rows("select record_no from raw.x_archive_legacy_posts order by 1") == [(1,), (3,)]


def test_broken_rows_of_the_table_are_rejected_and_their_neighbours_load(tmp_path: Path) -> None:
    rows = "\r\n".join([HEADER, row(1), '"1.0E+18"' + row(2)[21:], row(3)[:60], row(4, "caf\u00e9"), row(5), ""])
    write(tmp_path, {"tweets.csv": rows.encode("cp1252")})
    loaded = load(tmp_path / "tweets.csv")
    assert loaded.rejected == [(2, "bad_id"), (3, "wrong_columns"), (4, "not_utf8")]
    assert loaded.rows("select record_no, tweet_id[-1:] from raw.x_archive_legacy_csv_posts") == [(1, "1"), (5, "5")]


def test_table_with_an_open_quote_rejects_the_rest_as_one_record(tmp_path: Path) -> None:
    write(tmp_path, {"tweets.csv": "\n".join([HEADER, row(1), row(2)[:-1] + "\n", row(3)[1:]])})
    loaded = load(tmp_path / "tweets.csv")
    assert loaded.counts[1] == 1 and loaded.counts[0] == loaded.counts[1] + loaded.counts[2]


@pytest.mark.parametrize(
    "header",
    [HEADER.replace("timestamp", "date"), HEADER.replace("timestamp,", ""), HEADER.replace("source", "text")],
)
def test_table_with_a_missing_or_doubled_column_is_refused(tmp_path: Path, header: str) -> None:
    con = new_warehouse()
    members = month("2015_07", a_post(1)) | table(row(1), header=header)
    with pytest.raises(InputError) as caught:
        load(write(tmp_path / "a.zip", members), con=con)
    assert (caught.value.code, caught.value.file) == ("missing_column", "a.zip: tweets.csv")
    assert row_count(con) == 0


def test_extra_columns_of_the_table_stay_out(tmp_path: Path) -> None:
    write(tmp_path, table(row(1) + ",extra", header=HEADER + ",Extra"))
    assert load(tmp_path / "tweets.csv").counts == (1, 1, 0)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        (index(("2015_07", 1)), "missing_file"),
        (month("2015_07", {"text": "no id", "created_at": "x"}), "missing_column"),
        ({f"{name}/data/js/tweets/2015_07.js": json.dumps([a_post(1)]) for name in "ab"}, "several_archives"),
    ],
)
def test_unusable_archive_is_refused(tmp_path: Path, members: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as caught:
        load_zip(tmp_path, members)
    assert caught.value.code == code
