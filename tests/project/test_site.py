"""The docs as a site: every page is in it, no link is broken, nothing is loaded from elsewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from docs import site
from tests.project.support import pages, relative


def _pages_in(nav: list) -> list[str]:
    found = []
    for entry in nav:
        found += [entry] if isinstance(entry, str) else [page for part in entry.values() for page in part]
    return found


def test_every_page_is_in_the_site_and_in_its_navigation(tmp_path: Path) -> None:
    staged = site.stage(tmp_path)
    assert {relative(page) for page in pages()} <= set(staged)
    shown = _pages_in(site.settings(staged, tmp_path, tmp_path)["nav"])
    assert sorted(shown) == staged


@pytest.mark.skipif(not importlib.util.find_spec("material"), reason="needs the extra `docs`")
def test_site_is_built_without_a_broken_link_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    built = site.build(tmp_path / "site")
    html = [page.read_text("utf-8") for page in built.rglob("*.html")]
    assert len(html) > 40
    loading = re.compile(r"<(?:script|img|link|iframe)\b[^>]*(?:src|href)=\"?https?:")
    assert not [found for page in html for found in loading.findall(page)]


@pytest.mark.skipif(not importlib.util.find_spec("material"), reason="needs the extra `docs`")
def test_a_broken_link_stops_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = site.stage

    def broken(folder: Path) -> list[str]:
        staged = whole(folder)
        (folder / "CHANGELOG.md").write_text("[nowhere](nowhere.md)", encoding="utf-8")
        return staged

    monkeypatch.setattr(site, "stage", broken)
    with pytest.raises(site.SuaraError, match=r"nowhere\.md"):
        site.build(tmp_path / "site")
