"""Take the README's picture from a study report: `python -m docs.picture data/published/study_report.html`.

Belongs here: which answers of the report are shown, and how they stand beside each other.
Does not belong here: drawing; the picture shows the report as it is. Only a report of synthetic data is taken.

Needs Chromium (`CHROMIUM` names it; else `chromium` or `google-chrome` on PATH).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent / "images" / "demo_report.png"
ANSWERS = ("f-volume-1", "f-hashtags-1", "f-themes-3", "f-interactions-1")
SIZE = {"width": 1280, "height": 400}

_ARRANGE = """
(ids) => {
  const banner = document.querySelector('.banner');
  const title = document.querySelector('h1');
  const answers = ids.map((id) => document.getElementById(id).closest('section.answer'));
  for (const answer of answers) {
    answer.querySelectorAll('details, .note, .sql').forEach((part) => part.remove());
    answer.style.margin = answer.style.padding = '0';
    answer.querySelectorAll('p').forEach((part) => { part.style.maxWidth = 'none'; });
  }
  const grid = document.createElement('div');
  grid.style.cssText = 'display:grid;grid-template-columns:1fr 1fr;gap:12px 48px;padding:4px 28px 20px';
  grid.append(...answers);
  title.style.cssText = 'margin:0;padding:18px 28px 0;font-size:30px;max-width:none';
  banner.querySelectorAll('*').forEach((part) => { part.style.maxWidth = 'none'; });
  document.body.replaceChildren(banner, title, grid);
  document.body.style.cssText = 'margin:0;max-width:none;width:1280px';
}
"""


def take(report: Path, target: Path = TARGET) -> int:
    """Write the picture and return its size in bytes.

    Raises:
        SystemExit: The report is not of synthetic data, or there is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    if "SYNTHETIC DATA" not in report.read_text("utf-8"):
        raise SystemExit(f"{report}: expected a report of the synthetic demo; the README shows nobody's posts")
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not executable:
        raise SystemExit("no Chromium was found; name one with CHROMIUM=…")
    target.parent.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(report.resolve().as_uri())
        page.evaluate(_ARRANGE, list(ANSWERS))
        page.screenshot(path=str(target), full_page=True)
        browser.close()
    return target.stat().st_size


if __name__ == "__main__":
    print(f"{TARGET.name}: {take(Path(sys.argv[1])):,} bytes")
