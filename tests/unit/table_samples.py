"""The same few posts as each tool writes them into its table.

Belongs here: headers and rows by hand, and what staging says of them. Does not belong here: assertions.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

ME, OTHER = "7", "8"
_START = datetime(2021, 4, 23, 19, 41, 41, tzinfo=UTC)


def moment(number: int) -> datetime:
    """One post a minute."""
    return _START + timedelta(minutes=number)


def post_id(number: int) -> str:
    """An id that carries the time of the post, to the millisecond."""
    return str((int(moment(number).timestamp() * 1000) + 300 - 1288834974657) << 22 | number % 100)


OLD = -1000  # a post of another account, which the posts below pass on and quote
ORIGINAL, REPOST, REPLY, SELF_REPLY, QUOTE, BY_HAND = range(6)
TEXTS = {
    ORIGINAL: "Hi &amp; bye #Tag #dua @Other https://e.org/a,b",
    REPOST: "RT @Other: news #now",
    REPLY: "@Other yes",
    SELF_REPLY: "more",
    QUOTE: "look",
    BY_HAND: "RT @Other: typed",  # a repost that no program marks as one
}
KINDS = {
    ORIGINAL: "original",
    REPOST: "repost",
    REPLY: "reply",
    SELF_REPLY: "self_reply",
    QUOTE: "quote",
    BY_HAND: "repost",
}


@dataclass(frozen=True)
class Sample:
    """A table and what is in it.

    Attributes:
        bad: A row that is rejected, and why.
        kinds: What staging calls each post.
        hashtags: Those of the original and of the repost, as the table lists them; None where it lists none.
        counts: Likes, reposts, replies, quotes, bookmarks and impressions of the original.
    """

    source: str
    header: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    bad: tuple[dict[str, Any], str]
    kinds: dict[int, str]
    hashtags: tuple[list[str] | None, list[str] | None]
    counts: tuple[int | None, ...]
    delimiter: str = ","

    def csv(self, with_bad: bool = False) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, self.header, delimiter=self.delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*self.rows, self.bad[0]] if with_bad else self.rows)
        return out.getvalue()


def _rows(numbers: Iterable[int], row: Callable[[int], dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(row(number) for number in numbers)


def _header(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", ",").strip(",").replace(",,", ",").split(","))


def _v1_time(number: int) -> str:
    return moment(number).strftime("%a %b %d %H:%M:%S +0000 %Y")


def _clock(number: int, hours: float = 0) -> str:
    return (moment(number) + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S")


def _twarc_csv() -> Sample:
    header = _header("""id,conversation_id,referenced_tweets.replied_to.id,referenced_tweets.retweeted.id
referenced_tweets.quoted.id,author_id,in_reply_to_user_id,in_reply_to_username,retweeted_user_id,retweeted_username
quoted_user_id,quoted_username,created_at,text,lang,source,public_metrics.impression_count,public_metrics.reply_count
public_metrics.retweet_count,public_metrics.quote_count,public_metrics.like_count,reply_settings
edit_history_tweet_ids,possibly_sensitive,entities.hashtags,entities.mentions,entities.urls,attachments.media
author.id,author.username,author.name,__twarc.retrieved_at,__twarc.url,__twarc.version""")

    def row(number: int) -> dict[str, Any]:
        is_original, is_repost, is_quote = (number == kind for kind in (ORIGINAL, REPOST, QUOTE))
        return {
            "id": post_id(number),
            "conversation_id": post_id(number),
            "referenced_tweets.replied_to.id": {REPLY: post_id(OLD), SELF_REPLY: post_id(ORIGINAL)}.get(number),
            "referenced_tweets.retweeted.id": post_id(OLD) if is_repost else None,
            "referenced_tweets.quoted.id": post_id(OLD) if is_quote else None,
            "author_id": ME,
            "in_reply_to_user_id": {REPLY: OTHER, SELF_REPLY: ME}.get(number),
            "in_reply_to_username": {REPLY: "Other", SELF_REPLY: "Me"}.get(number),
            "retweeted_user_id": OTHER if is_repost else None,
            "retweeted_username": "Other" if is_repost else None,
            "created_at": moment(number).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "text": {ORIGINAL: TEXTS[ORIGINAL].replace("#Tag", "\\n#Tág"), REPOST: "news #now"}.get(
                number, TEXTS[number]
            ),
            "lang": "in",
            "public_metrics.impression_count": 0,
            "public_metrics.reply_count": 1,
            "public_metrics.retweet_count": 99 if is_repost else 2,
            "public_metrics.quote_count": 0,
            "public_metrics.like_count": 98 if is_repost else 5,
            "edit_history_tweet_ids": json.dumps([post_id(number)]),
            "entities.hashtags": {ORIGINAL: '["#T\\u00e1g", "#dua"]', REPOST: '["#now"]'}.get(number),
            "entities.mentions": '["@Other"]' if is_original else None,
            "entities.urls": '["https://e.org/a,b", "pic.twitter.com/x"]' if is_original else None,
            "attachments.media": '[{"media_key": "3_1", "type": "photo"}]' if is_original else None,
            "author.username": "Me",
            "author.name": "Myself",
            "__twarc.retrieved_at": "2021-05-01T00:00:00+00:00",
        }

    bad = {**row(ORIGINAL), "id": '"Total"'}
    counts = (5, 2, 1, 0, None, None)
    return Sample("twarc_csv", header, _rows(KINDS, row), (bad, "bad_id"), KINDS, (["Tág", "dua"], ["now"]), counts)


def _four_cat(is_older: bool = False) -> Sample:
    header = _header("""collected_from_url,id,thread_id,timestamp,unix_timestamp,link,body,author,author_fullname
