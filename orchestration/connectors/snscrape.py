"""Tables that snscrape wrote, or that people made of its posts.

Belongs here: their columns. Does not belong here: its JSON lines.

Two forms: with `Datetime` and `Tweet Id`, as snscrape's own examples write them, and without an id, where it stands in
the address of the post.
"""

from __future__ import annotations

from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TabularConnector

# snscrape prints UTC with its offset; tools that re-wrote a table leave it out.
_TIME = CellRule(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?",
    "a time such as 2021-06-19 16:00:02+00:00",
    "bad_time",
)

FORMAT = TableFormat(
    source="snscrape",
    title="a table written by snscrape",
    columns={
        "tweet_id": ("tweet id", "tweet_id", "tweetid"),
        "tweet_url": ("tweet_url", "tweet url", "url", "permalink"),
        "posted_at": ("datetime", "tweet_timestamp", "date"),
        "text": ("text", "tweet_caption", "content", "rawcontent"),
        "username": ("username", "user"),
        "user_id": ("user id", "user_id"),
        "name": ("name", "displayname"),
        "language": ("language", "lang"),
        "media": ("tweet_media_url", "media"),
        "likes": ("likes", "likecount", "like count"),
        "retweets": ("retweets", "retweetcount", "retweet count"),
        "replies": ("replies", "replycount", "reply count"),
        "quotes": ("quotes", "quotecount", "quote count"),
    },
    signatures=(
        frozenset({"tweet_id", "posted_at", "text", "username"}),
        frozenset({"tweet_url", "posted_at", "text", "retweets", "likes"}),
    ),
    id_column="tweet_id",
    link_column="tweet_url",
    required=("text", "posted_at"),
    rules={
        "tweet_id": ID_CELL,
        "posted_at": _TIME,
        "likes": NUMBER_CELL,
        "retweets": NUMBER_CELL,
        "replies": NUMBER_CELL,
        "quotes": NUMBER_CELL,
    },
)
CONNECTOR = TabularConnector(FORMAT)
