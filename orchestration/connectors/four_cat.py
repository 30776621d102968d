"""Tables of posts of X that 4CAT exports as CSV: from its importer of browser captures, and from its older API search.

Belongs here: their columns. Does not belong here: what the browser captured (NDJSON).

Yes and no stand as words. Times are UTC; `unix_timestamp` is not, where the server's clock was not, and is not read.
"""

from __future__ import annotations

from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TabularConnector

_TIME = CellRule(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}", "a time such as 2023-05-01 12:00:00", "bad_time"
)

_COUNTS = {
    "likes": ("like_count",),
    "retweets": ("retweet_count",),
    "replies": ("reply_count",),
    "quotes": ("quote_count",),
    "bookmarks": ("bookmark_count",),
    "impressions": ("impression_count",),
}

FORMAT = TableFormat(
    source="four_cat",
    title="a table of posts of X written by 4CAT",
    columns={
        "tweet_id": ("id",),
        "thread_id": ("thread_id",),
        "created_at": ("timestamp",),
        "body": ("body",),
        "username": ("author",),
        "full_name": ("author_fullname",),
        "user_id": ("author_id",),
        "client": ("source",),
        "lang": ("language_guess",),
        "possibly_sensitive": ("possibly_sensitive",),
        "is_retweet": ("is_retweet",),
        "retweeted_user": ("retweeted_user",),
        "is_quote": ("is_quote_tweet",),
        "quoted_id": ("quote_tweet_id",),
        "quoted_user": ("quote_author", "quoted_user"),
        "is_reply": ("is_reply",),
        "replied_user": ("replied_author", "replied_user"),
        "hashtags": ("hashtags",),
        "mentions": ("mentions",),
        "urls": ("urls",),
        **_COUNTS,
    },
    signatures=(
        frozenset({"tweet_id", "thread_id", "created_at", "body", "username", "is_retweet", "is_quote", "is_reply"}),
    ),
    id_column="tweet_id",
    required=("body", "created_at"),
    rules={"tweet_id": ID_CELL, "created_at": _TIME, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    handle_column="username",
    account_id_column="user_id",
    name_column="full_name",
)
CONNECTOR = TabularConnector(FORMAT)
