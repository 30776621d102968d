"""Fixtures that several rooms of tests share."""

from __future__ import annotations

from tests.fixtures.demo import demo_warehouse
from tests.fixtures.key import use_test_key
from tests.fixtures.shared import real_package, shared_data

__all__ = ["demo_warehouse", "real_package", "shared_data"]

use_test_key()
