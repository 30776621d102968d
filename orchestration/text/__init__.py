"""Texts of posts: in which language they are, and what their words have in common.

Belongs here: language identification, stems and stop words, statistics of words; plain functions and a little SQL.
Does not belong here: dagster, dbt, and how a text is cut into words (a macro: dbt_project/macros/dialect/words.sql).
"""
