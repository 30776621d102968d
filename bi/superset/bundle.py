"""The dashboards as Superset imports them, made from `datasets.yml` and `dashboards/*.yml`.

Belongs here: reading those files, and the form that Superset's asset import wants (version 1.0.0 of its YAML).
Does not belong here: starting Superset, and any figure.

The types and words of columns are read from the published file, so dashboards and tables cannot disagree. Identifiers
are made from names (uuid5): importing again replaces, and nobody has to keep a list of them.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.contract import DBT_PROJECT_DIR, SuaraError

FOLDER = Path(__file__).resolve().parent
METRICS = DBT_PROJECT_DIR / "models" / "marts" / "_marts__metrics.yml"
DATABASE_NAME = "Suara (read-only)"
VERSION = "1.0.0"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "superset.suara")

# As in the study report (orchestration/publishing/figures.py): what is one's own is dark, what is passed on is light.
# By the name of the metric, or of the verdict.
COLOURS = {
    "own_posts": "#0b6e6e",
    "own_posts_per_covered_day": "#0b6e6e",
    "posts_per_active_day": "#0b6e6e",
    "share_of_originals": "#0b6e6e",
    "theme_share": "#0b6e6e",
    "partner_share": "#0b6e6e",
    "posts_with_hashtag": "#0b6e6e",
    "reposts": "#9fcdc9",
    "reposts_with_hashtag": "#9fcdc9",
    "reposts_of_partners": "#9fcdc9",
    "mentions": "#3d5a80",
    "replies": "#c98a2b",
    "quotes": "#4a9d97",
    "known_partners": "#9fcdc9",
    "new_partners": "#0b6e6e",
    "coverage": "#e3b04b",
    "months_observed": "#e3b04b",
    "passed": "#0b6e6e",
    "warned": "#e3b04b",
    "failed": "#b3261e",
    "kept": "#0b6e6e",
    "duplicate": "#9fcdc9",
    "superseded": "#8fb3d9",
    "deleted": "#566270",
    "rejected": "#b3261e",
    "supported": "#0b6e6e",
    "consistent not proven": "#9fcdc9",
    "coincides descriptively": "#8fb3d9",
    "not supported": "#e3b04b",
    "contradicted": "#b3261e",
    "not testable": "#c5ccd3",
}
# Light to dark, in superset_config.py.
SHADES = "suara_shades"


def identifier(kind: str, name: str) -> str:
    """The uuid of a thing of the bundle, the same on every machine."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


@dataclass(frozen=True)
class Metric:
    name: str
    sql: str
    label: str
    text: str
    format: str


@dataclass(frozen=True)
class Dataset:
    """One SELECT on the published file. `text` says its grain and its sources."""

    name: str
    text: str
    sql: str
    describes: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    time: str | None = None

    @property
    def uuid(self) -> str:
        return identifier("dataset", self.name)


@dataclass(frozen=True)
class Chart:
    """One picture or table of a dashboard; `settings` is what its kind needs."""

    title: str
    kind: str
    dataset: str
    text: str
    settings: Mapping[str, Any]

    @property
    def uuid(self) -> str:
        return identifier("chart", self.title)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every column and metric that it asks for."""
        asked: list[str] = []
        for key in ("x", "y", "by", "metric", "line", "largest"):
            if value := self.settings.get(key):
                asked.append(value)
        for key in ("bars", "metrics", "columns"):
            asked += self.settings.get(key, [])
        asked += [name.removeprefix("-") for name in self.settings.get("order", [])]
        return tuple(dict.fromkeys([*asked, *self.settings.get("where", {})]))


@dataclass(frozen=True)
class Dashboard:
    title: str
    text: str
    rows: tuple[Mapping[str, Any], ...]
    charts: tuple[Chart, ...]

    @property
    def uuid(self) -> str:
        return identifier("dashboard", self.title)

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z]+", "-", self.title.lower()).strip("-")


def defined_metrics() -> dict[str, Metric]:
    """The metrics that dbt defines, as SQL on columns of their semantic model; their format is the dataset's to say."""
    stated = yaml.safe_load(METRICS.read_text("utf-8"))
    sums = {
        measure["name"]: f"{measure['agg']}({measure.get('expr', measure['name'])})"
        for model in stated["semantic_models"]
        for measure in model.get("measures", [])
    }
    parts = {
        metric["name"]: sums[metric["type_params"]["measure"]]
        for metric in stated["metrics"]
        if metric["type"] == "simple"
    }
    found = {}
    for metric in stated["metrics"]:
        if metric["type"] == "ratio":
            numerator, denominator = (parts[metric["type_params"][part]] for part in ("numerator", "denominator"))
            sql = f"cast({numerator} as double) / nullif({denominator}, 0)"
        else:
            sql = f"cast({parts[metric['name']]} as bigint)"
        found[metric["name"]] = Metric(
            metric["name"], sql, metric["label"], " ".join(metric["description"].split()), ""
        )
    return found


