"""Who may be shown: the key behind pseudonyms, its rotation, and the accounts that an owner of data registers.

Belongs here: what is decided about people outside the models. Does not belong here: replacing names and texts (the
models do that, `dbt_project/macros/privacy`), deleting, and dagster.
"""
