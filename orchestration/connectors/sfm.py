"""Tables that Social Feed Manager exports (CSV or XLSX), and twarc's own `json2csv.py`, from which it takes them.

Belongs here: their columns. Does not belong here: the JSON they were made from.

A repost's row carries the text, the hashtags and the likes of the original, and in some versions its address: ids and
authors are never read from `tweet_url`. One column names the post that was passed on or quoted, by `tweet_type`.
"""

from __future__ import annotations

from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TabularConnector

_TIME = CellRule(
    r"[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [+]0000 [0-9]{4}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([+]00:00)?",
    "a time such as Tue Mar 20 18:21:52 +0000 2018",
    "bad_time",
)

_COUNTS = {"likes": ("favorite_count",), "retweets": ("retweet_count",)}

FORMAT = TableFormat(
    source="sfm",
    title="a table of posts written by Social Feed Manager or json2csv",
    columns={
        "tweet_id": ("id",),
        "created_at": ("created_at", "parsed_created_at"),
        "text": ("text",),
        "tweet_type": ("tweet_type",),
        "username": ("user_screen_name",),
        "full_name": ("user_name",),
        "user_id": ("user_id",),
        "lang": ("lang",),
        "client": ("source",),
        "possibly_sensitive": ("possibly_sensitive",),
        "replied_username": ("in_reply_to_screen_name",),
        "replied_id": ("in_reply_to_status_id",),
        "replied_user_id": ("in_reply_to_user_id",),
        "other_id": ("retweet_or_quote_id", "reweet_or_quote_id"),  # its own typing error, in some versions
        "other_username": ("retweet_or_quote_screen_name",),
        "other_user_id": ("retweet_or_quote_user_id",),
        "hashtags": ("hashtags",),
        "urls": ("urls",),
        **_COUNTS,
    },
    signatures=(frozenset({"tweet_id", "created_at", "text", "tweet_type", "username", "other_id"}),),
    id_column="tweet_id",
    required=("text", "created_at", "tweet_type"),
    rules={
        "tweet_id": ID_CELL,
        "created_at": _TIME,
        "tweet_type": CellRule("original|reply|retweet|quote", "one of original, reply, retweet, quote"),
        **dict.fromkeys(_COUNTS, NUMBER_CELL),
    },
    handle_column="username",
    account_id_column="user_id",
    name_column="full_name",
)
CONNECTOR = TabularConnector(FORMAT)
