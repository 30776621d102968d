"""The asset graph is a committed snapshot: a change of keys, deps, groups, kinds or checks is seen in review.

Write it anew with `SUARA_UPDATE_SNAPSHOTS=1 python -m pytest tests/project/test_asset_graph.py`.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from orchestration.contract import LAYERS, PUBLISHED_SCHEMAS
from orchestration.definitions import build_defs
from tests.project.test_layers import EXCEPTIONS

SNAPSHOT = Path(__file__).parent / "snapshots" / "asset_graph.txt"
UPDATE = "SUARA_UPDATE_SNAPSHOTS"
GROUPS = {"capture", *LAYERS, "reference", "publish", "readers"}


def _graph_text() -> str:
    graph = build_defs().resolve_asset_graph()
    lines = [
        "# Every asset: key, group, kinds; `<` what it is made from; `!` a blocking check, `?` one that only speaks.",
    ]
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        node = graph.get(key)
        state = "" if node.is_materializable else " (external)"
        lines += ["", f"{key.to_user_string()}  [{node.group_name}]  {', '.join(sorted(node.kinds))}{state}"]
        lines += sorted(f"  < {parent.to_user_string()}" for parent in graph.get(key).parent_keys)
        specs = [graph.get_check_spec(check) for check in node.check_keys]
        lines += [f"  {'!' if spec.blocking else '?'} {spec.name}" for spec in sorted(specs, key=lambda s: s.name)]
    return "\n".join(lines) + "\n"


def test_asset_graph_is_as_committed() -> None:
    found = _graph_text()
    if os.environ.get(UPDATE):
        SNAPSHOT.write_text(found, encoding="utf-8")
    committed = SNAPSHOT.read_text("utf-8")
    difference = difflib.unified_diff(
        committed.splitlines(), found.splitlines(), "committed", "found", lineterm="", n=2
    )
    assert committed == found, "\n".join(difference) + f"\nIf that is meant: {UPDATE}=1"


def test_groups_are_the_layers_words() -> None:
    graph = build_defs().resolve_asset_graph()
    assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == GROUPS


def test_every_asset_is_described() -> None:
    graph = build_defs().resolve_asset_graph()
    assert not [k.to_user_string() for k in graph.get_all_asset_keys() if not (graph.get(k).description or "").strip()]


def test_no_asset_reads_upwards() -> None:
    graph = build_defs().resolve_asset_graph()
    order = {name: i for i, name in enumerate(("capture", "raw", "reference", "staging", "intermediate", "marts"))}
    order |= {"quality": 6, "reports": 6, "publish": 7, "readers": 8}
    wrong = [
        f"{key.to_user_string()} is made from {parent.to_user_string()}"
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
        if order[graph.get(parent).group_name] > order[graph.get(key).group_name]
        and (key.path[-1], parent.path[-1]) not in EXCEPTIONS
    ]
    assert not wrong


def test_every_asset_has_owner_and_kind_and_tables_for_readers_show_columns_and_docs() -> None:
    graph = build_defs().resolve_asset_graph()
    nodes = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    assert not [name for name, node in nodes.items() if not node.owners or not node.kinds]
    shown = [node for node in nodes.values() if node.group_name in PUBLISHED_SCHEMAS]
    assert shown
    for node in shown:
        assert node.metadata["dagster/column_schema"].columns
        assert Path(node.metadata["docs"].value).is_file()
        assert node.tags["suara/layer"] == node.group_name
    assert nodes["marts/fct_theme_hits"].tags["suara/area"] == "themes"
