"""The limits of id damage stand in SQL and in the gate's thresholds: they are the same numbers."""

from __future__ import annotations

import re

from expectations.thresholds import THRESHOLDS
from orchestration.contract import DBT_PROJECT_DIR


def test_repair_and_gate_call_the_same_ids_damaged() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "contract" / "ids.sql").read_text("utf-8")
    body = macro[macro.index("macro id_damage_limits()") : macro.index("endmacro")]
    limits = {name: float(value) for name, value in re.findall(r"'(\w+)': ([0-9.]+)", body)}
    shared = limits.keys() & THRESHOLDS.keys()
    assert shared, "the macro and expectations/thresholds.py name no limit alike"
    assert {name: limits[name] for name in shared} == {name: THRESHOLDS[name].value for name in shared}