def read_datasets(path: Path = FOLDER / "datasets.yml") -> dict[str, Dataset]:
    """The datasets, with their fragments and the metrics of dbt put in."""
    stated, defined = yaml.safe_load(path.read_text("utf-8")), defined_metrics()
    datasets = {}
    for name, entry in stated["datasets"].items():
        sql = entry["sql"]
        for word, text in stated["fragments"].items():
            sql = sql.replace(f"{{{word}}}", text)
        datasets[name] = Dataset(
            name=name,
            text=" ".join(entry["text"].split()),
            sql=sql,
            describes=tuple(entry["describes"]),
            words={**stated["columns"], **entry.get("columns", {})},
            metrics={
                **{key: replace(defined[key], format=form) for key, form in entry.get("dbt", {}).items()},
                **{key: Metric(key, **metric) for key, metric in entry.get("metrics", {}).items()},
            },
            time=entry.get("time"),
        )
    return datasets


def read_dashboards(folder: Path = FOLDER / "dashboards") -> list[Dashboard]:
    """The dashboards, in the order of their files."""
    found = []
    for path in sorted(folder.glob("*.yml")):
        stated = yaml.safe_load(path.read_text("utf-8"))
        charts = [
            Chart(item["chart"], item["kind"], item["dataset"], " ".join(item["text"].split()), item)
            for row in stated["rows"]
            for item in row["items"]
            if "chart" in item
        ]
        found.append(Dashboard(stated["title"], stated["text"], tuple(stated["rows"]), tuple(charts)))
    return found


# ---------- the form of Superset


def uri(published_file: Path) -> str:
    """SQLAlchemy's address of the published file, by its stable path (a link that each publish turns)."""
    return f"duckdb:///{published_file.absolute()}?access_mode=read_only"


def build(published_file: Path) -> dict[str, str]:
    """Every file of the bundle: name and text.

    Args:
        published_file: The stable path of the published file; it is opened for types and words of columns.

    Raises:
        SuaraError: There is no such file, or a dataset does not run on it.
    """
    if not published_file.exists():
        raise SuaraError(f"{published_file}: nothing is published yet. Run `make run` first.")
    datasets, files = read_datasets(), {"metadata.yaml": _text({"version": VERSION, "type": "assets"})}
    files["databases/suara.yaml"] = _text(_database(published_file))
    with duckdb.connect(str(published_file), read_only=True) as con:
        for dataset in datasets.values():
            try:
                files[f"datasets/suara/{dataset.name}.yaml"] = _text(_dataset(dataset, columns(con, dataset)))
            except duckdb.Error as error:
                raise SuaraError(
                    f"{published_file}: the dataset {dataset.name} of the dashboards does not run on it: {error}. "
                    "Was it published by another version? Run `make run`."
                ) from error
    for dashboard in read_dashboards():
        for chart in dashboard.charts:
            files[f"charts/{_file_name(chart.title)}.yaml"] = _text(_chart(chart, datasets[chart.dataset]))
        files[f"dashboards/{dashboard.slug}.yaml"] = _text(_dashboard(dashboard, datasets))
    return files


