"""The docs as a browsable site: `python -m docs.site` (or `make site`), into site/.

Belongs here: laying the pages out as they lie in the repository, so that every link holds, and calling MkDocs.
Does not belong here: any page, and what docs/reference says (`docs.generate`).

Needs the extra `docs`. The site asks no network: no fonts, no scripts of others. A broken link stops the build.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from orchestration.contract import PROJECT_ROOT, SuaraError

SITE = PROJECT_ROOT / "site"
SECTIONS = {
    "Tutorial": "docs/tutorial",
    "How to": "docs/how-to",
    "Explanation": "docs/explanation",
    "Reference": "docs/reference",
    "Decisions": "docs/decisions",
    "Measurements": "bench/results",
}


def stage(folder: Path) -> list[str]:
    """Copy every page and picture into `folder`, at the place where it lies in the repository.

    Returns:
        The pages, relative to the folder.
    """
    wanted = [PROJECT_ROOT / name for name in ("README.md", "CHANGELOG.md", "LICENSE")]
    wanted += [path for path in (PROJECT_ROOT / "docs").rglob("*") if path.suffix in (".md", ".png", ".svg")]
    wanted += (PROJECT_ROOT / "bench" / "results").glob("*.md")
    for path in wanted:
        target = folder / path.relative_to(PROJECT_ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))


def settings(pages: list[str], source: Path, target: Path) -> dict:
    """What MkDocs is told."""
    nav: list = ["README.md", "docs/README.md"]
    for title, place in SECTIONS.items():
        inside = [page for page in pages if Path(page).parent.as_posix() == place]
        nav.append({title: sorted(inside, key=lambda page: (not page.endswith("README.md"), page))})
    return {
        "site_name": "Suara",
        "docs_dir": str(source),
        "site_dir": str(target),
        # Opens from a folder, without a server.
        "use_directory_urls": False,
        "theme": {"name": "material", "font": False, "features": ["navigation.indexes", "search.suggest"]},
        "plugins": ["search"],
        "markdown_extensions": ["tables", "toc", "pymdownx.superfences"],
        "validation": {"links": dict.fromkeys(("anchors", "not_found", "unrecognized_links"), "warn")},
        "nav": [*nav, "CHANGELOG.md"],
    }


def build(target: Path = SITE) -> Path:
    """Build the site into `target`, which is replaced.

    Raises:
        SuaraError: MkDocs is not installed, or a link is broken.
    """
    if importlib.util.find_spec("material") is None:
        raise SuaraError("The site needs MkDocs: .venv/bin/python -m pip install -e '.[docs]'")
    with tempfile.TemporaryDirectory(prefix="suara-site-") as scratch:
        source, config = Path(scratch) / "pages", Path(scratch) / "mkdocs.yml"
        pages = stage(source)
        config.write_text(yaml.safe_dump(settings(pages, source, target.resolve()), sort_keys=False), encoding="utf-8")
        told = subprocess.run(
            # not --quiet: it silences the warnings that --strict counts
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "-f", str(config)],
            capture_output=True,
            text=True,
        )
    if told.returncode:
        raise SuaraError(f"The site was not built:\n{told.stderr[-3000:]}")
    return target


if __name__ == "__main__":
    try:
        print(f"{build()}/index.html")
    except SuaraError as error:
        sys.exit(str(error))
