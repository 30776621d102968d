"""What readers get: the published file, Parquet, the data dictionary, the study report, the terminal summary.

Belongs here: functions that read a finished warehouse (or the published file) and write what others open.
Does not belong here: dagster, dbt, anything that changes the warehouse, and any rule that decides about data.
"""
