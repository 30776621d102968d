"""The published file, and how a set of published things takes the place of the one before.

A publish has two steps, so that a gate can stand between them:

1. `build_candidate` writes everything aside, into a folder of its own: the database file, Parquet, the
   data dictionary, the study report and the quality page.
2. `promote` makes that folder the current release by **one rename of one symbolic link**:

       data/published/
           social_bi.duckdb       -> current/social_bi.duckdb        (stable names, never change)
           parquet                -> current/parquet
           data_dictionary.html   -> current/data_dictionary.html
           study_report.html      -> current/study_report.html
           data_quality.html      -> current/data_quality.html
           current                -> releases/000007-3f1c…           (the one thing that a publish replaces)
           releases/000006-…/        the releases before: readers that still hold one finish in peace
           releases/000007-3f1c…/

Why a link and not four renames: four renames leave moments in which file, Parquet and report are of two
releases, and a folder cannot be replaced by a rename at all while it holds files. With the link there is no
such moment; a publish that fails before it changes nothing; going back to the release before is the same
rename. A reader who needs several Parquet files of one release resolves `current` first.

Belongs here: copying, keys, comments, the release row, hashes, the rename.
Does not belong here: deciding whether to publish (the publish gate), and the shape of any page.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb

from orchestration.contract import (
    PUBLISHED_MODE,
    PUBLISHED_SCHEMAS,
    SuaraError,
    fsync_directory,
    make_group_folder,
    quote,
)
from orchestration.publishing.descriptions import Descriptions, TableDescription
from orchestration.publishing.queries import LATEST_CHECKS

# Readable by every engine from DuckDB 1.2 on: BI tools embed 1.2 to 1.5 (a file in the default format of 2.0
# is refused by all of them).
STORAGE_VERSION = "v1.2.0"
FILE_NAME = "social_bi.duckdb"
PARQUET_NAME = "parquet"
DICTIONARY_NAME = "data_dictionary.html"
REPORT_NAME = "study_report.html"
QUALITY_NAME = "data_quality.html"
PUBLISHED_NAMES = (FILE_NAME, PARQUET_NAME, DICTIONARY_NAME, REPORT_NAME, QUALITY_NAME)

# 10 M posts copied under 1 GB without spilling more than the file itself (keys are built in memory).
MEMORY_LIMIT = "1GB"
# Smaller tables share one checkpoint at the end.
ROWS_BEFORE_CHECKPOINT = 100_000
# A view with everything about a post does not fit into MEMORY_LIMIT for a million posts (its lists cannot spill):
# it is copied a span of days at a time. So many posts took less than 300 MB (2026-11-26).
POSTS_PER_SPAN = 250_000
# The current release and four to go back to: a month of weekly publishes (`suara releases --keep` changes it). More
# than one is needed in any case: a reader that resolved the old names still finds its files.
RELEASES_KEPT = 5

RELEASE_TABLE = TableDescription(
    schema="quality",
    name="release",
    description="One row: the release that this file is.",
    columns={
        "release_id": "Fingerprint of the marts (SHA-256 over their content hashes): same data, same release.",
        "run_id": "The run that built it.",
        "study": "Name of the study whose settings were used.",
        "study_title": "Title of the study.",
        "focal_handle": "Handle of the account that the study is about; null when it is about every account.",
        "reporting_timezone": "Time zone in which days, months and years are counted.",
        "study_from": "First day of the study's window; null when it has none.",
        "study_to": "Last day of the study's window; null when it has none.",
        "data_from": "Time of the earliest post (UTC); of accounts that reports do not tell apart the month.",
        "data_to": "Time of the latest post (UTC); of accounts that reports do not tell apart the month.",
        "post_count": "Posts in marts.fct_posts.",
        "capture_count": "Captures known to the warehouse.",
        "accepted_capture_count": "Captures whose records are in the marts.",
        "quarantined_capture_count": "Captures kept out by a gate until somebody decides.",
        "captures_hash": "SHA-256 over the sorted ids of the accepted captures: same captures, same hash.",
        "observed_at": "When the newest accepted capture was taken from its platform (UTC): the data are as of then.",
        "is_synthetic": "True when at least one accepted capture says that it is made up.",
        "checks_passed": "Checks of the gates raw, staging and marts that passed for this data.",
        "checks_warned": "Checks of severity warning that did not pass.",
        "checks_failed": "Checks of severity critical that did not pass (their captures are quarantined).",
        "codebook_version": "Version of the codebook behind the theme tables.",
        "codebook_hash": "SHA-256 of that codebook's content; null without themes.",
        "claims_hash": "SHA-256 of the file of the study's claims; null when the study has none.",
        "engine_version": "DuckDB version that wrote this file.",
        "storage_version": "Oldest DuckDB version that can open this file.",
    },
    key=("release_id",),
)
RELEASE_TABLES_TABLE = TableDescription(
    schema="quality",
    name="release_tables",
    description="One row per published table of the marts and reports: its size and the hash of its content.",
    columns={
        "schema_name": "Schema of the table.",
        "table_name": "Name of the table.",
        "row_count": "Rows in the table.",
        "content_hash": "SHA-256 over columns, row count and row hashes; independent of row order and threads.",
    },
    key=("schema_name", "table_name"),
)


@dataclass(frozen=True)
class Release:
    """What the release row says, for ledgers, metadata and summaries."""

    release_id: str
    run_id: str
    table_hashes: dict[str, str]
    row_counts: dict[str, int]

    @property
    def short_id(self) -> str:
        return self.release_id[:12]


@dataclass(frozen=True)
class Candidate:
    """A whole release, built aside; nothing of it is visible to readers before `promote`."""

    folder: Path
    release: Release

    @property
    def file(self) -> Path:
        return self.folder / FILE_NAME

    @property
    def parquet(self) -> Path:
        return self.folder / PARQUET_NAME

    @property
    def dictionary(self) -> Path:
        return self.folder / DICTIONARY_NAME

    @property
    def report(self) -> Path:
        return self.folder / REPORT_NAME


def build_candidate(
    warehouse: Path, folder: Path, *, run_id: str, descriptions: Descriptions, study: str = "default"
) -> Candidate:
    """Build the published file, Parquet, dictionary and report in a folder of their own.

    Args:
        warehouse: The audited warehouse; opened read-only.
        folder: A folder that does not exist yet (or is empty); it becomes the release.
        run_id: The run that publishes.
        descriptions: The models' words.
        study: Name of the study in `reference.studies`.

    Raises:
        SuaraError: The warehouse lacks a table that the models promise. The folder is removed then.
    """
    from orchestration.publishing.datapackage import write_descriptor
    from orchestration.publishing.dictionary import write_dictionary
    from orchestration.publishing.parquet import write_parquet
    from orchestration.publishing.quality_page import write_quality_page
    from orchestration.publishing.report import write_study_report

    folder.mkdir(parents=True, exist_ok=True)
    try:
        release = build_published_file(
            warehouse, folder / FILE_NAME, run_id=run_id, descriptions=descriptions, study=study
        )
        write_parquet(folder / FILE_NAME, folder / PARQUET_NAME)
        write_descriptor(folder / FILE_NAME, folder / PARQUET_NAME)
        write_dictionary(folder / FILE_NAME, folder / DICTIONARY_NAME)
        write_study_report(folder / FILE_NAME, folder / REPORT_NAME)
        write_quality_page(folder / FILE_NAME, folder / QUALITY_NAME)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Candidate(folder, release)


def build_published_file(
    warehouse: Path, target: Path, *, run_id: str, descriptions: Descriptions, study: str = "default"
) -> Release:
    """Write the tables that readers get into `target`, which must not exist; sealed read-only when done.

    Tables only, never views; order of rows, keys, NOT NULL and CHECK constraints as in the warehouse; a comment
    on every table and column that the models describe.
    """
    if target.exists():
        raise SuaraError(f"{target}: exists already; a release is built into a new file.")
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        con.execute("set preserve_insertion_order = true")
        with tempfile.TemporaryDirectory(prefix=".spill-", dir=target.parent) as spill:
            con.execute(f"set temp_directory = {quote(spill)}")
            # Views inside the warehouse name it by its stem: attach it under the same name.
            con.execute(f"attach {quote(warehouse)} as warehouse (read_only)")
            con.execute(f"attach {quote(target)} as social_bi (storage_version {quote(STORAGE_VERSION)})")
            for schema in PUBLISHED_SCHEMAS:
                con.execute(f"create schema social_bi.{schema}")
            held = _held(con)
            for table in descriptions.tables:
                _copy_table(con, table, held)
            con.execute("use social_bi")
            release = _write_release(con, run_id=run_id, study=study)
            con.execute("use memory")
            con.execute("checkpoint social_bi")
            con.execute("detach social_bi")
            con.execute("detach warehouse")
    wal = target.with_name(target.name + ".wal")
    if wal.exists():
        raise SuaraError(f"{wal}: is left beside the published file; readers could not open it. Publish again.")
    _seal(target)
    return release


def promote(candidate: Candidate, published: Path, *, keep: int = RELEASES_KEPT) -> Path:
    """Make a candidate the current release by one rename; returns the release's folder.

    Args:
        candidate: A whole release, audited.
        published: The folder of readers (`data/published`).
        keep: How many releases stay, this one included.

    Raises:
        SuaraError: A part is missing. Nothing was changed then.
    """
    missing = [name for name in PUBLISHED_NAMES if not (candidate.folder / name).exists()]
    if missing:
        raise SuaraError(f"{candidate.folder}: {', '.join(missing)} missing; a release is published whole.")
    releases = published / "releases"
    make_group_folder(releases.parent)  # as PUBLISHED_MODE
    make_group_folder(releases)
    for path in (candidate.folder, *(path for path in candidate.folder.rglob("*") if path.is_dir())):
        path.chmod(0o750)
    folder = releases / f"{_next_number(releases):06d}-{candidate.release.short_id}"
    _move(candidate.folder, folder)
    try:
        point(published / "current", Path("releases") / folder.name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for name in PUBLISHED_NAMES:
        point(published / name, Path("current") / name)
    fsync_directory(published)
    prune(releases, keep=keep, current=folder)
    return folder


def mart_hashes(database: Path | duckdb.DuckDBPyConnection, schemas: Iterable[str] = ("marts",)) -> dict[str, str]:
    """One content hash per table: the same rows give the same hash, in whatever order and by how many threads.

    Args:
        database: A warehouse or published file (opened read-only), or an open connection to one.
        schemas: The schemas to hash.

    Returns:
        `{"marts.fct_posts": <sha256 hex>, …}`. Row hashes are DuckDB's own (1 M rows in well under a second), so
        hashes are to be compared between files of one engine version.
    """
    if isinstance(database, Path):
        with duckdb.connect(str(database), read_only=True) as con:
            return mart_hashes(con, schemas)
    (catalog,) = database.execute("select current_database()").fetchone()
    return {name: digest for name, (_, digest) in _fingerprints(database, catalog, schemas).items()}


def _fingerprints(con: duckdb.DuckDBPyConnection, catalog: str, schemas: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Row count and content hash of every table, by qualified name."""
    columns = con.execute(
        """
        select schema_name, table_name, string_agg(column_name || ' ' || data_type, ', ' order by column_index)
        from duckdb_columns()
        where database_name = ? and schema_name in (select unnest(?)) and not internal
        group by all
        order by all
        """,
        [catalog, list(schemas)],
    ).fetchall()
    found = {}
    for schema, table, header in columns:
        # The sum finds any change but two that cancel each other out; the exclusive or finds those.
        row_count, total, mixed = con.execute(
            "select count(*), coalesce(sum(hash(t)), 0), coalesce(bit_xor(hash(hash(t), 1)), 0) "
            f"from {_name(catalog, schema, table)} as t"
        ).fetchone()
        content = f"{header}\n{row_count}\n{total}\n{mixed}\n"
        found[f"{schema}.{table}"] = (row_count, hashlib.sha256(content.encode()).hexdigest())
    return found


