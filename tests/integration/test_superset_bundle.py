"""The dashboards of Superset without Superset: what they ask of the published file, and how they look on paper.

`make superset-check` tries them for real. Here each dataset, column and metric runs on the demo's published file with
the project's own DuckDB, and the rules of the house hold: coverage beside a trend, validation beside a share, nobody
named who is not registered.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from bi.superset import bundle, server
from orchestration.contract import SuaraError
from orchestration.publishing.queries import QUERIES
from tests.fixtures.demo import DemoWarehouse
from tests.integration.test_metrics import ELSEWHERE, of_theme
from tests.project.support import manifest

DATASETS = bundle.read_datasets()
DEFINED = bundle.defined_metrics()
DASHBOARDS = bundle.read_dashboards()
CHARTS = [chart for dashboard in DASHBOARDS for chart in dashboard.charts]
TIME = {"posted_month", "posted_year", "month_of_year", "year_and_coverage"}
COVERAGE = {"coverage", "months_observed", "year_and_coverage", "coverage_status"}
STATE = {"validation_state", "theme_and_state"}
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# HUGEINT, lists and structs are shown badly or not at all by many tools.
PLAIN = {"VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DATE", "BOOLEAN"}


@pytest.fixture(scope="module")
def published(demo_warehouse: DemoWarehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse.published_file), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def files(demo_warehouse: DemoWarehouse) -> dict[str, dict]:
    built = bundle.build(demo_warehouse.published_file)
    return {name: yaml.load(text, Loader) for name, text in built.items()}


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_dataset_runs_in_plain_types_and_every_column_has_words(
    dataset: bundle.Dataset, published: duckdb.DuckDBPyConnection
) -> None:
    columns = bundle.columns(published, dataset)
    assert not [column.name for column in columns if not column.text]
    assert not [f"{column.name}: {column.type}" for column in columns if column.type not in PLAIN]
    assert "Source" in dataset.text
    for metric in dataset.metrics.values():
        ((name, kind, *_),) = published.execute(
            f'describe select {metric.sql} as "{metric.name}" from ({dataset.sql})'
        ).fetchall()
        assert kind in PLAIN, f"{name}: {kind}"
        assert metric.label and metric.text and metric.format


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_chart_asks_for_what_exists_and_finds_rows(chart: bundle.Chart, published: duckdb.DuckDBPyConnection) -> None:
    dataset = DATASETS[chart.dataset]
    columns = {column.name for column in bundle.columns(published, dataset)}
    assert not set(chart.fields) - columns - set(dataset.metrics)
    where = [f"{name} in ({', '.join(map(repr, values))})" for name, values in chart.settings.get("where", {}).items()]
    (rows,) = published.execute(
        f"select count(*) from ({dataset.sql}) where {' and '.join(where) or 'true'}"
    ).fetchone()
    assert rows
    assert "Source" in chart.text


# ---------- coverage, validation, persons


def lacks_coverage(chart: bundle.Chart) -> bool:
    """Whether a chart shows times and does not show how far somebody looked."""
    return bool(TIME & set(chart.fields)) and not COVERAGE & set(chart.fields)


def lacks_validation(chart: bundle.Chart) -> bool:
    """Whether a chart shows themes and does not show whether people agree with the rules."""
    return chart.dataset.startswith("theme") and not STATE & set(chart.fields)


def test_no_trend_without_its_coverage() -> None:
    assert len([chart for chart in CHARTS if TIME & set(chart.fields)]) >= 8
    assert not [chart.title for chart in CHARTS if lacks_coverage(chart)]


def test_no_theme_without_its_validation() -> None:
    assert len([chart for chart in CHARTS if chart.dataset.startswith("theme")]) >= 4
    assert not [chart.title for chart in CHARTS if lacks_validation(chart)]


def test_the_judges_can_refuse() -> None:
    bare = bundle.Chart("a", "trend", "months", "", {"x": "posted_year", "bars": ["own_posts"]})
    assert lacks_coverage(bare)
    assert not lacks_coverage(bundle.Chart("a", "trend", "months", "", {**bare.settings, "line": "months_observed"}))
    shares = bundle.Chart("a", "table", "themes_all", "", {"columns": ["theme_name", "share_of_own_posts"]})
    assert lacks_validation(shares)


def test_nobody_is_named_who_is_not_registered(published: duckdb.DuckDBPyConnection) -> None:
    """Of all answers together. The demo's private persons are `synthetic_person_…`, whatever the marts show of them."""
    unregistered = "marts.dim_accounts where not is_registered and not is_focal"
    (persons,) = published.execute(f"select count(*) from {unregistered}").fetchone()
    assert persons > 100
    shown = " ".join(str(row) for dataset in DATASETS.values() for row in published.execute(dataset.sql).fetchall())
    words = set(re.findall(r"\w+", shown.lower()))
    assert "suarasyntheticorgdemo" in words, "the account of the study is there"
    assert not [word for word in words if "synthetic_person" in word]
    handles = published.execute(f"select handle from {unregistered} and length(handle) >= 4").fetchall()
    assert not {handle.lower() for (handle,) in handles} & words


