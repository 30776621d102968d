"""Published figures about trafficking in persons, read from the files in which their reporters give them out.

Belongs here: what a figure is (`model`), readers of the files (`readers`), where what was read is kept (`store`).
Does not belong here: the governed series (dbt seed `reference_indicators`), what is wrong with figures (dbt).
"""

from __future__ import annotations

from orchestration.indicators.model import COLUMNS, Figure
from orchestration.indicators.readers import Reading, read_indicators
from orchestration.indicators.store import IndicatorStore

__all__ = ["COLUMNS", "Figure", "IndicatorStore", "Reading", "read_indicators"]