def fingerprint(files: Mapping[str, str]) -> str:
    """SHA-256 over names and texts of a bundle."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


@dataclass(frozen=True)
class ColumnWords:
    name: str
    type: str
    text: str


def columns(con: duckdb.DuckDBPyConnection, dataset: Dataset) -> list[ColumnWords]:
    """The columns of a dataset with DuckDB's types; its own words first, then those of the tables that it reads."""
    words = dict(
        con.execute(
            "select column_name, comment from duckdb_columns() where comment is not null "
            "and list_contains(?, schema_name || '.' || table_name) "
            "order by list_position(?, schema_name || '.' || table_name) desc",
            [list(dataset.describes)] * 2,
        ).fetchall()
    )
    rows = con.execute(f"describe {dataset.sql}").fetchall()
    return [ColumnWords(name, kind, dataset.words.get(name) or words.get(name, "")) for name, kind, *_ in rows]


def label(name: str) -> str:
    """A column's name written out."""
    return (name[0].upper() + name[1:].replace("_", " ")).replace("Interval 95", "95 % interval")


def _database(published_file: Path) -> dict[str, Any]:
    return {
        "database_name": DATABASE_NAME,
        "sqlalchemy_uri": uri(published_file),
        "expose_in_sqllab": True,
        "allow_dml": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_run_async": False,
        "allow_csv_upload": False,
        # No other file and no network from SQL Lab, and nobody can switch that on again.
        "extra": {
            "engine_params": {
                "connect_args": {"config": {"enable_external_access": False, "lock_configuration": True}}
            },
            "allows_virtual_table_explore": True,
        },
        "uuid": identifier("database", "published"),
        "version": VERSION,
    }


def _dataset(dataset: Dataset, found: list[ColumnWords]) -> dict[str, Any]:
    return {
        "table_name": dataset.name,
        "description": dataset.text,
        "sql": dataset.sql,
        "main_dttm_col": dataset.time,
        "filter_select_enabled": True,
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": label(column.name),
                "description": column.text,
                "type": column.type,
                "is_dttm": column.name == dataset.time,
                "groupby": True,
                "filterable": True,
                "is_active": True,
            }
            for column in found
        ],
        "metrics": [
            {
                "metric_name": metric.name,
                "verbose_name": metric.label,
                "expression": metric.sql,
                "description": metric.text,
                "d3format": metric.format,
            }
            for metric in dataset.metrics.values()
        ],
        "uuid": dataset.uuid,
        "database_uuid": identifier("database", "published"),
        "version": VERSION,
    }