def test_without_an_account_of_the_study_only_registered_ones_have_rows(demo_warehouse: DemoWarehouse) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{demo_warehouse.published_file}' as published (read_only)")
        con.execute("create schema marts")
        con.execute(
            "create table marts.dim_accounts as select * replace (false as is_focal, false as is_capture_owner) "
            "from published.marts.dim_accounts"
        )
        stated = yaml.load((bundle.FOLDER / "datasets.yml").read_text("utf-8"), Loader)
        shown = con.execute(
            f"with {stated['fragments']['study_accounts']} select account from study_accounts"
        ).fetchall()
        registered = con.execute("select count(*) from marts.dim_accounts where is_registered and post_count > 0")
        assert len(shown) == registered.fetchone()[0] > 1
        assert not [account for (account,) in shown if "not registered" in account]


def test_a_file_named_like_a_private_handle_shows_its_id_only(
    published: duckdb.DuckDBPyConnection, demo_warehouse: DemoWarehouse
) -> None:
    names = {"captures": "capture", "accounting": "capture"}
    with duckdb.connect() as con:
        con.execute(f"attach '{demo_warehouse.published_file}' as published (read_only)")
        for schema, table in (
            ("quality", "fct_capture_outcomes"),
            ("quality", "fct_record_accounting"),
        ):
            con.execute(f"create schema if not exists {schema}")
            con.execute(f"create table {schema}.{table} as from published.{schema}.{table}")
        con.execute("update quality.fct_capture_outcomes set file_name = 'capture ' || left(capture_id, 12)")
        for name, column in names.items():
            shown = [value for (value,) in con.execute(f"select {column} from ({DATASETS[name].sql})").fetchall()]
            assert shown and all(re.fullmatch(r"capture [0-9a-f]{12}", value) for value in shown)


# ---------- the same figures as elsewhere


def written_by_hand(dataset: bundle.Dataset) -> list[str]:
    """Metrics that dbt defines, by their name or by their expression, and that the dataset defines again."""
    expressions = {metric.sql for metric in DEFINED.values()}
    return [
        metric.name
        for metric in dataset.metrics.values()
        if (metric.sql != DEFINED[metric.name].sql if metric.name in DEFINED else metric.sql in expressions)
    ]


def test_no_dataset_writes_by_hand_what_dbt_defines() -> None:
    assert not [name for dataset in DATASETS.values() for name in written_by_hand(dataset)]
    again = {"posts": "count(*)", "all": DEFINED["posts"].sql, "readings": "count(*)"}
    metrics = {name: bundle.Metric(name, sql, "", "", "") for name, sql in again.items()}
    assert written_by_hand(bundle.Dataset("a", "", "", metrics={**DEFINED, **metrics})) == ["posts", "all"]


