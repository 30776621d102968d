"""Tables that the browser script twitter-web-exporter writes.

Belongs here: their columns, and the zone of times without an offset. Does not belong here: its JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from orchestration.connectors.base import quote
from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TableLoad, TabularConnector

_SETTINGS = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))

_TIME = CellRule(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}( [+-][0-9]{2}:[0-9]{2})?",
    "a time such as 2024-05-01 19:00:00 +07:00",
    "bad_time",
    "Set the date format of the script back to YYYY-MM-DD HH:mm:ss Z, and export again.",
)

_COUNTS = {
    "likes": ("favorite_count",),
    "retweets": ("retweet_count",),
    "replies": ("reply_count",),
    "quotes": ("quote_count",),
    "bookmarks": ("bookmark_count",),
    "impressions": ("views_count",),
}

FORMAT = TableFormat(
    source="twitter_web_exporter",
    title="a table written by twitter-web-exporter",
    columns={
        "tweet_id": ("id",),
        "created_at": ("created_at",),
        "text": ("full_text",),
        "url": ("url",),
        "username": ("screen_name",),
        "full_name": ("name",),
        "user_id": ("user_id",),
        "replied_id": ("in_reply_to",),
        "retweeted_id": ("retweeted_status",),
        "quoted_id": ("quoted_status",),
        "media": ("media",),
        **_COUNTS,
        "time_zone": (),  # as the settings name it
    },
    signatures=(frozenset({"tweet_id", "created_at", "text", "username", "replied_id", "retweeted_id", "bookmarks"}),),
    id_column="tweet_id",
    link_column="url",
    required=("text", "created_at"),
    rules={"tweet_id": ID_CELL, "created_at": _TIME, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    handle_column="username",
    account_id_column="user_id",
    name_column="full_name",
)


class TwitterWebExporterLoad(TableLoad):
    """Keeps the zone that the settings name with each row."""

    def expressions(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """See `TableLoad`."""
        return {**cells, "time_zone": quote(_SETTINGS["time_zone"])}


CONNECTOR = TabularConnector(FORMAT, TwitterWebExporterLoad)
