"""What a Python model said in the run before.

Belongs here: whether its table can be taken over. Does not belong here: what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def has_columns(connection: Any, table: str, columns: Iterable[str]) -> bool:
    """Whether a table (`schema.name`) is there with exactly these columns: that of another version is made anew."""
    schema, name = table.split(".")
    found = connection.execute(
        "select column_name from information_schema.columns where table_schema = ? and table_name = ? "
        "order by ordinal_position",
        [schema, name],
    ).fetchall()
    return [column for (column,) in found] == list(columns)