author_id,author_avatar_url,author_banner_url,verified,source,language_guess,possibly_sensitive,retweet_count
reply_count,like_count,quote_count,impression_count,is_retweet,retweeted_user,is_quote_tweet,quote_tweet_id
quote_author,quote_body,quote_images,quote_videos,is_quote_withheld,is_reply,replied_author,is_withheld,hashtags,urls
images,videos,mentions,long_lat,place_name""")
    names = {"quote": "quote_author", "reply": "replied_author"}
    if is_older:
        names = {"quote": "quoted_user", "reply": "replied_user"}
        header = _header("""id,thread_id,timestamp,unix_timestamp,link,subject,body,author,author_fullname,author_id
author_followers,source,language_guess,possibly_sensitive,retweet_count,reply_count,like_count,quote_count
impression_count,bookmark_count,is_retweet,retweeted_user,is_quote_tweet,quoted_user,is_reply,replied_user,hashtags
urls,images,videos,mentions,long_lat,place_name""")

    def row(number: int) -> dict[str, Any]:
        is_original, is_repost, is_quote = (number == kind for kind in (ORIGINAL, REPOST, QUOTE))
        return {
            "id": post_id(number),
            "thread_id": post_id(number),
            "timestamp": _clock(number),
            "unix_timestamp": "1",  # by the server's clock, and never read
            "body": TEXTS[number],
            "author": "Me",
            "author_fullname": "Myself",
            "author_id": ME,
            "language_guess": "in",
            "like_count": 0 if is_repost else 5,
            "retweet_count": 99 if is_repost else 2,
            "reply_count": 1,
            "quote_count": 0,
            "impression_count": "",
            "is_retweet": "yes" if is_repost else "no",
            "retweeted_user": "Other" if is_repost else "",
            "is_quote_tweet": "yes" if is_quote else "no",
            names["quote"]: "Other" if is_quote else "",
            **({} if is_older else {"quote_tweet_id": post_id(OLD) if is_quote else ""}),
            "is_reply": "yes" if number in (REPLY, SELF_REPLY) else "no",
            names["reply"]: {REPLY: "Other", SELF_REPLY: "me"}.get(number, ""),
            "hashtags": {ORIGINAL: "Tag,dua", REPOST: "now"}.get(number, ""),
            "mentions": "Other" if is_original else "",
            "urls": "https://e.org/a,b,https://e.org/c" if is_original else "",
        }

    bad = ({**row(ORIGINAL), "timestamp": "23/04/2021 19:41"}, "bad_time")
    counts = (5, 2, 1, 0, None, None)
    return Sample("four_cat", header, _rows(KINDS, row), bad, KINDS, (["Tag", "dua"], ["now"]), counts)


def _tcat() -> Sample:
    header = _header("""id,time,created_at,from_user_name,text,filter_level,possibly_sensitive,withheld_copyright
