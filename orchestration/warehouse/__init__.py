"""The warehouse file, its candidates, the ledger beside it, and the gates that decide between them.

Belongs here: everything that touches `warehouse.duckdb` or the ledger as files.
Does not belong here: dagster (the resources wrap this room), reading of source formats (connectors),
and what a check means (expectations).
"""