@pytest.mark.parametrize(
    ("dataset", "metric"),
    [(dataset, metric) for dataset in DATASETS.values() for metric in dataset.metrics if metric in DEFINED],
    ids=lambda part: getattr(part, "name", part),
)
def test_metric_of_dbt_is_the_number_of_the_reports(
    dataset: bundle.Dataset, metric: str, published: duckdb.DuckDBPyConnection, demo_warehouse: DemoWarehouse
) -> None:
    handle = {"handle": demo_warehouse.truth["organisation"]["handle"]}
    (expected,) = published.execute(ELSEWHERE[metric], handle).fetchone()
    (ours,) = published.execute(
        f"select {dataset.metrics[metric].sql} from ({dataset.sql}) where {of_theme(metric)}"
    ).fetchone()
    assert expected > 0 and ours == pytest.approx(expected, rel=1e-12)


def test_dashboards_draw_the_metrics_that_people_ask_for() -> None:
    drawn = {name for chart in CHARTS for name in chart.fields if name in DATASETS[chart.dataset].metrics}
    shares = {"share_of_originals", "theme_share", "partner_share", "reciprocity"}
    assert {"posts", "posts_per_active_day", "engagement_per_post", *shares} <= drawn
    assert drawn >= {name for dataset in DATASETS.values() for name in dataset.metrics} - {"all_with_hashtag"}


def test_lineage_ends_at_the_dashboards() -> None:
    """The exposure names every table that a dataset reads."""
    named = {
        node.rpartition(".")[2]
        for node in manifest()["exposures"]["exposure.suara.bi_dashboards"]["depends_on"]["nodes"]
    }
    read = {
        table for dataset in DATASETS.values() for table in re.findall(r"(?:marts|reports|quality)\.(\w+)", dataset.sql)
    }
    assert read - {"release"} <= named


def test_years_are_those_of_the_study_report(published: duckdb.DuckDBPyConnection) -> None:
    ours = published.execute(
        f"select posted_year, sum(own_posts), sum(reposts), sum(observed_months) from ({DATASETS['volume_years'].sql}) "
        "group by 1 order by 1"
    ).fetchall()
    report = published.execute(
        f"select cast(year as varchar), own_posts, reposts, observed_months from ({QUERIES['volume_years']}) order by 1"
    )
    assert ours and ours == report.fetchall()


def test_accounts_are_those_of_the_study_report(published: duckdb.DuckDBPyConnection) -> None:
    ours = published.execute(f"select distinct account from ({DATASETS['months'].sql}) order by 1").fetchall()
    assert ours == published.execute(f"select account from ({QUERIES['accounts']}) order by 1").fetchall()


def test_months_without_a_theme_are_zero_and_add_nothing(published: duckdb.DuckDBPyConnection) -> None:
    sql = DATASETS["theme_months"].sql
    filled, total = published.execute(
        f"select count(*) filter (where own_post_count = 0), sum(own_post_count) from ({sql})"
    ).fetchone()
    (of_report,) = published.execute(
        "select sum(own_post_count) from reports.rpt_theme_years inner join marts.dim_accounts using (account_key) "
        "where is_focal and theme_code not like '(%'"
    ).fetchone()
    assert filled > 0 and total == of_report


def test_months_out_of_sight_are_nothing_not_zero(published: duckdb.DuckDBPyConnection) -> None:
    metrics = DATASETS["months"].metrics
    nobody_looked = (
        "(select null::bigint as post_count, null::bigint as own_post_count, null::bigint as partner_post_count, "
        "0 as covered_days, 31 as calendar_days, 'missing' as coverage_status)"
    )
    asked = ", ".join(metrics[name].sql for name in ("posts", "own_posts", "partner_share", "coverage"))
    assert published.execute(f"select {asked} from {nobody_looked}").fetchone() == (None, None, None, 0)


