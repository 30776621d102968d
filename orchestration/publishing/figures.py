"""The pictures of the study report: rows in, static SVG out.

Belongs here: how a chart looks, in one wide and one narrow form (a chart that is only scaled down cannot be
read on a phone).
Does not belong here: queries and sentences (see `report`).

Pictures are static on purpose: drawn once by vl-convert, they need no script and no network, print, open from a
mail attachment, and are small (10-30 KB against 0.9 MB for the script that would draw them in the browser).
What a pointer would tell is in the table under each picture.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from typing import Any

WIDE, NARROW = 880, 350
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"

ACCENT, ACCENT_LIGHT = "#0b6e6e", "#9fcdc9"
INK, SOFT, LINE = "#17202a", "#566270", "#dfe4ea"
# Coverage: the same four colours in the strip, behind the bars, and in the legend.
STATUS_COLOURS = {"observed": "#0b6e6e", "sample": "#8fb3d9", "partial": "#e3b04b", "missing": "#d5dae0"}
BAND_COLOURS = {"partial": "#fbefcf", "missing": "#e9ecf0", "sample": "#e6eef7"}
# Kinds of interaction and of post: told apart by lightness as well as by hue.
KIND_COLOURS = {
    "original": "#0b6e6e",
    "quote": "#4a9d97",
    "reply": "#c98a2b",
    "self_reply": "#e6c68c",
    "repost": "#9fcdc9",
    "mention": "#3d5a80",
}

Rows = Sequence[dict[str, Any]]


def render(spec: dict[str, Any], figure_id: str) -> str:
    """A Vega-Lite spec as an inline SVG element without script, ids of its own, sized by its container."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg({"config": _config(), **spec}, vl_version="6.1")
    # Several pictures share one page: ids must not meet. The page says what a picture shows, so inside it is silent.
    for name in dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg)):
        svg = svg.replace(f'id="{name}"', f'id="{figure_id}-{name}"').replace(
            f"url(#{name})", f"url(#{figure_id}-{name})"
        )
    svg = re.sub(r' (role|aria-[a-z]+|class)="[^"]*"', "", svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _config() -> dict[str, Any]:
    axis = {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "aria": False,
        "background": None,
        "font": FONT,
        "view": {"stroke": None},
        "axis": {**axis, "domain": False, "ticks": False, "gridColor": LINE, "labelPadding": 6},
        "axisX": {"grid": False},
        "header": {"labelColor": INK, "labelFontSize": 13, "labelFontWeight": 600, "title": None},
        "legend": {"disable": True},
        "padding": 4,
    }


# ---------- pictures, each for a given width


def coverage_strip(rows: Rows, width: int) -> dict[str, Any]:
    """One cell per month, coloured by how far it was looked at."""
    data = [
        {**_month(row), "account": row["account"], "colour": STATUS_COLOURS[row["coverage_status"]]} for row in rows
    ]
    mark = {
        "mark": {"type": "rect", "stroke": "white", "strokeWidth": 0.75},
        "encoding": {
            "x": _month_axis(data, width),
            "x2": {"field": "x2"},
            "color": {"field": "colour", "type": "nominal", "scale": None},
        },
    }
    return _by_account(data, mark, width - 24, 26)


def volume_months(rows: Rows, width: int) -> dict[str, Any]:
    """Own posts and reposts per month on the ground of the coverage."""
    data, bars = [], []
    for row in rows:
        base = {**_month(row), "account": row["account"]}
        if row["coverage_status"] in BAND_COLOURS:
            data.append({**base, "layer": "band", "colour": BAND_COLOURS[row["coverage_status"]]})
        own, reposts = row["own_posts"] or 0, row["reposts"] or 0
        inner = {**base, "x": base["x"] + 0.12, "x2": base["x2"] - 0.12}
        bars.append({**inner, "layer": "bar", "y": 0, "y2": own, "colour": ACCENT})
        bars.append({**inner, "layer": "bar", "y": own, "y2": own + reposts, "colour": ACCENT_LIGHT})
    everything = data + bars
    axis = _month_axis([_month(row) for row in rows], width)
    colour = {"field": "colour", "type": "nominal", "scale": None}
    layers = {
        "layer": [
            {
                "transform": [{"filter": "datum.layer === 'band'"}],
                "mark": "rect",
                "encoding": {"x": axis, "x2": {"field": "x2"}, "color": colour},
            },
            {
                "transform": [{"filter": "datum.layer === 'bar' && datum.y2 > datum.y"}],
                "mark": "rect",
                "encoding": {
                    "x": axis,
                    "x2": {"field": "x2"},
                    "y": {"field": "y", "type": "quantitative", "axis": _count_axis("posts per month")},
                    "y2": {"field": "y2"},
                    "color": colour,
                },
            },
        ]
    }
    return _by_account(everything, layers, width - 64, 190 if width > 500 else 150)


def stacked_years(
    rows: Rows, kinds: Sequence[tuple[str, str]], width: int, *, title: str, as_share: bool = False
) -> dict[str, Any]:
    """One column per year, stacked by kind; under each year how many of its months were observed.

    Args:
        rows: One row per year: `year`, `months` (label of coverage) and one count per kind.
        kinds: Field and colour, from the bottom up.
        title: Title of the count axis.
        as_share: Stack to 100 %.
    """
    data, totals = [], []
    for row in rows:
        total = sum(row[kind] or 0 for kind, _ in kinds)
        at = 0.0
        for kind, colour in kinds:
            height = (row[kind] or 0) / (total if as_share and total else 1)
            if height:
                data.append({"year": _year_label(row, width), "y": at, "y2": at + height, "colour": colour})
            at += height
        totals.append({"year": _year_label(row, width), "y": at, "label": f"{total:,}"})
    y_axis = {**_count_axis(title), **({"format": "%", "tickMinStep": 0.01} if as_share else {})}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": data},
            "mark": {"type": "bar", "width": {"band": 0.7}},
            "encoding": {
                "x": _year_axis(rows, width),
                "y": {"field": "y", "type": "quantitative", "axis": y_axis},
                "y2": {"field": "y2"},
                "color": {"field": "colour", "type": "nominal", "scale": None},
            },
        }
    ]
    if not as_share:
        layers.append(
            {
                "data": {"values": totals},
                "mark": {"type": "text", "dy": -7, "fontSize": 11.5 if width > 500 else 10, "color": INK},
                "encoding": {
                    "x": _year_axis(rows, width),
                    "y": {"field": "y", "type": "quantitative"},
                    "text": {"field": "label", "type": "nominal"},
                },
            }
        )
    return _single({"layer": layers}, width, 240 if width > 500 else 210)


