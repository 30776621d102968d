"""Draws posts for coding by hand from the published file: seeded, stratified, without what the rules said.

Belongs here: whose posts may be shown, the strata, how many posts of each, which ones.
Does not belong here: the form of the sheet (`sheets`), and reading it back.

Strata are year by whether the rules found any topic. Half of the sample is of posts with a topic and half without
(as far as there are so many): precision needs posts that the rules chose, recall needs posts that they did not.
Within a half the years have the share that they have among the posts. The weights undo both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.coding import DEFAULT_FACETS, DEFAULT_SEED, DEFAULT_SIZE
from orchestration.coding.manifest import Manifest, SampledPost, Stratum
from orchestration.contract import SuaraError

# Two posts show a spread, one does not.
LEAST_PER_STRATUM = 2

# Own posts of registered accounts: nobody else's text is handed around. `suggesting` reads
# the same posts.
FRAME = """
frame as (
    select
        fct_posts.post_key,
        fct_posts.platform || ':' || fct_posts.post_id as post_label,
        fct_posts.posted_date,
        cast(year(fct_posts.posted_date) as integer) as year,
        fct_posts.text,
        fct_posts.post_key in (
            select fct_post_themes.post_key
            from marts.fct_post_themes
            inner join marts.dim_themes using (theme_code, codebook_version)
            where facet = 'topic' and codebook_version = (select codebook_version from quality.release)
        ) as has_topic
    from marts.fct_posts
    inner join marts.dim_accounts using (account_key)
    where fct_posts.is_own
        and dim_accounts.is_registered
        and trim(coalesce(fct_posts.text, '')) <> ''
)
""".strip()


@dataclass(frozen=True)
class Theme:
    """A theme as coders see it: what counts, what does not."""

    code: str
    name: str
    name_id: str
    definition: str
    exclude_note: str
    example: str


@dataclass(frozen=True)
class Sample:
    """What a sheet is written from. `texts` and `dates` are in the order of the manifest's posts."""

    manifest: Manifest
    themes: tuple[Theme, ...]
    dates: tuple[str, ...]
    texts: tuple[str, ...]


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """The published file, read-only.

    Raises:
        SuaraError: Nothing has been published yet.
    """
    if not path.exists():
        raise SuaraError(f"{path}: expected the published file; found none. Run `suara run` first.")
    return duckdb.connect(str(path), read_only=True)


def draw(
    published: Path,
    *,
    size: int = DEFAULT_SIZE,
    seed: int = DEFAULT_SEED,
    facets: Sequence[str] = DEFAULT_FACETS,
    themes: Sequence[str] = (),
) -> Sample:
    """Draw a sample. Same release, size, seed and themes: same posts in the same order, on every machine.

    Args:
        published: The published file.
        size: Posts to draw; all of them, where there are fewer.
        seed: Any whole number; another one draws other posts.
        facets: The themes at the top of these facets are coded.
        themes: Codes of the themes to be coded, instead of facets.

    Raises:
        SuaraError: No published file, no post that may be shown, an unknown theme, or a size too small for the strata.
    """
    with open_published(published) as con:
        release_id, version = _one(con, "select release_id, codebook_version from quality.release")
        chosen = themes_of(con, version, facets, themes)
        rows = con.execute(
            f"with {FRAME} select year, has_topic, count(*) from frame group by all order by all"
        ).fetchall()
        if not rows:
            raise SuaraError(
                f"{published}: expected own posts, with text, of registered accounts (`suara accounts register`); "
                "found none. Register the account (seeds/accounts/accounts.csv) or load its own export."
            )
        sizes = allocate({(year, has_topic): population for year, has_topic, population in rows}, size)
        strata = tuple(
            Stratum(year, has_topic, population, sizes[year, has_topic]) for year, has_topic, population in rows
        )
        posts = _posts(con, seed, strata)
    manifest = Manifest(
        seed=seed,
        release_id=release_id,
        codebook_version=version,
        themes=tuple(theme.code for theme in chosen),
        strata=strata,
        posts=tuple(SampledPost(label, key, stratum) for label, key, stratum, *_ in posts),
    )
    return Sample(manifest, chosen, tuple(str(row[3]) for row in posts), tuple(row[4] for row in posts))


