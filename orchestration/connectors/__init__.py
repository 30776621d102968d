"""Readers of captures, one module per source family.

Belongs here: the list of connectors, finding the one a capture belongs to, creating every raw table.
Does not belong here: anything about one format.

A new source is one module with `RAW_TABLES` and `CONNECTOR`, and one entry in `CONNECTORS`.
"""

from __future__ import annotations

from itertools import chain

import duckdb

from orchestration.connectors import (
    bluesky,
    fivetran,
    four_cat,
    mapped,
    mastodon,
    minet,
    nvivo,
    sfm,
    snscrape,
    tcat,
    twarc_csv,
    tweet_harvest,
    twint,
    twitter_web_exporter,
    x_analytics,
    x_api_v2,
    x_api_v11,
    x_archive,
    x_archive_legacy,
    x_graphql,
    x_scrapers,
)
from orchestration.connectors.base import BOOKKEEPING_TABLES, Connector
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.foreign import describe
from orchestration.connectors.map_proposal import HEADER_NAMES
from orchestration.connectors.tabular import TabularConnector, most_specific, nearly
from orchestration.contract import InputError

# In the order of detection: a map is followed before anything is guessed; an archive is known by its layout, a loose
# JSON file by its keys. Tables come last, in any order: among them the most specific header counts.
CONNECTORS: tuple[Connector, ...] = (
    mapped.CONNECTOR,
    x_archive.CONNECTOR,
    x_archive_legacy.CONNECTOR,
    x_api_v2.CONNECTOR,
    x_api_v11.CONNECTOR,
    x_graphql.CONNECTOR,
    x_scrapers.CONNECTOR,
    bluesky.CONNECTOR,
    mastodon.CONNECTOR,
    snscrape.CONNECTOR,
    twarc_csv.CONNECTOR,
    four_cat.CONNECTOR,
    tcat.CONNECTOR,
    sfm.CONNECTOR,
    minet.CONNECTOR,
    tweet_harvest.CONNECTOR,
    twint.CONNECTOR,
    fivetran.CONNECTOR,
    twitter_web_exporter.CONNECTOR,
    nvivo.CONNECTOR,
    x_analytics.CONNECTOR,
)


def detect(capture: CaptureFiles, source: str | None = None) -> Connector:
    """The connector that a capture belongs to; a named source is taken at its word.

    Raises:
        InputError: There is no such source, or nothing we read is in the capture.
    """
    if source is not None:
        for connector in CONNECTORS:
            if connector.source == source:
                return connector
        raise InputError(
            file=capture.name,
            expected=f"a source out of {', '.join(connector.source for connector in CONNECTORS)}",
            found=f"the name {source!r}",
            next_step="Name one of these, or none: the source is then detected.",
            code="unknown_source",
        )
    for connector in CONNECTORS:
        if not isinstance(connector, TabularConnector) and connector.detect(capture):
            return connector
    table = most_specific(CONNECTORS, capture)
    if table is not None:
        return table
    found, next_step, code = describe(capture, _known_columns())
    near = nearly(CONNECTORS, capture) if code == "unknown_table" else None
    if near is not None:
        found = f"{near}; it has {found.removeprefix('a table with ')}"
        next_step, code = f"Take the file as exported. {next_step}", "missing_column"
    raise InputError(
        file=capture.name,
        expected="an export of X, Bluesky or Mastodon, or a table of a known tool",
        found=found,
        next_step=next_step,
        code=code,
    )


def _known_columns() -> frozenset[str]:
    """Every name that a column has in some format, or by which a map would be proposed."""
    formats = (connector.format.spellings for connector in CONNECTORS if isinstance(connector, TabularConnector))
    return frozenset(chain(*formats, *HEADER_NAMES.values()))


def all_raw_tables() -> dict[str, str]:
    """The DDL of every table of schema `raw` by table name; all exist, empty, before anything is loaded."""
    tables = dict(BOOKKEEPING_TABLES)
    for connector in CONNECTORS:
        tables |= connector.raw_tables
    return tables


def create_raw_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create schema `raw` and all its tables where they are missing."""
    con.execute("create schema if not exists raw")
    for ddl in all_raw_tables().values():
        con.execute(ddl)
