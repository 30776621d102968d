"""dbt's unit tests of the models: a run leaves them out, since they test the code and not the data."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.resources.dbt import Dbt
from orchestration.resources.manifest import invoke
from tests.fixtures.demo import DemoWarehouse


def test_every_unit_test_passes(demo_warehouse: DemoWarehouse, tmp_path: Path) -> None:
    dbt = Dbt()
    expected = set(dbt.manifest_json()["unit_tests"])
    assert len(expected) > 50
    # dbt takes the types of a model's inputs from the tables that a run made
    warehouse = tmp_path / demo_warehouse.paths.warehouse.name
    shutil.copyfile(demo_warehouse.paths.warehouse, warehouse)
    options = ["--vars", '{"study": "demo"}', "--no-write-json", "--target-path", str(tmp_path / "target")]
    results = invoke(dbt.project, warehouse, ["test", "--select", "test_type:unit", *options]).results
    assert {r.node.unique_id for r in results} == expected
    assert {r.node.name: r.message for r in results if str(r.status) != "pass"} == {}
