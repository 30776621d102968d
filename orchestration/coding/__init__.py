"""The hand-coding loop: a sample for people to code, their sheets back, and what their codes say about the rules.

Belongs here: statistics of agreement, drawing a sample, reading coded sheets, the quality of the codebook.
Does not belong here: dagster, dbt, the rules themselves, and anything that writes to the warehouse or the published
file.
"""

# 300 posts leave 150 with a topic and 150 without: enough for a verdict on a theme that every fifth post has, in a
# day's work for each coder. Rarer themes need more (see `quality`).
DEFAULT_SIZE = 300
DEFAULT_SEED = 1
DEFAULT_FACETS = ("theme",)
