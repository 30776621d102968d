"""Tables that `twarc2 csv` (twarc-csv) writes from posts of X API v2.

Belongs here: its columns. Does not belong here: the JSON of the same API, of which it leaves out much.

A repost's row carries the text, the entities and the counts of the original; newlines stand as `\\n` in it; lists are
JSON. Without the column of reposted ids nobody could tell whose counts a row holds: such a table is none of these.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orchestration.connectors.base import quote
from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TableLoad, TabularConnector

_TIME = CellRule(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+]00:00)?",
    "a time such as 2021-03-30T18:00:53.000Z",
    "bad_time",
)

_COUNTS = {
    "likes": ("public_metrics.like_count",),
    "retweets": ("public_metrics.retweet_count",),
    "replies": ("public_metrics.reply_count",),
    "quotes": ("public_metrics.quote_count",),
    "bookmarks": ("public_metrics.bookmark_count",),
    "impressions": ("public_metrics.impression_count",),
}

FORMAT = TableFormat(
    source="twarc_csv",
    title="a table written by twarc-csv",
    columns={
        "tweet_id": ("id",),
        "conversation_id": ("conversation_id",),
        "replied_id": ("referenced_tweets.replied_to.id",),
        "retweeted_id": ("referenced_tweets.retweeted.id",),
        "quoted_id": ("referenced_tweets.quoted.id",),
        "user_id": ("author_id", "author.id"),
        "replied_user_id": ("in_reply_to_user_id",),
        "replied_username": ("in_reply_to_username",),
        "retweeted_user_id": ("retweeted_user_id",),
        "retweeted_username": ("retweeted_username",),
        "quoted_user_id": ("quoted_user_id",),
        "quoted_username": ("quoted_username",),
        "created_at": ("created_at",),
        "text": ("text",),
        "lang": ("lang",),
        "client": ("source",),
        "possibly_sensitive": ("possibly_sensitive",),
        "versions": ("edit_history_tweet_ids",),
        "hashtags": ("entities.hashtags",),
        "mentions": ("entities.mentions",),
        "urls": ("entities.urls",),
        "media": ("attachments.media",),
        "username": ("author.username",),
        "full_name": ("author.name",),
        "retrieved_at": ("__twarc.retrieved_at",),
        **_COUNTS,
    },
    signatures=(frozenset({"tweet_id", "user_id", "created_at", "text", "retweeted_id", "likes"}),),
    id_column="tweet_id",
    required=("text", "created_at"),
    rules={"tweet_id": ID_CELL, "created_at": _TIME, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    handle_column="username",
    account_id_column="user_id",
    name_column="full_name",
)


class TwarcCsvLoad(TableLoad):
    """Takes the time of the counts from the rows."""

    def observed_at(self) -> tuple[datetime | None, str]:
        """See `TableLoad`."""
        latest = self._con.execute(
            "select epoch_ms(max(try_cast(retrieved_at as timestamptz)))"
            f" from raw.twarc_csv_posts where capture_id = {quote(self._capture_id)}"
        ).fetchall()[0][0]
        if latest is None:
            return super().observed_at()
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=latest), "newest __twarc.retrieved_at"


CONNECTOR = TabularConnector(FORMAT, TwarcCsvLoad)
