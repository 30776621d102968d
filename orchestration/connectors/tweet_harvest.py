"""Tables that Tweet Harvest writes, with semicolons or commas.

Belongs here: their columns. Does not belong here: its log.

The handle may be missing; the address then says `undefined` in its place. Overlapping searches repeat posts.
"""

from __future__ import annotations

from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TabularConnector

_TIME = CellRule(
    r"[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [+]0000 [0-9]{4}",
    "a time such as Wed Oct 10 20:19:24 +0000 2018",
    "bad_time",
)

_COUNTS = {
    "likes": ("favorite_count",),
    "retweets": ("retweet_count",),
    "replies": ("reply_count",),
    "quotes": ("quote_count",),
}

FORMAT = TableFormat(
    source="tweet_harvest",
    title="a table written by Tweet Harvest",
    columns={
        "tweet_id": ("id_str",),
        "conversation_id": ("conversation_id_str",),
        "created_at": ("created_at",),
        "text": ("full_text",),
        "tweet_url": ("tweet_url",),
        "username": ("username",),
        "user_id": ("user_id_str",),
        "lang": ("lang",),
        "replied_username": ("in_reply_to_screen_name",),
        "image_url": ("image_url",),
        **_COUNTS,
    },
    signatures=(frozenset({"tweet_id", "conversation_id", "created_at", "text", "tweet_url"}),),
    id_column="tweet_id",
    link_column="tweet_url",
    required=("text", "created_at"),
    rules={"tweet_id": ID_CELL, "created_at": _TIME, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    handle_column="username",
    account_id_column="user_id",
)
CONNECTOR = TabularConnector(FORMAT)
