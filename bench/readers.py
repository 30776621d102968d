"""`python -m bench.readers`: readers of a published file while releases change, and how fast reports answer.

Two measurements on a published file (`--file`, the demo's when none is given):

1. Opens: programs of several DuckDB engines (`--python`, one per engine) open the served file again and again, each
   time asking several tables of which release they are, while releases are published and rolled back.
2. Answers: the tables of `reports` grown to `--posts` posts, and what dashboards ask of them.

Belongs here: growing, asking, timing, the table. Does not belong here: publishing (orchestration.publishing).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from bench.__main__ import say
from orchestration.publishing import releases
from orchestration.publishing.published_file import (
    FILE_NAME,
    PUBLISHED_NAMES,
    STORAGE_VERSION,
    Candidate,
    Release,
    promote,
)

RESULTS = Path(__file__).parent / "results" / "readers.md"
# Accounts over which the posts are spread: registered accounts of a large study.
ACCOUNTS = 200

# One reader: opens until it has done its number, and ends with an error at the first mix.
READER = """
import json, os, sys, time, duckdb
file, opens, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
folder, seen, slowest = os.path.dirname(file), set(), 0.0
for _ in range(opens):
    started = time.perf_counter()
    con = duckdb.connect(file, read_only=True)
    said = {con.execute(sql).fetchall()[0][0] for sql in (
        "select release_id from quality.release",
        "select min(content_hash) from quality.release_tables",
        "select max(content_hash) from quality.release_tables",
        "select max(figure_name) from reports.rpt_summary",
        "select max(account_name) from marts.dim_accounts",
    )}
    con.close()
    slowest = max(slowest, time.perf_counter() - started)
    here = os.path.realpath(os.path.join(folder, "current"))
    said_here = {open(os.path.join(here, n)).read() for n in ("study_report.html", "data_dictionary.html")}
    if len(said) != 1 or len(said_here) != 1:
        sys.exit(f"a mix of releases: {said} {said_here}")
    seen |= said
    time.sleep(pause)
