"""Lineage ends where readers are: what the exposures say is what the readers' SQL asks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestration.contract import PROJECT_ROOT
from orchestration.definitions import build_defs
from orchestration.publishing import coded_posts
from orchestration.publishing.queries import QUERIES
from tests.project.support import manifest, models

ASKED = {
    "study_report": "\n".join(QUERIES.values()),
    "network_files": (PROJECT_ROOT / "orchestration" / "networks" / "files.py").read_text("utf-8"),
    "coded_posts": Path(coded_posts.__file__).read_text("utf-8"),
}


def tables_of(exposure: str) -> set[str]:
    nodes = manifest()["exposures"][f"exposure.suara.{exposure}"]["depends_on"]["nodes"]
    return {node.split(".")[-1] for node in nodes}


@pytest.mark.parametrize("exposure", ASKED)
def test_exposure_names_every_table_that_is_asked(exposure: str) -> None:
    known = {node["name"] for node in models("marts", "reports", "quality").values()}
    asked = set(re.findall(r"\b(?:marts|reports|quality)\.(\w+)", ASKED[exposure])) & known
    assert asked
    assert asked - tables_of(exposure) == set()


def test_dashboards_are_offered_every_wide_table() -> None:
    wide = {node["name"] for node in models("reports").values() if not node["name"].startswith("rpt_")}
    assert wide and wide <= tables_of("bi_dashboards")


def test_every_exposure_ends_the_lineage_behind_something_published() -> None:
    graph = build_defs().resolve_asset_graph()
    shown = {key.path[-1]: graph.get(key) for key in graph.get_all_asset_keys() if key.path[0] == "readers"}
    assert set(shown) == {exposure["name"] for exposure in manifest()["exposures"].values()}
    for node in shown.values():
        assert not node.is_materializable and not node.child_keys
        assert {key.path[0] for key in node.parent_keys} == {"published"}
