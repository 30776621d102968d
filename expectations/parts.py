"""Pieces of SQL that frames and evidence share, and the filling of `{{ … }}` in them.

Belongs here: which raw tables hold records and where their ids stand, unions over whatever views and tables exist.
Does not belong here: judging (gate.py), limits (thresholds.py), the frames themselves (frames/*.sql).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from expectations.thresholds import THRESHOLDS

FRAMES = Path(__file__).resolve().parent / "frames"
PUBLISHED_SCHEMAS = ("marts", "reports", "quality")
# Tables that publishing itself writes into the file; the warehouse has no such tables.
WRITTEN_BY_PUBLISHING = ("quality.release", "quality.release_tables")

# X ids are positive 64-bit numbers, written without sign, leading zero, blank or exponent.
X_ID_PATTERN = "[1-9][0-9]{0,18}"
# Elsewhere an id is an address: that of the record on Bluesky, that of the post on its server in the Fediverse.
AT_URI_PATTERN = "at://did:[a-z]+:[A-Za-z0-9._:%-]+/[A-Za-z0-9.-]+/[A-Za-z0-9._:~-]{1,512}"
WEB_URI_PATTERN = "https?://[^ /]+/[^ ]+"

# Whether a handle has the form of its platform, as an expression of SQL: on X a word, on Bluesky a domain name, on
# Mastodon a name and its server. Each pattern is a constant of its own: one that changes with the row is compiled for
# each row (a million posts: 18 of the gate's 21 CPU seconds, 2026-11-26).
HANDLE_IS_WELL_FORMED = (
    "case platform when 'bluesky' then regexp_full_match(handle, '([A-Za-z0-9-]{1,63}[.])+[A-Za-z][A-Za-z0-9-]*') "
    "when 'mastodon' then regexp_full_match(handle, '[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?@[^ @/]+') "
    "else regexp_full_match(handle, '[A-Za-z0-9_]{1,15}') end"
)

# The address of a post on X: group 1 the handle, group 2 the id. A test compares it with the loader's and staging's.
POST_ADDRESS_PATTERN = "^https?://(?:www[.]|mobile[.])?(?:twitter|x)[.]com/([A-Za-z0-9_]+)/status(?:es)?/([0-9]+)"

# The same number as a spreadsheet shows it.
SCIENTIFIC_ID_PATTERN = "[0-9]([.,][0-9]+)?[eE][+]?[0-9]{1,2}"

# What must not stand in a published text or address: e-mail addresses, mobile numbers of Indonesia, its identity cards.
# Written apart from the models' patterns on purpose: one mistake in both is less likely. It must find no more than they
# take out, or nothing could be published.
_HOLDS_PERSONAL_DATA = (
    "regexp_matches(words, '(^|[^]@A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+(@|＠|%40)[A-Za-z0-9-]+\\.[A-Za-z]{2,}"
    "|(^|[^0-9A-Za-z_%-])(\\+?62|0)[ -]?8[1-9][0-9][ .\\x{a0}–-]?[0-9]{3,4}[ .\\x{a0}–-]?[0-9]{3,5}($|[^0-9A-Za-z_])"
    "|(^|[^0-9A-Za-z/_=&%.-])[1-9][0-9]{5}[ .-]?([04][1-9]|[1256][0-9]|[37][01])(0[1-9]|1[0-2])[0-9]{2}[ .-]?[0-9]{4}"
    "($|[^0-9A-Za-z_])')"
)
# Pages of X, which are no names in an address.
_PAGES_OF_X = (
    "about|compose|download|events|explore|hashtag|help|home|i|intent|joinchat|login|messages|privacy|search|settings|"
    "share|sharer|status|statuses|tos"
)
# Columns of reports that may hold handles, by how they are called.
_NAMES_ACCOUNTS = "(^|_)(handle|partner|account|author|target|mention|username|screen_name|user)s?$"
# No words: a handle of the Fediverse looks like an e-mail address, an old id like the number of an identity card.
_NO_WORDS = f"{_NAMES_ACCOUNTS}|(^|_)(account_name|hub|key|id|sha256|hash|version_group)s?$"
# Columns of `quality` that tell of captures, also of those that no layer knows: nobody is named there.
_TELLS_OF_CAPTURES = "[.](file_name|member|status_reason|found|observed|failing_sample|statement|note)$"

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class RawRecords:
    """A raw table whose rows are delivered records with an id of their own, of the form of its platform."""

    table: str
    record_type: str
    id_column: str | None
    # the address of the post, for tables that may lack the id itself
    link_column: str | None = None
    id_pattern: str = X_ID_PATTERN

    @property
    def id_sql(self) -> str:
        """The native id as delivered, else from the address."""
        parts = [f'"{self.id_column}"'] if self.id_column else []
        if self.link_column:
            parts.append(f"nullif(regexp_extract(\"{self.link_column}\", '{POST_ADDRESS_PATTERN}', 2), '')")
        return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


# A new source adds its tables here; a test compares this list with the connectors' tables.
RAW_RECORDS = (
    RawRecords("x_archive_posts", "post", "id_str"),
    RawRecords("x_archive_notes", "note", "note_tweet_id"),
    RawRecords("x_archive_deletions", "deletion", "id_str"),
    RawRecords("x_archive_legacy_posts", "post", "id_str"),
    RawRecords("x_archive_legacy_csv_posts", "csv_post", "tweet_id"),
    RawRecords("x_api_v2_posts", "post", "id"),
    RawRecords("x_api_v11_posts", "post", "id_str"),
    RawRecords("x_api_v11_deletions", "deletion", "id_str"),
    RawRecords("x_graphql_posts", "post", "rest_id"),
    RawRecords("x_scrapers_posts", "post", "id_str"),
    RawRecords("bluesky_posts", "post", "uri", id_pattern=AT_URI_PATTERN),
    RawRecords("mastodon_posts", "post", "uri", id_pattern=WEB_URI_PATTERN),
    RawRecords("mastodon_archive_posts", "post", "uri", id_pattern=WEB_URI_PATTERN),
    RawRecords("snscrape_posts", "post", "tweet_id", "tweet_url"),
    RawRecords("mapped_posts", "post", "post_id", "link"),
    RawRecords("nvivo_posts", "post", "tweet_id", "tweet_url"),
    RawRecords("x_analytics_posts", "post", "post_id", "post_link"),
    RawRecords("twarc_csv_posts", "post", "tweet_id"),
    RawRecords("four_cat_posts", "post", "tweet_id"),
    RawRecords("tcat_posts", "post", "tweet_id"),
    RawRecords("sfm_posts", "post", "tweet_id"),
    RawRecords("minet_posts", "post", "tweet_id"),
    RawRecords("tweet_harvest_posts", "post", "tweet_id", "tweet_url"),
    RawRecords("twint_posts", "post", "tweet_id", "link"),
    RawRecords("fivetran_posts", "post", "tweet_id"),
    RawRecords("twitter_web_exporter_posts", "post", "tweet_id", "url"),
    RawRecords("x_api_v2_deletions", "deletion", "id"),
)

# What the staging gate judges of the post contract: no text and no list leaves the view it stands in.
_JUDGED_COLUMNS = (
    "capture_id, record_no, platform, post_id, handle, posted_at, observed_at, kind, "
    "text is not null as has_text, text_is_complete, language, "
    "coalesce(like_count, repost_count, reply_count, quote_count, bookmark_count, impression_count) is not "
    "null "
    "as has_metrics"
)

# Where the time of a post is its author's claim, the platform's own time beside it. Only these models are asked: to
# read it of all of them would make every view build its JSON.
_INDEXED_AT = {
    "stg_bluesky__posts": "try_cast(json_extract_string(source_metadata, '$.indexed_at') as timestamptz)",
}


def render(sql: str, con: duckdb.DuckDBPyConnection) -> str:
    """Fill every `{{ name }}` with the part or the threshold of that name.

    Raises:
        KeyError: When there is neither.
    """

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in PARTS:
            return PARTS[name](con)
        if name in THRESHOLDS:
            return str(THRESHOLDS[name].value)
        raise KeyError(f"no part and no threshold is called {name!r}")

    return _PLACEHOLDER.sub(fill, sql)


@cache
def frame_text(name: str) -> str:
    """The frame's SQL as written, with its placeholders."""
    return (FRAMES / f"{name}.sql").read_text("utf-8")


