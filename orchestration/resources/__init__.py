"""External things the assets work with, as Dagster resources: the warehouse and dbt."""
