"""Networks of accounts and hashtags: measures that SQL is bad at, and files for other programs.

Belongs here: centralities, cores and communities of one network, the files of Gephi.
Does not belong here: dagster, dbt, who interacts with whom, counts of edges (SQL does both).
"""
