"""What has to go goes from every layer: deletions, purges, retention, and what is handed to others.

Belongs here: what a deletion names, how stored captures are rewritten without it, the search for what is left, the
receipts, the counted exports. Does not belong here: dagster (the pipeline that builds the marts anew is run by the
commands), and how a format is read (connectors).
"""

# Whether posts that were deleted are still counted, by account and month; never beside the posts, always apart.
DROP, KEEP = "drop", "keep"
COUNTS = (DROP, KEEP)

# What becomes of posts of which captures themselves say that they were deleted, where others still hold them.
REMOVE = "remove"
TOLD = (REMOVE, KEEP)