@dataclass(frozen=True)
class _Held:
    """What the warehouse holds of each table, by schema and name; asked once, since each question reads all of it.

    Attributes:
        columns: Name, type and whether it may be null, in their order.
        constraints: Type and text of keys and conditions, in their order.
        views: Those of them that are views.
    """

    columns: Mapping[tuple[str, str], list[tuple[str, str, bool]]]
    constraints: Mapping[tuple[str, str], list[tuple[str, str]]]
    views: Collection[tuple[str, str]]


def _held(con: duckdb.DuckDBPyConnection) -> _Held:
    columns, constraints = defaultdict(list), defaultdict(list)
    for schema, table, *column in con.execute(
        "select schema_name, table_name, column_name, data_type, is_nullable from duckdb_columns() "
        "where database_name = 'warehouse' order by column_index"
    ).fetchall():
        columns[schema, table].append(tuple(column))
    for schema, table, *constraint in con.execute(
        "select schema_name, table_name, constraint_type, constraint_text from duckdb_constraints() "
        "where database_name = 'warehouse' and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'CHECK') "
        "order by constraint_index"
    ).fetchall():
        constraints[schema, table].append(tuple(constraint))
    views = con.execute("select schema_name, view_name from duckdb_views() where database_name = 'warehouse'")
    return _Held(columns, constraints, set(views.fetchall()))


