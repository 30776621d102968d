"""What a run says while dbt builds, and what becomes of an interrupt in it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.contract import DBT_PROJECT_DIR, SuaraError
from orchestration.resources.dbt import told_now_and_then
from orchestration.resources.manifest import PARSE_NAME, invoke


def event(name: str, node: str = "") -> SimpleNamespace:
    return SimpleNamespace(
        info=SimpleNamespace(name=name), data=SimpleNamespace(node_info=SimpleNamespace(node_name=node))
    )


def test_progress_counts_what_is_done_and_is_silent_in_between() -> None:
    said: list[tuple[int, str]] = []
    at_once = told_now_and_then(lambda *far: said.append(far), seconds=0)
    at_once(event("NodeStart", "fct_posts"))
    at_once(event("NodeFinished", "fct_posts"))
    at_once(event("NodeFinished", "dim_dates"))
    assert said == [(1, "fct_posts"), (2, "dim_dates")]

    rarely = told_now_and_then(lambda *far: said.append(far), seconds=3600)
    rarely(event("NodeFinished", "fct_posts"))
    assert len(said) == 2


@pytest.mark.parametrize(("raised", "expected"), [(KeyboardInterrupt, KeyboardInterrupt), (ValueError, SuaraError)])
def test_an_interrupt_in_dbt_is_no_failure_of_dbt(
    tmp_path: Path, raised: type[BaseException], expected: type[BaseException]
) -> None:
    # What broke: `suara forget` took it for a gate that is closed, and withdrew what was published.
    def stop(_: object) -> None:
        raise raised

    with pytest.raises(expected):
        invoke(DBT_PROJECT_DIR, PARSE_NAME, ["parse", "--target-path", str(tmp_path)], on_event=stop)
