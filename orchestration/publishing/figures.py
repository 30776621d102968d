"""The pictures of the study report: rows in, static SVG out.

Belongs here: how a chart looks, in one wide and one narrow form (a chart that is only scaled down cannot be
read on a phone).
Does not belong here: queries and sentences (see `report`).

Pictures are static on purpose: drawn once by vl-convert, they need no script and no network, print, open from a
mail attachment, and are small (10-30 KB against 0.9 MB for the script that would draw them in the browser).
What a pointer would tell is in the table under each picture.

A picture is drawn once, with its English words, and says each text that differs in both languages (`render`): a
second drawing would cost as much as the first, 50 ms of CPU each (2026-11-27).
"""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Sequence
from functools import cache
from html import escape, unescape
from typing import Any

from orchestration.publishing.texts import SEPARATORS, Text, written

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

# Beside an account: nobody, others, its own family, a partner. Apart by lightness, too.
COMPANY_COLOURS = {
    "with nobody": "#9aa5b1",
    "with others": "#c98a2b",
    "with its own family": "#3d5a80",
    "with a partner": "#0b6e6e",
}
# Languages of words, in the order in which they come.
LANGUAGE_COLOURS = ("#0b6e6e", "#c98a2b", "#3d5a80", "#8fb3d9")
# A pointed triangle: an even one looks the same after a third of a turn.
HEAD = "M0,-1L0.55,0.7L-0.55,0.7Z"
# Between the lines of a label, in pixels.
LINE_HEIGHT = 13
# More names than this in a sociogram lie on each other.
MOST_NODES = 24

Rows = Sequence[dict[str, Any]]


def render(spec: dict[str, Any], figure_id: str) -> str:
    """A Vega-Lite spec as an inline SVG element without script, ids of its own, sized by its container.

    Args:
        spec: With the texts of the picture in `usermeta` (see `_texts`).
        figure_id: What its ids begin with.

    Returns:
        SVG in which each text stands once where both languages agree, else twice, with `lang`: the page shows one
        (`spoken` keeps one). Its face is that of what is around it.
    """
    import vl_convert

    spec = {"config": _config(), **spec}
    texts = spec.pop("usermeta", {})
    svg = vl_convert.vegalite_to_svg(spec, vl_version="6.1")
    # Several pictures share one page: ids must not meet. The page says what a picture shows, so inside it is silent.
    for name in dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg)):
        svg = svg.replace(f'id="{name}"', f'id="{figure_id}-{name}"').replace(
            f"url(#{name})", f"url(#{figure_id}-{name})"
        )
    # the words first: after that no text is part of a tag
    svg = re.sub(r"(<text[^>]*)>(.*?)</text>", lambda match: _in_both(match[1], match[2], texts), svg)
    return re.sub(r"<[^>]+>", lambda match: _slim(match[0]), svg).replace(
        "<svg ", '<svg aria-hidden="true" focusable="false" ', 1
    )


def spoken(svg: str, language: str) -> str:
    """A picture in one language."""
    other = {"en": "id", "id": "en"}[language]
    return re.sub(rf'<text lang="{other}".*?</text>', "", svg).replace(f'<text lang="{language}"', "<text")


def _in_both(tag: str, content: str, texts: dict[str, list[str]]) -> str:
    """A text element of a picture, or two of them.

    Numbers are turned; what is among the texts is said as it is there, so a word that looks like a number stays.
    """
    english = unescape(re.sub("<[^>]*>", "", content.replace("</tspan><tspan", "</tspan>\n<tspan")))
    if english in texts:
        said = [_lined(text) for text in texts[english]]
    elif re.fullmatch(r"[\d.,]+( ?%)?", english):
        said = [content, content.translate(SEPARATORS)]
    else:
        said = [content]
    if len(set(said)) == 1:
        return f"{tag}>{said[0]}</text>"
    return "".join(
        f'<text lang="{language}"{tag.removeprefix("<text")}>{text}</text>'
        for language, text in zip(("en", "id"), said, strict=True)
    )


def _lined(text: str) -> str:
    """Lines of a label, the middle of all where the first would stand."""
    lines = text.split("\n")
    if len(lines) == 1:
        return escape(text, quote=False)
    steps = [-LINE_HEIGHT * (len(lines) - 1) / 2] + [LINE_HEIGHT] * (len(lines) - 1)
    return "".join(
        f'<tspan x="0" dy="{step:g}">{escape(line, quote=False)}</tspan>'
        for step, line in zip(steps, lines, strict=True)
    )


