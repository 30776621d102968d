"""`python -m bench.themes`: what coding a million posts costs, with codebooks of 60, 240 and 600 terms.

Belongs here: real texts grown to a size, codebooks drawn from their own words, the models as dbt compiles them.
Does not belong here: whether a hit is right (unit tests beside the models, tests/integration/test_theme_oracle.py).

A codebook of a bench has a theme for each twelve terms: of five, two are phrases, one a wildcard, two words; one term
in eight has a condition, one in ten an exclusion. Its words are drawn (seeded) from the texts' own: the first ones are
common, so that many posts have a hit, the others less so. Each size holds the terms of the smaller ones. More terms
find more, so the largest codebook is measured once more with rare words behind the first 60: what terms cost, not
hits. Each codebook is a changed one for the same posts: recoding costs what coding costs. Remembering what the version
before made of posts is measured as a run of dbt on those models, its start included, after each change and again when
nothing changed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
import platform
import random
import re
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.entities import PACKAGES, posts_of
from bench.grow import shared_data
from orchestration.contract import DBT_PROJECT_DIR
from orchestration.resources.dbt import Dbt
from orchestration.resources.manifest import invoke

SIZES = (60, 240, 600)
# So many terms of each codebook are common words.
COMMON = 60
POSTS = 1_000_000
AIM_CPU_SECONDS = 6.0
AIM_RATIO = 1.3
THREADS = 2
RESULTS = Path(__file__).parent / "results" / "themes.md"
# What is built, in order; the first two are small.
MODELS = ("int_codebook__conditions", "int_codebook__patterns", "int_posts__theme_hits", "int_posts__themes")
REMEMBERING = ["int_codebook__versions", "int_codebook__codings", "fct_theme_changes"]


@dataclass(frozen=True)
class Coded:
    """What one codebook cost.

    Args:
        terms: Terms in it.
        rare: All but the first of them are words that hardly occur.
        seconds: CPU and wall seconds by model.
        changed: CPU seconds of remembering what the version before said.
        unchanged: The same when nothing has changed.
        posts: Posts with at least one hit.
        hits: Hits.
    """

    terms: int
    rare: bool
    seconds: dict[str, tuple[float, float]]
    changed: float
    unchanged: float
    posts: int
    hits: int

    @property
    def name(self) -> str:
        return f"{self.terms}, rare" if self.rare else str(self.terms)

    @property
    def cpu(self) -> float:
        """CPU seconds of finding the hits."""
        return self.seconds["int_posts__theme_hits"][0]


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def drawn_terms(texts: list[str], count: int, seed: int = 1, *, rare: bool = False) -> list[dict[str, object]]:
    """Rows of `int_codebook__terms` from the words of the texts; `rare` takes all but the common ones from words that
    hardly occur."""
    counted: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text in texts[:: max(1, len(texts) // 20_000)]:
        words = re.findall(r"\b[a-z]{4,}\b", text.lower())
        counted.update(sorted(set(words)))
        pairs.update(sorted({f"{a} {b}" for a, b in itertools.pairwise(words)}))
    dice = random.Random(seed)
    # the first terms of a codebook are common words, those that are added later are rare ones
    words, phrases = [], []
    for found, kept, first in ((counted, words, 36), (pairs, phrases, 24)):
        ranked = [text for text, _ in found.most_common(12_000)]
        common, others = ranked[50:130], ranked[8000:] if rare else ranked[1000:8000]
        dice.shuffle(common)
        dice.shuffle(others)
        kept += [*others, *common[:first]]
    chosen: dict[str, str] = {}
    for i in range(10_000):
        if len(chosen) == count:
            break
        kind = ("phrase", "word", "wildcard", "phrase", "word")[i % 5]
        term = phrases.pop() if kind == "phrase" else words.pop()
        # the first five letters of a rare word begin many words that are not rare
        term = f"{term if rare and i >= COMMON else term[:5]}*" if kind == "wildcard" else term
        chosen.setdefault(term, kind)
    rows = []
    for i, (term, kind) in enumerate(chosen.items()):
        requires = "|".join(words[:3]) if i % 8 == 7 else None
        rows.append(
            {
                "term_id": f"T{i // 12}:{i}",
                "theme_code": f"T{i // 12}",
                "kind": kind,
                "term": term,
                "requires": requires,
            }
        )
    return rows


def make_tables(con: duckdb.DuckDBPyConnection, texts: list[str], posts: int) -> None:
    """Posts, their hashtags and one account, with the columns that the models read."""
    for schema in ("marts", "intermediate", "reference", "staging"):
        con.execute(f"create schema {schema}")
    con.execute("create temp table delivered as select unnest($1) as text", [texts])
    con.execute(
        """
        create table intermediate.int_posts__texts as
        select
            md5(cast(number as varchar)) as post_key, 'me' as account_key,
            -- each copy of a text is a text of its own
            text || ' ' || cast(number as varchar) as text, false as is_repost, true as is_own,
            date '2020-01-01' + cast(number % 2000 as integer) as posted_date,
            timestamptz '2020-01-01 00:00:00+00' + to_minutes(cast(number as integer)) as posted_at
        from (select text, row_number() over () as number from delivered, range($1) limit $2)
        """,
        [posts // len(texts) + 1, posts],
    )
    con.execute("create view intermediate.int_posts__kept as from intermediate.int_posts__texts")
    con.execute("create table intermediate.int_studies__selected as select 'bench' as codebook_id")
    con.execute("create table marts.dim_accounts as select 'me' account_key, true is_registered, true is_capture_owner")
    con.execute(
        r"""
        create table intermediate.int_posts__hashtags as
        select post_key, lower(tag) as hashtag, min(tag) as hashtag_as_written
        from (
            select post_key, unnest(regexp_extract_all(text, '#([\p{L}\p{N}_]+)', 1)) as tag
            from intermediate.int_posts__texts
        )
        group by all
        """
    )


def make_codebook(con: duckdb.DuckDBPyConnection, rows: list[dict[str, object]]) -> None:
    """The tables of a codebook in place of the ones before."""
    con.execute(
        "create or replace table intermediate.int_codebook__terms (codebook_id varchar, term_id varchar, "
        "theme_code varchar, language varchar, kind varchar, term varchar, case_sensitive boolean, requires varchar, "
        "near_a varchar, near_b varchar, near_window integer, codebook_version varchar, "
        "parent_code varchar, is_organisations_only boolean)"
    )
    con.executemany(
        "insert into intermediate.int_codebook__terms "
        "values ('bench', $term_id, $theme_code, 'en', $kind, $term, false, $requires, "
        f"null, null, null, 'v{len(rows)}', null, false)",
        rows,
    )
    con.execute(
        "create or replace table reference.codebook_themes as select distinct 'bench' as codebook_id, theme_code, "
        "cast(null as varchar) as parent_code, codebook_version from intermediate.int_codebook__terms"
    )
    con.execute(
        "create or replace table reference.codebook_exclusions as select 'not ' || term as pattern, theme_code, "
        "codebook_version from intermediate.int_codebook__terms "
        "where kind = 'word' and cast(split_part(term_id, ':', 2) as integer) % 10 = 1"
    )


def compiled(warehouse: Path, folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """The SQL that dbt makes of models on this warehouse; patterns of the codebook are read from it."""
    arguments = ["compile", "--select", *names, "--target-path", str(folder), "--no-write-json"]
    with contextlib.redirect_stdout(io.StringIO()):
        results = invoke(DBT_PROJECT_DIR, warehouse, arguments).results
    return {r.node.name: r.node.compiled_code for r in results if r.node.resource_type == "model"}


def build(warehouse: Path, folder: Path) -> dict[str, tuple[float, float]]:
    """Build the models; CPU and wall seconds of each."""
    seconds = {}
    sql = compiled(warehouse, folder, MODELS[:2])
    with duckdb.connect(str(warehouse), config={"threads": THREADS}) as con:
        for name in MODELS[:2]:
            con.execute(f"create or replace table intermediate.{name} as {sql[name]}")
    sql = compiled(warehouse, folder, MODELS[2:])
    with duckdb.connect(str(warehouse), config={"threads": THREADS}) as con:
        con.execute("set enable_progress_bar = false")
        for name in MODELS[2:]:
            cpu, wall = _cpu(), time.perf_counter()
            con.execute(f"create or replace table intermediate.{name} as {sql[name]}")
            seconds[name] = (_cpu() - cpu, time.perf_counter() - wall)
    return seconds


def remember(warehouse: Path, folder: Path) -> float:
    """CPU seconds of remembering what this version of the codebook makes of the posts."""
    cpu = _cpu()
    results = Dbt().build(warehouse, REMEMBERING, study="default", target=folder)
    assert {r.status for r in results} == {"success"}
    return _cpu() - cpu


def measure(posts: int, sizes: tuple[int, ...], folder: Path) -> list[Coded]:
    """Code the posts with a codebook of each size."""
    shared = shared_data()
    if shared is None:
        raise SystemExit("The real packages are not here: set SUARA_SHARED_DATA, or put them at ../shared/data.")
    texts = [post.text for package in PACKAGES for post in posts_of(shared, package)]
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse), config={"threads": THREADS}) as con:
        make_tables(con, texts, posts)
    found = []
    for size, rare in [*((size, False) for size in sizes), (max(sizes), True)]:
        with duckdb.connect(str(warehouse)) as con:
            make_codebook(con, drawn_terms(texts, size, rare=rare))
        seconds = build(warehouse, folder / "target")
        remembered = remember(warehouse, folder / "target"), remember(warehouse, folder / "target")
        with duckdb.connect(str(warehouse), read_only=True) as con:
            counts = con.execute(
                "select count(distinct post_key), count(*) from intermediate.int_posts__theme_hits"
            ).fetchall()[0]
        found.append(Coded(size, rare, seconds, *remembered, *counts))
        print(f"{found[-1].name} terms: {found[-1].cpu:.1f} CPU s, {counts[1]:,} hits", file=sys.stderr, flush=True)
    return found


def table(found: list[Coded], posts: int, command: str) -> str:
    """The measurements as Markdown."""
    lines = [
        f"# Themes of {posts:,} posts",
        "",
        f"`{command}` on {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, DuckDB "
        f"{duckdb.__version__} with {THREADS} threads, {time.strftime('%Y-%m-%d')}.",
        "",
        "| terms | posts with a hit | hits | finding hits, CPU | wall | themes of posts, CPU | remembering, CPU | "
        "unchanged |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        hits, themes = one.seconds["int_posts__theme_hits"], one.seconds["int_posts__themes"]
        lines.append(
            f"| {one.name} | {one.posts / posts:.0%} | {one.hits:,} | {hits[0]:.1f} s | {hits[1]:.1f} s | "
            f"{themes[0]:.1f} s | {one.changed:.1f} s | {one.unchanged:.1f} s |"
        )
    by_terms = {one.terms: one.cpu * 1_000_000 / posts for one in found if not one.rare}
    rare = {one.terms: one.cpu * 1_000_000 / posts for one in found if one.rare}
    lines += ["", "| aim, per million posts | measured | met |", "|---|---:|---|"]
    if 240 in by_terms:
        met = "yes" if by_terms[240] <= AIM_CPU_SECONDS else "no"
        lines.append(f"| 240 terms ≤ {AIM_CPU_SECONDS:g} CPU s | {by_terms[240]:.1f} | {met} |")
    for said, seconds in (("of rare words", rare), ("that find half as much again", by_terms)):
        if 60 in by_terms and 600 in seconds:
            ratio = seconds[600] / by_terms[60]
            met = "yes" if ratio <= AIM_RATIO else "no"
            lines.append(f"| 600 terms {said} ≤ {AIM_RATIO:g} × 60 terms | {ratio:.2f} | {met} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.themes", description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=POSTS, help="posts that are coded (default: %(default)s)")
    parser.add_argument("--terms", type=int, nargs="*", default=SIZES, help="sizes of codebooks (default: 60 240 600)")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    parser.add_argument("--write", action="store_true", help=f"write the table to bench/results/{RESULTS.name}")
    options = parser.parse_args(arguments)
    working = Path(tempfile.mkdtemp(prefix="suara-bench-", dir=options.folder))
    try:
        found = measure(options.posts, tuple(options.terms), working)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    text = table(found, options.posts, f"python -m bench.themes --posts {options.posts}")
    print(text)
    if options.write:
        RESULTS.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
