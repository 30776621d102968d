"""Questions to the words of a warehouse: where a word stands, beside which others, what sets groups of posts apart.

Belongs here: choosing posts, counting their words, ordering the answers. Does not belong here: the formulas
(`measures`), how words are made (dbt), printing (the command).

Asked are own posts of registered accounts: nobody else's text is handed around.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contract import DataDir, SuaraError, replacing
from orchestration.text.measures import log_likelihood, log_ratio, npmi

# Context on either side of a hit, in characters.
WIDTH = 40
# Words to either side that count as beside a word.
WINDOW = 5
# What stands less often tells little, whatever the measure says of it.
LEAST_COUNT = 5

_POSTS = """
    select fct_posts.post_key
    from marts.fct_posts
    inner join marts.dim_accounts using (account_key)
    where fct_posts.is_own and dim_accounts.is_registered
"""
_CONDITIONS = {
    "account": "lower(dim_accounts.handle) = lower(?)",
    "language": "fct_posts.language = ?",
    "theme": "fct_posts.post_key in (select post_key from marts.fct_post_themes where theme_code = ?)",
    "year": "year(fct_posts.posted_date) between ? and ?",
}


@dataclass(frozen=True)
class Selection:
    """Which posts are meant: all of these conditions.

    Attributes:
        conditions: Pairs of what is asked (account, language, theme, year) and the value.
    """

    conditions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Selection:
        """From `account=iom`, `year=2019` or `year=2015-2019`, `language=id`, `theme=TOP.TIP`."""
        conditions = []
        for text in texts:
            name, sign, value = text.partition("=")
            if not sign or name not in _CONDITIONS or not value:
                raise SuaraError(
                    f"{text!r}: expected one of {', '.join(f'{name}=…' for name in _CONDITIONS)}; found something else."
                )
            if name == "year" and not re.fullmatch(r"\d{4}(-\d{4})?", value):
                raise SuaraError(f"{text!r}: expected a year or two with a hyphen, as 2015-2019; found {value}.")
            conditions.append((name, value))
        return cls(tuple(conditions))

    def sql(self) -> tuple[str, list[object]]:
        """A query of post keys and its parameters."""
        where, values = "", list[object]()
        for name, value in self.conditions:
            where += f" and {_CONDITIONS[name]}"
            if name == "year":
                first, _, last = value.partition("-")
                values += [int(first), int(last or first)]
            else:
                values.append(value.lstrip("@"))
        return _POSTS + where, values

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.conditions) or "all posts"


@dataclass(frozen=True)
class Hit:
    """A word where it stands."""

    posted_date: str
    handle: str
    post_id: str
    left: str
    match: str
    right: str


@dataclass(frozen=True)
class KeyWord:
    """A word that one set of posts uses more, or less, than another.

    Attributes:
        g2: How sure the difference is (log-likelihood); never negative.
        log_ratio: How large it is, and on which side: positive in the first set.
    """

    word: str
    language: str
    count: int
    post_count: int
    other_count: int
    other_post_count: int
    per_10_000: float
    other_per_10_000: float
    g2: float
    log_ratio: float


@dataclass(frozen=True)
class Collocate:
    """A word beside another one.

    Attributes:
        together: How often it stands within the window.
        count: How often it stands anywhere in these posts.
        expected: How often it would stand within the windows by chance.
    """

    word: str
    language: str
    together: int
    post_count: int
    count: int
    expected: float
    g2: float
    npmi: float


@contextmanager
def opened(paths: DataDir) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only: a run works on a copy and puts it in its place, so neither waits for the other.

    Raises:
        SuaraError: There is no warehouse, or one of a version that had no words.
    """
    if not paths.warehouse.exists():
        raise SuaraError(f"{paths.warehouse}: expected a warehouse; found none. Run `suara run` first.")
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select count(*) from information_schema.tables "
            "where table_name in ('int_posts__words', 'int_words__stems')"
        ).fetchall()
        if found != [(2,)]:
            raise SuaraError(f"{paths.warehouse}: expected the words of posts; found none. Run `suara run` first.")
        yield connection


def _posts_of(connection: Any, selection: Selection) -> tuple[str, list[object]]:
    """The query of a selection, which fits a post at least: a misspelt theme is no answer of nothing.

    Raises:
        SuaraError: It fits none.
    """
    query, values = selection.sql()
    if not connection.execute(f"select 1 from ({query}) limit 1", values).fetchall():
        raise _nothing_chosen(selection)
    return query, values


