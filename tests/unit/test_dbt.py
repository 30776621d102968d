"""What a run says while dbt builds."""

from __future__ import annotations

from types import SimpleNamespace

from orchestration.resources.dbt import told_now_and_then


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
