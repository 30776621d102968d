"""Small pictures of some tables, as Markdown, for the place where a run tells what it built.

Belongs here: what is drawn of which table, from its own rows. Does not belong here: the pictures of the report
(`figures`), and anything that knows where these are shown.

A picture holds sums and colours only: no name, no word of a post, so nothing in it has to be found again when a post
or an account is deleted. The sentence below it says what a pointer would.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from orchestration.publishing.figures import ACCENT, ACCENT_LIGHT, BAND_COLOURS, KIND_COLOURS, STATUS_COLOURS

# Dagster's UI shows Markdown of fewer characters in place, and puts the rest behind a button (1.13.27, 2026-11-27).
SHOWN_IN_PLACE = 1_000
WIDTH, HEIGHT = 400, 48
# Fill of a line of eight steps, from nothing to whole.
_STEPS = "▁▂▃▄▅▆▇█"
# More lines than this are a table, not a picture.
_LINES = 8

# Months of so many fit into that as bars; of a longer time, quarters are drawn.
_MONTHS = 100

# Whose posts are counted: the study's account, else owners of captures, else whoever is registered.
_ACCOUNTS = """
    where account_key in (
        select account_key
        from marts.dim_accounts
        where is_focal or is_capture_owner or is_registered
        qualify dense_rank() over (order by case when is_focal then 1 when is_capture_owner then 2 else 3 end) = 1
    )