def _nothing_chosen(selection: object) -> SuaraError:
    return SuaraError(f"{selection}: expected posts with words; found none. Choose other posts.")


def keyword_in_context(
    connection: Any, words: str, selection: Selection, *, width: int = WIDTH, limit: int | None = None
) -> list[Hit]:
    """Every place of a word, or of a phrase of words one behind the other, in the order of time.

    Args:
        connection: A warehouse.
        words: Words as they are folded; `*` at the end of one stands for any ending.
    """
    wanted = words.casefold().split()
    if not wanted:
        raise SuaraError("Expected a word to look for; found none.")
    query, values = _posts_of(connection, selection)
    # The places of the first word; the others are compared where it stands.
    conditions, patterns = [], list[object]()
    for offset, word in enumerate(wanted):
        item = f"list_extract(tokens, n + {offset}).folded"
        if word.endswith("*"):
            conditions.append(f"coalesce(starts_with({item}, ?), false)")
            patterns.append(word[:-1])
        else:
            conditions.append(f"coalesce({item} = ?, false)")
            patterns.append(word)
    rows = connection.execute(
        f"""
        with chosen as (
            select
                post_key,
                tokens,
                list_filter(range(1, len(tokens) + 1), lambda n: {" and ".join(conditions)}) as found
            from intermediate.int_posts__words
            where post_key in ({query})
        ),
        places as (
            select post_key, tokens, unnest(found) as n from chosen
        ),
        spans as (
            select
                post_key,
                tokens[n].token_start as span_start,
                tokens[n + {len(wanted) - 1}].token_start + length(tokens[n + {len(wanted) - 1}].folded) as span_end
            from places
        )
        select
            strftime(fct_posts.posted_date, '%Y-%m-%d'),
            coalesce(dim_accounts.handle, ''),
            fct_posts.post_id,
            substr(nfc_normalize(fct_posts.text), greatest(span_start - ?, 0) + 1, least(span_start, ?)),
            substr(nfc_normalize(fct_posts.text), span_start + 1, span_end - span_start),
            substr(nfc_normalize(fct_posts.text), span_end + 1, ?)
        from spans
        inner join marts.fct_posts using (post_key)
        inner join marts.dim_accounts using (account_key)
        order by fct_posts.posted_at, post_key, span_start
        {"" if limit is None else f"limit {int(limit)}"}
        """,
        [*patterns, *values, width, width, width],
    ).fetchall()
    return [Hit(*row) for row in rows]


def keyness(
    connection: Any, selection: Selection, against: Selection | None, *, least_count: int = LEAST_COUNT
) -> list[KeyWord]:
    """Words by how surely their shares differ between two sets of posts; the surest first.

    Args:
        connection: A warehouse.
        selection: The one set.
        against: The other one, without posts of the first; None for all other posts.
        least_count: Words that stand less often in both sets together are left out.
    """
    query, values = selection.sql()
    other_query, other_values = (against or Selection()).sql()
    rows = connection.execute(
        f"""
        with chosen as ({query}),
        others as (select post_key from ({other_query}) anti join chosen using (post_key)),
        posts as (select post_key, true as is_chosen from chosen union all select post_key, false from others),
        tokens as (
            select is_chosen, post_key, unnest(list_transform(tokens, lambda t: t.folded)) as folded
            from intermediate.int_posts__words
            inner join posts using (post_key)
        ),
        words as (
            select is_chosen, post_key, language, stem, count(*) as token_count
            from tokens
            inner join intermediate.int_words__stems on folded = word
            group by all
        )
        select
            coalesce(dim_words.word, words.stem), words.language,
            coalesce(sum(words.token_count) filter (where is_chosen), 0)::bigint,
            count(*) filter (where is_chosen),
            coalesce(sum(words.token_count) filter (where not is_chosen), 0)::bigint,
            count(*) filter (where not is_chosen)
        from words
        left join marts.dim_words using (language, stem)
        group by 1, 2
        order by 1, 2
        """,
        [*values, *other_values],
    ).fetchall()
    total, other_total = sum(row[2] for row in rows), sum(row[4] for row in rows)
    for name, size in ((selection, total), (against or "all other posts", other_total)):
        if not size:
            raise _nothing_chosen(name)
    found = []
    for word, language, count, posts, other_count, other_posts in rows:
        if count + other_count >= least_count:
            compared = (count, total, other_count, other_total)
            found.append(
                KeyWord(
                    word=word,
                    language=language,
                    count=count,
                    post_count=posts,
                    other_count=other_count,
                    other_post_count=other_posts,
                    per_10_000=10_000 * count / total,
                    other_per_10_000=10_000 * other_count / other_total,
                    g2=log_likelihood(*compared),
                    log_ratio=log_ratio(*compared),
                )
            )
    return sorted(found, key=lambda k: (-k.g2, k.word, k.language))


