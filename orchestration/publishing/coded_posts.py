"""Posts with what the rules of the codebook say of them, one column per theme, as a sheet for QDA tools.

Belongs here: which posts, which columns, the workbook. Does not belong here: coding (dbt), sheets that people fill in
(`orchestration.coding`).

Only own posts of registered accounts are handed out: their texts are an organisation's, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contract import SuaraError, replacing

# What a sheet of Excel holds, and a cell of it.
SHEET_ROWS = 1_048_576
CELL_LIMIT = 32_767
BEFORE_THEMES = ("post_id", "platform", "handle", "organisation", "posted_date", "kind", "language", "text")
_WIDTHS = (22, 10, 22, 30, 12, 12, 10, 80)

_THEMES = """
select theme_code, theme_name, theme_name_id, facet, definition, validation_state, codebook_version
from marts.dim_themes
order by facet, theme_code
"""
_POSTS = """
with

coded as (
    select post_key, list(theme_code) as theme_codes
    from marts.fct_post_themes
    group by post_key
)

select
    post_id, fct_posts.platform, dim_accounts.handle, organisation_name,
    strftime(posted_date, '%Y-%m-%d') as posted_date, kind, language, text, coalesce(theme_codes, []) as theme_codes
from marts.fct_posts
inner join marts.dim_accounts using (account_key)
left join coded using (post_key)
where is_own and dim_accounts.is_registered and (? is null or year(posted_date) = ?)
order by posted_at, post_key
"""
_RELEASE = "select release_id, run_id, codebook_version, is_synthetic from quality.release"


@dataclass(frozen=True)
class CodedPosts:
    """What was written."""

    post_count: int
    theme_count: int
    unvalidated_count: int


def write_coded_posts(published_file: Path, target: Path, year: int | None = None) -> CodedPosts:
    """Write own posts of registered accounts into `target`, an .xlsx file readable by its owner only.

    Sheets: `posts` (a row per post; 1 where the rules of a theme match, 0 where not), `themes` (what each column means,
    and whether people agree with its rules), `release`.

    Raises:
        SuaraError: Another ending, no such post, or more of them than a sheet has rows.
    """
    if target.suffix.lower() != ".xlsx":
        raise SuaraError(f"{target}: expected a name that ends in .xlsx; found {target.suffix or 'no ending'}.")
    if not published_file.exists():
        raise SuaraError(f"{published_file}: nothing was published yet. `suara run` first.")
    with duckdb.connect(str(published_file), read_only=True) as con:
        themes = con.execute(_THEMES).fetchall()
        release = con.execute(_RELEASE).fetchall()[0]
        ((count,),) = con.execute(f"select count(*) from ({_POSTS})", [year, year]).fetchall()
        if not count:
            raise SuaraError(
                f"expected own posts of registered accounts{f' in {year}' if year else ''}; found none. Register the "
                "account (seeds/accounts) if it is an organisation's, then `suara run`."
            )
        if count >= SHEET_ROWS:
            raise SuaraError(f"found {count:,} posts, and a sheet holds {SHEET_ROWS - 1:,}. Take one --year at a time.")
        posts = con.execute(_POSTS, [year, year])
        with replacing(target, mode=0o600) as temporary:
            _write(temporary, themes, _batches(posts), release)
    return CodedPosts(count, len(themes), sum(1 for theme in themes if theme[5] == "unvalidated"))


def _batches(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(5_000):
        yield from rows


def _write(path: Path, themes: list[tuple], posts: Iterator[tuple[Any, ...]], release: tuple) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("posts")
    for number, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"

    def text(value: Any) -> WriteOnlyCell | None:
        if value is None:
            return None
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:CELL_LIMIT])
        cell.data_type = "s"  # text, also where it begins with = or is a long number
        return cell

    codes = [theme[0] for theme in themes]
    sheet.append([text(name) for name in (*BEFORE_THEMES, *codes)])
    for *before, found in posts:
        has = set(found)
        sheet.append([*map(text, before), *(1 if code in has else 0 for code in codes)])
    words = book.create_sheet("themes")
    header = ("column", "name", "name (Indonesian)", "facet", "a post has it when", "validation", "codebook")
    for row in (header, *themes):
        words.append([text(value) for value in row])
    about = book.create_sheet("release")
    release_id, run_id, codebook, is_synthetic = release
    for name, value in (
        ("release", release_id),
        ("run", run_id),
        ("codebook", codebook),
        ("synthetic data", "yes: about nobody" if is_synthetic else "no"),
        ("codes", "made by rules; a theme that is not `usable` is a count of words, not a finding"),
    ):
        about.append([text(name), text(value)])
    book.save(path)