def _chart(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    form, queries = _KINDS[chart.kind](chart, dataset)
    # Superset puts the dataset's number here at import.
    form = {"datasource": "0__table", "adhoc_filters": list(_filters(chart)), **form}
    context = {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [
            {
                "filters": [
                    {"col": name, "op": "IN", "val": values} for name, values in chart.settings.get("where", {}).items()
                ],
                "extras": {},
                **query,
            }
            for query in queries
        ],
        "form_data": form,
        "result_format": "json",
        "result_type": "full",
    }
    return {
        "slice_name": chart.title,
        "description": chart.text,
        "viz_type": form["viz_type"],
        "params": form,
        "query_context": json.dumps(context),
        "uuid": chart.uuid,
        "dataset_uuid": dataset.uuid,
        "version": VERSION,
    }


def _filters(chart: Chart) -> Iterator[dict[str, Any]]:
    for name, values in chart.settings.get("where", {}).items():
        yield {
            "clause": "WHERE",
            "expressionType": "SIMPLE",
            "subject": name,
            "operator": "IN",
            "operatorId": "IN",
            "comparator": values,
        }


def _axis(name: str, dataset: Dataset) -> dict[str, Any]:
    grain = {"timeGrain": "P1M"} if name == dataset.time else {}
    return {"columnType": "BASE_AXIS", "expressionType": "SQL", "sqlExpression": name, "label": name, **grain}


_Made = tuple[dict[str, Any], list[dict[str, Any]]]


def _number(chart: Chart, dataset: Dataset) -> _Made:
    metric = dataset.metrics[chart.settings["metric"]]
    form = {
        "viz_type": "big_number_total",
        "metric": metric.name,
        "subtitle": chart.settings["note"],
        "y_axis_format": metric.format,
        "header_font_size": 0.4,
        "subtitle_font_size": 0.15,
    }
    return form, [{"columns": [], "metrics": [metric.name], "row_limit": 1}]


def _table(chart: Chart, dataset: Dataset) -> _Made:
    order = [(name.removeprefix("-"), not name.startswith("-")) for name in chart.settings.get("order", [])]
    limit = chart.settings.get("limit", 1000)
    form = {
        "viz_type": "table",
        "query_mode": "raw",
        "all_columns": chart.settings["columns"],
        "order_by_cols": [json.dumps([name, ascending]) for name, ascending in order],
        "row_limit": limit,
        "table_timestamp_format": "%Y-%m-%d",
        "show_cell_bars": False,
        "color_pn": False,
        "allow_rearrange_columns": True,
        "include_search": False,
        "column_config": {name: {"d3NumberFormat": _format(name)} for name in chart.settings["columns"]},
    }
    return form, [{"columns": chart.settings["columns"], "orderby": order, "row_limit": limit}]


def _format(name: str) -> str:
    if "share" in name:
        return ".1%"
    return ".2f" if name in ("agreement", "kappa", "precision", "recall", "f1") else ",d"


def _bars(chart: Chart, dataset: Dataset) -> _Made:
    asked, names = chart.settings, chart.settings["metrics"]
    limit_by = asked.get("largest", names[0])
    horizontal = asked.get("horizontal", False)
    by = [asked["by"]] if "by" in asked else []
    form = {
        "viz_type": "echarts_timeseries_bar",
        "x_axis": asked["x"],
        "xAxisForceCategorical": True,
        "metrics": names,
        "groupby": by,
        "timeseries_limit_metric": limit_by,
        "order_desc": True,
        # A horizontal chart is drawn from the bottom up: the largest comes last. Only a drawn metric may sort: Superset
        # draws any other beside them, and a total would be stacked upon its parts.
        **({"x_axis_sort": names[0], "x_axis_sort_asc": True} if horizontal else {"x_axis_sort_asc": True}),
        "row_limit": asked["limit"],
        "orientation": "horizontal" if horizontal else "vertical",
        "stack": "Stack",
        "only_total": True,
        "show_value": len(names) == 1 and not by,
        "show_legend": len(names) > 1 or bool(by),
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "y_axis_format": asked.get("format", ",d"),
        "truncateXAxis": False,
        # Superset draws the title of a horizontal chart over its labels.
        **({} if horizontal else {"y_axis_title": asked["axis"], "y_axis_title_margin": 45}),
        "y_axis_title_position": "Left",
    }
    query = {
        "columns": [_axis(asked["x"], dataset), *by],
        "series_columns": by,
        "metrics": names,
        "orderby": [[limit_by, False]],
        "row_limit": asked["limit"],
    }
    return form, [query]


def _trend(chart: Chart, dataset: Dataset) -> _Made:
    """Bars of counts, and on a second axis from 0 to 100 % how far somebody looked."""
    asked = chart.settings
    is_time = asked["x"] == dataset.time
    form = {
        "viz_type": "mixed_timeseries",
        "x_axis": asked["x"],
        **({"time_grain_sqla": "P1M", "x_axis_time_format": "%b %Y"} if is_time else {"xAxisForceCategorical": True}),
        "tooltipTimeFormat": "%B %Y",
        "metrics": asked["bars"],
        "groupby": [],
        "seriesType": "bar",
        "stack": True,
        "yAxisIndex": 0,
        "row_limit": 10000,
        "metrics_b": [asked["line"]],
        "groupby_b": [],
        "adhoc_filters_b": list(_filters(chart)),
        "seriesTypeB": "step" if is_time else "line",
        "stackB": False,
        "markerEnabledB": not is_time,
        "markerSizeB": 7,
        "yAxisIndexB": 1,
        "row_limit_b": 10000,
        "y_axis_title": asked["axis"],
        "y_axis_title_margin": 45,
        "y_axis_title_position": "Left",
        "y_axis_format": asked.get("format") or dataset.metrics[asked["bars"][0]].format,
        "y_axis_format_secondary": ".0%",
        "y_axis_bounds_secondary": [0, 1],
        "truncateYAxis": False,
        "show_legend": True,
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "truncateXAxis": False,
    }
    axis = [_axis(asked["x"], dataset)]
    shape = {"columns": axis, "orderby": [], "row_limit": 10000}
    return form, [{**shape, "metrics": asked["bars"]}, {**shape, "metrics": [asked["line"]]}]


def _heatmap(chart: Chart, dataset: Dataset) -> _Made:
    asked = chart.settings
    form = {
        "viz_type": "heatmap_v2",
        "x_axis": asked["x"],
        "xAxisForceCategorical": True,
        "groupby": asked["y"],
        "metric": asked["metric"],
        "row_limit": 10000,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        # "y": shades compare the cells of one row by their rank, and only them.
        "normalize_across": asked.get("shades_within", "heatmap"),
        "normalized": "shades_within" in asked,
        "legend_type": "continuous",
        "linear_color_scheme": SHADES,
        "xscale_interval": 1,
        "yscale_interval": 1,
        # What is longer than the margin is cut; "auto" measures wrongly.
        "left_margin": asked["margin"],
        "bottom_margin": 50,
        "value_bounds": [0, 1] if asked["format"] == ".0%" else [None, None],
        "y_axis_format": asked["format"],
        "show_legend": "shades_within" not in asked,
        "show_values": True,
        "show_percentage": False,
    }
    query = {
        "columns": [_axis(asked["x"], dataset), asked["y"]],
        "metrics": [asked["metric"]],
        "orderby": [[asked["x"], True], [asked["y"], False]],
        "row_limit": 10000,
    }
    return form, [query]


_KINDS = {"number": _number, "table": _table, "bars": _bars, "trend": _trend, "heatmap": _heatmap}


def _dashboard(dashboard: Dashboard, datasets: Mapping[str, Dataset]) -> dict[str, Any]:
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.text,
        "slug": dashboard.slug,
        "published": True,
        "position": _position(dashboard),
        "metadata": {
            "label_colors": COLOURS,
            "color_scheme": "supersetColors",
            "cross_filters_enabled": False,
            "refresh_frequency": 0,
            "native_filter_configuration": list(_native_filters(dashboard, datasets)),
        },
        "uuid": dashboard.uuid,
        "version": VERSION,
    }


