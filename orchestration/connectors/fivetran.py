"""The table `tweet` of Fivetran's connector for X organic posts, as CSV or Parquet.

Belongs here: its columns. Does not belong here: its reports by day, which are no posts.

Times of a warehouse without a zone are UTC. `account_id` is an account for advertisements, `user_id` the author; the
table has no handle. `_fivetran_synced` is when a row was last seen at X.
"""

from __future__ import annotations

from datetime import UTC, datetime

from orchestration.connectors.base import quote
from orchestration.connectors.tables import PARQUET, TEXT
from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TableLoad, TabularConnector

_TIME = CellRule(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?( ?(Z|UTC)|[+]00(:?00)?)?",
    "a time such as 2021-06-19 16:00:02 UTC",
    "bad_time",
)

_COUNTS = {"likes": ("favorite_count",), "retweets": ("retweet_count",)}

FORMAT = TableFormat(
    source="fivetran",
    title="the table tweet of Fivetran",
    columns={
        "tweet_id": ("id",),
        "created_at": ("created_at",),
        "text": ("full_text",),
        "user_id": ("user_id",),
        "lang": ("lang",),
        "client": ("source",),
        "tweet_type": ("tweet_type",),
        "is_cut": ("truncated",),
        "replied_username": ("in_reply_to_screen_name",),
        "replied_id": ("in_reply_to_status_id",),
        "replied_user_id": ("in_reply_to_user_id",),
        "synced_at": ("_fivetran_synced",),
        **_COUNTS,
    },
    signatures=(frozenset({"tweet_id", "created_at", "text", "user_id", "likes", "synced_at"}),),
    id_column="tweet_id",
    required=("text", "created_at"),
    rules={"tweet_id": ID_CELL, "created_at": _TIME, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    account_id_column="user_id",
    kinds=(TEXT, PARQUET),
)


class FivetranLoad(TableLoad):
    """Takes the time of the counts from the rows."""

    def observed_at(self) -> tuple[datetime | None, str]:
        """See `TableLoad`."""
        clock = "try_cast(regexp_replace(synced_at, ' ?(Z|UTC|[+]00(:?00)?)$', '') as timestamp)"
        latest = self._con.execute(
            f"select max({clock}) from raw.fivetran_posts where capture_id = {quote(self._capture_id)}"
        ).fetchall()[0][0]
        return (latest.replace(tzinfo=UTC), "newest _fivetran_synced") if latest else super().observed_at()


CONNECTOR = TabularConnector(FORMAT, FivetranLoad)