def _raw_records(_: duckdb.DuckDBPyConnection) -> str:
    return "\n    union all\n    ".join(
        f"select capture_id, '{records.record_type}' as record_type, member, record_no, "
        f"{records.id_sql} as record_id, "
        f"regexp_full_match({records.id_sql}, '{records.id_pattern}') as is_well_formed, "
        f"{str(records.id_pattern == X_ID_PATTERN).lower()} as is_number from raw.{records.table}"
        for records in RAW_RECORDS
    )


def _staging_posts(con: duckdb.DuckDBPyConnection) -> str:
    models = _names(
        con,
        "select table_name from information_schema.tables where table_catalog = current_database() "
        "and table_schema = 'staging' and regexp_full_match(table_name, 'stg_.+__(.+_)?posts') order by 1",
    )
    if not models:
        raise LookupError("there is no staging model stg_<source>__posts; build the staging layer first")
    return "\n    union all\n    ".join(
        f"select {number} as model_number, {_JUDGED_COLUMNS}, "
        f"{_INDEXED_AT.get(model, 'cast(null as timestamptz)')} as indexed_at from staging.{model}"
        for number, model in enumerate(models, start=1)
    )


def _published_row_counts(con: duckdb.DuckDBPyConnection) -> str:
    """One row per table of the published file and of the warehouse: rows here and there, null where "
    "absent."""
    schemas = ", ".join(f"'{schema}'" for schema in PUBLISHED_SCHEMAS)
    tables = con.execute(
        "select database_name = current_database() as is_published, schema_name || '.' || table_name as name "
        f"from duckdb_tables() where schema_name in ({schemas}) "
        "and database_name in (current_database(), 'warehouse') "
        # a view of the warehouse is a table for readers
        f"union all select false, schema_name || '.' || view_name from duckdb_views() where schema_name in ({schemas}) "
        "and database_name = 'warehouse'"
    ).fetchall()
    published = {name for is_published, name in tables if is_published}
    warehouse = {name for is_published, name in tables if not is_published}
    if not published:
        raise LookupError("the published file holds no table; build it again from the warehouse")
    rows = []
    for name in sorted(published | warehouse):
        here = f"(select count(*) from {_quoted(name)})" if name in published else "null"
        there = f"(select count(*) from warehouse.{_quoted(name)})" if name in warehouse else "null"
        if name in WRITTEN_BY_PUBLISHING:
            there = here
        rows.append(f"select '{name}' as name, {here} as published_count, {there} as warehouse_count")
    return "\n    union all\n    ".join(rows)