def test_a_search_has_no_share_of_posts_with_a_partner(published: duckdb.DuckDBPyConnection) -> None:
    """It finds posts by whom they name; the months of an archive beside it count alone."""
    share = DATASETS["months"].metrics["partner_share"].sql
    months = "(values {}) as months (own_post_count, partner_post_count, coverage_status)"
    archive, search = "(10, 2, 'observed')", "(10, 9, 'sample')"
    assert published.execute(f"select {share} from {months.format(search)}").fetchone() == (None,)
    assert published.execute(f"select {share} from {months.format(f'{archive}, {search}')}").fetchone() == (0.2,)


# ---------- the form of the bundle


def test_names_and_uuids_are_unique_and_belong_together(files: dict[str, dict]) -> None:
    uuids = [content["uuid"] for content in files.values() if "uuid" in content]
    assert len(uuids) == len(set(uuids)) == len(files) - 1
    charts = {content["uuid"] for name, content in files.items() if name.startswith("charts/")}
    assert len(charts) == len(CHARTS)
    placed = [
        place["meta"]["uuid"]
        for name, content in files.items()
        if name.startswith("dashboards/")
        for place in content["position"].values()
        if isinstance(place, dict) and place["type"] == "CHART"
    ]
    assert sorted(placed) == sorted(charts), "every chart stands on one dashboard"
    datasets = {content["uuid"] for name, content in files.items() if name.startswith("datasets/")}
    assert {content["dataset_uuid"] for name, content in files.items() if name.startswith("charts/")} == datasets
    titles = ["Overview", "Hashtags", "Themes", "Interactions", "Claims", "Data quality"]
    assert [dashboard.title.removeprefix("Suara · ") for dashboard in DASHBOARDS] == titles


def test_rows_of_dashboards_are_not_wider_than_the_page(files: dict[str, dict]) -> None:
    for name, content in files.items():
        if name.startswith("dashboards/"):
            position = content["position"]
            for place in position.values():
                if isinstance(place, dict) and place["type"] == "ROW":
                    assert sum(position[child]["meta"]["width"] for child in place["children"]) == 12, name


def test_saved_queries_ask_what_the_chart_draws(files: dict[str, dict]) -> None:
    for name, content in files.items():
        if not name.startswith("charts/"):
            continue
        form, queries = content["params"], json.loads(content["query_context"])["queries"]
        asked = {metric for query in queries for metric in query.get("metrics", [])}
        drawn = {*form.get("metrics", []), *form.get("metrics_b", []), *([form["metric"]] if "metric" in form else [])}
        assert asked == drawn, name
        # Superset draws a sorting metric beside the others: a total would be stacked upon its parts.
        assert form.get("x_axis_sort") is None or form["x_axis_sort"] in form["metrics"], name


def test_connection_is_read_only_and_sees_no_other_file(
    files: dict[str, dict], demo_warehouse: DemoWarehouse, tmp_path: Path
) -> None:
    database = files["databases/suara.yaml"]
    path, _, options = database["sqlalchemy_uri"].removeprefix("duckdb:///").partition("?")
    assert Path(path) == demo_warehouse.published_file, "the stable path, not that of one release"
    assert options == "access_mode=read_only" and not database["allow_dml"]
    config = database["extra"]["engine_params"]["connect_args"]["config"]
    # A copy: one process opens a file with one configuration.
    copy = shutil.copy(path, tmp_path / "social_bi.duckdb")
    with duckdb.connect(copy, read_only=True, config=config) as con:
        assert con.execute("select count(*) from quality.release").fetchone() == (1,)
        for refused in (
            f"from read_csv('{__file__}')",
            "set enable_external_access = true",
            "create table marts.x (a int)",
        ):
            with pytest.raises(duckdb.Error):
                con.execute(refused)


def test_importing_again_brings_the_same_bundle(files: dict[str, dict], demo_warehouse: DemoWarehouse) -> None:
    again = bundle.build(demo_warehouse.published_file)
    assert {name: yaml.load(text, Loader) for name, text in again.items()} == files


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SuaraError, match="make run"):
        bundle.build(tmp_path / "social_bi.duckdb")