def ranked_bars(
    rows: Rows, label: str, parts: Sequence[tuple[str, str]], width: int, *, title: str, as_share: bool = False
) -> dict[str, Any]:
    """Horizontal bars in the order of the rows, stacked from `parts` (field and colour)."""
    data, totals = [], []
    for position, row in enumerate(rows):
        at = 0.0
        for field, colour in parts:
            length = row[field] or 0
            if length:
                data.append({"position": position, "x": at, "x2": at + length, "colour": colour})
            at += length
        text = f"{100 * at:.1f} %" if as_share else f"{int(at):,}"
        totals.append({"position": position, "x": at, "text": text})
    y = _label_axis([row[label] for row in rows], width)
    x_axis = {**_count_axis(title), "grid": True, "tickCount": 5 if width > 500 else 3}
    x_axis |= {"titleAnchor": "end", "titleAlign": "right", "titleX": None, "titleY": None}
    if as_share:
        x_axis |= {"format": "%", "tickMinStep": 0.01}
    layers = [
        {
            "data": {"values": data},
            "mark": {"type": "bar", "height": {"band": 0.68}},
            "encoding": {
                "y": y,
                "x": {"field": "x", "type": "quantitative", "axis": x_axis},
                "x2": {"field": "x2"},
                "color": {"field": "colour", "type": "nominal", "scale": None},
            },
        },
        {
            "data": {"values": totals},
            "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 11.5, "color": INK},
            "encoding": {
                "y": y,
                "x": {"field": "x", "type": "quantitative"},
                "text": {"field": "text", "type": "nominal"},
            },
        },
    ]
    return _single({"layer": layers}, width, {"step": 25 if width > 500 else 32})


def year_matrix(rows: Rows, label: str, value: str, width: int, *, as_share: bool = False) -> dict[str, Any]:
    """Rows by years, each cell tinted and labelled with its number."""
    highest = max((row[value] or 0 for row in rows), default=0) or 1
    names = list(dict.fromkeys(row[label] for row in rows))
    digits = 1 if highest < 0.1 else 0
    data = [
        {
            "position": names.index(row[label]),
            "year": _year_label(row, width),
            "value": row[value],
            "strong": (row[value] or 0) > 0.8 * highest,
            "text": f"{100 * row[value]:.{digits}f}" if as_share else f"{row[value]:,}",
        }
        for row in rows
        if row[value] is not None
    ]
    y = _label_axis(names, width)
    x = _year_axis(rows, width)
    layers = [
        {
            "mark": {"type": "rect", "stroke": "white", "strokeWidth": 2},
            "encoding": {
                "x": x,
                "y": y,
                "color": {
                    "field": "value",
                    "type": "quantitative",
                    "scale": {"domain": [0, highest], "range": ["#f1f6f6", ACCENT]},
                },
            },
        },
        {
            "mark": {"type": "text", "fontSize": 11.5 if width > 500 else 10},
            "encoding": {
                "x": x,
                "y": y,
                "text": {"field": "text", "type": "nominal"},
                "color": {"condition": {"test": "datum.strong", "value": "white"}, "value": INK},
            },
        },
    ]
    return _single({"data": {"values": data}, "layer": layers}, width, {"step": 28 if width > 500 else 32})