def _copy_table(con: duckdb.DuckDBPyConnection, table: TableDescription, held: _Held) -> None:
    columns = held.columns.get((table.schema, table.name), [])
    if not columns:
        raise SuaraError(
            f"{table.qualified_name}: a model describes it, but the warehouse does not hold it. "
            "Build every model (`make run`), then publish."
        )
    constraints = held.constraints.get((table.schema, table.name), [])
    # A view has no constraints; what its contract promises is kept here.
    parts = [
        f"{_quoted(name)} {kind}{'' if nullable and name not in table.required else ' not null'}"
        for name, kind, nullable in columns
    ]
    parts += [text for kind, text in constraints if kind != "PRIMARY KEY"]
    target = _name("social_bi", table.schema, table.name)
    con.execute(f"create table {target} ({', '.join(parts)})")
    rows = 0
    for span in _spans(con, table, [name for name, _, _ in columns], held):
        (copied,) = con.execute(
            f"insert into {target} select * from {_name('warehouse', table.schema, table.name)} where {span}"
        ).fetchone()
        rows += copied
    # Large facts have their key in the model's contract only: the warehouse tests it, the index is built here, once.
    keys = [text for kind, text in constraints if kind == "PRIMARY KEY"]
    if table.key and not keys:
        keys = [f"primary key ({', '.join(_quoted(name) for name in table.key)})"]
    # An index has to fit in memory while it is built. Rows first, then the key on rows already on disk: half the
    # memory of inserting into a table that has its key (3 M text keys: 0.3 GB is enough one way, not the other).
    large = rows > ROWS_BEFORE_CHECKPOINT
    if large:
        con.execute("checkpoint social_bi")
    for text in keys:
        con.execute(f"alter table {target} add {text}")
    if large:
        con.execute("checkpoint social_bi")
    _comment(con, table, [name for name, _, _ in columns])


