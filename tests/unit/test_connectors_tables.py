"""Tables of known tools: small files as the tools write them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from tests.unit.connectors_support import load, write

OLD_COUNTS = (
    "impressions,engagements,engagement rate,retweets,replies,likes,user profile clicks,url clicks,promoted likes"
)
OLD_ANALYTICS = f'"Tweet id","Tweet permalink","Tweet text","time",{OLD_COUNTS}\n' + (
    '"700000000000000001","https://twitter.com/Me/status/700000000000000001","a\nb &amp; c","2016-02-03 17:00 +0000",'
    '"1938.0","18.0","0.0092","3.0","0.0","2.0","1.0","0.0","-"\n'
)
NEW_ANALYTICS = (
    "Post id,Date,Post text,Post Link,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Replies,Reposts\n"
    '2074000000000000001,"Tue, Jul 14, 2026",hello,https://x.com/Me/status/2074000000000000001,"1,234",5,6,0,0,0,1,2\n'
    ',"Wed, Jul 15, 2026",gone,,10,0,0,0,0,0,0,0\n'
    '2074000000000000003,"Kam, 16 Jul 2026",lain,https://x.com/Me/status/2074000000000000003,1,0,0,0,0,0,0,0\n'
)


def test_analytics_of_the_old_form(tmp_path: Path) -> None:
    got = load(write(tmp_path / "in", {"a.csv": OLD_ANALYTICS}))
    assert (got.result.source, got.counts, got.result.owner_handle) == ("x_analytics", (1, 1, 0), "Me")
    assert got.result.is_census is False, "reposts are not in it"
    assert got.rows("select post_id, impressions, likes, reposts, bookmarks from raw.x_analytics_posts") == [
        ("700000000000000001", "1938.0", "2.0", "3.0", None)
    ]


def test_analytics_of_the_new_form_rejects_rows_without_an_id_and_dates_of_other_languages(tmp_path: Path) -> None:
    got = load(write(tmp_path, {"a.csv": NEW_ANALYTICS}) / "a.csv", scratch=tmp_path / "scratch")
    assert got.rows("select post_id, posted_at, impressions, reposts from raw.x_analytics_posts") == [
        ("2074000000000000001", "Tue, Jul 14, 2026", "1,234", "2")
    ]
    assert got.rejected == [(2, "missing_id"), (3, "bad_time")]


def test_analytics_of_both_forms_in_one_folder(tmp_path: Path) -> None:
    got = load(write(tmp_path / "in.zip", {"a.csv": OLD_ANALYTICS, "b.csv": NEW_ANALYTICS}))
    assert got.counts == (4, 2, 2)


SNSCRAPE = "Datetime,Tweet Id,Text,Username,User Id,Language\n"
SNSCRAPE_ROW = '2021-06-19 16:00:02+00:00,1406280623648563207,"a &amp;\nb",Me,7,en\n'
BARE_URL = "name,bio,tweet_caption,tweet_media_url,tweet_url,tweet_timestamp,retweets,likes\r\n" + (
    'Myself,"I,\nme","a\nb",[Photo(url=\'x\')],https://twitter.com/Me/status/12,2022-11-19 03:51:58+00:00,2,5\r\n'
)


def test_snscrape_by_day_with_empty_days(tmp_path: Path) -> None:
    parts = {f"d_2021010{day}.csv": SNSCRAPE for day in range(1, 4)} | {"d_20210619.csv": SNSCRAPE + SNSCRAPE_ROW}
    got = load(write(tmp_path / "in", parts))
    assert (got.result.source, got.counts, len(got.result.members)) == ("snscrape", (1, 1, 0), 4)


def test_snscrape_with_bare_returns(tmp_path: Path) -> None:
    row = "2021-06-19 16:00:02+00:00,1406280623648563207,Trending: \r\r#a | #b,Me,7,en\n"
    got = load(write(tmp_path / "in", {"a.csv": SNSCRAPE + row * 3}))
    assert got.counts == (3, 3, 0)
    assert got.rows("select distinct text from raw.snscrape_posts") == [("Trending: \r\r#a | #b",)]


def test_snscrape_without_an_id_column(tmp_path: Path) -> None:
    got = load(write(tmp_path / "in", {"a.csv": BARE_URL}))
    assert (got.result.source, got.result.owner_handle) == ("snscrape", "Me")
    assert got.rows("select tweet_id, tweet_url, text, likes from raw.snscrape_posts") == [
        (None, "https://twitter.com/Me/status/12", "a\nb", "5")
    ]


def nvivo(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(
        ["Row ID", "Tweet ID", "Username", "Tweet", "Time", "Tweet Type", "Retweeted By", "Number of Retweets"]
    )
    sheet.append([1, "700000000000000001", "Me", "a_x000D_\nb", datetime(2016, 2, 3, 17, 0, 1), "Tweet", None, 3])
    sheet.append([2, 700000000000000000.0, "You", "hello", "03/02/2016 17:00", "Retweet", "Me", 7])
    sheet.append([3, "700000000000000003", "Me", "c", "3 février 2016", "Tweet", None, 3])
    book.save(path)
    return path


def test_nvivo_workbook_keeps_serials_and_damaged_ids_and_reads_times_by_its_settings(tmp_path: Path) -> None:
    got = load(nvivo(tmp_path / "set.xlsx"))
    assert (got.result.source, got.counts, got.result.encoding) == ("nvivo", (3, 2, 1), "xlsx")
    assert got.rejected == [(3, "bad_time")]
    assert got.rows("select tweet_id, tweet, local_time, time_zone from raw.nvivo_posts order by record_no") == [
        ("700000000000000001", "a\r\nb", "2016-02-03 17:00:01", "UTC"),
        ("700000000000000000", "hello", "2016-02-03 17:00:00", "UTC"),
    ]
    assert got.rows('select "time" from raw.nvivo_posts order by record_no')[0][0].startswith("42403.7083")


def test_nvivo_csv(tmp_path: Path) -> None:
    text = "Tweet ID;Username;Tweet;Time;Tweet Type\n700000000000000001;Me;a;2016-02-03 17:00:01;Tweet\n"
    got = load(write(tmp_path / "in", {"a.csv": text}))
    assert (got.result.source, got.result.owner_handle, got.counts) == ("nvivo", "Me", (1, 1, 0))


@pytest.mark.parametrize("content", [OLD_ANALYTICS, NEW_ANALYTICS, SNSCRAPE + SNSCRAPE_ROW, BARE_URL])
def test_formats_are_not_taken_for_each_other(tmp_path: Path, content: str) -> None:
    from orchestration.connectors import CONNECTORS
    from orchestration.connectors.files import CaptureFiles

    with CaptureFiles(write(tmp_path / "in", {"a.csv": content})) as files:
        assert len([one.source for one in CONNECTORS if one.detect(files)]) == 1