def ranges_by_year(
    rows: Rows, low: str, middle: str, high: str, width: int, *, series: str, colours: dict[str, str], title: str
) -> dict[str, Any]:
    """Median with the middle half of the posts, per year and series."""
    names = list(colours)
    data = [
        {
            "year": _year_label(row, width),
            "low": row[low],
            "middle": row[middle],
            "high": row[high],
            "series": row[series],
            "colour": colours[row[series]],
        }
        for row in rows
        if row[middle] is not None
    ]
    colour = {"field": "colour", "type": "nominal", "scale": None}
    offset = {"field": "series", "type": "nominal", "sort": names}
    common = {"x": _year_axis(rows, width), "xOffset": offset, "color": colour}
    y = {"type": "quantitative", "axis": _count_axis(title), "scale": {"zero": True}}
    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.35, "strokeCap": "round"},
            "encoding": {**common, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {**common, "y": {**y, "field": "middle"}},
        },
    ]
    return _single({"data": {"values": data}, "layer": layers}, width, 220)


# ---------- shared parts


def _month(row: dict[str, Any]) -> dict[str, float]:
    """A month as a place on a plain number line: no time zone of the machine can move it."""
    index = row["posted_month"].year * 12 + row["posted_month"].month - 1
    return {"x": index, "x2": index + 1}


def _month_axis(data: Rows, width: int) -> dict[str, Any]:
    first, last = min(d["x"] for d in data), max(d["x2"] for d in data)
    years = [year for year in range(int(first // 12), int(last // 12) + 1) if first <= year * 12 < last]
    step = 1 if len(years) * 44 <= width else 2
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [first, last], "nice": False, "zero": False},
        "axis": {
            "title": None,
            "values": [year * 12 for year in years[::step]],
            "labelExpr": "format(datum.value / 12, 'd')",
            "labelAlign": "left",
            "ticks": True,
            "tickColor": "#aab4bf",
            "tickSize": 5,
        },
    }


def _count_axis(title: str) -> dict[str, Any]:
    return {
        "title": title,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "start",
        "titleX": -30,
        "titleY": -12,
        "tickMinStep": 1,
        "format": ",d",
        "tickCount": 5,
    }


def _label_axis(names: Sequence[str], width: int) -> dict[str, Any]:
    """Rows by position, labelled flush left in a room of their own: the reader's fonts are wider or narrower."""
    lines = [_lines(name, width) for name in names]
    longest = max((len(line) for label in lines for line in label), default=0)
    room = min(7.6 * longest + 16, 340 if width > 500 else 140)
    return {
        "field": "position",
        "type": "ordinal",
        "axis": {
            "title": None,
            "labelExpr": f"{json.dumps(lines, ensure_ascii=False)}[datum.value]",
            "labelAlign": "left",
            "labelBaseline": "middle",
            "labelLineHeight": 13,
            "labelPadding": room,
            "labelLimit": 0.84 * room,
            "minExtent": room,
            "maxExtent": room,
            "labelColor": INK,
            "labelFontSize": 12.5 if width > 500 else 11.5,
        },
    }


def _lines(label: str, width: int) -> list[str]:
    """A label as it fits: whole beside a wide picture, on two lines beside a narrow one."""
    return [label] if width > 500 else textwrap.wrap(label, 17, max_lines=2, placeholder=" …") or [label]


def _year_label(row: dict[str, Any], width: int) -> str:
    """Year and the months observed in it, on two lines; `'15` and `6` where there is no room for `2015`, `6/12`."""
    return f"{row['year']}|{row['months']}" if width > 500 else f"’{row['year'] % 100:02d}|{row['observed_months']}"


def _year_axis(rows: Rows, width: int) -> dict[str, Any]:
    labels = list(dict.fromkeys(_year_label(row, width) for row in sorted(rows, key=lambda row: row["year"])))
    return {
        "field": "year",
        "type": "nominal",
        "sort": labels,
        "scale": {"domain": labels},
        "axis": {"title": None, "labelAngle": 0, "labelExpr": "split(datum.label, '|')", "labelLineHeight": 14},
    }


def _single(layers: dict[str, Any], width: int, height: Any) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        **layers,
    }


def _by_account(data: Rows, unit: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """One picture, or one below the other when the report is about several accounts."""
    accounts = list(dict.fromkeys(row["account"] for row in data))
    unit = {**unit, "width": width, "height": height}
    if len(accounts) == 1:
        return {"data": {"values": list(data)}, **unit}
    return {
        "data": {"values": list(data)},
        "facet": {
            "field": "account",
            "type": "nominal",
            "sort": accounts,
            "header": {"labelAnchor": "start", "labelLimit": width, "title": None},
        },
        "columns": 1,
        "spacing": 14,
        "spec": unit,
        "resolve": {"scale": {"y": "independent"}},
    }
