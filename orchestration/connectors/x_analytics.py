"""Tables of X Analytics: one row per post of the owner, the only free source of impressions.

Belongs here: the columns of its two forms. Does not belong here: its overview per day, which is no table of posts.

The old form (`tweet_activity_metrics_…csv`, 40 columns) states the minute and prints numbers as `1938.0`; the new form
(`account_analytics_content_…csv`) states only the day and prints `1,234`. Neither holds reposts.
"""

from __future__ import annotations

from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, CellRule, TableFormat, TabularConnector

_TIME = CellRule(
    "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} [+-][0-9]{4}|[A-Z][a-z]{2}, [A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4}",
    "a time such as 2015-07-01 09:30 +0000, or a day such as Tue, Jul 14, 2026",
    "bad_time",
    "Export in English; month names of other languages are not read.",
)

_COUNTS = {
    "impressions": ("impressions",),
    "likes": ("likes", "favorites"),
    "reposts": ("reposts", "retweets"),
    "replies": ("replies",),
    "bookmarks": ("bookmarks",),
    "shares": ("shares",),
    "engagements": ("engagements",),
    "follows": ("new follows", "follows"),
    "profile_visits": ("profile visits", "user profile clicks"),
    "detail_expands": ("detail expands",),
    "link_clicks": ("url clicks",),
    "hashtag_clicks": ("hashtag clicks",),
    "permalink_clicks": ("permalink clicks",),
    "media_views": ("media views",),
    "media_engagements": ("media engagements",),
    "promoted_impressions": ("promoted impressions",),
    "promoted_engagements": ("promoted engagements",),
}

FORMAT = TableFormat(
    source="x_analytics",
    title="a table of posts from X Analytics",
    columns={
        "post_id": ("post id", "tweet id"),
        "post_link": ("post link", "tweet permalink"),
        "text": ("post text", "tweet text"),
        "posted_at": ("date", "time"),
        **_COUNTS,
    },
    signatures=(frozenset({"post_id", "post_link", "text", "posted_at", "impressions", "engagements"}),),
    id_column="post_id",
    link_column="post_link",
    required=("text", "posted_at"),
    rules={"post_id": ID_CELL, "posted_at": _TIME, **dict.fromkeys(_COUNTS, NUMBER_CELL)},
    is_census=False,  # every post but the reposts
)
CONNECTOR = TabularConnector(FORMAT)
