"""The study report: one HTML page from the published file alone.

Belongs here: which questions the report answers, in which order, and the sentences around the answers, each said in
English and Indonesian (see `texts`).
Does not belong here: SQL (see `queries`), how a picture looks (see `figures`), how the page looks (templates).

Every number on the page comes from a query on the published file, printed beside it. The page holds no time of
its own making and no random id: the same file gives the same bytes. It names no private person and quotes no post.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publishing import figures
from orchestration.publishing.figures import (
    ACCENT,
    ACCENT_LIGHT,
    COMPANY_COLOURS,
    KIND_COLOURS,
    LANGUAGE_COLOURS,
    NARROW,
    STATUS_COLOURS,
    WIDE,
)
from orchestration.publishing.pages import CAP_NAMES, cell, write_page
from orchestration.publishing.pages import share as english_share
from orchestration.publishing.queries import QUERIES
from orchestration.publishing.texts import (
    DIMENSIONS,
    IN_TEMPLATES,
    SEVERITIES,
    Text,
    counted,
    day,
    decimals,
    joined,
    month,
    number,
    numbers,
    say,
    sentences,
    share,
    words,
    written,
)

# A page is not a data dump: longer tables end here and say so; the SQL beside them gives every row.
LONGEST_TABLE = 200
# More than this many accounts one below the other is no picture any more.
MOST_ACCOUNTS = 6
# Rows of a tree of accounts that still fit on a page.
MOST_LEAVES = 40
# Fewer posts of a year have no median worth comparing.
LEAST_POSTS = 10
# As the query names everybody who is not registered, and posts by who else is in them.
EVERYONE_ELSE, WITH_PARTNER, ALONE = "everyone else", "with a partner", "with nobody"
EVERYONE_ELSE_NOT_NAMED = "Everyone else, not named"

KIND_NAMES = {
    "original": say("original posts"),
    "quote": say("quotes"),
    "reply": say("replies to others"),
    "self_reply": say("replies to oneself (threads)"),
    "repost": say("reposts"),
}
EDGE_NAMES = {"mention": say("mentions"), "reply": say("replies"), "repost": say("reposts"), "quote": say("quotes")}
LANGUAGE_NAMES = {"id": say("Indonesian"), "en": say("English"), "ms": say("Malay")}
STATUS_NAMES = {
    "observed": say("wholly observed"),
    "partial": say("observed in part"),
    "missing": say("not observed"),
    "sample": say("known from a sample only"),
}
BASIS_NAMES = {
    "export": say("observed at export"),
    "retrieval": say("observed at retrieval"),
    "undated": say("undated"),
}
COMPANY_NAMES = {
    "with nobody": say("with nobody"),
    "with others": say("with others"),
    "with its own family": say("with its own family"),
    "with a partner": say("with a partner"),
}
BASIS_COLOURS = {"export": ACCENT, "retrieval": "#c98a2b", "undated": "#7a8794"}

STATE_NAMES = {"usable": say("usable"), "weak": say("weak"), "too few": say("too few")}
VERDICT_NAMES = {
    "supported": say("supported"),
    "consistent_not_proven": say("consistent, not proven"),
    "not_supported": say("not supported"),
    "contradicted": say("contradicted"),
    "coincides_descriptively": say("coincides, no more than that"),
    "not_testable": say("not testable"),
}


_KINDS = words("original", "quote", "reply", "self_reply", "repost", "mention", "hashtag")
# Columns of tables that hold words of ours and no data.
CELL_WORDS = {
    "basis": words("export", "retrieval", "undated"),
    "by": _KINDS,
    "company": words(*COMPANY_NAMES),
    "coverage_status": words("observed", "partial", "missing", "sample"),
    "dimension": DIMENSIONS,
    "id_damage": words("none"),
    "kind": _KINDS,
    "paths": words("all", "from a sample"),
    "reciprocity": words("both ways", "one way", "not observable"),
    "record_type": words("post", "note", "deletion", "profile", "other"),
    "role": words("partner", "donor", "ministry", "authority", "media", "public_figure", "own family"),
    "severity": SEVERITIES,
    "status": words("accepted", "quarantined"),
    "suspected_cap": {code: Text(code, say(meaning).id) for code, meaning in CAP_NAMES.items()},
    "validation_state": words("unvalidated", *STATE_NAMES),
    "verdict": {
        verdict.replace("_", " "): Text(verdict.replace("_", " "), name.id) for verdict, name in VERDICT_NAMES.items()
    },
}
# Columns of measures, of which one digit would say too little.
MEASURES = ("pearson", "jaccard", "sorensen", "p_adjusted")
# Columns of numbers that are texts, since the unit differs from row to row.
NUMBERS_IN_WORDS = ("estimate", "interval", "must_exceed", "minutes_off")

Rows = list[dict[str, Any]]
NOTHING = Text("", "")


@dataclass(frozen=True)
class Table:
    """A table of the page: header, cells as text, which columns are numbers."""

    caption: Text
    header: list[Text]
    rows: list[list[str | Text]]
    numeric: list[bool]
    row_count: int


@dataclass(frozen=True)
class Figure:
    """One answer: a sentence, a picture in two widths (or none), its table, its SQL.

    Attributes:
        name: Unlike that of every other figure with a picture; files are named after it.
    """

    name: str
    title: Text
    sentence: Text
    table: Table
    sql: str
    note: Text
    alt: Text
    wide: str = ""
    narrow: str = ""
    legend: list[tuple[str, Text]] = field(default_factory=list)
    is_folded: bool = False


class _Page:
    """Runs the queries of one report and keeps their rows."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._rows: dict[str, Rows] = {}

    def rows(self, name: str) -> Rows:
        if name not in self._rows:
            cursor = self.con.execute(QUERIES[name])
            names = [column[0] for column in cursor.description]
            self._rows[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return self._rows[name]

    def figure(
        self,
        name: str,
        title: Text,
        sentence: Text,
        *,
        caption: Text,
        id: str = "",
        picture: Callable[[int], dict[str, Any]] | None = None,
        alt: Text = NOTHING,
        note: Text = NOTHING,
        legend: Sequence[tuple[str, Text]] = (),
        is_folded: bool = False,
    ) -> Figure:
        """The figure of query `name`; `picture` gives its spec for a width, None when there is nothing to draw."""
        wide = narrow = ""
        if picture is not None and self.rows(name):
            wide = figures.render(picture(WIDE), f"{id or name}-w")
            narrow = figures.render(picture(NARROW), f"{id or name}-n")
        return Figure(
            name=id or name,
            title=title,
            sentence=sentence,
            table=table(self.rows(name), caption),
            sql=QUERIES[name],
            note=note,
            alt=alt or sentence,
            wide=wide,
            narrow=narrow,
            legend=list(legend) if wide else [],
            is_folded=is_folded or bool(wide),
        )


def write_study_report(published_file: Path, target: Path) -> None:
    """Write the report of a published file to `target`, read-only, by one rename."""
    with duckdb.connect(str(published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        page = _Page(con)
        context = {
            "release": page.rows("release")[0],
            "accounts": page.rows("accounts"),
            "account_table": page.figure(
                "accounts",
                say("Accounts of the report"),
                say("Posts of each account, the first and the last."),
                caption=say("Accounts of the report"),
                is_folded=True,
            ),
            "headline": _headline(page),
            **_answers(page),
            "indicators": _indicators(page),
            "claims": _claims(page),
            "quality": _quality(page),
            "methods": _methods(page),
            **IN_TEMPLATES,
        }
    write_page("study_report.html.j2", target, **context)


def _answers(page: _Page) -> dict[str, Any]:
    """The sections that have pictures."""
    return {
        "coverage": _coverage(page),
        "volume": _volume(page),
        "hashtags": _hashtags(page),
        "words": _words(page),
        "themes": _themes(page),
        "interactions": _interactions(page),
        "engagement": _engagement(page),
    }


def read_figures(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, Any], list[tuple[Figure, Rows]]]:
    """The release of a published file with its months, and every figure that has a picture, with its rows.

    Args:
        con: The published file, its session in UTC.
    """
    page = _Page(con)
    answers = _answers(page)
    found = [
        answers["coverage"],
        *answers["volume"],
        *answers["hashtags"],
        *answers["words"],
        *answers["themes"]["figures"],
        *answers["interactions"],
        *answers["engagement"],
    ]
    by_sql = {sql: name for name, sql in QUERIES.items()}
    months = [row["coverage_status"] for row in page.rows("coverage_months")]
    release = {**page.rows("release")[0], "months": len(months), "observed_months": months.count("observed")}
    return release, [(figure, page.rows(by_sql[figure.sql])) for figure in found if figure.wide]


def table(rows: Rows, caption: Text) -> Table:
    """Rows as the page shows them: shares as per cent, missing values as a dash, `theme` and `theme_id` as one."""
    found = list(rows[0]) if rows else []
    header = [name for name in found if not (name.endswith("_id") and name[:-3] in found)]
    numeric = [
        name != header[0]
        and any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
        for name in header
    ]
    return Table(
        caption=caption,
        header=[say(name.replace("_", " ")) for name in header],
        rows=[[_text(name, row) for name in header] for row in rows[:LONGEST_TABLE]],
        numeric=numeric,
        row_count=len(rows),
    )


def _text(name: str, row: dict[str, Any]) -> str | Text:
    """A cell in the English way: the switch turns the separators of columns of numbers."""
    value = row[name]
    if value is None:
        return cell(None)
    if f"{name}_id" in row:
        return _in_both(row, name)
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if name.startswith("share_"):
        return english_share(value)
    if name in MEASURES:
        return decimals(value).en
    if name == "year":
        return str(value)
    if name.endswith("_month"):
        return f"{value:%Y-%m}"
    if name in NUMBERS_IN_WORDS:
        return numbers(value)
    if name in CELL_WORDS:
        return CELL_WORDS[name].get(value, cell(value))
    return _said(value) if isinstance(value, str) else cell(value)


def _said(name: str) -> Text:
    """The name of an account: those that the queries give to accounts without a name are words."""
    if name in (EVERYONE_ELSE, EVERYONE_ELSE_NOT_NAMED):
        return say(name)
    if number_of := re.fullmatch(r"Account (\d+) \(not registered\)", name):
        return say("Account {n} (not registered)", n=number_of[1])
    return written(name)


def _in_both(row: dict[str, Any], name: str) -> Text:
    """What the file holds as `name` in English and as `name_id` in Indonesian, which may be missing."""
    return Text(row[name], row[f"{name}_id"] or row[name])


def _with_months(rows: Rows) -> Rows:
    return [{**row, "months": f"{row['observed_months']}/{row['calendar_months']}"} for row in rows]


def _cap_note(page: _Page) -> Text:
    """A sentence on captures that may begin where a tool stopped; empty where nothing says so."""
    found = {row["account"]: row["suspected_cap"] for row in page.rows("coverage_months") if row["suspected_cap"]}
    if not found:
        return NOTHING
    told = [
        joined(": ", [_said(account), say(CAP_NAMES[cap])]) for account, cap in sorted(found.items())[:MOST_ACCOUNTS]
    ]
    if len(found) > MOST_ACCOUNTS:
        told.append(say("and {n} more", n=len(found) - MOST_ACCOUNTS))
    return say(
        "The first months may be what a cut left, and growth from them no growth ({told}).", told=joined("; ", told)
    )


def _private_note(page: _Page) -> Text:
    """A sentence on captures of one account that is not told apart; empty where there is none."""
    captures = [row["capture"] for row in page.rows("captures_of_one_account")]
    if not captures:
        return NOTHING
    told = joined(", ", captures[:MOST_ACCOUNTS])
    if len(captures) > MOST_ACCOUNTS:
        told = joined(", ", [told, say("and {n} more", n=len(captures) - MOST_ACCOUNTS)])
    return say(
        "These captures are of one account that is not registered, and nothing shows that its owner handed them over: "
        "it has no rows, and is counted with all others ({captures}). Of an organisation: `suara accounts register`.",
        captures=told,
    )


def _months_note(page: _Page) -> Text:
    """What stands under the years of a picture; why a cap is suspected is told with coverage and volume."""
    cut = any(row["suspected_cap"] for row in page.rows("coverage_months"))
    return sentences(
        say("Under each year: months wholly observed, of twelve per account."),
        say("The first months may be what a cut left (see Coverage).") if cut else "",
    )


# ---------- sections


def _headline(page: _Page) -> list[tuple[Text, Text]]:
    release = page.rows("release")[0]
    months = page.rows("coverage_months")
    observed = sum(row["coverage_status"] == "observed" for row in months)
    posts = sum(row["posts"] for row in page.rows("accounts"))
    own = sum(row["own_posts"] for row in page.rows("accounts"))
    return [
        (number(posts), say("posts")),
        (number(own), say("of them own, the rest reposts")),
        (say("{n} of {all}", n=observed, all=len(months)), say("months wholly observed")),
        (
            say("{n} of {all}", n=release["accepted_capture_count"], all=release["capture_count"]),
            say("captures accepted"),
        ),
        (
            joined(" / ", [release[f"checks_{state}"] for state in ("passed", "warned", "failed")]),
            say("checks passed / warned / failed, capture by capture"),
        ),
    ]


def _posts(row: dict[str, Any]) -> int:
    return (row["own_posts"] or 0) + (row["reposts"] or 0)


def _shown_accounts(rows: Rows) -> Rows:
    """The accounts of the pictures: the first few by posts."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["account"]] = totals.get(row["account"], 0) + _posts(row)
    shown = sorted(totals, key=lambda account: (-totals[account], account))[:MOST_ACCOUNTS]
    return [row for account in shown for row in rows if row["account"] == account]


def _said_accounts(rows: Rows) -> Rows:
    return [{**row, "account": _said(row["account"])} for row in rows]


def _coverage(page: _Page) -> Figure:
    rows = page.rows("coverage_months")
    shown = _said_accounts(_shown_accounts(rows))
    counts = {status: sum(row["coverage_status"] == status for row in rows) for status in STATUS_NAMES}
    parts = [joined(" ", [n, STATUS_NAMES[status]]) for status, n in counts.items() if n]
    accounts = len({row["account"] for row in rows})
    sentence = say("There is no account with posts in this data.")
    if rows:
        first, last = (month(f(row["posted_month"] for row in rows)) for f in (min, max))
        sentence = say(
            "{months} from {first} to {last}: {parts}.",
            months=counted(len(rows), "{n} month", "{n} months")
            if accounts == 1
            else counted(len(rows), "{n} month of accounts", "{n} months of accounts"),
            first=first,
            last=last,
            parts=joined(", ", parts),
        )
    return page.figure(
        "coverage_months",
        say("What was looked at"),
        sentence,
        caption=say("Coverage and posts per month"),
        picture=lambda width: figures.coverage_strip(shown, width),
        alt=sentences(say("Strip of months coloured by coverage."), sentence),
        note=sentences(
            say("A month that was not observed has no number, which is not the same as zero posts."),
            say("An account that is not registered carries a number; a row in the seed of accounts gives it its name.")
            if any("(not registered)" in row["account"] for row in rows)
            else "",
            say("The picture shows the {n} accounts with most posts.", n=MOST_ACCOUNTS)
            if len(shown) < len(rows)
            else "",
            _cap_note(page),
            _private_note(page),
        ),
        legend=[(STATUS_COLOURS[s], STATUS_NAMES[s]) for s, n in counts.items() if n],
    )


def _volume(page: _Page) -> list[Figure]:
    months = _said_accounts(_shown_accounts(page.rows("coverage_months")))
    years = _with_months(page.rows("volume_years"))
    kinds = page.rows("kinds")
    best = max(years, key=_posts, default=None)
    total_own = sum(row["own_posts"] or 0 for row in years)
    total_reposts = sum(row["reposts"] or 0 for row in years)
    most = max((_posts(row) for row in months), default=0)
    busiest = sorted((row for row in months if most and _posts(row) == most), key=lambda row: row["posted_month"])
    silent = sum(
        row["coverage_status"] == "observed" and not row["own_posts"] and not row["reposts"]
        for row in page.rows("coverage_months")
    )
    legend = [(ACCENT, say("own posts")), (ACCENT_LIGHT, say("reposts"))]
    statuses = {row["coverage_status"] for row in months}
    bands = [(figures.BAND_COLOURS[s], STATUS_NAMES[s]) for s in figures.BAND_COLOURS if s in statuses]
    pivot = _pivot(kinds, "kind", "posts", KIND_NAMES)
    shares = {kind: sum(row["posts"] for row in kinds if row["kind"] == kind) for kind in KIND_NAMES}
    everything = sum(shares.values())
    return [
        page.figure(
            "coverage_months",
            say("Posts per month"),
            sentences(
                say(
                    "The busiest month is {month} with {posts} posts.",
                    month=month(busiest[0]["posted_month"]),
                    posts=_posts(busiest[0]),
                )
                if len(busiest) == 1
                else say(
                    "The busiest months, {n} of them, have {posts} posts each; the first is {month}.",
                    n=len(busiest),
                    posts=_posts(busiest[0]),
                    month=month(busiest[0]["posted_month"]),
                ),
                counted(
                    silent,
                    "{n} month observed without any post: a pause, or a hole in the export.",
                    "{n} months observed without any post: a pause, or a hole in the export.",
                )
                if silent
                else say("No observed month is without posts."),
            )
            if busiest
            else say("No posts."),
            caption=say("Coverage and posts per month"),
            id="volume_months",
            picture=(lambda width: figures.volume_months(months, width, title=say("posts per month")))
            if months
            else None,
            alt=say(
                "Bars per month, own posts and reposts, on a ground that shows where coverage is partial or missing."
            ),
            note=_cap_note(page),
            legend=legend + bands,
        ),
        page.figure(
            "volume_years",
            say("Posts per year"),
            say(
                "{own} own posts and {reposts} reposts; most in {year} ({posts}).",
                own=total_own,
                reposts=total_reposts,
                year=str(best["year"]),
                posts=_posts(best),
            )
            if best
            else say("No posts."),
            caption=say("Own posts and reposts per year, with the months observed"),
            picture=lambda width: figures.stacked_years(
                years, [("own_posts", ACCENT), ("reposts", ACCENT_LIGHT)], width, title=say("posts per year")
            ),
            note=sentences(
                _months_note(page),
                say("Years with different coverage are not to be compared by their totals."),
                _cap_note(page),
            ),
            legend=legend,
        ),
        page.figure(
            "kinds",
            say("What kinds of post"),
            say(
                "{parts}.",
                parts=joined(
                    ", ", [joined(" ", [share(n / everything), KIND_NAMES[kind]]) for kind, n in shares.items() if n]
                ),
            )
            if everything
            else say("No posts."),
            caption=say("Posts per year and kind"),
            picture=lambda width: figures.stacked_years(
                pivot, [(k, KIND_COLOURS[k]) for k in KIND_NAMES], width, title=say("share of posts"), as_share=True
            ),
            note=_months_note(page),
            legend=[(KIND_COLOURS[k], KIND_NAMES[k]) for k, n in shares.items() if n],
        ),
        *_others(
            page,
            "others_months",
            "fct_others_months",
            say("All other accounts"),
            say("Posts of all other accounts by platform, month and kind"),
            say("All accounts together that are neither registered, nor owner of a capture, nor the study's."),
        ),
    ]


def _others(page: _Page, name: str, table_name: str, title: Text, caption: Text, whose: Text) -> list[Figure]:
    """What is said of all other accounts together, and how much is held back of it."""
    cells = next((row for row in page.rows("held_back") if row["table_name"] == table_name), None)
    if cells is None:
        return []
    small, complementary = cells["small"], cells["complementary"]
    return [
        page.figure(
            name,
            title,
            sentences(
                say(
                    "{shown} of {all} counts are shown.",
                    shown=cells["shown"],
                    all=cells["shown"] + small + complementary,
                ),
                say("{n} are held back, since fewer than 5 posts or 5 accounts stand behind them.", n=small)
                if small
                else "",
                say("{n} are held back with them, since a sum would give one away.", n=complementary)
                if complementary
                else "",
                counted(cells["posts"], "{n} post is counted in no month.", "{n} posts are counted in no month.")
                if cells["posts"]
                else "",
            ),
            caption=caption,
            note=sentences(
                whose,
                say(
                    "They come from searches: the counts tell what the captures hold, not how much was posted. Of "
                    "single private persons nothing is counted."
                ),
            ),
            is_folded=True,
        )
    ]


def _hashtags(page: _Page) -> list[Figure]:
    top = [{**row, "label": f"#{row['hashtag']}"} for row in page.rows("hashtags")]
    trend = [{**row, "label": f"#{row['hashtag']}"} for row in _with_months(page.rows("hashtag_trend"))]
    years = page.rows("hashtag_years")
    return [
        page.figure(
            "hashtags",
            say("Most used hashtags"),
            say(
                "Most used: {parts}.",
                parts=joined(
                    ", ", [say("{name} ({posts} posts)", name=row["label"], posts=row["posts"]) for row in top[:3]]
                ),
            )
            if top
            else say("No post carries a hashtag."),
            caption=say("Posts per hashtag, counted once per post; spellings folded, the most used spelling shown"),
            picture=lambda width: figures.ranked_bars(
                top, "label", [("own_posts", ACCENT), ("reposts", ACCENT_LIGHT)], width, title=say("posts")
            ),
            note=say(
                "Hashtags of reposts are those of the original where the source holds it; elsewhere the text of a long "
                "repost is cut, and may have lost some."
            ),
            legend=[(ACCENT, say("own posts")), (ACCENT_LIGHT, say("reposts"))],
        ),
        page.figure(
            "hashtag_trend",
            say("The most used, year by year"),
            say("Posts per year of the hashtags that are most used overall."),
            caption=say("Posts per hashtag and year, own posts and reposts"),
            picture=(lambda width: figures.year_matrix(trend, "label", "posts", width)) if trend else None,
            alt=say("Matrix of the most used hashtags by year with the number of posts in each cell."),
            note=_months_note(page),
        ),
        page.figure(
            "hashtag_years",
            say("The five most used in each year"),
            say("By posts of the year; the number of posts in brackets.")
            if years
            else say("No post carries a hashtag."),
            caption=say("The five most used hashtags of each year, own posts and reposts"),
            picture=None,
        ),
        *_others(
            page,
            "others_hashtags",
            "fct_others_hashtag_years",
            say("Hashtags of all other accounts"),
            say("Hashtags of all other accounts by platform and year, own posts"),
            say("All accounts together that are neither registered, nor owner of a capture, nor the study's."),
        ),
    ]


def _themes(page: _Page) -> dict[str, Any]:
    untouched = page.rows("themes_untouched")[0]
    years = _marked(_with_months(page.rows("theme_years")), "theme")
    accounts = _said_accounts(_marked(_shown_columns(page.rows("theme_accounts")), "theme"))
    release = page.rows("release")[0]
    figures_of_facets = []
    for name, label, title, caption in (
        ("themes", "theme", say("Themes"), say("Own posts per theme; a post may touch several")),
        ("topics", "topic", say("Topics"), say("Own posts per topic; a post may touch several")),
    ):
        rows = _marked(page.rows(name), label)
        if not rows:
            continue
        most = page.rows(name)[0]
        figures_of_facets.append(
            page.figure(
                name,
                title,
                say(
                    "Most posts: {name} with {posts} ({share}).",
                    name=_in_both(most, label),
                    posts=counted(most["own_posts"], "{n} own post", "{n} own posts"),
                    share=share(most["share_of_own_posts"]),
                ),
                caption=caption,
                picture=lambda width, rows=rows, label=label: figures.ranked_bars(
                    rows, label, [("share_of_own_posts", ACCENT)], width, title=say("share of own posts"), as_share=True
                ),
                note=_marks_note(rows),
            )
        )
    if years:
        figures_of_facets.append(
            page.figure(
                "theme_years",
                say("Themes per year"),
                say("Share of the own posts of each year, in per cent."),
                caption=say("Own posts per theme and year"),
                picture=lambda width: figures.year_matrix(years, "theme", "share_of_own_posts", width, as_share=True),
                note=sentences(_months_note(page), _marks_note(years)),
                alt=say("Matrix of themes by year with the share of own posts in each cell."),
            )
        )
        figures_of_facets.append(
            page.figure(
                "theme_years",
                say("Themes per year, in posts"),
                say("Own posts of each year; a post may touch several themes, or none."),
                caption=say("Own posts per theme and year"),
                id="theme_years_posts",
                picture=lambda width: figures.year_matrix(years, "theme", "own_posts", width),
                note=sentences(_months_note(page), _marks_note(years)),
                alt=say("Matrix of themes by year with the number of own posts in each cell."),
            )
        )
    if len({row["account"] for row in accounts}) > 1:
        figures_of_facets.append(
            page.figure(
                "theme_accounts",
                say("Themes by account"),
                say("Share of the own posts of each account, in per cent."),
                caption=say("Own posts per theme and account"),
                picture=lambda width: figures.matrix(
                    accounts, "theme", "account", "share_of_own_posts", width, as_share=True
                ),
                note=sentences(
                    say(
                        "Accounts from left to right: {names}.",
                        names=joined(", ", dict.fromkeys(row["account"] for row in accounts)),
                    ),
                    _marks_note(accounts),
                ),
                alt=say("Matrix of themes by account with the share of own posts in each cell."),
            )
        )
    # what people's coding says of the themes that are shown
    states: dict[str, list[Text]] = {}
    for name, label in (("themes", "theme"), ("topics", "topic")):
        for row in page.rows(name):
            states.setdefault(row["validation_state"], []).append(_in_both(row, label))
    return {
        "figures": [
            *figures_of_facets,
            *_others(
                page,
                "others_themes",
                "fct_others_theme_months",
                say("Themes of all other accounts"),
                say("Themes of all other accounts by platform and month, own posts"),
                say("All accounts together that are neither registered, nor owner of a capture, nor the study's."),
            ),
        ],
        "untouched": untouched,
        "version": release["codebook_version"],
        "validated": joined(
            "; ",
            [
                say(
                    "**{state}** are the rules of {names}",
                    state=STATE_NAMES.get(state, written(state)),
                    names=joined(", ", sorted(found, key=lambda theme: theme.en)),
                )
                for state, found in sorted(states.items())
                if state != "unvalidated"
            ],
        ),
        "unvalidated_count": len(states.get("unvalidated", [])),
    }


def _marked(rows: Rows, label: str) -> Rows:
    """Rows for a picture: a theme in both languages; one whose rules nobody has checked carries a star."""
    return [
        {**row, label: joined(" ", [_in_both(row, label), "*" if row["validation_state"] == "unvalidated" else ""])}
        for row in rows
    ]


def _marks_note(rows: Rows) -> Text:
    if any(row["validation_state"] == "unvalidated" for row in rows):
        return say("* Unvalidated: found by rules that nobody has compared with a coding by hand.")
    return NOTHING


def _shown_columns(rows: Rows) -> Rows:
    """The accounts of a matrix: the first few by own posts."""
    totals = {row["account"]: row["own_posts_of_account"] for row in rows}
    shown = set(sorted(totals, key=lambda account: (-totals[account], account))[:MOST_ACCOUNTS])
    return [row for row in rows if row["account"] in shown]


def _words(page: _Page) -> list[Figure]:
    rows = page.rows("words")
    languages = list(dict.fromkeys(row["language"] for row in rows))[: len(LANGUAGE_COLOURS)]
    names = {language: LANGUAGE_NAMES.get(language, written(language)) for language in languages}
    bars = [
        {**row, **{language: row["own_posts"] if row["language"] == language else 0 for language in languages}}
        for row in rows
        if row["language"] in languages
    ]
    first = {language: next(row for row in rows if row["language"] == language) for language in languages}
    similar = page.rows("account_similarity")
    accounts = sorted({row[side] for row in similar for side in ("account", "other_account")})
    nearest = similar[0] if similar else None
    found = [
        page.figure(
            "words",
            say("Most used words"),
            say(
                "Most used: {parts}.",
                parts=joined(
                    ", ",
                    [
                        say(
                            "{word} in {language} ({posts} own posts)",
                            word=row["word"],
                            language=names[language],
                            posts=row["own_posts"],
                        )
                        for language, row in first.items()
                    ],
                ),
            )
            if rows
            else say("There are no words. They are counted of registered accounts only."),
            caption=say("Own posts per word and language, stop words left out"),
            picture=lambda width: figures.ranked_bars(
                bars, "word", list(zip(languages, LANGUAGE_COLOURS, strict=False)), width, title=say("own posts")
            ),
            note=say(
                "A word counts once per post, under its most used form; hashtags count as their words; numbers are "
                "left out. The language is that of the post, so a word may stand in both."
            ),
            legend=[(colour, names[language]) for language, colour in zip(languages, LANGUAGE_COLOURS, strict=False)],
        )
    ]
    if len(accounts) > 2:
        assert nearest
        found.append(
            page.figure(
                "account_similarity",
                say("Accounts by their words"),
                say(
                    "Most alike: {one} and {other} ({pearson}).",
                    one=nearest["account"],
                    other=nearest["other_account"],
                    pearson=decimals(nearest["pearson"] or 0),
                ),
                caption=say("Similarity of the words of accounts, pair by pair"),
                picture=(lambda width: figures.dendrogram(similar, width, title=say("similarity (Pearson)")))
                if len(accounts) <= MOST_LEAVES
                else None,
                alt=say("Tree of {n} accounts by the similarity of their words.", n=len(accounts)),
                note=say(
                    "Joined by their least similar pair (complete linkage). Registered accounts with five own posts "
                    "or more. Alike in words is not alike in what is meant; few posts are unlike others by chance."
                ),
            )
        )
    return found


def _named_and_rest(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The registered accounts that are drawn, and the one row of everyone else."""
    return [row for row in rows if row["is_registered"]][:15], next((r for r in rows if not r["is_registered"]), None)


def _first_three(rows: list[dict[str, Any]], name: str) -> Text:
    return joined(", ", [say("{name} ({posts} posts)", name=row[name], posts=row["posts"]) for row in rows[:3]])


def _interactions(page: _Page) -> list[Figure]:
    rows = page.rows("interactions")
    pivot = _pivot(rows, "kind", "interactions", EDGE_NAMES)
    totals = {kind: sum(row["interactions"] for row in rows if row["kind"] == kind) for kind in EDGE_NAMES}
    partners = page.rows("partners")
    named, rest = _named_and_rest(partners)
    sentence = sentences(
        say(
            "Most: {parts}.",
            parts=_first_three(named, "partner"),
        )
        if named
        else say("No registered account is among the partners."),
        say(
            "Everyone else, {accounts}: {posts}; they are counted, never named.",
            accounts=counted(rest["accounts"], "{n} account", "{n} accounts"),
            posts=counted(rest["posts"], "{n} post", "{n} posts"),
        )
        if rest
        else "",
    )
    parts = [(f"{kind}s" if kind != "reply" else "replies", KIND_COLOURS[kind]) for kind in EDGE_NAMES]
    legend = [(KIND_COLOURS[kind], name) for kind, name in EDGE_NAMES.items() if totals[kind]]
    return [
        page.figure(
            "interactions",
            say("Interactions per year"),
            say("{parts}.", parts=joined(", ", [joined(" ", [n, EDGE_NAMES[kind]]) for kind, n in totals.items()])),
            caption=say("Interactions with other accounts per year and kind"),
            picture=lambda width: figures.stacked_years(
                pivot, [(k, KIND_COLOURS[k]) for k in EDGE_NAMES], width, title=say("interactions per year")
            ),
            note=sentences(
                say("One post can mention several accounts. The four kinds are different acts: read them apart."),
                _months_note(page),
            ),
            legend=legend,
        ),
        page.figure(
            "partners",
            say("Partners"),
            sentence,
            caption=say("Registered accounts by name, everyone else in one row"),
            picture=(
                lambda width: figures.ranked_bars(
                    named, "partner" if width == WIDE else "handle", parts, width, title=say("interactions")
                )
            )
            if named
            else None,
            legend=legend,
            note=sentences(
                say("One post can reach an account in several ways, so there are more interactions than posts."),
                say("Registered accounts only are drawn.") if rest else "",
            ),
        ),
        _mentions(page),
        _partner_years(page),
        _relations(page),
        *_networks(page),
    ]


def _mentions(page: _Page) -> Figure:
    rows = page.rows("mentions")
    named, rest = _named_and_rest(rows)
    sentence = sentences(
        say(
            "Most mentioned: {parts}.",
            parts=_first_three(named, "account"),
        )
        if named
        else say("No registered account is mentioned."),
        say(
            "{accounts} in {posts}; counted, never named.",
            accounts=counted(rest["accounts"], "{n} other account", "{n} other accounts"),
            posts=counted(rest["posts"], "{n} post", "{n} posts"),
        )
        if rest
        else "",
    )
    return page.figure(
        "mentions",
        say("Top mentions"),
        sentence,
        caption=say("Posts that mention a registered account, everyone else in one row"),
        picture=(
            lambda width: figures.ranked_bars(
                named,
                "account" if width == WIDE else "handle",
                [("posts", KIND_COLOURS["mention"])],
                width,
                title=say("posts with a mention"),
            )
        )
        if named
        else None,
        note=say(
            "Mentions in own posts alone: the author of a repost, whom a repost mentions, and the handles before a "
            "reply are none."
        ),
    )


def _sociograms(page: _Page) -> list[Figure]:
    rows = page.rows("sociogram")
    stars = {row["kind"] for row in page.rows("networks") if row["star"]}
    said = [_said(name) for name in sorted({row[side] for row in rows for side in ("sender", "receiver")})]
    found = []
    for kind in EDGE_NAMES:
        ties = [row for row in rows if row["kind"] == kind and row["sender"] != row["receiver"]]
        if not ties:
            continue
        names = {row[side] for row in ties for side in ("sender", "receiver")}
        everyone = EVERYONE_ELSE in names
        names -= {EVERYONE_ELSE}
        strongest = ties[0]
        found.append(
            page.figure(
                "sociogram",
                say("Sociogram of {kind}", kind=EDGE_NAMES[kind]),
                say(
                    "{accounts}; most: {sender} to {receiver} ({posts}).",
                    accounts=counted(len(names), "{n} account and everyone else", "{n} accounts and everyone else")
                    if everyone
                    else counted(len(names), "{n} account", "{n} accounts"),
                    sender=_said(strongest["sender"]),
                    receiver=_said(strongest["receiver"]),
                    posts=counted(strongest["posts"], "{n} post", "{n} posts"),
                ),
                caption=say("Who speaks to whom, by kind, all years"),
                id=f"sociogram_{kind}",
                picture=lambda width, kind=kind: figures.sociogram(rows, kind, width, EVERYONE_ELSE, said),
                alt=say("Network of accounts by {kind}.", kind=EDGE_NAMES[kind]),
                note=sentences(
                    say(
                        "The triangle points to whom; a wider tie is more posts, a larger circle more to and from it. "
                        "Everyone who is not registered is one circle. Accounts stand in the same places in the "
                        "pictures of all kinds; a place means no more than who is tied to whom. At most {most} "
                        "accounts are drawn, on a phone {half}.",
                        most=figures.MOST_NODES,
                        half=figures.MOST_NODES // 2,
                    ),
                    say("A star, in some years at least: nearly all ties lead through the account that was collected.")
                    if kind in stars
                    else "",
                ),
            )
        )
    return found


def _partner_years(page: _Page) -> Figure:
    rows = _with_months(page.rows("partner_years"))
    own, with_partner = (sum(row[name] for row in rows) for name in ("own_posts", "with_a_partner"))
    newcomers = sum(row["new_partners"] for row in rows if not row["first_year"])
    one_account = len({row["account"] for row in rows}) == 1
    return page.figure(
        "partner_years",
        say("Posts with a partner, and new partners"),
        sentences(
            say(
                "{n} of {own} own posts ({share}) mention, answer or quote a registered account of another "
                "organisation.",
                n=with_partner,
                own=own,
                share=share(with_partner / own),
            ),
            counted(
                newcomers,
                "After the first year {n} new partner came.",
                "After the first year {n} new partners came.",
            )
            if newcomers
            else say("After the first year no new partner came."),
        )
        if own
        else say("No own post."),
        caption=say("Own posts with a partner, partners and new partners per year"),
        picture=(
            lambda width: figures.stacked_years(
                rows,
                [("with_a_partner", ACCENT), ("without", ACCENT_LIGHT)],
                width,
                title=say("own posts"),
                as_share=True,
            )
        )
        if one_account and own
        else None,
        note=sentences(
            say(
                "An organisation counts once, with all its offices. In the first year every partner is new to the "
                "data. A share is not shown for accounts that are known from a search only."
            ),
            _months_note(page),
        ),
        legend=[(ACCENT, say("with a partner")), (ACCENT_LIGHT, say("without"))],
    )


def _relations(page: _Page) -> Figure:
    rows = page.rows("relations")
    found = {
        word: sum(row["reciprocity"] == word.en for row in rows)
        for word in (say("both ways"), say("one way"), say("not observable"))
    }
    return page.figure(
        "relations",
        say("First contact, and who answers"),
        say(
            "{accounts}: {parts}.",
            accounts=counted(len(rows), "{n} registered account", "{n} registered accounts"),
            parts=joined(", ", [joined(" ", [n, word]) for word, n in found.items() if n]),
        )
        if rows
        else say("No registered account was met."),
        caption=say("Registered accounts: first contact and what came back"),
        note=say(
            "What came back is seen only where the other side's posts are here; where they come from a search, it is "
            "at least so much. A first contact is the first in this data."
        ),
    )


def _networks(page: _Page) -> list[Figure]:
    rows = page.rows("networks")
    stars = sum(row["star"] for row in rows)
    count = counted(len(rows), "{n} network", "{n} networks")
    warning = (
        say(
            "{n} of {networks} are stars: one node touches more than 90 % of the ties, as happens where the posts of "
            "one account were collected. Betweenness and closeness mean nothing there.",
            n=stars,
            networks=count,
        )
        if stars
        else say("{networks}, none of them a star around one node.", networks=count)
    )
    found = [
        *_sociograms(page),
        page.figure(
            "networks",
            say("Networks"),
            warning if rows else say("No two nodes are tied."),
            caption=say("Networks per kind and year: accounts with direction, hashtags of one own post without"),
            note=say("Everybody is counted, nobody who is not registered is named."),
            is_folded=True,
        ),
    ]
    if page.rows("central_accounts"):
        found.append(
            page.figure(
                "central_accounts",
                say("Where registered accounts stand"),
                say("Ties and posts of each network, and the rank among all its accounts; 1 is the most central."),
                caption=say("Ties of registered accounts, and their ranks by PageRank, betweenness and closeness"),
                note=say("In a star there are no ranks: its centre is most central, whoever it is."),
                is_folded=True,
            )
        )
    return found


def _leading(rows: Rows, posts: str) -> tuple[Rows, Text]:
    """The rows of the account with most posts, and a sentence that says so: two audiences are not put together."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["account"]] = totals.get(row["account"], 0) + row[posts]
    if len(totals) < 2:
        return rows, NOTHING
    leading = min(totals, key=lambda account: (-totals[account], account))
    told = say(
        "Shown is {account}, which has most posts here; the table has every account by itself.", account=_said(leading)
    )
    return [row for row in rows if row["account"] == leading], told


def _engagement(page: _Page) -> list[Figure]:
    rows, whose = _leading(_with_months(page.rows("engagement")), "own_posts")
    bases = [basis for basis in BASIS_COLOURS if any(row["basis"] == basis for row in rows)]
    posts = {basis: sum(row["own_posts"] for row in rows if row["basis"] == basis) for basis in bases}
    told = {
        basis: text
        for basis, text in (
            ("export", say("at the export for {n} own posts", n=posts.get("export", 0))),
            ("retrieval", say("at the retrieval for {n} own posts", n=posts.get("retrieval", 0))),
            ("undated", say("at an unknown time for {n} own posts", n=posts.get("undated", 0))),
        )
        if basis in posts
    }
    sentence = (
        say("Counts as they stood {parts}.", parts=joined(", ", told.values()))
        if rows
        else say("No own post carries counts of likes or reposts.")
    )
    return [
        page.figure(
            "engagement",
            say("Likes per own post"),
            sentence,
            caption=say("Engagement of own posts per year, latest observation of each post"),
            picture=(
                lambda width: figures.ranges_by_year(
                    rows,
                    "likes_25",
                    "likes_median",
                    "likes_75",
                    width,
                    series="basis",
                    colours={basis: BASIS_COLOURS[basis] for basis in bases},
                    title=say("likes per post: median and middle half"),
                )
            )
            if any(row["likes_median"] is not None for row in rows)
            else None,
            note=sentences(
                say(
                    "Reposts are left out: they carry the counts of the original. Older posts had longer to collect "
                    "likes and other followers; years are not comparable without care."
                ),
                whose,
                _months_note(page),
            ),
            legend=[(BASIS_COLOURS[basis], BASIS_NAMES[basis]) for basis in bases],
        ),
        _engagement_by_interaction(page),
        *_engagement_rates(page),
    ]


def _engagement_by_interaction(page: _Page) -> Figure:
    rows, whose = _leading(_with_months(page.rows("engagement_by_interaction")), "posts")
    names = [name for name in COMPANY_COLOURS if any(row["company"] == name for row in rows)]
    medians = {(row["year"], row["company"]): row["likes_median"] for row in rows if row["posts"] >= LEAST_POSTS}
    both = [year for year in {row["year"] for row in rows} if {(year, WITH_PARTNER), (year, ALONE)} <= medians.keys()]
    higher = sum(medians[year, WITH_PARTNER] > medians[year, ALONE] for year in both)
    return page.figure(
        "engagement_by_interaction",
        say("Likes by interaction"),
        say(
            "In {n} of {years} with {least} posts or more of each, posts with a partner have a higher median of "
            "likes than posts that name nobody, in {lower} a lower one.",
            n=higher,
            lower=sum(medians[year, WITH_PARTNER] < medians[year, ALONE] for year in both),
            years=counted(len(both), "{n} year", "{n} years"),
            least=LEAST_POSTS,
        )
        if both
        else say("There is no year with {least} posts or more both with a partner and with nobody.", least=LEAST_POSTS),
        caption=say("Likes of original posts and quotes per year, by who else is in the post"),
        picture=(
            lambda width: figures.ranges_by_year(
                rows,
                "likes_25",
                "likes_median",
                "likes_75",
                width,
                series="company",
                colours={name: COMPANY_COLOURS[name] for name in names},
                title=say("likes per post: median and middle half"),
            )
        )
        if rows
        else None,
        note=sentences(
            say(
                "Compare within a year only: followers and partners both grow over the years, and whoever compares "
                "over all finds a difference that is none. Media, language and chance are not taken out here; the "
                "claims do that. Posts that were counted 30 days after they were posted, or later."
            ),
            whose,
            _months_note(page),
        ),
        legend=[(COMPANY_COLOURS[name], COMPANY_NAMES[name]) for name in names],
    )


def _engagement_rates(page: _Page) -> list[Figure]:
    rows, whose = _leading(_with_months(page.rows("engagement_rates")), "own_posts_with_impressions")
    if not rows:
        return []
    posts = sum(row["own_posts_with_impressions"] for row in rows)
    bases = list(dict.fromkeys(row["basis"] for row in rows))
    colours = dict(zip(bases, [ACCENT, "#c98a2b", "#3d5a80", "#7a8794"], strict=False))
    return [
        page.figure(
            "engagement_rates",
            say("Engagement rate"),
            say(
                "Counts per impression of {posts} whose impressions are known.",
                posts=counted(posts, "{n} own post", "{n} own posts"),
            ),
            caption=say(
                "Likes, reposts, replies, quotes, bookmarks per impression, by year and by the counts that exist"
            ),
            picture=lambda width: figures.ranges_by_year(
                [row for row in rows if row["basis"] in colours],
                "share_engaged_25",
                "share_engaged_median",
                "share_engaged_75",
                width,
                series="basis",
                colours=colours,
                title=say("counts per impression: median and middle half"),
                as_share=True,
            ),
            note=sentences(
                say(
                    "Rates of different counts are not to be compared. X Analytics adds clicks to its own rate; they "
                    "are not in here."
                ),
                whose,
                _months_note(page),
            ),
            legend=[(colour, written(basis)) for basis, colour in colours.items()],
        )
    ]


def _indicators(page: _Page) -> Figure:
    series = page.rows("indicators")
    # a placement from 1 to 4 is no count that rises
    counts = [row for row in series if row["figures"] >= 3 and not row["counts"].startswith("rank")]
    higher = sum(row["last"] > row["first"] for row in counts)
    lower = sum(row["last"] < row["first"] for row in counts)
    return page.figure(
        "indicators",
        say("What official reporters count"),
        say(
            "Of {n} series with three years or more, {higher} end higher than they began and {lower} lower.",
            n=len(counts),
            higher=higher,
            lower=lower,
        )
        if counts
        else say("No series of an official reporter has three years inside the data."),
        caption=say("Annual figures of official reporters inside the years of the data: first, last, lowest, highest"),
        note=say(
            "Reported, not counted here, and real beside synthetic posts, too. Reporters count different things: no "
            "two series are added, and none is the extent of trafficking. Every figure with its source is in "
            "marts.fct_indicators, what is wrong with them in quality.fct_indicator_problems."
        ),
    )


def _claims(page: _Page) -> dict[str, Any]:
    decided = page.rows("claims_decided")
    counts = {verdict: sum(row["verdict"] == verdict for row in decided) for verdict in VERDICT_NAMES}
    said = joined(", ", [joined(" ", [n, VERDICT_NAMES[verdict]]) for verdict, n in counts.items() if n])
    return {
        "decided": [
            {
                **row,
                **{name: _in_both(row, name) for name in ("claim_text", "reading", "verdict_text")},
                "name": VERDICT_NAMES[row["verdict"]],
                "is_bad": row["verdict"] == "contradicted",
                "checks": row["cross_checks"].split("; ") if row["cross_checks"] else [],
                "doubts": row["warnings"].split("; ") if row["warnings"] else [],
            }
            for row in decided
        ],
        "all": page.figure(
            "claims",
            say("Every reading"),
            say(
                "{claims}: {said}, by the reading that decides.",
                claims=counted(len(decided), "{n} claim", "{n} claims"),
                said=said,
            )
            if decided
            else say("The study states no claims."),
            caption=say("Every reading of every claim: how the result depends on what the words are taken to mean"),
            note=say(
                "Readings, windows and thresholds were stated in a file before any result. A ratio says what goes "
                "with what (associated with), never what caused it."
            ),
            is_folded=True,
        ),
    }


def _quality(page: _Page) -> dict[str, Any]:
    gates = page.rows("gates")
    open_issues = page.rows("checks_not_passed")
    captures = page.rows("captures")
    disagreeing = page.rows("control_totals")
    repairs = page.rows("repairs")
    false_times = sum(row["times_false"] for row in repairs)
    sums = {name: sum(row[name] or 0 for row in captures) for name in ("delivered", "loaded", "rejected")}
    return {
        "gates": page.figure(
            "gates",
            say("Gates"),
            say(
                "{outcomes} passed, {warned} warned, {failed} failed.",
                outcomes=counted(sum(row["passed"] for row in gates), "{n} outcome", "{n} outcomes"),
                warned=sum(row["warned"] for row in gates),
                failed=sum(row["failed"] for row in gates),
            ),
            caption=say("Outcomes per gate"),
            note=say(
                "The gates after these judge the finished tables and this very file: a file that is in place has "
                "passed them."
            ),
        ),
        "issues": _by_check(open_issues),
        "issue_count": len(open_issues),
        "issues_sql": QUERIES["checks_not_passed"],
        "checks": page.figure(
            "checks",
            say("Every check"),
            counted(
                len(page.rows("checks")),
                "{n} check of the gates raw, staging and marts.",
                "{n} checks of the gates raw, staging and marts.",
            ),
            caption=say("Outcomes per check"),
            is_folded=True,
        ),
        "captures": page.figure(
            "captures",
            say("Record accounting"),
            say(
                "{records} delivered = {loaded} loaded + {rejected} rejected.",
                records=counted(sums["delivered"], "{n} record", "{n} records"),
                loaded=sums["loaded"],
                rejected=sums["rejected"],
            ),
            caption=say("What became of every delivered record, by capture and type of record"),
            note=say(
                "loaded = kept + duplicates + superseded + deleted, for the posts of accepted captures. "
                "A capture without numbers could not be read."
            ),
        ),
        "rejected": page.figure(
            "rejected",
            say("Rejected records"),
            counted(sums["rejected"], "{n} record could not be loaded.", "{n} records could not be loaded.")
            if sums["rejected"]
            else say("Every delivered record could be loaded."),
            caption=say("Rejected records by reason"),
        ),
        "repairs": page.figure(
            "repairs",
            say("Ids and times"),
            sentences(
                say(
                    "{ids} found again in another capture, {lost} lost, {times} taken from ids.",
                    ids=counted(sum(row["ids_found_again"] for row in repairs), "{n} id", "{n} ids"),
                    lost=sum(row["ids_lost"] for row in repairs),
                    times=counted(sum(row["times_from_ids"] for row in repairs), "{n} time", "{n} times"),
                ),
                counted(
                    false_times,
                    "{n} stated time disagrees with its id, and was left.",
                    "{n} stated times disagree with their ids, and were left.",
                )
                if false_times
                else "",
            )
            if repairs
            else say("Every id is as the platform gave it, and every stated time agrees with its id."),
            caption=say("Captures whose ids or times are not all sound"),
            note=say("An id of X holds the time of its post. A post whose id is lost is counted, under a stand-in."),
        ),
        "control_totals": page.figure(
            "control_totals",
            say("Control totals that disagree"),
            counted(
                len(disagreeing),
                "{n} statement of the sources about themselves does not agree with what was counted.",
                "{n} statements of the sources about themselves do not agree with what was counted.",
            )
            if disagreeing
            else say("Every count that a source states about itself agrees with what was counted."),
            caption=say("Stated and counted"),
        ),
    }


def _by_check(rows: Rows) -> Rows:
    """One entry per check that did not pass, with every place where it did not."""
    checks: dict[tuple, dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("gate", "check", "severity", "expected", "why", "what_to_do"))
        entry = checks.setdefault(key, {**row, "places": []})
        entry["places"].append((row["place"], row["found"]))
    return list(checks.values())


def _methods(page: _Page) -> dict[str, Any]:
    release = page.rows("release")[0]
    facts = [
        (say("Release"), release["release_id"]),
        (say("Study"), joined(": ", [release["study"], release["study_title"] or say("untitled")])),
        (say("Study window"), _window(release["study_from"], release["study_to"])),
        (say("Data window"), _window(release["data_from"], release["data_to"])),
        (say("Reporting time zone"), release["reporting_timezone"] or "UTC"),
        (say("Codebook version"), release["codebook_version"] or say("none")),
        (
            say("Written with"),
            say(
                "DuckDB {engine}, storage {storage}",
                engine=release["engine_version"],
                storage=release["storage_version"],
            ),
        ),
    ]
    return {
        "facts": facts,
        "tables": page.figure(
            "release_tables",
            say("Tables and their hashes"),
            say("The same rows give the same hash, whatever order the captures came in."),
            caption=say("Every table of marts and reports"),
            is_folded=True,
        ),
    }


def _window(first: Any, last: Any) -> Text:
    if first is None and last is None:
        return say("none")
    return say("{first} to {last}", first=day(first), last=day(last))


def _pivot(rows: Rows, by: str, value: str, names: dict[str, str]) -> Rows:
    """One row per year with a count per kind, from one row per year and kind."""
    years: dict[int, dict[str, Any]] = {}
    for row in _with_months(rows):
        kept = {name: row[name] for name in ("year", "months", "observed_months")}
        out = years.setdefault(row["year"], {**kept, **dict.fromkeys(names, 0)})
        if row[by] in names:
            out[row[by]] = row[value]
    return [years[year] for year in sorted(years)]
