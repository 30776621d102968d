"""X API v2 JSON and JSONL: response pages, flattened posts, bare arrays, as twarc2 and others write them.

Belongs here: their shapes, their raw tables, whose posts a capture holds.
Does not belong here: reading of bytes or JSON in general, other sources. Counts, lists and compliance lines
are recognised and rejected with a reason; they are not posts.
"""

from __future__ import annotations

from orchestration.connectors.base import Shape, raw_table_ddl

_USER: dict[str, Shape] = {"id": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR"}
_ENTITIES: dict[str, Shape] = {
    "hashtags": [{"start": "BIGINT", "end": "BIGINT", "tag": "VARCHAR"}],
    "mentions": [{"start": "BIGINT", "end": "BIGINT", "username": "VARCHAR", "id": "VARCHAR"}],
    "urls": [{"start": "BIGINT", "end": "BIGINT", "url": "VARCHAR", "expanded_url": "VARCHAR"}],
}
_POST: dict[str, Shape] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "created_at": "VARCHAR",
    "author_id": "VARCHAR",
    "conversation_id": "VARCHAR",
    "in_reply_to_user_id": "VARCHAR",
    "lang": "VARCHAR",
    "source": "VARCHAR",
    "author": _USER,
    "in_reply_to_user": _USER,
    "note_tweet": {"text": "VARCHAR", "entities": _ENTITIES},
    "public_metrics": {
        "retweet_count": "BIGINT",
        "reply_count": "BIGINT",
        "like_count": "BIGINT",
        "quote_count": "BIGINT",
        "bookmark_count": "BIGINT",
        "impression_count": "BIGINT",
    },
    "referenced_tweets": [{"type": "VARCHAR", "id": "VARCHAR", "author_id": "VARCHAR", "author": _USER}],
    "entities": _ENTITIES,
    "attachments": {"media_keys": ["VARCHAR"], "media": [{"type": "VARCHAR"}]},
    "edit_history_tweet_ids": ["VARCHAR"],
    "possibly_sensitive": "BOOLEAN",
}
_REFERENCED: dict[str, Shape] = {"id": "VARCHAR", "author_id": "VARCHAR"}
_MEDIA: dict[str, Shape] = {"media_key": "VARCHAR", "type": "VARCHAR"}

RAW_TABLES: dict[str, str] = {
    "x_api_v2_posts": raw_table_ddl("x_api_v2_posts", {**_POST, "retrieved_at": "VARCHAR"}),
    "x_api_v2_users": raw_table_ddl("x_api_v2_users", _USER),
    "x_api_v2_referenced": raw_table_ddl("x_api_v2_referenced", _REFERENCED),
    "x_api_v2_media": raw_table_ddl("x_api_v2_media", _MEDIA),
}