def _report_handles(con: duckdb.DuckDBPyConnection) -> str:
    """One row per column of `reports` that names accounts, and value that can be a handle."""
    columns = con.execute(
        "select table_name, column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = 'reports' and data_type = 'VARCHAR' and regexp_matches(column_name, ?) order by "
        "1, 2",
        [_NAMES_ACCOUNTS],
    ).fetchall()
    if not columns:
        return "select cast(null as varchar) as place, cast(null as varchar) as handle where false"
    return "\n    union all\n    ".join(
        f"select 'reports.{table}.{column}' as place, lower(ltrim(\"{column}\", '@')) as handle "
        # words with blanks ("accounts not registered") and display names are no handles
        f'from reports."{table}" where regexp_full_match("{column}", \'@?[A-Za-z0-9_]+([.@-][A-Za-z0-9_-]+)*\')'
        for table, column in columns
    )


def _published_names(con: duckdb.DuckDBPyConnection) -> str:
    """One row per published column that names accounts and value in it: place, name."""
    return _of_columns(con, "regexp_matches(column_name, '(^|_)(handle|partner|account_name|hub)s?$')", "name")


def _published_words(con: duckdb.DuckDBPyConnection) -> str:
    """One row per published column and value in it, other than keys, ids and names of accounts: place, words."""
    types = "(data_type = 'VARCHAR' or column_name = 'links')"
    return _of_columns(con, f"not regexp_matches(column_name, '{_NO_WORDS}')", "words", types)


def _of_columns(con: duckdb.DuckDBPyConnection, condition: str, name: str, types: str = "data_type = 'VARCHAR'") -> str:
    schemas = ", ".join(f"'{schema}'" for schema in PUBLISHED_SCHEMAS)
    columns = con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = current_database() "
        f"and schema_name in ({schemas}) and {types} and {condition} order by 1, 2, 3"
    ).fetchall()
    rows = [
        f'select \'{schema}.{table}.{column}\' as place, cast("{column}" as varchar) as {name} from {schema}."{table}" '
        f'where "{column}" is not null'
        for schema, table, column in columns
    ]
    rows.append(f"select cast(null as varchar) as place, cast(null as varchar) as {name} where false")
    return "\n    union all\n    ".join(rows)