def _native_filters(dashboard: Dashboard, datasets: Mapping[str, Dataset]) -> Iterator[dict[str, Any]]:
    """A choice of account, where the dashboard is about accounts."""
    about = [chart.dataset for chart in dashboard.charts if "study_accounts" in datasets[chart.dataset].sql]
    if about:
        yield {
            "id": f"NATIVE_FILTER-{identifier('filter', dashboard.title)}",
            "type": "NATIVE_FILTER",
            "filterType": "filter_select",
            "name": "Account of the study",
            "description": "Everything that is chosen is added up; nothing chosen means all.",
            "targets": [{"column": {"name": "account"}, "datasetUuid": datasets[about[0]].uuid}],
            "controlValues": {"multiSelect": True, "enableEmptyFilter": False, "searchAllOptions": False},
            "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
            "cascadeParentIds": [],
            "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
        }


def _position(dashboard: Dashboard) -> dict[str, Any]:
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.title}},
    }
    charts = {chart.title: (number, chart) for number, chart in enumerate(dashboard.charts, 1)}
    for row_number, row in enumerate(dashboard.rows):
        row_id = f"ROW-{row_number}"
        parents = ["ROOT_ID", "GRID_ID"]
        children = []
        free = 12 - sum(item.get("width", 0) for item in row["items"])
        for item_number, item in enumerate(row["items"]):
            meta = {"width": item.get("width", free), "height": row["height"]}
            if "chart" in item:
                number, chart = charts[item["chart"]]
                name, kind = f"CHART-{row_number}-{item_number}", "CHART"
                meta |= {"chartId": number, "uuid": chart.uuid, "sliceName": chart.title}
            else:
                name, kind = f"MARKDOWN-{row_number}-{item_number}", "MARKDOWN"
                meta |= {"code": item["note"]}
            position[name] = {"type": kind, "id": name, "children": [], "parents": [*parents, row_id], "meta": meta}
            children.append(name)
        position[row_id] = {
            "type": "ROW",
            "id": row_id,
            "children": children,
            "parents": parents,
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        position["GRID_ID"]["children"].append(row_id)
    return position


def _file_name(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower()).strip("_")


def _text(content: dict[str, Any]) -> str:
    # The dumper in C where there is one: 54 files in 0.3 instead of 1.5 s.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
