"""The Dagster assets: thin steps over the warehouse, the connectors, dbt and publishing.

Belongs here: reading settings, calling plain functions, yielding check results and materializations in
the right order (only after the candidate took the warehouse's place).
"""
