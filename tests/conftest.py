"""Fixtures that several rooms of tests share."""

from __future__ import annotations

from tests.fixtures.demo import demo_warehouse

__all__ = ["demo_warehouse"]