"""


def png(lines: Sequence[bytes], palette: Sequence[str]) -> bytes:
    """A picture from its pixels: one byte each, its colour's place in the palette; 0 is transparent."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, 3, 0, 0, 0)
    colours = b"\0\0\0" + b"".join(bytes.fromhex(colour.removeprefix("#")) for colour in palette)
    # Each line as its difference from the one above: bars are long, so most of it is zero.
    above, packed = bytes(len(lines[0])), bytearray()
    for line in lines:
        packed += b"\2" + bytes((new - old) % 256 for new, old in zip(line, above, strict=True))
        above = line
    parts = (b"IHDR", size), (b"PLTE", colours), (b"tRNS", b"\0"), (b"IDAT", zlib.compress(packed, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def _image(alt: str, columns: Sequence[Sequence[int]], palette: Sequence[str]) -> str:
    """Columns of pixels (top first), each as wide as fits, as a Markdown image."""
    wide = max(1, min(36, WIDTH // len(columns)))
    gap = 1 if wide > 2 else 0
    lines = [
        b"".join(bytes([pixel]) * (wide - gap) + b"\0" * gap for pixel in line) for line in zip(*columns, strict=True)
    ]
    return f"![{alt}](data:image/png;base64,{base64.b64encode(png(lines, palette)).decode()})"


def _bars(alt: str, parts: Sequence[Sequence[int]], palette: Sequence[str], ground: Sequence[int] | None = None) -> str:
    """Stacked bars: per column the size of each part, in the order of the palette, from the bottom up."""
    most = max(map(sum, parts)) or 1
    columns = []
    for number, sizes in enumerate(parts):
        column = [ground[number] if ground else 0] * HEIGHT
        done = 0
        for colour, size in enumerate(sizes, start=1):
            begin, done = round(done * HEIGHT / most), done + size
            for y in range(begin, round(done * HEIGHT / most)):
                column[HEIGHT - 1 - y] = colour
        columns.append(column)
    return _image(alt, columns, palette)


def _post_volume(connection: Any) -> str | None:
    months = connection.execute(f"select count(distinct posted_month) from marts.fct_post_volume {_ACCOUNTS}")
    unit = "month" if months.fetchone()[0] <= _MONTHS else "quarter"
    rows = connection.execute(
        f"select date_trunc('{unit}', posted_month), "
        "coalesce(sum(post_count) filter (where kind <> 'repost'), 0)::int, "
        "coalesce(sum(post_count) filter (where kind = 'repost'), 0)::int, "
        "min_by(coverage_status, list_position(['missing', 'partial', 'sample', 'observed'], coverage_status)), "
        f"count(distinct account_key) from marts.fct_post_volume {_ACCOUNTS} group by 1 order by 1"
    ).fetchall()
    if not rows:
        return None
    palette = [ACCENT, ACCENT_LIGHT, *BAND_COLOURS.values()]
    grounds = {status: 3 + place for place, status in enumerate(BAND_COLOURS)}
    picture = _bars(
        f"posts per {unit}", [row[1:3] for row in rows], palette, [grounds.get(status, 0) for *_, status, _ in rows]
    )
    first, most, last = rows[0][0], max(rows, key=lambda row: row[1] + row[2]), rows[-1][0]
    accounts = max(row[4] for row in rows)
    return (
        f"{picture}\n\nPosts per {unit} of {accounts:,} account{'s' * (accounts > 1)}, {first:%Y-%m} to {last:%Y-%m}, "
        f"at most {most[1] + most[2]:,} ({most[0]:%Y-%m}). "
        "Dark: own posts, light: reposts, coloured ground: not wholly observed."
    )


def _hashtag_months(connection: Any) -> str | None:
    return _years(
        connection,
        "fct_hashtag_months",
        {"own posts": ("own_post_count", ACCENT), "reposts": ("post_count - own_post_count", ACCENT_LIGHT)},
        "Uses of hashtags",
    )


def _interaction_months(connection: Any) -> str | None:
    parts = {
        kind: (f"case when kind = '{kind}' then post_count else 0 end", KIND_COLOURS[kind])
        for kind in ("mention", "reply", "quote", "repost")
    }
    return _years(connection, "fct_interaction_months", parts, "Interactions")


def _years(connection: Any, table: str, parts: dict[str, tuple[str, str]], what: str) -> str | None:
    """A bar per year, its parts from the bottom up: name, what is summed, colour."""
    sums = ", ".join(f"sum({summed})::int" for summed, _ in parts.values())
    found = connection.execute(
        f"select year(posted_month), {sums} from marts.{table} {_ACCOUNTS} group by 1"
    ).fetchall()
    if not found:
        return None
    by_year = {row[0]: row[1:] for row in found}
    years = range(min(by_year), max(by_year) + 1)
    rows = [by_year.get(year, (0,) * len(parts)) for year in years]
    picture = _bars(f"{what} per year", rows, [colour for _, colour in parts.values()])
    totals = ", ".join(f"{name} {sum(counts):,}" for name, counts in zip(parts, zip(*rows, strict=True), strict=True))
    return f"{picture}\n\n{what} per year, {years[0]} to {years[-1]}. From the bottom up: {totals}."


def _account_coverage(connection: Any) -> str | None:
    rows = connection.execute(
        "select account_key, posted_month, coverage_status from quality.fct_account_coverage order by 1, 2"
    ).fetchall()
    if not rows:
        return None
    month, last = min(row[1] for row in rows), max(row[1] for row in rows)
    accounts = list(dict.fromkeys(row[0] for row in rows))
    codes = {status: place for place, status in enumerate(STATUS_COLOURS, start=1)}
    status_of = {row[:2]: codes[row[2]] for row in rows}
    span, columns = f"{month:%Y-%m} to {last:%Y-%m}", []
    while month <= last:
        columns.append(_cells([status_of.get((account, month), 0) for account in accounts[:_LINES]]))
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    picture = _image("coverage per account and month", columns, list(STATUS_COLOURS.values()))
    found = {status: sum(row[2] == status for row in rows) for status in STATUS_COLOURS}
    words = {"observed": "green", "sample": "blue", "partial": "yellow", "missing": "grey"}
    counts = ", ".join(f"{words[status]} {status} {count:,}" for status, count in found.items() if count)
    rest = f" The first {_LINES} of {len(accounts):,} accounts." if len(accounts) > _LINES else ""
    return f"{picture}\n\n{span}, a line per account; months: {counts}.{rest}"


def _cells(colours: Sequence[int]) -> list[int]:
    """One column of a grid."""
    return [pixel for colour in colours for pixel in [colour] * 14 + [0] * 2]


def _theme_years(connection: Any) -> str | None:
    rows = connection.execute(
        "select theme_name, posted_year, sum(own_post_count)::int, facet = 'theme', any_value(validation_state) "
        f"from reports.rpt_theme_years {_ACCOUNTS} group by 1, 2, 4"
    ).fetchall()
    counts = {row[:2]: row[2] for row in rows if row[3]}
    if not counts:
        return None
    looked_at = {row[1] for row in rows}  # years with posts; in others no theme was counted
    years = range(min(looked_at), max(looked_at) + 1)
    totals = {theme: sum(counts.get((theme, year), 0) for year in years) for theme, _ in counts}
    most = max(counts.values())
    lines = [f"| theme | {years[0]} to {years[-1]} | own posts |", "|---|---|--:|"]
    for theme in sorted(totals, key=lambda theme: (-totals[theme], theme))[:_LINES]:
        steps = [_STEPS[round(counts.get((theme, y), 0) * 7 / most)] if y in looked_at else "·" for y in years]
        lines.append(f"| {theme.replace('|', '/')} | {''.join(steps)} | {totals[theme]:,} |")
    states = ", ".join(sorted({row[4] for row in rows if row[3] and row[4]}))
    return "\n".join(lines) + f"\n\nAs the codebook's rules count ({states})."


def _check_outcomes(connection: Any) -> str | None:
    rows = connection.execute(
        "select gate, run_id, max(case when passed then 1 when severity = 'warning' then 2 else 3 end), "
        "count(*) filter (where not passed and severity = 'warning'), "
        "count(*) filter (where not passed and severity = 'critical'), min(checked_at) "
        "from quality.fct_check_outcomes group by 1, 2 order by 6"
    ).fetchall()
    if not rows:
        return None
    runs = list(dict.fromkeys(row[1] for row in rows))
    gates = [gate for gate in ("raw", "staging", "marts", "quality", "publish") if any(row[0] == gate for row in rows)]
    worst = {row[:2]: row[2] for row in rows}
    columns = [_cells([worst.get((gate, run), 0) for gate in gates]) for run in runs]
    picture = _image("worst outcome per gate and run", columns, [ACCENT, "#e3b04b", "#b3261e"])
    last = [row for row in rows if row[1] == runs[-1]]
    return (
        f"{picture}\n\nA line per gate ({', '.join(gates)}), a column per run, the newest last: green passed, yellow "
        f"warned, red failed. Newest: {sum(row[3] for row in last):,} warned, {sum(row[4] for row in last):,} failed."
    )


PICTURES: dict[str, Callable[[Any], str | None]] = {
    "fct_post_volume": _post_volume,
    "fct_hashtag_months": _hashtag_months,
    "fct_interaction_months": _interaction_months,
    "fct_account_coverage": _account_coverage,
    "rpt_theme_years": _theme_years,
    "fct_check_outcomes": _check_outcomes,
}


def picture(connection: Any, table: str) -> str | None:
    """What to show of a table as Markdown, from a connection to the warehouse that holds it; None for most."""
    return PICTURES[table](connection) if table in PICTURES else None