def _slim(tag: str) -> str:
    """A tag without what a reader does not see: a third of the bytes of a picture (2026-11-27)."""
    if tag.startswith("<path") and ' d=""' in tag:
        return ""
    tag = re.sub(r' (role|aria-[a-z]+|class|font-family|pointer-events)="[^"]*"| opacity="1"', "", tag)
    return re.sub(r"(\.\d\d)\d+", r"\1", tag)


def _texts(*texts: Text) -> dict[str, Any]:
    """What a spec says in words, for `render`: by its English, in both languages."""
    return {"usermeta": {text.en: [text.en, text.id] for text in texts}}


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


def volume_months(rows: Rows, width: int, *, title: Text) -> dict[str, Any]:
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
                    "y": {"field": "y", "type": "quantitative", "axis": _count_axis(title)},
                    "y2": {"field": "y2"},
                    "color": colour,
                },
            },
        ]
    }
    return _by_account(everything, layers, width - 64, 190 if width > 500 else 150, title)


def stacked_years(
    rows: Rows, kinds: Sequence[tuple[str, str]], width: int, *, title: Text, as_share: bool = False
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
    return _single({"layer": layers}, width, 240 if width > 500 else 210, title)


def ranked_bars(
    rows: Rows, label: str, parts: Sequence[tuple[str, str]], width: int, *, title: Text, as_share: bool = False
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
    names = [written(row[label]) for row in rows]
    y = _label_axis(names, width)
    x_axis = {**_count_axis(title), "grid": True, "tickCount": 5 if width > 500 else 3}
    x_axis |= {"titleAnchor": "end", "titleAlign": "right", "titleX": None, "titleY": None}
    if as_share:
        x_axis |= {"format": "%", "tickMinStep": 0.01}
    # room for the number behind the longest bar
    longest = max((total["x"] for total in totals), default=0) or 1
    x_scale = {"domain": [0, longest * (1.07 if width > 500 else 1.2)], "nice": False}
    layers = [
        {
            "data": {"values": data},
            "mark": {"type": "bar", "height": {"band": 0.68}},
            "encoding": {
                "y": y,
                "x": {"field": "x", "type": "quantitative", "axis": x_axis, "scale": x_scale},
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
    return _single({"layer": layers}, width, {"step": 25 if width > 500 else 32}, title, *_lines_of(names, width))


def year_matrix(rows: Rows, label: str, value: str, width: int, *, as_share: bool = False) -> dict[str, Any]:
    """Rows by years, each cell tinted and labelled with its number."""
    return _cells(
        [{**row, "year": _year_label(row, width)} for row in rows],
        label,
        value,
        _year_axis(rows, width),
        width,
        as_share,
    )


def _cells(rows: Rows, label: str, value: str, x: dict[str, Any], width: int, as_share: bool) -> dict[str, Any]:
    """The cells of a matrix; `x` says which field of the rows stands across."""
    highest = max((row[value] or 0 for row in rows), default=0) or 1
    names = list(dict.fromkeys(written(row[label]) for row in rows))
    digits = 1 if highest < 0.1 else 0
    across = x["field"]
    data = [
        {
            "position": names.index(written(row[label])),
            across: row[across],
            "value": row[value],
            "strong": (row[value] or 0) > 0.8 * highest,
            "text": f"{100 * row[value]:.{digits}f}" if as_share else f"{row[value]:,}",
        }
        for row in rows
        if row[value] is not None
    ]
    y = _label_axis(names, width)
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
    step = {"step": 28 if width > 500 else 32}
    return _single({"data": {"values": data}, "layer": layers}, width, step, *_lines_of(names, width))


def matrix(rows: Rows, label: str, column: str, value: str, width: int, *, as_share: bool = False) -> dict[str, Any]:
    """Rows by columns of any kind, each cell tinted and labelled with its number."""
    columns = list(dict.fromkeys(written(row[column]) for row in rows))
    # names of accounts under a narrow picture would run into each other
    heads = {name: name.en if width > 500 else str(n) for n, name in enumerate(columns, 1)}
    axis = {
        "field": "column",
        "type": "nominal",
        "sort": list(heads.values()),
        "axis": {
            "title": None,
            "labelAngle": 0,
            "labelLimit": width // max(len(columns), 1),
            "labelExpr": "split(datum.label, ', ')",
        },
    }
    cells = [{**row, "column": heads[written(row[column])]} for row in rows]
    spec = _cells(cells, label, value, axis, width, as_share)
    return {**spec, "usermeta": spec["usermeta"] | _texts(*columns)["usermeta"]}


def sociogram(rows: Rows, kind: str, width: int, others: str, said: Sequence[Text] = ()) -> dict[str, Any]:
    """Named accounts and who speaks to whom by one kind of interaction; `others` is everybody who is not named.

    `said` are those names that are words, in both languages.

    Places come from all kinds together, so that pictures of two kinds can be laid side by side.
    """
    named = _most_tied(rows, others, MOST_NODES)
    place = layout(tuple(named), tuple((row["sender"], row["receiver"], row["posts"]) for row in rows))
    height = round(0.6 * width) if width > 500 else width
    if width <= 500:
        named = _most_tied(rows, others, MOST_NODES // 2)
        place = {name: place[name] for name in named}
    strength = dict.fromkeys(named, 0)
    ties, heads = [], []
    drawn = [
        row
        for row in rows
        if row["kind"] == kind and row["sender"] != row["receiver"] and {row["sender"], row["receiver"]} <= place.keys()
    ]
    most = max((row["posts"] for row in drawn), default=1)
    for n, row in enumerate(drawn):
        strength[row["sender"]] += row["posts"]
        strength[row["receiver"]] += row["posts"]
        (x1, y1), (x2, y2) = place[row["sender"]], place[row["receiver"]]
        # a tie bends to its right, so that both directions of a pair are seen; the head stands two thirds along it
        bend = 0.06
        middle = ((x1 + x2) / 2 + bend * (y2 - y1), (y1 + y2) / 2 - bend * (x2 - x1))
        size = 1 + 5 * (row["posts"] / most) ** 0.5
        for step in range(9):
            t = step / 8
            ties.append(
                {
                    "tie": n,
                    "step": step,
                    "x": (1 - t) ** 2 * x1 + 2 * t * (1 - t) * middle[0] + t**2 * x2,
                    "y": (1 - t) ** 2 * y1 + 2 * t * (1 - t) * middle[1] + t**2 * y2,
                    "size": size,
                }
            )
        at, before = ties[-3], ties[-4]
        angle = math.degrees(math.atan2((at["x"] - before["x"]) * width, (at["y"] - before["y"]) * height))
        heads.append({"x": at["x"], "y": at["y"], "angle": round(angle), "size": 60 + 40 * size})
    nodes = [
        {
            "x": place[name][0],
            "y": place[name][1],
            "name": name,
            "size": 60 + 900 * (strength[name] / max(max(strength.values()), 1)),
            "colour": SOFT if name == others else ACCENT,
            # below the circle, whatever its size; the axis is 1.24 long
            "below": place[name][1]
            - (14 + 14 * (strength[name] / max(max(strength.values()), 1)) ** 0.5) * 1.24 / height,
        }
        for name in named
    ]
    colour = KIND_COLOURS[kind]

    def axis(name: str) -> dict[str, Any]:
        return {"field": name, "type": "quantitative", "axis": None, "scale": {"domain": [-0.12, 1.12], "nice": False}}

    size = {"field": "size", "type": "quantitative", "scale": None}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": ties},
            "mark": {"type": "trail", "color": colour, "opacity": 0.8},
            "encoding": {
                "x": axis("x"),
                "y": axis("y"),
                "detail": {"field": "tie", "type": "nominal"},
                "order": {"field": "step", "type": "quantitative"},
                "size": {**size, "legend": None},
            },
        },
        {
            "data": {"values": heads},
            "mark": {"type": "point", "shape": HEAD, "filled": True, "color": colour, "opacity": 1},
            "encoding": {
                "x": axis("x"),
                "y": axis("y"),
                "size": size,
                "angle": {"field": "angle", "type": "quantitative", "scale": None},
            },
        },
        {
            "data": {"values": nodes},
            "mark": {"type": "point", "filled": True, "opacity": 1, "stroke": "white", "strokeWidth": 1.5},
            "encoding": {
                "x": axis("x"),
                "y": axis("y"),
                "size": size,
                "color": {"field": "colour", "type": "nominal", "scale": None},
            },
        },
        {
            "data": {"values": nodes},
            "mark": {
                "type": "text",
                "fontSize": 12 if width > 500 else 10.5,
                "color": INK,
                # a long name at the edge stays in the picture
                "align": {"expr": "datum.x < 0.15 ? 'left' : datum.x > 0.85 ? 'right' : 'center'"},
                "dx": {"expr": "datum.x < 0.15 ? -18 : datum.x > 0.85 ? 18 : 0"},
            },
            "encoding": {
                "x": axis("x"),
                "y": axis("below"),
                "text": {"field": "name", "type": "nominal"},
            },
        },
    ]
    # white behind the letters: a name may lie on a tie
    layers.insert(
        3,
        {
            **layers[3],
            "mark": {**layers[3]["mark"], "color": "white", "stroke": "white", "strokeWidth": 3, "strokeJoin": "round"},
        },
    )
    return _single({"layer": layers}, width, height, *said)


def _most_tied(rows: Rows, others: str, most: int) -> list[str]:
    """The accounts of a sociogram: those with most posts to or from another, in a fixed order."""
    totals: dict[str, int] = {}
    for row in rows:
        if row["sender"] != row["receiver"]:
            for name in (row["sender"], row["receiver"]):
                totals[name] = totals.get(name, 0) + row["posts"]
    kept = sorted(totals, key=lambda name: (-totals[name], name))[:most]
    return sorted(set(kept) | ({others} & totals.keys()))


@cache
def layout(names: tuple[str, ...], ties: tuple[tuple[str, str, int], ...]) -> dict[str, tuple[float, float]]:
    """Places between 0 and 1, tied accounts near each other: springs along ties, repulsion between all.

    Nothing is drawn by chance: names begin on a circle in the order in which they are given, and the same input gives
    the same places to the third digit.

    Source: Fruchterman and Reingold (1991), Software: Practice and Experience 21:1129.
    """
    import numpy as np

    count = len(names)
    if count < 2:
        return dict.fromkeys(names, (0.5, 0.5))
    index = {name: n for n, name in enumerate(names)}
    weight = np.zeros((count, count))
    for sender, receiver, posts in ties:
        if sender in index and receiver in index and sender != receiver:
            i, j = index[sender], index[receiver]
            weight[i, j] += posts
            weight[j, i] += posts
    # ten times as many posts pull twice as hard: otherwise one pair sits on one point
    pull = np.where(weight > 0, 1 + np.log10(np.maximum(weight, 1)), 0)
    turn = 2 * np.pi * np.arange(count) / count
    place = np.column_stack([np.cos(turn), np.sin(turn)])
    ideal = (4 / count) ** 0.5
    for step in range(300):
        apart = place[:, None] - place[None, :]
        distance = np.maximum(np.sqrt((apart**2).sum(axis=2)), 0.01)
        force = ideal**2 / distance**2 - pull * distance / ideal / 3
        np.fill_diagonal(force, 0)
        move = (apart / distance[:, :, None] * force[:, :, None]).sum(axis=1)
        # accounts without a tie stay in sight
        move -= 0.1 * place
        length = np.maximum(np.sqrt((move**2).sum(axis=1)), 1e-9)
        place = place + move / length[:, None] * np.minimum(length, 0.1 * (1 - step / 300))[:, None]
    low, high = place.min(axis=0), place.max(axis=0)
    place = np.where(high > low, (place - low) / np.maximum(high - low, 1e-9), 0.5)
    return {name: (round(float(x), 3), round(float(y), 3)) for name, (x, y) in zip(names, place, strict=True)}


def complete_linkage(
    names: Sequence[str], apart: dict[frozenset[str], float]
) -> tuple[list[str], list[tuple[tuple[str, ...], tuple[str, ...], float]]]:
    """Clusters joined two by two, the least distant first, by their most distant pair.

    Returns:
        The names in the order of the tree, and each join: two clusters and their distance. (scipy has it, at 0.3 s of
        CPU for the import; the tests compare the two.)
    """
    clusters = [(name,) for name in names]
    distance = {(a, b): apart[frozenset((a[0], b[0]))] for n, a in enumerate(clusters) for b in clusters[n + 1 :]}
    merges = []
    while len(clusters) > 1:
        left, right = min(distance, key=lambda pair: (distance[pair], pair))
        merges.append((left, right, distance[left, right]))
        both = left + right
        clusters = [cluster for cluster in clusters if cluster not in (left, right)]
        joined = {
            (cluster, both): max(
                distance.get((cluster, part), distance.get((part, cluster), 0.0)) for part in (left, right)
            )
            for cluster in clusters
        }
        distance = {pair: length for pair, length in distance.items() if not {left, right} & set(pair)} | joined
        clusters.append(both)
    return list(clusters[0]), merges


def dendrogram(rows: Rows, width: int, *, title: Text) -> dict[str, Any]:
    """Accounts as a tree by the similarity of their words, joined by the least similar pair (complete linkage)."""
    apart = {
        frozenset((row["account"], row["other_account"])): 1 - (row["pearson"] if row["pearson"] is not None else 0)
        for row in rows
    }
    order, merges = complete_linkage(sorted({name for pair in apart for name in pair}), apart)
    # the handle tells them apart; the organisation stands in the table
    labels = [_lines(name.rsplit(", ", 1)[-1], width) for name in order]
    at: dict[tuple[str, ...], tuple[float, float]] = {(name,): (0.0, float(n)) for n, name in enumerate(order)}
    lines = []
    for left, right, x in merges:
        (x1, y1), (x2, y2) = at[left], at[right]
        lines += [
            {"x": x1, "x2": x, "y": y1, "y2": y1},
            {"x": x2, "x2": x, "y": y2, "y2": y2},
            {"x": x, "x2": x, "y": y1, "y2": y2},
        ]
        at[left + right] = (x, (y1 + y2) / 2)
    names = order
    room = min(7.6 * max(len(line) for label in labels for line in label) + 16, 340 if width > 500 else 140)
    y = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [len(names) - 0.5, -0.5], "nice": False, "zero": False},
        "axis": {
            "title": None,
            "grid": False,
            "values": list(range(len(names))),
            "labelExpr": f"{json.dumps(labels, ensure_ascii=False)}[datum.value]",
            "labelAlign": "left",
            "labelPadding": room,
            "labelLimit": 0.95 * room,
            "labelLineHeight": LINE_HEIGHT,
            "minExtent": room,
            "maxExtent": room,
            "labelColor": INK,
            "labelFontSize": 12.5 if width > 500 else 11,
        },
    }
    furthest = max(merges[-1][2], 0.1)
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [0, 1.05 * furthest], "nice": False},
        "axis": {
            "title": title.en,
            "titleAnchor": "end",
            "titleAlign": "right",
            "grid": True,
            "tickCount": 5 if width > 500 else 3,
            "labelExpr": "format(1 - datum.value, '.2f')",
        },
    }
    layer = {
        "data": {"values": lines},
        "mark": {"type": "rule", "color": ACCENT, "strokeWidth": 1.6},
        "encoding": {"x": x, "x2": {"field": "x2"}, "y": y, "y2": {"field": "y2"}},
    }
    named = [Text(*["\n".join(label)] * 2) for label in labels]
    return _single({"layer": [layer]}, width, 34 * len(names) + 20, title, *named)


