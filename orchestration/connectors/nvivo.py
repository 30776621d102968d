"""Data sets of NVivo that NCapture collected, exported as XLSX or CSV.

Belongs here: how the settings in `nvivo_aliases.yml` become a declaration. Does not belong here: spellings of columns,
which stand in that file, since no specification of this export is public.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from orchestration.connectors.base import quote
from orchestration.connectors.tabular import ID_CELL, NUMBER_CELL, Problem, TableFormat, TableLoad, TabularConnector

_SETTINGS = yaml.safe_load(Path(__file__).with_name("nvivo_aliases.yml").read_text("utf-8"))
_ALIASES: dict[str, list[str]] = _SETTINGS["columns"]
# Day numbers of Excel from 2006, when X began, to 2064; anything else is no date.
_SERIAL = "(3[89]|[45][0-9])[0-9]{3}([.][0-9]+)?"

FORMAT = TableFormat(
    source="nvivo",
    title="a data set of NVivo (NCapture)",
    columns={
        **{column: tuple(spellings) for column, spellings in _ALIASES.items()},
        "local_time": (),  # `time` as the settings read it
        "time_zone": (),
    },
    signatures=(
        frozenset({"tweet_id", "username", "tweet", "time", "tweet_type"}),
        frozenset({"tweet_id", "username", "tweet", "time", "retweeted_by"}),
        frozenset({"tweet_id", "username", "tweet", "time", "search_term"}),
    ),
    id_column="tweet_id",
    link_column="tweet_url",
    required=("tweet", "time"),
    rules={"tweet_id": ID_CELL, "retweets": NUMBER_CELL},
    handle_column="username",
    name_column="name",
    kinds=("text", "workbook"),
)


class NvivoLoad(TableLoad):
    """Reads times as Excel serials or as text, by the settings."""

    def expressions(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """See `TableLoad`: adds what the clock showed, and in which zone."""
        cell = f"trim({cells['time']})"
        formats = ", ".join(quote(one) for one in _SETTINGS["time_formats"])
        serial = f"timestamp '1899-12-30' + to_seconds(cast(round(try_cast({cell} as double) * 86400) as bigint))"
        local = f"case when regexp_full_match({cell}, '{_SERIAL}') then {serial}"
        local += f" else try_strptime({cell}, [{formats}]) end"
        return {
            **cells,
            "local_time": f"strftime({local}, '%Y-%m-%d %H:%M:%S')",
            "time_zone": quote(_SETTINGS["time_zone"]),
        }

    def problems(self) -> list[Problem]:
        """See `TableLoad`: a time that no setting reads."""
        unread = Problem(
            '"time" is not null and local_time is null',
            "bad_time",
            f"an Excel date, or a time such as {' or '.join(_SETTINGS['time_formats'][:3])}",
            "time = ",
            "Add the form of this time to orchestration/connectors/nvivo_aliases.yml, and load again.",
            '"time"',
        )
        return [*super().problems(), unread]


CONNECTOR = TabularConnector(FORMAT, NvivoLoad)
