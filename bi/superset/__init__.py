"""Apache Superset beside the project: its own environment, a read-only connection, dashboards from YAML.

Belongs here: installing, starting, stopping and checking Superset, and what its dashboards show (`datasets.yml`,
`dashboards/`). Does not belong here: a rule that decides about data, a figure that is not in the published file, and
any import of Superset: it runs in processes of its own, and they read `in_superset.py`, `superset_config.py` and
`gunicorn_config.py`.
"""