def collocations(
    connection: Any,
    word: str,
    selection: Selection,
    *,
    window: int = WINDOW,
    least_count: int = LEAST_COUNT,
    with_stop_words: bool = False,
) -> list[Collocate]:
    """Words that stand within a window of words to either side of a word, any form of it; the surest first.

    A place that is within the window of two hits counts once; the hits themselves do not count.
    """
    query, values = _posts_of(connection, selection)
    rows = connection.execute(
        f"""
        with wanted as (
            select language, stem from intermediate.int_words__stems where word = ?
        ),
        tokens as (
            select post_key, position, language, stem, is_stop_word,
                (language, stem) in (select (language, stem) from wanted) as is_hit
            from (
                select post_key, unnest(range(1, len(tokens) + 1)) as position,
                    unnest(list_transform(tokens, lambda t: t.folded)) as word
                from intermediate.int_posts__words
                where post_key in ({query})
            )
            inner join intermediate.int_words__stems using (word)
        ),
        marked as (
            select *, bool_or(is_hit) over (
                partition by post_key order by position
                range between {int(window)} preceding and {int(window)} following
            ) and not is_hit as is_beside
            from tokens
        )
        select
            coalesce(dim_words.word, marked.stem), marked.language,
            count(*) filter (where is_beside), count(distinct post_key) filter (where is_beside), count(*),
            bool_or(marked.is_stop_word), bool_or(is_hit)
        from marked
        left join marts.dim_words using (language, stem)
        group by 1, 2
        """,
        [word.casefold(), *values],
    ).fetchall()
    hits = sum(row[4] for row in rows if row[6])
    if not hits:
        raise SuaraError(f"{word}: expected a word of {selection}; found it nowhere. Look for another form.")
    beside = sum(row[2] for row in rows)
    total = sum(row[4] for row in rows) - hits
    found = []
    for name, language, together, posts, count, is_stop_word, is_hit in rows:
        expected = count * beside / total
        # Surely rarer beside the word than elsewhere is no collocation.
        if is_hit or together < max(least_count, expected) or (is_stop_word and not with_stop_words):
            continue
        found.append(
            Collocate(
                word=name,
                language=language,
                together=together,
                post_count=posts,
                count=count,
                expected=expected,
                g2=log_likelihood(together, beside, count - together, total - beside) if beside < total else 0.0,
                npmi=npmi(together, beside, count, total),
            )
        )
    return sorted(found, key=lambda c: (-c.g2, c.word, c.language))


def lines(rows: Sequence[Any]) -> list[str]:
    """Answers as a table for the terminal."""
    if not rows:
        return []
    names = list(rows[0].__dataclass_fields__)
    cells = [[name.replace("_", " ") for name in names]]
    cells += [[_shown(getattr(row, name)) for name in names] for row in rows]
    widths = [max(len(line[n]) for line in cells) for n in range(len(names))]
    # What stands left of a hit ends at it.
    to_the_right = [name == "left" or isinstance(getattr(rows[0], name), int | float) for name in names]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, to_the_right, strict=True)
        ).rstrip()
        for line in cells
    ]


def write_csv(rows: Sequence[Any], target: Path) -> None:
    """Write answers, unrounded, for their owner (contexts are texts); a table needs at least one."""
    with replacing(target, mode=0o600) as partial, open(partial, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        if rows:
            names = list(rows[0].__dataclass_fields__)
            writer.writerow(names)
            writer.writerows([getattr(row, name) for name in names] for row in rows)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else re.sub(r"\s+", " ", str(value))