withheld_scope,truncated,retweet_count,favorite_count,lang,to_user_name,in_reply_to_status_id,quoted_status_id,source
location,lat,lng,from_user_id,from_user_realname,urls,urls_expanded,urls_followed,domains,HTTP status code,mentions
hashtags""")

    def row(number: int) -> dict[str, Any]:
        return {
            "id": post_id(number),
            "time": int(moment(number).timestamp()),
            "created_at": _clock(number, 2),  # a server that was not set to UTC
            "from_user_name": "Me",
            "from_user_id": ME,
            "text": TEXTS[number],
            "retweet_count": 99 if number == REPOST else 2,
            "favorite_count": 98 if number == REPOST else 5,
            "lang": "in",
            "to_user_name": {REPLY: "Other", SELF_REPLY: "Me"}.get(number, ""),
            "in_reply_to_status_id": {REPLY: post_id(OLD), SELF_REPLY: post_id(ORIGINAL)}.get(number, "0"),
            "quoted_status_id": post_id(OLD) if number == QUOTE else "",
            "urls": "https://t.co/1; https://t.co/2" if number == ORIGINAL else "",
            "urls_expanded": "https://e.org/a,b; https://e.org/c" if number == ORIGINAL else "",
            "mentions": "Other" if number == ORIGINAL else "",
            "hashtags": {ORIGINAL: "Tag; dua", REPOST: "now"}.get(number, ""),
        }

    bad = ({**row(ORIGINAL), "text": ""}, "missing_cell")
    counts = (5, 2, None, None, None, None)
    return Sample("tcat", header, _rows(KINDS, row), bad, KINDS, (["Tag", "dua"], ["now"]), counts)


def _sfm() -> Sample:
    header = _header("""id,tweet_url,created_at,parsed_created_at,user_screen_name,text,tweet_type,coordinates,hashtags
media,urls,favorite_count,in_reply_to_screen_name,in_reply_to_status_id,in_reply_to_user_id,lang,place
possibly_sensitive,retweet_count,retweet_or_quote_id,retweet_or_quote_screen_name,retweet_or_quote_user_id,source
user_id,user_created_at,user_description,user_followers_count,user_name,user_verified""")

    def row(number: int) -> dict[str, Any]:
        has_other = number in (REPOST, QUOTE)
        return {
            "id": post_id(number),
            "tweet_url": f"https://twitter.com/Other/status/{post_id(OLD)}",
            "created_at": _v1_time(number),
            "parsed_created_at": f"{_clock(number)}+00:00",
            "user_screen_name": "Me",
            "user_id": ME,
            "user_name": "Myself",
            "text": "news #now" if number == REPOST else TEXTS[number],
            "tweet_type": {REPOST: "retweet", SELF_REPLY: "reply", BY_HAND: "original"}.get(number, KINDS[number]),
            "hashtags": {ORIGINAL: "Tag dua", REPOST: "now"}.get(number, ""),
            "urls": "https://e.org/a,b https://e.org/c" if number == ORIGINAL else "",
            "favorite_count": 98 if number == REPOST else 5,
            "retweet_count": 99 if number == REPOST else 2,
            "in_reply_to_screen_name": {REPLY: "Other", SELF_REPLY: "Me"}.get(number, ""),
            "in_reply_to_user_id": {REPLY: OTHER, SELF_REPLY: ME}.get(number, ""),
            "in_reply_to_status_id": {REPLY: post_id(OLD), SELF_REPLY: post_id(ORIGINAL)}.get(number, ""),
            "lang": "in",
            "retweet_or_quote_id": post_id(OLD) if has_other else "",
            "retweet_or_quote_screen_name": "Other" if has_other else "",
            "retweet_or_quote_user_id": OTHER if has_other else "",
        }

    bad = ({**row(ORIGINAL), "tweet_type": "toot"}, "wrong_type")
    counts = (5, 2, None, None, None, None)
    return Sample("sfm", header, _rows(KINDS, row), bad, KINDS, (["Tag", "dua"], ["now"]), counts)


def _minet() -> Sample:
    header = _header("""id,timestamp_utc,local_time,user_screen_name,text,possibly_sensitive,retweet_count,like_count
