"""What dbt-duckdb calls for each connection of a run: the key of the data folder is given to it.

Belongs here: the plugin that `profiles.yml` names. Does not belong here: the key itself (`key.py`).

A connection without the key can read whatever does not need it; the macro `keyed_hash` raises an error on the first row
that does, so nothing is ever hashed without a key.
"""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.contract import DataDir
from orchestration.privacy.key import PseudonymKey, key_path, read_key


class Plugin(BasePlugin):
    """Gives each cursor of dbt the key."""

    _key: PseudonymKey | None = None

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read the key once for each dbt command; one that hashes nothing (parse, compile) needs none."""
        path = key_path(DataDir.from_env())
        self._key = read_key(path) if path.exists() else None

    def configure_cursor(self, cursor: Any) -> None:
        """Called for each copy of the connection: variables belong to the copy."""
        if self._key is not None:
            self._key.give_to(cursor)
