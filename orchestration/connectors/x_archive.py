"""The modern X archive: what an owner downloads from X since 2019 (`data/tweets.js` and its neighbours).

Belongs here: its layout, its raw tables, its control totals, its owner.
Does not belong here: reading of bytes or JSON in general, other sources. Never opened: direct messages,
circle tweets, contacts, advertising data and everything else that is not listed here.
"""

from __future__ import annotations

from orchestration.connectors.base import Shape, raw_table_ddl

_POST: dict[str, Shape] = {
    "id_str": "VARCHAR",
    "created_at": "VARCHAR",
    "full_text": "VARCHAR",
    "lang": "VARCHAR",
    "favorite_count": "VARCHAR",
    "retweet_count": "VARCHAR",
    "in_reply_to_status_id_str": "VARCHAR",
    "in_reply_to_user_id_str": "VARCHAR",
    "in_reply_to_screen_name": "VARCHAR",
    "truncated": "BOOLEAN",
    "display_text_range": ["VARCHAR"],
    "entities": {
        "hashtags": [{"text": "VARCHAR", "indices": ["VARCHAR"]}],
        "user_mentions": [
            {"screen_name": "VARCHAR", "name": "VARCHAR", "id_str": "VARCHAR", "indices": ["VARCHAR"]}
        ],
        "urls": [{"url": "VARCHAR", "expanded_url": "VARCHAR", "indices": ["VARCHAR"]}],
    },
    "extended_entities": {"media": [{"type": "VARCHAR"}]},
    "edit_info": {
        "initial": {"editTweetIds": ["VARCHAR"]},
        "edit": {"initialTweetId": "VARCHAR", "editControlInitial": {"editTweetIds": ["VARCHAR"]}},
    },
    "source": "VARCHAR",
}

_SPAN: dict[str, Shape] = {"fromIndex": "VARCHAR", "toIndex": "VARCHAR"}
_NOTE: dict[str, Shape] = {
    "note_tweet_id": "VARCHAR",
    "created_at": "VARCHAR",
    "updated_at": "VARCHAR",
    "text": "VARCHAR",
    "hashtags": [{"text": "VARCHAR", **_SPAN}],
    "mentions": [{"screenName": "VARCHAR", **_SPAN}],
    "urls": [{"expandedUrl": "VARCHAR", "shortUrl": "VARCHAR", **_SPAN}],
}

# The text of a deleted post is never loaded: the id is enough to keep it out of every mart.
_DELETION: dict[str, Shape] = {"id_str": "VARCHAR", "created_at": "VARCHAR", "deleted_at": "VARCHAR"}

RAW_TABLES: dict[str, str] = {
    "x_archive_posts": raw_table_ddl("x_archive_posts", _POST),
    "x_archive_notes": raw_table_ddl("x_archive_notes", _NOTE),
    "x_archive_deletions": raw_table_ddl("x_archive_deletions", _DELETION),
}