reply_count,lang,to_username,to_userid,to_tweetid,source_name,source_url,user_location,lat,lng,user_id,user_name
user_verified,collected_via,match_query,retweeted_id,retweeted_user,retweeted_user_id,retweeted_timestamp_utc
quoted_id,quoted_user,quoted_user_id,quoted_timestamp_utc,collection_time,url,links,domains,media_urls,media_files
media_types,mentioned_names,mentioned_ids,hashtags""")
    quoted = f"look « Other: news\n#now — https://twitter.com/Other/status/{post_id(OLD)} »"

    def row(number: int) -> dict[str, Any]:
        is_original, is_repost, is_quote = (number == kind for kind in (ORIGINAL, REPOST, QUOTE))
        return {
            "id": post_id(number),
            "timestamp_utc": int(moment(number).timestamp()),
            "local_time": _clock(number, 2).replace(" ", "T"),
            "user_screen_name": "Me",
            "user_id": ME,
            "user_name": "Myself",
            "text": {ORIGINAL: TEXTS[ORIGINAL].replace("&amp;", "&"), QUOTE: quoted}.get(number, TEXTS[number]),
            "like_count": 98 if is_repost else 5,
            "retweet_count": 99 if is_repost else 2,
            "reply_count": "",
            "lang": "in",
            "to_username": {REPLY: "Other", SELF_REPLY: "Me"}.get(number, ""),
            "to_userid": {REPLY: OTHER, SELF_REPLY: ME}.get(number, ""),
            "to_tweetid": {REPLY: post_id(OLD), SELF_REPLY: post_id(ORIGINAL)}.get(number, ""),
            "retweeted_id": post_id(OLD) if is_repost else "",
            "retweeted_user": "Other" if is_repost else "",
            "retweeted_user_id": OTHER if is_repost else "",
            "quoted_id": post_id(OLD) if is_quote else "",
            "quoted_user": "Other" if is_quote else "",
            "quoted_user_id": OTHER if is_quote else "",
            "links": "https://e.org/a,b|https://e.org/c" if is_original else "",
            "mentioned_names": "other" if is_original else "",
            "mentioned_ids": OTHER if is_original else "",
            "hashtags": {ORIGINAL: "dua|tag", REPOST: "now", QUOTE: "now"}.get(number, ""),
        }

    bad = ({**row(ORIGINAL), "timestamp_utc": "2021-04-23"}, "bad_time")
    counts = (5, 2, None, None, None, None)
    return Sample("minet", header, _rows(KINDS, row), bad, KINDS, (["dua", "tag"], ["now"]), counts)


def _tweet_harvest(delimiter: str) -> Sample:
    header = _header("""conversation_id_str,created_at,favorite_count,full_text,id_str,image_url
in_reply_to_screen_name,lang,location,quote_count,reply_count,retweet_count,tweet_url,user_id_str,username""")

    def row(number: int) -> dict[str, Any]:
        return {
            "conversation_id_str": post_id(number),
            "created_at": _v1_time(number),
            "favorite_count": 98 if number == REPOST else 5,
            "full_text": TEXTS[number],
            "id_str": post_id(number),
            "in_reply_to_screen_name": {REPLY: "Other", SELF_REPLY: "Me"}.get(number, ""),
            "lang": "in",
            "quote_count": 0,
            "reply_count": 1,
            "retweet_count": 99 if number == REPOST else 2,
            "tweet_url": f"https://x.com/{'undefined' if number == ORIGINAL else 'Me'}/status/{post_id(number)}",
            "user_id_str": ME,
            "username": "" if number == ORIGINAL else "Me",
        }

    bad = ({**row(ORIGINAL), "favorite_count": "five"}, "wrong_type")
    kinds = {**KINDS, QUOTE: "original"}
    return Sample(
        "tweet_harvest", header, _rows(KINDS, row), bad, kinds, (None, None), (5, 2, 1, 0, None, None), delimiter
    )


def _twint() -> Sample:
    header = _header("""id,conversation_id,created_at,date,time,timezone,user_id,username,name,place,tweet,language
mentions,urls,photos,replies_count,retweets_count,likes_count,hashtags,cashtags,link,retweet,quote_url,video,thumbnail
near,geo,source,user_rt_id,user_rt,retweet_id,reply_to,retweet_date,translate,trans_src,trans_dest""")
    who = "[{'screen_name': 'Other', 'name': \"O'ther\", 'id': '8'}]"

    def row(number: int) -> dict[str, Any]:
        is_original, is_repost = number == ORIGINAL, number == REPOST
        id_of_row = OLD if is_repost else number
        user = "Other" if is_repost else "Me"
        return {
            "id": post_id(id_of_row),
            "conversation_id": post_id(ORIGINAL) if number in (REPLY, SELF_REPLY) else post_id(id_of_row),
            "date": _clock(id_of_row, 5.5)[:10],
            "time": _clock(id_of_row, 5.5)[11:],
            "timezone": "+0530",
            "user_id": OTHER if is_repost else ME,
            "username": user.lower(),
            "name": "Myself",
            "tweet": "news #now" if is_repost else TEXTS[number],
            "language": "in",
            "mentions": who if is_original else "[]",
            "urls": "['https://e.org/a,b', \"https://e.org/c'd\"]" if is_original else "[]",
            "photos": "[]",
            "replies_count": 1,
            "retweets_count": 99 if is_repost else 2,
            "likes_count": 98 if is_repost else 5,
            "hashtags": {ORIGINAL: "['Tag', 'dua']", REPOST: "['now']"}.get(number, "[]"),
            "link": f"https://twitter.com/{user}/status/{post_id(id_of_row)}",
            "retweet": str(is_repost),
            "quote_url": f"https://twitter.com/Other/status/{post_id(OLD)}" if number == QUOTE else "",
            "user_rt_id": ME if is_repost else "",
            "user_rt": "Me" if is_repost else "",
            "retweet_id": post_id(REPOST) if is_repost else "",
            "reply_to": who if number == REPLY else "[]",
        }

    bad = ({**row(REPOST), "retweet_id": ""}, "missing_id")
    counts = (5, 2, 1, None, None, None)
    return Sample("twint", header, _rows(KINDS, row), bad, KINDS, (["Tag", "dua"], ["now"]), counts)


def _fivetran() -> Sample:
    header = _header("""_fivetran_synced,account_id,card_uri,coordinates_coordinates,coordinates_type,created_at