def _private_mentions(con: duckdb.DuckDBPyConnection) -> str:
    """One row per place in the published file, and private person's handle or display name that stands there: place,
    name. A place on a map (`/@32.78,-96.80`) is read with its figures, so that it is nobody's handle."""
    return f"""
    select found.place, found.name
    from (
        select place, lower(ltrim(name, '@')) as name from ({_published_names(con)}) as names
        union all
        select place, unnest(regexp_extract_all(
            lower(words), '(?:[@＠]|%40)([a-z0-9_]+(?:[.][0-9]{{2,}},-?[0-9])?)', 1
        )) as name
        from ({_published_words(con)}) as texts
        where words like '%@%' or words like '%＠%' or words like '%\\%40%' escape '\\'
        union all
        select place, name
        from (
            select place, unnest(regexp_extract_all(
                lower(words), '(?:^|[^a-z0-9._-])(?:[a-z0-9-]+\\.)*(?:twitter|x)\\.com/(?:#!/)?([a-z0-9_]+)', 1
            )) as name
            from ({_published_words(con)}) as texts
            where words like '%.com/%'
        ) as addresses
        where not regexp_full_match(name, '{_PAGES_OF_X}')
    ) as found
    semi join (
        select folded_handle as name
        from warehouse.intermediate.int_accounts__handles
        where account_key not in (select account_key from marts.dim_accounts where is_registered)
        union
        select unnest(regexp_extract_all(lower(words), '(?:^|[^a-z0-9_.])[@＠]([a-z0-9_]+)', 1))
        from ({_published_words(con)}) as texts
        where starts_with(place, 'quality.') and regexp_matches(place, '{_TELLS_OF_CAPTURES}')
        except
        select lower(handles.handle)
        from marts.dim_account_handles as handles
        inner join marts.dim_accounts as accounts on handles.account_key = accounts.account_key
        where accounts.is_registered
        except
        select lower(handle) from marts.dim_organisations
    ) as persons on found.name = persons.name
    union all
    {_PRIVATE_NAMES}"""


# Display names of two to four plain words in published texts, each word with a capital, that no model says why it left
# them. Found by whole names, not as the models do it, and fewer than the models find: one that they should have
# replaced closes the gate.
_PRIVATE_NAMES = """
    select 'marts.fct_posts.text' as place, lower(found.words) as name
    from (
        select
            post_key,
            unnest(flatten(list_transform(
                range(2, 5),
                lambda n: list_transform(range(1, len(run) - n + 2), lambda i: array_to_string(run[i:i + n - 1], ' '))
            ))) as words
        from (
            select post_key, string_split(unnest(regexp_extract_all(
                text,
                '(?:^|[^\\p{L}\\p{M}\\p{N}_@＠#＃''’])([A-Z][A-Za-z]*(?: [A-Z][A-Za-z]*)+[\\p{L}\\p{M}\\p{N}_''’]*)',
                1
            )), ' ') as run
            from marts.fct_posts
        ) as runs
    ) as found
    semi join (
        select name from warehouse.intermediate.int_accounts__display_names where is_looked_for_everywhere
    ) as names on lower(found.words) = names.name
    anti join (
        select post_key, name from warehouse.intermediate.int_posts__display_names where left_because is not null
    ) as explained on found.post_key = explained.post_key and lower(found.words) = explained.name"""


# Of these accounts tables hold rows of their own (the macro `has_rows_of_its_own`); all others are pooled.
_OTHERS = "(select account_key from marts.dim_accounts where not (is_registered or is_capture_owner or is_focal))"
# Rows of single persons, which networks need: under a pseudonym, and without what finds a post again.
_ROWS_OF_PERSONS = ("dim_accounts", "dim_account_handles", "fct_posts", "fct_interactions")
_FINDS_A_POST = "(_count|_at|_date|_month|^capture_id|^record_no)$"
# Ties of two of them tell no day; that there are several in a year is what a network is made of.
_FINDS_A_TIE = "(_at|_date|_month)$"


