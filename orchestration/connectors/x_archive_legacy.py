"""The old X archive ("Grailbird"): one JavaScript file per month, as X gave it out until about 2018.

Belongs here: its layout, its raw tables, what its index and payload state.
Does not belong here: reading of bytes or JSON in general, other sources.
"""

from __future__ import annotations

from orchestration.connectors.base import Shape, raw_table_ddl

_USER: dict[str, Shape] = {"id_str": "VARCHAR", "screen_name": "VARCHAR", "name": "VARCHAR"}
_POST: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "id": "VARCHAR",
    "created_at": "VARCHAR",
    "text": "VARCHAR",
    "full_text": "VARCHAR",
    "lang": "VARCHAR",
    "source": "VARCHAR",
    "in_reply_to_status_id_str": "VARCHAR",
    "in_reply_to_user_id_str": "VARCHAR",
    "in_reply_to_screen_name": "VARCHAR",
    "quoted_status_id_str": "VARCHAR",
    "is_quote_status": "BOOLEAN",
    "truncated": "BOOLEAN",
    "display_text_range": ["BIGINT"],
    "retweet_count": "BIGINT",
    "favorite_count": "BIGINT",
    "user": _USER,
    "entities": {
        "hashtags": [{"text": "VARCHAR", "indices": ["BIGINT"]}],
        "user_mentions": [
            {"screen_name": "VARCHAR", "name": "VARCHAR", "id_str": "VARCHAR", "indices": ["BIGINT"]}
        ],
        "urls": [{"url": "VARCHAR", "expanded_url": "VARCHAR", "indices": ["BIGINT"]}],
        "media": [{"type": "VARCHAR"}],
    },
    "extended_entities": {"media": [{"type": "VARCHAR"}]},
    "retweeted_status": {
        "id_str": "VARCHAR",
        "created_at": "VARCHAR",
        "text": "VARCHAR",
        "full_text": "VARCHAR",
        "user": _USER,
    },
    "quoted_status": {"id_str": "VARCHAR", "user": _USER},
}

_CSV_POST: dict[str, Shape] = dict.fromkeys(
    (
        "tweet_id",
        "in_reply_to_status_id",
        "in_reply_to_user_id",
        "timestamp",
        "source",
        "text",
        "retweeted_status_id",
        "retweeted_status_user_id",
        "retweeted_status_timestamp",
        "expanded_urls",
    ),
    "VARCHAR",
)

RAW_TABLES: dict[str, str] = {
    "x_archive_legacy_posts": raw_table_ddl("x_archive_legacy_posts", _POST),
    "x_archive_legacy_csv_posts": raw_table_ddl("x_archive_legacy_csv_posts", _CSV_POST),
}