def allocate(populations: dict[tuple[int, bool], int], size: int) -> dict[tuple[int, bool], int]:
    """Posts to draw per (year, has a topic): half with a topic, half without, years in proportion, two at least.

    Raises:
        SuaraError: Two posts of each stratum are more than `size`.
    """
    taken = {key: min(LEAST_PER_STRATUM, population) for key, population in populations.items()}
    least = sum(taken.values())
    if size < least:
        raise SuaraError(
            f"--size {size}: expected at least {least}, two posts of each year with and without a topic; "
            "found fewer. Ask for more posts."
        )
    with_topic = sum(population for (_, has_topic), population in populations.items() if has_topic)
    without = sum(populations.values()) - with_topic
    target = {True: min(size // 2, with_topic), False: min(size - size // 2, without)}
    target[True] = min(with_topic, size - target[False])
    target[False] = min(without, size - target[True])
    for has_topic, aim in target.items():
        side = [key for key in populations if key[1] is has_topic]
        while sum(taken[key] for key in side) < aim:
            # Webster's rule: the next post goes where most posts stand for each one taken.
            open_keys = [key for key in side if taken[key] < populations[key]]
            best = max(open_keys, key=lambda key: (populations[key] / (taken[key] + 0.5), -key[0]))
            taken[best] += 1
    return taken


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = con.execute(sql).fetchone()
    assert row is not None
    return row


def themes_of(
    con: duckdb.DuckDBPyConnection, version: str, facets: Sequence[str], codes: Sequence[str]
) -> tuple[Theme, ...]:
    """Themes of the codebook, by their codes or else the tops of facets.

    Raises:
        SuaraError: There is no such theme or facet.
    """
    rows = con.execute(
        """
        select theme_code, theme_name, theme_name_id, definition, exclude_note, example, facet, parent_code
        from marts.dim_themes
        where codebook_version = ?
        order by theme_code
        """,
        [version],
    ).fetchall()
    known = {"theme": {row[0] for row in rows}, "facet": {row[6] for row in rows}}
    for option, given in (("theme", codes), ("facet", () if codes else facets)):
        if wrong := [name for name in given if name not in known[option]]:
            raise SuaraError(
                f"--{option} {', '.join(wrong)}: expected one of {', '.join(sorted(known[option]))}; "
                f"found no such {option} in codebook {version}. Check the spelling."
            )
    chosen = [row for row in rows if (row[0] in codes if codes else row[6] in facets and row[7] is None)]
    return tuple(Theme(*(value or "" for value in row[:6])) for row in chosen)


def _posts(con: duckdb.DuckDBPyConnection, seed: int, strata: Sequence[Stratum]) -> list[tuple[Any, ...]]:
    """The posts whose hash with the seed is smallest in their stratum, in the order of another hash.

    A hash and not a random generator: it depends on the post and the seed only, not on the order of rows, on the
    number of threads or on the version of a library. The second hash mixes the strata.
    """
    values = ", ".join(f"({i}, {s.year}, {s.has_topic}, {s.sample})" for i, s in enumerate(strata))
    return con.execute(
        f"""
        with {FRAME},

        strata as (select * from (values {values}) as s(stratum, year, has_topic, sample)),

        drawn as (
            select post_key, stratum
            from frame
            inner join strata using (year, has_topic)
            qualify row_number() over (
                partition by stratum order by sha256($seed || ':' || post_key), post_key
            ) <= sample
        )

        select post_label, post_key, stratum, posted_date, text
        from frame
        inner join drawn using (post_key)
        order by sha256($seed || ':order:' || post_key), post_key
        """,
        {"seed": str(seed)},
    ).fetchall()