def _rows_of_others(con: duckdb.DuckDBPyConnection) -> str:
    """One row per published column and row of it that tells of a single private person, or of a few: place."""
    columns = con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = current_database() "
        f"and schema_name in {PUBLISHED_SCHEMAS} order by 1, 2, 3"
    ).fetchall()
    tables: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in columns:
        tables.setdefault((schema, table), []).append(column)
    rows = ["select cast(null as varchar) as place where false"]
    for (schema, table), names in tables.items():
        keys = [name for name in names if name.endswith("account_key")]
        conditions = {}
        if table in _ROWS_OF_PERSONS:
            found = [name for name in names if re.search(_FINDS_A_POST, name)]
            conditions = {name: f'account_key in {_OTHERS} and "{name}" is not null' for name in found}
        elif {"from_node", "to_node"} <= set(names):
            found = [name for name in names if re.search(_FINDS_A_TIE, name)]
            conditions = {name: f'from_node in {_OTHERS} and "{name}" is not null' for name in found}
        elif table.startswith("fct_others_"):
            counts = [name for name in names if name.endswith("_count")]
            # a cell without a number tells that there is one
            smallest = THRESHOLDS["smallest_cell"].value
            conditions = {name: f'"{name}" < {smallest} or "{name}" is null' for name in counts}
        elif keys:
            conditions = {name: f'"{name}" in {_OTHERS}' for name in keys}
        elif "post_key" in names:
            posts = f"(select post_key from marts.fct_posts where account_key in {_OTHERS})"
            conditions = {"post_key": f"post_key in {posts}"}
        rows += [
            f"select '{schema}.{table}.{name}' as place from {schema}.\"{table}\" where {condition}"
            for name, condition in conditions.items()
        ]
    if {("marts", "dim_hashtags"), ("marts", "fct_others_hashtag_years")} <= tables.keys():
        rows.append(
            "select 'marts.dim_hashtags.hashtag' as place from marts.dim_hashtags where hashtag not in "
            "(select hashtag from marts.fct_post_hashtags union all select hashtag from marts.fct_others_hashtag_years)"
        )
    return "\n    union all\n    ".join(rows)


def _entity_comparison(_: duckdb.DuckDBPyConnection) -> str:
    """One row per capture: sampled posts with a hashtag in source or text, and those whose two sets differ."""
    marked, found = (
        f"list_sort(list_distinct(list_transform({table}.hashtags, lambda h: lower(h.tag))))"
        for table in ("posts", "texts")
    )
    return (
        "select capture_id, count(*) filter (where len(marked) + len(found) > 0) as compared_count, "
        "count(*) filter (where marked <> found) as differing_count "
        f"from (select posts.capture_id, {marked} as marked, {found} as found "
        "from marts.fct_posts as posts "
        "inner join intermediate.int_posts__text_entities as texts on posts.post_key = texts.post_key "
        # a cut text does not show what the source marked behind the cut; on Bluesky a hashtag is what the author's
        # program marked, hyphens and all, not what a text shows (17 of 42 real posts differ, on Mastodon 1 of 29)
        "where texts.is_comparison and posts.text_is_complete and posts.platform <> 'bluesky') as hashtag_sets "
        "group by 1"
    )


def _contested_handles(_: duckdb.DuckDBPyConnection) -> str:
    """One row per organisation that is registered without an account id, and whose handle several accounts had."""
    return (
        "select organisations.platform, organisations.organisation_name, "
        "count(distinct names.account_id) as account_count from marts.dim_organisations as organisations "
        "inner join intermediate.int_accounts__names as names "
        "on names.platform = organisations.platform and lower(names.handle) = lower(organisations.handle) "
        "where organisations.account_id is null group by 1, 2 having count(distinct names.account_id) > 1"
    )


def _critical_checks(_: duckdb.DuckDBPyConnection) -> str:
    """One row per critical check of the gates before publishing: what must have spoken."""
    from expectations.catalog import CATALOG

    return "\n    union all\n    ".join(
        f"select '{check.gate}' as gate, '{check.name}' as check_name, '{check.grain}' as grain"
        for check in CATALOG
        if check.gate != "publish" and check.severity == "critical"
    )


def _names(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [row[0] for row in con.execute(sql).fetchall()]


def _quoted(qualified_name: str) -> str:
    return ".".join(f'"{part}"' for part in qualified_name.split("."))


PARTS: dict[str, Callable[[duckdb.DuckDBPyConnection], str]] = {
    "raw_records": _raw_records,
    "staging_posts": _staging_posts,
    "published_row_counts": _published_row_counts,
    "report_handles": _report_handles,
    "published_words": _published_words,
    "private_mentions": _private_mentions,
    "rows_of_others": _rows_of_others,
    "entity_comparison": _entity_comparison,
    "contested_handles": _contested_handles,
    "critical_checks": _critical_checks,
    "holds_personal_data": lambda _: _HOLDS_PERSONAL_DATA,
    "handle_is_well_formed": lambda _: HANDLE_IS_WELL_FORMED,
    "id_pattern": lambda _: X_ID_PATTERN,
    "scientific_id_pattern": lambda _: SCIENTIFIC_ID_PATTERN,
}
