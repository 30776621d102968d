"""The hand-coding loop: a sample for people to code, their sheets back, and what their codes say about the rules.

Belongs here: statistics of agreement, drawing a sample, reading coded sheets, the quality of the codebook.
Does not belong here: dagster, dbt, the rules themselves, and anything that writes to the warehouse or the published
file.
"""