def ranges_by_year(
    rows: Rows,
    low: str,
    middle: str,
    high: str,
    width: int,
    *,
    series: str,
    colours: dict[str, str],
    title: Text,
    as_share: bool = False,
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
    axis = {**_count_axis(title), **({"format": ".2%", "tickMinStep": 0} if as_share else {})}
    y = {"type": "quantitative", "axis": axis, "scale": {"zero": True}}
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
    return _single({"data": {"values": data}, "layer": layers}, width, 220, title)


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


def _count_axis(title: Text) -> dict[str, Any]:
    return {
        "title": title.en,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "start",
        "titleX": -30,
        "titleY": -12,
        "tickMinStep": 1,
        "format": ",d",
        "tickCount": 5,
    }


def _label_axis(names: Sequence[Text], width: int) -> dict[str, Any]:
    """Rows by position, labelled flush left in a room of their own: the reader's fonts are wider or narrower."""
    lines = [_lines(name.en, width) for name in names]
    longest = max(
        (len(line) for name in _lines_of(names, width) for line in f"{name.en}\n{name.id}".split("\n")), default=0
    )
    room = min(7.6 * longest + 16, 340 if width > 500 else 140)
    return {
        "field": "position",
        "type": "ordinal",
        "axis": {
            "title": None,
            "labelExpr": f"{json.dumps(lines, ensure_ascii=False)}[datum.value]",
            "labelAlign": "left",
            "labelBaseline": "middle",
            "labelLineHeight": LINE_HEIGHT,
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


def _lines_of(names: Sequence[Text], width: int) -> list[Text]:
    """Labels as `_lines` breaks them, each line after the other."""
    return [Text("\n".join(_lines(name.en, width)), "\n".join(_lines(name.id, width))) for name in names]


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


def _single(layers: dict[str, Any], width: int, height: Any, *texts: Text) -> dict[str, Any]:
    return {
        **_texts(*texts),
        "width": width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        **layers,
    }


def _by_account(data: Rows, unit: dict[str, Any], width: int, height: int, *texts: Text) -> dict[str, Any]:
    """One picture, or one below the other when the report is about several accounts."""
    names = list(dict.fromkeys(written(row["account"]) for row in data))
    accounts = [name.en for name in names]
    data = [{**row, "account": written(row["account"]).en} for row in data]
    unit = {**unit, "width": width, "height": height}
    if len(accounts) == 1:
        return {**_texts(*texts), "data": {"values": data}, **unit}
    return {
        **_texts(*texts, *names),
        "data": {"values": data},
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
