"""What the gates demand of the data, and whether it was met.

Belongs here: the catalog of checks, the thresholds with their reasons, the frames (SQL), the suites, the judging.
Does not belong here: dagster, anything of `orchestration`, and what happens after a decision.
"""
