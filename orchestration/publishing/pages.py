"""What the published pages share: one Jinja environment, one style sheet, number and date formats.

Belongs here: rendering a template of `templates/` into a self-contained page.
Does not belong here: what a page says.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from orchestration.contract import PUBLISHED_MODE, replacing

# Why captures may begin where a tool stopped (`suspected_cap`).
CAP_NAMES = {
    "near_3200": "about 3,200 posts were captured, which is where X ends a timeline",
    "round_count": "a round number of posts was captured, as when a tool stops",
    "fewer_than_stated": "the platform counts more posts than were captured",
    "begins_late": "the first captured post is months younger than the account",
}


@cache
def environment() -> Environment:
    """Strict (an undefined name is an error) and escaping (names and handles come from files of others)."""
    env = Environment(
        loader=PackageLoader("orchestration.publishing", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(number=number, share=share, day=day, prose=prose)
    return env


def write_page(template: str, target: Path, **context: Any) -> None:
    """Render a template and put the page in place by one rename, read-only."""
    page = environment().get_template(template).render(**context)
    with replacing(target, mode=PUBLISHED_MODE) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")


def number(value: int | float | None) -> str:
    """`12345` as `12,345`; a missing value as `–`, never as 0."""
    if value is None:
        return "–"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.1f}"
    return f"{int(value):,}"


def counted(count: int, one: str, many: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{number(count)} {one if count == 1 else many}"


def share(value: float | None) -> str:
    """`0.1234` as `12.3 %`, never broken before the sign."""
    return "–" if value is None else f"{100 * value:.1f}\u00a0%"


def day(value: date | datetime | None) -> str:
    return "–" if value is None else f"{value.day} {value:%B %Y}"


def prose(text: str, *, strong: bool = False) -> Markup:
    """A description with its `code` set as code; and, where asked, its **words** set strong."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html) if strong else html)


def cell(value: Any) -> str:
    """Any value of a table cell, as a reader expects it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    return str(value)
