"""Tables that DMI-TCAT exports (CSV or TSV), with or without its columns of urls, mentions and hashtags.

Belongs here: their columns. Does not belong here: its tables of counts and networks.

`time` is seconds since 1970; `created_at` shows the clock of the server, which TCAT sets to UTC. Where both are there,
the first counts. A repost is known by its text only.
"""

from __future__ import annotations

from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TabularConnector

_TIME = CellRule(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}", "a time such as 2016-05-01 12:00:00", "bad_time"
)
_SECONDS = CellRule("[0-9]{9,10}", "seconds since 1970, such as 1462104000", "bad_time")

_COUNTS = {"likes": ("favorite_count",), "retweets": ("retweet_count",)}

FORMAT = TableFormat(
    source="tcat",
    title="a table of posts written by DMI-TCAT",
    columns={
        "tweet_id": ("id",),
        "seconds": ("time",),
        "created_at": ("created_at",),
        "text": ("text",),
        "username": ("from_user_name",),
        "full_name": ("from_user_realname",),
        "user_id": ("from_user_id",),
        "lang": ("lang",),
        "client": ("source",),
        "possibly_sensitive": ("possibly_sensitive",),
        "replied_user": ("to_user_name",),
        "replied_id": ("in_reply_to_status_id",),
        "quoted_id": ("quoted_status_id",),
        "hashtags": ("hashtags",),
        "mentions": ("mentions",),
        "urls": ("urls_expanded", "urls"),
        **_COUNTS,
    },
    signatures=(frozenset({"tweet_id", "seconds", "created_at", "text", "username", "replied_user"}),),
    id_column="tweet_id",
    required=("text", "seconds|created_at"),
    rules={"tweet_id": ID_CELL, "seconds": _SECONDS, "created_at": _TIME, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    handle_column="username",
    account_id_column="user_id",
    name_column="full_name",
)
CONNECTOR = TabularConnector(FORMAT)