favorite_count,favorited,followers,full_text,geo_coordinates,geo_type,id,in_reply_to_screen_name
in_reply_to_status_id,in_reply_to_user_id,lang,media_key,retweet_count,retweeted,source,truncated,tweet_type,user_id""")

    def row(number: int) -> dict[str, Any]:
        return {
            "_fivetran_synced": "2021-05-01 00:00:00.123 UTC",
            "account_id": "18ce",
            "created_at": f"{_clock(number)} UTC",
            "favorite_count": 98 if number == REPOST else 5,
            "full_text": TEXTS[number],
            "id": post_id(number),
            "in_reply_to_screen_name": {REPLY: "Other", SELF_REPLY: "Me"}.get(number, ""),
            "in_reply_to_status_id": {REPLY: post_id(OLD), SELF_REPLY: post_id(ORIGINAL)}.get(number, ""),
            "in_reply_to_user_id": {REPLY: OTHER, SELF_REPLY: ME}.get(number, ""),
            "lang": "in",
            "retweet_count": 99 if number == REPOST else 2,
            "truncated": "false",
            "user_id": ME,
        }

    bad = ({**row(ORIGINAL), "created_at": ""}, "missing_cell")
    kinds = {**KINDS, QUOTE: "original"}
    counts = (5, 2, None, None, None, None)
    return Sample("fivetran", header, _rows(KINDS, row), bad, kinds, (None, None), counts)


def _twitter_web_exporter() -> Sample:
    header = _header("""id,created_at,full_text,media,screen_name,name,profile_image_url,user_id,in_reply_to
retweeted_status,quoted_status,media_tags,favorite_count,retweet_count,bookmark_count,quote_count,reply_count
views_count,favorited,retweeted,bookmarked,url""")

    def row(number: int) -> dict[str, Any]:
        return {
            "id": post_id(number),
            "created_at": f"{_clock(number, 7)} +07:00" if number == ORIGINAL else _clock(number),
            "full_text": TEXTS[number],
            "media": '[{"type":"photo","url":"https://t.co/1"}]' if number == ORIGINAL else "[]",
            "screen_name": "Me",
            "name": "Myself",
            "user_id": ME,
            "in_reply_to": {REPLY: post_id(OLD), SELF_REPLY: post_id(ORIGINAL)}.get(number, ""),
            "retweeted_status": post_id(OLD) if number == REPOST else "",
            "quoted_status": post_id(OLD) if number == QUOTE else "",
            "favorite_count": 0 if number == REPOST else 5,
            "retweet_count": 99 if number == REPOST else 2,
            "bookmark_count": 3,
            "quote_count": 0,
            "reply_count": 1,
            "views_count": "",
            "url": f"https://twitter.com/Me/status/{post_id(number)}",
        }

    bad = ({**row(ORIGINAL), "created_at": "23 April 2021"}, "bad_time")
    kinds = {**KINDS, SELF_REPLY: "reply"}
    return Sample("twitter_web_exporter", header, _rows(KINDS, row), bad, kinds, (None, None), (5, 2, 1, 0, 3, None))


SAMPLES: dict[str, Sample] = {
    "twarc_csv": _twarc_csv(),
    "four_cat": _four_cat(),
    "four_cat_older": _four_cat(is_older=True),
    "tcat": _tcat(),
    "sfm": _sfm(),
    "minet": _minet(),
    "tweet_harvest": _tweet_harvest(";"),
    "tweet_harvest_commas": _tweet_harvest(","),
    "twint": _twint(),
    "fivetran": _fivetran(),
    "twitter_web_exporter": _twitter_web_exporter(),
}
