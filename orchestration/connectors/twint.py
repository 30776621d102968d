"""Tables that Twint writes.

Belongs here: their columns, and which of two ids of a repost is its own. Does not belong here: its JSON lines.

Date and time show the clock of who collected, and `timezone` its offset. Lists are as Python prints them. A row of a
repost names two ids, and versions differ in which column holds which; its own is the later one.
"""

from __future__ import annotations

from orchestration.connectors.tabular import (
    ID_CELL,
    NUMBER_CELL,
    CellRule,
    Problem,
    TableFormat,
    TableLoad,
    TabularConnector,
)

_COUNTS = {"likes": ("likes_count",), "retweets": ("retweets_count",), "replies": ("replies_count",)}

FORMAT = TableFormat(
    source="twint",
    title="a table written by Twint",
    columns={
        "tweet_id": ("id",),
        "conversation_id": ("conversation_id",),
        "day": ("date",),
        "clock": ("time",),
        "utc_offset": ("timezone",),
        "text": ("tweet",),
        "link": ("link",),
        "username": ("username",),
        "full_name": ("name",),
        "user_id": ("user_id",),
        "lang": ("language",),
        "client": ("source",),
        "mentions": ("mentions",),
        "hashtags": ("hashtags",),
        "urls": ("urls",),
        "replied_users": ("reply_to",),
        "quoted_url": ("quote_url",),
        "is_retweet": ("retweet",),
        "retweet_id": ("retweet_id",),
        "retweeter": ("user_rt",),
        "retweeter_id": ("user_rt_id",),
        **_COUNTS,
    },
    signatures=(frozenset({"tweet_id", "conversation_id", "day", "clock", "utc_offset", "text", "retweets"}),),
    id_column="tweet_id",
    link_column="link",  # its handle is spelled as the account spells it; `username` is in lower case
    required=("text", "day", "clock", "utc_offset"),
    rules={
        "tweet_id": ID_CELL,
        "day": CellRule("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day such as 2021-04-24", "bad_time"),
        "clock": CellRule("[0-9]{2}:[0-9]{2}:[0-9]{2}", "a time of day such as 01:11:41", "bad_time"),
        "utc_offset": CellRule(
            "[+-][0-9]{4}|UTC",
            "an offset from UTC such as +0530",
            "bad_time",
            "Collect again with a newer Twint, or write the offset into the column timezone.",
        ),
        **dict.fromkeys(_COUNTS, NUMBER_CELL),
    },
    account_id_column="user_id",
    name_column="full_name",
)


class TwintLoad(TableLoad):
    """Rejects reposts of which only the original is named."""

    def problems(self) -> list[Problem]:
        """See `TableLoad`."""
        unnamed = Problem(
            "is_retweet = 'True' and retweet_id is null",
            "missing_id",
            "the id of a repost in retweet_id",
            "none",
            "Nothing to do: without it the row would stand for the original, which another account posted.",
        )
        return [*super().problems(), unnamed]


CONNECTOR = TabularConnector(FORMAT, TwintLoad)
