"""The figures of the study report as files: PNG and SVG to print, CSV and SQL to check.

Belongs here: what a picture needs when it stands alone (title, legend, what must be known to read it), in one
language, and the files. Does not belong here: queries, and how a chart looks (see `queries`, `figures`, `report`).

A picture says by itself that data is synthetic, that themes are unvalidated, and how much was observed. Nothing in it
depends on the clock, on chance or on the network: the same published file gives the same bytes on the same machine.

The words in both languages are those of the report (see `indonesian`).
"""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb

from orchestration.contract import SuaraError, replacing
from orchestration.publishing.figures import INK, SOFT, WIDE, spoken
from orchestration.publishing.report import Figure, read_figures
from orchestration.publishing.texts import Text, counted, say

# A face that the renderer brings with it: the letters of a PNG are the same on every machine.
FACE = "'Liberation Sans', Arial, Helvetica, sans-serif"
# 1.5: 1,400 pixels across, two columns of a journal at 200 dots per inch.
SCALE = 1.5
MARGIN, LINE, SMALL = 24, 21, 17
INDEX = "figures.csv"


def write_figures(published_file: Path, folder: Path, language: str = "en") -> list[Path]:
    """Write every figure of the report that has a picture into `folder`, which is made where it is missing.

    All words of a picture are in one language, `en` or `id`; columns and SQL are as the published file names them.

    Per figure `<nn>_<name>.png`, `.svg`, `.csv` (every row, unrounded) and `.sql` (what gives these rows from the
    published file); beside them `figures.csv`, one row per figure: title, row count, release.

    Returns:
        The files, in the order of the report.

    Raises:
        SuaraError: Nothing has been published yet, or the folder holds figures that this release does not have.
    """
    if not published_file.exists():
        raise SuaraError(
            f"{published_file}: expected the published file; found nothing there. Publish first: suara run."
        )
    with duckdb.connect(str(published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        release, found = read_figures(con)
    named = {f"{n:02}_{figure.name}": (figure, rows) for n, (figure, rows) in enumerate(found, 1)}
    files = [f"{stem}.{kind}" for stem in named for kind in ("png", "svg", "csv", "sql")]
    _expect_none_of_before(folder, {*files, INDEX})
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    index = [("figure", "title", "sentence", "note", "language", "rows", "release", "is_synthetic")]
    for stem, (figure, rows) in named.items():
        svg = standing_alone(figure, release, language)
        for kind, content in (
            ("png", _png(svg)),
            ("svg", svg.encode("utf-8")),
            ("csv", _csv([list(rows[0]), *(row.values() for row in rows)])),
            ("sql", f"{figure.sql};\n".encode()),
        ):
            path = folder / f"{stem}.{kind}"
            with replacing(path) as partial:
                partial.write_bytes(content)
            written.append(path)
        index.append(
            (
                stem,
                *(getattr(text, language) for text in (figure.title, figure.sentence, figure.note)),
                language,
                len(rows),
                release["release_id"],
                release["is_synthetic"],
            )
        )
    with replacing(folder / INDEX) as partial:
        partial.write_bytes(_csv(index))
    return [*written, folder / INDEX]


def _expect_none_of_before(folder: Path, mine: set[str]) -> None:
    """Refuse to leave a figure of another release beside those of this one."""
    if folder.exists() and not folder.is_dir():
        raise SuaraError(f"{folder}: expected a folder; found a file. Choose another name.")
    pattern = re.compile(r"\d\d_[a-z_]+\.(png|svg|csv|sql)")
    present = [path.name for path in folder.iterdir()] if folder.exists() else []
    if old := sorted(name for name in present if pattern.fullmatch(name) and name not in mine):
        raise SuaraError(
            f"{folder}: expected no figure that this release does not have; found {', '.join(old[:3])}. "
            "Choose another folder, or empty this one."
        )


def standing_alone(figure: Figure, release: Mapping[str, Any], language: str) -> str:
    """The picture of a figure with title, sentence, legend and note around it in one language, as one SVG."""

    def in_words(text: Text) -> str:
        return getattr(text, language)

    picture = spoken(figure.wide, language)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture)
    assert size, figure.name
    width, height = float(size[1]), float(size[2])
    whole = max(width, WIDE) + 2 * MARGIN
    parts: list[str] = []
    y = MARGIN + 6
    if release["is_synthetic"]:
        warning = in_words(say("SYNTHETIC DATA: nothing here is about anybody."))
        parts.append(_text(MARGIN, y, warning, 12.5, "#9b2c2c", bold=True))
        y += LINE
    parts.append(_text(MARGIN, y + 4, in_words(figure.title), 19, INK, bold=True))
    y += LINE + 5
    for line in textwrap.wrap(in_words(figure.sentence), 120):
        parts.append(_text(MARGIN, y, line, 13.5, INK))
        y += LINE - 2
    legend, y = _legend([(colour, in_words(text)) for colour, text in figure.legend], y + 2, whole - MARGIN)
    parts += legend
    top = y + 2
    inner = picture[picture.index(">") + 1 :]
    parts.append(
        f'<svg x="{MARGIN}" y="{top:g}" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" '
        f'overflow="visible">{inner}'
    )
    y = top + height + LINE
    told = [
        *textwrap.wrap(in_words(figure.note), 135),
        in_words(
            say(
                "{observed} of {months} months of the accounts wholly observed (days of {zone}). Study: {study}.",
                observed=release["observed_months"],
                months=release["months"],
                zone=release["reporting_timezone"] or "UTC",
                study=release["study_title"] or release["study"],
            )
        ),
        in_words(
            say(
                "Release {release}. {rows} of this picture stand beside it as CSV, with the SQL that gives them.",
                release=release["release_id"][:12],
                rows=counted(figure.table.row_count, "{n} row", "{n} rows"),
            )
        ),
    ]
    for line in told:
        parts.append(_text(MARGIN, y, line, 12, SOFT))
        y += SMALL
    y += MARGIN - SMALL + 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{whole:g}" height="{y:g}" viewBox="0 0 {whole:g} {y:g}" font-family="{FACE}" lang="{language}">\n'
        f"<title>{escape(in_words(figure.title))}</title>\n"
        f'<rect width="{whole:g}" height="{y:g}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _legend(items: Sequence[tuple[str, str]], y: float, end: float) -> tuple[list[str], float]:
    """Squares with their meaning, on as many lines as they take; and where the next thing begins."""
    parts: list[str] = []
    x = float(MARGIN)
    for colour, meant in items:
        # 6.4: the mean width of a letter at this size
        length = 34 + 6.4 * len(meant)
        if x + length > end and x > MARGIN:
            x, y = float(MARGIN), y + SMALL
        parts.append(f'<rect x="{x:g}" y="{y - 9:g}" width="11" height="11" rx="2" fill="{colour}"/>')
        parts.append(_text(x + 17, y + 1, meant, 12.5, SOFT))
        x += length
    return parts, y + LINE if items else y - 8


def _text(x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{colour}"{weight}>{escape(text)}</text>'


def _png(svg: str) -> bytes:
    import vl_convert

    return vl_convert.svg_to_png(svg, scale=SCALE)


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as CSV in UTF-8: a missing value is an empty cell, never 0."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if value is None else value for value in row])
    return text.getvalue().encode("utf-8")