# ---------- its processes


def test_superset_is_told_to_load_nothing_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret_key").write_text("s" * 40)
    monkeypatch.setenv("SUARA_SUPERSET_HOME", str(tmp_path))
    settings = runpy.run_path(str(bundle.FOLDER / "superset_config.py"))
    policy = settings["TALISMAN_CONFIG"]["content_security_policy"]
    sources = {source for allowed in policy.values() for source in ([allowed] if isinstance(allowed, str) else allowed)}
    assert sources <= {"'self'", "'none'", "blob:", "data:", "'unsafe-inline'", "'strict-dynamic'"}
    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/superset.db"
    arguments, environ = server.command(server.Home(tmp_path), 8088)
    assert "127.0.0.1:8088" in arguments and environ["SCARF_ANALYTICS"] == "false"
    assert "PYTHONPATH" not in environ


def _environment_that_notes(folder: Path, exit_status: int) -> Path:
    """An environment whose Python only notes that it was asked to prepare, and with what password."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(
        f'#!/bin/sh\necho "$SUARA_SUPERSET_PASSWORD" >> asked\ntouch superset.db\necho refused\nexit {exit_status}\n'
    )
    python.chmod(0o755)
    return folder


def test_preparing_again_does_nothing_and_keeps_key_and_password(
    demo_warehouse: DemoWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUARA_SUPERSET_PASSWORD", raising=False)
    home, file = server.Home(tmp_path / "superset"), demo_warehouse.published_file
    broken = _environment_that_notes(tmp_path / "venv", 1)
    with pytest.raises(SuaraError, match="refused"):
        server.prepare(home, file, environment=broken)
    key = home.secret_key.read_text()
    environment = _environment_that_notes(tmp_path / "venv", 0)
    password = server.prepare(home, file, environment=environment)
    assert password, "after a start that failed nobody knows the password: another one"
    assert server.prepare(home, file, environment=environment) is None
    asked = (home.root / "asked").read_text().split()
    assert len(asked) == 2 and asked[1] == password, "the third time Superset was not asked"
    assert len(key) >= 40 and home.secret_key.read_text() == key
    modes = [path.stat().st_mode & 0o777 for path in (home.root, home.secret_key, home.database)]
    assert modes == [0o700, 0o600, 0o600]
    assert not [path for path in home.root.rglob("*.json") if password in path.read_text()]
    monkeypatch.setenv("SUARA_SUPERSET_PASSWORD", "given")
    assert server.prepare(home, file, environment=environment) is None
    assert (home.root / "asked").read_text().split()[-1] == "given"


def test_a_process_id_of_somebody_else_is_not_ended(tmp_path: Path) -> None:
    home = server.Home(tmp_path)
    assert server.running(home) is None and not server.stop(home)
    home.process_id.write_text(str(os.getpid()))
    assert server.running(home) is None and not server.stop(home), "the id was used again"


def test_lock_of_superset_holds_its_pins_with_hashes_and_no_address() -> None:
    lock = server.LOCK.read_text("utf-8")
    assert not re.findall(r"https?://|file:|git\+|^\s*(?:-i|--index-url|--find-links)", lock, re.M)
    entries = re.split(r"\n(?=[A-Za-z0-9])", "\n".join(line for line in lock.splitlines() if line[:1] != "#"))
    entries = [entry for entry in entries if entry.strip()]
    assert len(entries) > 100 and all("--hash=sha256:" in entry for entry in entries)
    pins = re.findall(r"^[\w-]+==[\w.]+", (bundle.FOLDER / "requirements.txt").read_text("utf-8"), re.M)
    assert len(pins) >= 3 and not [pin for pin in pins if not re.search(rf"^{re.escape(pin)}(?![\w.])", lock, re.M)]