def _spans(con: duckdb.DuckDBPyConnection, table: TableDescription, columns: list[str], held: _Held) -> list[str]:
    """The conditions under which a table is copied, one after the other: for a view of many posts, spans of days."""
    if (table.schema, table.name) not in held.views or "posted_date" not in columns:
        return ["true"]
    # Rows that tell no day come last, by key: in the order of time each would lie between two that tell theirs.
    by_key = f"posted_date is null order by {', '.join(table.key) or 'all'}"
    undated = [] if "posted_date" in table.required else [by_key]
    dated = "posted_date is not null" if undated else "true"
    (posts,) = con.execute("select count(*) from warehouse.marts.fct_posts").fetchone()
    parts = -(-posts // POSTS_PER_SPAN)
    if parts < 2:
        return [dated, *undated]
    (days,) = con.execute(
        "select list_sort(list_distinct(quantile_disc(posted_date, ?::double[]))) from warehouse.marts.fct_posts",
        [[part / parts for part in range(1, parts)]],
    ).fetchone()
    if not days:
        return [dated, *undated]
    first, last = f"posted_date < date '{days[0]}'", f"posted_date >= date '{days[-1]}'"
    between = [f"posted_date >= date '{a}' and posted_date < date '{b}'" for a, b in pairwise(days)]
    return [first, *between, last, *undated]


def _comment(con: duckdb.DuckDBPyConnection, table: TableDescription, columns: list[str]) -> None:
    target = _name("social_bi", table.schema, table.name)
    said = [f"comment on table {target} is {quote(table.description)}"] if table.description else []
    for column in columns:
        if text := table.columns.get(column):
            said.append(f"comment on column {target}.{_quoted(column)} is {quote(text)}")
    # In one transaction: one by one they cost four times as much, each writing the catalog (2026-11-27).
    con.execute(";\n".join(["begin", *said, "commit"]))


def _write_release(con: duckdb.DuckDBPyConnection, *, run_id: str, study: str) -> Release:
    fingerprints = _fingerprints(con, "social_bi", ("marts", "reports"))
    marts = sorted(f"{name}\t{digest}\n" for name, (_, digest) in fingerprints.items() if name.startswith("marts."))
    release_id = hashlib.sha256("".join(marts).encode()).hexdigest()
    con.execute(
        "create table quality.release_tables (schema_name varchar not null, table_name varchar not null, "
        "row_count bigint not null, content_hash varchar not null, primary key (schema_name, table_name))"
    )
    con.executemany(
        "insert into quality.release_tables values (?, ?, ?, ?)",
        [(*name.split(".", 1), rows, digest) for name, (rows, digest) in sorted(fingerprints.items())],
    )
    con.execute(
        """
        create table quality.release (
            release_id varchar primary key, run_id varchar not null, study varchar not null, study_title varchar,
            focal_handle varchar, reporting_timezone varchar, study_from date, study_to date,
            data_from timestamptz, data_to timestamptz, post_count bigint not null,
            capture_count bigint not null, accepted_capture_count bigint not null,
            quarantined_capture_count bigint not null, captures_hash varchar not null, observed_at timestamptz,
            is_synthetic boolean not null,
            checks_passed bigint not null, checks_warned bigint not null, checks_failed bigint not null,
            codebook_version varchar, codebook_hash varchar, claims_hash varchar,
            engine_version varchar not null, storage_version varchar not null
        )
        """
    )
    con.execute(
        f"""
        with

        study as (select * from warehouse.reference.studies where study = $study),

        -- of accounts that reports do not tell apart the month is known where enough of them wrote
        others as (
            select min(posted_month) as first_month, max(posted_month) as last_month from marts.fct_others_months
        ),

        posts as (
            select
                count(*) as post_count,
                least(min(posted_at), cast(any_value(first_month) as timestamptz)) as data_from,
                greatest(max(posted_at), cast(any_value(last_month) as timestamptz)) as data_to
            from marts.fct_posts
            cross join others
        ),

        captures as (
            select
                count(*) as capture_count,
                count(*) filter (where status = 'accepted') as accepted,
                count(*) filter (where status = 'quarantined') as quarantined,
                sha256(
                    coalesce(string_agg(capture_id, chr(10) order by capture_id) filter (where status = 'accepted'), '')
                ) as captures_hash,
                max(observed_at) filter (where status = 'accepted') as observed_at,
                coalesce(bool_or(is_synthetic) filter (where status = 'accepted'), false) as is_synthetic
            from quality.fct_capture_outcomes
        ),

        {LATEST_CHECKS},

        checks as (
            select
                count(*) filter (where passed) as passed,
                count(*) filter (where not passed and severity <> 'critical') as warned,
                count(*) filter (where not passed and severity = 'critical') as failed
            from latest_checks
        ),

        codebook as (
            select max(codebook_version) as codebook_version, max(codebook_hash) as codebook_hash from marts.dim_themes
        ),

        claims as (select max(claims_sha256) as claims_hash from warehouse.reports.rpt_claims)

        insert into quality.release
        select
            $release_id, $run_id, $study, study.title, nullif(study.focal_handle, ''), study.reporting_timezone,
            try_cast(study.window_from as date), try_cast(study.window_to as date),
            posts.data_from, posts.data_to, posts.post_count,
            captures.capture_count, captures.accepted, captures.quarantined, captures.captures_hash,
            captures.observed_at, captures.is_synthetic,
            checks.passed, checks.warned, checks.failed,
            codebook.codebook_version, codebook.codebook_hash, claims.claims_hash,
            version(), $storage_version
        from posts
        cross join captures
        cross join checks
        cross join codebook
        cross join claims
        left join study on true
        """,
        {"study": study, "release_id": release_id, "run_id": run_id, "storage_version": STORAGE_VERSION},
    )
    for table in (RELEASE_TABLE, RELEASE_TABLES_TABLE):
        _comment(con, table, list(table.columns))
    return Release(
        release_id=release_id,
        run_id=run_id,
        table_hashes={name: digest for name, (_, digest) in fingerprints.items()},
        row_counts={name: rows for name, (rows, _) in fingerprints.items()},
    )


def _seal(path: Path) -> None:
    """On disk for good, and read-only, for its owner and the group."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
    path.chmod(PUBLISHED_MODE)
    fsync_directory(path.parent)


def _move(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError:
        # `data/published` is a mount of its own: copy beside the target first, so that the last step is a rename.
        incoming = target.with_name(f".incoming-{target.name}")
        shutil.rmtree(incoming, ignore_errors=True)
        shutil.copytree(folder, incoming)
        for path in incoming.rglob("*"):
            if path.is_file():
                _seal(path)
        incoming.rename(target)
        shutil.rmtree(folder, ignore_errors=True)
    fsync_directory(target.parent)


def point(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target` by one rename, unless it is one already."""
    if link.is_symlink() and Path(os.readlink(link)) == target:
        return
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    fresh = link.with_name(f".{link.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    os.replace(fresh, link)


def _next_number(releases: Path) -> int:
    return max((int(p.name[:6]) for p in numbered(releases)), default=0) + 1


def numbered(releases: Path) -> list[Path]:
    """The folders of releases, the oldest first."""
    return sorted(p for p in releases.iterdir() if p.is_dir() and p.name[:6].isdigit())


def prune(releases: Path, *, keep: int, current: Path) -> None:
    """Remove all but the newest releases; the current one stays however old it is."""
    for old in numbered(releases)[:-keep]:
        if old != current:
            shutil.rmtree(old, ignore_errors=True)


def _name(*parts: str) -> str:
    return ".".join(_quoted(part) for part in parts)


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
