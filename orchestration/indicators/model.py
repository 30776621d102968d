"""A figure as one reporter states it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date


@dataclass(frozen=True)
class Figure:
    """One figure of one reporter for one place, period and part.

    Attributes:
        geo: ISO 3166-1 alpha-3.
        period_type: `annual`, `reporting_year`, `partial`, `multi_year` or `cumulative`.
        stated_years: How many years the source says the period has, if it says so.
        dimension: What the figure is broken down by; `total` for none.
        value: The figure; None where the source gives bounds only ("<5": 1 to 4).
        flag: What is odd about it in one word, or None.
        source: Where it stands: file and row.
    """

    indicator_code: str
    reporter: str
    geo: str
    period_start: date
    period_end: date
    period_type: str
    stated_years: int | None
    dimension: str
    category: str
    value: int | None
    value_low: int | None
    value_high: int | None
    unit: str
    flag: str | None
    note: str | None
    source: str


COLUMNS = tuple(field.name for field in fields(Figure))
