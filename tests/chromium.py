"""The browser of the tests that need one, skipped where it is not installed (Debian: `apt-get install chromium`)."""

from __future__ import annotations

import shutil

import pytest

from bi.superset.check import FLAGS as FLAGS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
