"""Tables of posts that minet and gazouilloire write, by way of twitwi.

Belongs here: their columns. Does not belong here: minet's tables of users, of Facebook and of Instagram.

Lists are joined by `|`, lower case, each part once. Only `timestamp_utc` is read: `local_time` shows the clock of who
collected. The text is unescaped already. In a quote it holds the quoted post, between « and »; the lists do, too.
"""

from __future__ import annotations

from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TabularConnector

_SECONDS = CellRule("[0-9]{9,10}([.]0)?", "seconds since 1970, such as 1616789000", "bad_time")

_COUNTS = {
    "likes": ("like_count",),
    "retweets": ("retweet_count",),
    "replies": ("reply_count",),
    "quotes": ("quote_count",),
    "bookmarks": ("bookmark_count",),
    "impressions": ("impression_count",),
}

FORMAT = TableFormat(
    source="minet",
    title="a table of posts written by minet or gazouilloire",
    columns={
        "tweet_id": ("id",),
        "seconds": ("timestamp_utc",),
        "text": ("text",),
        "username": ("user_screen_name",),
        "full_name": ("user_name",),
        "user_id": ("user_id",),
        "lang": ("lang",),
        "client": ("source_name",),
        "possibly_sensitive": ("possibly_sensitive",),
        "collected_via": ("collected_via",),
        "replied_username": ("to_username",),
        "replied_user_id": ("to_userid",),
        "replied_id": ("to_tweetid",),
        "retweeted_id": ("retweeted_id",),
        "retweeted_user": ("retweeted_user",),
        "retweeted_user_id": ("retweeted_user_id",),
        "quoted_id": ("quoted_id",),
        "quoted_user": ("quoted_user",),
        "quoted_user_id": ("quoted_user_id",),
        "links": ("links",),
        "media_types": ("media_types",),
        "mentioned_names": ("mentioned_names",),
        "mentioned_ids": ("mentioned_ids",),
        "hashtags": ("hashtags",),
        **_COUNTS,
    },
    signatures=(frozenset({"tweet_id", "seconds", "text", "username", "retweeted_id", "quoted_id"}),),
    id_column="tweet_id",
    required=("text", "seconds"),
    rules={"tweet_id": ID_CELL, "seconds": _SECONDS, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    handle_column="username",
    account_id_column="user_id",
    name_column="full_name",
)
CONNECTOR = TabularConnector(FORMAT)
