"""A fresh checkout does nothing by itself."""

from __future__ import annotations

import dagster as dg

from orchestration.automation import daily_refresh, inbox_sensor, look_at_readers, refresh
from orchestration.definitions import build_defs


def test_schedule_and_sensor_ship_switched_off_and_say_so() -> None:
    definitions = build_defs()
    schedules, sensors = list(definitions.schedules or []), list(definitions.sensors or [])
    assert schedules == [daily_refresh, look_at_readers]
    assert sensors == [inbox_sensor]
    assert {one.default_status for one in schedules} == {dg.DefaultScheduleStatus.STOPPED}
    assert inbox_sensor.default_status is dg.DefaultSensorStatus.STOPPED
    assert all("switched off" in (one.description or "") for one in schedules)
    assert "switched off" in (inbox_sensor.description or "")


def test_no_asset_builds_itself() -> None:
    graph = build_defs().resolve_asset_graph()
    assert not [key for key in graph.get_all_asset_keys() if graph.get(key).automation_condition]


def test_refresh_selects_every_asset_that_can_be_built() -> None:
    definitions = build_defs()
    graph = definitions.resolve_asset_graph()
    selected = definitions.resolve_job_def(refresh.name).asset_layer.selected_asset_keys
    assert set(selected) == set(graph.materializable_asset_keys)