print(json.dumps({"engine": duckdb.__version__, "opens": opens, "releases": len(seen), "slowest": slowest}))
"""

# What dashboards ask; an account is chosen by its handle.
QUESTIONS = {
    "posts per year": "select posted_year, own_post_count, repost_count, coverage_status from reports.rpt_volume_years "
    "where handle = $handle order by 1",
    "posts per month": "select posted_month, own_post_count, repost_post_count, coverage_status "
    "from reports.account_months where handle = $handle order by 1",
    "posts per month, all accounts": "select posted_month, cast(sum(own_post_count) as bigint) "
    "from reports.account_months group by 1 order by 1",
    "most used hashtags": "select display_form, post_count from reports.rpt_top_hashtags "
    "where handle = $handle and period = 'all' order by hashtag_rank limit 10",
    "hashtags of a year": "select display_form, cast(sum(own_post_count) as bigint) as posts "
    "from reports.hashtag_months where handle = $handle and posted_year = 2019 group by 1 order by 2 desc limit 10",
    "theme shares per year": "select posted_year, theme_name, share_of_own_posts, validation_state "
    "from reports.rpt_theme_years where handle = $handle order by 2, 1",
    "a theme per month, all accounts": "select posted_month, cast(sum(own_post_count) as bigint) "
    "from reports.theme_months where theme_code = 'TOP.TIP' group by 1 order by 1",
    "themes and likes": "select theme_name, median_like_count from reports.rpt_theme_crosstab where handle = $handle "
    "and period = 'all' order by 2 desc",
    "partners": "select partner, kind, interaction_count from reports.rpt_partners where handle = $handle "
    "order by 3 desc limit 20",
    "partners per year": "select posted_year, share_with_partner, coverage_status from reports.rpt_partner_years "
    "where handle = $handle order by 1",
    "claims": "select claim_id, verdict_text from reports.rpt_claims order by 1",
    "data window": "select * from reports.rpt_data_window where handle = $handle",
}
# One row per post: a scan, not a lookup.
SCANS = {
    "latest posts of an account": "select posted_at, kind, theme_names, like_count from reports.posts_wide "
    "where handle = $handle order by posted_at desc limit 20",
    "posts by year and kind, all accounts": "select posted_year, kind, count(*) from reports.posts_wide group by 1, 2",
    "posts with a hashtag, all accounts": "select posted_year, count(*) from reports.posts_wide "
    "where contains(hashtags_used, 'humantrafficking') group by 1",
}


# ---------- opens


def marked(source: Path, folder: Path, mark: str) -> Candidate:
    """A release of its own: the published file with one mark in several tables, and in its pages."""
    folder.mkdir(parents=True)
    shutil.copyfile(source, folder / FILE_NAME)
    (folder / FILE_NAME).chmod(0o644)
    with duckdb.connect(str(folder / FILE_NAME)) as con:
        con.execute("update quality.release set release_id = ?", [mark])
        con.execute("update quality.release_tables set content_hash = ?", [mark])
        con.execute("update reports.rpt_summary set figure_name = ?", [mark])
        con.execute("update marts.dim_accounts set account_name = ?", [mark])
    (folder / FILE_NAME).chmod(0o444)
    for name in PUBLISHED_NAMES:
        if name.endswith(".html"):
            (folder / name).write_text(mark, encoding="utf-8")
        elif name != FILE_NAME:
            (folder / name).mkdir()
    return Candidate(folder, Release(mark, mark, {}, {}))


def opens(source: Path, pythons: Sequence[str], *, count: int, publishes: int, folder: Path) -> list[str]:
    """Readers of each engine while releases change; lines of Markdown.

    Raises:
        RuntimeError: A reader met an error or a mix.
    """
    published = folder / "published"
    promote(marked(source, folder / "first", "mark-first"), published)
    each = -(-count // len(pythons))
    # About as long as the publishes take, so that no reader is done before the last of them.
    pause = 0.05
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    readers = [
        subprocess.Popen(
            [python, "-c", READER, str(published / FILE_NAME), str(each), str(pause)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for python in pythons
    ]
    swaps: list[float] = []
    for number in range(publishes):
        candidate = marked(source, folder / f"next{number}", f"mark-{number}")
        promote(candidate, published, keep=3)
        started = time.perf_counter()
        chosen = releases.kept(published)[-2]
        releases.serve(published, chosen)
        swaps.append(time.perf_counter() - started)
    left = sum(reader.poll() is None for reader in readers)
    told = []
    for reader in readers:
        output, errors = reader.communicate()
        if reader.returncode:
            raise RuntimeError(errors[-2000:])
        told.append(json.loads(output))
    lines = [
        f"{sum(one['opens'] for one in told):,} opens by {len(told)} readers while {publishes} releases were published "
        f"and {publishes} times an earlier one served again: 0 errors, 0 mixes. {left} readers were still at it after "
        "the last. Each open asks five tables of one file, and reads two pages.",
        "",
        "| engine | opens | releases seen | slowest open |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| DuckDB {one['engine']} | {one['opens']:,} | {one['releases']} | {1000 * one['slowest']:.0f} ms |"
        for one in told
    ]
    lines += [
        "",
        f"Serving another release: {1000 * statistics.median(swaps):.1f} ms median, {1000 * max(swaps):.1f} ms worst.",
    ]
    return lines


# ---------- answers


def grow(source: Path, target: Path, posts: int) -> dict[str, int]:
    """The tables of `reports` as they are with so many posts over ACCOUNTS accounts; rows by table."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set memory_limit = '1GB'")
        con.execute(f"set temp_directory = '{target.parent}/spill'")
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute(f"attach '{target}' as grown (storage_version '{STORAGE_VERSION}')")
        con.execute("create schema grown.reports")
        ((handle,),) = con.execute("select handle from source.marts.dim_accounts where is_focal").fetchall()
        columns: dict[str, list[str]] = {}
        for table, column in con.execute(
            "select table_name, column_name from duckdb_columns() where database_name = 'source' and "
            "schema_name = 'reports' order by table_oid, column_index"
        ).fetchall():
            columns.setdefault(table, []).append(column)
        rows = {}
        for table, names in columns.items():
            of_account = "handle" in names
            copies = ACCOUNTS if of_account else 1
            condition = f"where handle = '{handle}'" if of_account else ""
            if table == "posts_wide":
                ((own,),) = con.execute(f"select count(*) from source.reports.posts_wide {condition}").fetchall()
                copies = -(-posts // own)
            changed = [f"handle || '_' || copy % {ACCOUNTS} as handle"] if of_account else []
            changed += ["account_key || copy % 200 as account_key"] if of_account and "account_key" in names else []
            changed += ["post_key || copy as post_key"] if table == "posts_wide" else []
            replaced = f"replace ({', '.join(changed)})" if changed else ""
            # Posts come in order of time, each with its copies: sorting 10 M again would take longer than the rest.
            order = "order by handle" if of_account and table != "posts_wide" else ""
            ((rows[table],),) = con.execute(
                f"create table grown.reports.{table} as select * exclude (copy) {replaced} "
                f"from source.reports.{table}, range({copies}) as copies (copy) {condition} " + order
            ).fetchall()
        con.execute("checkpoint grown")
    target.chmod(0o444)
    return rows


def answers(source: Path, posts: int, folder: Path, repeats: int = 20) -> list[str]:
    """What dashboards ask of the grown tables; lines of Markdown."""
    target = folder / "grown.duckdb"
    started = time.perf_counter()
    rows = grow(source, target, posts)
    size = f"{target.stat().st_size / 1e6:,.0f} MB"
    say(f"grown to {rows['posts_wide']:,} posts in {time.perf_counter() - started:.0f} s, {size}")
    lines = [
        f"`reports` with {rows['posts_wide']:,} posts of {ACCOUNTS} accounts (the demo's many times, so its texts "
        f"repeat), {size}; one connection, {repeats} times each, rows fetched. CPU is that of all threads: "
        "steadier where other programs share the machine.",
        "",
        "| question | rows of the table | median | worst | CPU worst |",
        "|---|---:|---:|---:|---:|",
    ]
    taken: dict[str, list[float]] = {}
    used: dict[str, list[float]] = {}
    with duckdb.connect(str(target), read_only=True) as con:
        ((handle,),) = con.execute(
            "select handle from reports.rpt_volume_years order by handle limit 1 offset 500"
        ).fetchall()
        for name, sql in {**QUESTIONS, **SCANS}.items():
            values = {"handle": handle} if "$handle" in sql else {}
            con.execute(sql, values).fetchall()  # once unmeasured: a dashboard's second look
            for _ in range(repeats):
                begun, cpu = time.perf_counter(), time.process_time()
                con.execute(sql, values).fetchall()
                taken.setdefault(name, []).append(1000 * (time.perf_counter() - begun))
                used.setdefault(name, []).append(1000 * (time.process_time() - cpu))
            table = sql.split("reports.")[1].split()[0]
            lines.append(
                f"| {name} | {rows[table]:,} | {statistics.median(taken[name]):.1f} ms | {max(taken[name]):.1f} ms | "
                f"{max(used[name]):.1f} ms |"
            )
    every = [value for name in QUESTIONS for value in taken[name]]
    median, worst = statistics.median(every), max(every)
    lines += [
        "",
        "| aim for report tables (one row per answer) | measured | met |",
        "|---|---:|---|",
        f"| median ≤ 10 ms | {median:.1f} ms | {'yes' if median <= 10 else 'no'} |",
        f"| worst ≤ 50 ms | {worst:.1f} ms | {'yes' if worst <= 50 else 'no'} |",
        f"| worst in CPU | {max(max(used[name]) for name in QUESTIONS):.1f} ms | |",
        "",
        "The last three ask a table of one row per post; for those there is no aim.",
    ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.readers", description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="A published file of the demo. Default: the demo is run first.")
    parser.add_argument("--python", action="append", help="An interpreter with duckdb; may be given several times.")
    parser.add_argument("--opens", type=int, default=1_000)
    parser.add_argument("--publishes", type=int, default=50)
    parser.add_argument("--posts", type=int, default=10_000_000)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="suara-bench-") as scratch:
        folder = Path(scratch)
        source = arguments.file.resolve() if arguments.file else _demo(folder / "demo")
        pythons = arguments.python or [sys.executable]
        lines = [
            "# Readers",
            "",
            f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}; load average before "
            f"{load:.1f} (above the number of CPUs, times are those of a busy machine).",
            "",
            "## Opens while releases change",
            "",
            *opens(source, pythons, count=arguments.opens, publishes=arguments.publishes, folder=folder / "opens"),
            "",
            "## Answers of report tables",
            "",
            *answers(source, arguments.posts, folder),
        ]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _demo(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "run", "--demo", "--data-dir", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return (folder / "published" / FILE_NAME).resolve()


if __name__ == "__main__":
    main()
